package framing

import (
	"bytes"

	"github.com/chancat/channel/frame"
)

// maxHTTPLines bounds a block of header lines in bytes.
const maxHTTPLines = 64 << 10

// scanHTTPLines looks for the end of the header lines that start at buf[from],
// which is a blank line. Every line ends in CR LF and has a colon, but for the
// one at buf[0], which is a start line. It returns the index behind the block, or
// 0 and the least number of bytes that are missing. st has the bytes examined in
// Pos and the start of the line at hand in Depth.
func scanHTTPLines(buf []byte, from int, st *frame.State) (end, need int, err error) {
	i, line := max(st.Pos, from), max(st.Depth, from)
	for ; i < len(buf); i++ {
		afterCR := i > line && buf[i-1] == '\r'
		switch c := buf[i]; {
		case i-from == maxHTTPLines:
			return 0, 0, frame.Malformed(i, "header lines: more than %d bytes", maxHTTPLines)
		case c == '\n' && !afterCR:
			return 0, 0, frame.Broken(frame.CauseLineEnding, i, "header line: LF without CR")
		case c == '\n' && i-1 == line:
			return i + 1, 0, nil
		case c == '\n':
			if line > 0 && bytes.IndexByte(buf[line:i], ':') < 1 {
				return 0, 0, frame.Malformed(line, "header line %.40q: want NAME: VALUE", buf[line:i-1])
			}
			line = i + 1
		case afterCR:
			return 0, 0, frame.Broken(frame.CauseLineEnding, i, "header line: got %q after CR, want LF", c)
		case c < ' ' && c != '\t' && c != '\r' || c == 0x7f:
			return 0, 0, frame.Malformed(i, "header line: got %q, want text", c)
		}
	}
	st.Pos, st.Depth = i, line
	afterCR := i > line && buf[i-1] == '\r'
	switch {
	case i == line: // CR LF
		return 0, 2, nil
	case afterCR && i-1 == line: // LF
		return 0, 1, nil
	case afterCR: // LF CR LF
		return 0, 3, nil
	default: // CR LF CR LF
		return 0, 4, nil
	}
}
