package juggler

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chancat/channel/internal/socket"
)

// Each recording's client gets from this server what it got from the real one.
func TestCapturesAgainstServer(t *testing.T) {
	captures(t, func(t *testing.T, c capture) {
		o := c.played(t)
		conn := c.dialServer(t, o)
		r := bufio.NewReader(conn)
		// Compression is declined; otherwise the request is the recorded one.
		head := strings.Replace(c.HTTP.C2S, "Sec-WebSocket-Extensions", "X-Extensions", 1)
		io.WriteString(conn, head)
		resp, err := http.ReadResponse(r, &http.Request{Method: "GET"})
		if err != nil {
			t.Fatal(err)
		}
		if refused := c.sameResponse(t, resp); refused {
			return
		}
		// What is text goes as it was recorded, message by message; the answers are
		// awaited where the recording has them.
		var got []string
		want := c.messages(t, "s2c")
		a := assembler{max: defaultMaxMessage}
		receive := func() (text string) {
			opcode, payload := readFrame(t, r)
			switch {
			case opcode == 8:
				return fmt.Sprintf("close %x", payload)
			case c.wire() == Wire06:
				got = append(got, string(payload))
			case payload[0] == segmentLast || payload[0] == segmentMore:
				msg, complete, err := a.add(payload[0], payload[1:])
				if err != nil {
					t.Fatal(err)
				}
				if complete {
					got = append(got, string(msg))
				}
			}
			return string(payload)
		}
		for _, m := range c.Decoded {
			switch {
			case m.Dir == "c2s" && m.Opcode == "text":
				writeFrame(conn, 1, []byte(m.Text))
			case m.Dir == "c2s":
				writeFrame(conn, 8, []byte{3, 232})
			case m.Opcode == "close":
				for {
					if text := receive(); text == "close 03e8" {
						break
					} else if strings.HasPrefix(text, "close") {
						t.Fatalf("closed with %s", text)
					}
				}
			case m.Text[0] == segmentPing || m.Text[0] == segmentPong:
				if text := receive(); text != m.Text {
					t.Fatalf("got %q, want %q", text, m.Text)
				}
			case m.Text[0] == segmentMore: // the last one is awaited
			default:
				for n := len(got); n == len(got) && len(got) < len(want); {
					receive()
				}
			}
		}
		gotStates, got := states(t, got)
		wantStates, want := states(t, want)
		if !slices.Equal(got, want) || !slices.Equal(gotStates, wantStates) {
			t.Errorf("got %q, states %q\nwant %q, states %q", got, gotStates, want, wantStates)
		}
	})
}

func (c capture) dialServer(t *testing.T, o *ServerOptions) net.Conn {
	var config *tls.Config
	if strings.HasSuffix(c.Name, "tls") {
		certificate, err := socket.SelfSigned("127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		o.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
		config = &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1"}
		config.RootCAs.AddCert(certificate.Leaf)
	}
	s := serve(t, o)
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if config != nil {
		conn = tls.Client(conn, config)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// sameResponse compares what matters of the answers to the handshake.
func (c capture) sameResponse(t *testing.T, got *http.Response) (refused bool) {
	want, err := http.ReadResponse(bufio.NewReader(strings.NewReader(c.HTTP.S2C)), &http.Request{Method: "GET"})
	if err != nil {
		t.Fatal(err)
	}
	if got.StatusCode != want.StatusCode {
		t.Fatalf("status %s, want %s", got.Status, want.Status)
	}
	names := []string{"WWW-Authenticate", "Content-Type", "Content-Length", "Sec-WebSocket-Accept"}
	if c.wire() == Wire07 {
		names = append(names, "Cache-Control")
	}
	for _, name := range names {
		if got.Header.Get(name) != want.Header.Get(name) {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), want.Header.Get(name))
		}
	}
	if got.StatusCode == http.StatusSwitchingProtocols {
		return false
	}
	gotBody, _ := io.ReadAll(got.Body)
	wantBody, _ := io.ReadAll(want.Body)
	if string(gotBody) != string(wantBody) {
		t.Errorf("body %q, want %q", gotBody, wantBody)
	}
	return true
}
