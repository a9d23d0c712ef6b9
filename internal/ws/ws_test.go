package ws

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/socket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

func listen(t *testing.T, url string, o *Options) *Listener {
	t.Helper()
	l, err := Listen(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// pair returns both ends of a WebSocket.
func pair(t *testing.T, scheme string, server, client *Options) (near, far *Conn) {
	t.Helper()
	l := listen(t, scheme+"://127.0.0.1:0/chat", server)
	accepted := make(chan *Conn, 1)
	go func() {
		c, _ := l.Accept()
		accepted <- c
	}()
	near, err := Dial(t.Context(), l.URL(), client)
	if err != nil {
		t.Fatal(err)
	}
	far = <-accepted
	for _, c := range []*Conn{near, far} {
		c.conn.SetDeadline(time.Now().Add(patience))
		t.Cleanup(func() { c.conn.Close(); c.Close() })
	}
	return near, far
}

func TestMessages(t *testing.T) {
	cert, err := socket.SelfSigned()
	if err != nil {
		t.Fatal(err)
	}
	for scheme, o := range map[string]struct{ server, client *Options }{
		"ws": {},
		"wss": {
			&Options{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}},
			&Options{TLS: &tls.Config{InsecureSkipVerify: true}},
		},
	} {
		t.Run(scheme, func(t *testing.T) {
			near, far := pair(t, scheme, o.server, o.client)
			for _, m := range []struct {
				body string
				kind Kind
			}{
				{"hello", Text},
				{"", Text},
				{"gr\u00fc\u00df dich", Text},
				{"\xff\x00", Binary},
				{strings.Repeat("0123456789abcdef", 1<<16), Text},
			} {
				for _, dir := range []struct{ from, to *Conn }{{near, far}, {far, near}} {
					sent := make(chan error, 1)
					go func() { sent <- dir.from.Send([]byte(m.body)) }()
					got, err := dir.to.Recv()
					if err != nil || string(got) != m.body || dir.to.LastKind() != m.kind {
						t.Fatalf("%.20q: got %.20q, kind %v, %v", m.body, got, dir.to.LastKind(), err)
					}
					if err := <-sent; err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

func TestKinds(t *testing.T) {
	near, far := pair(t, "ws", &Options{Kind: Text}, &Options{Kind: Binary})
	if err := near.Send([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := far.Recv(); err != nil || far.LastKind() != Binary {
		t.Errorf("forced binary arrived as %v, %v", far.LastKind(), err)
	}
	if err := far.Send([]byte{0xff}); !errors.Is(err, frame.ErrUnsendable) {
		t.Errorf("forced text of no UTF-8: %v", err)
	}
	if err := far.Send([]byte("still alive")); err != nil {
		t.Errorf("after the refusal: %v", err)
	}
}

func TestSubprotocolAndHeader(t *testing.T) {
	near, far := pair(t, "ws", &Options{Subprotocol: "v1.chat"}, &Options{Subprotocol: "v1.chat"})
	if near.Subprotocol() != "v1.chat" || far.Subprotocol() != "v1.chat" {
		t.Errorf("agreed on %q and %q", near.Subprotocol(), far.Subprotocol())
	}
}

func TestCleanClose(t *testing.T) {
	for _, who := range []string{"client", "server"} {
		near, far := pair(t, "ws", nil, nil)
		closer, other := near, far
		if who == "server" {
			closer, other = far, near
		}
		if err := closer.Send([]byte("last")); err != nil {
			t.Fatal(err)
		}
		closed := make(chan error, 1)
		go func() { closed <- closer.Close() }()
		if got, err := other.Recv(); string(got) != "last" || err != nil {
			t.Errorf("%s closed: got %q, %v", who, got, err)
		}
		for range 2 {
			if _, err := other.Recv(); err != io.EOF {
				t.Errorf("%s closed: got %v, want io.EOF", who, err)
			}
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
		if err := closer.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
		if _, err := closer.Recv(); !errors.Is(err, net.ErrClosed) && err != io.EOF {
			t.Errorf("Recv after Close: %v", err)
		}
	}
}

// Close interrupts a Recv although the peer does not answer the close frame.
func TestCloseInterrupts(t *testing.T) {
	near, _ := pair(t, "ws", nil, nil)
	got := make(chan error, 1)
	go func() { _, err := near.Recv(); got <- err }()
	near.Close()
	if err := <-got; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Recv: %v, want net.ErrClosed", err)
	}
	if err := near.Send([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Send: %v, want net.ErrClosed", err)
	}
}

func TestTooLarge(t *testing.T) {
	near, far := pair(t, "ws", &Options{Max: 10}, nil)
	near.Send([]byte("0123456789"))
	if got, err := far.Recv(); len(got) != 10 || err != nil {
		t.Errorf("at the limit: %q, %v", got, err)
	}
	near.Send([]byte("0123456789a"))
	_, err := far.Recv()
	if !errors.Is(err, frame.ErrTooLarge) || !strings.Contains(err.Error(), "10 bytes") {
		t.Errorf("over the limit: %v", err)
	}
	var status *CloseError
	if _, err := near.Recv(); !errors.As(err, &status) || status.Code != 1009 {
		t.Errorf("the sender was told %v, want status 1009", err)
	}
}

// upgraded serves one WebSocket whose server side is written by hand.
func upgraded(t *testing.T, serve func(net.Conn)) *Conn {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { inner.Close(); <-done })
	go func() {
		defer close(done)
		c, err := inner.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(patience))
		req, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			t.Error(err)
			return
		}
		fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
			acceptKey(req.Header.Get("Sec-WebSocket-Key")))
		serve(c)
	}()
	conn, err := Dial(t.Context(), "ws://"+inner.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestBadEnds(t *testing.T) {
	for name, c := range map[string]struct {
		wire string
		want error
		text string
	}{
		"at a boundary":       {"", io.ErrUnexpectedEOF, "without a close frame"},
		"in a head":           {"\x81", io.ErrUnexpectedEOF, "without a close frame"},
		"after a head":        {"\x81\x05", io.ErrUnexpectedEOF, "without a close frame"},
		"in a body":           {"\x81\x05he", io.ErrUnexpectedEOF, "without a close frame"},
		"between fragments":   {"\x01\x02he", io.ErrUnexpectedEOF, "without a close frame"},
		"body of one buffer":  {"\x82\x7e\x10\x00" + strings.Repeat("x", 512), io.ErrUnexpectedEOF, "without a close frame"},
		"reserved bits":       {"\xf1\x00", frame.ErrSyntax, "rsv"},
		"unknown opcode":      {"\x83\x00", frame.ErrSyntax, "opcode"},
		"claims 2^62 bytes":   {"\x82\x7f\x40\x00\x00\x00\x00\x00\x00\x00x", io.ErrUnexpectedEOF, "without a close frame"},
		"claims 2^63 bytes":   {"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", frame.ErrSyntax, ""},
		"status 1011":         {"\x88\x06\x03\xf3oops", nil, `status 1011 and reason "oops"`},
		"status with escapes": {"\x88\x06\x03\xf3\x1b[2J", nil, `\x1b[2J`},
		"going away":          {"\x88\x02\x03\xe9", io.EOF, ""},
		"no status":           {"\x88\x00", io.EOF, ""},
	} {
		t.Run(name, func(t *testing.T) {
			conn := upgraded(t, func(peer net.Conn) {
				io.WriteString(peer, c.wire)
				peer.(*net.TCPConn).CloseWrite()
				io.Copy(io.Discard, peer)
			})
			for range 2 {
				msg, err := conn.Recv()
				if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
					t.Fatalf("got %q, %v; want %v, %q", msg, err, c.want, c.text)
				}
				if c.want != io.EOF && errors.Is(err, io.EOF) {
					t.Fatalf("%v passes for a clean end", err)
				}
			}
			var status *CloseError
			if _, err := conn.Recv(); strings.HasPrefix(name, "status") && (!errors.As(err, &status) || status.Code != 1011) {
				t.Errorf("got %v, want a CloseError", err)
			}
		})
	}
}

func TestReset(t *testing.T) {
	conn := upgraded(t, func(peer net.Conn) { peer.(*net.TCPConn).SetLinger(0) })
	if _, err := conn.Recv(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want io.ErrUnexpectedEOF", err)
	}
}

func TestPingIsAnswered(t *testing.T) {
	answer := make(chan []byte, 1)
	conn := upgraded(t, func(peer net.Conn) {
		io.WriteString(peer, "\x89\x02hi\x81\x02ok")
		pong := make([]byte, 8) // head, mask, body
		io.ReadFull(peer, pong)
		answer <- pong
		io.WriteString(peer, "\x88\x00")
		io.Copy(io.Discard, peer)
	})
	if got, err := conn.Recv(); string(got) != "ok" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if pong := <-answer; pong[0] != 0x8a || pong[1] != 0x82 {
		t.Errorf("answered % x, want a masked pong", pong)
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		status  int
		words   []string
	}{
		"401": {func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "who are you?\x1b[2J", http.StatusUnauthorized)
		}, http.StatusUnauthorized,
			[]string{"401 Unauthorized", "who are you?", `\x1b[2J`, "--header"}},
		"404":      {http.NotFound, 404, []string{"404 Not Found", "path"}},
		"200":      {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") }, 200, []string{"200 OK", "no WebSocket"}},
		"redirect": {http.RedirectHandler("/elsewhere", http.StatusFound).ServeHTTP, 302, []string{"302", "/elsewhere", "not followed"}},
		"long": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(500)
			io.WriteString(w, strings.Repeat("\u00e9", 1<<16))
		}, 500,
			[]string{"500"}},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(c.handler)
			defer srv.Close()
			url := strings.Replace(srv.URL, "http", "ws", 1) + "/x"
			_, err := Dial(t.Context(), url, nil)
			var typed *socket.Error
			var refused *RefusedError
			if !errors.As(err, &typed) || !errors.As(err, &refused) || refused.Status != c.status || typed.Address != url {
				t.Fatalf("got %#v", err)
			}
			if len(refused.Body) > maxExcerpt || strings.ContainsRune(refused.Body, '\ufffd') {
				t.Errorf("body %q", refused.Body)
			}
			for _, w := range c.words {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
		})
	}
}

// A server that chooses a subprotocol nobody asked for ends the handshake, and the
// error says what would be accepted.
func TestSubprotocolUnasked(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		h := w.Header()
		h.Set("Connection", "Upgrade")
		h.Set("Upgrade", "websocket")
		h.Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(sum[:]))
		h.Set("Sec-WebSocket-Protocol", "chat")
		w.WriteHeader(http.StatusSwitchingProtocols)
	}))
	defer srv.Close()
	_, err := Dial(t.Context(), strings.Replace(srv.URL, "http", "ws", 1), nil)
	if err == nil || !strings.Contains(err.Error(), `"chat"`) || !strings.Contains(err.Error(), "--subprotocol") {
		t.Errorf("got %v, want the subprotocol and how to ask for it", err)
	}
}

