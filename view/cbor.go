package view

import (
	"encoding/hex"
	"math"
	"math/big"
)

// CBOR shows one CBOR data item in the diagnostic notation of RFC 8949 section 8.
//
// It is written by hand because the time of Diagnose of the known library is not
// bounded: it converts any bignum to decimal, and one of 16 MiB takes most of a
// minute.
func CBOR(dst, body []byte) []byte {
	return show(dst, body, func(w *walker) { (*cbor)(w).item(notationDepth) })
}

type cbor walker

// The major types, the upper three bits of an item's first byte.
const (
	cborUint = iota
	cborNegative
	cborBytes
	cborText
	cborArray
	cborMap
	cborTag
	cborSimple
)

const (
	cborIndefinite = 31   // in the lower five bits: no length, a break ends it
	cborBreak      = 0xff // ends it
)

func (c *cbor) item(depth int) {
	w := (*walker)(c)
	first := byte(w.number(1))
	if depth == 0 || first == cborBreak {
		w.bad = true
	}
	major, info := first>>5, first&31
	if info == cborIndefinite {
		c.indefinite(major, depth)
		return
	}
	v := uint64(info)
	switch {
	case info >= 28:
		w.bad = true
	case info >= 24:
		v = w.number(1 << (info - 24))
	}
	if w.bad {
		return
	}
	switch major {
	case cborUint:
		w.uint(v)
	case cborNegative:
		c.negative(v)
	case cborBytes:
		c.bytes(w.take(v))
	case cborText:
		c.string(w.take(v))
	case cborArray:
		w.text("[")
		w.items(v, false, c.item, depth)
		w.text("]")
	case cborMap:
		w.text("{")
		w.items(v, true, c.item, depth)
		w.text("}")
	case cborTag:
		c.tag(v, depth)
	case cborSimple:
		c.simple(v, info)
	}
}

// negative writes -1 - v, which 64 bits may not hold.
func (c *cbor) negative(v uint64) {
	w := (*walker)(c)
	if v <= math.MaxInt64 {
		w.int(-1 - int64(v))
		return
	}
	n := new(big.Int).SetUint64(v)
	w.out = n.Not(n).Append(w.out, 10)
}

func (c *cbor) bytes(b []byte) {
	w := (*walker)(c)
	w.text("h'")
	w.out = hex.AppendEncode(w.out, b)
	w.text("'")
}

func (c *cbor) string(s []byte) { c.out = appendString(c.out, s) }

func (c *cbor) tag(number uint64, depth int) {
	w := (*walker)(c)
	const positive, negative = 2, 3 // bignums
	if number == positive || number == negative {
		// In decimal if its length is short, of one byte: up to 184 bits.
		if in := w.in; len(in) > 0 && in[0]>>5 == cborBytes && in[0]&31 < 24 && len(in) > int(in[0]&31) {
			w.take(1)
			v := new(big.Int).SetBytes(w.take(uint64(in[0] & 31)))
			if number == negative {
				v.Not(v)
			}
			w.out = v.Append(w.out, 10)
			return
		}
	}
	w.uint(number)
	w.text("(")
	c.item(depth - 1)
	w.text(")")
}

func (c *cbor) simple(v uint64, info byte) {
	w := (*walker)(c)
	switch {
	case info == 25:
		w.out = appendFloat(w.out, halfFloat(uint16(v)), 64)
	case info == 26:
		w.out = appendFloat(w.out, float64(math.Float32frombits(uint32(v))), 64)
	case info == 27:
		w.out = appendFloat(w.out, math.Float64frombits(v), 64)
	case info == 24 && v < 32:
		w.bad = true // it has a form of one byte
	case v == 20:
		w.text("false")
	case v == 21:
		w.text("true")
	case v == 22:
		w.text("null")
	case v == 23:
		w.text("undefined")
	default:
		w.text("simple(")
		w.uint(v)
		w.text(")")
	}
}

// halfFloat is the value of an IEEE 754 binary16.
func halfFloat(bits uint16) float64 {
	exponent, fraction := int(bits>>10&31), float64(bits&(1<<10-1))
	var v float64
	switch exponent {
	case 0:
		v = math.Ldexp(fraction, -24)
	case 31:
		v = math.Inf(1)
		if fraction != 0 {
			v = math.NaN()
		}
	default:
		v = math.Ldexp(fraction+1<<10, exponent-25)
	}
	if bits>>15 != 0 {
		v = -v
	}
	return v
}

// indefinite writes an item that a break ends.
func (c *cbor) indefinite(major byte, depth int) {
	w := (*walker)(c)
	end := "]"
	switch major {
	case cborBytes, cborText:
		w.text("(_ ")
		end = ")"
	case cborArray:
		w.text("[_ ")
	case cborMap:
		w.text("{_ ")
		end = "}"
	default:
		w.bad = true
	}
	for n := 0; !w.bad; n++ {
		if len(w.in) > 0 && w.in[0] == cborBreak {
			w.take(1)
			break
		}
		if n > 0 {
			w.text(", ")
		}
		if end == ")" && (len(w.in) == 0 || w.in[0]>>5 != major || w.in[0]&31 == cborIndefinite) {
			w.bad = true // a chunk is a string of its kind with a length
		}
		c.item(depth - 1)
		if major == cborMap {
			w.text(": ")
			c.item(depth - 1)
		}
	}
	w.text(end)
}
