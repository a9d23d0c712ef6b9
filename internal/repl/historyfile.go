//go:build unix && !aix && !solaris

package repl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/chancat/channel/internal/text/escape"
)

// historyBytes is how much of the end of a history file is read. One that has
// become longer is trimmed.
const historyBytes = 1 << 20

// A historyFile keeps entered lines for later sessions, one a line, escaped so
// that an entry of several lines stays one. Any number of sessions append to it;
// each entry is one write. A session that starts may replace the file by a
// shorter one, under an exclusive lock; who appends holds a shared lock, and looks
// whether the file is still the one at that path.
type historyFile struct{ path string }

// openHistory reads the history at path, which need not exist. With an error the
// history may still have entries; then its file is nil if it is of no use.
func openHistory(path string) (*history, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return &history{}, historyError(fmt.Errorf("%w; lines are remembered for this session only", err))
	}
	h := &history{file: &historyFile{path}}
	f, err := openRegular(path, os.O_RDWR)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return h, nil
	case err != nil:
		return &history{}, historyError(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Mode().Perm() != 0o600 {
		f.Chmod(0o600) // what was typed is nobody else's
	}
	entries, lines, damaged, err := readHistory(f)
	h.entries = latest(entries)
	if err == nil && !endsWhole(f) {
		err = h.file.write([]byte("\n")) // so that the next entry is one of its own
	}
	if err == nil && (lines > 2*historyMost || lines < 0) {
		err = h.file.trim()
	}
	if err == nil && damaged > 0 {
		err = fmt.Errorf("%d damaged lines of %q left out", damaged, path)
	}
	if err != nil {
		return h, historyError(err)
	}
	return h, nil
}

func historyError(err error) error { return fmt.Errorf("history: %w", err) }

// openRegular opens a file that is one: a pipe in its place would stop us, and a
// device would be replaced.
func openRegular(path string, flag int) (*os.File, error) {
	f, err := os.OpenFile(path, flag|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("%q is no regular file; lines are remembered for this session only", path)
	}
	return f, nil
}

// readHistory reads the entries at the end of f. lines is -1 if there are more than
// are read.
func readHistory(f *os.File) (entries []string, lines, damaged int, err error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, 0, 0, err
	}
	start := max(0, size-historyBytes)
	text := make([]byte, size-start)
	n, err := f.ReadAt(text, start)
	if err != nil && err != io.EOF {
		return nil, 0, 0, err
	}
	text = text[:n]
	if start > 0 {
		_, text, _ = bytes.Cut(text, []byte("\n")) // the first line is but a part
	}
	for line := range bytes.Lines(text) {
		lines++
		entry, whole := bytes.CutSuffix(line, []byte("\n"))
		if len(entry) == 0 {
			continue
		}
		entry, err := escape.Unescape(nil, entry)
		if err != nil || !whole || bytes.IndexByte(line, 0) >= 0 {
			damaged++
			continue
		}
		entries = append(entries, strings.ToValidUTF8(string(entry), "\ufffd"))
	}
	if start > 0 {
		lines = -1
	}
	return entries, lines, damaged, nil
}

// endsWhole reports whether the last line of f has its end.
func endsWhole(f *os.File) bool {
	size, err := f.Seek(0, io.SeekEnd)
	var last [1]byte
	if err != nil || size == 0 {
		return true
	}
	_, err = f.ReadAt(last[:], size-1)
	return err != nil || last[0] == '\n'
}

// append adds an entry in one write, so that those of several sessions cannot mix.
func (h *historyFile) append(entry string) error {
	return h.write(append(escape.Append(nil, []byte(entry)), '\n'))
}

func (h *historyFile) write(text []byte) error {
	f, err := h.lock(os.O_WRONLY|os.O_APPEND|os.O_CREATE, unix.LOCK_SH)
	if err != nil {
		return historyError(err)
	}
	defer f.Close()
	if _, err := f.Write(text); err != nil {
		return historyError(err)
	}
	return nil
}

// lock opens the file that is at the path when the lock is held.
func (h *historyFile) lock(flag, kind int) (*os.File, error) {
	for {
		f, err := openRegular(h.path, flag)
		if err != nil {
			return nil, err
		}
		for err = unix.EINTR; err == unix.EINTR; {
			err = unix.Flock(int(f.Fd()), kind)
		}
		if err != nil { // a file system without locks: the write alone must do
			return f, nil
		}
		ours, err := f.Stat()
		there, err2 := os.Stat(h.path)
		if err == nil && err2 == nil && os.SameFile(ours, there) {
			return f, nil
		}
		f.Close()
	}
}

// trim leaves the latest entries only.
func (h *historyFile) trim() error {
	f, err := h.lock(os.O_RDWR, unix.LOCK_EX)
	if err != nil {
		return err
	}
	defer f.Close()
	entries, _, _, err := readHistory(f)
	if err != nil {
		return err
	}
	path, err := filepath.EvalSymlinks(h.path) // a link to it stays one, and may lead to another disk
	if err != nil {
		return err
	}
	short, err := os.CreateTemp(filepath.Dir(path), "history-*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(short.Name()) // after a failure
	var text []byte
	for _, entry := range latest(entries) {
		text = append(escape.Append(text, []byte(entry)), '\n')
	}
	_, err = short.Write(text)
	if err := errors.Join(err, short.Close()); err != nil {
		return err
	}
	return os.Rename(short.Name(), path)
}
