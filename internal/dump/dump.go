// Package dump turns hex dumps, as people paste them into reports, back into the
// bytes that they show.
//
// Of each kind it reads what the tool of that name prints, and what becomes of it
// in mail and in reports: marks of quotation, numbers of lines, fences, a prompt
// and text before the dump. The column of characters is not believed: the digits
// count.
package dump

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// A Kind is a form of dump.
type Kind struct {
	name      string
	newParser func() parser
}

var kinds = []Kind{
	{"hex", func() parser { return &digits{} }},
	{"xxd", func() parser { return &rows{row: xxdRow} }},
	{"hexdump", func() parser { return &rows{row: hexdumpRow, repeats: true} }},
	{"tcpdump", func() parser { return &packets{} }},
}

// Names are the kinds that Parse knows.
func Names() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// Parse returns the kind of that name:
//
//	hex      digits, in any grouping: 0d0a, 0d 0a, 0x0d, 0x0a, "\x0d\x0a", C arrays
//	xxd      what xxd prints
//	hexdump  what hexdump -C and od -t x1 print
//	tcpdump  what tcpdump -x, -xx, -X and -XX print, which becomes a pcap file
func Parse(name string) (Kind, error) {
	for _, k := range kinds {
		if k.name == name {
			return k, nil
		}
	}
	return Kind{}, fmt.Errorf("unknown kind of dump; want %s", strings.Join(Names(), ", "))
}

// Guess returns the name of the kind of which start, the beginning of a file, has the
// first row; empty for none.
func Guess(start []byte) string {
	for line := range strings.Lines(string(start[:min(len(start), guessed)])) {
		line = unquoted(strings.TrimSuffix(line, "\n"))
		if offset, data, ok, err := xxdRow(line); ok && err == nil && len(data) > 0 && strings.Trim(offset, "0") == "" {
			return "xxd"
		}
		if offset, data, ok, err := hexdumpRow(line); ok && err == nil && len(data) > 0 && strings.Trim(offset, "0") == "" {
			return "hexdump"
		}
		if strings.HasPrefix(line, "0x0000:  ") {
			return "tcpdump"
		}
	}
	return ""
}

// guessed bounds the bytes that Guess looks at: a dump may have text before it.
const guessed = 2 << 10

// maxLine bounds a line in bytes. Plain digits may well have no line ends.
const maxLine = 16 << 20

// An Error is a line that does not belong to a dump. The lines before it were
// returned.
type Error struct {
	Line int // counted from 1; the last one where something is missing at the end
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// A parser takes the lines of a dump.
type parser interface {
	// line appends the bytes that are known by a line, without its end.
	line(dst []byte, text string) ([]byte, error)
	// end appends the bytes that the end of the dump makes known.
	end(dst []byte) ([]byte, error)
}

// NewReader returns the bytes that the dump src shows. Its errors are [*Error], or
// those of src.
func (k Kind) NewReader(src io.Reader) io.Reader {
	return &reader{src: bufio.NewReaderSize(src, 64<<10), parser: k.newParser()}
}

type reader struct {
	src    *bufio.Reader
	parser parser
	text   []byte // scratch for a line
	number int
	buf    []byte // buf[pos:] is not returned yet
	pos    int
	err    error // behind it
}

func (r *reader) Read(p []byte) (int, error) {
	for r.pos == len(r.buf) {
		if r.err != nil {
			return 0, r.err
		}
		if cap(r.buf) > maxLine {
			r.buf = nil
		}
		r.buf, r.pos = r.buf[:0], 0
		r.next()
	}
	n := copy(p, r.buf[r.pos:])
	r.pos += n
	return n, nil
}

// next takes a line.
func (r *reader) next() {
	text, err := r.line()
	if err != nil && err != io.EOF {
		r.err = err
		return
	}
	if err == nil || len(text) > 0 {
		r.number++
		if len(text) > maxLine {
			err = fmt.Errorf("longer than %d bytes", maxLine)
		} else {
			r.buf, err = r.parser.line(r.buf, strings.TrimSuffix(string(text), "\n"))
		}
	} else if r.buf, err = r.parser.end(r.buf); err == nil {
		r.err = io.EOF
	}
	if err != nil {
		r.err = &Error{max(r.number, 1), err}
	}
}

// line reads a line, or the start of one that is longer than maxLine. Only at the
// end of the dump may it be without an end, and is the error io.EOF.
func (r *reader) line() ([]byte, error) {
	r.text = r.text[:0]
	for {
		part, err := r.src.ReadSlice('\n')
		r.text = append(r.text, part...)
		if err != bufio.ErrBufferFull {
			return r.text, err
		}
		if len(r.text) > maxLine {
			return r.text, nil
		}
	}
}
