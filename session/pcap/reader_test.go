package pcap_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/chancat/channel/session"
	"github.com/chancat/channel/session/pcap"
)

// told is what a Reader says of a capture: a line for each event, reads of the same
// direction in a row joined.
func told(t testing.TB, file []byte, o *pcap.Options) (lines []string, stats pcap.Stats, err error) {
	t.Helper()
	r := pcap.NewReader(bytes.NewReader(file), o)
	last := ""
	for e, err := range r.Events() {
		if err != nil {
			return lines, r.Stats(), err
		}
		switch who := fmt.Sprintf("%d %s ", e.Conn, e.From); e.Kind {
		case session.Open:
			lines = append(lines, fmt.Sprintf("%d %s-%s", e.Conn, e.Local, e.Remote))
			last = ""
		case session.Read:
			if len(e.Data) != e.N {
				t.Errorf("a read of %d bytes has %d", e.N, len(e.Data))
			}
			if who == last {
				lines[len(lines)-1] += string(e.Data)
			} else {
				lines = append(lines, who+string(e.Data))
			}
			last = who
		case session.Lost:
			lines = append(lines, fmt.Sprintf("%slost %d at %d: %s", who, e.N, e.Offset, e.Reason))
			last = ""
		case session.Close:
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%d %s", e.Conn, e.From))+" "+e.Reason)
			last = ""
		default:
			t.Errorf("event %s", e.Kind)
		}
	}
	return lines, r.Stats(), nil
}

