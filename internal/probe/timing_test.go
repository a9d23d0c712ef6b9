package probe

import (
	"context"
	"io"
	"net"
	"testing"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/framing"
)

// TestHalfCloseOfSink: a peer that answers nothing may close once it has read the
// end of the stream.
func TestHalfCloseOfSink(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				io.Copy(io.Discard, conn)
			}()
		}
	}()
	f, err := framing.Parse("msg")
	if err != nil {
		t.Fatal(err)
	}
	report, err := Run(t.Context(), Options{
		Dial:     func(ctx context.Context) (*endpoint.Conn, error) { return endpoint.Dial(ctx, l.Addr().String(), nil) },
		Framing:  f,
		Messages: []Message{{[]byte("ping"), []byte("ping")}},
		Expect:   ParseExpect([]byte("none")),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Results {
		if r.Verdict == Fail {
			t.Errorf("%s: %s", r.Check, r.Observed)
		}
	}
}
