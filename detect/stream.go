package detect

import "slices"

// A Side is the side of a connection that sent a stream.
type Side uint8

const (
	Unknown Side = iota // a bare file does not say
	Client              // the side that connected
	Server
)

// String names the side for people.
func (s Side) String() string {
	switch s {
	case Client:
		return "the client"
	case Server:
		return "the server"
	}
	return "an unknown side"
}

// An End says how a stream came to its end.
type End struct {
	By    Side // Unknown where nobody saw it
	Reset bool // by a reset, which ends both sides of a connection; else its sender closed it
}

// A Stream is what one side of one connection sent.
type Stream struct {
	Data []byte // from the stream's first byte, unless Late; only read
	From Side
	Conn int // the connection it belongs to, from 1; 0 where unknown

	// Ended tells that Data reaches to the end of the stream. Where it is false,
	// Data is the beginning of a stream of which more may follow.
	Ended bool

	// End says who ended it, where somebody saw that; only with Ended.
	End End

	// Late tells that Data begins somewhere in the stream, which may be inside a
	// frame.
	Late bool

	wide bool // rules are tried on wideWindow of it
}

// seen is what rules are tried on.
func (s *Stream) seen() []byte {
	if s.wide {
		return s.Data[:min(len(s.Data), wideWindow)]
	}
	return s.Data[:min(len(s.Data), window)]
}

// windowsOf returns streams of which a window is seen.
func windowsOf(streams []Stream) []Stream {
	streams = slices.Clone(streams)
	for i := range streams {
		streams[i].wide = false
	}
	return streams
}

func longestSeen(streams []Stream) (n int) {
	for i := range streams {
		n = max(n, len(streams[i].seen()))
	}
	return n
}
