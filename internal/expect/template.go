package expect

import (
	"fmt"
	"strings"

	"github.com/chancat/channel/internal/text/escape"
)

// environment begins the name of a variable that is one of the environment: where
// a script has its secrets from.
const environment = "env:"

// A template is text in which ${NAME} stands for what was captured.
type template []piece

// A piece is a variable if it has a name, else bytes.
type piece struct {
	name  string
	bytes []byte
}

// A variable is looked up by its name.
type lookup func(name string) ([]byte, error)

// parseTemplate reads text. What stands outside of variables has escapes if
// escaped is set.
func parseTemplate(text string, escaped bool) (template, error) {
	var t template
	literal := func(text string) error {
		if text == "" {
			return nil
		}
		b := []byte(text)
		if escaped {
			var err error
			if b, err = escape.Unescape(nil, b); err != nil {
				return err
			}
		}
		t = append(t, piece{bytes: b})
		return nil
	}
	for {
		before, behind, ok := strings.Cut(text, "${")
		if err := literal(before); err != nil {
			return nil, err
		}
		if !ok {
			return t, nil
		}
		name, rest, closed := strings.Cut(behind, "}")
		if !closed || !isName(strings.TrimPrefix(name, environment)) {
			return nil, fmt.Errorf("want ${NAME} or ${%sNAME} behind %q; \\x24{ is the bare text", environment, before)
		}
		t = append(t, piece{name: name})
		text = rest
	}
}

func isName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// constant reports whether t has no variables.
func (t template) constant() bool {
	for _, p := range t {
		if p.name != "" {
			return false
		}
	}
	return true
}

// expand puts in the variables, each as quote gives it; a nil quote leaves them as
// they are.
func (t template) expand(get lookup, quote func([]byte) []byte) ([]byte, error) {
	text := []byte{}
	for _, p := range t {
		value := p.bytes
		if p.name != "" {
			var err error
			if value, err = get(p.name); err != nil {
				return nil, err
			}
			if quote != nil {
				value = quote(value)
			}
		}
		text = append(text, value...)
	}
	return text, nil
}
