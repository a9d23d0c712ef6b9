package repl

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	wire "github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/internal/text/escape"
	"github.com/chancat/channel/view"
)

const (
	shownLines = 20
	shownBytes = 4 << 10
	viewedMost = 256 << 10 // bytes of a message that a view is asked for at once
	wholeMost  = 1 << 20   // bytes of a message that /show shows: an Editor takes no more than some MiB
	faultBytes = 4 << 10   // bytes of a broken frame that are kept
)

// UTF8Locale reports whether the locale of the environment can show more than ASCII.
func UTF8Locale(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := strings.ToUpper(getenv(name)); value != "" {
			return strings.Contains(value, "UTF-8") || strings.Contains(value, "UTF8")
		}
	}
	return false
}

// Note shows something that is no message.
func (s *Session) Note(format string, args ...any) {
	s.say(s.o.Palette.Note(s.folded("-- ", fmt.Sprintf(format, args...))))
}

// fail shows what went wrong.
func (s *Session) fail(err error) {
	s.say(s.failure(err.Error()))
}

const failureMark = "!! "

func (s *Session) failure(text string) string {
	return s.o.Palette.Error(failureMark) + s.folded(failureMark, text)[len(failureMark):]
}

// folded is mark and text, in lines that break between words where the terminal
// has a width.
func (s *Session) folded(mark, text string) string {
	width := s.o.Editor.Width()
	if text = printable(text); width == 0 {
		return mark + text
	}
	return mark + fold(text, strings.Repeat(" ", len(mark)), width)[len(mark):]
}

func (s *Session) say(text string) { s.o.Editor.Say([]byte(text + "\n")) }

func printable(text string) string { return string(escape.AppendPrintable(nil, []byte(text))) }

// showMessage shows m as it arrives. s.mu is held.
func (s *Session) showMessage(m *message) {
	if s.paused && !m.sent {
		s.held++
		s.promptSoon()
		return
	}
	if s.filtering != nil && !m.sent {
		s.filtering.offer(m)
		return
	}
	s.o.Editor.Write(s.appendMessage(nil, m, false))
}

// appendMessage appends m as people read it; whole without shortening. s.mu is
// held.
func (s *Session) appendMessage(dst []byte, m *message, whole bool) []byte {
	dst = append(dst, s.mark(m)...)
	start := len(dst)
	dst = s.appendBody(append(dst, "  "...), m, whole)
	if bytes.IndexByte(dst[start:], '\n') >= 0 || s.breaks(m, dst[start+2:]) {
		dst[start], dst[start+1] = '\n', ' ' // what has lines begins on one
		dst = append(dst[:start+1], dst[start+2:]...)
	}
	return append(dst, '\n')
}

// breaks reports whether shown would fit on a line, but not behind the mark of m.
func (s *Session) breaks(m *message, shown []byte) bool {
	width := s.o.Editor.Width()
	if width == 0 || len(shown) > 4*width {
		return false
	}
	cells := uniseg.StringWidth(string(shown))
	return cells <= width && uniseg.StringWidth(s.markText(m))+2+cells > width
}

// appendBody appends the body in the view, cut short unless it is wanted whole.
func (s *Session) appendBody(dst []byte, m *message, whole bool) []byte {
	if whole {
		if rest := len(m.body) - wholeMost; rest > 0 {
			dst = s.render(dst, m.body[:wholeMost])
			return append(dst, s.o.Palette.Note(fmt.Sprintf("\n%s %s more, /save %d FILE", s.ellipsis(), size(rest), m.number))...)
		}
		return s.render(dst, m.body)
	}
	start, rest := len(dst), 0
	if len(m.body) > viewedMost {
		dst = s.render(dst, m.body[:shownBytes])
		rest = len(m.body) - shownBytes
	} else {
		dst = s.render(dst, m.body)
	}
	if n := shortened(dst[start:]); n < len(dst)-start {
		rest += len(dst) - start - n
		dst = dst[:start+n]
	}
	if rest > 0 {
		dst = append(dst, s.o.Palette.Note(fmt.Sprintf("\n%s %s more, /show %d", s.ellipsis(), size(rest), m.number))...)
	}
	return dst
}

