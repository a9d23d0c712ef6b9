package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/session"
)

type decodeCommand struct {
	e         *env
	out       outputFlags
	as        string
	keepGoing bool

	framing framing.Framing
	print   *printer
}

func newDecode(e *env) *cobra.Command {
	c := &decodeCommand{e: e}
	cmd := &cobra.Command{
		Use:   "decode [flags] [FILE...]",
		Short: "print the messages found in files, session files or stdin",
		Long: `Print the messages of frames in files, or in stdin. A session file, recorded
with --record, is recognised by its first line; its own framing counts unless -f
is given. A broken frame is shown, with its offset, and ends its file.`,
		Example: `  chancat decode -f u32be capture.bin
  chancat decode -f msg --json < stream | jq .text
  chancat decode -f line --keep-going --view hex damaged.log
  chancat decode --json session.jsonl`,
		RunE: func(cmd *cobra.Command, files []string) error {
			return interruptible(cmd.Context(), func() error { return c.run(files) })
		},
	}
	c.out.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&c.as, "as", "", "what the files are: raw or session (default: see for yourself)")
	flags.BoolVar(&c.keepGoing, "keep-going", false, "after a broken frame, skip to the next plausible one")
	cmd.RegisterFlagCompletionFunc("as", cobra.FixedCompletions([]string{"raw", "session"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (c *decodeCommand) run(files []string) (err error) {
	if c.as != "" && c.as != "raw" && c.as != "session" {
		return usage(fmt.Errorf("--as %s: want raw or session", c.as))
	}
	if c.framing, err = c.e.parseFraming(); err != nil {
		return err
	}
	if c.print, err = c.out.open(c.e, c.framing.Spelling); err != nil {
		return err
	}
	if len(files) == 0 {
		files = []string{"-"}
	}
	var first error
	for _, name := range files {
		err := c.file(name)
		if err == nil || exitCode(err) != exitBroken {
			if err != nil {
				return c.print.closeAfter(err)
			}
			continue
		}
		c.print.flush()
		c.e.tell(err)
		if first == nil {
			first = &toldError{err}
		}
	}
	return c.print.closeAfter(first)
}

func (c *decodeCommand) file(name string) error {
	src, shown := c.e.stdin, "stdin"
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		src, shown = f, name
	}
	kind, stream, err := sniff(src)
	if err != nil {
		return err
	}
	stream = &hookedReader{stream, func() { c.print.flush() }}
	switch {
	case c.as == "session" || c.as == "" && kind == kindSession:
		return c.session(shown, stream)
	case c.as == "" && kind == kindCapture:
		return usage(fmt.Errorf("%s is a packet capture, which this version does not read; --as raw takes its bytes as they are", shown))
	}
	return c.raw(shown, stream)
}

// raw prints the messages of a bare stream.
func (c *decodeCommand) raw(name string, stream io.Reader) error {
	r := frame.NewReader(stream, c.framing.Either.Codec, c.framing.Either.Max)
	d := decoder{c: c, name: name, reader: r, arrival: time.Now}
	for {
		switch err := d.next(); {
		case err == io.EOF && d.broken:
			return &toldError{&codedError{exitBroken, errors.New("broken frames")}}
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// A decoder prints the messages of one direction of one stream.
type decoder struct {
	c       *decodeCommand
	name    string // of the stream, for people
	reader  *frame.Reader
	conn    int
	from    session.Side
	seq     int
	arrival func() time.Time
	broken  bool
}

// next prints one message, or passes over a broken frame if that is wanted.
func (d *decoder) next() error {
	f, err := d.reader.Next()
	if err == nil {
		return d.message(f)
	}
	e, ok := errors.AsType[*frame.Error](err)
	if !ok || e.Cause == "" {
		return err
	}
	d.brokenEvent(e)
	fault := located(d.name, err, d.reader.Buffered())
	if !d.c.keepGoing {
		return fault
	}
	if err := d.c.print.flush(); err != nil {
		return err
	}
	d.c.e.tell(fault)
	d.broken = true
	skipped, err := d.reader.Resync()
	d.c.e.say("%s: skipped %d bytes from byte %d", d.name, skipped, e.Start)
	return err
}

func (d *decoder) message(f frame.Frame) error {
	body := d.reader.Message(f)
	d.seq++
	if d.c.print.events == nil {
		return d.c.print.message("", body)
	}
	return d.c.print.events.WriteEvent(&session.Event{
		Kind: session.Message, Time: d.arrival(), Conn: d.conn, From: d.from, Seq: d.seq,
		Offset: f.Offset, Head: f.Span.Head, Body: f.Span.Body, Tail: f.Span.Tail, Reads: f.Reads, Data: body,
	})
}

func (d *decoder) brokenEvent(e *frame.Error) {
	if d.c.print.events == nil {
		return
	}
	bytes := d.reader.Buffered()
	d.c.print.events.WriteEvent(&session.Event{
		Kind: session.Broken, Time: d.arrival(), Conn: d.conn, From: d.from, Offset: e.Start, At: e.Offset,
		Cause: string(e.Cause), Error: e.Error(), Hint: link.Hint(e, bytes), Data: bytes[:min(len(bytes), link.BrokenBytes)],
	})
}

// What a file is, by its first bytes.
type fileKind int

const (
	kindRaw fileKind = iota
	kindSession
	kindCapture
)

var signatures = []struct {
	start string
	kind  fileKind
}{
	{`{"event":"session"`, kindSession},
	{"\xa1\xb2\xc3\xd4", kindCapture},
	{"\xd4\xc3\xb2\xa1", kindCapture},
	{"\xa1\xb2\x3c\x4d", kindCapture},
	{"\x4d\x3c\xb2\xa1", kindCapture},
	{"\x0a\x0d\x0d\x0a", kindCapture},
}

// sniff tells what src is, and returns a reader of all of it. It reads no more
// than it must: src may be a live stream whose first message is short.
func sniff(src io.Reader) (fileKind, io.Reader, error) {
	var start []byte
	for buf := make([]byte, 512); ; {
		undecided := false
		for _, s := range signatures {
			n := min(len(start), len(s.start))
			if string(start[:n]) != s.start[:n] {
				continue
			}
			if n == len(s.start) {
				return s.kind, io.MultiReader(bytes.NewReader(start), src), nil
			}
			undecided = true
		}
		if !undecided {
			return kindRaw, io.MultiReader(bytes.NewReader(start), src), nil
		}
		n, err := src.Read(buf)
		start = append(start, buf[:n]...)
		if err == io.EOF {
			return kindRaw, bytes.NewReader(start), nil
		}
		if err != nil {
			return kindRaw, nil, err
		}
	}
}
