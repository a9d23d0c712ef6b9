package frame_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/frame/frametest"
	"github.com/chancat/channel/framing"
)

// exclaim frames text by the exclamation mark that ends it: a framing whose
// head declares nothing. A question mark is no text.
type exclaim struct{}

func (exclaim) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	for i := st.Pos; i < len(buf); i++ {
		switch buf[i] {
		case '?':
			return frame.Span{}, 0, frame.Malformed(i, "got %q in the text", buf[i])
		case '!':
			return frame.Span{Body: i, Tail: 1}, 0, nil
		}
	}
	st.Pos = len(buf)
	return frame.Span{Body: len(buf)}, 1, nil
}

func (exclaim) AppendFrame(dst, msg []byte) ([]byte, error) {
	if i := bytes.IndexAny(msg, "!?"); i >= 0 {
		return dst, frame.Refuse("byte %d is %q", i, msg[i])
	}
	return append(append(dst, msg...), '!'), nil
}

// broken reads frames up to the error that ends them.
func broken(t *testing.T, r *frame.Reader) *frame.Error {
	t.Helper()
	for {
		_, err := r.Next()
		if err == nil {
			continue
		}
		e, ok := errors.AsType[*frame.Error](err)
		if !ok {
			t.Fatalf("got error %v, want a *frame.Error", err)
		}
		return e
	}
}

func ways(in string) map[string]io.Reader {
	return map[string]io.Reader{
		"whole":        strings.NewReader(in),
		"single bytes": iotest.OneByteReader(strings.NewReader(in)),
	}
}

func TestLimitIsJudgedBeforeWhatStandsBehindIt(t *testing.T) {
	for name, src := range ways("longer?") {
		err := broken(t, frame.NewReader(src, exclaim{}, 3))
		if !errors.Is(err, frame.ErrTooLarge) || err.Offset != 0 {
			t.Errorf("%s: got %v, want the limit judged before the question mark", name, err)
		}
	}
	for name, src := range ways("lo?ger!") {
		err := broken(t, frame.NewReader(src, exclaim{}, 3))
		if !errors.Is(err, frame.ErrSyntax) || err.Offset != 2 {
			t.Errorf("%s: got %v, want the question mark judged before the limit", name, err)
		}
	}
}

// A sluggish reader returns nothing each time but every n-th.
type sluggish struct {
	src   io.Reader
	n     int
	calls int
}

func (s *sluggish) Read(p []byte) (int, error) {
	if s.calls++; s.calls%s.n != 0 {
		return 0, nil
	}
	return s.src.Read(p)
}

func TestNoProgress(t *testing.T) {
	stream := "\r\nMSG 300\r\n" + strings.Repeat("x", 300)
	r := frame.NewReader(&sluggish{src: iotest.OneByteReader(strings.NewReader(stream)), n: 50}, framing.MSG, 1000)
	if f, err := r.Next(); err != nil || len(f.Raw) != len(stream) {
		t.Errorf("a source that is slow but goes on: got %d bytes, %v", len(f.Raw), err)
	}
	stuck := &sluggish{src: strings.NewReader("x!"), n: 150}
	r = frame.NewReader(stuck, exclaim{}, 1000)
	if _, err := r.Next(); err != io.ErrNoProgress {
		t.Errorf("a source without progress: got %v, want %v", err, io.ErrNoProgress)
	}
	if f, err := r.Next(); err != nil || string(f.Raw) != "x!" {
		t.Errorf("a source that woke up: got %q, %v", f.Raw, err)
	}
}

// next reads a frame and checks its message.
func next(t *testing.T, r *frame.Reader, want string) frame.Frame {
	t.Helper()
	f, err := r.Next()
	if err != nil {
		t.Fatalf("got %v, want the message %.20q", err, want)
	}
	if got := string(r.Message(f)); got != want {
		t.Fatalf("got message %.20q of %d bytes, want %.20q of %d", got, len(got), want, len(want))
	}
	return f
}

