package main

import (
	"io"
	"os"
	"time"
)

// followInterval is how often the end of a followed file is looked at.
const followInterval = 100 * time.Millisecond

// A followedFile has no end: there it waits for more.
type followedFile struct{ file *os.File }

func (f *followedFile) Read(p []byte) (int, error) {
	for {
		if n, err := f.file.Read(p); n > 0 || err != io.EOF {
			return n, err
		}
		time.Sleep(followInterval)
	}
}
