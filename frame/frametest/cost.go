package frametest

import (
	"bytes"
	"testing"
	"time"

	"github.com/chancat/channel/frame"
)

// checkLinearCost measures Scan over a long frame that arrives in segments, and
// over one sixteen times as long. Only the ratio counts: about 16 when bytes are
// looked at once, about 256 when each segment has all earlier ones scanned again.
func checkLinearCost(t TB, c Case) {
	if testing.Short() || raceEnabled {
		return
	}
	long := c.Long
	if long == nil {
		long = func(n int) []byte { return bytes.Repeat([]byte("x"), n) }
	}
	const size, times, most = 32 << 10, 16, 80
	short, err := c.Codec.AppendFrame(nil, long(size))
	if err != nil {
		return
	}
	huge, err := c.Codec.AppendFrame(nil, long(times*size))
	if err != nil {
		return
	}
	// The best of many: a busy machine makes single measurements long.
	best := func(raw []byte) time.Duration {
		least := time.Duration(1 << 62)
		for range 8 {
			least = min(least, arrival(c.Codec, raw))
		}
		return max(least, time.Microsecond)
	}
	var fast, slow time.Duration
	for range 3 {
		fast, slow = best(short), best(huge)
		if slow <= most*fast {
			return
		}
	}
	t.Errorf("Scan took %v for a frame of %d bytes in segments and %v for %d bytes: its cost is not linear", fast, len(short), slow, len(huge))
}

// arrival scans raw as a Reader would while it arrives in segments.
func arrival(c frame.Codec, raw []byte) time.Duration {
	const segment = 1448 // the payload of a TCP segment on Ethernet
	var st frame.State
	begin := time.Now()
	wanted := 0
	for have := 0; have < len(raw); {
		if have = min(have+segment, len(raw)); have < wanted {
			continue
		}
		_, need, err := c.Scan(raw[:have], &st)
		if need == 0 || err != nil {
			break
		}
		wanted = have + need
	}
	return time.Since(begin)
}
