package detect

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// A named is a framing that is no rule of the length-field family by itself.
type named struct {
	name   string
	cost   float64 // bits, as of a rule
	same   []string
	rule   *rule                                           // of a preset: what it is a spelling of
	single bool                                            // one frame is enough, if it proves enough
	chance func(b []byte, starts []int) (tried, could int) // instead of trying the codec at other places
	sure   bool                                            // parts of frames look like frames: that a frame could begin there means nothing
	lines  bool                                            // its frames are lines of text, among other things

	// check judges a frame by what the protocol puts into it: how many bits speak
	// for the protocol, and whether it can be one at all. previous is the frame
	// before it, nil for the first. Nil means that the codec has said it all.
	check func(raw []byte, sp frame.Span, previous []byte, from Side) (bits float64, ok bool)

	// proves says how many bits a frame proves at most; nil means rarest.
	proves func(raw []byte) float64
}

const (
	preset     = 2  // cost of a preset
	checkMost  = 60 // bits that the content of frames proves at most
	scanWindow = 4 << 10
	longFrames = 4096 // frames of a stream that a codec is tried on
)

var u32be, u32le, u16be, u24be, u24le = &numbers[5], &numbers[6], &numbers[1], &numbers[3], &numbers[4]
var varint, bsuint = &numbers[9], &numbers[10]

// framings are those that are tried by running their codecs.
var framings = []named{
	{name: "msg", cost: 1, single: true, lines: true},
	{name: "lsp", cost: 1, single: true, lines: true, same: []string{"dap", "header"}},
	{name: "netstring", cost: 2, single: true},
	{name: "syslog", cost: 3, check: checkSyslog},
	{name: "bgpy", cost: 3, single: true, sure: true, lines: true},
	{name: "resp", cost: 2, single: true, sure: true, lines: true, proves: provesRESP},
	{name: "nats", cost: 3, single: true, lines: true},
	{name: "memcached", cost: 3, single: true, lines: true, check: checkMemcached},
	{name: "stomp", cost: 3, single: true, lines: true},
	{name: "chunked", cost: 3, single: true, lines: true},
	{name: "jsonseq", cost: 3, single: true},
	{name: "ws", cost: 3, single: true, check: checkWS},
	{name: "cobs", cost: 3, chance: cobsChance},
	{name: "json", cost: 2, sure: true, lines: true, proves: provesJSON},
	{name: "postgres", cost: preset, rule: &rule{kind: u32be, at: 1, extra: -4}, single: true, check: checkPostgres},
	{name: "mysql", cost: preset, rule: &rule{kind: u24le, extra: 1}, single: true, check: checkMySQL},
	{name: "mongodb", cost: preset, rule: &rule{kind: u32le, extra: -4}, single: true, check: checkMongoDB},
	{name: "mqtt", cost: preset, rule: &rule{kind: varint, at: 1}, single: true, check: checkMQTT},
	{name: "tls", cost: preset, rule: &rule{kind: u16be, at: 3}, single: true, check: checkTLS},
	{name: "amqp", cost: preset, rule: &rule{kind: u32be, at: 3, extra: 1}, single: true},
	{name: "http2", cost: preset, rule: &rule{kind: u24be, extra: 6}, single: true, check: checkHTTP2},
	{name: "bgp", cost: preset, rule: &rule{kind: u16be, at: 16, extra: -18}, single: true},
	{name: "modbus", cost: preset, rule: &rule{kind: u16be, at: 4}, check: checkModbus},
	{name: "dns", cost: preset, rule: &rule{kind: u16be}, single: true, check: checkDNS},
	{name: "kafka", cost: preset, rule: &rule{kind: u32be}, single: true, check: checkKafka},
	{name: "thrift", cost: preset, rule: &rule{kind: u32be}, single: true, check: checkThrift},
	{name: "packetstream", cost: preset, rule: &rule{kind: bsuint}, check: checkPacketstream},
}

