package detect_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/chancat/channel/detect"
	"github.com/chancat/channel/framing"
)

// A wire writes frames without the codecs: head and tail are written round a body
// whose length is said to be claim.
type wire struct {
	spelling string
	write    func(body []byte, claim int) []byte
	head     int  // bytes of the head where that is fixed
	text     bool // heads end in CR LF
	weak     bool // any bytes are a frame: little can be proved
	digits   func(body []byte, digits string) []byte
}

func fixedWire(spelling string, width int, little bool, at, add int) wire {
	return wire{spelling: spelling, head: at + width, weak: width < 3, write: func(body []byte, claim int) []byte {
		var b [8]byte
		v := uint64(claim + add)
		if little {
			binary.LittleEndian.PutUint64(b[:], v)
			return append(append(bytes.Repeat([]byte{7}, at), b[:width]...), body...)
		}
		binary.BigEndian.PutUint64(b[:], v)
		return append(append(bytes.Repeat([]byte{7}, at), b[8-width:]...), body...)
	}}
}

func textWire(spelling, format string) wire {
	return wire{
		spelling: spelling, text: strings.Contains(format, "\r\n"),
		write:  func(body []byte, claim int) []byte { return fmt.Appendf(nil, format, fmt.Sprint(claim), body) },
		digits: func(body []byte, digits string) []byte { return fmt.Appendf(nil, format, digits, body) },
	}
}

var wires = []wire{
	fixedWire("u32be", 4, false, 0, 0), fixedWire("u32le", 4, true, 0, 0), fixedWire("u16be", 2, false, 0, 0),
	fixedWire("u16le", 2, true, 0, 0), fixedWire("u24be", 3, false, 0, 0), fixedWire("u64le", 8, true, 0, 0), fixedWire("u64be", 8, false, 0, 0),
	fixedWire("u32be,incl", 4, false, 0, 4), fixedWire("u32be,at=1", 4, false, 1, 0), fixedWire("u16be,at=3", 2, false, 3, 0),
	fixedWire("u8", 1, false, 0, 0), fixedWire("kafka", 4, false, 0, 0), fixedWire("nativemessaging", 4, true, 0, 0),
	textWire("msg", "\r\nMSG %s\r\n%s"), textWire("lsp", "Content-Length: %s\r\n\r\n%s"),
	textWire("netstring", "%s:%s,"), textWire("syslog", "%s %s"), textWire("bgpy", "%-16s%s"),
	textWire("resp", "*1\r\n$%s\r\n%s\r\n"), textWire("nats", "PUB a.b %s\r\n%s\r\n"),
	textWire("memcached", "set key 0 0 %s\r\n%s\r\n"),
	{spelling: "chunked", text: true, write: func(body []byte, claim int) []byte { return fmt.Appendf(nil, "%x\r\n%s\r\n", claim, body) }},
	{spelling: "ws", weak: true, head: 2, write: func(body []byte, claim int) []byte {
		head := []byte{0x81, byte(claim)}
		if claim > 125 {
			head = binary.BigEndian.AppendUint16([]byte{0x81, 126}, uint16(claim))
		}
		return append(head, body...)
	}},
}

const letters = "abcdefghijklmnopqrstuvwxyz ABCDEFGH"

func word(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[r.IntN(len(letters))]
	}
	return string(b)
}

func messageBody(r *rand.Rand, kind int) []byte {
	switch kind {
	case 0:
		return fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%d,"method":%q}`, r.IntN(1000), word(r, 3+r.IntN(30)))
	case 1:
		return []byte("<34>1 2026-11-22T05:00:00Z host app - " + word(r, 1+r.IntN(60)))
	default:
		b := make([]byte, 1+r.IntN(90))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
}

func foreignText(r *rand.Rand) []byte {
	s := word(r, 2+r.IntN(10)) + ", naïve déjà " + strings.Repeat("ж", r.IntN(8)) + word(r, 3)
	return fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%d,"text":%q}`, r.IntN(1000), s)
}

