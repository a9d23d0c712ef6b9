package view_test

import (
	"strings"
	"testing"

	"github.com/chancat/channel/view"
)

func TestProtobuf(t *testing.T) {
	for code, want := range map[string]string{
		"":                             "{}",
		"089601":                       "{1: 150}",
		"120774657374696e67":           `{2: "testing"}`,
		"1a03089601":                   "{3: {1: 150}}",
		"08ffffffffffffffffff01":       "{1: -1}",
		"0d0000803f":                   "{1: fixed32(1065353216, 1.0)}",
		"09000000000000f03f":           "{1: fixed64(4607182418800017408, 1.0)}",
		"0a00":                         `{1: ""}`,
		"0a0568690a7468":               `{1: "hi\nth"}`, // text with a line break is no message
		"0a02ffff":                     `{1: b"\xff\xff"}`,
		"0a0468c3a979":                 `{1: "héy"}`,
		"08010a0161080210ffffffffff7f": `{1: 1, 1: "a", 1: 2, 2: 4398046511103}`,
		"0b08010c100b":                 "{1: group {1: 1}, 2: 11}",
		"0b0b0c0c":                     "{1: group {1: group {}}}",
	} {
		if got := string(view.Protobuf(nil, bytesOf(t, code))); got != want {
			t.Errorf("%s: got %s, want %s", code, got, want)
		}
	}
}

func TestNotProtobuf(t *testing.T) {
	for _, code := range []string{
		"08",               // no value
		"0a05",             // five bytes are not there
		"0001",             // field 0
		"0b", "0c", "0b14", // groups that do not end, or do not begin
		"0f",                     // wire type 7
		"0affffffffffffffffff01", // claims 16 EiB
		strings.Repeat("0b", 1000) + strings.Repeat("0c", 1000),
	} {
		body := bytesOf(t, code)
		if got, want := string(view.Protobuf(nil, body)), string(view.Auto(nil, body)); got != want {
			t.Errorf("%.20s: got %s", code, got)
		}
	}
}

// A message in a message, many times, is followed to a limit; below that it is
// bytes.
func TestProtobufDepth(t *testing.T) {
	body := []byte{0x08, 0x01}
	for len(body) < 120 {
		body = append([]byte{0x0a, byte(len(body))}, body...)
	}
	got := joined(view.Protobuf(nil, body))
	if n := strings.Count(got, "{1: "); n != 32 || !strings.Contains(got, `b"\n`) && !strings.Contains(got, `b"\x0a`) {
		t.Errorf("%d levels in %s", n, got)
	}
}
