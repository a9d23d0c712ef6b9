package framing

import (
	"bytes"
	"strconv"

	"github.com/chancat/channel/frame"
)

// Compose makes the array of bulk strings that redis-cli sends for typed words. As
// there, "..." may hold \n \r \t \b \a \\ \" and \xHH, '...' holds all bytes as they
// are but \', and the quotes end at a blank. For a server typed text is a bulk
// string, unless it is a value without its CR LF, such as +OK or :5.
func (r resp) Compose(dst, typed []byte) ([]byte, error) {
	if whole, err := r.AppendFrame(dst, typed); err == nil {
		return whole, nil
	}
	if !r.inline {
		if value, err := composeLine(r, dst, typed); err == nil {
			return value, nil
		}
		return appendBulk(dst, typed), nil
	}
	list, err := respWords(typed)
	if err != nil {
		return dst, err
	}
	dst = append(dst, '*')
	dst = appendLength(dst, len(list))
	dst = append(dst, "\r\n"...)
	for _, w := range list {
		dst = appendBulk(dst, w)
	}
	return dst, nil
}

func appendBulk(dst, text []byte) []byte {
	dst = append(dst, '$')
	dst = appendLength(dst, len(text))
	dst = append(dst, "\r\n"...)
	dst = append(dst, text...)
	return append(dst, "\r\n"...)
}

// respWords splits what is typed into the words of a command.
func respWords(typed []byte) (list [][]byte, err error) {
	for i := 0; ; {
		for i < len(typed) && jsonSpace(typed[i]) {
			i++
		}
		if i == len(typed) {
			break
		}
		word := []byte{}
		for i < len(typed) && !jsonSpace(typed[i]) {
			if quote := typed[i]; quote == '"' || quote == '\'' {
				n := 0
				if word, n = unquote(word, typed[i:]); n == 0 {
					return nil, frame.Refuse("the quote at byte %d does not end, or not before a blank", i)
				}
				i += n
				break
			}
			word = append(word, typed[i])
			i++
		}
		list = append(list, word)
	}
	if len(list) == 0 {
		return nil, frame.Refuse("no command")
	}
	return list, nil
}

// unquote appends the text in the quotes at the start of typed to dst. n is how
// long they are; 0 when they do not end before a blank or the end.
func unquote(dst, typed []byte) (text []byte, n int) {
	quote := typed[0]
	for i := 1; i < len(typed); i++ {
		c := typed[i]
		switch {
		case c == quote && (i+1 == len(typed) || jsonSpace(typed[i+1])):
			return dst, i + 1
		case c == quote:
			return dst, 0
		case c != '\\' || i+1 == len(typed) || quote == '\'' && typed[i+1] != '\'':
			dst = append(dst, c)
		case typed[i+1] == 'x' && i+3 < len(typed) && isHex(typed[i+2]) && isHex(typed[i+3]):
			b, _ := strconv.ParseUint(string(typed[i+2:i+4]), 16, 8)
			dst = append(dst, byte(b))
			i += len("x00")
		default:
			i++
			c = typed[i]
			if at := bytes.IndexByte([]byte("nrtba"), c); at >= 0 && quote == '"' {
				c = "\n\r\t\b\a"[at]
			}
			dst = append(dst, c)
		}
	}
	return dst, 0
}

func isHex(c byte) bool {
	letter := c | 0x20
	return '0' <= c && c <= '9' || 'a' <= letter && letter <= 'f'
}
