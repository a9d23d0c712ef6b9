package detect

import (
	"bytes"
	"math"
	"unicode/utf8"
)

// weakBits is the evidence in a frame below which its body is looked at too.
const weakBits = 5

// A sense tells frames by their bodies, for framings in which nearly every byte can
// begin one: where bodies are text, a body that holds a head is none.
type sense struct {
	lo, hi int
	odd    []int32 // bytes of data[lo:lo+i] that no text holds
	score  []int32 // of the chain from lo+i: frames with a body of text, less the others
	bits   float64 // of evidence in one of them
	edges  []byte  // the first and the last byte of every body; empty where they differ
	data   []byte
	marks  []int32 // the same score of the good frames before each start
	starts []int
}

// newSense returns nil where bodies are not text.
func newSense(e *examination, c *chains) *sense {
	s := &sense{lo: c.lo, hi: c.hi, odd: make([]int32, c.hi-c.lo+1), score: make([]int32, c.hi-c.lo), starts: e.starts, data: e.data}
	for p := c.lo; p < c.hi; {
		r, n := utf8.DecodeRune(e.data[p:])
		odd := r == utf8.RuneError && n == 1 || n == 1 && control(e.data[p])
		for range n {
			if p == c.hi {
				break
			}
			s.odd[p-c.lo+1] = s.odd[p-c.lo]
			if odd {
				s.odd[p-c.lo+1]++
			}
			p++
		}
	}
	s.learn(e)
	texts, valid := 0, 0
	for p := c.hi - 1; p >= c.lo; p-- {
		u, _, ok := e.unit.scan(e.data, p)
		next := p + u.len()
		if !ok || u.body > e.max || next > len(e.data) {
			continue
		}
		valid++
		v := s.judge(p, u)
		if v > 0 {
			texts++
		}
		if next < c.hi {
			v += s.score[next-c.lo]
		}
		s.score[p-c.lo] = v
	}
	most := int32(0)
	for _, v := range s.score {
		most = max(most, v)
	}
	s.bits = min(12, -math.Log2((float64(max(texts-int(most), 0))+1)/(float64(valid)+2)))
	total := int32(0)
	for _, start := range e.starts {
		s.marks = append(s.marks, total)
		if u, _, ok := e.unit.scan(e.data, start); ok && start >= c.lo {
			total += s.judge(start, u)
		}
	}
	s.marks = append(s.marks, total)
	if most < 3 || s.bits < 0.5 {
		return nil
	}
	return s
}

// learn finds out whether bodies begin and end alike, as those of JSON do.
func (s *sense) learn(e *examination) {
	alike := 0
	for _, start := range e.starts[:min(len(e.starts), 3)] {
		u, _, ok := e.unit.scan(e.data, start)
		if !ok || u.body < 2 || start < s.lo {
			continue
		}
		edges := []byte{e.data[start+u.head], e.data[start+u.head+u.body-1]}
		switch {
		case alike == 0:
			s.edges = edges
		case string(edges) != string(s.edges):
			alike = -3
		}
		alike++
	}
	if alike >= 2 && !('a' <= s.edges[0]|0x20 && s.edges[0]|0x20 <= 'z') {
		return
	}
	s.edges = nil
	if i := bytes.IndexByte(e.data[s.lo:min(s.hi, s.lo+32)], '{'); i >= 0 && bytes.Count(e.data[s.lo:s.hi], []byte("}")) > 2 {
		s.edges = []byte("{}")
	}
}

// judge is 1 for a unit with a body of text and -1 for another.
func (s *sense) judge(pos int, u unit) int32 {
	from, to := pos+u.head, pos+u.head+u.body
	switch {
	case to > s.hi || from < s.lo || u.body == 0:
		return 0
	case len(s.edges) > 0 && u.body > 1 && s.data[from] == s.edges[0] && s.data[to-1] == s.edges[1]:
		return 1
	case len(s.edges) > 0:
		return -1
	case s.odd[to-s.lo] == s.odd[from-s.lo] && u.body > 2:
		return 1
	}
	return -1
}

// of is the evidence in the bodies of the chain from pos.
func (s *sense) of(pos int) float64 {
	if s == nil || pos < s.lo || pos >= s.hi {
		return 0
	}
	return s.bits * float64(s.score[pos-s.lo])
}

// before is the evidence in the bodies of so many good frames, of all.
func (s *sense) before(frames, all int) float64 {
	if s == nil {
		return 0
	}
	i := max(0, frames-(all-len(s.starts)))
	return s.bits * float64(s.marks[min(i, len(s.marks)-1)])
}
