package frametest

import (
	"bytes"
	"errors"

	"github.com/chancat/channel/frame"
)

// RoundTrip checks that msg comes back from its frame, whatever follows the
// frame, or that the codec refuses it as it should.
func RoundTrip(t TB, c frame.Codec, msg []byte) {
	t.Helper()
	sent := bytes.Clone(msg)
	raw := appendFrame(t, c, msg)
	if !bytes.Equal(msg, sent) {
		t.Fatalf("AppendFrame(%q) changed its argument to %q", clip(sent), clip(msg))
	}
	if raw == nil {
		return
	}
	split(t, c, msg, raw)

	alone, need, err := c.Scan(raw, &frame.State{})
	if err != nil || need != 0 || alone.Len() != len(raw) {
		t.Fatalf("Scan(%q) = %+v, need %d, %v; want a frame of all %d bytes", clip(raw), alone, need, err, len(raw))
	}
	if got := message(c, raw, alone); !bytes.Equal(got, msg) {
		t.Fatalf("frame %q: got message %q, want %q", clip(raw), clip(got), clip(msg))
	}
	for _, after := range []string{"\x00", "\xff", "\r", "\n", "\r\n", " ", "0", "x", string(raw)} {
		buf := append(bytes.Clone(raw), after...)
		sp, need, err := c.Scan(buf, &frame.State{})
		if err != nil || need != 0 || sp != alone {
			t.Fatalf("Scan(%q) = %+v, need %d, %v; without %q behind the frame it was %+v", clip(buf), sp, need, err, clip([]byte(after)), alone)
		}
		if got := message(c, buf[:sp.Len()], sp); !bytes.Equal(got, msg) {
			t.Fatalf("frame %q before %q: got message %q, want %q", clip(raw), clip([]byte(after)), clip(got), clip(msg))
		}
	}
}

// appendFrame returns the frame of msg, or nil when the codec refuses msg. It
// checks that dst is only appended to, with spare capacity and without.
func appendFrame(t TB, c frame.Codec, msg []byte) []byte {
	t.Helper()
	raw, err := c.AppendFrame(nil, msg)
	const before = "before"
	for _, spare := range []int{0, 1, len(raw), len(raw) + 64} {
		dst := make([]byte, len(before), len(before)+spare)
		copy(dst, before)
		got, again := c.AppendFrame(dst, msg)
		if string(dst) != before {
			t.Fatalf("AppendFrame(%q) with %d bytes of spare capacity wrote into dst: %q", clip(msg), spare, dst)
		}
		if (again == nil) != (err == nil) {
			t.Fatalf("AppendFrame(%q): error %v, then %v", clip(msg), err, again)
		}
		if string(got) != before+string(raw) && err == nil {
			t.Fatalf("AppendFrame(%q) with %d bytes of spare capacity: got %q, want %q behind dst", clip(msg), spare, clip(got), clip(raw))
		}
		if err != nil && (len(got) != len(dst) || string(got) != before || &got[0] != &dst[0]) {
			t.Fatalf("AppendFrame(%q) refused but returned %q, not dst as it was", clip(msg), clip(got))
		}
	}
	if err == nil && len(raw) == 0 {
		t.Fatalf("AppendFrame(%q) made a frame of no bytes", clip(msg))
	}
	if err != nil {
		if !errors.Is(err, frame.ErrUnsendable) {
			t.Errorf("AppendFrame(%q): error %q does not wrap frame.ErrUnsendable", clip(msg), err)
		}
		return nil
	}
	return raw
}

// split checks that head, message and tail make up the frame.
func split(t TB, c frame.Codec, msg, raw []byte) {
	t.Helper()
	s, ok := c.(frame.Splitter)
	if !ok {
		return
	}
	const before = "before"
	got, err := s.AppendHead([]byte(before), msg)
	if err != nil {
		t.Fatalf("AppendHead(%q): %v; AppendFrame accepted it", clip(msg), err)
	}
	got = s.AppendTail(append(got, msg...), msg)
	if string(got) != before+string(raw) {
		t.Fatalf("AppendHead, message, AppendTail: got %q, want %q behind dst", clip(got), clip(raw))
	}
}

func checkRoundTrip(t TB, c Case) {
	for _, m := range c.Messages {
		if _, err := c.Codec.AppendFrame(nil, m); err != nil {
			t.Errorf("AppendFrame(%q): %v; a case holds messages that can be carried", clip(m), err)
		}
		RoundTrip(t, c.Codec, m)
	}
	for _, m := range anyBytes {
		RoundTrip(t, c.Codec, m)
	}
}
