package text

import (
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/chancat/channel/internal/text/escape"
)

// decodeHex reads pairs of digits of either case. Blanks, and the CR of a line
// from Windows, may stand between pairs.
func decodeHex(dst, line []byte) ([]byte, int, error) {
	for i := 0; i < len(line); {
		high := digits[line[i]]
		if high == blank {
			i++
			continue
		}
		if high == noDigit {
			return dst, i + 1, fmt.Errorf("%q is no hexadecimal digit", line[i])
		}
		if i+1 == len(line) || digits[line[i+1]] == blank {
			return dst, i + 1, fmt.Errorf("%q stands alone; a byte has two hexadecimal digits", line[i])
		}
		low := digits[line[i+1]]
		if low == noDigit {
			return dst, i + 2, fmt.Errorf("%q is no hexadecimal digit", line[i+1])
		}
		dst = append(dst, high<<4|low)
		i += 2
	}
	return dst, 0, nil
}

const (
	blank   = 0xfe
	noDigit = 0xff
)

// digits is the value of each byte as a hexadecimal digit.
var digits = func() (t [256]byte) {
	for c := range t {
		switch {
		case '0' <= c && c <= '9':
			t[c] = byte(c - '0')
		case 'a' <= c && c <= 'f':
			t[c] = byte(c - 'a' + 10)
		case 'A' <= c && c <= 'F':
			t[c] = byte(c - 'A' + 10)
		case c == ' ' || c == '\t' || c == '\r':
			t[c] = blank
		default:
			t[c] = noDigit
		}
	}
	return t
}()

// decodeBase64 reads the standard alphabet, with or without padding.
func decodeBase64(dst, line []byte) ([]byte, int, error) {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	coding := base64.RawStdEncoding
	if n := len(line); n > 0 && line[n-1] == '=' {
		coding = base64.StdEncoding
	}
	message, err := coding.AppendDecode(dst, line)
	if err == nil {
		return message, 0, nil
	}
	column := 0
	if at, ok := errors.AsType[base64.CorruptInputError](err); ok {
		column = int(at) + 1
	}
	if 0 < column && column <= len(line) && !isBase64(line[column-1]) {
		return dst, column, fmt.Errorf("%q is not in the base64 alphabet A-Z a-z 0-9 + / =", line[column-1])
	}
	return dst, column, errors.New("the base64 is cut short or wrongly padded")
}

func isBase64(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/' || c == '='
}

// DecodeHex returns the bytes that line says in hexadecimal digits, as --in hex
// takes a line. The error names the column.
func DecodeHex(line []byte) ([]byte, error) { return atColumn(decodeHex(nil, line)) }

// DecodeBase64 is DecodeHex for base64.
func DecodeBase64(line []byte) ([]byte, error) { return atColumn(decodeBase64(nil, line)) }

func atColumn(message []byte, column int, err error) ([]byte, error) {
	if err != nil && column > 0 {
		err = fmt.Errorf("column %d: %w", column, err)
	}
	return message, err
}

func decodeEscape(dst, line []byte) ([]byte, int, error) {
	message, err := escape.Unescape(dst, line)
	if e, ok := errors.AsType[*escape.Error](err); ok {
		return message, e.Column, errors.New(e.Text)
	}
	return message, 0, nil
}
