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
	e.add(x, e.stuck, e.frames, 6)
}

// unseparated reports whether a JSON value stands where its RS, or the LF of the one
// before, is missing.
func (e *examination) unseparated() bool {
	at := e.stuckAt()
	return e.data[at] == '{' || e.data[at] == '[' || at > e.stuck && e.data[at] == 0x1e
}
