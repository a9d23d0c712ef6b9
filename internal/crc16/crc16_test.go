package crc16

import (
	"bytes"
	"testing"
)

// TestChecksum compares with the definition of the sum, a bit at a time, and with the
// check value of the catalogues.
func TestChecksum(t *testing.T) {
	if got := Checksum([]byte("123456789")); got != 0x31c3 {
		t.Errorf("the check value is %#x, want 0x31c3", got)
	}
	b := bytes.Repeat([]byte("\x00\xff123456789\x80"), 4)
	for n := range len(b) + 1 {
		var want uint16
		for _, c := range b[:n] {
			for i := 7; i >= 0; i-- {
				top := want >> 15
				want <<= 1
				if top != uint16(c>>i&1) {
					want ^= 0x1021
				}
			}
		}
		if got := Checksum(b[:n]); got != want {
			t.Errorf("%d bytes: got %#x, want %#x", n, got, want)
		}
	}
}
