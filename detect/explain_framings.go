package detect

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// wordBits is the evidence in a stream of frames that begin with a word of their own.
const wordBits = 24

// otherFramings tries the other framings of the table on the whole stream.
func (e *examination) otherFramings() {
	if e.place.Offset > 0 || len(e.data) == 0 || e.err == nil && e.name != "line" {
		return
	}
	best := walk{}
	bits, spelling := math.Inf(-1), ""
	for _, s := range framing.Specs() {
		if s.Preset != "" && s.Name != "postgres" && s.Name != "amqp" && s.Name != "http2" && s.Name != "bgp" || s.Name == e.name || s.Codec == nil {
			continue
		}
		if isFixed(s.Name) && isFixed(e.name) {
			continue // judged as other lengths, with the options at hand
		}
		c := s.Codec
		if s.Either != nil {
			c = s.Either
		} else if e.from == Server && s.Server != nil {
			c = s.Server
		}
		w, b := e.tile(s.Name, c)
		if e.err == nil && s.Name != "lsp" && s.Name != "msg" {
			continue // only what cannot be lines by chance
		}
		if w.frames > 0 && b > bits {
			best, bits, spelling = w, b, s.Name
		}
	}
	if spelling == "" || bits < 4 {
		return
	}
	cause := e.kin(spelling)
	if (spelling == "varint" || spelling == "bsuint") && best.bytes {
		if kin := e.kin("u8"); kin != CauseWrongFraming { // every head is one byte
			cause, spelling = kin, "u8"
		}
	}
	if e.name == "crlf" && spelling == "line" {
		cause = frame.CauseLineEnding // which is all the difference
	}
	e.add(Explanation{
		Cause:   cause,
		Detail:  fmt.Sprintf("as -f %s the whole stream decodes", spelling),
		Repair:  fmt.Sprintf("read it as -f %s", spelling),
		Then:    best.frames,
		Framing: spelling,
	}, 0, 0, bits)
}

// framingBehind explains frames behind which all is in another framing.
func (e *examination) framingBehind() {
	if e.frames == 0 || e.stuck >= len(e.data) || e.place.Offset > 0 {
		return
	}
	for _, s := range framing.Specs() {
		switch s.Name {
		case "lsp", "msg", "json", "resp":
		default:
			continue // few others tell themselves from text
		}
		if s.Name == e.name || s.Name == "resp" && !bytes.Contains(respOpeners, e.data[e.stuck:e.stuck+1]) {
			continue
		}
		w, bits := e.tileFrom(e.stuck, s.Name, s.Codec)
		if w.frames < 2 || bits <= 0 {
			continue
		}
		e.add(Explanation{
			Cause:  CauseWrongFraming,
			Detail: fmt.Sprintf("from here on the stream decodes as -f %s", s.Name),
			Repair: fmt.Sprintf("agree on one framing, -f %s or -f %s", e.spelling, s.Name),
			Then:   w.frames,
		}, e.stuck, e.frames, e.base(e.frames)+min(bits, 8*float64(w.frames))-4)
	}
}

// respOpeners are the types of RESP with which a client or a server opens.
var respOpeners = []byte("*$+")

// detectedMost bounds the bytes of which the framing is asked for.
const detectedMost = 256 << 10

// convinced is evidence with which nobody asks on.
const convinced = 10

