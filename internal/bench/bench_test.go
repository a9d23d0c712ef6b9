package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/chancat/channel"
	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/link"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve hands each connection to serve, and waits for all of them at the end.
func serve(t testing.TB, serve func(net.Conn)) (address string) {
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
			clients.Go(func() {
				defer c.Close()
				serve(c)
			})
		}
	})
	t.Cleanup(func() { l.Close(); clients.Wait() })
	return l.Addr().String()
}

func echo(c net.Conn) { io.Copy(c, c) }

// options are for a peer at address with framing line.
func options(t testing.TB, address, spelling, message string) Options {
	t.Helper()
	f, err := framing.Parse(spelling)
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Message: []byte(message), Replies: 1,
		Dial: func(ctx context.Context, number int, beforeRead func() error) (*link.Link, error) {
			c, err := endpoint.Dial(ctx, address, &endpoint.Options{Max: f.S2C.Max})
			if err != nil {
				return nil, err
			}
			return link.New(ctx, c, link.Options{Framing: f, Number: number, BeforeRead: beforeRead}), nil
		},
	}
}

func TestClosedLoop(t *testing.T) {
	o := options(t, serve(t, echo), "msg", "hello")
	o.Conns, o.Depth, o.Count = 3, 5, 1000
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Sent != 1000 || r.Answered != 1000 || r.Latency.TotalCount() != 1000 || r.Bytes != 5000 || r.Extra != 0 || r.Uncorrected != nil {
		t.Errorf("%+v", r)
	}
	var sum int64
	for _, n := range r.Series {
		sum += n
	}
	if sum != 1000 || r.PerSecond() <= 0 {
		t.Errorf("%d answers in the series, %v a second", sum, r.PerSecond())
	}
}

func TestDuration(t *testing.T) {
	o := options(t, serve(t, echo), "line", "hello")
	o.Duration = 100 * time.Millisecond
	r, err := Run(t.Context(), o)
	if err != nil || r.Answered == 0 || r.Sent != r.Answered || r.Elapsed < 50*time.Millisecond {
		t.Errorf("%+v, %v", r, err)
	}
}

// Messages larger than what the stream holds, many at once, do not lock up.
func TestLargeInFlight(t *testing.T) {
	body := string(make([]byte, 1<<20))
	o := options(t, serve(t, echo), "u32be", body)
	o.Depth, o.Count = 32, 64
	if r, err := Run(t.Context(), o); err != nil || r.Answered != 64 || r.Bytes != 64<<20 {
		t.Errorf("%d of %d, %v", r.Answered, r.Sent, err)
	}
}

// A peer that answers at length and reads nothing meanwhile is not waited for while
// it waits for us.
func TestLargeReplies(t *testing.T) {
	reply := strings.Repeat("x", 64<<10) + "\n"
	o := options(t, serve(t, func(c net.Conn) {
		for lines := bufio.NewScanner(c); lines.Scan(); {
			io.WriteString(c, reply)
		}
	}), "line", strings.Repeat("y", 1<<10))
	o.Depth, o.Count = 100, 500
	if r, err := Run(t.Context(), o); err != nil || r.Answered != 500 {
		t.Errorf("%d of %d, %v", r.Answered, r.Sent, err)
	}
}

func TestReplies(t *testing.T) {
	o := options(t, serve(t, func(c net.Conn) {
		for lines := bufio.NewScanner(c); lines.Scan(); {
			io.WriteString(c, "one\ntwo\nthree\n")
		}
	}), "line", "hello")
	o.Depth, o.Count, o.Replies = 2, 10, 3
	if r, err := Run(t.Context(), o); err != nil || r.Answered != 10 || r.Extra != 20 {
		t.Errorf("%+v, %v", r, err)
	}
}

