package framing

import (
	"encoding/binary"

	"github.com/chancat/channel/frame"
)

const (
	postgresPreset = "u32be,at=1,adjust=-4,lead=64"

	// Bounds of a start-up packet, as the server has them.
	postgresMinStartup = 8
	postgresMaxStartup = 10_000
)

// Postgres and PostgresServer frame as version 3 of PostgreSQL's protocol does: a
// type byte, a length that counts itself, the rest. PostgresEither takes what
// both sides send. What is sent is CopyData, which both sides may send and which
// holds any bytes.
//
// The client's first packets (start-up, SSLRequest, GSSENCRequest, CancelRequest)
// have no type byte. They are told from the others by the zero that their length
// starts with. The server answers an SSLRequest or GSSENCRequest with one byte,
// S, G or N, at the start of its stream, or later when it has said N before.
var (
	Postgres = register(Spec{
		Name:   "postgres",
		Doc:    "PostgreSQL: type, length that counts itself, the rest; start-up packets and the answer to SSLRequest have no type",
		Preset: postgresPreset,
		Codec:  &postgres{typed: presetField(postgresPreset), startup: true},
		Server: PostgresServer,
		Either: PostgresEither,
	})
	PostgresServer frame.Codec = &postgres{typed: presetField(postgresPreset), answers: true}
	PostgresEither frame.Codec = &postgres{typed: presetField(postgresPreset), startup: true, answers: true}
)

type postgres struct {
	typed            *lengthField
	startup, answers bool // what is accepted besides typed messages
}

// ScanFirst takes the server's one-byte answer for what it is at once: nothing may
// follow it until the client has gone on. No typed message of a server that starts
// with these letters comes first.
func (c *postgres) ScanFirst(buf []byte, st *frame.State) (frame.Span, int, error) {
	if !c.startup && len(buf) > 0 && isPostgresAnswer(buf[0]) {
		return frame.Span{Body: 1}, 0, nil
	}
	return c.Scan(buf, st)
}

func isPostgresAnswer(b byte) bool { return b == 'S' || b == 'G' || b == 'N' }

func (c *postgres) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	if len(buf) == 0 {
		return frame.Span{}, 1, nil
	}
	switch first := buf[0]; {
	case first == 0 && c.startup:
		return scanPostgresStartup(buf)
	case c.answers && isPostgresAnswer(first) && len(buf) > 1 && buf[1] >= '@':
		// The type of the next message: no length claims 1 GiB.
		return frame.Span{Body: 1}, 0, nil
	case first < '0' || first > '9' && first < 'A' || first > 'Z' && first < 'a' || first > 'z':
		return frame.Span{}, 0, frame.Malformed(0, "message type: got %q, want a letter or a digit", first)
	}
	return c.typed.Scan(buf, st)
}

// ScanFinal takes a one-byte answer behind which nothing came.
func (c *postgres) ScanFinal(buf []byte) (frame.Span, error) {
	if c.answers && len(buf) == 1 && isPostgresAnswer(buf[0]) {
		return frame.Span{Body: 1}, nil
	}
	_, need, _ := c.Scan(buf, &frame.State{})
	return frame.Span{}, frame.Truncated(len(buf), need)
}

// scanPostgresStartup reads a packet without type: its length, which counts
// itself, and the rest.
func scanPostgresStartup(buf []byte) (frame.Span, int, error) {
	const head = 4
	if len(buf) < head {
		return frame.Span{}, head - len(buf), nil
	}
	size := binary.BigEndian.Uint32(buf)
	if size < postgresMinStartup || size > postgresMaxStartup {
		return frame.Span{}, 0, frame.Malformed(0, "start-up packet of %d bytes: want %d to %d", size, postgresMinStartup, postgresMaxStartup)
	}
	sp := frame.Span{Head: head, Body: int(size) - head}
	return sp, max(0, sp.Len()-len(buf)), nil
}

func (c *postgres) AppendFrame(dst, msg []byte) ([]byte, error) { return c.typed.AppendFrame(dst, msg) }

func (c *postgres) AppendHead(dst, msg []byte) ([]byte, error) { return c.typed.AppendHead(dst, msg) }

func (c *postgres) AppendTail(dst, msg []byte) []byte { return c.typed.AppendTail(dst, msg) }

// LengthOffset points behind the type where there is one.
func (c *postgres) LengthOffset(raw []byte) int {
	if raw[0] == 0 {
		return 0
	}
	return c.typed.LengthOffset(raw)
}
