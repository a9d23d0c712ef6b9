// Package heartbeat tells how a connection is kept alive in the protocols that end
// one whose peer is silent for too long.
package heartbeat

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/chancat/channel/framing"
)

// A Protocol is a protocol with heartbeats. Frames are whole, as they are on the
// wire; they are only read, and what is returned is the caller's.
type Protocol struct {
	Name string // for people

	// Answer tells whether frame, which the peer has sent, is a heartbeat, and the
	// frame that it wants in answer; nil for none. client says that we are the
	// client.
	Answer func(frame []byte, client bool) (answer []byte, is bool)

	// Agreed is the longest silence that we may keep after an opening with these
	// frames: the first that we have sent and the first that came, nil where none
	// has yet. 0 means for ever. A nil Agreed means the same.
	Agreed func(sent, received []byte) time.Duration

	Beat []byte // what breaks the silence
}

// Of returns the heartbeats of the protocol that f frames.
func Of(f framing.Framing) (Protocol, bool) {
	name, _, _ := strings.Cut(f.Spelling, "/")
	name, _, _ = strings.Cut(name, ",")
	p, ok := protocols[name]
	return p, ok
}

var protocols = map[string]Protocol{
	"nats":  {Name: "NATS", Answer: answerNATS},
	"mqtt":  {Name: "MQTT", Answer: answerMQTT, Agreed: agreedMQTT, Beat: []byte{mqttPingRequest, 0}},
	"stomp": {Name: "STOMP", Answer: answerNothing, Agreed: agreedSTOMP, Beat: []byte("\n")},
	"ws":    {Name: "WebSocket", Answer: answerWebSocket},
}

func answerNothing([]byte, bool) ([]byte, bool) { return nil, false }

// answerNATS answers PING with PONG, as both sides of NATS do.
func answerNATS(frame []byte, _ bool) ([]byte, bool) {
	switch string(bytes.ToUpper(bytes.TrimRight(frame[:min(len(frame), 8)], "\r\n \t"))) {
	case "PING":
		return []byte("PONG\r\n"), true
	case "PONG":
		return nil, true
	}
	return nil, false
}

// agreedSTOMP is the larger of what the one side can send and the other wants, in
// milliseconds, if neither is 0.
func agreedSTOMP(sent, received []byte) time.Duration {
	can, _ := stompBeats(sent)
	_, want := stompBeats(received)
	if can == 0 || want == 0 {
		return 0
	}
	return time.Duration(max(can, want)) * time.Millisecond
}

// stompBeats reads "heart-beat:can,want" of the frame that opens a connection.
func stompBeats(frame []byte) (can, want uint32) {
	for line := range bytes.Lines(frame) {
		line = bytes.TrimRight(line, "\r\n")
		value, ok := bytes.CutPrefix(line, []byte("heart-beat:"))
		if !ok {
			if len(line) == 0 {
				break // the headers are over
			}
			continue
		}
		a, b, _ := strings.Cut(string(value), ",")
		first, err := strconv.ParseUint(a, 10, 31)
		second, err2 := strconv.ParseUint(b, 10, 31)
		if err != nil || err2 != nil {
			return 0, 0
		}
		return uint32(first), uint32(second)
	}
	return 0, 0
}

// The frames of RFC 6455 that are heartbeats, by their first byte.
const (
	webSocketPing = 0x89
	webSocketPong = 0x8a
	masked        = 0x80
	maskedWith    = 4 // bytes of the key
	lengthMost    = 125
)

// answerWebSocket answers a ping with a pong of the same payload. A client masks
// it; the key is zero, which leaves the payload as it is.
func answerWebSocket(frame []byte, client bool) ([]byte, bool) {
	if len(frame) < 2 || frame[0] != webSocketPing && frame[0] != webSocketPong {
		return nil, false
	}
	if frame[0] == webSocketPong {
		return nil, true
	}
	size, at := int(frame[1]&^masked), 2
	var key [maskedWith]byte
	if frame[1]&masked != 0 && len(frame) >= at+maskedWith {
		at += copy(key[:], frame[at:])
	}
	if size > lengthMost || len(frame) != at+size {
		return nil, false
	}
	answer := []byte{webSocketPong, byte(size)}
	if client {
		answer[1] |= masked
		answer = append(answer, make([]byte, maskedWith)...)
	}
	for i, b := range frame[at:] {
		answer = append(answer, b^key[i%maskedWith])
	}
	return answer, true
}
