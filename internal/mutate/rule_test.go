package mutate

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/chancat/channel/frame"
)

func TestParseRule(t *testing.T) {
	for _, text := range []string{
		"msg=3:truncate=5", "match=TEXT:delay=2s", "every=10:dup", "msg=7:length+1", "rate=1%:split", "msg=1:drop",
		"c2s:every=2:corrupt", "s2c:msg=1:reset", "rate=0.5%:drop", "rate=100%:dup", "msg=1:length-3", "msg=1:delay=0.5",
		`match=a\x3ab:c:drop`, "msg=1:length-huge", "msg=1:truncate=0", "msg=1:head-only",
	} {
		r, err := ParseRule(text)
		if err != nil || r.String() != text {
			t.Errorf("%s: %v, %v", text, r, err)
		}
	}
}

func TestParseRuleRefuses(t *testing.T) {
	for text, why := range map[string]string{
		"":                    "want WHICH:WHAT",
		"drop":                "want WHICH:WHAT",
		"msg=0:drop":          "from 1 on",
		"msg=-1:drop":         "from 1 on",
		"msg=x:drop":          "from 1 on",
		"every=0:drop":        "from 1 on",
		"rate=0%:drop":        "above 0%",
		"rate=101%:drop":      "up to 100%",
		"rate=NaN%:drop":      "above 0%",
		"rate=5:drop":         "rate=1%",
		"match=:drop":         "needs a text",
		`match=\q:drop`:       "column",
		"when=1:drop":         "known are msg=N",
		"msg=1:":              "unknown fault",
		"msg=1:explode":       "known are truncate=N",
		"msg=1:drop=1":        "unknown fault",
		"msg=1:delay":         "want a time",
		"msg=1:delay=-1s":     "want a time",
		"msg=1:delay=0":       "want a time",
		"msg=1:truncate=-1":   "number of bytes",
		"msg=1:truncate=x":    "number of bytes",
		"msg=1:length+0":      "changes the length",
		"msg=1:length+":       "changes the length",
		"msg=1:length":        "unknown fault",
		"up:msg=1:drop":       "known are msg=N",
		"c2s:s2c:msg=1:drop":  "known are msg=N",
		"msg=1:delay=soon":    "want a time",
		"msg=1:truncate=1e99": "number of bytes",
	} {
		if r, err := ParseRule(text); err == nil {
			t.Errorf("%s is accepted as %+v", text, r)
		} else if !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v; want %q in it", text, err, why)
		}
	}
}

func FuzzParseRule(f *testing.F) {
	for _, text := range []string{"msg=3:truncate=5", "c2s:match=a:b:delay=2s", "rate=1%:length+1", `match=\u{e9}:corrupt`} {
		f.Add(text)
	}
	fr, c := frame.Frame{}, frame.Codec(nil)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRule(text)
		if err != nil {
			return
		}
		if fr.Raw == nil {
			fr, c = framed(t, "msg", "hello")
		}
		for way, n := range map[Way]int{C2S: 0, S2C: 1} {
			if s := NewFaults([]Rule{r}, way, 1, 1); s != nil {
				e := s.Apply(fr, fr.Body(), c, n+1)
				if e.Delay < 0 || e.Copies < 0 || len(e.Raw) > 1<<21 {
					t.Errorf("%q: %+v", text, e)
				}
			}
		}
	})
}

// effects are what rules make of the messages a, bb, ccc, … of the client.
func effects(t *testing.T, seed uint64, spelling string, messages []string, rules ...string) []string {
	t.Helper()
	var parsed []Rule
	for _, text := range rules {
		r, err := ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, r)
	}
	s := NewFaults(parsed, C2S, seed, 1)
	var list []string
	for i, m := range messages {
		f, c := framed(t, spelling, m)
		e := s.Apply(f, []byte(m), c, i+1)
		text := fmt.Sprintf("%q*%d", e.Raw, e.Copies)
		if e.Split {
			text += " split"
		}
		if e.Reset {
			text += " reset"
		}
		if e.Delay > 0 {
			text += " " + e.Delay.String()
		}
		if len(e.Refused) > 0 {
			text += " refused"
		}
		list = append(list, text)
	}
	return list
}

