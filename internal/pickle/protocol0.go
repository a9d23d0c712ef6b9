package pickle

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDigits bounds a decimal integer, because reading one takes more than linear
// time. It is the limit of Python itself.
const maxDigits = 4300

// The opcodes of protocol 0, whose arguments are lines of text.

func (d *decoder) intLine(a argument) error {
	if a.text == "00" || a.text == "01" { // the bool of protocol 0
		d.push(d.numeric(KindBool, uint64(a.text[1]-'0')))
		return nil
	}
	return d.decimal(a.text)
}

func (d *decoder) longLine(a argument) error { return d.decimal(strings.TrimSuffix(a.text, "L")) }

func (d *decoder) decimal(digits string) error {
	n := d.node(KindInt)
	if v, err := strconv.ParseInt(digits, 10, 64); err == nil {
		n.num = uint64(v)
	} else if len(digits) > maxDigits {
		return fmt.Errorf("%w of %d digits", ErrLimit, maxDigits)
	} else if v, ok := new(big.Int).SetString(digits, 10); ok {
		n.Text = BigInt(v).Text
	} else {
		return fmt.Errorf("%.40q is no integer", digits)
	}
	d.push(n)
	return nil
}

func (d *decoder) floatLine(a argument) error {
	v, err := strconv.ParseFloat(a.text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("%.40q is no float", a.text)
	}
	d.push(d.numeric(KindFloat, math.Float64bits(v)))
	return nil
}

func (d *decoder) putLine(a argument) error {
	index, err := memoIndex(a.text)
	if err != nil {
		return err
	}
	return d.put(index)
}

func (d *decoder) getLine(a argument) error {
	index, err := memoIndex(a.text)
	if err != nil {
		return err
	}
	return d.get(index)
}

func memoIndex(line string) (uint64, error) {
	index, err := strconv.ParseUint(line, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%.40q is no memo index", line)
	}
	return index, nil
}

// stringLine reads the repr of a str of Python 2.
func (d *decoder) stringLine(a argument) error {
	quoted := strings.TrimRight(a.text, " \t\r")
	if len(quoted) < 2 || quoted[0] != quoted[len(quoted)-1] || quoted[0] != '\'' && quoted[0] != '"' {
		return errors.New("a str without quotes")
	}
	s, err := unquote(quoted[1 : len(quoted)-1])
	if err != nil {
		return err
	}
	return d.string2(argument{text: s})
}

var simpleEscapes = [256]byte{'\\': '\\', '\'': '\'', '"': '"', 'a': 7, 'b': 8, 'f': 12, 'n': 10, 'r': 13, 't': 9, 'v': 11}

func unquote(s string) (string, error) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, nil
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		if i++; i == len(s) {
			return "", errors.New("a lone backslash at the end of a str")
		}
		var digits string
		base := 8
		switch c := s[i]; {
		case simpleEscapes[c] != 0:
			b = append(b, simpleEscapes[c])
			continue
		case c == 'x':
			digits, base = s[i+1:min(i+3, len(s))], 16
			i += 2
		case '0' <= c && c <= '7':
			n := 1
			for n < 3 && i+n < len(s) && '0' <= s[i+n] && s[i+n] <= '7' {
				n++
			}
			digits = s[i : i+n]
			i += n - 1
		default: // Python keeps what it does not know
			b = append(b, '\\', c)
			continue
		}
		v, err := strconv.ParseUint(digits, base, 16)
		if err != nil || base == 16 && len(digits) != 2 {
			return "", fmt.Errorf(`\x%q: two hexadecimal digits wanted`, digits)
		}
		b = append(b, byte(v))
	}
	return string(b), nil
}

// unicodeLine reads what Python calls raw-unicode-escape: Latin-1, and \uXXXX or
// \UXXXXXXXX for the rest. A backslash before anything else is itself.
func (d *decoder) unicodeLine(a argument) error {
	var b []byte
	for i := 0; i < len(a.text); i++ {
		digits := 0
		if rest := a.text[i:]; strings.HasPrefix(rest, `\u`) {
			digits = 4
		} else if strings.HasPrefix(rest, `\U`) {
			digits = 8
		}
		if digits == 0 {
			b = utf8.AppendRune(b, rune(a.text[i]))
			continue
		}
		hex := a.text[i+2 : min(i+2+digits, len(a.text))]
		v, err := strconv.ParseUint(hex, 16, 32)
		if err != nil || len(hex) != digits || v > utf8.MaxRune {
			return fmt.Errorf("%.20q is no escape of a code point", a.text[i:])
		}
		b = appendRune(b, rune(v))
		i += 1 + digits
	}
	d.push(d.textual(KindStr, string(b)))
	return nil
}

// appendRune is utf8.AppendRune that writes a surrogate as Python does, by the
// general rule for three bytes.
func appendRune(b []byte, r rune) []byte {
	if 0xd800 <= r && r < 0xe000 {
		return append(b, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f)
	}
	return utf8.AppendRune(b, r)
}