func tells(t *testing.T, file []byte, want ...string) pcap.Stats {
	t.Helper()
	got, stats, err := told(t, file, nil)
	if err != nil {
		t.Error(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	return stats
}

const ends = "1 10.0.0.1:40000-10.0.0.2:5000"

func TestConversation(t *testing.T) {
	stats := tells(t, capture(opened(
		a(0, "hello"), b(0, "hi").acks(5), a(5, "bye").with(fin), b(2, "").acks(9).with(fin), a(9, "").acks(3),
	)...), ends, "1 client hello", "1 server hi", "1 client bye", "1 client eof", "1 server eof")
	if stats != (pcap.Stats{Packets: 8, Segments: 8}) {
		t.Errorf("%+v", stats)
	}
}

func TestSegments(t *testing.T) {
	for _, c := range []struct {
		name     string
		segments []tcp
		want     []string
		stats    pcap.Stats
	}{
		{"out of order", opened(a(5, "fghij"), a(10, "k"), a(0, "abcde")), []string{ends, "1 client abcdefghijk"}, pcap.Stats{OutOfOrder: 1}},
		{"twice", opened(a(0, "abc"), a(0, "abc"), a(3, "d")), []string{ends, "1 client abcd"}, pcap.Stats{Duplicate: 1}},
		{"overlap behind", opened(a(0, "abc"), a(1, "bcde")), []string{ends, "1 client abcde"}, pcap.Stats{}},
		{"overlap behind that differs", opened(a(0, "abc"), a(1, "XXde")), []string{ends, "1 client abcde"}, pcap.Stats{Differing: 1}},
		{"overlap ahead", opened(a(3, "def"), a(0, "abcd")), []string{ends, "1 client abcdef"}, pcap.Stats{OutOfOrder: 1}},
		{"overlap ahead that differs", opened(a(3, "def"), a(0, "abcXXXg")), []string{ends, "1 client abcdefg"}, pcap.Stats{OutOfOrder: 1, Differing: 1}},
		{"overlap of what waits", opened(a(3, "de"), a(7, "h"), a(2, "cXefgXi"), a(0, "ab")), []string{ends, "1 client abcdefghi"}, pcap.Stats{OutOfOrder: 2, Differing: 1}},
		{"waits twice", opened(a(3, "de"), a(3, "de"), a(0, "abc")), []string{ends, "1 client abcde"}, pcap.Stats{OutOfOrder: 1, Duplicate: 1}},
		{"keep-alive", opened(a(0, "abc"), a(2, "\x00"), b(0, "").acks(3), a(3, "d")), []string{ends, "1 client abcd"}, pcap.Stats{Duplicate: 1}},
		{"lost at the end of the capture", opened(a(0, "abc"), a(5, "fg"), b(0, "hi")),
			[]string{ends, "1 client abc", "1 server hi", "1 client lost 2 at 3: missing", "1 client fg"}, pcap.Stats{Lost: 2}},
		{"lost, then the end", opened(a(0, "abc"), a(5, "fg").with(fin), b(0, "hi").acks(8).with(fin)),
			[]string{ends, "1 client abc", "1 server hi", "1 server eof", "1 client lost 2 at 3: missing", "1 client fg", "1 client eof"}, pcap.Stats{Lost: 2}},
		{"reset", opened(a(0, "abc"), a(5, "fg"), b(0, "").with(rst), a(3, "de")),
			[]string{ends, "1 client abc", "1 client lost 2 at 3: missing", "1 client fg", "1 server reset"}, pcap.Stats{Lost: 2}},
		{"refused", []tcp{shake[0], b(-1, "").with(rst)}, []string{ends, "1 server reset"}, pcap.Stats{}},
		{"no SYN", []tcp{b(3, "hi"), a(7, "ho"), b(5, "!").with(fin)},
			[]string{ends, "1 server lost 0 at 0: no-syn", "1 server hi", "1 client lost 0 at 0: no-syn", "1 client ho", "1 server !", "1 server eof"}, pcap.Stats{}},
		{"only the answer to the SYN", []tcp{shake[1], a(0, "ho"), b(0, "hi")}, []string{ends, "1 client ho", "1 server hi"}, pcap.Stats{}},
		{"data in the SYN", []tcp{{src: alice, dst: bob, flags: syn, seq: isn, data: "ab"}, a(2, "c")}, []string{ends, "1 client abc"}, pcap.Stats{}},
		{"SYN twice", []tcp{shake[0], shake[0], shake[1], shake[1], a(0, "abc"), shake[0]}, []string{ends, "1 client abc"}, pcap.Stats{}},
		{"end twice", opened(a(0, "a").with(fin), a(0, "a").with(fin), b(0, "b").acks(2).with(fin), b(0, "b").acks(2).with(fin), a(2, "").acks(2)),
			[]string{ends, "1 client a", "1 client eof", "1 server b", "1 server eof"}, pcap.Stats{}},
		{"late data of a closed connection", opened(a(0, "a").with(rst), a(0, "a"), b(0, "")), []string{ends, "1 client reset"}, pcap.Stats{Late: 1}},
		{"what came before the reset again", opened(a(0, "a"), b(0, "b"), a(1, "").with(rst), a(0, "a"), b(0, "b")),
			[]string{ends, "1 client a", "1 server b", "1 client reset"}, pcap.Stats{}},
		{"a reset by somebody else", opened(a(0, "abc"), b(1<<28, "").with(rst), a(3, "de")), []string{ends, "1 client abcde"}, pcap.Stats{}},
		{"the rest of one that was over", []tcp{a(0, "").with(fin), b(0, "").with(rst)}, nil, pcap.Stats{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			stats := tells(t, capture(c.segments...), c.want...)
			c.stats.Packets, c.stats.Segments = int64(len(c.segments)), int64(len(c.segments))
			if stats != c.stats {
				t.Errorf("got  %+v\nwant %+v", stats, c.stats)
			}
		})
	}
}

// A receiver does not acknowledge what it has not: what is missing then is not late.
func TestLostBytesAreToldSoon(t *testing.T) {
	segments := opened(a(0, "abc"), a(5, "fg"))
	for i := range 20 {
		segments = append(segments, b(i, "x").acks(7))
	}
	got, stats, err := told(t, capture(append(segments, b(20, "y").acks(7), a(0, "abc"))...), nil)
	i := slices.Index(got, "1 client lost 2 at 3: missing")
	if err != nil || i < 0 || i == len(got)-2 {
		t.Errorf("%v\n%s", err, strings.Join(got, "\n"))
	}
	if stats.Differing != 0 || stats.Duplicate != 1 {
		t.Errorf("what was sent again before the gap: %+v", stats)
	}

	late := records(opened(a(0, "abc"), a(5, "fg"), b(0, "hi").acks(7), b(2, "!").acks(7))...)
	late[len(late)-1].at = late[len(late)-1].at.Add(2 * time.Second)
	tells(t, classic(binary.LittleEndian, false, 1, late...),
		ends, "1 client abc", "1 server hi!", "1 client lost 2 at 3: missing", "1 client fg")
}

// Bytes that come before long, and others after them, are late and not lost, however
// long that goes on.
func TestOutOfOrderForLong(t *testing.T) {
	segments := opened()
	for i := range 100 {
		segments = append(segments, a(2*i+1, "b"), b(0, "").acks(2*i+2), a(2*i, "a"), b(0, "").acks(2*i+4))
	}
	stats := tells(t, capture(segments...), ends, "1 client "+strings.Repeat("ab", 100))
	if stats.Lost != 0 || stats.Differing != 0 {
		t.Errorf("%+v", stats)
	}
}

func TestPortReused(t *testing.T) {
	again := opened(a(0, "two"))
	for i := range again {
		again[i].seq += 1 << 20
		again[i].ack += 1 << 20
	}
	again[0].ack = 0
	tells(t, capture(slices.Concat(opened(a(0, "one")), again)...),
		ends, "1 client one", "1 port-reused", "2"+ends[1:], "2 client two")
	// The SYN was not captured.
	tells(t, capture(slices.Concat(opened(a(0, "one").with(rst)), again[3:])...),
		ends, "1 client reset", "2"+ends[1:], "2 client lost 0 at 0: no-syn", "2 client two")
}

func TestPort(t *testing.T) {
	other := netip.MustParseAddrPort("10.0.0.3:5001")
	file := capture(slices.Concat([]tcp{from(alice, other, 0, 0, "no")}, opened(a(0, "yes"), b(0, "too")))...)
	got, stats, err := told(t, file, &pcap.Options{Port: 5000})
	if err != nil || !slices.Equal(got, []string{ends, "1 client yes", "1 server too"}) || stats.Segments != 5 {
		t.Errorf("%q, %+v, %v", got, stats, err)
	}
	if got, _, _ := told(t, file, &pcap.Options{Port: 40000}); len(got) != 6 {
		t.Errorf("%q", got)
	}
}

func TestSides(t *testing.T) {
	high := netip.MustParseAddrPort("[2001:db8::1]:60000")
	low := netip.MustParseAddrPort("[2001:db8::2]:443")
	s := tcp{src: low, dst: high, flags: ack, seq: 1, data: "x"}
	tells(t, classic(binary.BigEndian, true, 101, record{noon, s.ip(), 0}),
		"1 [2001:db8::1]:60000-[2001:db8::2]:443", "1 server lost 0 at 0: no-syn", "1 server x")
	s.flags = syn // a client with the lower port
	tells(t, classic(binary.BigEndian, true, 101, record{noon, s.ip(), 0}),
		"1 [2001:db8::2]:443-[2001:db8::1]:60000", "1 client x")
}

func TestLinks(t *testing.T) {
	s := tcp{src: alice, dst: bob, flags: syn, seq: isn, data: "x"}
	six := s
	six.src, six.dst = netip.MustParseAddrPort("[::1]:2"), netip.MustParseAddrPort("[::1]:1")
	le := binary.LittleEndian
	for name, c := range map[string]struct {
		link uint32
		data []byte
	}{
		"ethernet, padded":    {1, append(ethernet(0x0800, s.ip()), "\x00\x00\x00\x00"...)},
		"checked ethernet":    {1 | 4<<28 | 1<<26, ethernet(0x0800, s.ip())},
		"vlan":                {1, ethernet(0x8100, slices.Concat([]byte("\x00\x07\x08\x00"), s.ip()))},
		"qinq":                {1, ethernet(0x88a8, slices.Concat([]byte("\x00\x07\x81\x00\x00\x08\x08\x00"), s.ip()))},
		"pppoe":               {1, ethernet(0x8864, slices.Concat([]byte("\x11\x00\x00\x01\x00\x29\x00\x21"), s.ip()))},
		"mpls":                {1, ethernet(0x8847, slices.Concat([]byte("\x00\x01\x00\x40\x00\x01\x01\x40"), six.ip()))},
		"null":                {0, slices.Concat(le.AppendUint32(nil, 2), s.ip())},
		"null, six":           {0, slices.Concat(le.AppendUint32(nil, 30), six.ip())},
		"loop":                {108, slices.Concat(be.AppendUint32(nil, 2), s.ip())},
		"raw":                 {101, s.ip()},
		"raw, six":            {229, six.ip()},
		"cooked":              {113, slices.Concat(make([]byte, 14), []byte("\x08\x00"), s.ip())},
		"cooked, vlan":        {113, slices.Concat(make([]byte, 14), []byte("\x81\x00\x00\x01\x86\xdd"), six.ip())},
		"cooked 2":            {276, slices.Concat([]byte("\x08\x00"), make([]byte, 18), s.ip())},
		"cooked 2, vlan":      {276, slices.Concat([]byte("\x81\x00"), make([]byte, 18), []byte("\x00\x07\x08\x00"), s.ip())},
		"options":             {101, six.ip("\x00\x00\x01\x04\x00\x00\x00\x00")},
		"options and routing": {101, six.ip("\x00\x00\x01\x04\x00\x00\x00\x00", "\x2b\x01"+strings.Repeat("\x00", 14))},
		"one fragment":        {101, six.ip("\x2c\x00\x00\x00\x00\x00\x00\x01")},
		"authentication":      {101, six.ip("\x33\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")},
	} {
		t.Run(name, func(t *testing.T) {
			for _, order := range []binary.AppendByteOrder{le, binary.BigEndian} {
				got, stats, err := told(t, classic(order, false, c.link, record{noon, c.data, 0}), nil)
				if err != nil || len(got) != 2 || got[1] != "1 client x" {
					t.Errorf("%q, %+v, %v", got, stats, err)
				}
			}
		})
	}
}

func TestPacketsPassedOver(t *testing.T) {
	s := tcp{src: alice, dst: bob, flags: syn, seq: isn, data: "x"}
	fragment, udp := s.ip(), s.ip()
	fragment[6] = 0x20
	udp[9] = 17
	six := tcp{src: netip.MustParseAddrPort("[::1]:2"), dst: netip.MustParseAddrPort("[::1]:1")}
	short := s.ip()
	short[32] = 0xf0
	for name, c := range map[string]struct {
		link  uint32
		data  []byte
		stats pcap.Stats
	}{
		"arp":            {1, ethernet(0x0806, make([]byte, 28)), pcap.Stats{}},
		"udp":            {101, udp, pcap.Stats{}},
		"fragment":       {101, fragment, pcap.Stats{Fragments: 1}},
		"fragment, six":  {101, six.ip("\x2c\x00\x00\x01\x00\x00\x00\x01"), pcap.Stats{Fragments: 1}},
		"unknown link":   {105, s.ip(), pcap.Stats{Unread: 1, UnreadLink: 105}},
		"short ethernet": {1, []byte("short"), pcap.Stats{Damaged: 1}},
		"short ip":       {101, s.ip()[:19], pcap.Stats{Damaged: 1}},
		"short tcp":      {101, s.ip()[:39], pcap.Stats{Damaged: 1}},
		"tcp head":       {101, short, pcap.Stats{Damaged: 1}},
		"nothing":        {101, nil, pcap.Stats{Damaged: 1}},
		"endless header": {101, six.ip("\x00\xff\x00\x00\x00\x00\x00\x00"), pcap.Stats{Damaged: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			c.stats.Packets = 1
			if stats := tells(t, classic(binary.LittleEndian, false, c.link, record{noon, c.data, 0})); stats != c.stats {
				t.Errorf("got  %+v\nwant %+v", stats, c.stats)
			}
		})
	}
}

// The capture has only the start of a packet.
func TestCutPacket(t *testing.T) {
	all := records(opened(a(0, "abcdef"), a(6, "gh"))...)
	p := &all[3]
	p.wire, p.data = len(p.data), p.data[:len(p.data)-2]
	stats := tells(t, classic(binary.LittleEndian, false, 1, all...), ends, "1 client abcd", "1 client lost 2 at 4: cut", "1 client gh")
	if stats.Cut != 1 || stats.Lost != 2 {
		t.Errorf("%+v", stats)
	}
}

func TestTimes(t *testing.T) {
	s := record{data: tcp{src: alice, dst: bob, flags: syn, seq: isn, data: "x"}.ip()}
	at := time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.UTC)
	s.at = at
	for name, c := range map[string]struct {
		file []byte
		want time.Time
	}{
		"microseconds":   {classic(binary.LittleEndian, false, 101, s), at.Truncate(time.Microsecond)},
		"nanoseconds":    {classic(binary.BigEndian, true, 101, s), at},
		"no time":        {classic(binary.BigEndian, true, 101, record{time.Unix(0, 0), s.data, 0}), time.Time{}},
		"ng":             {slices.Concat(section(be), description(be, 101), enhanced(be, 0, uint64(at.UnixMicro()), s)), at.Truncate(time.Microsecond)},
		"ng nanoseconds": {slices.Concat(section(be), description(be, 101, 0, 9, 0, 1, 9, 0, 0, 0), enhanced(be, 0, uint64(at.UnixNano()), s)), at},
		"ng halves":      {slices.Concat(section(be), description(be, 101, 0, 9, 0, 1, 0x81, 0, 0, 0), enhanced(be, 0, uint64(at.Unix()*2+1), s)), at.Truncate(time.Second).Add(time.Second / 2)},
		"ng offset": {slices.Concat(section(be), description(be, 101, 0, 14, 0, 8, 0, 0, 0, 0, 0, 0, 0, 100), enhanced(be, 0, uint64(at.UnixMicro()), s)),
			at.Truncate(time.Microsecond).Add(100 * time.Second)},
		"ng too fine": {slices.Concat(section(be), description(be, 101, 0, 9, 0, 1, 0xff, 0, 0, 0), enhanced(be, 0, 1<<62, s)), time.Time{}},
	} {
		for e, err := range pcap.NewReader(bytes.NewReader(c.file), nil).Events() {
			if err != nil || !e.Time.Equal(c.want) {
				t.Errorf("%s: %v, %v; want %v", name, e, err, c.want)
				break
			}
		}
	}
}

// Blocks of all kinds, two sections of different byte order, two interfaces.
func TestNextGeneration(t *testing.T) {
	le := binary.LittleEndian
	all := records(opened(a(0, "one"), a(3, "two"), a(6, "three"))...)
	raw := tcp{src: alice, dst: bob, flags: ack, seq: a(11, "").seq, data: "four"}
	obsolete := be.AppendUint64(be.AppendUint32(nil, 0), uint64(noon.UnixMicro()))
	n := uint32(len(all[5].data))
	obsolete = append(be.AppendUint32(be.AppendUint32(obsolete, n), n), all[5].data...)
	file := slices.Concat(
		section(le), description(le, 101), description(le, 1),
		block(le, 0x0bad0001, make([]byte, 300<<10)), // a custom block larger than the window
		enhanced(le, 1, 1, all[0]), enhanced(le, 1, 1, all[1]), enhanced(le, 1, 1, all[2]), enhanced(le, 1, 1, all[3]),
		section(be), block(be, 4, nil), description(be, 1), enhanced(be, 0, 1, all[4]), block(be, 2, obsolete),
		section(le), description(le, 228), block(le, 3, slices.Concat(le.AppendUint32(nil, uint32(len(raw.ip()))), raw.ip())),
	)
	tells(t, file, ends, "1 client onetwothreefour")
}

func TestMalformedCaptures(t *testing.T) {
	good := capture(opened(a(0, "abc"))...)
	le := binary.LittleEndian
	for name, c := range map[string]struct {
		file   []byte
		want   error
		text   string
		packet int64
	}{
		"empty":             {nil, pcap.ErrNotCapture, "neither", 0},
		"text":              {[]byte("\r\nMSG 1\r\nx"), pcap.ErrNotCapture, "neither", 0},
		"head":              {good[:20], io.ErrUnexpectedEOF, "byte 0", 0},
		"inside a head":     {good[:len(good)-len("abc")-20-20-14-3], io.ErrUnexpectedEOF, "inside packet 4", 3},
		"inside a packet":   {good[:len(good)-1], io.ErrUnexpectedEOF, "inside packet 4", 3},
		"version":           {slices.Concat(good[:4], []byte{9, 0}, good[6:]), pcap.ErrSyntax, "version 9", 0},
		"claim":             {slices.Concat(good[:24], make([]byte, 8), []byte("\xff\xff\xff\xff\xff\xff\xff\xff")), pcap.ErrSyntax, "4294967295 bytes", 0},
		"ng head":           {section(le)[:10], io.ErrUnexpectedEOF, "byte 0", 0},
		"ng order":          {make([]byte, 28), pcap.ErrNotCapture, "", 0},
		"ng length":         {slices.Concat(section(le), []byte("\x06\x00\x00\x00\x0d\x00\x00\x00")), pcap.ErrSyntax, "a block of 13 bytes", 0},
		"ng large":          {slices.Concat(section(le), []byte("\x06\x00\x00\x00\xfc\xff\xff\xff")), pcap.ErrSyntax, "4294967292", 0},
		"ng large, unread":  {slices.Concat(section(le), []byte("\x99\x00\x00\x00\xfc\xff\xff\xff")), io.ErrUnexpectedEOF, "", 0},
		"ng last length":    {slices.Concat(section(le), description(le, 1)[:16], make([]byte, 4)), pcap.ErrSyntax, "ends as one of 0", 0},
		"ng interface":      {slices.Concat(section(le), enhanced(le, 0, 0, record{})), pcap.ErrSyntax, "interface 0", 0},
		"ng captured":       {slices.Concat(section(le), description(le, 1), block(le, 6, []byte("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\x00\x00\x00\xff\x00\x00\x00"))), pcap.ErrSyntax, "255 bytes", 0},
		"ng inside a block": {slices.Concat(section(le), description(le, 1)[:9]), io.ErrUnexpectedEOF, "byte 28", 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := told(t, c.file, nil)
			e, ok := errors.AsType[*pcap.Error](err)
			if !ok || !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || e.Packet != c.packet {
				t.Errorf("%q, %v", got, err)
			}
			if c.packet == 3 && len(got) != 1 {
				t.Errorf("before the error: %q", got)
			}
		})
	}
}

