package endpoint

import (
	"context"
	"errors"

	"github.com/chancat/channel/internal/socket"
)

func dialFIFO(_ context.Context, address string, _ *Options) (*Conn, error) {
	return nil, noFIFO("dial", address)
}

func listenFIFO(_ context.Context, address string, _ *Options) (Listener, error) {
	return nil, noFIFO("listen", address)
}

func noFIFO(op, address string) error {
	return &socket.Error{Op: op, Address: address, Hint: "Windows has no named pipes in its file system", Err: errors.ErrUnsupported}
}
