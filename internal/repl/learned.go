package repl

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/chancat/channel/internal/text/escape"
)

const (
	learnedFrom  = 500      // last messages whose words are proposed
	learnedBytes = 16 << 10 // of each
	learnedMost  = 1000     // words
)

// learned proposes words that this session has seen: keys and methods of JSON, and
// the words of text, such as the commands and keys of RESP.
func (s *Session) learned(line string) ([]Candidate, int) {
	from := strings.LastIndexAny(line, " \t\n\"'{}[](),:") + 1
	word := line[from:]
	if word == "" {
		return nil, from
	}
	s.mu.Lock()
	recent := slices.Clone(s.kept.last(learnedFrom))
	s.mu.Unlock()
	seen := map[string]bool{}
	for _, m := range slices.Backward(recent) {
		learn(seen, m.body[:min(len(m.body), learnedBytes)])
		if len(seen) >= learnedMost {
			break
		}
	}
	var all []Candidate
	for text := range seen {
		if strings.HasPrefix(text, word) && text != word {
			all = append(all, Candidate{Text: text})
		}
	}
	slices.SortFunc(all, func(a, b Candidate) int { return strings.Compare(a.Text, b.Text) })
	return all, from
}

// learn adds the words of body to seen.
func learn(seen map[string]bool, body []byte) {
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	if len(trimmed) == 0 || !utf8.Valid(trimmed) {
		return
	}
	if trimmed[0] != '{' && trimmed[0] != '[' {
		for word := range strings.FieldsFuncSeq(string(trimmed), separates) {
			add(seen, word)
		}
		return
	}
	d := json.NewDecoder(bytes.NewReader(trimmed))
	var objects []bool // the containers around: is it an object?
	key, method := false, false
	for {
		token, err := d.Token()
		if err != nil {
			return
		}
		switch t := token.(type) {
		case json.Delim:
			switch t {
			case '{', '[':
				objects = append(objects, t == '{')
			default:
				objects = objects[:len(objects)-1]
			}
			key, method = len(objects) > 0 && objects[len(objects)-1], false
			continue
		case string:
			if key {
				add(seen, t)
				key, method = false, t == "method" || t == "command" || t == "cmd" || t == "type"
				continue
			}
			if method {
				add(seen, t)
			}
		}
		key, method = len(objects) > 0 && objects[len(objects)-1], false
	}
}

// separates reports whether r stands between words: those of a protocol may have
// points, dashes, slashes and colons in them.
func separates(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-./:@", r)
}

// add keeps a word that can be typed.
func add(seen map[string]bool, word string) {
	const longest = 64
	if len(word) > longest || len(word) < 2 || len(seen) >= learnedMost || strings.Trim(word, "-.:0123456789") == "" || string(escape.AppendPrintable(nil, []byte(word))) != word || strings.ContainsAny(word, " \t") {
		return
	}
	seen[word] = true
}
