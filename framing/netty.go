package framing

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/chancat/channel/frame"
)

var _ = register(Spec{
	Name:      "netty",
	Doc:       "Netty's LengthFieldBasedFrameDecoder, big-endian: netty=" + nettyNumbers,
	Options:   "lead=HEX pad=HEX",
	Canonical: true,
	Samples:   []string{"netty=0:4:0:4", "netty=0:4:-4:0", "netty=2:2:-4:0", "netty=4:4:-4:4", "netty=1:3:2:6"},
	Messages:  []string{"\x00\x00\x00\x04", "\x00\x00\x00\x06hi", "\x00\x00\x00\x08\x00\xff\r\n"},
	Value:     "OFFSET:WIDTH:ADJUST:STRIP",
	parse:     func(o *options) (frame.Codec, error) { return parseNetty(o, o.value, 0) },
})

const nettyNumbers = "OFFSET:WIDTH:ADJUST:STRIP"

// parseNettyOption reads netty= as an option of a big-endian length.
func parseNettyOption(o *options, code fixed) (frame.Codec, error) {
	for _, key := range []string{"at", "skip", "adjust", "incl", "tail", "trail", "magic"} {
		if o.has(key) {
			return nil, fmt.Errorf("netty and %s exclude each other: the four numbers of netty say everything", key)
		}
	}
	numbers, _ := o.text("netty")
	return parseNetty(o, numbers, code.width)
}

// parseNetty returns the codec for numbers, whose second must be width unless
// that is 0. The whole frame has length + ADJUST + OFFSET + WIDTH bytes; the
// message is the frame without its first STRIP bytes.
func parseNetty(o *options, numbers string, width int) (frame.Codec, error) {
	offset, code, adjust, strip, err := readNetty(numbers)
	if err != nil {
		return nil, fmt.Errorf("netty=%s: %w", numbers, err)
	}
	if width != 0 && width != code.width {
		return nil, fmt.Errorf("netty=%s: WIDTH is %d, but a length of %s has %d", numbers, code.width, o.name, width)
	}
	behind := strip - offset - code.width // bytes stripped behind the length
	skip := max(0, behind)
	c := lengthField{
		length: code,
		lead:   o.around("lead", "OFFSET", offset),
		pad:    o.around("pad", "what STRIP takes behind the length", skip),
		plus:   skip - adjust,
		rule:   "netty=" + numbers,
	}
	switch {
	case behind >= 0:
		return &c, nil
	case strip > 0:
		return &keptField{c, strip}, nil
	default:
		return &wholeField{keptField{c, 0}}, nil
	}
}

// A keptField frames a message that starts inside the head of field, strip bytes
// into the frame, and so holds its own length or the last bytes of it.
type keptField struct {
	field lengthField // without pad and trail
	strip int
}

func (c *keptField) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	if len(buf) < c.strip {
		return frame.Span{}, c.strip - len(buf), nil
	}
	sp, need, err := c.field.Scan(buf, st)
	if sp.Head == 0 { // its length is not known
		return sp, need, err
	}
	return frame.Span{Head: c.strip, Body: sp.Len() - c.strip}, need, err
}

func (c *keptField) AppendFrame(dst, msg []byte) ([]byte, error) { return appendFrame(c, dst, msg) }

func (c *keptField) AppendHead(dst, msg []byte) ([]byte, error) {
	width := c.field.length.size(0)
	kept := len(c.field.lead) + width - c.strip
	if len(msg) < kept {
		return dst, frame.Refuse("%d bytes; by %s a message starts with the last %d bytes of the head", len(msg), c.field.rule, kept)
	}
	framed, err := c.field.AppendHead(dst, msg[kept:])
	if err != nil {
		return dst, err
	}
	n := min(kept, width)
	got, want := msg[kept-n:kept], framed[len(framed)-n:]
	if !bytes.Equal(got, want) {
		return dst, frame.Refuse("by %s a message of %d bytes holds its length, %x, at byte %d; this one has %x",
			c.field.rule, len(msg), want, kept-n, got)
	}
	return framed[:len(framed)-kept], nil
}

func (c *keptField) AppendTail(dst, _ []byte) []byte { return dst }

func (c *keptField) drops() bool { return len(c.field.lead) > 0 && c.strip > 0 }

// A wholeField is a keptField whose message is the whole frame. It has no head
// that must come first, so its length can be located.
type wholeField struct{ keptField }

func (c *wholeField) LengthOffset([]byte) int { return len(c.field.lead) }

func readNetty(numbers string) (offset int, code fixed, adjust, strip int, err error) {
	bounds := []struct {
		name      string
		low, high int
	}{
		{"OFFSET", 0, maxAround},
		{"WIDTH", 1, 8},
		{"ADJUST", -maxAdjust, maxAdjust},
		{"STRIP", 0, maxAround},
	}
	fields := strings.Split(numbers, ":")
	if len(fields) != len(bounds) {
		return 0, code, 0, 0, fmt.Errorf("want four numbers, %s", nettyNumbers)
	}
	var n [4]int
	for i, b := range bounds {
		if n[i], err = strconv.Atoi(fields[i]); err != nil || n[i] < b.low || n[i] > b.high {
			return 0, code, 0, 0, fmt.Errorf("%s is %q; want a number from %d to %d", b.name, fields[i], b.low, b.high)
		}
	}
	switch n[1] {
	case 1, 2, 3, 4, 8:
		return n[0], fixed{width: n[1]}, n[2], n[3], nil
	}
	return 0, code, 0, 0, fmt.Errorf("WIDTH is %d; want 1, 2, 3, 4 or 8", n[1])
}
