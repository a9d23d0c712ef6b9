package bench

import (
	"runtime"
	"time"
)

// coarse is how late the runtime's own timers may be: it waits for the network in
// whole milliseconds.
const coarse = 2 * time.Millisecond

// pace tells each connection when its next message is due, until the run is over.
// It does so from a thread of its own, which can sleep to within microseconds: what
// a message is late by our own doing would count as latency of the peer.
func (r *run) pace() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	sharpen()
	for k := int64(0); !r.over.Load(); k++ {
		if r.o.Count > 0 && k >= r.o.Count {
			return
		}
		at := time.Duration(float64(k) / r.o.Rate * float64(time.Second))
		if r.o.Duration > 0 && at >= r.o.Duration {
			r.stop()
			return
		}
		for !r.over.Load() {
			ahead := at - time.Since(r.start)
			if ahead <= 0 {
				break
			}
			if ahead > coarse {
				time.Sleep(min(ahead-coarse, watchEvery))
			} else {
				sleepFine(ahead)
			}
		}
		c := r.conns[k%int64(len(r.conns))]
		c.mu.Lock()
		c.called++
		c.room.Signal()
		c.mu.Unlock()
	}
}

// intended is when the n-th message of c is due.
func (c *conn) intended(n int64) time.Duration {
	k := n*int64(c.run.o.Conns) + int64(c.index)
	return time.Duration(float64(k) / c.run.o.Rate * float64(time.Second))
}
