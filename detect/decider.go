package detect

const (
	deciderFirst = 8 // bytes after which deciding is tried first

	// Deciding is tried again when there is this part more: what comes byte by
	// byte must not cost the square of it.
	deciderMore = 4
)

// A Decider asks Detect about streams that grow, as often as is worth it. Who uses it
// holds the streams. The zero value is ready. It is not safe for concurrent use.
type Decider struct{ next int }

// Await has nothing decided before so many bytes are there.
func (d *Decider) Await(bytes int) { d.next = bytes }

// Decide asks about streams, of which held bytes have come. It reports false, and calls
// nothing, where too little has come since it asked last, unless nothing more is
// waited for.
func (d *Decider) Decide(held int, final bool, streams func() []Stream) (Answer, bool) {
	if held < max(d.next, deciderFirst) && !final {
		return Answer{}, false
	}
	d.next = held + 1 + held/deciderMore
	return Detect(streams()), true
}
