package detect

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// fixedNames are the framings whose lengths differ in width and order only.
var fixedNames = []string{"u8", "u16be", "u16le", "u24be", "u24le", "u32be", "u32le", "u64be", "u64le"}

// spelledByField is the spelling by length-field options; empty where the framing is
// none of that family.
func (e *examination) spelledByField() string {
	if s := e.plainSpelling(); s != "" {
		return s
	}
	name, _, _ := strings.Cut(e.spelling, ",")
	if isFixed(name) || name == "varint" || name == "bsuint" {
		return e.spelling
	}
	for _, s := range framing.Specs() {
		if s.Name == name && s.Preset != "" {
			return s.Preset
		}
	}
	return ""
}

func isFixed(name string) bool {
	for _, f := range fixedNames {
		if f == name {
			return true
		}
	}
	return false
}

// fieldWidth is the width of a fixed length field in bytes; 0 for others.
func (e *examination) fieldWidth() int {
	name, _, _ := strings.Cut(e.field, ",")
	if e.name == "fastdaemon" {
		return 4
	}
	if !isFixed(name) {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimRight(name[1:], "bel"))
	return n / 8
}

// countsHead reports whether a length of this framing counts its own head.
func (e *examination) countsHead() bool {
	s := e.field
	return strings.Contains(s, ",incl") || strings.Contains(s, ",adjust=-")
}

// tryIncl is the end of a sentence that names the spelling which counts the head.
func (e *examination) tryIncl() string {
	if s := e.inclSpelling(); s != "" {
		return fmt.Sprintf(", or read it as -f %s", s)
	}
	return ""
}

func (e *examination) inclSpelling() string {
	s := e.field
	if s == "" || strings.Contains(s, "adjust=") || strings.Contains(s, "netty=") || e.countsHead() {
		return ""
	}
	return s + ",incl"
}

// shiftedSpelling is the framing at hand for bodies that have d bytes more than their
// lengths say, or behind which so many stand that are no part of the message; empty
// where no spelling says that.
func (e *examination) shiftedSpelling(d int, behind bool) string {
	s := e.field
	switch {
	case s == "" || strings.Contains(s, "adjust=") || strings.Contains(s, "netty="):
		return ""
	case behind && !strings.Contains(s, "tail="):
		s += fmt.Sprintf(",tail=%d", d)
	default:
		s += fmt.Sprintf(",adjust=%+d", d)
	}
	if _, err := framing.Parse(s); err != nil {
		return ""
	}
	return s
}

// An alternative is the framing at hand with another length field.
type alternative struct {
	spelling string
	cause    frame.Cause
	unit     unitScanner
}

func (a *alternative) explanation(claim, body int, where string) Explanation {
	x := Explanation{
		Cause:   a.cause,
		Detail:  fmt.Sprintf("read as %s the length is %d, not %d (%s)", a.spelling, body, claim, where),
		Repair:  "write the length in the other byte order",
		Framing: a.spelling,
	}
	if claim == body {
		x.Detail = fmt.Sprintf("read as %s the length is %d too, and the body begins elsewhere (%s)", a.spelling, body, where)
	}
	if a.cause == CauseWidth {
		x.Repair = "agree on the width of the length field"
	}
	return x
}

// alternatives returns the other ways to read the length field.
func (e *examination) alternatives() []alternative {
	if e.others != nil {
		return e.others
	}
	e.others = []alternative{}
	if e.name == "fastdaemon" {
		e.others = append(e.others, alternative{"u32le", CauseByteOrder, stringUnits{little: true}})
		return e.others
	}
	s := e.field
	name, options, _ := strings.Cut(s, ",")
	if !isFixed(name) || strings.Contains(options, "netty=") {
		return e.others
	}
	for _, other := range fixedNames {
		if other == name {
			continue
		}
		spelling := other
		if options != "" {
			spelling += "," + options
		}
		f, err := framing.Parse(spelling)
		if err != nil {
			continue
		}
		cause := CauseWidth
		if other[:len(other)-2] == name[:len(name)-2] {
			cause = CauseByteOrder
		}
		c := &codecUnits{codec: f.Either.Codec, starts: startBytes(f.Either.Codec), checked: checksTail(f.Either.Codec)}
		c.unverified(spelling)
		e.others = append(e.others, alternative{spelling, cause, c})
		if bare := unchecked(spelling); bare != "" && cause == CauseByteOrder { // the sum may be in the order at hand
			if f, err := framing.Parse(bare); err == nil {
				c := &codecUnits{codec: f.Either.Codec, starts: startBytes(f.Either.Codec)}
				e.others = append(e.others, alternative{bare, cause, c})
			}
		}
	}
	return e.others
}

// badDigits reports whether bytes that are no frame look like one whose length is
// written wrongly.
func (e *examination) badDigits(gap []byte) bool {
	at := e.stuckAt() - e.stuck
	word := func(end string, most int) bool {
		i := strings.Index(string(gap[:min(len(gap), most)]), end)
		if i < 0 || i > 12 {
			return false
		}
		return !strings.ContainsAny(string(gap[:i]), "\r\n\t<[{(\"")
	}
	if e.onlyNumber() {
		return true
	}
	if textual(gap) && gap[len(gap)-1] == '\n' && len(gap) > 16 && e.name != "lsp" {
		return false // a line of a log, whatever it begins with
	}
	if strings.Trim(string(gap), "0xX+- ") == "" && (e.name == "netstring" || e.name == "syslog") {
		return true // signs before a number
	}
	switch e.name {
	case "msg":
		return at >= len("\r\nMSG ")
	case "lsp", "stomp":
		return true
	case "netstring":
		return word(":", 16) && gap[len(gap)-1] == ','
	case "syslog":
		return word(" ", 16) && strings.ContainsAny(string(gap[:min(len(gap), 4)]), "0123456789")
	case "bgpy":
		return len(gap) >= 16 && strings.Trim(string(gap[:16]), "0123456789abcdefxABCDEFX+-. \x00\t,_") == ""
	case "chunked":
		return word("\r\n", 16)
	case "resp":
		return at >= 1 && word("\r\n", 16)
	}
	return false
}
