package main

import (
	"fmt"
	"io"

	"github.com/chancat/channel/detect"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/session"
	"github.com/chancat/channel/session/pcap"
)

// gatherMost bounds the bytes that are kept of all streams of a file.
const gatherMost = 256 << 20

// A streamGatherer collects the streams of a recording or a capture.
type streamGatherer struct {
	c       *explainCommand
	name    string
	streams []*gatheredStream
	bytes   int
}

// A gatheredStream stream is what one side of one connection sent.
type gatheredStream struct {
	detect.Stream
	holed bool // bytes are lost: what follows is not kept
}

func (g *streamGatherer) gather(kind fileKind, stream io.Reader) ([]detect.Stream, error) {
	var err error
	if kind == kindCapture {
		err = g.capture(stream)
	} else {
		err = g.recording(stream)
	}
	if err != nil {
		return nil, err
	}
	var all []detect.Stream
	for _, s := range g.streams {
		all = append(all, s.Stream)
	}
	return all, nil
}

func (g *streamGatherer) capture(stream io.Reader) error {
	r := pcap.NewReader(stream, &pcap.Options{Port: g.c.port})
	for {
		ev, err := r.Next()
		if err == io.EOF {
			return g.c.nothing(g.name, r.Stats())
		}
		if err != nil {
			return usage(fmt.Errorf("%s: %w", g.name, err))
		}
		g.event(ev)
	}
}

func (g *streamGatherer) recording(stream io.Reader) error {
	for ev, err := range session.NewReader(stream, 0).Events() {
		if err != nil {
			return usage(fmt.Errorf("%s: %w", g.name, err))
		}
		if ev.Kind == session.Session && g.c.e.framing == "" && ev.Framing != "" {
			f, err := framing.Parse(ev.Framing)
			if err != nil {
				return fmt.Errorf("%s: its framing: %w", g.name, err)
			}
			g.c.framing = f
		}
		g.event(&ev)
	}
	return nil
}

func (g *streamGatherer) event(ev *session.Event) {
	switch ev.Kind {
	case session.Read:
		s := g.stream(ev.Conn, ev.From)
		if s.holed || s.Ended || g.bytes+len(ev.Data) > gatherMost {
			s.holed = true
			return
		}
		g.bytes += len(ev.Data)
		s.Data = append(s.Data, ev.Data...)
	case session.Lost:
		s := g.stream(ev.Conn, ev.From)
		s.holed = s.holed || ev.Reason != pcap.NoStart || ev.Offset > 0
	case session.Close:
		for _, s := range g.streams {
			if s.Conn == ev.Conn && !s.holed && (ev.From == "" || ev.Reason != "eof" || sessionSide(s.From) == ev.From) {
				s.Ended = true
			}
		}
	}
}

func (g *streamGatherer) stream(conn int, from session.Side) *gatheredStream {
	side := [...]detect.Side{detect.Unknown, detect.Client, detect.Server}[sideIndex(from)]
	for _, s := range g.streams {
		if s.Conn == conn && s.From == side {
			return s
		}
	}
	s := &gatheredStream{Stream: detect.Stream{Conn: conn, From: side}}
	g.streams = append(g.streams, s)
	return s
}
