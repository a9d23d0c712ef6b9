package tap

import (
	"sync"
	"sync/atomic"
)

// The sizes of blocks in bytes. A stream gets large ones while it fills small ones:
// thousands of connections that all wake at once must not take a large one each.
const (
	smallBlock = 16 << 10
	largeBlock = 256 << 10
)

// A block has what one or more reads have brought, one behind the other. Whoever
// fills it and whoever decodes it hold a reference each.
type block struct {
	bytes []byte
	used  int // bytes that are shared; of who fills it
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
	b.used = 0
	b.refs.Store(1)
	return b
}

func (b *block) retain() { b.refs.Add(1) }

func (b *block) release() {
	if b.refs.Add(-1) == 0 {
		poolOf(len(b.bytes)).Put(b)
	}
}

// free is where the next read may go.
func (b *block) free() []byte { return b.bytes[b.used:] }

// alone reports whether nobody else has a reference.
func (b *block) alone() bool { return b.refs.Load() == 1 }

// A supply has the blocks of a source. What is read goes behind what was read
// before, so that a message of several reads lies in one piece.
type supply struct {
	sizer sizer
	out   *block                // being read into, or written
	spare atomic.Pointer[block] // of a source that waits; dropped by who decodes
}

// next returns a block with room for a read.
func (s *supply) next() *block {
	b := s.out
	if b == nil {
		b = s.spare.Swap(nil)
	}
	if b != nil && b.alone() {
		b.used = 0
	}
	if b != nil && (len(b.bytes) != s.sizer.size() || len(b.bytes)-b.used < len(b.bytes)/4) {
		b.release()
		b = nil
	}
	if b == nil {
		b = newBlock(s.sizer.size())
	}
	s.out = b
	return b
}

// rest is for a source that has nothing to read: it holds no block that nobody
// else does.
func (s *supply) rest() {
	b := s.out
	s.out = nil
	if b.alone() {
		b.release()
		return
	}
	s.spare.Store(b)
	if b.alone() { // since just now
		s.drop()
	}
}

// drop lets go of the block of a source that waits. It may be called by anybody.
func (s *supply) drop() {
	if b := s.spare.Swap(nil); b != nil {
		b.release()
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