// alsoNamed are presets that nothing in the data can tell from their spelling.
var alsoNamed = []named{
	{name: "grpc", rule: &rule{kind: u32be, at: 1}},
	{name: "nativemessaging", rule: &rule{kind: u32le}},
}

// presetsOf returns the names of the presets that are spellings of r.
func presetsOf(r *rule) []string {
	var names []string
	for _, list := range [][]named{framings, alsoNamed} {
		for _, n := range list {
			if n.rule != nil && *n.rule == *r {
				names = append(names, n.name)
			}
		}
	}
	return names
}

// codecs tries the framings that are known by name.
func codecs(streams []Stream) (claims, broken []claim) {
	for i := range framings {
		n := &framings[i]
		f, err := framing.Parse(n.name)
		if err != nil {
			continue
		}
		c, ok := n.try(f, windowsOf(streams))
		if streams[0].wide {
			if !ok || crowded(c.starts) {
				continue // a window was enough to judge it
			}
			c, ok = n.try(f, streams)
		}
		if ok {
			claims = append(claims, c)
		} else if c.Bytes > 0 {
			broken = append(broken, c)
		}
	}
	return claims, broken
}

// crowded reports whether more frames than a few start in a window.
func crowded(starts [][]int) bool {
	return slices.ContainsFunc(starts, func(list []int) bool { return len(list) > fewSeen })
}

// try runs the codecs of f over streams and says how much speaks for it.
func (n *named) try(f framing.Framing, streams []Stream) (claim, bool) {
	out := claim{Candidate: Candidate{Framing: n.name, SameAs: n.same}}
	var (
		content, hops float64
		proofs        int
		wrong         string
		wrongAt       int64
	)
	for _, s := range streams {
		var (
			previous []byte
			list     []int
			d        = DirectionOf(f, s.From)
			fresh    = 0
		)
		s.Data, s.Ended = s.seen(), s.Ended && len(s.Data) == len(s.seen())
		t := TileCodec(s, d, longFrames, func(at int, sp frame.Span) {
			raw := s.Data[at : at+sp.Len()]
			list = append(list, at)
			if n.check != nil && wrong == "" {
				bits, ok := n.check(raw, sp, previous, s.From)
				if content += bits; !ok {
					wrong = fmt.Sprintf("byte %d: the length fits, what the frame holds is not of %s", at, n.name)
					wrongAt = int64(at)
				}
			}
			if !bytes.Equal(raw, previous) {
				most := float64(rarest)
				if n.proves != nil {
					most = n.proves(raw)
				}
				if fresh++; fresh <= columnFrames {
					hops += most
					proofs++
				}
			}
			previous = raw
		})
		out.Frames += t.Frames
		out.Bytes += t.Bytes
		if t.Cut {
			out.Cut++
			if s.Ended {
				out.bits -= missingEnd
			}
		}
		out.starts = append(out.starts, append(list, int(t.Bytes)))
		switch {
		case t.Err != nil:
			out.Broke = fmt.Sprintf("byte %d: %v", t.Err.Offset, t.Err.Err)
			return out, false
		case wrong != "":
			out.Broke, out.Bytes, out.Frames = wrong, wrongAt, 0
			return out, false
		case t.Frames == 0 && !headOnly(d.Codec, s.Data):
			out.Broke = "the stream ends inside its first frame"
			return out, false
		case t.Frames == 0:
			hops += rarest
			proofs++
		}
		if n.rule != nil && lineText(s.Data, true) {
			out.bits -= 1.4*float64(min(t.Frames, columnFrames)) + lineBits
		}
	}
	if proofs > 0 && !n.sure {
		hops = min(hops, float64(proofs)*n.surprise(f, streams, out.starts))
	}
	if n.lines && hops+content > 10 {
		hops += lineBits // lines of text are no news in it
	}
	hops = min(max(hops, 0), mostHops)
	out.bits += hops + min(content, checkMost) - n.cost
	out.single = out.Frames <= 1
	if n.rule != nil {
		if n.check != nil && content < max(8, 1.5*float64(out.Frames)) {
			out.Broke, out.Bytes, out.Frames = "nothing in the frames is of "+n.name, 0, 0
			return out, false
		}
		out.rule, out.named = n.rule, true
		out.SameAs = append(out.SameAs, n.rule.spelling(layout{skip: max(n.rule.extra, 0)}))
	}
	c := chain{starts: out.starts}
	c.sum()
	out.chain = c.hash
	out.Evidence = "every frame is one of " + n.name
	out.single = out.single && !(n.single && out.Frames > 0 && out.bits >= 16)
	return out, true
}

