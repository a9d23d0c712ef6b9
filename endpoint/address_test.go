package endpoint

import (
	"errors"
	"strings"
	"testing"

	"github.com/chancat/channel/internal/socket"
)

// The text of an address is refused as one or understood; nothing is opened here.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"serial:/dev/tty,9600,7E1.5", "serial:x,0", "fifo:a,b", "fifo:a,a", "exec:a 'b", "-", "echo:", "gopher://x", "udp://5", "host:5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := find(text)
		if err == nil && s.prefix != tcpScheme.prefix && text != "-" && !strings.HasPrefix(text, s.prefix) {
			t.Errorf("%q is taken for %s", text, s.form)
		}
		switch s.prefix {
		case serialScheme.prefix:
			var device string
			var mode lineMode
			device, mode, err = parseSerial(text)
			if err == nil && (device == "" || mode.baud < 1 || mode.bits < 5 || mode.bits > 8) {
				t.Errorf("%q: %q, %+v", text, device, mode)
			}
		case fifoScheme.prefix:
			var read, write string
			read, write, err = fifoPaths(text)
			if err == nil && (read == "" || write == "") {
				t.Errorf("%q: %q, %q", text, read, write)
			}
		}
		if _, ok := errors.AsType[*socket.AddressError](err); err != nil && !ok {
			t.Errorf("%q: %v", text, err)
		}
	})
}
