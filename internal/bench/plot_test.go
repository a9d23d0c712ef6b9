package bench

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func TestPlot(t *testing.T) {
	full := Result{Latency: newHistogram(), Uncorrected: newHistogram(), Elapsed: time.Second, Interval: seriesStart}
	for i := range 100_000 {
		full.Latency.RecordValue(int64(i) * 1000)
		full.Uncorrected.RecordValue(int64(i))
		if i%1000 == 0 {
			full.Series = append(full.Series, 1000)
		}
	}
	one := Result{Latency: newHistogram(), Elapsed: time.Millisecond, Interval: seriesStart, Series: []int64{1}}
	one.Latency.RecordValue(5)
	for name, c := range map[string]struct {
		r     Result
		lines int
	}{
		"full":  {full, 3},
		"one":   {one, 2},
		"empty": {Result{Latency: newHistogram(), Interval: seriesStart}, 2},
	} {
		var b strings.Builder
		if err := WritePlot(&b, "a <b> & c", c.r); err != nil {
			t.Fatal(err)
		}
		lines, d := 0, xml.NewDecoder(strings.NewReader(b.String()))
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if start, ok := token.(xml.StartElement); ok && start.Name.Local == "polyline" {
				lines++
			}
		}
		if lines != c.lines || strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "Inf") {
			t.Errorf("%s: %d lines in\n%s", name, lines, b.String())
		}
	}
}

// Sums of steps that are no binary fractions are labelled as they were meant.
func TestPlotLabels(t *testing.T) {
	r := Result{Latency: newHistogram(), Interval: 10 * time.Second, Series: []int64{7, 7}, Elapsed: 20 * time.Second}
	var b strings.Builder
	if err := WritePlot(&b, "", r); err != nil {
		t.Fatal(err)
	}
	for _, label := range []string{">0.2<", ">0.4<", ">0.6<"} {
		if !strings.Contains(b.String(), label) {
			t.Errorf("no label %s", label)
		}
	}
}
