package repl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	wire "github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/link"
	redactor "github.com/chancat/channel/internal/recording"
	"github.com/chancat/channel/session"
	"github.com/chancat/channel/session/pcap"
)

// A recorder writes events.
type recorder interface {
	WriteEvent(*session.Event) error
	Flush() error
}

// recorder is what writes the file of that name.
func (s *Session) recorder(path string, f *os.File) recorder {
	if len(s.o.Secrets) > 0 {
		return redactor.NewRedactor(s.plainRecorder(path, f), s.o.Secrets)
	}
	return s.plainRecorder(path, f)
}

func (s *Session) plainRecorder(path string, f *os.File) recorder {
	if !strings.HasSuffix(path, ".pcapng") {
		return session.NewWriter(f)
	}
	side := s.o.Side
	if side == "" {
		side = session.Client
	}
	return pcap.NewWriter(f, &pcap.WriterOptions{Program: s.o.Program, Local: side})
}

// A recording is a session file that is being written. Session.mu orders its
// events.
type recording struct {
	file   *os.File
	events recorder
	err    error // the first; nothing is written after it
}

// Record writes what happens from now on to the session file path, or the capture
// if its name ends in .pcapng, which only we may read. A file that exists is refused unless over is set.
func (s *Session) Record(path string, over bool) error {
	f, err := create(path, over)
	if err != nil {
		return err
	}
	s.stopRecording()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recording = &recording{file: f, events: s.recorder(path, f)}
	now := time.Now()
	s.write(&session.Event{Kind: session.Session, Time: now, Framing: s.framing.Spelling, Program: s.o.Program})
	for _, p := range s.present() {
		s.record(p, &session.Event{Kind: session.Open, Time: now, Local: p.conn.Local, Remote: p.conn.Remote, Framing: s.framing.Spelling})
	}
	s.flushRecording()
	return s.recording.err
}

// stopRecording closes the recording, if there is one.
func (s *Session) stopRecording() {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.recording
	s.recording = nil
	if r == nil {
		return
	}
	var held error
	if c, ok := r.events.(io.Closer); ok {
		held = c.Close()
	}
	err := errors.Join(held, r.events.Flush(), r.file.Close())
	if err != nil && r.err == nil {
		s.fail(fmt.Errorf("the recording ends early: %w", err))
	}
}

// record writes what happened on the connection of p. s.mu is held.
func (s *Session) record(p *peer, e *session.Event) {
	if s.recording != nil {
		e.Conn = p.connNo
		s.write(e)
	}
}

func (s *Session) write(e *session.Event) {
	if r := s.recording; r.err == nil {
		s.recordFailed(r.events.WriteEvent(e))
	}
}

// flushRecording writes out what is buffered. It is called before anything that may
// take long. s.mu is held.
func (s *Session) flushRecording() {
	if r := s.recording; r != nil && r.err == nil {
		s.recordFailed(r.events.Flush())
	}
}

// recordFailed tells the first failure; the session goes on.
func (s *Session) recordFailed(err error) {
	if s.recording.err = err; err != nil {
		s.fail(fmt.Errorf("the recording ends here: %w", err))
	}
}

func (s *Session) recordBroken(p *peer, f *wire.Error, fault link.Fault, now time.Time) {
	if f.Cause == "" {
		return
	}
	s.record(p, &session.Event{
		Kind: session.Broken, Time: now, From: p.other(), Offset: f.Start, At: f.Offset, Cause: string(fault.Cause),
		Error: f.Error(), Hint: fault.Hint, Data: fault.Bytes[:min(len(fault.Bytes), link.BrokenBytes)],
	})
}

// reasonOf is the reason of a close event.
func reasonOf(err error) string {
	switch {
	case err == io.EOF:
		return "eof"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	}
	return "error"
}

// create creates a file that only we may read. Nothing is overwritten unless over
// is set.
func create(path string, over bool) (*os.File, error) {
	mode := os.O_EXCL
	if over {
		mode = os.O_TRUNC
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|mode, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s exists; -f before it overwrites", path)
	}
	return f, err
}
