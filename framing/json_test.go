package framing_test

import (
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	testEncode(t, []encodeTest{
		{framing: "json", message: `{"a": [1, 2]}`, want: `{"a": [1, 2]}`},
		{framing: "json", message: "", refusal: "not one JSON value: it ends at byte 0, inside of it"},
		{framing: "json", message: "[1", refusal: "not one JSON value: it ends at byte 2, inside of it"},
		{framing: "json", message: `"a`, refusal: "not one JSON value: it ends at byte 2, inside of it"},
		{framing: "json", message: "[]]", refusal: "not one JSON value: that ends at byte 2 of 3"},
		{framing: "json", message: "[] ", refusal: "not one JSON value: that ends at byte 2 of 3"},
		{framing: "json", message: " []", refusal: "white space before the JSON value is not delivered"},
		{framing: "json", message: "[}", refusal: "not one JSON value: byte 1: malformed frame: got '}', want a JSON value"},
		{framing: "json", message: "12", refusal: "a bare number is complete only at what follows it; send it in an array, or as -f jsonseq"},
		{framing: "json", message: "[12", refusal: "not one JSON value: it ends at byte 3, inside of it"},
		{framing: "jsonseq", message: "12", want: "\x1e12\n"},
		{framing: "jsonseq", message: " [] ", want: "\x1e [] \n"},
		{framing: "jsonseq", message: "[\n]", want: "\x1e[\n]\n"},
		{framing: "jsonseq", message: "", refusal: "not one JSON value: it ends at byte 0, inside of it"},
		{framing: "jsonseq", message: "[12", refusal: "not one JSON value: it ends at byte 3, inside of it"},
		{framing: "jsonseq", message: "-", refusal: "not one JSON value: it ends at byte 1, inside of it"},
		{framing: "jsonseq", message: "[}", refusal: "not one JSON value: byte 1: malformed frame: got '}', want a JSON value"},
		{framing: "jsonseq", message: "[] 1", refusal: "not one JSON value: that ends at byte 2 of 4"},
		{framing: "jsonseq", message: "[]\n", refusal: "it holds LF at byte 2, behind the JSON value, where its frame would end"},
	})
	testResync(t, "json", map[string]int{
		"": 0, "x": 1, "x{": 1, `"a", [1]`: 5, "]}": 2, "[[[": 0,
		strings.Repeat("[", 1030):       6, // no value is nested deeper than 1024
		strings.Repeat("{", 1025) + "[": 1,
	})
	testResync(t, "jsonseq", map[string]int{"": 0, "x": 1, "x\x1e1": 1})
}
