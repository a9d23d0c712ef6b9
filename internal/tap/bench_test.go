package tap

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/session"
)

// The benchmarks compare a tap that decodes with plain proxies that do not: one
// of two goroutines that copy, and one of io.Copy, which on Linux is splice. Run
// them side by side:
//
//	go test -run '^$' -bench . -count 5 ./internal/tap

var proxies = []struct {
	name string
	pass func(client, server net.Conn)
}{
	{"copy", func(client, server net.Conn) { both(client, server, copyLoop) }},
	{"splice", func(client, server net.Conn) { both(client, server, func(dst, src net.Conn) { io.Copy(dst, src) }) }},
	{"tap", func(client, server net.Conn) {
		Run(context.Background(), connOf(client), connOf(server), Options{
			Framing: parse("u32be"), Number: 1, Observe: func(*session.Event) {},
		})
	}},
}

func connOf(c net.Conn) *endpoint.Conn {
	return &endpoint.Conn{Stream: c, Local: c.LocalAddr().String(), Remote: c.RemoteAddr().String()}
}

func both(client, server net.Conn, pass func(dst, src net.Conn)) {
	done := make(chan struct{})
	go func() {
		pass(server, client)
		server.(*net.TCPConn).CloseWrite()
		close(done)
	}()
	pass(client, server)
	client.(*net.TCPConn).CloseWrite()
	<-done
	client.Close()
	server.Close()
}

func copyLoop(dst, src net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			if _, err := dst.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// through returns a connection to serve, by way of a proxy.
func through(tb testing.TB, pass func(client, server net.Conn), serve func(net.Conn)) net.Conn {
	tb.Helper()
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { l.Close() })
		return l
	}
	target, proxy := listen(), listen()
	done := make(chan struct{}, 2)
	go func() {
		defer func() { done <- struct{}{} }()
		if c, err := target.Accept(); err == nil {
			serve(c)
			c.Close()
		}
	}()
	go func() {
		defer func() { done <- struct{}{} }()
		client, err := proxy.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", target.Addr().String())
		if err != nil {
			client.Close()
			return
		}
		pass(client, server)
	}()
	c, err := net.Dial("tcp", proxy.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		c.Close()
		<-done
		<-done
	})
	return c
}

func framed(size int) []byte {
	raw, err := parse("u32be").C2S.Codec.AppendFrame(nil, bytes.Repeat([]byte{'x'}, size))
	if err != nil {
		panic(err)
	}
	return raw
}

// BenchmarkPingPong reports the median of the round trips of a 64-byte message.
func BenchmarkPingPong(b *testing.B) {
	for _, p := range proxies {
		b.Run(p.name, func(b *testing.B) {
			c := through(b, p.pass, func(c net.Conn) { copyLoop(c, c) })
			ping := framed(64)
			pong := make([]byte, len(ping))
			took := make([]time.Duration, 0, b.N)
			for b.Loop() {
				start := time.Now()
				if _, err := c.Write(ping); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(c, pong); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "p50-ns")
		})
	}
}

// BenchmarkThroughput passes messages one way.
func BenchmarkThroughput(b *testing.B) {
	for _, size := range []int{1 << 10, 64 << 10} {
		for _, p := range proxies {
			b.Run(fmt.Sprintf("%d/%s", size, p.name), func(b *testing.B) {
				received := make(chan struct{})
				c := through(b, p.pass, func(c net.Conn) {
					buf := make([]byte, 256<<10)
					for {
						if _, err := c.Read(buf); err != nil {
							break
						}
					}
					close(received)
				})
				msg := framed(size)
				b.SetBytes(int64(len(msg)))
				for b.Loop() {
					if _, err := c.Write(msg); err != nil {
						b.Fatal(err)
					}
				}
				c.(*net.TCPConn).CloseWrite()
				<-received
			})
		}
	}
}
