package detect

import (
	"errors"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// A Tiling is how far one framing cuts a stream into frames that leave no byte
// over.
type Tiling struct {
	Frames int          // complete frames
	Bytes  int64        // that they cover, from the start of the stream
	Cut    bool         // the stream ends inside the next frame
	Err    *frame.Error // what broke it, with offsets of the stream; nil where it tiles or is only cut
}

// Whole reports whether the frames leave no byte over, but for a frame that the
// end of the recording has cut.
func (t Tiling) Whole() bool { return t.Err == nil }

// Tile runs the codec that f has for the side of s over its data. It stops after
// most frames, if most is not 0. It allocates nothing unless the data is broken.
func Tile(s Stream, f framing.Framing, most int) Tiling {
	return TileCodec(s, DirectionOf(f, s.From), most, nil)
}

// DirectionOf returns what side sends in f.
func DirectionOf(f framing.Framing, side Side) framing.Direction {
	switch side {
	case Client:
		return f.C2S
	case Server:
		return f.S2C
	}
	return f.Either
}

// TileCodec is Tile for one direction. It calls each, unless that is nil, with
// the offset and the parts of every frame.
func TileCodec(s Stream, d framing.Direction, most int, each func(at int, sp frame.Span)) Tiling {
	var t Tiling
	first, _ := d.Codec.(frame.FirstScanner)
	for pos := 0; pos < len(s.Data) && (most == 0 || t.Frames < most); {
		rest := s.Data[pos:]
		var (
			st   frame.State
			sp   frame.Span
			need int
			err  error
		)
		if pos == 0 && first != nil {
			sp, need, err = first.ScanFirst(rest, &st)
		} else {
			sp, need, err = d.Codec.Scan(rest, &st)
		}
		if err == nil && sp.Body > d.Max {
			err = frame.TooLarge(sp.Head, uint64(sp.Body))
		}
		if err == nil && need > 0 {
			sp, err = lastFrame(d.Codec, rest, need, s.Ended)
			if err == nil && sp.Len() == 0 {
				t.Bytes = int64(len(s.Data))
				return t
			}
		}
		if err != nil {
			t.Err = located(err, pos)
			if t.Err.Cause == frame.CauseTruncated {
				t.Cut, t.Err = true, nil
			}
			return t
		}
		if each != nil {
			each(pos, sp)
		}
		pos += sp.Len()
		t.Frames++
		t.Bytes = int64(pos)
	}
	return t
}

// lastFrame judges bytes of which Scan wants need more. A zero span without an
// error is a clean end.
func lastFrame(c frame.Codec, rest []byte, need int, ended bool) (frame.Span, error) {
	if f, ok := c.(frame.FinalScanner); ok && ended {
		return f.ScanFinal(rest)
	}
	return frame.Span{}, frame.Truncated(len(rest), need)
}

// located gives err, which indexes the frame at pos, offsets of the stream.
func located(err error, pos int) *frame.Error {
	e, ok := errors.AsType[*frame.Error](err)
	if !ok {
		e = &frame.Error{Cause: frame.CauseSyntax, Err: err}
	}
	moved := *e
	moved.Start += int64(pos)
	moved.Offset += int64(pos)
	return &moved
}
