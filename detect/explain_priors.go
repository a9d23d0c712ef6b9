package detect

import (
	"bytes"
	"math"

	"github.com/chancat/channel/frame"
)

// startPrior is how likely a frame begins at pos, where the good ones begin alike.
func (e *examination) startPrior(pos int) float64 {
	const unlike = -8
	if pos >= len(e.data) || len(e.starts) < fewFrames {
		return 0
	}
	if seen, kinds := e.startsSeen(); kinds <= 1+len(e.starts)/8 && !seen[e.data[pos]] {
		return unlike
	}
	return 0
}

// readingPrior is how likely the length of one frame alone is to be read so.
func readingPrior(c frame.Cause) float64 {
	if c == CauseByteOrder {
		return -5
	}
	return -11 // who writes frames writes all of them with one width
}

// lastPrior is how likely it is that the last frame ends with the stream at next
// although its head says claimed, compared with a stream that is cut off.
func (e *examination) lastPrior(next, claimed int, u unit) float64 {
	end := max(0, next-u.tail)
	body := e.data[min(end, max(0, end-u.body-(next-claimed))):end]
	switch {
	case next > claimed && isObject(body) && unfinished(body[:min(len(body), u.body)]):
		return e.chain.bits + wholeValue // as claimed it is none
	case next > claimed && e.stuck < len(e.data) && len(e.starts) > 0 && e.prefixOfFrame(e.data[e.stuck:]):
		return -6
	case next > claimed:
		return e.chainBits()
	case isObject(body):
		return 6
	case unfinished(body):
		return -10
	}
	return -2
}

// wholeValue is the evidence in that a body is a JSON value by another length only.
const wholeValue = 12

// unfinished reports whether body is the start of a JSON value, of which the rest is
// missing.
func unfinished(body []byte) bool {
	return len(body) > 0 && (body[0] == '{' || body[0] == '[') && !isObject(body)
}

func (e *examination) chainBits() float64 { return min(e.chain.bits, 2) }

// prefixOfFrame reports whether frames of this stream start with b.
func (e *examination) prefixOfFrame(b []byte) bool {
	last := e.starts[len(e.starts)-1]
	return bytes.HasPrefix(e.data[last:], b)
}

// endsWith reports whether the body of u, which begins at start and ends at end, ends
// in what is the tail of a frame.
func (e *examination) endsWith(start, end int, u unit) bool {
	from := end - u.tail
	return from >= start && end <= len(e.data) && e.unit.tailOK(e.data[:end], u, start, from)
}

// shiftPrior is how likely a length is wrong by d.
func (e *examination) shiftPrior(d int, u unit, pos int) float64 {
	end := pos + u.len() + d - u.tail
	if d > 0 && d <= 4 && end <= len(e.data) {
		switch string(e.data[end-d : end]) {
		case "\n", "\r\n", "\x00", "\r\n\r\n", "\n\n":
			return -1
		}
	}
	if d == -u.head && !e.countsHead() || d == u.head && e.countsHead() {
		return -1.5
	}
	return -2 - float64(max(d, -d))/2
}

// beyond is how unlikely it is that a frame of that many bytes, which ends beyond the
// data, was meant.
func (e *examination) beyond(size int) float64 {
	usual := float64(len(e.data)) / float64(e.frames+1)
	return min(e.chain.bits, 1+max(0, math.Log2(float64(size)/max(1, usual))))
}

// missing is the part of a body of that many bytes that d bytes are.
func missing(d, body int) float64 {
	return min(1, math.Abs(float64(d))/float64(max(1, body)))
}

// cutPrior is how likely body is cut short, and not whole behind a wrong length.
func (e *examination) cutPrior(body []byte) float64 {
	switch {
	case isObject(body):
		return -4
	case len(body) > 0 && body[0] == '{':
		return 3
	}
	return 0
}

// untailedPrior is how likely the tail of a frame is missing: one that is no fixed
// bytes can hardly be forgotten once.
func (e *examination) untailedPrior() float64 {
	if c, ok := e.unit.(*codecUnits); ok && c.literal == "" {
		return -7
	}
	return -3
}
