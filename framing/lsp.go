package framing

import (
	"bytes"

	"github.com/chancat/channel/frame"
)

// LSP frames a message as header lines, an empty line and the body, as in the
// language server and debug adapter protocols. One header is Content-Length, the
// bytes of the body. Names are matched in any case, unknown ones are accepted.
var LSP = register(Spec{
	Name:    "lsp",
	Aliases: []string{"dap", "header"},
	Doc:     `lines "Name: value" CR LF, one of them Content-Length, CR LF, that many bytes`,
	Codec:   lsp{},
})

type lsp struct{}

const contentLength = "Content-Length"

// In a State, Pos is what was examined, Depth the start of the line at hand,
// Pending the length of the body plus 1 once it is known, and Nest[0] the part.
const (
	lspName = iota
	lspValue
	lspBody
)

func (lsp) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	for st.Nest[0] != lspBody {
		if st.Nest[0] == lspName {
			more, err := lspScanName(buf, st)
			if more || err != nil {
				return frame.Span{}, 1, err
			}
		}
		n, err := textLine(buf, st.Depth, st.Pos)
		if err != nil {
			return frame.Span{}, 0, err
		}
		if n < 0 {
			st.Pos = resume(buf)
			return frame.Span{}, 1, nil
		}
		if err := lspLine(buf[st.Depth:st.Depth+n], st); err != nil {
			return frame.Span{}, 0, err
		}
		st.Depth += n + len("\r\n")
		st.Pos = st.Depth
	}
	sp := frame.Span{Head: st.Depth, Body: st.Pending - 1}
	return sp, max(0, sp.Len()-len(buf)), nil
}

// lspScanName goes over the name of a header. more means that buf ends in it.
func lspScanName(buf []byte, st *frame.State) (more bool, err error) {
	i := st.Pos
	for i < min(len(buf), maxHead) && headerNameByte(buf[i]) {
		i++
	}
	st.Pos = i
	switch {
	case i == len(buf):
		return true, nil
	case i == maxHead:
		return false, frame.Malformed(i, "the header does not end within %d bytes", maxHead)
	case buf[i] == '\n':
		return false, frame.Broken(frame.CauseLineEnding, i, "a line ends in LF alone, want CR LF")
	case i == st.Depth && buf[i] == '\r': // the empty line
	case i > st.Depth && buf[i] == ':':
		st.Nest[0] = lspValue
	case i == st.Depth:
		return false, unexpected(buf, i, "the name of a header")
	default:
		return false, unexpected(buf, i, "':' after the name of a header")
	}
	return false, nil
}

// headerNameByte reports whether c stands in names of headers (RFC 9110).
func headerNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), c) >= 0
}

// lspLine takes in one line of the head.
func lspLine(line []byte, st *frame.State) (err error) {
	switch name, value, _ := bytes.Cut(line, []byte{':'}); {
	case len(line) == 0 && st.Depth == 0:
		return frame.Malformed(0, "an empty line, want a header %s", contentLength)
	case len(line) == 0 && st.Pending == 0:
		return frame.Malformed(st.Depth, "the header ends without %s", contentLength)
	case len(line) == 0:
		st.Nest[0] = lspBody
		return nil
	case !bytes.EqualFold(name, []byte(contentLength)):
	case st.Pending > 0:
		return frame.Malformed(st.Depth, "a second %s", contentLength)
	default:
		digits := bytes.Trim(value, " \t")
		at := st.Depth + len(line) - len(bytes.TrimLeft(value, " \t"))
		if st.Pending, err = count(digits, at, contentLength); err != nil {
			return err
		}
		st.Pending++
	}
	st.Nest[0] = lspName
	return nil
}

func (l lsp) AppendFrame(dst, msg []byte) ([]byte, error) { return appendFrame(l, dst, msg) }

func (lsp) AppendHead(dst, msg []byte) ([]byte, error) {
	if len(msg) > maxCounted {
		return dst, frame.Refuse("%d bytes, at most %d are received", len(msg), maxCounted)
	}
	dst = append(dst, contentLength+": "...)
	dst = appendLength(dst, len(msg))
	return append(dst, "\r\n\r\n"...), nil
}

func (lsp) AppendTail(dst, _ []byte) []byte { return dst }

func (lsp) LengthOffset(raw []byte) int {
	for at := 0; ; {
		line, _, _ := bytes.Cut(raw[at:], []byte("\r\n"))
		name, value, _ := bytes.Cut(line, []byte{':'})
		if bytes.EqualFold(name, []byte(contentLength)) {
			return at + len(line) - len(bytes.TrimLeft(value, " \t"))
		}
		at += len(line) + len("\r\n")
	}
}

// Resync finds a line Content-Length. Headers that stand before it are passed over
// with what a program may have printed there.
func (lsp) Resync(buf []byte) int {
	for i := range buf {
		if buf[i]|0x20 == 'c' && lspLengthLine(buf[i:]) {
			return i
		}
	}
	return len(buf)
}

// lspLengthLine reports whether line begins as a header Content-Length does, as far
// as it goes.
func lspLengthLine(line []byte) bool {
	n := min(len(line), len(contentLength))
	if !bytes.EqualFold(line[:n], []byte(contentLength[:n])) {
		return false
	}
	if line = line[n:]; len(line) == 0 {
		return true
	}
	value, colon := bytes.CutPrefix(line, []byte{':'})
	digits := bytes.TrimLeft(value, " \t")
	end := bytes.TrimLeft(digits, "0123456789")
	return colon && (len(end) == 0 || len(end) < len(digits) && end[0] == '\r')
}
