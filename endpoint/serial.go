package endpoint

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"go.bug.st/serial"

	"github.com/chancat/channel/internal/socket"
)

var serialScheme = scheme{
	prefix:  "serial:",
	form:    "serial:DEVICE[,BAUD[,8N1]]",
	meaning: "a serial line, raw; 115200 baud where nothing is said",
	dial:    dialSerial,
	listen:  listenSerial,
}

const baudDefault = 115200

// parseSerial reads the device and how it is set: ",BAUD" and ",8N1" may follow.
func parseSerial(address string) (device string, mode *serial.Mode, err error) {
	wrong := func(reason string) error {
		return &socket.AddressError{Address: address, Reason: reason, Hint: "write serial:DEVICE, serial:DEVICE,9600 or serial:DEVICE,9600,7E1"}
	}
	words := strings.Split(strings.TrimPrefix(address, "serial:"), ",")
	mode = &serial.Mode{BaudRate: baudDefault, DataBits: 8}
	if words[0] == "" || strings.ContainsRune(words[0], 0) {
		return "", nil, wrong("no device")
	}
	if len(words) > 1 {
		if mode.BaudRate, err = strconv.Atoi(words[1]); err != nil || mode.BaudRate < 1 {
			return "", nil, wrong(strconv.Quote(words[1]) + " is no number of baud")
		}
	}
	if len(words) > 2 && !characters(mode, words[2]) {
		return "", nil, wrong(strconv.Quote(words[2]) + " is no form of characters")
	}
	if len(words) > 3 {
		return "", nil, wrong("too many commas")
	}
	return words[0], mode, nil
}

// characters reads data bits, parity and stop bits, such as 8N1.
func characters(mode *serial.Mode, text string) bool {
	parities := map[byte]serial.Parity{'N': serial.NoParity, 'E': serial.EvenParity, 'O': serial.OddParity, 'M': serial.MarkParity, 'S': serial.SpaceParity}
	stops := map[string]serial.StopBits{"1": serial.OneStopBit, "1.5": serial.OnePointFiveStopBits, "2": serial.TwoStopBits}
	text = strings.ToUpper(text)
	if len(text) < 3 || text[0] < '5' || text[0] > '8' {
		return false
	}
	mode.DataBits = int(text[0] - '0')
	var known, stops1 bool
	mode.Parity, known = parities[text[1]]
	mode.StopBits, stops1 = stops[text[2:]]
	return known && stops1
}

func dialSerial(_ context.Context, address string, _ *Options) (*Conn, error) {
	return openSerial("dial", address)
}

func openSerial(op, address string) (*Conn, error) {
	device, mode, err := parseSerial(address)
	if err != nil {
		return nil, err
	}
	port, err := serial.Open(device, mode)
	if err != nil {
		return nil, &socket.Error{Op: op, Address: address, Hint: serialHint(err), Err: err}
	}
	return &Conn{Stream: &serialLine{port: port}, Remote: address}, nil
}

func serialHint(err error) string {
	var p *serial.PortError
	if errors.As(err, &p) {
		switch p.Code() {
		case serial.PermissionDenied:
			return "the device belongs to a group that you are not in, often dialout: 'sudo usermod -aG dialout $USER', then log in again"
		case serial.PortBusy:
			return "another program has the line open"
		case serial.InvalidSerialPort:
			return "that is no serial line"
		case serial.PortNotFound:
			return serialMissing
		case serial.InvalidSpeed:
			return "the device does not have that speed"
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return serialMissing
	case errors.Is(err, fs.ErrPermission):
		return "the permissions of the device forbid it"
	}
	return ""
}

const serialMissing = "there is no such device; /dev/ttyUSB0, /dev/ttyACM0 and COM3 are common names"

// listenSerial has the one connection that a line is.
func listenSerial(_ context.Context, address string, _ *Options) (Listener, error) {
	c, err := openSerial("listen", address)
	if err != nil {
		return nil, err
	}
	l := &serialListener{address: address, conn: c, conns: make(chan *Conn, 1)}
	l.conns <- c
	close(l.conns)
	return l, nil
}

type serialListener struct {
	address string
	conn    *Conn
	conns   chan *Conn
	closed  atomic.Bool
}

func (l *serialListener) Accept() (*Conn, error) {
	if l.closed.Load() {
		return nil, net.ErrClosed
	}
	if c, ok := <-l.conns; ok {
		return c, nil
	}
	return nil, io.EOF
}

func (l *serialListener) Addr() string        { return l.address }
func (l *serialListener) Port() int           { return 0 }
func (l *serialListener) Fingerprint() string { return "" }

// Close closes the line unless it was accepted.
func (l *serialListener) Close() error {
	if l.closed.Swap(true) {
		return nil
	}
	if c, ok := <-l.conns; ok {
		return c.Close()
	}
	return nil
}

// A serialLine is a serial port. It has no half-close.
type serialLine struct {
	port    serial.Port
	writing atomic.Int32
	closed  atomic.Bool
}

// Read returns io.EOF when the device is gone: unplugged, or the other end of a
// pseudo-terminal is closed.
func (s *serialLine) Read(p []byte) (int, error) {
	n, err := s.port.Read(p)
	return n, s.cause(err)
}

func (s *serialLine) cause(err error) error {
	if err == nil {
		return nil
	}
	if s.closed.Load() {
		return net.ErrClosed
	}
	var p *serial.PortError
	if errors.Is(err, syscall.EIO) || errors.Is(err, syscall.ENXIO) || errors.As(err, &p) && p.Code() == serial.PortClosed {
		return io.EOF
	}
	return err
}

// Write writes all of p: a port may take less at a time.
func (s *serialLine) Write(p []byte) (n int, err error) {
	s.writing.Add(1)
	defer s.writing.Add(-1)
	for n < len(p) && err == nil {
		var k int
		k, err = s.port.Write(p[n:])
		n += k
		if s.closed.Load() && n < len(p) {
			err = net.ErrClosed
		} else if errors.Is(err, syscall.EINTR) {
			err = nil
		} else if k == 0 && err == nil {
			err = io.ErrShortWrite
		}
	}
	if err = s.cause(err); err == io.EOF {
		err = syscall.EPIPE
	}
	return n, err
}

// Close interrupts a Write by dropping what the device has not taken.
func (s *serialLine) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	if s.writing.Load() > 0 {
		_ = s.port.ResetOutputBuffer() // the close is what matters
	}
	return s.port.Close()
}
