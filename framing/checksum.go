package framing

import (
	"hash/crc32"

	"github.com/chancat/channel/frame"
)

// A checksum of the body is the tail of a frame, in the byte order of its length.
type checksum struct {
	name string
	code fixed
	sum  func(body []byte) uint32
}

var checksums = map[string]checksum{
	"crc16": {"crc16", fixed{width: 2}, crc16},
	"crc32": {"crc32", fixed{width: 4}, crc32.ChecksumIEEE},
	"sum8":  {"sum8", fixed{width: 1}, sum8},
}

// verify checks the complete frame at the start of raw.
func (c *checksum) verify(raw []byte, sp frame.Span) error {
	tail := sp.Head + sp.Body
	got := uint32(c.code.value(raw[tail:]))
	want := c.sum(raw[sp.Head:tail])
	if got == want {
		return nil
	}
	digits := 2 * c.code.width
	return frame.Malformed(tail, "%s: got %#0*x, the body has %#0*x", c.name, digits, got, digits, want)
}

func (c *checksum) append(dst, body []byte) []byte {
	return c.code.append(dst, uint64(c.sum(body)))
}

// crc16 is CRC-16/XMODEM: polynomial 0x1021, start 0, nothing reflected.
func crc16(body []byte) uint32 {
	var sum uint16
	for _, b := range body {
		sum = sum<<8 ^ crc16Table[byte(sum>>8)^b]
	}
	return uint32(sum)
}

var crc16Table = func() (table [256]uint16) {
	for i := range table {
		sum := uint16(i) << 8
		for range 8 {
			carry := sum >> 15
			sum = sum<<1 ^ carry*0x1021
		}
		table[i] = sum
	}
	return table
}()

func sum8(body []byte) (sum uint32) {
	for _, b := range body {
		sum += uint32(b)
	}
	return sum & 0xff
}
