package channel

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stream is one end of a connection whose other end is a script: what is read,
// and a record of what was written.
type stream struct {
	io.Reader
	mu     sync.Mutex
	writes [][]byte
	err    error // of the next write
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return len(p) / 2, s.err
	}
	s.writes = append(s.writes, bytes.Clone(p))
	return len(p), nil
}

func (s *stream) Close() error { return nil }

func received(input string) *Channel { return New(&stream{Reader: strings.NewReader(input)}, nil) }

// tcpPair returns the two ends of a TCP connection.
func tcpPair(t testing.TB) (client, server net.Conn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

// The wire format is that of the original Channel, to the byte.
func TestWireFormat(t *testing.T) {
	s := &stream{}
	if err := New(s, nil).Send([]byte("Hello World")); err != nil {
		t.Fatal(err)
	}
	if want := "\r\nMSG 11\r\nHello World"; len(s.writes) != 1 || string(s.writes[0]) != want {
		t.Errorf("wrote %q, want one write of %q", s.writes, want)
	}
}

func TestPipe(t *testing.T) {
	a, b := Pipe(nil)
	defer a.Close()
	defer b.Close()
	for _, want := range []string{"hi", "", "\r\nMSG 2\r\nxx", strings.Repeat("x", 30_000)} {
		if err := a.Send([]byte(want)); err != nil {
			t.Fatal(err)
		}
		got, err := b.Recv()
		if err != nil || string(got) != want || got == nil {
			t.Fatalf("received %q, %v; want %q", got, err, want)
		}
	}
	if a.LocalAddr() != nil || a.RemoteAddr() != nil {
		t.Error("a pipe has an address")
	}
}

func TestRecvInto(t *testing.T) {
	ch := received("\r\nMSG 2\r\nhi\r\nMSG 3\r\nyou")
	buf, err := ch.RecvInto([]byte("> "))
	if err != nil || string(buf) != "> hi" {
		t.Fatalf("%q, %v", buf, err)
	}
	if buf, err = ch.RecvInto(buf); err != nil || string(buf) != "> hiyou" {
		t.Fatalf("%q, %v", buf, err)
	}
	if buf, err = ch.RecvInto(buf); err != io.EOF || string(buf) != "> hiyou" {
		t.Fatalf("%q, %v", buf, err)
	}
}

func TestMessages(t *testing.T) {
	ch := received("\r\nMSG 1\r\na\r\nMSG 1\r\nb\r\nMSG 1\r\nc\r\nMXG 1\r\nd")
	for msg, err := range ch.Messages() {
		if string(msg) != "a" || err != nil {
			t.Fatalf("%q, %v", msg, err)
		}
		break
	}
	if msg, err := ch.Recv(); string(msg) != "b" || err != nil {
		t.Fatalf("after break: %q, %v", msg, err)
	}
	var log []string
	for msg, err := range ch.Messages() {
		log = append(log, fmt.Sprintf("%q %v", msg, err))
	}
	want := []string{`"c" <nil>`, `"" frame at byte 30: byte 33: malformed frame: got 'X', want 'S'`}
	if !slices.Equal(log, want) {
		t.Errorf("got %q, want %q", log, want)
	}
	for range received("\r\nMSG 0\r\n").Messages() {
		log = nil
	}
	if log != nil {
		t.Error("no message was yielded")
	}
	for msg, err := range received("").Messages() {
		t.Errorf("a clean end yields %q, %v", msg, err)
	}
}

// A loop over Messages lets other receives take turns.
func TestMessagesTakeTurns(t *testing.T) {
	a, b := Pipe(nil)
	defer a.Close()
	defer b.Close()
	got := make(chan error)
	go func() {
		_, err := b.Recv()
		got <- err
	}()
	loop := make(chan struct{})
	go func() {
		defer close(loop)
		for range b.Messages() {
		}
	}()
	for sent := 0; ; sent++ {
		select {
		case err := <-got:
			if err != nil {
				t.Error(err)
			}
			a.CloseWrite()
			<-loop
			return
		default:
			if err := a.Send([]byte("x")); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// The offsets of broken frames, and their sticky errors.
func TestBrokenFrames(t *testing.T) {
	good := "\r\nMSG 12\r\n" + strings.Repeat("x", 11) // 21 bytes with the body's last
	for _, test := range []struct {
		in            string
		start, offset int64
		cause         error
	}{
		{"\r\nMSG 1\r\nx\r\nMXG 1\r\n", 10, 13, frame.ErrSyntax},
		{"\r\nMSG +5\r\nhello", 0, 6, frame.ErrSyntax},
		{"\r\nMSG 1x\r\nx", 0, 7, frame.ErrSyntax},
		{"\r\nMSG 1\rx", 0, 8, frame.ErrSyntax},
		{"\nMSG 1\r\nx", 0, 0, frame.ErrSyntax},
		{"\r\nMSG -1\r\n", 0, 6, frame.ErrSyntax},
		{"\r\nMSG  1\r\nx", 0, 6, frame.ErrSyntax},
		{"\r\nMSG \r\n", 0, 6, frame.ErrSyntax},
		{"\r\nmsg 1\r\nx", 0, 2, frame.ErrSyntax},
		{"\r\nMSG 11\r\n" + strings.Repeat("x", 11) + "\r\n\r\n", 21, 23, frame.ErrSyntax},
		{"\r\nMSG 999999999\r\n", 0, 6, frame.ErrTooLarge},
		{"\r\nMSG 9999999999\r\n", 0, 15, frame.ErrSyntax},
		{"\r\n", 0, 2, io.ErrUnexpectedEOF},
		{"\r\nMSG 5\r\nhell", 0, 13, io.ErrUnexpectedEOF},
		{good, 0, 21, io.ErrUnexpectedEOF},
	} {
		ch := received(test.in)
		var err error
		for err == nil {
			_, err = ch.Recv()
		}
		e, ok := errors.AsType[*frame.Error](err)
		if !ok || e.Start != test.start || e.Offset != test.offset || !errors.Is(err, test.cause) || errors.Is(err, io.EOF) {
			t.Errorf("%q: %v; want %d/%d, %v", test.in, err, test.start, test.offset, test.cause)
		}
		if _, again := ch.Recv(); again != err {
			t.Errorf("%q: the second Recv says %v", test.in, again)
		}
		for range 2 {
			if sent := errors.Join(ch.Send([]byte("x")), ch.SendBuffered([]byte("y"))); !errors.Is(sent, err) || !strings.HasPrefix(sent.Error(), "channel is dead: frame at byte ") {
				t.Errorf("%q: a Send behind it says %v", test.in, sent)
			}
		}
	}
}

// A stream that is cut anywhere inside a frame is told from one that ends.
func TestTruncation(t *testing.T) {
	whole := "\r\nMSG 2\r\nhi\r\nMSG 11\r\nHello World"
	for n := range len(whole) + 1 {
		ch := received(whole[:n])
		var err error
		for err == nil {
			_, err = ch.Recv()
		}
		clean := n == 0 || n == 11 || n == len(whole)
		if clean != (err == io.EOF) || clean == errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut after %d bytes: %v", n, err)
		}
		if e, ok := errors.AsType[*frame.Error](err); ok && e.Offset != int64(n) {
			t.Errorf("cut after %d bytes: offset %d", n, e.Offset)
		}
	}
}

func TestMaxMessage(t *testing.T) {
	o := &Options{MaxMessage: 10}
	a, b := Pipe(o)
	defer a.Close()
	defer b.Close()
	if err := a.Send(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := a.Send(make([]byte, 11)); err != nil {
		t.Fatal(err) // it limits what is received
	}
	if msg, err := b.Recv(); len(msg) != 10 || err != nil {
		t.Fatal(msg, err)
	}
	_, err := b.Recv()
	e, ok := errors.AsType[*frame.Error](err)
	if !ok || !errors.Is(err, frame.ErrTooLarge) || e.Start != 20 || e.Offset != 26 {
		t.Errorf("got %v", err)
	}
}

func TestCodecs(t *testing.T) {
	f, err := framing.Parse("u16be/line")
	if err != nil {
		t.Fatal(err)
	}
	s := &stream{Reader: strings.NewReader("a line\n")}
	ch := New(s, &Options{Codec: f.S2C.Codec, SendCodec: f.C2S.Codec})
	if err := ch.Send([]byte("hi")); err != nil || string(s.writes[0]) != "\x00\x02hi" {
		t.Errorf("wrote %q, %v", s.writes, err)
	}
	if msg, err := ch.Recv(); string(msg) != "a line" || err != nil {
		t.Errorf("received %q, %v", msg, err)
	}
}

// A message that the framing cannot carry harms nothing.
func TestUnsendable(t *testing.T) {
	s := &stream{}
	ch := New(s, &Options{Codec: framing.NUL})
	if err := ch.Send([]byte("a\x00b")); !errors.Is(err, frame.ErrUnsendable) {
		t.Errorf("got %v", err)
	}
	if err := ch.Send([]byte("ok")); err != nil || len(s.writes) != 1 || string(s.writes[0]) != "ok\x00" {
		t.Errorf("then wrote %q, %v", s.writes, err)
	}
}

func TestPartialWriteIsSticky(t *testing.T) {
	broken := errors.New("cable pulled")
	s := &stream{err: broken}
	ch := New(s, nil)
	for range 2 {
		if err := ch.Send([]byte("hi")); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
		s.mu.Lock()
		s.err = nil
		s.mu.Unlock()
	}
	if err := ch.SendBuffered([]byte("hi")); !errors.Is(err, broken) {
		t.Errorf("SendBuffered: %v", err)
	}
	if err := ch.Flush(); !errors.Is(err, broken) {
		t.Errorf("Flush: %v", err)
	}
	if err := ch.Close(); !errors.Is(err, broken) {
		t.Errorf("Close: %v", err)
	}
	if len(s.writes) != 0 {
		t.Errorf("wrote %q after the failure", s.writes)
	}
}

func TestHalfClose(t *testing.T) {
	client, server := tcpPair(t)
	a, b := New(client, nil), New(server, nil)
	for range 100 {
		if err := a.SendBuffered([]byte("queued")); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range b.Messages() {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 100 {
		t.Errorf("%d messages came before the end", n)
	}
	if err := b.Send([]byte("still here")); err != nil {
		t.Fatal(err)
	}
	if msg, err := a.Recv(); string(msg) != "still here" || err != nil {
		t.Errorf("%q, %v", msg, err)
	}
	if err := a.Send([]byte("late")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a send after CloseWrite: %v", err)
	}
	if err := New(&stream{}, nil).CloseWrite(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a stream without half-close: %v", err)
	}
}

func TestCloseInterrupts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch, peer := Pipe(nil)
		defer peer.Close()
		failed := make(chan error, 4)
		go func() {
			_, err := ch.Recv()
			failed <- err
		}()
		for range 3 { // one writes, two wait for it; nobody reads
			go func() { failed <- ch.Send(make([]byte, 1<<20)) }()
		}
		synctest.Wait()
		begin := time.Now()
		if err := ch.Close(); err != nil {
			t.Error(err)
		}
		for range cap(failed) {
			if err := <-failed; err == nil {
				t.Error("no error")
			}
		}
		if waited := time.Since(begin); waited != 0 {
			t.Errorf("Close waited %v for senders that were stuck", waited)
		}
		ch.Close() // a second time
		if err := ch.Send([]byte("x")); !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("Send after Close: %v", err)
		}
		if _, err := ch.Recv(); err == nil {
			t.Error("Recv after Close")
		}
	})
}

// Close lets queued messages leave, but not for ever.
func TestCloseDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe(nil)
		go func() {
			for range 100 {
				a.SendBuffered(make([]byte, 2000)) // more than the pipe holds
			}
			a.Close()
		}()
		n := 0
		for _, err := range b.Messages() {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != 100 {
			t.Errorf("%d messages came", n)
		}

		c, d := Pipe(nil)
		for range 100 {
			c.SendBuffered(make([]byte, 2000))
		}
		begin := time.Now()
		if err := c.Close(); err == nil { // d does not read
			t.Error("Close does not say that messages were not sent")
		}
		if waited := time.Since(begin); waited != drainLimit {
			t.Errorf("Close waited %v", waited)
		}
		b.Close()
		d.Close()
	})
}

