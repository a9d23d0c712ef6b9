package juggler

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Clients that share a state all get to exactly the last one, whenever they came.
func TestSharedState(t *testing.T) {
	shared := NewState()
	s := serve(t, &ServerOptions{State: shared, Autoflush: 5 * time.Millisecond})
	r := rand.New(rand.NewPCG(3, 4))
	var clients []*Client
	var state any
	for i := range 300 {
		if i%10 == 0 {
			clients = append(clients, connect(t, s.URL(), nil))
		}
		state = mutated(r, state, 4)
		if err := shared.Set(json.RawMessage(appendValue(nil, state))); err != nil {
			t.Fatal(err)
		}
	}
	last := string(shared.Value())
	for i, c := range clients {
		await(t, fmt.Sprintf("client %d has %s", i, last), func() bool { return string(c.State()) == last })
	}
}

// BenchmarkSharedState is a change of a shared state until all of 1000 clients have
// it: 100 changes a second, collected for 50 ms. It reports the time from change to
// client.
func BenchmarkSharedState(b *testing.B) {
	const clients, changes, delay = 1000, 500, 50 * time.Millisecond
	for b.Loop() {
		shared := NewState()
		s := serve(b, &ServerOptions{State: shared, Autoflush: delay})
		var (
			mu    sync.Mutex
			took  []time.Duration
			times = make([]time.Time, changes)
			all   []*Client
		)
		for range clients {
			seen := -1
			all = append(all, connect(b, s.URL(), &ClientOptions{PingDelay: -1, OnChange: func(state json.RawMessage) {
				now := time.Now()
				var v struct{ N *int }
				json.Unmarshal(state, &v)
				if v.N == nil {
					return
				}
				mu.Lock()
				for seen < *v.N {
					seen++
					took = append(took, now.Sub(times[seen]))
				}
				mu.Unlock()
			}}))
		}
		tick := time.NewTicker(10 * time.Millisecond)
		padding := strings.Repeat("x", 200)
		for i := range changes {
			<-tick.C
			mu.Lock()
			times[i] = time.Now()
			mu.Unlock()
			shared.Set(map[string]any{"n": i, "padding": padding, fmt.Sprint("k", i%50): i})
		}
		tick.Stop()
		last := string(shared.Value())
		for _, c := range all {
			await(b, "all clients have the last state", func() bool { return string(c.State()) == last })
		}
		await(b, "all callbacks", func() bool { mu.Lock(); defer mu.Unlock(); return len(took) == clients*changes })
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "max-ms")
		for _, c := range all {
			c.Close()
		}
		s.Close()
	}
}

// An idle client costs the server less than 64 KiB.
func TestIdleClient(t *testing.T) {
	const clients = 500
	shared := NewState()
	shared.Set(map[string]string{"some": "state"})
	s := serve(t, &ServerOptions{State: shared})
	before := inUse()
	for range clients {
		conn, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", s.Addr())
		r := bufio.NewReader(conn)
		if _, err := http.ReadResponse(r, nil); err != nil {
			t.Fatal(err)
		}
		if _, payload := readFrame(t, r); !strings.Contains(string(payload), "some") {
			t.Fatalf("got %q", payload)
		}
	}
	each := (inUse() - before) / clients
	t.Logf("%d bytes for each client", each)
	if each > 64<<10 {
		t.Errorf("%d bytes for each client", each)
	}
	runtime.KeepAlive(s)
}

func inUse() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapInuse + m.StackInuse)
}
