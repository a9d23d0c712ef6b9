package probe

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"sync"
	"unicode/utf8"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/mutate"
)

// A protocol is what is known of the peers of one framing.
type protocol struct {
	opaque bool                      // a message may hold just anything
	open   func(*conversation) error // sets the opening, whatever is said then
	talk   func(*conversation) error // sets messages that do no harm
	ignore func(reply) bool
}

// protocolOf returns what is known of a framing; nil where messages are opaque and
// nothing is known that every peer understands.
func protocolOf(spelling string) *protocol {
	c := conversation{spelling: spelling}
	return protocols()[c.name()]
}

// protocols is made when it is first asked for, not at every start of a program.
var protocols = sync.OnceValue(func() map[string]*protocol {
	known := map[string]*protocol{
		"resp":       {talk: talkRESP},
		"nats":       {talk: talkNATS, ignore: func(r reply) bool { return bytes.HasPrefix(r.msg, []byte("PING")) }},
		"memcached":  {talk: talkMemcached},
		"lsp":        {opaque: true, talk: talkLSP, ignore: isNotification},
		"mqtt":       {talk: talkMQTT},
		"postgres":   {talk: talkPostgres},
		"amqp":       {},
		"ws":         {opaque: true, open: openWS, ignore: isControl},
		"fastdaemon": {opaque: true},
		"stomp":      {}, "bgpy": {}, "packetstream": {},
		"http2": {}, "kafka": {}, "mongodb": {}, "mysql": {}, "dns": {}, "tls": {},
		"bgp": {}, "thrift": {}, "modbus": {}, "grpc": {},
		"nativemessaging": {}, "json": {}, "jsonseq": {},
	}
	for _, s := range framing.Specs() { // other names of the same
		for _, alias := range s.Aliases {
			if p, ok := known[s.Name]; ok {
				known[alias] = p
			}
		}
	}
	known["dap"], known["header"] = &protocol{opaque: true}, &protocol{opaque: true}
	return known
})

// wrap makes payload a message of a framing whose messages have a form.
func wrap(name string, payload []byte) (body []byte, reason string) {
	switch name {
	case "resp":
		return fmt.Appendf(nil, "*1\r\n$%d\r\n%s\r\n", len(payload), payload), ""
	case "nats":
		return fmt.Appendf(nil, "PUB chancat.probe %d\r\n%s\r\n", len(payload), payload), ""
	case "memcached":
		return fmt.Appendf(nil, "set chancat-probe 0 1 %d\r\n%s\r\n", len(payload), payload), ""
	case "fastdaemon": // the second string is empty
		if !utf8.Valid(payload) {
			return nil, "a record holds text, not bytes"
		}
		return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(payload))), payload...), 0, 0, 0, 0), ""
	case "stomp":
		return fmt.Appendf(nil, "SEND\ndestination:chancat-probe\ncontent-length:%d\n\n%s\x00", len(payload), payload), ""
	case "json", "jsonseq":
		return jsonString(payload)
	}
	return payload, ""
}

func jsonString(payload []byte) ([]byte, string) {
	if !utf8.Valid(payload) {
		return nil, "JSON holds text, not bytes"
	}
	text, err := json.Marshal(string(payload))
	if err != nil {
		return nil, err.Error()
	}
	return text, ""
}

// say adds messages as a person would type them.
func (c *conversation) say(to *[]turn, typedTexts ...string) error {
	for _, text := range typedTexts {
		body, err := typed(c.codec, []byte(text))
		if err != nil {
			return err
		}
		t, err := c.turn([]byte(text), body)
		if err != nil {
			return err
		}
		*to = append(*to, t)
	}
	return nil
}

// typed is the message that a person means who has typed text.
func typed(codec any, text []byte) ([]byte, error) {
	if c, ok := codec.(framing.Composer); ok {
		return c.Compose(nil, text)
	}
	return text, nil
}

// talkRESP pings; ECHO sends back what it is given.
func talkRESP(c *conversation) error {
	c.strict = true
	c.carry = func(payload []byte) (turn, string) {
		echo := fmt.Appendf(nil, "$%d\r\n%s\r\n", len(payload), payload)
		return c.answered(append([]byte("*2\r\n$4\r\nECHO\r\n"), echo...), want{raw: echo})
	}
	return c.say(&c.messages, "PING")
}

