//go:build unix && !aix && !solaris

package repl

import (
	"bytes"
	"strings"

	"github.com/chzyer/readline"
)

// escape takes one sequence that starts with ESC, and returns 0 if it is not
// complete.
func (d *decoder) escape(in []byte) int {
	if len(in) == 1 {
		return 0
	}
	switch in[1] {
	case readline.CharEsc: // some terminals put it before the sequence of a key with Alt
		if n := d.afterEscapes(in[1:]); n > 0 {
			return 1 + n
		}
		return 0
	case '[':
		return d.csi(in)
	case 'O':
		if len(in) < 3 {
			return 0
		}
		d.emit(finals[in[2]]...)
		return 3
	case ']', 'P', '^', '_': // the answer to what another program has asked
		if i := bytes.IndexAny(in, "\a\x9c"); i >= 0 {
			return i + 1
		}
		if i := bytes.Index(in, []byte("\x1b\\")); i >= 0 {
			return i + 2
		}
		if len(in) > heldMost {
			return len(in)
		}
		return 0
	case '\r', '\n':
		d.insert([]byte("\n"))
		return 2
	}
	d.emit(metas[in[1]]...)
	return 2
}

// afterEscapes takes the sequence behind a doubled ESC as if Alt were held.
func (d *decoder) afterEscapes(in []byte) int {
	if len(in) == 1 {
		return 0
	}
	if in[1] != '[' && in[1] != 'O' {
		return d.escape(in)
	}
	if len(in) == 2 {
		return 0
	}
	switch in[2] {
	case 'D':
		d.emit(keyWordLeft)
		return 3
	case 'C':
		d.emit(keyWordRight)
		return 3
	}
	return d.escape(in)
}

// csi takes a control sequence: ESC [ parameters final.
func (d *decoder) csi(in []byte) int {
	end := 2
	for end < len(in) && (in[end] < '@' || in[end] > '~') {
		if in[end] < ' ' || in[end] > '~' {
			return end // not a sequence; what broke it is a key
		}
		end++
	}
	if end == len(in) {
		return 0
	}
	parameters, final := string(in[2:end]), in[end]
	number, modifier, _ := strings.Cut(parameters, ";")
	switch {
	case strings.HasPrefix(parameters, "?"): // an answer
	case parameters == "200" && final == '~':
		d.endRun()
		d.pasting = true
	case final == 'M' && parameters == "": // a mouse, in three more bytes
		if len(in) < end+4 {
			return 0
		}
		return end + 4
	case final == '[': // ESC [ [ A: function keys of the Linux console
		if len(in) < end+2 {
			return 0
		}
		return end + 2
	case final == '~' && number == "3" && modifier != "":
		d.emit(keyToWordEnd, readline.CharKill)
	case final == '~':
		d.emit(numbers[number]...)
	case final == 'D' && modifier != "":
		d.emit(keyWordLeft)
	case final == 'C' && modifier != "":
		d.emit(keyWordRight)
	default:
		d.emit(finals[final]...)
	}
	return end + 1
}

// finals are the keys of ESC [ X and ESC O X.
var finals = map[byte][]rune{
	'A': {readline.CharPrev},
	'B': {readline.CharNext},
	'C': {readline.CharForward},
	'D': {readline.CharBackward},
	'H': {readline.CharLineStart},
	'F': {readline.CharLineEnd},
	'M': {readline.CharEnter}, // of the keypad
	'c': {keyWordRight},
	'd': {keyWordLeft},
}

// numbers are the keys of ESC [ N ~.
var numbers = map[string][]rune{
	"1": {readline.CharLineStart},
	"7": {readline.CharLineStart},
	"4": {readline.CharLineEnd},
	"8": {readline.CharLineEnd},
	"3": {keyDelete},
}

// metas are the keys of ESC X, which is Alt-X.
var metas = map[byte][]rune{
	'b':                    {keyWordLeft},
	'f':                    {keyWordRight},
	'd':                    {keyToWordEnd, readline.CharKill},
	readline.CharCtrlH:     {keyToWordStart, readline.CharCtrlU},
	readline.CharBackspace: {keyToWordStart, readline.CharCtrlU},
}
