package endpoint

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

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

// A lineMode is how a serial line is set.
type lineMode struct {
	baud, bits int
	parity     byte   // one of NEOMS
	stop       string // "1", "1.5" or "2"
}

// parseSerial reads the device and how it is set: ",BAUD" and ",8N1" may follow.
func parseSerial(address string) (device string, mode lineMode, err error) {
	wrong := func(reason string) error {
		return &socket.AddressError{Address: address, Reason: reason, Hint: "write serial:DEVICE, serial:DEVICE,9600 or serial:DEVICE,9600,7E1"}
	}
	words := strings.Split(strings.TrimPrefix(address, "serial:"), ",")
	mode = lineMode{baudDefault, 8, 'N', "1"}
	if words[0] == "" || strings.ContainsRune(words[0], 0) {
		return "", mode, wrong("no device")
	}
	if len(words) > 1 {
		if mode.baud, err = strconv.Atoi(words[1]); err != nil || mode.baud < 1 {
			return "", mode, wrong(strconv.Quote(words[1]) + " is no number of baud")
		}
	}
	if len(words) > 2 && !mode.characters(strings.ToUpper(words[2])) {
		return "", mode, wrong(strconv.Quote(words[2]) + " is no form of characters")
	}
	if len(words) > 3 {
		return "", mode, wrong("too many commas")
	}
	return words[0], mode, nil
}

// characters reads data bits, parity and stop bits, such as 8N1.
func (m *lineMode) characters(text string) bool {
	if len(text) < 3 || text[0] < '5' || text[0] > '8' || !strings.ContainsRune("NEOMS", rune(text[1])) {
		return false
	}
	m.bits, m.parity, m.stop = int(text[0]-'0'), text[1], text[2:]
	return m.stop == "1" || m.stop == "1.5" || m.stop == "2"
}

func dialSerial(_ context.Context, address string, _ *Options) (*Conn, error) {
	return openSerial("dial", address)
}

func openSerial(op, address string) (*Conn, error) {
	device, mode, err := parseSerial(address)
	if err != nil {
		return nil, err
	}
	port, err := openLine(device, mode)
	if err != nil {
		return nil, &socket.Error{Op: op, Address: address, Hint: serialHint(err), Err: err}
	}
	return &Conn{Stream: &serialLine{port: port}, Remote: address}, nil
}

// The ways in which opening a line fails beside those of a file.
var (
	errLineBusy  = errors.New("the line is in use")
	errNoLine    = errors.New("not a serial line")
	errLineSpeed = errors.New("the device does not have that speed")
)

func serialHint(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return serialMissing
	case errors.Is(err, fs.ErrPermission):
		return "the device belongs to a group that you are not in, often dialout: 'sudo usermod -aG dialout $USER', then log in again"
	case errors.Is(err, errLineBusy), errors.Is(err, syscall.EBUSY):
		return "another program has it open"
	case errors.Is(err, errLineSpeed):
		return "try a common one, such as 9600 or 115200"
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

// A serialLine is an open line. It has no half-close.
type serialLine struct {
	port   io.ReadWriteCloser
	closed atomic.Bool
}

// Read returns io.EOF when the device is gone: unplugged, or the other end of a
// pseudo-terminal is closed.
func (s *serialLine) Read(p []byte) (int, error) {
	n, err := s.port.Read(p)
	return n, s.cause(err, io.EOF)
}

func (s *serialLine) Write(p []byte) (int, error) {
	n, err := s.port.Write(p)
	return n, s.cause(err, syscall.EPIPE)
}

// cause is the meaning of err; gone is that of a device that is no longer there.
func (s *serialLine) cause(err, gone error) error {
	switch {
	case err == nil:
		return nil
	case s.closed.Load(), errors.Is(err, os.ErrClosed):
		return net.ErrClosed
	case err == io.EOF, errors.Is(err, syscall.EIO), errors.Is(err, syscall.ENXIO):
		return gone
	}
	return err
}

// Close interrupts whoever reads or writes.
func (s *serialLine) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	return s.port.Close()
}
