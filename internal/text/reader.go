package text

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/chancat/channel/frame"
)

// A Reader reads messages from a stream. It is not safe for concurrent use.
type Reader interface {
	// Next returns the next message, which is borrowed until the next call. At
	// the end of the stream the error is io.EOF. A message that does not parse
	// is an [*InputError]; behind a line that does not, a later call goes on.
	// Errors of the source are returned as they are.
	Next() ([]byte, error)
}

// An InputError is a message of the input that does not parse. Those before it
// were returned.
type InputError struct {
	Message int   // its number, counted from 1
	Column  int   // of the fault in its line: bytes, counted from 1; 0 where it has no line
	Err     error // what is wrong
}

func (e *InputError) Error() string {
	if e.Column == 0 {
		return fmt.Sprintf("message %d: %v", e.Message, e.Err)
	}
	return fmt.Sprintf("message %d: column %d: %v", e.Message, e.Column, e.Err)
}

func (e *InputError) Unwrap() error { return e.Err }

// NewReader returns a Reader of the messages of src, each of at most limit
// bytes. In frames=FRAMING the framing's own max= is the limit.
//
// A last line without its LF, or NUL, is a message; an empty line is an empty
// one. Under raw the whole stream is always one message, an empty one too.
func (c Coding) NewReader(src io.Reader, limit int) Reader {
	switch c.kind {
	case frames:
		return &framesReader{pieces{frames: frame.NewReader(src, c.frames.Either.Codec, c.frames.Either.Max)}}
	case raw:
		return &rawReader{pieces: pieces{frames: frame.NewReader(src, whole{}, limit)}, limit: limit}
	case nul:
		return &plainReader{pieces{frames: frame.NewReader(src, delimited(0), limit)}, limit}
	case hexLines:
		return newDecoder(src, limit, decodeHex)
	case base64Lines:
		return newDecoder(src, limit, decodeBase64)
	case escapeLines:
		return newDecoder(src, limit, decodeEscape)
	default:
		return &plainReader{pieces{frames: frame.NewReader(src, delimited('\n'), limit)}, limit}
	}
}

// aheadMost is how many pieces are taken from what has been read at a time.
const aheadMost = 64

// pieces are the frames of the input, counted.
type pieces struct {
	frames *frame.Reader
	ahead  [][]byte // taken, and not returned yet
	room   [][]byte // the memory of ahead
	count  int      // messages begun
}

func (p *pieces) next() ([]byte, error) {
	if len(p.ahead) == 0 {
		if err := p.take(); err != nil {
			return nil, err
		}
	}
	msg := p.ahead[0]
	p.ahead = p.ahead[1:]
	p.count++
	return msg, nil
}

// take fills ahead, for which it reads only if nothing is there.
func (p *pieces) take() (err error) {
	if p.room == nil {
		p.room = make([][]byte, 0, aheadMost)
	}
	if p.ahead, err = p.frames.AppendMessages(p.room); err == nil {
		return nil
	}
	if e, ok := errors.AsType[*frame.Error](err); ok {
		if e.Cause == "" {
			return e.Err // reading failed, no matter where in a message
		}
		return &InputError{Message: p.count + 1, Err: err}
	}
	return err
}

// tooLong says in the words of the input what a frame.Reader says of a body over
// the limit.
func tooLong(err error, unit string, limit int) error {
	if e, ok := errors.AsType[*InputError](err); ok && errors.Is(err, frame.ErrTooLarge) {
		return &InputError{Message: e.Message, Err: overLimit(unit, limit)}
	}
	return err
}

func overLimit(unit string, limit int) error {
	return fmt.Errorf("%w: the %s is longer than the limit of %d bytes; max=SIZE behind the framing raises it", frame.ErrTooLarge, unit, limit)
}

type framesReader struct{ pieces }

func (r *framesReader) Next() ([]byte, error) { return r.next() }

type plainReader struct {
	pieces
	limit int
}

func (r *plainReader) Next() ([]byte, error) {
	msg, err := r.next()
	if err != nil {
		return nil, tooLong(err, "line", r.limit)
	}
	return msg, nil
}

type rawReader struct {
	pieces
	limit int
}

func (r *rawReader) Next() ([]byte, error) {
	msg, err := r.next()
	if err == io.EOF && r.count == 0 {
		r.count++
		return []byte{}, nil
	}
	if err != nil {
		return nil, tooLong(err, "input", r.limit)
	}
	return msg, nil
}

// A decode appends what a line means to dst. column counts bytes from 1.
type decode func(dst, line []byte) (message []byte, column int, err error)

// decoder reads messages that are coded one a line.
type decoder struct {
	pieces
	decode    decode
	limit     int // bytes of a message
	lineLimit int
	message   []byte
}

func newDecoder(src io.Reader, limit int, d decode) *decoder {
	// The dearest way to write one byte is \u{000041}, at 10 bytes; blanks
	// between hexadecimal digits cost less.
	const dearest = 10
	lineLimit := math.MaxInt
	if limit < math.MaxInt/dearest {
		lineLimit = limit*dearest + dearest
	}
	return &decoder{
		pieces: pieces{frames: frame.NewReader(src, delimited('\n'), lineLimit)},
		decode: d, limit: limit, lineLimit: lineLimit,
	}
}

func (r *decoder) Next() ([]byte, error) {
	line, err := r.next()
	if err != nil {
		return nil, tooLong(err, "line", r.lineLimit)
	}
	message, column, err := r.decode(r.message[:0], line)
	if err != nil {
		return nil, &InputError{Message: r.count, Column: column, Err: err}
	}
	if cap(message) <= keep {
		r.message = message
	}
	if len(message) > r.limit {
		return nil, &InputError{Message: r.count, Err: overLimit("message", r.limit)}
	}
	return message, nil
}

// keep is how many bytes of scratch outlive the message that needed them.
const keep = 1 << 20
