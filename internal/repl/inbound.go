package repl

import (
	"errors"
	"io"
	"slices"

	wire "github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

const (
	receivedMost = 4 << 20  // bytes received that can be decoded again
	boundaryStep = 64 << 10 // bytes between two places where the history may be cut
)

// errNoMore says that everything that has arrived was decoded.
var errNoMore = errors.New("no more bytes yet")

// An inbound decodes what a peer sends as it arrives, and keeps the last of it, so
// that it can be decoded again in another framing. Session.mu guards it.
type inbound struct {
	reader     *wire.Reader
	fresh      []byte // arrived and not read by reader yet; borrowed during feed
	ended      bool
	origin     int64 // stream offset at which reader has started
	given      int64 // stream offset up to which reader was given bytes
	broken     error // why nothing more is decoded
	seeking    bool  // for a place to go on
	history    []byte
	start      int64   // stream offset of history
	boundaries []int64 // stream offsets at which frames begin
}

func newInbound(d framing.Direction) *inbound {
	in := &inbound{}
	in.reader = wire.NewReader(in, d.Codec, d.Max)
	return in
}

// Read is for the reader.
func (in *inbound) Read(p []byte) (int, error) {
	n := copy(p, in.fresh)
	in.fresh = in.fresh[n:]
	switch {
	case n > 0:
		return n, nil
	case in.ended:
		return 0, io.EOF
	}
	return 0, errNoMore
}

// feed decodes p, and the end of the stream if it has ended, and calls each for
// every frame, which is borrowed. It returns why the bytes can no longer be
// decoded, once.
func (in *inbound) feed(p []byte, ended bool, each func(f wire.Frame, body []byte)) error {
	in.history = append(in.history, p...)
	in.ended = in.ended || ended
	if in.broken != nil && !in.seeking {
		in.forget()
		return nil
	}
	err := in.advance(each)
	in.forget()
	return err
}

// resync drops the broken frame, and goes on where the next one could start, which
// may be still to come.
func (in *inbound) resync(each func(f wire.Frame, body []byte)) error {
	in.seeking = true
	return in.advance(each)
}

// advance decodes what the reader was not given yet.
func (in *inbound) advance(each func(f wire.Frame, body []byte)) error {
	if gone := in.start - in.given; gone > 0 { // no longer kept
		in.reader.Lose(gone) // behind a frame that is broken already
	}
	in.fresh = in.history[max(in.given-in.start, 0):]
	in.given = in.arrived()
	defer func() { in.fresh = nil }()
	return in.decode(each)
}

func (in *inbound) decode(each func(f wire.Frame, body []byte)) error {
	if in.seeking {
		_, err := in.reader.Resync()
		if err != nil {
			return nil // nothing to go on with has come
		}
		in.broken, in.seeking = nil, false
	}
	for {
		f, err := in.reader.Next()
		switch {
		case err == nil:
			f.Offset += in.origin
			if n := len(in.boundaries); n == 0 || f.Offset-in.boundaries[n-1] >= boundaryStep {
				in.boundaries = append(in.boundaries, f.Offset)
			}
			each(f, in.reader.Message(f))
		case errors.Is(err, errNoMore), err == io.EOF:
			return nil
		default:
			if e, ok := errors.AsType[*wire.Error](err); ok {
				moved := *e
				moved.Start += in.origin
				moved.Offset += in.origin
				err = &moved
			}
			in.broken = err
			return err
		}
	}
}

// forget cuts the history at the start of a frame where there is one.
func (in *inbound) forget() {
	excess := in.arrived() - receivedMost
	if excess <= in.start+receivedMost/4 { // copying is dear
		return
	}
	i, _ := slices.BinarySearch(in.boundaries, excess)
	cut := excess
	if i < len(in.boundaries) {
		cut = in.boundaries[i]
	}
	in.boundaries = in.boundaries[i:]
	in.history = append([]byte{}, in.history[cut-in.start:]...)
	in.start = cut
}

// again decodes the history in another framing.
func (in *inbound) again(d framing.Direction, each func(f wire.Frame, body []byte)) error {
	in.reader = wire.NewReader(in, d.Codec, d.Max)
	in.origin, in.given, in.broken, in.seeking, in.boundaries = in.start, in.start, nil, false, nil
	if _, opens := d.Codec.(wire.FirstScanner); opens && in.start > 0 {
		in.reader.Lose(0) // the opening is no longer among what is kept
		in.seeking = true
	}
	return in.advance(each)
}

// arrived is the stream offset of what comes next.
func (in *inbound) arrived() int64 { return in.start + int64(len(in.history)) }

// undecoded is the bytes from the broken frame on.
func (in *inbound) undecoded() []byte { return in.reader.Buffered() }
