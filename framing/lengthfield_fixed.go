package framing

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/chancat/channel/frame"
)

// U8 and its like frame a message as its length, an unsigned number of so many
// bits, and that many bytes.
var (
	U8    = registerFixed("u8", fixed{width: 1}, "u8,tail=sum8", "u8,at=1,skip=1", "u8,netty=0:1:0:1")
	U16BE = registerFixed("u16be", fixed{width: 2}, "u16be,at=3", "u16be,tail=crc16")
	U16LE = registerFixed("u16le", fixed{width: 2, little: true}, "u16le,incl", "u16le,tail=crc16")
	U24BE = registerFixed("u24be", fixed{width: 3}, "u24be,at=3,skip=2,tail=1,incl", "u24be,skip=6")
	U24LE = registerFixed("u24le", fixed{width: 3, little: true}, "u24le,skip=1", "u24le,tail=crc32")
	U32BE = registerFixed("u32be", fixed{width: 4}, "u32be,incl", "u32be,at=1,adjust=-4",
		"u32be,at=4,magic=cafe,tail=crc32", "u32be,magic=cafebabe", "u32be,netty=2:4:-6:6",
		"u32be,at=2,skip=1,tail=3,lead=0102,pad=03,trail=040506")
	U32LE = registerFixed("u32le", fixed{width: 4, little: true}, "u32le,incl", "u32le,tail=crc32")
	U64BE = registerFixed("u64be", fixed{width: 8}, "u64be,adjust=-8")
	U64LE = registerFixed("u64le", fixed{width: 8, little: true}, "u64le,at=1,incl")
)

// registerFixed registers the framing without and, as samples, with options.
func registerFixed(name string, code fixed, samples ...string) frame.Codec {
	order, known := "big-endian ", lengthFieldOptions+" netty="+nettyNumbers
	if code.width == 1 {
		order = ""
	}
	if code.little {
		order, known = "little-endian ", lengthFieldOptions
	}
	var messages []string
	if code.width == 1 {
		messages = []string{"", "hi", "a\r\nb", "\x00\xff", strings.Repeat("x", 250)}
	}
	return register(Spec{
		Name:      name,
		Doc:       fmt.Sprintf("%d-byte %slength, that many bytes", code.width, order),
		Options:   known,
		Codec:     &lengthField{length: code},
		Canonical: true,
		Messages:  messages,
		Samples:   append([]string{name}, samples...),
		parse: func(o *options) (frame.Codec, error) {
			if !code.little && o.has("netty") {
				return parseNettyOption(o, code)
			}
			return parseLengthField(o, code), nil
		},
	})
}

// A fixed is a number of 1, 2, 3, 4 or 8 bytes.
type fixed struct {
	width  int
	little bool
}

func (f fixed) read(buf []byte, at int) (value uint64, n, need int, err error) {
	if need = at + f.width - len(buf); need > 0 {
		return 0, 0, need, nil
	}
	return f.value(buf[at:]), f.width, 0, nil
}

func (f fixed) value(b []byte) uint64 {
	switch {
	case f.width == 1:
		return uint64(b[0])
	case f.width == 2 && f.little:
		return uint64(binary.LittleEndian.Uint16(b))
	case f.width == 2:
		return uint64(binary.BigEndian.Uint16(b))
	case f.width == 3 && f.little:
		return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16
	case f.width == 3:
		return uint64(b[2]) | uint64(b[1])<<8 | uint64(b[0])<<16
	case f.width == 4 && f.little:
		return uint64(binary.LittleEndian.Uint32(b))
	case f.width == 4:
		return uint64(binary.BigEndian.Uint32(b))
	case f.little:
		return binary.LittleEndian.Uint64(b)
	default:
		return binary.BigEndian.Uint64(b)
	}
}

func (f fixed) append(dst []byte, value uint64) []byte {
	for i := range f.width {
		shift := 8 * i
		if !f.little {
			shift = 8 * (f.width - 1 - i)
		}
		dst = append(dst, byte(value>>shift))
	}
	return dst
}

func (f fixed) size(uint64) int { return f.width }

func (f fixed) most() uint64 { return 1<<(8*f.width) - 1 }

func (f fixed) String() string { return fmt.Sprintf("u%d", 8*f.width) }
