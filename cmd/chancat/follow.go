package main

import (
	"io"
	"os"
	"time"
)

// followInterval is how often the end of a followed file is looked at.
const followInterval = 100 * time.Millisecond

// A followedFile waits for more at its end. It ends for good when it was emptied, or
// when another file has its name, as programs do that keep logs or captures in turn.
type followedFile struct {
	file   *os.File
	offset int64
	over   bool // it has ended for good
}

func (f *followedFile) Read(p []byte) (int, error) {
	for left := false; ; left = f.isLeft() {
		n, err := f.file.Read(p)
		f.offset += int64(n)
		if n > 0 || err != io.EOF {
			return n, err
		}
		if left { // since before this read
			f.over = true
			return 0, io.EOF
		}
		time.Sleep(followInterval)
	}
}

// isLeft reports whether nothing more will be written to the file.
func (f *followedFile) isLeft() bool {
	info, err := f.file.Stat()
	if err != nil {
		return false
	}
	if info.Size() < f.offset {
		return true
	}
	named, err := os.Stat(f.file.Name())
	return err == nil && !os.SameFile(info, named)
}
