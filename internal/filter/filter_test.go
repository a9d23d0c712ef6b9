package filter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func ExampleFilter_Apply() {
	f, err := Compile("select(.level == \"error\") | {id, text}")
	if err != nil {
		panic(err)
	}
	for _, message := range []string{`{"level":"info"}`, `{"level":"error","id":12345678901234567890123,"text":"<é>"}`} {
		f.Apply([]byte(message), func(result []byte) error {
			fmt.Printf("%s\n", result)
			return nil
		})
	}
	// Output: {"id":12345678901234567890123,"text":"<é>"}
}

func apply(t *testing.T, query, body string) (string, error) {
	t.Helper()
	f, err := Compile(query)
	if err != nil {
		t.Fatal(err)
	}
	f.limit = 50 * time.Millisecond
	var results []string
	err = f.Apply([]byte(body), func(result []byte) error {
		results = append(results, string(result))
		return nil
	})
	return strings.Join(results, " "), err
}

func TestApply(t *testing.T) {
	for _, c := range []struct{ query, body, want string }{
		{".", ` {"b": 1, "a": [1.50, 1e400]} `, `{"a":[1.50,1e400],"b":1}`},
		{".a", `{"a":12345678901234567890123}`, "12345678901234567890123"},
		{".a + 1", `{"a":12345678901234567890123}`, "12345678901234567890124"},
		{".[]", `[1,"x",null]`, `1 "x" null`},
		{"empty", "1", ""},
		{"1, halt, 2", "null", "1"},
		{"$ENV.PATH, env.HOME", "null", "null null"},
		{".a | length", `{"a":"\"` + strings.Repeat("0", 5000) + `"}`, "5001"}, // no number is made of it
		{".a | tonumber + 1", `{"a":"` + strings.Repeat("7", maxDigits) + `"}`, strings.Repeat("7", maxDigits-1) + "8"},
	} {
		if got, err := apply(t, c.query, c.body); got != c.want || err != nil {
			t.Errorf("%s of %s: %s, %v, want %s", c.query, c.body, got, err, c.want)
		}
	}
}

func TestApplyErrors(t *testing.T) {
	for _, c := range []struct{ query, body, results, want string }{
		{".", "hello", "", "not one JSON value: invalid character 'h' looking for beginning of value"},
		{".", "", "", "not one JSON value: EOF"},
		{".", "1 2", "", "not one JSON value: more follows byte 3"},
		{".", strings.Repeat("[", 20000), "", "not one JSON value: invalid character '[' exceeded max depth"},
		{"1, .a", "5", "1", "jq: expected an object but got: number (5)"},
		{"def f: f; f", "null", "", "jq: not done with the message after 50ms"},
		{". + 1", strings.Repeat("7", 1<<20), "", "jq: a number of 1048576 digits, more than 4300"},
		{".a", `{"a":"x\"","b":` + strings.Repeat("7", maxDigits+1) + "}", "", "jq: a number of 4301 digits, more than 4300"},
		{".a | tonumber", `{"a":"` + strings.Repeat("7", maxDigits+1) + `"}`, "", "jq: a number of 4301 digits, more than 4300"},
		{".a | tonumber", `{"a":"` + strings.Repeat(`\u0037`, maxDigits+1) + `"}`, "", "jq: a number of 4301 digits, more than 4300"},
		{".a | fromjson", `{"a":"[` + strings.Repeat("7", maxDigits+1) + `]"}`, "", "jq: a number of 4301 digits, more than 4300"},
	} {
		got, err := apply(t, c.query, c.body)
		if err == nil || !strings.Contains(err.Error(), c.want) || got != c.results {
			t.Errorf("%s of %.20s: %s, %v, want %s", c.query, c.body, got, err, c.want)
		}
		if errors.Is(err, ErrNotJSON) != strings.HasPrefix(c.want, "not one JSON value") {
			t.Error(err)
		}
	}
	f, _ := Compile(".")
	stop := errors.New("stop")
	if err := f.Apply([]byte("1"), func([]byte) error { return stop }); err != stop {
		t.Error(err)
	}
}

func TestCompileErrors(t *testing.T) {
	for _, query := range []string{".[", "nosuchfunction", "input_filename |", "include \"x\"; ."} {
		if _, err := Compile(query); err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("jq query %q: ", query)) {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// Whatever the message, a query ends in time, and its results are lines of JSON.
func FuzzApply(f *testing.F) {
	var filters []*Filter
	for _, query := range []string{".", ".. | numbers", "[.[]? | tostring] | sort", "paths", "tojson | fromjson", `try (.a.b = 1) catch "no"`} {
		c, err := Compile(query)
		if err != nil {
			f.Fatal(err)
		}
		filters = append(filters, c)
	}
	f.Add([]byte(`{"a":{"b":[1e400,-0,1.5,"\ud800",null]}}`), uint8(1))
	f.Fuzz(func(t *testing.T, body []byte, which uint8) {
		err := filters[int(which)%len(filters)].Apply(body, func(result []byte) error {
			if !json.Valid(result) || bytes.ContainsAny(result, "\n\r") {
				t.Errorf("the result %q of %q", result, body)
			}
			return nil
		})
		if !json.Valid(body) && !errors.Is(err, ErrNotJSON) && !strings.Contains(fmt.Sprint(err), "digits") {
			t.Errorf("%q: %v", body, err)
		}
	})
}
