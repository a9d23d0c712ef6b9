package recording

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chancat/channel/session"
)

// summary is what tells the events of a test apart, one word each.
func summary(events []session.Event) (words []string) {
	for _, e := range events {
		switch e.Kind {
		case session.Message:
			words = append(words, fmt.Sprintf("%s%d@%d=%s", e.From[:1], e.Seq, e.Offset, e.Data))
		case session.Broken:
			words = append(words, fmt.Sprintf("%s!%d:%d=%s", e.From[:1], e.Offset, e.At, e.Cause))
		default:
			words = append(words, string(e.Kind))
		}
	}
	return words
}

func readOf(from session.Side, data string) session.Event {
	return session.Event{Kind: session.Read, Conn: 1, From: from, N: len(data), Data: []byte(data)}
}

func TestDecode(t *testing.T) {
	c, s := session.Client, session.Server
	closed := func(from session.Side, reason string) session.Event {
		return session.Event{Kind: session.Close, Conn: 1, From: from, Reason: reason}
	}
	for _, test := range []struct {
		name   string
		events []session.Event
		want   []string
	}{
		{"over several reads",
			[]session.Event{readOf(c, "\x01a\x02"), readOf(s, "\x01x"), readOf(c, "bc\x00"), closed(c, "eof")},
			[]string{"read", "c1@0=a", "read", "s1@0=x", "read", "c2@2=bc", "c3@5=", "close"}},
		{"messages that stand there already are made anew",
			[]session.Event{readOf(c, "\x01a"), {Kind: session.Message, Conn: 1, From: c, Seq: 9}},
			[]string{"read", "c1@0=a"}},
		{"broken once",
			[]session.Event{readOf(c, "\x01a\x20b"), readOf(c, "\x01c"), closed(c, "eof")},
			[]string{"read", "c1@0=a", "c!2:2=too-large", "read", "close"}},
		{"cut off at the end",
			[]session.Event{readOf(c, "\x01a\x05b"), closed(c, "eof")},
			[]string{"read", "c1@0=a", "c!2:4=truncated", "close"}},
		{"bytes that were lost",
			[]session.Event{readOf(c, "\x01a\x05bc"), {Kind: session.Lost, Conn: 1, From: c, Offset: 5, N: 3}, readOf(c, "\x01z")},
			[]string{"read", "c1@0=a", "lost", "read", "c2@8=z"}},
		{"the end of one side",
			[]session.Event{readOf(s, "\x02x"), closed(c, "eof"), readOf(s, "y")},
			[]string{"read", "close", "read", "s1@0=xy"}},
		{"the end of both, and another connection of that number",
			[]session.Event{readOf(s, "\x02x"), closed(c, "reset"), readOf(s, "\x01y"), readOf(c, "\x01a")},
			[]string{"read", "close", "read", "s1@0=y", "read", "c1@0=a"}},
	} {
		var got kept
		for e := range Decode(all(test.events), parse(t, "u8,max=10")) {
			got.WriteEvent(e)
		}
		if words := summary(got.events); !slices.Equal(words, test.want) {
			t.Errorf("%s:\n%q, want\n%q", test.name, words, test.want)
		}
	}
}

// A loop that is left early is told nothing more.
func TestDecodeLeft(t *testing.T) {
	events := []session.Event{
		readOf(session.Client, "\x01a\x01b"),
		{Kind: session.Lost, Conn: 1, From: session.Client, N: 1},
		readOf(session.Client, "\x20"),
		{Kind: session.Close, Conn: 1, From: session.Client, Reason: "eof"},
	}
	for most := 1; most <= 6; most++ {
		n := 0
		for range Decode(all(events), parse(t, "u8,max=10")) {
			if n++; n == most {
				break
			}
		}
		if n != most {
			t.Errorf("%d events, want %d", n, most)
		}
	}
}
