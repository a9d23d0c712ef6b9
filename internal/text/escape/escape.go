// Package escape writes bytes so that they can be read by a person and cannot
// drive a terminal, and reads one such notation back.
//
// There are three notations. [Append] is that of --in escape, --out escape and
// send -e (docs/spec.md §5), which [Unescape] reads back to the same bytes:
//
//	\n \r \t \0 \\   as in C
//	\xNN             one byte
//	\u{X…}           one code point, in UTF-8
//
// [AppendPrintable] is the same for eyes only: a backslash stays single.
// [AppendJSONString] and [AppendJSONText] write JSON.
//
// The functions append to dst and return it, keep no argument, and are safe for
// concurrent use.
package escape

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// Append appends b to dst with every byte escaped that is a control, is not
// UTF-8 or would not be seen (see [Shown]). It writes at most 4 bytes for one.
func Append(dst, b []byte) []byte { return appendEscaped(dst, b, true) }

// AppendPrintable appends b to dst as a terminal may show it: on one line, and
// with nothing in it that moves the cursor, changes colours or title, reorders
// text or hides. It cannot be read back, because a backslash stays single.
func AppendPrintable(dst, b []byte) []byte { return appendEscaped(dst, b, false) }

// Shown reports whether r has a place of its own in a line of text, and so can
// be shown as it is. Controls, format characters (bidirectional overrides,
// zero-width ones), line separators, fillers without shape, private and
// unassigned code points have none.
func Shown(r rune) bool {
	if r < utf8.RuneSelf {
		return ' ' <= r && r < 0x7f
	}
	return unicode.IsGraphic(r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

func appendEscaped(dst, b []byte, reversible bool) []byte {
	start := 0 // b[start:i] can be copied as it is
	for i := 0; i < len(b); {
		c := b[i]
		if ' ' <= c && c < 0x7f && (c != '\\' || !reversible) {
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		invalid := r == utf8.RuneError && size == 1
		if size > 1 && Shown(r) {
			i += size
			continue
		}
		dst = append(dst, b[start:i]...)
		switch {
		case c == '\\':
			dst = append(dst, `\\`...)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c == 0:
			dst = append(dst, `\0`...)
		case c < utf8.RuneSelf || invalid:
			dst = append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
		default:
			dst = append(dst, `\u{`...)
			dst = strconv.AppendUint(dst, uint64(r), 16)
			dst = append(dst, '}')
		}
		i += size
		start = i
	}
	return append(dst, b[start:]...)
}

const hexDigits = "0123456789abcdef"