func TestBasicAuthStaysSecret(t *testing.T) {
	asked := make(chan string, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, pass, _ := r.BasicAuth()
		asked <- user + ":" + pass
		http.Error(w, "", http.StatusUnauthorized)
	}))
	defer srv.Close()
	_, err := Dial(t.Context(), strings.Replace(srv.URL, "http://", "ws://me:secret@", 1), nil)
	if got := <-asked; got != "me:secret" {
		t.Errorf("the server saw %q", got)
	}
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v shows the password", err)
	}
}

func TestNotHTTP(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	go func() {
		for {
			c, err := inner.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, "220 mail ESMTP\r\n")
			c.Close()
		}
	}()
	_, err = Dial(t.Context(), "ws://me:secret@"+inner.Addr().String()+"/", nil)
	var typed *socket.Error
	if !errors.As(err, &typed) || !strings.Contains(err.Error(), "does not seem to speak WebSocket") || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func TestSilentServer(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	_, err = Dial(t.Context(), "ws://"+inner.Addr().String()+"/", &Options{Timeout: 50 * time.Millisecond})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no answer to the HTTP request") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Dial(ctx, "ws://"+inner.Addr().String()+"/", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want canceled", err)
	}
}

func TestRefused(t *testing.T) {
	l := listen(t, "ws://127.0.0.1:0/", nil)
	l.Close()
	_, err := Dial(t.Context(), l.URL(), nil)
	if err == nil || err.Error() != "dial "+l.URL()+": connection refused: nothing listens there; start the peer first" {
		t.Errorf("got %v", err)
	}
}

