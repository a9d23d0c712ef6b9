package view

import "unicode/utf8"

// Fastdaemon shows a record of fastdaemon (docs/wire.md §b) as its two strings:
// stdin and arguments of a client, stdout and stderr of a server. Its lengths may
// count bytes or characters.
func Fastdaemon(dst, body []byte) []byte {
	out, ok := appendStrings(nil, body, func(_ []byte, n uint64) uint64 { return n })
	if !ok {
		out, ok = appendStrings(nil, body, charsLen)
	}
	if !ok {
		return otherwise(dst, body)
	}
	return spread(dst, out)
}

// appendStrings appends the two strings of a record. size turns a length into
// bytes of the rest.
func appendStrings(dst, record []byte, size func(rest []byte, n uint64) uint64) ([]byte, bool) {
	w := walker{in: record, out: append(dst, '[')}
	for i := range 2 {
		if i > 0 {
			w.text(", ")
		}
		n := w.number(4)
		w.out = appendString(w.out, w.take(size(w.in, n)))
	}
	w.text("]")
	return w.out, !w.bad && len(w.in) == 0
}

// charsLen returns the bytes of the first n characters of b; more than b has
// where there are fewer.
func charsLen(b []byte, n uint64) uint64 {
	if n > uint64(len(b)) {
		return n
	}
	pos := 0
	for range n {
		if pos == len(b) {
			return n + uint64(len(b))
		}
		_, size := utf8.DecodeRune(b[pos:])
		pos += size
	}
	return uint64(pos)
}