// headOnly reports whether b is the head of a frame and a part of its body.
func headOnly(c frame.Codec, b []byte) bool {
	sp, need, err := c.Scan(b, &frame.State{})
	return err == nil && need > 0 && sp.Head >= len("1:") && sp.Body > 0 && isText(b[:min(sp.Head, len(b))])
}

// surprise is how many bits a frame proves: how seldom a frame could begin
// at a place where none does.
func (n *named) surprise(f framing.Framing, streams []Stream, starts [][]int) float64 {
	const samples = 256
	tried, could := 0, 0
	for i, s := range streams {
		b := s.seen()
		step := max(1, len(b)*len(streams)/samples)
		codec := DirectionOf(f, s.From).Codec
		if f.Spelling == "resp" {
			codec = f.S2C.Codec // no inline commands: any text is one
		}
		list := starts[i]
		if n.chance != nil {
			t, c := n.chance(b, list)
			tried, could = tried+t, could+c
			continue
		}
		for pos, next := 1, 0; pos < len(b); pos += step {
			for next < len(list) && list[next] < pos {
				next++
			}
			if next < len(list) && list[next] == pos {
				continue
			}
			tried++
			var st frame.State
			rest := b[pos:min(len(b), pos+scanWindow)]
			sp, need, err := codec.Scan(rest, &st)
			if err == nil && (need == 0 || len(rest) == scanWindow && sp.Len() <= len(s.Data)-pos) {
				could++
			}
		}
	}
	if tried == 0 {
		return 0
	}
	if could == 0 {
		return rarest
	}
	return -math.Log2((float64(could) + 1) / (float64(tried) + 2))
}

// cobsChance tries places between the codes of frames: a chain of codes that
// starts at one of its own is a chain, too.
func cobsChance(b []byte, starts []int) (tried, could int) {
	chain := func(pos int) bool {
		for pos < len(b) && b[pos] != 0 {
			if bytes.IndexByte(b[pos+1:min(len(b), pos+int(b[pos]))], 0) >= 0 {
				return false
			}
			pos += int(b[pos])
		}
		return pos < len(b)
	}
	for i := 1; i < len(starts) && tried < 1024; i++ {
		code := starts[i-1]
		for pos := code; pos < starts[i]-1; pos++ {
			if pos == code {
				code += int(b[pos])
				continue
			}
			if tried++; chain(pos) {
				could++
			}
		}
	}
	return tried, could
}

func provesRESP(raw []byte) float64 {
	if bytes.IndexByte([]byte("*$%~>"), raw[0]) >= 0 {
		return rarest
	}
	if bytes.IndexByte([]byte("+-:_#,(!=|"), raw[0]) >= 0 {
		return 6
	}
	return 0 // an inline command: any line is one
}

// provesJSON believes in objects and arrays; a number or a word may be anything.
func provesJSON(raw []byte) float64 {
	own := len(raw) > 0 && (raw[0] == '\n' || raw[0] == '\r') // it begins a line
	switch raw = bytes.TrimSpace(raw); {
	case len(raw) == 0:
		return 0
	case raw[0] == '{', raw[0] == '[':
		return min(rarest, 4+float64(len(raw))/2)
	}
	if own {
		return 1
	}
	return -8 // numbers and words beside values are rather lengths or text
}
