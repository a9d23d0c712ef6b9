// Package view renders message bodies for people (docs/spec.md §5, --view).
//
// What it writes is safe on a terminal: no control byte and no invisible or
// reordering character of a body comes through, and the only line breaks are
// those of the view itself.
package view

import (
	"fmt"
	"slices"
	"strings"
)

// A View appends body as people may read it to dst, without a line break at the
// end. It accepts any bytes: what is not of its kind it shows as [Text] or
// [Hex]. It keeps neither argument and is safe for concurrent use.
//
// It takes time in proportion to body, and appends at most 64 times the size of
// body and 64 KiB, whatever lengths the body claims. On the way it allocates at
// most four times as much.
type View func(dst, body []byte) []byte

var views = []struct {
	name    string
	view    View
	colored func(dst, body []byte, c *Colors) []byte // nil: never coloured
}{
	{"auto", Auto, coloredAuto},
	{"text", Text, nil},
	{"json", JSON, coloredJSON},
	{"hex", Hex, nil},
	{"msgpack", Msgpack, nil},
	{"cbor", CBOR, nil},
	{"protobuf", Protobuf, nil},
	{"pickle", Pickle, nil},
	{"resp", RESP, nil},
	{"fastdaemon", Fastdaemon, nil},
	{"bgpy", Bgpy, nil},
	{"juggler", Juggler, nil},
	{"packetstream", Packetstream, nil},
}

// Names returns the names of the views.
func Names() []string {
	names := make([]string, len(views))
	for i, v := range views {
		names[i] = v.name
	}
	return names
}

// ForFraming returns the name of the view that auto stands for in a framing, which
// is spelled as docs/spec.md §4 has it: that of the protocol where there is one,
// else auto.
func ForFraming(spelling string) string {
	end := strings.IndexAny(spelling, ",/")
	if end < 0 {
		end = len(spelling)
	}
	switch name := spelling[:end]; name {
	case "resp", "fastdaemon", "bgpy", "packetstream":
		return name
	}
	return "auto"
}

// An UnknownError is a name that [Parse] rejects.
type UnknownError struct{ Name string }

func (e *UnknownError) Error() string {
	return fmt.Sprintf("unknown view %q; known are %s", e.Name, strings.Join(Names(), ", "))
}

// Parse returns the view of that name. The error is an [*UnknownError].
func Parse(name string) (View, error) { return ParseColored(name, Colors{}) }

// ParseColored is [Parse] for a view that colours JSON. The zero Colors colour
// nothing.
func ParseColored(name string, c Colors) (View, error) {
	i := slices.Index(Names(), name)
	if i < 0 {
		return nil, &UnknownError{name}
	}
	v := views[i]
	if v.colored == nil || c == (Colors{}) {
		return v.view, nil
	}
	return func(dst, body []byte) []byte { return v.colored(dst, body, &c) }, nil
}
