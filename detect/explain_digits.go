package detect

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/chancat/channel/frame"
)

const (
	wordMost   = 32 // bytes of what stands where a number belongs
	digitsBits = 16.0
)

// digits reads the length of the stuck frame, and of those behind it, as it may have
// been meant: with a sign, zeros in front, blanks, quotes, in the other base.
func (e *examination) digits() {
	if e.err.Cause == frame.CauseTruncated || e.unit == nil || e.binary() || e.stuckAt() >= len(e.data) {
		return
	}
	pos, frames, odd := e.stuck, 0, 0
	first, value := "", 0
	for pos < len(e.data) && frames < 1<<16 {
		word, n := "", 0
		size, _, ok := e.edited(pos, func(text []byte, at int) ([]byte, int) {
			from, to := e.wordAt(text, at)
			v, ok := e.meant(string(text[from:to]))
			if !ok || word != "" || string(text[from:to]) == e.written(v) {
				return nil, 0
			}
			word, n = string(text[from:to]), v
			written := e.written(v)
			if e.name == "bgpy" {
				written = fmt.Sprintf("%-16s", written)
			}
			return append(append(append([]byte(nil), text[:from]...), written...), text[to:]...), len(written) - (to - from)
		})
		if !ok || size <= 0 || pos+size > len(e.data) || frames == 0 && word == "" {
			break
		}
		if word != "" {
			if odd++; odd == 1 {
				first, value = word, n
			}
		}
		frames++
		pos += size
	}
	if odd == 0 {
		return
	}
	where := howMany(odd, frames)
	bits := e.digitBits(frames, pos) - 1
	e.add(Explanation{
		Cause:  frame.CauseBadDigits,
		Detail: fmt.Sprintf("the length is written %q and meant as %d (%s): %s", first, value, where, reason(e.err)),
		Repair: fmt.Sprintf("write it as %s", e.written(value)),
		Then:   frames,
	}, e.stuck, e.frames, e.base(e.frames)+bits)
}

// digitBits is the evidence in frames up to pos whose lengths are written in another way.
func (e *examination) digitBits(frames, pos int) float64 {
	bits := float64(frames) * max(digitsBits, e.frameBits())
	if pos < len(e.data) {
		bits -= 4
	} else if e.chain != nil {
		bits += e.chain.last
	}
	return bits
}

// reason is what the decoder said, without the sentinel.
func reason(err *frame.Error) string {
	return strings.TrimPrefix(err.Err.Error(), frame.ErrSyntax.Error()+": ")
}

// wordAt returns where the number stands that the codec refuses at text[at:].
func (e *examination) wordAt(text []byte, at int) (from, to int) {
	stops, starts := "\r\n", "\n"
	switch e.name {
	case "bgpy":
		return 0, min(len(text), 16)
	case "netstring":
		stops, starts = ":", ""
	case "syslog":
		// Blanks before the number belong to it, the one behind it does not.
		for to < len(text) && text[to] == ' ' {
			to++
		}
		stops, starts, at = " ", "", max(at, to)
	case "msg":
		from = min(len("\r\nMSG "), len(text))
		starts = ""
	case "chunked":
		stops, starts = ";\r\n", ""
	case "lsp", "stomp":
		starts = ":\n"
	case "nats", "memcached":
		stops, starts = " \r\n", " \n"
	}
	if starts != "" {
		from = bytes.LastIndexAny(text[:at], starts) + 1
		if e.name == "resp" && from < len(text) {
			from++ // the type
		}
	}
	to = max(from, at)
	if i := bytes.IndexAny(text[to:min(len(text), to+wordMost)], stops); i >= 0 {
		return from, to + i
	}
	return from, from
}

// meant reads a word as the number that it may have been meant for.
func (e *examination) meant(word string) (n int, ok bool) {
	base := 10
	if e.name == "chunked" {
		base = 16
	}
	s := strings.Trim(word, " \t\"'+")
	if e.name == "bgpy" {
		s = strings.Trim(s, "\x00")
	}
	if len(s) == 0 || len(word) > wordMost {
		return 0, false
	}
	if hex, cut := strings.CutPrefix(strings.ToLower(s), "0x"); cut {
		s, base = hex, 16
	}
	if base == 10 {
		s, _ = strings.CutSuffix(s, ".0")
		s = strings.TrimRight(s, "bBytesoc ") // bytes, octets
	}
	s = strings.NewReplacer(",", "", "_", "").Replace(s)
	v, err := strconv.ParseUint(s, base, 31)
	if err != nil && base == 10 {
		v, err = strconv.ParseUint(s, 16, 31)
	}
	return int(v), err == nil && int(v) <= e.max
}

// written is a length as the framing writes it.
func (e *examination) written(n int) string {
	if e.name == "chunked" {
		return strconv.FormatInt(int64(n), 16)
	}
	return strconv.Itoa(n)
}

// onlyNumber reports whether the head of the stuck frame is right but for what
// stands where its number belongs.
func (e *examination) onlyNumber() bool {
	switch e.name {
	case "msg", "lsp", "resp", "nats", "memcached", "stomp":
	default:
		return false // the head is a number and nothing else
	}
	if e.err.Cause != frame.CauseBadDigits && e.err.Cause != frame.CauseSyntax {
		return false
	}
	at := e.stuckAt() - e.stuck
	text := e.data[e.stuck:min(len(e.data), e.stuck+endingWindow)]
	if at <= 0 || at >= len(text) {
		return false
	}
	from, to := e.wordAt(text, at)
	if from == 0 {
		return false
	}
	for head := e.stuck; ; {
		u, cut, ok := e.unit.scan(e.data, head)
		if cut {
			return false
		}
		if !ok {
			if e.name == "resp" && head != e.stuck+from-1 {
				return false
			}
			break
		}
		if head += u.len(); head > e.stuckAt() || u.len() == 0 {
			return false // that number is right
		}
	}
	tried := append(append(append([]byte(nil), text[:from]...), '1'), text[to:]...)
	_, _, err := e.codec.Scan(tried, &frame.State{})
	f := asFrameError(err)
	return f == nil || f.Offset > int64(from)+1
}
