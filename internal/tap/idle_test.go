package tap

import (
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chancat/channel/session"
)

// TestIdle bounds what a connection costs that has exchanged messages, large ones
// too, and is silent: ten thousand of them must fit in 600 MiB, the runtime's slack included.
func TestIdle(t *testing.T) {
	const (
		conns = 1000
		most  = 40 << 10 // bytes; with the race detector it takes half as much again
	)
	if testing.Short() {
		t.Skip("many connections")
	}
	type ends struct{ client, tapClient, tapServer, server *net.TCPConn }
	all := make([]ends, conns)
	for i := range all {
		all[i].client, all[i].tapClient = pair(t)
		all[i].tapServer, all[i].server = pair(t)
	}
	used := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse + m.StackInuse
	}
	before := used()
	var taps sync.WaitGroup
	budget := NewBudget(0)
	for i, e := range all {
		taps.Go(func() {
			Run(t.Context(), connOf(e.tapClient), connOf(e.tapServer), Options{
				Framing: parse("msg"), Number: i + 1, Budget: budget, Observe: func(*session.Event) {},
			})
		})
	}
	for _, hello := range []string{
		"\r\nMSG 5\r\nhello",
		"\r\nMSG 100000\r\n" + strings.Repeat("x", 100_000),
	} {
		got := make([]byte, len(hello))
		for _, e := range all {
			for _, way := range [][2]net.Conn{{e.client, e.server}, {e.server, e.client}} {
				if _, err := io.WriteString(way[0], hello); err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(way[1], got); err != nil {
					t.Fatal(err)
				}
			}
		}
		cost := int64(0)
		for deadline := time.Now().Add(patience); ; time.Sleep(idleAfter) {
			if cost = (int64(used()) - int64(before)) / conns; cost <= most {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d bytes for each of %d idle connections, want at most %d", cost, conns, most)
			}
		}
		t.Logf("%d bytes for each connection after messages of %d bytes", cost, len(hello))
	}
	for _, e := range all {
		e.client.Close()
		e.server.Close()
	}
	taps.Wait()
}
