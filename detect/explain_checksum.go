package detect

import (
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"math"
	"math/bits"
	"strings"

	"github.com/chancat/channel/frame"
)

// A sum is a way to compute the checksum of a frame.
type sum struct {
	width int // bytes
	name  string
	of    func(b []byte) uint32
}

// sums are those that programs use, the three of the framings first.
var sums = []sum{
	{2, "crc16 (XMODEM)", func(b []byte) uint32 { return crc16From(b, 0, 0x1021) }},
	{4, "crc32", crc32.ChecksumIEEE},
	{1, "sum8", func(b []byte) uint32 { return plainSum(b) & 0xff }},
	{2, "CRC-16/CCITT-FALSE, which starts with ffff", func(b []byte) uint32 { return crc16From(b, 0xffff, 0x1021) }},
	{2, "CRC-16/GENIBUS, which starts with ffff and is inverted", func(b []byte) uint32 { return crc16From(b, 0xffff, 0x1021) ^ 0xffff }},
	{2, "crc16 (XMODEM), inverted", func(b []byte) uint32 { return crc16From(b, 0, 0x1021) ^ 0xffff }},
	{2, "CRC-16/ARC", func(b []byte) uint32 { return crc16Reflected(b, 0, 0xa001) }},
	{2, "CRC-16/MODBUS", func(b []byte) uint32 { return crc16Reflected(b, 0xffff, 0xa001) }},
	{2, "CRC-16/KERMIT", func(b []byte) uint32 { return crc16Reflected(b, 0, 0x8408) }},
	{2, "CRC-16/X-25", func(b []byte) uint32 { return crc16Reflected(b, 0xffff, 0x8408) ^ 0xffff }},
	{2, "a plain sum of the bytes", func(b []byte) uint32 { return plainSum(b) & 0xffff }},
	{4, "CRC-32C (Castagnoli)", func(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }}, // made once, and not by every command at its start
	{4, "CRC-32, not inverted at the end", func(b []byte) uint32 { return ^crc32.ChecksumIEEE(b) }},
	{4, "Adler-32", adler32.Checksum},
	{4, "a plain sum of the bytes", plainSum},
	{1, "sum8, negated", func(b []byte) uint32 { return -plainSum(b) & 0xff }},
	{1, "sum8, inverted", func(b []byte) uint32 { return ^plainSum(b) & 0xff }},
	{1, "the bytes combined by exclusive or", xor8},
}

func crc16From(b []byte, sum, poly uint16) uint32 {
	for _, c := range b {
		sum ^= uint16(c) << 8
		for range 8 {
			carry := sum >> 15
			sum = sum<<1 ^ carry*poly
		}
	}
	return uint32(sum)
}

func crc16Reflected(b []byte, sum, poly uint16) uint32 {
	for _, c := range b {
		sum ^= uint16(c)
		for range 8 {
			carry := sum & 1
			sum = sum>>1 ^ carry*poly
		}
	}
	return uint32(sum)
}

func plainSum(b []byte) (sum uint32) {
	for _, c := range b {
		sum += uint32(c)
	}
	return sum
}

func xor8(b []byte) (sum uint32) {
	for _, c := range b {
		sum ^= uint32(c)
	}
	return sum
}

const (
	// Every way to sum is tried on so many frames, of so many bytes at most.
	sumFrames = 16
	sumBytes  = 64 << 10

	sumBits = 6 // of evidence at least in a frame that ends where the next begins
)

