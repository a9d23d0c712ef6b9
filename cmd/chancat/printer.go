package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/internal/filter"
	"github.com/chancat/channel/internal/private"
	"github.com/chancat/channel/internal/recording"
	"github.com/chancat/channel/internal/term"
	"github.com/chancat/channel/internal/text"
	"github.com/chancat/channel/session"
	"github.com/chancat/channel/session/pcap"
	"github.com/chancat/channel/view"
)

// outputFlags say how received messages are printed.
type outputFlags struct {
	out    string
	view   string
	filter string
	json   bool
	record string
	redact redactFlags
	side   session.Side // that we are, in the recording
}

func (f *outputFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.out, "out", "", "`CODING` of the messages on stdout: line, nul, raw, hex, base64, escape or frames=FRAMING (default line)")
	flags.StringVar(&f.view, "view", "", "`VIEW` of the messages for a person: "+strings.Join(view.Names(), ", ")+" (default auto on a terminal)")
	flags.StringVar(&f.filter, "filter", "", "print the results of the `JQ` query on each message that is JSON, and no others")
	flags.BoolVar(&f.json, "json", false, "print events, one JSON object a line")
	cmd.MarkFlagsMutuallyExclusive("out", "view", "json")
	cmd.MarkFlagsMutuallyExclusive("filter", "json")
	cmd.RegisterFlagCompletionFunc("out", completeCoding)
	cmd.RegisterFlagCompletionFunc("view", cobra.FixedCompletions(view.Names(), cobra.ShellCompDirectiveNoFileComp))
}

// addRecord adds --record for a command that is the given side of its connections.
func (f *outputFlags) addRecord(cmd *cobra.Command, side session.Side) {
	f.side = side
	cmd.Flags().StringVar(&f.record, "record", "", "keep every read and message in the session `FILE`, or in a capture if it ends in .pcapng")
	f.redact.add(cmd)
}

// A recorder keeps what happens on connections.
type recorder interface {
	WriteEvent(*session.Event) error
	Flush() error
}

func (f *outputFlags) recorder(file *os.File) recorder {
	if strings.HasSuffix(f.record, ".pcapng") {
		return pcap.NewWriter(file, &pcap.WriterOptions{Program: "chancat " + version(), Local: f.side})
	}
	return session.NewWriter(file)
}

// redacted is a recorder without secrets.
func redacted(r recorder, secrets []*regexp.Regexp) recorder {
	if secrets == nil {
		return r
	}
	return recording.NewRedactor(r, secrets)
}

// A printer prints received messages, or events. It is safe for concurrent use.
type printer struct {
	e      *env
	events *session.Writer // with --json, and then nothing else
	filter *filter.Filter  // with --filter

	filterFailed atomic.Bool // a query that fails is told once

	alone    bool         // one goroutine prints, and takes no lock a message
	mu       sync.Mutex   // guards the rest of the output, unless alone
	messages *text.Writer // without --view
	view     view.View    // for a person
	auto     bool         // it is that of the framing
	stdout   io.Writer

	record     recorder // with --record
	recordFile *os.File
	recordErr  atomic.Pointer[error] // the first failure, told once
}

// open makes the printer of the flags. The caller closes it.
func (f *outputFlags) open(e *env, framing string) (*printer, error) {
	p := &printer{e: e, stdout: e.stdout}
	coding, err := text.Parse(orDefault(f.out, "line"))
	if err != nil {
		return nil, usage(err)
	}
	if f.filter != "" {
		if p.filter, err = filter.Compile(f.filter); err != nil {
			return nil, usage(fmt.Errorf("--filter: %w", err))
		}
	}
	secrets, err := f.redact.parse()
	if err != nil {
		return nil, err
	}
	if secrets != nil && f.record == "" {
		return nil, usage(errors.New("--redact is about what --record keeps; what is printed stays as it is"))
	}
	name := f.view
	if name == "" && term.Is(e.stdout) {
		switch f.out {
		case "":
			name = "auto"
		case "line":
			name = "text" // a line of a peer must not drive the terminal
		}
	}
	switch {
	case f.json:
		p.events = session.NewWriter(e.stdout)
	case name != "":
		if p.auto = name == "auto"; p.auto {
			name = view.ForFraming(framing)
		}
		if p.view, err = e.parseView(name); err != nil {
			return nil, err
		}
	default:
		p.messages = coding.NewWriter(e.stdout)
	}
	if f.record != "" {
		if p.recordFile, err = private.Create(f.record, true); err != nil {
			return nil, err
		}
		p.record = redacted(f.recorder(p.recordFile), secrets)
		if framing != "auto" {
			p.beginRecord(framing)
		}
	}
	return p, nil
}

// beginRecord writes the first line of a recording.
func (p *printer) beginRecord(framing string) {
	p.observeRecord(&session.Event{Kind: session.Session, Time: time.Now(), Framing: framing, Program: "chancat " + version()})
}

// forFraming has the view auto be that of a framing which a file names. It is for
// the goroutine that prints alone.
func (p *printer) forFraming(spelling string) {
	if p.auto && spelling != "" {
		p.view, _ = p.e.parseView(view.ForFraming(spelling)) // which is one of ours
	}
}

// parseView returns the view of that name, which colours JSON if stdout is for
// colours.
func (e *env) parseView(name string) (view.View, error) {
	v, err := view.ParseColored(name, e.outPalette.JSON())
	if err != nil {
		return nil, usage(err)
	}
	return v, nil
}

func orDefault(s, missing string) string {
	if s == "" {
		return missing
	}
	return s
}

