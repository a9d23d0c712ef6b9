package mutate

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/text/escape"
)

// A Way is the direction of a message.
type Way string

// The ways of a message.
const (
	C2S Way = "c2s" // from the client to the server
	S2C Way = "s2c"
)

// A Rule says which messages are spoilt, and how (docs/spec.md §7.6):
//
//	[c2s:|s2c:]WHICH:WHAT
//	msg=3:truncate=5   match=TEXT:delay=2s   every=10:dup   rate=1%:split
type Rule struct {
	text string
	way  Way // "" for both

	// Which: exactly one is set.
	nth   int
	every int
	match []byte
	rate  float64 // 0 to 1

	what  string // with its value
	delay time.Duration
}

func (r Rule) String() string { return r.text }

// ParseRule reads a rule. The error says what is senseless about it.
func ParseRule(text string) (Rule, error) {
	r := Rule{text: text}
	rest := text
	if way, after, ok := strings.Cut(rest, ":"); ok && (way == string(C2S) || way == string(S2C)) {
		r.way, rest = Way(way), after
	}
	colon := strings.LastIndexByte(rest, ':') // TEXT of match= may have others
	if colon < 0 {
		return Rule{}, fmt.Errorf("fault %q: want WHICH:WHAT, such as msg=3:drop", text)
	}
	if err := r.parseWhich(rest[:colon]); err != nil {
		return Rule{}, fmt.Errorf("fault %q: %w", text, err)
	}
	if err := r.parseWhat(rest[colon+1:]); err != nil {
		return Rule{}, fmt.Errorf("fault %q: %w", text, err)
	}
	return r, nil
}

func (r *Rule) parseWhich(text string) (err error) {
	name, value, _ := strings.Cut(text, "=")
	switch name {
	case "msg":
		r.nth, err = positive(name, value)
	case "every":
		r.every, err = positive(name, value)
	case "match":
		if r.match, err = escape.Unescape(nil, []byte(value)); err == nil && len(r.match) == 0 {
			err = fmt.Errorf("match= needs a text")
		}
	case "rate":
		number, percent := strings.CutSuffix(value, "%")
		share, bad := strconv.ParseFloat(number, 64)
		if bad != nil || !percent || !(share > 0 && share <= 100) {
			return fmt.Errorf("rate=%s: want a share of the messages above 0%% and up to 100%%, such as rate=1%%", value)
		}
		r.rate = share / 100
	default:
		return fmt.Errorf("unknown choice of messages %q; known are msg=N, every=N, match=TEXT, rate=P%%", text)
	}
	return err
}

func positive(name, value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s=%s: want a number from 1 on", name, value)
	}
	return n, nil
}

func (r *Rule) parseWhat(text string) error {
	r.what = text
	name, value, valued := strings.Cut(text, "=")
	switch {
	case name == "delay":
		d, err := time.ParseDuration(value)
		if n, bare := strconv.ParseFloat(value, 64); bare == nil && n < 1e9 {
			d, err = time.Duration(n*float64(time.Second)), nil
		}
		if err != nil || d <= 0 {
			return fmt.Errorf("delay=%s: want a time such as 300ms or 2s", value)
		}
		r.delay = d
		return nil
	case name == "truncate" && valued:
		if n, err := strconv.Atoi(value); err != nil || n < 0 {
			return fmt.Errorf("truncate=%s: want a number of bytes", value)
		}
		return nil
	case strings.HasPrefix(text, "length+"), strings.HasPrefix(text, "length-"):
		switch text {
		case "length-negative", "length-huge", "length-garbage":
			return nil
		}
		if n, err := strconv.Atoi(text[len("length"):]); err != nil || n == 0 {
			return fmt.Errorf("%s: want a number that changes the length, such as length+1", text)
		}
		return nil
	}
	switch text {
	case "drop", "dup", "corrupt", "split", "reset", "truncate", "head-only":
		return nil
	}
	return fmt.Errorf("unknown fault %q; known are truncate=N, drop, dup, corrupt, length+N, length-N, delay=D, split, reset", text)
}

// Fits returns an error if no frame of c can suffer the fault.
func (r Rule) Fits(c frame.Codec) error {
	_, declares := c.(frame.LengthLocator)
	if strings.HasPrefix(r.what, "length") && !declares {
		return fmt.Errorf("fault %q: this framing declares no length", r.text)
	}
	return nil
}

// Way is the direction that the rule is limited to; "" for none.
func (r Rule) Way() Way { return r.way }

// Cuts reports whether the rule needs a stream of bytes: it is about the pieces of
// a frame, or its head.
func (r Rule) Cuts() bool { return r.what == "split" || strings.HasPrefix(r.what, "length") }

// chooses reports whether the message with that number is meant. chance is called
// for a rate only.
func (r *Rule) chooses(seq int, msg []byte, chance func() float64) bool {
	switch {
	case r.nth > 0:
		return seq == r.nth
	case r.every > 0:
		return seq%r.every == 0
	case r.match != nil:
		return bytes.Contains(msg, r.match)
	}
	return chance() < r.rate
}
