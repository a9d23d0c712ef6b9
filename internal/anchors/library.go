package main

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"
)

// timing says how long a library measurement lasts.
type timing struct {
	target time.Duration // of one measurement
	rounds int           // at the least, of one measurement of latency
}

const stuck = 2 * time.Minute // a measurement that takes longer has lost a message

var sizes = []int{16, 128, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 1 << 20}

// libraryCells are the goals of package channel.
func libraryCells(t timing) []Cell {
	var cells []Cell
	for _, size := range sizes {
		cells = append(cells, t.streamCell(size))
	}
	for _, size := range []int{16, 1 << 10, 64 << 10} {
		cells = append(cells, t.sendersCell(size))
	}
	cells = append(cells, t.synchronousCell(16))
	for _, size := range sizes {
		cells = append(cells, t.latencyCell(size))
	}
	for _, size := range sizes {
		cells = append(cells, t.allocsCell(size))
	}
	return cells
}

// streamCell has one sender. The goals up to 16 KiB are goals of SendBuffered,
// those above are goals of Send.
func (t timing) streamCell(size int) Cell {
	c := Cell{Name: "stream/" + bytesName(size), Metrics: []Metric{{Name: "a message", Time: true}}}
	for _, x := range []Contender{buffered, sent, rawOneWrite, rawFull, u32Buffered, u32OneWrite, natsPub, jrpc2LSP} {
		e := t.stream(x, size, 1)
		e.Name = x.Name
		c.Entrants = append(c.Entrants, e)
	}
	goal := func(id string, bound float64, anchors ...Contender) {
		g := Goal{ID: id, Ours: buffered.Name, Bound: bound}
		for _, a := range anchors {
			g.Anchors = append(g.Anchors, a.Name)
		}
		if size < 64<<10 {
			c.Goals = append(c.Goals, g)
			return
		}
		g.Ours = sent.Name
		c.Goals = append(c.Goals, g)
		g.ID, g.Ours = "", buffered.Name
		c.Goals = append(c.Goals, g)
	}
	switch size {
	case 16:
		goal("G1", 3.0, natsPub)
		goal("G1", 20, jrpc2LSP)
		goal("G1", 10, rawOneWrite)
		goal("G1", 0.65, u32Buffered)
	case 128:
		goal("G2", 2.5, natsPub)
		goal("G2", 0.8, u32Buffered)
	case 1 << 10:
		goal("G3", 1.4, natsPub)
		goal("G3", 5, jrpc2LSP)
		goal("G3", 2.5, rawOneWrite)
		goal("G3", 0.95, u32Buffered)
	case 4 << 10:
		goal("G3", 1.4, natsPub)
		goal("G3", 2.5, rawOneWrite)
		goal("G3", 0.95, u32Buffered)
	case 16 << 10:
		goal("G4", 1.5, jrpc2LSP, natsPub)
		goal("G4", 1.0, rawOneWrite)
		goal("G4", 1.2, u32Buffered)
	case 64 << 10:
		goal("G5", 0.90, rawFull)
		goal("G5", 1.0, jrpc2LSP)
		goal("G5", 1.15, u32Buffered)
	case 1 << 20:
		goal("G6", 0.90, rawFull)
		goal("G6", 1.5, jrpc2LSP)
		goal("G6", 3, natsPub)
	}
	return c
}

// sendersCell has several senders on one connection.
func (t timing) sendersCell(size int) Cell {
	c := Cell{Name: "senders/" + bytesName(size), Metrics: []Metric{{Name: "a message", Time: true}}}
	for _, x := range []Contender{buffered, natsPub, jrpc2LSP} {
		for _, n := range []int{1, 8, 64} {
			c.Entrants = append(c.Entrants, t.stream(x, size, n))
		}
	}
	anchor, bound := natsPub, map[int]float64{16: 3, 1 << 10: 1.4}[size]
	if size == 64<<10 {
		anchor, bound = jrpc2LSP, 0.9
	}
	for _, n := range []int{8, 64} {
		c.Goals = append(c.Goals, Goal{ID: "G7", Ours: manyName(buffered, n), Anchors: []string{manyName(anchor, n)}, Bound: bound})
	}
	c.Goals = append(c.Goals, Goal{ID: "G7", Ours: manyName(buffered, 64), Anchors: []string{manyName(buffered, 1)}, Bound: 0.6})
	return c
}

