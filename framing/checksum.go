package framing

import (
	"hash/crc32"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/crc16"
)

// A checksum of the body is the tail of a frame, in the byte order of its length.
type checksum struct {
	name string
	code fixed
	sum  func(body []byte) uint32
}

var checksums = map[string]checksum{
	"crc16": {"crc16", fixed{width: 2}, crc16Sum},
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

func crc16Sum(body []byte) uint32 { return uint32(crc16.Checksum(body)) }

func sum8(body []byte) (sum uint32) {
	for _, b := range body {
		sum += uint32(b)
	}
	return sum & 0xff
}
