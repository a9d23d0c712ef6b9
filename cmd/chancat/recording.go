package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/chancat/channel/internal/replay"
	"github.com/chancat/channel/session"
	"github.com/chancat/channel/session/pcap"
)

// recordedEvents returns the events of a session file, of what --json printed, or of a
// capture, each borrowed until the next. The caller closes the file.
func recordedEvents(f *os.File, name string) (events iter.Seq2[*session.Event, error], isCapture bool, err error) {
	stream := bufio.NewReader(f)
	kind, err := sniff(stream)
	if err != nil {
		return nil, false, err
	}
	switch kind {
	case kindCapture:
		return pcap.NewReader(stream, nil).Events(), true, nil
	case kindSession:
		return sessionEvents(stream, 0), false, nil
	case kindRaw:
		if holdsEvent(stream) { // what --json printed has no header
			header := session.Append(nil, &session.Event{Kind: session.Session})
			return sessionEvents(io.MultiReader(bytes.NewReader(append(header, '\n')), stream), 1), false, nil
		}
	}
	return nil, false, usage(fmt.Errorf("%s is neither a session file, as --record makes, nor a capture", name))
}

// holdsEvent reports whether the first line of stream is an event, as far as its
// start tells.
func holdsEvent(stream *bufio.Reader) bool {
	start, _ := stream.Peek(stream.Size())
	line, _, _ := bytes.Cut(start, []byte{'\n'})
	return bytes.HasPrefix(line, []byte{'{'}) && bytes.Contains(line, []byte(`"event"`))
}

// sessionEvents returns the events of a session file, of which the first lines are
// made up.
func sessionEvents(stream io.Reader, madeUp int) iter.Seq2[*session.Event, error] {
	return func(yield func(*session.Event, error) bool) {
		for ev, err := range session.NewReader(stream, 0).Events() {
			if e := as[*session.Error](err); e != nil {
				err = &session.Error{Line: e.Line - madeUp, Err: e.Err}
			}
			if !yield(&ev, err) {
				return
			}
		}
	}
}

// recordingError says where a recording is broken.
func recordingError(name string, err error) error {
	if as[*session.Error](err) != nil || as[*pcap.Error](err) != nil {
		return usage(fmt.Errorf("%s: %w", name, err))
	}
	return fmt.Errorf("%s: %w", name, err)
}

// loadRecording reads the recording that is to be played. What stands before a
// broken line is used, and that is told.
func loadRecording(e *env, name string) (*replay.Recording, error) {
	f, err := openInput(e, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	events, _, err := recordedEvents(f, shownName(name))
	if err != nil {
		return nil, err
	}
	r, err := replay.Load(events, e.framing, orDefault(e.getenv("CHANCAT_FRAMING"), "msg"))
	switch {
	case err == nil:
		return r, nil
	case r == nil || len(r.Conversations) == 0:
		return nil, recordingError(shownName(name), err)
	}
	e.warn(fmt.Errorf("%w; what stands before is used", recordingError(shownName(name), err)))
	return r, nil
}

// conversation chooses the connection to play; number 0 means the first in which
// the client, or for serve the server, says anything.
func chooseConversation(e *env, r *replay.Recording, name string, number int) (*replay.Conversation, error) {
	var speaking []*replay.Conversation
	for _, c := range r.Conversations {
		if number != 0 && c.Number == number {
			return c, nil
		}
		if client, server := c.Sides(); client || server {
			speaking = append(speaking, c)
		}
	}
	switch {
	case number != 0:
		return nil, usage(fmt.Errorf("%s has no connection %d; it has %d", name, number, len(r.Conversations)))
	case len(speaking) == 0:
		return nil, &codedError{exitFailed, errors.New(name + " has no messages")}
	case len(speaking) > 1:
		e.say("%s has %d connections; this is connection %d, and --conn chooses another", name, len(speaking), speaking[0].Number)
	}
	return speaking[0], nil
}
