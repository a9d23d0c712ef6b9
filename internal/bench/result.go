package bench

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Latencies are kept in nanoseconds, from 100 ns to an hour, to three digits.
const (
	latencyLeast  = 100
	latencyMost   = int64(time.Hour)
	latencyDigits = 3
)

// A Result is what a run has measured.
type Result struct {
	Elapsed     time.Duration // from the first message to the last answer, or where none are wanted to the last message
	Sent        int64
	Answered    int64
	Extra       int64 // messages that came and answered nothing by themselves
	Bytes       int64 // of the messages that came
	Latency     *hdrhistogram.Histogram
	Uncorrected *hdrhistogram.Histogram // from the actual sending; nil in a closed loop, where it is the same
	Series      []int64                 // answers in each Interval since the start
	Interval    time.Duration
}

// PerSecond is the answers a second; where no answers are wanted, the messages.
func (r Result) PerSecond() float64 {
	n := r.Answered
	if n == 0 {
		n = r.Sent
	}
	if r.Elapsed <= 0 {
		return 0
	}
	return float64(n) / r.Elapsed.Seconds()
}

const (
	seriesStart = 10 * time.Millisecond
	seriesMost  = 4096 // intervals: then two become one
)

// A shard is what some of the connections have measured.
type shard struct {
	mu          sync.Mutex
	latency     *hdrhistogram.Histogram
	uncorrected *hdrhistogram.Histogram
	extras      int64
	bytes       int64
	last        time.Duration
	series      []int64
	interval    time.Duration
}

func newShard(open bool) *shard {
	s := &shard{latency: newHistogram(), interval: seriesStart}
	if open {
		s.uncorrected = newHistogram()
	}
	return s
}

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(latencyLeast, latencyMost, latencyDigits)
}

func (s *shard) extra(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.extras++
	s.bytes += int64(n)
}

// batch records the answers that came with one read.
func (s *shard) batch(t *turns) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, latency := range t.answered {
		s.latency.RecordValue(min(int64(latency), latencyMost))
	}
	s.extras += t.extra
	s.bytes += t.bytes
	s.count(t.now, int64(len(t.answered)))
}

func (s *shard) record(now, latency, uncorrected time.Duration, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency.RecordValue(min(int64(latency), latencyMost))
	if s.uncorrected != nil {
		s.uncorrected.RecordValue(min(int64(uncorrected), latencyMost))
	}
	s.bytes += int64(n)
	s.count(now, 1)
}

// count counts n answers in the series. s.mu is held.
func (s *shard) count(now time.Duration, n int64) {
	if n == 0 {
		return
	}
	s.last = max(s.last, now)
	for now >= s.interval*seriesMost {
		s.series, s.interval = coarser(s.series), 2*s.interval
	}
	i := int(now / s.interval)
	for len(s.series) <= i {
		s.series = append(s.series, 0)
	}
	s.series[i] += n
}

// coarser is a series of intervals twice as long.
func coarser(series []int64) []int64 {
	half := make([]int64, (len(series)+1)/2)
	for i, n := range series {
		half[i/2] += n
	}
	return half
}

func (r *run) result() Result {
	out := Result{Latency: newHistogram(), Interval: seriesStart}
	if r.o.Rate > 0 {
		out.Uncorrected = newHistogram()
	}
	for _, s := range r.shards {
		out.Interval = max(out.Interval, s.interval)
	}
	for _, s := range r.shards {
		out.Latency.Merge(s.latency)
		if s.uncorrected != nil {
			out.Uncorrected.Merge(s.uncorrected)
		}
		out.Extra += s.extras
		out.Bytes += s.bytes
		out.Elapsed = max(out.Elapsed, s.last)
		for s.interval < out.Interval {
			s.series, s.interval = coarser(s.series), 2*s.interval
		}
		for len(out.Series) < len(s.series) {
			out.Series = append(out.Series, 0)
		}
		for i, n := range s.series {
			out.Series[i] += n
		}
	}
	for _, c := range r.conns {
		sent, answered := c.counts()
		out.Sent += sent
		out.Answered += answered
		out.Elapsed = max(out.Elapsed, c.ended())
	}
	if out.Elapsed == 0 { // no answers came
		out.Elapsed = time.Since(r.start)
	}
	return out
}
