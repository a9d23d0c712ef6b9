// Package frametest checks that a [frame.Codec] keeps the rules that a
// [frame.Reader] relies on. It works for any codec, those of package framing and
// your own:
//
//	func TestCodec(t *testing.T) {
//		frametest.Run(t, frametest.Case{
//			Name:      "mine",
//			Codec:     mine{},
//			Messages:  [][]byte{nil, []byte("hi")},
//			Canonical: true,
//		})
//	}
//
// [Run] derives its streams from the messages: their frames, each stream cut off
// at every byte, and each stream damaged at every byte. The properties that it
// checks are exported too, for fuzz targets: [RoundTrip] takes any message,
// [Prefix], [Chunking], [Canonical], [Memory] and [Resync] take any stream.
package frametest

import (
	"testing"

	"github.com/chancat/channel/frame"
)

// TB is the part of [testing.TB] that the properties use.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// A Case is a codec to check.
type Case struct {
	Name  string
	Codec frame.Codec

	// Messages are what the framing is checked with; each must be one that it
	// can carry. None means a few of any bytes, as far as the codec accepts them.
	Messages [][]byte

	// Canonical says that encoding what was decoded gives the same bytes.
	Canonical bool

	// Long makes a message of about n bytes, on which the cost of Scan is
	// measured. Nil means n times the letter x, and no measurement where the
	// codec refuses that.
	Long func(n int) []byte
}

// rules are the subtests of Run, in the order of docs/design.md.
var rules = []struct {
	name  string
	check func(TB, Case)
}{
	{"RoundTrip", checkRoundTrip},
	{"Prefix", checkPrefix},
	{"LinearCost", checkLinearCost},
	{"Chunking", checkChunking},
	{"Memory", checkMemory},
	{"Allocs", checkAllocs},
	{"Canonical", checkCanonical},
	{"Resync", checkResync},
}

// Run checks every rule as a subtest of t.
func Run(t *testing.T, c Case) {
	if len(c.Messages) == 0 {
		c.Messages = acceptable(c.Codec)
	}
	t.Run(c.Name, func(t *testing.T) {
		for _, r := range rules {
			t.Run(r.name, func(t *testing.T) { r.check(t, c) })
		}
	})
}
