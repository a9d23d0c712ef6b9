package pickle

import (
	"errors"
	"fmt"
	"io"
)

// Decode reads the pickle at the start of data and returns it with its length in
// bytes: what follows its STOP is not looked at. The nodes share one copy of
// data. The error is an [*Error].
func Decode(data []byte, limits *Limits) (*Node, int, error) {
	d := decoder{limits: limits.orDefaults()}
	if len(data) > d.limits.Bytes {
		return nil, 0, &Error{Err: fmt.Errorf("%w of %d bytes: the pickle has %d", ErrLimit, d.limits.Bytes, len(data))}
	}
	d.data = string(data)
	for {
		if d.pos == len(d.data) {
			return nil, 0, &Error{Offset: d.pos, Err: fmt.Errorf("no STOP: %w", io.ErrUnexpectedEOF)}
		}
		at := d.pos
		op := &opcodes[d.data[at]]
		d.op = op
		d.pos++
		if op.do == nil {
			if d.data[at] == stop {
				root, err := d.result()
				if err != nil {
					return nil, 0, &Error{at, "STOP", err}
				}
				return root, d.pos, nil
			}
			return nil, 0, &Error{Offset: at, Err: fmt.Errorf("unknown opcode %#02x", d.data[at])}
		}
		a, err := d.argument(op.arg)
		if err == nil {
			err = op.do(&d, a)
		}
		if err == nil {
			err = d.withinLimits()
		}
		if err == nil && d.limits.Check != nil && op.kind >= KindGlobal {
			err = d.limits.Check(op.name, referred(d.stack[len(d.stack)-1]))
		}
		if err != nil {
			return nil, 0, &Error{at, op.name, err}
		}
	}
}

// A decoder is the machine that a pickle runs on.
type decoder struct {
	data   string // the pickle
	pos    int    // of the next byte
	limits Limits
	op     *opcode // being done

	stack []*Node
	marks []int // positions in stack

	memo     []*Node          // nil at an index that is absent or in sparse
	sparse   map[uint64]*Node // memo entries whose index is not the next one
	memoized int              // entries

	slab  []Node // nodes to hand out
	slabs int    // nodes allocated with the last slab
	nodes int    // handed out
}

const (
	firstSlab = 16 // nodes
	lastSlab  = 1024
)

func (d *decoder) node(k Kind) *Node {
	if len(d.slab) == 0 {
		d.slabs = min(max(firstSlab, 2*d.slabs), lastSlab)
		d.slab = make([]Node, d.slabs)
	}
	n := &d.slab[0]
	d.slab = d.slab[1:]
	n.Kind = k
	d.nodes++
	return n
}

func (d *decoder) withinLimits() error {
	switch {
	case d.nodes > d.limits.Nodes:
		return fmt.Errorf("%w of %d values", ErrLimit, d.limits.Nodes)
	case d.memoized > d.limits.Memo:
		return fmt.Errorf("%w of %d memo entries", ErrLimit, d.limits.Memo)
	}
	return nil
}

func (d *decoder) push(n *Node) {
	n.held = true
	d.stack = append(d.stack, n)
}

var errUnderflow = errors.New("the stack has too few values for it")

// top returns the n topmost values since the last mark, borrowed.
func (d *decoder) top(n int) ([]*Node, error) {
	bottom := 0
	if len(d.marks) > 0 {
		bottom = d.marks[len(d.marks)-1]
	}
	if len(d.stack)-bottom < n {
		return nil, errUnderflow
	}
	return d.stack[len(d.stack)-n:], nil
}

// drop removes the n topmost values, which the caller has from top.
func (d *decoder) drop(n int) { d.stack = d.stack[:len(d.stack)-n] }

// sinceMark removes the last mark and returns the values above it, which are
// borrowed until the next push.
func (d *decoder) sinceMark() ([]*Node, error) {
	if len(d.marks) == 0 {
		return nil, errors.New("no mark on the stack")
	}
	mark := d.marks[len(d.marks)-1]
	d.marks = d.marks[:len(d.marks)-1]
	items := d.stack[mark:]
	d.stack = d.stack[:mark]
	return items, nil
}

// target returns the value below what was just removed, to which that is added.
func (d *decoder) target() (*Node, error) {
	t, err := d.top(1)
	if err != nil {
		return nil, err
	}
	return referred(t[0]), nil
}

func referred(n *Node) *Node {
	if n.Kind == KindRef {
		return n.Items[0]
	}
	return n
}

// again returns n for one more place in the tree.
func (d *decoder) again(n *Node) *Node {
	if n.Kind.leaf() || n.Kind == KindRef || !n.held {
		return n
	}
	n.Shared = true
	ref := d.node(KindRef)
	ref.Items = []*Node{n}
	return ref
}

func (d *decoder) put(index uint64) error {
	t, err := d.top(1)
	if err != nil {
		return err
	}
	if d.recall(index) == nil {
		d.memoized++
	}
	n := referred(t[0])
	size := uint64(len(d.memo))
	if index == size+1 {
		d.memo = append(d.memo, nil) // Python 2 counts from 1
		size++
	}
	switch {
	case index < size:
		d.memo[index] = n
	case index == size:
		d.memo = append(d.memo, n)
	default:
		if d.sparse == nil {
			d.sparse = map[uint64]*Node{}
		}
		d.sparse[index] = n
	}
	return nil
}

// recall returns the memo entry of that index, or nil.
func (d *decoder) recall(index uint64) *Node {
	if index < uint64(len(d.memo)) && d.memo[index] != nil {
		return d.memo[index]
	}
	return d.sparse[index]
}

func (d *decoder) get(index uint64) error {
	n := d.recall(index)
	if n == nil {
		return fmt.Errorf("the memo has no entry %d", index)
	}
	d.push(d.again(n))
	return nil
}

// result returns the value on top of the stack as the root of a tree.
func (d *decoder) result() (*Node, error) {
	t, err := d.top(1)
	if err != nil {
		return nil, err
	}
	root := referred(t[0])
	return root, root.check(d.limits.Depth)
}

// check walks the tree, and fails if it is deeper than depth or none.
func (n *Node) check(depth int) error {
	if n == nil || n.Kind.leaf() || n.Kind == KindRef {
		return nil
	}
	if n.seen {
		return errors.New("a value is part of itself by way of one that was thrown away")
	}
	if depth == 0 {
		return fmt.Errorf("%w of levels of nesting", ErrLimit)
	}
	n.seen = true
	for _, item := range n.Items {
		if err := item.check(depth - 1); err != nil {
			return err
		}
	}
	return nil
}
