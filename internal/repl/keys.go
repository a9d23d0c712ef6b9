//go:build unix && !aix && !solaris

package repl

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/chzyer/readline"
)

// Keys that readline has no character for, or none that is right. Unicode has
// set these code points aside for such use: they are no characters, and are
// replaced when they are typed.
const (
	keyPaste rune = 0xfdd0 + iota // the oldest paste that was not taken yet
	keyDelete
	keyWordLeft
	keyWordRight
	keyToWordStart // what readline kills next, with ^U, is the word before the cursor
	keyToBlank     // the same for anything but blanks
	keyToWordEnd   // and with ^K the word after it
	keyEscape      // alone
	keySuspend
	keyLast = keySuspend
)

const (
	// pasteMost bounds a paste in bytes. What is beyond is dropped.
	pasteMost = lineMost
	// heldMost bounds an escape sequence in bytes.
	heldMost = 4096
	// runLeast is the number of characters that cannot have been typed one by one
	// if they come in one read. They are inserted like a paste, because readline's
	// work for each character grows with the line.
	runLeast = 64
)

// A decoder makes of what a terminal sends what readline understands: text, the
// control characters that it knows, and the keys above. An escape never gets to
// readline, whose own table of them is incomplete.
type decoder struct {
	out    []byte   // for readline
	pastes []string // of the keyPaste in out, oldest first

	held    []byte // the start of a sequence
	run     []byte // text that may become an insertion
	length  int    // of run, in characters
	pasting bool
	paste   []byte
}

const (
	pasteStart = "\x1b[200~"
	pasteEnd   = "\x1b[201~"
)

// feed decodes p, which is all that one read returned.
func (d *decoder) feed(p []byte) {
	if d.pasting && len(p) == 1 && p[0] == readline.CharInterrupt {
		d.pasting, d.paste, d.held = false, nil, nil // its end was lost, and a person wants to go on
	}
	in := append(d.held, p...)
	for len(in) > 0 {
		n := 0
		if d.pasting {
			n = d.pasted(in)
		} else {
			n = d.key(in)
		}
		if n == 0 {
			break
		}
		in = in[n:]
	}
	d.endRun()
	d.held = append([]byte(nil), in...)
	if !d.pasting && len(in) > heldMost {
		d.held = nil
	}
}

// incomplete reports whether more must come, or time must pass.
func (d *decoder) incomplete() bool { return len(d.held) > 0 && !d.pasting }

// timeout ends a sequence that nothing more has come of.
func (d *decoder) timeout() {
	if len(d.held) == 1 && d.held[0] == readline.CharEsc {
		d.emit(keyEscape)
	}
	d.held = nil
}

// pasted takes what is pasted, up to its end.
func (d *decoder) pasted(in []byte) int {
	text, used, ended := in, len(in), false
	if i := bytes.Index(in, []byte(pasteEnd)); i >= 0 {
		text, used, ended = in[:i], i+len(pasteEnd), true
	} else if i := bytes.LastIndexByte(in, readline.CharEsc); i >= 0 && len(in)-i < len(pasteEnd) {
		text, used = in[:i], i // perhaps the start of the end
	}
	d.paste = append(d.paste, text[:min(len(text), pasteMost-len(d.paste))]...)
	if ended {
		d.insert(d.paste)
		d.pasting, d.paste = false, nil
	}
	return used
}

// insert emits text as a paste. A terminal sends CR for a line end.
func (d *decoder) insert(text []byte) {
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	d.pastes = append(d.pastes, string(bytes.ToValidUTF8(text, []byte("\ufffd"))))
	d.emit(keyPaste)
}

func (d *decoder) emit(keys ...rune) {
	d.endRun()
	for _, r := range keys {
		d.out = utf8.AppendRune(d.out, r)
	}
}

// endRun emits the text that came in one read.
func (d *decoder) endRun() {
	run, length := d.run, d.length
	d.run, d.length = nil, 0
	if length >= runLeast {
		d.insert(run)
		return
	}
	d.out = append(d.out, run...)
}

// key takes one key, and returns 0 if it is not complete.
func (d *decoder) key(in []byte) int {
	if in[0] == readline.CharEsc {
		return d.escape(in)
	}
	if !utf8.FullRune(in) {
		return 0
	}
	r, size := utf8.DecodeRune(in)
	switch {
	case keyPaste <= r && r <= keyLast:
		r = utf8.RuneError
		fallthrough
	case !unicode.IsControl(r):
		d.run = utf8.AppendRune(d.run, r)
		d.length++
	default:
		d.emit(controls[r]...)
	}
	return size
}

// controls are the keys that a control character stands for; the others are
// dropped, because readline would insert them.
var controls = map[rune][]rune{
	readline.CharLineStart: {readline.CharLineStart},
	readline.CharBackward:  {readline.CharBackward},
	readline.CharInterrupt: {readline.CharInterrupt},
	readline.CharDelete:    {readline.CharDelete}, // Ctrl-D
	readline.CharLineEnd:   {readline.CharLineEnd},
	readline.CharForward:   {readline.CharForward},
	readline.CharBell:      {keyEscape}, // Ctrl-G
	readline.CharCtrlH:     {readline.CharBackspace},
	readline.CharTab:       {readline.CharTab},
	readline.CharCtrlJ:     {readline.CharCtrlJ},
	readline.CharKill:      {readline.CharKill},
	readline.CharCtrlL:     {readline.CharCtrlL},
	readline.CharEnter:     {readline.CharEnter},
	readline.CharNext:      {readline.CharNext},
	readline.CharPrev:      {readline.CharPrev},
	readline.CharBckSearch: {readline.CharBckSearch},
	readline.CharFwdSearch: {readline.CharFwdSearch},
	readline.CharTranspose: {readline.CharTranspose},
	readline.CharCtrlU:     {readline.CharLineEnd, readline.CharCtrlU}, // the whole line
	readline.CharCtrlW:     {keyToBlank, readline.CharCtrlU},
	readline.CharCtrlY:     {readline.CharCtrlY},
	readline.CharCtrlZ:     {keySuspend},
	readline.CharBackspace: {readline.CharBackspace},
}
