package tap

import (
	"errors"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chancat/channel/internal/mutate"
)

func rules(t *testing.T, texts ...string) (list []mutate.Rule) {
	t.Helper()
	for _, text := range texts {
		r, err := mutate.ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

// What each side receives under each fault, to the byte.
func TestFaultBytes(t *testing.T) {
	const (
		a, b, c = "\r\nMSG 1\r\na", "\r\nMSG 2\r\nbb", "\r\nMSG 3\r\nccc"
		all     = a + b + c
	)
	for _, f := range []struct{ rule, c2s, s2c string }{
		{"msg=2:drop", a + c, a + c},
		{"c2s:msg=2:drop", a + c, all},
		{"s2c:msg=2:drop", all, a + c},
		{"every=2:dup", a + b + b + c, a + b + b + c},
		{"msg=2:truncate=3", a + "\r\nM" + c, a + "\r\nM" + c},
		{"match=ccc:drop", a + b, a + b},
		{"msg=1:length+1", "\r\nMSG 2\r\na" + b + c, "\r\nMSG 2\r\na" + b + c},
		{"msg=2:split", all, all},
		{"msg=3:delay=50ms", all, all},
		{"rate=100%:drop", "", ""},
		{"msg=9:drop", all, all},
		{"msg=1:truncate=99", all, all}, // cannot be applied, and is told
	} {
		t.Run(f.rule, func(t *testing.T) {
			r := newRig(t, Options{Rules: rules(t, f.rule)})
			r.send(r.client, all)
			r.client.CloseWrite()
			if got, err := io.ReadAll(r.server); string(got) != f.c2s || err != nil {
				t.Errorf("the server has %q, %v; want %q", got, err, f.c2s)
			}
			r.send(r.server, all)
			r.server.CloseWrite()
			if got, err := io.ReadAll(r.client); string(got) != f.s2c || err != nil {
				t.Errorf("the client has %q, %v; want %q", got, err, f.s2c)
			}
			got := r.ended()
			told := slices.ContainsFunc(got, func(e string) bool { return strings.Contains(e, "fault "+f.rule) })
			if applied := f.rule != "msg=9:drop" && f.rule != "msg=1:truncate=99"; told != applied {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestFaultCorrupt(t *testing.T) {
	const all = "\r\nMSG 5\r\nhello\r\nMSG 5\r\nworld\r\nMSG 5\r\nthere"
	received := func(seed uint64) string {
		r := newRig(t, Options{Rules: rules(t, "c2s:msg=2:corrupt"), Seed: seed})
		r.send(r.client, all)
		r.client.CloseWrite()
		got, err := io.ReadAll(r.server)
		if err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	first := received(5)
	if len(first) != len(all) || first == all || first[:14] != all[:14] || first[28:] != all[28:] {
		t.Errorf("%q", first)
	}
	if again := received(5); again != first {
		t.Errorf("%q, and with the same seed %q", first, again)
	}
}

func TestFaultReset(t *testing.T) {
	r := newRig(t, Options{Rules: rules(t, "c2s:msg=2:reset"), Framing: parse("line")})
	r.send(r.client, "one\ntwo\nthree\n")
	got, err := io.ReadAll(r.server)
	if string(got) != "one\n" || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the server has %q, %v", got, err)
	}
	if _, err := r.client.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client sees %v", err)
	}
	if got := r.ended(); !slices.Contains(got, "c#2 fault c2s:msg=2:reset") {
		t.Errorf("%q", got)
	}
}

// A delay holds its message and all behind it, and nothing of the other direction.
func TestFaultDelay(t *testing.T) {
	r := newRig(t, Options{Rules: rules(t, "c2s:msg=2:delay=400ms"), Framing: parse("line")})
	start := time.Now()
	r.send(r.client, "1\n2\n3\n")
	r.want(r.server, "1\n")
	r.send(r.server, "now\n")
	r.want(r.client, "now\n")
	early := time.Since(start)
	r.want(r.server, "2\n3\n")
	if late := time.Since(start); late < 400*time.Millisecond || early >= late {
		t.Errorf("after %v and %v", early, late)
	}
	r.finish()
}

func TestFaultSplitInPieces(t *testing.T) {
	r := newRig(t, Options{Rules: rules(t, "msg=1:split"), Framing: parse("line")})
	r.send(r.client, "abcdef\n")
	piece := make([]byte, 16)
	n, err := r.server.Read(piece)
	if err != nil || string(piece[:n]) != "abcd" {
		t.Errorf("%q, %v", piece[:n], err)
	}
	r.want(r.server, "ef\n")
	r.finish()
}

// Where the stream breaks, bytes go on as they come.
func TestFaultsEndWhereBroken(t *testing.T) {
	r := newRig(t, Options{Rules: rules(t, "every=1:dup")})
	r.send(r.client, "\r\nMSG 1\r\na\r\nMXG and whatever")
	r.want(r.server, "\r\nMSG 1\r\na\r\nMSG 1\r\na\r\nMXG and whatever")
	r.send(r.client, "\r\nMSG 1\r\nb")
	r.want(r.server, "\r\nMSG 1\r\nb")
	r.client.CloseWrite()
	r.wantEOF(r.server)
	if got := r.finish(); !slices.Contains(got, "note") {
		t.Errorf("%q", got)
	}
}

// A frame that the end cuts off arrives as far as it came.
func TestFaultsTruncatedStream(t *testing.T) {
	r := newRig(t, Options{Rules: rules(t, "msg=1:dup")})
	r.send(r.client, "\r\nMSG 9\r\nabc")
	r.client.CloseWrite()
	r.want(r.server, "\r\nMSG 9\r\nabc")
	r.wantEOF(r.server)
	r.finish()
}

// What stands behind the last message and belongs to none arrives.
func TestFaultsKeepWhatIsNoMessage(t *testing.T) {
	for _, in := range []string{"{\"a\":1}\n \n", " \r\n", ""} {
		r := newRig(t, Options{Rules: rules(t, "msg=9:drop"), Framing: parse("json")})
		r.send(r.client, in)
		r.client.CloseWrite()
		r.want(r.server, in)
		r.wantEOF(r.server)
		r.finish()
	}
}

// A direction without a rule is forwarded as it comes, half frames too.
func TestFaultsLeaveTheOtherDirection(t *testing.T) {
	r := newRig(t, Options{Rules: rules(t, "c2s:every=1:drop")})
	r.send(r.server, "\r\nMSG 9\r\na")
	r.want(r.client, "\r\nMSG 9\r\na")
	r.send(r.client, "\r\nMSG 1\r\na")
	r.client.CloseWrite()
	r.wantEOF(r.server)
	r.finish()
}

// Every byte behind a broken frame goes on, however much one read has brought.
func TestFaultsLoseNothingBehindBroken(t *testing.T) {
	all := "\r\nMSG 1\r\na\r\nMXG" + strings.Repeat("0123456789abcdef", 64<<10)
	r := newRig(t, Options{Rules: rules(t, "msg=9:drop")})
	go func() {
		io.WriteString(r.client, all)
		r.client.CloseWrite()
	}()
	if got, err := io.ReadAll(r.server); string(got) != all || err != nil {
		t.Errorf("%d bytes of %d came, %v", len(got), len(all), err)
	}
	r.server.CloseWrite()
	r.ended()
}
