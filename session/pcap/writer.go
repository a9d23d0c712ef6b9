package pcap

import (
	"encoding/binary"
	"io"
	"net/netip"
	"sync"
	"time"

	"github.com/chancat/channel/session"
)

const (
	// maxPayload is what an IPv4 packet can have behind its headers, rounded down.
	maxPayload = 64000

	writeBuffer = 64 << 10

	// maxHalves bounds the connections of which only one side has told its end. The
	// other end of an older one is made up.
	maxHalves = 1024
)

// WriterOptions configures a Writer. A nil *WriterOptions means all defaults.
type WriterOptions struct {
	Program string // that writes the capture: its name and version; "" means none is named

	// Local is the side whose address the Local of an open event is. The zero value
	// means the one with the higher port, if both have one, else the client.
	Local session.Side
}

// A Writer writes events as a pcapng capture, so that programs that know packets
// can show a conversation. What is not known of the packets is made up: the link
// is Ethernet, and both sides acknowledge at once. A read is a segment, or several
// if it is too large for one; a message of a connection without reads is one too.
// The ends of a connection that has no IP addresses are made up in 10.0.0.0/8.
//
// Writes are buffered until Flush. A Writer is safe for concurrent use.
type Writer struct {
	local session.Side

	mu     sync.Mutex // guards the rest, and the order of the packets
	dst    io.Writer
	buf    []byte
	err    error // sticky
	conns  map[int]*dialogue
	halves []int // connections of which one side has ended, in that order
}

// A dialogue is a connection as its packets tell it.
type dialogue struct {
	client, server netip.AddrPort
	next           [2]uint32 // sequence numbers by side
	ended          [2]bool
	reads          bool // there are reads: messages say nothing new
}

// NewWriter returns a Writer of a capture to dst, which begins with the first
// Flush.
func NewWriter(dst io.Writer, o *WriterOptions) *Writer {
	w := &Writer{dst: dst, conns: map[int]*dialogue{}}
	program := ""
	if o != nil {
		w.local, program = o.Local, o.Program
	}
	w.header(program)
	return w
}

// WriteEvent adds the packets of e, if there are any. e is borrowed for the call.
func (w *Writer) WriteEvent(e *session.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	switch e.Kind {
	case session.Open:
		w.open(e)
	case session.Read:
		d := w.dialogue(e)
		d.reads = true
		w.data(e, d)
	case session.Message:
		if d := w.dialogue(e); !d.reads {
			w.data(e, d)
		}
	case session.Lost:
		w.dialogue(e).next[side(e)] += uint32(e.N)
	case session.Close:
		w.close(e)
	}
	if len(w.buf) >= writeBuffer {
		return w.flush()
	}
	return nil
}

// Flush writes out what is buffered.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.flush()
}

func (w *Writer) flush() error {
	if w.err != nil || len(w.buf) == 0 {
		return w.err
	}
	_, w.err = w.dst.Write(w.buf)
	w.buf = w.buf[:0]
	return w.err
}

// side is the index of the side that e is from.
func side(e *session.Event) int {
	if e.From == session.Server {
		return server
	}
	return client
}

// dialogue returns the connection of e, opening one of which only this is known.
func (w *Writer) dialogue(e *session.Event) *dialogue {
	if d := w.conns[e.Conn]; d != nil {
		return d
	}
	w.open(&session.Event{Time: e.Time, Conn: e.Conn})
	return w.conns[e.Conn]
}

func (w *Writer) open(e *session.Event) {
	d := &dialogue{next: [2]uint32{1, 1}}
	d.client, d.server = ends(e, w.local)
	w.conns[e.Conn] = d
	w.packet(e.Time, d, client, flagSYN, nil)
	w.packet(e.Time, d, server, flagSYN|flagACK, nil)
	w.packet(e.Time, d, client, flagACK, nil)
}

// ends are the client and the server of an open event.
func ends(e *session.Event, local session.Side) (c, s netip.AddrPort) {
	c, err := netip.ParseAddrPort(e.Local)
	s, err2 := netip.ParseAddrPort(e.Remote)
	if err != nil || err2 != nil || c.Addr().Unmap().Is4() != s.Addr().Unmap().Is4() {
		n := uint32(e.Conn)
		c = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(n >> 16), byte(n >> 8)}), 0xc000|uint16(n&0xff))
		return c, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 1}), 4000)
	}
	if local == session.Server || local == "" && c.Port() < s.Port() {
		return s, c
	}
	return c, s
}