// checksums explains a frame that is whole but for its checksum: it was changed on
// its way, or sums are computed in another way everywhere.
func (e *examination) checksums() {
	c, ok := e.unit.(*codecUnits)
	if !ok || !c.checked || e.err.Cause != frame.CauseSyntax {
		return
	}
	u, _, ok := e.unit.scan(e.data, e.stuck)
	if end := e.stuck + u.head + u.body; !ok || u.tail == 0 || e.stuckAt() != end {
		return // it is something else that broke
	}
	var list []int // of frames from the stuck one on, by their lengths alone
	wrong, frames, alike := 0, 0, 0.0
	pos := e.stuck
	for pos < len(e.data) && frames < 1<<16 {
		v, _, ok := e.unit.scan(e.data, pos)
		if !ok || v.body > e.max || pos+v.len() > len(e.data) {
			break
		}
		if !e.unit.tailOK(e.data, v, pos+v.head, pos+v.head+v.body) {
			wrong++
			if wrong > 2 && wrong > frames/2+2 && frames > len(sums)*sumFrames {
				break
			}
		}
		alike += e.chain.like.at(pos, v)
		if len(list) < sumFrames {
			list = append(list, pos)
		}
		frames++
		pos += v.len()
	}
	summed := false
	x := Explanation{
		Cause:  frame.CauseSyntax,
		Detail: fmt.Sprintf("frame %d: %s (%s)", e.place.Messages+e.frames+1, reason(e.err), howMany(wrong, frames+e.frames)),
		Repair: "the bytes were changed on their way, or the sender sums something else: compare the frame with what it wrote",
		Then:   frames,
	}
	if e.frames == 0 && wrong > frames/2 { // a few sums are right in any way
		if way, cause, ok := e.otherSum(list, u.tail); ok {
			summed = true
			x.Cause = cause
			x.Detail = fmt.Sprintf("%s; every frame has %s", reason(e.err), way)
			x.Repair = "agree on one checksum, of the same bytes, in the same byte order"
		}
	}
	if x.Framing = unchecked(e.field); x.Framing != "" {
		x.Repair += ", or do without the check: -f " + x.Framing
	}
	// A frame with a wrong sum proves no more than its head does. Where some are right,
	// several wrong ones behind one another are none.
	bits := float64(frames-wrong)*max(sumBits, e.frameBits()) + alike - 2
	switch {
	case summed:
		bits += float64(frames) * max(sumBits, min(e.frameBits(), 8))
	case wrong > frames/2 && e.frames == 0:
		bits += float64(wrong) * min(sumBits, -math.Log2(e.chance()))
	default:
		bits += max(sumBits, min(e.frameBits(), 8)) - sumBits*float64(wrong-1)
	}
	if pos == len(e.data) {
		bits += max(e.chain.last, sumBits)
	} else {
		bits -= 12 // what is no frame is not whole but for its checksum
	}
	e.add(x, e.stuck, e.frames, e.base(e.frames)+bits)
}

// otherSum finds a way to sum by which the frames at list are all right.
func (e *examination) otherSum(list []int, width int) (way string, cause frame.Cause, ok bool) {
	l, ok := e.layout()
	if !ok {
		return "", "", false
	}
	ranges := []struct {
		name string
		of   func(raw []byte, u unit) []byte
	}{
		{"the body", func(raw []byte, u unit) []byte { return raw[u.head : u.head+u.body] }},
		{"head and body", func(raw []byte, u unit) []byte { return raw[:u.head+u.body] }},
		{"all from the length on", func(raw []byte, u unit) []byte { return raw[min(l.at, u.head) : u.head+u.body] }},
		{"all behind the length", func(raw []byte, u unit) []byte {
			return raw[min(l.at+max(l.width, 1), u.head) : u.head+u.body]
		}},
	}
	for _, r := range ranges {
		for _, s := range sums {
			if s.width != width {
				continue
			}
			for _, swapped := range []bool{false, true} {
				if width == 1 && swapped || !e.summed(list, s, r.of, l.little != swapped) {
					continue
				}
				if s.width*8*len(list) < 16 && len(list) < 3 {
					return "", "", false // a coincidence
				}
				way, cause = fmt.Sprintf("%s of %s", s.name, r.name), frame.CauseSyntax
				if swapped {
					way += ", in the other byte order"
					if r.name == "the body" && s.name == sums[0].name || s.name == sums[1].name {
						cause = CauseByteOrder
					}
				}
				return way, cause, true
			}
		}
	}
	return "", "", false
}

// summed reports whether the tails of the frames at list are s of what of returns.
func (e *examination) summed(list []int, s sum, of func(raw []byte, u unit) []byte, little bool) bool {
	for _, pos := range list {
		u, _, _ := e.unit.scan(e.data, pos)
		raw := e.data[pos : pos+u.len()]
		if u.len() > sumBytes && len(list) > 1 {
			continue
		}
		want := s.of(of(raw, u))
		if got := tailOf(raw[u.head+u.body:], little); got != want {
			return false
		}
	}
	return len(list) > 0
}

// tailOf reads a checksum of 1, 2 or 4 bytes.
func tailOf(b []byte, little bool) uint32 {
	switch len(b) {
	case 1:
		return uint32(b[0])
	case 2:
		v := binary.BigEndian.Uint16(b)
		if little {
			v = bits.ReverseBytes16(v)
		}
		return uint32(v)
	case 4:
		v := binary.BigEndian.Uint32(b)
		if little {
			v = bits.ReverseBytes32(v)
		}
		return v
	}
	return 0
}

// unchecked is a spelling that takes for any bytes what spelling takes for a checksum;
// empty where that has none.
func unchecked(spelling string) string {
	for name, width := range sumWidths {
		if strings.Contains(spelling, ",tail="+name) {
			return strings.Replace(spelling, ",tail="+name, fmt.Sprintf(",tail=%d", width), 1)
		}
	}
	return ""
}

// sumWidths are the checksums of docs/spec.md §4.2, in bytes.
var sumWidths = map[string]int{"crc16": 2, "crc32": 4, "sum8": 1}
