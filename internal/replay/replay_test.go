package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/bytepipe"
	"github.com/chancat/channel/internal/mutate"
	"github.com/chancat/channel/session"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC)

// recorded makes a conversation of lines: "> x" was sent by the client, "< x" by
// the server, a second after what stands before it.
func recorded(t testing.TB, lines ...string) *Conversation {
	t.Helper()
	c := &Conversation{Number: 1}
	var seq [2]int
	for i, line := range lines {
		s := Step{From: session.Client, Time: start.Add(time.Duration(i) * time.Second)}
		if line[0] == '<' {
			s.From = session.Server
		}
		switch body := line[2:]; body {
		case "EOF":
			s.Kind = End
		default:
			s.Body = []byte(body)
			seq[index(s.From)]++
			s.Seq = seq[index(s.From)]
		}
		c.Steps = append(c.Steps, s)
	}
	return c
}

// A lineServer is the far end of a connection, which speaks lines.
type lineServer struct{ *bytepipe.End }

func (s *lineServer) read() (string, error) {
	var line []byte
	for b := make([]byte, 1); ; {
		n, err := s.Read(b)
		if n == 1 && b[0] == '\n' {
			return string(line), nil
		}
		line = append(line, b[:n]...)
		if err != nil {
			return string(line), err
		}
	}
}

func (s *lineServer) write(line string) { io.WriteString(s, line+"\n") }

// served is a connection to a server that runs in a goroutine of its own and closes
// in the end.
func served(t testing.TB, serve func(s *lineServer)) *endpoint.Conn {
	t.Helper()
	near, far := bytepipe.Pair(1 << 20)
	var done sync.WaitGroup
	done.Go(func() {
		defer far.Close()
		serve(&lineServer{far})
	})
	t.Cleanup(done.Wait)
	return &endpoint.Conn{Stream: near, Remote: "far"}
}

// answering serves each line by a table; what is not in it is echoed.
func answering(table map[string][]string) func(*lineServer) {
	return func(s *lineServer) {
		for {
			line, err := s.read()
			if err != nil {
				return
			}
			answers, ok := table[line]
			if !ok {
				answers = []string{line}
			}
			for _, a := range answers {
				s.write(a)
			}
		}
	}
}

