package replay

import (
	"fmt"
	"strings"

	"github.com/chancat/channel/internal/filter"
)

// Ignoring returns what messages are compared by: those that are JSON without what
// the jq paths select, such as ".id, .result.time", and with their keys in order.
// What a path does not fit has nothing to leave out. Messages that are not JSON, and
// all where there are no paths, are compared as they are.
func Ignoring(paths []string) (normal func(body []byte) []byte, err error) {
	if len(paths) == 0 {
		return func(body []byte) []byte { return body }, nil
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
	return func(body []byte) []byte {
		var out []byte
		err := f.Apply(body, func(result []byte) error {
			out = append(append(out, result...), '\n')
			return nil
		})
		if err != nil {
			return body
		}
		return out
	}, nil
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
