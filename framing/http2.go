package framing

import "github.com/chancat/channel/frame"

const (
	http2Preset  = "u24be,skip=6,pad=000000000001"
	http2Preface = opening("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
)

// HTTP2 frames as RFC 9113 does. The client's stream may start with its preface,
// which is a frame of its own. What is sent is DATA of stream 1.
var HTTP2 = register(Spec{
	Name:   "http2",
	Doc:    "HTTP/2: length, type, flags, stream identifier, payload; the client's preface is a frame",
	Preset: http2Preset,
	Codec:  &http2Client{presetField(http2Preset)},
	Server: presetCodec(http2Preset),
})

type http2Client struct{ *lengthField }

// ScanFirst reads the preface. Taken for a length, its first bytes would be one of
// 5 MiB, before any peer has allowed more than 16 KiB.
func (c *http2Client) ScanFirst(buf []byte, st *frame.State) (frame.Span, int, error) {
	if http2Preface.starts(buf) {
		return http2Preface.scan(buf)
	}
	return c.Scan(buf, st)
}
