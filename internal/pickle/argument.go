package pickle

import (
	"fmt"
	"io"
	"strings"
)

// The kinds of argument that follow an opcode.
type argKind uint8

const (
	argNone   argKind = iota
	argUint1          // a number of that many bytes, little-endian
	argUint2          //
	argInt4           // with a sign
	argUint4          //
	argUint8          //
	argFloat          // 8 bytes, big-endian
	argBytes1         // bytes behind their number, of 1 byte
	argBytes4         //
	argBytes8         //
	argLine           // text up to LF
	argLines          // two of them
)

// numberSize is the size in bytes of the number that an argument is or starts with.
var numberSize = [...]int{argUint1: 1, argUint2: 2, argInt4: 4, argUint4: 4, argUint8: 8, argFloat: 8, argBytes1: 1, argBytes4: 4, argBytes8: 8, argLines: 0}

// An argument is what followed an opcode; its kind decides what is set.
type argument struct {
	num    uint64
	text   string
	second string // the other of two lines
}

func (d *decoder) argument(k argKind) (a argument, err error) {
	switch k {
	case argNone:
		return a, nil
	case argLine:
		a.text, err = d.line()
		return a, err
	case argLines:
		if a.text, err = d.line(); err == nil {
			a.second, err = d.line()
		}
		return a, err
	}
	size := numberSize[k]
	number, err := d.take(uint64(size))
	if err != nil {
		return a, err
	}
	for i := range size {
		if k == argFloat {
			a.num = a.num<<8 | uint64(number[i])
		} else {
			a.num |= uint64(number[i]) << (8 * i)
		}
	}
	switch k {
	case argInt4:
		a.num = uint64(int32(a.num))
	case argBytes1, argBytes4, argBytes8:
		a.text, err = d.take(a.num)
	}
	return a, err
}

// take returns the next n bytes.
func (d *decoder) take(n uint64) (string, error) {
	if left := len(d.data) - d.pos; n > uint64(left) {
		return "", fmt.Errorf("%d bytes wanted, %d left: %w", n, left, io.ErrUnexpectedEOF)
	}
	s := d.data[d.pos : d.pos+int(n)]
	d.pos += int(n)
	return s, nil
}

func (d *decoder) line() (string, error) {
	rest := d.data[d.pos:]
	n := strings.IndexByte(rest, '\n')
	if n < 0 {
		return "", fmt.Errorf("a line without LF: %w", io.ErrUnexpectedEOF)
	}
	d.pos += n + 1
	return rest[:n], nil
}
