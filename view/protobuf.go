package view

import (
	"math"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
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

// isProtobuf reports whether fields tile b, and every group ends.
func isProtobuf(b []byte) bool {
	var groups []protowire.Number
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return false
		}
		b = b[n:]
		switch kind {
		case protowire.StartGroupType:
			if len(groups) == protobufDepth {
				return false
			}
			groups = append(groups, number)
		case protowire.EndGroupType:
			last := len(groups) - 1
			if last < 0 || groups[last] != number {
				return false
			}
			groups = groups[:last]
		default:
			if n = protowire.ConsumeFieldValue(number, kind, b); n < 0 {
				return false
			}
			b = b[n:]
		}
	}
	return len(groups) == 0
}

// appendProtobuf appends the fields of b, which isProtobuf.
func appendProtobuf(dst, b []byte, depth int) []byte {
	dst = append(dst, '{')
	first := true
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		b = b[n:]
		if kind == protowire.EndGroupType {
			dst = append(dst, '}')
			first = false
			continue
		}
		w := walker{out: dst}
		if !first {
			w.text(", ")
		}
		w.int(int64(number))
		w.text(": ")
		first = false
		switch kind {
		case protowire.StartGroupType:
			w.text("group {")
			n, first = 0, true
		case protowire.VarintType:
			var v uint64
			v, n = protowire.ConsumeVarint(b)
			w.int(int64(v))
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			w.text("fixed32(")
			w.int(int64(int32(v)))
			w.text(", ")
			w.out = appendFloat(w.out, float64(math.Float32frombits(v)), 32)
			w.text(")")
		case protowire.Fixed64Type:
			var v uint64
			v, n = protowire.ConsumeFixed64(b)
			w.text("fixed64(")
			w.int(int64(v))
			w.text(", ")
			w.out = appendFloat(w.out, math.Float64frombits(v), 64)
			w.text(")")
		case protowire.BytesType:
			var v []byte
			v, n = protowire.ConsumeBytes(b)
			w.out = appendProtobufBytes(w.out, v, depth)
		}
		dst = w.out
		b = b[n:]
	}
	return append(dst, '}')
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
