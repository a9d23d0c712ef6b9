package view_test

import (
	"errors"
	"testing"

	"github.com/chancat/channel/view"
)

func TestParseColored(t *testing.T) {
	colors := view.Colors{Key: "<k>", String: "<s>", Number: "<n>", Word: "<w>", Reset: "</>"}
	for _, c := range []struct{ name, body, want string }{
		{"auto", `{"a" :["b:",-1,true], "c":{}}`, `{<k>"a"</>:[<s>"b:"</>,<n>-1</>,<w>true</>],<k>"c"</>:{}}`},
		{"json", `{"a":null}`, "{\n  <k>\"a\"</>: <w>null</>\n}"},
		{"json", "no JSON", "no JSON"},
		{"text", `{"a":1}`, `{"a":1}`},
	} {
		show, err := view.ParseColored(c.name, colors)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(show(nil, []byte(c.body))); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if _, err := view.ParseColored("xml", colors); !errors.As(err, new(*view.UnknownError)) {
		t.Error(err)
	}
}
