package heartbeat

import (
	"strings"
	"testing"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

func of(t testing.TB, spelling string) Protocol {
	t.Helper()
	f, err := framing.Parse(spelling)
	if err != nil {
		t.Fatal(err)
	}
	p, ok := Of(f)
	if !ok {
		t.Fatalf("%s has no heartbeats", spelling)
	}
	return p
}

func TestAnswer(t *testing.T) {
	const none = "none" // it is no heartbeat
	for _, c := range []struct {
		framing, frame string
		client         bool
		want           string
	}{
		{"nats", "PING\r\n", true, "PONG\r\n"},
		{"nats", "ping \r\n", false, "PONG\r\n"},
		{"nats", "PONG\r\n", true, ""},
		{"nats", "PINGS\r\n", true, none},
		{"nats", "MSG a 1 4\r\nPING\r\n", true, none},
		{"mqtt", "\xc0\x00", false, "\xd0\x00"},
		{"mqtt,max=10", "\xc0\x00", true, none},
		{"mqtt", "\xd0\x00", true, ""},
		{"mqtt", "\xd0\x00", false, none},
		{"mqtt", "\xc0\x01", false, none},
		{"mqtt", "\xc0\x00\x00", false, none},
		{"mqtt", "\x30\x00", true, none},
		{"ws", "\x89\x02hi", true, "\x8a\x82\x00\x00\x00\x00hi"},
		{"ws", "\x89\x82\x01\x02\x03\x04ik", false, "\x8a\x02hi"},
		{"ws", "\x89\x00", true, "\x8a\x80\x00\x00\x00\x00"},
		{"ws", "\x89\x80\x01\x02\x03\x04", false, "\x8a\x00"},
		{"ws", "\x89\x80\x01\x02\x03", false, none},
		{"ws", "\x89\x02h", true, none},
		{"ws", "\x89\x02hi!", true, none},
		{"ws", "\x89", true, none},
		{"ws", "\x89\x7d" + strings.Repeat("x", 125), true, "\x8a\xfd\x00\x00\x00\x00" + strings.Repeat("x", 125)},
		{"ws", "\x89\x7e" + strings.Repeat("x", 126), true, none},
		{"ws", "\x8a\x00", true, ""},
		{"ws", "\x81\x02hi", true, none},
		{"stomp", "CONNECTED\nheart-beat:1,1\n\n\x00", true, none},
	} {
		got, is := of(t, c.framing).Answer([]byte(c.frame), c.client)
		if is != (c.want != none) || is && string(got) != c.want {
			t.Errorf("%s, %q: %q, %v; want %q", c.framing, c.frame, got, is, c.want)
		}
	}
}

// What is sent is a frame of the protocol, for who sends it.
func TestFrames(t *testing.T) {
	for spelling := range protocols {
		f, err := framing.Parse(spelling)
		if err != nil {
			t.Fatal(err)
		}
		p := of(t, spelling)
		if len(p.Beat) > 1 {
			sp, need, err := f.C2S.Codec.Scan(p.Beat, &frame.State{})
			if need != 0 || err != nil || sp.Len() != len(p.Beat) {
				t.Errorf("%s: the beat %q is no frame: %v, %d, %v", spelling, p.Beat, sp, need, err)
			}
		}
	}
}

func TestAgreed(t *testing.T) {
	const (
		connect  = "\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04chan"
		connect5 = "\x10\x11\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x04chan"
	)
	for _, c := range []struct {
		framing, sent, received string
		want                    time.Duration
	}{
		{"mqtt", connect, "", time.Minute},
		{"mqtt", "\x10\x00", "", 0},
		{"mqtt", "\x10", "", 0},
		{"mqtt", "\x10\x04\xff\xffab", "", 0},
		{"mqtt", "\x30\x02ab", "", 0},
		{"mqtt", "", "\x20\x02\x00\x00", 0},
		{"mqtt", "\x10\x0a\x00\x04MQTT\x04\x02\x00\x3c", "", time.Minute}, // as short as can be
		{"mqtt", "\x10\x09\x00\x04MQTT\x04\x02\x00", "", 0},
		{"mqtt", connect5, "\x20\x03\x00\x00\x00", time.Minute},
		{"mqtt", connect5, "\x20\x02\x00\x00", time.Minute},
		{"mqtt", connect5, "\x20\x06\x00\x00\x03\x13\x00\x0a", 10 * time.Second},
		{"mqtt", connect5, "\x20\x06\x00\x00\x03\x13\x00\x00", 0}, // for ever
		{"mqtt", connect5, // behind properties of every form
			"\x20\x20\x00\x00\x1d\x21\x00\x13\x24\x01\x27\x00\x00\x13\x13\x12\x00\x02\x13\x13\x26\x00\x01\x13\x00\x03\x13\x13\x13\x13\x00\x0a\x22\x00\x0a", 10 * time.Second},
		{"mqtt", connect5, "\x20\x06\x00\x00\x03\x12\x00\x0a", time.Minute},
		{"mqtt", connect5, "\x20\x06\x00\x00\x7f\x13\x00\x0a", time.Minute},
		{"mqtt", connect5, "\x20\x05\x00\x00\x02\x13\x00", time.Minute},
		{"mqtt", connect, "\x20\x06\x00\x00\x03\x13\x00\x0a", time.Minute}, // a server of 3.1.1 has no properties
		{"stomp", "CONNECT\nheart-beat:1000,0\n\n\x00", "CONNECTED\r\nheart-beat:0,4000\r\n\r\n\x00", 4 * time.Second},
		{"stomp", "CONNECT\nheart-beat:1000,0\n\n\x00", "CONNECTED\nheart-beat:0,0\n\n\x00", 0},
		{"stomp", "CONNECT\nheart-beat:1000,0\n\n\x00", "", 0},
		{"stomp", "CONNECT\n\nheart-beat:1000,0\x00", "CONNECTED\nheart-beat:0,4000\n\n\x00", 0},
		{"stomp", "CONNECT\nheart-beat:1,soon\n\n\x00", "CONNECTED\nheart-beat:0,4000\n\n\x00", 0},
		{"stomp", "CONNECT\nheart-beat:2147483647,0\n\n\x00", "CONNECTED\nheart-beat:0,4000\n\n\x00", 2147483647 * time.Millisecond},
		{"stomp", "CONNECT\nheart-beat:2147483648,0\n\n\x00", "CONNECTED\nheart-beat:0,4000\n\n\x00", 0},
		{"stomp", "CONNECT\nheart-beat:soon\n\n\x00", "CONNECTED\nheart-beat:0,4000\n\n\x00", 0},
	} {
		if got := of(t, c.framing).Agreed([]byte(c.sent), []byte(c.received)); got != c.want {
			t.Errorf("%s, %q, %q: %v, want %v", c.framing, c.sent, c.received, got, c.want)
		}
	}
}

// The keep-alive is found behind each property that may come before it, and not in
// one that is cut off.
func TestServerKeepAlive(t *testing.T) {
	const keepAlive = "\x13\x00\x0a"
	for _, property := range []string{
		"", "\x11\x13\x13\x13\x13", "\x12\x00\x01\x13", "\x12\x00\x00", "\x15\x00\x01\x13", "\x16\x00\x01\x13", "\x1a\x00\x01\x13",
		"\x1c\x00\x01\x13", "\x1f\x00\x01\x13", "\x21\x13\x13", "\x22\x13\x13", "\x24\x13", "\x25\x13", "\x26\x00\x01\x13\x00\x01\x13",
		"\x27\x13\x13\x13\x13", "\x28\x13", "\x29\x13", "\x2a\x13",
	} {
		properties := property + keepAlive
		accepted := "\x20" + string(rune(3+len(properties))) + "\x00\x00" + string(rune(len(properties))) + properties
		if seconds, ok := serverKeepAlive([]byte(accepted)); !ok || seconds != 10 {
			t.Errorf("behind %q: %d, %v", property, seconds, ok)
		}
		for n := range len(accepted) {
			if seconds, ok := serverKeepAlive([]byte(accepted[:n])); ok {
				t.Errorf("in %q: %d", accepted[:n], seconds)
			}
		}
		for n := range len(properties) {
			short := "\x20" + string(rune(3+n)) + "\x00\x00" + string(rune(n)) + properties[:n]
			if seconds, ok := serverKeepAlive([]byte(short)); ok {
				t.Errorf("in %q: %d", short, seconds)
			}
		}
	}
	if _, ok := serverKeepAlive([]byte("\x20\x07\x00\x00\x04\x01" + keepAlive)); ok {
		t.Error("behind a property that no CONNACK has")
	}
}

// Before a server of MQTT 5 has answered it is not known which silence it allows.
func TestAgreedBeforeAnswer(t *testing.T) {
	const connect = "\x10\x11\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x04chan"
	if got := of(t, "mqtt").Agreed([]byte(connect), nil); got != 0 {
		t.Error(got)
	}
}

func FuzzHeartbeat(f *testing.F) {
	f.Add("mqtt", []byte("\x10\x10\x00\x04MQTT\x04\x02\x00\x3c"), []byte("\xc0\x00"))
	f.Add("mqtt", []byte("\x10\x11\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x00"), []byte("\x20\x06\x00\x00\x03\x26\x00\x00"))
	f.Add("stomp", []byte("CONNECT\nheart-beat:1,1\n\n"), []byte("CONNECTED\nheart-beat:1,1\n\n"))
	f.Add("ws", []byte("\x89\x82\x01\x02\x03\x04ik"), []byte("\x89\x7f"))
	f.Fuzz(func(t *testing.T, name string, a, b []byte) {
		p, ok := protocols[name]
		if !ok {
			return
		}
		for _, client := range []bool{true, false} {
			if answer, _ := p.Answer(a, client); len(answer) > len(a)+maskedWith {
				t.Errorf("%d bytes in answer to %d", len(answer), len(a))
			}
		}
		if p.Agreed != nil && p.Agreed(a, b) < 0 {
			t.Error("a silence of less than nothing")
		}
	})
}
