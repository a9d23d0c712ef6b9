package repl

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"
	"sync"

	xterm "golang.org/x/term"

	"github.com/chancat/channel/internal/term"
)

// lineMost bounds a typed line in bytes.
const lineMost = 16 << 20

// plain is the Editor for a dumb terminal: the terminal itself edits the line.
type plain struct {
	source io.Reader
	in     *bufio.Reader // of it

	mu     sync.Mutex // guards the rest and keeps lines whole
	out    io.Writer  // nil if it is a terminal
	closed bool

	screen *backlog // nil if out is no terminal
}

// NewPlain returns an Editor that reads lines from in as they come and writes to
// out. Only if that is a terminal, messages may be skipped; a file or a pipe gets
// all, and Write waits for it. Close takes effect when the line at hand is read.
func NewPlain(in io.Reader, out io.Writer) Editor {
	p := &plain{source: in, in: bufio.NewReader(in)}
	if f, ok := out.(*os.File); ok && term.Is(f) {
		p.screen = newBacklog(f)
	} else {
		p.out = out
	}
	return p
}

func (p *plain) ReadLine() (string, error) {
	var line strings.Builder
	for {
		piece, err := p.in.ReadSlice('\n')
		line.Write(piece)
		switch {
		case p.isClosed():
			return "", io.EOF
		case errors.Is(err, bufio.ErrBufferFull) && line.Len() < lineMost:
			continue
		case errors.Is(err, bufio.ErrBufferFull):
			return "", errors.New("the line is too long")
		case err == io.EOF && line.Len() > 0:
			return line.String(), nil
		case err != nil:
			return "", err
		}
		return strings.TrimSuffix(strings.TrimSuffix(line.String(), "\n"), "\r"), nil
	}
}

func (p *plain) Write(b []byte) (int, error) {
	if p.screen != nil {
		text := wholeLines(b, "")
		p.screen.change(func(q *queue) { q.add(text) })
		return len(b), nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return 0, os.ErrClosed
	}
	return p.out.Write(b)
}

func (p *plain) Say(b []byte) {
	if p.screen == nil {
		p.Write(b)
		return
	}
	text := wholeLines(b, "")
	p.screen.change(func(q *queue) { q.say(item{text: text}) })
}

// SetPrompt does nothing: what arrives would stand behind it.
func (p *plain) SetPrompt(string) {}

func (p *plain) Width() int {
	if p.screen != nil {
		if width, _, err := xterm.GetSize(int(p.screen.out.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 0
}

func (p *plain) SetCompleter(Completer) {}

func (p *plain) Remember(string) {}

func (p *plain) Lend(run func() error) error {
	if p.screen != nil {
		return p.screen.lend(run)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return run()
}

func (p *plain) Close() error {
	p.mu.Lock()
	closed := p.closed
	p.closed = true
	p.mu.Unlock()
	if p.screen != nil && !closed {
		p.screen.close()
	}
	return nil
}

func (p *plain) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}
