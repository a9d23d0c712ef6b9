package view

import (
	"encoding/binary"
	"math"
)

// Msgpack shows one MessagePack value: bin as b"…", an extension as
// ext(TYPE, b"…") and one of type -1 as timestamp(SECONDS).
//
// It walks the bytes rather than decode them to Go values, which would allocate
// on a claimed length, and lose the order of keys, repeated keys and the width of
// numbers.
func Msgpack(dst, body []byte) []byte {
	return show(dst, body, func(w *walker) { (*msgpack)(w).value(notationDepth) })
}

type msgpack walker

func (m *msgpack) value(depth int) {
	w := (*walker)(m)
	if depth == 0 {
		w.bad = true
		return
	}
	c := byte(w.number(1))
	switch {
	case w.bad:
	case c < 0x80:
		w.uint(uint64(c))
	case c < 0x90:
		m.dict(uint64(c&0x0f), depth)
	case c < 0xa0:
		m.array(uint64(c&0x0f), depth)
	case c < 0xc0:
		w.out = appendString(w.out, w.take(uint64(c&0x1f)))
	case c >= 0xe0:
		w.int(int64(int8(c)))
	default:
		m.wide(c, depth)
	}
}

// wide reads a value whose first byte c does not hold all of it.
func (m *msgpack) wide(c byte, depth int) {
	w := (*walker)(m)
	switch c {
	case 0xc0:
		w.text("null")
	case 0xc2:
		w.text("false")
	case 0xc3:
		w.text("true")
	case 0xc4, 0xc5, 0xc6: // bin, with a length of 1, 2 or 4 bytes
		w.out = appendBytes(w.out, w.take(w.number(1<<(c-0xc4))))
	case 0xc7, 0xc8, 0xc9: // ext
		m.extension(w.number(1 << (c - 0xc7)))
	case 0xca:
		w.out = appendFloat(w.out, float64(math.Float32frombits(uint32(w.number(4)))), 32)
	case 0xcb:
		w.out = appendFloat(w.out, math.Float64frombits(w.number(8)), 64)
	case 0xcc, 0xcd, 0xce, 0xcf: // without a sign
		w.uint(w.number(1 << (c - 0xcc)))
	case 0xd0, 0xd1, 0xd2, 0xd3: // with one
		size := 1 << (c - 0xd0)
		unused := 64 - 8*size
		w.int(int64(w.number(size)<<unused) >> unused)
	case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8: // ext of 1 to 16 bytes
		m.extension(1 << (c - 0xd4))
	case 0xd9, 0xda, 0xdb: // str
		w.out = appendString(w.out, w.take(w.number(1<<(c-0xd9))))
	case 0xdc, 0xdd:
		m.array(w.number(2<<(c-0xdc)), depth)
	case 0xde, 0xdf:
		m.dict(w.number(2<<(c-0xde)), depth)
	default: // 0xc1, which is never used
		w.bad = true
	}
}

func (m *msgpack) array(n uint64, depth int) {
	w := (*walker)(m)
	w.text("[")
	w.items(n, false, m.value, depth)
	w.text("]")
}

func (m *msgpack) dict(n uint64, depth int) {
	w := (*walker)(m)
	w.text("{")
	w.items(n, true, m.value, depth)
	w.text("}")
}

func (m *msgpack) extension(size uint64) {
	w := (*walker)(m)
	kind := int8(w.number(1))
	data := w.take(size)
	if kind == -1 && m.timestamp(data) {
		return
	}
	w.text("ext(")
	w.int(int64(kind))
	w.text(", ")
	w.out = appendBytes(w.out, data)
	w.text(")")
}

// timestamp writes one of the three forms of extension -1.
func (m *msgpack) timestamp(data []byte) bool {
	var seconds int64
	var nanoseconds uint32
	switch len(data) {
	case 4:
		seconds = int64(binary.BigEndian.Uint32(data))
	case 8:
		both := binary.BigEndian.Uint64(data)
		seconds, nanoseconds = int64(both&(1<<34-1)), uint32(both>>34)
	case 12:
		seconds, nanoseconds = int64(binary.BigEndian.Uint64(data[4:])), binary.BigEndian.Uint32(data)
	}
	if len(data) == 0 || len(data)%4 != 0 || len(data) > 12 || nanoseconds > 999_999_999 {
		return false
	}
	w := (*walker)(m)
	w.text("timestamp(")
	w.int(seconds)
	if nanoseconds > 0 {
		w.text(" s + ")
		w.uint(uint64(nanoseconds))
		w.text(" ns")
	}
	w.text(")")
	return true
}
