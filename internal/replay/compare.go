package replay

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/chancat/channel/internal/filter"
)

// Ignoring returns a comparison of messages that leaves out what the jq paths
// select, such as ".id, .result.time". What a path does not fit has nothing to
// leave out, and messages that are not JSON are compared byte by byte.
func Ignoring(paths []string) (func(want, got []byte) bool, error) {
	if len(paths) == 0 {
		return bytes.Equal, nil
	}
	var query strings.Builder
	query.WriteString(".")
	for _, p := range paths {
		if _, err := filter.Compile(p); err != nil {
			return nil, err
		}
		fmt.Fprintf(&query, " | . as $whole | try del(%s) catch $whole", p)
	}
	f, err := filter.Compile(query.String())
	if err != nil {
		return nil, err
	}
	return func(want, got []byte) bool {
		if bytes.Equal(want, got) {
			return true
		}
		a, okA := normal(f, want)
		b, okB := normal(f, got)
		return okA && okB && bytes.Equal(a, b)
	}, nil
}

// normal is what f makes of body, with the keys in order.
func normal(f *filter.Filter, body []byte) ([]byte, bool) {
	var out []byte
	err := f.Apply(body, func(result []byte) error {
		out = append(append(out, result...), '\n')
		return nil
	})
	return out, err == nil
}

// Only returns a test of messages: those that are JSON and of which the jq query
// says something that is neither null nor false.
func Only(query string) (func(body []byte) bool, error) {
	f, err := filter.Compile(query)
	if err != nil {
		return nil, err
	}
	return func(body []byte) bool {
		holds := false
		err := f.Apply(body, func(result []byte) error {
			holds = holds || string(result) != "null" && string(result) != "false"
			return nil
		})
		return err == nil && holds
	}, nil
}
