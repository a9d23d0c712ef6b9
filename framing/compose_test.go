package framing_test

import (
	"errors"
	"testing"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

func TestCompose(t *testing.T) {
	for _, test := range []struct {
		framing    string
		fromServer bool
		typed      string
		want       string
		refusal    string
	}{
		{framing: "resp", typed: "SET k v", want: "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"},
		{framing: "resp", typed: "  PING  ", want: "*1\r\n$4\r\nPING\r\n"},
		{framing: "resp", typed: `SET "a b\x00\n\"\q" 'c\n\'d'`, want: "*3\r\n$3\r\nSET\r\n$7\r\na b\x00\n\"q\r\n$5\r\nc\\n'd\r\n"},
		{framing: "resp", typed: `SET "\x41\xfF\x09\x4g\xg4\t\r\b\a\\"`, want: "*2\r\n$3\r\nSET\r\n$14\r\nA\xff\tx4gxg4\t\r\b\a\\\r\n"},
		{framing: "resp", typed: "\"\\xa0\\x0f\\xA9\\x9F\\x/0\\x:0\\x@0\\xG0\\x`0\"", want: "*1\r\n$19\r\n\xa0\x0f\xa9\x9fx/0x:0x@0xG0x`0\r\n"},
		{framing: "resp", typed: `'\x41\t' a"b`, refusal: "the quote at byte 10 does not end, or not before a blank"},
		{framing: "resp", typed: `"\x4`, refusal: "the quote at byte 0 does not end, or not before a blank"},
		{framing: "resp", typed: `SET '\x41\t' v`, want: "*3\r\n$3\r\nSET\r\n$6\r\n\\x41\\t\r\n$1\r\nv\r\n"},
		{framing: "resp", typed: `SET k ""`, want: "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n"},
		{framing: "resp", typed: "SET k naïve", want: "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$6\r\nnaïve\r\n"},
		{framing: "resp", typed: "*1\r\n$4\r\nPING\r\n", want: "*1\r\n$4\r\nPING\r\n"},
		{framing: "resp", typed: "PING\r\n", want: "PING\r\n"},
		{framing: "resp", typed: `SET "a`, refusal: "the quote at byte 4 does not end, or not before a blank"},
		{framing: "resp", typed: `SET "a"b`, refusal: "the quote at byte 4 does not end, or not before a blank"},
		{framing: "resp", typed: "", refusal: "no command"},
		{framing: "resp", fromServer: true, typed: "+OK", want: "+OK\r\n"},
		{framing: "resp", fromServer: true, typed: "hello there", want: "$11\r\nhello there\r\n"},
		{framing: "resp", fromServer: true, typed: "", want: "$0\r\n\r\n"},

		{framing: "nats", typed: "PUB subj hello", want: "PUB subj 5\r\nhello\r\n"},
		{framing: "nats", typed: "pub a  two words", want: "pub a 10\r\n two words\r\n"},
		{framing: "nats", typed: "PUB a", want: "PUB a 0\r\n\r\n"},
		{framing: "nats", typed: "MSG a 1 hi", want: "MSG a 1 2\r\nhi\r\n"},
		{framing: "nats", typed: "SUB a.* 1", want: "SUB a.* 1\r\n"},
		{framing: "nats", typed: "PING", want: "PING\r\n"},
		{framing: "nats", typed: "PUB a r 2\r\nhi\r\n", want: "PUB a r 2\r\nhi\r\n"},
		{framing: "nats", typed: "PUB", refusal: "PUB without a subject"},
		{framing: "nats", typed: "hello", refusal: "not one line of the NATS protocol: byte 1: malformed frame: got 'e', want a NATS verb such as INFO or PUB"},

		{framing: "memcached", typed: "set k 0 60 two words", want: "set k 0 60 9\r\ntwo words\r\n"},
		{framing: "memcached", typed: "cas k 0 0 7 hi", want: "cas k 0 0 2 7\r\nhi\r\n"},
		{framing: "memcached", typed: "ms k hi", want: "ms k 2\r\nhi\r\n"},
		{framing: "memcached", typed: "get a b", want: "get a b\r\n"},
		{framing: "memcached", typed: "set k 0 0 5\r\nhello\r\n", want: "set k 0 0 5\r\nhello\r\n"},
		{framing: "memcached", typed: "set k 0", refusal: "set: want 4 words before the data"},
		{framing: "memcached", fromServer: true, typed: "VALUE k 0 hi", want: "VALUE k 0 2\r\nhi\r\n"},
		{framing: "memcached", fromServer: true, typed: "STORED", want: "STORED\r\n"},

		{framing: "stomp", typed: "SEND destination:/queue/a hello world", want: "SEND\ndestination:/queue/a\ncontent-length:11\n\nhello world\x00"},
		{framing: "stomp", typed: "CONNECT accept-version:1.2 host:a", want: "CONNECT\naccept-version:1.2\nhost:a\n\n\x00"},
		{framing: "stomp", typed: "DISCONNECT", want: "DISCONNECT\n\n\x00"},
		{framing: "stomp", typed: "SEND\n\nhi\x00", want: "SEND\n\nhi\x00"},
		{framing: "stomp", typed: "hello", refusal: "not one STOMP frame: byte 0: malformed frame: got 'h', want a STOMP command"},
	} {
		f := parse(t, test.framing)
		d := f.C2S
		if test.fromServer {
			d = f.S2C
		}
		const before = "before"
		got, err := d.Codec.(framing.Composer).Compose([]byte(before), []byte(test.typed))
		if test.refusal != "" {
			if want := frame.ErrUnsendable.Error() + ": " + test.refusal; !errors.Is(err, frame.ErrUnsendable) || err.Error() != want || string(got) != before {
				t.Errorf("%s: %q is composed to %q, error %v\nwant error %s", test.framing, test.typed, got, err, want)
			}
			continue
		}
		if err != nil || string(got) != before+test.want {
			t.Errorf("%s: %q is composed to %q, error %v, want %q", test.framing, test.typed, got, err, before+test.want)
		}
	}
}

// Whatever is typed, what it is composed to is one frame, or it is refused.
func FuzzCompose(f *testing.F) {
	for _, typed := range []string{"SET k 'v'", "PUB a hello", "set k 0 0 x", "SEND a:b c", "cas k 0 0 1 x", "", `"\x0`} {
		f.Add([]byte(typed))
	}
	f.Fuzz(func(t *testing.T, typed []byte) {
		for _, s := range framing.All() {
			c, ok := s.Codec.(framing.Composer)
			if !ok {
				continue
			}
			msg, err := c.Compose(nil, typed)
			if err != nil {
				continue
			}
			if raw, err := c.AppendFrame(nil, msg); err != nil || string(raw) != string(msg) {
				t.Errorf("%s: %q is composed to %q, which is no frame: %v", s.Spelling, typed, msg, err)
			}
		}
	})
}
