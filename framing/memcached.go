package framing

import (
	"bytes"
	"fmt"

	"github.com/chancat/channel/frame"
)

// Memcached frames messages as the lines of memcached's text protocol, meta
// commands included. A line with its block of data and the CR LF behind that is
// one frame, and the message is the whole frame: get is answered by a frame for
// each value and one for END.
var Memcached = register(Spec{
	Name:      "memcached",
	Doc:       "a line of memcached's text protocol, with its data",
	Codec:     memcached{&memcachedWords},
	Server:    memcached{&memcachedReplies},
	Canonical: true,
	Messages: []string{"get a b\r\n", "set k 0 60 2\r\nhi\r\n", "cas k 0 0 0 7 noreply\r\n\r\n", "ms k 2 T60\r\nhi\r\n",
		"mn\r\n", "END\r\n", "VALUE k 0 2\r\nhi\r\n", "17\r\n"},
	ServerMessages: []string{"STORED\r\n", "END\r\n", "VALUE k 0 2\r\nhi\r\n", "VALUE k 0 0 7\r\n\r\n", "VA 2 t60\r\nhi\r\n",
		"HD\r\n", "STAT pid 1\r\n", "17\r\n", "CLIENT_ERROR bad\r\n", "key=a exp=-1\n"},
	Long: func(n int) []byte { return fmt.Appendf(nil, "VALUE k 0 %d\r\n%s\r\n", n, bytes.Repeat([]byte{'x'}, n)) },
})

type memcached struct{ words *vocabulary }

var memcachedCommands = []string{"get", "gets", "gat", "gats", "set", "add", "replace", "append", "prepend", "cas",
	"delete", "incr", "decr", "touch", "mg", "ms", "md", "ma", "mn", "me", "stats", "flush_all", "version", "quit", "verbosity",
	"cache_memlimit", "slabs", "lru", "lru_crawler", "watch", "shutdown", "misbehave", "refresh_certs", "extstore"}

var memcachedReplies = vocabulary{
	words: []string{"STORED", "NOT_STORED", "EXISTS", "NOT_FOUND", "VALUE", "END", "DELETED", "TOUCHED", "OK", "RESET",
		"ERROR", "CLIENT_ERROR", "SERVER_ERROR", "STAT", "ITEM", "VERSION", "BUSY", "BADCLASS", "NOSPARE", "NOTFULL", "UNSAFE", "SAME",
		"HD", "VA", "EN", "NS", "EX", "NF", "MN", "ME",
		"key=", "ts="}, // memcachedLogs
	what: "a reply of memcached",
}

var memcachedWords = vocabulary{
	words: append(memcachedCommands, memcachedReplies.words...),
	what:  "a command or reply of memcached",
}

func (m memcached) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	if len(buf) > 0 {
		switch c := buf[0]; {
		case c == 0x80 || c == 0x81:
			return frame.Span{}, 0, frame.Broken(frame.CauseWrongProtocol, 0, "got %q; this looks like memcached's binary protocol", c)
		case '0' <= c && c <= '9':
			return memcachedNumber(buf)
		case memcachedLogs(buf):
			return memcachedLog(buf, st)
		}
	}
	return scanCommand(buf, st, m.words, memcachedBlock)
}

// memcachedNumber looks for the reply to incr or decr: a line that is a number of
// 64 bits.
func memcachedNumber(buf []byte) (frame.Span, int, error) {
	const digits = 20
	i := 0
	for i < len(buf) && '0' <= buf[i] && buf[i] <= '9' {
		if i++; i > digits {
			return frame.Span{}, 0, frame.Broken(frame.CauseBadDigits, i-1, "a number of more than %d digits", digits)
		}
	}
	next, err := expect(buf, i, "\r\n")
	switch {
	case err != nil:
		return frame.Span{}, 0, err
	case next < 0:
		return frame.Span{}, i + len("\r\n") - len(buf), nil
	}
	return frame.Span{Body: next}, 0, nil
}

// memcachedLogs reports whether buf starts with a line of lru_crawler metadump or of
// watch.
func memcachedLogs(buf []byte) bool {
	return bytes.HasPrefix(buf, []byte("key=")) || bytes.HasPrefix(buf, []byte("ts="))
}

// memcachedLog looks for such a line: memcached 1.6 ends them with LF alone.
func memcachedLog(buf []byte, st *frame.State) (frame.Span, int, error) {
	if i := bytes.IndexByte(buf[st.Pos:min(len(buf), maxHead)], '\n'); i >= 0 {
		return frame.Span{Body: st.Pos + i + 1}, 0, nil
	}
	if len(buf) > maxHead {
		return frame.Span{}, 0, frame.Malformed(maxHead, "no end of line within %d bytes", maxHead)
	}
	st.Pos = len(buf)
	return frame.Span{}, 1, nil
}

// memcachedCount returns the index of the word that counts the data behind the line
// of a command, or 0 if none follow.
func memcachedCount(command string) int {
	switch command {
	case "set", "add", "replace", "append", "prepend", "cas":
		return 4
	case "VALUE":
		return 3
	case "ms":
		return 2
	case "VA":
		return 1
	}
	return 0
}

func memcachedBlock(command string, line []byte) (size, at int, err error) {
	index := memcachedCount(command)
	if index == 0 {
		return noBlock, 0, nil
	}
	var list [6]word
	if n := words(line, list[:]); n <= index {
		return 0, 0, frame.Malformed(len(line), "%s with %d words: the bytes of the data are word %d", command, n, index+1)
	}
	w := list[index]
	size, err = count(line[w.start:w.end], w.start, "bytes of the data")
	return size, w.start, err
}

func (m memcached) AppendFrame(dst, msg []byte) ([]byte, error) {
	var st frame.State
	sp, need, err := m.Scan(msg, &st)
	return appendWhole(dst, msg, "one line of memcached's protocol", sp, need, err)
}

func (m memcached) LengthOffset(raw []byte) int { return blockOffset(raw, m.words, memcachedBlock) }

// Compose counts the data, which is what is typed where the line would count it,
// and ends the line of every command: "set k 0 60 hello" gets its 5.
func (m memcached) Compose(dst, typed []byte) ([]byte, error) {
	if whole, err := m.AppendFrame(dst, typed); err == nil {
		return whole, nil
	}
	command, _ := m.words.find(append(bytes.Clone(typed), '\r'), 0)
	n := memcachedCount(command)
	if n == 0 {
		return composeLine(m, dst, typed)
	}
	line, data, ok := cutWords(typed, n)
	if !ok {
		return dst, frame.Refuse("%s: want %d words before the data", command, n)
	}
	if command != "cas" {
		return m.AppendFrame(dst, fmt.Appendf(nil, "%s %d\r\n%s\r\n", line, len(data), data))
	}
	unique, data, ok := cutWords(data, 1) // it stands behind the count
	if !ok {
		return dst, frame.Refuse("cas: want the unique number before the data")
	}
	return m.AppendFrame(dst, fmt.Appendf(nil, "%s %d %s\r\n%s\r\n", line, len(data), unique, data))
}
