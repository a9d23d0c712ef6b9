package tap

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/session"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func parse(spelling string) framing.Framing {
	f, err := framing.Parse(spelling)
	if err != nil {
		panic(err)
	}
	return f
}

func check(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("events\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestDialogue(t *testing.T) {
	r := newRig(t, Options{})
	r.send(r.client, "\r\nMSG 2\r\nhi")
	r.want(r.server, "\r\nMSG 2\r\nhi")
	r.send(r.server, "\r\nMSG 3\r\nyes")
	r.want(r.client, "\r\nMSG 3\r\nyes")
	check(t, r.finish(), "open", `c#1@0 "hi"`, `s#1@0 "yes" answers 1`, "c eof", "s eof")
	if r.result.Client.Read != 11 || r.result.Client.Written != 11 || r.result.Server.Read != 12 || r.result.Server.Lost != 0 {
		t.Errorf("%+v", r.result)
	}
}

func TestServerSpeaksFirst(t *testing.T) {
	r := newRig(t, Options{Framing: parse("line")})
	r.send(r.server, "220 ready\n")
	r.want(r.client, "220 ready\n")
	r.send(r.client, "HELO\n")
	r.want(r.server, "HELO\n")
	r.send(r.server, "250 ok\n")
	r.want(r.client, "250 ok\n")
	got := r.finish()
	check(t, got[:4], "open", `s#1@0 "220 ready"`, `c#1@0 "HELO"`, `s#2@10 "250 ok" answers 1`)
}

// A recording of a fast dialogue stands in the order in which bytes were read.
func TestOrder(t *testing.T) {
	r := newRig(t, Options{Framing: parse("line"), Reads: true})
	var want []string
	for i := range 200 {
		r.send(r.client, "x\n")
		r.want(r.server, "x\n")
		r.send(r.server, "y\n")
		r.want(r.client, "y\n")
		want = append(want, "c read 2", fmt.Sprintf(`c#%d@%d "x"`, i+1, 2*i), "s read 2", fmt.Sprintf(`s#%d@%d "y" answers %d`, i+1, 2*i, i+1))
	}
	got := r.finish()
	check(t, got[1:len(got)-2], want...)
	last := time.Time{}
	for _, e := range r.events {
		if e.Time.Before(last) {
			t.Fatalf("%v comes after %v", e, last)
		}
		last = e.Time
	}
}

func TestReads(t *testing.T) {
	r := newRig(t, Options{})
	for _, piece := range []string{"\r\nMS", "G 5\r\nhe", "llo\r\nMSG 1\r\na\r\nMSG", " 1\r\nb"} {
		r.send(r.client, piece)
		r.want(r.server, piece)
	}
	got := r.finish()
	check(t, got[:4], "open", `c#1@0 "hello" in 3 reads`, `c#2@14 "a"`, `c#3@24 "b" in 2 reads`)
}

func TestHalfClose(t *testing.T) {
	r := newRig(t, Options{Framing: parse("line")})
	r.send(r.client, "all\n")
	r.client.CloseWrite()
	r.want(r.server, "all\n")
	r.wantEOF(r.server)
	time.Sleep(2 * 200 * time.Millisecond) // longer than Linger: a half-closed connection may be silent
	r.send(r.server, "late\n")
	r.want(r.client, "late\n")
	r.server.CloseWrite()
	r.wantEOF(r.client)
	check(t, r.ended(), "open", `c#1@0 "all"`, "c eof", `s#1@0 "late" answers 1`, "s eof")
}

func TestReset(t *testing.T) {
	for _, side := range []string{"client", "server"} {
		t.Run(side, func(t *testing.T) {
			r := newRig(t, Options{Framing: parse("line")})
			from, to := r.client, r.server
			if side == "server" {
				from, to = to, from
			}
			r.send(from, "before\n")
			r.want(to, "before\n")
			from.SetLinger(0)
			from.Close()
			if _, err := to.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("%v, want a reset", err)
			}
			if got := r.ended(); !slices.Contains(got, side[:1]+" reset") {
				t.Errorf("%v", got)
			}
		})
	}
}

// What a side sent before it was reset arrives, as it would without a tap.
func TestDataBeforeReset(t *testing.T) {
	r := newRig(t, Options{Framing: parse("line")})
	text := strings.Repeat("0123456789abcde\n", 4096)
	r.send(r.server, text)
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		r.mu.Lock()
		n := len(r.events)
		r.mu.Unlock()
		if n > 4096 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("not read")
		}
	}
	r.server.SetLinger(0)
	r.server.Close()
	got, err := io.ReadAll(r.client)
	if string(got) != text || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%d bytes of %d, then %v", len(got), len(text), err)
	}
}

