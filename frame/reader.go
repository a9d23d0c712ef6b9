package frame

import (
	"errors"
	"io"
	"iter"
)

const (
	bufferStart = 4 << 10   // bytes of a fresh Reader: ten thousand idle ones are cheap
	bufferMost  = 256 << 10 // bytes a buffer grows to unless one frame needs more

	// A buffer of which many reads in a row used but a small part is halved. The
	// steps are far apart so that a stream that comes in bursts keeps its buffer;
	// one that a single large frame needed is given up sooner.
	sparseReads      = 16 << 10
	sparseReadsLarge = 256
	smallPart        = 16

	// A source that returns no bytes and no error this often is broken.
	emptyReads = 100
)

// A Frame is one frame of a stream.
type Frame struct {
	Offset int64  // of the first byte, counted from the start of the stream
	Raw    []byte // the whole frame; borrowed, valid until the next call on the Reader
	Span   Span   // how Raw divides
	Reads  int    // reads of the source that the frame was spread over
}

// Body returns the body within f.Raw.
func (f Frame) Body() []byte {
	return f.Raw[f.Span.Head : f.Span.Head+f.Span.Body : f.Span.Head+f.Span.Body]
}

// A Reader cuts a byte stream into frames. It reads its source only when the
// frame at hand is incomplete, in pieces as large as its buffer. The memory that
// it holds is bounded by what has arrived, never by what a head claims.
//
// A Reader is not safe for concurrent use.
type Reader struct {
	src      io.Reader
	lender   Lender // src, where it lends; else nil
	feed     *Feed  // src, where it is one; else nil
	codec    Codec
	first    FirstScanner // nil when the codec has no opening of its own
	unescape MessageAppender
	plain    bool // neither: a frame is what Scan says, and its body the message
	limit    int

	buf      []byte // buf[pos:end] is unread
	pos, end int
	offset   int64 // stream offset of buf[pos]

	st    State // the codec's scratch for the frame at pos
	reads int   // reads that brought bytes of the frame at pos
	taken int   // the same of the frame before it

	full   bool // the last read filled the buffer
	sparse int  // reads in a row that used but a small part of the buffer

	srcErr   error // the source's error, held back until the bytes before it are judged
	broken   error // the *Error that ended the frames
	seeking  bool  // Resync has left the broken frame and not found a place yet
	kept     int   // buf[kept:pos] are whole frames
	credit   int   // bytes that Resync may look at for nothing
	earned   int64 // stream offset up to which bytes have earned credit
	search   *search
	tried    int64  // stream offset up to which Resync has tried places
	again    int    // places before that may be tried once more
	verified int64  // bytes of large frames that Resync has looked at whole
	owed     int64  // bytes to come that belong to the frame that Lose has broken
	message  []byte // the last that was unescaped
}

// NewReader returns a Reader of the frames of src. limit bounds a body in bytes;
// a frame whose body is larger is broken. A src that is a [Lender] is not copied.
func NewReader(src io.Reader, c Codec, limit int) *Reader {
	r := &Reader{src: src, limit: limit, credit: resyncCredit, again: againMost}
	r.lender, _ = src.(Lender)
	r.feed, _ = src.(*Feed)
	r.SetCodec(c)
	return r
}

// SetCodec changes the framing of everything that Next has not returned yet.
func (r *Reader) SetCodec(c Codec) {
	r.codec = c
	r.search = nil
	r.first, _ = c.(FirstScanner)
	r.unescape, _ = c.(MessageAppender)
	r.plain = r.first == nil && r.unescape == nil
	r.st = State{}
}

// SetLimit changes the bound on bodies for every frame that Next has not returned
// yet: a peer may be believed more once it has said who it is.
func (r *Reader) SetLimit(limit int) { r.limit = limit }

// Offset returns the stream offset of the first byte after the last frame.
func (r *Reader) Offset() int64 { return r.offset }

// Buffered returns the bytes that were read from the source and belong to no
// frame yet. They are borrowed until the next call.
func (r *Reader) Buffered() []byte { return r.buf[r.pos:r.end:r.end] }

// Recent returns what is still in the buffer from some frame on: whole frames that
// Next has returned, and then what Buffered returns. offset is the stream offset of
// its first byte. It is for explaining what broke a frame; the bytes are borrowed
// until the next call.
func (r *Reader) Recent() (data []byte, offset int64) {
	return r.buf[r.kept:r.end:r.end], r.offset - int64(r.pos-r.kept)
}

