package repl

import (
	"regexp"
	"strings"
	"sync"

	"github.com/rivo/uniseg"

	"github.com/chancat/channel/internal/text/escape"
)

// A prompt stands before the line. It is safe on a terminal.
type prompt struct {
	text  string
	cells int
}

var colours = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("\x1b\\[[0-9;]*m") })

// newPrompt keeps the colours of text; anything else that is not to be seen is
// escaped.
func newPrompt(text string) prompt {
	var b strings.Builder
	var p prompt
	add := func(piece string) {
		piece = string(escape.AppendPrintable(nil, []byte(piece)))
		b.WriteString(piece)
		p.cells += uniseg.StringWidth(piece)
	}
	at := 0
	for _, c := range colours().FindAllStringIndex(text, -1) {
		add(text[at:c[0]])
		b.WriteString(text[c[0]:c[1]])
		at = c[1]
	}
	add(text[at:])
	if at > 0 {
		b.WriteString("\x1b[m")
	}
	p.text = b.String()
	return p
}

// roomBeside is the least number of cells that a prompt leaves in its row.
const roomBeside = 4

// fit returns a prompt that leaves room for the line.
func (p prompt) fit(width int) prompt {
	switch {
	case p.cells+roomBeside <= width:
		return p
	case 2+roomBeside <= width:
		return prompt{"> ", 2}
	}
	return prompt{}
}
