//go:build linux || darwin || freebsd || openbsd

package endpoint

import (
	"errors"
	"io"
	"os"
	"syscall"

	"go.bug.st/serial"
)

// openLine opens a device and sets it. The library sets the line; it reads and
// writes in ways that Close does not always interrupt, so that is done by a file of
// our own. It is opened first: the library asks for the line to be exclusive.
func openLine(device string, m lineMode) (io.ReadWriteCloser, error) {
	file, err := os.OpenFile(device, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	settings, err := serial.Open(device, m.mode())
	if err != nil {
		file.Close()
		return nil, lineError(err)
	}
	return &setLine{file, settings}, nil
}

// A setLine is a line and what holds its settings.
type setLine struct {
	*os.File
	settings serial.Port
}

func (l *setLine) Close() error { return errors.Join(l.File.Close(), l.settings.Close()) }
