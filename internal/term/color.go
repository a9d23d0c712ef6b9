package term

import (
	"fmt"
	"os"

	"github.com/fatih/color"

	"github.com/chancat/channel/view"
)

// A Palette colours the parts of what people read. Only the 16 colours of the
// terminal's own theme are used, so that dark and light backgrounds both work.
// The zero Palette colours nothing.
type Palette struct{ on bool }

// NewPalette decides about colour on f. when is auto, always or never. auto means
// a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE colours
// without a terminal.
func NewPalette(when string, f *os.File, getenv func(string) string) (Palette, error) {
	switch when {
	case "always":
		return Palette{true}, nil
	case "never":
		return Palette{}, nil
	case "auto", "":
	default:
		return Palette{}, fmt.Errorf("--color=%s: want auto, always or never", when)
	}
	force := getenv("CLICOLOR_FORCE")
	switch {
	case getenv("NO_COLOR") != "":
		return Palette{}, nil
	case force != "" && force != "0":
		return Palette{true}, nil
	}
	return Palette{Is(f) && getenv("TERM") != "dumb"}, nil
}

func (p Palette) paint(text string, attributes ...color.Attribute) string {
	if !p.on {
		return text
	}
	c := color.New(attributes...)
	c.EnableColor()
	return c.Sprint(text)
}

// JSON returns what switches to the colours of JSON and back.
func (p Palette) JSON() view.Colors {
	if !p.on {
		return view.Colors{}
	}
	return view.Colors{
		Key:    "\x1b[36m",
		String: "\x1b[32m",
		Number: "\x1b[35m", // yellow is hard to read on white
		Word:   "\x1b[1m",
		Reset:  "\x1b[0m",
	}
}

// Pass paints that a check was passed.
func (p Palette) Pass(text string) string { return p.paint(text, color.FgGreen) }

// Error is for what went wrong.
func (p Palette) Error(text string) string { return p.paint(text, color.FgRed, color.Bold) }

// Note is for what is no message: state changes, hints.
func (p Palette) Note(text string) string { return p.paint(text, color.Faint) }

// Sent is for marks of what goes to the peer.
func (p Palette) Sent(text string) string { return p.paint(text, color.FgCyan) }

// Received is for marks of what comes from the peer.
func (p Palette) Received(text string) string { return p.paint(text, color.FgGreen) }

// Fault marks the byte that broke a frame.
func (p Palette) Fault(text string) string { return p.paint(text, color.FgRed) }
