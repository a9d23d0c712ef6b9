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

// exclaim frames text by the exclamation mark that ends it: a framing whose
// head declares nothing. A question mark is no text.
type exclaim struct{}

func (exclaim) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	for i := st.Pos; i < len(buf); i++ {
		switch buf[i] {
		case '?':
			return frame.Span{}, 0, frame.Malformed(i, "got %q in the text", buf[i])
		case '!':
			return frame.Span{Body: i, Tail: 1}, 0, nil
		}
	}
	st.Pos = len(buf)
	return frame.Span{Body: len(buf)}, 1, nil
}

func (exclaim) AppendFrame(dst, msg []byte) ([]byte, error) {
	if i := bytes.IndexAny(msg, "!?"); i >= 0 {
		return dst, frame.Refuse("byte %d is %q", i, msg[i])
	}
	return append(append(dst, msg...), '!'), nil
}

// broken reads frames up to the error that ends them.
func broken(t *testing.T, r *frame.Reader) *frame.Error {
	t.Helper()
	for {
		_, err := r.Next()
		if err == nil {
			continue
		}
		e, ok := errors.AsType[*frame.Error](err)
		if !ok {
			t.Fatalf("got error %v, want a *frame.Error", err)
		}
		return e
	}
}

func ways(in string) map[string]io.Reader {
	return map[string]io.Reader{
		"whole":        strings.NewReader(in),
		"single bytes": iotest.OneByteReader(strings.NewReader(in)),
	}
}

func TestLimitIsJudgedBeforeWhatStandsBehindIt(t *testing.T) {
	for name, src := range ways("longer?") {
		err := broken(t, frame.NewReader(src, exclaim{}, 3))
		if !errors.Is(err, frame.ErrTooLarge) || err.Offset != 0 {
			t.Errorf("%s: got %v, want the limit judged before the question mark", name, err)
		}
	}
	for name, src := range ways("lo?ger!") {
		err := broken(t, frame.NewReader(src, exclaim{}, 3))
		if !errors.Is(err, frame.ErrSyntax) || err.Offset != 2 {
			t.Errorf("%s: got %v, want the question mark judged before the limit", name, err)
		}
	}
}

// A sluggish reader returns nothing each time but every n-th.
type sluggish struct {
	src   io.Reader
	n     int
	calls int
}

func (s *sluggish) Read(p []byte) (int, error) {
	if s.calls++; s.calls%s.n != 0 {
		return 0, nil
	}
	return s.src.Read(p)
}

func TestNoProgress(t *testing.T) {
	stream := "\r\nMSG 300\r\n" + strings.Repeat("x", 300)
	r := frame.NewReader(&sluggish{src: iotest.OneByteReader(strings.NewReader(stream)), n: 50}, framing.MSG, 1000)
	if f, err := r.Next(); err != nil || len(f.Raw) != len(stream) {
		t.Errorf("a source that is slow but goes on: got %d bytes, %v", len(f.Raw), err)
	}
	stuck := &sluggish{src: strings.NewReader("x!"), n: 150}
	r = frame.NewReader(stuck, exclaim{}, 1000)
	if _, err := r.Next(); err != io.ErrNoProgress {
		t.Errorf("a source without progress: got %v, want %v", err, io.ErrNoProgress)
	}
	if f, err := r.Next(); err != nil || string(f.Raw) != "x!" {
		t.Errorf("a source that woke up: got %q, %v", f.Raw, err)
	}
}

// next reads a frame and checks its message.
func next(t *testing.T, r *frame.Reader, want string) frame.Frame {
	t.Helper()
	f, err := r.Next()
	if err != nil {
		t.Fatalf("got %v, want the message %.20q", err, want)
	}
	if got := string(r.Message(f)); got != want {
		t.Fatalf("got message %.20q of %d bytes, want %.20q of %d", got, len(got), want, len(want))
	}
	return f
}
