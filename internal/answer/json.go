package answer

import (
	"bytes"
	"strings"

	"github.com/chancat/channel/session"
)

// plain is the meaning of a message of no protocol that is known by its framing:
// JSON-RPC and the Debug Adapter Protocol are recognised, the rest is in order.
func plain(from session.Side, _, msg []byte) meaning {
	if m, ok := jsonRPC(from, msg); ok {
		return m
	}
	return inOrder(from)
}

// envelope are the members of a JSON object that tell what it is.
type envelope struct {
	rpc, method, result bool
	id                  string // as written; empty for none
	kind                string // "type"
	seq, requestSeq     string
	told                bool // hat.juggler: what nobody has asked for
}

// jsonRPC reports what msg asks or answers, if it is JSON-RPC, DAP, or several of
// them in an array.
func jsonRPC(from session.Side, msg []byte) (meaning, bool) {
	msg = bytes.TrimLeft(msg, " \t\r\n")
	if len(msg) > 1 && (msg[0] == '0' || msg[0] == '1') && msg[1] == '{' {
		msg = msg[1:] // hat.juggler 0.7: the kind of the segment
	}
	if len(msg) == 0 {
		return meaning{}, false
	}
	var (
		m     meaning
		known bool
	)
	switch msg[0] {
	case '{':
		_, known = object(msg, from, &m)
	case '[':
		for rest := msg[1:]; len(m.asksKeys)+len(m.answersKeys) < batchMost; {
			rest = bytes.TrimLeft(rest, " \t\r\n,")
			if len(rest) == 0 || rest[0] != '{' {
				break
			}
			n, ok := object(rest, from, &m)
			known = known || ok
			if n == 0 {
				break
			}
			rest = rest[n:]
		}
	}
	return m, known
}

// batchMost bounds the requests of an array that are paired.
const batchMost = 256

// object adds to m what the object at the start of msg means, and returns its
// length, 0 if it does not end.
func object(msg []byte, from session.Side, m *meaning) (n int, known bool) {
	var e envelope
	n = members(msg, func(name, value []byte) {
		switch string(name) {
		case "jsonrpc":
			e.rpc = true
		case "method":
			e.method = true
		case "result", "error":
			e.result = true
		case "id":
			if string(value) != "null" && len(value) <= idMost {
				e.id = string(value)
			}
		case "type":
			e.kind = strings.Trim(string(value[:min(len(value), idMost)]), `"`)
		case "diff", "name":
			e.told = true
		case "seq":
			e.seq = string(value[:min(len(value), idMost)])
		case "request_seq":
			e.requestSeq = string(value[:min(len(value), idMost)])
		}
	})
	switch {
	case e.rpc || e.method || e.result && e.id != "":
		switch {
		case e.id == "":
		case e.method:
			m.asksKeys = append(m.asksKeys, key{by: from, text: e.id})
		default:
			m.answersKeys = append(m.answersKeys, key{by: other(from), text: e.id})
		}
		return n, true
	case e.seq != "" && (e.kind == "request" || e.kind == "response" || e.kind == "event"):
		switch e.kind {
		case "request":
			m.asksKeys = append(m.asksKeys, key{by: from, text: e.seq})
		case "response":
			m.answersKeys = append(m.answersKeys, key{by: other(from), text: e.requestSeq})
		}
		return n, true
	case e.told && e.id == "" && (e.kind == "state" || e.kind == "notify"): // hat.juggler
		return n, true
	case e.id != "" && (e.kind == "request" || e.kind == "response"): // hat.juggler and others
		if e.kind == "request" {
			m.asksKeys = append(m.asksKeys, key{by: from, text: e.id})
		} else {
			m.answersKeys = append(m.answersKeys, key{by: other(from), text: e.id})
		}
		return n, true
	}
	return n, false
}

const idMost = 128 // bytes of an id

// members calls each for the members of the JSON object that msg starts with, and
// returns the length of the object, 0 if it does not end. It is lenient: msg is
// looked at and not judged.
func members(msg []byte, each func(name, value []byte)) int {
	i := 1
	for {
		i = blanks(msg, i)
		if i < len(msg) && msg[i] == ',' {
			i = blanks(msg, i+1)
		}
		if i >= len(msg) {
			return 0
		}
		if msg[i] != '"' {
			return i + 1 // the closing brace, where it is JSON
		}
		end := quoted(msg, i)
		if end == 0 {
			return 0
		}
		name := msg[i+1 : end-1]
		i = blanks(msg, end)
		if i >= len(msg) || msg[i] != ':' {
			return 0
		}
		start := blanks(msg, i+1)
		if i = value(msg, start); i == 0 {
			return 0
		}
		each(name, msg[start:i])
	}
}

func blanks(msg []byte, i int) int {
	for i < len(msg) && (msg[i] == ' ' || msg[i] == '\t' || msg[i] == '\r' || msg[i] == '\n') {
		i++
	}
	return i
}

// quoted returns where the string that starts at i ends, 0 if it does not.
func quoted(msg []byte, i int) int {
	for i++; i < len(msg); {
		piece := msg[i:min(len(msg), i+quotedPiece)]
		n := bytes.IndexByte(piece, '"')
		if n >= 0 {
			piece = piece[:n]
		}
		switch b := bytes.IndexByte(piece, '\\'); {
		case b >= 0:
			i += b + 2 // behind what is escaped
		case n >= 0:
			return i + n + 1
		default:
			i += len(piece)
		}
	}
	return 0
}

// quotedPiece is how many bytes of a string are searched at a time: for one byte it
// is fast, and done again behind each backslash, not for the whole string.
const quotedPiece = 256

// value returns where the value that starts at i ends, 0 if it does not.
func value(msg []byte, i int) int {
	start, depth := i, 0
	for i < len(msg) {
		switch msg[i] {
		case '"':
			if i = quoted(msg, i); i == 0 {
				return 0
			}
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 && i > start {
				return i
			}
		}
		i++
	}
	return 0
}
