package detect_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/chancat/channel/detect"
)

// Streams that one look takes for something else.
func TestDetectCloser(t *testing.T) {
	var based, headed, chunks, halves, counted []byte
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{17, 15, 14, 47, 44, 301, 30, 205, 49} {
		based = binary.AppendUvarint(based, uint64(n))
		based = append(based, word(r, n)...)
	}
	large := 17001
	for (len(based)+3+large)%3 != 0 { // records of 3 bytes would fit in, too
		large++
	}
	based = append(binary.AppendUvarint(based, uint64(large)), bytes.Repeat([]byte("abcdefgh"), large)[:large]...)
	for i := range 8 {
		line := fmt.Sprintf("reading %d of the pump\nis %d\n", i, i*i*7)
		headed = fmt.Appendf(headed, "Content-Length: %d\r\n\r\n%s", len(line), line)
		chunks = fmt.Appendf(chunks, "%x\r\n%s\r\n", len(line), line)
		counted = append(binary.BigEndian.AppendUint32(counted, uint32(len(line)+2)), line...)
		if i < 4 {
			halves = append(binary.BigEndian.AppendUint32(halves, uint32(len(line)*9)), bytes.Repeat([]byte(line), 9)...)
		}
	}
	for _, c := range []struct {
		name string
		data []byte
		want string // empty where it cannot be decided
	}{
		{"a large body with a period, of which the bytes are three times as many", based, "varint"},
		{"headers that begin inside a body", headed[24:], ""},
		{"chunks that begin inside one", chunks[9:], ""},
		{"a wide length that is small, and the last frame cut", halves[:len(halves)-20], ""},
	} {
		a := detect.Detect([]detect.Stream{{Data: c.data, Ended: true}})
		got := ""
		if a.Decided {
			got = a.Candidates[0].Framing
		}
		if got != c.want {
			t.Errorf("%s: got %q (%s), want %q", c.name, got, a.Why, c.want)
		}
	}
	for _, size := range []int{20, 24, 32, 48, 64, 100} {
		var data []byte
		for i := range 120 { // records, in which any rule finds frames that take turns
			body := make([]byte, size)
			binary.BigEndian.PutUint32(body, uint32(i+77))
			binary.BigEndian.PutUint32(body[4:], 0x2f31c5a0)
			binary.BigEndian.PutUint64(body[8:], math.Float64bits(90*r.Float64()))
			body[16] = byte(r.IntN(4))
			data = append(binary.BigEndian.AppendUint32(append(data, 0x68, 1), uint32(size)), append(body, 0x16)...)
		}
		if a := detect.Detect([]detect.Stream{{Data: data, Ended: true}}); a.Decided {
			t.Errorf("records of %d bytes: got %s", size, a.Candidates[0].Framing)
		}
	}
	if a := detect.Detect([]detect.Stream{{Data: counted, Ended: true}}); a.Decided && a.Candidates[0].Cut > 0 {
		t.Errorf("got %s, which is cut, and there is a rule that tiles", a.Candidates[0].Framing)
	}
}
