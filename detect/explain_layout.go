package detect

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/chancat/channel/frame"
)

// A fieldLayout is a framing of the length-field family: a frame is as long as its
// length says, and extra bytes.
type fieldLayout struct {
	width  int // 0 for a number in base 128
	little bool
	at     int // bytes before the length
	extra  int // with a length in base 128 taken for 1 byte
	counts bool
}

// layout is that of the framing at hand.
func (e *examination) layout() (fieldLayout, bool) { return layoutOfSpelling(e.field) }

// layoutOfSpelling reads a spelling of the length-field family.
func layoutOfSpelling(spelling string) (l fieldLayout, ok bool) {
	name, options, _ := strings.Cut(spelling, ",")
	numbers, netty := strings.CutPrefix(name, "netty=")
	switch {
	case netty:
		n := strings.Split(numbers, ":")
		if len(n) != 4 {
			return l, false
		}
		l.at, l.width = numeral(n[0]), numeral(n[1])
		l.extra = l.at + l.width + numeral(n[2])
		l.counts = numeral(n[2]) < 0
		return l, true
	case isFixed(name):
		l.width = numeral(strings.TrimRight(name[1:], "bel")) / 8
		l.little = strings.HasSuffix(name, "le")
		l.extra = l.width
	case name == "varint", name == "bsuint":
		l.extra = 1
	default:
		return l, false
	}
	for option := range strings.SplitSeq(options, ",") {
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "at":
			l.extra += numeral(value) - l.at
			l.at = numeral(value)
		case "magic":
			if !strings.Contains(options, "at=") {
				l.at = len(value) / 2
				l.extra += l.at
			}
		case "skip", "adjust":
			l.extra += numeral(value)
			l.counts = l.counts || numeral(value) < 0
		case "tail":
			l.extra += sumWidths[value] + numeral(value)
		case "netty":
			return layoutOfSpelling("netty=" + value)
		}
	}
	if strings.Contains(","+options+",", ",incl,") {
		l.counts, l.extra = true, 0
	}
	return l, true
}

// plainSpelling writes the four numbers of Netty as the field that they describe, so
// that head and body are told apart; empty where there are none.
func (e *examination) plainSpelling() string {
	_, numbers, ok := strings.Cut(e.spelling, "netty=")
	if !ok {
		return ""
	}
	l, ok := layoutOfSpelling("netty=" + strings.SplitN(numbers, ",", 2)[0])
	if !ok {
		return ""
	}
	s := fmt.Sprintf("u%dbe", 8*l.width)
	if l.width == 1 {
		s = "u8"
	}
	if l.at > 0 {
		s += fmt.Sprintf(",at=%d", l.at)
	}
	if adjust := l.extra - l.at - l.width; adjust != 0 {
		s += fmt.Sprintf(",adjust=%d", adjust)
	}
	return s
}

// numeral reads what may be no number, which is 0.
func numeral(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func bitLen(v uint64) int { return bits.Len64(v) }

// kin names what is different in the lengths of another framing; wrong-framing where
// that is more than one thing.
func (e *examination) kin(spelling string) frame.Cause {
	mine, ok := e.layout()
	other, also := layoutOfSpelling(spelling)
	if !ok || !also || mine.width == 0 || other.width == 0 {
		return CauseWrongFraming
	}
	sameField := mine.width == other.width && mine.at == other.at && mine.little == other.little
	sameEnd := mine.at+mine.width == other.at+other.width
	switch {
	case mine.width == other.width && mine.at == other.at && mine.extra == other.extra && mine.little != other.little:
		return CauseByteOrder
	case mine.width != other.width && mine.extra-mine.width == other.extra-other.width && mine.at == other.at && (mine.width == 1 || other.width == 1 || mine.little == other.little):
		return CauseWidth
	case mine.width != other.width && mine.counts && other.counts && mine.extra == other.extra && mine.at == other.at && mine.little == other.little:
		return CauseWidth
	case mine.width != other.width && mine.extra == other.extra && (mine.little && mine.at == other.at || !mine.little && sameEnd):
		return CauseWidth
	case sameField && mine.counts && !other.counts && (other.extra-mine.extra == mine.width || other.extra-mine.extra == mine.at+mine.width):
		return CauseHeaderNotCounted
	case sameField && !mine.counts && other.counts && (mine.extra-other.extra == mine.width || mine.extra-other.extra == mine.at+mine.width):
		return CauseHeaderCounted
	}
	return CauseWrongFraming
}
