package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/internal/private"
	"github.com/chancat/channel/internal/repl"
	"github.com/chancat/channel/internal/term"
	"github.com/chancat/channel/session"
	"github.com/chancat/channel/view"
)

// A tapOutput shows what happens on the connections of a tap. It is safe for
// concurrent use.
type tapOutput struct {
	outputFlags
	file string // with -o

	e       *env
	print   *printer
	quiet   bool // nothing is shown: stdout belongs to the peers
	ascii   bool
	brief   bool        // long bodies are cut, on a terminal
	failed  func(error) // ends the command; may be nil
	opened  *os.File
	palette term.Palette

	late  bool // the recording begins when the first connection has decided
	begin sync.Once

	mu    sync.Mutex // guards lines
	lines *bufio.Writer
}

func (o *tapOutput) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.view, "view", "", "`VIEW` of the messages: "+strings.Join(view.Names(), ", ")+" (default auto on a terminal, else text)")
	flags.StringVar(&o.filter, "filter", "", "show the results of the `JQ` query on each message that is JSON, and no others")
	flags.BoolVar(&o.json, "json", false, "print events, one JSON object a line")
	flags.StringVarP(&o.file, "output", "o", "", "show messages, or events, in `FILE` and not on stdout")
	cmd.MarkFlagsMutuallyExclusive("view", "json")
	cmd.MarkFlagsMutuallyExclusive("filter", "json")
	cmd.RegisterFlagCompletionFunc("view", cobra.FixedCompletions(view.Names(), cobra.ShellCompDirectiveNoFileComp))
	o.addRecord(cmd, session.Client)
}

// open makes the output of the flags. Where stdout belongs to the peers, messages
// go to stderr, and only with -v or --json.
func (o *tapOutput) open(e *env, framing string, stdoutTaken bool) (err error) {
	o.e = e
	shown := *e
	switch {
	case o.file != "":
		if o.opened, err = private.Create(o.file, true); err != nil {
			return err
		}
		shown.stdout, shown.outPalette = o.opened, term.Palette{}
	case stdoutTaken:
		shown.stdout, shown.outPalette = e.stderr, e.palette
		o.quiet = !e.verbose && !o.json
	}
	if o.view == "" && !o.json {
		if o.view = view.ForFraming(framing); o.view == "auto" && !term.Is(shown.stdout) {
			o.view = "text"
		}
	}
	if o.print, err = o.outputFlags.open(&shown, framing); err != nil {
		return err
	}
	o.late = framing == "auto" && o.record != ""
	o.brief = term.Is(shown.stdout)
	o.ascii = o.brief && !repl.UTF8Locale(e.getenv)
	o.palette = shown.outPalette
	o.lines = bufio.NewWriterSize(shown.stdout, 64<<10)
	return nil
}

// observe shows an event.
func (o *tapOutput) observe(ev *session.Event) {
	if o.late && ev.Kind == session.Open {
		o.begin.Do(func() { o.print.beginRecord(ev.Framing) })
	}
	if tell := o.print.observer(); tell != nil {
		tell(ev)
	}
	switch ev.Kind {
	case session.Message:
		if !o.json && !o.quiet {
			o.print.filtered(said(ev), func(shown []byte) error { o.message(ev, shown); return nil })
		}
	case session.Broken:
		o.idle()
		o.e.tell(recordedFault(o.direction(ev), ev))
	case session.Fault:
		o.e.say("%s: fault %s applied to message %d", o.direction(ev), ev.Reason, ev.Seq)
	case session.Note:
		o.e.say("%s: %s", o.direction(ev), ev.Reason)
	case session.Lost:
		o.e.say("%s: decoding fell behind: %d bytes from byte %d on were forwarded and not decoded", o.direction(ev), ev.N, ev.Offset)
	case session.Open:
		o.e.note("connection %d: %s to %s", ev.Conn, orDefault(ev.Local, "a client"), ev.Remote)
	case session.Close:
		o.e.note("%s: %s", o.direction(ev), ev.Reason)
	}
}

