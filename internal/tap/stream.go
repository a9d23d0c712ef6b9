package tap

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/answer"
	"github.com/chancat/channel/internal/inflate"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/session"
)

// brokenMost is after how many broken frames without a whole one between them
// nothing more is decoded: the framing is another.
const brokenMost = 3

// explainedMost bounds the broken frames of a direction that are explained at
// length.
const explainedMost = 16

// A stream is one direction as it is decoded.
type stream struct {
	d       *decoder
	side    int
	reader  *frame.Reader // made with the first bytes
	framing framing.Direction

	window window
	at     time.Time // of the read at hand
	total  int64     // bytes that came

	seq       int
	seeking   bool
	bad       int  // broken frames since the last whole one
	deaf      bool // nothing is decoded any more
	explained int
	foreign   foreign
	plain     *inflate.Messages
}

func newStream(d *decoder, side int, f framing.Direction) *stream {
	return &stream{d: d, side: side, framing: f, plain: inflate.Of(f.Codec)}
}

func (s *stream) offset() int64 { return s.total }

// feed decodes what one read has brought. b is the block in which data lies; nil
// for memory that is used again when feed returns.
func (s *stream) feed(data []byte, b *block, at time.Time) {
	s.total += int64(len(data))
	if s.deaf {
		return
	}
	if s.reader == nil {
		s.open()
	}
	if s.window.block != b {
		s.settle()
	}
	s.window.give(data, b)
	s.at = at
	s.drain()
	if !s.deaf && s.d.upgrade.lone(s.side, s.reader.Buffered()) {
		s.reader.SetCodec(lone{})
		s.drain()
		s.reader.SetCodec(s.framing.Codec)
	}
	if b == nil || s.deaf {
		s.settle()
	}
}

func (s *stream) open() { s.reader = frame.NewReader(&s.window, s.framing.Codec, s.framing.Max) }

// settle lets go of the memory in which the stream lies.
func (s *stream) settle() {
	if s.reader != nil {
		s.reader.Settle()
	}
	s.window.free()
}

// whole tells of a message of a transport that frames by itself.
func (s *stream) whole(msg []byte, at time.Time) {
	s.at = at
	s.message(frame.Frame{Offset: s.total, Raw: msg, Span: frame.Span{Body: len(msg)}, Reads: 1}, msg)
	s.total += int64(len(msg))
}

// lose takes in that n bytes were not kept.
func (s *stream) lose(n int, at time.Time) {
	s.total += int64(n)
	if s.deaf {
		return
	}
	if s.reader == nil {
		s.open()
	}
	s.at = at
	s.reader.Lose(int64(n)) // the lost event has told of the frame that it breaks
	s.plain.Lose()
	s.seeking = true
}

// end judges what the end of the stream has cut off.
func (s *stream) end(at time.Time) {
	if s.deaf || s.window.Ended() || s.reader == nil {
		return
	}
	s.window.End()
	s.at = at
	s.drain()
}

func (s *stream) drain() {
	for !s.deaf {
		if !s.window.Ended() && len(s.window.Rest()) == 0 && len(s.reader.Buffered()) == 0 {
			return // the reader would only say so
		}
		if s.seeking {
			if _, err := s.reader.Resync(); err != nil {
				return
			}
			s.seeking = false
			continue
		}
		f, err := s.reader.Next()
		if err == nil {
			s.bad = 0
			s.message(f, s.reader.Message(f))
			continue
		}
		e, ok := errors.AsType[*frame.Error](err)
		if !ok || e.Cause == "" {
			return // the end, or more is to come
		}
		s.broken(e)
	}
}

// message tells of a frame.
func (s *stream) message(f frame.Frame, msg []byte) {
	d := s.d
	s.seq++
	ev := session.Event{
		Kind: session.Message, Seq: s.seq, Offset: f.Offset,
		Head: f.Span.Head, Body: f.Span.Body, Tail: f.Span.Tail, Reads: f.Reads, Data: msg,
	}
	if ev.Plain = s.plain.Message(f.Raw, msg, framing.DefaultMax); ev.Plain != nil {
		msg = ev.Plain
	}
	ev.Answers, ev.Latency = d.pairs.Message(sides[s.side], s.seq, s.at, f.Raw, msg)
	d.observe(s.side, s.at, &ev)
	if text := s.foreign.judge(d, s.side, msg); text != "" {
		d.note(s.side, s.at, text)
	}
	if to, what := d.upgrade.message(s.side, f.Raw); what != "" {
		d.note(s.side, s.at, what)
		d.pairs = answer.New("tls") // nothing can be told of what is encrypted
		for _, both := range d.streams {
			both.become(to)
		}
	}
}

// become changes the framing of what comes next.
func (s *stream) become(f framing.Direction) {
	s.framing, s.plain = f, inflate.Of(f.Codec)
	if s.reader != nil {
		s.reader.SetCodec(f.Codec)
	}
}

// broken tells of a broken frame, and looks for one behind it.
func (s *stream) broken(e *frame.Error) {
	d := s.d
	d.broken = true
	s.plain.Lose()
	fault := s.explain(e)
	d.observe(s.side, s.at, &session.Event{
		Kind: session.Broken, Offset: e.Start, At: e.Offset, Cause: string(fault.Cause), Error: e.Error(),
		Hint: s.hint(e, fault.Hint), Data: fault.Bytes[:min(len(fault.Bytes), link.BrokenBytes)],
	})
	if errors.Is(e, io.ErrUnexpectedEOF) {
		s.deaf = true
		return
	}
	s.seeking = true
	if s.bad++; s.bad == brokenMost {
		s.deaf, s.reader = true, nil
		d.note(s.side, s.at, fmt.Sprintf("%d broken frames without a whole one between them: nothing more from the %s is decoded; the bytes go on", brokenMost, sides[s.side]))
	}
}

// explain says why the frame at hand is broken; of a stream that breaks over and over
// not each time at length.
func (s *stream) explain(e *frame.Error) link.Fault {
	if s.explained++; s.explained > explainedMost {
		bytes := s.reader.Buffered()
		return link.Fault{Bytes: bytes, Cause: e.Cause, Hint: link.Hint(e, bytes)}
	}
	return link.FaultIn(s.reader, s.d.framing, sides[s.side], e)
}

func (s *stream) hint(e *frame.Error, hint string) string {
	if s.side != fromServer || !s.d.t.o.Wraps || errors.Is(e, io.ErrUnexpectedEOF) {
		return hint
	}
	text := "stdout polluted: something prints where only messages belong; let it print to stderr"
	if hint != "" {
		text += ", or " + hint
	}
	return text
}
