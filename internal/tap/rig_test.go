package tap

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/chancat/channel/session"
)

const patience = 20 * time.Second

// A rig is a tap between two ends that a test holds.
type rig struct {
	t              *testing.T
	client, server *net.TCPConn
	done           chan struct{}
	result         Result // once done is closed
	stop           context.CancelFunc

	mu     sync.Mutex // guards events
	events []session.Event
}

// pair returns the two ends of a TCP connection.
func pair(t testing.TB) (a, b *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialled, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return dialled.(*net.TCPConn), accepted.(*net.TCPConn)
}

func newRig(t *testing.T, o Options) *rig {
	t.Helper()
	r := &rig{t: t, done: make(chan struct{})}
	client, tapClient := pair(t)
	tapServer, server := pair(t)
	r.client, r.server = client, server
	if o.Framing.Spelling == "" && !o.Auto {
		o.Framing = parse("msg")
	}
	o.Number = 1
	if o.Observe == nil {
		o.Observe = r.observe
	}
	if o.Linger == 0 {
		o.Linger = 200 * time.Millisecond
	}
	var ctx context.Context
	ctx, r.stop = context.WithCancel(context.Background())
	go func() {
		defer close(r.done)
		r.result = Run(ctx, connOf(tapClient), connOf(tapServer), o)
	}()
	for _, c := range []*net.TCPConn{client, server} {
		c.SetDeadline(time.Now().Add(patience))
	}
	t.Cleanup(func() {
		r.stop()
		client.Close()
		server.Close()
		<-r.done
	})
	return r
}

func (r *rig) observe(e *session.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := *e
	kept.Data = bytes.Clone(e.Data)
	r.events = append(r.events, kept)
}

func (r *rig) send(c net.Conn, text string) {
	r.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) want(c net.Conn, text string) {
	r.t.Helper()
	got := make([]byte, len(text))
	if n, err := io.ReadFull(c, got); string(got) != text {
		r.t.Fatalf("got %q, %v; want %q", got[:n], err, text)
	}
}

func (r *rig) wantEOF(c net.Conn) {
	r.t.Helper()
	if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
		r.t.Fatalf("got %q, %v; want the end", rest, err)
	}
}

// finish ends both sides and returns all events in short.
func (r *rig) finish() []string {
	r.t.Helper()
	r.client.CloseWrite()
	r.wantEOF(r.server)
	r.server.CloseWrite()
	return r.ended()
}

// ended waits for the end of the tap and returns all events in short.
func (r *rig) ended() []string {
	r.t.Helper()
	select {
	case <-r.done:
	case <-time.After(patience):
		r.t.Fatal("the tap does not end")
	}
	var list []string
	for _, e := range r.events {
		list = append(list, short(e))
	}
	return list
}

func short(e session.Event) string {
	switch e.Kind {
	case session.Message:
		text := fmt.Sprintf("%s#%d@%d %q", e.From[:1], e.Seq, e.Offset, e.Data)
		if e.Answers != 0 {
			text += fmt.Sprintf(" answers %d", e.Answers)
		}
		if e.Reads != 1 {
			text += fmt.Sprintf(" in %d reads", e.Reads)
		}
		return text
	case session.Broken:
		return fmt.Sprintf("%s broken %d/%d", e.From[:1], e.Offset, e.At)
	case session.Close:
		return fmt.Sprintf("%s %s", e.From[:1], e.Reason)
	case session.Fault:
		return fmt.Sprintf("%s#%d fault %s", e.From[:1], e.Seq, e.Reason)
	case session.Note:
		return "note"
	case session.Lost:
		return fmt.Sprintf("%s lost", e.From[:1])
	case session.Read:
		return fmt.Sprintf("%s read %d", e.From[:1], e.N)
	}
	return string(e.Kind)
}
