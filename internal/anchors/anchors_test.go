package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Every contender delivers each message whole, in order.
func TestDelivery(t *testing.T) {
	const n = 40 // half of them in one Send
	for _, x := range contenders() {
		for _, size := range []int{1, 16, 4 << 10, 64<<10 + 1, 1 << 20} {
			t.Run(fmt.Sprintf("%s/%d", x.Name, size), func(t *testing.T) {
				near, far := open(t, x, size)
				messages := make([][]byte, n/2+1)
				for i := range messages {
					messages[i] = message(size)
					messages[i][0] = byte('0' + i)
				}
				receive := receiver(t, near, far)
				sending := make(chan error, 1)
				go func() {
					sending <- func() error {
						for _, m := range messages[:n/2] {
							if err := near.Send(m, 1); err != nil {
								return err
							}
						}
						return near.Send(messages[n/2], n/2)
					}()
				}()
				i := 0
				err := receive(n, func(m []byte) error {
					if want := messages[min(i, n/2)]; !bytes.Equal(m, want) {
						return fmt.Errorf("message %d: got %.20q, %d bytes, want %.20q, %d bytes", i, m, len(m), want, len(want))
					}
					i++
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if err := <-sending; err != nil {
					t.Fatal(err)
				}
				if i != n {
					t.Errorf("received %d messages, want %d", i, n)
				}
				if got := far.Received(); got != int64(n*size) {
					t.Errorf("Received() = %d, want %d", got, n*size)
				}
			})
		}
	}
}

// Many senders on one connection lose nothing and mix nothing.
func TestSenders(t *testing.T) {
	for _, x := range contenders() {
		t.Run(x.Name, func(t *testing.T) {
			near, far := open(t, x, 1<<10)
			if _, err := stream(near, far, message(1<<10), 8, 50); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestPingPong(t *testing.T) {
	for _, x := range contenders() {
		if x.Name == natsPub.Name {
			continue // publishes only
		}
		t.Run(x.Name, func(t *testing.T) {
			near, far := open(t, x, 100)
			trips, err := pingPong(near, far, message(100), 20)
			if err != nil {
				t.Fatal(err)
			}
			if slices.Min(trips) <= 0 {
				t.Errorf("round trips %v, want each above 0", trips)
			}
		})
	}
}

// An end that closes ends a measurement with an error, not for ever.
func TestClosed(t *testing.T) {
	for _, x := range contenders() {
		if x.Name == natsPub.Name {
			continue // what it does at the end is its own business
		}
		t.Run(x.Name, func(t *testing.T) {
			near, far := open(t, x, 100)
			near.Close()
			if _, err := stream(near, far, message(100), 2, 10); err == nil {
				t.Error("a stream over a closed connection has no error")
			}
		})
	}
}

func open(t *testing.T, x Contender, size int) (near, far Link) {
	t.Helper()
	near, far, err := x.Open(size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeAll(near, far) })
	return near, far
}

// receiver returns the Receive of far, or of a subscriber where far is a server.
func receiver(t *testing.T, near, far Link) func(int, func([]byte) error) error {
	t.Helper()
	s, ok := far.(natsServer)
	if !ok {
		return far.Receive
	}
	conn, err := nats.Connect(s.s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	sub, err := conn.SubscribeSync(natsSubject)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	return func(n int, use func([]byte) error) error {
		for range n {
			m, err := sub.NextMsg(10 * time.Second)
			if err != nil {
				return err
			}
			if err := use(m.Data); err != nil {
				return err
			}
		}
		return nil
	}
}

// Whatever is installed carries a file whole, and starts.
func TestTools(t *testing.T) {
	for _, c := range toolCells("", t.TempDir(), volume{lines: 100, bulk: 2 << 20, startups: 1}) {
		for name, err := range c.run(1, io.Discard).Failed {
			if !errors.Is(err, errAbsent) {
				t.Errorf("%s: %s: %v", c.Name, name, err)
			}
		}
	}
}

// A transport that loses a line is found out before it is timed.
func TestLossyTransport(t *testing.T) {
	if !installed("sh", "socat") {
		t.Skip("needs sh and socat")
	}
	lossy := byteTransport("lossy", "", "socat -u STDIN TCP:127.0.0.1:PORT")
	lossy.listen = []string{"sh", "-c", "socat -u TCP-LISTEN:PORT,bind=127.0.0.1 STDOUT | tail -n +2"}
	c := transferCell("cell", t.TempDir(), lineFile{count: 100, size: 100}, []transport{lossy})
	err := c.run(1, io.Discard).Failed["lossy"]
	if err == nil || !strings.Contains(err.Error(), "what arrived differs") {
		t.Errorf("got %v, want an error that says what arrived differs", err)
	}
}

// fixed is an entrant that measures the given values in turn.
func fixed(name string, values ...float64) Entrant {
	return Entrant{Name: name, Open: func() (Run, error) {
		rep := -1
		return Run{Close: func() {}, Measure: func() ([]float64, error) {
			rep++
			return []float64{values[rep]}, nil
		}}, nil
	}}
}

// The report has the median of the ratios, which is not the ratio of the
// medians, and judges it.
func TestReport(t *testing.T) {
	broken := Entrant{Name: "broken", Open: func() (Run, error) { return Run{}, io.ErrUnexpectedEOF }}
	c := Cell{
		Name:     "cell",
		Metrics:  []Metric{{Name: "a message", Time: true}},
		Entrants: []Entrant{fixed("ours", 10, 20, 60), fixed("a", 40, 20, 90), fixed("b", 20, 40, 120), {Name: "gone"}, broken},
		Goals: []Goal{
			{ID: "G1", Ours: "ours", Anchors: []string{"a"}, Bound: 1.5},
			{ID: "G2", Ours: "ours", Anchors: []string{"a", "b"}, Bound: 1.6},
			{ID: "G3", Ours: "ours", Anchors: []string{"b"}, Sense: AtMost, Bound: 0.5},
			{ID: "G4", Ours: "ours", Anchors: []string{"gone"}, Bound: 1},
			{ID: "G5", Ours: "ours", Anchors: []string{"broken"}, Bound: 1},
			{ID: "G6", Ours: "ours", Sense: AtMost, Bound: 19},
			{Ours: "ours", Anchors: []string{"a"}},
		},
	}
	var page strings.Builder
	writeReport(&page, 3, []Result{c.run(3, io.Discard)}, nil, "In our own words.\n")
	for _, want := range []string{
		"| G1 | cell | a message | ours | a | 1.50x | 1.00x–4.00x | ≥ 1.5x | met |\n",
		"| G2 | cell | a message | ours | a or b | 1.50x | 1.00x–2.00x | ≥ 1.6x | **missed** |\n",
		"| G3 | cell | a message | ours | b | 0.500x | 0.500x–0.500x | ≤ 0.5x | met |\n",
		"| G4 | cell | a message | ours | gone | gone: absent | | ≥ 1x | |\n",
		"| G5 | cell | a message | ours | broken | failed: broken: unexpected EOF | | ≥ 1x | |\n",
		"| G6 | cell | a message | ours |  | 20 | 10–60 | ≤ 19 | **missed** |\n",
		"|  | cell | a message | ours | a | 1.50x | 1.00x–4.00x |  |  |\n",
		"| cell | a message | ours | 20.0 ns | 10.0 ns–60.0 ns |\n",
		"| cell | a message | gone | absent | |\n",
		"## The tool\n\nNot run.\n",
		"## Notes\n\nIn our own words.\n",
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if t.Failed() {
		t.Log(page.String())
	}
}

// Every goal names entrants of its cell.
func TestCells(t *testing.T) {
	for _, c := range append(libraryCells(timing{}), toolCells("", t.TempDir(), quickVolume)...) {
		entrants := map[string]bool{}
		for _, e := range c.Entrants {
			if entrants[e.Name] {
				t.Errorf("%s: two entrants %q", c.Name, e.Name)
			}
			entrants[e.Name] = true
		}
		for _, g := range c.Goals {
			for _, name := range append([]string{g.Ours}, g.Anchors...) {
				if !entrants[name] {
					t.Errorf("%s: goal %s names %q, which is no entrant", c.Name, g.ID, name)
				}
			}
		}
	}
}
