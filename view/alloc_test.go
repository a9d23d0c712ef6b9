//go:build !race

package view_test

import (
	"testing"

	"github.com/chancat/channel/view"
)

// Not under the race detector, which makes the pools of encoding/json forget.
func TestAllocs(t *testing.T) {
	dst := make([]byte, 0, 4096)
	object := []byte(`{"a":[1,2,{"b":"\u0041é"}]}`)
	if n := testing.AllocsPerRun(100, func() {
		dst = view.JSON(dst[:0], object)
		for _, body := range [][]byte{object, []byte("text \x1b\n"), []byte("\x00\xff")} {
			dst = view.Auto(dst[:0], body)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