// direction names the connection and side of an event for people.
func (o *tapOutput) direction(ev *session.Event) string {
	if ev.From == "" {
		return fmt.Sprintf("connection %d", ev.Conn)
	}
	return fmt.Sprintf("connection %d, from the %s", ev.Conn, ev.From)
}

// message shows a message with what is known about it.
func (o *tapOutput) message(ev *session.Event, body []byte) {
	mark := o.mark(ev)
	o.mu.Lock()
	defer o.mu.Unlock()
	line := append(o.lines.AvailableBuffer(), mark...)
	start := len(line)
	line = o.body(append(line, "  "...), body)
	if shown := line[start+2:]; bytes.IndexByte(shown, '\n') >= 0 || o.brief && bytes.HasPrefix(shown, hexRow) { // what has lines begins on one
		line[start] = '\n'
		line = append(line[:start+1], line[start+2:]...)
	}
	if line[len(line)-1] != '\n' {
		line = append(line, '\n')
	}
	if _, err := o.lines.Write(line); err != nil && o.failed != nil {
		o.failed(&outputError{err})
	}
}

const (
	briefBytes = 2 << 10 // of what is shown of a body on a terminal
	briefLines = 20
	viewedMost = 256 << 10 // bytes of a body that a view is asked for there
)

// hexRow begins a hex dump, a row of which is as wide as a screen.
var hexRow = []byte("00000000  ")

// body appends a body in the view. On a terminal its start does.
func (o *tapOutput) body(dst, body []byte) []byte {
	if !o.brief {
		return o.print.view(dst, body)
	}
	start := len(dst)
	dst = o.print.view(dst, body[:min(len(body), viewedMost)])
	n, lines := start, 0
	for n < len(dst) && n < start+briefBytes && lines < briefLines {
		_, size := utf8.DecodeRune(dst[n:])
		if dst[n] == '\n' {
			lines++
		}
		n += size
	}
	if n == len(dst) && len(body) <= viewedMost {
		return dst
	}
	dst = bytes.TrimRight(dst[:n], "\n")
	if i := bytes.LastIndexByte(dst, '\x1b'); i >= start && bytes.IndexByte(dst[i:], 'm') < 0 {
		dst = dst[:i] // of a colour that is cut
	}
	return append(append(dst, o.palette.JSON().Reset...), "\n   (cut here; -o FILE has all of it)"...)
}

// mark is what stands before the body.
func (o *tapOutput) mark(ev *session.Event) string {
	mark := ev.Time.Local().AppendFormat(nil, "15:04:05.000")
	mark = append(mark, " ["...)
	mark = strconv.AppendInt(mark, int64(ev.Conn), 10)
	mark = append(mark, "] "...)
	mark = append(mark, o.arrow(ev.From)...)
	mark = append(mark, " #"...)
	mark = strconv.AppendInt(mark, int64(ev.Seq), 10)
	mark = append(mark, ' ')
	mark = strconv.AppendInt(mark, int64(ev.Body), 10)
	mark = append(mark, " B"...)
	if ev.Answers != 0 {
		mark = fmt.Appendf(mark, ", %s after #%d", rounded(ev.Latency), ev.Answers)
	}
	if ev.Reads > 1 {
		mark = fmt.Appendf(mark, ", %d reads", ev.Reads)
	}
	if ev.From == session.Client {
		return o.palette.Sent(string(mark))
	}
	return o.palette.Received(string(mark))
}

func (o *tapOutput) arrow(from session.Side) string {
	switch {
	case o.ascii && from == session.Client:
		return "->"
	case o.ascii:
		return "<-"
	case from == session.Client:
		return "→"
	}
	return "←"
}

// idle writes out what is buffered.
func (o *tapOutput) idle() {
	err := o.print.flush()
	o.mu.Lock()
	if flushErr := o.lines.Flush(); err == nil {
		err = flushErr
	}
	o.mu.Unlock()
	if err != nil && o.failed != nil {
		o.failed(&outputError{err})
	}
}

// closeAfter closes, and returns err, or else what failed here.
func (o *tapOutput) closeAfter(err error) error {
	o.idle()
	err = o.print.closeAfter(err)
	if o.opened != nil {
		if closeErr := o.opened.Close(); err == nil {
			err = closeErr
		}
	}
	return err
}
