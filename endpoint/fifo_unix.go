//go:build unix

package endpoint

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/chancat/channel/internal/socket"
)

var errNotFIFO = errors.New("not a named pipe")

const (
	// fifoWait bounds how long Dial waits for the other end of a pair.
	fifoWait = 10 * time.Second

	// A listener has no pipe open for a moment before each connection; Dial looks
	// again for this long.
	readerWait  = 250 * time.Millisecond
	readerRetry = 5 * time.Millisecond
)

func dialFIFO(ctx context.Context, address string, o *Options) (*Conn, error) {
	read, write, err := fifoPaths(address)
	if err != nil {
		return nil, err
	}
	wait := o.DialTimeout
	if wait == 0 {
		wait = fifoWait
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	p := &pipes{closed: make(chan struct{})}
	if read == write {
		p.out, err = openWriter(ctx, write)
	} else {
		p.in, p.out, err = openPair(ctx, read, write)
	}
	if err != nil {
		return nil, fifoError("dial", address, err)
	}
	return &Conn{Stream: p, Remote: write}, nil
}

// openPair opens the pipes of a pair towards a listener. The listener waits for a
// writer first and then for a reader, so a reader is put there before; but a
// reader without a writer sees the end of the stream, so the real one comes last.
func openPair(ctx context.Context, read, write string) (in, out *os.File, err error) {
	placeholder, err := openNow(read, os.O_RDONLY)
	if err != nil {
		return nil, nil, err
	}
	defer placeholder.Close()
	if out, err = openWriter(ctx, write); err != nil {
		return nil, nil, err
	}
	if in, err = openWaiting(ctx, read, os.O_RDONLY); err != nil {
		out.Close()
		return nil, nil, err
	}
	return in, out, nil
}

func openNow(path string, flag int) (*os.File, error) {
	if err := checkFIFO(path); err != nil {
		return nil, err
	}
	return os.OpenFile(path, flag|syscall.O_NONBLOCK, 0)
}

// openWriter opens a pipe that has a reader.
func openWriter(ctx context.Context, path string) (*os.File, error) {
	for deadline := time.Now().Add(readerWait); ; {
		f, err := openNow(path, os.O_WRONLY)
		if !errors.Is(err, syscall.ENXIO) || time.Now().After(deadline) {
			return f, err
		}
		select {
		case <-time.After(readerRetry):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// openWaiting opens a pipe when its other end is opened.
func openWaiting(ctx context.Context, path string, flag int) (*os.File, error) {
	if err := checkFIFO(path); err != nil {
		return nil, err
	}
	var (
		f    *os.File
		err  error
		done = make(chan struct{})
	)
	go func() { // open(2) waits, and takes no context
		defer close(done)
		f, err = os.OpenFile(path, flag, 0)
	}()
	select {
	case <-done:
		return f, err
	case <-ctx.Done():
	}
	// Opening both ends releases whoever waits for one. If that fails, somebody
	// has removed the pipe, and the wait lasts as long as the program.
	release, cannot := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if cannot == nil {
		<-done
		release.Close()
		if err == nil {
			f.Close()
		}
	}
	return nil, ctx.Err()
}

func checkFIFO(path string) error {
	st, err := os.Stat(path)
	if err == nil && st.Mode().Type() != fs.ModeNamedPipe {
		err = errNotFIFO
	}
	return err
}

func fifoError(op, address string, err error) error {
	e := &socket.Error{Op: op, Address: address, Err: err}
	switch {
	case errors.Is(err, syscall.ENXIO):
		e.Hint = "nothing reads from the pipe; start its reader first, or be the reader: listen on it"
	case errors.Is(err, fs.ErrNotExist) && op == "dial":
		e.Hint = "there is no such pipe; its listener makes it, and so does mkfifo"
	case errors.Is(err, fs.ErrNotExist):
		e.Hint = "there is no such directory"
	case errors.Is(err, context.DeadlineExceeded):
		e.Hint = "nobody opened the other end"
	}
	return e
}

// pipes is a stream over one or two named pipes. Of a single one, Read waits until
// this end is closed and then tells the end of the stream, and Write cannot be.
type pipes struct {
	in, out *os.File // nil where there is no such direction

	once    sync.Once
	closed  chan struct{} // by CloseWrite or Close
	release func()        // lets the listener go on; nil for Dial
}

func (p *pipes) Read(b []byte) (int, error) {
	if p.in == nil {
		<-p.closed
		return 0, io.EOF
	}
	return p.in.Read(b)
}

func (p *pipes) Write(b []byte) (int, error) {
	if p.out == nil {
		return 0, &fs.PathError{Op: "write", Path: p.in.Name(), Err: errors.ErrUnsupported}
	}
	return p.out.Write(b)
}

func (p *pipes) CloseWrite() error {
	p.once.Do(func() { close(p.closed) })
	if p.out == nil {
		return nil
	}
	if err := p.out.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

func (p *pipes) Close() error {
	err := p.CloseWrite()
	if p.in != nil {
		if inErr := p.in.Close(); err == nil && !errors.Is(inErr, os.ErrClosed) {
			err = inErr
		}
	}
	if p.release != nil {
		p.release()
	}
	return err
}

// A fifoListener gives one connection at a time: two readers of one pipe would
// each get a part of what is written.
type fifoListener struct {
	address     string
	read, write string
	made        []string // pipes to remove on Close

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	free   chan struct{} // holds a token while no connection is open

	opening sync.Mutex // held while pipes are being opened, which needs their files
}

func listenFIFO(_ context.Context, address string, _ *Options) (Listener, error) {
	read, write, err := fifoPaths(address)
	if err != nil {
		return nil, err
	}
	l := &fifoListener{address: address, read: read, write: write, free: make(chan struct{}, 1)}
	l.free <- struct{}{}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	for _, path := range []string{read, write} {
		err := syscall.Mkfifo(path, 0o600)
		switch {
		case err == nil:
			l.made = append(l.made, path)
			continue
		case errors.Is(err, fs.ErrExist):
			err = checkFIFO(path)
		}
		if err != nil {
			l.Close()
			return nil, fifoError("listen", address, err)
		}
	}
	return l, nil
}

// Accept waits until somebody writes to the pipe, and the last connection has been
// closed.
func (l *fifoListener) Accept() (*Conn, error) {
	select {
	case <-l.free:
	case <-l.ctx.Done():
		return nil, net.ErrClosed
	}
	p, err := l.open()
	if err != nil {
		l.free <- struct{}{}
		if l.ctx.Err() != nil {
			return nil, net.ErrClosed
		}
		return nil, fifoError("accept", l.address, err)
	}
	p.release = sync.OnceFunc(func() { l.free <- struct{}{} })
	return &Conn{Stream: p, Local: l.read}, nil
}

func (l *fifoListener) open() (*pipes, error) {
	l.opening.Lock()
	defer l.opening.Unlock()
	in, err := openWaiting(l.ctx, l.read, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	p := &pipes{in: in, closed: make(chan struct{})}
	if l.read != l.write {
		if p.out, err = openWaiting(l.ctx, l.write, os.O_WRONLY); err != nil {
			in.Close()
			return nil, err
		}
	}
	return p, nil
}

func (l *fifoListener) Addr() string        { return l.address }
func (l *fifoListener) Port() int           { return 0 }
func (l *fifoListener) Fingerprint() string { return "" }

func (l *fifoListener) Close() error {
	l.cancel()
	l.opening.Lock()
	defer l.opening.Unlock()
	for _, path := range l.made {
		os.Remove(path)
	}
	l.made = nil
	return nil
}
