package bgpy

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"

	"github.com/chancat/channel/internal/text/escape"
)

// maxDepth is how deep values may be nested, in pickles and in JSON.
const maxDepth = 100

// MarshalJSON writes d as an object, in its order. What JSON lacks is written as
// the nearest that it has: tuples and sets as arrays, bytes as base64, functions
// by their names, keys that are no strings as their text, and NaN and the
// infinities as null.
func (d Dict) MarshalJSON() ([]byte, error) { return appendJSON(nil, d), nil }

func appendJSON(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case string:
		return escape.AppendJSONString(dst, []byte(v))
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case *big.Int:
		return v.Append(dst, 10)
	case float64:
		return appendFloat(dst, v)
	case []byte:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, v)
		return append(dst, '"')
	case Func:
		return escape.AppendJSONString(dst, []byte(v.String()))
	case []any:
		return appendArray(dst, v)
	case Tuple:
		return appendArray(dst, v)
	case Set:
		return appendArray(dst, v)
	case Dict:
		return appendObject(dst, v)
	}
	text, err := json.Marshal(v) // one of those that are only for sending
	if err != nil {
		return append(dst, "null"...)
	}
	return append(dst, text...)
}

func appendFloat(dst []byte, v float64) []byte {
	text, err := json.Marshal(v)
	if err != nil { // not a number, or not finite
		return append(dst, "null"...)
	}
	if v == math.Trunc(v) && !bytes.ContainsAny(text, ".e") {
		text = append(text, ".0"...) // it stays a float
	}
	return append(dst, text...)
}

func appendArray(dst []byte, items []any) []byte {
	dst = append(dst, '[')
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJSON(dst, item)
	}
	return append(dst, ']')
}

func appendObject(dst []byte, d Dict) []byte {
	dst = append(dst, '{')
	for i, item := range d {
		if i > 0 {
			dst = append(dst, ',')
		}
		key, ok := item.Key.(string)
		if !ok {
			key = string(appendJSON(nil, item.Key))
		}
		dst = append(escape.AppendJSONString(dst, []byte(key)), ':')
		dst = appendJSON(dst, item.Value)
	}
	return append(dst, '}')
}

// UnmarshalJSON reads an object. A number without point and exponent is an
// integer, of any size.
func (d *Dict) UnmarshalJSON(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	v, err := readJSON(dec, maxDepth)
	if err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	object, ok := v.(Dict)
	if !ok {
		return fmt.Errorf("want a JSON object, got %.40q", text)
	}
	*d = object
	return nil
}

func readJSON(dec *json.Decoder, depth int) (any, error) {
	if depth == 0 {
		return nil, fmt.Errorf("JSON nested deeper than %d levels", maxDepth)
	}
	t, err := dec.Token()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Number:
		return number(t)
	case json.Delim:
		if t == '[' {
			return readArray(dec, depth)
		}
		return readObject(dec, depth)
	}
	return t, nil
}

func readArray(dec *json.Decoder, depth int) (any, error) {
	items := []any{}
	for dec.More() {
		item, err := readJSON(dec, depth-1)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	_, err := dec.Token()
	return items, err
}

func readObject(dec *json.Decoder, depth int) (any, error) {
	d := Dict{}
	at := map[any]int{} // a key that is there twice has its last value, as in Python
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		value, err := readJSON(dec, depth-1)
		if err != nil {
			return nil, err
		}
		if i, ok := at[key]; ok {
			d[i].Value = value
			continue
		}
		at[key] = len(d)
		d = append(d, Item{key, value})
	}
	_, err := dec.Token()
	return d, err
}

// maxDigits bounds a decimal integer, because reading one takes more than linear
// time. It is the limit of Python itself.
const maxDigits = 4300

func number(n json.Number) (any, error) {
	if v, err := n.Int64(); err == nil {
		return v, nil
	}
	if len(n) > maxDigits {
		return nil, fmt.Errorf("a number of %d digits, the limit is %d", len(n), maxDigits)
	}
	if v, ok := new(big.Int).SetString(n.String(), 10); ok {
		return v, nil
	}
	return n.Float64()
}
