package packetstream

import (
	"cmp"
	"slices"
)

// spansMost bounds what a tagSet remembers of a peer whose tags leave gaps.
const spansMost = 1024

// A tagSet knows which tags a peer has used. Those count up, so that one span, or a
// few, hold them all. Of a peer with more gaps than spansMost it forgets the lowest.
type tagSet struct{ spans []span } // sorted, with gaps between them

type span struct{ first, last uint64 }

// add reports whether tag is new, and remembers it.
func (s *tagSet) add(tag uint64) bool {
	// The span after which tag would stand is nearly always the last.
	i := len(s.spans)
	if i > 0 && tag < s.spans[i-1].first {
		i, _ = slices.BinarySearchFunc(s.spans, tag, func(p span, tag uint64) int {
			return cmp.Or(cmp.Compare(p.first, tag), -1) // behind one that starts there
		})
	}
	if i > 0 && tag <= s.spans[i-1].last {
		return false
	}
	joinsLeft := i > 0 && s.spans[i-1].last+1 == tag
	joinsRight := i < len(s.spans) && tag+1 == s.spans[i].first
	switch {
	case joinsLeft && joinsRight:
		s.spans[i-1].last = s.spans[i].last
		s.spans = slices.Delete(s.spans, i, i+1)
	case joinsLeft:
		s.spans[i-1].last = tag
	case joinsRight:
		s.spans[i].first = tag
	default:
		s.spans = slices.Insert(s.spans, i, span{tag, tag})
		if len(s.spans) > spansMost {
			s.spans = slices.Delete(s.spans, 0, 1)
		}
	}
	return true
}