const two = "\r\nMSG 2\r\nhi\r\nMSG 0\r\n"

func TestFramesAndOffsets(t *testing.T) {
	for name, src := range ways(two) {
		r := frame.NewReader(src, framing.MSG, 100)
		first := next(t, r, "hi")
		if first.Offset != 0 || string(first.Raw) != "\r\nMSG 2\r\nhi" || first.Span != (frame.Span{Head: 9, Body: 2}) || string(first.Body()) != "hi" {
			t.Errorf("%s: first frame %+v", name, first)
		}
		if r.Offset() != 11 {
			t.Errorf("%s: behind the first frame the offset is %d, want 11", name, r.Offset())
		}
		if second := next(t, r, ""); second.Offset != 11 || second.Span != (frame.Span{Head: 9}) {
			t.Errorf("%s: second frame %+v", name, second)
		}
		for range 2 {
			if _, err := r.Next(); err != io.EOF {
				t.Errorf("%s: at the end: got %v, want io.EOF", name, err)
			}
		}
	}
}

// A frame cannot be appended to at the cost of what follows it.
func TestRawHasNoSpareCapacity(t *testing.T) {
	r := frame.NewReader(strings.NewReader(two), framing.MSG, 100)
	f := next(t, r, "hi")
	_ = append(f.Raw, "overwritten"...)
	_ = append(f.Body(), "overwritten"...)
	_ = append(r.Buffered(), "overwritten"...)
	next(t, r, "")
}

func TestEOFOnlyAtBoundary(t *testing.T) {
	for n := range len(two) {
		for name, src := range ways(two[:n]) {
			r := frame.NewReader(src, framing.MSG, 100)
			var err error
			for err == nil {
				_, err = r.Next()
			}
			if boundary := n == 0 || n == 11; (err == io.EOF) != boundary || errors.Is(err, io.ErrUnexpectedEOF) == boundary {
				t.Errorf("%s, cut at byte %d: got %v", name, n, err)
			}
		}
	}
}

func TestReads(t *testing.T) {
	src := io.MultiReader(
		strings.NewReader("\r\nMS"), strings.NewReader("G 2\r\nh"), strings.NewReader("i\r\nMSG 0\r\n\r\n"),
		strings.NewReader("MSG 0\r\n"), strings.NewReader("\r\nMSG 0\r\n"))
	r := frame.NewReader(src, framing.MSG, 100)
	for i, want := range []int{3, 1, 2, 1} {
		f, err := r.Next()
		if err != nil || f.Reads != want {
			t.Errorf("frame %d: %d reads, %v; want %d", i, f.Reads, err, want)
		}
	}
}

func TestBrokenFrameIsSticky(t *testing.T) {
	src := strings.NewReader("xx\r\nMSG 1\r\na")
	r := frame.NewReader(src, framing.MSG, 100)
	first := broken(t, r)
	if again := broken(t, r); again != first {
		t.Errorf("got %v, then %v; want the same error", first, again)
	}
	if string(r.Buffered()) != "xx\r\nMSG 1\r\na" || r.Offset() != 0 {
		t.Errorf("the broken frame is at byte %d of %q, want it kept for whoever explains it", r.Offset(), r.Buffered())
	}
}

func TestFaultBeforeTruncation(t *testing.T) {
	// A frame lacks seven more bytes behind the lead, but one has come that is wrong.
	err := broken(t, frame.NewReader(strings.NewReader("\r\nX"), framing.MSG, 100))
	if !errors.Is(err, frame.ErrSyntax) || err.Offset != 2 {
		t.Errorf("got %v, want the X at byte 2", err)
	}
}

// blocking fails the test when it is read further than it should be.
type blocking struct {
	t  *testing.T
	in *strings.Reader
}

func (b blocking) Read(p []byte) (int, error) {
	if b.in.Len() == 0 {
		b.t.Error("read on although the answer was known; a peer would wait for ever")
		return 0, io.EOF
	}
	return b.in.Read(p)
}

