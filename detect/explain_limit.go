package detect

import (
	"fmt"
	"math"

	"github.com/chancat/channel/frame"
)

// limitBits is the evidence in a frame that declares no length.
const limitBits = 12

// limits reads on without the limit of a body.
func (e *examination) limits() {
	if e.err.Cause != frame.CauseTooLarge {
		return
	}
	pos, frames, over, large := e.stuck, 0, 0, 0
	alike := 0.0
	for pos < len(e.data) && frames < 1<<16 {
		sp, err := e.scan(e.codec, pos, math.MaxInt)
		if err != nil || sp.Len() == 0 {
			break
		}
		if sp.Body > e.max {
			over++
			large = max(large, sp.Body)
		}
		frames++
		if e.chain != nil {
			alike += e.chain.like.at(pos, unit{head: sp.Head, body: sp.Body, tail: sp.Tail})
		}
		pos += sp.Len()
	}
	if over == 0 {
		return
	}
	bits := float64(frames)*max(8, e.frameBits()) + alike
	if e.chain == nil {
		bits = limitBits * float64(frames+e.frames)
	}
	if pos < len(e.data) {
		bits -= 4
	} else {
		bits += math.Log2(float64(large)) // a length that large ends there by chance only
	}
	what := "it is there whole"
	if over > 1 {
		what = fmt.Sprintf("%d such frames are there whole, the largest with %d bytes", over, large)
	}
	e.add(Explanation{
		Cause:  frame.CauseTooLarge,
		Detail: fmt.Sprintf("%v; %s", e.err.Err, what),
		Repair: fmt.Sprintf("raise the limit, with max=%d behind the framing, or send less in one message", large),
		Then:   frames,
	}, e.stuck, e.frames, e.base(e.frames)+bits)
}
