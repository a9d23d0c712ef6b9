package frametest

import (
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/chancat/channel/frame"
)

func TestReadVectors(t *testing.T) {
	const text = `# comment
name:   good, then broken
max:    3
input:  "F\x01a."
input:  "F\x02"
frame:  0 head=2 body=1 tail=1
message: ""
error:  start=4 offset=6 cause=truncated

framing: other,option

name: the other side
from: server
`
	got, err := ReadVectors(fstest.MapFS{"marked.txt": {Data: []byte(text)}, "README.md": {Data: []byte("no vectors")}})
	if err != nil {
		t.Fatal(err)
	}
	want := []Vector{
		{File: "marked.txt:2", Name: "good, then broken", Framing: "marked", Max: 3, Input: []byte("F\x01a.F\x02"), Want: Result{
			Frames: []Frame{{Offset: 0, Span: frame.Span{Head: 2, Body: 1, Tail: 1}, Raw: "F\x01a.", Message: ""}},
			Error:  &Error{Start: 4, Offset: 6, Cause: frame.CauseTruncated},
		}},
		{File: "marked.txt:12", Name: "the other side", Framing: "other,option", Max: NoMax, Server: true},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestReadVectorsFaults(t *testing.T) {
	for text, want := range map[string]string{
		"name: a\nname: b":  `v.txt:2: a second name; a blank line ends a vector`,
		"input: \"x\"":      `v.txt:1: input before the name of a vector`,
		"name: a\ninput: x": `v.txt:2: input: "x": invalid syntax`,
		"name: a\ninput: \"x\"\nframe: 0 head=1 body=1 tail=0":      `v.txt:3: frame at byte 0 ends at 2, the input has 1 bytes`,
		"name: a\ninput: \"x\"\nframe: 0 head=1 body=1":             `v.txt:3: frame: "0 head=1 body=1": unexpected EOF`,
		"name: a\nmessage: \"x\"":                                   `v.txt:2: a message before its frame`,
		"name: a\nfrom: nobody":                                     `v.txt:2: from "nobody", want client or server`,
		"name: a\ncolour: blue":                                     `v.txt:2: unknown key "colour"`,
		"nonsense":                                                  `v.txt:1: got "nonsense", want KEY: VALUE`,
		"# nothing":                                                 `no vectors in [v.txt]`,
		"name: a\nerror: start=x offset=1 cause=syntax":             `v.txt:2: error: "start=x offset=1 cause=syntax": expected integer`,
		"name: a\ninput: \"x\"\nframe: -1 head=1 body=0 tail=0\n\n": `v.txt:3: frame at byte -1 ends at 0, the input has 1 bytes`,
	} {
		_, err := ReadVectors(fstest.MapFS{"v.txt": {Data: []byte(text)}})
		if err == nil || err.Error() != want {
			t.Errorf("%q: got error %v, want %s", text, err, want)
		}
	}
}

// A vector that does not hold is told with its place and both readings.
func TestVectorCheck(t *testing.T) {
	good := Vector{File: "v.txt:1", Name: "good", Input: []byte("F\x01a."), Want: Result{Frames: []Frame{
		{Span: frame.Span{Head: 2, Body: 1, Tail: 1}, Raw: "F\x01a.", Message: "a"},
	}}}
	good.Check(t, marked{}, 10)

	var o observer
	bad := good
	bad.Want = Result{Error: &Error{Start: 0, Offset: 3, Cause: frame.CauseSyntax}}
	bad.Check(&o, marked{}, 10)
	if len(o.complaints) == 0 || !strings.HasPrefix(o.complaints[0], "v.txt:1: good, read as ") {
		t.Errorf("got complaints %q, want the vector that does not hold", o.complaints)
	}
}