// detected asks which framing the stream has, where no repair has helped.
func (e *examination) detected() {
	then := 0      // messages of the best explanation
	lines := false // it is that the stream has lines
	sure := false  // that is beyond doubt
	for _, x := range e.found {
		if x.Measured && x.bits >= e.top {
			then = x.Then
			lines = x.Framing == "crlf" || x.Framing == "line"
			sure = x.bits > e.base(e.frames)+convinced
			if x.Cause == frame.CauseWrongProtocol || sure && !lines {
				return
			}
		}
	}
	if e.err == nil || e.place.Offset > 0 || e.truncated() && e.frames > 0 || e.frames >= fewFrames && e.stuck > len(e.data)/2 {
		return
	}
	n := min(len(e.data), detectedMost)
	streams := []Stream{{Data: e.data[:n], From: e.from, Ended: e.ended && n == len(e.data)}}
	if monotonous(streams) {
		return
	}
	answer := detect(streams, mostWeighed)
	if !answer.Decided && e.frames == 0 && !e.truncated() {
		e.anyOther(&answer)
	}
	if !answer.Decided || strings.Contains(answer.Candidates[0].Framing, "/") {
		return
	}
	c := answer.Candidates[0]
	switch nameOf(c.Framing) {
	case "resp", "nats", "memcached", "stomp": // written in lines, and say more than these
		if lines {
			then = 0
		}
	case "line", "crlf", "nul", "delim": // much can be read so
		if then > 0 || e.frames > 0 || e.textHeads() && e.stuckAt() > e.stuck+2 {
			return
		}
	default:
		if sure {
			return
		}
	}
	if c.Frames < 2*then || c.Framing == e.spelling || slices.Contains(c.SameAs, e.spelling) {
		return
	}
	e.add(Explanation{
		Cause:   e.kin(c.Framing),
		Detail:  fmt.Sprintf("as -f %s the stream decodes: %s", c.Framing, c.Evidence),
		Repair:  "read it as -f " + c.Framing,
		Then:    c.Frames,
		Framing: c.Framing,
	}, 0, 0, e.top+4)
}

// anyOther says that the stream has another framing, where it is not clear which:
// nothing of it is of the framing at hand, and others tile it.
func (e *examination) anyOther(answer *Answer) {
	const sure = 0.9
	for _, x := range e.found {
		if x.Measured || x.Cause == frame.CauseLineEnding {
			return
		}
	}
	score, frames := 0.0, 0
	var names []string
	for _, c := range answer.Candidates {
		if c.Broke != "" || c.Framing == e.spelling || slices.Contains(c.SameAs, e.spelling) {
			continue
		}
		if score += c.Score; len(names) < 3 {
			names = append(names, "-f "+c.Framing)
		}
		frames = max(frames, c.Frames)
	}
	if score < sure || frames < fewFrames {
		return
	}
	e.add(Explanation{
		Cause:  CauseWrongFraming,
		Detail: fmt.Sprintf("nothing of it is of %s; %s would decode it: %s", e.name, strings.Join(names, " or "), answer.Why),
		Repair: "read it as " + strings.Join(names, ", or as "),
		Then:   frames,
	}, 0, 0, e.top+1)
}

// textHeads reports whether frames begin with lines of text.
func (e *examination) textHeads() bool {
	switch e.name {
	case "msg", "lsp", "resp", "nats", "memcached", "stomp", "chunked":
		return true
	}
	return false
}

// tileMost bounds the frames that are tried of another framing.
const tileMost = 1 << 16

// tile decodes the whole stream with another codec, and says how much that proves.
func (e *examination) tile(name string, c frame.Codec) (w walk, bits float64) {
	return e.tileFrom(0, name, c)
}

