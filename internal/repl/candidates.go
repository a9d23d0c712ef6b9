package repl

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/chancat/channel/endpoint"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/profile"
	"github.com/chancat/channel/internal/text/escape"
	"github.com/chancat/channel/view"
)

// filesMost bounds the files of a directory that are looked at.
const filesMost = 1000

// A completer proposes what may stand for the last word of an argument.
type completer func(s *Session, argument string) (candidates []Candidate, word string)

// candidates is the Completer of the Editor.
func (s *Session) candidates(line string, at int) ([]Candidate, int) {
	line = line[:at]
	if !strings.HasPrefix(line, "/") || strings.HasPrefix(line, "//") {
		return s.learned(line)
	}
	name, argument, given := strings.Cut(line[1:], " ")
	if !given {
		found := starting(commandNames(), line)
		if len(found) == 1 {
			if c, _, err := findCommand(found[0].Text); err == nil && c.arguments != "" {
				found[0].Text += " "
			}
		}
		return found, 0
	}
	for _, c := range table {
		if c.name != name {
			continue
		}
		if c.complete == nil {
			return s.learned(line)
		}
		found, word := c.complete(s, argument)
		return starting(found, word), len(line) - len(word)
	}
	return nil, at
}

func starting(all []Candidate, typed string) []Candidate {
	return slices.DeleteFunc(all, func(c Candidate) bool { return !strings.HasPrefix(c.Text, typed) })
}

func commandNames() []Candidate {
	var all []Candidate
	for _, c := range table {
		all = append(all, Candidate{"/" + c.name, c.help})
	}
	return all
}

func completeCommand(_ *Session, argument string) ([]Candidate, string) {
	var all []Candidate
	for _, c := range table {
		all = append(all, Candidate{c.name, c.help})
	}
	return append(all, Candidate{"all", "all commands"}), argument
}

func completeWords(words ...string) completer {
	return func(_ *Session, argument string) ([]Candidate, string) {
		var all []Candidate
		for _, w := range words {
			all = append(all, Candidate{Text: w})
		}
		return all, argument
	}
}

func completeView(_ *Session, argument string) ([]Candidate, string) {
	return completeWords(view.Names()...)(nil, argument)
}

func completeFraming(_ *Session, argument string) ([]Candidate, string) {
	return SpellingCandidates(argument)
}

// SpellingCandidates proposes what may stand for word, which is the last part of a
// spelling half typed: names of framings and, behind a comma, the options of one.
func SpellingCandidates(typed string) (all []Candidate, word string) {
	typed = typed[strings.LastIndexByte(typed, '/')+1:] // what the server sends
	name, options, behind := strings.Cut(typed, ",")
	name, _, _ = strings.Cut(name, "=")
	for _, spec := range framing.Specs() {
		switch {
		case behind && spec.Name == name:
			return optionCandidates(spec), options[strings.LastIndexByte(options, ',')+1:]
		case !behind && spec.Value != "":
			all = append(all, Candidate{spec.Name + "=", spec.Doc})
		case !behind:
			all = append(all, Candidate{spec.Name, spec.Doc})
		}
	}
	return all, typed
}

// optionCandidates proposes the options of a framing, and the words that are the
// values of some.
func optionCandidates(spec framing.Spec) (all []Candidate) {
	for _, option := range append(strings.Fields(spec.Options), "max=SIZE") {
		key, values, valued := strings.Cut(option, "=")
		if !valued {
			all = append(all, Candidate{key, option})
			continue
		}
		all = append(all, Candidate{key + "=", option})
		for _, value := range strings.Split(values, "|") {
			if strings.ToUpper(value) != value { // not a name for any value
				all = append(all, Candidate{key + "=" + value, option})
			}
		}
	}
	return all
}

// completeAddress proposes the forms of addresses, those of this session and, in
// an address that is a path, files.
func completeAddress(s *Session, argument string) ([]Candidate, string) {
	for _, prefix := range []string{"unix:", "fifo:", "exec:"} {
		if path, ok := strings.CutPrefix(argument, prefix); ok {
			return completeFile(s, path)
		}
	}
	var all []Candidate
	s.mu.Lock()
	for _, p := range s.peers {
		if p.address != "" {
			all = append(all, Candidate{p.address, "peer of this session"})
		}
	}
	s.mu.Unlock()
	for _, name := range profile.Names(s.profiles()) {
		all = append(all, Candidate{profile.Mark + name, "profile"})
	}
	for _, scheme := range endpoint.Schemes() {
		if scheme.Prefix != "" {
			all = append(all, Candidate{scheme.Prefix, scheme.Form + ": " + scheme.Meaning})
		}
	}
	return all, argument
}

func completePeer(s *Session, argument string) ([]Candidate, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Candidate
	for _, p := range s.peers {
		all = append(all, Candidate{fmt.Sprint(p.number), printable(p.label())})
	}
	return all, argument
}

// completeMessage proposes the numbers of the last messages, and files behind one.
func completeMessage(s *Session, argument string) ([]Candidate, string) {
	const last = 10
	word := argument[strings.LastIndexByte(argument, ' ')+1:]
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Candidate
	for _, m := range slices.Backward(s.kept.last(last)) {
		note := escape.AppendPrintable(nil, m.body[:min(len(m.body), historyBytesShown)])
		all = append(all, Candidate{fmt.Sprint(m.number), string(note)})
	}
	return all, word
}

// completeSave proposes a message, and then a file.
func completeSave(s *Session, argument string) ([]Candidate, string) {
	rest, _ := strings.CutPrefix(argument, "-f ")
	if _, path, ok := strings.Cut(rest, " "); ok {
		return completeFile(s, path)
	}
	return completeMessage(s, rest)
}

func completeFile(s *Session, argument string) ([]Candidate, string) {
	argument, _ = strings.CutPrefix(argument, "-f ")
	dir, name := filepath.Split(argument)
	open := expand(dir, s.o.Getenv)
	if open == "" {
		open = "."
	}
	f, err := os.Open(open)
	if err != nil {
		return nil, argument
	}
	defer f.Close()
	entries, _ := f.ReadDir(filesMost)
	var all []Candidate
	for _, e := range entries {
		text := dir + e.Name()
		if strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(name, ".") || strings.ContainsAny(text, "\n\r") {
			continue
		}
		if e.IsDir() {
			text += "/"
		}
		all = append(all, Candidate{Text: text})
	}
	slices.SortFunc(all, func(a, b Candidate) int { return strings.Compare(a.Text, b.Text) })
	return all, argument
}
