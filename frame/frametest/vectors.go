package frametest

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/chancat/channel/frame"
)

// A Vector is a stream and what it must be read as. Vectors are data, so that
// implementations in other languages can be held to them:
//
//	# A comment. Strings are quoted as in Go; a blank line ends a vector.
//	framing: u32be,incl
//
//	name:    one frame, then a claim over the limit
//	max:     16
//	input:   "\x00\x00\x00\x06hi"
//	input:   "\x00\x00\xff\xff"
//	frame:   0 head=4 body=2 tail=0
//	error:   start=6 offset=6 cause=too-large
//
// Several inputs are one stream, and stand before its frames. A frame line gives the offset in the stream; a
// message line after it gives the message where that is not the body. Without an
// error line the stream ends cleanly behind the last frame. The line "from:
// server" chooses that direction of a framing whose directions differ. A framing
// line, the spelling, holds for all that follows it; before the first the
// spelling is the name of the file.
type Vector struct {
	File    string // with ":" and the line of the name
	Name    string
	Framing string
	Server  bool // what a server sends
	Max     int  // the limit of a body in bytes, or NoMax for the framing's own
	Input   []byte
	Want    Result // its error has no text
}

// NoMax is the Max of a vector without a limit of its own.
const NoMax = -1

// ReadVectors returns the vectors of the .txt files of fsys, in order.
func ReadVectors(fsys fs.FS) ([]Vector, error) {
	names, err := fs.Glob(fsys, "*.txt")
	if err != nil {
		return nil, err
	}
	var all []Vector
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		p := vectorParser{file: name, framing: strings.TrimSuffix(path.Base(name), ".txt")}
		if err := p.parse(text); err != nil {
			return nil, err
		}
		all = append(all, p.vectors...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no vectors in %v", names)
	}
	return all, nil
}

// Seed adds the inputs of the vectors in a directory to the corpus of f; a sample of
// them under the race detector.
func Seed(f *testing.F, dir string) {
	f.Helper()
	vectors, err := ReadVectors(os.DirFS(dir))
	if err != nil {
		f.Fatal(err)
	}
	for i, v := range vectors {
		if i%sampled == 0 {
			f.Add(v.Input)
		}
	}
}

// Check reads the input of v with c, whole and in pieces, and compares.
func (v Vector) Check(t TB, c frame.Codec, limit int) {
	t.Helper()
	for name, r := range pieces(v.Input) {
		got := Drain(r, c, limit)
		text := got.String()
		if got.Error != nil {
			got.Error.Text = ""
		}
		if !reflect.DeepEqual(got, v.Want) {
			t.Errorf("%s: %s, read as %s: got\n%s\nwant\n%v", v.File, v.Name, name, text, v.Want)
		}
	}
	for _, f := range v.Want.Frames {
		raw := v.Input[f.Offset : f.Offset+int64(f.Span.Len())]
		sp, need, err := scan(c, int(f.Offset), v.Input[f.Offset:], &frame.State{})
		_, final := c.(frame.FinalScanner)
		if final && need > 0 && f.Offset+int64(len(raw)) == int64(len(v.Input)) {
			continue // only the end of the stream makes it a frame
		}
		if sp != f.Span || need != 0 || err != nil {
			t.Errorf("%s: %s: Scan at byte %d = %+v, need %d, %v; want %+v", v.File, v.Name, f.Offset, sp, need, err, f.Span)
		}
	}
}

// A vectorParser reads one file.
type vectorParser struct {
	file, framing string
	line          int
	open          *Vector // between its name and the next blank line
	vectors       []Vector
}

func (p *vectorParser) parse(text []byte) error {
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.line++
		if err := p.read(strings.TrimSpace(lines.Text())); err != nil {
			return fmt.Errorf("%s:%d: %w", p.file, p.line, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w", p.file, p.line+1, err)
	}
	p.end()
	return nil
}

func (p *vectorParser) read(line string) error {
	if line == "" {
		p.end()
		return nil
	}
	if line[0] == '#' {
		return nil
	}
	key, value, ok := strings.Cut(line, ":")
	if !ok {
		return fmt.Errorf("got %q, want KEY: VALUE", line)
	}
	value = strings.TrimSpace(value)
	switch {
	case key == "framing":
		p.framing = value
		if p.open != nil {
			p.open.Framing = value
		}
		return nil
	case key == "name" && p.open == nil:
		p.open = &Vector{File: fmt.Sprintf("%s:%d", p.file, p.line), Name: value, Framing: p.framing, Max: NoMax}
		return nil
	case key == "name":
		return fmt.Errorf("a second name; a blank line ends a vector")
	case p.open == nil:
		return fmt.Errorf("%s before the name of a vector", key)
	}
	return p.open.set(key, value)
}

func (v *Vector) set(key, value string) (err error) {
	switch key {
	case "input":
		var s string
		s, err = strconv.Unquote(value)
		v.Input = append(v.Input, s...)
	case "max":
		v.Max, err = strconv.Atoi(value)
	case "from":
		v.Server = value == "server"
		if !v.Server && value != "client" {
			return fmt.Errorf("from %q, want client or server", value)
		}
	case "frame":
		return v.addFrame(value)
	case "message":
		n := len(v.Want.Frames)
		if n == 0 {
			return fmt.Errorf("a message before its frame")
		}
		v.Want.Frames[n-1].Message, err = strconv.Unquote(value)
	case "error":
		v.Want.Error = &Error{}
		e := v.Want.Error
		_, err = fmt.Sscanf(value, "start=%d offset=%d cause=%s", &e.Start, &e.Offset, &e.Cause)
	default:
		return fmt.Errorf("unknown key %q", key)
	}
	if err != nil {
		return fmt.Errorf("%s: %q: %w", key, value, err)
	}
	return nil
}

// addFrame takes the bytes of a frame from the input, which stands before it.
func (v *Vector) addFrame(value string) error {
	var f Frame
	if _, err := fmt.Sscanf(value, "%d head=%d body=%d tail=%d", &f.Offset, &f.Span.Head, &f.Span.Body, &f.Span.Tail); err != nil {
		return fmt.Errorf("frame: %q: %w", value, err)
	}
	end := f.Offset + int64(f.Span.Len())
	if f.Offset < 0 || end > int64(len(v.Input)) {
		return fmt.Errorf("frame at byte %d ends at %d, the input has %d bytes", f.Offset, end, len(v.Input))
	}
	f.Raw = string(v.Input[f.Offset:end])
	f.Message = f.Raw[f.Span.Head : f.Span.Head+f.Span.Body]
	v.Want.Frames = append(v.Want.Frames, f)
	return nil
}

// end finishes the open vector.
func (p *vectorParser) end() {
	if p.open != nil {
		p.vectors = append(p.vectors, *p.open)
		p.open = nil
	}
}
