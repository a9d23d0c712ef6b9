package endpoint

import (
	"errors"
	"io"

	"go.bug.st/serial"
)

// openLine opens a device and sets it.
func openLine(device string, m lineMode) (io.ReadWriteCloser, error) {
	port, err := serial.Open(device, m.mode())
	if err != nil {
		return nil, lineError(err)
	}
	return windowsLine{port}, nil
}

// A windowsLine ends where the device is gone.
type windowsLine struct{ serial.Port }

func (l windowsLine) Read(p []byte) (int, error) {
	n, err := l.Port.Read(p)
	if e, ok := errors.AsType[*serial.PortError](err); ok && e.Code() == serial.PortClosed {
		err = io.EOF
	}
	return n, err
}