// Next returns the next frame. The error is io.EOF only where the stream ends at
// a frame boundary. A broken or truncated frame is an [*Error], returned again by
// every later call until [Reader.Resync]. A failed read is returned as it is at a
// boundary and in an *Error inside a frame; nothing is lost by it, and a later
// call reads on (after a timeout, say).
func (r *Reader) Next() (Frame, error) {
	sp, err := r.advance()
	if err != nil {
		return Frame{}, err
	}
	n := sp.Len()
	return Frame{Offset: r.offset - int64(n), Raw: r.buf[r.pos-n : r.pos : r.pos], Span: sp, Reads: r.taken}, nil
}

// NextMessage is Next for callers to whom only the message matters: it returns
// what Message would, borrowed until the next call.
func (r *Reader) NextMessage() ([]byte, error) {
	if r.plain && r.pos < r.end && r.broken == nil { // nearly always, and then half the work is to call
		sp, need, err := r.codec.Scan(r.buf[r.pos:r.end], &r.st)
		if need == 0 && err == nil && sp.Body <= r.limit {
			start := r.pos + sp.Head
			r.take(sp)
			return r.buf[start : start+sp.Body : start+sp.Body], nil
		}
		if need == 0 || err != nil {
			r.st = State{} // it is void behind an error and a whole frame, and advance asks again
		}
	}
	sp, err := r.advance()
	if err != nil {
		return nil, err
	}
	start := r.pos - sp.Len()
	if r.unescape != nil {
		return r.unescaped(r.buf[start:r.pos], sp), nil
	}
	return r.buf[start+sp.Head : start+sp.Head+sp.Body : start+sp.Head+sp.Body], nil
}

// advance moves behind the next frame, which then ends at r.pos.
func (r *Reader) advance() (Span, error) {
	if r.broken != nil {
		return Span{}, r.broken
	}
	if r.feed != nil && r.pos == r.end && r.feed.Dry() {
		return Span{}, ErrPending // as fill would say, in the time of a small frame
	}
	for {
		need := 1
		if r.pos < r.end {
			buf := r.buf[r.pos:r.end]
			sp, n, err := r.ask(buf, &r.st)
			if err != nil || sp.Body > r.limit {
				return Span{}, r.fail(r.judge(buf, sp, err))
			}
			if n == 0 {
				r.take(sp)
				return sp, nil
			}
			need = n
		}
		if err := r.fill(need); err == io.EOF {
			return r.last()
		} else if err != nil {
			if r.pos < r.end {
				err = &Error{Start: r.offset, Offset: r.offset + int64(r.end-r.pos), Err: err}
			}
			return Span{}, err
		}
	}
}

// Frames returns the remaining frames. The end of the stream at a frame boundary
// ends the loop; any other error is yielded once, as the last pair.
func (r *Reader) Frames() iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		for {
			f, err := r.Next()
			if err == io.EOF {
				return
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
}

// AppendMessages appends to dst the next message, as NextMessage returns it, and as
// many behind it as are whole in the buffer and fit into the capacity of dst. All are
// borrowed until the next call. An error comes alone, behind the messages before it.
func (r *Reader) AppendMessages(dst [][]byte) ([][]byte, error) {
	msg, err := r.NextMessage()
	if err != nil {
		return dst, err
	}
	dst = append(dst, msg)
	if !r.plain {
		return dst, nil // the memory of one message serves for the next
	}
	// Where one frame begins is known when the length of the one before it is, and
	// that is nearly all the time that a small frame takes: it stays in a register.
	pos := r.pos
	for pos < r.end && len(dst) < cap(dst) {
		sp, need, err := r.codec.Scan(r.buf[pos:r.end], &r.st)
		if need > 0 && err == nil {
			break
		}
		r.st = State{}
		if err != nil || sp.Body > r.limit {
			break
		}
		body := pos + sp.Head
		dst = append(dst, r.buf[body:body+sp.Body:body+sp.Body])
		pos += sp.Len()
	}
	if n := pos - r.pos; n > 0 {
		r.pos, r.offset = pos, r.offset+int64(n)
		r.reads = 0
		if pos < r.end {
			r.reads = 1 // the rest came with the last read
		}
	}
	return dst, nil
}

// Message returns the message that f carries, which for most framings is its
// body. It is borrowed like f.Raw.
func (r *Reader) Message(f Frame) []byte {
	if r.unescape == nil {
		return f.Body()
	}
	return r.unescaped(f.Raw, f.Span)
}

func (r *Reader) unescaped(raw []byte, sp Span) []byte {
	r.message = r.unescape.AppendMessage(r.message[:0], raw, sp)
	return r.message
}

// ask asks the codec about buf, which starts at the frame at hand.
func (r *Reader) ask(buf []byte, st *State) (sp Span, need int, err error) {
	if r.first != nil && r.offset == 0 {
		return r.first.ScanFirst(buf, st)
	}
	return r.codec.Scan(buf, st)
}

// judge returns what is wrong with the frame at the start of buf, of which ask
// said sp and err: it is broken or over the limit.
func (r *Reader) judge(buf []byte, sp Span, err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Offset < int64(len(buf)) {
		// The byte that broke the frame may have come together with a body that
		// was over the limit before it.
		buf = buf[:e.Offset]
		sp, _, _ = r.ask(buf, &State{})
	}
	if sp.Body > r.limit {
		return r.overLimit(buf, sp)
	}
	return err
}

func (r *Reader) overLimit(buf []byte, sp Span) error {
	if l, ok := r.codec.(LengthLocator); ok {
		return TooLarge(l.LengthOffset(buf), uint64(sp.Body))
	}
	return TooLarge(sp.Head, 0)
}

// take moves behind the frame at hand.
func (r *Reader) take(sp Span) {
	n := sp.Len()
	r.pos += n
	r.offset += int64(n)
	r.st = State{}
	r.taken, r.reads = r.reads, 0
	if r.pos < r.end {
		r.reads = 1 // the rest came with the last read
	}
}

// fail makes err the end of the frames, with stream offsets.
func (r *Reader) fail(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Cause: CauseSyntax, Err: err}
	}
	e.Start += r.offset
	e.Offset += r.offset
	if s, ok := e.Err.(*sizeError); ok {
		s.limit = r.limit
	}
	r.broken = e
	return e
}

