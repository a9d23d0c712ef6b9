package endpoint

import (
	"context"

	"github.com/chancat/channel/internal/bytepipe"
	"github.com/chancat/channel/internal/socket"
)

var echoScheme = scheme{
	prefix:  "echo:",
	form:    "echo:",
	meaning: "a peer inside this program that sends everything back",
	dial:    dialEcho,
}

// echoBuffer is how many bytes may be on their way before Write blocks, about
// what the kernel holds for a peer on TCP.
const echoBuffer = 256 << 10

func dialEcho(_ context.Context, address string, _ *Options) (*Conn, error) {
	if address != "echo:" {
		return nil, &socket.AddressError{Address: address, Reason: "nothing may follow echo:"}
	}
	return &Conn{Stream: bytepipe.Loop(echoBuffer), Remote: address}, nil
}