func line(t testing.TB) framing.Framing {
	t.Helper()
	f, err := framing.Parse("line")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// play replays c and returns the outcomes as text.
func playTo(t testing.TB, c *Conversation, o Options, conns ...*endpoint.Conn) (string, Result) {
	t.Helper()
	var out []string
	o.Framing = line(t)
	if o.Wait == 0 {
		o.Wait = 10 * time.Second
	}
	o.Report = func(v Outcome) {
		switch v.Verdict {
		case Same:
			out = append(out, string(v.Got))
		case Differs:
			out = append(out, string(v.Want)+"~"+string(v.Got))
		case Missing:
			out = append(out, "-"+string(v.Want))
		case Unexpected:
			out = append(out, "+"+string(v.Got))
		}
	}
	r := Run(context.Background(), conns, c.Script(session.Client, false), o)
	return strings.Join(out, " "), r
}

// What differs is told message by message, whatever else is missing or too much.
func TestVerdicts(t *testing.T) {
	asked := []string{"> a", "< a", "> b", "< b", "> c", "< c", "< EOF"}
	for _, c := range []struct {
		name   string
		lines  []string
		table  map[string][]string
		o      Options
		want   string
		result string // the error
	}{
		{name: "same", lines: asked, want: "a b c"},
		{name: "differs", lines: asked, table: map[string][]string{"b": {"x"}}, want: "a b~x c"},
		{name: "last differs", lines: asked, table: map[string][]string{"c": {"x"}}, want: "a b c~x"},
		{name: "one too many", lines: asked, table: map[string][]string{"b": {"x", "b"}}, want: "a +x b c"},
		{name: "too many at the end", lines: asked, table: map[string][]string{"c": {"c", "x"}}, want: "a b c +x"},
		{name: "one is missing", lines: []string{"> a", "> b", "< 1", "< 2", "< 3", "< EOF"},
			table: map[string][]string{"a": {"1"}, "b": {"3"}}, o: Options{Wait: 50 * time.Millisecond}, want: "1 -2 3", result: "timed out: message 3 did not come within 50ms, nor when our stream had ended"},
		{name: "order", lines: []string{"> a", "> b", "< 1", "< 2", "< EOF"},
			table: map[string][]string{"a": {"2"}, "b": {"1"}}, want: "1~2 2~1"},
		{name: "any order", lines: []string{"> a", "> b", "< 1", "< 2", "< EOF"},
			table: map[string][]string{"a": {"2"}, "b": {"1"}}, o: Options{Unordered: true}, want: "2 1"},
		{name: "any order, by id", lines: []string{"> a", "> b", `< {"id":1,"x":1}`, `< {"id":2,"x":1}`, "< EOF"},
			table: map[string][]string{"a": {`{"id":2,"x":2}`}, "b": {`{"id":1,"x":3}`}}, o: Options{Unordered: true},
			want: `{"id":2,"x":1}~{"id":2,"x":2} {"id":1,"x":1}~{"id":1,"x":3}`},
		{name: "no answer", lines: []string{"> a", "< a", "> b", "< EOF"}, table: map[string][]string{"b": nil}, want: "a"},
		{name: "silence", lines: asked, table: map[string][]string{"b": nil}, o: Options{Wait: 50 * time.Millisecond},
			want: "a", result: "timed out: message 2 did not come within 50ms"},
		{name: "only", lines: asked, table: map[string][]string{"b": {"!", "b"}, "c": {"c", "!"}},
			o: Options{Only: func(b []byte) bool { return string(b) != "!" }}, want: "a b c"},
		{name: "broken bodies ignored", lines: asked, o: Options{Normal: func([]byte) []byte { return nil }},
			table: map[string][]string{"b": {"x"}}, want: "a x c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, r := playTo(t, recorded(t, c.lines...), c.o, served(t, answering(c.table)))
				failed := ""
				if r.Err != nil {
					failed = r.Err.Error()
				}
				if got != c.want || failed != c.result {
					t.Errorf("got %q, %q, want %q, %q", got, failed, c.want, c.result)
				}
			})
		})
	}
}

// What came after an answer waits for it; what did not, does not.
func TestWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []string
		conn := served(t, func(s *lineServer) {
			buf := make([]byte, 100)
			for range 3 {
				synctest.Wait() // the replay waits, or is done
				n, err := s.Read(buf)
				if err != nil {
					t.Error(err)
				}
				seen = append(seen, string(buf[:n]))
				s.write("ok")
			}
		})
		got, r := playTo(t, recorded(t, "> a", "< ok", "> b", "> c", "< ok", "> d", "< ok", "< EOF"), Options{}, conn)
		if got != "ok ok ok" || r.Err != nil || r.Sent != 4 {
			t.Errorf("%q, %v", got, r)
		}
		synctest.Wait()
		if want := []string{"a\n", "b\nc\n", "d\n"}; !slices.Equal(seen, want) {
			t.Errorf("the server read %q, want %q", seen, want)
		}
	})
}

// A greeting of the server comes before anything is sent.
func TestServerFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := served(t, func(s *lineServer) {
			time.Sleep(time.Second)
			s.write("220 hello")
			answering(nil)(s)
		})
		if got, r := playTo(t, recorded(t, "< 220 hello", "> a", "< a"), Options{}, conn); got != "220 hello a" || r.Err != nil {
			t.Errorf("%q, %v", got, r.Err)
		}
	})
}

// The clock of a recording is kept, or runs faster.
func TestTiming(t *testing.T) {
	for speed, want := range map[float64]time.Duration{0: 0, 1: 3 * time.Second, 10: 300 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			var last time.Time
			conn := served(t, func(s *lineServer) {
				for {
					line, err := s.read()
					if err != nil {
						return
					}
					last = time.Now()
					s.write(line)
				}
			})
			// Sent at 0, 2 (after an answer at 1), 3 and 4 s; each pause is one second.
			c := recorded(t, "> a", "< a", "> b", "> c", "> d", "< b", "< c", "< d", "< EOF")
			if got, r := playTo(t, c, Options{Speed: speed}, conn); got != "a b c d" || r.Err != nil {
				t.Errorf("%q, %v", got, r.Err)
			}
			synctest.Wait()
			if took := last.Sub(began); took != want {
				t.Errorf("speed %v: %v, want %v", speed, took, want)
			}
		})
	}
}

