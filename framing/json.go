package framing

import (
	"bytes"
	"strings"

	"github.com/chancat/channel/frame"
)

// JSON frames messages as JSON values one after another. White space before a
// value is head, and at the end of the stream nothing. A bare number is complete
// at the byte after it or at the end of the stream; since there may be neither
// for long, none is sent.
var JSON = register(Spec{
	Name:     "json",
	Doc:      "JSON values one after another, with or without white space between",
	Codec:    json{},
	Messages: []string{`{}`, `[]`, `"hi"`, `true`, `null`, `{"a":[1,-2.5e+3,{"b\u00e9\n":false}],"c":{}}`},
	Long:     longJSON,
})

type json struct{}

// In a State, Pending is the jsonState, above it the length of the head once the
// value has begun: jsonInValue tells.
const (
	jsonInValue  = 0x80
	jsonHeadUnit = 0x100
)

func (json) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	if st.Pending&jsonInValue == 0 {
		for st.Pos < len(buf) && jsonSpace(buf[st.Pos]) {
			if st.Pos == maxHead {
				return frame.Span{}, 0, frame.Malformed(st.Pos, "more than %d bytes of white space before a value", maxHead)
			}
			st.Pos++
		}
		if st.Pos == len(buf) {
			return frame.Span{}, 1, nil
		}
		st.Pending = st.Pos*jsonHeadUnit | jsonInValue
	}
	head := st.Pending / jsonHeadUnit
	s, err := scanJSON(buf, st, jsonState(st.Pending&(jsonInValue-1)))
	if err != nil {
		return frame.Span{}, 0, err
	}
	st.Pending = head*jsonHeadUnit | jsonInValue | int(s)
	sp := frame.Span{Head: head, Body: st.Pos - head}
	if s == jsonDone {
		return sp, 0, nil
	}
	return sp, max(1, st.Depth), nil
}

func (j json) ScanFinal(buf []byte) (frame.Span, error) {
	var st frame.State
	sp, need, err := j.Scan(buf, &st)
	switch s := jsonState(st.Pending & (jsonInValue - 1)); {
	case err != nil:
		return frame.Span{}, err
	case st.Pending == 0: // white space alone
		return frame.Span{}, nil
	case st.Depth == 0 && s.ended():
		return sp, nil
	}
	return frame.Span{}, frame.Truncated(len(buf), need)
}

func (j json) AppendFrame(dst, msg []byte) ([]byte, error) { return appendFrame(j, dst, msg) }

func (j json) AppendHead(dst, msg []byte) ([]byte, error) {
	var st frame.State
	sp, need, err := j.Scan(msg, &st)
	switch s := jsonState(st.Pending & (jsonInValue - 1)); {
	case err != nil:
		return dst, refuseBroken("one JSON value", err)
	case sp.Head > 0:
		return dst, frame.Refuse("white space before the JSON value is not delivered")
	case need > 0 && st.Depth == 0 && s.ended():
		return dst, frame.Refuse("a bare number is complete only at what follows it; send it in an array, or as -f jsonseq")
	case need > 0:
		return dst, frame.Refuse("not one JSON value: it ends at byte %d, inside of it", len(msg))
	case sp.Len() < len(msg):
		return dst, frame.Refuse("not one JSON value: that ends at byte %d of %d", sp.Len(), len(msg))
	}
	return dst, nil
}

func (json) AppendTail(dst, _ []byte) []byte { return dst }

// Resync finds a [ or {, but no farther from the end of a run of them than values
// can be nested.
func (json) Resync(buf []byte) int {
	i := bytes.IndexAny(buf, "[{")
	if i < 0 {
		return len(buf)
	}
	run := 1
	for i+run < len(buf) && buf[i+run] == buf[i] {
		run++
	}
	return i + max(0, run-maxJSONDepth)
}

func longJSON(n int) []byte {
	const unit = `[{"key":"value \u00e9"},`
	depth := min(n/len(unit), maxJSONDepth-3)
	rest := strings.Repeat("[1,[true]],", max(1, (n-depth*len(unit))/len("[1,[true]],")))
	return []byte("[" + strings.Repeat(unit, depth) + rest + "0" + strings.Repeat("]", depth+1))
}
