package repl

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// latencyCount bounds the latencies that are kept: the last ones.
const latencyCount = 10_000

// counts is what /stats tells. Session.mu guards it.
type counts struct {
	since     time.Time // of the first message
	in, out   flow
	beats     int64 // heartbeats, of both directions
	latencies []time.Duration
	next      int // of latencies, where the next one goes once it is full
}

// A flow is one direction.
type flow struct {
	messages, bytes, framed int64
}

func (f *flow) add(m *message) {
	f.messages++
	f.bytes += int64(len(m.body))
	f.framed += int64(len(m.raw))
}

func (c *counts) sent(m *message) {
	c.begin(m)
	c.out.add(m)
}

func (c *counts) received(m *message) {
	c.begin(m)
	c.in.add(m)
	switch {
	case m.after == 0:
	case len(c.latencies) < latencyCount:
		c.latencies = append(c.latencies, m.after)
	default:
		c.latencies[c.next] = m.after
		c.next = (c.next + 1) % latencyCount
	}
}

func (c *counts) begin(m *message) {
	if c.since.IsZero() {
		c.since = m.at
	}
}

// report is the counts at that time, as lines.
func (c *counts) report(now time.Time) string {
	if c.since.IsZero() {
		return "nothing was sent or received yet"
	}
	var b strings.Builder
	seconds := max(now.Sub(c.since).Seconds(), 0.001)
	for _, d := range []struct {
		name string
		flow
	}{{"sent", c.out}, {"received", c.in}} {
		framed := ""
		if d.framed != d.bytes {
			framed = fmt.Sprintf(" (%d with framing)", d.framed)
		}
		fmt.Fprintf(&b, "%-9s %s, %d bytes%s, %.1f/s\n", d.name, messages(int(d.messages)), d.bytes, framed, float64(d.messages)/seconds)
	}
	if c.beats > 0 {
		fmt.Fprintf(&b, "%-9s %d, which are not among the messages\n", "heartbeats", c.beats)
	}
	if n := len(c.latencies); n > 0 {
		sorted := slices.Sorted(slices.Values(c.latencies))
		percentile := func(p int) string { return span(sorted[(n*p+99)/100-1]) } // by the nearest rank
		fmt.Fprintf(&b, "%-9s p50 %s, p99 %s, max %s, of %d answers\n", "latency", percentile(50), percentile(99), percentile(100), n)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
