package tap

import (
	"errors"
	"io"
	"time"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/mutate"
	"github.com/chancat/channel/session"
)

// errReset is the end of a connection by a fault.
var errReset = errors.New("reset by a fault")

// frames forwards frame by frame: where frames are to be spoilt, and where only
// one side is a stream and the other has messages.
func (h *half) frames() error {
	if h.src.Stream == nil {
		return h.fromMessages()
	}
	d := h.direction()
	in := &tee{h: h, in: newSource(h.src.Stream, &h.blocks)}
	r := frame.NewReader(in, d.Codec, d.Max)
	var passed int64
	for seq := 1; ; seq++ {
		f, err := r.Next()
		if err == nil {
			passed = r.Offset()
			if err := h.pass(f, r.Message(f), d.Codec, seq); err != nil {
				return err
			}
			continue
		}
		seen, offset := r.Recent() // what belongs to no frame goes on too: white space at the end, say
		rest := seen[passed-offset:]
		if h.dst.Stream == nil {
			if err == io.EOF {
				return nil
			}
			return err // what is no message cannot go on
		}
		for _, rest := range [][]byte{rest, in.rest} {
			if len(rest) == 0 {
				continue
			}
			if err := h.write(rest); err != nil {
				return err
			}
		}
		e, inFrame := errors.AsType[*frame.Error](err)
		switch {
		case err == io.EOF, errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case inFrame && e.Cause == "":
			return e.Err
		case !inFrame:
			return err
		}
		h.say("the stream is broken: no faults from here on, bytes go on as they come")
		return h.copy()
	}
}

// tee is the stream of src, which keeps for decoding what is read of it.
type tee struct {
	h    *half
	in   source
	rest []byte // of what it has read last, and the reader has not taken yet
}

func (t *tee) Read(p []byte) (int, error) {
	if len(t.rest) == 0 {
		b, n, err := t.in.read()
		if n == 0 {
			return 0, err
		}
		t.h.read.Add(int64(n))
		t.rest = b.free()[:n]
		t.h.t.backlog.add(t.h.side, b, n)
		t.h.t.backlog.wake()
	}
	n := copy(p, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

// fromMessages forwards what a transport that frames by itself delivers.
func (h *half) fromMessages() error {
	d := h.direction()
	var raw []byte
	for seq := 1; ; seq++ {
		msg, err := h.src.Messages.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		h.read.Add(int64(len(msg)))
		h.t.backlog.addMessage(h.side, msg)
		h.t.backlog.wake()
		f := frame.Frame{Raw: msg, Span: frame.Span{Body: len(msg)}}
		if h.dst.Stream != nil {
			if raw, err = d.Codec.AppendFrame(raw[:0], msg); err != nil {
				return err
			}
			sp, _, _ := d.Codec.Scan(raw, &frame.State{})
			f = frame.Frame{Raw: raw, Span: sp}
		}
		if err := h.pass(f, msg, d.Codec, seq); err != nil {
			return err
		}
	}
}

// pass hands on a frame, with the faults that are meant for it.
func (h *half) pass(f frame.Frame, msg []byte, c frame.Codec, seq int) error {
	if h.dst.Stream == nil { // the transport frames
		f.Raw, f.Span = msg, frame.Span{Body: len(msg)}
	}
	e := mutate.Effect{Raw: f.Raw, Copies: 1}
	if h.faults != nil {
		e = h.faults.Apply(f, msg, c, seq)
		for _, rule := range e.Applied {
			h.t.backlog.tell(&session.Event{Kind: session.Fault, From: sides[h.side], Seq: seq, Offset: f.Offset, Reason: rule})
		}
		for _, refused := range e.Refused {
			h.say(refused)
		}
		if len(e.Applied)+len(e.Refused) > 0 {
			h.t.backlog.wake()
		}
	}
	if e.Delay > 0 && !h.sleep(e.Delay) {
		return nil
	}
	if e.Reset {
		return errReset
	}
	for range e.Copies {
		if err := h.put(e.Raw, e.Split); err != nil {
			return err
		}
	}
	return nil
}

func (h *half) put(raw []byte, split bool) error {
	switch {
	case h.dst.Stream == nil:
		return h.send(h.dst, raw)
	case split && len(raw) > 1:
		first := (len(raw) + 1) / 2
		if err := h.write(raw[:first]); err != nil {
			return err
		}
		h.sleep(mutate.DefaultGap)
		raw = raw[first:]
	}
	if len(raw) == 0 {
		return nil
	}
	return h.write(raw)
}

func (h *half) send(dst *endpoint.Conn, msg []byte) error {
	if err := dst.Messages.Send(msg); err != nil {
		return &destinationError{err}
	}
	h.written.Add(int64(len(msg)))
	return nil
}

// sleep pauses for d, and reports whether the connection still stands.
func (h *half) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-h.t.cut:
		return false
	}
}

// say tells a person something about this direction.
func (h *half) say(text string) {
	h.t.backlog.tell(&session.Event{Kind: session.Note, From: sides[h.side], Reason: text})
	h.t.backlog.wake()
}
