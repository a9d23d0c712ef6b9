package view

import (
	"strconv"
)

const (
	hexLimit = 4 << 10 // bytes that Hex shows: 256 lines
	hexLine  = 16      // bytes a line
)

// Hex shows body as lines of 16 bytes: offset, hexadecimal, ASCII. Of a long
// body it shows the first 4 KiB and tells how much more there is.
func Hex(dst, body []byte) []byte { return AppendHex(dst, body, hexLimit) }

// AppendHex is [Hex] with a limit in bytes.
func AppendHex(dst, body []byte, limit int) []byte {
	shown := body[:min(len(body), limit)]
	for at := 0; at < len(shown); at += hexLine {
		if at > 0 {
			dst = append(dst, '\n')
		}
		dst = appendHexLine(appendOffset(dst, int64(at)), shown[at:min(len(shown), at+hexLine)])
	}
	if rest := len(body) - len(shown); rest > 0 {
		if len(shown) > 0 {
			dst = append(dst, '\n')
		}
		dst = appendSize(append(dst, "… "...), rest)
		dst = append(dst, " more"...)
	}
	return dst
}

const digits = "0123456789abcdef"

// appendOffset appends at in at least 8 digits.
func appendOffset(dst []byte, at int64) []byte {
	shift := 28
	for at>>shift > 15 {
		shift += 4
	}
	for ; shift >= 0; shift -= 4 {
		dst = append(dst, digits[at>>shift&15])
	}
	return dst
}

func appendHexLine(dst, line []byte) []byte {
	for i := range hexLine {
		if i%8 == 0 {
			dst = append(dst, ' ')
		}
		if i < len(line) {
			dst = append(dst, ' ', digits[line[i]>>4], digits[line[i]&15])
		} else {
			dst = append(dst, "   "...)
		}
	}
	dst = append(dst, "  |"...)
	for _, c := range line {
		if c < ' ' || c > '~' {
			c = '.'
		}
		dst = append(dst, c)
	}
	return append(dst, '|')
}

// appendSize writes a number of bytes with one decimal of a unit that suits it.
func appendSize(dst []byte, n int) []byte {
	switch {
	case n == 1:
		return append(dst, "1 byte"...)
	case n < 1<<10:
		return append(strconv.AppendInt(dst, int64(n), 10), " bytes"...)
	case n < 1<<20:
		return append(strconv.AppendFloat(dst, float64(n)/(1<<10), 'f', 1, 64), " KiB"...)
	}
	return append(strconv.AppendFloat(dst, float64(n)/(1<<20), 'f', 1, 64), " MiB"...)
}
