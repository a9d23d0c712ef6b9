package detect

import (
	"encoding/binary"
	"fmt"
	"math/rand"
	"testing"
	"time"
)

func frames(n int, enc func(body []byte) []byte, body func(i int) []byte) []byte {
	var out []byte
	for i := range n {
		out = append(out, enc(body(i))...)
	}
	return out
}

func TestQuick(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	text := func(i int) []byte {
		return []byte(fmt.Sprintf("hello %d world", rnd.Intn(1<<uint(rnd.Intn(30)))))[:5+rnd.Intn(9)%8]
	}
	bin := func(i int) []byte { b := make([]byte, rnd.Intn(300)); rnd.Read(b); return b }
	js := func(i int) []byte {
		return []byte(fmt.Sprintf(`{"id":%d,"name":"user-%d","v":[1,2,%d]}`, i, i*i, rnd.Intn(1e6)))
	}
	u32 := func(b []byte) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...) }
	u16 := func(b []byte) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...) }
	u16l := func(b []byte) []byte { return append(binary.LittleEndian.AppendUint16(nil, uint16(len(b))), b...) }
	u8 := func(b []byte) []byte { return append([]byte{byte(len(b))}, b...) }
	odd := func(b []byte) []byte {
		n := len(b) + 8
		return append([]byte{byte(rnd.Intn(256)), 7, byte(rnd.Intn(3)), byte(n), byte(n >> 8), byte(n >> 16), byte(rnd.Intn(256)), byte(rnd.Intn(256))}, b...)
	}
	crc := func(b []byte) []byte { return binary.BigEndian.AppendUint16(u16(b), uint16(crc16(b))) }
	vi := func(b []byte) []byte { return append(binary.AppendUvarint(nil, uint64(len(b))), b...) }
	str := func(f string) func([]byte) []byte {
		return func(b []byte) []byte { return fmt.Appendf(nil, f, len(b), b) }
	}
	term := func(f string) func([]byte) []byte { return func(b []byte) []byte { return append(b, f...) } }
	rest := make([]byte, 4000)
	rnd.Read(rest)
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"u32be text", frames(12, u32, text)}, {"u32be 2", frames(2, u32, text)}, {"u32be 3", frames(3, u32, text)},
		{"u32be bin", frames(12, u32, bin)}, {"u32be json", frames(12, u32, js)},
		{"u16be text", frames(12, u16, text)}, {"u16be bin", frames(40, u16, bin)},
		{"u16le text", frames(12, u16l, text)}, {"u16le bin", frames(12, u16l, bin)},
		{"u8 text", frames(12, u8, text)}, {"u8 json", frames(12, u8, js)}, {"u8 bin", frames(12, u8, func(int) []byte { return bin(0)[:0] })},
		{"u24le,at=3,skip=2,incl text", frames(12, odd, text)}, {"odd bin", frames(12, odd, bin)},
		{"u16be,tail=crc16 text", frames(12, crc, text)}, {"crc bin", frames(20, crc, bin)},
		{"varint json long", frames(12, vi, func(i int) []byte { return append(js(i), fmt.Sprintf("%0*d", rnd.Intn(300), 7)...) })},
		{"line", frames(12, term("\n"), text)}, {"crlf", frames(12, term("\r\n"), text)}, {"nul", frames(12, term("\x00"), text)},
		{"pipe", frames(12, term("|"), text)}, {"ndjson", frames(12, term("\n"), js)}, {"json", frames(12, term(""), js)},
		{"msg", frames(3, str("\r\nMSG %d\r\n%s"), text)}, {"lsp", frames(2, str("Content-Length: %d\r\n\r\n%s"), js)},
		{"netstring", frames(5, str("%d:%s,"), text)}, {"syslog", frames(5, str("%d %s"), text)},
		{"resp", frames(5, str("*1\r\n$%d\r\n%s\r\n"), text)}, {"chunked", frames(5, str("%x\r\n%s\r\n"), text)},
		{"random", rest}, {"random100", rest[:100]}, {"zeros", make([]byte, 4000)}, {"one", []byte("x")},
		{"const", frames(30, u32, func(int) []byte { b := make([]byte, 12); rnd.Read(b); return b })},
		{"single", u32([]byte("hello"))},
	} {
		start := time.Now()
		a := Detect([]Stream{{Data: c.data, Ended: true}})
		fmt.Printf("%-30s %v %s [%v]\n", c.name, a.Decided, a.Why, time.Since(start))
		for i, x := range a.Candidates {
			if i < 3 {
				fmt.Printf("        %-30s %.4f n=%d %d  %s | %s\n", x.Framing, x.Score, x.Frames, x.Bytes, x.Evidence, x.Broke)
			}
		}
	}
}
