package framing_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// A decodeTest is a stream and what a Reader makes of it: a line for each frame,
// as offset and message, and the text of the error that ends it.
type decodeTest struct {
	framing, in string
	want        []string
}

func testDecode(t *testing.T, tests []decodeTest) {
	t.Helper()
	for _, test := range tests {
		f := parse(t, test.framing)
		readers := map[string]io.Reader{
			"in one piece": strings.NewReader(test.in),
			"bytewise":     iotest.OneByteReader(strings.NewReader(test.in)),
		}
		for how, r := range readers {
			if got := decode(r, f.C2S); !slices.Equal(got, test.want) {
				t.Errorf("%s: %q %s:\n got %q\nwant %q", test.framing, test.in, how, got, test.want)
			}
		}
	}
}

func decode(r io.Reader, d framing.Direction) (lines []string) {
	rd := frame.NewReader(r, d.Codec, d.Max)
	for f, err := range rd.Frames() {
		if err != nil {
			return append(lines, err.Error())
		}
		lines = append(lines, fmt.Sprintf("%d %q", f.Offset, rd.Message(f)))
	}
	return lines
}

func parse(t *testing.T, spelling string) framing.Framing {
	t.Helper()
	f, err := framing.Parse(spelling)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// An encodeTest is a message and its frame, or the text of the refusal.
type encodeTest struct {
	framing, message, want, refusal string
}

func testEncode(t *testing.T, tests []encodeTest) {
	t.Helper()
	const before = "before"
	for _, test := range tests {
		c := parse(t, test.framing).C2S.Codec
		got, err := c.AppendFrame([]byte(before), []byte(test.message))
		if test.refusal != "" {
			want := frame.ErrUnsendable.Error() + ": " + test.refusal
			if !errors.Is(err, frame.ErrUnsendable) || err.Error() != want || string(got) != before {
				t.Errorf("%s: %.40q gives %q, error %v\nwant error %s", test.framing, test.message, got, err, want)
			}
			continue
		}
		if err != nil || string(got) != before+test.want {
			t.Errorf("%s: %.40q gives %q, error %v, want %q", test.framing, test.message, got, err, before+test.want)
		}
		testDecode(t, []decodeTest{{test.framing, test.want, []string{fmt.Sprintf("0 %q", test.message)}}})
	}
}

// testSpelling checks the text of each spelling's error.
func testSpelling(t *testing.T, want map[string]string) {
	t.Helper()
	for spelling, text := range want {
		_, err := framing.Parse(spelling)
		if text = fmt.Sprintf("framing %q: %s", spelling, text); err == nil || err.Error() != text {
			t.Errorf("got error  %v\nwant error %s", err, text)
		}
	}
}

// What is skipped of a frame that is too long ends at its end, however the stream
// is cut.
func TestFrameEnd(t *testing.T) {
	for spelling, in := range map[string]string{
		"line,max=5":          "aaaaaaaaaaaa\nbb\n\ncc\n",
		"delim=--END--,max=5": "aaaa-a--EN--END--bb--END----END--cc--END--",
	} {
		d := parse(t, spelling).C2S
		end := strings.Index(in, "bb")
		for cut := range len(in) {
			rest := io.MultiReader(strings.NewReader(in[:cut]), strings.NewReader(in[cut:]))
			r := frame.NewReader(rest, d.Codec, d.Max)
			if _, err := r.Next(); !errors.Is(err, frame.ErrTooLarge) {
				t.Fatalf("%s, cut at %d: error %v", spelling, cut, err)
			}
			n, err := r.Resync()
			var got []string
			for f := range r.Frames() {
				got = append(got, string(r.Message(f)))
			}
			if int(n) != end || err != nil || !slices.Equal(got, []string{"bb", "", "cc"}) {
				t.Errorf("%s, cut at %d: skipped %d, error %v, then %q", spelling, cut, n, err, got)
			}
		}
	}
}

// Whoever enters a frame anywhere finds its end by what he sees, if it is there.
func TestFrameEndAnywhere(t *testing.T) {
	for _, test := range []struct {
		framing, in string
		n           int
		found       bool
	}{
		{"line", "\nab\n", 1, true},
		{"line", "ab", 2, false},
		{"nul", "\x00ab", 1, true},
		{"crlf", "ab\r", 2, false},
		{"crlf", "\r\nab", 2, true},
		{"slip", "\xc0ab", 1, true},
		{"slip", "ab\xc0", 3, true},
		{"slip", "ab", 2, false},
		{"cobs", "\x00ab", 1, true},
		{"cobs", "ab\x00\x00", 3, true},
		{"cobs", "ab", 2, false},
		{"stomp", "\x00ab", 1, true},
		{"stomp", "ab\x00", 3, true},
		{"stomp", "ab", 2, false},
	} {
		n, found := codec(t, test.framing).(frame.Ender).FrameEnd([]byte(test.in))
		if n != test.n || found != test.found {
			t.Errorf("%s: FrameEnd(%q) = %d, %v, want %d, %v", test.framing, test.in, n, found, test.n, test.found)
		}
	}
}

func testResync(t *testing.T, spelling string, want map[string]int) {
	t.Helper()
	c := parse(t, spelling).C2S.Codec.(frame.Resyncer)
	for in, i := range want {
		if got := c.Resync([]byte(in)); got != i {
			t.Errorf("%s: Resync(%q) = %d, want %d", spelling, in, got, i)
		}
	}
}
