// Package juggler speaks the protocol of hat.juggler in both roles: JSON requests,
// notifications, and a state of the server that is mirrored into its clients
// (docs/wire.md §d).
//
// A client sends a request, which has a name and data, and gets data or an error,
// which is data too. The server sends notifications. And each connection has a
// state, any JSON value and null at first: the server changes it, and what has
// changed goes to the client as a JSON Patch (RFC 6902).
//
// Everything travels in WebSocket text messages:
//
//	{"type": "request", "id": 1, "name": "add", "data": [1, 2]}
//	{"type": "response", "id": 1, "data": 3, "success": true}
//	{"type": "notify", "name": "alarm", "data": null}
//	{"type": "state", "diff": [{"op": "replace", "path": "/x", "value": 5}]}
//
// There are two versions of the wire, which nothing negotiates: see [Wire].
//
// JSON is handled as text: a number comes out as it went in, however large it is,
// and so does a lone surrogate such as "\ud83d", which encoding/json would replace.
// Only the white space between values and the escapes in strings may differ.
package juggler

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// A Wire is a version of the protocol. Both ends must use the same.
type Wire int

const (
	// Wire07 is that of hat-juggler 0.7: messages are cut into segments of at most
	// 65536 characters, and there are pings.
	Wire07 Wire = iota

	// Wire06 is that of hat-juggler up to 0.6.26: one WebSocket message is one
	// message.
	Wire06

	// WireAuto is for servers: the first message of the client decides. Until then
	// nothing is sent, so a client that waits for the server to speak waits for ever.
	WireAuto
)

// ParseWire reads "0.6", "0.7" or "auto".
func ParseWire(text string) (Wire, error) {
	for _, w := range []Wire{Wire07, Wire06, WireAuto} {
		if text == w.String() {
			return w, nil
		}
	}
	return 0, fmt.Errorf("unknown wire version %q; want 0.6, 0.7 or auto", text)
}

func (w Wire) String() string {
	switch w {
	case Wire06:
		return "0.6"
	case Wire07:
		return "0.7"
	}
	return "auto"
}

const (
	defaultMaxMessage   = 16 << 20         // bytes
	defaultMaxQueue     = 1 << 20          // bytes
	defaultTimeout      = 10 * time.Second // of handshakes
	defaultWriteTimeout = 30 * time.Second
	defaultPingDelay    = 30 * time.Second
	defaultPingTimeout  = 30 * time.Second
)

// ErrClosed is why a connection that this end closed is of no more use.
var ErrClosed = errors.New("the connection is closed")

// An Error is the answer to a request that failed. A handler returns one to choose
// the data; of any other error the text becomes the data.
type Error struct {
	Data json.RawMessage // any JSON
}

func (e *Error) Error() string {
	if v, err := parse(e.Data); err == nil {
		if s, ok := v.(string); ok {
			return s
		}
	}
	return string(e.Data)
}

// A ProtocolError is a message that the protocol does not allow. The connection on
// which it came is closed.
type ProtocolError struct {
	Reason string
	code   int // of RFC 6455 §7.4, for the close frame
}

func (e *ProtocolError) Error() string { return "juggler: " + e.Reason }

// The statuses of close frames, RFC 6455 §7.4.
const (
	closeNormal      = 1000
	closeUnsupported = 1003
	closeInvalid     = 1007
	closePolicy      = 1008
	closeTooBig      = 1009
)

func invalid(format string, args ...any) error {
	return &ProtocolError{fmt.Sprintf(format, args...), closeInvalid}
}