func (w *Writer) data(e *session.Event, d *dialogue) {
	for data := e.Data; len(data) > 0; {
		n := min(len(data), maxPayload)
		w.packet(e.Time, d, side(e), flagACK|flagPSH, data[:n])
		data = data[n:]
	}
}

func (w *Writer) close(e *session.Event) {
	d := w.conns[e.Conn]
	if d == nil {
		return // it is over: the other side tells of the reset that ended it
	}
	from := side(e)
	switch {
	case e.Reason != "eof":
		w.packet(e.Time, d, from, flagACK|flagRST, nil)
		delete(w.conns, e.Conn)
	case !d.ended[from]:
		w.fin(e.Time, d, from)
		if d.ended[1-from] {
			delete(w.conns, e.Conn)
			return
		}
		w.halves = append(w.halves, e.Conn)
		if len(w.halves) > maxHalves {
			oldest := w.halves[0]
			w.halves = w.halves[1:]
			w.forget(e.Time, oldest)
		}
	}
}

// forget ends the other side of a connection, unless it has ended.
func (w *Writer) forget(at time.Time, conn int) {
	d := w.conns[conn]
	if d == nil {
		return
	}
	for side := range d.ended {
		if !d.ended[side] {
			w.fin(at, d, side)
		}
	}
	delete(w.conns, conn)
}

func (w *Writer) fin(at time.Time, d *dialogue, from int) {
	d.ended[from] = true
	w.packet(at, d, from, flagACK|flagFIN, nil)
	w.packet(at, d, 1-from, flagACK, nil)
}

// packet adds a segment, as a block with made-up headers round it, and moves the
// sequence numbers on.
func (w *Writer) packet(at time.Time, d *dialogue, from int, flags byte, data []byte) {
	src, dst := d.client, d.server
	if from == server {
		src, dst = dst, src
	}
	b := segmentHeader{src.Port(), dst.Port(), d.next[from] - 1, 0, flags}
	if flags&flagACK != 0 {
		b.ack = d.next[1-from]
	}
	if flags&flagSYN == 0 {
		b.seq++
	}
	if flags&flagFIN != 0 {
		d.next[from]++
	}
	d.next[from] += uint32(len(data))
	w.block(at, func(p []byte) []byte { return appendPacket(p, from, src.Addr().Unmap(), dst.Addr().Unmap(), b, data) })
}

// block adds an enhanced packet block.
func (w *Writer) block(at time.Time, packet func([]byte) []byte) {
	le := binary.LittleEndian
	start := len(w.buf)
	w.buf = append(w.buf, make([]byte, 28)...)
	w.buf = packet(w.buf)
	n := len(w.buf) - start - 28
	for len(w.buf)%4 != start%4 {
		w.buf = append(w.buf, 0)
	}
	length := uint32(len(w.buf) - start + 4)
	w.buf = le.AppendUint32(w.buf, length)
	stamp := uint64(0)
	if !at.IsZero() {
		stamp = uint64(at.UnixNano())
	}
	head := w.buf[start:]
	le.PutUint32(head, blockPacket)
	le.PutUint32(head[4:], length)
	le.PutUint32(head[12:], uint32(stamp>>32))
	le.PutUint32(head[16:], uint32(stamp))
	le.PutUint32(head[20:], uint32(n))
	le.PutUint32(head[24:], uint32(n))
}

// header adds the section header and the description of the one interface.
func (w *Writer) header(program string) {
	le := binary.LittleEndian
	body := le.AppendUint32(nil, byteOrderMagic)
	body = le.AppendUint64(le.AppendUint16(le.AppendUint16(body, 1), 0), 1<<64-1) // of unknown length
	if program != "" && len(program) < 1<<10 {
		body = le.AppendUint16(le.AppendUint16(body, 4), uint16(len(program))) // shb_userappl
		body = append(body, program...)
		body = append(body, make([]byte, -len(program)&3+4)...)
	}
	w.headerBlock(blockSection, body)
	body = le.AppendUint32(le.AppendUint32(nil, linkEthernet), 0)
	w.headerBlock(blockInterface, append(body, 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0)) // if_tsresol: nanoseconds
}

func (w *Writer) headerBlock(kind uint32, body []byte) {
	le := binary.LittleEndian
	n := uint32(len(body) + 12)
	w.buf = le.AppendUint32(le.AppendUint32(w.buf, kind), n)
	w.buf = le.AppendUint32(append(w.buf, body...), n)
}
