package detect

// A Side is the side of a connection that sent a stream.
type Side uint8

const (
	Unknown Side = iota // a bare file does not say
	Client              // the side that connected
	Server
)

// A Stream is what one side of one connection sent.
type Stream struct {
	Data []byte // from the stream's first byte, unless Late; only read
	From Side
	Conn int // the connection it belongs to, from 1; 0 where unknown

	// Ended tells that Data reaches to the end of the stream. Where it is false,
	// Data is the beginning of a stream of which more may follow.
	Ended bool

	// Late tells that Data begins somewhere in the stream, which may be inside a
	// frame.
	Late bool
}
