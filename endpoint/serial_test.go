//go:build linux || darwin || freebsd || openbsd

package endpoint

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/chancat/channel/internal/socket"
)

// line returns the master of a pseudo-terminal, and the name of its device.
func line(t *testing.T) (*os.File, string) {
	t.Helper()
	master, device, err := pty.Open()
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { master.Close() })
	name := device.Name()
	device.Close()
	return master, name
}

// A line is raw: every byte passes as it is, both ways, and the end of the device is
// the end of the stream.
func TestSerial(t *testing.T) {
	master, device := line(t)
	within(t, "the line", func() {
		c := dial(t, "serial:"+device+",9600,8N1", nil)
		all := make([]byte, 256)
		for i := range all {
			all[i] = byte(i)
		}
		go c.Stream.Write(all)
		got := make([]byte, len(all))
		if _, err := io.ReadFull(master, got); err != nil || string(got) != string(all) {
			t.Errorf("the device wrote %x, %v", got, err)
		}
		go master.Write(all)
		if _, err := io.ReadFull(c.Stream, got); err != nil || string(got) != string(all) {
			t.Errorf("read %x, %v", got, err)
		}
		if err := c.CloseWrite(); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("half-close: %v", err)
		}
		master.Close()
		if _, err := c.Stream.Read(got); err != io.EOF {
			t.Errorf("at the end: %v", err)
		}
	})
}

// Close interrupts a Read, and a Write that the other end does not take.
func TestSerialClose(t *testing.T) {
	_, device := line(t)
	within(t, "closing", func() {
		c := dial(t, "serial:"+device, nil)
		written := make(chan error, 1)
		go func() {
			_, err := c.Stream.Write(make([]byte, 1<<20))
			written <- err
		}()
		timer := time.AfterFunc(20*time.Millisecond, func() { c.Close() })
		defer timer.Stop()
		if _, err := c.Stream.Read(make([]byte, 1)); err != net.ErrClosed {
			t.Errorf("Read: %v", err)
		}
		if err := <-written; err == nil {
			t.Error("everything was written, to nobody")
		}
	})
}

// A listener has the one connection that a line is.
func TestSerialListen(t *testing.T) {
	_, device := line(t)
	within(t, "the listener", func() {
		l := listen(t, "serial:"+device, nil)
		if l.Addr() != "serial:"+device {
			t.Errorf("%s", l.Addr())
		}
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := l.Accept(); err != io.EOF {
			t.Errorf("a second one: %v", err)
		}
	})
}

func TestSerialAddresses(t *testing.T) {
	for address, want := range map[string]lineMode{
		"serial:/dev/x":             {115200, 8, 'N', "1"},
		"serial:/dev/x,300":         {300, 8, 'N', "1"},
		"serial:/dev/x,9600,7e2":    {9600, 7, 'E', "2"},
		"serial:COM3,9600,5O1.5":    {9600, 5, 'O', "1.5"},
		"serial:/dev/x,1000000,8M1": {1000000, 8, 'M', "1"},
	} {
		if _, mode, err := parseSerial(address); err != nil || mode != want {
			t.Errorf("%s: %+v, %v", address, mode, err)
		}
	}
	for _, address := range []string{"serial:", "serial:/dev/x,", "serial:/dev/x,0", "serial:/dev/x,fast", "serial:/dev/x,9600,9N1", "serial:/dev/x,9600,8", "serial:/dev/x,9600,8N1,rts"} {
		var wrong *socket.AddressError
		if _, err := Dial(t.Context(), address, nil); !errors.As(err, &wrong) {
			t.Errorf("%s: %v", address, err)
		}
	}
	var missing *socket.Error
	if _, err := Dial(t.Context(), "serial:/dev/nobody", nil); !errors.As(err, &missing) || missing.Hint != serialMissing {
		t.Errorf("%v", err)
	}
	if _, err := Dial(t.Context(), "serial:"+os.DevNull, nil); !errors.As(err, &missing) || !errors.Is(err, errNoLine) {
		t.Errorf("%v", err)
	}
}
