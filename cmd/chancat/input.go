package main

import (
	"errors"
	"io"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/text"
)

// inputFlags say how messages stand in stdin.
type inputFlags struct{ in string }

func (f *inputFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.in, "in", "line", "`CODING` of the messages of stdin: line, nul, raw, hex, base64, escape or frames=FRAMING")
	cmd.RegisterFlagCompletionFunc("in", completeCoding)
}

// open makes the reader of the messages in src, which are to be sent as d frames
// them. before is called before src is read, which may block; its error is that of
// the read. It may be nil.
func (f *inputFlags) open(src io.Reader, d framing.Direction, before func() error) (*input, error) {
	coding, err := text.Parse(f.in)
	if err != nil {
		return nil, usage(err)
	}
	i := new(input)
	if before != nil {
		src = &hookedReader{src, before}
	}
	i.messages = coding.NewReader(&turnReader{src, &i.turn}, d.Max)
	if f.in == text.Line.String() {
		i.composer, _ = d.Codec.(framing.Composer)
	}
	return i, nil
}

// input are the messages that are to be sent, counted.
type input struct {
	messages text.Reader
	composer framing.Composer // of what people type; nil leaves messages as they are
	count    int              // messages returned by next

	// turn counts the reads of stdin, twice: when they begin and when they end. For
	// others who ask whether more is being sent; a count of messages would cost more
	// than sending one.
	turn atomic.Int64
}

// waiting reports whether in that turn stdin is waited for.
func waiting(turn int64) bool { return turn%2 == 1 }

func (i *input) next() ([]byte, error) {
	msg, err := i.messages.Next()
	if err != nil {
		return nil, err
	}
	i.count++
	if i.composer == nil {
		return msg, nil
	}
	msg, err = i.composer.Compose(nil, msg)
	return msg, i.failed(err)
}

// failed adds to an error of sending the last message which one it was.
func (i *input) failed(err error) error {
	if errors.Is(err, frame.ErrUnsendable) {
		return &text.InputError{Message: i.count, Err: err}
	}
	return err
}

// turnReader counts when reads begin and end.
type turnReader struct {
	src  io.Reader
	turn *atomic.Int64
}

func (r *turnReader) Read(p []byte) (int, error) {
	r.turn.Add(1)
	n, err := r.src.Read(p)
	r.turn.Add(1)
	return n, err
}

// hookedReader calls before each time it is read, and reads unless that fails.
type hookedReader struct {
	src    io.Reader
	before func() error
}

func (r *hookedReader) Read(p []byte) (int, error) {
	if err := r.before(); err != nil {
		return 0, err
	}
	return r.src.Read(p)
}
