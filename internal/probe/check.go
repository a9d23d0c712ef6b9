package probe

import "context"

const (
	baselineCheck = "baseline"
	aliveCheck    = "alive-after"
)

// A check is one of docs/spec.md §9.
type check struct {
	name  string
	bytes bool // it needs a stream of bytes
	late  bool // it runs after those that do no harm
	run   func(*run, context.Context) Result
}

// checks is in the order of docs/spec.md §9. It is filled in by init because the
// checks name each other.
var checks []check

func init() {
	checks = []check{
		{name: baselineCheck, run: (*run).baseline},
		{name: "byte-at-a-time", bytes: true, run: (*run).byteAtATime},
		{name: "split-header", bytes: true, run: (*run).splitHeader},
		{name: "split-body", bytes: true, run: (*run).splitBody},
		{name: "coalesced", bytes: true, run: (*run).coalesced},
		{name: "empty", run: (*run).empty},
		{name: "large", run: (*run).large},
		{name: "binary", run: (*run).binary},
		{name: "non-ascii", run: (*run).nonASCII},
		{name: "length-short", bytes: true, late: true, run: (*run).lengthShort},
		{name: "length-long-close", bytes: true, late: true, run: (*run).lengthLongClose},
		{name: "length-negative", bytes: true, late: true, run: (*run).lengthNegative},
		{name: "length-huge", bytes: true, late: true, run: (*run).lengthHuge},
		{name: "length-garbage", bytes: true, late: true, run: (*run).lengthGarbage},
		{name: "header-truncated-close", bytes: true, late: true, run: (*run).headerTruncatedClose},
		{name: "half-close", bytes: true, run: (*run).halfClose},
		{name: "slow", bytes: true, run: (*run).slow},
		{name: "idle-between", run: (*run).idleBetween},
		{name: "parallel", run: (*run).parallel},
		{name: aliveCheck, late: true, run: (*run).aliveAfter},
	}
}

// order returns the checks in the order in which they run: first those that send
// nothing wrong, then the ones that may kill the peer. Of these the plainest come
// first: an end inside a frame is part of most others, so that a peer which cannot
// bear it is not found guilty of another fault.
func order() []check {
	var early, late []check
	for _, c := range checks {
		if !c.late {
			early = append(early, c)
		}
	}
	for _, name := range []string{"header-truncated-close", "length-long-close", "length-huge", "length-negative", "length-garbage", "length-short", aliveCheck} {
		for _, c := range checks {
			if c.name == name {
				late = append(late, c)
			}
		}
	}
	return append(early, late...)
}
