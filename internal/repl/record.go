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
	"github.com/chancat/channel/internal/private"
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

// Record writes what happens from now on to the session file path, or the capture
// if its name ends in .pcapng, which only we may read. A file that exists is refused unless over is set.
func (s *Session) Record(path string, over bool) error {
	if over && s.recordsIn(path) {
		s.stopRecording() // before the file is emptied: it may still be written to
	}
	f, err := create(path, over)
	if err != nil {
		return err
	}
	s.stopRecording()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recording = startRecording(f, s.recorder(path, f), s.fail)
	now := time.Now()
	s.recording.add(&session.Event{Kind: session.Session, Time: now, Framing: s.framing.Spelling, Program: s.o.Program})
	for _, p := range s.present() {
		s.record(p, &session.Event{Kind: session.Open, Time: now, Local: p.conn.Local, Remote: p.conn.Remote, Framing: s.framing.Spelling})
	}
	return nil
}

// recordsIn reports whether the file path is being recorded in.
func (s *Session) recordsIn(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.recording == nil {
		return false
	}
	ours, err := s.recording.file.Stat()
	named, err2 := os.Stat(path)
	return err == nil && err2 == nil && os.SameFile(ours, named)
}

// stopRecording closes the recording, if there is one.
func (s *Session) stopRecording() {
	s.mu.Lock()
	r := s.recording
	s.recording = nil
	s.mu.Unlock()
	if r != nil {
		r.stop()
	}
}

// record takes down what happened on the connection of p. The Data of e must not
// change any more; a read has the Offset of its bytes. s.mu is held.
func (s *Session) record(p *peer, e *session.Event) {
	if s.recording != nil {
		e.Conn = p.connNo
		s.recording.add(e)
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
	f, err := private.Create(path, over)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s exists; -f before it overwrites", path)
	}
	return f, err
}
