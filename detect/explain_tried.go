package detect

import (
	"fmt"
	"slices"

	"github.com/chancat/channel/frame"
)

// tried says, of a length field that breaks, what other readings of it come to: for
// people who want to see that the plain ideas were not forgotten.
func (e *examination) tried() []string {
	if e.err == nil || e.fieldWidth() == 0 || e.stuck >= len(e.data) {
		return nil
	}
	var list []string
	for _, cause := range []frame.Cause{CauseByteOrder, CauseWidth} {
		for _, a := range e.alternatives() {
			said := slices.ContainsFunc(e.found, func(x Explanation) bool { return x.Framing == a.spelling })
			if a.cause != cause || said || len(list) >= triedMost {
				continue
			}
			v, cut, ok := a.unit.scan(e.data, e.stuck)
			if cut || !ok {
				continue
			}
			list = append(list, fmt.Sprintf("%s → %d, %s", a.spelling, v.body, e.leads(e.stuck+v.len(), v.body)))
		}
	}
	shifted := false
	for _, x := range e.found {
		shifted = shifted || len(x.Cause) > 7 && x.Cause[:7] == "off-by-" || x.Cause == CauseHeaderCounted || x.Cause == CauseHeaderNotCounted
	}
	if !shifted {
		list = append(list, "shift ±1..8 → no")
	}
	return list
}

// triedMost is how many other readings are listed.
const triedMost = 3

// leads says how far one gets with a frame that ends at next.
func (e *examination) leads(next, body int) string {
	switch {
	case body > e.max:
		return "over the limit"
	case next > len(e.data):
		return "more than is left"
	case next == len(e.data):
		return "the end of the data"
	case e.chain != nil:
		if hops, whole := e.chain.at(next); whole && hops > 0 {
			return fmt.Sprintf("then %d more", hops)
		}
	}
	return "then no frame"
}

// peerLimits are what programs take where nobody has told them otherwise.
var peerLimits = []struct {
	framing string
	bytes   int
	from    Side // that is held to it; Unknown for both
	who     string
}{
	{"nativemessaging", 1 << 20, Server, "a browser takes 1 MiB from its native host"},
	{"grpc", 4 << 20, Unknown, "gRPC takes messages of 4 MiB unless its limit is raised"},
	{"mysql", 64 << 20, Unknown, "MySQL takes max_allowed_packet, 64 MiB unless it is raised"},
	{"nats", 1 << 20, Client, "a NATS server takes 1 MiB unless max_payload is raised"},
	{"memcached", 1 << 20, Client, "memcached takes values of 1 MiB unless -I is raised"},
	{"kafka", 1 << 20, Client, "Kafka takes batches of 1 MiB unless message.max.bytes is raised"},
}

// peerLimit says what limit a body of that many bytes is over at the peer; empty for
// none that is known.
func (e *examination) peerLimit(body int) string {
	for _, l := range peerLimits {
		if l.framing == e.name && body > l.bytes && (l.from == Unknown || e.from == Unknown || e.from == l.from) {
			return l.who
		}
	}
	return ""
}
