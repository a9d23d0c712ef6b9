package endpoint

import "errors"

// splitWords splits a command as a shell does, without running one: blanks
// separate words, '…' is literal, "…" takes a backslash before " \ $ and `, and
// outside quotes a backslash takes the next character literally. Nothing is
// expanded.
func splitWords(s string) ([]string, error) {
	var (
		words  []string
		word   []byte
		inWord bool // an empty word is one too: ''
	)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case ' ', '\t', '\n':
			if inWord {
				words = append(words, string(word))
			}
			word, inWord = word[:0], false
		case '\\':
			if i++; i == len(s) {
				return nil, errors.New("nothing follows the last backslash")
			}
			word, inWord = append(word, s[i]), true
		case '\'', '"':
			end, text, ok := quoted(s, i)
			if !ok {
				return nil, errors.New("the quote " + string(c) + " is not closed")
			}
			i, word, inWord = end, append(word, text...), true
		default:
			word, inWord = append(word, c), true
		}
	}
	if inWord {
		words = append(words, string(word))
	}
	return words, nil
}

// quoted returns the text of the quotation that opens at start, and where it
// closes.
func quoted(s string, start int) (end int, text []byte, ok bool) {
	quote := s[start]
	for i := start + 1; i < len(s); i++ {
		switch {
		case s[i] == quote:
			return i, text, true
		case quote == '"' && s[i] == '\\' && i+1 < len(s) && isEscapable(s[i+1]):
			i++
		}
		text = append(text, s[i])
	}
	return 0, nil, false
}

func isEscapable(c byte) bool { return c == '"' || c == '\\' || c == '$' || c == '`' }
