package framing

import (
	"hash/crc32"
	"sync"

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

// crc16 is CRC-16/XMODEM: polynomial 0x1021, start 0, nothing reflected. It takes
// eight bytes at a time.
func crc16(body []byte) uint32 {
	var sum uint16
	t := crc16Tables()
	for ; len(body) >= 8; body = body[8:] {
		b := body[:8]
		sum ^= uint16(b[0])<<8 | uint16(b[1])
		sum = t[7][sum>>8] ^ t[6][byte(sum)] ^ t[5][b[2]] ^ t[4][b[3]] ^ t[3][b[4]] ^ t[2][b[5]] ^ t[1][b[6]] ^ t[0][b[7]]
	}
	for _, b := range body {
		sum = sum<<8 ^ t[0][byte(sum>>8)^b]
	}
	return uint32(sum)
}

// crc16Tables returns the sum of each byte with so many zeros behind it.
var crc16Tables = sync.OnceValue(func() *[8][256]uint16 {
	var tables [8][256]uint16
	for i := range 256 {
		sum := uint16(i) << 8
		for n := range tables {
			for range 8 {
				carry := sum >> 15
				sum = sum<<1 ^ carry*0x1021
			}
			tables[n][i] = sum
		}
	}
	return &tables
})

func sum8(body []byte) (sum uint32) {
	for _, b := range body {
		sum += uint32(b)
	}
	return sum & 0xff
}
