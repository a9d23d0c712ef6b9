package frame_test

import (
	"errors"
	"io"
	"testing"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

var errLater = errors.New("later")

// A pushed source has what was handed to it; behind that, errLater until it ends.
type pushed struct {
	bytes string
	ended bool
}

func (p *pushed) Read(b []byte) (int, error) {
	n := copy(b, p.bytes)
	p.bytes = p.bytes[n:]
	if n == 0 && p.ended {
		return 0, io.EOF
	}
	if n == 0 {
		return 0, errLater
	}
	return n, nil
}

func TestLose(t *testing.T) {
	for _, c := range []struct {
		name          string
		framing       string
		before, after string
		lost          int64
		broken        bool
		skipped       int64
		offset        int64 // of the frame behind
		message       string
	}{
		{"between two frames", "msg", "\r\nMSG 1\r\na", "\r\nMSG 1\r\nb", 10, false, 0, 20, "b"},
		{"inside a body", "u8", "\x01a\x05bc", "e\x01\x01\x01z", 2, true, 1, 8, "\x01"},
		{"inside a body, the rest of which looks like frames", "u8", "\x01a\x06bc", "\x00\x01\x01\x01\x01z", 2, true, 2, 9, "\x01"},
		{"inside a body, and nobody knows how much", "u8", "\x01a\x05bc", "\x01\x01\x01z", 0, true, 0, 5, "\x01"},
		{"the end of a body", "u8", "\x01a\x05bc", "\x01z", 3, true, 0, 8, "z"},
		{"a body and more", "msg", "\r\nMSG 1\r\na\r\nMSG 3\r\nb", "cd\r\nMSG 1\r\nz", 20, true, 2, 42, "z"},
		{"inside a head", "msg", "\r\nMSG 1\r\na\r\nMS", "x\r\nMSG 1\r\nz", 7, true, 1, 22, "z"},
		{"a line", "line", "a\nbc", "de\nz\n", 2, true, 3, 9, "z"},
		{"nobody knows how much", "line", "a\n", "de\nz\n", 0, false, 3, 5, "z"},
	} {
		f, err := framing.Parse(c.framing)
		if err != nil {
			t.Fatal(err)
		}
		src := &pushed{bytes: c.before}
		r := frame.NewReader(src, f.C2S.Codec, 100)
		next(t, r, "a")
		if _, err := r.Next(); !errors.Is(err, errLater) {
			t.Fatalf("%s: %v", c.name, err)
		}
		err = r.Lose(c.lost)
		e, _ := errors.AsType[*frame.Error](err)
		if (e != nil) != c.broken || e != nil && (!errors.Is(e, io.ErrUnexpectedEOF) || e.Offset != int64(len(c.before))) {
			t.Errorf("%s: Lose = %v", c.name, err)
		}
		if _, err := r.Next(); errors.Is(err, errLater) || err == nil {
			t.Errorf("%s: Next before Resync: %v", c.name, err)
		}
		if n, err := r.Resync(); n != 0 || err != errLater {
			t.Errorf("%s: Resync before more came = %d, %v", c.name, n, err)
		}
		var skipped int64
		for i := range c.after {
			src.bytes += c.after[i : i+1]
			n, err := r.Resync()
			if skipped += n; err != nil && err != errLater {
				t.Fatalf("%s: Resync = %v", c.name, err)
			}
		}
		src.ended = true
		if skipped != c.skipped {
			t.Errorf("%s: skipped %d bytes, want %d", c.name, skipped, c.skipped)
		}
		if got := next(t, r, c.message); got.Offset != c.offset {
			t.Errorf("%s: the frame behind is at %d, want %d", c.name, got.Offset, c.offset)
		}
	}
}

// What is lost twice in one frame is lost once.
func TestLoseAgain(t *testing.T) {
	src := &pushed{bytes: "\x0aabc"}
	r := frame.NewReader(src, framing.U8, 100)
	r.Next()
	if err := r.Lose(2); err == nil {
		t.Error("no broken frame")
	}
	src.bytes = "f"
	if n, err := r.Resync(); n != 1 || err != errLater {
		t.Errorf("Resync = %d, %v", n, err)
	}
	if err := r.Lose(3); err != nil {
		t.Errorf("another broken frame: %v", err)
	}
	src.bytes = "j\x01z"
	if n, err := r.Resync(); n != 1 || err != nil {
		t.Errorf("Resync = %d, %v", n, err)
	}
	next(t, r, "z")
}