func TestBroken(t *testing.T) {
	r := newRig(t, Options{})
	text := "\r\nMSG 1\r\na\r\nMXG 1\r\nb\r\nMSG 1\r\nc"
	r.send(r.client, text)
	r.want(r.server, text)
	check(t, r.finish(), "open", `c#1@0 "a"`, "c broken 10/13", `c#2@20 "c"`, "c eof", "s eof")
	if !r.result.Broken {
		t.Error("not told in the result")
	}
}

func TestBrokenForGood(t *testing.T) {
	r := newRig(t, Options{Framing: parse("u32be")})
	r.send(r.client, "\x00\x00\x00\x01a\xff\xff\xff\xff")
	r.want(r.server, "\x00\x00\x00\x01a\xff\xff\xff\xff")
	junk := strings.Repeat("\xfe\xff", 50_000)
	r.send(r.client, junk)
	r.want(r.server, junk)
	got := r.finish()
	check(t, got[:3], "open", `c#1@0 "a"`, "c broken 5/5")
	if len(got) > 12 {
		t.Errorf("%d events", len(got))
	}
}

func TestTruncated(t *testing.T) {
	r := newRig(t, Options{})
	r.send(r.client, "\r\nMSG 5\r\nab")
	r.want(r.server, "\r\nMSG 5\r\nab")
	check(t, r.finish(), "open", "c broken 0/11", "c eof", "s eof")
}

// A tap whose output is stuck does not hold up the connection, holds no more than
// its budget, and tells what it did not decode.
func TestOutputStuck(t *testing.T) {
	stuck := make(chan struct{})
	var decoded, lost, broken int64
	budget := NewBudget(1 << 20)
	r := newRig(t, Options{Framing: parse("line"), Budget: budget, Observe: func(e *session.Event) {
		<-stuck
		switch e.Kind {
		case session.Message:
			decoded += int64(e.Head + e.Body + e.Tail)
		case session.Lost:
			lost += int64(e.N)
		case session.Broken:
			broken++
		}
	}})
	line := strings.Repeat("x", 1023) + "\n"
	const lines = 20_000
	go func() {
		for range lines {
			io.WriteString(r.client, line)
		}
		r.client.CloseWrite()
	}()
	n, err := io.Copy(io.Discard, r.server)
	if n != lines*1024 || err != nil {
		t.Fatalf("%d bytes, %v", n, err)
	}
	if held := budget.used.Load(); held > 1<<20 {
		t.Errorf("%d bytes are held", held)
	}
	close(stuck)
	r.server.CloseWrite()
	r.ended()
	if lost == 0 || lost != r.result.Client.Lost || decoded == 0 || broken > 0 {
		t.Errorf("%d bytes decoded, %d told as lost, %d lost, %d broken", decoded, lost, r.result.Client.Lost, broken)
	}
	if skipped := n - decoded - lost; skipped < 0 || skipped > 2*1024*10 {
		t.Errorf("%d bytes unaccounted for", skipped)
	}
	if held := budget.used.Load(); held != 0 {
		t.Errorf("%d bytes are still held", held)
	}
}

func TestTargetNeverReads(t *testing.T) {
	r := newRig(t, Options{Framing: parse("line")})
	r.client.SetWriteBuffer(64 << 10)
	r.server.SetReadBuffer(64 << 10)
	r.client.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
	var sent int64
	buf := []byte(strings.Repeat(strings.Repeat("y", 4095)+"\n", 16))
	for {
		n, err := r.client.Write(buf)
		sent += int64(n)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break // back-pressure
		}
		if err != nil {
			t.Fatal(err)
		}
		if sent > 1<<30 {
			t.Fatal("a gigabyte is buffered")
		}
	}
	r.stop()
	r.ended()
}

