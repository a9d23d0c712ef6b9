// Package pause waits for a time that the end of a context cuts short.
package pause

import (
	"context"
	"time"
)

// For pauses for d, or until ctx ends: then it returns why. It does not pause where
// d is not above 0.
func For(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
