package main

import (
	"bufio"
	"fmt"
	"io"

	"github.com/chancat/channel/detect"
	"github.com/chancat/channel/internal/dump"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/session"
	"github.com/chancat/channel/session/pcap"
)

// Bounds of what is held of the data that a question is asked about.
const (
	mostOfStream = 16 << 20 // bytes of one stream
	mostOfAll    = 64 << 20 // bytes of all

	// A fault may stand anywhere: all is read until it is known.
	mostExplained = 256 << 20
)

// gatherer holds the beginnings of the streams that files hold.
type gatherer struct {
	e       *env
	flags   sourceFlags
	streams []detect.Stream
	framing string // of a session file, as it says itself

	most int // bytes held of one stream, and of all; 0 means mostOfStream and mostOfAll
	held int
	base int // number of the last connection of the files before
	open map[gatherKey]*gathered

	begun map[int]bool // connections of which the file has the start
}

type gatherKey struct {
	conn int
	from session.Side
}

// gathered is where a stream stands, and whether more of it is wanted.
type gathered struct {
	index  int
	closed bool // a gap or a bound has ended it
	framed bool // a frame of it was told
}

// file reads the streams in the file name, or in stdin for "-".
func (g *gatherer) file(name string) error {
	src, err := openInput(g.e, name)
	if err != nil {
		return err
	}
	defer g.e.closeInput(src)
	err = g.read(name, src)
	if d := as[*dump.Error](err); d != nil {
		return usage(fmt.Errorf("%s: %w", shownName(name), d))
	}
	return err
}

func (g *gatherer) read(name string, src io.Reader) error {
	src, err := g.flags.undumped(src)
	if err != nil {
		return err
	}
	kind := g.flags.kind()
	if kind == kindUnknown {
		start := bufio.NewReader(src)
		if kind, err = sniff(start); err != nil {
			return err
		}
		src = start
	}
	if g.flags.port != 0 && kind != kindCapture {
		return noPorts(name)
	}
	g.open, g.begun = map[gatherKey]*gathered{}, map[int]bool{}
	switch kind {
	case kindSession:
		return g.session(src)
	case kindCapture:
		return g.capture(src)
	}
	return g.raw(src)
}

// raw reads a bare stream, no more of it than is held.
func (g *gatherer) raw(src io.Reader) error {
	limit := g.room(0)
	data, err := io.ReadAll(io.LimitReader(src, int64(limit)))
	if err != nil {
		return err
	}
	g.held += len(data)
	g.streams = append(g.streams, detect.Stream{Data: data, Ended: len(data) < limit})
	return nil
}

// room returns how many more bytes are held of a stream of which so many are.
func (g *gatherer) room(have int) int {
	if g.most > 0 {
		return min(g.most-have, g.most-g.held)
	}
	return min(mostOfStream-have, mostOfAll-g.held)
}

func (g *gatherer) session(src io.Reader) error {
	reads := false
	for ev, err := range session.NewReader(src, 0).Events() {
		if err != nil {
			return usage(err)
		}
		if ev.Kind == session.Session {
			g.framing = ev.Framing
		}
		reads = reads || ev.Kind == session.Read
		if !g.event(&ev) {
			break
		}
	}
	g.nextFile()
	if !reads {
		return usage(fmt.Errorf("the session file has messages but no reads: its bytes are not known; record with --record"))
	}
	return nil
}

func (g *gatherer) capture(src io.Reader) error {
	r := pcap.NewReader(src, &pcap.Options{Port: g.flags.port})
	for {
		ev, err := r.Next()
		if err == io.EOF {
			g.nextFile()
			return nil
		}
		if as[*pcap.Error](err) != nil {
			return usage(err)
		}
		if err != nil {
			return err
		}
		if !g.event(ev) {
			g.nextFile()
			return nil
		}
	}
}

// nextFile makes the connections of the next file others than those before.
func (g *gatherer) nextFile() {
	last := g.base
	for key := range g.open {
		last = max(last, g.base+key.conn)
	}
	g.base = last
}

// event takes the bytes of ev. It reports whether more is wanted.
func (g *gatherer) event(ev *session.Event) bool {
	key := gatherKey{ev.Conn, ev.From}
	switch at := g.open[key]; ev.Kind {
	case session.Open:
		g.begun[ev.Conn] = true
	case session.Message, session.Broken:
		if at != nil && !at.framed {
			at.framed = true
			s := &g.streams[at.index]
			s.Late = s.Late || ev.Offset > 0 // what was read before is not in the file
		}
	case session.Read:
		if at == nil {
			at = &gathered{index: len(g.streams)}
			g.open[key] = at
			g.streams = append(g.streams, detect.Stream{From: link.SideOf(ev.From), Conn: g.base + ev.Conn, Late: !g.begun[ev.Conn]})
		}
		if at.closed {
			return true
		}
		s := &g.streams[at.index]
		n := min(len(ev.Data), g.room(len(s.Data)))
		s.Data = append(s.Data, ev.Data[:n]...)
		g.held += n
		at.closed = n < len(ev.Data)
		return g.room(0) > 0
	case session.Lost:
		if at == nil { // the capture began after the stream
			g.open[key] = &gathered{index: len(g.streams)}
			g.streams = append(g.streams, detect.Stream{From: link.SideOf(ev.From), Conn: g.base + ev.Conn, Late: true})
		} else { // what stands behind a gap may begin anywhere
			at.closed = true
		}
	case session.Close:
		for k, at := range g.open {
			reset := ev.Reason == "reset"
			if k.conn == ev.Conn && (k.from == ev.From || ev.From == "" || reset) && !at.closed {
				at.closed = true
				s := &g.streams[at.index]
				s.Ended = ev.Reason == "eof" || reset
				if s.Ended {
					s.End = detect.End{By: link.SideOf(ev.From), Reset: reset}
				}
			}
		}
	}
	return true
}
