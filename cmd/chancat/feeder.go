package main

import (
	"errors"
	"io"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/session"
	"github.com/chancat/channel/session/pcap"
)

// A feeder decodes one direction of a connection from what is handed to it.
type feeder struct {
	decoder
	codec   frame.Codec
	pending []byte // bytes of the read at hand
	time    time.Time
	ended   bool
	failed  bool // a broken frame has ended the messages
}

// errPending says that nothing more of this direction has come yet.
var errPending = errors.New("wait for the next read")

func newFeeder(d decoder, f framing.Direction) *feeder {
	feed := &feeder{decoder: d, codec: f.Codec}
	feed.arrival = func() time.Time { return feed.time }
	feed.reader = frame.NewReader(feed, f.Codec, f.Max)
	return feed
}

func (f *feeder) Read(p []byte) (int, error) {
	if len(f.pending) == 0 {
		if f.ended {
			return 0, io.EOF
		}
		return 0, errPending
	}
	n := copy(p, f.pending)
	f.pending = f.pending[n:]
	return n, nil
}

// feed prints the messages that data completes. Errors are those of the output:
// a broken frame ends only this direction.
func (f *feeder) feed(data []byte, at time.Time) error {
	if f.failed || f.ended {
		return nil
	}
	f.pending, f.time = data, at
	return f.drain()
}

// end judges what the end of the direction has cut off.
func (f *feeder) end(at time.Time) error {
	if f.failed || f.ended {
		return nil
	}
	f.ended = true
	if !at.IsZero() {
		f.time = at
	}
	return f.drain()
}

func (f *feeder) drain() error {
	for {
		if !f.ended && len(f.pending) == 0 && len(f.reader.Buffered()) == 0 {
			return nil // next would only say so
		}
		switch err := f.next(); {
		case err == nil:
		case errors.Is(err, errPending), err == io.EOF:
			return nil
		case exitCode(err) == exitBroken:
			f.failed, f.pending = true, nil
			return f.tell(err)
		default:
			return err
		}
	}
}

// lose takes in that the bytes at e.Offset were not captured.
func (f *feeder) lose(e *session.Event) error {
	if f.failed || f.ended {
		return nil
	}
	f.time = e.Time
	if e.Reason == pcap.NoStart && e.Offset == 0 {
		if _, ok := f.codec.(frame.Ender); ok {
			return nil // any bytes are a frame: nothing is skipped that may be whole
		}
	}
	why := link.Fault{Bytes: f.reader.Buffered()}
	err := f.reader.Lose(int64(e.N))
	if broken, ok := errors.AsType[*frame.Error](err); ok {
		why.Cause = broken.Cause
		f.brokenEvent(broken, why)
		err = f.tell(located(f.name, broken, why))
	}
	if e.Reason != pcap.NoStart {
		f.broken = true
		f.c.e.say("%s: %d bytes from byte %d are lost: they were not captured", f.name, e.N, e.Offset)
	}
	if !f.seeking {
		f.lookFrom(f.reader.Offset())
	}
	return err
}
