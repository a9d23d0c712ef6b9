package frametest

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/chancat/channel/frame"
)

// marked is a correct codec: the mark F, a byte of length, the body, a point.
type marked struct{}

func (marked) Scan(buf []byte, _ *frame.State) (sp frame.Span, need int, err error) {
	switch {
	case len(buf) > 0 && buf[0] != 'F':
		return sp, 0, frame.Malformed(0, "got %q, want 'F'", buf[0])
	case len(buf) < 2:
		return sp, 3 - len(buf), nil
	}
	sp = frame.Span{Head: 2, Body: int(buf[1]), Tail: 1}
	if len(buf) < sp.Len() {
		return sp, sp.Len() - len(buf), nil
	}
	if end := sp.Len() - 1; buf[end] != '.' {
		return frame.Span{}, 0, frame.Malformed(end, "got %q, want '.'", buf[end])
	}
	return sp, 0, nil
}

func (m marked) AppendFrame(dst, msg []byte) ([]byte, error) {
	if len(msg) > 255 {
		return dst, frame.Refuse("%d bytes, the length is one byte", len(msg))
	}
	return append(append(append(dst, 'F', byte(len(msg))), msg...), '.'), nil
}

func (marked) LengthOffset([]byte) int { return 1 }

// until is a correct codec for text up to a semicolon, which remembers how far
// it has looked.
type until struct{}

func (until) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	if i := bytes.IndexByte(buf[st.Pos:], ';'); i >= 0 {
		return frame.Span{Body: st.Pos + i, Tail: 1}, 0, nil
	}
	st.Pos = len(buf)
	return frame.Span{Body: len(buf)}, 1, nil
}

func (until) AppendFrame(dst, msg []byte) ([]byte, error) {
	if bytes.IndexByte(msg, ';') >= 0 {
		return dst, frame.Refuse("it holds a semicolon")
	}
	return append(append(dst, msg...), ';'), nil
}

func TestGoodCodecs(t *testing.T) {
	Run(t, Case{Name: "marked", Codec: marked{}, Canonical: true})
	Run(t, Case{Name: "until", Codec: until{}, Canonical: true, Messages: [][]byte{nil, []byte("hi"), bytes.Repeat([]byte("long "), 1000)}})
}

// The faults, each in an otherwise correct codec.

type asksTooMuch struct{ marked }

func (c asksTooMuch) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	sp, need, err := c.marked.Scan(buf, st)
	if need > 0 && len(buf) < 2 {
		need++ // a frame with an empty body is shorter
	}
	return sp, need, err
}

type asksForNothing struct{ marked }

func (c asksForNothing) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	sp, need, err := c.marked.Scan(buf, st)
	if len(buf) == 2 && need > 0 {
		need = 0
	}
	return sp, need, err
}

type trustsState struct{ until }

func (c trustsState) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	sp, need, err := c.until.Scan(buf, st)
	if need == 0 {
		sp.Body -= min(st.Depth, sp.Body)
	}
	st.Depth = 1
	return sp, need, err
}

type rescans struct{ until }

func (c rescans) Scan(buf []byte, _ *frame.State) (frame.Span, int, error) {
	for i, b := range buf {
		if b == ';' {
			return frame.Span{Body: i, Tail: 1}, 0, nil
		}
	}
	return frame.Span{Body: len(buf)}, 1, nil
}

type judgesTailFirst struct{ marked }

func (c judgesTailFirst) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	if len(buf) > 8 && buf[len(buf)-1] == 0xff {
		return frame.Span{}, 0, frame.Malformed(0, "got %q at the end of what has arrived", '\xff')
	}
	return c.marked.Scan(buf, st)
}

type tellsTheCut struct{ marked }

func (c tellsTheCut) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	sp, need, err := c.marked.Scan(buf, st)
	if err != nil {
		err = frame.Malformed(0, "no frame in %d bytes", len(buf))
	}
	return sp, need, err
}

type believes struct{ marked }

var believed []byte

func (c believes) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	sp, need, err := c.marked.Scan(buf, st)
	if need > 0 {
		believed = make([]byte, sp.Body<<10)
	}
	return sp, need, err
}

type overwrites struct{ marked }

func (c overwrites) AppendFrame(dst, msg []byte) ([]byte, error) {
	dst, err := c.marked.AppendFrame(dst, msg)
	copy(dst, "F")
	return dst, err
}

type refusesLate struct{ marked }

func (c refusesLate) AppendFrame(dst, msg []byte) ([]byte, error) {
	dst = append(dst, 'F')
	if bytes.IndexByte(msg, 0) >= 0 {
		return dst, frame.Refuse("it holds NUL")
	}
	return c.marked.AppendFrame(dst[:len(dst)-1], msg)
}

