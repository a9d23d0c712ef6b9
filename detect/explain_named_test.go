package detect_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancat/channel/detect"
	"github.com/chancat/channel/framing"
)

// What public threads ask, answered: the streams are rebuilt in generate.py.
func TestExplainThreads(t *testing.T) {
	want := map[string]string{ // thread to what the answer must say
		"apache/pulsar#3832":                 "TLS ClientHello",
		"ffay/lanproxy#12":                   "TLS ClientHello",
		"fullstorydev/grpcurl#29":            "HTTP response",
		"kpavlov/jreactive-8583#78":          "4 decimal digits",
		"mimblewimble/grin#1648":             "a frame begins inside the body",
		"lite-xl/lite-xl-lsp#100":            `the bytes "\r\n\r\n" are not counted`,
		"modelcontextprotocol/python-sdk#25": "as -f l", // line, and lsp
		"nasa/XPlaneConnect#45":              "the length overflowed: 44 is 300",
		"jeapostrophe/racket-langserver#76":  "the length counts characters",
		"LordVonAdel/os2l#9":                 "a second JSON value",
		"agentic-hil/agentic-hil#458":        "one JSON value is spread over 6 lines",
		"yosider/cosense-mcp-server#17":      "cosense server running on stdio",
		"wazuh/wazuh#170":                    "read as u32be",
		"berlin-open-wireless-lab/DAWN#93":   "read as u64le",
		"palantir/python-language-server#53": "CR CR LF",
		"carllerche/tokio-serde-json#17":     "as -f line",
	}
	for _, s := range specimens(t, "threads.jsonl") {
		found := false
		for thread, says := range want {
			if !strings.HasPrefix(s.Name, thread) {
				continue
			}
			found = true
			d := explainSpecimen(t, s)
			if x := d.Best(); string(x.Cause) != s.Cause || !strings.Contains(x.Detail, says) || x.Score < 0.5 {
				t.Errorf("%s: got %s (%.2f), %q; want %s, %q", s.Name, x.Cause, x.Score, x.Detail, s.Cause, says)
			}
		}
		if !found {
			t.Errorf("%s: no answer is demanded", s.Name)
		}
	}
}

// A recording is what the real peers of docs/wire.md put on the wire.
type recording struct {
	Chunks []struct{ Dir, Hex string }
}

