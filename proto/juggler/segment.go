package juggler

import (
	"fmt"
	"sync"
)

// segmentMost is how many characters of a message one segment holds. All that is
// sent is ASCII, so they are bytes, and any cut is between two characters.
const segmentMost = 65536

// The first character of every WebSocket message of version 0.7.
const (
	segmentLast = '0'
	segmentMore = '1'
	segmentPing = '2'
	segmentPong = '3'
)

// A payload is a message to send. It is encoded once, for however many
// connections, and then not changed.
type payload struct {
	text []byte // segmentLast and the JSON

	once     sync.Once
	segments [][]byte // of version 0.7; set by once
}

// wire returns the WebSocket messages that carry the payload.
func (p *payload) wire(w Wire) [][]byte {
	if w == Wire06 {
		return [][]byte{p.text[1:]}
	}
	p.once.Do(func() { p.segments = cut(p.text, segmentMost) })
	return p.segments
}

// cut cuts text, whose first byte is segmentLast, into segments.
func cut(text []byte, most int) [][]byte {
	if len(text) <= 1+most {
		return [][]byte{text}
	}
	var segments [][]byte
	for text = text[1:]; ; text = text[most:] {
		kind, n := byte(segmentMore), most
		if len(text) <= most {
			kind, n = segmentLast, len(text)
		}
		segments = append(segments, append([]byte{kind}, text[:n]...))
		if kind == segmentLast {
			return segments
		}
	}
}

// An assembler joins segments.
type assembler struct {
	max    int // bytes of a message
	joined []byte
	begun  bool
}

// add takes a segment without its first character, and returns the message if it
// was the last. Segments of no more than max bytes together are kept.
func (a *assembler) add(kind byte, body []byte) (msg []byte, complete bool, err error) {
	if len(a.joined)+len(body) > a.max {
		return nil, false, tooLarge(a.max)
	}
	if kind == segmentLast && !a.begun {
		return body, true, nil
	}
	a.joined = append(a.joined, body...)
	a.begun = true
	if kind == segmentMore {
		return nil, false, nil
	}
	msg = a.joined
	a.joined, a.begun = nil, false
	return msg, true, nil
}

func tooLarge(max int) error {
	return &ProtocolError{fmt.Sprintf("a message of more than %d bytes", max), closeTooBig}
}
