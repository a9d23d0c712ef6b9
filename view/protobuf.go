package view

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// protobufDepth is the levels of messages and groups that are followed. Below a
// limit this low, a byte is looked at a bounded number of times.
const protobufDepth = 32

// Protobuf shows a message of Protocol Buffers without its schema: field numbers
// with what the wire tells of the values. A varint is shown as a signed integer
// of 64 bits, a fixed value as an integer and as a floating-point number. Whether
// bytes are text, a message or neither is a guess: text if all of it is
// printable, else a message if it reads as one.
func Protobuf(dst, body []byte) []byte {
	if !isProtobuf(body) {
		return otherwise(dst, body)
	}
	return spread(dst, appendProtobuf(nil, body, protobufDepth))
}

// The wire types, the lower three bits of a tag.
const (
	protobufVarint = iota
	protobufFixed64
	protobufBytes
	protobufGroup
	protobufGroupEnd
	protobufFixed32
)

const protobufFields = 1<<29 - 1 // the highest field number

// A protobufField is a field, or one end of a group.
type protobufField struct {
	number uint64
	kind   byte
	value  uint64 // of a varint or fixed value
	bytes  []byte
}

// nextProtobuf reads the field at the start of b and returns its length, or 0 if
// there is none. It is written by hand because the package protowire comes with
// one that reads the executable at each start of the program.
func nextProtobuf(b []byte) (f protobufField, n int) {
	tag, n := binary.Uvarint(b)
	if n <= 0 {
		return f, 0
	}
	f.number, f.kind = tag>>3, byte(tag&7)
	if f.number == 0 || f.number > protobufFields {
		return f, 0
	}
	rest := b[n:]
	size := 0
	switch f.kind {
	case protobufVarint:
		f.value, size = binary.Uvarint(rest)
		if size <= 0 {
			return f, 0
		}
	case protobufFixed32:
		if size = 4; len(rest) < size {
			return f, 0
		}
		f.value = uint64(binary.LittleEndian.Uint32(rest))
	case protobufFixed64:
		if size = 8; len(rest) < size {
			return f, 0
		}
		f.value = binary.LittleEndian.Uint64(rest)
	case protobufBytes:
		length, head := binary.Uvarint(rest)
		if head <= 0 || length > uint64(len(rest)-head) {
			return f, 0
		}
		size = head + int(length)
		f.bytes = rest[head:size]
	case protobufGroup, protobufGroupEnd:
	default:
		return f, 0
	}
	return f, n + size
}

// isProtobuf reports whether fields tile b, and every group ends.
func isProtobuf(b []byte) bool {
	var groups []uint64
	for len(b) > 0 {
		f, n := nextProtobuf(b)
		if n == 0 {
			return false
		}
		b = b[n:]
		switch f.kind {
		case protobufGroup:
			if len(groups) == protobufDepth {
				return false
			}
			groups = append(groups, f.number)
		case protobufGroupEnd:
			last := len(groups) - 1
			if last < 0 || groups[last] != f.number {
				return false
			}
			groups = groups[:last]
		}
	}
	return len(groups) == 0
}

// appendProtobuf appends the fields of b, which isProtobuf.
func appendProtobuf(dst, b []byte, depth int) []byte {
	w := walker{out: append(dst, '{')}
	first := true
	for len(b) > 0 {
		f, n := nextProtobuf(b)
		b = b[n:]
		if f.kind == protobufGroupEnd {
			w.text("}")
			first = false
			continue
		}
		if !first {
			w.text(", ")
		}
		w.uint(f.number)
		w.text(": ")
		first = f.kind == protobufGroup
		switch f.kind {
		case protobufGroup:
			w.text("group {")
		case protobufVarint:
			w.int(int64(f.value))
		case protobufFixed32:
			w.fixed("fixed32(", int64(int32(f.value)), float64(math.Float32frombits(uint32(f.value))), 32)
		case protobufFixed64:
			w.fixed("fixed64(", int64(f.value), math.Float64frombits(f.value), 64)
		case protobufBytes:
			w.out = appendProtobufBytes(w.out, f.bytes, depth)
		}
	}
	w.text("}")
	return w.out
}

// fixed writes the two readings of a fixed value.
func (w *walker) fixed(name string, integer int64, float float64, bits int) {
	w.text(name)
	w.int(integer)
	w.text(", ")
	w.out = appendFloat(w.out, float, bits)
	w.text(")")
}

func appendProtobufBytes(dst, b []byte, depth int) []byte {
	switch {
	case isPrintable(b):
		return appendString(dst, b)
	case isProtobuf(b):
		if depth > 1 {
			return appendProtobuf(dst, b, depth-1)
		}
	case isText(b): // with line breaks
		return appendString(dst, b)
	}
	return appendBytes(dst, b)
}

// isPrintable reports whether b is UTF-8 without any control.
func isPrintable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return utf8.Valid(b)
}
