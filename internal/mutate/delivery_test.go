package mutate

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// recorder keeps writes and when they came.
type recorder struct {
	start  time.Time
	writes []string
}

func (r *recorder) Write(p []byte) (int, error) {
	r.writes = append(r.writes, fmt.Sprintf("%v %s", time.Since(r.start).Milliseconds(), p))
	return len(p), nil
}

func deliver(t *testing.T, d Delivery, frames ...string) []string {
	var r *recorder
	synctest.Test(t, func(t *testing.T) {
		r = &recorder{start: time.Now()}
		w := NewWriter(t.Context(), r, d, 10*time.Millisecond)
		for _, f := range frames {
			if n, err := w.Write([]byte(f)); n != len(f) || err != nil {
				t.Fatal(n, err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
	})
	return r.writes
}

func TestDelivery(t *testing.T) {
	for text, want := range map[string]string{
		"each-byte": "[0 a 10 b 20 c 20 d 30 e]",
		"split":     "[0 ab 10 c 10 d 20 e]",
		"merge":     "[0 abcde]",
		"merge:3":   "[0 abcde]",
	} {
		d, err := ParseDelivery(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(deliver(t, d, "abc", "de")); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	for _, c := range []struct{ delivery, frames, want string }{
		{"merge", "ab cd e", "[0 abcd 0 e]"},
		{"merge:2", "ab cd e", "[0 abcd 0 e]"},
		{"merge:3", "a b cd e", "[0 abcd 0 e]"},
		{"merge:1000", "a b cd e", "[0 abcde]"},
	} {
		d, err := ParseDelivery(c.delivery)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(deliver(t, d, strings.Fields(c.frames)...)); got != c.want {
			t.Errorf("%s of %s: %s, want %s", c.delivery, c.frames, got, c.want)
		}
	}
	chunks, err := ParseChunks("2,1")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(deliver(t, chunks, "abcdef", "x")); got != "[0 ab 10 c 20 def 20 x]" {
		t.Error(got)
	}
	if got := fmt.Sprint(deliver(t, Delivery{}, "abc")); got != "[0 abc]" {
		t.Error(got)
	}
}

// A frame without company is written after a moment.
func TestMergeDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := ParseDelivery("merge")
		r := &recorder{start: time.Now()}
		w := NewWriter(t.Context(), r, d, 0)
		w.Write([]byte("alone"))
		time.Sleep(mergeWait)
		synctest.Wait()
		if len(r.writes) != 1 {
			t.Errorf("writes %q", r.writes)
		}
	})
}

// Random delivery loses nothing, and is the same for the same seed.
func TestRandomDelivery(t *testing.T) {
	d, err := ParseDelivery("random:7")
	if err != nil {
		t.Fatal(err)
	}
	var frames []string
	for i := range 30 {
		frames = append(frames, strings.Repeat(string(rune('a'+i%26)), i+1))
	}
	first := deliver(t, d, frames...)
	if second := deliver(t, d, frames...); fmt.Sprint(first) != fmt.Sprint(second) {
		t.Error("two runs with one seed differ")
	}
	var all bytes.Buffer
	for _, w := range first {
		_, text, _ := strings.Cut(w, " ")
		all.WriteString(text)
	}
	if all.String() != strings.Join(frames, "") || len(first) == len(frames) {
		t.Errorf("%d writes of %d bytes", len(first), all.Len())
	}
}

func TestBadDeliveries(t *testing.T) {
	for _, text := range []string{"", "each", "random", "random:", "random:x", "merge:0", "merge:1", "merge:1001", "merge:x", "random:-1", "split:2"} {
		if _, err := ParseDelivery(text); err == nil {
			t.Errorf("ParseDelivery(%q) succeeds", text)
		}
	}
	for _, text := range []string{"", "0", "2,", "-1", "a"} {
		if _, err := ParseChunks(text); err == nil {
			t.Errorf("ParseChunks(%q) succeeds", text)
		}
	}
}
