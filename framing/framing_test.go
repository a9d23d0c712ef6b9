package framing_test

import (
	"testing"

	"github.com/chancat/channel/frame/frametest"
	"github.com/chancat/channel/framing"
)

// conformance is the case of a sample for the suite.
func conformance(s framing.Sample) frametest.Case {
	c := frametest.Case{Name: s.Spelling, Codec: s.Codec, Canonical: s.Canonical}
	for _, m := range s.Messages {
		c.Messages = append(c.Messages, []byte(m))
	}
	return c
}

func TestConformance(t *testing.T) {
	for _, s := range framing.All() {
		frametest.Run(t, conformance(s))
	}
}
