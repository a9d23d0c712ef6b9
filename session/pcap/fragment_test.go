package pcap_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

// fragmented are the pieces of an IP packet, each with size bytes of what it
// carries: a multiple of eight.
func fragmented(packet []byte, id uint16, size int) [][]byte {
	four := packet[0]>>4 == 4
	head, payload := packet[:20:20], packet[20:]
	if !four {
		head, payload = packet[:40:40], packet[40:]
	}
	var pieces [][]byte
	for at := 0; at < len(payload); at += size {
		data := payload[at:min(at+size, len(payload))]
		more := uint16(1)
		if at+size >= len(payload) {
			more = 0
		}
		p := slices.Clone(head)
		if four {
			be.PutUint16(p[2:], uint16(20+len(data)))
			be.PutUint16(p[4:], id)
			be.PutUint16(p[6:], more<<13|uint16(at/8))
		} else {
			p[6] = 44
			be.PutUint16(p[4:], uint16(8+len(data)))
			p = be.AppendUint32(be.AppendUint16(append(p, packet[6], 0), uint16(at)|more), uint32(id))
		}
		pieces = append(pieces, append(p, data...))
	}
	return pieces
}

// bare is a capture of IP packets, step apart.
func bare(step time.Duration, packets ...[]byte) []byte {
	var all []record
	for i, p := range packets {
		all = append(all, record{noon.Add(time.Duration(i) * step), p, 0})
	}
	return classic(be, false, 101, all...)
}

const sixEnds = "1 [2001:db8::1]:40000-[2001:db8::2]:5000"

func six(s tcp) tcp {
	s.src = netip.MustParseAddrPort("[2001:db8::1]:40000")
	s.dst = netip.MustParseAddrPort("[2001:db8::2]:5000")
	return s
}

func TestFragments(t *testing.T) {
	const text = "a segment that came in pieces of a few bytes"
	start, segment, after := shake[0], a(0, text), a(len(text), "!")
	for name, c := range map[string]struct {
		ends    string
		packets func(size int) (first, last []byte, pieces [][]byte)
	}{
		"IPv4": {ends, func(size int) ([]byte, []byte, [][]byte) {
			return start.ip(), after.ip(), fragmented(segment.ip(), 7, size)
		}},
		"IPv6": {sixEnds, func(size int) ([]byte, []byte, [][]byte) {
			return six(start).ip(), six(after).ip(), fragmented(six(segment).ip(), 7, size)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{8, 16, 24, 56} {
				first, last, pieces := c.packets(size)
				orders := [][][]byte{pieces, slices.Clone(pieces), slices.Clone(pieces)}
				slices.Reverse(orders[1])
				random(1).Shuffle(len(pieces), func(i, j int) { orders[2][i], orders[2][j] = orders[2][j], orders[2][i] })
				for _, order := range orders {
					twice := append([][]byte{first, order[0]}, order...)
					stats := tells(t, bare(time.Millisecond, append(twice, last)...), c.ends, "1 client "+text+"!")
					if stats.Fragments != 0 || stats.Segments != 3 {
						t.Errorf("in pieces of %d: %+v", size, stats)
					}
				}
			}
		})
	}
}

// Fragments that make no packet are counted, and what comes after them is read.
func TestFragmentsPassedOver(t *testing.T) {
	start, segment, after := shake[0], a(0, "sixteen bytes of"), a(0, "data")
	pieces := fragmented(segment.ip(), 7, 16)
	others := fragmented(segment.ip(), 8, 24)
	contradicts := slices.Clone(others[1])
	be.PutUint16(contradicts[4:], 7)
	var flood [][]byte
	for id := range uint16(64) {
		flood = append(flood, fragmented(segment.ip(), 100+id, 16)[0])
	}
	for name, c := range map[string]struct {
		step    time.Duration
		packets [][]byte
		count   int64
	}{
		"one is missing":         {time.Millisecond, [][]byte{pieces[0], pieces[2]}, 2},
		"of two packets":         {time.Millisecond, [][]byte{pieces[0], others[1]}, 2},
		"they overlap":           {time.Millisecond, [][]byte{pieces[1], contradicts, pieces[0], pieces[2]}, 4},
		"they come late":         {time.Minute, pieces, 3},
		"too many others wait":   {time.Millisecond, slices.Concat(pieces[:1], flood, pieces[1:]), 67},
		"one is cut":             {time.Millisecond, [][]byte{pieces[0], pieces[1][:24], pieces[2]}, 3},
		"one is no whole eights": {time.Millisecond, [][]byte{shortened(pieces[0]), pieces[1], pieces[2]}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			packets := slices.Concat([][]byte{start.ip()}, c.packets, [][]byte{after.ip()})
			if stats := tells(t, bare(c.step, packets...), ends, "1 client data"); stats.Fragments != c.count || stats.Segments != 2 {
				t.Errorf("%+v", stats)
			}
		})
	}
}

// shortened is an IPv4 packet that has, and claims, a byte less.
func shortened(packet []byte) []byte {
	p := slices.Clone(packet[:len(packet)-1])
	be.PutUint16(p[2:], uint16(len(p)))
	return p
}

// What fragments claim makes no memory, and as many as may wait cost little time.
func TestFragmentsAreBounded(t *testing.T) {
	large := fragmented(a(0, string(make([]byte, 60000))).ip(), 0, 8)
	var packets [][]byte
	for id := range uint16(200) {
		for _, p := range large[:len(large)/4] {
			p = slices.Clone(p)
			be.PutUint16(p[4:], id)
			packets = append(packets, p)
		}
	}
	file := bare(time.Microsecond, packets...)
	if _, stats, err := told(t, file, nil); err != nil || stats.Fragments != int64(len(packets)) {
		t.Errorf("%+v, %v", stats, err)
	}
}
