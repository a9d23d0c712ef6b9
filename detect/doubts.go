package detect

import "strings"

// doubt says why the answer that c is may be wrong, although nothing tiles the streams
// as well; empty where there is no reason.
func (c *claim) doubt(streams []Stream) (why, try string) {
	const start = "the stream from its first byte"
	switch {
	case c.opens(streams):
		return "what ends the messages stands before each of them, and none ends with it", "the stream to its last byte"
	case c.rule == nil || c.named:
		return "", ""
	case c.zerosBeside(streams):
		return "beside the length are zeros but in the first frame, which may be no frame: the length may be wider", start
	case c.cyclic():
		return "the frames are equally long in turn, which many rules explain", "messages of other lengths"
	}
	return "", ""
}

// opens reports whether streams begin with the delimiter, and none ends with it: then it
// begins messages.
func (c *claim) opens(streams []Stream) bool {
	delimiter := ""
	switch {
	case c.Framing == "nul":
		delimiter = "\x00"
	case strings.HasPrefix(c.Framing, "delim=\\x") && len(c.Framing) == len("delim=\\x00"):
		delimiter = string([]byte{hexadecimal(c.Framing[len("delim=\\x"):])})
	default:
		return false
	}
	for _, s := range streams {
		if s.Data[0] != delimiter[0] || s.Data[len(s.Data)-1] == delimiter[0] {
			return false
		}
	}
	return true
}

func hexadecimal(digits string) (value byte) {
	for _, c := range []byte(digits) {
		value = value<<4 | byte(strings.IndexByte("0123456789abcdef", c|0x20))
	}
	return value
}

// zerosBeside reports whether the byte by which the length would be wider is zero in all
// frames but the first of a stream.
func (c *claim) zerosBeside(streams []Stream) bool {
	const least = 8
	r := c.rule
	beside := r.at - 1
	if r.kind.little || r.kind.width == 1 && r.extra > r.at+1 {
		beside = r.at + r.kind.width
	}
	if r.kind.width == 0 || beside < 0 || beside >= r.extra {
		return false
	}
	frames, odd := 0, false
	for i, list := range c.starts {
		for k := range len(list) - 1 {
			if list[k]+beside >= len(streams[i].Data) {
				return false
			}
			zero := streams[i].Data[list[k]+beside] == 0
			if !zero && k > 0 {
				return false
			}
			odd = odd || !zero
			frames++
		}
	}
	return odd && frames >= least
}

// cyclic reports whether hops of the same few lengths follow one another in turn, as
// they do in records by any rule.
func (c *claim) cyclic() bool {
	const turns, least, share = 4, 12, 20
	for k := 2; k <= turns; k++ {
		hops, broken := 0, 0
		for _, list := range c.starts {
			for i := k + 1; i < len(list); i++ {
				hops++
				if list[i]-list[i-1] != list[i-k]-list[i-k-1] {
					broken++
				}
			}
		}
		if hops >= least && broken*share <= hops {
			return true
		}
	}
	return false
}