// observer is what a Link tells its events to; nil when nobody wants them.
func (p *printer) observer() func(*session.Event) {
	if p.events == nil && p.record == nil {
		return nil
	}
	return func(ev *session.Event) {
		if p.events != nil && ev.Kind != session.Read {
			p.events.WriteEvent(ev) // a failure is sticky: flush tells it
			if ev.Kind != session.Message {
				p.events.Flush()
			}
		}
		if p.record != nil {
			p.observeRecord(ev)
		}
	}
}

// observeRecord adds to the recording. When that fails it is told once, and the
// conversation goes on.
func (p *printer) observeRecord(ev *session.Event) {
	err := p.record.WriteEvent(ev)
	if err == nil && ev.Kind != session.Read && ev.Kind != session.Message {
		err = p.record.Flush()
	}
	p.recordFailed(err)
}

func (p *printer) recordFailed(err error) {
	if err != nil && p.recordErr.CompareAndSwap(nil, &err) {
		p.e.warn(fmt.Errorf("the recording ends here: %w", err))
	}
}

// An outputError is a failure of stdout, which ends the command and not just a
// connection.
type outputError struct{ err error }

func (e *outputError) Error() string { return e.err.Error() }
func (e *outputError) Unwrap() error { return e.err }

// message prints one message. where is put before it for a person; "" for
// nothing. The error is an *outputError.
func (p *printer) message(where string, body []byte) error {
	if p.events != nil {
		return nil // the Link tells
	}
	var err error
	if p.filter == nil {
		err = p.write(where, body)
	} else {
		err = p.filtered(body, func(result []byte) error { return p.write(where, result) })
	}
	if err != nil {
		return &outputError{err}
	}
	return nil
}

// all prints messages as message does.
func (p *printer) all(where string, messages [][]byte) error {
	if p.bare() {
		if !p.alone {
			p.mu.Lock()
			defer p.mu.Unlock()
		}
		if err := p.messages.WriteMessages(messages); err != nil {
			return &outputError{err}
		}
		return nil
	}
	for _, msg := range messages {
		if err := p.message(where, msg); err != nil {
			return err
		}
	}
	return nil
}

// bare reports whether nothing else is done with messages than to write them out. It
// is for printing millions.
func (p *printer) bare() bool { return p.events == nil && p.filter == nil && p.messages != nil }

// said is what a person reads of a message: inflated, if it was compressed.
func said(ev *session.Event) []byte {
	if ev.Plain != nil {
		return ev.Plain
	}
	return ev.Data
}

// shown is what of ev goes to message: what it says, for a view or a query, else the
// message as it was.
func (p *printer) shown(ev *session.Event) []byte {
	if p.view != nil || p.filter != nil {
		return said(ev)
	}
	return ev.Data
}

// filtered calls show with what --filter makes of body. A message that is no JSON
// or that the query fails on is left out.
func (p *printer) filtered(body []byte, show func(result []byte) error) error {
	if p.filter == nil {
		return show(body)
	}
	var shown error
	err := p.filter.Apply(body, func(result []byte) error {
		shown = show(result)
		return shown
	})
	switch {
	case shown != nil:
		return shown
	case err == nil:
	case errors.Is(err, filter.ErrNotJSON) || p.filterFailed.Swap(true):
		p.e.note("--filter leaves a message out: %v", err)
	default:
		p.e.warn(fmt.Errorf("--filter leaves a message out: %w; -v tells of all such messages", err))
	}
	return nil
}

func (p *printer) write(where string, body []byte) error {
	if !p.alone {
		p.mu.Lock()
		defer p.mu.Unlock()
	}
	if p.messages != nil {
		return p.messages.WriteMessage(body)
	}
	line := append([]byte(where), p.view(nil, body)...)
	if n := len(line); n == 0 || line[n-1] != '\n' {
		line = append(line, '\n')
	}
	_, err := p.stdout.Write(line)
	return err
}

// flush writes out what message and the observer left in buffers. It is called
// before anything that may block.
func (p *printer) flush() error {
	if err := p.flushEvents(); err != nil || p.messages == nil {
		return err
	}
	if !p.alone {
		p.mu.Lock()
		defer p.mu.Unlock()
	}
	return p.messages.Flush()
}

// flushEvents writes out what the observer left in buffers, and may be called
// beside the goroutine that prints.
func (p *printer) flushEvents() error {
	if p.record != nil {
		p.recordFailed(p.record.Flush())
	}
	if p.events != nil {
		return p.events.Flush()
	}
	return nil
}

// flushed is flush with an *outputError.
func (p *printer) flushed() error {
	if err := p.flush(); err != nil {
		return &outputError{err}
	}
	return nil
}

// closeAfter flushes and closes, and returns err, or else what failed here.
func (p *printer) closeAfter(err error) error {
	flushErr := p.flush()
	if p.recordFile != nil {
		if held, ok := p.record.(io.Closer); ok {
			p.recordFailed(held.Close())
			p.recordFailed(p.record.Flush())
		}
		p.recordFailed(p.recordFile.Close())
	}
	switch failed := p.recordErr.Load(); {
	case as[*outputError](err) != nil:
		return as[*outputError](err) // no matter where in a message
	case err != nil:
		return err
	case flushErr != nil:
		return flushErr
	case failed != nil:
		return &toldError{&codedError{exitConnect, *failed}}
	}
	return nil
}

// A toldError has been reported already: only its exit code is left to tell.
type toldError struct{ err error }

func (e *toldError) Error() string { return e.err.Error() }
func (e *toldError) Unwrap() error { return e.err }
