package framing_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/chancat/channel/framing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		spelling       string
		c2s, s2c       string // spellings of the same codecs
		c2sMax, s2cMax int
	}{
		{"msg", "msg", "msg", framing.DefaultMax, framing.DefaultMax},
		{"msg,lenient", "msg,lenient", "msg,lenient", framing.DefaultMax, framing.DefaultMax},
		{"msg,max=512", "msg", "msg", 512, 512},
		{"msg,max=0", "msg", "msg", 0, 0},
		{"msg,max=64K,lenient", "msg,lenient", "msg,lenient", 64 << 10, 64 << 10},
		{"msg/msg,lenient", "msg", "msg,lenient", framing.DefaultMax, framing.DefaultMax},
		{"msg,max=1MiB/msg,max=2", "msg", "msg", 1 << 20, 2},
	} {
		got, err := framing.Parse(c.spelling)
		if err != nil {
			t.Errorf("Parse(%q): %v", c.spelling, err)
			continue
		}
		if got.Spelling != c.spelling {
			t.Errorf("Parse(%q).Spelling = %q", c.spelling, got.Spelling)
		}
		if got.C2S.Codec != codec(t, c.c2s) || got.C2S.Max != c.c2sMax {
			t.Errorf("Parse(%q).C2S = %+v, want %s with a limit of %d", c.spelling, got.C2S, c.c2s, c.c2sMax)
		}
		if got.S2C.Codec != codec(t, c.s2c) || got.S2C.Max != c.s2cMax {
			t.Errorf("Parse(%q).S2C = %+v, want %s with a limit of %d", c.spelling, got.S2C, c.s2c, c.s2cMax)
		}
	}
}

// Each error says what is wrong with which part, and what would be right.
func TestParseErrors(t *testing.T) {
	for spelling, want := range map[string]string{
		"":                        `framing "": no name; 'chancat framings' lists them`,
		"msh":                     `framing "msh": unknown name "msh"; did you mean "msg"?`,
		"mgs":                     `framing "mgs": unknown name "mgs"; did you mean "msg"?`,
		"carrier-pigeon":          `framing "carrier-pigeon": unknown name "carrier-pigeon"; 'chancat framings' lists them`,
		"msg/":                    `framing "": no name; 'chancat framings' lists them`,
		"/msg":                    `framing "": no name; 'chancat framings' lists them`,
		"msg/line/nul":            `framing "msg/line/nul": more than two directions; want C2S/S2C, and a slash in an option is \x2f`,
		"msg/msgg":                `framing "msgg": unknown name "msgg"; did you mean "msg"?`,
		"msg=5":                   `framing "msg=5": msg takes no value`,
		"msg,lenient=1":           `framing "msg,lenient=1": lenient takes no value`,
		"msg,lenient,lenient":     `framing "msg,lenient,lenient": lenient is given twice`,
		"msg,max=1,max=2":         `framing "msg,max=1,max=2": max is given twice`,
		"msg,strict":              `framing "msg,strict": unknown option "strict"; msg knows lenient max=SIZE`,
		"msg,":                    `framing "msg,": unknown option ""; msg knows lenient max=SIZE`,
		"msg,Lenient":             `framing "msg,Lenient": unknown option "Lenient"; msg knows lenient max=SIZE`,
		"msg,max":                 `framing "msg,max": max needs a value`,
		"msg,max=":                `framing "msg,max=": max needs a value`,
		"msg,max=big":             `framing "msg,max=big": max=big: want a size such as 512, 64K or 16MiB`,
		"msg,max=-1":              `framing "msg,max=-1": max=-1: want a size such as 512, 64K or 16MiB`,
		"msg,max=99999999999999G": `framing "msg,max=99999999999999G": max=99999999999999G: larger than this machine can hold`,
	} {
		_, err := framing.Parse(spelling)
		if err == nil || err.Error() != want {
			t.Errorf("Parse(%q): got error %v\nwant %s", spelling, err, want)
		}
		if _, ok := errors.AsType[*framing.SpellingError](err); !ok {
			t.Errorf("Parse(%q): error is a %T, want a *framing.SpellingError", spelling, err)
		}
	}
}

// A long name is no reason for long work.
func TestParseLongName(t *testing.T) {
	if _, err := framing.Parse(strings.Repeat("m", 10_000)); err == nil {
		t.Error("got no error")
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int{
		"0": 0, "1": 1, "512": 512, "007": 7, "5B": 5,
		"1K": 1 << 10, "64k": 64 << 10, "1KB": 1 << 10, "1KiB": 1 << 10,
		"16M": 16 << 20, "16MB": 16 << 20, "16MiB": 16 << 20, "16mib": 16 << 20,
		"1G": 1 << 30, "1GiB": 1 << 30, "2147483647": math.MaxInt32,
	} {
		if got, err := framing.ParseSize(text); got != want || err != nil {
			t.Errorf("ParseSize(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "K", "-1", "+1", "-0", "1.5M", "1 K", " 1", "1_000", "0x10", "1T", "1KK", "1BB", "1iB", "1IK", "five", "１"} {
		if got, err := framing.ParseSize(text); got != 0 || err == nil {
			t.Errorf("ParseSize(%q) = %d, %v; want an error", text, got, err)
		}
	}
	for _, text := range []string{"9223372036854775808", "99999999999999999999", "8589934592G", "9007199254740992M"} {
		_, err := framing.ParseSize(text)
		if err == nil || err.Error() != "larger than this machine can hold" {
			t.Errorf("ParseSize(%q): error %v, want it called too large", text, err)
		}
	}
	if _, err := framing.ParseSize("4G"); (err != nil) != (math.MaxInt == math.MaxInt32) {
		t.Errorf("ParseSize of 4G where int has up to %d: error %v", math.MaxInt, err)
	}
}
