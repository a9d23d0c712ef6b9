package view_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/chancat/channel/view"
)

func ExampleParse() {
	show, err := view.Parse("json")
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s\n", show(nil, []byte(`{"id":1e400,"tags":["a",{}]}`)))
	// Output:
	// {
	//   "id": 1e400,
	//   "tags": [
	//     "a",
	//     {}
	//   ]
	// }
}

func TestParse(t *testing.T) {
	for _, name := range view.Names() {
		if _, err := view.Parse(name); err != nil {
			t.Error(err)
		}
	}
	_, err := view.Parse("xml")
	var e *view.UnknownError
	const want = `unknown view "xml"; known are auto, text, json, hex, msgpack, cbor, protobuf, pickle, resp, fastdaemon, bgpy, juggler, packetstream`
	if !errors.As(err, &e) || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestViews(t *testing.T) {
	const (
		esc   = "\x1b[2J\u202e\n"
		shown = `\x1b[2J\u{202e}\n`
	)
	for _, c := range []struct{ name, body, want string }{
		{"auto", "", ""},
		{"auto", "plain é", "plain é"},
		{"auto", esc, shown},
		{"auto", ` {"a" : [ 1, {} , [ ] ], "b":"x y"}` + "\r\n", `{"a":[1,{},[]],"b":"x y"}`},
		{"auto", `{"a":"` + "\u202e\u009b\x7f\U000e0041é" + `"}`, `{"a":"\u202e\u009b\u007f\udb40\udc41é"}`},
		{"auto", `{"a":1} {"a":2}`, `{"a":1} {"a":2}`},
		{"auto", "{not json}", "{not json}"},
		{"auto", "12", "12"},
		{"auto", "\x00\x01", "00000000  00 01                                             |..|"},
		{"auto", "\xff", "00000000  ff                                                |.|"},
		{"auto", "[\"\xff\"]", "00000000  5b 22 ff 22 5d                                    |[\".\"]|"},
		{"text", esc, shown},
		{"text", "\x00\xff", `\0\xff`},
		{"json", "", ""},
		{"json", " 12345678901234567890123 ", "12345678901234567890123"},
		{"json", `"a\"b\\"`, `"a\"b\\"`},
		{"json", "null", "null"},
		{"json", "{}", "{}"},
		{"json", "[ ]", "[]"},
		{"json", `{"b":1,"a":[true]}`, "{\n  \"b\": 1,\n  \"a\": [\n    true\n  ]\n}"},
		{"json", esc, shown},
		{"json", "[\"\xff\"]", `["\xff"]`},
		{"hex", "", ""},
		{"hex", "0123456789abcdef\x1b\xff", "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n" +
			"00000010  1b ff                                             |..|"},
	} {
		show, err := view.Parse(c.name)
		if err != nil {
			t.Fatal(err)
		}
		if got := show([]byte("> "), []byte(c.body)); string(got) != "> "+c.want {
			t.Errorf("%s: %q:\ngot    %q\nwant > %q", c.name, c.body, got, c.want)
		}
	}
}

func TestJSONDepth(t *testing.T) {
	const depth = 9000
	body := strings.Repeat("[", depth) + "1,2" + strings.Repeat("]", depth)
	got := view.JSON(nil, []byte(body))
	if !json.Valid(got) || len(got) > 3*len(body) {
		t.Errorf("%d bytes for %d", len(got), len(body))
	}
	deep := strings.Repeat("[", 17) + `1,{"a":[2,3]}` + strings.Repeat("]", 17)
	lines := strings.Split(string(view.JSON(nil, []byte(deep))), "\n")
	if want := strings.Repeat(" ", 32) + `[1, {"a": [2, 3]}]`; len(lines) != 33 || lines[16] != want {
		t.Errorf("%d lines, the middle one %q, want %q", len(lines), lines[16], want)
	}
}

func TestHexLimit(t *testing.T) {
	for rest, want := range map[int]string{
		1: "… 1 byte more", 1023: "… 1023 bytes more", 1536: "… 1.5 KiB more", 1258291: "… 1.2 MiB more",
	} {
		got := view.Hex(nil, make([]byte, 4096+rest))
		lines := strings.Split(string(got), "\n")
		if len(lines) != 257 || lines[256] != want {
			t.Errorf("%d lines, the last %q, want %q", len(lines), lines[len(lines)-1], want)
		}
	}
	if got := view.AppendHex(nil, []byte("abc"), 0); string(got) != "… 3 bytes more" {
		t.Errorf("%q", got)
	}
}

func FuzzViews(f *testing.F) {
	for _, s := range []string{"", "text\n", "\x1b[2J", "\x00\xff", `{"a":[1,{"b":null}],"c":"\u202e"}`, "[\"\u202e\x7f\"]", "[]",
		"\x82\xa1a\xd6\xff\x00\x00\x00\x01\xc4\x02\x1b\xff\x93\x01\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00\xc0", // msgpack
		"\xbf\x61a\x9f\xf7\xf9\x3c\x00\xc2\x41\x01\xff\x61b\x5f\x41\x00\xff\xff",                            // cbor
		"\x08\x96\x01\x12\x03\x08\x96\x01\x1b\x0d\x00\x00\x80\x3f\x1c\x22\x02hi",                            // protobuf
		"%1\r\n$1\r\na\r\n*2\r\n:1\r\n~1\r\n$-1\r\n|1\r\n+a\r\n#t\r\n_\r\n",                                 // resp
		"\x80\x04cm\nC\n)\x81q\x01}(U\x01ah\x01I1\nC\x01\xffub.",                                            // pickle
		"\x02\x83\x56\x07\x01\x00\xff",                                                                      // packetstream
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, name := range view.Names() {
			show, err := view.Parse(name)
			if err != nil {
				t.Fatal(err)
			}
			got := show(nil, body)
			if !utf8.Valid(got) {
				t.Fatalf("%s: %q is not UTF-8", name, got)
			}
			for _, r := range string(got) {
				if r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
					t.Fatalf("%s: %q holds %U", name, got, r)
				}
			}
			if len(got) > 64*len(body)+(64<<10) {
				t.Fatalf("%s: %d bytes for %d", name, len(got), len(body))
			}
		}
		if !json.Valid(body) || !utf8.Valid(body) {
			return
		}
		got := view.JSON(nil, body)
		if decode(t, got) != decode(t, body) {
			t.Fatalf("%s\n%s", body, got)
		}
	})
}

