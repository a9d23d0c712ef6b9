// Package frame cuts a byte stream into frames.
//
// A [Codec] knows one framing: where a frame begins and ends. A [Reader] runs a
// codec over any [io.Reader] and yields each [Frame] with its place in the
// stream. What goes wrong is an [*Error] that names the first byte of the broken
// frame and the byte that broke it.
//
//	bytes ──► Reader(Codec) ──► Frame{Offset, Raw, Span}
//	message ──► Codec.AppendFrame ──► bytes
//
// docs/design.md has the rules that every codec keeps; package frametest checks
// them.
package frame

// A Codec says where one frame ends and the next begins. It is pure: no state
// between calls, no I/O, no argument kept. It is safe for concurrent use.
type Codec interface {
	// Scan looks for one frame at the start of buf, which begins at a frame
	// boundary and may end anywhere. Exactly one of these holds:
	//
	//	need == 0, err == nil   sp is a complete frame
	//	need  > 0, err == nil   undecided until need more bytes have arrived
	//	err  != nil             the frame is broken
	//
	// need is never more than the bytes that a valid frame still lacks, and
	// counts body bytes only once the whole head is valid. From then on sp.Body
	// is set although need > 0, so that a limit can be judged early; a framing
	// that knows its body only by its end sets sp.Body to the bytes that
	// certainly belong to it so far.
	//
	// st holds what an earlier call learned of the same frame. The caller owns
	// it and zeroes it for each frame, and behind an error. It saves work and
	// never changes the answer: a zero State gives the same result.
	//
	// A broken frame is reported with [Malformed], [Broken] or [TooLarge], whose
	// offsets index buf.
	Scan(buf []byte, st *State) (sp Span, need int, err error)

	// AppendFrame appends the frame that carries msg to dst. Where this framing
	// cannot carry msg it returns dst as it was and an error made by [Refuse].
	AppendFrame(dst, msg []byte) ([]byte, error)
}

// State is a codec's scratch for one frame: bytes examined, nesting depth,
// values pending, and one bit for each level of the nesting. Each codec gives the
// fields its own meaning.
type State struct {
	Pos, Depth, Pending int
	Nest                [16]uint64
}

// A Span is the division of a frame: bytes of head, body and tail, in stream
// order.
type Span struct{ Head, Body, Tail int }

// Len is the length of the whole frame in bytes.
func (s Span) Len() int { return s.Head + s.Body + s.Tail }

// A FirstScanner is a Codec whose stream opens with a frame of another shape.
// ScanFirst takes the place of Scan at stream offset 0.
type FirstScanner interface {
	ScanFirst(buf []byte, st *State) (sp Span, need int, err error)
}

// A FinalScanner is a Codec for which the end of the stream can end a frame, or
// for which some bytes before the end are no frame at all.
//
// ScanFinal is asked when the stream has ended and Scan wants more than buf,
// which is not empty. A span with a length is a frame; a zero span says that buf
// holds no frame and the end is clean; an error, usually made by [Truncated],
// says that the frame is broken.
type FinalScanner interface {
	ScanFinal(buf []byte) (sp Span, err error)
}

// A Resyncer is a Codec that recognises where a frame could start. Resync
// returns the index in buf of the first plausible start; len(buf) when there is
// none. Bytes at the end of buf that may turn out to be one when more arrive
// count as plausible.
type Resyncer interface {
	Resync(buf []byte) int
}

// An Ender is a Codec that recognises where a frame ends, wherever its body is
// entered. FrameEnd returns the index in buf behind the first end and true, or the
// bytes of buf that can be passed over because no end starts among them.
type Ender interface {
	FrameEnd(buf []byte) (n int, found bool)
}

// A MessageAppender is a Codec whose body is an encoding of the message (escaped
// bytes, say). AppendMessage appends the message of the complete frame raw to
// dst. For every other codec the message is the body.
type MessageAppender interface {
	AppendMessage(dst, raw []byte, sp Span) []byte
}

// A Splitter is a Codec whose body is the message itself, so that a large one
// can be written from where it lies: head, message, tail.
type Splitter interface {
	// AppendHead appends the bytes before msg, or returns dst as it was and an
	// error made by [Refuse].
	AppendHead(dst, msg []byte) ([]byte, error)
	// AppendTail appends the bytes after msg, which AppendHead has accepted.
	AppendTail(dst, msg []byte) []byte
}

// A LengthLocator is a Codec whose head declares the length of the body.
// LengthOffset returns the index in raw, which starts with a valid head, of the
// first byte of that declaration.
type LengthLocator interface {
	LengthOffset(raw []byte) int
}
