package expect

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/link"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve takes connections and hands each to serve, which the test waits for.
func serve(t *testing.T, serve func(*net.TCPConn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var clients sync.WaitGroup
	clients.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.SetDeadline(time.Now().Add(20 * time.Second))
			clients.Go(func() {
				defer c.Close()
				serve(c.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() { l.Close(); clients.Wait() })
	return l.Addr().String()
}

// echo sends lines back.
func echo(c *net.TCPConn) {
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		c.Write(buf[:n])
		if err != nil {
			return
		}
	}
}

func runScript(t *testing.T, address, spelling, text string) []Outcome {
	t.Helper()
	script, err := Parse("test.expect", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	f, err := framing.Parse(spelling)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Framing: f, Timeout: 10 * time.Second,
		Getenv: func(name string) string { return map[string]string{"TOKEN": "s3cret"}[name] },
		Dial: func(ctx context.Context, other string, f framing.Framing, number int) (*link.Link, error) {
			if other == "" {
				other = address
			}
			c, err := endpoint.Dial(ctx, other, &endpoint.Options{Max: f.S2C.Max})
			if err != nil {
				return nil, err
			}
			return link.New(ctx, c, link.Options{Framing: f, Number: number}), nil
		},
	}
	var outcomes []Outcome
	for outcome := range Run(t.Context(), script, o) {
		outcomes = append(outcomes, outcome)
	}
	return outcomes
}

func TestPass(t *testing.T) {
	address := serve(t, echo)
	for name, text := range map[string]string{
		"exact":       "> hello\n< hello\n",
		"escapes":     "> a\\tb\\u{e9}\n< a\\x09b\\xc3\\xa9\n",
		"empty":       "> \n< \n>\n<\n",
		"pattern":     "> id=17\n</id=\\d+/\n",
		"capture":     "> id=17.\n</id=(?<id>[^ ]+)/\n> again ${id}\n</^again ${id}$/\n> ${id}${id}\n< 17.17.\n",
		"environment": "> ${env:TOKEN}\n< s3cret\n",
		"json":        `> {"id":1,"a":[1,2.0,{"b":null}],"more":true}` + "\n" + `<json {"a":[1,2,{"b":null}],"id":1}` + "\n",
		"json block":  "> {\"a\": 1}\n<json <<END\n{\n  \"a\": 1\n}\nEND\n",
		"any":         "> x\n<any\n",
		"none":        "<none 30ms\n> x\n< x\n",
		"eof":         "> x\n>eof\n< x\n<eof\n",
		"skip":        "skip /^#/\n> #1\n> #2\n> x\n< x\n",
		"several":     "> a\n[2] > b\n< a\n[2] < b\n",
		"close":       "> a\n< a\n>close\n> b\n< b\n",
		"raw":         ">raw a\\nb\\n\n< a\n< b\n",
		"framing":     "framing u16be\n> hi\n< hi\n>raw \\0\\x01x\n< x\n",
		"composed":    "framing resp\n> SET k v\n< *3\\r\\n$3\\r\\nSET\\r\\n$1\\r\\nk\\r\\n$1\\r\\nv\n",
		"remarks":     "# one\n\n  # two\n  > x\n  < x\n",
		"cr lf":       "> x\r\n< x\r\n",
		"timeout":     "timeout 3s\nwait 1ms\n> x\n< x\n",
		"preamble":    "> login\n< login\ncase one\n> 1\n< 1\ncase two\n> 2\n< 2\n",
	} {
		t.Run(name, func(t *testing.T) {
			for _, o := range runScript(t, address, "line", text) {
				if o.Failure != nil {
					t.Errorf("%s: %v; want %q, got %q", o.Case, o.Failure, o.Failure.Want, o.Failure.Got)
				}
			}
		})
	}
}

func TestFailures(t *testing.T) {
	address := serve(t, echo)
	silent := serve(t, func(c *net.TCPConn) { c.Read(make([]byte, 1)); c.CloseWrite(); c.Read(make([]byte, 100)) })
	for _, c := range []struct {
		name, address, framing, text string
		line                         int
		err                          error
		want, got                    string
	}{
		{"exact", address, "line", "> hello\n< hullo\n", 2, ErrDiffers, "hullo", "hello"},
		{"pattern", address, "line", "# x\n> hello\n</^u/\n", 3, ErrDiffers, "a match of /^u/", "hello"},
		{"json", address, "line", "> {\"a\":{\"b\":1}}\n<json {\"a\":{\"b\":2}}\n", 2, ErrDiffers, `JSON with {"a":{"b":2}}; it differs at $.a.b`, `{"a":{"b":1}}`},
		{"json and more", address, "line", "> {\"a\":1}}\n<json {\"a\":1}\n", 2, ErrDiffers, `JSON with {"a":1}`, `{"a":1}}`},
		{"big number", address, "line", "> {\"a\":9007199254740993}\n<json {\"a\":9007199254740992}\n", 2, ErrDiffers, `JSON with {"a":9007199254740992}; it differs at $.a`, `{"a":9007199254740993}`},
		{"timeout", address, "line", "timeout 20ms\n< x\n", 2, ErrTimeout, "x", ""},
		{"more", address, "line", "> x\n<none 5s\n", 2, ErrMore, "", "x"},
		{"no end", address, "line", "timeout 20ms\n> x\n< x\n<eof\n", 4, ErrTimeout, "", ""},
		{"closed", silent, "line", "> x\n< x\n", 2, ErrClosed, "x", ""},
		{"broken", address, "msg", ">raw nonsense\n< x\n", 2, frame.ErrSyntax, "x", ""},
		{"unset", address, "line", "> ${id}\n", 1, ErrUnset, "", ""},
		{"no environment", address, "line", "> ${env:NONE}\n", 1, ErrUnset, "", ""},
		{"unsendable", address, "line", "> a\\nb\n", 1, frame.ErrUnsendable, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := runScript(t, c.address, c.framing, c.text)[0].Failure
			if f == nil {
				t.Fatal("passes")
			}
			if !errors.Is(f, c.err) || f.Line != c.line || f.Want != c.want || string(f.Got) != c.got {
				t.Errorf("%v, want %q, got %q", f, f.Want, f.Got)
			}
		})
	}
}

// A case that fails does not end the others.
func TestCasesAreApart(t *testing.T) {
	address := serve(t, echo)
	got := runScript(t, address, "line", "case a\n> 1\n</(?<n>2)/\ncase b\n> ${n}\ncase c\n> 3\n< 3\n")
	if len(got) != 3 || got[0].Failure == nil || got[1].Failure == nil || !errors.Is(got[1].Failure, ErrUnset) || got[2].Failure != nil {
		t.Errorf("%+v", got)
	}
}

// Peers that never end their side do not hold up the end of a case, however many
// there are.
func TestPartingIsShort(t *testing.T) {
	over := make(chan struct{})
	address := serve(t, func(*net.TCPConn) { <-over })
	defer close(over)
	done := make(chan struct{})
	go func() {
		defer close(done)
		runScript(t, address, "line", "> a\n[2] > b\n[3] > c\n")
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("the case does not end")
	}
}

func TestSyntax(t *testing.T) {
	for text, want := range map[string]string{
		"hello":                   `test.expect:1: "hello" begins no step`,
		"\n> \\q":                 "test.expect:2: column 1",
		"</x":                     "want /PATTERN/",
		"</(/":                    "missing closing )",
		"<json {":                 "unexpected EOF",
		"<json {}}":               "more than one value",
		"<json 1 2":               "more than one value",
		"timeout never":           "want a time",
		"timeout 0s":              "want a time",
		"framing msh":             `did you mean "msg"`,
		"case":                    "want case NAME",
		"[0] > x":                 "want [N]",
		"[4097] > x":              "want [N]",
		"[1 > x":                  "want [N]",
		"> ${":                    "want ${NAME}",
		"> ${a b}":                "want ${NAME}",
		"> ${env:}":               "want ${NAME}",
		"<eof now":                "stands alone",
		"> x\n> <<END\na\nb\nend": `test.expect:2: no line "END"`,
	} {
		_, err := Parse("test.expect", strings.NewReader(text))
		if _, ok := errors.AsType[*SyntaxError](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("case a\n[2] > ${x}\\x41\n</(?<x>.)/\n<json <<END\n{}\nEND\nskip /a/\ntimeout 1s\nframing u8\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("fuzz", strings.NewReader(text))
		if err == nil && len(s.Cases) == 0 {
			t.Errorf("%+v", s)
		}
	})
}

// What is written for a message means that message.
func FuzzAppend(f *testing.F) {
	f.Add([]byte("${a}"), 2)
	f.Add([]byte("<<END"), 1)
	f.Add([]byte(" a \r\n\x00\xff"), 1)
	f.Fuzz(func(t *testing.T, msg []byte, conn int) {
		conn = 1 + conn&(connsMost-1)
		s, err := Parse("fuzz", strings.NewReader(string(AppendReceive(AppendSend(nil, conn, msg, false), conn, msg))))
		if err != nil {
			t.Fatal(err)
		}
		steps := s.Cases[0].Steps
		if len(steps) != 2 || steps[0].Conn != conn {
			t.Fatalf("%+v", steps)
		}
		get := func(string) ([]byte, error) { return nil, ErrUnset }
		got, err := steps[0].Do.(Send).Text.expand(get, nil)
		if err != nil || string(got) != string(msg) {
			t.Errorf("%q, %v; want %q", got, err, msg)
		}
		if _, why, err := steps[1].Do.(Receive).Match.match(msg, nil, get); err != nil || why.found() {
			t.Errorf("%q, %v", why.want, err)
		}
	})
}

// Whatever a script demands and a peer says, it matches or tells why not.
func FuzzMatch(f *testing.F) {
	f.Add("< a${x}", []byte("ab"), false)
	f.Add("</^(?<y>.*)$/", []byte("\xff\n"), true)
	f.Add(`<json {"a":[1,{"b":${x}}]}`, []byte(`{"a":[1.0,{"b":"v"}],"c":1e999}`), false)
	redis, err := framing.Parse("resp")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, line string, msg []byte, whole bool) {
		s, err := Parse("fuzz", strings.NewReader(line))
		if err != nil {
			return
		}
		for _, step := range s.Cases[0].Steps {
			r, ok := step.Do.(Receive)
			if !ok {
				continue
			}
			var answers framing.Composer
			if whole {
				answers = redis.S2C.Codec.(framing.Composer)
			}
			found, why, err := r.Match.match(msg, answers, func(string) ([]byte, error) { return []byte(`"v"`), nil })
			if (err != nil || why.found()) && found != nil {
				t.Errorf("%q: %q captures %q although %v, %v", line, msg, found, why, err)
			}
		}
	})
}

// Of frames that are messages, what is expected may be written as a person types it.
func TestExactlyComposed(t *testing.T) {
	for _, c := range []struct {
		framing, msg, line string
		matches            bool
	}{
		{"resp", "+OK\r\n", "< +OK", true},
		{"resp", "+OK\r\n", "< OK", false},
		{"resp", "$5\r\nhello\r\n", "< hello", true},
		{"resp", "$5\r\nhello\r\n", `< $5\r\nhello`, true},
		{"resp", "$5\r\nhello\r\n", "< hell", false},
		{"nats", "PONG\r\n", "< PONG", true},
		{"nats", "MSG a 1 5\r\nhello\r\n", "< MSG a 1 hello", true},
		{"line", "$5", "< hello", false},
	} {
		f, err := framing.Parse(c.framing)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse("x", strings.NewReader(c.line))
		if err != nil {
			t.Fatal(err)
		}
		answers, _ := f.S2C.Codec.(framing.Composer)
		_, why, err := s.Cases[0].Steps[0].Do.(Receive).Match.match([]byte(c.msg), answers, nil)
		if err != nil || why.found() == c.matches {
			t.Errorf("%s: %q, %q: %v, %v", c.framing, c.line, c.msg, why.want, err)
		}
	}
}
