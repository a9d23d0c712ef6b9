package framing_test

import (
	"testing"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// Every codec of the registry can be taken apart, and of two sides the server's is
// told from the client's.
func TestRuleOf(t *testing.T) {
	for _, s := range framing.All() {
		if s.Side == "either" {
			continue
		}
		r, ok := framing.RuleOf(s.Codec)
		if !ok || r.Name == "" {
			t.Errorf("%s %s: no rule", s.Spelling, s.Side)
		}
		if r.Length.Code != "" && r.Length.Width == 0 {
			t.Errorf("%s: a length of no bytes", s.Spelling)
		}
		if s.Side == "server" && !r.Server && r.Name != "length" {
			t.Errorf("%s: the server's rule is the client's", s.Spelling)
		}
	}
	if r, ok := framing.RuleOf(struct{ frame.Codec }{framing.MSG}); ok {
		t.Errorf("a codec of others has the rule %+v", r)
	}
}
