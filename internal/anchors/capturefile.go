package main

import (
	"bufio"
	"encoding/binary"
	"os"

	"github.com/chancat/channel/framing"
)

// A captureFile is a capture of count messages of size bytes, framed by MSG, that
// one side of a TCP connection sends. Each segment carries as many as fit in
// segment bytes, and at least one; the other side acknowledges every second one.
type captureFile struct{ count, size, segment int }

// The ends of the connection are 127.0.0.1:40000, which sends, and 127.0.0.1:5000.
const (
	capturePort = 5000
	clientPort  = 40000
)

// write makes the file in dir.
func (f captureFile) write(dir string) (path string, err error) {
	file, err := os.CreateTemp(dir, "capture")
	if err != nil {
		return "", err
	}
	defer file.Close()
	c := &captureWriter{Writer: bufio.NewWriterSize(file, 1<<20)}
	c.header()
	c.segment(false, tcpSYN, nil)
	c.segment(true, tcpSYN|tcpACK, nil)
	c.segment(false, tcpACK, nil)
	msg := message(f.size)
	var data []byte
	segments := 0
	flush := func() {
		c.segment(false, tcpPSH|tcpACK, data)
		data = data[:0]
		if segments++; segments%2 == 0 {
			c.segment(true, tcpACK, nil)
		}
	}
	for range f.count {
		if data, err = framing.MSG.AppendFrame(data, msg); err != nil {
			return "", err
		}
		if len(data) >= f.segment {
			flush()
		}
	}
	if len(data) > 0 {
		flush()
	}
	c.segment(false, tcpFIN|tcpACK, nil)
	c.segment(true, tcpFIN|tcpACK, nil)
	c.segment(false, tcpACK, nil)
	return file.Name(), c.Flush()
}

// A captureWriter writes a pcap file of Ethernet frames, a microsecond apart. Its
// Flush has the errors.
type captureWriter struct {
	*bufio.Writer
	packets uint32
	next    [2]uint32 // sequence numbers of the client, the server
	head    [70]byte  // of a record, and of Ethernet, IP and TCP
}

const (
	tcpFIN = 1
	tcpSYN = 2
	tcpPSH = 8
	tcpACK = 16

	packetHead = 14 + 20 + 20
)

func (c *captureWriter) header() {
	var h [24]byte
	binary.LittleEndian.PutUint32(h[0:], 0xa1b2c3d4)
	binary.LittleEndian.PutUint16(h[4:], 2)
	binary.LittleEndian.PutUint16(h[6:], 4)
	binary.LittleEndian.PutUint32(h[16:], 1<<18)
	binary.LittleEndian.PutUint32(h[20:], 1) // Ethernet
	c.Write(h[:])
}

func (c *captureWriter) segment(fromServer bool, flags byte, data []byte) {
	from, src, dst := 0, uint16(clientPort), uint16(capturePort)
	if fromServer {
		from, src, dst = 1, dst, src
	}
	h := c.head[:]
	clear(h)
	le, be := binary.LittleEndian, binary.BigEndian
	le.PutUint32(h[0:], 1_700_000_000+c.packets/1_000_000)
	le.PutUint32(h[4:], c.packets%1_000_000)
	le.PutUint32(h[8:], uint32(packetHead+len(data)))
	le.PutUint32(h[12:], uint32(packetHead+len(data)))
	be.PutUint16(h[28:], 0x0800)
	ip := h[30:]
	ip[0], ip[8], ip[9] = 0x45, 64, 6
	be.PutUint16(ip[2:], uint16(40+len(data)))
	copy(ip[12:], []byte{127, 0, 0, 1, 127, 0, 0, 1})
	tcp := ip[20:]
	be.PutUint16(tcp[0:], src)
	be.PutUint16(tcp[2:], dst)
	be.PutUint32(tcp[4:], c.next[from])
	if flags&tcpACK != 0 {
		be.PutUint32(tcp[8:], c.next[1-from])
	}
	tcp[12], tcp[13] = 5<<4, flags
	be.PutUint16(tcp[14:], 65535)
	c.Write(h)
	c.Write(data)
	c.packets++
	c.next[from] += uint32(len(data))
	if flags&(tcpSYN|tcpFIN) != 0 {
		c.next[from]++
	}
}