func TestReadsNoFurtherThanNeeded(t *testing.T) {
	for in, limit := range map[string]int{
		"\r\nMSG 2\r\nhi":       100, // complete
		"\r\nMSG 0\r\n":         100, // complete with its head
		"\r\nMSG 101\r\n":       100, // over the limit by its head
		"\r\nMSG 999999999\r\n": 100,
		"?":                     100, // broken by its first byte
	} {
		r := frame.NewReader(iotest.OneByteReader(blocking{t, strings.NewReader(in)}), framing.MSG, limit)
		r.Next()
	}
}

func TestLimit(t *testing.T) {
	for name, src := range ways("123!1234!") {
		r := frame.NewReader(src, exclaim{}, 3)
		next(t, r, "123")
		if err := broken(t, r); !errors.Is(err, frame.ErrTooLarge) || err.Start != 4 || err.Offset != 4 {
			t.Errorf("%s: got %v, want the body at byte 4 over the limit", name, err)
		}
	}
}

// shouting opens its stream with a frame of three bytes, ends frames at the end
// of the stream, and drops white space there.
type shouting struct{ exclaim }

func (shouting) ScanFirst(buf []byte, _ *frame.State) (frame.Span, int, error) {
	if need := 3 - len(buf); need > 0 {
		return frame.Span{}, need, nil
	}
	return frame.Span{Head: 3}, 0, nil
}

func (shouting) ScanFinal(buf []byte) (frame.Span, error) {
	if len(bytes.TrimSpace(buf)) == 0 {
		return frame.Span{}, nil
	}
	if i := bytes.IndexByte(buf, '#'); i >= 0 {
		return frame.Span{}, frame.Truncated(i, 2)
	}
	return frame.Span{Body: len(buf)}, nil
}

func TestFirstFrame(t *testing.T) {
	for name, src := range ways("HEYone!two!") {
		r := frame.NewReader(src, shouting{}, 100)
		if f := next(t, r, ""); f.Span.Head != 3 {
			t.Errorf("%s: got the opening %+v", name, f)
		}
		next(t, r, "one")
		next(t, r, "two")
	}
	for name, src := range ways("HE") {
		if _, err := frame.NewReader(src, frame.Codec(opening{}), 100).Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: an opening cut off: got %v", name, err)
		}
	}
}

// opening has an opening but nothing special at the end.
type opening struct{ exclaim }

func (opening) ScanFirst(buf []byte, st *frame.State) (frame.Span, int, error) {
	return shouting{}.ScanFirst(buf, st)
}

func TestFinalFrame(t *testing.T) {
	for name, src := range ways("HEYone!last") {
		r := frame.NewReader(src, shouting{}, 100)
		next(t, r, "")
		next(t, r, "one")
		if f := next(t, r, "last"); f.Offset != 7 || f.Span.Tail != 0 {
			t.Errorf("%s: last frame %+v", name, f)
		}
		if _, err := r.Next(); err != io.EOF {
			t.Errorf("%s: got %v, want io.EOF", name, err)
		}
	}
	for name, src := range ways("HEYone! \n") {
		r := frame.NewReader(src, shouting{}, 100)
		next(t, r, "")
		next(t, r, "one")
		if _, err := r.Next(); err != io.EOF || r.Offset() != 9 || len(r.Buffered()) != 0 {
			t.Errorf("%s: got %v at byte %d, want a clean end at 9", name, err, r.Offset())
		}
	}
	for name, src := range ways("HEYone!la#st") {
		r := frame.NewReader(src, shouting{}, 100)
		if err := broken(t, r); err.Start != 7 || err.Offset != 9 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: got %v, want the frame at 7 truncated at 9", name, err)
		}
	}
}

func TestSetCodec(t *testing.T) {
	r := frame.NewReader(strings.NewReader("\r\nMSG 1\r\naone!two!"), framing.MSG, 100)
	next(t, r, "a")
	r.SetCodec(exclaim{})
	next(t, r, "one")
	r.SetCodec(shouting{}) // its opening is at the start of a stream only
	next(t, r, "two")
}

