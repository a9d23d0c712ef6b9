package framing

import (
	"bytes"
	"testing"
)

// TestCRC16 compares with the definition of the sum, a bit at a time.
func TestCRC16(t *testing.T) {
	body := bytes.Repeat([]byte("\x00\xff123456789\x80"), 4)
	for n := range len(body) + 1 {
		var want uint16
		for _, b := range body[:n] {
			for i := 7; i >= 0; i-- {
				top := want >> 15
				want <<= 1
				if top != uint16(b>>i&1) {
					want ^= 0x1021
				}
			}
		}
		if got := crc16(body[:n]); got != uint32(want) {
			t.Errorf("%d bytes: got %#x, want %#x", n, got, want)
		}
	}
}