// synchronousCell has Send by itself, against a bare write from as many
// goroutines.
func (t timing) synchronousCell(size int) Cell {
	c := Cell{Name: "send/" + bytesName(size), Metrics: []Metric{{Name: "a message", Time: true}}}
	for _, n := range []int{1, 8, 64} {
		c.Entrants = append(c.Entrants, t.stream(sent, size, n), t.stream(rawOneWrite, size, n))
		bound := 3.5
		if n == 1 {
			bound = 0.95
		}
		c.Goals = append(c.Goals, Goal{ID: "Send", Ours: manyName(sent, n), Anchors: []string{manyName(rawOneWrite, n)}, Bound: bound})
	}
	return c
}

// latencyCell has round trips with one message under way.
func (t timing) latencyCell(size int) Cell {
	c := Cell{Name: "pingpong/" + bytesName(size), Metrics: []Metric{{Name: "p50", Time: true}, {Name: "p99", Time: true}}}
	for _, x := range []Contender{sent, buffered, flusher, rawFull, jrpc2LSP, jrpc2Line} {
		c.Entrants = append(c.Entrants, t.pingPong(x, size))
	}
	const p50, p99 = 0, 1
	goal := func(id string, metric int, ours, anchor Contender, bound float64) {
		c.Goals = append(c.Goals, Goal{ID: id, Metric: metric, Ours: ours.Name, Anchors: []string{anchor.Name}, Sense: AtMost, Bound: bound})
	}
	raw := 1.10
	if size == 1<<20 {
		raw = 1.15
	}
	goal("G8", p50, sent, rawFull, raw)
	goal("G8", p99, sent, rawFull, 1.25)
	switch {
	case size <= 1<<10:
		goal("G8", p50, sent, jrpc2LSP, 0.9)
	case size < 16<<10:
		goal("", p50, sent, jrpc2LSP, 0)
	case size <= 64<<10:
		goal("G8", p50, sent, jrpc2LSP, 0.85)
	default:
		goal("G8", p50, sent, jrpc2LSP, 0.65)
	}
	idle := "G9"
	if size > 16<<10 {
		idle = ""
	}
	goal(idle, p50, buffered, flusher, 0.85)
	goal("", p50, sent, jrpc2Line, 0)
	return c
}

// allocsCell counts what both ends together allocate for a message.
func (t timing) allocsCell(size int) Cell {
	const allocs, bytes = 0, 1
	c := Cell{Name: "allocs/" + bytesName(size), Metrics: []Metric{{Name: "allocs"}, {Name: "B allocated"}}}
	goal := func(ours Contender, metric int, bound float64) {
		c.Goals = append(c.Goals, Goal{ID: "G10", Metric: metric, Ours: ours.Name, Sense: AtMost, Bound: bound})
	}
	for _, x := range []Contender{sent, buffered, sentRecvInto, sentRecv} {
		c.Entrants = append(c.Entrants, t.allocations(x, size))
		if x.Name == sentRecv.Name {
			// The allocator rounds the one slice up to its size class.
			owned := cap(append([]byte(nil), make([]byte, size)...))
			goal(x, allocs, 1)
			goal(x, bytes, float64(owned))
			continue
		}
		goal(x, allocs, 0)
		goal(x, bytes, 0)
	}
	return c
}

func manyName(x Contender, senders int) string { return fmt.Sprintf("%s ×%d", x.Name, senders) }

// stream measures the time for a message when senders goroutines send.
func (t timing) stream(x Contender, size, senders int) Entrant {
	return t.entrant(manyName(x, senders), x, size, 1, func(near, far Link, msg []byte, n int) ([]float64, time.Duration, error) {
		d, err := stream(near, far, msg, senders, n)
		return []float64{float64(d) / float64(n*senders)}, d, err
	})
}