// Reading by message says what reading by frame does, for codecs of every kind.
func TestNextMessage(t *testing.T) {
	for _, c := range []frame.Codec{exclaim{}, shouting{}, stuffed{}, framing.MSG, framing.Netstring, framing.SLIP, framing.AMQP} {
		for _, in := range []string{
			"one!two!!three!", "one!two", "o!!x!", "o?e!", "~o~n~e!~t~w~o!",
			"\r\nMSG 3\r\none\r\nMSG 3\r\ntwo\r\nMSG 0\r\n\r\nMSG 2\r\nhi", "\r\nMSG 3\r\none\r\nMSX",
			"3:one,3:two,0:,2:hi,", "\xc0one\xc0\xc0two\xdb\xdc\xc0", "AMQP\x00\x00\x09\x01\x08\x00\x00\x00\x00\x00\x01x\xce",
		} {
			frametest.Chunking(t, c, []byte(in))
		}
	}
}

// Recent has frames that were read, and what follows, in their places.
func TestRecent(t *testing.T) {
	const in = "one!two!three!o?e!four!five"
	for way, src := range ways(in) {
		r := frame.NewReader(src, exclaim{}, 100)
		before := false
		for range 9 {
			data, offset := r.Recent()
			end := r.Offset() + int64(len(r.Buffered()))
			if offset > r.Offset() || offset+int64(len(data)) != end || string(data) != in[offset:end] {
				t.Errorf("%s: Recent = %q at %d, behind byte %d and %q", way, data, offset, r.Offset(), r.Buffered())
			}
			before = before || offset < r.Offset()
			if _, err := r.Next(); err != nil {
				r.Resync()
			}
		}
		if !before {
			t.Errorf("%s: no frames that were read are there", way)
		}
	}
}

// careless is exclaim that has gone on behind a fault when it tells of it.
type careless struct{ exclaim }

func (c careless) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	sp, need, err := c.exclaim.Scan(buf, st)
	if e, ok := errors.AsType[*frame.Error](err); ok {
		st.Pos = int(e.Offset) + 1
	}
	return sp, need, err
}

// A broken frame is none, by whichever way it is read, and stays the last.
func TestNextMessageBroken(t *testing.T) {
	for way, src := range ways("one!t?wo!three!") {
		r := frame.NewReader(src, careless{}, 100)
		if msg, err := r.NextMessage(); string(msg) != "one" || err != nil {
			t.Errorf("%s: %q, %v", way, msg, err)
		}
		for range 2 {
			msg, err := r.NextMessage()
			if e, ok := errors.AsType[*frame.Error](err); !ok || e.Start != 4 || e.Offset != 5 {
				t.Errorf("%s: %q, %v", way, msg, err)
			}
		}
	}
}

func TestFramesIterator(t *testing.T) {
	r := frame.NewReader(strings.NewReader("a!b!c!d?"), exclaim{}, 100)
	for f, err := range r.Frames() {
		if err != nil || string(r.Message(f)) != "a" {
			t.Errorf("got %q, %v; want a", f.Raw, err)
		}
		break
	}
	next(t, r, "b") // leaving the loop leaves the reader usable
	var frames, failures int
	for _, err := range r.Frames() {
		if err != nil {
			failures++
		} else {
			frames++
		}
	}
	if frames != 1 || failures != 1 {
		t.Errorf("got %d frames and %d errors, want c and the error once", frames, failures)
	}

	for _, err := range frame.NewReader(strings.NewReader("a!"), exclaim{}, 100).Frames() {
		if err != nil {
			t.Errorf("a clean end yields %v", err)
		}
	}
}

