package fastdaemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/chancat/channel/internal/socket"
)

const defaultReply = 64 << 20 // bytes

// A Client calls servers. A zero field means its default; it is safe for
// concurrent use.
type Client struct {
	Chars    bool // lengths of replies count characters, as those of the Python server do
	MaxReply int  // bytes of a reply; 0 means 64 MiB
	Dgram    bool // a record is a datagram: UDP, or a Unix datagram socket
}

// Transfer sends stdin and args to the server at addr, a TCP or Unix address as
// docs/spec.md §3 has them, and returns its reply. Args are joined by single
// blanks: an argument with a blank in it arrives as several, and an empty one at
// the end not at all. The context governs the whole exchange.
//
// A reply that is cut short is a *frame.Error that wraps io.ErrUnexpectedEOF; no
// reply at all is [ErrNoReply].
func (c *Client) Transfer(ctx context.Context, addr string, stdin []byte, args []string) (Reply, error) {
	a, err := socket.Parse(addr)
	if err != nil {
		return Reply{}, err
	}
	request, err := appendRecord(nil, stdin, []byte(strings.Join(args, " ")))
	if err != nil {
		return Reply{}, err
	}
	exchange := c.stream
	if c.Dgram {
		exchange = c.datagram
	}
	reply, err := exchange(ctx, a, request)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return reply, err
}

func (c *Client) stream(ctx context.Context, a socket.Address, request []byte) (Reply, error) {
	conn, err := socket.Dial(ctx, a, nil)
	if err != nil {
		return Reply{}, err
	}
	defer conn.Close()
	defer interruptedBy(ctx, conn)()
	_, sendErr := conn.Write(request)
	// A server that stops reading may still have answered.
	stdout, stderr, err := receive(conn, c.Chars, cmp.Or(c.MaxReply, defaultReply))
	switch {
	case err == nil:
		return Reply{stdout, stderr}, nil
	case sendErr != nil:
		return Reply{}, fmt.Errorf("%s: %w", a, sendErr)
	case errors.Is(err, io.EOF):
		return Reply{}, fmt.Errorf("%s: %w", a, ErrNoReply)
	}
	return Reply{}, fmt.Errorf("%s: reply: %w", a, err)
}

// interruptedBy makes the end of ctx end what waits on conn.
func interruptedBy(ctx context.Context, conn net.Conn) (stop func() bool) {
	return context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
}
