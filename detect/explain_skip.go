package detect

import (
	"bytes"
	"fmt"

	"github.com/chancat/channel/frame"
)

// skipMost bounds the bytes behind the fault in which a place to go on is looked for.
const skipMost = 1 << 20

// skip looks for the place where frames go on, of framings that do not declare a
// length.
func (e *examination) skip() {
	if e.stuckAt() >= len(e.data) {
		return
	}
	rest := e.data[e.stuck:min(len(e.data), e.stuck+skipMost)]
	r := frame.NewReader(bytes.NewReader(rest), e.codec, e.max)
	if _, err := r.Next(); err == nil {
		return
	}
	gap, err := r.Resync()
	if err != nil || gap == 0 {
		return
	}
	then := 0
	for range r.Frames() {
		then++
	}
	if then > 0 && len(rest) == skipMost {
		then--
	}
	if then == 0 {
		return
	}
	text := rest[:gap]
	x := Explanation{
		Cause:  CauseForeignBytes,
		Detail: fmt.Sprintf("%s to no frame: %s", belonging(len(text)), excerpt(text)),
		Repair: "find out what else writes to this stream: a log line on stdout, say; 'decode --keep-going' passes over it",
		Then:   then,
	}
	if e.name == "jsonseq" && e.unseparated() {
		x.Cause = CauseMissingSeparator
		x.Detail = e.err.Err.Error()
		x.Repair = "write RS (1e) before each value and LF behind it"
	}
	start, before := e.stuck, e.frames
	if word := e.bareWord(); word >= 0 {
		x.Detail = fmt.Sprintf("%s to no frame: %s", belonging(e.stuck+len(text)-word), excerpt(e.data[word:e.stuck+len(text)]))
		start, before = word, before-1
	}
	e.add(x, start, before, 6)
}

// unseparated reports whether a JSON value stands where its RS, or the LF of the one
// before, is missing.
func (e *examination) unseparated() bool {
	at := e.stuckAt()
	if at >= len(e.data) {
		return false
	}
	return valueEnd(e.data[at:min(len(e.data), at+valueMost)]) > 0 || at > e.stuck && e.data[at] == 0x1e
}

// bareWord returns where the bare number or word begins that was taken for a value and
// is the start of the text at which decoding stuck, such as the year of a date; -1 for
// none.
func (e *examination) bareWord() int {
	if e.name != "json" || len(e.starts) == 0 {
		return -1
	}
	start := e.starts[len(e.starts)-1]
	word := bytes.TrimLeft(e.data[start:e.stuck], " \t\r\n")
	if len(word) == 0 || bytes.IndexByte([]byte("{[\""), word[0]) >= 0 || bytes.IndexByte([]byte(" \t\r\n"), e.data[e.stuck]) >= 0 {
		return -1
	}
	return e.stuck - len(word)
}
