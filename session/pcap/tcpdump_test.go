package pcap_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chancat/channel/session"
	"github.com/chancat/channel/session/pcap"
)

// What tcpdump captured is what was sent; testdata/README.md says how.
func TestTcpdump(t *testing.T) {
	sent := func(first, last int) string {
		var b strings.Builder
		for i := first; i <= last; i++ {
			n := fmt.Sprint(i)
			fmt.Fprintf(&b, "\r\nMSG %d\r\n%s", len(n), n)
		}
		return b.String()
	}
	want := map[int]string{1: sent(1, 20), 2: sent(21, 40)}
	for _, c := range []struct {
		file string
		lost int64
	}{{"loopback", 0}, {"cooked1", 0}, {"cooked2", 0}, {"snaplen", 347}} {
		f, err := os.Open("testdata/" + c.file + ".pcap")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		streams := map[int]map[session.Side]string{1: {}, 2: {}}
		r := pcap.NewReader(f, nil)
		for e, err := range r.Events() {
			switch {
			case err != nil:
				t.Fatalf("%s: %v", c.file, err)
			case e.Kind == session.Read:
				streams[e.Conn][e.From] += string(e.Data)
			case e.Kind == session.Lost:
				streams[e.Conn][e.From] += want[e.Conn][e.Offset:][:e.N]
			}
		}
		for conn, sides := range streams {
			for _, side := range []session.Side{session.Client, session.Server} {
				if got := sides[side]; got != want[conn] {
					t.Errorf("%s: connection %d, from %s: %q, want %q", c.file, conn, side, got, want[conn])
				}
			}
		}
		if s := r.Stats(); s.Lost != c.lost || s.Duplicate+s.Differing+s.Damaged+s.Unread != 0 {
			t.Errorf("%s: %+v", c.file, s)
		}
	}
}
