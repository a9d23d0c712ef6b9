package bench

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Limit is a condition on a result, such as p99>5ms.
type Limit struct {
	text     string
	figure   string
	above    bool
	orEqual  bool
	duration time.Duration // of a latency
	number   float64       // of another figure
	quantile float64       // in percent; where figure is quantile
}

// The figures that a Limit may be on, beside the percentiles.
const (
	figureQuantile = "p"
	figureMax      = "max"
	figureMean     = "mean"
	figureRate     = "rate"
)

// ParseLimit reads FIGURE, then < or > or <= or >=, then a value: p50, p99.9, max
// and mean are latencies, rate is the answers a second.
func ParseLimit(text string) (Limit, error) {
	l := Limit{text: text}
	at := strings.IndexAny(text, "<>")
	if at < 0 {
		return l, fmt.Errorf("%q: want a figure, < or >, and a value, such as p99>5ms", text)
	}
	l.above = text[at] == '>'
	value, orEqual := strings.CutPrefix(text[at+1:], "=")
	l.orEqual = orEqual
	value = strings.TrimSpace(value)
	l.figure = strings.TrimSpace(text[:at])
	var err error
	switch l.figure {
	case figureRate:
		if l.number, err = strconv.ParseFloat(value, 64); err != nil || !(l.number >= 0) {
			return l, fmt.Errorf("%q: want answers a second behind rate, such as rate<10000", text)
		}
		return l, nil
	case figureMax, figureMean:
	default:
		percent, ok := strings.CutPrefix(l.figure, figureQuantile)
		if l.quantile, err = strconv.ParseFloat(percent, 64); !ok || err != nil || !(l.quantile >= 0 && l.quantile <= 100) {
			return l, fmt.Errorf("%q: unknown figure %q; want p50, p99.9 and the like, max, mean or rate", text, l.figure)
		}
		l.figure = figureQuantile
	}
	if l.duration, err = time.ParseDuration(value); err != nil {
		return l, fmt.Errorf("%q: want a time such as 5ms behind a latency", text)
	}
	return l, nil
}

// Latency reports whether l is on a latency, and not on a rate.
func (l Limit) Latency() bool { return l.figure != figureRate }

// String is how l was written.
func (l Limit) String() string { return l.text }

// Broken reports whether the condition holds for r, and the figure of r.
func (l Limit) Broken(r Result) (broken bool, figure string) {
	if l.figure == figureRate {
		got := r.PerSecond()
		return l.holds(got, l.number), strconv.FormatFloat(got, 'f', 1, 64)
	}
	var got int64
	switch l.figure {
	case figureMax:
		got = r.Latency.Max()
	case figureMean:
		got = int64(r.Latency.Mean())
	default:
		got = r.Latency.ValueAtPercentile(l.quantile)
	}
	return l.holds(float64(got), float64(l.duration)), time.Duration(got).String()
}

func (l Limit) holds(got, limit float64) bool {
	switch {
	case l.orEqual && got == limit:
		return true
	case l.above:
		return got > limit
	}
	return got < limit
}
