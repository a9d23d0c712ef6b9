package dump

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// maxRepeat bounds what one * stands for, in bytes.
const maxRepeat = 16 << 20

// maxRow is the longest row in bytes: xxd -c 256.
const maxRow = 256

// rows is a dump of rows that begin with their offset. How long a row is, the
// offset of the next one says; without that, its columns.
type rows struct {
	row     func(text string) (offset string, data []byte, ok bool, err error)
	repeats bool // * stands for the row before it; else for zeros
	base    int  // of the offsets; 0 until one of them tells

	begun  bool
	offset uint64 // of held
	held   []byte // the last row, until the next is known
	star   bool   // behind it
	gap    bool   // an empty line is behind it
}

func (r *rows) line(dst []byte, text string) ([]byte, error) {
	text = unquoted(text)
	if r.begun && strings.Trim(text, "0123456789: \t") == "*" { // perhaps behind the number of the line
		r.star = true
		return dst, nil
	}
	digits, data, ok, err := r.row(text)
	switch {
	case err != nil:
		return dst, err
	case ok:
	case !r.begun || about(text) || r.gap: // a paragraph of its own is what somebody wrote
		r.gap = r.gap || text == ""
		return dst, nil
	default:
		return dst, fmt.Errorf("no offset before %.40q", text)
	}
	offset := r.value(digits)
	if r.begun {
		if dst, err = r.upTo(dst, offset); err != nil {
			return dst, err
		}
	}
	r.begun, r.star, r.gap, r.offset, r.held = true, false, false, offset, data
	return dst, nil
}

// value is the offset in digits, which od writes with seven of them, in octal or
// decimal, and all others in hexadecimal.
func (r *rows) value(digits string) uint64 {
	if r.base == 0 {
		switch {
		case len(digits) != odDigits:
			r.base = 16
		case r.begun && strings.Trim(digits, "0") != "":
			r.base = 8
			if end := r.offset + uint64(len(r.held)); !r.star && parsed(digits, 8) != end && parsed(digits, 10) == end {
				r.base = 10
			}
		}
	}
	if r.base == 0 {
		return 0
	}
	return parsed(digits, r.base)
}

const odDigits = 7

// parsed is a number, of which a digit that the base does not have makes one that no
// dump reaches.
func parsed(digits string, base int) uint64 {
	n, err := strconv.ParseUint(digits, base, 64)
	if err != nil {
		return math.MaxUint64
	}
	return n
}

// upTo appends the held row, which the next one follows at offset.
func (r *rows) upTo(dst []byte, offset uint64) ([]byte, error) {
	if offset <= r.offset && len(r.held) > 0 { // another dump begins
		return r.end(dst)
	}
	span := offset - r.offset
	switch n := uint64(len(r.held)); {
	case span <= n:
		return append(dst, r.held[:span]...), nil
	case !r.star:
		return append(dst, r.held...), fmt.Errorf("offset %#x, but the rows before end at %#x: is one missing?", offset, r.offset+n)
	case span > maxRepeat:
		return dst, fmt.Errorf("* for %d bytes, more than %d", span-n, maxRepeat)
	}
	start := len(dst)
	dst = append(dst, r.held...)
	for missing := int(span) - len(r.held); missing > 0; missing = int(span) - (len(dst) - start) {
		if r.repeats && len(r.held) > 0 {
			dst = append(dst, r.held[:min(missing, len(r.held))]...)
		} else {
			dst = append(dst, make([]byte, missing)...)
		}
	}
	return dst, nil
}

func (r *rows) end(dst []byte) ([]byte, error) {
	switch {
	case !r.begun:
		return dst, errors.New("nothing so far is a row of this dump, which begins with an offset in hexadecimal")
	case r.star:
		return append(dst, r.held...), errors.New("* with no offset behind it")
	}
	return append(dst, r.held...), nil
}

// xxdRow is such as
//
//	00000010: 6d6f 7265 0a                             more.
func xxdRow(text string) (offset string, data []byte, ok bool, err error) {
	rest := text
	for range 2 { // the number of the line may stand before it
		head, tail, found := strings.Cut(rest, ": ")
		if !found {
			break
		}
		rest = tail
		fields := strings.FieldsFunc(head, func(r rune) bool { return r == ' ' || r == '\t' || r == ':' })
		if len(fields) == 0 || len(fields) > 2 {
			break
		}
		if offset = fields[len(fields)-1]; isOffset(offset, 4) {
			ok = true
			break
		}
	}
	if !ok {
		return "", nil, false, nil
	}
	data = groups(strings.TrimLeft(rest, " "), maxRow)
	if len(data) == 0 {
		return "", nil, false, fmt.Errorf("no digits behind the offset in %.40q", text)
	}
	return offset, data, true, nil
}

// hexdumpRow is such as
//
//	00000010  6d 6f 72 65 0a                                    |more.|
//
// The last row is an offset alone.
func hexdumpRow(text string) (offset string, data []byte, ok bool, err error) {
	fields := strings.Fields(text)
	first := 0
	if len(fields) > 1 && hexRun(fields[0]) < 6 && hexRun(fields[1]) >= 6 {
		if _, err := strconv.Atoi(strings.TrimSuffix(fields[0], ":")); err == nil {
			first = 1 // behind the number of the line
		}
	}
	if len(fields) == 0 {
		return "", nil, false, nil
	}
	if offset = fields[first]; !isOffset(offset, 6) {
		return "", nil, false, nil
	}
	for _, f := range fields[first+1:] {
		switch n := hexRun(f); {
		case n == 2 && len(f) == 2:
			data = appendHex(data, f)
		case n == 4 && len(f) == 4 && len(data) == 0:
			return "", nil, false, fmt.Errorf("%q is two bytes in the order of that machine; print them with hexdump -C", f)
		case f[0] == '|' || f[0] == '>' || len(data) > 0:
			return offset, data, true, nil
		default:
			return "", nil, false, fmt.Errorf("%.40q is not a byte in two digits", f)
		}
		if len(data) > maxRow {
			return "", nil, false, fmt.Errorf("a row of more than %d bytes", maxRow)
		}
	}
	return offset, data, true, nil
}

func isOffset(text string, least int) bool {
	n := hexRun(text)
	return n >= least && n == len(text) && n <= 16
}
