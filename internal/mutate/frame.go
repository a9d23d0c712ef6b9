package mutate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/chancat/channel/frame"
)

// FrameFaults returns the kinds of faults that [SpoilFrame] knows, for help. N
// stands for a number.
func FrameFaults() []string {
	return []string{
		"length+N", "length-N", "length-negative", "length-huge", "length-garbage",
		"truncate", "truncate=N", "corrupt", "head-only", "twice",
	}
}

// SpoilFrame returns the bytes of f, a frame that c has made, with a fault:
//
//	length+N length-N   the head declares N bytes more, or less, than there are
//	length-negative     it declares a negative length
//	length-huge         the largest length that its field can hold
//	length-garbage      its length is no number
//	truncate            the last byte is missing
//	truncate=N          only the first N bytes
//	corrupt             one byte in the middle is another
//	head-only           the body is missing
//	twice               the frame follows itself
//
// The faults of the length need a frame that declares one. f is not changed.
func SpoilFrame(kind string, f frame.Frame, c frame.Codec) ([]byte, error) {
	raw := slices.Clone(f.Raw)
	switch name, value, valued := strings.Cut(kind, "="); {
	case strings.HasPrefix(kind, "length"):
		return spoilLength(strings.TrimPrefix(kind, "length"), f, c)
	case kind == "truncate" && len(raw) > 0:
		return raw[:len(raw)-1], nil
	case name == "truncate" && valued:
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n >= len(raw) {
			return nil, fmt.Errorf("%s: want a number below %d, the bytes of the frame", kind, len(raw))
		}
		return raw[:n], nil
	case kind == "corrupt" && len(raw) > 0:
		raw[len(raw)/2] ^= 0x55
		return raw, nil
	case kind == "head-only":
		if f.Span.Head == 0 {
			return nil, errors.New("head-only: this framing has no head")
		}
		return raw[:f.Span.Head], nil
	case kind == "twice":
		return append(raw, f.Raw...), nil
	}
	return nil, fmt.Errorf("unknown fault %q; known are %s", kind, strings.Join(FrameFaults(), ", "))
}

func spoilLength(how string, f frame.Frame, c frame.Codec) ([]byte, error) {
	l := LayoutOf(f, c)
	if l.Length == 0 {
		return nil, fmt.Errorf("length%s: this frame declares no length", how)
	}
	if delta, err := strconv.Atoi(how); err == nil && (how[0] == '+' || how[0] == '-') {
		if f.Span.Head == 0 {
			return l.add(delta, f.Raw)
		}
		return spoilBy(delta, f, c)
	}
	at := l.LengthAt
	declared, ok := l.field.claims(how, f.Raw[at:at+l.Length])
	if !ok {
		return nil, fmt.Errorf("unknown fault %q; known are %s", "length"+how, strings.Join(FrameFaults(), ", "))
	}
	return slices.Concat(f.Raw[:at], declared, f.Raw[at+l.Length:]), nil
}

// add changes the number in the length field of raw.
func (l Layout) add(delta int, raw []byte) ([]byte, error) {
	old := raw[l.LengthAt : l.LengthAt+l.Length]
	if !l.field.text {
		n := int64(binary.BigEndian.Uint32(old)) + int64(delta)
		if delta == 0 || n < 0 || n > math.MaxUint32 {
			return nil, fmt.Errorf("length%+d: the length is %d", delta, n-int64(delta))
		}
		spoiled := slices.Clone(raw)
		binary.BigEndian.PutUint32(spoiled[l.LengthAt:], uint32(n))
		return spoiled, nil
	}
	n, err := strconv.Atoi(string(old))
	if err != nil || delta == 0 || n+delta < 0 {
		return nil, fmt.Errorf("length%+d: the length is %s", delta, old)
	}
	return slices.Concat(raw[:l.LengthAt], strconv.AppendInt(nil, int64(n+delta), 10), raw[l.LengthAt+l.Length:]), nil
}

