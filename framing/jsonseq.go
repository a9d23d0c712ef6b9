package framing

import (
	"bytes"

	"github.com/chancat/channel/frame"
)

// JSONSeq frames a message, a JSON text, as RS, the text and LF (RFC 7464). The
// text may hold line ends itself, as jq --seq prints them: the LF that ends it is
// the first behind its value. More than one RS is head too.
var JSONSeq = register(Spec{
	Name:     "jsonseq",
	Doc:      "RS, a JSON value, LF (RFC 7464)",
	Codec:    jsonseq{},
	Messages: []string{`{}`, `12`, `"hi"`, " [1,\n\t2] ", `{"a":[1,-2.5e+3,{"b\u00e9\n":false}],"c":{}}`},
	Long:     longJSON,
})

type jsonseq struct{}

const recordSeparator = 0x1e

// In a State, Pending is as for json.
func (jsonseq) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	if st.Pending&jsonInValue == 0 {
		for st.Pos < len(buf) && buf[st.Pos] == recordSeparator {
			if st.Pos == maxHead {
				return frame.Span{}, 0, frame.Malformed(st.Pos, "more than %d RS before a text", maxHead)
			}
			st.Pos++
		}
		switch {
		case st.Pos == len(buf):
			return frame.Span{}, max(1, len("\x1e1\n")-len(buf)), nil
		case st.Pos == 0:
			return frame.Span{}, 0, frame.Malformed(0, "got %q, want RS (\\x1e)", buf[0])
		}
		st.Pending = st.Pos*jsonHeadUnit | jsonInValue
	}
	head := st.Pending / jsonHeadUnit
	s, err := scanJSON(buf, st, jsonState(st.Pending&(jsonInValue-1)))
	if err != nil {
		return frame.Span{}, 0, err
	}
	st.Pending = head*jsonHeadUnit | jsonInValue | int(s)
	if s != jsonDone {
		need := max(1, st.Depth) + len("\n")
		if st.Depth == 0 && s.ended() {
			need = len("\n")
		}
		return frame.Span{Head: head, Body: st.Pos - head}, need, nil
	}
	for ; st.Pos < len(buf); st.Pos++ {
		switch c := buf[st.Pos]; {
		case c == '\n':
			return frame.Span{Head: head, Body: st.Pos - head, Tail: 1}, 0, nil
		case !jsonSpace(c):
			return frame.Span{}, 0, frame.Malformed(st.Pos, "got %q after the JSON value, want LF", c)
		}
	}
	return frame.Span{Head: head, Body: st.Pos - head}, 1, nil
}

func (j jsonseq) AppendFrame(dst, msg []byte) ([]byte, error) { return appendFrame(j, dst, msg) }

func (jsonseq) AppendHead(dst, msg []byte) ([]byte, error) {
	var st frame.State
	s, err := scanJSON(msg, &st, jsonValue)
	switch {
	case err != nil:
		return dst, refuseBroken("one JSON value", err)
	case s == jsonDone:
	case st.Depth > 0 || !s.ended():
		return dst, frame.Refuse("not one JSON value: it ends at byte %d, inside of it", len(msg))
	}
	for i := st.Pos; i < len(msg); i++ {
		switch {
		case msg[i] == '\n':
			return dst, frame.Refuse("it holds LF at byte %d, behind the JSON value, where its frame would end", i)
		case !jsonSpace(msg[i]):
			return dst, frame.Refuse("not one JSON value: that ends at byte %d of %d", st.Pos, len(msg))
		}
	}
	return append(dst, recordSeparator), nil
}

func (jsonseq) AppendTail(dst, _ []byte) []byte { return append(dst, '\n') }

// Resync finds the next RS, as the standard asks.
func (jsonseq) Resync(buf []byte) int {
	if i := bytes.IndexByte(buf, recordSeparator); i >= 0 {
		return i
	}
	return len(buf)
}
