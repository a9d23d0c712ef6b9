package juggler

import (
	"encoding/json"
	"fmt"
)

// A message is one of the protocol. A member that was not there is nil; the others
// are valid JSON.
type message struct {
	kind string // of the member "type"

	id, name, data, diff, success json.RawMessage
}

// decode reads a message. What it returns are parts of text. The error is a
// [*ProtocolError].
func decode(text []byte) (message, error) {
	var m message
	p := &parser{in: text}
	if c := p.peek(); c != '{' {
		if _, err := p.reformat(nil); err != nil {
			return m, invalid("%v", err)
		}
		return m, invalid("a message is a JSON object, and this one starts with %q", c)
	}
	var kind json.RawMessage
	members := map[string]*json.RawMessage{
		"type": &kind, "id": &m.id, "name": &m.name, "data": &m.data, "diff": &m.diff, "success": &m.success,
	}
	err := p.object(func(key string) error {
		p.space()
		start := p.pos
		if _, err := p.reformat(nil); err != nil {
			return err
		}
		if member := members[key]; member != nil {
			*member = p.in[start:p.pos:p.pos]
		}
		return nil
	})
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return m, invalid("%v", err)
	}
	m.kind, _ = stringOf(kind)
	return m, nil
}

// stringOf returns the string that raw is, if it is one.
func stringOf(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	v, err := parse(raw)
	s, ok := v.(string)
	return s, ok && err == nil
}

// falsy reports whether Python takes the value for false: the real server answers
// a request with such a name itself.
func falsy(raw json.RawMessage) bool {
	v, err := parse(raw)
	if err != nil {
		return false
	}
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case json.Number:
		return equalNumbers(v, "0")
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

func newRequest(id int64, name string, data any) (*payload, error) {
	dst := fmt.Appendf(nil, `0{"type": "request", "id": %d, "name": `, id)
	dst = append(appendString(dst, name), `, "data": `...)
	return finishPayload(dst, data, "}")
}

// newResponse answers the request with that id, which is any JSON.
func newResponse(id json.RawMessage, data any, success bool) (*payload, error) {
	dst, err := appendJSON([]byte(`0{"type": "response", "id": `), id)
	if err != nil {
		return nil, err
	}
	return finishPayload(append(dst, `, "data": `...), data, fmt.Sprintf(`, "success": %t}`, success))
}

func newNotification(name string, data any) (*payload, error) {
	dst := append(appendString([]byte(`0{"type": "notify", "name": `), name), `, "data": `...)
	return finishPayload(dst, data, "}")
}

func finishPayload(dst []byte, data any, end string) (*payload, error) {
	dst, err := appendJSON(dst, data)
	if err != nil {
		return nil, err
	}
	return &payload{text: append(dst, end...)}, nil
}
