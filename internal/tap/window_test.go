package tap

import (
	"bytes"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/chancat/channel/session"
)

// Messages of all sizes, in writes that cut them anywhere, some with a pause in
// which blocks are let go of, are decoded as they were sent.
func TestWindow(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	var all []byte
	var want []uint32
	for i := range 400 {
		msg := make([]byte, rnd.IntN(1<<(1+i%19)))
		for j := range msg {
			msg[j] = byte(rnd.Uint32())
		}
		want = append(want, crc32.ChecksumIEEE(msg))
		var err error
		if all, err = parse("u32be").C2S.Codec.AppendFrame(all, msg); err != nil {
			t.Fatal(err)
		}
	}
	var got []uint32
	var reads int
	var read bytes.Buffer
	r := newRig(t, Options{Framing: parse("u32be"), Reads: true, Observe: func(e *session.Event) {
		switch e.Kind {
		case session.Message:
			got = append(got, crc32.ChecksumIEEE(e.Data))
		case session.Read:
			reads++
			read.Write(e.Data)
		}
	}})
	go func() {
		for rest := all; len(rest) > 0; {
			n := min(len(rest), 1+rnd.IntN(1<<(1+rnd.IntN(20))))
			if _, err := r.client.Write(rest[:n]); err != nil {
				break
			}
			rest = rest[n:]
			if rnd.IntN(40) == 0 {
				time.Sleep(2 * idleAfter)
			}
		}
		r.client.CloseWrite()
	}()
	if passed, err := io.ReadAll(r.server); err != nil || !bytes.Equal(passed, all) {
		t.Errorf("%d bytes of %d passed, %v", len(passed), len(all), err)
	}
	r.finish()
	if !slices.Equal(got, want) {
		t.Errorf("%d messages, want %d", len(got), len(want))
	}
	if !bytes.Equal(read.Bytes(), all) {
		t.Errorf("%d bytes in %d reads, want %d", read.Len(), reads, len(all))
	}
}
