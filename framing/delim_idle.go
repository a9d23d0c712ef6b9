package framing

import "github.com/chancat/channel/frame"

// maxIdle bounds the delimiters before a frame in bytes: they are held until the
// frame is whole.
const maxIdle = 4096

// scanIdle counts the delimiters that buf starts with, which idle lines send and
// senders write to flush noise. They are the head of the frame behind them. st
// has the count in Depth, and Pos beyond 0 once the body has begun.
func scanIdle(buf []byte, delimiter byte, st *frame.State) (int, error) {
	n := st.Depth
	if st.Pos > 0 {
		return n, nil
	}
	for n < len(buf) && buf[n] == delimiter {
		if n == maxIdle {
			return 0, frame.Malformed(n, "more than %d delimiters %02x in a row", maxIdle, delimiter)
		}
		n++
	}
	st.Depth = n
	return n, nil
}

// scanFinalIdle judges the end of a stream: delimiters alone are no frame.
func scanFinalIdle(buf []byte, delimiter byte, need int) error {
	for _, b := range buf {
		if b != delimiter {
			return frame.Truncated(len(buf), need)
		}
	}
	return nil
}