// A server that answers at the end of the stream gets one, although no recording
// tells when the client ended it.
func TestServerWaitsForEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := served(t, func(s *lineServer) {
			all, _ := io.ReadAll(s)
			s.Write(bytes.ToUpper(all))
		})
		if got, r := playTo(t, recorded(t, "> a", "> b", "< A", "< B", "< EOF"), Options{}, conn); got != "A B" || r.Err != nil {
			t.Errorf("%q, %v", got, r.Err)
		}
	})
}

func TestPeerCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := served(t, func(s *lineServer) {
			s.read()
			s.write("a")
		})
		got, r := playTo(t, recorded(t, "> a", "< a", "> b", "< b"), Options{}, conn)
		if got != "a" || !errors.Is(r.Err, ErrClosed) || r.Owed != 1 {
			t.Errorf("%q, %+v", got, r)
		}
	})
}

// The same is said to both servers, and their answers are compared.
func TestAgainst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := served(t, answering(map[string][]string{"b": {"now 12:00"}}))
		slow := served(t, func(s *lineServer) {
			for {
				line, err := s.read()
				if err != nil {
					return
				}
				time.Sleep(time.Second)
				if line == "c" {
					line = "C"
				}
				if line == "b" {
					line = "now 12:00"
				}
				s.write(line)
			}
		})
		// The recording is another server's: its answers do not count.
		got, r := playTo(t, recorded(t, "> a", "< x", "> b", "< x", "> c", "< x", "< EOF"), Options{}, old, slow)
		if got != "a now 12:00 c~C" || r.Err != nil {
			t.Errorf("%q, %v", got, r.Err)
		}
	})
}

// Recorded reads are written as they were cut, and each byte alone if wanted.
func TestChunks(t *testing.T) {
	c := &Conversation{Number: 1, Steps: []Step{
		{Kind: Chunk, From: session.Client, Raw: []byte("on")},
		{Kind: Chunk, From: session.Client, Raw: []byte("e\ntw")},
		{Kind: Message, From: session.Client, Seq: 1, Body: []byte("one"), Raw: []byte("one\n")},
		{Kind: Message, From: session.Server, Seq: 1, Body: []byte("1")},
		{Kind: Chunk, From: session.Client, Raw: []byte("o\n")},
		{Kind: Message, From: session.Client, Seq: 2, Body: []byte("two"), Raw: []byte("two\n")},
		{Kind: Message, From: session.Server, Seq: 2, Body: []byte("2")},
	}}
	eachByte, err := mutate.ParseDelivery("each-byte")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct {
		chunks bool
		o      Options
		want   string
	}{
		{false, Options{}, "one\n|two\n"},
		{true, Options{}, "on|e\ntw|o\n"},
		{false, Options{Delivery: eachByte}, "o|n|e|\n|t|w|o|\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var reads []string
			conn := served(t, func(s *lineServer) {
				buf, whole := make([]byte, 100), ""
				for {
					n, err := s.Read(buf)
					if err != nil {
						return
					}
					reads = append(reads, string(buf[:n]))
					for whole += string(buf[:n]); strings.Contains(whole, "\n"); {
						_, whole, _ = strings.Cut(whole, "\n")
						s.write("ok")
					}
				}
			})
			o := v.o
			o.Framing, o.Wait, o.Gap, o.Report = line(t), time.Minute, 5*time.Millisecond, func(Outcome) {}
			if r := Run(t.Context(), []*endpoint.Conn{conn}, c.Script(session.Client, v.chunks), o); r.Err != nil {
				t.Error(r.Err)
			}
			synctest.Wait()
			if got := strings.Join(reads, "|"); got != v.want {
				t.Errorf("read %q, want %q", got, v.want)
			}
		})
	}
}

