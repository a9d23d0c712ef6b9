package frametest

import (
	"bytes"
	"runtime"

	"github.com/chancat/channel/frame"
)

// Memory checks that reading in costs memory by the bytes that arrive, whatever
// they claim. What is counted is everything that was ever allocated: a buffer
// that doubles allocates up to four times what it comes to hold, an escaped
// message as much again, and each error and each reader a little.
func Memory(t TB, c frame.Codec, in []byte) {
	t.Helper()
	allowed := uint64(8*len(in) + 32<<10)
	var least uint64
	for range 3 { // something else may allocate meanwhile
		least = cost(c, in)
		if least <= allowed {
			return
		}
	}
	t.Fatalf("reading %d bytes (%q) allocated %d, more than %d", len(in), clip(in), least, allowed)
}

func cost(c frame.Codec, in []byte) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := frame.NewReader(bytes.NewReader(in), c, noLimit)
	for {
		f, err := r.Next()
		if err != nil || len(f.Raw) == 0 {
			break
		}
		r.Message(f)
	}
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func checkMemory(t TB, c Case) {
	good := stream(t, c)
	Memory(t, c.Codec, good)
	for i := range good {
		Memory(t, c.Codec, good[:i])
		for _, claim := range []string{"\xff", "\x7f\xff\xff\xff", "\xff\xff\xff\x7f", "\xff\xff\xff\xff\xff\xff\xff\xff", "99999999", "999999999", "9223372036854775807", "18446744073709551616"} {
			Memory(t, c.Codec, append(append(bytes.Clone(good[:i]), claim...), good[i:]...))
			Memory(t, c.Codec, append(append(bytes.Clone(good[:i]), claim...), good[min(i+1, len(good)):]...))
			Memory(t, c.Codec, append(append(bytes.Clone(good[:i]), claim...), good[min(i+len(claim), len(good)):]...))
		}
	}
}
