package pcap

import (
	"cmp"
	"slices"
	"time"
)

// The bounds of IP packets that came in pieces. Beyond them the oldest is given up.
const (
	maxDatagrams = 64               // not whole yet
	maxPieces    = 1024             // of one
	maxDatagram  = 65535            // bytes of one
	datagramLife = 30 * time.Second // RFC 791 has 15 s, RFC 8200 has 60 s
)

// fragments puts IP packets together that were cut on their way.
type fragments struct {
	open []*datagram // that are not whole, the oldest first
}

// A datagramKey names the packet that a fragment belongs to. Only TCP is looked at.
type datagramKey struct {
	addresses [32]byte
	id        uint32
}

type datagram struct {
	key    datagramKey
	since  time.Time
	pieces []piece // sorted, apart from each other
	bytes  int     // of them
	size   int     // of the whole; -1 before the last piece has come
	next   byte    // IPv6: what the first piece begins with
	count  int64   // of fragments, with those that came again
}

type piece struct {
	at   int
	data []byte
	last bool
}

func (p piece) end() int { return p.at + len(p.data) }

// add takes the fragment p, which is borrowed, and returns the packet that it makes
// whole, or nil. s counts the fragments of those that are not.
func (f *fragments) add(key datagramKey, p piece, next byte, now time.Time, s *Stats) *datagram {
	s.Fragments++
	i := slices.IndexFunc(f.open, func(d *datagram) bool { return d.key == key })
	if i >= 0 && now.Sub(f.open[i].since) > datagramLife {
		f.drop(i)
		i = -1
	}
	if i < 0 {
		if len(f.open) == maxDatagrams {
			f.drop(0)
		}
		i = len(f.open)
		f.open = append(f.open, &datagram{key: key, since: now, size: -1})
	}
	d := f.open[i]
	if !d.take(p, next) {
		f.drop(i) // pieces that contradict each other are an error, or an attack (RFC 5722)
		return nil
	}
	if d.bytes != d.size {
		return nil
	}
	s.Fragments -= d.count
	f.drop(i)
	return d
}

func (f *fragments) drop(i int) { f.open = slices.Delete(f.open, i, i+1) }

// take adds p to d; false if it cannot be part of it.
func (d *datagram) take(p piece, next byte) bool {
	d.count++
	i, found := slices.BinarySearchFunc(d.pieces, p.at, func(q piece, at int) int { return cmp.Compare(q.at, at) })
	switch {
	case found && d.pieces[i].end() == p.end() && d.pieces[i].last == p.last:
		return true // it came again
	case found, len(d.pieces) == maxPieces, p.end() > maxDatagram,
		!p.last && (len(p.data) == 0 || len(p.data)%8 != 0), // the next one's place counts eights
		p.last && d.size >= 0,
		i > 0 && d.pieces[i-1].end() > p.at,
		i < len(d.pieces) && p.end() > d.pieces[i].at,
		d.size >= 0 && p.end() > d.size,
		p.last && i < len(d.pieces):
		return false
	}
	if p.last {
		d.size = p.end()
	}
	if p.at == 0 {
		d.next = next
	}
	d.bytes += len(p.data)
	p.data = slices.Clone(p.data)
	d.pieces = slices.Insert(d.pieces, i, p)
	return true
}

// payload is what d carries, once it is whole.
func (d *datagram) payload() []byte {
	all := make([]byte, 0, d.size)
	for _, p := range d.pieces {
		all = append(all, p.data...)
	}
	return all
}
