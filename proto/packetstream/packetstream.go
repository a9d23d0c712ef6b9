// Package packetstream calls functions of a peer, and answers its calls, over one
// stream: the protocol of the Python package cs.packetstream (docs/wire.md §c), in
// both roles at once.
//
//	length  tag  flags  [channel]  [type]  payload
//
// All but the payload are numbers in big-endian base 128. A request has a type, and
// a tag of which its response reminds. Tags count up and are never used twice on a
// connection. A side that will ask no more sends ERQ, one that will send nothing
// more sends EOF:
//
//	client  request 2, request 3                    ERQ, EOF
//	server                      response 3, response 2       ERQ, EOF
//
// There is no authentication: whoever can connect runs the handler.
package packetstream

import (
	"context"
	"errors"
	"fmt"
)

// A Request asks the peer, or us, for something.
type Request struct {
	Type    uint64 // the application's, below 1<<64 - 1
	Flags   uint64 // the application's, below 1<<62
	Channel uint64 // 0 unless both sides are Go: a Python peer rejects others
	Payload []byte // borrowed by Submit and Call; owned by a handler
}

// A Reply answers a request.
type Reply struct {
	Flags   uint64 // the application's, below 1<<61
	Payload []byte // borrowed until the handler's reply is written; owned by a caller
}

// A Handler answers requests of the peer. Several run at once. The context is the
// connection's: it ends when a reply could not be sent any more, and [FromContext]
// finds the connection in it. An error, or a panic, is logged, and the peer is
// told "exception during handler", as from Python; the text of a [*RejectError]
// is sent in place of that.
type Handler func(ctx context.Context, r Request) (Reply, error)

// The texts of rejections, as the Python program sends them.
const (
	RejectException  = "exception during handler"
	RejectNoHandler  = "no request handler"
	RejectEnded      = "requests no longer allowed" // a request behind ERQ
	RejectChannel    = "unknown channel %d"         // with the verb, which nobody fills in
	RejectShutdown   = "rejecting request: runstate.cancelled"
	rejectTag        = "channel %d: tag already in use: %d"
	rejectTooMany    = "too many requests" // of no real program: see [Options]
	defaultMaxPacket = 64 << 20            // bytes
)

// A RejectError is a response that says no.
type RejectError struct {
	Text  string // what the peer gave as the reason; any bytes
	Flags uint64
}

func (e *RejectError) Error() string { return fmt.Sprintf("the peer rejected the request: %q", e.Text) }

// ErrEnded is a request after [Conn.EndRequests].
var ErrEnded = errors.New("a request after the end of requests")

// ErrPeerEnded is the end of the peer's packets before it has answered.
var ErrPeerEnded = errors.New("the peer ended the connection without an answer")

// ErrClosed is a call that [Conn.Close] has ended.
var ErrClosed = errors.New("the connection was closed on this side")
