package link_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/session"
)

// said is a stream on which the peer says a text, in one read.
type said struct{ io.Reader }

func (said) Write(p []byte) (int, error) { return len(p), nil }
func (said) Close() error                { return nil }

// TestRecvMany takes what one read has brought at once, but where each message is an
// event.
func TestRecvMany(t *testing.T) {
	const stream = "a\nbb\n\nccc\nd\n"
	for _, c := range []struct {
		observed bool
		want     string
	}{
		{false, "a bb |, ccc d|"},
		{true, "a|, bb|, |, ccc|, d|"},
	} {
		var told []string
		o := link.Options{}
		o.Framing, _ = framing.Parse("line")
		if c.observed {
			o.Observe = func(ev *session.Event) {
				if ev.Kind == session.Message {
					told = append(told, string(ev.Data))
				}
			}
		}
		l := link.New(t.Context(), &endpoint.Conn{Stream: said{strings.NewReader(stream)}}, o)
		var got []string
		messages, err := make([][]byte, 0, 3), error(nil)
		for err == nil {
			if messages, err = l.RecvMany(messages[:0]); err != nil {
				break
			}
			var words []string
			for _, msg := range messages {
				words = append(words, string(msg))
			}
			got = append(got, strings.Join(words, " ")+"|")
		}
		if err != io.EOF || strings.Join(got, ", ") != c.want || l.Heard() != 5 {
			t.Errorf("observed %v: got %q, %v after %d, want %s", c.observed, got, err, l.Heard(), c.want)
		}
		if c.observed && !slices.Equal(told, []string{"a", "bb", "", "ccc", "d"}) {
			t.Errorf("told %q", told)
		}
		l.Close()
	}
}

// The messages before a broken frame are returned, and then what broke it.
func TestRecvManyBroken(t *testing.T) {
	o := link.Options{}
	o.Framing, _ = framing.Parse("msg")
	l := link.New(t.Context(), &endpoint.Conn{Stream: said{strings.NewReader("\r\nMSG 1\r\na\r\nMSG 1\r\nb\r\nMSX")}}, o)
	defer l.Close()
	messages, err := l.RecvMany(make([][]byte, 0, 8))
	if err != nil || len(messages) != 2 {
		t.Fatalf("got %q, %v", messages, err)
	}
	messages, err = l.RecvMany(messages[:0])
	if e, ok := errors.AsType[*frame.Error](err); !ok || e.Offset != 24 || len(messages) != 0 || l.Heard() != 2 {
		t.Errorf("got %q, %v after %d", messages, err, l.Heard())
	}
}
