package bgpy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// peer runs a server for one connection. Its error fails the test.
func peer(t *testing.T, f func(c *conn) error) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		nc, err := l.Accept()
		if err == nil {
			c, stop := newConn(context.Background(), nc, time.Millisecond, framing.DefaultMax)
			err = f(c)
			stop()
			c.Close()
		}
		done <- err
	}()
	t.Cleanup(func() {
		l.Close()
		if err := <-done; err != nil {
			t.Errorf("the server: %v", err)
		}
	})
	return l.Addr().String()
}

// welcome lets the client in, and returns the message that it sends then,
// confirmed.
func welcome(c *conn) (Message, error) {
	if _, err := c.receive(patience); err != nil {
		return Message{}, err
	}
	for _, m := range []Message{confirmation(Auth), textResponse(OK, "Authentication successful.")} {
		if err := c.send(m, patience); err != nil {
			return Message{}, err
		}
	}
	if m, err := c.receive(patience); err != nil || !m.isConfirmation() {
		return Message{}, fmt.Errorf("%v, %w", m, err)
	}
	m, err := c.receive(patience)
	if err == nil {
		err = c.send(confirmation(m.Type), patience)
	}
	return m, err
}

// A response that the client does not wait for, long after, does not make it reset
// the connection.
func TestLateResponse(t *testing.T) {
	address := peer(t, func(c *conn) error {
		m, err := welcome(c)
		if err != nil {
			return err
		}
		if _, err := c.receive(patience); err != io.EOF { // it has half-closed
			return fmt.Errorf("behind %v: %w", m, err)
		}
		for range 3 {
			if err := c.send(response(OK, nil), patience); err != nil {
				return err
			}
		}
		c.within(patience)
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			return fmt.Errorf("a read after the response: %w", err)
		}
		return nil
	})
	got, err := fast(address).Execute(t.Context(), Args("a", 1), false)
	if err != nil || plain(got) != `{"message":"Received 'EXEC'"}` {
		t.Errorf("%v, %v", got, err)
	}
}

func TestBadServers(t *testing.T) {
	mkdir := "57              " + "Y29zCm1rZGlyCihTJy90bXAvcHduZWQnCnRSLg==\n" + strings.Repeat("\n", 16)
	for raw, want := range map[string]error{
		mkdir:                  frame.ErrSyntax,
		"":                     ErrClosed,
		"219             gAN":  io.ErrUnexpectedEOF,
		"9999999999999999":     frame.ErrTooLarge,
		"HTTP/1.1 400 Bad\r\n": frame.ErrSyntax,
		"4               AAAA": frame.ErrSyntax,
	} {
		address := peer(t, func(c *conn) error {
			if _, err := c.receive(patience); err != nil {
				return err
			}
			_, err := io.WriteString(c, raw)
			return err
		})
		if got, err := fast(address).Execute(t.Context(), nil, true); !errors.Is(err, want) {
			t.Errorf("%q: %v, %v; want %v", raw, got, err, want)
		}
	}
}

func TestSilentServer(t *testing.T) {
	address := peer(t, func(c *conn) error {
		_, err := welcome(c)
		if err == nil {
			_, err = io.Copy(io.Discard, c)
		}
		return err
	})
	c := fast(address)
	c.Timeout = 50 * time.Millisecond
	if _, err := c.Execute(t.Context(), nil, true); !errors.Is(err, ErrTimeout) {
		t.Error(err)
	}
}

func TestCallEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	address := peer(t, func(c *conn) error {
		_, err := welcome(c)
		cancel()
		if err == nil {
			_, err = io.Copy(io.Discard, c)
		}
		return err
	})
	if _, err := fast(address).Execute(ctx, nil, true); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// What cannot be sent is told before anything is.
func TestUnsendable(t *testing.T) {
	c := fast("127.0.0.1:1")
	for _, v := range []any{make(chan int), Set{}, map[int]int{}, struct{}{}} {
		if _, err := c.Execute(t.Context(), Args("v", v), false); err == nil || !strings.Contains(err.Error(), "cannot be sent") {
			t.Errorf("%T: %v", v, err)
		}
	}
}

// The form that the real server was seen to accept, docs/wire.md §e, but for the
// number of the protocol.
func TestFixedForm(t *testing.T) {
	body, err := Message{Auth, Args(keyToken, "s3cret", keyAwait, true)}.AppendBody(nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := ParseBody(body)
	if err != nil || m.Type != Auth || plain(m.Args) != `{"token":"s3cret","await_response":true}` {
		t.Errorf("%v, %v", m, err)
	}
	for line := range strings.Lines(string(body)) {
		if len(line) > lineLength+1 || line[len(line)-1] != '\n' {
			t.Errorf("the line %q", line)
		}
	}
}