// Where no answers are wanted, every message still arrives.
func TestNoReplies(t *testing.T) {
	got := make(chan int, 1)
	o := options(t, serve(t, func(c net.Conn) {
		n := 0
		for lines := bufio.NewScanner(c); lines.Scan(); n++ {
		}
		got <- n
	}), "line", "hello")
	o.Count, o.Replies = 5000, 0
	r, err := Run(t.Context(), o)
	if n := <-got; err != nil || r.Sent != 5000 || n != 5000 || r.PerSecond() <= 0 {
		t.Errorf("%d arrived; %+v, %v", n, r, err)
	}
}

// What a peer that does not close has of our time after the last message is no part
// of the run.
func TestNoRepliesFromOneThatStays(t *testing.T) {
	over := make(chan struct{})
	o := options(t, serve(t, func(c net.Conn) {
		io.Copy(io.Discard, c)
		<-over
	}), "line", "hello")
	defer close(over)
	o.Count, o.Replies = 10, 0
	began := time.Now()
	r, err := Run(t.Context(), o)
	if all := time.Since(began); err != nil || r.Elapsed > all-partingMost {
		t.Errorf("%v of %v, %v", r.Elapsed, all, err)
	}
}

// A peer that reads nothing ends a run without answers.
func TestNoRepliesFromOneThatIsStuck(t *testing.T) {
	over := make(chan struct{})
	o := options(t, serve(t, func(c net.Conn) { <-over }), "u32be", strings.Repeat("x", 1<<20))
	defer close(over)
	o.Replies, o.Patience = 0, 200*time.Millisecond
	for _, o.Rate = range []float64{0, 1000} {
		o.Duration = time.Second
		if _, err := Run(t.Context(), o); !errors.Is(err, ErrStuck) {
			t.Errorf("rate %v: %v", o.Rate, err)
		}
	}
}

// A peer that stalls once delays every message that was due meanwhile. Counted from
// when they were due that is many of them; counted from when they were sent it is
// one, and the stall is hardly to be seen.
func TestStallIsSeen(t *testing.T) {
	const stall = time.Second
	o := options(t, serve(t, func(c net.Conn) {
		n := 0
		for lines := bufio.NewScanner(c); lines.Scan(); {
			if n++; n == 100 {
				time.Sleep(stall)
			}
			io.WriteString(c, "ok\n")
		}
	}), "line", "hello")
	o.Rate, o.Duration = 500, 3*time.Second
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	corrected := time.Duration(r.Latency.ValueAtPercentile(90))
	uncorrected := time.Duration(r.Uncorrected.ValueAtPercentile(99))
	if corrected < stall/2 {
		t.Errorf("p90 %v, of a run of which a third was stalled", corrected)
	}
	if uncorrected > stall/2 {
		t.Errorf("uncorrected p99 %v: the stall was of one message", uncorrected)
	}
	if worst := time.Duration(r.Uncorrected.Max()); worst < stall*9/10 {
		t.Errorf("uncorrected max %v", worst)
	}
}

func TestPeersThatFail(t *testing.T) {
	for _, c := range []struct {
		name     string
		serve    func(net.Conn)
		err      error
		answered int64
	}{
		{"closes", func(c net.Conn) {
			c.Read(make([]byte, 100))
			io.WriteString(c, "\r\nMSG 1\r\nx")
			c.Read(make([]byte, 100)) // what is unread would make it a reset
		}, ErrClosed, 1},
		{"breaks", func(c net.Conn) { c.Read(make([]byte, 100)); io.WriteString(c, "nonsense"); io.Copy(io.Discard, c) }, frame.ErrSyntax, 0},
		{"is silent", func(c net.Conn) { io.Copy(io.Discard, c) }, ErrSilent, 0},
		{"is cut", func(c net.Conn) { c.Read(make([]byte, 100)); io.WriteString(c, "\r\nMSG 10\r\nx") }, io.ErrUnexpectedEOF, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := options(t, serve(t, c.serve), "msg", "hello")
			o.Conns, o.Count = 1, 100
			if c.err == ErrSilent {
				o.Patience = 200 * time.Millisecond
			}
			r, err := Run(t.Context(), o)
			if !errors.Is(err, c.err) || r.Answered != c.answered {
				t.Errorf("%d answered, %v; want %v", r.Answered, err, c.err)
			}
		})
	}
}

