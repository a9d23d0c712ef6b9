package frametest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/chancat/channel/frame"
)

// reference says what in must be read as. It looks at one byte more at a time,
// with a zero State, and believes the first answer: the frame is complete, or
// broken, or its body exceeds the limit. No Reader is involved.
func reference(c frame.Codec, in []byte, limit int) Result {
	var want Result
	for pos := 0; pos < len(in); {
		sp, err := firstAnswer(c, in, pos, limit)
		if err != nil {
			want.Error = rebase(err, pos, limit)
			return want
		}
		if sp.Len() == 0 { // the end is clean
			return want
		}
		raw := in[pos : pos+sp.Len()]
		want.Frames = append(want.Frames, Frame{int64(pos), sp, string(raw), string(message(c, raw, sp))})
		pos += sp.Len()
	}
	return want
}

func firstAnswer(c frame.Codec, in []byte, pos, limit int) (frame.Span, error) {
	rest := in[pos:]
	need := 0
	for k := 1; k <= len(rest); k++ {
		sp, n, err := scan(c, pos, rest[:k], &frame.State{})
		if err == nil && sp.Body > limit {
			err = overLimit(c, rest[:k], sp, limit)
		}
		if err != nil || n == 0 {
			return sp, err
		}
		need = n
	}
	f, ok := c.(frame.FinalScanner)
	if !ok {
		return frame.Span{}, frame.Truncated(len(rest), need)
	}
	sp, err := f.ScanFinal(rest)
	if err == nil && sp.Body > limit {
		err = overLimit(c, rest, sp, limit)
	}
	return sp, err
}

// overLimit is the error for a body over the limit, in the words of package
// frame.
func overLimit(c frame.Codec, buf []byte, sp frame.Span, limit int) error {
	e := &frame.Error{Offset: int64(sp.Head), Cause: frame.CauseTooLarge}
	e.Err = fmt.Errorf("%w: the body does not end within the limit of %d bytes", frame.ErrTooLarge, limit)
	if l, ok := c.(frame.LengthLocator); ok {
		e.Offset = int64(l.LengthOffset(buf))
		e.Err = fmt.Errorf("%w: a body of %d bytes, the limit is %d", frame.ErrTooLarge, sp.Body, limit)
	}
	return e
}

// rebase turns the offsets of a codec's error into offsets of the stream. Of a
// claim that no limit could admit, a codec does not know the limit.
func rebase(err error, pos, limit int) *Error {
	e, ok := errors.AsType[*frame.Error](err)
	if !ok {
		e = &frame.Error{Cause: frame.CauseSyntax, Err: err}
	}
	moved := describe(&frame.Error{Start: e.Start + int64(pos), Offset: e.Offset + int64(pos), Cause: e.Cause, Err: e.Err})
	if errors.Is(err, frame.ErrTooLarge) {
		if text, ok := strings.CutSuffix(moved.Text, "the limit is 0"); ok {
			moved.Text = fmt.Sprintf("%sthe limit is %d", text, limit)
		}
	}
	return moved
}
