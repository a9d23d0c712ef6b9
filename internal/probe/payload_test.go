package probe

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"
)

// TestLargeSlowly: a peer that reads byte by byte, and copies what it has for each,
// answers a large message rightly, only later than a reply may take otherwise.
func TestLargeSlowly(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	for _, expect := range []string{"echo", "ping"} {
		t.Run(expect, func(t *testing.T) {
			t.Parallel()
			report := probeExpecting(t, serveLines(t, echoSlowly), "line", 0, expect)
			for _, r := range report.Results {
				if r.Verdict == Fail {
					t.Errorf("%s: %s", r.Check, r.Observed)
				}
			}
		})
	}
}

// TestLargeShown: what shows that a large message is not answered fits on a command
// line, whatever was expected.
func TestLargeShown(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	deaf := func(conn net.Conn) {
		defer conn.Close()
		lines := bufio.NewReader(conn)
		for {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				return
			}
			if len(line) > 100_000 {
				lines.WriteTo(io.Discard)
				return
			}
			conn.Write(line)
		}
	}
	for _, expect := range []string{"echo", "ping"} {
		t.Run(expect, func(t *testing.T) {
			t.Parallel()
			report := probeExpecting(t, serveLines(t, deaf), "line", 0, expect)
			for _, r := range report.Results {
				if r.Check != "large" {
					continue
				}
				if r.Again == nil || r.Again.Size == 0 || len(r.Again.Messages[0]) > 100 {
					t.Errorf("%s: %v: %+.200v", r.Verdict, r.Observed, r.Again)
				}
			}
		})
	}
}

// serveLines serves each connection by serve until the test ends, and returns the
// address.
func serveLines(t *testing.T, serve func(net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return l.Addr().String()
}

// echoSlowly answers lines after a time that grows with the square of their length:
// 2.4 s for 256 KiB.
func echoSlowly(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewReader(conn)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		time.Sleep(time.Duration(len(line)) * time.Duration(len(line)) * 35 / 1000)
		if _, err := conn.Write(line); err != nil {
			return
		}
	}
}