// A trial is one broken stream and what is to be said of it.
type trial struct {
	name, spelling string
	stream         []byte
	cause          string
	offset         int
	messages       int
}

var faults = []string{"chars", "utf16", "counted", "off+1", "off-1", "off+2", "one+1", "one-1", "newline", "log", "cut", "short", "huge", "tls", "http", "order", "ending", "digits", "clean"}

func makeTrial(r *rand.Rand, w wire, fault string) (trial, bool) {
	kind := r.IntN(3)
	if w.spelling == "syslog" && kind == 2 || w.weak && kind == 2 {
		kind = 1
	}
	count := 4 + r.IntN(12)
	guilty := r.IntN(count - 3)
	t := trial{spelling: w.spelling, name: fault, messages: guilty}
	var stream []byte
	var starts []int
	put := func(b []byte) {
		starts = append(starts, len(stream))
		stream = append(stream, b...)
	}
	order := func(b []byte) []byte { return b }
	for i := range count {
		body := messageBody(r, kind)
		claim := len(body)
		hit := i == guilty
		switch fault {
		case "chars", "utf16":
			t.cause = "chars-not-bytes"
			if hit || i > guilty && r.IntN(3) == 0 {
				body = foreignText(r)
				if fault == "utf16" {
					body = append(body[:len(body)-2], "😀😁\"}"...)
					claim = len(utf16.Encode([]rune(string(body))))
				} else {
					claim = utf8.RuneCount(body)
				}
			} else if kind == 2 {
				body = messageBody(r, 0)
				claim = len(body)
			}
		case "counted":
			if w.head == 0 || strings.Contains(w.spelling, "incl") {
				return t, false
			}
			t.cause, t.messages = "header-counted", 0
			claim += w.head
		case "off+1", "off-1", "off+2":
			d := map[string]int{"off+1": 1, "off-1": -1, "off+2": 2}[fault]
			if claim+d < 0 || len(body) < 3 || w.head == max(d, -d) {
				return t, false
			}
			claim += d
			t.cause, t.messages = fmt.Sprintf("off-by-%d", max(d, -d)), 0
		case "one+1", "one-1":
			if w.weak {
				return t, false
			}
			t.cause = "off-by-1"
			if hit {
				if len(body) < 3 {
					return t, false
				}
				claim += map[string]int{"one+1": 1, "one-1": -1}[fault]
			}
		case "newline":
			t.cause, t.messages = "off-by-1", 0
			body = append(body, '\n')
		case "log":
			t.cause = "foreign-bytes"
			if hit {
				put(fmt.Appendf(nil, "[INFO] %s started on port %d\n", word(r, 4+r.IntN(20)), r.IntN(65536)))
				starts = starts[:len(starts)-1]
			}
		case "short":
			t.cause = "short-read"
			if hit {
				body = append(body, messageBody(r, kind)...)
				body = append(body, "0123456789012345678901234567890123456789"...)
				claim = len(body)
				body = body[:len(body)*(2+r.IntN(3))/10]
			}
		case "huge":
			t.cause = "too-large"
			if hit {
				if w.weak || w.digits == nil || w.spelling == "resp" {
					return t, false
				}
				claim = 900_000_000
				count = i + 1
			}
		case "digits":
			t.cause = "bad-digits"
			if w.digits == nil {
				return t, false
			}
			if hit {
				if w.spelling == "lsp" || w.spelling == "nats" || w.spelling == "memcached" {
					put(w.digits(body, []string{"0x1f", "-5", "1e3", "1.5"}[r.IntN(4)]))
					continue
				}
				put(w.digits(body, []string{"0x1f", "-5", "+7", "012", "1e3"}[r.IntN(5)]))
				continue
			}
		case "order":
			if w.head < 2 || w.spelling == "ws" || w.head > 8 || strings.Contains(w.spelling, "at=") {
				return t, false
			}
			t.cause, t.messages = "byte-order", 0
			order = func(b []byte) []byte {
				for i, j := 0, w.head-1; i < j; i, j = i+1, j-1 {
					b[i], b[j] = b[j], b[i]
				}
				return b
			}
		case "ending":
			if !w.text {
				return t, false
			}
			t.cause = "line-ending"
			order = func(b []byte) []byte {
				if i < guilty {
					return b
				}
				cut := bytes.LastIndex(b, body)
				return append(bytes.ReplaceAll(bytes.Clone(b[:cut]), []byte("\r\n"), []byte("\n")), bytes.ReplaceAll(bytes.Clone(b[cut:]), []byte("\r\n"), []byte("\n"))...)
			}
			if bytes.Contains(body, []byte("\r\n")) {
				return t, false
			}
		}
		if w.spelling == "u8" && claim > 255 {
			return t, false
		}
		if i >= count {
			break
		}
		put(order(w.write(body, claim)))
	}
	switch fault {
	case "log":
		gap := bytes.Index(stream, []byte("[INFO] "))
		t.offset = gap
	case "cut":
		t.cause = "truncated"
		last := starts[len(starts)-1]
		stream = stream[:last+1+r.IntN(len(stream)-last-1)]
		t.offset, t.messages = last, count-1
	case "tls":
		t.cause = "wrong-protocol"
		hello := append([]byte("\x16\x03\x01\x00\xf1\x01\x00\x00\xed\x03\x03"), messageBody(r, 2)...)
		t.offset = starts[guilty]
		stream = append(stream[:t.offset:t.offset], hello...)
	case "http":
		t.cause, t.messages = "wrong-protocol", 0
		stream = []byte("HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Length: 3\r\n\r\nbad")
	case "clean":
	default:
		t.offset = starts[t.messages]
	}
	t.stream = stream
	return t, true
}

