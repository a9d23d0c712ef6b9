package endpoint

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/socket"
)

const (
	idleDefault = time.Minute

	// What a listener keeps is bounded; beyond it datagrams are dropped, as the
	// network may do at any time.
	udpClients = 4096     // at once
	udpQueue   = 1024     // datagrams that wait for the reader of one client
	udpWaiting = 64 << 20 // bytes that wait, of all clients

	udpFailures = 1000 // reads in a row that fail before the listener is given up
)

func listenUDP(ctx context.Context, address string, o *Options) (Listener, error) {
	a, err := socket.ParseUDP(address)
	if err != nil {
		return nil, err
	}
	c, err := socket.ListenUDP(ctx, a, o.socket())
	if err != nil {
		return nil, err
	}
	l := &udpListener{
		conn: c, address: a, idle: o.Idle, clients: map[netip.AddrPort]*udpClient{},
		arrivals: make(chan *udpClient, udpClients), closed: make(chan struct{}), ended: make(chan struct{}),
	}
	if l.idle == 0 {
		l.idle = idleDefault
	}
	go l.receive()
	return l, nil
}

// A udpListener takes the datagrams of each source address for a connection. Its
// socket lives until it and every connection are closed.
type udpListener struct {
	conn     *net.UDPConn
	address  socket.Address
	idle     time.Duration
	arrivals chan *udpClient
	closed   chan struct{} // by Close

	ended chan struct{} // closed when nothing is received any more
	err   error         // why; set before

	mu      sync.Mutex // guards the rest
	clients map[netip.AddrPort]*udpClient
	waiting int // bytes
	shut    bool
}

func (l *udpListener) Accept() (*Conn, error) {
	select {
	case <-l.closed:
		return nil, net.ErrClosed
	default:
	}
	select {
	case c := <-l.arrivals:
		return &Conn{Messages: c, Framing: "udp", Local: name(l.conn.LocalAddr()), Remote: c.address.String()}, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-l.ended:
		return nil, l.err
	}
}

func (l *udpListener) Addr() string        { return "udp://" + l.conn.LocalAddr().String() }
func (l *udpListener) Port() int           { return portOf(l.conn.LocalAddr()) }
func (l *udpListener) Fingerprint() string { return "" }

func (l *udpListener) Close() error {
	l.mu.Lock()
	if !l.shut {
		l.shut = true
		close(l.closed)
		for c := range queued(l.arrivals) { // nobody will accept them
			l.forget(c)
		}
	}
	err := l.closeIfUnused()
	l.mu.Unlock()
	return err
}

// closeIfUnused closes the socket when nobody needs it. l.mu is held.
func (l *udpListener) closeIfUnused() error {
	if !l.shut || len(l.clients) > 0 {
		return nil
	}
	if err := l.conn.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// receive hands every datagram to its client.
func (l *udpListener) receive() {
	buf := make([]byte, datagramBuffer)
	for failures := 0; failures < udpFailures; {
		n, from, err := l.conn.ReadFromUDPAddrPort(buf)
		l.err = socket.DatagramError("read from", l.address, err)
		if errors.Is(err, net.ErrClosed) {
			break
		}
		if err != nil { // of one datagram, such as that a client is gone: Windows tells that here
			failures++
			continue
		}
		failures = 0
		l.deliver(netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), buf[:n])
	}
	l.end()
}

// end lets nobody wait for what will not come.
func (l *udpListener) end() {
	close(l.ended)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.clients {
		close(c.queue)
	}
	clear(l.clients)
}

func (l *udpListener) deliver(from netip.AddrPort, data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.clients[from]
	if c == nil {
		if l.shut || len(l.clients) >= udpClients {
			return
		}
		c = &udpClient{listener: l, address: from, queue: make(chan []byte, udpQueue), gone: make(chan struct{}), active: time.Now()}
		l.clients[from] = c
		l.arrivals <- c // there is room: a client is in it once at most
	}
	if l.waiting+len(data) > udpWaiting {
		return
	}
	select {
	case c.queue <- bytes.Clone(data):
		l.waiting += len(data)
	default:
	}
}

// forget drops a client. l.mu is held.
func (l *udpListener) forget(c *udpClient) {
	if l.clients[c.address] == c {
		delete(l.clients, c.address)
	}
	for data := range queued(c.queue) {
		l.waiting -= len(data)
	}
}

// queued takes what waits in queue, and waits for nothing: somebody else may take
// the last of it.
func queued[T any](queue <-chan T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			select {
			case v, ok := <-queue:
				if !ok || !yield(v) {
					return
				}
			default:
				return
			}
		}
	}
}

// A udpClient is the datagrams of one source address.
type udpClient struct {
	listener *udpListener
	address  netip.AddrPort
	queue    chan []byte // closed when nothing more is received
	once     sync.Once
	gone     chan struct{} // closed by Close

	mu     sync.Mutex // guards active
	active time.Time  // when something was last sent or received
}

// Recv returns io.EOF when the client was silent, and nothing was sent to it, for
// the idle time.
func (c *udpClient) Recv() ([]byte, error) {
	for {
		timer := time.NewTimer(time.Until(c.touched(false).Add(c.listener.idle)))
		select {
		case msg, ok := <-c.queue:
			timer.Stop()
			if !ok {
				return nil, net.ErrClosed
			}
			c.touched(true)
			c.listener.mu.Lock()
			c.listener.waiting -= len(msg)
			c.listener.mu.Unlock()
			return msg, nil
		case <-c.gone:
			timer.Stop()
			return nil, net.ErrClosed
		case <-timer.C:
			if time.Since(c.touched(false)) >= c.listener.idle && len(c.queue) == 0 {
				return nil, io.EOF
			}
		}
	}
}

// touched returns when something last happened, which with now set is now.
func (c *udpClient) touched(now bool) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now {
		c.active = time.Now()
	}
	return c.active
}

func (c *udpClient) Send(msg []byte) error {
	if len(msg) > socket.MaxDatagram {
		return frame.Refuse("a UDP datagram carries at most %d bytes", socket.MaxDatagram)
	}
	select {
	case <-c.gone:
		return net.ErrClosed
	default:
	}
	c.touched(true)
	_, err := c.listener.conn.WriteToUDPAddrPort(msg, c.address)
	return socket.DatagramError("write to", socket.Address{Scheme: "udp", Network: "udp", Addr: c.address.String()}, err)
}

func (c *udpClient) Close() (err error) {
	c.once.Do(func() {
		close(c.gone)
		c.listener.mu.Lock()
		defer c.listener.mu.Unlock()
		c.listener.forget(c)
		err = c.listener.closeIfUnused()
	})
	return err
}
