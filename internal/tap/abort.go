package tap

import (
	"net"

	"github.com/chancat/channel/endpoint"
)

// tcpUnder returns the TCP connection that c is, or runs over; nil if it is none.
func tcpUnder(c *endpoint.Conn) *net.TCPConn {
	var stream any = c.Stream
	if secure, ok := stream.(interface{ NetConn() net.Conn }); ok {
		stream = secure.NetConn()
	}
	tcp, _ := stream.(*net.TCPConn)
	return tcp
}

// abort closes c so that its peer sees a reset, where the transport has one.
func abort(c *endpoint.Conn) {
	if tcp := tcpUnder(c); tcp != nil {
		tcp.SetLinger(0)
		tcp.Close()
	}
}
