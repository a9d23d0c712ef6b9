package detect

import (
	"errors"
	"fmt"
	"math"

	"github.com/chancat/channel/frame"
)

// leastLimit is the least of the limits of peers.
const leastLimit = 1 << 20

// lookback bounds the good frames before the fault that may be the guilty one.
const lookback = 1024

// decode runs the plain decoder.
func (e *examination) decode() Diagnosis {
	pos := 0
	based := e.based()
	for pos < len(e.data) {
		sp, err := e.scan(e.codec, pos, e.max)
		if err != nil {
			return e.stop(pos, err)
		}
		n := sp.Len()
		if e.name == "postgres" && e.data[pos] == 0 && len(e.starts) > 0 && e.data[e.starts[len(e.starts)-1]] != 0 {
			return e.stop(pos, &frame.Error{Cause: frame.CauseSyntax, Err: errors.New("malformed frame: a packet without a type behind one that has one")})
		}
		if n == 0 { // nothing but the incomplete or insignificant end is left
			break
		}
		e.remember(pos)
		if sp.Body > max(e.large, leastLimit) && e.peerLimit(sp.Body) != "" {
			e.large = sp.Body
		}
		if based && e.longForm(pos) {
			e.padded++
		}
		pos += n
		e.frames++
	}
	e.stuck = pos
	end := e.place.Offset + int64(pos)
	return Diagnosis{OK: true, Messages: e.place.Messages + e.frames, Offset: end, At: end, Start: end}
}

// scan judges the frame at pos as the Reader of package frame would. A zero span
// is the clean end of the stream, or where that has not come a frame of which more
// may follow.
func (e *examination) scan(c frame.Codec, pos, limit int) (frame.Span, *frame.Error) {
	buf := e.data[pos:]
	ask := c.Scan
	if first, ok := c.(frame.FirstScanner); ok && pos == 0 && e.place.Offset == 0 {
		ask = first.ScanFirst
	}
	e.st = frame.State{}
	sp, need, err := ask(buf, &e.st)
	if f, ok := errors.AsType[*frame.Error](err); ok && f.Offset < int64(len(buf)) && limit < math.MaxInt {
		if early, _, _ := ask(buf[:f.Offset], &frame.State{}); early.Body > limit {
			sp, err = early, nil
		}
	}
	switch {
	case err != nil:
		return frame.Span{}, asFrameError(err)
	case sp.Body > limit:
		at := sp.Head
		if l, ok := c.(frame.LengthLocator); ok {
			at = l.LengthOffset(buf)
		}
		return frame.Span{}, overLimit(at, sp.Body, limit)
	case need == 0:
		return sp, nil
	case !e.ended:
		return frame.Span{}, nil
	}
	if f, ok := c.(frame.FinalScanner); ok {
		sp, err := f.ScanFinal(buf)
		return sp, asFrameError(err)
	}
	return frame.Span{}, asFrameError(frame.Truncated(len(buf), need))
}

// overLimit is the error of a Reader for a body over its limit.
func overLimit(at, claimed, limit int) *frame.Error {
	text := fmt.Errorf("%w: a body of %d bytes, the limit is %d", frame.ErrTooLarge, claimed, limit)
	return &frame.Error{Offset: int64(at), Cause: frame.CauseTooLarge, Err: text}
}

func asFrameError(err error) *frame.Error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*frame.Error](err); ok {
		return f
	}
	return &frame.Error{Cause: frame.CauseSyntax, Err: err}
}

func (e *examination) remember(pos int) {
	if len(e.starts) == 2*lookback {
		e.starts = append(e.starts[:0], e.starts[lookback:]...)
	}
	e.starts = append(e.starts, pos)
}

// stop is what decode says when the frame at pos is broken.
func (e *examination) stop(pos int, err *frame.Error) Diagnosis {
	e.stuck = pos
	err.Start += int64(pos) + e.place.Offset
	err.Offset += int64(pos) + e.place.Offset
	e.err = err
	return Diagnosis{
		Messages: e.place.Messages + e.frames, Offset: err.Start, At: err.Offset, Start: err.Start, Err: err,
	}
}

// stuckAt is the index in the data of the byte where decoding stuck.
func (e *examination) stuckAt() int { return int(e.err.Offset - e.place.Offset) }

func (e *examination) truncated() bool { return e.err != nil && e.err.Cause == frame.CauseTruncated }
