package main

import (
	"errors"
	"io"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/inflate"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/session"
	"github.com/chancat/channel/session/pcap"
)

// A feeder decodes one direction of a connection from what is handed to it.
type feeder struct {
	decoder
	codec  frame.Codec
	stream frame.Feed
	time   time.Time
	failed bool // a broken frame has ended the messages
}

func newFeeder(d decoder, f framing.Direction) *feeder {
	feed := &feeder{decoder: d, codec: f.Codec}
	feed.arrival = func() time.Time { return feed.time }
	feed.reader = frame.NewReader(&feed.stream, f.Codec, f.Max)
	feed.plain = inflate.Of(f.Codec)
	return feed
}

func (f *feeder) over() bool { return f.failed || f.stream.Ended() }

// feed prints the messages that data completes. Errors are those of the output:
// a broken frame ends only this direction.
func (f *feeder) feed(data []byte, at time.Time) error {
	if f.over() {
		return nil
	}
	f.time = at
	f.stream.Give(data)
	return f.drain()
}

// end judges what the end of the direction has cut off.
func (f *feeder) end(at time.Time) error {
	if f.over() {
		return nil
	}
	f.stream.End()
	if !at.IsZero() {
		f.time = at
	}
	return f.drain()
}

func (f *feeder) drain() error {
	err := f.messages()
	switch {
	case err == frame.ErrPending, err == io.EOF, errors.Is(err, frame.ErrPending):
		err = nil
	case exitCode(err) == exitBroken:
		f.failed = true
		err = f.tell(err)
	}
	f.reader.Settle()
	return err
}

// lose takes in that the bytes at e.Offset were not captured.
func (f *feeder) lose(e *session.Event) error {
	if f.over() {
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
