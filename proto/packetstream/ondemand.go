package packetstream

import (
	"context"
	"errors"
	"io"
	"sync"
)

// An Opener opens a stream for each direction, which may be one and the same, and
// says how to shut them down. Shutdown is called once, must interrupt reads and
// writes, and may be nil: then the streams are closed. The context ends when the
// connection is closed.
type Opener func(ctx context.Context) (r io.Reader, w io.Writer, shutdown func() error, err error)

// OnDemand is New for a stream that is opened when the first request is sent. An
// error of open is that of the connection; Shutdown and Close of a Conn without a
// request open nothing.
func OnDemand(open Opener, o *Options) *Conn {
	s := &onDemand{open: open, ready: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	return newConn(s, s, s.Close, o, s.unused)
}

// onDemand is a stream that is opened by the first write.
type onDemand struct {
	open   Opener
	ctx    context.Context
	cancel context.CancelCauseFunc
	once   sync.Once     // of opening, or of closing instead
	ready  chan struct{} // closed when the rest is set

	r        io.Reader
	w        io.Writer
	shutdown func() error
	err      error
}

func (s *onDemand) Write(p []byte) (int, error) {
	s.once.Do(func() {
		defer close(s.ready)
		s.r, s.w, s.shutdown, s.err = s.open(s.ctx)
		if s.err == nil && s.shutdown == nil {
			s.shutdown = func() error { return closePair(s.r, s.w) }
		}
	})
	if s.err != nil {
		return 0, s.err
	}
	return s.w.Write(p)
}

func (s *onDemand) Read(p []byte) (int, error) {
	<-s.ready
	if s.err != nil {
		return 0, s.err
	}
	return s.r.Read(p)
}

func (s *onDemand) Close() error {
	s.cancel(ErrClosed)
	s.once.Do(func() {
		s.err = ErrClosed
		close(s.ready)
	})
	if s.err != nil {
		return nil
	}
	return s.shutdown()
}

func (s *onDemand) unused() bool {
	select {
	case <-s.ready:
		return false
	default:
		return true
	}
}

// closePair closes what can be closed of the two, once where they are one.
func closePair(r io.Reader, w io.Writer) error {
	wc, _ := w.(io.Closer)
	rc, _ := r.(io.Closer)
	switch {
	case wc == nil && rc == nil:
		return nil
	case wc == nil:
		return rc.Close()
	case rc == nil || rc == wc:
		return wc.Close()
	}
	return errors.Join(wc.Close(), rc.Close())
}
