package detect

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/chancat/channel/frame"
)

const (
	endingEdits  = 256      // line ends of one head that are mended
	endingWindow = 1 << 10  // bytes of a head, to begin with
	endingFrame  = 1 << 20  // bytes of a frame that is mended
	endingLooks  = 16 << 20 // bytes looked at once more behind a line end that was mended
	endingBits   = 16.0     // of evidence in a frame that is whole with other line ends
)

// endings tries LF where CR LF belongs, CR CR LF, and CR alone.
func (e *examination) endings() {
	if e.name == "crlf" && e.truncated() {
		e.bareLines()
		return
	}
	if e.err.Cause == frame.CauseTruncated || e.stuckAt() >= len(e.data) {
		return
	}
	for _, bodies := range []bool{false, true} {
		e.mend(bodies)
	}
}

// mend decodes with other line ends from the stuck frame on; with bodies their line
// ends were written in another way than they were counted too.
func (e *examination) mend(bodies bool) {
	pos, frames, edited := e.stuck, 0, 0
	last, upTo := 0, 0 // the last frame that was mended, and where it ends
	whole := false
	kind := ""
	for pos < len(e.data) && frames < 1<<16 {
		n, body, how, ok := e.mended(pos)
		if r, resp := e.unit.(respUnits); resp && !r.inline && strings.IndexByte(respTypes, e.data[pos]) < 0 {
			break // text is no command here
		}
		if !ok {
			break
		}
		if bodies {
			n = e.translated(pos, n, body)
		}
		if n <= 0 || pos+n > len(e.data) {
			break
		}
		if how != "" && edited == 0 && frames == 0 && e.oddLine(pos) {
			return // a line of something else
		}
		if how != "" {
			edited++
			if kind == "" {
				kind = how
			}
		} else if frames == 0 {
			return // the fault is another
		}
		frames++
		pos += n
		if how != "" {
			last, upTo = frames, pos
		}
	}
	whole = pos == len(e.data)
	if edited == 0 {
		return
	}
	where := "this frame"
	if edited > 1 {
		where = fmt.Sprintf("%d frames", edited)
		if frames == edited {
			where = "every frame"
		}
	}
	x := Explanation{
		Cause:  frame.CauseLineEnding,
		Detail: fmt.Sprintf("%s (%s)", kind, where),
		Repair: "write CR LF, in binary mode where the platform translates line ends",
		Then:   frames,
	}
	bits := float64(frames)*max(endingBits, e.frameBits()) - 1
	if !whole {
		bits -= 4
	}
	if e.chain != nil && last < frames {
		bits = max(bits, float64(last)*max(endingBits, e.frameBits())-1+e.chain.evidence(upTo))
	}
	if bodies {
		bits -= 2
	}
	if e.name == "msg" && kind == "LF where CR LF belongs" {
		x.Framing = "msg,lenient"
	}
	e.add(x, e.stuck, e.frames, e.base(e.frames)+bits)
}

// oddLine reports whether the line at pos ends in LF alone and begins with no word of
// the framing.
func (e *examination) oddLine(pos int) bool {
	line, _, whole := lineAt(e.data, pos)
	if !whole || pos+len(line) < len(e.data) && e.data[pos+len(line)] == '\r' {
		return false
	}
	word, _, _ := bytes.Cut(line, []byte{' '})
	switch e.name {
	case "lsp":
		return !bytes.HasPrefix(bytes.ToLower(line), []byte("content-"))
	case "nats":
		return !containsWord("INFO CONNECT PUB HPUB SUB UNSUB MSG HMSG PING PONG +OK -ERR", string(bytes.ToUpper(word)))
	case "memcached":
		return len(word) == 0 || bytes.ContainsAny(word, ":[]()<>=") || strings.Count(string(line), " ") > 6
	}
	return false
}

// frameBits is the evidence in one frame.
func (e *examination) frameBits() float64 {
	if e.chain == nil {
		return 0
	}
	return e.chain.bits * max(1, e.perFrame)
}

// mended returns the bytes of the frame at pos when line ends are mended, those of
// its body, and what was wrong.
func (e *examination) mended(pos int) (n, body int, how string, ok bool) {
	n, body, ok = e.edited(pos, func(text []byte, i int) ([]byte, int) {
		afterCR := i > 0 && text[i-1] == '\r'
		switch {
		case afterCR && text[i] == '\r' && i+1 < len(text) && text[i+1] == '\n':
			how = "CR CR LF where CR LF belongs: text mode has added a CR"
			return append(text[:i], text[i+1:]...), -1
		case afterCR && text[i] != '\n':
			how = "CR where CR LF belongs"
			return insert(text, i, '\n'), 1
		case text[i] == '\n' && (afterCR || i == 0 && pos > 0 && e.data[pos-1] == '\r'):
			return nil, 0 // that CR was counted to what stands before
		case text[i] == '\n':
			how = "LF where CR LF belongs"
			return insert(text, i, '\r'), 1
		}
		return nil, 0
	})
	return n, body, how, ok
}

// edited returns the bytes of the frame at pos, and those of its body, when edit has
// mended what the codec refuses at text[at:] until it refuses nothing. edit returns
// nil where it knows nothing, and how many bytes it has added.
func (e *examination) edited(pos int, edit func(text []byte, at int) ([]byte, int)) (n, body int, ok bool) {
	rest := e.data[pos:]
	have := min(len(rest), endingWindow)
	text := append([]byte(nil), rest[:have]...)
	shift := 0 // bytes that text has more than rest
	for range endingEdits {
		sp, need, err := e.codec.Scan(text, &frame.State{})
		switch f, _ := errors.AsType[*frame.Error](err); {
		case err == nil && need == 0:
			return sp.Len() - shift, sp.Body, true
		case err == nil:
			more := min(len(rest), max(have*2, sp.Len()-shift+2, have+need))
			if more == have || more > endingFrame {
				return 0, 0, false
			}
			text = append(text, rest[have:more]...)
			have = more
		case f == nil || f.Offset >= int64(len(text)):
			return 0, 0, false
		default:
			if e.mending += int(f.Offset); e.mending > endingLooks {
				return 0, 0, false
			}
			mended, added := edit(text, int(f.Offset))
			if mended == nil {
				return 0, 0, false
			}
			text = mended
			shift += added
		}
	}
	return 0, 0, false
}

func insert(text []byte, i int, c byte) []byte {
	text = append(text, 0)
	copy(text[i+1:], text[i:])
	text[i] = c
	return text
}

// translated returns the bytes of the frame of n bytes at pos when each CR LF in its
// body was counted as one byte.
func (e *examination) translated(pos, n, body int) int {
	at := pos + n - body
	if at <= pos {
		return 0 // the body is not told from the head
	}
	for left := body; left > 0; left-- {
		if at >= len(e.data) {
			return 0
		}
		if e.data[at] == '\r' && at+1 < len(e.data) && e.data[at+1] == '\n' {
			at++
		}
		at++
	}
	return at - pos
}

// bareLines explains lines that end in LF where CR LF is the delimiter.
func (e *examination) bareLines() {
	rest := e.data[e.stuck:]
	n := bytes.Count(rest, []byte{'\n'})
	if n == 0 || !textual(rest[:min(len(rest), 4<<10)]) && n < 2 {
		return
	}
	e.add(Explanation{
		Cause:   frame.CauseLineEnding,
		Detail:  fmt.Sprintf("%d lines end in LF alone, want CR LF", n),
		Repair:  "end each line in CR LF",
		Then:    n,
		Framing: "line",
	}, e.stuck, e.frames, e.base(e.frames)+8+endingBits*float64(e.frames))
}
