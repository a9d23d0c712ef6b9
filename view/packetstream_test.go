package view_test

import (
	"testing"

	"github.com/chancat/channel/view"
)

func TestPacketstream(t *testing.T) {
	for body, want := range map[string]string{
		"\x02\x02\x01hello":                    "request 2 type 0: hello",
		"\x02\x82\x56\x02abc":                  "request 2 type 1 flags 0x55: abc",
		"\x02\x04hello\x1b[2J\n":               `reply 2: hello\x1b[2J\n`,
		"\x02\x81\x0c{\"a\" : 1}":              `reply 2 flags 0x11: {"a":1}`,
		"\x05\x00exception during handler":     "rejection 5: exception during handler",
		"\x01\x03\x03\x01x":                    "request 1 type 0 channel 3: x",
		"\x02\x03\x00\x01q":                    "request 2 type 0: q",
		"\x81\x00\x02\x01":                     "request 128 type 0",
		"\x02\x04\x00\xff":                     "reply 2:\n00000000  00 ff                                             |..|",
		"\x00\x02\x00":                         "EOF",
		"\x01\x02\x00":                         "ERQ, no more requests",
		"\x07\x02\x00":                         "malformed EOF, tag 7",
		"\x01\x02\x00x":                        "malformed EOF, tag 1: x",
		"":                                     "",
		"\x05":                                 "00000000  05                                                |.|",
		"\x05\x02":                             "00000000  05 02                                             |..|",
		"\x80\x80\x80\x80\x80\x80\x80\x80\x80": "00000000  80 80 80 80 80 80 80 80  80                       |.........|",
	} {
		if got := string(view.Packetstream(nil, []byte(body))); got != want {
			t.Errorf("%q: got %q, want %q", body, got, want)
		}
	}
}
