package probe

import (
	"bufio"
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
			go echoSlowly(conn)
		}
	}()
	report := probeServer(t, l.Addr().String(), "line", 0)
	for _, r := range report.Results {
		if r.Verdict == Fail {
			t.Errorf("%s: %s", r.Check, r.Observed)
		}
	}
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
