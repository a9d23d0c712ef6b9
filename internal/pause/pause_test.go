package pause

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestFor(t *testing.T) {
	for _, d := range []time.Duration{-1, 0, 1, time.Millisecond} {
		if err := For(t.Context(), d); err != nil {
			t.Errorf("%v: %v", d, err)
		}
	}
}

func TestForEndsWithItsContext(t *testing.T) {
	why := errors.New("why")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	for _, d := range []time.Duration{0, time.Hour} {
		if err := For(ctx, d); err != why {
			t.Errorf("%v: %v", d, err)
		}
	}
}
