package framing

import (
	"math"
	"strconv"

	"github.com/chancat/channel/frame"
)

// Chunked frames a message as a chunk of HTTP/1.1 (RFC 9112 §7.1): its length in
// hexadecimal, CR LF, that many bytes, CR LF. The last chunk has length 0, and
// trailer lines in its tail; an empty message is sent as one. Extensions behind
// the length are accepted, up to 4096 bytes of line; trailers up to 64 KiB.
var Chunked = register(Spec{
	Name:  "chunked",
	Doc:   "HTTP/1.1 chunked coding: length in hexadecimal, CR LF, that many bytes, CR LF; an empty message is the last chunk",
	Codec: chunked{},
})

type chunked struct{}

const (
	chunkMaxDigits = 16   // those of 64 bits
	chunkMaxLine   = 4096 // bytes of a size line, extensions and CR LF included
)

func (chunked) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	digits, size, err := chunkSize(buf)
	if err != nil {
		return frame.Span{}, 0, err
	}
	if digits == len(buf) {
		return frame.Span{}, max(len("0\r\n\r\n")-len(buf), len("\r\n\r\n")), nil
	}
	if st.Pending == 0 {
		head, err := chunkLine(buf, digits, st)
		if err != nil {
			return frame.Span{}, 0, err
		}
		if head == 0 {
			need := len("\r\n\r\n")
			if buf[len(buf)-1] == '\r' {
				need--
			}
			return frame.Span{}, need, nil
		}
		*st = frame.State{Pending: head}
	}
	sp := frame.Span{Head: st.Pending}
	if size == 0 {
		end, need, err := scanHTTPLines(buf, sp.Head, st)
		if end > 0 {
			sp.Tail = end - sp.Head
		}
		return sp, need, err
	}
	if size > uint64(math.MaxInt-sp.Head-len("\r\n")) {
		return frame.Span{}, 0, frame.TooLarge(0, size)
	}
	sp.Body, sp.Tail = int(size), len("\r\n")
	for i := sp.Head + sp.Body; i < min(len(buf), sp.Len()); i++ {
		if want := "\r\n"[i-sp.Head-sp.Body]; buf[i] != want {
			return frame.Span{}, 0, frame.Malformed(i, "after the %d bytes of the chunk: got %q, want %q", size, buf[i], want)
		}
	}
	return sp, max(0, sp.Len()-len(buf)), nil
}

// chunkSize reads the digits that buf starts with.
func chunkSize(buf []byte) (digits int, size uint64, err error) {
	for i, c := range buf {
		var digit byte
		switch {
		case '0' <= c && c <= '9':
			digit = c - '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			digit = c | 0x20 - 'a' + 10
		case i == 0 || c != '\r' && c != ';' && c != ' ' && c != '\t':
			cause := frame.CauseBadDigits
			if c == '\n' && i > 0 {
				cause = frame.CauseLineEnding
			}
			return 0, 0, frame.Broken(cause, i, "chunk size: got %q, want hexadecimal digits and CR LF", c)
		default:
			return i, size, nil
		}
		if i == chunkMaxDigits {
			return 0, 0, frame.Broken(frame.CauseBadDigits, i, "chunk size: more than %d digits", chunkMaxDigits)
		}
		size = size<<4 | uint64(digit)
	}
	return len(buf), size, nil
}

// chunkLine returns the length of the size line, whose digits have been read, or
// 0 while it is incomplete. st has the bytes examined in Pos, and a Depth beyond 0
// once a semicolon was among them: before it, only blanks may follow the digits.
func chunkLine(buf []byte, digits int, st *frame.State) (int, error) {
	i := max(st.Pos, digits)
	for ; i < len(buf); i++ {
		switch c := buf[i]; {
		case i == chunkMaxLine:
			return 0, frame.Malformed(i, "chunk size: a line of more than %d bytes", chunkMaxLine)
		case buf[i-1] == '\r' && c == '\n':
			return i + 1, nil
		case buf[i-1] == '\r':
			return 0, frame.Broken(frame.CauseLineEnding, i, "chunk size: got %q after CR, want LF", c)
		case c == '\n':
			return 0, frame.Broken(frame.CauseLineEnding, i, "chunk size: LF without CR")
		case c == ';':
			st.Depth = 1
		case c == '\r' || c == '\t':
		case c < ' ' || c == 0x7f || c != ' ' && st.Depth == 0:
			return 0, frame.Malformed(i, "chunk size: got %q, want an extension or CR LF", c)
		}
	}
	st.Pos = i
	return 0, nil
}

func (c chunked) AppendFrame(dst, msg []byte) ([]byte, error) { return appendFrame(c, dst, msg) }

func (chunked) AppendHead(dst, msg []byte) ([]byte, error) {
	dst = strconv.AppendUint(dst, uint64(len(msg)), 16)
	return append(dst, "\r\n"...), nil
}

func (chunked) AppendTail(dst, _ []byte) []byte { return append(dst, "\r\n"...) }

func (chunked) LengthOffset([]byte) int { return 0 }
