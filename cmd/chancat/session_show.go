package main

import (
	"bytes"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/internal/recording"
	"github.com/chancat/channel/internal/text/escape"
	"github.com/chancat/channel/session"
	"github.com/chancat/channel/view"
)

type sessionShow struct {
	e     *env
	out   outputFlags
	part  selectFlags
	print *printer
	start time.Time // of the recording
	brief view.View // of the framing, for the start of a message; nil for none
}

func newSessionShow(e *env) *cobra.Command {
	c := &sessionShow{e: e}
	cmd := &cobra.Command{
		Use:   "show [flags] FILE...",
		Short: "list what was said: when, by whom, how long it is",
		Long: `List what a recording holds, one line for each message: seconds since the start,
connection, direction, number, bytes, reads, the time to the answer, and the
start of the message. --view shows messages whole, --out and --filter print them
alone.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return exactArgs("FILE")(cmd, args)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, files []string) error {
			return interruptible(cmd.Context(), func() error { return c.run(files) })
		},
	}
	c.out.add(cmd)
	c.part.add(cmd)
	return cmd
}

func (c *sessionShow) run(files []string) error {
	selection, err := c.part.selection()
	if err != nil {
		return err
	}
	if c.print, err = c.out.open(c.e, ""); err != nil {
		return err
	}
	for i, name := range files {
		if len(files) > 1 && c.listing() {
			if i > 0 {
				fmt.Fprintln(c.e.stdout)
			}
			fmt.Fprintf(c.e.stdout, "%s:\n", printable(name))
		}
		if err = c.file(name, selection); err != nil {
			break
		}
	}
	return c.print.closeAfter(err)
}

// listing reports whether there is more on stdout than messages.
func (c *sessionShow) listing() bool { return c.out.out == "" && !c.out.json && c.out.filter == "" }

func (c *sessionShow) file(name string, selection recording.Selection) error {
	s, err := openSource(c.e, name)
	if err != nil {
		return err
	}
	defer s.file.Close()
	s.events = recording.Inflated(s.events, c.e.framing)
	slicer := recording.NewSlicer(c, selection)
	c.start = time.Time{}
	err = s.copyTo(c.e, slicer, c.part.conn)
	if closed := slicer.Close(); closed != nil && err == nil {
		err = &outputError{closed}
	}
	return err
}

// Flush is for the Slicer.
func (c *sessionShow) Flush() error { return c.print.flush() }

// WriteEvent shows one event.
func (c *sessionShow) WriteEvent(ev *session.Event) error {
	if c.start.IsZero() {
		c.start = ev.Time
	}
	if ev.Kind == session.Session {
		c.decodedAs(orDefault(c.e.framing, ev.Framing))
	}
	switch {
	case c.out.json:
		if ev.Kind == session.Read {
			return nil
		}
		return c.print.events.WriteEvent(ev)
	case c.listing():
		line := c.line(ev)
		if line == nil {
			return nil
		}
		_, err := c.e.stdout.Write(line)
		return err
	case ev.Kind == session.Message:
		return c.print.message("", c.print.shown(ev))
	}
	return nil
}

// decodedAs has messages shown as those of a framing are read.
func (c *sessionShow) decodedAs(spelling string) {
	c.print.forFraming(spelling)
	c.brief = nil
	if name := view.ForFraming(spelling); name != "auto" {
		c.brief, _ = view.Parse(name) // which is one of ours
	}
}

// line is what the list says of an event; nil for nothing.
func (c *sessionShow) line(ev *session.Event) []byte {
	palette := c.e.outPalette
	note := func(format string, args ...any) []byte {
		return []byte(palette.Note("-- "+printable(fmt.Sprintf(format, args...))) + "\n")
	}
	switch ev.Kind {
	case session.Session:
		when := "at an unknown time"
		if !ev.Time.IsZero() {
			when = ev.Time.Local().Format("2006-01-02 15:04:05.000 MST")
		}
		return note("%s, framing %s, by %s", when, orDefault(ev.Framing, "unknown"), orDefault(ev.Program, "an unknown program"))
	case session.Open:
		return note("connection %d: from %s to %s", ev.Conn, orDefault(ev.Local, "?"), orDefault(ev.Remote, "?"))
	case session.Close:
		return note("connection %d: %s, by the %s", ev.Conn, ev.Reason, orDefault(string(ev.From), "unknown side"))
	case session.Fault:
		return note("connection %d, from the %s: fault %s applied to message %d", ev.Conn, ev.From, ev.Reason, ev.Seq)
	case session.Note:
		return note("connection %d: %s", ev.Conn, ev.Reason)
	case session.Lost:
		return note("connection %d: %d bytes of the %s were not captured", ev.Conn, ev.N, orDefault(string(ev.From), "unknown side"))
	case session.Broken:
		return []byte(palette.Fault("!! "+printable(fmt.Sprintf("connection %d, from the %s: %s", ev.Conn, ev.From, ev.Error))) + "\n")
	case session.Message:
		return c.message(ev)
	}
	return nil
}

func (c *sessionShow) message(ev *session.Event) []byte {
	when := ""
	if !ev.Time.IsZero() {
		when = fmt.Sprintf("%.3f", ev.Time.Sub(c.start).Seconds())
	}
	arrow := c.e.outPalette.Received("←")
	if ev.From == session.Client {
		arrow = c.e.outPalette.Sent("→")
	}
	line := fmt.Appendf(nil, "%9s  [%d] %s #%-4d %6d B", when, ev.Conn, arrow, ev.Seq, len(ev.Data))
	if ev.Reads > 1 {
		line = fmt.Appendf(line, " in %d reads", ev.Reads)
	}
	if ev.Answers != 0 {
		line = fmt.Appendf(line, " answers #%d in %v", ev.Answers, ev.Latency)
	}
	if c.print.view == nil || c.out.view == "" {
		return c.appendStart(append(line, "  "...), said(ev))
	}
	shown := c.print.view(nil, said(ev))
	if bytes.IndexByte(bytes.TrimSuffix(shown, []byte("\n")), '\n') < 0 {
		line = append(line, "  "...)
	} else {
		line = append(line, '\n')
	}
	line = append(line, shown...)
	if line[len(line)-1] != '\n' {
		line = append(line, '\n')
	}
	return line
}

// briefMost bounds the bytes of a message that is viewed for its start alone.
const briefMost = 64 << 10

// appendStart appends the start of a message, on one line.
func (c *sessionShow) appendStart(dst, body []byte) []byte {
	if c.brief == nil || len(body) > briefMost {
		return appendPreview(dst, "", body)
	}
	start := len(dst)
	for i, line := range bytes.Split(bytes.TrimSuffix(c.brief(nil, body), []byte("\n")), []byte("\n")) {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, bytes.TrimLeft(line, " ")...)
	}
	if end := start + previewMost; len(dst) > end {
		for !utf8.RuneStart(dst[end]) {
			end--
		}
		dst = append(dst[:end], "…"...)
	}
	return append(dst, '\n')
}

// previewMost bounds the bytes of a message that a line shows.
const previewMost = 200

func appendPreview(dst []byte, sign string, body []byte) []byte {
	dst = escape.AppendPrintable(append(dst, sign...), body[:min(len(body), previewMost)])
	if len(body) > previewMost {
		dst = append(dst, "…"...)
	}
	return append(dst, '\n')
}
