package tap

import (
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/chancat/channel/session"
)

// messagesOf is how many messages TestVolume passes; CHANCAT_TAP_MESSAGES makes it
// more.
func messagesOf(t *testing.T) int {
	text := os.Getenv("CHANCAT_TAP_MESSAGES")
	if text == "" {
		return 100_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestVolume accounts for every byte of many messages: each that was read was
// passed on and arrived, and was decoded or told as lost, whatever the other side
// does.
func TestVolume(t *testing.T) {
	messages := messagesOf(t)
	for _, c := range []struct {
		name    string
		pause   time.Duration // of the receiver, after each read
		half    bool          // the receiver has half-closed before
		resetAt int64         // bytes after which the receiver resets; 0 for never
	}{
		{name: "fast"},
		{name: "slow", pause: 100 * time.Microsecond},
		{name: "half-closed", half: true},
		{name: "resetting", resetAt: int64(messages) * 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			var decoded, told, cut, count int64
			r := newRig(t, Options{Framing: parse("u32be"), Observe: func(e *session.Event) {
				if e.From != session.Client {
					return
				}
				switch e.Kind {
				case session.Message:
					count++
					decoded += int64(e.Head + e.Body + e.Tail)
				case session.Lost:
					told += int64(e.N)
				case session.Broken:
					cut++
				}
			}})
			deadline := time.Now().Add(10 * time.Minute)
			r.client.SetDeadline(deadline)
			r.server.SetDeadline(deadline)
			if c.half {
				r.server.CloseWrite()
				r.wantEOF(r.client)
			}
			var sent int64
			sum, allSent := crc32.NewIEEE(), make(chan struct{})
			go func() {
				defer close(allSent)
				var batch []byte
				for i := range messages {
					batch, _ = parse("u32be").C2S.Codec.AppendFrame(batch, fmt.Appendf(nil, "%d", i))
					if len(batch) > 4000 || i == messages-1 {
						sum.Write(batch)
						n, err := r.client.Write(batch)
						sent += int64(n)
						if err != nil {
							break
						}
						batch = batch[:0]
					}
				}
				r.client.CloseWrite()
			}()
			received, got := int64(0), crc32.NewIEEE()
			buf := make([]byte, 64<<10)
			var err error
			for err == nil && (c.resetAt == 0 || received < c.resetAt) {
				var n int
				n, err = r.server.Read(buf)
				got.Write(buf[:n])
				received += int64(n)
				if c.pause > 0 {
					time.Sleep(c.pause)
				}
			}
			if c.resetAt > 0 {
				r.server.SetLinger(0)
				r.server.Close()
			} else {
				if err != io.EOF {
					t.Error(err)
				}
				r.server.CloseWrite()
			}
			r.ended()
			<-allSent
			side := r.result.Client
			if side.Lost != told {
				t.Errorf("%d bytes are lost, %d are told", side.Lost, told)
			}
			if c.resetAt > 0 {
				if side.Written > side.Read || received > side.Written || side.Read > sent {
					t.Errorf("%d sent, %d read, %d passed on, %d received", sent, side.Read, side.Written, received)
				}
			} else if side.Read != sent || side.Written != side.Read || received != side.Read || got.Sum32() != sum.Sum32() {
				t.Errorf("%d sent, %d read, %d passed on, %d received, sums %x and %x", sent, side.Read, side.Written, received, sum.Sum32(), got.Sum32())
			}
			// What lies round a gap belongs to no frame: less than a read at each end.
			if rest := side.Read - decoded - told; rest < 0 || told == 0 && c.resetAt == 0 && rest > 0 {
				t.Errorf("%d bytes read, %d decoded, %d lost", side.Read, decoded, told)
			}
			if told == 0 && c.resetAt == 0 && count != int64(messages) || cut > 1 {
				t.Errorf("%d messages of %d, %d broken", count, messages, cut)
			}
			t.Logf("%d messages decoded of %d, %d bytes read, %d lost to decoding", count, messages, side.Read, told)
		})
	}
}