func TestAppendMessages(t *testing.T) {
	for _, c := range []struct {
		codec    frame.Codec
		in, want string
		broken   bool
	}{
		{framing.MSG, "\r\nMSG 1\r\na\r\nMSG 0\r\n\r\nMSG 2\r\nbc", "a||bc|", false},
		{framing.MSG, "\r\nMSG 1\r\na\r\nMSG x", "a|", true},
		{framing.MSG, "\r\nMSG 1\r\na\r\nMSG 101\r\n", "a|", true},
		{exclaim{}, "a!bc!d", "a|bc|", true},
		{exclaim{}, "a!b!c!d!e!f!", "a|b|c|d|e|f|", false},
		{stuffed{}, "~o~n~e!~t~w~o!", "one|two|", false},
		{shouting{}, "HEYone!two!", "|one|two|", false},
	} {
		for name, src := range ways(c.in) {
			r := frame.NewReader(src, c.codec, 100)
			plain := frame.NewReader(strings.NewReader(c.in), c.codec, 100)
			var got strings.Builder
			messages, err := make([][]byte, 0, 3), error(nil)
			for err == nil {
				if messages, err = r.AppendMessages(messages[:0]); len(messages) == 0 && err == nil {
					t.Fatalf("%q, %s: neither a message nor an error", c.in, name)
				}
				for _, msg := range messages {
					got.Write(msg)
					got.WriteByte('|')
					plain.Next()
				}
				if err == nil && r.Offset() != plain.Offset() {
					t.Errorf("%q, %s: at byte %d behind %s, want %d", c.in, name, r.Offset(), &got, plain.Offset())
				}
			}
			_, want := plain.Next()
			if got.String() != c.want || (err != io.EOF) != c.broken || err.Error() != want.Error() {
				t.Errorf("%q, %s: got %s and %v, want %s and %v", c.in, name, &got, err, c.want, want)
			}
		}
	}
}

func TestAppendMessagesThenNext(t *testing.T) {
	r := frame.NewReader(iotest.OneByteReader(strings.NewReader("a!bc!")), exclaim{}, 100)
	if f, err := r.Next(); err != nil || f.Reads != 2 {
		t.Fatalf("got %+v, %v", f, err)
	}
	r = frame.NewReader(strings.NewReader("a!b!c!d!"), exclaim{}, 100)
	if got, err := r.AppendMessages(make([][]byte, 0, 3)); err != nil || len(got) != 3 {
		t.Fatalf("got %q, %v, want three messages", got, err)
	}
	if f := next(t, r, "d"); f.Offset != 6 || f.Reads != 1 {
		t.Errorf("got offset %d in %d reads, want 6 in 1", f.Offset, f.Reads)
	}
}

// stuffed carries text with a tilde before each byte.
type stuffed struct{ exclaim }

func (stuffed) AppendMessage(dst, raw []byte, sp frame.Span) []byte {
	for i := 1; i < sp.Body; i += 2 {
		dst = append(dst, raw[i])
	}
	return dst
}

func TestMessageOfEscapedBody(t *testing.T) {
	r := frame.NewReader(strings.NewReader("~o~n~e!~t~w~o!"), stuffed{}, 100)
	next(t, r, "one")
	if f := next(t, r, "two"); string(f.Body()) != "~t~w~o" {
		t.Errorf("got the body %q, want the bytes of the wire", f.Body())
	}
}

// A last frame that Scan promised no body of is held to the limit too.
func TestFinalFrameOverLimit(t *testing.T) {
	for name, src := range ways("HEYlonger") {
		r := frame.NewReader(src, quiet{}, 3)
		next(t, r, "")
		if err := broken(t, r); !errors.Is(err, frame.ErrTooLarge) || err.Start != 3 {
			t.Errorf("%s: got %v, want the last frame over the limit", name, err)
		}
	}
}

// quiet promises nothing before a frame is complete.
type quiet struct{ shouting }

func (quiet) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	sp, need, err := exclaim{}.Scan(buf, st)
	if need > 0 {
		sp = frame.Span{}
	}
	return sp, need, err
}
