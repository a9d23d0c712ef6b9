package dump

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// packets is the text of tcpdump: for each packet a line that tells of it, perhaps
// more, and its bytes in rows such as
//
//	0x0010:  7f00 0001 7f00 0001 c350 1388 7f4a 1c3f  .........P...J.?
//
// It becomes a pcap file of IP packets. Where the dump has headers of the link before
// them (-xx, -XX), these are dropped.
type packets struct {
	begun bool // the head of the file was written
	time  time.Time
	data  []byte
}

const (
	linkRaw   = 101
	maxPacket = 256 << 10
)

func (p *packets) line(dst []byte, text string) ([]byte, error) {
	text = unquoted(text)
	before, rest, found := strings.Cut(text, "0x")
	n := hexRun(rest)
	if !found || n < 4 || n > 8 || !strings.HasPrefix(rest[n:], ":") || strings.Trim(before, "0123456789: \t") != "" {
		if at, ok := stamp(text); ok {
			dst = p.packet(dst)
			p.time = at
		}
		return dst, nil
	}
	offset, err := strconv.ParseUint(rest[:n], 16, 32)
	if err != nil {
		return dst, err
	}
	if offset == 0 {
		dst = p.packet(dst)
	}
	if offset != uint64(len(p.data)) {
		return dst, fmt.Errorf("offset %#x, but the rows before end at %#x: is one missing?", offset, len(p.data))
	}
	row := groups(strings.TrimLeft(rest[n+1:], " \t"), 16)
	if len(row) == 0 {
		return dst, fmt.Errorf("no digits behind the offset in %.40q", text)
	}
	if len(p.data)+len(row) > maxPacket {
		return dst, fmt.Errorf("a packet of more than %d bytes", maxPacket)
	}
	p.data = append(p.data, row...)
	return dst, nil
}

func (p *packets) end(dst []byte) ([]byte, error) {
	dst = p.packet(dst)
	if !p.begun {
		return dst, errors.New("no bytes of a packet up to here; tcpdump prints them with -X or -xx")
	}
	return dst, nil
}

// packet appends the packet at hand as a record.
func (p *packets) packet(dst []byte) []byte {
	if len(p.data) == 0 {
		return dst
	}
	be := binary.BigEndian
	if !p.begun {
		p.begun = true
		dst = be.AppendUint32(dst, 0xa1b23c4d)
		dst = append(dst, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0)
		dst = be.AppendUint32(be.AppendUint32(dst, maxPacket), linkRaw)
	}
	seconds, nanoseconds := uint32(0), uint32(0)
	if !p.time.IsZero() {
		seconds, nanoseconds = uint32(p.time.Unix()), uint32(p.time.Nanosecond())
	}
	ip := p.data[network(p.data):]
	n := uint32(len(ip))
	dst = be.AppendUint32(be.AppendUint32(dst, seconds), nanoseconds)
	dst = be.AppendUint32(be.AppendUint32(dst, n), n) // the IP header says what is missing
	dst = append(dst, ip...)
	p.data, p.time = p.data[:0], time.Time{}
	return dst
}

// stamp is the time with which the line of a packet begins, where it has a date: as
// -tttt prints it, or the seconds of -tt.
func stamp(text string) (at time.Time, ok bool) {
	fields := strings.Fields(text)
	if len(fields) < 2 {
		return at, false
	}
	if t, err := time.Parse(time.DateTime, fields[0]+" "+fields[1]); err == nil {
		return t, true
	}
	if _, err := time.Parse(time.TimeOnly, fields[0]); err == nil {
		return at, true // of a day that is not known
	}
	whole, fraction, found := strings.Cut(fields[0], ".")
	seconds, err := strconv.ParseUint(whole, 10, 32)
	nanoseconds, err2 := strconv.ParseUint((fraction + "000000000")[:9], 10, 32)
	if !found || len(whole) < 9 || err != nil || err2 != nil {
		return at, false
	}
	return time.Unix(int64(seconds), int64(nanoseconds)), true
}

// network returns where the IP packet begins in a packet that may have headers of
// the link before it.
func network(data []byte) int {
	if isIP(data) {
		return 0
	}
	for _, l := range []struct{ kind, ip int }{
		{12, 14}, // Ethernet
		{14, 16}, // Linux cooked
		{0, 20},  // Linux cooked, version 2
		{16, 18}, // Ethernet with a VLAN tag
		{20, 22}, // or two
	} {
		if len(data) < l.ip {
			continue
		}
		if kind := binary.BigEndian.Uint16(data[l.kind:]); (kind == 0x0800 || kind == 0x86dd) && looksIP(data[l.ip:]) {
			return l.ip
		}
	}
	if len(data) > 4 && looksIP(data[4:]) { // BSD loopback
		return 4
	}
	return 0
}

// isIP reports whether data is an IP packet, perhaps padded to the least length of
// an Ethernet frame.
func isIP(data []byte) bool {
	if !looksIP(data) {
		return false
	}
	total := int(binary.BigEndian.Uint16(data[2:]))
	if data[0]>>4 == 6 {
		total = 40 + int(binary.BigEndian.Uint16(data[4:]))
	}
	return total == len(data) || total < len(data) && len(data) <= 46
}

func looksIP(data []byte) bool {
	switch {
	case len(data) >= 20 && data[0]>>4 == 4:
		return data[0]&15 >= 5
	case len(data) >= 40:
		return data[0]>>4 == 6
	}
	return false
}