// What a cut capture holds is told, and then where it ends, again and again.
func TestCutCapture(t *testing.T) {
	file := capture(opened(a(0, "abc"), a(5, "fg"), b(0, "hi"))...)
	r := pcap.NewReader(bytes.NewReader(file[:len(file)-1]), nil)
	var last error
	n := 0
	for e, err := range r.Events() {
		if last = err; err == nil && e.Kind == session.Read {
			n += e.N
		}
	}
	if _, err := r.Next(); n != 5 || !errors.Is(last, io.ErrUnexpectedEOF) || err != last {
		t.Errorf("%d bytes, %v, %v", n, last, err)
	}
}

func TestReadErrorsPass(t *testing.T) {
	file := capture(opened(a(0, "abc"))...)
	r := pcap.NewReader(iotest.TimeoutReader(iotest.HalfReader(bytes.NewReader(file))), nil)
	for {
		if _, err := r.Next(); err != nil {
			if !errors.Is(err, iotest.ErrTimeout) {
				t.Error(err)
			}
			return
		}
	}
}

// A packet is told before the next is waited for.
func TestLive(t *testing.T) {
	src, dst := io.Pipe()
	r := pcap.NewReader(src, nil)
	file := capture(opened(a(0, "abc"), a(3, "d"))...)
	last := 16 + 14 + 20 + 20 + 1
	done := make(chan error)
	go func() {
		_, err := dst.Write(file[:len(file)-last])
		done <- err
	}()
	for {
		e, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == session.Read {
			break
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	go func() {
		dst.CloseWithError(errors.Join(func() error { _, err := dst.Write(file[len(file)-last:]); return err }()))
	}()
	if e, err := r.Next(); err != nil || string(e.Data) != "d" {
		t.Errorf("%v, %v", e, err)
	}
	if _, err := r.Next(); err != io.EOF {
		t.Error(err)
	}
}

// However the segments of a stream are cut, repeated and permuted within the
// window, the stream is the same.
func TestOrder(t *testing.T) {
	const text = "the quick brown fox jumps over the lazy dog, and again, and again until it is a long stream"
	for seed := range uint64(300) {
		rnd := random(seed)
		var pieces []tcp
		for at := 0; at < len(text); {
			n := min(1+rnd.IntN(9), len(text)-at)
			pieces = append(pieces, a(at, text[at:at+n]))
			for rnd.IntN(3) == 0 { // again, and cut otherwise
				lo := rnd.IntN(at + 1)
				hi := at + n + rnd.IntN(len(text)-at-n+1)
				pieces = append(pieces, a(lo, text[lo:hi]))
			}
			at += n
		}
		last := len(text)
		pieces = append(pieces, a(last, "").with(fin))
		rnd.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
		stats := tells(t, capture(opened(pieces...)...), ends, "1 client "+text, "1 client eof")
		if stats.Differing != 0 || stats.Lost != 0 || t.Failed() {
			t.Fatalf("seed %d: %+v", seed, stats)
		}
	}
}

// What waits is bounded, and so is the number of connections.
func TestBounds(t *testing.T) {
	segments := opened(a(0, "abc"))
	for i := range 5000 {
		segments = append(segments, a(10+2*i, "x"))
	}
	got, stats, err := told(t, capture(segments...), nil)
	if err != nil || stats.Lost == 0 || len(got) < 3 || got[2] != "1 client lost 7 at 3: missing" {
		t.Errorf("%v, %+v", err, stats)
	}

	segments = nil
	for i := range 20000 {
		client := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 40000)
		segments = append(segments, tcp{src: client, dst: bob, flags: syn, seq: isn, data: "x"})
	}
	got, stats, err = told(t, capture(segments...), nil)
	if err != nil || stats.GivenUp != 20000-16384 || !slices.Contains(got, "1 given-up") || slices.Contains(got, "20000 given-up") {
		t.Errorf("%v, %+v", err, stats)
	}
}

// Segments nowhere near are errors, until there are several.
func TestFarSegments(t *testing.T) {
	far := 1 << 30
	tells(t, capture(opened(a(0, "abc"), a(far+10, "stray"), a(3, "de"))...), ends, "1 client abcde")
	tells(t, capture(opened(a(0, "abc"), a(far+10, "1"), a(far+11, "2"), a(far+12, "3"), a(far+13, "4"))...),
		ends, "1 client abc", "1 client lost 0 at 3: no-syn", "1 client 34")
}

func FuzzReader(f *testing.F) {
	f.Add(capture(opened(a(0, "abc"), a(5, "fg"), b(0, "hi").with(fin), a(3, "de"))...))
	f.Add(bare(time.Millisecond, fragmented(a(0, "sixteen bytes of").ip(), 7, 16)...))
	f.Add(bare(time.Millisecond, fragmented(six(a(0, "sixteen bytes of")).ip(), 7, 16)...))
	f.Add(slices.Concat(section(be), description(be, 1, 0, 9, 0, 1, 9, 0, 0, 0), enhanced(be, 0, 1, records(shake...)[0])))
	f.Fuzz(func(t *testing.T, file []byte) {
		want, stats, err := told(t, file, nil)
		lost := int64(0)
		for _, l := range want {
			var conn, n, at int64
			var from string
			if k, _ := fmt.Sscanf(l, "%d %s lost %d at %d", &conn, &from, &n, &at); k == 4 {
				lost += n
			}
			if lost < 0 {
				t.Fatalf("%q", l)
			}
		}
		if stats.Lost < 0 || stats.Packets*16 > int64(len(file)) {
			t.Fatalf("%+v", stats)
		}
		again := pcap.NewReader(iotest.OneByteReader(bytes.NewReader(file)), nil)
		n := 0
		for _, err2 := range again.Events() {
			if err2 != nil && (err == nil || err.Error() != err2.Error()) {
				t.Fatalf("byte by byte: %v, want %v", err2, err)
			}
			n++
		}
		if n < len(want) || again.Stats() != stats {
			t.Fatalf("byte by byte: %+v, want %+v", again.Stats(), stats)
		}
	})
}

// The segments of a stream in order cost no memory each.
func TestReaderAllocs(t *testing.T) {
	segments := opened()
	for i := range 3000 {
		segments = append(segments, a(i, "x"), b(0, "").acks(i+1))
	}
	file := capture(segments...)
	if n := testing.AllocsPerRun(3, func() {
		for _, err := range pcap.NewReader(bytes.NewReader(file), nil).Events() {
			if err != nil {
				t.Error(err)
			}
		}
	}); n > 100 {
		t.Errorf("%v allocations for %d packets", n, len(segments))
	}
}

func BenchmarkReader(b *testing.B) {
	segments := opened()
	for i := range 10000 {
		segments = append(segments, a(100*i, strings.Repeat("x", 100)))
	}
	file := capture(segments...)
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		for _, err := range pcap.NewReader(bytes.NewReader(file), nil).Events() {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
