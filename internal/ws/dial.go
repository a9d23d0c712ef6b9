package ws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/chancat/channel/internal/socket"
)

const maxExcerpt = 200 // bytes of a refusal's body that are shown

// Dial connects to a ws or wss URL. Redirections are not followed, and no proxy is
// used. The error is a *socket.AddressError or a *socket.Error, which wraps a
// [*RefusedError] when the server answered but did not accept.
func Dial(ctx context.Context, address string, options *Options) (*Conn, error) {
	o := options.orDefault()
	u, a, err := parse(address)
	if err != nil {
		return nil, err
	}
	attempt, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()

	var conn *wire // set by the one dial that the one request makes
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		so := o.socket()
		if u.Scheme == "ws" {
			so.TLS = nil
		}
		c, err := socket.Dial(ctx, a, so)
		if err != nil {
			return nil, err
		}
		conn = &wire{c}
		return conn, nil
	}
	client := &http.Client{
		Transport: &http.Transport{
			DialContext:            dial,
			DialTLSContext:         dial,
			MaxResponseHeaderBytes: maxHeader,
			DisableKeepAlives:      true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	opts := &websocket.DialOptions{HTTPClient: client, HTTPHeader: o.Header, Host: o.Header.Get("Host")}
	if o.Subprotocol != "" {
		opts.Subprotocols = []string{o.Subprotocol}
	}
	ws, resp, err := websocket.Dial(attempt, u.String(), opts)
	if err == nil {
		if o.Answered != nil {
			o.Answered(resp.Status, resp.Header)
		}
		return newConn(ws, conn, o), nil
	}
	if conn != nil {
		conn.Close()
	}
	return nil, explain(ctx, u.Redacted(), o.Subprotocol, resp, err)
}

func explain(ctx context.Context, address, subprotocol string, resp *http.Response, err error) error {
	var (
		usage *socket.AddressError
		below *socket.Error
	)
	e := &socket.Error{Op: "dial", Address: address, Err: err}
	switch {
	case errors.As(err, &usage):
		return usage
	case ctx.Err() != nil:
		e.Err = ctx.Err()
	case errors.As(err, &below):
		e.Hint, e.Err = below.Hint, below.Err
	case resp != nil && resp.StatusCode != http.StatusSwitchingProtocols:
		refused := &RefusedError{Status: resp.StatusCode, Location: resp.Header.Get("Location"), Body: excerpt(resp.Body)}
		e.Hint, e.Err = refused.hint(), refused
	case errors.Is(err, context.DeadlineExceeded):
		e.Hint, e.Err = "connected, but no answer to the HTTP request; the peer may not speak WebSocket", context.DeadlineExceeded
	case resp != nil && unasked(resp, subprotocol) != "":
		e.Err = fmt.Errorf("the peer chose the subprotocol %q, which was not asked for", unasked(resp, subprotocol))
		e.Hint = "ask for it with --subprotocol"
	default:
		e.Hint = "the peer does not seem to speak WebSocket"
		if inner := innermost(err); inner != nil {
			e.Err = inner
		}
	}
	return e
}

// unasked is the subprotocol that the server chose though the client did not ask for
// it, which ends a handshake.
func unasked(resp *http.Response, asked string) string {
	chosen := resp.Header.Get("Sec-WebSocket-Protocol")
	if strings.EqualFold(chosen, asked) {
		return ""
	}
	return chosen
}

// innermost peels off the layers that repeat the URL, in which a password could be.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// excerpt returns the start of a body as valid UTF-8.
func excerpt(body io.Reader) string {
	b, _ := io.ReadAll(io.LimitReader(body, maxExcerpt))
	for len(b) > 0 && !utf8.Valid(b) && len(b) > maxExcerpt-utf8.UTFMax {
		b = b[:len(b)-1] // a character cut in two
	}
	return strings.TrimSpace(string(b))
}
