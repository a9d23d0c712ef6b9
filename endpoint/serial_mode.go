//go:build linux || darwin || freebsd || openbsd || windows

package endpoint

import (
	"errors"
	"io/fs"

	"go.bug.st/serial"
)

// mode is m as the library has it.
func (m lineMode) mode() *serial.Mode {
	parities := map[byte]serial.Parity{
		'N': serial.NoParity, 'E': serial.EvenParity, 'O': serial.OddParity, 'M': serial.MarkParity, 'S': serial.SpaceParity,
	}
	stops := map[string]serial.StopBits{"1": serial.OneStopBit, "1.5": serial.OnePointFiveStopBits, "2": serial.TwoStopBits}
	return &serial.Mode{BaudRate: m.baud, DataBits: m.bits, Parity: parities[m.parity], StopBits: stops[m.stop]}
}

// lineError gives an error of the library a meaning.
func lineError(err error) error {
	p, ok := errors.AsType[*serial.PortError](err)
	if !ok {
		return err
	}
	switch p.Code() {
	case serial.PortBusy:
		return errLineBusy
	case serial.PortNotFound:
		return fs.ErrNotExist
	case serial.PermissionDenied:
		return fs.ErrPermission
	case serial.InvalidSerialPort:
		return errNoLine
	case serial.InvalidSpeed:
		return errLineSpeed
	}
	return err
}