// As the server: what the client is recorded to say is waited for, whatever it says
// instead is told, and the recording goes on.
func TestServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := recorded(t, "< hello", "> a", "< 1", "< 2", "> b", "< 3", "> EOF", "< EOF")
		var heard []string
		conn := served(t, func(s *lineServer) {
			read := func(n int) {
				for range n {
					line, _ := s.read()
					heard = append(heard, line)
				}
			}
			read(1)
			s.write("a")
			read(2)
			s.write("X")
			read(1)
			s.CloseWrite()
			read(1)
		})
		var out []string
		r := Run(t.Context(), []*endpoint.Conn{conn}, c.Script(session.Server, false), Options{
			Framing: line(t), Report: func(o Outcome) { out = append(out, fmt.Sprintf("%s %s", o.Verdict, o.Got)) },
		})
		synctest.Wait()
		if r.Err != nil || !slices.Equal(out, []string{"same a", "differs X"}) || !slices.Equal(heard, []string{"hello", "1", "2", "3", ""}) {
			t.Errorf("%v; %q; the client heard %q", r.Err, out, heard)
		}
	})
}

// Loosely served, each message has the answer that it had, in any order.
func TestAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := recorded(t, "< hello", "> a", "> b", "< 1", "< 2", "> a", "< 4", "< 5", "> EOF", "< EOF")
		var heard []string
		conn := served(t, func(s *lineServer) {
			for _, step := range []struct {
				say     string
				answers int
			}{{"", 1}, {"b", 1}, {"a", 2}, {"a", 1}, {"X", 0}, {"b", 1}} {
				if step.say != "" {
					s.write(step.say)
				}
				for range step.answers {
					line, _ := s.read()
					heard = append(heard, line)
				}
			}
			s.CloseWrite()
			line, err := s.read()
			heard = append(heard, line+err.Error())
		})
		unknown := 0
		r := Answer(t.Context(), conn, c.Script(session.Server, false), Options{Framing: line(t), Report: func(o Outcome) {
			if o.Verdict != Same {
				unknown++
			}
		}})
		synctest.Wait()
		if want := "hello 2 4 5 1 2 EOF"; r.Err != nil || unknown != 1 || strings.Join(heard, " ") != want {
			t.Errorf("%v, %d unknown, heard %q, want %q", r.Err, unknown, heard, want)
		}
	})
}

func events(list ...session.Event) iter.Seq2[*session.Event, error] {
	return func(yield func(*session.Event, error) bool) {
		for i := range list {
			if !yield(&list[i], nil) {
				return
			}
		}
	}
}

// steps are those of a conversation, for comparison.
func steps(c *Conversation) string {
	var out []string
	for _, s := range c.Steps {
		sign := ">"
		if s.From == session.Server {
			sign = "<"
		}
		switch s.Kind {
		case Message:
			text := sign + string(s.Body)
			if s.Raw != nil {
				text += "(" + string(s.Raw) + ")"
			}
			out = append(out, text)
		case Chunk:
			out = append(out, sign+"chunk:"+string(s.Raw))
		case Rest:
			out = append(out, sign+"rest:"+string(s.Raw))
		case End:
			out = append(out, sign+"end")
		}
	}
	return strings.ReplaceAll(strings.Join(out, " "), "\n", "/")
}

