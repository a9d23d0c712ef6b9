package frame_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// Each text says where the frame began, which byte broke it, and what was wrong
// with it.
func TestErrorTexts(t *testing.T) {
	for _, c := range []struct {
		codec         frame.Codec
		in            string
		start, offset int64
		cause         frame.Cause
		sentinel      error
		text          string
	}{
		{framing.MSG, "\r\nMSG 1\r\nx\r\nMXG 1\r\n", 10, 13, frame.CauseSyntax, frame.ErrSyntax,
			"frame at byte 10: byte 13: malformed frame: got 'X', want 'S'"},
		{framing.MSG, "\r\nMSG +5\r\n", 0, 6, frame.CauseBadDigits, frame.ErrSyntax,
			"frame at byte 0: byte 6: malformed frame: length: got '+', want a digit"},
		{framing.MSG, "\r\nM\xff", 0, 3, frame.CauseSyntax, frame.ErrSyntax,
			`frame at byte 0: byte 3: malformed frame: got '\xff', want 'S'`},
		{framing.MSG, "\r\nMSG 1\r\nx\r\nMSG 8\r\nbody", 10, 23, frame.CauseTruncated, io.ErrUnexpectedEOF,
			"frame at byte 10: byte 23: unexpected EOF: the frame lacks at least 4 more bytes"},
		{framing.MSG, "\r\nMSG 5\r\nbody", 0, 13, frame.CauseTruncated, io.ErrUnexpectedEOF,
			"frame at byte 0: byte 13: unexpected EOF: the frame lacks at least 1 more byte"},
		{framing.MSG, "\r\nMSG 1\r\nx\r\nMSG 999999999\r\n", 10, 16, frame.CauseTooLarge, frame.ErrTooLarge,
			"frame at byte 10: byte 16: frame too large: a body of 999999999 bytes, the limit is 20"},
		{exclaim{}, "ok!this has more than twenty bytes!", 3, 3, frame.CauseTooLarge, frame.ErrTooLarge,
			"frame at byte 3: frame too large: the body does not end within the limit of 20 bytes"},
		{claims{}, "ok", 0, 1, frame.CauseTooLarge, frame.ErrTooLarge,
			"frame at byte 0: byte 1: frame too large: a body of 18446744073709551615 bytes, the limit is 20"},
		{foreign{}, "ok", 0, 0, frame.CauseSyntax, errForeign,
			"frame at byte 0: out of order"},
	} {
		for name, src := range ways(c.in) {
			err := broken(t, frame.NewReader(src, c.codec, 20))
			if err.Error() != c.text {
				t.Errorf("%q, %s: got error\n\t%s\nwant\n\t%s", c.in, name, err, c.text)
			}
			if err.Start != c.start || err.Offset != c.offset || err.Cause != c.cause {
				t.Errorf("%q, %s: got start %d, offset %d, cause %s; want %d, %d, %s", c.in, name, err.Start, err.Offset, err.Cause, c.start, c.offset, c.cause)
			}
			if !errors.Is(err, c.sentinel) || errors.Is(err, io.EOF) {
				t.Errorf("%q, %s: error %v is not %v, or is io.EOF", c.in, name, err, c.sentinel)
			}
		}
	}
}

// claims says of every frame that no int can count its body.
type claims struct{ exclaim }

func (claims) Scan([]byte, *frame.State) (frame.Span, int, error) {
	return frame.Span{}, 0, frame.TooLarge(1, 1<<64-1)
}

// foreign has errors that are not made by package frame.
type foreign struct{ exclaim }

var errForeign = errors.New("out of order")

func (foreign) Scan([]byte, *frame.State) (frame.Span, int, error) {
	return frame.Span{}, 0, errForeign
}

func TestRefuse(t *testing.T) {
	_, err := exclaim{}.AppendFrame(nil, []byte("oh!"))
	if want := "message cannot be sent in this framing: byte 2 is '!'"; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
	if !errors.Is(err, frame.ErrUnsendable) {
		t.Errorf("error %v does not wrap ErrUnsendable", err)
	}
}

// errCable is a failing source's error.
var errCable = errors.New("the cable is out")

func TestReadErrorInsideFrame(t *testing.T) {
	src := io.MultiReader(strings.NewReader("\r\nMSG 1\r\nx\r\nMS"), iotest.ErrReader(errCable))
	err := broken(t, frame.NewReader(src, framing.MSG, 20))
	if want := "frame at byte 10: byte 14: the cable is out"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if !errors.Is(err, errCable) || err.Cause != "" {
		t.Errorf("got cause %q and %v; want the source's error, and no fault of the frame", err.Cause, err.Err)
	}
}

func TestReadErrorAtBoundary(t *testing.T) {
	src := io.MultiReader(strings.NewReader("\r\nMSG 1\r\nx"), iotest.ErrReader(errCable))
	r := frame.NewReader(src, framing.MSG, 20)
	next(t, r, "x")
	if _, err := r.Next(); err != errCable {
		t.Errorf("got %v, want the source's error as it is", err)
	}
}

// What came with the error of the source is judged before it.
func TestReadErrorWithBytes(t *testing.T) {
	src := iotest.DataErrReader(io.MultiReader(strings.NewReader("\r\nMSG 1\r\nx?"), iotest.ErrReader(errCable)))
	r := frame.NewReader(src, framing.MSG, 20)
	next(t, r, "x")
	if err := broken(t, r); err.Offset != 10 || !errors.Is(err, frame.ErrSyntax) {
		t.Errorf("got %v, want the question mark at byte 10", err)
	}
}

func TestTimeoutInsideFrameLosesNothing(t *testing.T) {
	pieces := io.MultiReader(strings.NewReader("\r\nMSG 5\r\nhe"), strings.NewReader("llo"))
	r := frame.NewReader(iotest.TimeoutReader(pieces), framing.MSG, 20)
	_, err := r.Next()
	e, ok := errors.AsType[*frame.Error](err)
	if !ok || !errors.Is(err, iotest.ErrTimeout) || e.Start != 0 || e.Offset != 11 {
		t.Fatalf("got %v, want the timeout at byte 11 of the frame at 0", err)
	}
	if got := r.Buffered(); !bytes.Equal(got, []byte("\r\nMSG 5\r\nhe")) {
		t.Errorf("got %q in the buffer, want the bytes before the timeout", got)
	}
	if f := next(t, r, "hello"); f.Reads != 2 {
		t.Errorf("got a frame over %d reads, want 2", f.Reads)
	}
}
