package detect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

const (
	linesLeast = 3       // JSON lines without which nothing is asked of the others
	valueMost  = 1 << 20 // bytes over which a value may be spread
	openMost   = 4 << 20 // bytes looked at for values that do not end: each line may open one
	lookLeast  = 16      // of them, for each
)

// judgeLines judges the bodies of lines: where all but a few are JSON, one that is
// not is guilty.
func (e *examination) judgeLines(d *Diagnosis) {
	good, bad, first, before := 0, 0, -1, 0
	badLines, open := 0, openMost
	for pos, n := 0, 0; pos < len(e.data); n++ {
		line, next, whole := lineAt(e.data, pos)
		if !whole && !e.ended {
			break
		}
		switch {
		case len(bytes.TrimSpace(line)) == 0:
		case isObject(line):
			good++
		default:
			bad++
			if first < 0 {
				first, before = pos, n
			}
			if open > 0 {
				k, looked := e.prettyLines(pos)
				if k > pos {
					badLines++
					pos = k
					good++ // a value it is
					continue
				}
				open -= max(lookLeast, looked)
			}
			badLines++
		}
		pos = next
	}
	if bad == 0 || good < 1 || badLines > 0 && good < 1 {
		return
	}
	x, at := e.judgeLine(first)
	if x.Cause == CauseForeignBytes && (good < linesLeast || bad*3 > good) {
		return
	}
	x.Score, x.Measured = 0.98, true
	if good < linesLeast {
		x.Score = 0.9
	}
	x.Then = good - e.valuesBefore(first)
	d.OK = false
	d.Messages = e.place.Messages + before
	d.Offset = e.place.Offset + int64(first)
	d.Start, d.At = d.Offset, e.place.Offset+int64(at)
	d.Causes = []Explanation{x}
}

// lineAt returns the line at data[pos:] without its end, and where the next begins.
func lineAt(data []byte, pos int) (line []byte, next int, whole bool) {
	i := bytes.IndexByte(data[pos:], '\n')
	if i < 0 {
		return data[pos:], len(data), false
	}
	return bytes.TrimSuffix(data[pos:pos+i], []byte{'\r'}), pos + i + 1, true
}

// isObject reports whether line is one JSON object or array, perhaps with white
// space round it.
func isObject(line []byte) bool {
	t := bytes.TrimSpace(line)
	return len(t) > 1 && (t[0] == '{' || t[0] == '[') && json.Valid(t)
}

// valuesBefore counts the JSON lines before pos.
func (e *examination) valuesBefore(pos int) int {
	n := 0
	for p := 0; p < pos; {
		line, next, _ := lineAt(e.data, p)
		if isObject(line) {
			n++
		}
		p = next
	}
	return n
}

// judgeLine explains the line at pos, which is not JSON, and says which byte of it
// is too much.
func (e *examination) judgeLine(pos int) (Explanation, int) {
	line, _, _ := lineAt(e.data, pos)
	if end, _ := e.prettyLines(pos); end > pos {
		n := bytes.Count(e.data[pos:end], []byte{'\n'})
		return Explanation{
			Cause:   CausePrettyJSON,
			Detail:  fmt.Sprintf("one JSON value is spread over %d lines", max(n, 2)),
			Repair:  "print each value on one line (no indent), or read the stream as -f json",
			Framing: "json",
		}, pos
	}
	if n := valueEnd(line); n > 0 {
		rest := bytes.TrimLeft(line[n:], " \t,;")
		if len(rest) > 0 && valueEnd(rest) > 0 {
			return Explanation{
				Cause:   CauseMissingSeparator,
				Detail:  fmt.Sprintf("a second JSON value begins %d bytes into the line, without a line end between", len(line)-len(rest)),
				Repair:  "end each value with LF, or read the stream as -f json",
				Framing: "json",
			}, pos + len(line) - len(rest)
		}
	}
	at := pos
	if bytes.HasPrefix(line, []byte("\xef\xbb\xbf")) && isObject(line[3:]) {
		return Explanation{
			Cause: frame.CauseWrongProtocol, Detail: "byte order mark before text", Repair: "remove the bytes ef bb bf: write UTF-8 without a byte order mark",
		}, pos
	}
	return Explanation{
		Cause:  CauseForeignBytes,
		Detail: fmt.Sprintf("a line that is not JSON among lines that are: %s", excerpt(line)),
		Repair: "find out what else writes to this stream: print logs to stderr",
	}, at
}

// prettyLines returns where the JSON value ends that begins at pos and is spread
// over lines, pos when none does, and how many bytes were looked at for that.
func (e *examination) prettyLines(pos int) (end, looked int) {
	text := e.data[pos:min(len(e.data), pos+valueMost)]
	t := bytes.TrimLeft(text, " \t")
	if len(t) == 0 || t[0] != '{' && t[0] != '[' {
		return pos, 0
	}
	e.st = frame.State{}
	sp, need, err := framing.JSON.Scan(text, &e.st)
	if f, ok := errors.AsType[*frame.Error](err); ok {
		return pos, int(f.Offset)
	}
	first, _, _ := lineAt(e.data, pos)
	if need > 0 || sp.Len() <= len(first) {
		return pos, min(len(text), max(sp.Len(), len(first)))
	}
	end = pos + sp.Len()
	_, next, _ := lineAt(e.data, end)
	if len(bytes.TrimSpace(e.data[end:next])) > 0 {
		return pos, sp.Len()
	}
	return next, sp.Len()
}

// valueEnd returns the length of the JSON object or array that text begins with, 0
// if it does not.
func valueEnd(text []byte) int {
	dec := json.NewDecoder(bytes.NewReader(text))
	var raw json.RawMessage
	if dec.Decode(&raw) != nil || len(raw) == 0 || raw[0] != '{' && raw[0] != '[' {
		return 0
	}
	return int(dec.InputOffset())
}

// judgeEndings finds lines that end in LF alone among others that end in CR LF: two
// lines in one message.
func (e *examination) judgeEndings(d *Diagnosis) {
	guilty, before, bare := -1, 0, 0
	pos := 0
	for i := 0; pos < len(e.data); i++ {
		n := bytes.Index(e.data[pos:], []byte("\r\n"))
		if n < 0 {
			break
		}
		line := e.data[pos : pos+n]
		if lf := bytes.IndexByte(line, '\n'); lf >= 0 {
			if !textual(line) {
				return
			}
			if bare++; guilty < 0 {
				guilty, before = pos, i
				d.At = e.place.Offset + int64(pos+lf)
			}
		}
		pos += n + len("\r\n")
	}
	if guilty < 0 || bare*4 > e.frames || e.frames < 2 {
		d.At = d.Offset
		return
	}
	at := d.At
	e.add(Explanation{
		Cause:  frame.CauseLineEnding,
		Detail: fmt.Sprintf("%d of %d messages hold a line that ends in LF alone, and the next", bare, e.frames),
		Repair: "end each line in CR LF",
		Then:   e.frames - before + bare,
	}, guilty, before, 0)
	e.conclude(d)
	d.At = at
}
