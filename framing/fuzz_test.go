package framing_test

import (
	"testing"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/frame/frametest"
	"github.com/chancat/channel/framing"
)

// fuzzEach holds every codec to a property of streams, or of messages.
func fuzzEach(f *testing.F, property func(frametest.TB, frame.Codec, []byte)) {
	frametest.Seed(f, "testdata/vectors")
	cases := cases(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, c := range cases {
			property(named{t, c.Name}, c.Codec, in)
		}
	})
}

func FuzzChunking(f *testing.F)  { fuzzEach(f, frametest.Chunking) }
func FuzzRoundTrip(f *testing.F) { fuzzEach(f, frametest.RoundTrip) }
func FuzzPrefix(f *testing.F)    { fuzzEach(f, frametest.Prefix) }
func FuzzMemory(f *testing.F)    { fuzzEach(f, frametest.Memory) }
func FuzzResync(f *testing.F)    { fuzzEach(f, frametest.Resync) }

func FuzzCanonical(f *testing.F) {
	frametest.Seed(f, "testdata/vectors")
	cases := cases(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, c := range cases {
			if c.Canonical {
				frametest.Canonical(named{t, c.Name}, c.Codec, in)
			}
		}
	})
}

// named says which codec a complaint is about.
type named struct {
	*testing.T
	spelling string
}

func (n named) Errorf(format string, args ...any) {
	n.Helper()
	n.T.Errorf("%s: "+format, append([]any{n.spelling}, args...)...)
}

func (n named) Fatalf(format string, args ...any) {
	n.Helper()
	n.T.Fatalf("%s: "+format, append([]any{n.spelling}, args...)...)
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"msg", "msg,lenient,max=1MiB", "u32be,incl/line", "delim=\\x2c", "netty=0:2:0:2", "x,=,,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, spelling string) {
		got, err := framing.Parse(spelling)
		if err == nil && (got.C2S.Codec == nil || got.S2C.Codec == nil || got.C2S.Max < 0 || got.S2C.Max < 0) {
			t.Errorf("Parse(%q) = %+v without an error", spelling, got)
		}
	})
}
