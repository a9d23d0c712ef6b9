package packetstream

import (
	"cmp"
	"log/slog"
	"runtime"
	"time"
)

const (
	defaultPending = 1024

	// unansweredMost bounds the peer's requests without an answer, as MaxPacket does
	// in bytes. A peer of this package stays below both with its default MaxPending.
	unansweredMost = 2 * defaultPending

	// linger is how long answers are still read when nothing can be sent any more.
	linger = time.Second
)

// Options configures a Conn. A nil *Options means all defaults.
type Options struct {
	Handler  Handler            // answers requests on channel 0; nil rejects them
	Channels map[uint64]Handler // those on other channels; without one they are rejected

	Workers    int           // handlers of a connection that run at once, besides those that wait for the peer; 0 means 4 for each CPU
	MaxPending int           // requests of ours without an answer; Submit waits beyond; 0 means 1024
	MaxPacket  int           // bytes of a packet, each way; 0 means 64 MiB
	Grace      time.Duration // a packet waits this long for others to share its write; 0 means only while another write runs
	Logger     *slog.Logger  // told of requests that failed and packets that were ignored; nil means nobody is
}

// PythonGrace is the Grace of the Python program.
const PythonGrace = 10 * time.Millisecond

func (o *Options) resolved() Options {
	var r Options
	if o != nil {
		r = *o
	}
	r.Workers = cmp.Or(r.Workers, 4*runtime.GOMAXPROCS(0))
	r.MaxPending = cmp.Or(r.MaxPending, defaultPending)
	r.MaxPacket = cmp.Or(r.MaxPacket, defaultMaxPacket)
	if r.Logger == nil {
		r.Logger = slog.New(slog.DiscardHandler)
	}
	return r
}
