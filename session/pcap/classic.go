package pcap

import "time"

const (
	classicNanoseconds = 0xa1b23c4d
	classicHeader      = 24
	classicRecord      = 16
)

// classic is the format that tcpdump -w writes:
//
//	magic version thiszone sigfigs snaplen linktype     24 bytes
//	seconds fraction captured original bytes            16 bytes and the packet
type classic struct {
	order       byteOrder
	nanoseconds int64 // a unit of the fraction
	link        uint32
}

func openClassic(w *window, order byteOrder) (file, error) {
	head, err := w.take(classicHeader)
	if err != nil {
		return nil, err
	}
	c := &classic{order: order, nanoseconds: 1000, link: order.uint32(head[20:]) & 0xffff} // above it: how frames are checked
	if order.uint32(head) == classicNanoseconds {
		c.nanoseconds = 1
	}
	if major := order.uint16(head[4:]); major != 2 {
		return nil, malformed("version %d of pcap, want 2", major)
	}
	return c, nil
}

func (c *classic) next(w *window, p *packet) error {
	head, err := w.peek(classicRecord)
	if err != nil {
		return err
	}
	captured := c.order.uint32(head[8:])
	if captured > maxBlock {
		return malformed("a packet of %d bytes", captured)
	}
	record, err := w.peek(classicRecord + int(captured))
	if err != nil {
		return inside(err)
	}
	w.drop(len(record))
	p.link, p.order, p.data = c.link, c.order, record[classicRecord:]
	p.time = time.Time{}
	if seconds, fraction := c.order.uint32(record), c.order.uint32(record[4:]); seconds != 0 || fraction != 0 {
		p.time = time.Unix(int64(seconds), int64(fraction)*c.nanoseconds)
	}
	return nil
}
