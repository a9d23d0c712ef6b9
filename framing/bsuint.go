package framing

import (
	"math"

	"github.com/chancat/channel/frame"
)

// BSUint frames a message as its length in big-endian base 128, as in
// cs.packetstream (docs/wire.md §c), and that many bytes: the high bit of each
// byte but the last is set. Leading zero groups (80) are accepted, up to a length
// of 10 bytes.
var BSUint = register(Spec{
	Name:    "bsuint",
	Doc:     "length in big-endian base 128 (cs.packetstream), that many bytes",
	Options: lengthFieldOptions,
	Codec:   &lengthField{length: bsuint{}},
	Samples: varintSamples("bsuint"),
	parse:   func(o *options) (frame.Codec, error) { return parseLengthField(o, bsuint{}), nil },
})

type bsuint struct{}

func (bsuint) read(buf []byte, at int) (value uint64, n, need int, err error) {
	for i := at; i < len(buf); i++ {
		b := buf[i]
		if value > math.MaxUint64>>7 {
			return 0, 0, 0, frame.Malformed(i, "length: more than 64 bits")
		}
		value = value<<7 | uint64(b&0x7f)
		if b < 0x80 {
			return value, i + 1 - at, 0, nil
		}
		if i+1-at == maxVarint {
			return 0, 0, 0, frame.Malformed(i, "length: got %#02x as byte %d, which must be the last: want less than 0x80", b, maxVarint)
		}
	}
	return 0, 0, max(at-len(buf), 0) + 1, nil
}

func (bsuint) append(dst []byte, value uint64) []byte {
	for n := groups(value) - 1; n > 0; n-- {
		dst = append(dst, byte(value>>(7*n))|0x80)
	}
	return append(dst, byte(value&0x7f))
}

func (bsuint) size(value uint64) int { return groups(value) }

func (bsuint) most() uint64 { return math.MaxUint64 }

func (bsuint) String() string { return "bsuint" }
