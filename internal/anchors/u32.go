package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"sync"
)

// u32Buffered is a length of four bytes before each message, written through a
// buffer that is flushed at the end only and received without a copy: what
// framing costs at the least. It has a mutex, since without one no two
// goroutines could send.
var u32Buffered = Contender{Name: "u32-buf", Open: overTCP(func(c *net.TCPConn, size int) Link {
	return &u32BufferedLink{u32Receiver: newU32Receiver(c), w: bufio.NewWriterSize(c, 64<<10)}
})}

// u32OneWrite has the same framing and writes each message by itself.
var u32OneWrite = Contender{Name: "u32-1w", Open: overTCP(func(c *net.TCPConn, size int) Link {
	return &u32OneWriteLink{u32Receiver: newU32Receiver(c)}
})}

type u32BufferedLink struct {
	u32Receiver
	mu sync.Mutex // guards w
	w  *bufio.Writer
}

func (l *u32BufferedLink) Send(msg []byte, n int) error {
	for range n {
		if err := l.put(msg); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Flush()
}

func (l *u32BufferedLink) put(msg []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	head := binary.BigEndian.AppendUint32(l.w.AvailableBuffer(), uint32(len(msg)))
	if _, err := l.w.Write(head); err != nil {
		return err
	}
	_, err := l.w.Write(msg)
	return err
}

type u32OneWriteLink struct {
	u32Receiver
	mu    sync.Mutex // guards frame
	frame []byte
}

func (l *u32OneWriteLink) Send(msg []byte, n int) error {
	for range n {
		if err := l.write(msg); err != nil {
			return err
		}
	}
	return nil
}

func (l *u32OneWriteLink) write(msg []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frame = binary.BigEndian.AppendUint32(l.frame[:0], uint32(len(msg)))
	l.frame = append(l.frame, msg...)
	_, err := l.Write(l.frame)
	return err
}

type u32Receiver struct {
	net.Conn
	tally
	r     *bufio.Reader
	large []byte // a message that does not fit into r's buffer
}

func newU32Receiver(c net.Conn) u32Receiver {
	return u32Receiver{Conn: c, r: bufio.NewReaderSize(c, 64<<10)}
}

func (l *u32Receiver) Receive(n int, use func([]byte) error) error {
	for range n {
		head, err := l.r.Peek(4)
		if err != nil {
			return err
		}
		size := int(binary.BigEndian.Uint32(head))
		l.r.Discard(4)
		if size > l.r.Size() {
			if err := l.receiveLarge(size, use); err != nil {
				return err
			}
			continue
		}
		msg, err := l.r.Peek(size)
		if err != nil {
			return err
		}
		l.received += int64(len(msg))
		if err := pass(msg, use); err != nil {
			return err
		}
		l.r.Discard(size)
	}
	return nil
}

func (l *u32Receiver) receiveLarge(size int, use func([]byte) error) error {
	if size > len(l.large) {
		l.large = make([]byte, size)
	}
	if _, err := io.ReadFull(l.r, l.large[:size]); err != nil {
		return err
	}
	l.received += int64(size)
	return pass(l.large[:size], use)
}
