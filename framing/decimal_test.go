package framing

import (
	"strconv"
	"testing"
)

func TestAppendLength(t *testing.T) {
	for n := range 20_000 {
		if got, want := string(appendLength([]byte("x"), n)), "x"+strconv.Itoa(n); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	}
	if got := string(appendLength(nil, maxCounted)); got != "999999999" {
		t.Errorf("got %s", got)
	}
}
