package framing

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/chancat/channel/frame"
)

// Varint frames a message as its length in LEB128, the base 128 of protobuf's
// delimited messages, and that many bytes. A length longer than it must be
// (ending in zero groups) is accepted, as every protobuf reader does: some writers
// reserve a fixed number of bytes for it.
var Varint = register(Spec{
	Name:    "varint",
	Doc:     "length in LEB128 (protobuf delimited), that many bytes",
	Options: lengthFieldOptions + " width=N",
	Codec:   &lengthField{length: varint{maxVarint}},
	Samples: append(varintSamples("varint"), "varint,width=3"),
	parse: func(o *options) (frame.Codec, error) {
		code := varint{maxVarint}
		if o.has("width") {
			code.width = o.number("width", 1, maxVarint)
		}
		return parseLengthField(o, code), nil
	},
})

const maxVarint = binary.MaxVarintLen64 // bytes of a length

func varintSamples(name string) []string {
	return []string{name, name + ",at=1", name + ",incl", name + ",adjust=-2,skip=2,tail=1", name + ",tail=crc32"}
}

// A varint is a number of at most width bytes, which is maxVarint or less.
type varint struct{ width int }

func (v varint) read(buf []byte, at int) (value uint64, n, need int, err error) {
	for i := at; i < len(buf); i++ {
		b, group := buf[i], i-at
		switch {
		case group == maxVarint-1 && b > 1:
			return 0, 0, 0, frame.Malformed(i, "length: got %#02x as byte %d; a varint of 64 bits ends there with 00 or 01", b, maxVarint)
		case group == v.width-1 && b >= 0x80:
			return 0, 0, 0, frame.Malformed(i, "length: got %#02x as byte %d, which must be the last: want less than 0x80", b, v.width)
		}
		value |= uint64(b&0x7f) << (7 * group)
		if b < 0x80 {
			return value, group + 1, 0, nil
		}
	}
	return 0, 0, max(at-len(buf), 0) + 1, nil
}

func (varint) append(dst []byte, value uint64) []byte { return binary.AppendUvarint(dst, value) }

func (varint) size(value uint64) int { return groups(value) }

func (v varint) most() uint64 {
	if v.width == maxVarint {
		return math.MaxUint64
	}
	return 1<<(7*v.width) - 1
}

func (varint) String() string { return "varint" }

// groups returns how many groups of 7 bits value has, at least 1.
func groups(value uint64) int { return max(1, (bits.Len64(value)+6)/7) }