// A target that answers, and closes without having read all, is passed on.
func TestTargetClosesEarly(t *testing.T) {
	r := newRig(t, Options{Framing: parse("line")})
	r.send(r.server, "bye\n")
	r.server.Close()
	r.want(r.client, "bye\n")
	r.wantEOF(r.client)
	for range 1000 {
		if _, err := io.WriteString(r.client, "more\n"); err != nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	r.ended()
	var refused net.Error
	if _, err := r.client.Write([]byte("x")); err == nil || errors.As(err, &refused) && refused.Timeout() {
		t.Errorf("%v, want a closed connection", err)
	}
}

func TestContextEnds(t *testing.T) {
	r := newRig(t, Options{})
	r.send(r.client, "\r\nMSG 1\r\na")
	r.want(r.server, "\r\nMSG 1\r\na")
	r.stop()
	got := r.ended()
	if !slices.Contains(got, `c#1@0 "a"`) {
		t.Errorf("%v", got)
	}
	r.wantEOF(r.client)
}

func TestPostgresTLS(t *testing.T) {
	r := newRig(t, Options{Framing: parse("postgres")})
	steps := []struct {
		c    net.Conn
		text string
	}{
		{r.client, "\x00\x00\x00\x08\x04\xd2\x16\x2f"},
		{r.server, "S"},
		{r.client, "\x16\x03\x01\x00\x02hi"},
		{r.server, "\x16\x03\x03\x00\x02yo"},
	}
	for _, s := range steps {
		r.send(s.c, s.text)
		to := r.client
		if s.c == r.client {
			to = r.server
		}
		r.want(to, s.text)
	}
	got := r.finish()
	if r.result.Broken || !slices.Contains(got, "note") || !strings.HasPrefix(got[4], "c#2@8") || !strings.HasPrefix(got[5], "s#2@1") {
		t.Errorf("%q", got)
	}
}

// psql asks for GSSAPI first where it has a ticket: N to that, and then S.
func TestPostgresTLSAfterRefusal(t *testing.T) {
	r := newRig(t, Options{Framing: parse("postgres")})
	for _, s := range []struct {
		from, to net.Conn
		text     string
	}{
		{r.client, r.server, "\x00\x00\x00\x08\x04\xd2\x16\x30"},
		{r.server, r.client, "N"},
		{r.client, r.server, "\x00\x00\x00\x08\x04\xd2\x16\x2f"},
		{r.server, r.client, "S"},
		{r.client, r.server, "\x16\x03\x01\x00\x02hi"},
		{r.server, r.client, "\x16\x03\x03\x00\x02yo"},
	} {
		r.send(s.from, s.text)
		r.want(s.to, s.text)
	}
	check(t, r.finish(), "open", `c#1@0 "\x04\xd2\x160"`, `s#1@0 "N" answers 1`, `c#2@8 "\x04\xd2\x16/"`, `s#2@1 "S" answers 2`, "note",
		`c#3@16 "hi"`, `s#3@2 "yo"`, "c eof", "s eof")
}

// A server that refuses both speaks in the clear, and its first message may begin
// as an answer does.
func TestPostgresRefusesTLS(t *testing.T) {
	r := newRig(t, Options{Framing: parse("postgres")})
	for _, s := range []struct {
		from, to net.Conn
		text     string
	}{
		{r.client, r.server, "\x00\x00\x00\x08\x04\xd2\x16\x30"},
		{r.server, r.client, "N"},
		{r.client, r.server, "\x00\x00\x00\x08\x04\xd2\x16\x2f"},
		{r.server, r.client, "N"},
		{r.client, r.server, "\x00\x00\x00\x09\x00\x03\x00\x00\x00"},
		{r.server, r.client, "N"},
		{r.server, r.client, "\x00\x00\x00\x05x"},
	} {
		r.send(s.from, s.text)
		r.want(s.to, s.text)
	}
	got := r.finish()
	if len(got) != 9 || got[4] != `s#2@1 "N" answers 2` || !strings.HasPrefix(got[6], `s#3@2 "x"`) || r.result.Broken {
		t.Errorf("%q", got)
	}
}

func TestMySQLTLS(t *testing.T) {
	r := newRig(t, Options{Framing: parse("mysql")})
	greeting := "\x02\x00\x00\x00\x0a8"
	request := "\x20\x00\x00\x01\x00\x08" + strings.Repeat("\x00", 30)
	r.send(r.server, greeting)
	r.want(r.client, greeting)
	r.send(r.client, request+"\x16\x03\x01\x00\x01x")
	r.want(r.server, request+"\x16\x03\x01\x00\x01x")
	r.send(r.server, "\x16\x03\x03\x00\x01y")
	r.want(r.client, "\x16\x03\x03\x00\x01y")
	if got := r.finish(); r.result.Broken || !slices.Contains(got, "note") {
		t.Errorf("%q", got)
	}
}

func TestAuto(t *testing.T) {
	r := newRig(t, Options{Reads: true, Auto: true})
	r.send(r.client, "one\n")
	r.want(r.server, "one\n")
	r.send(r.server, "two\n")
	r.want(r.client, "two\n")
	got := r.finish()
	check(t, got, "open", "note", "c read 4", `c#1@0 "one"`, "s read 4", `s#1@0 "two" answers 1`, "c eof", "s eof")
	if r.events[0].Framing != "line" {
		t.Errorf("framing %q", r.events[0].Framing)
	}
}

func TestAutoUndecided(t *testing.T) {
	r := newRig(t, Options{Auto: true})
	r.send(r.client, "one")
	r.want(r.server, "one")
	check(t, r.finish(), "open", "note", "c eof", "s eof")
}
