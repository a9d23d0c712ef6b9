package sender

import (
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

func tcpPair(b testing.TB) (net.Conn, net.Conn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	return c, s
}

func BenchmarkStream(b *testing.B) {
	for _, size := range []int{16, 128, 1024, 16384, 65536, 1 << 20} {
		for _, mode := range []string{"buffered", "send", "raw"} {
			b.Run(fmt.Sprintf("%s/%d", mode, size), func(b *testing.B) {
				c, s := tcpPair(b)
				defer c.Close()
				defer s.Close()
				msg := make([]byte, size)
				done := make(chan int)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				n := 0
				go func() {
					if mode == "raw" {
						t, _ := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{s}, make([]byte, 65536))
						done <- int(t) / size
						return
					}
					r := frame.NewReader(s, framing.MSG, 16<<20)
					got := 0
					for {
						if _, err := r.Next(); err != nil {
							break
						}
						got++
					}
					done <- got
				}()
				sn := New(c, framing.MSG)
				for b.Loop() {
					n++
					switch mode {
					case "buffered":
						sn.SendBuffered(msg)
					case "send":
						sn.Send(msg)
					default:
						c.Write(msg)
					}
				}
				sn.Flush()
				c.(*net.TCPConn).CloseWrite()
				if got := <-done; got != n {
					b.Fatal(got, n)
				}
			})
		}
	}
}
