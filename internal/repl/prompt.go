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

const (
	roomBeside = 4  // the least number of cells that a prompt leaves in its row
	wideEnough = 24 // cells of a terminal that has room for a part of a prompt
)

// fit returns a prompt that leaves room for the line. Of one that takes more than two
// thirds of the row it is the end, which tells framing and state.
func (p prompt) fit(width int) prompt {
	most := width * 2 / 3
	switch end := p.end(most - len("...")); {
	case p.cells <= min(most, width-roomBeside):
		return p
	case end != "" && width >= wideEnough:
		return prompt{"..." + end, len("...") + uniseg.StringWidth(end)}
	case p.cells+roomBeside <= width:
		return p
	case 2+roomBeside <= width:
		return prompt{"> ", 2}
	}
	return prompt{}
}

// end is as much of the end of p as most cells can show; nothing if p has colours.
func (p prompt) end(most int) string {
	if strings.Contains(p.text, "\x1b") {
		return ""
	}
	rest, state, cells := p.text, -1, p.cells
	for rest != "" && cells > most {
		var w int
		_, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		cells -= w
	}
	return rest
}
