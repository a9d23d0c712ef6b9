package expect

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/chancat/channel/framing"
)

const (
	scriptMost = 16 << 20  // bytes of a script
	connsMost  = 4096      // connections of a case
	waitMost   = time.Hour // of one step
)

// A SyntaxError is a line of a script that says nothing known.
type SyntaxError struct {
	Script string
	Line   int // counted from 1
	Err    error
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s:%d: %v", e.Script, e.Line, e.Err) }
func (e *SyntaxError) Unwrap() error { return e.Err }

// Parse reads a script; name is that of its file. What stands before the first case
// is done at the start of every case. The error is a [*SyntaxError] where a line is
// at fault.
func Parse(name string, r io.Reader) (*Script, error) {
	text, err := io.ReadAll(io.LimitReader(r, scriptMost+1))
	if err != nil {
		return nil, err
	}
	if len(text) > scriptMost {
		return nil, fmt.Errorf("%s: more than %d MiB", name, scriptMost>>20)
	}
	p := parser{lines: strings.Split(string(text), "\n")}
	script, err := p.parse()
	if err != nil {
		return nil, &SyntaxError{name, p.at, err}
	}
	script.Name = name
	for i := range script.Cases {
		if script.Cases[i].Name == "" {
			script.Cases[i].Name = name
		}
	}
	return script, nil
}

type parser struct {
	lines []string
	at    int // lines read
}

func (p *parser) next() (line string, ok bool) {
	if p.at == len(p.lines) {
		return "", false
	}
	line = strings.TrimSuffix(p.lines[p.at], "\r")
	p.at++
	return line, true
}

func (p *parser) parse() (*Script, error) {
	var first []Step // at the start of every case
	script := &Script{}
	for {
		line, ok := p.next()
		if !ok {
			break
		}
		trimmed := strings.TrimLeft(line, " \t")
		if trimmed == "" || trimmed[0] == '#' {
			continue
		}
		if name, ok := directive(trimmed, "case"); ok {
			if name == "" {
				return nil, errors.New("want case NAME")
			}
			script.Cases = append(script.Cases, Case{Name: name, Line: p.at, Steps: first[:len(first):len(first)]})
			continue
		}
		step, err := p.step(trimmed)
		if err != nil {
			return nil, err
		}
		if n := len(script.Cases); n > 0 {
			script.Cases[n-1].Steps = append(script.Cases[n-1].Steps, step)
		} else {
			first = append(first, step)
		}
	}
	if len(script.Cases) == 0 {
		script.Cases = []Case{{Line: 1, Steps: first}}
	}
	return script, nil
}

// directive cuts the word off a line that starts with it.
func directive(line, word string) (rest string, ok bool) {
	first, rest, _ := strings.Cut(line, " ")
	return strings.TrimSpace(rest), first == word
}

// step reads a line without the blanks before it.
func (p *parser) step(line string) (Step, error) {
	step := Step{Line: p.at, Text: line, Conn: 1}
	if strings.HasPrefix(line, "[") {
		number, rest, ok := strings.Cut(line[1:], "]")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || n < 1 || n > connsMost {
			return step, fmt.Errorf("want [N], the number of a connection from 1 to %d", connsMost)
		}
		step.Conn, line = n, strings.TrimLeft(rest, " ")
	}
	var err error
	step.Do, err = p.action(line)
	return step, err
}

func (p *parser) action(line string) (Action, error) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case ">", ">raw":
		text, err := p.text(rest)
		return Send{text, word == ">raw"}, err
	case ">eof":
		return CloseWrite{}, bare(word, rest)
	case ">close":
		return Close{}, bare(word, rest)
	case "<":
		text, err := p.text(rest)
		return Receive{exactly{text}}, err
	case "<any":
		return Receive{anything{}}, bare(word, rest)
	case "<eof":
		return ReceiveEOF{}, bare(word, rest)
	case "<none":
		d, err := duration(rest)
		return ReceiveNone{d}, err
	case "<json":
		text, err := p.block(rest)
		if err != nil {
			return nil, err
		}
		t, err := parseTemplate(text, false)
		if err == nil && t.constant() {
			_, err = parseJSON([]byte(text))
		}
		return Receive{document{t}}, err
	case "skip":
		m, err := slashed(strings.TrimSpace(rest))
		return Skip{m}, err
	case "connect":
		address, err := parseTemplate(strings.TrimSpace(rest), false)
		return Connect{address}, err
	case "framing":
		f, err := framing.Parse(strings.TrimSpace(rest))
		return SetFraming{f.Spelling}, err
	case "timeout":
		d, err := duration(rest)
		return SetTimeout{d}, err
	case "wait":
		d, err := duration(rest)
		return Pause{d}, err
	}
	if strings.HasPrefix(line, "</") {
		m, err := slashed(line[1:])
		return Receive{m}, err
	}
	return nil, fmt.Errorf("%q begins no step; want > TEXT, >raw, >eof, >close, < TEXT, </PATTERN/, <json, <any, <eof, <none, "+
		"skip, connect, framing, timeout, wait or case", word)
}

func bare(word, rest string) error {
	if strings.TrimSpace(rest) != "" {
		return fmt.Errorf("%s stands alone on its line, not with %q", word, rest)
	}
	return nil
}

// text is a message with escapes, or a block without.
func (p *parser) text(rest string) (template, error) {
	if !strings.HasPrefix(rest, "<<") {
		return parseTemplate(rest, true)
	}
	text, err := p.block(rest)
	if err != nil {
		return nil, err
	}
	return parseTemplate(text, false)
}

// block is rest, or the lines up to END if rest is <<END.
func (p *parser) block(rest string) (string, error) {
	end, ok := strings.CutPrefix(rest, "<<")
	if !ok || end == "" || strings.ContainsAny(end, " \t") {
		return rest, nil
	}
	begun := p.at
	var lines []string
	for {
		line, ok := p.next()
		if !ok {
			p.at = begun
			return "", fmt.Errorf("no line %q ends the block that begins here", end)
		}
		if line == end {
			return strings.Join(lines, "\n"), nil
		}
		lines = append(lines, line)
	}
}

// slashed reads /PATTERN/.
func slashed(text string) (matcher, error) {
	text = strings.TrimRight(text, " \t")
	if len(text) < 2 || text[0] != '/' || text[len(text)-1] != '/' {
		return nil, errors.New("want /PATTERN/, with a slash at its end")
	}
	return newPattern(text[1 : len(text)-1])
}

func duration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.TrimSpace(text))
	if err != nil || d <= 0 || d > waitMost {
		return 0, fmt.Errorf("%q: want a time up to %v, such as 500ms or 2s", text, waitMost)
	}
	return d, nil
}