// decode returns the value of text in one spelling, numbers as they stand.
func decode(t *testing.T, text []byte) string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%#v", v)
}

// What takes the most memory for its size stays within a bound.
func TestMemory(t *testing.T) {
	const size = 50_000
	array := func(head, item string) string { return head + strings.Repeat(item, size/len(item)) }
	for name, bodies := range map[string][]string{
		"msgpack": {array("\xdd\x00\x00\xc3\x50", "\xc2"), array("", "\x91"), array("\xdd\x00\x00\x61\xa8", "\x91\xc2"), "\xc6\xff\xff\xff\xff"},
		"cbor": {array("\x9f", "\xf7") + "\xff", strings.Repeat("\x81", 15) + array("\x9f", "\xf7") + "\xff",
			array("", "\x81"), array("\x9f", "\xf8\xff") + "\xff", "\xc2\x5a\x00\x00\xc3\x50" + strings.Repeat("\xff", size)},
		"protobuf": {array("", "\x08\x00"), array("", "\x0b\x0c"), array("", "\x0a\x01\x1b"), array("", "\x0a\x00")},
		"pickle":   {array("(", "N") + "t.", strings.Repeat("(", 15) + array("(", "N") + strings.Repeat("t", 16) + ".", array("(", "]") + "l.", array("(cm\nC\n\x94", "h\x00") + "t."},
	} {
		show, err := view.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, body := range bodies {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got := show(nil, []byte(body))
			runtime.ReadMemStats(&after)
			used, limit := after.TotalAlloc-before.TotalAlloc, uint64(256*len(body)+(64<<10))
			if used > limit || len(got) > 64*len(body)+(64<<10) {
				t.Errorf("%s: %.20q: %d bytes allocated and %d shown for %d", name, body, used, len(got), len(body))
			}
		}
	}
}
