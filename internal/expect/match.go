package expect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/text/escape"
)

// A matcher says what a message must be. match returns why msg is not that, empty
// if it is, and what it captures. answers is not nil where a message is a whole
// frame. An error is one of the script.
type matcher interface {
	match(msg []byte, answers framing.Composer, get lookup) (found map[string][]byte, why mismatch, err error)
}

// A mismatch is how a message differs from what was wanted. The zero value is none.
type mismatch struct {
	want string // for people
	same []byte // the bytes that were wanted, where it is bytes that were
}

func (m mismatch) found() bool { return m.want != "" }

// exactly is a message of these bytes. Where a message is a whole frame, it may be
// what is composed of them, or lack the end of its line.
type exactly struct{ text template }

func (m exactly) match(msg []byte, answers framing.Composer, get lookup) (map[string][]byte, mismatch, error) {
	want, err := m.text.expand(get, nil)
	if err != nil {
		return nil, mismatch{}, err
	}
	if bytes.Equal(msg, want) {
		return nil, mismatch{}, nil
	}
	if answers != nil {
		composed, err := answers.Compose(nil, want)
		if bytes.Equal(bytes.TrimSuffix(msg, []byte("\r\n")), want) || err == nil && bytes.Equal(msg, composed) {
			return nil, mismatch{}, nil
		}
	}
	return nil, mismatch{string(escape.Append(nil, want)), want}, nil
}

// anything is any message.
type anything struct{}

func (anything) match([]byte, framing.Composer, lookup) (map[string][]byte, mismatch, error) {
	return nil, mismatch{}, nil
}

// pattern is a message in which the expression matches. Its named groups are
// captured.
type pattern struct {
	source   template
	compiled *regexp.Regexp // nil where source has variables
}

func newPattern(source string) (pattern, error) {
	t, err := parseTemplate(source, false)
	if err != nil {
		return pattern{}, err
	}
	p := pattern{source: t}
	if t.constant() {
		p.compiled, err = regexp.Compile(source)
	} else {
		blank := func(string) ([]byte, error) { return nil, nil }
		text, _ := t.expand(blank, nil)
		_, err = regexp.Compile(string(text))
	}
	return p, err
}

func (p pattern) match(msg []byte, _ framing.Composer, get lookup) (map[string][]byte, mismatch, error) {
	re := p.compiled
	if re == nil {
		source, err := p.source.expand(get, func(b []byte) []byte { return []byte(regexp.QuoteMeta(string(b))) })
		if err == nil {
			re, err = regexp.Compile(string(source))
		}
		if err != nil {
			return nil, mismatch{}, err
		}
	}
	groups := re.FindSubmatch(msg)
	if groups == nil {
		return nil, mismatch{want: "a match of /" + re.String() + "/"}, nil
	}
	found := map[string][]byte{}
	for i, name := range re.SubexpNames() {
		if name != "" && groups[i] != nil {
			found[name] = bytes.Clone(groups[i])
		}
	}
	return found, mismatch{}, nil
}

// document is a message that is JSON with at least these members.
type document struct{ text template }

func (d document) match(msg []byte, _ framing.Composer, get lookup) (map[string][]byte, mismatch, error) {
	text, err := d.text.expand(get, nil)
	if err != nil {
		return nil, mismatch{}, err
	}
	want, err := parseJSON(text)
	if err != nil {
		return nil, mismatch{}, fmt.Errorf("what is wanted is no JSON: %w", err)
	}
	got, err := parseJSON(msg)
	if err != nil {
		return nil, mismatch{want: "JSON with " + string(text), same: text}, nil
	}
	if where := lacks("$", got, want); where != "" {
		return nil, mismatch{want: "JSON with " + string(text) + "; it differs at " + where, same: text}, nil
	}
	return nil, mismatch{}, nil
}

func parseJSON(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("more than one value, from byte %d", d.InputOffset())
	}
	return v, nil
}

// lacks returns the path at which got is not what want says, empty if there is
// none. Members that want does not name may be anything.
func lacks(path string, got, want any) string {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return path
		}
		for _, key := range slices.Sorted(maps.Keys(want)) { // in order, so that the same place is told each time
			value := want[key]
			inner, ok := object[key]
			if !ok {
				return path + "." + key
			}
			if where := lacks(path+"."+key, inner, value); where != "" {
				return where
			}
		}
		return ""
	case []any:
		array, ok := got.([]any)
		if !ok || len(array) != len(want) {
			return path
		}
		for i, value := range want {
			if where := lacks(path+"["+strconv.Itoa(i)+"]", array[i], value); where != "" {
				return where
			}
		}
		return ""
	case json.Number:
		if number, ok := got.(json.Number); ok && sameNumber(string(number), string(want)) {
			return ""
		}
		return path
	}
	if got != want {
		return path
	}
	return ""
}

// sameNumber compares numbers as they are written, and as floats where one of them
// is no integer.
func sameNumber(a, b string) bool {
	if a == b {
		return true
	}
	_, errA := strconv.ParseInt(a, 10, 64)
	_, errB := strconv.ParseInt(b, 10, 64)
	if errA == nil && errB == nil {
		return false
	}
	x, errA := strconv.ParseFloat(a, 64)
	y, errB := strconv.ParseFloat(b, 64)
	return errA == nil && errB == nil && x == y
}
