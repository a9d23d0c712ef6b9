package answer

import (
	"bytes"

	"github.com/chancat/channel/session"
)

// resp pairs in order. What the server pushes is no answer: a push of RESP3, and
// in RESP2 what comes of a subscription.
func resp(from session.Side, _, msg []byte) meaning {
	if from == session.Server && len(msg) > 0 {
		if msg[0] == '>' {
			return meaning{}
		}
		for _, push := range []string{"*3\r\n$7\r\nmessage\r\n", "*4\r\n$8\r\npmessage\r\n", "*3\r\n$8\r\nsmessage\r\n"} {
			if bytes.HasPrefix(msg, []byte(push)) {
				return meaning{}
			}
		}
	}
	return inOrder(from)
}

// memcached pairs in order. An answer of several frames ends with END, and noreply
// asks for none.
func memcached(from session.Side, _, msg []byte) meaning {
	line, _, _ := bytes.Cut(msg, []byte("\r\n"))
	if from == session.Client {
		return meaning{asks: !bytes.HasSuffix(line, []byte(" noreply")) && !bytes.Equal(line, []byte("quit"))}
	}
	more := bytes.HasPrefix(line, []byte("VALUE ")) || bytes.HasPrefix(line, []byte("STAT ")) || bytes.HasPrefix(line, []byte("ITEM "))
	return meaning{answers: true, more: more}
}

// nats pairs PING with PONG, and a message with what is sent to its reply subject.
func nats(from session.Side, _, msg []byte) meaning {
	line, _, _ := bytes.Cut(msg, []byte("\r\n"))
	words := bytes.Fields(line[:min(len(line), natsLine)])
	if len(words) == 0 {
		return meaning{}
	}
	const ping = 1
	switch verb := string(bytes.ToUpper(words[0])); verb {
	case "PING":
		return keyed(true, key{by: from, kind: ping})
	case "PONG":
		return keyed(false, key{by: other(from), kind: ping})
	case "PUB", "HPUB", "MSG", "HMSG":
		// VERB subject [sid] [reply] [header size] size
		fixed := map[string]int{"PUB": 3, "HPUB": 4, "MSG": 4, "HMSG": 5}[verb]
		if len(words) < fixed {
			return meaning{}
		}
		m := keyed(false, key{by: other(from), text: string(words[1])})
		m.keep = true // there may be several answers
		if len(words) > fixed {
			reply := words[2]
			if verb == "MSG" || verb == "HMSG" {
				reply = words[3]
			}
			m.asksKeys = []key{{by: from, text: string(reply)}}
		}
		return m
	}
	return meaning{}
}

const natsLine = 4 << 10 // bytes of a control line

// stomp pairs CONNECT with CONNECTED, and a receipt with the frame that asks for
// it.
func stomp(from session.Side, _, msg []byte) meaning {
	msg = bytes.TrimLeft(msg, "\r\n")
	verb, headers, _ := bytes.Cut(msg, []byte("\n"))
	const connected = 1
	switch string(bytes.TrimSuffix(verb, []byte("\r"))) {
	case "CONNECT", "STOMP":
		return keyed(true, key{by: from, kind: connected})
	case "CONNECTED":
		return keyed(false, key{by: other(from), kind: connected})
	}
	name := "receipt:"
	if from == session.Server {
		name = "receipt-id:"
	}
	for range 64 { // headers
		line, rest, ok := bytes.Cut(headers, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		if !ok || len(line) == 0 {
			break
		}
		if id, found := bytes.CutPrefix(line, []byte(name)); found && len(id) <= idMost {
			return keyed(from == session.Client, key{by: session.Client, text: string(id)})
		}
		headers = rest
	}
	return meaning{}
}

// postgres pairs in order. Of an answer of several messages the first and the last
// are told. What the server says of itself (notices, parameters) answers nothing.
func postgres(from session.Side, raw, _ []byte) meaning {
	if len(raw) == 0 {
		return meaning{}
	}
	if from == session.Client {
		switch mark := raw[0]; mark {
		case 'd', 'c', 'f', 'X', 'H', 'p': // copy data, terminate, flush, a password
			return meaning{}
		case 0: // start-up
			return meaning{asks: true, mark: '0'}
		default:
			return meaning{asks: true, mark: mark}
		}
	}
	if len(raw) == 1 { // to SSLRequest
		return meaning{answers: true}
	}
	switch raw[0] {
	case 'N', 'A', 'S', 'K':
		return meaning{}
	case '1', '2', '3':
		return meaning{answers: true}
	case 'T', 'n': // to a Describe, or the first of what comes of a Query
		return meaning{answers: true, more: true, unless: "D"}
	case 'C', 'I', 's': // to an Execute, or of a Query
		return meaning{answers: true, more: true, unless: "E"}
	case 'Z':
		return meaning{answers: true, until: "QSF0"}
	}
	return meaning{answers: true, more: true}
}
