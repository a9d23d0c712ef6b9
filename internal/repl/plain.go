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
	out    io.Writer
	closed bool
}

// NewPlain returns an Editor that reads lines from in as they come and writes to
// out. Close takes effect when the line at hand is read.
func NewPlain(in io.Reader, out io.Writer) Editor {
	return &plain{source: in, in: bufio.NewReader(in), out: out}
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
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *plain) Say(b []byte) { p.Write(b) }

// SetPrompt does nothing: what arrives would stand behind it.
func (p *plain) SetPrompt(string) {}

func (p *plain) SetCompleter(Completer) {}

func (p *plain) Password(prompt string) ([]byte, error) {
	p.Write([]byte(prompt))
	if f, ok := p.source.(*os.File); ok && term.Is(f) {
		defer p.Write([]byte("\n"))
		return xterm.ReadPassword(int(f.Fd()))
	}
	line, err := p.ReadLine()
	return []byte(line), err
}

func (p *plain) Lend(run func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return run()
}

func (p *plain) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	return nil
}

func (p *plain) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}
