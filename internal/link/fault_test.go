package link_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/session"
)

// broken reads data to its end and returns the reader and its last error.
func broken(t *testing.T, spelling, data string) (*frame.Reader, framing.Framing, error) {
	t.Helper()
	f, err := framing.Parse(spelling)
	if err != nil {
		t.Fatal(err)
	}
	r := frame.NewReader(strings.NewReader(data), f.S2C.Codec, f.S2C.Max)
	for {
		if _, err := r.Next(); err != nil {
			return r, f, err
		}
	}
}

// What a reader still holds explains its error: the cause, and what to try.
func TestFaultIn(t *testing.T) {
	good := strings.Repeat("\x00\x00\x00\x05hello\x00\x00\x00\x03abc", 6)
	for _, c := range []struct {
		name, framing, data string
		cause               frame.Cause
		bytes, hint         string // that Bytes begin with, and that Hint holds
	}{
		{"a clean end", "u32be", good, "", "", ""},
		{"another protocol", "u32be", good + "\x16\x03\x01\x00\xf1\x01\x00\x00\xed\x03\x03" + strings.Repeat("x", 40), frame.CauseWrongProtocol, "\x16\x03", "TLS"},
		{"a line of a log", "u32be", good + "2026-11-22 starting up\n" + good, "foreign-bytes", "2026", "23 bytes"},
		{"the end inside a frame", "u32be", good + "\x00\x00\x00\x09hel", frame.CauseTruncated, "\x00\x00\x00\x09", ""},
		{"the end inside the only frame", "u32be", "\x00\x00\x00\x05abcd", frame.CauseTruncated, "\x00\x00\x00\x05", ""},
		{"a lone value whose length is wrong", "lsp", "Content-Length: 37\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", "off-by-1", "Content", "1 too long"},
		{"LF for CR LF", "lsp", "Content-Length: 2\n\n{}Content-Length: 2\n\n{}", frame.CauseLineEnding, "Content", "LF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, f, err := broken(t, c.framing, c.data)
			fault := link.FaultIn(r, f, session.Server, err)
			if fault.Cause != c.cause || !bytes.HasPrefix(fault.Bytes, []byte(c.bytes)) || !strings.Contains(fault.Hint, c.hint) {
				t.Errorf("got %q with %.20q, hint %q; want %q with %q, hint with %q", fault.Cause, fault.Bytes, fault.Hint, c.cause, c.bytes, c.hint)
			}
		})
	}
}

// FaultOf takes data from the middle of a stream, and errors that are none of frames.
func TestFaultOf(t *testing.T) {
	f, err := framing.Parse("u32be")
	if err != nil {
		t.Fatal(err)
	}
	if got := link.FaultOf(io.ErrClosedPipe, f, session.Client, []byte("x"), 0); got.Cause != "" || got.Bytes != nil {
		t.Errorf("an error of the connection is told as a fault: %+v", got)
	}
	const offset = 1000 // bytes that are not there any more
	data := "\x00\x00\x00\x02ok" + "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	e := &frame.Error{Cause: frame.CauseTooLarge, Err: frame.ErrTooLarge}
	e.Start, e.Offset = offset+6, offset+6
	got := link.FaultOf(e, f, session.Client, []byte(data), offset)
	if got.Cause != frame.CauseWrongProtocol || !bytes.HasPrefix(got.Bytes, []byte("GET /")) {
		t.Errorf("got %q with %.20q, want %q from the request on", got.Cause, got.Bytes, frame.CauseWrongProtocol)
	}
	// An offset that lies before the data, or behind it, is no reason to panic.
	e.Start, e.Offset = 3, 3
	link.FaultOf(e, f, session.Client, []byte(data), offset)
	e.Start, e.Offset = 9999, 9999
	link.FaultOf(e, f, session.Client, []byte(data), offset)
}