func TestBadURLs(t *testing.T) {
	for _, url := range []string{"", "http://localhost/", "ws://host:port/", "ws://host:99999/", "ws://h%zz/", "ws://a b/"} {
		var usage *socket.AddressError
		if _, err := Dial(t.Context(), url, nil); !errors.As(err, &usage) {
			t.Errorf("Dial(%q): %v, want an AddressError", url, err)
		}
		if _, err := Listen(t.Context(), url, nil); !errors.As(err, &usage) {
			t.Errorf("Listen(%q): %v, want an AddressError", url, err)
		}
	}
	for url, want := range map[string]string{
		"ws://host":              "tcp://host:80",
		"wss://host/p":           "tls://host:443",
		"ws://[::1]:5/":          "tcp://[::1]:5",
		"ws://[::1]/":            "tcp://[::1]:80",
		"ws://:5/":               "tcp://localhost:5",
		"ws://me:secret@host/#f": "tcp://host:80",
	} {
		if _, a, err := parse(url); err != nil || a.String() != want {
			t.Errorf("%q is on %v, %v; want %s", url, a, err, want)
		}
	}
}

func TestOrigin(t *testing.T) {
	l := listen(t, "ws://127.0.0.1:0/", nil)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go c.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, c := range []struct {
		origin, host string
		welcome      bool
	}{
		{"", "", true},
		{"", "rebound.example:" + port, true}, // no browser
		{"http://127.0.0.1:" + port, "", true},
		{"http://localhost:" + port, "localhost:" + port, true},
		{"http://evil.example", "", false},
		{"http://127.0.0.1:1", "", false},
		{"null", "", false},
		{"http://rebound.example:" + port, "rebound.example:" + port, false},
	} {
		h := http.Header{}
		if c.origin != "" {
			h.Set("Origin", c.origin)
		}
		if c.host != "" {
			h.Set("Host", c.host)
		}
		conn, err := Dial(t.Context(), l.URL(), &Options{Header: h})
		if (err == nil) != c.welcome {
			t.Errorf("origin %q, host %q: %v", c.origin, c.host, err)
		}
		if err == nil {
			conn.Close()
		}
	}
}

