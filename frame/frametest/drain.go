package frametest

import (
	"errors"
	"fmt"
	"io"
	"testing/iotest"

	"github.com/chancat/channel/frame"
)

// A Result is what a stream was read as. Two of them can be compared with
// [reflect.DeepEqual].
type Result struct {
	Frames []Frame
	Error  *Error // nil when the stream ended at a frame boundary
}

// A Frame is a copy of a [frame.Frame] with its message, but without the number
// of reads, which depends on how the stream was cut.
type Frame struct {
	Offset  int64
	Span    frame.Span
	Raw     string
	Message string
}

// An Error has the parts of a [frame.Error] that a person or a program sees.
type Error struct {
	Start, Offset int64
	Cause         frame.Cause
	Text          string
}

func (r Result) String() string {
	s := ""
	for _, f := range r.Frames {
		s += fmt.Sprintf("frame at %d %+v %q\n", f.Offset, f.Span, f.Raw)
	}
	if r.Error == nil {
		return s + "clean end"
	}
	return s + fmt.Sprintf("cause %s: %s", r.Error.Cause, r.Error.Text)
}

// Drain reads r to its end or its first broken frame. It reads on after
// [iotest.ErrTimeout].
func Drain(r io.Reader, c frame.Codec, limit int) Result {
	var got Result
	rd := frame.NewReader(r, c, limit)
	for {
		f, err := rd.Next()
		switch {
		case err == io.EOF:
			return got
		case errors.Is(err, iotest.ErrTimeout):
			continue
		case err != nil:
			got.Error = describe(err)
			return got
		case len(f.Raw) == 0:
			got.Error = &Error{Start: f.Offset, Offset: f.Offset, Text: "Scan returned a complete frame of no bytes"}
			return got
		}
		got.Frames = append(got.Frames, Frame{f.Offset, f.Span, string(f.Raw), string(rd.Message(f))})
	}
}

// by reads r by message, in turn with frames, and returns how that differs from want;
// empty for not at all.
func (want Result) by(r io.Reader, c frame.Codec, limit int) string {
	rd := frame.NewReader(r, c, limit)
	next := func(i int) (string, error) {
		for {
			msg, err := []byte(nil), error(nil)
			if i%3 < 2 {
				msg, err = rd.NextMessage()
			} else if f, failed := rd.Next(); failed == nil {
				msg = rd.Message(f)
			} else {
				err = failed
			}
			if !errors.Is(err, iotest.ErrTimeout) {
				return string(msg), err
			}
		}
	}
	for i, f := range want.Frames {
		msg, err := next(i)
		if end := f.Offset + int64(len(f.Raw)); err != nil || msg != f.Message || rd.Offset() != end {
			return fmt.Sprintf("message %d is %q up to byte %d, error %v; want %q up to byte %d", i, msg, rd.Offset(), err, f.Message, end)
		}
	}
	for range 2 { // the end stays
		_, err := next(0)
		if err == io.EOF {
			err = nil
		}
		if got := describe(err); (got == nil) != (want.Error == nil) || got != nil && *got != *want.Error {
			return fmt.Sprintf("the messages end with %v, want %v", got, want.Error)
		}
	}
	return ""
}

// describe copies err, whose text stands for it when it is no [frame.Error].
func describe(err error) *Error {
	if err == nil {
		return nil
	}
	d := &Error{Text: err.Error()}
	if e, ok := errors.AsType[*frame.Error](err); ok {
		d.Start, d.Offset, d.Cause = e.Start, e.Offset, e.Cause
	}
	return d
}

// inBatches reads r by as many messages at a time as fit, and returns how that differs
// from want; empty for not at all.
func (want Result) inBatches(r io.Reader, c frame.Codec, limit int) string {
	rd := frame.NewReader(r, c, limit)
	frames := want.Frames
	for room := 1; ; room = room%3 + 1 {
		batch, err := rd.AppendMessages(make([][]byte, 0, room))
		if errors.Is(err, iotest.ErrTimeout) {
			continue
		}
		if err == nil && (len(batch) == 0 || len(batch) > room || len(batch) > len(frames)) {
			return fmt.Sprintf("%d messages at once, into room for %d; %d are left", len(batch), room, len(frames))
		}
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			if got := describe(err); len(batch) > 0 || len(frames) > 0 || (got == nil) != (want.Error == nil) || got != nil && *got != *want.Error {
				return fmt.Sprintf("the batches end with %v and %d messages, want %v; %d are left", got, len(batch), want.Error, len(frames))
			}
			return ""
		}
		for i, msg := range batch {
			if string(msg) != frames[i].Message {
				return fmt.Sprintf("a message of a batch is %q, want %q", msg, frames[i].Message)
			}
		}
		last := frames[len(batch)-1]
		if end := last.Offset + int64(len(last.Raw)); rd.Offset() != end {
			return fmt.Sprintf("behind a batch at byte %d, want %d", rd.Offset(), end)
		}
		frames = frames[len(batch):]
	}
}
