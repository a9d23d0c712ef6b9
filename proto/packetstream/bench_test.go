package packetstream

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/rpc"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chancat/channel"
)

const (
	benchPayload = 64 // bytes

	// benchServer names the variable that makes the test program a server, of the kind
	// that it holds.
	benchServer = "PACKETSTREAM_TEST_SERVER"
)

// benchServers answer with what they get, in the protocols to compare.
var benchServers = map[string]func(net.Conn){
	"packetstream": func(conn net.Conn) {
		(&Server{Options: Options{Handler: echo}}).ServeConn(context.Background(), conn)
	},
	"rpc": func(conn net.Conn) {
		s := rpc.NewServer()
		s.Register(&Echo{})
		s.ServeConn(conn)
	},
	"msg": func(conn net.Conn) {
		c := channel.New(conn, nil)
		defer c.Close()
		for msg := range c.Messages() {
			if c.Send(msg) != nil {
				return
			}
		}
	},
}

type Echo struct{}

func (*Echo) Echo(payload []byte, reply *[]byte) error {
	*reply = payload
	return nil
}

// serveBench is a server in a process of its own, as most are. It ends with stdin.
func serveBench(kind string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go benchServers[kind](conn)
		}
	}()
	fmt.Println(l.Addr())
	io.Copy(io.Discard, os.Stdin)
}

// benchDial connects to a server of that kind, in this process or another.
func benchDial(b *testing.B, kind string, apart bool) net.Conn {
	b.Helper()
	if !apart {
		x, y := tcpPair(b)
		served := make(chan struct{})
		go func() {
			defer close(served)
			benchServers[kind](y)
		}()
		b.Cleanup(func() {
			x.Close()
			<-served
		})
		return x
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), benchServer+"="+kind)
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		b.Fatal("it printed no address")
	}
	conn, err := net.Dial("tcp", lines.Text())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return conn
}

// BenchmarkCalls has that many calls in flight, each from a goroutine of its own,
// beside net/rpc with gob and, where one is in flight, beside MSG without anything
// on it.
func BenchmarkCalls(b *testing.B) {
	for _, apart := range []bool{false, true} {
		where := "same-process"
		if apart {
			where = "two-processes"
		}
		for _, inFlight := range []int{1, 64} {
			run := func(kind string, call func(b *testing.B, conn net.Conn) func() error) {
				b.Run(fmt.Sprintf("%s/%d/%s", where, inFlight, kind), func(b *testing.B) {
					flood(b, inFlight, call(b, benchDial(b, kind, apart)))
				})
			}
			run("packetstream", callPacketstream)
			run("rpc", callRPC)
			if inFlight == 1 {
				run("msg", callMSG)
			}
		}
	}
}

// BenchmarkBesideMSG has one call in flight, and reports its speed as a part of that
// of a message of MSG and its echo. The machine may be busy with other things, so
// that the two take turns, and the median counts.
func BenchmarkBesideMSG(b *testing.B) {
	const rounds = 41
	for name, timeout := range map[string]time.Duration{"background": 0, "with-timeout": time.Hour} {
		b.Run(name, func(b *testing.B) {
			ctx := context.Background()
			if timeout > 0 {
				var cancel func()
				ctx, cancel = context.WithTimeout(ctx, timeout)
				defer cancel()
			}
			ours := callPacketstreamWith(ctx, b, benchDial(b, "packetstream", false))
			msg := callMSG(b, benchDial(b, "msg", false))
			timed := func(call func() error) time.Duration {
				begin := time.Now()
				for range max(1, b.N/rounds) {
					if err := call(); err != nil {
						b.Fatal(err)
					}
				}
				return time.Since(begin)
			}
			var ratios []float64
			for range rounds {
				ratios = append(ratios, float64(timed(msg))/float64(timed(ours)))
			}
			slices.Sort(ratios)
			b.ReportMetric(ratios[rounds/2], "ratio")
			b.ReportMetric(ratios[0], "lowest")
			b.ReportMetric(ratios[rounds-1], "highest")
			b.ReportMetric(0, "ns/op") // of both together: says nothing
		})
	}
}

func callPacketstream(b *testing.B, conn net.Conn) func() error {
	return callPacketstreamWith(context.Background(), b, conn)
}

func callPacketstreamWith(ctx context.Context, b *testing.B, conn net.Conn) func() error {
	c := New(conn, nil)
	b.Cleanup(func() {
		c.Close()
		<-c.Done()
	})
	payload := make([]byte, benchPayload)
	return func() error {
		_, err := c.Call(ctx, Request{Payload: payload})
		return err
	}
}

func callRPC(b *testing.B, conn net.Conn) func() error {
	c := rpc.NewClient(conn)
	b.Cleanup(func() { c.Close() })
	payload := make([]byte, benchPayload)
	return func() error {
		var reply []byte
		return c.Call("Echo.Echo", payload, &reply)
	}
}

func callMSG(_ *testing.B, conn net.Conn) func() error {
	c := channel.New(conn, nil)
	payload, buf := make([]byte, benchPayload), make([]byte, 0, 2*benchPayload)
	return func() error {
		if err := c.Send(payload); err != nil {
			return err
		}
		_, err := c.RecvInto(buf)
		return err
	}
}

// flood runs call b.N times, from that many goroutines.
func flood(b *testing.B, inFlight int, call func() error) {
	b.ReportAllocs()
	b.ResetTimer()
	var callers sync.WaitGroup
	for i := range inFlight {
		share := b.N / inFlight
		if i < b.N%inFlight {
			share++
		}
		callers.Go(func() {
			for range share {
				if err := call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	callers.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

// BenchmarkSubmit has 64 requests in flight from one goroutine.
func BenchmarkSubmit(b *testing.B) {
	c := New(benchDial(b, "packetstream", false), nil)
	defer c.Close()
	payload := make([]byte, benchPayload)
	var inFlight [64]*Pending
	ctx := context.Background()
	b.ReportAllocs()
	for i := range b.N {
		slot := &inFlight[i%len(inFlight)]
		if *slot != nil {
			if _, err := (*slot).Wait(ctx); err != nil {
				b.Fatal(err)
			}
		}
		var err error
		if *slot, err = c.Submit(ctx, Request{Payload: payload}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}
