package detect_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chancat/channel/detect"
)

// A labelled is a case of the corpus: streams and what they are.
type labelled struct {
	Name        string
	Class       string
	Program     string
	Streams     []stream
	Framing     string
	Accept      []string
	Undecidable string
}

type stream struct {
	Data  []byte
	From  string
	Conn  int
	Ended bool
	Late  bool
}

func (l *labelled) streams() []detect.Stream {
	var list []detect.Stream
	for _, s := range l.Streams {
		from := map[string]detect.Side{"client": detect.Client, "server": detect.Server}[s.From]
		list = append(list, detect.Stream{Data: s.Data, From: from, Conn: s.Conn, Ended: s.Ended, Late: s.Late})
	}
	return list
}

// size is the class of a case by its bytes.
func (l *labelled) size() string {
	n := 0
	for _, s := range l.Streams {
		n += len(s.Data)
	}
	switch {
	case n < 256:
		return "under 256 B"
	case n < 4096:
		return "under 4 KiB"
	}
	return "4 KiB and more"
}

// right reports whether a is right about l, and whether it is confidently wrong.
func (l *labelled) right(a detect.Answer) (right, wrong bool) {
	if !a.Decided || l.Undecidable != "" {
		return a.Decided == (l.Undecidable == ""), a.Decided
	}
	best := a.Candidates[0]
	accepted := append([]string{l.Framing}, l.Accept...)
	for _, name := range append([]string{best.Framing}, best.SameAs...) {
		if slices.Contains(accepted, name) {
			return true, false
		}
	}
	return false, true
}

func corpus(t testing.TB) []labelled {
	t.Helper()
	files, err := filepath.Glob("../testdata/detect/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatal("no corpus", err)
	}
	var list []labelled
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			var l labelled
			if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
				t.Fatal(name, err)
			}
			list = append(list, l)
		}
	}
	return list
}

// TestCorpus asks about every stream whose framing is known. Those that can be
// decided must be, rightly; the others must not.
func TestCorpus(t *testing.T) {
	type score struct{ right, undecided, wrong int }
	scores := map[string]*score{}
	count := func(class string, right, wrong bool) {
		s := scores[class]
		if s == nil {
			s = &score{}
			scores[class] = s
		}
		switch {
		case right:
			s.right++
		case wrong:
			s.wrong++
		default:
			s.undecided++
		}
	}
	real, _ := recordings(t)
	for _, l := range append(corpus(t), real...) {
		a := detect.Detect(l.streams())
		right, wrong := l.right(a)
		source := "generated"
		if l.Program != "" {
			source = "real"
		}
		for _, class := range []string{l.Class, l.size(), source, "all"} {
			count(class, right, wrong)
		}
		if !right {
			t.Errorf("%s: want %s%s, got decided=%v %s\n%s", l.Name, l.Framing, l.Undecidable, a.Decided, a.Why, shown(a))
		}
	}
	for _, class := range slices.Sorted(maps.Keys(scores)) {
		s := scores[class]
		t.Logf("%-16s %4d right %4d undecided %4d wrong", class, s.right, s.undecided, s.wrong)
	}
}

func shown(a detect.Answer) string {
	var b strings.Builder
	for i, c := range a.Candidates {
		if i < 4 {
			fmt.Fprintf(&b, "    %-28s %.4f %d frames, %d bytes; %s%s %q\n", c.Framing, c.Score, c.Frames, c.Bytes, c.Evidence, c.Broke, c.SameAs[:min(len(c.SameAs), 3)])
		}
	}
	return b.String()
}