func TestLoad(t *testing.T) {
	read := func(from session.Side, data string) session.Event {
		return session.Event{Kind: session.Read, Conn: 1, From: from, N: len(data), Data: []byte(data)}
	}
	message := func(from session.Side, offset int64, data string) session.Event {
		return session.Event{Kind: session.Message, Conn: 1, From: from, Offset: offset, Body: len(data), Tail: 1, Data: []byte(data)}
	}
	header := session.Event{Kind: session.Session, Framing: "line"}
	closed := session.Event{Kind: session.Close, Conn: 1, From: session.Server, Reason: "eof"}
	const c, s = session.Client, session.Server
	for _, v := range []struct {
		name, given string
		events      []session.Event
		want        string
	}{
		{"messages with reads", "", []session.Event{header, read(c, "a\nb"), message(c, 0, "a"), read(c, "\n"), message(c, 2, "b"), read(s, "x\n"), message(s, 0, "x"), closed},
			">chunk:a/b >a(a/) >chunk:/ >b(b/) <chunk:x/ <x(x/) <end"},
		{"messages alone", "", []session.Event{header, message(c, 0, "a"), message(s, 0, "x")}, ">a <x"},
		{"reads alone", "", []session.Event{header, read(c, "a\nb"), read(s, "x"), read(c, "\n"), closed}, ">chunk:a/b >a(a/) <chunk:x >chunk:/ >b(b/) <x(x) <end"},
		{"edited by hand", "", []session.Event{header, read(c, "a\n"), message(c, 0, "changed")}, ">chunk:a/ >changed"},
		{"begun in the stream", "", []session.Event{header, read(c, "a\nb\nc\n"), message(c, 4, "a"), message(c, 6, "b"), message(c, 8, "c")},
			">chunk:a/b/c/ >a(a/) >b(b/) >c(c/)"},
		{"the first taken out by hand", "", []session.Event{header, read(c, "a\nb\nc\n"), message(c, 2, "b"), message(c, 4, "c")},
			">chunk:a/b/c/ >b(b/) >c(c/)"},
		{"another framing", "nul", []session.Event{header, read(c, "a\nb\x00"), message(c, 0, "a")}, ">chunk:a/b\x00 >a/b(a/b\x00)"},
		{"another framing for messages", "nul", []session.Event{header, message(c, 0, "a")}, ">a"},
		{"broken", "u8", []session.Event{header, read(c, "\x01a\x09b"), closed}, ">chunk:\x01a\x09b >a(\x01a) <end >rest:\x09b"},
		{"bytes withheld", "", []session.Event{header, {Kind: session.Read, Conn: 1, From: c, N: 2}, message(c, 0, "a")}, ">a"},
		{"of a bare file", "", []session.Event{header, {Kind: session.Message, Data: []byte("a")}}, ">a"},
	} {
		t.Run(v.name, func(t *testing.T) {
			r, err := Load(events(v.events...), v.given, "msg")
			if err != nil {
				t.Fatal(err)
			}
			if got := steps(r.Conversations[0]); got != v.want {
				t.Errorf("got  %q\nwant %q", got, v.want)
			}
			if got, want := r.Conversations[0].Edited > 0, v.name == "edited by hand"; got != want {
				t.Errorf("edited: got %v, want %v", got, want)
			}
		})
	}
}

// What stands before a broken line counts.
func TestLoadCutShort(t *testing.T) {
	failure := errors.New("line 3: broken")
	r, err := Load(func(yield func(*session.Event, error) bool) {
		_ = yield(&session.Event{Kind: session.Session, Framing: "line"}, nil) &&
			yield(&session.Event{Kind: session.Message, Conn: 1, From: session.Client, Data: []byte("a")}, nil) &&
			yield(nil, failure)
	}, "", "msg")
	if err != failure || len(r.Conversations) != 1 || steps(r.Conversations[0]) != ">a" {
		t.Errorf("%v, %v", r, err)
	}
}

func TestCompare(t *testing.T) {
	a := recorded(t, "> 1", "< 1", "> 2", "< 2", "< 3", "< 4", "< 5")
	b := recorded(t, "> 1", "< 0", "< 1", "> 2", "< 2", "< x", "< 5")
	d, equal := Compare(a, b, func(b []byte) []byte { return b })
	var got []string
	for _, d := range d {
		got = append(got, fmt.Sprintf("%s %s %d %d %s %s", d.From, d.Verdict, d.Seq, d.GotSeq, d.Want, d.Got))
	}
	want := []string{"server unexpected 0 1  0", "server differs 3 4 3 x", "server missing 4 0 4 "}
	if equal != 5 || !slices.Equal(got, want) {
		t.Errorf("%d the same, %q", equal, got)
	}
}

