package detect

import "bytes"

// fewCounted is how many messages behind their lengths show that this is what they are.
const fewCounted = 3

// countedText reports whether streams are messages of which each stands behind a line
// with its length in decimal: to those who read lines, or JSON values, the lengths are
// messages too.
func countedText(streams []Stream) bool {
	messages, lengths, ends := 0, map[int]bool{}, [2]string{}
	for i, s := range streams {
		b := s.seen()
		for pos := 0; pos < len(b); {
			digits := pos
			size := 0
			for digits < len(b) && b[digits]-'0' <= 9 && size <= maxLength {
				size = size*10 + int(b[digits]-'0')
				digits++
			}
			behind := lineEnd(b[digits:])
			body := digits + len(behind)
			if digits == pos || behind == "" {
				return false
			}
			if body+size > len(b) {
				if messages == 0 {
					return false
				}
				break // cut
			}
			after := lineEnd(b[body+size:])
			if messages == 0 && i == 0 {
				ends = [2]string{behind, after}
			}
			if behind != ends[0] || after != ends[1] && body+size < len(b) {
				return false
			}
			lengths[size] = true
			messages++
			pos = body + size + len(after)
		}
	}
	return messages >= fewCounted && len(lengths) > 1
}

// lineEnd returns the line end with which b begins; empty for none.
func lineEnd(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\n")):
		return "\n"
	case bytes.HasPrefix(b, []byte("\r\n")):
		return "\r\n"
	}
	return ""
}
