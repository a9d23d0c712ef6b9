// Package crc16 computes CRC-16/XMODEM: polynomial 0x1021, start 0, nothing
// reflected.
package crc16

import "sync"

// Checksum returns the sum of b, eight bytes at a time.
func Checksum(b []byte) uint16 {
	var sum uint16
	t := tables()
	for ; len(b) >= 8; b = b[8:] {
		c := b[:8]
		sum ^= uint16(c[0])<<8 | uint16(c[1])
		sum = t[7][sum>>8] ^ t[6][byte(sum)] ^ t[5][c[2]] ^ t[4][c[3]] ^ t[3][c[4]] ^ t[2][c[5]] ^ t[1][c[6]] ^ t[0][c[7]]
	}
	for _, c := range b {
		sum = sum<<8 ^ t[0][byte(sum>>8)^c]
	}
	return sum
}

// tables returns the sum of each byte with so many zeros behind it.
var tables = sync.OnceValue(func() *[8][256]uint16 {
	var t [8][256]uint16
	for i := range 256 {
		sum := uint16(i) << 8
		for n := range t {
			for range 8 {
				carry := sum >> 15
				sum = sum<<1 ^ carry*0x1021
			}
			t[n][i] = sum
		}
	}
	return &t
})