// talkNATS pings. What is published to a subject that it has subscribed to comes
// back.
func talkNATS(c *conversation) error {
	if err := c.say(&c.opening, `CONNECT {"verbose":false,"pedantic":false,"name":"chancat probe"}`, "SUB chancat.probe 1"); err != nil {
		return err
	}
	for i := range c.opening {
		c.opening[i].silent = true
	}
	c.strict = true
	c.carry = func(payload []byte) (turn, string) {
		return c.answered(fmt.Appendf(nil, "PUB chancat.probe %d\r\n%s\r\n", len(payload), payload),
			want{raw: fmt.Appendf(nil, "MSG chancat.probe 1 %d\r\n%s\r\n", len(payload), payload)})
	}
	c.sample()
	return c.say(&c.messages, "PING")
}

// talkMemcached asks for a key that nobody has, and keeps payloads for a second.
func talkMemcached(c *conversation) error {
	c.strict = true
	c.carry = func(payload []byte) (turn, string) {
		return c.answered(fmt.Appendf(nil, "set chancat-probe 0 1 %d\r\n%s\r\n", len(payload), payload), want{raw: []byte("STORED\r\n")})
	}
	return c.say(&c.messages, "mn", "set chancat-probe 0 1 probe")
}

// isNotification reports whether a reply is JSON-RPC that nobody asked for.
func isNotification(r reply) bool {
	var m struct {
		Method *string `json:"method"`
	}
	return json.Unmarshal(r.msg, &m) == nil && m.Method != nil
}

// talkLSP initializes, and asks for a method that no server has: that is answered
// with an error.
func talkLSP(c *conversation) error {
	c.carry = func(payload []byte) (turn, string) {
		if len(payload) == 0 {
			return turn{}, "an empty body is no JSON"
		}
		text, reason := jsonString(payload)
		if reason != "" {
			return turn{}, reason
		}
		return c.answered(fmt.Appendf(nil, `{"jsonrpc":"2.0","id":"payload","method":"$/chancat/probe","params":{"text":%s}}`, text),
			want{any: true, holds: []byte(`"payload"`)})
	}
	c.strict = true
	if err := c.say(&c.opening, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"processId":null,"rootUri":null,"capabilities":{}}}`); err != nil {
		return err
	}
	return c.say(&c.messages, `{"jsonrpc":"2.0","id":1,"method":"$/chancat/probe","params":{}}`,
		`{"jsonrpc":"2.0","id":2,"method":"$/chancat/probe","params":{}}`)
}

// talkMQTT connects and pings. What is published to a topic that it has subscribed
// to comes back.
func talkMQTT(c *conversation) error {
	const topic = "\x00\x0dchancat/probe"
	connect := []byte("\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00") // no client id: several may connect
	subscribe := []byte("\x82\x12\x00\x01" + topic + "\x00")
	if err := c.sayRaw(&c.opening, connect, subscribe); err != nil {
		return err
	}
	c.strict = true
	c.carry = func(payload []byte) (turn, string) {
		t, reason := c.answered(append([]byte(topic), payload...), want{})
		if reason == "" {
			t.wants[0].raw = t.raw() // an echo, frame and all
		}
		return t, reason
	}
	c.sample()
	return c.sayRaw(&c.messages, []byte{0xc0, 0})
}

// openWS asks for the upgrade. The key is that of the example in RFC 6455.
func openWS(c *conversation) error {
	return c.sayRaw(&c.opening, []byte("GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"))
}

// isControl reports whether a reply is a control frame: a ping, or the close that
// follows ours.
func isControl(r reply) bool {
	const fin, control = 0x80, 0x08
	return len(r.raw) > 0 && r.raw[0]&fin != 0 && r.raw[0]&control != 0
}

// talkPostgres asks for TLS, which is answered with one byte.
func talkPostgres(c *conversation) error {
	c.once = true
	return c.sayRaw(&c.messages, []byte{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f})
}

// sample adds a message that holds a payload: what the messages are may be short.
func (c *conversation) sample() {
	if t, reason := c.carry([]byte("chancat probe")); reason == "" {
		c.samples = append(c.samples, t)
	}
}

// sayRaw adds frames that the framing reads and does not write.
func (c *conversation) sayRaw(to *[]turn, frames ...[]byte) error {
	for _, raw := range frames {
		f, err := spanned(c.codec, raw)
		if err != nil {
			return err
		}
		*to = append(*to, turn{frame: f, layout: mutate.LayoutOf(f, c.codec), bare: true})
	}
	return nil
}
