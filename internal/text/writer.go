package text

import (
	"encoding/base64"
	"encoding/hex"
	"io"
	"unicode/utf8"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/text/escape"
)

const (
	bufferSize = 64 << 10

	// A message over this size is written from where it lies: with its head and
	// tail, which are seldom longer than 64 bytes, it would not fit the buffer.
	largeSize = bufferSize - 64

	// pieceSize is how many bytes of a long message are encoded at a time: whole
	// groups of base64, and less than the buffer when each becomes mostBytes.
	pieceSize = 12 << 10
	mostBytes = 4 // of one byte of a message in any coding: \xNN
)

// A Writer writes messages to a stream, through a buffer that it writes out when
// it is full and when asked. It is not safe for concurrent use.
type Writer struct {
	dst    io.Writer
	codec  frame.Codec    // the message travels as it is, in a frame of this
	split  frame.Splitter // of codec; nil if it has no such
	encode encoding       // or it is encoded, one a line
	lines  bool           // codec ends it with LF, and that is all
	buf    []byte
	err    error // sticky: after a short write the output is not between messages
}

// NewWriter returns a Writer of messages to dst.
func (c Coding) NewWriter(dst io.Writer) *Writer {
	w := &Writer{dst: dst, buf: make([]byte, 0, bufferSize)}
	switch c.kind {
	case hexLines:
		w.encode = hexEncoding{}
	case base64Lines:
		w.encode = base64Encoding{}
	case escapeLines:
		w.encode = escapeEncoding{}
	case frames:
		w.codec = c.frames.C2S.Codec
	case nul:
		w.codec = delimited(0)
	case raw:
		w.codec = whole{}
	default:
		w.codec, w.lines = delimited('\n'), true
	}
	w.split, _ = w.codec.(frame.Splitter)
	return w
}

// WriteMessage writes msg, which it does not keep. A message that a framing
// cannot carry is an error that wraps [frame.ErrUnsendable], and changes
// nothing. A failed write is returned again by every later call.
func (w *Writer) WriteMessage(msg []byte) error {
	if w.lines && w.err == nil && len(w.buf)+len(msg) <= largeSize { // nearly always, and each call costs
		w.buf = append(append(w.buf, msg...), '\n')
		return nil
	}
	switch {
	case w.err != nil:
		return w.err
	case w.encode != nil:
		return w.writeEncoded(msg)
	case w.split != nil && len(msg) > largeSize:
		return w.writeLarge(msg)
	}
	if len(w.buf)+len(msg) > largeSize {
		if err := w.Flush(); err != nil {
			return err
		}
	}
	var err error
	w.buf, err = w.codec.AppendFrame(w.buf, msg)
	return err
}

// WriteMessages writes each of msgs as WriteMessage does, up to the first error.
func (w *Writer) WriteMessages(msgs [][]byte) error {
	for len(msgs) > 0 {
		if w.lines && w.err == nil {
			buf := w.buf
			for len(msgs) > 0 && len(buf)+len(msgs[0]) <= largeSize {
				buf = append(append(buf, msgs[0]...), '\n')
				msgs = msgs[1:]
			}
			w.buf = buf
			if len(msgs) == 0 {
				break
			}
		}
		if err := w.WriteMessage(msgs[0]); err != nil {
			return err
		}
		msgs = msgs[1:]
	}
	return nil
}

// Flush writes out what is buffered.
func (w *Writer) Flush() error {
	if w.err != nil || len(w.buf) == 0 {
		return w.err
	}
	_, w.err = w.dst.Write(w.buf)
	w.buf = w.buf[:0]
	if cap(w.buf) > 4*bufferSize {
		w.buf = make([]byte, 0, bufferSize) // a large frame has been through
	}
	return w.err
}

// writeLarge writes msg from where it lies.
func (w *Writer) writeLarge(msg []byte) error {
	var err error
	if w.buf, err = w.split.AppendHead(w.buf, msg); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if _, w.err = w.dst.Write(msg); w.err != nil {
		return w.err
	}
	w.buf = w.split.AppendTail(w.buf, msg)
	return nil
}

func (w *Writer) writeEncoded(msg []byte) error {
	for {
		piece := msg
		if len(piece) > pieceSize {
			piece = piece[:w.encode.cut(piece[:pieceSize])]
		}
		if len(w.buf)+len(piece)*mostBytes+len("\n") > cap(w.buf) {
			if err := w.Flush(); err != nil {
				return err
			}
		}
		w.buf = w.encode.append(w.buf, piece)
		if msg = msg[len(piece):]; len(msg) == 0 {
			w.buf = append(w.buf, '\n')
			return nil
		}
	}
}

// An encoding writes any bytes without LF.
type encoding interface {
	append(dst, piece []byte) []byte
	// cut returns how much of piece, more of which follows, can be encoded
	// without knowing what follows.
	cut(piece []byte) int
}

type hexEncoding struct{}

func (hexEncoding) append(dst, piece []byte) []byte { return hex.AppendEncode(dst, piece) }
func (hexEncoding) cut(piece []byte) int            { return len(piece) }

type base64Encoding struct{}

func (base64Encoding) append(dst, piece []byte) []byte {
	return base64.StdEncoding.AppendEncode(dst, piece)
}
func (base64Encoding) cut(piece []byte) int { return len(piece) / 3 * 3 }

type escapeEncoding struct{}

func (escapeEncoding) append(dst, piece []byte) []byte { return escape.Append(dst, piece) }

// cut keeps the bytes of a code point together.
func (escapeEncoding) cut(piece []byte) int {
	for n := len(piece) - 1; n > len(piece)-utf8.UTFMax; n-- {
		if utf8.RuneStart(piece[n]) {
			if utf8.FullRune(piece[n:]) {
				break
			}
			return n
		}
	}
	return len(piece)
}
