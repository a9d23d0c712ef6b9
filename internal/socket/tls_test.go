package socket

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// serve accepts until l is closed and reads each connection to its end.
func serve(l net.Listener, each func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			each(c)
		}()
	}
}

func drain(c net.Conn) { io.Copy(io.Discard, c) }

func TestUnknownCertificate(t *testing.T) {
	l := listen(t, "tls://127.0.0.1:0", &Options{TLS: selfSigned(t)})
	failed := make(chan error, 1)
	go serve(l, func(c net.Conn) { failed <- c.(*serverConn).handshake() })

	_, err := Dial(t.Context(), parse(t, Of("tls", l.Addr())), nil)
	var unknown x509.UnknownAuthorityError
	wantError(t, err, nil, "dial tls://127.0.0.1:", "--ca FILE", "--insecure")
	if !errors.As(err, &unknown) {
		t.Errorf("%v is not an UnknownAuthorityError", err)
	}
	wantError(t, <-failed, nil, "accept tls://127.0.0.1:", "remote error", "does not trust our certificate")
}

func TestTrustedCertificate(t *testing.T) {
	cfg := selfSigned(t)
	roots := x509.NewCertPool()
	roots.AddCert(cfg.Certificates[0].Leaf)
	pair(t, "tls://127.0.0.1:0", &Options{TLS: cfg}, &Options{TLS: &tls.Config{RootCAs: roots}})
	pair(t, "tls://localhost:0", &Options{TLS: cfg}, &Options{TLS: &tls.Config{RootCAs: roots, ServerName: "localhost"}})

	l := listen(t, "tls://127.0.0.1:0", &Options{TLS: cfg})
	go serve(l, drain)
	_, err := Dial(t.Context(), parse(t, Of("tls", l.Addr())), &Options{TLS: &tls.Config{RootCAs: roots, ServerName: "example.org"}})
	wantError(t, err, nil, "--server-name")
}

func TestTLSToPlainPeer(t *testing.T) {
	for name, c := range map[string]struct {
		peer func(net.Conn)
		hint string
	}{
		"talks first": {func(c net.Conn) { io.WriteString(c, "220 mail.example ESMTP\r\n"); drain(c) }, "does not speak TLS"},
		"hangs up":    {func(c net.Conn) { c.Read(make([]byte, 1)) }, "may not speak TLS"},
		"is silent":   {drain, "may not speak TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t, "127.0.0.1:0", nil)
			go serve(l, c.peer)
			_, err := Dial(t.Context(), parse(t, Of("tls", l.Addr())), &Options{Timeout: 300 * time.Millisecond})
			wantError(t, err, nil, c.hint)
		})
	}
}

func TestPlainClient(t *testing.T) {
	l := listen(t, "tls://127.0.0.1:0", &Options{TLS: selfSigned(t)})
	c, err := Dial(t.Context(), parse(t, Of("tcp", l.Addr())), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "\r\nMSG 5\r\nhello")
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	_, err = far.Read(make([]byte, 1))
	wantError(t, err, nil, "accept tls://"+c.LocalAddr().String(), "does not speak TLS")
	_, again := far.Write([]byte("x"))
	if again == nil {
		t.Error("a write after the failed handshake succeeded")
	}
}

// A client that says nothing neither blocks the next one nor stays for ever.
func TestSilentClient(t *testing.T) {
	l := listen(t, "tls://127.0.0.1:0", &Options{TLS: selfSigned(t), Timeout: 200 * time.Millisecond})
	ended := make(chan error, 2)
	go serve(l, func(c net.Conn) { _, err := io.Copy(io.Discard, c); ended <- err })

	silent, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	c, err := Dial(t.Context(), parse(t, Of("tls", l.Addr())), &Options{TLS: &tls.Config{InsecureSkipVerify: true}})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	bad := 0
	for range 2 {
		if err := <-ended; err != nil {
			wantError(t, err, nil, "may not speak TLS")
			bad++
		}
	}
	if bad != 1 {
		t.Errorf("%d handshakes failed, want 1", bad)
	}
}

func TestNoCertificate(t *testing.T) {
	_, err := Listen(t.Context(), parse(t, "tls://127.0.0.1:0"), nil)
	wantError(t, err, errNoCertificate)
}

func TestKeyLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	t.Setenv("SSLKEYLOGFILE", path)
	pair(t, "tls://127.0.0.1:0", &Options{TLS: selfSigned(t)}, &Options{TLS: &tls.Config{InsecureSkipVerify: true}})
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(b, []byte("CLIENT_TRAFFIC_SECRET_0 ")); n != 2 {
		t.Errorf("%d secrets, want one of each side:\n%s", n, b)
	}
	if st, _ := os.Stat(path); st.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode %v: others can read the keys", st.Mode())
	}

	t.Setenv("SSLKEYLOGFILE", filepath.Join(t.TempDir(), "no", "dir"))
	_, err = Listen(t.Context(), parse(t, "tls://127.0.0.1:0"), &Options{TLS: selfSigned(t)})
	wantError(t, err, os.ErrNotExist, "SSLKEYLOGFILE")
}

func TestFingerprint(t *testing.T) {
	cert := selfSigned(t).Certificates[0]
	if got := Fingerprint(cert); len(got) != 95 || strings.Count(got, ":") != 31 {
		t.Errorf("fingerprint %q", got)
	}
	if got := Fingerprint(tls.Certificate{}); got != "" {
		t.Errorf("no certificate has the fingerprint %q", got)
	}
}
