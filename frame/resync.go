package frame

import "io"

// A start is looked for by trying, so a frame that is longer than this is not
// found at its first byte.
const resyncWindow = 64 << 10

// Resync drops the first byte of the broken frame and all that follows up to the
// next place where a frame could start, so that Next goes on there. It returns
// the bytes dropped, which belong to no frame; io.EOF when there was no such
// place in the rest of the stream, or the error of the source.
//
// Where the codec is no [Resyncer], a place is plausible if a whole frame stands
// there and what follows does not contradict it.
func (r *Reader) Resync() (skipped int64, err error) {
	if r.broken == nil {
		return 0, nil
	}
	r.broken = nil
	r.drop(min(1, r.end-r.pos))
	skipped = 1
	for {
		rest := r.buf[r.pos:r.end]
		n, found := r.plausible(rest)
		r.drop(n)
		skipped += int64(n)
		if found {
			return skipped, nil
		}
		if err := r.fill(1); err != nil {
			skipped += int64(r.end - r.pos)
			r.drop(r.end - r.pos)
			return skipped, err
		}
	}
}

// drop passes over n buffered bytes that belong to no frame.
func (r *Reader) drop(n int) {
	r.pos += n
	r.offset += int64(n)
	r.st = State{}
	r.reads = 0
	if r.pos < r.end {
		r.reads = 1
	}
}

// plausible returns the bytes of buf that can be dropped, and whether a frame
// could start behind them; if not, more bytes may tell.
func (r *Reader) plausible(buf []byte) (drop int, found bool) {
	ended := r.srcErr == io.EOF
	if c, ok := r.codec.(Resyncer); ok {
		for drop < len(buf) {
			if drop += c.Resync(buf[drop:]); drop == len(buf) {
				break
			}
			_, need, err := r.codec.Scan(buf[drop:], &State{})
			if err == nil && (need == 0 || ended) {
				return drop, true
			}
			if err == nil && len(buf)-drop < resyncWindow {
				return drop, false
			}
			drop++
		}
		return drop, false
	}
	for ; drop < len(buf); drop++ {
		window := buf[drop:min(len(buf), drop+resyncWindow)]
		sp, need, err := r.codec.Scan(window, &State{})
		switch {
		case err != nil || sp.Body > r.limit:
		case need > 0:
			if len(window) < resyncWindow && !ended {
				return drop, false
			}
		case sp.Len() < len(window):
			if next, _, err := r.codec.Scan(window[sp.Len():], &State{}); err == nil && next.Body <= r.limit {
				return drop, true
			}
		default:
			return drop, true
		}
	}
	return drop, false
}
