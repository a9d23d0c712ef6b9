package escape

import (
	"unicode/utf16"
	"unicode/utf8"
)

// AppendJSONString appends s as a JSON string, quotes included. Beyond what JSON
// requires, everything that is not [Shown] is written \uXXXX, so that a line of
// JSON is safe on a terminal. Bytes that are not UTF-8 become U+FFFD: where they
// matter, the caller encodes them in another way.
func AppendJSONString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if ' ' <= c && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		r, size := rune(c), 1
		if c >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
			if size > 1 && Shown(r) {
				i += size
				continue
			}
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = appendUTF16(dst, r)
		}
		i += size
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// AppendJSONText appends text, which is part of valid JSON in UTF-8 and holds no
// white space but blanks, with everything that is not [Shown] as \uXXXX. Its
// meaning stays the same, because such code points occur in strings only.
func AppendJSONText(dst, text []byte) []byte {
	start := 0
	for i := 0; i < len(text); {
		if c := text[i]; ' ' <= c && c < 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if !Shown(r) {
			dst = append(dst, text[start:i]...)
			dst = appendUTF16(dst, r)
			start = i + size
		}
		i += size
	}
	return append(dst, text[start:]...)
}

// appendUTF16 appends \uXXXX, or two of them for a code point beyond 16 bits.
func appendUTF16(dst []byte, r rune) []byte {
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		return appendUnit(appendUnit(dst, high), low)
	}
	return appendUnit(dst, r)
}

func appendUnit(dst []byte, u rune) []byte {
	return append(dst, '\\', 'u', hexDigits[u>>12&15], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
}
