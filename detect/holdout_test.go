package detect_test

import (
	"encoding/binary"
	"flag"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/chancat/channel/detect"
	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

var rounds = flag.Int("holdout", 150, "rounds of TestHoldout")

// A drawn is a framing drawn at random, with an encoder that shares no code with
// the codecs.
type drawn struct {
	spelling string
	encode   func(r *rand.Rand, body []byte) []byte
	most     int // bytes of a body
}

var lengthNames = []string{"u8", "u16be", "u16le", "u24be", "u24le", "u32be", "u32le", "u64be", "u64le", "varint", "bsuint"}

func putLength(name string, n uint64) []byte {
	switch name {
	case "varint":
		return binary.AppendUvarint(nil, n)
	case "bsuint":
		out := []byte{byte(n & 127)}
		for n >>= 7; n > 0; n >>= 7 {
			out = append([]byte{byte(n&127) | 128}, out...)
		}
		return out
	}
	width := map[string]int{"u8": 1, "u1": 2, "u2": 3, "u3": 4, "u6": 8}[name[:2]]
	all := binary.LittleEndian.AppendUint64(nil, n)[:width]
	if strings.HasSuffix(name, "be") {
		slices.Reverse(all)
	}
	return all
}

func draw(r *rand.Rand) drawn {
	if r.IntN(4) == 0 {
		return drawText(r)
	}
	return drawLength(r)
}

func drawLength(r *rand.Rand) drawn {
	name := lengthNames[r.IntN(len(lengthNames))]
	d := drawn{spelling: name, most: 2000}
	if name == "u8" {
		d.most = 200
	}
	at, skip, tail, adjust, incl, check := 0, 0, 0, 0, false, ""
	if r.IntN(2) == 0 {
		at = r.IntN(9)
	}
	switch r.IntN(8) {
	case 0:
		skip = 1 + r.IntN(8)
	case 1:
		tail = 1 + r.IntN(3)
	case 2:
		check = []string{"crc16", "crc32", "sum8"}[r.IntN(3)]
	case 3:
		adjust = -8 + r.IntN(17)
	}
	if adjust == 0 && r.IntN(4) == 0 {
		incl = true
	}
	if at > 0 {
		d.spelling += fmt.Sprintf(",at=%d", at)
	}
	if skip > 0 {
		d.spelling += fmt.Sprintf(",skip=%d", skip)
	}
	if incl {
		d.spelling += ",incl"
	}
	if adjust != 0 {
		d.spelling += fmt.Sprintf(",adjust=%+d", adjust)
	}
	if check != "" {
		d.spelling += ",tail=" + check
	} else if tail > 0 {
		d.spelling += fmt.Sprintf(",tail=%d", tail)
	}
	fill := r.IntN(3) // of the bytes round the body
	fixed := make([]byte, 32)
	for i := range fixed {
		fixed[i] = byte(1 + r.IntN(255))
	}
	around := func(r *rand.Rand, n, from int) []byte {
		out := slices.Clone(fixed[from : from+n])
		for i := range out {
			if fill == 1 || fill == 2 && i%2 == 0 {
				out[i] = byte(r.IntN(256))
			}
		}
		return out
	}
	little := strings.HasSuffix(name, "le")
	d.encode = func(r *rand.Rand, body []byte) []byte {
		var end []byte
		switch check {
		case "crc16":
			end = putLength("u16"+order(little), uint64(crc16(body)))
		case "crc32":
			end = putLength("u32"+order(little), uint64(crc32.ChecksumIEEE(body)))
		case "sum8":
			s := 0
			for _, b := range body {
				s += int(b)
			}
			end = []byte{byte(s)}
		default:
			end = around(r, tail, 20)
		}
		n := len(body) - adjust
		for n < 0 {
			body = append(body, 'x')
			n++
		}
		head, pad := around(r, at, 0), around(r, skip, 10)
		length := putLength(name, uint64(n))
		if incl {
			total := at + skip + len(end) + len(body)
			for k := 1; k <= 8; k++ {
				if length = putLength(name, uint64(total+k)); len(length) == k {
					break
				}
			}
		}
		return slices.Concat(head, length, pad, body, end)
	}
	return d
}

func order(little bool) string {
	if little {
		return "le"
	}
	return "be"
}

// crc16 is CRC-16/XMODEM, bit by bit.
func crc16(body []byte) (sum uint16) {
	for _, b := range body {
		for i := 7; i >= 0; i-- {
			bit := sum>>15 ^ uint16(b>>i&1)
			sum = sum<<1 ^ bit*0x1021
		}
	}
	return sum
}

func drawText(r *rand.Rand) drawn {
	printf := func(spelling, format string) drawn {
		return drawn{spelling, func(_ *rand.Rand, body []byte) []byte { return fmt.Appendf(nil, format, len(body), body) }, 2000}
	}
	ended := func(spelling, mark string) drawn {
		return drawn{spelling, func(_ *rand.Rand, body []byte) []byte {
			return append([]byte(strings.ReplaceAll(string(body), mark, "_")), mark...)
		}, 500}
	}
	all := []drawn{
		printf("msg", "\r\nMSG %d\r\n%s"), printf("netstring", "%d:%s,"), printf("lsp", "Content-Length: %d\r\n\r\n%s"),
		printf("resp", "$%d\r\n%s\r\n"), printf("chunked", "%x\r\n%s\r\n"),
		ended("line", "\n"), ended("crlf", "\r\n"), ended("nul", "\x00"), ended("delim=|", "|"), ended(`delim=\x03`, "\x03"), ended("delim=;", ";"),
	}
	return all[r.IntN(len(all))]
}

var vocabulary = strings.Fields("get set name value error open the quick brown fox jumps over a lazy dog 0 1 17 4096 true false null")

// payload draws a kind of body and returns what makes one of at most n bytes.
func payload(r *rand.Rand, text bool) func(n int) []byte {
	words := func(n int) []byte {
		var b []byte
		for want := r.IntN(n + 1); len(b) < want; {
			b = append(append(b, vocabulary[r.IntN(len(vocabulary))]...), ' ')
		}
		return b[:min(len(b), n)]
	}
	kinds := []func(n int) []byte{
		words,
		func(n int) []byte {
			return fmt.Appendf(nil, `{"id":%d,"text":%q}`, r.IntN(1000), words(max(0, min(n, 600)-40)))
		},
		func(n int) []byte {
			b := make([]byte, r.IntN(n+1))
			for i := range b {
				b[i] = byte(r.IntN(256))
			}
			return b
		},
		func(n int) []byte { // as programs write records
			var b []byte
			for want := r.IntN(n + 1); len(b) < want; {
				switch r.IntN(4) {
				case 0:
					b = binary.BigEndian.AppendUint32(b, uint32(r.IntN(1000)))
				case 1:
					b = binary.LittleEndian.AppendUint16(b, uint16(r.IntN(300)))
				case 2:
					w := vocabulary[r.IntN(len(vocabulary))]
					b = append(append(b, byte(len(w))), w...)
				case 3:
					b = append(b, make([]byte, r.IntN(5))...)
				}
			}
			return b[:min(len(b), n)]
		},
	}
	if text {
		kinds = kinds[:2]
	}
	kind := kinds[r.IntN(len(kinds))]
	most := []int{20, 120, 600, 2000}[r.IntN(4)]
	return func(n int) []byte {
		b := kind(min(n, most))
		return b[:min(len(b), n)]
	}
}

// TestHoldout draws framings, contents and sizes that are in no corpus. An answer
// may be that nothing can be decided, but it must never be wrong.
func TestHoldout(t *testing.T) {
	decided, same, undecided := 0, 0, 0
	for seed := range uint64(*rounds) {
		r := rand.New(rand.NewPCG(seed, 7))
		d := draw(r)
		text := strings.IndexByte("msglnrc", d.spelling[0]) >= 0 && strings.IndexByte(d.spelling, ',') < 0 || d.spelling[0] == 'd'
		body := payload(r, text)
		n := []int{1, 2, 3, 5, 10, 30, 100}[r.IntN(7)]
		var streams []detect.Stream
		for range 1 + r.IntN(2) {
			var data []byte
			for range n {
				data = append(data, d.encode(r, body(d.most))...)
			}
			ended := r.IntN(5) > 0
			if !ended {
				data = data[:len(data)-r.IntN(min(len(data), 10))]
			}
			streams = append(streams, detect.Stream{Data: data, Ended: ended})
		}
		a := detect.Detect(streams)
		switch {
		case !a.Decided:
			undecided++
			if testing.Verbose() && n >= 10 {
				t.Logf("seed %d: %s, %d frames: %s\n%s", seed, d.spelling, n, a.Why, shown(a))
			}
		case slices.Contains(append(a.Candidates[0].SameAs, a.Candidates[0].Framing), d.spelling):
			decided++
		case slices.Equal(cuts(t, streams, a.Candidates[0].Framing), cuts(t, streams, d.spelling)):
			same++
			if testing.Verbose() {
				t.Logf("seed %d: %s, %d frames, same frames: \n%s", seed, d.spelling, n, shown(a))
			}
		default:
			t.Errorf("seed %d: %s of %d frames:\n%s", seed, d.spelling, n, shown(a))
		}
	}
	t.Logf("%d right, %d the same frames by another rule, %d undecided", decided, same, undecided)
}

// cuts returns where the frames of streams begin.
func cuts(t *testing.T, streams []detect.Stream, spelling string) (list []int) {
	f, err := framing.Parse(spelling)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range streams {
		detect.TileCodec(s, f.Either, 0, func(at int, _ frame.Span) { list = append(list, at) })
		list = append(list, -1)
	}
	return list
}