// The pending bound holds, and silent clients are put off in the end.
func TestPendingIsBounded(t *testing.T) {
	l := listen(t, "ws://127.0.0.1:0/", &Options{Timeout: 300 * time.Millisecond})
	var silent []net.Conn
	defer func() {
		for _, c := range silent {
			c.Close()
		}
	}()
	for range maxPending {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		silent = append(silent, c)
	}
	go func() {
		if c, err := l.Accept(); err == nil {
			c.Close()
		}
	}()
	c, err := Dial(t.Context(), l.URL(), nil)
	if err != nil {
		t.Fatalf("after the silent clients: %v", err)
	}
	c.Close()
}

func TestHugeRequestHead(t *testing.T) {
	l := listen(t, "ws://127.0.0.1:0/", nil)
	_, err := Dial(t.Context(), l.URL(), &Options{Header: http.Header{"X": {string(bytes.Repeat([]byte("x"), 1<<20))}}})
	if err == nil {
		t.Error("a head of 1 MiB was accepted")
	}
}

func TestListenerClose(t *testing.T) {
	l := listen(t, "ws://127.0.0.1:0/", nil)
	got := make(chan error, 1)
	go func() { _, err := l.Accept(); got <- err }()
	l.Close()
	if err := <-got; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept: %v, want net.ErrClosed", err)
	}
	l.Close()

	// A client that nobody accepts is let go.
	l = listen(t, "ws://127.0.0.1:0/", nil)
	c, err := Dial(t.Context(), l.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := c.Recv(); err == nil {
		t.Error("a message from nobody")
	}
	c.Close()
}

func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // RFC 6455 §1.3
	return base64.StdEncoding.EncodeToString(sum[:])
}

// A URL that is understood names a socket, and is understood again.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"ws://h/p", "wss://u:p@[::1]:8443/?q#f", "ws:///x", "ws://:5", "http://h", "ws://h:x", "ws://[::1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, a, err := parse(text)
		if err != nil {
			if _, ok := errors.AsType[*socket.AddressError](err); !ok {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if _, again, err := parse(u.String()); err != nil || again != a {
			t.Errorf("%q is %v, written %q, which is %v, %v", text, a, u, again, err)
		}
	})
}
