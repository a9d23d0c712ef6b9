package framing

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/chancat/channel/internal/nearest"
)

// Parse reads a spelling: NAME[,OPTION…], or two of them with a slash between
// for what the client and what the server sends. Every framing takes max=SIZE,
// the limit of a body; SIZE is in bytes, or has one of the suffixes K, M, G (or
// KiB, MiB, GiB), which are powers of 1024. A comma inside an option is written
// \x2c, a slash \x2f. The error is a [*SpellingError].
func Parse(spelling string) (Framing, error) {
	f := Framing{Spelling: spelling}
	client, server, pair := strings.Cut(spelling, "/")
	var err error
	if strings.Contains(server, "/") {
		return Framing{}, &SpellingError{spelling, errors.New(`more than two directions; want C2S/S2C, and a slash in an option is \x2f`)}
	}
	if f.C2S, f.S2C, f.Either, err = parseSides(client); err != nil {
		return Framing{}, &SpellingError{client, err}
	}
	if pair {
		f.Either = f.C2S
		if _, f.S2C, _, err = parseSides(server); err != nil {
			return Framing{}, &SpellingError{server, err}
		}
	}
	return f, nil
}

// parseSides reads one spelling, which says what both sides send.
func parseSides(spelling string) (client, server, either Direction, err error) {
	o := readOptions(spelling)
	s, err := find(o.name)
	if err != nil {
		return client, server, either, err
	}
	client = Direction{Codec: s.Codec, Max: o.size("max", DefaultMax)}
	if s.parse != nil {
		if client.Codec, err = s.parse(o); err != nil {
			return client, server, either, err
		}
	}
	server, either = client, client
	if s.Server != nil {
		server.Codec = s.Server
	}
	if s.Either != nil {
		either.Codec = s.Either
	}
	return client, server, either, o.finish(s)
}

func find(name string) (Spec, error) {
	for _, s := range registry {
		if s.Name == name || slices.Contains(s.Aliases, name) {
			return s, nil
		}
	}
	if name == "" {
		return Spec{}, errors.New("no name; 'chancat framings' lists them")
	}
	if near := nearest.Word(name, known()); near != "" {
		return Spec{}, fmt.Errorf("unknown name %q; did you mean %q?", name, near)
	}
	return Spec{}, fmt.Errorf("unknown name %q; 'chancat framings' lists them", name)
}

// known returns every name and alias.
func known() (names []string) {
	for _, s := range Specs() {
		names = append(append(names, s.Name), s.Aliases...)
	}
	return names
}

// options are the parts of a spelling. A framing's parse function asks for those
// that it knows; the first mistake is kept, and what nobody asked for is one.
type options struct {
	name     string
	value    string // of name=value
	hasValue bool
	list     []option
	err      error
}

type option struct {
	key, value string
	hasValue   bool
	asked      bool
}

func readOptions(spelling string) *options {
	parts := strings.Split(spelling, ",")
	o := &options{}
	o.name, o.value, o.hasValue = strings.Cut(parts[0], "=")
	for _, p := range parts[1:] {
		key, value, ok := strings.Cut(p, "=")
		o.list = append(o.list, option{key: key, value: value, hasValue: ok})
	}
	return o
}

func (o *options) fail(format string, args ...any) {
	if o.err == nil {
		o.err = fmt.Errorf(format, args...)
	}
}

func (o *options) find(key string) *option {
	var found *option
	for i := range o.list {
		if p := &o.list[i]; p.key == key {
			if found != nil {
				o.fail("%s is given twice", key)
			}
			p.asked = true
			found = p
		}
	}
	return found
}

func (o *options) has(key string) bool { return o.find(key) != nil }

// flag reports whether the bare word key is among the options.
func (o *options) flag(key string) bool {
	p := o.find(key)
	if p != nil && p.hasValue {
		o.fail("%s takes no value", key)
	}
	return p != nil
}

// text returns the value of key=value.
func (o *options) text(key string) (value string, ok bool) {
	p := o.find(key)
	if p == nil {
		return "", false
	}
	if !p.hasValue || p.value == "" {
		o.fail("%s needs a value", key)
	}
	return p.value, true
}

// number returns the value of key=N, which must lie in low..high, or 0.
func (o *options) number(key string, low, high int) int {
	text, ok := o.text(key)
	if !ok || o.err != nil {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		o.fail("%s=%s: want a number from %d to %d", key, text, low, high)
		return 0
	}
	return n
}

// size returns the value of key=SIZE in bytes, or missing.
func (o *options) size(key string, missing int) int {
	text, ok := o.text(key)
	if !ok || o.err != nil {
		return missing
	}
	n, err := ParseSize(text)
	if err != nil {
		o.fail("%s=%s: %v", key, text, err)
	}
	return n
}

// hex returns the bytes of key=HEX, or nil.
func (o *options) hex(key string) []byte {
	text, ok := o.text(key)
	if !ok || o.err != nil {
		return nil
	}
	b, err := hex.DecodeString(text)
	if err != nil {
		o.fail("%s=%s: want pairs of hexadecimal digits", key, text)
	}
	return b
}

// finish returns the first mistake.
func (o *options) finish(s Spec) error {
	if o.hasValue && o.err == nil && s.Value == "" {
		o.fail("%s takes no value", o.name)
	}
	for _, p := range o.list {
		if !p.asked {
			known := "max=SIZE"
			if s.Options != "" {
				known = s.Options + " " + known
			}
			o.fail("unknown option %q; %s knows %s", p.key, s.Name, known)
		}
	}
	return o.err
}

// ParseSize reads a number of bytes such as 512, 64K, 16MiB.
func ParseSize(text string) (int, error) {
	digits := strings.TrimRight(text, "KMGIBkmgib")
	unit := strings.ToUpper(text[len(digits):])
	factor := map[string]int{"": 1, "B": 1, "K": 1 << 10, "KB": 1 << 10, "KIB": 1 << 10,
		"M": 1 << 20, "MB": 1 << 20, "MIB": 1 << 20, "G": 1 << 30, "GB": 1 << 30, "GIB": 1 << 30}[unit]
	n, err := strconv.ParseUint(digits, 10, 64)
	switch tooLarge := errors.Is(err, strconv.ErrRange); {
	case factor == 0 || err != nil && !tooLarge:
		return 0, errors.New("want a size such as 512, 64K or 16MiB")
	case tooLarge || n > uint64(math.MaxInt/factor):
		return 0, errors.New("larger than this machine can hold")
	}
	return int(n) * factor, nil
}
