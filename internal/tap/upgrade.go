package tap

import (
	"encoding/binary"
	"strings"

	"github.com/chancat/channel/framing"
)

// An upgrade watches for a protocol's switch to TLS, behind which its own frames
// cannot be seen any more.
type upgrade struct {
	name  string
	asked bool // PostgreSQL: the client has asked for TLS
	seen  bool // MySQL: the client has said what it can
}

func newUpgrade(spelling string) *upgrade {
	name, _, _ := strings.Cut(spelling, ",")
	name, _, _ = strings.Cut(name, "/")
	return &upgrade{name: name}
}

const (
	postgresSSLRequest = 80877103 // its code in the start-up packet

	mysqlSSL        = 0x0800 // the capability CLIENT_SSL
	mysqlSSLRequest = 32     // bytes of a packet that only asks for it
	mysqlHead       = 4
)

// message looks at a frame. Where both sides speak TLS from now on, what says so
// for people.
func (u *upgrade) message(side int, raw []byte) (to framing.Direction, what string) {
	switch {
	case u.name == "postgres" && u.postgres(side, raw):
		what = "PostgreSQL switches to TLS"
	case u.name == "mysql" && u.mysql(side, raw):
		what = "MySQL switches to TLS"
	default:
		return to, ""
	}
	u.name = ""
	tls, err := framing.Parse("tls")
	if err != nil {
		return to, "" // the registry has it
	}
	return tls.Either, what + ": its records follow, which nobody can read; where the peers allow it, ask for no TLS (sslmode=disable) to see messages"
}

func (u *upgrade) postgres(side int, raw []byte) bool {
	if side == fromClient {
		u.asked = len(raw) == 8 && binary.BigEndian.Uint32(raw[4:]) == postgresSSLRequest
		return false
	}
	return u.asked && len(raw) == 1 && raw[0] == 'S'
}

func (u *upgrade) mysql(side int, raw []byte) bool {
	if side != fromClient || u.seen {
		return false
	}
	u.seen = true
	return len(raw) == mysqlHead+mysqlSSLRequest && binary.LittleEndian.Uint16(raw[mysqlHead:])&mysqlSSL != 0
}
