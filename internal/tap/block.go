package tap

import (
	"sync"
	"sync/atomic"
)

// The sizes of blocks in bytes: what one read takes at most. A stream gets large
// ones while it fills small ones: thousands of connections that all wake at once
// must not take a large one each.
const (
	smallBlock = 16 << 10
	largeBlock = 256 << 10
)

// A block has what one read has brought. Whoever writes it and whoever decodes it
// hold a reference each.
type block struct {
	bytes []byte
	refs  atomic.Int32
}

var smallBlocks, largeBlocks sync.Pool

func poolOf(size int) *sync.Pool {
	if size == largeBlock {
		return &largeBlocks
	}
	return &smallBlocks
}

// newBlock returns a block of a size with one reference.
func newBlock(size int) *block {
	b, _ := poolOf(size).Get().(*block)
	if b == nil {
		b = &block{bytes: make([]byte, size)}
	}
	b.refs.Store(1)
	return b
}

func (b *block) retain() { b.refs.Add(1) }

func (b *block) release() {
	if b.refs.Add(-1) == 0 {
		poolOf(len(b.bytes)).Put(b)
	}
}

// A sizer chooses the size of the next block by what the last reads have brought.
// The zero sizer starts with a small one.
type sizer struct {
	large  bool
	little int // reads in a row that a small one could have taken
}

// littleMost is how many little reads in a row a stream keeps large blocks.
const littleMost = 16

func (s *sizer) size() int {
	if s.large {
		return largeBlock
	}
	return smallBlock
}

func (s *sizer) took(n int) {
	switch {
	case n >= smallBlock:
		s.large, s.little = true, 0
	case s.large:
		if s.little++; s.little == littleMost {
			s.large, s.little = false, 0
		}
	}
}
