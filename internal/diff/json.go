package diff

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/chancat/channel/internal/text/escape"
)

// parseJSON reads an object or array; numbers as they are written.
func parseJSON(b []byte) (any, bool) {
	if !json.Valid(b) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil, false
	}
	switch v.(type) {
	case map[string]any, []any:
		return v, true
	}
	return nil, false
}

// A jsonDiff makes the lines that are shown and counts the others.
type jsonDiff struct {
	lines []string
	more  int
	arrow string
}

func (d *jsonDiff) full() bool { return len(d.lines) == shown }

func (d *jsonDiff) compare(path string, a, b any, depth int) {
	switch x := a.(type) {
	case map[string]any:
		if y, ok := b.(map[string]any); ok && depth < depthMost {
			d.objects(path, x, y, depth)
			return
		}
	case []any:
		if y, ok := b.([]any); ok && depth < depthMost {
			d.arrays(path, x, y, depth)
			return
		}
	}
	switch {
	case reflect.DeepEqual(a, b):
	case d.full():
		d.more++
	default:
		x, y := apart(a, b)
		d.tell("~", path, x+" "+d.arrow+" "+y)
	}
}

func (d *jsonDiff) objects(path string, a, b map[string]any, depth int) {
	keys := maps.Clone(a)
	maps.Copy(keys, b)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		x, inA := a[key]
		y, inB := b[key]
		at := d.step(path, func() string { return member(key) })
		switch {
		case !inB:
			d.only("-", at, x)
		case !inA:
			d.only("+", at, y)
		default:
			d.compare(at, x, y, depth+1)
		}
	}
}

func (d *jsonDiff) arrays(path string, a, b []any, depth int) {
	for i := range max(len(a), len(b)) {
		at := d.step(path, func() string { return "[" + strconv.Itoa(i) + "]" })
		switch {
		case i >= len(b):
			d.only("-", at, a[i])
		case i >= len(a):
			d.only("+", at, b[i])
		default:
			d.compare(at, a[i], b[i], depth+1)
		}
	}
}

// step is the path one step on; nobody wants to know where nothing more is shown.
func (d *jsonDiff) step(path string, next func() string) string {
	if d.full() {
		return ""
	}
	return path + next()
}

// only tells of a value that one of the two has.
func (d *jsonDiff) only(sign, path string, v any) {
	if d.full() {
		d.more++
		return
	}
	d.tell(sign, path, clip(written(v), 0))
}

func (d *jsonDiff) tell(sign, path, what string) {
	d.lines = append(d.lines, sign+" "+printable(path)+"  "+what)
}

const keyMost = 64 // bytes of a key in a path

// member is the path step to key, which is cut short.
func member(key string) string {
	if len(key) > keyMost {
		key = strings.ToValidUTF8(key[:keyMost], "") + "..."
	}
	for i, r := range key {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return "[" + strconv.Quote(key) + "]"
		}
	}
	if key == "" {
		return `[""]`
	}
	return "." + key
}

func written(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		return []byte(err.Error())
	}
	return text
}

const (
	valueMost = 120 // bytes of a value that are shown
	context   = 20  // bytes of them before the first difference
)

// apart is both values on one line each, from shortly before where they part if
// that is far behind.
func apart(a, b any) (x, y string) {
	textA, textB := written(a), written(b)
	at := 0
	if first := Offset(textA, textB); first > valueMost-context {
		at = first - context
	}
	return clip(textA, at), clip(textB, at)
}

// clip is text from at on, printable and cut short.
func clip(text []byte, at int) string {
	before, after := "", ""
	if at > 0 {
		before = "..."
	}
	text = text[at:]
	if len(text) > valueMost {
		text, after = text[:valueMost], "..."
	}
	return before + string(escape.AppendPrintable(nil, bytes.ToValidUTF8(text, nil))) + after
}