type refusesAnonymously struct{ marked }

func (c refusesAnonymously) AppendFrame(dst, msg []byte) ([]byte, error) {
	if bytes.IndexByte(msg, 0) >= 0 {
		return dst, fmt.Errorf("it holds NUL")
	}
	return c.marked.AppendFrame(dst, msg)
}

type acceptsTwoSpellings struct{ marked }

func (c acceptsTwoSpellings) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	if len(buf) > 0 && buf[0] == 'F'^1 {
		buf = append([]byte{'F'}, buf[1:]...)
	}
	return c.marked.Scan(buf, st)
}

type losesBytes struct{ marked }

func (c losesBytes) AppendFrame(dst, msg []byte) ([]byte, error) {
	return c.marked.AppendFrame(dst, bytes.TrimRight(msg, "\x00\n"))
}

type splitsElsewhere struct{ marked }

func (splitsElsewhere) AppendHead(dst, msg []byte) ([]byte, error) {
	return append(dst, 'F', byte(len(msg)), '.'), nil
}
func (splitsElsewhere) AppendTail(dst, _ []byte) []byte { return dst }

type promisesEarly struct{ marked }

func (c promisesEarly) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	sp, need, err := c.marked.Scan(buf, st)
	if len(buf) == 1 && err == nil {
		sp.Body = 1
	}
	return sp, need, err
}

type promisesLate struct{ marked }

func (c promisesLate) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	sp, need, err := c.marked.Scan(buf, st)
	if need > 0 {
		sp.Body = 0
	}
	return sp, need, err
}

type changesItsMind struct{ until }

func (c changesItsMind) Scan(buf []byte, _ *frame.State) (frame.Span, int, error) {
	if i := bytes.LastIndexByte(buf, ';'); i >= 0 {
		return frame.Span{Body: i, Tail: 1}, 0, nil
	}
	return frame.Span{Body: len(buf)}, 1, nil
}

type allocates struct{ marked }

func (c allocates) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	return c.marked.Scan(bytes.Clone(buf), st)
}

// marksByLength finds places by how much has arrived.
type marksByLength struct{ marked }

func (marksByLength) Resync(buf []byte) int {
	if len(buf) > 4 {
		return len(buf)
	}
	return 0
}

func TestFaultsAreCaught(t *testing.T) {
	defer func(step int) { sampled = step }(sampled)
	sampled = 1
	for _, f := range []struct {
		rule  string
		codec frame.Codec
	}{
		{"Prefix", asksTooMuch{}},
		{"Prefix", asksForNothing{}},
		{"Prefix", trustsState{}},
		{"Prefix", promisesEarly{}},
		{"Prefix", promisesLate{}},
		{"Prefix", changesItsMind{}},
		{"LinearCost", rescans{}},
		{"Chunking", judgesTailFirst{}},
		{"Chunking", tellsTheCut{}},
		{"Chunking", trustsState{}},
		{"Memory", believes{}},
		{"RoundTrip", overwrites{}},
		{"RoundTrip", refusesLate{}},
		{"RoundTrip", refusesAnonymously{}},
		{"RoundTrip", losesBytes{}},
		{"RoundTrip", splitsElsewhere{}},
		{"Allocs", allocates{}},
		{"Canonical", acceptsTwoSpellings{}},
		{"Resync", marksByLength{}},
	} {
		t.Run(strings.Replace(fmt.Sprintf("%s/%T", f.rule, f.codec), "frametest.", "", 1), func(t *testing.T) {
			if f.rule == "Allocs" && raceEnabled || f.rule == "LinearCost" && (raceEnabled || testing.Short()) {
				t.Skip("not measured here")
			}
			if complaints := observe(f.rule, Case{Codec: f.codec, Messages: anyBytes[:3], Canonical: true}); len(complaints) == 0 {
				t.Error("the suite found no fault")
			} else {
				t.Logf("%.300s", complaints[0])
			}
		})
	}
}

// observe returns what a rule has to say against a case.
func observe(rule string, c Case) []string {
	var o observer
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, r := range rules {
			if r.name == rule {
				r.check(&o, c)
			}
		}
	}()
	<-done
	return o.complaints
}

// An observer keeps complaints instead of failing the test.
type observer struct{ complaints []string }

func (o *observer) Helper() {}

func (o *observer) Errorf(format string, args ...any) {
	o.complaints = append(o.complaints, fmt.Sprintf(format, args...))
}

func (o *observer) Fatalf(format string, args ...any) {
	o.Errorf(format, args...)
	runtime.Goexit()
}