// shortened returns how many bytes of shown are shown at first.
func shortened(shown []byte) int {
	n := min(len(shown), shownBytes)
	for n < len(shown) && n > 0 && !utf8.RuneStart(shown[n]) {
		n--
	}
	for i, lines := 0, 0; i < n; i++ {
		if shown[i] != '\n' {
			continue
		}
		if lines++; lines == shownLines {
			return i
		}
	}
	return n
}

// mark is what stands before the body.
func (s *Session) mark(m *message) string {
	if m.sent {
		return s.o.Palette.Sent(s.markText(m))
	}
	return s.o.Palette.Received(s.markText(m))
}

// markText is time, direction, number, peer, size and latency.
func (s *Session) markText(m *message) string {
	text := s.arrow(m.sent) + " #" + strconv.Itoa(m.number)
	if s.several(m.peer) {
		text += " [" + strconv.Itoa(m.peer) + "]"
	}
	text += " " + size(len(m.body))
	if m.after > 0 {
		text += " " + span(m.after)
	}
	if m.how != "" {
		text += " " + printable(m.how)
	}
	switch s.clock {
	case clockOn:
		text = m.at.Format("15:04:05.000") + " " + text
	case clockRelative:
		since := s.counts.since
		if since.IsZero() {
			since = m.at // this is the first
		}
		text = fmt.Sprintf("%.3fs %s", m.at.Sub(since).Seconds(), text)
	case clockDelta:
		since := m.at
		if before, err := s.kept.get(m.number - 1); err == nil {
			since = before.at
		}
		text = fmt.Sprintf("%+.3fs %s", m.at.Sub(since).Seconds(), text)
	}
	return text
}

// A clock is which time messages are shown with.
type clock string

const (
	clockOff      clock = "off"
	clockOn       clock = "on"       // the time of day
	clockRelative clock = "relative" // since the first message
	clockDelta    clock = "delta"    // since the message before
)

func (s *Session) arrow(sent bool) string {
	switch {
	case s.o.ASCII && sent:
		return "->"
	case s.o.ASCII:
		return "<-"
	case sent:
		return "→"
	}
	return "←"
}

func (s *Session) ellipsis() string {
	if s.o.ASCII {
		return "..."
	}
	return "…"
}

// size is a number of bytes for people.
func size(n int) string {
	switch {
	case n < 1<<10:
		return strconv.Itoa(n) + " B"
	case n < 1<<20:
		return strconv.Itoa(n>>10) + " KiB"
	}
	return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MiB"
}

func messages(n int) string {
	if n == 1 {
		return "1 message"
	}
	return strconv.Itoa(n) + " messages"
}

// span is a duration for people.
func span(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < time.Second:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

// asCommands puts the commands of a session for the flags that a hint names.
var asCommands = strings.NewReplacer("try -f ", "try /framing ", "'decode --keep-going'", "/resync")

// showFault draws a broken frame and says what is known of it.
func (s *Session) showFault(p *peer, err error, fault link.Fault) {
	text := s.failure(fmt.Sprintf("%s: %v", strings.TrimSuffix(p.label(), ":"), err)) + "\n"
	if f, ok := errors.AsType[*wire.Error](err); ok && f.Cause != "" {
		text += string(view.AppendFault(nil, fault.Bytes, f.Start, f.Offset))
	}
	if fault.Hint != "" {
		text += s.o.Palette.Note(s.folded("-- ", asCommands.Replace(fault.Hint))) + "\n"
	}
	text += s.o.Palette.Note(s.folded("-- ", "nothing more is decoded; /resync goes on at the next frame, /framing X decodes again what has come"))
	s.say(text)
}

// render is the view, of which auto is the one of the framing where that has one.
func (s *Session) render(dst, body []byte) []byte {
	if s.viewName == "auto" {
		if v, err := view.Parse(view.ForFraming(s.framing.Spelling)); err == nil {
			return v(dst, body)
		}
	}
	return s.view(dst, body)
}
