package export_test

import (
	"testing"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/export"
)

func TestSmoke(t *testing.T) {
	for _, s := range spellings() {
		f, err := framing.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range export.Languages {
			text, err := export.Generate(f, l)
			if err != nil {
				t.Errorf("%s %s: %v", s, l, err)
			}
			t.Logf("%s", text)
		}
	}
}

func spellings() (all []string) {
	for _, s := range framing.All() {
		if s.Side == "" {
			all = append(all, s.Spelling)
		}
	}
	return append(all, "u8/line", "u32be,at=1/ws", "ws/nats", "msg,lenient", "dns,max=10/dns,max=20")
}