// SendBuffered returns at once for a peer that does not read, until 256 KiB are
// queued; everything is there, in order, once the peer reads.
func TestSendBufferedBlocksAtLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe(nil)
		const size = 1 << 10
		sent := 0
		blocked := make(chan struct{})
		go func() {
			defer close(blocked)
			msg := make([]byte, size)
			for i := range 1000 {
				msg[0] = byte(i)
				if err := a.SendBuffered(msg); err != nil {
					t.Error(err)
				}
				sent++
			}
			a.CloseWrite()
		}()
		synctest.Wait()
		const frame = size + len("\r\nMSG 1024\r\n")
		if held := sent * frame; held < 256<<10-frame || held > 256<<10+pipeSize {
			t.Errorf("%d bytes were taken before it blocked", held)
		}
		n := 0
		for msg, err := range b.Messages() {
			if err != nil || msg[0] != byte(n) {
				t.Fatalf("message %d: %v, %v", n, msg[0], err)
			}
			n++
		}
		<-blocked
		if n != 1000 {
			t.Errorf("%d messages came", n)
		}
		a.Close()
		b.Close()
	})
}

// SendBuffered is delivered without Flush, copies its argument, and keeps its
// place among Sends.
func TestSendBufferedOrder(t *testing.T) {
	client, server := tcpPair(t)
	a, b := New(client, nil), New(server, nil)
	msg := []byte("0")
	var want []string
	for i := range 1000 {
		msg[0] = byte('0' + i%10)
		want = append(want, string(msg))
		send := a.SendBuffered
		if i%7 == 0 {
			send = a.Send
		}
		if i%100 == 0 {
			large := bytes.Repeat(msg, 300<<10)
			want[i] = string(large)
			if err := send(large); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := send(msg); err != nil {
			t.Fatal(err)
		}
		copy(msg, "!")
	}
	for i, w := range want {
		got, err := b.Recv()
		if err != nil || string(got) != w {
			t.Fatalf("message %d of %d bytes: %v", i, len(got), err)
		}
	}
}

// Frames of concurrent senders never mix, and each sender's stay in order.
func TestConcurrentSenders(t *testing.T) {
	client, server := tcpPair(t)
	a, b := New(client, nil), New(server, nil)
	const senders, each = 16, 200
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for i := range each {
				msg := fmt.Appendf(nil, "%d %d ", s, i)
				msg = append(msg, bytes.Repeat([]byte{'x'}, (i%5)*(s%3)*20_000)...)
				send := a.Send
				if (s+i)%2 == 0 {
					send = a.SendBuffered
				}
				if err := send(msg); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	go func() { wg.Wait(); a.CloseWrite() }()
	next := make([]int, senders)
	for msg, err := range b.Messages() {
		if err != nil {
			t.Fatal(err)
		}
		var s, i int
		if _, err := fmt.Sscanf(string(msg), "%d %d ", &s, &i); err != nil || next[s] != i {
			t.Fatalf("message %.20q: %v, want number %d", msg, err, next[s])
		}
		next[s]++
	}
	for s, n := range next {
		if n != each {
			t.Errorf("%d messages of sender %d came", n, s)
		}
	}
}

// A header buys no memory.
func TestClaimCostsNothing(t *testing.T) {
	a, b := Pipe(&Options{MaxMessage: 1 << 30})
	defer a.Close()
	go func() {
		a.rwc.Write([]byte("\r\nMSG 999999999\r\nonly this"))
		a.CloseWrite()
	}()
	var err error
	allocated := bytesAllocated(func() { _, err = b.Recv() })
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if allocated > 1<<20 {
		t.Errorf("the claim cost %d bytes", allocated)
	}
}

func bytesAllocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
