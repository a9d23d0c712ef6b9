package packetstream

import (
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// A Coding says how values of a type travel as payload.
type Coding[T any] struct {
	Append func(dst []byte, v T) ([]byte, error) // appends to dst; returns it as it was with an error
	Parse  func(payload []byte) (T, error)       // owns payload
}

// Bytes is the coding of a payload that is its own value.
var Bytes = Coding[[]byte]{
	Append: func(dst, v []byte) ([]byte, error) { return append(dst, v...), nil },
	Parse:  func(payload []byte) ([]byte, error) { return payload, nil },
}

// Text is the coding of a str of Python: UTF-8.
var Text = Coding[string]{
	Append: func(dst []byte, v string) ([]byte, error) { return append(dst, v...), nil },
	Parse: func(payload []byte) (string, error) {
		if !utf8.Valid(payload) {
			return "", errors.New("the payload is not UTF-8")
		}
		return string(payload), nil
	},
}

// Nothing is the coding of None: an empty payload.
var Nothing = Coding[struct{}]{
	Append: func(dst []byte, _ struct{}) ([]byte, error) { return dst, nil },
	Parse: func(payload []byte) (struct{}, error) {
		if len(payload) > 0 {
			return struct{}{}, errors.New("the payload is not empty")
		}
		return struct{}{}, nil
	},
}

// JSON is the coding of values as JSON.
func JSON[T any]() Coding[T] {
	return Coding[T]{
		Append: func(dst []byte, v T) ([]byte, error) {
			text, err := json.Marshal(v)
			return append(dst, text...), err
		},
		Parse: func(payload []byte) (v T, err error) {
			err = json.Unmarshal(payload, &v)
			return v, err
		},
	}
}
