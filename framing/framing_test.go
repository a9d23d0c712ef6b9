package framing_test

import (
	"slices"
	"testing"

	"github.com/chancat/channel/frame/frametest"
	"github.com/chancat/channel/framing"
)

// cases are all samples, and the receivers that accept more than they send.
func cases(t testing.TB) []frametest.Case {
	t.Helper()
	all := []frametest.Case{{Name: "msg,lenient", Codec: codec(t, "msg,lenient")}}
	for _, s := range framing.All() {
		name := s.Spelling
		if s.Side != "" {
			name += " " + s.Side
		}
		c := frametest.Case{Name: name, Codec: s.Codec, Canonical: s.Canonical, Long: s.Long}
		for _, m := range s.Messages {
			c.Messages = append(c.Messages, []byte(m))
		}
		all = append(all, c)
	}
	return all
}

func TestConformance(t *testing.T) {
	for _, c := range cases(t) {
		frametest.Run(t, c)
	}
}

func TestAllocs(t *testing.T) {
	for _, c := range cases(t) {
		for _, n := range []int{0, 1, 100, 60_000} {
			frametest.Allocs(named{t, c.Name}, c.Codec, make([]byte, n))
		}
	}
}

func TestSpecs(t *testing.T) {
	specs := framing.Specs()
	var names []string
	for _, s := range specs {
		if s.Name == "" || s.Doc == "" {
			t.Errorf("framing %q has no name or no rule: %+v", s.Name, s)
		}
		names = append(names, s.Name)
	}
	if names[0] != "msg" || !slices.IsSorted(names[1:]) {
		t.Errorf("got the names %q, want msg and then the others in order", names)
	}
	if sorted := slices.Sorted(slices.Values(names)); len(slices.Compact(sorted)) != len(names) {
		t.Errorf("a name stands twice in %q", names)
	}
}
