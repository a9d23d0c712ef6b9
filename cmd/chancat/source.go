package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/internal/dump"
)

// A sourceFlags says what files are and which parts of them are meant.
type sourceFlags struct {
	as, in string
	port   uint16
}

func (f *sourceFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.as, "as", "", "`KIND` of the files: raw, session or pcap (default: what they begin with tells)")
	flags.StringVar(&f.in, "in", "", "the files are dumps of the stream as text, of this `KIND`: hex, xxd, hexdump or tcpdump")
	flags.Uint16Var(&f.port, "port", 0, "of a capture, only connections with port `N` at either end")
	cmd.MarkFlagsMutuallyExclusive("as", "in")
	cmd.RegisterFlagCompletionFunc("as", cobra.FixedCompletions(kinds, cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("in", cobra.FixedCompletions(dump.Names(), cobra.ShellCompDirectiveNoFileComp))
}

// check judges the flags.
func (f *sourceFlags) check() error {
	if f.as != "" && !slices.Contains(kinds, f.as) {
		return usage(fmt.Errorf("--as %s: want raw, session or pcap", f.as))
	}
	if _, err := dump.Parse(f.in); f.in != "" && err != nil {
		return usage(fmt.Errorf("--in %s: %w", f.in, err))
	}
	return nil
}

// again is what names the same parts of files in another command line.
func (f *sourceFlags) again(files ...string) string {
	var b strings.Builder
	if f.as != "" {
		b.WriteString(" --as " + f.as)
	}
	if f.in != "" {
		b.WriteString(" --in " + f.in)
	}
	if f.port != 0 {
		fmt.Fprintf(&b, " --port %d", f.port)
	}
	for _, name := range files {
		if name != "-" {
			b.WriteString(" " + shellWord(name))
		}
	}
	return b.String()
}

// noPorts is the mistake of --port with a file that is no capture.
func noPorts(name string) error {
	return usage(fmt.Errorf("--port: %s is no capture, and has no ports", shownName(name)))
}

// suspect says if a stream that was taken as it is looks like a dump of one.
func (f *sourceFlags) suspect(e *env, start []byte) {
	if kind := dump.Guess(start); f.in == "" && f.as == "" && kind != "" {
		e.say("this looks like a hex dump: --in %s reads the bytes that it shows", kind)
	}
}

// undumped returns the bytes of src that a dump shows, or src where it is none.
func (f *sourceFlags) undumped(src io.Reader) (io.Reader, error) {
	if f.in == "" {
		return src, nil
	}
	kind, err := dump.Parse(f.in)
	if err != nil {
		return nil, usage(fmt.Errorf("--in %s: %w", f.in, err))
	}
	return kind.NewReader(src), nil
}

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
func (f *sourceFlags) kind() fileKind {
	switch {
	case f.as == "session":
		return kindSession
	case f.as == "pcap", f.in == "tcpdump": // which is translated to one
		return kindCapture
	case f.as == "raw", f.in != "":
		return kindRaw
	}
	return kindUnknown
}

var signatures = []struct {
	start string
	kind  fileKind
}{
	{"\xa1\xb2\xc3\xd4", kindCapture},
	{"\xd4\xc3\xb2\xa1", kindCapture},
	{"\xa1\xb2\x3c\x4d", kindCapture},
	{"\x4d\x3c\xb2\xa1", kindCapture},
	{"\x0a\x0d\x0d\x0a", kindCapture},
}

// A peeker is a stream of which the start can be looked at: Peek returns the next
// bytes, n of them or more, without passing over them.
type peeker interface {
	Peek(n int) ([]byte, error)
}

// sniff tells what src is. It waits for no more than it must: src may be a live
// stream whose first message is short.
func sniff(src peeker) (fileKind, error) {
	for n := 1; ; n++ {
		start, err := src.Peek(n)
		if err != nil && err != io.EOF {
			return kindRaw, err
		}
		session, undecided := beginsWith(start, sessionStart)
		if session {
			return kindSession, nil
		}
		for _, s := range signatures {
			n := min(len(start), len(s.start))
			if string(start[:n]) != s.start[:n] {
				continue
			}
			if n == len(s.start) {
				return s.kind, nil
			}
			undecided = true
		}
		if !undecided || err == io.EOF {
			return kindRaw, nil
		}
	}
}

// sessionStart are the tokens with which a session file begins. Whoever edits one
// may write it with blanks between them.
var sessionStart = []string{"{", `"event"`, ":", `"session"`}

// mostBlanks is how many bytes of blanks between tokens are passed over.
const mostBlanks = 64

// beginsWith reports whether start begins with the tokens of JSON, or else whether
// it may when there is more of it.
func beginsWith(start []byte, tokens []string) (yes, perhaps bool) {
	for i, token := range tokens {
		if i > 0 {
			rest := bytes.TrimLeft(start, " \t")
			if len(start)-len(rest) > mostBlanks {
				return false, false
			}
			start = rest
		}
		n := min(len(start), len(token))
		if string(start[:n]) != token[:n] {
			return false, false
		}
		if n < len(token) {
			return false, true
		}
		start = start[n:]
	}
	return true, false
}
