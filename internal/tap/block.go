package tap

import (
	"sync"
	"sync/atomic"
)

// blockSize is what one read takes at most, in bytes.
const blockSize = 256 << 10

// A block has what one read has brought. Whoever writes it and whoever decodes it
// hold a reference each.
type block struct {
	bytes []byte
	refs  atomic.Int32
	pool  *sync.Pool // nil: for the garbage collector
}

var blocks sync.Pool

// newBlock returns a full-sized block with one reference.
func newBlock() *block {
	b, _ := blocks.Get().(*block)
	if b == nil {
		b = &block{bytes: make([]byte, blockSize), pool: &blocks}
	}
	b.refs.Store(1)
	return b
}

func (b *block) retain() { b.refs.Add(1) }

func (b *block) release() {
	if b.refs.Add(-1) == 0 && b.pool != nil {
		b.pool.Put(b)
	}
}
