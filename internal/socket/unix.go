package socket

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"sync"
)

const socketMode = 0o600

var errNotSocket = errors.New("a file that is not a socket is in the way")

func listenUnix(ctx context.Context, a Address) (net.Listener, error) {
	if err := abstractSupported(a); err != nil {
		return nil, err
	}
	lc := net.ListenConfig{Control: privateSocket}
	if a.Addr[0] == '@' {
		return lc.Listen(ctx, "unix", a.Addr) // no file: anybody on this machine may connect
	}
	l, err := lc.Listen(ctx, "unix", a.Addr)
	if errors.Is(err, errAddrInUse) {
		if stale := removeStale(ctx, a.Addr); stale != nil {
			return nil, stale
		}
		l, err = lc.Listen(ctx, "unix", a.Addr)
	}
	if err != nil {
		return nil, err
	}
	ul := l.(*net.UnixListener)
	ul.SetUnlinkOnClose(false)
	file, err := os.Lstat(a.Addr)
	if err == nil && file.Mode().Perm() != socketMode {
		err = os.Chmod(a.Addr, socketMode)
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return &unixListener{UnixListener: ul, path: a.Addr, file: file}, nil
}

// removeStale removes the socket file at path if its listener is gone.
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

// A unixListener removes its file on Close, and no other file that has taken its
// place.
type unixListener struct {
	*net.UnixListener
	path string
	file fs.FileInfo
	once sync.Once
}

func (l *unixListener) Close() error {
	l.once.Do(func() {
		if now, err := os.Lstat(l.path); err == nil && os.SameFile(l.file, now) {
			os.Remove(l.path)
		}
	})
	return l.UnixListener.Close()
}