// tileFrom decodes from pos on.
func (e *examination) tileFrom(pos int, name string, c frame.Codec) (w walk, bits float64) {
	texts, values, words := 0, 0, 0
	w.bytes = true
	var previous []byte
	for pos < len(e.data) && w.frames < tileMost {
		sp, err := e.scan(c, pos, framing.DefaultMax)
		if err != nil {
			return walk{}, 0
		}
		n := sp.Len()
		if n == 0 {
			break
		}
		raw := e.data[pos : pos+n]
		if name == "ws" {
			if _, ok := checkWS(raw, sp, previous, e.from); !ok {
				return walk{}, 0
			}
		}
		previous = raw
		body := raw[sp.Head : sp.Head+sp.Body]
		if len(body) > 1 && (body[0] == '{' && body[len(body)-1] == '}' || body[0] == '[' && body[len(body)-1] == ']') {
			values++
		}
		if textual(body) {
			texts++
		}
		if name == "resp" && strings.IndexByte(respTypes, raw[0]) < 0 {
			words++
		}
		w.frames++
		w.bytes = w.bytes && sp.Head == 1
		if len(body) > 0 && (len(body) > 8 || len(bytes.Trim(body, "\x00")) > 0) {
			w.proofs++
		}
		pos += n
		if w.frames == 64 && (name == "line" || name == "json") && texts < 32 {
			return walk{}, 0
		}
	}
	if w.frames == 0 {
		return walk{}, 0
	}
	n := float64(w.frames)
	ended := e.data[len(e.data)-1]
	switch name {
	case "line", "crlf", "nul":
		delimiter := map[string]byte{"line": '\n', "crlf": '\n', "nul": 0}[name]
		if ended != delimiter || texts < w.frames || w.proofs*2 < w.frames || e.textHeads() && e.truncated() {
			return walk{}, 0
		}
		bits = -2
		if values == w.frames && (e.name != "crlf" || e.frames == 0) {
			bits += 10 * n
		} else if e.name == "json" || e.name == "crlf" && e.frames > 0 {
			return walk{}, 0 // lines that are no JSON belong to something else
		} else if w.frames > 1 {
			bits += min(2*n, 16) - 4*float64(e.frames)
			if e.textHeads() {
				return walk{}, 0
			}
		}
		if name == "crlf" {
			bits += 1 // says more than line
		}
		return w, bits
	case "resp":
		if words*2 > w.frames { // any lines are commands
			return walk{}, 0
		}
	case "json":
		if values < w.frames || e.name == "crlf" && e.frames > 0 {
			return walk{}, 0
		}
		return w, 9.5*float64(values) - 3
	case "slip":
		if ended != 0xc0 {
			return walk{}, 0
		}
		return w, 6*n - 8
	case "varint", "bsuint", "u8":
		if w.proofs*2 <= w.frames { // each other one is empty: the upper half of wider lengths
			return walk{}, 0
		}
		return w, 2 + min(8, math.Log2(1+float64(len(e.data))/n)) + textBits(e.data, texts, w.frames) - 4
	}
	bits = float64(w.proofs)*e.codecBits(c) + 4 - 6
	if name == "msg" || name == "lsp" {
		bits = max(bits, wordBits) // a word that chance does not write
	}
	if name == "fastdaemon" && isFixed(e.name) && texts < w.frames {
		bits /= 2 // its strings are text; other lengths are likelier
	}
	return w, bits
}

// textBits is the evidence in bodies that are all text although the stream is not.
func textBits(data []byte, texts, frames int) float64 {
	if texts < frames || textual(data) {
		return 0
	}
	return 2 * float64(frames)
}

// codecBits is the evidence in one frame of c, by what random places of the stream
// look like to it.
func (e *examination) codecBits(c frame.Codec) float64 {
	step := max(1, len(e.data)/512)
	valid, places := 0, 0
	for p := 0; p < len(e.data); p += step {
		places++
		buf := e.data[p:min(len(e.data), p+headWindow)]
		e.st = frame.State{}
		sp, need, err := c.Scan(buf, &e.st)
		if err == nil && (need == 0 || sp.Len() > 0) && p+sp.Len() <= len(e.data) {
			valid++
		}
	}
	return max(0.05, min(30, -math.Log2((float64(valid)+0.5)/(float64(places)+8))))
}

// framesOf counts the frames of a stream until one is broken.
func framesOf(spelling string, data []byte, ended bool) int {
	f, err := framing.Parse(spelling)
	if err != nil {
		return 0
	}
	e := newExamination(f, Stream{Data: data, Ended: ended}, Place{})
	e.decode()
	return e.frames
}
