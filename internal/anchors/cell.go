package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// A Cell measures several entrants against each other. In each repetition every
// entrant is measured once, back to back with the others, so that what disturbs
// the machine disturbs all of them; the order is rotated from one repetition to
// the next.
type Cell struct {
	Name     string
	Reps     int // 0 means as many as the command line says
	Metrics  []Metric
	Entrants []Entrant
	Goals    []Goal
}

// A Metric is one of the numbers that a measurement returns.
type Metric struct {
	Name string
	Time bool // in nanoseconds
}

// An Entrant is measured once in each repetition of a cell.
type Entrant struct {
	Name string

	// Open prepares for the measurements. It is nil where the entrant is absent.
	Open func() (Run, error)
}

// A Run is an entrant that is ready.
type Run struct {
	Measure func() ([]float64, error) // one number for each metric of the cell
	Close   func()
}

// A Goal is a bound on the median, over the repetitions, of the ratio of one
// entrant to others measured in the same repetition.
type Goal struct {
	ID      string   // empty: only told, no bound
	Metric  int      // index into Cell.Metrics
	Ours    string   // an entrant
	Anchors []string // the best of these is the anchor; none: ours is bounded by itself
	Sense   Sense
	Bound   float64
}

// A Sense is the direction of a goal.
type Sense int

const (
	AtLeast Sense = iota // times as fast as the anchor
	AtMost               // times the anchor's time, or amount
)

// A Result is what one cell measured.
type Result struct {
	Cell    Cell
	Reps    int
	Samples map[string][][]float64 // by entrant, repetition, metric
	Failed  map[string]error       // by entrant; errAbsent among them
}

var errAbsent = errors.New("absent")

// run measures c. An entrant that fails is left out from there on; progress is
// told on log.
func (c Cell) run(reps int, log io.Writer) Result {
	if c.Reps > 0 {
		reps = c.Reps
	}
	fmt.Fprintf(log, "%s:", c.Name)
	res := Result{Cell: c, Reps: reps, Samples: map[string][][]float64{}, Failed: map[string]error{}}
	runs := make([]Run, len(c.Entrants))
	for i, e := range c.Entrants {
		if e.Open == nil {
			res.Failed[e.Name] = errAbsent
			continue
		}
		r, err := e.Open()
		if err != nil {
			res.Failed[e.Name] = err
			fmt.Fprintf(log, " %s: %v;", e.Name, err)
			continue
		}
		defer r.Close()
		runs[i] = r
	}
	for rep := range reps {
		for i := range c.Entrants {
			i = (i + rep) % len(c.Entrants)
			name := c.Entrants[i].Name
			if res.Failed[name] != nil {
				continue
			}
			sample, err := runs[i].Measure()
			if err != nil {
				res.Failed[name] = err
				fmt.Fprintf(log, " %s: %v;", name, err)
				continue
			}
			res.Samples[name] = append(res.Samples[name], sample)
		}
		fmt.Fprint(log, ".")
	}
	fmt.Fprintln(log)
	return res
}

// metric returns what was measured of an entrant, by repetition.
func (r Result) metric(entrant string, metric int) ([]float64, error) {
	if err := r.Failed[entrant]; err != nil {
		return nil, err
	}
	samples, ok := r.Samples[entrant]
	if !ok {
		return nil, fmt.Errorf("no entrant %q in %s", entrant, r.Cell.Name)
	}
	values := make([]float64, len(samples))
	for rep, s := range samples {
		values[rep] = s[metric]
	}
	return values, nil
}

// ratios returns, by repetition, what g bounds.
func (r Result) ratios(g Goal) ([]float64, error) {
	ours, err := r.metric(g.Ours, g.Metric)
	if err != nil || len(g.Anchors) == 0 {
		return ours, err
	}
	best, err := r.best(g.Anchors, g.Metric)
	if err != nil {
		return nil, err
	}
	ratios := make([]float64, len(ours))
	for rep := range ours {
		if g.Sense == AtLeast {
			ratios[rep] = best[rep] / ours[rep]
		} else {
			ratios[rep] = ours[rep] / best[rep]
		}
	}
	return ratios, nil
}

// best returns the least of what was measured of the entrants, by repetition.
func (r Result) best(entrants []string, metric int) ([]float64, error) {
	var best []float64
	for _, e := range entrants {
		values, err := r.metric(e, metric)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e, err)
		}
		if best == nil {
			best = values
			continue
		}
		for rep, v := range values {
			best[rep] = min(best[rep], v)
		}
	}
	return best, nil
}

// met judges the median of g's ratios.
func (g Goal) met(median float64) bool {
	if g.Sense == AtLeast {
		return median >= g.Bound
	}
	return median <= g.Bound
}

// spread returns the median, the least and the greatest of values.
func spread(values []float64) (median, least, most float64) {
	s := slices.Sorted(slices.Values(values))
	median = s[len(s)/2]
	if len(s)%2 == 0 {
		median = (s[len(s)/2-1] + s[len(s)/2]) / 2
	}
	return median, s[0], s[len(s)-1]
}
