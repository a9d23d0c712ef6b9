package main

import (
	"bytes"
	"io"
)

// What a file is, by its first bytes.
type fileKind int

const (
	kindUnknown fileKind = iota
	kindRaw
	kindSession
	kindCapture
)

// kinds are the words of --as.
var kinds = []string{"raw", "session", "pcap"}

// kind is what the flags say that the files are.
func (c *decodeCommand) kind() fileKind {
	switch {
	case c.as == "session":
		return kindSession
	case c.as == "pcap", c.in == "tcpdump": // which is translated to one
		return kindCapture
	case c.as == "raw", c.in != "":
		return kindRaw
	}
	return kindUnknown
}

var signatures = []struct {
	start string
	kind  fileKind
}{
	{`{"event":"session"`, kindSession},
	{"\xa1\xb2\xc3\xd4", kindCapture},
	{"\xd4\xc3\xb2\xa1", kindCapture},
	{"\xa1\xb2\x3c\x4d", kindCapture},
	{"\x4d\x3c\xb2\xa1", kindCapture},
	{"\x0a\x0d\x0d\x0a", kindCapture},
}

// sniff tells what src is, and returns a reader of all of it. It reads no more
// than it must: src may be a live stream whose first message is short.
func sniff(src io.Reader) (fileKind, io.Reader, error) {
	var start []byte
	for buf := make([]byte, 512); ; {
		undecided := false
		for _, s := range signatures {
			n := min(len(start), len(s.start))
			if string(start[:n]) != s.start[:n] {
				continue
			}
			if n == len(s.start) {
				return s.kind, io.MultiReader(bytes.NewReader(start), src), nil
			}
			undecided = true
		}
		if !undecided {
			return kindRaw, io.MultiReader(bytes.NewReader(start), src), nil
		}
		n, err := src.Read(buf)
		start = append(start, buf[:n]...)
		if err == io.EOF {
			return kindRaw, bytes.NewReader(start), nil
		}
		if err != nil {
			return kindRaw, nil, err
		}
	}
}
