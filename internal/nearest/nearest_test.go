package nearest_test

import (
	"strings"
	"testing"

	"github.com/chancat/channel/internal/nearest"
)

func TestWord(t *testing.T) {
	known := []string{"hex", "to", "help", "connect", "framing", "all", "tcp"}
	for typed, want := range map[string]string{
		"hel":                      "help", // before hex, from which it differs as little
		"foo":                      "",
		"conect":                   "connect",
		"framnig":                  "framing",
		"tpc":                      "tcp",
		"x":                        "",
		"":                         "",
		"al":                       "all",
		strings.Repeat("x", 1<<20): "",
	} {
		if got := nearest.Word(typed, known); got != want {
			t.Errorf("%.20q: %q, want %q", typed, got, want)
		}
	}
}