// Whatever the framing, the fault and the payload: the method finds it, because it
// measures. The streams are made without the codecs.
func TestExplainRandom(t *testing.T) {
	type score struct{ cause, place, all int }
	scores := map[string]*score{}
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 5))
		for _, w := range wires {
			f, err := framing.Parse(w.spelling)
			if err != nil {
				t.Fatal(err)
			}
			for _, fault := range faults {
				x, ok := makeTrial(r, w, fault)
				if !ok {
					continue
				}
				d := detect.Explain(f, detect.Stream{Data: x.stream, Ended: true})
				if w.spelling == "u8" || fault == "short" && d.OK {
					continue // any bytes are frames of u8; and a body may lack as much as the next frames have
				}
				s := scores[fault]
				if s == nil {
					s = &score{}
					scores[fault] = s
				}
				s.all++
				cause := string(d.Best().Cause)
				place := int(d.Offset) == x.offset && d.Messages == x.messages || d.OK
				if cause == x.cause {
					s.cause++
				}
				if place {
					s.place++
				}
				if testing.Verbose() && (cause != x.cause || !place) {
					t.Logf("%s, %s, seed %d: got %s at %d after %d, want %s at %d after %d; stuck at %d: %v", w.spelling, fault, seed, cause, d.Offset, d.Messages, x.cause, x.offset, x.messages, d.At, d.Err)
					for _, c := range d.Causes {
						t.Logf("      %s %.2f then %d: %s", c.Cause, c.Score, c.Then, c.Detail)
					}
				}
			}
		}
	}
	names := make([]string, 0, len(scores))
	for n := range scores {
		names = append(names, n)
	}
	sort.Strings(names)
	var all score
	for _, n := range names {
		s := scores[n]
		all = score{all.cause + s.cause, all.place + s.place, all.all + s.all}
		t.Logf("%-9s cause %3d/%3d  place %3d/%3d", n, s.cause, s.all, s.place, s.all)
	}
	if all.cause*100 < all.all*97 || all.place*100 < all.all*97 {
		t.Errorf("of %d streams %d causes and %d places are right, want 97 of 100", all.all, all.cause, all.place)
	}
	if clean := scores["clean"]; clean.cause < clean.all {
		t.Errorf("%d of %d clean streams are accused", clean.all-clean.cause, clean.all)
	}
}
