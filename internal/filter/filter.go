// Package filter runs a jq query over messages (docs/spec.md §5, --filter).
package filter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/itchyny/gojq"
)

const (
	maxTime   = time.Second // for one message
	maxOutput = 64 << 20    // bytes of results of one message

	// maxDigits bounds a run of digits, because making an integer of them takes
	// more than linear time, which no context interrupts.
	maxDigits = 4300
)

// ErrNotJSON is the cause where a message is not one JSON value.
var ErrNotJSON = errors.New("not one JSON value")

// A Filter is a compiled query. It is safe for concurrent use.
type Filter struct {
	code     *gojq.Code
	converts bool          // the query may make numbers of strings
	limit    time.Duration // for one message
}

// Compile returns the filter of a jq query. The query sees neither files nor the
// environment.
func Compile(query string) (*Filter, error) {
	parsed, err := gojq.Parse(query)
	if err != nil {
		return nil, fmt.Errorf("jq query %q: %w", query, err)
	}
	code, err := gojq.Compile(parsed)
	if err != nil {
		return nil, fmt.Errorf("jq query %q: %w", query, err)
	}
	converts := strings.Contains(query, "tonumber") || strings.Contains(query, "fromjson")
	return &Filter{code, converts, maxTime}, nil
}

// Apply runs the query on body and calls emit with each result, as compact JSON
// that emit may keep. Integers stay exact. It fails with [ErrNotJSON], where the
// query does, after a second, or beyond 64 MiB of results; what emit got until
// then stands. An error of emit is returned as it is.
func (f *Filter) Apply(body []byte, emit func(result []byte) error) error {
	value, err := parse(body, f.converts)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), f.limit)
	defer cancel()
	results := f.code.RunWithContext(ctx, value)
	for size := 0; ; {
		result, ok := results.Next()
		if !ok {
			return nil
		}
		if err, failed := result.(error); failed {
			return f.explain(err)
		}
		text, err := gojq.Marshal(result)
		if err != nil {
			return fmt.Errorf("jq: %w", err)
		}
		if size += len(text); size > maxOutput {
			return fmt.Errorf("jq: more than %d bytes of results for one message", maxOutput)
		}
		if err := emit(text); err != nil {
			return err
		}
	}
}

func (f *Filter) explain(err error) error {
	if halt, ok := errors.AsType[*gojq.HaltError](err); ok && halt.Value() == nil {
		return nil // halt: no more results
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("jq: not done with the message after %v", f.limit)
	}
	return fmt.Errorf("jq: %w", err)
}

// parse returns the value of body, with numbers as they are written.
func parse(body []byte, converts bool) (any, error) {
	if digits := longestNumber(body, converts); digits > maxDigits {
		return nil, fmt.Errorf("jq: a number of %d digits, more than %d", digits, maxDigits)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotJSON, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: more follows byte %d", ErrNotJSON, d.InputOffset())
	}
	return value, nil
}

// longestNumber is the length of the longest run of digits in a JSON text. Those in
// strings count where inStrings is set, and so do escapes, which may stand for one.
func longestNumber(text []byte, inStrings bool) (most int) {
	digits, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case '0' <= c && c <= '9':
			digits++
		case c == '\\' && quoted && i+1 < len(text) && text[i+1] == 'u':
			digits++
			i += len("u0000")
		case c == '\\' && quoted:
			digits = 0
			i++
		default:
			digits = 0
			quoted = quoted != (c == '"')
		}
		if !quoted || inStrings {
			most = max(most, digits)
		}
	}
	return most
}
