package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/chancat/channel/internal/private"
)

// openInput opens a file of the command line; - is stdin.
func openInput(e *env, name string) (*os.File, error) {
	if name == "-" {
		return e.stdin, nil
	}
	return os.Open(name)
}

// closeInput closes what openInput has opened.
func (e *env) closeInput(f *os.File) {
	if f != e.stdin { // which may be named once more
		f.Close()
	}
}

// shownName is a file of the command line for people.
func shownName(file string) string {
	if file == "-" {
		return "stdin"
	}
	return file
}

// writeOutput calls write with the file of -o, or stdout. input must not be the same
// file: it would be empty before it is read.
func writeOutput(e *env, input *os.File, output string, write func(*os.File) error) error {
	if output == "" || output == "-" {
		return write(e.stdout)
	}
	if a, err := input.Stat(); err == nil {
		if b, err := os.Stat(output); err == nil && os.SameFile(a, b) {
			return usage(fmt.Errorf("-o %s is the file that is read; choose another", output))
		}
	}
	file, err := private.Create(output, true)
	if err != nil {
		return err
	}
	return cmp.Or(write(file), file.Close())
}

// writeFile creates the file name, or empties it, with what write makes.
func writeFile(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	return cmp.Or(write(file), file.Close())
}

// replaceFile puts text into the file name at once: whoever waits for the file does
// not find it half written. What it is written to first has a name that nobody can
// have put there.
func replaceFile(name, text string) (err error) {
	const mode = 0o644
	unfinished, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(unfinished.Name())
		}
	}()
	_, err = unfinished.WriteString(text)
	if err = cmp.Or(err, unfinished.Chmod(mode), unfinished.Close()); err != nil {
		return err
	}
	return os.Rename(unfinished.Name(), name)
}
