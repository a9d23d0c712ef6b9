package socket

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"sync"
)

const socketMode = 0o600

var errNotSocket = errors.New("a file that is not a socket is in the way")

func listenUnix(ctx context.Context, a Address) (net.Listener, error) {
	var l net.Listener
	file, err := bind(ctx, a, func(lc net.ListenConfig) (_ io.Closer, err error) {
		l, err = lc.Listen(ctx, "unix", a.Addr)
		return l, err
	})
	if err != nil || file == nil {
		return l, err
	}
	ul := l.(*net.UnixListener)
	ul.SetUnlinkOnClose(false)
	return &unixListener{ul, file}, nil
}

// ListenUnixgram is [Listen] for a Unix datagram socket: its file has mode 0600, a
// stale one is replaced, and Close removes it. The error is an [*Error].
func ListenUnixgram(ctx context.Context, a Address) (net.PacketConn, error) {
	var c net.PacketConn
	file, err := bind(ctx, a, func(lc net.ListenConfig) (_ io.Closer, err error) {
		c, err = lc.ListenPacket(ctx, "unixgram", a.Addr)
		return c, err
	})
	switch {
	case err != nil:
		return nil, explain("listen", a, err)
	case file == nil:
		return c, nil
	}
	return &unixPackets{c, file}, nil
}

// bind calls open, which binds a socket to a, and returns its file; nil for an
// abstract socket, which anybody on this machine may connect to. It removes a stale
// file before, and closes the socket where it returns an error.
func bind(ctx context.Context, a Address, open func(net.ListenConfig) (io.Closer, error)) (*socketFile, error) {
	if err := abstractSupported(a); err != nil {
		return nil, err
	}
	lc := net.ListenConfig{Control: privateSocket}
	s, err := open(lc)
	if a.Addr[0] == '@' {
		return nil, err
	}
	if errors.Is(err, errAddrInUse) {
		if stale := removeStale(ctx, a.Addr); stale != nil {
			return nil, stale
		}
		s, err = open(lc)
	}
	if err != nil {
		return nil, err
	}
	info, err := os.Lstat(a.Addr)
	if err == nil && info.Mode().Perm() != socketMode {
		err = os.Chmod(a.Addr, socketMode)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return &socketFile{path: a.Addr, info: info}, nil
}

// removeStale removes the socket file at path if nobody has it open.
func removeStale(ctx context.Context, path string) error {
	before, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // its listener removed it just now
	case err != nil:
		return err
	}
	if before.Mode().Type() != fs.ModeSocket {
		return errNotSocket
	}
	probe, err := new(net.Dialer).DialContext(ctx, probeNetwork, path)
	if err == nil {
		probe.Close()
	}
	if !errors.Is(err, errRefused) {
		return errAddrInUse
	}
	// Another program may have replaced it meanwhile.
	if now, err := os.Lstat(path); err != nil || !os.SameFile(before, now) {
		return errAddrInUse
	}
	return os.Remove(path)
}

// A socketFile is the file of a socket.
type socketFile struct {
	path string
	info fs.FileInfo
	once sync.Once
}

// remove removes the file, and no other that has taken its place.
func (f *socketFile) remove() {
	f.once.Do(func() {
		if now, err := os.Lstat(f.path); err == nil && os.SameFile(f.info, now) {
			os.Remove(f.path)
		}
	})
}

// A unixListener removes its file on Close.
type unixListener struct {
	*net.UnixListener
	file *socketFile
}

func (l *unixListener) Close() error {
	l.file.remove()
	return l.UnixListener.Close()
}

// unixPackets removes its file on Close, which package net leaves behind.
type unixPackets struct {
	net.PacketConn
	file *socketFile
}

func (c *unixPackets) Close() error {
	c.file.remove()
	return c.PacketConn.Close()
}
