package view_test

import (
	"testing"

	"github.com/chancat/channel/view"
)

func TestMsgpack(t *testing.T) {
	for code, want := range map[string]string{
		"c0":                               "null",
		"c2":                               "false",
		"c3":                               "true",
		"00":                               "0",
		"7f":                               "127",
		"ff":                               "-1",
		"e0":                               "-32",
		"ccff":                             "255",
		"cdffff":                           "65535",
		"ceffffffff":                       "4294967295",
		"cfffffffffffffffff":               "18446744073709551615",
		"d080":                             "-128",
		"d18000":                           "-32768",
		"d280000000":                       "-2147483648",
		"d38000000000000000":               "-9223372036854775808",
		"ca3dcccccd":                       "0.1",
		"cb3fb999999999999a":               "0.1",
		"cb7ff0000000000000":               "Infinity",
		"cb4415af1d78b58c40":               "100000000000000000000.0",
		"cb7e37e43c8800759c":               "1.0e+300",
		"a0":                               `""`,
		"a3c3a961":                         `"éa"`,
		"a2c328":                           `b"\xc3("`,
		"d90161":                           `"a"`,
		"da000161":                         `"a"`,
		"db0000000161":                     `"a"`,
		"a31b5b4a":                         `"\u001b[J"`,
		"c403610022":                       `b"a\x00\""`,
		"c5000100":                         `b"\x00"`,
		"c60000000100":                     `b"\x00"`,
		"90":                               "[]",
		"93010203":                         "[1, 2, 3]",
		"dc00020102":                       "[1, 2]",
		"dd000000020102":                   "[1, 2]",
		"80":                               "{}",
		"82a16101a16290":                   `{"a": 1, "b": []}`,
		"82a16101a16102":                   `{"a": 1, "a": 2}`, // a repeated key is shown
		"de0001c0c0":                       "{null: null}",
		"df000000019002":                   "{[]: 2}",
		"d40700":                           `ext(7, b"\x00")`,
		"d58001ff":                         `ext(-128, b"\x01\xff")`,
		"c70005":                           `ext(5, b"")`,
		"c8000105ff":                       `ext(5, b"\xff")`,
		"d6ff59682f00":                     "timestamp(1500000000)",
		"d7ff0000000459682f00":             "timestamp(1500000000 s + 1 ns)",
		"c70cff00000001ffffffffffffffff":   "timestamp(-1 s + 1 ns)",
		"c70cff3b9aca000000000000000000":   `ext(-1, b";\x9a\xca\x00\x00\x00\x00\x00\x00\x00\x00\x00")`, // 1e9 ns
		"94c0c391a47573657281a26964cdffff": `[null, true, ["user"], {"id": 65535}]`,
	} {
		if got := string(view.Msgpack(nil, bytesOf(t, code))); got != want {
			t.Errorf("%s: got %s, want %s", code, got, want)
		}
	}
}

func TestNotMsgpack(t *testing.T) {
	for _, code := range []string{"", "c1", "0000", "93", "a5", "ddffffffff", "dfffffffff", "dbffffffff", "c6ffffffff", "c9ffffffff00", "cb00"} {
		body := bytesOf(t, code)
		if got, want := string(view.Msgpack(nil, body)), string(view.Auto(nil, body)); got != want {
			t.Errorf("%s: got %s", code, got)
		}
	}
	if got := string(view.Msgpack(nil, []byte("plain text"))); got != "plain text" {
		t.Error(got)
	}
}

// Long containers are spread over lines, short ones are not.
func TestSpread(t *testing.T) {
	body := "\x83\xa4name\xd9\x30" + "a value so long that its map is spread over lines"[:48] +
		"\xa5small\x93\x01\x02\x03\xa5[\"{x}\xc4\x01\x00"
	const want = `{
  "name": "a value so long that its map is spread over line",
  "small": [1, 2, 3],
  "[\"{x}": b"\x00"
}`
	if got := string(view.Msgpack(nil, []byte(body))); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