// last judges the bytes that the end of the stream has left.
func (r *Reader) last() (Span, error) {
	rest := r.buf[r.pos:r.end]
	if len(rest) == 0 {
		return Span{}, io.EOF
	}
	sp, need, err := r.ask(rest, &r.st)
	switch f, ok := r.codec.(FinalScanner); {
	case err != nil || sp.Body > r.limit:
		return Span{}, r.fail(r.judge(rest, sp, err))
	case need == 0:
		r.take(sp)
		return sp, nil
	case !ok:
		return Span{}, r.fail(Truncated(len(rest), need))
	default:
		if sp, err = f.ScanFinal(rest); err != nil {
			return Span{}, r.fail(err)
		}
	}
	if sp.Body > r.limit {
		return Span{}, r.fail(r.overLimit(rest, sp))
	}
	if sp.Len() == 0 {
		r.offset += int64(len(rest))
		r.pos = r.end
		return Span{}, io.EOF
	}
	r.take(sp)
	return sp, nil
}

// fill reads until need more bytes have arrived. An error of the source is
// returned once everything before it is in the buffer.
func (r *Reader) fill(need int) error {
	if r.lender != nil {
		return r.borrow(need)
	}
	for empty := 0; need > 0; {
		if err := r.srcErr; err != nil {
			if err != io.EOF {
				r.srcErr = nil
			}
			return err
		}
		r.makeRoom(need)
		n, err := r.src.Read(r.buf[r.end:])
		r.srcErr = err
		if n == 0 {
			if empty++; err == nil && empty == emptyReads {
				return io.ErrNoProgress
			}
			continue
		}
		empty = 0
		r.end += n
		r.reads++
		need -= n
		r.full = r.end == len(r.buf)
		if r.end < len(r.buf)/smallPart {
			r.sparse++
		} else {
			r.sparse = 0
		}
	}
	return nil
}

// sparseMost is how many sparse reads in a row a buffer of size bytes survives.
func sparseMost(size int) int {
	if size > bufferMost {
		return sparseReadsLarge
	}
	return sparseReads
}

// makeRoom leaves free space behind r.end. The buffer doubles when what arrived
// has filled it: up to bufferMost for any stream, beyond that only for a frame
// that needs it.
func (r *Reader) makeRoom(need int) {
	unread := r.end - r.pos
	if unread == 0 {
		r.pos, r.end, r.kept = 0, 0, 0
	}
	size := len(r.buf)
	switch {
	case size == 0:
		size = bufferStart
	case r.full && unread < size && size < bufferMost:
		size *= 2
	case unread == size && need > size/8: // the frame's length is known
		size = min(2*size, unread+need)
	case unread == size:
		size *= 2
	case r.sparse >= sparseMost(size) && size > bufferStart && unread+need <= size/4:
		size = min(max(size/2, bufferStart), bufferMost)
		r.sparse = 0
		r.message = nil // it has grown with the buffer
	}
	r.full = false
	if size != len(r.buf) {
		fresh := make([]byte, size)
		copy(fresh, r.buf[r.pos:r.end])
		r.buf, r.pos, r.end, r.kept = fresh, 0, unread, 0
		return
	}
	if free := size - r.end; r.pos > 0 && (free == 0 || free < size/2 && unread <= size/2) {
		copy(r.buf, r.buf[r.pos:r.end])
		r.pos, r.end, r.kept = 0, unread, 0
	}
}
