package framing

import "strconv"

// appendLength appends a length in decimal. strconv takes about as long for one of
// three digits as all the rest of a small frame.
func appendLength(dst []byte, n int) []byte {
	digit := func(n int) byte { return '0' + byte(n%10) }
	switch {
	case n < 10:
		return append(dst, digit(n))
	case n < 100:
		return append(dst, digit(n/10), digit(n))
	case n < 1000:
		return append(dst, digit(n/100), digit(n/10), digit(n))
	case n < 10_000:
		return append(dst, digit(n/1000), digit(n/100), digit(n/10), digit(n))
	}
	return strconv.AppendInt(dst, int64(n), 10)
}
