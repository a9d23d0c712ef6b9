package session

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"time"
	"unicode/utf8"

	"github.com/chancat/channel/frame"
)

// DefaultMaxLine is the limit of a line in bytes: a message of 16 MiB, every byte
// of it written \u00XX, fits.
const DefaultMaxLine = 128 << 20

// ErrNotSession is under the error for a stream that does not begin like a
// session file.
var ErrNotSession = errors.New(`not a session file, which begins with {"event":"session","v":1,…}`)

// An Error is a line of a session file that does not hold an event.
type Error struct {
	Line int   // counted from 1
	Err  error // wraps ErrNotSession, frame.ErrTooLarge, or io.ErrUnexpectedEOF where the file is cut short
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// A Reader reads the events of a session file. Keys that it does not know are
// passed over, and so are empty lines behind the first. It is not safe for concurrent use.
type Reader struct {
	lines *frame.Reader
	max   int
	line  int   // lines read
	err   error // sticky
}

// NewReader returns a Reader of the session file src. maxLine limits a line in
// bytes; 0 means [DefaultMaxLine].
func NewReader(src io.Reader, maxLine int) *Reader {
	if maxLine == 0 {
		maxLine = DefaultMaxLine
	}
	return &Reader{lines: frame.NewReader(src, lines{}, maxLine), max: maxLine}
}

// Next returns the next event, which the caller owns; the first is the
// [Session]. At the end of the file the error is io.EOF; for a line that holds
// no event it is an [*Error], returned again by every later call. Errors of the
// source are returned as they are.
func (r *Reader) Next() (Event, error) {
	if r.err != nil {
		return Event{}, r.err
	}
	e, err := r.next()
	if err != nil {
		r.err = err
	}
	return e, err
}

// Events returns the remaining events. The end of the file ends the loop; any
// other error is yielded once, as the last pair.
func (r *Reader) Events() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			e, err := r.Next()
			if err == io.EOF {
				return
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

func (r *Reader) next() (Event, error) {
	f, err := r.lines.Next()
	for ; err == nil && r.line > 0 && len(bytes.TrimSpace(f.Body())) == 0; f, err = r.lines.Next() {
		r.line++ // an editor has left it empty
	}
	if err != nil {
		return Event{}, r.readError(err)
	}
	r.line++
	e, err := parse(f.Body())
	switch {
	case r.line == 1 && (err != nil && !errors.Is(err, errVersion) || err == nil && e.Kind != Session):
		return Event{}, &Error{r.line, ErrNotSession}
	case err != nil && f.Span.Tail == 0:
		return Event{}, &Error{r.line, fmt.Errorf("the file ends inside this line: %w", io.ErrUnexpectedEOF)}
	case err != nil:
		return Event{}, &Error{r.line, err}
	case r.line > 1 && e.Kind == Session:
		return Event{}, &Error{r.line, errors.New("a second session header; these are several recordings in one file")}
	}
	return e, nil
}

func (r *Reader) readError(err error) error {
	e, ok := errors.AsType[*frame.Error](err)
	switch {
	case err == io.EOF && r.line == 0:
		return &Error{1, fmt.Errorf("the file is empty: %w", ErrNotSession)}
	case !ok:
		return err
	case e.Cause == "":
		return e.Err // reading failed, no matter where in a line
	case r.line == 0:
		return &Error{1, ErrNotSession}
	}
	return &Error{r.line + 1, fmt.Errorf("%w: longer than the limit of %d bytes", frame.ErrTooLarge, r.max)}
}

// fields are the keys of all kinds of events.
type fields struct {
	Event   string  `json:"event"`
	V       int     `json:"v"`
	Time    string  `json:"time"`
	Conn    int     `json:"conn"`
	From    Side    `json:"from"`
	Program string  `json:"program"`
	Framing string  `json:"framing"`
	Local   string  `json:"local"`
	Remote  string  `json:"remote"`
	Seq     int     `json:"seq"`
	Answers int     `json:"answers"`
	Latency int64   `json:"latency_us"`
	Offset  int64   `json:"offset"`
	Head    int     `json:"head"`
	Body    int     `json:"body"`
	Tail    int     `json:"tail"`
	Reads   int     `json:"reads"`
	At      int64   `json:"at"`
	Cause   string  `json:"cause"`
	Error   string  `json:"error"`
	Hint    string  `json:"hint"`
	N       int     `json:"n"`
	Reason  string  `json:"reason"`
	Text    *string `json:"text"`
	Base64  []byte  `json:"base64"`
}

var errVersion = errors.New("unknown version of the session format")

func parse(line []byte) (Event, error) {
	if !utf8.Valid(line) {
		return Event{}, errors.New("not UTF-8")
	}
	var f fields
	if err := json.Unmarshal(line, &f); err != nil {
		return Event{}, err
	}
	if err := f.check(); err != nil {
		return Event{}, err
	}
	e := Event{
		Kind: Kind(f.Event), Conn: f.Conn, From: f.From,
		Program: f.Program, Framing: f.Framing, Local: f.Local, Remote: f.Remote,
		Seq: f.Seq, Answers: f.Answers, Latency: time.Duration(f.Latency) * time.Microsecond,
		Offset: f.Offset, Head: f.Head, Body: f.Body, Tail: f.Tail, Reads: f.Reads,
		At: f.At, Cause: f.Cause, Error: f.Error, Hint: f.Hint,
		N: f.N, Reason: f.Reason, Data: f.Base64,
	}
	if f.Text != nil {
		e.Data = []byte(*f.Text)
	}
	if f.Time != "" {
		var err error
		if e.Time, err = time.Parse(time.RFC3339Nano, f.Time); err != nil {
			return Event{}, fmt.Errorf("time %q is not RFC 3339", f.Time)
		}
	}
	return e, nil
}

// check judges what the types do not.
func (f *fields) check() error {
	if f.Event == "" {
		return errors.New(`no "event"`)
	}
	for _, v := range []int64{
		int64(f.Conn), int64(f.Seq), int64(f.Answers), f.Latency, f.Offset, int64(f.Head), int64(f.Body),
		int64(f.Tail), int64(f.Reads), f.At, int64(f.N),
	} {
		if v < 0 || v > math.MaxInt64/int64(time.Microsecond) {
			return fmt.Errorf("%s: the number %d cannot be", f.Event, v)
		}
	}
	switch {
	case f.From != "" && f.From != Client && f.From != Server:
		return fmt.Errorf(`%s: "from" is %q, want "client" or "server"`, f.Event, f.From)
	case f.Text != nil && f.Base64 != nil:
		return fmt.Errorf(`%s: both "text" and "base64"`, f.Event)
	}
	switch Kind(f.Event) {
	case Session:
		if f.V != Version {
			return fmt.Errorf("%w: %d; this program reads %d", errVersion, f.V, Version)
		}
	case Message:
		if f.Text == nil && f.Base64 == nil {
			return errors.New(`message: neither "text" nor "base64"`)
		}
	case Read:
		if f.Base64 != nil && len(f.Base64) != f.N {
			return fmt.Errorf(`read: "n" is %d, "base64" has %d bytes`, f.N, len(f.Base64))
		}
	}
	return nil
}

// lines cuts the file behind every LF. A last line without one is judged by what
// it holds.
type lines struct{}

func (lines) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	i := bytes.IndexByte(buf[st.Pos:], '\n')
	if i < 0 {
		st.Pos = len(buf)
		return frame.Span{Body: len(buf)}, 1, nil
	}
	return frame.Span{Body: st.Pos + i, Tail: 1}, 0, nil
}

func (lines) ScanFinal(buf []byte) (frame.Span, error) {
	return frame.Span{Body: len(buf)}, nil
}

func (lines) AppendFrame(dst, line []byte) ([]byte, error) {
	return append(append(dst, line...), '\n'), nil
}
