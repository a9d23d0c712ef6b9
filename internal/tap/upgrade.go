package tap

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// An upgrade watches for a protocol's switch to encryption, behind which its own
// frames cannot be seen any more.
type upgrade struct {
	name  string
	asked uint32 // PostgreSQL: for which the client waits
	seen  bool   // MySQL: the client has said what it can
}

func newUpgrade(spelling string) *upgrade {
	name, _, _ := strings.Cut(spelling, ",")
	name, _, _ = strings.Cut(name, "/")
	return &upgrade{name: name}
}

// The codes of PostgreSQL's start-up packets that ask for encryption.
const (
	postgresSSL = 80877103
	postgresGSS = 80877104
)

const (
	mysqlSSL        = 0x0800 // the capability CLIENT_SSL
	mysqlSSLRequest = 32     // bytes of a packet that only asks for it
	mysqlHead       = 4
)

const unreadable = ", which nobody can read; where the peers allow it, ask for no encryption (%s) to see messages"

// message looks at a frame. Where both sides encrypt from now on, it returns the
// framing of that and what says so for people.
func (u *upgrade) message(side int, raw []byte) (to framing.Direction, what string) {
	switch {
	case u.name == "postgres" && side == fromClient:
		u.asked = postgresAsks(raw)
		return to, ""
	case u.name == "postgres":
		asked := u.asked
		u.asked = 0
		switch {
		case asked == postgresSSL && string(raw) == "S":
			return u.to("tls"), "PostgreSQL switches to TLS: its records follow" + fmt.Sprintf(unreadable, "sslmode=disable")
		case asked == postgresGSS && string(raw) == "G":
			return u.to("u32be"), "PostgreSQL switches to GSSAPI: its packets follow" + fmt.Sprintf(unreadable, "gssencmode=disable")
		}
	case u.name == "mysql" && side == fromClient && !u.seen:
		u.seen = true
		if len(raw) == mysqlHead+mysqlSSLRequest && binary.LittleEndian.Uint16(raw[mysqlHead:])&mysqlSSL != 0 {
			return u.to("tls"), "MySQL switches to TLS: its records follow" + fmt.Sprintf(unreadable, "--skip-ssl")
		}
	}
	return to, ""
}

// to ends the watch with a framing of the registry.
func (u *upgrade) to(spelling string) framing.Direction {
	u.name = ""
	f, err := framing.Parse(spelling)
	if err != nil {
		panic(err)
	}
	return f.Either
}

// postgresAsks returns the code with which a packet of the client asks for
// encryption; 0 if it does not.
func postgresAsks(raw []byte) uint32 {
	if len(raw) != 8 {
		return 0
	}
	switch code := binary.BigEndian.Uint32(raw[4:]); code {
	case postgresSSL, postgresGSS:
		return code
	}
	return 0
}

// A lone is the framing of an answer of one byte.
type lone struct{}

func (lone) Scan(buf []byte, _ *frame.State) (frame.Span, int, error) {
	return frame.Span{Body: 1}, max(0, 1-len(buf)), nil
}

func (lone) AppendFrame(dst, msg []byte) ([]byte, error) {
	return dst, frame.Refuse("nobody sends it")
}

// lone reports whether rest, which has come of a side, is PostgreSQL's one-byte
// answer about encryption. The framing alone cannot tell: a message could begin so.
func (u *upgrade) lone(side int, rest []byte) bool {
	return u.name == "postgres" && u.asked != 0 && side == fromServer && len(rest) == 1 && strings.IndexByte("SGN", rest[0]) >= 0
}