func TestFaults(t *testing.T) {
	three := []string{"a", "bb", "ccc"}
	for rules, want := range map[string]string{
		"msg=2:drop":                     `"\x01a"*1|"\x02bb"*0|"\x03ccc"*1`,
		"every=2:dup":                    `"\x01a"*1|"\x02bb"*2|"\x03ccc"*1`,
		"match=c:truncate=2":             `"\x01a"*1|"\x02bb"*1|"\x03c"*1`,
		"msg=1:truncate=9":               `"\x01a"*1 refused|"\x02bb"*1|"\x03ccc"*1`,
		"msg=3:length+1":                 `"\x01a"*1|"\x02bb"*1|"\x04ccc"*1`,
		"msg=3:length-1 msg=3:dup":       `"\x01a"*1|"\x02bb"*1|"\x02ccc"*2`,
		"rate=100%:split":                `"\x01a"*1 split|"\x02bb"*1 split|"\x03ccc"*1 split`,
		"msg=1:reset":                    `"\x01a"*1 reset|"\x02bb"*1|"\x03ccc"*1`,
		"msg=1:delay=1s msg=1:delay=2s":  `"\x01a"*1 3s|"\x02bb"*1|"\x03ccc"*1`,
		"msg=1:truncate=1 msg=1:corrupt": `"\x01"*1 refused|"\x02bb"*1|"\x03ccc"*1`,
		"c2s:msg=1:drop s2c:msg=2:drop":  `"\x01a"*0|"\x02bb"*1|"\x03ccc"*1`,
	} {
		if got := strings.Join(effects(t, 1, "u8", three, strings.Fields(rules)...), "|"); got != want {
			t.Errorf("%s:\n%s, want\n%s", rules, got, want)
		}
	}
	if NewFaults(nil, C2S, 1, 1) != nil {
		t.Error("no rules are some")
	}
}

func TestChanceIsSeeded(t *testing.T) {
	var many []string
	for range 200 {
		many = append(many, "hello")
	}
	first := effects(t, 7, "msg", many, "rate=10%:corrupt", "rate=5%:drop")
	again := effects(t, 7, "msg", many, "rate=10%:corrupt", "rate=5%:drop")
	other := effects(t, 8, "msg", many, "rate=10%:corrupt", "rate=5%:drop")
	if strings.Join(first, "") != strings.Join(again, "") {
		t.Error("two runs with one seed differ")
	}
	if strings.Join(first, "") == strings.Join(other, "") {
		t.Error("another seed makes no difference")
	}
	changed := 0
	for _, text := range first {
		if !strings.Contains(text, "hello") {
			changed++
			if len(text) < len(`"\r\nMSG 5\r\nhello"*1`) || !strings.HasPrefix(text, `"\r\nMSG 5\r\n`) {
				t.Errorf("%s is more than a changed body", text)
			}
		}
	}
	if changed < 5 || changed > 60 {
		t.Errorf("%d of 200 are corrupt", changed)
	}
}

func TestRuleFits(t *testing.T) {
	r, err := ParseRule("msg=1:length+1")
	if err != nil {
		t.Fatal(err)
	}
	_, msg := framed(t, "msg", "x")
	_, line := framed(t, "line", "x")
	if err := r.Fits(msg); err != nil {
		t.Error(err)
	}
	if err := r.Fits(line); err == nil {
		t.Error("a line has no length")
	}
}

// What is understood as pieces hands on every byte, in order.
func FuzzParseDelivery(f *testing.F) {
	for _, s := range []string{"each-byte", "split", "merge", "merge:3", "random:7", "2,11", "1000000000000", ","} {
		f.Add(s, []byte("a frame"))
	}
	f.Fuzz(func(t *testing.T, text string, frame []byte) {
		d, err := ParseDelivery(text)
		if err != nil {
			if d, err = ParseChunks(text); err != nil {
				return
			}
		}
		var got bytes.Buffer
		w := NewWriter(t.Context(), &got, d, 0)
		for range 3 {
			if n, err := w.Write(frame); n != len(frame) || err != nil {
				t.Fatalf("%q: %d, %v", text, n, err)
			}
		}
		if err := w.Flush(); err != nil || !bytes.Equal(got.Bytes(), bytes.Repeat(frame, 3)) {
			t.Errorf("%q: %q became %q, %v", text, frame, got.Bytes(), err)
		}
	})
}