func recordingOf(t *testing.T, name string) (r recording) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "explain", "captures", name+".json"))
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r recording) chunk(t *testing.T, i int) []byte {
	t.Helper()
	b, err := hex.DecodeString(r.Chunks[i].Hex)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func explained(t *testing.T, spelling string, data []byte) detect.Diagnosis {
	t.Helper()
	f, err := framing.Parse(spelling)
	if err != nil {
		t.Fatal(err)
	}
	return detect.Explain(f, detect.Stream{Data: data, Ended: true})
}

// The three faults of the framers of docs/wire.md, from recordings of the real
// programs: a message cut in two, two messages together, one letter outside ASCII.
func TestExplainSeedFramers(t *testing.T) {
	t.Run("message cut in two", func(t *testing.T) {
		r := recordingOf(t, "gist_split_body_shortread")
		first, answer, rest := r.chunk(t, 0), r.chunk(t, 1), r.chunk(t, 2)
		next := []byte("\r\nMSG 4\r\nnext\r\nMSG 2\r\nok")
		// What was sent is well framed: the fault is not on the wire.
		if d := explained(t, "msg", append(append([]byte{}, first...), rest...)); !d.OK || d.Messages != 1 {
			t.Errorf("the client's stream: got %+v, want one message and no fault", d)
		}
		// Its receiver took one read for the message: the rest stands where it
		// expects a head.
		d := explained(t, "msg", append(append(append([]byte{}, answer...), rest...), next...))
		if x := d.Best(); d.OK || d.Offset != int64(len(answer)) || x.Cause != detect.CauseForeignBytes && x.Cause != "off-by-6" || x.Then < 2 {
			t.Errorf("after the short read: got %s at %d, then %d", x.Cause, d.Offset, x.Then)
		}
		// And what it passed on lacks the rest.
		d = explained(t, "msg", append(append([]byte{}, first...), next...))
		if x := d.Best(); x.Cause != detect.CauseShortRead || d.Offset != 0 || x.Then != 2 {
			t.Errorf("passed on: got %s at %d, then %d, want short-read at 0, then 2", x.Cause, d.Offset, x.Then)
		}
	})
	t.Run("two messages together", func(t *testing.T) {
		r := recordingOf(t, "bgpy_coalesced_hang")
		both := r.chunk(t, len(r.Chunks)-1)
		if d := explained(t, "bgpy", both); !d.OK || d.Messages != 2 {
			t.Errorf("got %+v, want two messages and no fault: what hung is the reader", d)
		}
		// A reader that takes what one recv returns for one message reads this
		// header from the middle of the second.
		second := both[int64(16+203):]
		if d := explained(t, "bgpy", append(append([]byte{}, both[:100]...), second...)); d.Best().Cause != detect.CauseShortRead || d.Offset != 0 {
			t.Errorf("got %+v at %d, want short-read at 0", d.Causes, d.Offset)
		}
	})
	t.Run("one letter outside ASCII", func(t *testing.T) {
		for _, name := range []string{"fastdaemon_nonascii_request_decode_error", "fastdaemon_nonascii_request_hang"} {
			d := explained(t, "fastdaemon", recordingOf(t, name).chunk(t, 0))
			if x := d.Best(); x.Cause != detect.CauseChars || x.Framing != "fastdaemon,chars" || d.Offset != 0 || x.Then != 1 {
				t.Errorf("%s: got %s at %d, then %d, try %q", name, x.Cause, d.Offset, x.Then, x.Framing)
			}
		}
	})
}

// Lengths that are wrong by the same number everywhere have a spelling, with which the
// stream decodes as it is.
func TestExplainShiftedSpelling(t *testing.T) {
	for want, frame := range map[string]func(body string) string{
		"u32be,tail=1":         func(b string) string { return string([]byte{0, 0, 0, byte(len(b))}) + b + "\x00" },
		"u32be,adjust=-2":      func(b string) string { return string([]byte{0, 0, 0, byte(len(b) + 2)}) + b },
		"u16le,at=2,adjust=+3": func(b string) string { return string([]byte{7, 9, byte(len(b) - 3), 0}) + b },
		"u16be,tail=sum8,adjust=-1": func(b string) string {
			sum := byte(0)
			for i := range len(b) {
				sum += b[i]
			}
			return string([]byte{0, byte(len(b) + 1)}) + b + string([]byte{sum})
		},
	} {
		var data []byte
		for i := range 12 {
			data = append(data, frame(fmt.Sprintf(`{"id":%d,"name":"%s"}`, i*i*i, "abcdefghijkl"[:i]))...)
		}
		spelling := want[:strings.LastIndexByte(want, ',')]
		d := explained(t, spelling, data)
		x := d.Best()
		f, err := framing.Parse(x.Framing)
		if err != nil || x.Framing != want {
			t.Errorf("%s: %s, as %q, want %s", spelling, x.Cause, x.Framing, want)
			continue
		}
		if d := detect.Explain(f, detect.Stream{Data: data, Ended: true}); !d.OK || d.Messages != 12 {
			t.Errorf("%s: %d messages decode, want 12", x.Framing, d.Messages)
		}
	}
}

// The only frame of a stream lacks its end, unless what is there of it is whole.
func TestExplainOneCutFrame(t *testing.T) {
	for _, c := range []struct{ spelling, data, cause string }{
		{"msg", "\r\nMSG 5\r\nhel", "truncated"},
		{"u32be", "\x00\x00\x00\x04abc", "truncated"},
		{"u16le", "\x09\x00\x01\x02\x03\x04\x05\x06\x07", "truncated"},
		{"u32be", "\x00\x00\x00\x0a{\"a\":1}", "off-by-3"},
		{"netstring", "12:hello worl", "truncated"},
	} {
		d := explained(t, c.spelling, []byte(c.data))
		if x := d.Best(); string(x.Cause) != c.cause {
			t.Errorf("%s, %q: %s, want %s", c.spelling, c.data, x.Cause, c.cause)
		}
	}
}

// A head that is spoiled behind its first bytes does not make the length before it wrong.
func TestExplainSpoiledHead(t *testing.T) {
	for _, data := range []string{"\r\nMSG 1\r\nx\r\nMXG 1\r\n", "\r\nMSG 1\r\nx\r\nMSC 4\r\nabcd"} {
		d := explained(t, "msg", []byte(data))
		if x := d.Best(); d.Offset != 10 || x.Cause != detect.CauseForeignBytes {
			t.Errorf("%q: %s at %d, want foreign-bytes at 10", data, x.Cause, d.Offset)
		}
	}
}
