package framing

import (
	"bytes"
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/chancat/channel/frame"
)

// WS and WSServer frame a message as a frame of RFC 6455, which stands behind the
// HTTP heads of the upgrade. A client masks what it sends, a server does not; each
// direction refuses what breaks that, and WSEither takes both. A stream that starts
// with an HTTP head has it as its first frame. The message is the payload,
// unmasked; that of a frame with RSV1 is compressed.
//
// What is sent is text if it is UTF-8, and else binary. A codec has no
// randomness, so a client always sends the masking key of the examples in RFC
// 6455. It exercises the peer and protects no proxy: to talk to a server that is not
// under test, use package endpoint with a ws:// address.
var (
	WS = register(Spec{
		Name:   "ws",
		Doc:    "WebSocket frames (RFC 6455), behind the HTTP head if there is one; the message is the unmasked payload",
		Codec:  &webSocket{http: []string{"GET "}, masked: true},
		Server: WSServer,
		Either: WSEither,
	})
	WSServer frame.Codec = &webSocket{http: []string{"HTTP/1."}, plain: true}
	WSEither frame.Codec = &webSocket{http: []string{"GET ", "HTTP/1."}, masked: true, plain: true}
)

type webSocket struct {
	http          []string // what an HTTP head may start with
	masked, plain bool     // what is accepted; a codec that accepts masked frames sends them
}

// The first two bytes of a frame.
const (
	wsFin      = 0x80
	wsRSV1     = 0x40
	wsReserved = 0x30
	wsOpcode   = 0x0f
	wsControl  = 0x08 // in the opcode
	wsMask     = 0x80
	wsLength   = 0x7f
)

const (
	wsText   = 1
	wsBinary = 2

	wsLength16 = 126 // the length is in the next 2 bytes
	wsLength64 = 127 // in the next 8

	wsMaxControl = 125 // bytes of a control frame's payload
)

var wsKey = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// ScanFirst reads an HTTP head. No frame starts with the letters of one: they
// stand for reserved opcodes, or a control frame in fragments.
func (c *webSocket) ScanFirst(buf []byte, st *frame.State) (frame.Span, int, error) {
	for _, start := range c.http {
		if len(buf) == 0 || buf[0] != start[0] {
			continue
		}
		for i := range min(len(buf), len(start)) {
			if buf[i] != start[i] {
				return frame.Span{}, 0, frame.Malformed(i, "HTTP head: got %q, want %q of %q", buf[i], start[i], start)
			}
		}
		end, need, err := scanHTTPLines(buf, 0, st)
		return frame.Span{Body: end}, need, err
	}
	return c.Scan(buf, st)
}

func (c *webSocket) Scan(buf []byte, _ *frame.State) (frame.Span, int, error) {
	head, need, err := c.scanHead(buf)
	if need > 0 || err != nil {
		return frame.Span{}, need, err
	}
	size := uint64(buf[1] & wsLength)
	switch size {
	case wsLength16:
		if size = uint64(binary.BigEndian.Uint16(buf[2:])); size < wsLength16 {
			return frame.Span{}, 0, frame.Malformed(2, "length %d in 16 bits: it must be in 7", size)
		}
	case wsLength64:
		switch size = binary.BigEndian.Uint64(buf[2:]); {
		case size <= math.MaxUint16:
			return frame.Span{}, 0, frame.Malformed(2, "length %d in 64 bits: it must be in fewer", size)
		case size > math.MaxInt64:
			return frame.Span{}, 0, frame.Malformed(2, "length %#x: the highest bit must be 0", size)
		case size > uint64(math.MaxInt-head):
			return frame.Span{}, 0, frame.TooLarge(1, size)
		}
	}
	if len(buf) < head {
		return frame.Span{}, head - len(buf), nil
	}
	sp := frame.Span{Head: head, Body: int(size)}
	return sp, max(0, sp.Len()-len(buf)), nil
}

// scanHead judges the first two bytes and returns the length of the head. It needs
// bytes until the whole length has arrived.
func (c *webSocket) scanHead(buf []byte) (head, need int, err error) {
	head = 2
	if c.masked && !c.plain {
		head += len(wsKey)
	}
	if len(buf) == 0 {
		return 0, head, nil
	}
	first := buf[0]
	control := first&wsControl != 0
	switch opcode := first & wsOpcode; {
	case first&wsReserved != 0:
		return 0, 0, frame.Malformed(0, "got %#02x as first byte: the reserved bits RSV2 and RSV3 must be 0", first)
	case opcode > wsBinary && opcode < 8 || opcode > 10:
		return 0, 0, frame.Malformed(0, "opcode %d is reserved", opcode)
	case control && first&wsFin == 0:
		return 0, 0, frame.Malformed(0, "got %#02x as first byte: a control frame must not be fragmented", first)
	}
	if len(buf) == 1 {
		return 0, head - 1, nil
	}
	masked, size := buf[1]&wsMask != 0, buf[1]&wsLength
	switch {
	case masked && !c.masked:
		return 0, 0, frame.Malformed(1, "the frame is masked; a server must not mask")
	case !masked && !c.plain:
		return 0, 0, frame.Malformed(1, "the frame is not masked; a client must mask")
	case control && size > wsMaxControl:
		return 0, 0, frame.Malformed(1, "a control frame of more than %d bytes", wsMaxControl)
	}
	head = 2
	switch size {
	case wsLength16:
		head += 2
	case wsLength64:
		head += 8
	}
	missing := head - len(buf)
	if masked {
		head += len(wsKey)
	}
	if missing > 0 {
		return 0, head - len(buf), nil
	}
	return head, 0, nil
}

func (c *webSocket) AppendMessage(dst, raw []byte, sp frame.Span) []byte {
	start := len(dst)
	dst = append(dst, raw[sp.Head:sp.Head+sp.Body]...)
	if sp.Head > 0 && raw[1]&wsMask != 0 {
		mask(dst[start:], raw[sp.Head-len(wsKey):sp.Head])
	}
	return dst
}

// mask applies the masking key, of 4 bytes, to b in place.
func mask(b, key []byte) {
	word := uint64(binary.LittleEndian.Uint32(key))
	word |= word << 32
	i := 0
	for ; len(b)-i >= 8; i += 8 {
		binary.LittleEndian.PutUint64(b[i:], binary.LittleEndian.Uint64(b[i:])^word)
	}
	for ; i < len(b); i++ {
		b[i] ^= key[i%len(wsKey)]
	}
}

func (c *webSocket) AppendFrame(dst, msg []byte) ([]byte, error) {
	opcode := byte(wsBinary)
	if utf8.Valid(msg) {
		opcode = wsText
	}
	dst = append(dst, wsFin|opcode)
	var bit byte
	if c.masked {
		bit = wsMask
	}
	switch n := len(msg); {
	case n < wsLength16:
		dst = append(dst, bit|byte(n))
	case n <= math.MaxUint16:
		dst = binary.BigEndian.AppendUint16(append(dst, bit|wsLength16), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, bit|wsLength64), uint64(n))
	}
	if !c.masked {
		return append(dst, msg...), nil
	}
	dst = append(dst, wsKey[:]...)
	start := len(dst)
	dst = append(dst, msg...)
	mask(dst[start:], wsKey[:])
	return dst, nil
}

// LengthOffset points at the second byte, in which each form of the length
// begins. The size of an HTTP head is declared nowhere.
func (c *webSocket) LengthOffset(raw []byte) int {
	for _, start := range c.http {
		if bytes.HasPrefix(raw, []byte(start[:1])) {
			return 0
		}
	}
	return 1
}
