package dump

import "strings"

// unquoted is a line without the marks that mail and reports put before it.
func unquoted(text string) string {
	text = strings.TrimRight(text, " \t\r")
	for {
		rest := strings.TrimLeft(text, " \t\u00a0")
		if !strings.HasPrefix(rest, ">") {
			return rest
		}
		text = rest[1:]
	}
}

// about reports whether an unquoted line is about a dump rather than of it: empty, a
// fence, a prompt.
func about(text string) bool {
	return text == "" || text == "--" || text == "$" || text == "#" || strings.HasPrefix(text, "```") || strings.HasPrefix(text, "~~~") ||
		strings.HasPrefix(text, "$ ") || strings.HasPrefix(text, "# ") || strings.HasPrefix(text, "% ")
}

// hexRun is the number of hexadecimal digits with which text begins.
func hexRun(text string) int {
	for i := range len(text) {
		if hexValue(text[i]) < 0 {
			return i
		}
	}
	return len(text)
}

func hexValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// appendHex appends the bytes of an even number of digits.
func appendHex(dst []byte, pairs string) []byte {
	for i := 0; i+1 < len(pairs); i += 2 {
		dst = append(dst, byte(hexValue(pairs[i])<<4|hexValue(pairs[i+1])))
	}
	return dst
}

// groups returns the bytes of groups of digits, a blank apart, with which text
// begins. A wider gap ends them, as does the limit in bytes.
func groups(text string, limit int) (data []byte) {
	for limit > 0 {
		n := hexRun(text)
		if n == 0 || n%2 != 0 || n/2 > limit || n < len(text) && text[n] != ' ' {
			break
		}
		data = appendHex(data, text[:n])
		limit -= n / 2
		text = strings.TrimPrefix(text[n:], " ")
	}
	return data
}
