package pcap

import (
	"encoding/binary"
	"io"
	"time"
)

// A packet is one record of a capture.
type packet struct {
	time  time.Time // zero where the record has none
	link  uint32    // link type
	data  []byte    // borrowed until the next one is read
	order byteOrder
}

// byteOrder is that of a capture. Calls of a binary.ByteOrder would take a third of
// the time of a packet.
type byteOrder bool

const (
	littleEndian byteOrder = false
	bigEndian    byteOrder = true
)

func (o byteOrder) uint16(b []byte) uint16 {
	if o {
		return binary.BigEndian.Uint16(b)
	}
	return binary.LittleEndian.Uint16(b)
}

func (o byteOrder) uint32(b []byte) uint32 {
	if o {
		return binary.BigEndian.Uint32(b)
	}
	return binary.LittleEndian.Uint32(b)
}

func (o byteOrder) uint64(b []byte) uint64 {
	if o {
		return binary.BigEndian.Uint64(b)
	}
	return binary.LittleEndian.Uint64(b)
}

// A file is a format of captures: its next packet, in order.
type file interface {
	next(w *window, p *packet) error
}

// open tells the format by the first bytes, which it leaves in place.
func open(w *window) (file, error) {
	start, err := w.peek(4)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, ErrNotCapture
	}
	if err != nil {
		return nil, err
	}
	switch string(start) {
	case "\xa1\xb2\xc3\xd4", "\xa1\xb2\x3c\x4d":
		return openClassic(w, bigEndian)
	case "\xd4\xc3\xb2\xa1", "\x4d\x3c\xb2\xa1":
		return openClassic(w, littleEndian)
	case "\x0a\x0d\x0d\x0a":
		return &nextGeneration{}, nil
	}
	return nil, ErrNotCapture
}

// inside turns the end of the file within a record into what it is.
func inside(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
