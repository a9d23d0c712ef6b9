package bench

import (
	"testing"
	"time"
)

func TestLimit(t *testing.T) {
	r := Result{Latency: newHistogram(), Answered: 100, Elapsed: 2 * time.Second}
	for i := range 100 {
		r.Latency.RecordValue(int64(i+1) * int64(time.Millisecond))
	}
	for text, want := range map[string]bool{
		"p50>40ms": true, "p50>60ms": false, "p99.9<200ms": true, "max>=99ms": true, "max<1s": true, "mean > 1ms": true,
		"rate<51": true, "rate>50": false, "rate>=50": true, "rate<=50": true, "rate<50": false,
	} {
		l, err := ParseLimit(text)
		if err != nil {
			t.Error(err)
			continue
		}
		if got, figure := l.Broken(r); got != want {
			t.Errorf("%s: %v of %s", l, got, figure)
		}
	}
	for _, text := range []string{"", "p99", "p99>", "p101>1s", "p-1>1s", "p>1s", "pNaN>1s", "latency>1s", "rate>5ms", "rate<NaN", "p99>5", ">5ms", "max>fast"} {
		if _, err := ParseLimit(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
