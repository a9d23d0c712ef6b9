package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/chancat/channel/internal/bench"
)

// title says what was measured.
func (c *benchCommand) title() string {
	text := fmt.Sprintf("%s, %s, %d B: %s of %d in flight", c.address, c.framing.Spelling, len(c.message),
		counted(c.conns, "connection", "connections"), c.depth)
	if c.rate > 0 {
		return text + fmt.Sprintf(", %v messages a second", c.rate)
	}
	return text + ", closed loop"
}

// The percentiles that are shown.
var benchPercentiles = []struct {
	name    string
	percent float64
}{{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99}}

// latencyLine is the latencies in --json, in microseconds.
type latencyLine struct {
	Mean  float64 `json:"mean"`
	Min   float64 `json:"min"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p99.9"`
	P9999 float64 `json:"p99.99"`
	Max   float64 `json:"max"`
}

func latencyLineOf(h *hdrhistogram.Histogram) *latencyLine {
	if h == nil || h.TotalCount() == 0 {
		return nil
	}
	us := func(ns int64) float64 { return float64(ns) / 1e3 }
	at := func(percent float64) float64 { return us(h.ValueAtPercentile(percent)) }
	return &latencyLine{h.Mean() / 1e3, us(h.Min()), at(50), at(90), at(99), at(99.9), at(99.99), us(h.Max())}
}

// benchLine is the result in --json.
type benchLine struct {
	Address     string       `json:"address"`
	Framing     string       `json:"framing"`
	Bytes       int          `json:"bytes"` // of a message
	Connections int          `json:"connections"`
	InFlight    int          `json:"in_flight"`
	Rate        float64      `json:"rate,omitempty"` // that was wanted
	ElapsedS    float64      `json:"elapsed_s"`
	Sent        int64        `json:"sent"`
	Answered    int64        `json:"answered"`
	Extra       int64        `json:"extra"`
	PerSecond   float64      `json:"per_second"`
	LatencyUS   *latencyLine `json:"latency_us,omitempty"`
	Uncorrected *latencyLine `json:"uncorrected_us,omitempty"`
	Error       string       `json:"error,omitempty"`
}

func (c *benchCommand) report(r bench.Result, failed error) error {
	if c.json {
		line := benchLine{
			Address: c.address, Framing: c.framing.Spelling, Bytes: len(c.message), Connections: c.conns, InFlight: c.depth, Rate: c.rate,
			ElapsedS: r.Elapsed.Seconds(), Sent: r.Sent, Answered: r.Answered, Extra: r.Extra, PerSecond: r.PerSecond(),
			LatencyUS: latencyLineOf(r.Latency), Uncorrected: latencyLineOf(r.Uncorrected),
		}
		if failed != nil {
			line.Error = failed.Error()
		}
		return writeJSON(c.e.stdout, line)
	}
	_, err := c.e.stdout.WriteString(c.described(r))
	return err
}

// described is the result for people.
func (c *benchCommand) described(r bench.Result) string {
	var b strings.Builder
	p := c.e.outPalette
	fmt.Fprintln(&b, printable(c.title()))
	what := "answered"
	if c.replies == 0 {
		what = "sent"
	}
	n := r.Answered
	if c.replies == 0 {
		n = r.Sent
	}
	fmt.Fprintf(&b, "%s %s in %s: %s a second, %s/s\n", counted(n, "message", "messages"), what, rounded(r.Elapsed),
		p.Pass(fmt.Sprintf("%.0f", r.PerSecond())), bytesText(r.PerSecond()*float64(len(c.message))))
	if missing := r.Sent - r.Answered; missing > 0 && c.replies > 0 {
		fmt.Fprintf(&b, "%s\n", p.Error(counted(missing, "message", "messages")+" unanswered"))
	}
	if r.Extra > 0 && c.replies == 1 {
		fmt.Fprintf(&b, "%s more than one a message came\n", counted(r.Extra, "answer", "answers"))
	}
	if r.Latency.TotalCount() == 0 {
		return b.String()
	}
	b.WriteByte('\n')
	header := fmt.Sprintf("%-8s %10s", "latency", "")
	if r.Uncorrected != nil {
		header = fmt.Sprintf("%-8s %10s %12s", "latency", "from due", "uncorrected")
	}
	fmt.Fprintln(&b, p.Note(strings.TrimRight(header, " ")))
	row := func(name string, of func(*hdrhistogram.Histogram) int64) {
		fmt.Fprintf(&b, "%-8s %10s", name, latencyText(of(r.Latency)))
		if r.Uncorrected != nil {
			fmt.Fprintf(&b, " %12s", latencyText(of(r.Uncorrected)))
		}
		b.WriteByte('\n')
	}
	row("min", (*hdrhistogram.Histogram).Min)
	row("mean", func(h *hdrhistogram.Histogram) int64 { return int64(h.Mean()) })
	for _, q := range benchPercentiles {
		row(q.name, func(h *hdrhistogram.Histogram) int64 { return h.ValueAtPercentile(q.percent) })
	}
	row("max", (*hdrhistogram.Histogram).Max)
	b.WriteByte('\n')
	b.WriteString(c.bars(r.Latency))
	return b.String()
}

// bars is the histogram: a row for each doubling of the latency.
func (c *benchCommand) bars(h *hdrhistogram.Histogram) string {
	type row struct {
		upTo  int64
		count int64
	}
	var rows []row
	for _, bar := range h.Distribution() {
		if bar.Count == 0 {
			continue
		}
		for len(rows) == 0 || bar.From >= rows[len(rows)-1].upTo {
			upTo := int64(1000)
			if len(rows) > 0 {
				upTo = 2 * rows[len(rows)-1].upTo
			} else {
				for upTo <= bar.From {
					upTo *= 2
				}
			}
			rows = append(rows, row{upTo: upTo})
		}
		rows[len(rows)-1].count += bar.Count
	}
	most := int64(1)
	for _, r := range rows {
		most = max(most, r.count)
	}
	const width = 50
	var b strings.Builder
	total := float64(h.TotalCount())
	for _, r := range rows {
		cells := int(r.count * width / most)
		if r.count > 0 {
			cells = max(cells, 1)
		}
		fmt.Fprintf(&b, "< %8s %6.2f %% %s\n", latencyText(r.upTo), 100*float64(r.count)/total, strings.Repeat("#", cells))
	}
	return b.String()
}

// latencyText is nanoseconds with three digits.
func latencyText(ns int64) string {
	d := time.Duration(ns)
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if d >= unit {
			name := map[time.Duration]string{time.Second: "s", time.Millisecond: "ms", time.Microsecond: "µs"}[unit]
			v := float64(d) / float64(unit)
			digits := 2
			switch {
			case v >= 100:
				digits = 0
			case v >= 10:
				digits = 1
			}
			return fmt.Sprintf("%.*f%s", digits, v, name)
		}
	}
	return d.String()
}

func bytesText(n float64) string {
	for _, unit := range []string{"B", "KiB", "MiB"} {
		if n < 1024 {
			return fmt.Sprintf("%.1f %s", n, unit)
		}
		n /= 1024
	}
	return fmt.Sprintf("%.1f GiB", n)
}
