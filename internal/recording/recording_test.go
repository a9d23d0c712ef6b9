package recording

import (
	"bytes"
	"fmt"
	"iter"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/session"
)

// kept is a Sink that keeps what it gets.
type kept struct{ events []session.Event }

func (k *kept) Flush() error { return nil }

func (k *kept) WriteEvent(e *session.Event) error {
	c := *e
	c.Data, c.Plain = bytes.Clone(e.Data), bytes.Clone(e.Plain)
	k.events = append(k.events, c)
	return nil
}

// reads joins the bytes of the reads of a side; each read without its bytes is "?".
func (k *kept) reads(from session.Side) string {
	var b strings.Builder
	for _, e := range k.events {
		if e.Kind == session.Read && e.From == from {
			if len(e.Data) != e.N {
				b.WriteByte('?')
			}
			b.Write(e.Data)
		}
	}
	return b.String()
}

func (k *kept) messages(from session.Side) (list []string) {
	for _, e := range k.events {
		if e.Kind == session.Message && e.From == from {
			list = append(list, string(e.Data))
		}
	}
	return list
}

func parse(t testing.TB, spelling string) framing.Framing {
	t.Helper()
	f, err := framing.Parse(spelling)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// dialogue is a recording of both sides saying messages in turn, cut into reads at
// random.
func dialogue(t testing.TB, f framing.Framing, r *rand.Rand, messages []string) []session.Event {
	t.Helper()
	events := []session.Event{{Kind: session.Session, Framing: f.Spelling}, {Kind: session.Open, Conn: 1}}
	var streams [2][]byte
	var pending [2][]session.Event
	var told, offsets [2]int64
	sides := []session.Side{session.Client, session.Server}
	flush := func(side int, all bool) {
		for len(streams[side]) > 0 {
			n := 1 + r.IntN(len(streams[side]))
			events = append(events, session.Event{Kind: session.Read, Conn: 1, From: sides[side], N: n, Data: streams[side][:n]})
			streams[side] = streams[side][n:]
			told[side] += int64(n)
			for len(pending[side]) > 0 {
				m := pending[side][0]
				if m.Offset+int64(m.Head+m.Body+m.Tail) > told[side] {
					break
				}
				events = append(events, m)
				pending[side] = pending[side][1:]
			}
			if !all && r.IntN(2) == 0 {
				return
			}
		}
	}
	for i, m := range messages {
		side := i % 2
		codec := f.C2S.Codec
		if side == 1 {
			codec = f.S2C.Codec
		}
		raw, err := codec.AppendFrame(nil, []byte(m))
		if err != nil {
			t.Skip(err)
		}
		dec := NewDecoder(f.C2S)
		got := dec.Feed(raw)
		if len(got) == 0 {
			got = dec.End()
		}
		if len(got) != 1 || string(got[0].Message) != m {
			t.Skip("not one message of this framing")
		}
		pending[side] = append(pending[side], session.Event{
			Kind: session.Message, Conn: 1, From: sides[side], Seq: i/2 + 1, Offset: offsets[side],
			Head: got[0].Span.Head, Body: got[0].Span.Body, Tail: got[0].Span.Tail, Reads: 1, Data: []byte(m),
		})
		offsets[side] += int64(len(raw))
		streams[side] = append(streams[side], raw...)
		flush(r.IntN(2), false)
	}
	flush(0, true)
	flush(1, true)
	return append(events, session.Event{Kind: session.Close, Conn: 1, From: session.Server, Reason: "eof"})
}

func write(t testing.TB, sink interface {
	Sink
	Close() error
}, events []session.Event) {
	t.Helper()
	for i := range events {
		data := bytes.Clone(events[i].Data)
		e := events[i]
		e.Data = data
		if err := sink.WriteEvent(&e); err != nil {
			t.Fatal(err)
		}
		for i := range data { // they are borrowed
			data[i] = 'X'
		}
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
}

func all(events []session.Event) iter.Seq2[*session.Event, error] {
	return func(yield func(*session.Event, error) bool) {
		for i := range events {
			if !yield(&events[i], nil) {
				return
			}
		}
	}
}

var secret = []*regexp.Regexp{regexp.MustCompile(`secret\d+`), regexp.MustCompile(`key=(\w+)`)}

// What is secret stands nowhere, every length stays, and the reads still decode to
// the messages, however they were cut.
func TestRedact(t *testing.T) {
	messages := []string{"hello", "a secret42 b", "key=abc;x", "secret1secret2", "", "no key", "key=", "the last secret7"}
	want := []string{"hello", "a ******** b", "key=***;x", "**************", "", "no key", "key=", "the last *******"}
	for _, spelling := range []string{"msg", "line", "u32be", "lsp", "netstring", "u16le,tail=2"} {
		for seed := range uint64(20) {
			f := parse(t, spelling)
			events := dialogue(t, f, rand.New(rand.NewPCG(seed, 1)), messages)
			var out kept
			write(t, NewRedactor(&out, secret), events)
			if len(out.events) != len(events) {
				t.Fatalf("%s: %d events of %d", spelling, len(out.events), len(events))
			}
			for i, e := range out.events {
				o := events[i]
				if e.Kind != o.Kind || e.From != o.From || e.N != o.N || len(e.Data) != len(o.Data) || e.Offset != o.Offset {
					t.Fatalf("%s: event %d is %+v, was %+v", spelling, i, e, o)
				}
			}
			var decoded kept
			for e := range Decode(all(out.events), f) {
				decoded.WriteEvent(e)
			}
			for i, side := range []session.Side{session.Client, session.Server} {
				var expect []string
				for j := i; j < len(want); j += 2 {
					expect = append(expect, want[j])
				}
				if got := out.messages(side); !slices.Equal(got, expect) {
					t.Fatalf("%s: messages %q, want %q", spelling, got, expect)
				}
				if got := decoded.messages(side); !slices.Equal(got, expect) {
					t.Fatalf("%s: the reads hold %q, want %q", spelling, got, expect)
				}
			}
		}
	}
}

// Of an expression with groups only they are blotted out, wherever they stand.
func TestRedactGroups(t *testing.T) {
	for expression, want := range map[string]string{
		`(\w+) says`:            "*** says hello; two",
		`says (\w+);`:           "one says *****; two",
		`(one) says \w+; (two)`: "*** says hello; ***",
		`says (no)?`:            "one *****hello; two",
		`(no)|; two`:            "one says hello*****",
	} {
		events := []session.Event{
			readOf(session.Client, "\x13one says "), readOf(session.Client, "hello; two"),
			{Kind: session.Message, Conn: 1, From: session.Client, Seq: 1, Head: 1, Body: 19, Data: []byte("one says hello; two")},
		}
		var out kept
		write(t, NewRedactor(&out, []*regexp.Regexp{regexp.MustCompile(expression)}), events)
		if got := out.messages(session.Client)[0]; got != want {
			t.Errorf("%s: %q, want %q", expression, got, want)
		}
		if got := out.reads(session.Client); got != "\x13"+want {
			t.Errorf("%s: the reads have %q", expression, got)
		}
	}
}

// Where the wire has other bytes than the message, the reads lose theirs.
func TestRedactEscaped(t *testing.T) {
	events := dialogue(t, parse(t, "slip"), rand.New(rand.NewPCG(1, 1)), []string{"plain", "x", "a\xc0secret1", "y"})
	var out kept
	write(t, NewRedactor(&out, secret), events)
	if got := out.reads(session.Client); strings.Contains(got, "secret") || !strings.Contains(got, "?") {
		t.Errorf("%q", got)
	}
	if got := out.messages(session.Client); !slices.Equal(got, []string{"plain", "a\xc0*******"}) {
		t.Errorf("%q", got)
	}
}

// A match in what a compressed message says leaves nothing of its bytes.
func TestRedactCompressed(t *testing.T) {
	event := func(plain string) []session.Event {
		return []session.Event{
			{Kind: session.Read, Conn: 1, From: session.Client, N: 4, Data: []byte("\xc1\x02zz")},
			{Kind: session.Message, Conn: 1, From: session.Client, Seq: 1, Head: 2, Body: 2, Data: []byte("zz"), Plain: []byte(plain)},
		}
	}
	for plain, want := range map[string]string{"my secret1": "? **", "nothing": "\xc1\x02zz zz"} {
		var out kept
		write(t, NewRedactor(&out, secret), event(plain))
		if got := out.reads(session.Client) + " " + out.messages(session.Client)[0]; got != want {
			t.Errorf("%s: %q, want %q", plain, got, want)
		}
		if left := out.events[1].Plain; secret[0].Match(left) || plain == "nothing" && string(left) != plain {
			t.Errorf("%s: %q is left", plain, left)
		}
	}
}

// Events are borrowed for the call only, with all that they have.
func TestHoldOwnsEvents(t *testing.T) {
	var out kept
	r := NewRedactor(&out, secret)
	text := []byte("text")
	for _, e := range []session.Event{
		{Kind: session.Read, Conn: 1, From: session.Client, N: 1, Data: []byte("x")}, // what follows waits for its message
		{Kind: session.Message, Conn: 1, From: session.Server, Seq: 1, Body: 4, Data: text, Plain: text},
	} {
		if err := r.WriteEvent(&e); err != nil {
			t.Fatal(err)
		}
	}
	copy(text, "over")
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if e := out.events[1]; string(e.Data) != "text" || string(e.Plain) != "text" {
		t.Errorf("%q, %q", e.Data, e.Plain)
	}
}

// Bytes that belong to no message are searched as they are.
func TestRedactBroken(t *testing.T) {
	read := func(data string) session.Event {
		return session.Event{Kind: session.Read, Conn: 1, From: session.Client, N: len(data), Data: []byte(data)}
	}
	events := []session.Event{
		read("sec"), read("ret55"),
		{Kind: session.Broken, Conn: 1, From: session.Client, Data: []byte("secret55")},
		read("more secret1"),
		{Kind: session.Close, Conn: 1, From: session.Client, Reason: "eof"},
	}
	var out kept
	write(t, NewRedactor(&out, secret), events)
	if got := out.reads(session.Client); got != "********more *******" {
		t.Errorf("%q", got)
	}
	if got := string(out.events[2].Data); got != "********" {
		t.Errorf("%q", got)
	}
}

// A frame that does not end is not kept for ever: its bytes are withheld.
func TestRedactHoldsLittle(t *testing.T) {
	var out kept
	r := NewRedactor(&out, secret)
	r.holder.limit = 100
	for range 50 {
		if err := r.WriteEvent(&session.Event{Kind: session.Read, Conn: 1, From: session.Client, N: 10, Data: []byte("0123456789")}); err != nil {
			t.Fatal(err)
		}
	}
	if r.holder.held > 100 || len(out.events) != 40 || out.reads(session.Client) != strings.Repeat("?", 40) {
		t.Errorf("%d held, %d written: %q", r.holder.held, len(out.events), out.reads(session.Client))
	}
}

func TestSlice(t *testing.T) {
	messages := []string{"c1", "s1", "c2", "s2", "c3", "s3", "c4", "s4"}
	for _, c := range []struct {
		selection      Selection
		client, server []string // nil: in any order of the file
		count          int
	}{
		{Selection{}, []string{"c1", "c2", "c3", "c4"}, []string{"s1", "s2", "s3", "s4"}, 8},
		{Selection{Conn: 2}, nil, nil, 0},
		{Selection{Only: session.Client}, []string{"c1", "c2", "c3", "c4"}, nil, 4},
		{Selection{Only: session.Server, From: 2, Count: 2}, nil, []string{"s2", "s3"}, 2},
		{Selection{From: 3, Count: 4}, nil, nil, 4},
	} {
		for seed := range uint64(20) {
			f := parse(t, "msg")
			events := dialogue(t, f, rand.New(rand.NewPCG(seed, 2)), messages)
			var out kept
			s := NewSlicer(&out, c.selection)
			write(t, s, events)
			client, server := out.messages(session.Client), out.messages(session.Server)
			if s.Messages() != c.count || len(client)+len(server) != c.count ||
				c.client != nil && !slices.Equal(client, c.client) || c.server != nil && !slices.Equal(server, c.server) {
				t.Fatalf("%+v: %q %q", c.selection, client, server)
			}
			var decoded kept
			for e := range Decode(all(out.events), f) {
				decoded.WriteEvent(e)
			}
			if got, want := fmt.Sprint(decoded.messages(session.Client), decoded.messages(session.Server)), fmt.Sprint(client, server); got != want {
				t.Fatalf("%+v: the reads hold %s, the messages are %s", c.selection, got, want)
			}
			checkNumbers(t, &out, &decoded)
		}
	}
}

// checkNumbers compares the messages that were written with those that the reads
// hold.
// What refers to other events refers to what is left of them.
func TestSliceRefers(t *testing.T) {
	message := func(from session.Side, seq int, offset int64, answers int) session.Event {
		return session.Event{Kind: session.Message, Conn: 1, From: from, Seq: seq, Offset: offset, Head: 1, Body: 2, Tail: 3, Answers: answers, Data: []byte("ab")}
	}
	c, s := session.Client, session.Server
	events := []session.Event{
		message(c, 1, 0, 0), message(s, 1, 0, 1), message(c, 2, 6, 0), message(s, 2, 6, 2),
		{Kind: session.Lost, Conn: 1, From: c, Offset: 12, N: 4},
		message(c, 3, 16, 0),
		{Kind: session.Broken, Conn: 1, From: c, Offset: 22, At: 24},
		{Kind: session.Close, Conn: 1, From: s, Reason: "eof"},
	}
	for _, test := range []struct {
		selection Selection
		want      string
	}{
		{Selection{}, "client1@0 server1@0<1 client2@6 server2@6<2 lost@12 client3@16 broken@22:24 close"},
		{Selection{Conn: 1}, "client1@0 server1@0<1 client2@6 server2@6<2 lost@12 client3@16 broken@22:24 close"},
		{Selection{Conn: 2}, ""},
		{Selection{From: 3}, "client1@0 server1@0<1 lost@6 client2@10 broken@16:18 close"},
		{Selection{From: 4}, "server1@0 lost@0 client1@4 broken@10:12 close"},
		{Selection{From: 3, Count: 2}, "client1@0 server1@0<1"},
		{Selection{From: 5, Count: 1}, "lost@0 client1@4 close"},
		{Selection{Only: c}, "client1@0 client2@6 lost@12 client3@16 broken@22:24 close"},
		{Selection{Only: c, Count: 2}, "client1@0 client2@6 close"},
		{Selection{Only: s, From: 2}, "server1@0 close"},
	} {
		var out kept
		slicer := NewSlicer(&out, test.selection)
		write(t, slicer, events)
		var words []string
		for _, e := range out.events {
			word := string(e.Kind)
			switch e.Kind {
			case session.Message:
				word = fmt.Sprintf("%s%d@%d", e.From, e.Seq, e.Offset)
				if e.Answers > 0 {
					word += fmt.Sprintf("<%d", e.Answers)
				}
			case session.Lost:
				word += fmt.Sprintf("@%d", e.Offset)
			case session.Broken:
				word += fmt.Sprintf("@%d:%d", e.Offset, e.At)
			}
			words = append(words, word)
		}
		if got := strings.Join(words, " "); got != test.want {
			t.Errorf("%+v:\n%s, want\n%s", test.selection, got, test.want)
		}
	}
}

func checkNumbers(t *testing.T, out, decoded *kept) {
	t.Helper()
	for _, side := range []session.Side{session.Client, session.Server} {
		of := func(k *kept) (list []string) {
			for _, e := range k.events {
				if e.Kind == session.Message && e.From == side {
					list = append(list, fmt.Sprint(e.Seq, e.Offset, e.Head, e.Body, e.Tail))
				}
			}
			return list
		}
		if !slices.Equal(of(out), of(decoded)) {
			t.Fatalf("numbers %v, the reads have %v", of(out), of(decoded))
		}
	}
}

// Whatever a recording holds, no event of it is lost or grows, nothing secret stands
// in a message, and nothing panics.
func FuzzRedact(f *testing.F) {
	f.Add([]byte("secret1 key=ab secret22"), uint64(1), "line")
	f.Add([]byte("\x00\xc0secret9\xdb"), uint64(2), "slip")
	f.Add([]byte("a\nkey=x\nb"), uint64(3), "u8")
	f.Fuzz(func(t *testing.T, data []byte, seed uint64, spelling string) {
		fr, err := framing.Parse(spelling)
		if err != nil {
			t.Skip()
		}
		r := rand.New(rand.NewPCG(seed, 3))
		var events []session.Event
		for rest := data; len(rest) > 0; {
			n := 1 + r.IntN(len(rest))
			events = append(events, session.Event{Kind: session.Read, Conn: 1, From: session.Client, N: n, Data: rest[:n]})
			rest = rest[n:]
		}
		var decoded kept
		for e := range Decode(all(events), fr) {
			decoded.WriteEvent(e)
		}
		for i := range decoded.events {
			if e := &decoded.events[i]; r.IntN(20) == 0 { // edited by hand
				e.Offset, e.N, e.Head = r.Int64N(100), r.IntN(20), r.IntN(20)
			}
		}
		var out kept
		write(t, NewRedactor(&out, secret), decoded.events)
		if len(out.events) != len(decoded.events) {
			t.Fatalf("%d events of %d", len(out.events), len(decoded.events))
		}
		for _, e := range out.events {
			if e.Kind == session.Message && secret[0].Match(e.Data) {
				t.Fatalf("%q", e.Data)
			}
		}
		var part kept
		write(t, NewSlicer(&part, Selection{From: 1 + r.IntN(3), Count: r.IntN(3)}), decoded.events)
	})
}