// A flood of what nobody has asked for is counted, and harms nothing.
func TestFlood(t *testing.T) {
	o := options(t, serve(t, func(c net.Conn) {
		go io.Copy(io.Discard, c)
		for {
			if _, err := io.WriteString(c, "more\n"); err != nil {
				return
			}
		}
	}), "line", "hello")
	o.Count = 1000
	if r, err := Run(t.Context(), o); err != nil || r.Answered != 1000 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	o := options(t, serve(t, echo), "line", "hello")
	o.Duration = time.Hour
	o.Progress = func(p Progress) {
		if p.Answered > 0 {
			cancel(stopped)
		}
	}
	if r, err := Run(ctx, o); !errors.Is(err, stopped) || r.Answered == 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestRefused(t *testing.T) {
	o := options(t, "127.0.0.1:1", "line", "hello")
	o.Count = 1
	if _, err := Run(t.Context(), o); err == nil {
		t.Error("measured")
	}
}

// Ours against a loop by hand with the same connections and depth, in turn: with a
// server that decodes the messages, and with one that only copies bytes. The ratio
// is of the messages a second, the median over the repetitions.
func BenchmarkLoop(b *testing.B) {
	const conns = 4
	for _, server := range []struct {
		name  string
		serve func(net.Conn)
	}{{"messages", echoMessages}, {"bytes", echo}} {
		address := serve(b, server.serve)
		for _, c := range []struct{ depth, size, messages int }{
			{1, 16, 50_000}, {16, 16, 100_000}, {64, 16, 100_000}, {64, 1 << 10, 100_000}, {16, 64 << 10, 10_000},
		} {
			b.Run(fmt.Sprintf("%s/depth=%d/%dB", server.name, c.depth, c.size), func(b *testing.B) {
				message := strings.Repeat("x", c.size)
				var ratios []float64
				for b.Loop() {
					start := time.Now()
					loopByHand(b, address, conns, c.depth, c.messages, message)
					byHand := time.Since(start)
					o := options(b, address, "msg", message)
					o.Conns, o.Depth, o.Count = conns, c.depth, int64(c.messages)
					start = time.Now()
					if _, err := Run(b.Context(), o); err != nil {
						b.Fatal(err)
					}
					ratios = append(ratios, byHand.Seconds()/time.Since(start).Seconds())
				}
				slices.Sort(ratios)
				b.ReportMetric(ratios[len(ratios)/2], "of-hand")
			})
		}
	}
}

// echoMessages sends back message by message.
func echoMessages(c net.Conn) {
	ch := channel.New(c, nil)
	for msg, err := range ch.Messages() {
		if err != nil || ch.SendBuffered(msg) != nil {
			return
		}
	}
	ch.CloseWrite()
}

func loopByHand(b *testing.B, address string, conns, depth, messages int, message string) {
	var working sync.WaitGroup
	for range conns {
		c, err := net.Dial("tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		working.Go(func() { byHand(c, depth, messages/conns, message) })
	}
	working.Wait()
}

// byHand keeps depth frames in flight, n in all.
func byHand(c net.Conn, depth, n int, message string) {
	defer c.Close()
	raw := fmt.Appendf(nil, "\r\nMSG %d\r\n%s", len(message), message)
	r := bufio.NewReaderSize(c, 64<<10)
	w := bufio.NewWriterSize(c, 64<<10)
	in := make([]byte, len(raw))
	sent := 0
	for ; sent < min(depth, n); sent++ {
		w.Write(raw)
	}
	for range n {
		if r.Buffered() < len(raw) {
			w.Flush()
		}
		if _, err := io.ReadFull(r, in); err != nil {
			return
		}
		if sent < n {
			w.Write(raw)
			sent++
		}
	}
}