// allocations counts heap allocations for a message, as go test -benchmem does:
// in whole numbers, so that the runtime's own do not count.
func (t timing) allocations(x Contender, size int) Entrant {
	return t.entrant(x.Name, x, size, 1000, func(near, far Link, msg []byte, n int) ([]float64, time.Duration, error) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d, err := stream(near, far, msg, 1, n)
		runtime.ReadMemStats(&after)
		return []float64{
			float64((after.Mallocs - before.Mallocs) / uint64(n)),
			float64((after.TotalAlloc - before.TotalAlloc) / uint64(n)),
		}, d, err
	})
}

// pingPong measures round trips of one message.
func (t timing) pingPong(x Contender, size int) Entrant {
	return t.entrant(x.Name, x, size, t.rounds, func(near, far Link, msg []byte, n int) ([]float64, time.Duration, error) {
		trips, err := pingPong(near, far, msg, n)
		if err != nil {
			return nil, 0, err
		}
		slices.Sort(trips)
		p50, p99 := trips[n/2], trips[n*99/100]
		return []float64{float64(p50), float64(p99)}, p50 * time.Duration(n), nil
	})
}

// A sampler measures with n messages of each sender. It returns the metrics of
// its cell and how long that took.
type sampler func(near, far Link, msg []byte, n int) ([]float64, time.Duration, error)

// entrant opens x and doubles n until sample takes long enough, but to atLeast.
func (t timing) entrant(name string, x Contender, size, atLeast int, sample sampler) Entrant {
	if x.Open == nil {
		return Entrant{Name: name}
	}
	return Entrant{Name: name, Open: func() (Run, error) {
		near, far, err := x.Open(size)
		if err != nil {
			return Run{}, err
		}
		msg := message(size)
		n := 1
		for d := time.Duration(0); d < t.target/2; {
			n *= 2
			if _, d, err = sample(near, far, msg, n); err != nil {
				closeAll(near, far)
				return Run{}, err
			}
			if d >= t.target/2 {
				n = max(int(float64(n)*float64(t.target)/float64(d)), 1)
			}
		}
		n = max(n, atLeast)
		return Run{
			Measure: func() ([]float64, error) {
				runtime.GC() // the garbage of the one before is not ours
				values, _, err := sample(near, far, msg, n)
				return values, err
			},
			Close: func() { closeAll(near, far) },
		}, nil
	}}
}

// stream sends msg n times from each of senders goroutines and returns the time
// until the far end has received all of it.
func stream(near, far Link, msg []byte, senders, n int) (time.Duration, error) {
	before := far.Received()
	watchdog := time.AfterFunc(stuck, func() { closeAll(near, far) })
	defer watchdog.Stop()

	ended := make(chan error, senders+1)
	start := time.Now()
	go func() { ended <- far.Receive(senders*n, nil) }()
	for range senders {
		go func() { ended <- near.Send(msg, n) }()
	}
	err := wait(ended, senders+1, near, far)
	elapsed := time.Since(start)
	if err != nil {
		return 0, err
	}
	if got, want := far.Received()-before, int64(senders)*int64(n)*int64(len(msg)); got != want {
		return 0, fmt.Errorf("received %d bytes of messages, want %d", got, want)
	}
	return elapsed, nil
}

// pingPong sends msg n times, each time waiting for the far end to send it back,
// and returns how long each round trip took.
func pingPong(near, far Link, msg []byte, n int) ([]time.Duration, error) {
	watchdog := time.AfterFunc(stuck, func() { closeAll(near, far) })
	defer watchdog.Stop()

	trips := make([]time.Duration, n)
	ended := make(chan error, 2)
	go func() { ended <- far.Receive(n, func(m []byte) error { return far.Send(m, 1) }) }()
	go func() {
		ended <- func() error {
			for i := range trips {
				start := time.Now()
				if err := near.Send(msg, 1); err != nil {
					return err
				}
				if err := near.Receive(1, nil); err != nil {
					return err
				}
				trips[i] = time.Since(start)
			}
			return nil
		}()
	}()
	if err := wait(ended, 2, near, far); err != nil {
		return nil, err
	}
	return trips, nil
}

// wait collects n results. The first error closes both ends, since whoever has
// not ended would wait for ever.
func wait(ended <-chan error, n int, near, far Link) (err error) {
	for range n {
		if e := <-ended; e != nil {
			err = errors.Join(err, e)
			closeAll(near, far)
		}
	}
	return err
}
