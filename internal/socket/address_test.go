package socket

import (
	"errors"
	"net"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"5000":                 "tcp://localhost:5000",
		":5000":                "tcp://localhost:5000",
		"05000":                "tcp://localhost:5000",
		"0":                    "tcp://localhost:0",
		"host:5000":            "tcp://host:5000",
		"0.0.0.0:1":            "tcp://0.0.0.0:1",
		"[::1]:5000":           "tcp://[::1]:5000",
		"[fe80::1%lo]:5000":    "tcp://[fe80::1%lo]:5000",
		"tcp://127.0.0.1:5000": "tcp://127.0.0.1:5000",
		"tcp://:5000":          "tcp://localhost:5000",
		"tls://host:443":       "tls://host:443",
		"tls://443":            "tls://localhost:443",
		"unix:/tmp/s":          "unix:/tmp/s",
		"unix:rel/s":           "unix:rel/s",
		"unix:@name":           "unix:@name",
	} {
		a, err := Parse(in)
		if err != nil {
			t.Errorf("Parse(%q): %v", in, err)
			continue
		}
		if a.String() != want {
			t.Errorf("Parse(%q) = %s, want %s", in, a, want)
		}
		if again, err := Parse(a.String()); again != a || err != nil {
			t.Errorf("Parse(%q) = %v, %v: does not read its own spelling back", a.String(), again, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for in, reason := range map[string]string{
		"":                     "no port",
		"host":                 "no port",
		"host:":                "not a port",
		"host:65536":           "not a port",
		"host:-1":              "not a port",
		"host:+1":              "not a port",
		"host:5000/path":       "not a port",
		"host:no-such-service": "not a port",
		"::1":                  "brackets",
		"::1:5000":             "brackets",
		"[::1]":                "brackets",
		"a b:1":                "not a host",
		"user@host:1":          "not a host",
		"udp://host:1":         `unknown scheme "udp"`,
		"TCP://host:1":         `unknown scheme "TCP"`,
		"unix:":                "no path",
		"unix:@":               "no name",
		"unix:a\x00b":          "NUL",
	} {
		_, err := Parse(in)
		var typed *AddressError
		if !errors.As(err, &typed) || !strings.Contains(typed.Reason, reason) {
			t.Errorf("Parse(%q): got %v, want an AddressError with %q", in, err, reason)
			continue
		}
		if typed.Address != in || !strings.Contains(err.Error(), "unix:PATH") {
			t.Errorf("Parse(%q): %q does not show the address and the forms", in, err)
		}
	}
}

func TestOf(t *testing.T) {
	tcp := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5000}
	for _, c := range []struct {
		scheme string
		addr   net.Addr
		want   string
	}{
		{"tcp", tcp, "tcp://127.0.0.1:5000"},
		{"tls", tcp, "tls://127.0.0.1:5000"},
		{"unix", &net.UnixAddr{Name: "/tmp/s", Net: "unix"}, "unix:/tmp/s"},
		{"tls", &net.UnixAddr{Name: "@n", Net: "unix"}, "unix:@n"},
		{"unix", &net.UnixAddr{Net: "unix"}, ""},
		{"tcp", nil, ""},
	} {
		if got := Of(c.scheme, c.addr); got != c.want {
			t.Errorf("Of(%q, %v) = %q, want %q", c.scheme, c.addr, got, c.want)
		}
	}
}

// An address that is understood is spelled so that it is understood as the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"5000", ":5000", "[::1]:5", "tls://h:https", "unix:@x", "unix:./a b", "tcp://[fe80::1%eth0]:1", "a:b:c", "tcp://:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Parse(text)
		if err != nil {
			if _, ok := errors.AsType[*AddressError](err); !ok {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if again, err := Parse(a.String()); err != nil || again != a {
			t.Errorf("%q is %+v, spelled %q, which is %+v, %v", text, a, a, again, err)
		}
		if _, err := ParseUDP("udp://" + text); err != nil && a.Scheme == "tcp" && !strings.Contains(text, "://") {
			t.Errorf("udp://%s: %v", text, err)
		}
	})
}