// spoilBy gives the frame the head of one whose body is delta bytes longer.
func spoilBy(delta int, f frame.Frame, c frame.Codec) ([]byte, error) {
	n := f.Span.Body + delta
	const most = 1 << 20 // a longer body is made only to be thrown away
	if n < 0 || delta > most {
		return nil, fmt.Errorf("length%+d: the body has %d bytes", delta, f.Span.Body)
	}
	if delta == 0 {
		return nil, errors.New("length+0 is no fault")
	}
	body := f.Body()
	other := append(slices.Clone(body[:min(n, len(body))]), bytes.Repeat([]byte{'x'}, max(0, delta))...)
	made, err := c.AppendFrame(nil, other)
	if err != nil {
		return nil, err
	}
	head := len(made) - len(other) - f.Span.Tail
	if head <= 0 {
		return nil, fmt.Errorf("length%+d: this framing declares no length", delta)
	}
	return append(made[:head:head], f.Raw[f.Span.Head:]...), nil
}

// A field is the place in a head where the length is declared.
type field struct {
	size    int  // bytes
	text    bool // in digits
	little  bool // the lowest byte first
	varying bool // seven bits a byte
}

// findField finds out what field starts at at, by the heads of other frames.
func findField(f frame.Frame, c frame.Codec, at int) field {
	if d := digits(f.Raw[at:f.Span.Head]); d > 0 && textual(c, at) {
		return field{size: d, text: true}
	}
	short, long := headOf(c, 1), headOf(c, 300)
	if len(short) != len(long) && long != nil {
		n := 1
		for at+n < f.Span.Head && f.Raw[at+n-1]&0x80 != 0 {
			n++
		}
		return field{size: n, varying: true}
	}
	lowest := at
	for i, two := at, headOf(c, 2); i < min(len(short), len(two)); i++ {
		if short[i] != two[i] {
			lowest = i
			break
		}
	}
	if lowest > at {
		return field{size: lowest + 1 - at}
	}
	const widest = 8
	return field{size: min(f.Span.Head-at, widest), little: true}
}

// textual reports whether heads that declare different lengths have digits at at.
func textual(c frame.Codec, at int) bool {
	for _, n := range []int{7, 30} {
		if head := headOf(c, n); len(head) <= at || digits(head[at:]) == 0 {
			return false
		}
	}
	return true
}

// headOf is what c puts before n bytes; nil where it cannot.
func headOf(c frame.Codec, n int) []byte {
	raw, err := c.AppendFrame(nil, bytes.Repeat([]byte{'x'}, n))
	if err != nil || len(raw) < n {
		return nil
	}
	if i := bytes.LastIndex(raw, bytes.Repeat([]byte{'x'}, n)); i > 0 {
		return raw[:i]
	}
	return nil
}

func digits(b []byte) int {
	for i, c := range b {
		if c < '0' || c > '9' {
			return i
		}
	}
	return len(b)
}

// claims is a declaration that takes the place of old.
func (f field) claims(how string, old []byte) (declared []byte, known bool) {
	switch {
	case f.text:
		text, ok := map[string]string{"-negative": "-1", "-huge": "999999999", "-garbage": "x1"}[how]
		return []byte(text), ok
	case f.varying && how == "-garbage":
		return bytes.Repeat([]byte{0xff}, 11), true // longer than any number
	case f.varying && how == "-negative":
		return append(bytes.Repeat([]byte{0xff}, 9), 0x01), true // -1 in 64 bits
	case f.varying && how == "-huge":
		return []byte{0xff, 0xff, 0xff, 0xff, 0x07}, true // 2^31-1
	}
	declared = bytes.Repeat([]byte{0xff}, len(old)) // -1, where it has a sign
	switch how {
	case "-negative":
		return declared, true
	case "-garbage":
		copy(declared, "garbage!")
		return declared, true
	case "-huge":
		if f.little {
			declared[len(declared)-1] = 0x7f
		} else {
			declared[0] = 0x7f
		}
		return declared, true
	}
	return nil, false
}