func TestIgnoring(t *testing.T) {
	normal, err := Ignoring([]string{".id, .a.time", ".list[].x"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{`{"id":1,"b":2}`, `{"b":2,"id":3}`, true},
		{`{"id":1,"b":2}`, `{"id":1,"b":3}`, false},
		{`{"a":{"time":1,"x":1}}`, `{"a":{"time":2,"x":1}}`, true},
		{`{"list":[{"x":1,"y":1},{"x":2}]}`, `{"list":[{"y":1},{"x":3}]}`, true},
		{`[1]`, `[ 1 ]`, true}, // no path fits, but it is JSON
		{`[1]`, `[2]`, false},
		{`no json`, `no  json`, false},
		{`{"n":12345678901234567890123}`, `{"n":12345678901234567890124}`, false},
	} {
		if got := bytes.Equal(normal([]byte(c.a)), normal([]byte(c.b))); got != c.same {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
	if _, err := Ignoring([]string{".["}); err == nil {
		t.Error("a broken query passes")
	}
}

// A jq query runs once for each message, not for each pair of messages.
func TestNormalOnce(t *testing.T) {
	const n = 50
	var runs int
	o := Options{Unordered: true, Normal: func(b []byte) []byte { runs++; return b }}
	lines, table := []string{}, map[string][]string{}
	for i := range n {
		lines = append(lines, fmt.Sprint("> ", i))
		table[fmt.Sprint(i)] = []string{fmt.Sprint("other ", i)}
	}
	for i := range n {
		lines = append(lines, fmt.Sprint("< wanted ", i))
	}
	synctest.Test(t, func(t *testing.T) {
		got, _ := playTo(t, recorded(t, lines...), o, served(t, answering(table)))
		if strings.Count(got, "~") != n || runs > 2*n {
			t.Errorf("%q: %d runs for %d messages", got, runs, 2*n)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		runs = 0
		o.Framing, o.Report = line(t), func(Outcome) {}
		conn := served(t, func(s *lineServer) {
			for i := range n {
				s.write(fmt.Sprint("unheard-of ", i))
			}
		})
		Answer(t.Context(), conn, recorded(t, lines...).Script(session.Server, false), o)
		if runs > 2*n {
			t.Errorf("Answer: %d runs for %d messages", runs, 2*n)
		}
	})
}

// A peer that says what nobody wanted does not fill the memory, in any order.
func TestUnorderedFlood(t *testing.T) {
	reported := 0
	j := &judge{unordered: true, report: func(Outcome) { reported++ }, wantDone: true}
	for i := range 5 * reorderedMost {
		j.came(arrival{body: fmt.Append(nil, i), seq: i})
	}
	j.wanted(arrival{body: []byte("never")})
	for i := range 5 * reorderedMost {
		j.came(arrival{body: fmt.Append(nil, i), seq: i})
	}
	if len(j.got) > reorderedMost+1 || reported+len(j.got) != 10*reorderedMost {
		t.Errorf("%d kept, %d reported", len(j.got), reported)
	}
}

// Whatever a session file holds, loading and playing it does not panic.
// A server that floods us while the other is silent does not fill the memory; one
// that says what is wanted, however much, does.
func TestJudgeIsBounded(t *testing.T) {
	large := make([]byte, 1<<20)
	const most = aheadMost >> 20
	first := &judge{report: func(Outcome) {}}
	second := &judge{report: func(Outcome) {}, unordered: true}
	recorded := &judge{report: func(Outcome) {}}
	for range 2 * most {
		recorded.wanted(arrival{body: large})
	}
	for i := range 2 * most {
		a := arrival{body: large, seq: i}
		for name, err := range map[string]error{"first": first.awaited(a), "second, unordered": second.came(a)} {
			if (err != nil) != (i >= most) {
				t.Fatalf("%s: %v after %d MiB", name, err, i+1)
			}
		}
		if err := recorded.came(a); err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(`{"event":"read","conn":1,"from":"client","n":2,"base64":"YQo="}`, "line")
	f.Add(`{"event":"message","conn":1,"from":"server","offset":0,"body":1,"text":"a"}`, "msg")
	f.Add(`{"event":"lost","conn":1,"from":"server","n":100}`+"\n"+`{"event":"close","conn":1,"reason":"eof"}`, "u32be")
	f.Fuzz(func(t *testing.T, text, spelling string) {
		file := `{"event":"session","v":1}` + "\n" + text
		r, err := Load(func(yield func(*session.Event, error) bool) {
			for e, err := range session.NewReader(strings.NewReader(file), 0).Events() {
				if !yield(&e, err) {
					return
				}
			}
		}, spelling, "msg")
		if r == nil {
			if err == nil {
				t.Fatal("nothing, and no error")
			}
			return
		}
		for _, c := range r.Conversations {
			for _, side := range []session.Side{session.Client, session.Server} {
				for _, chunks := range []bool{false, true} {
					s := c.Script(side, chunks)
					for _, m := range s.Moves {
						if m.After > len(s.Want) || m.Pause < 0 {
							t.Fatalf("%+v", m)
						}
					}
					s.answers()
				}
			}
			Compare(c, c, func(b []byte) []byte { return b })
		}
	})
}
