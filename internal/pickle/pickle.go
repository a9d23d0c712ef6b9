// Package pickle reads and writes Python's pickles as trees of data.
//
// A pickle is a program for a machine with a stack and a memo. This package
// follows the stack and runs nothing: a class or function stays a name, a call
// stays a node with the name and the arguments ([KindGlobal], [KindObject]).
// Protocols 0 to 5 are read, 2 to 5 written.
//
// Input is not trusted. A length is believed when the bytes are there. [Decode]
// takes linear time, and allocates at most 128 times the size of its input and
// 64 KiB.
package pickle

import (
	"errors"
	"fmt"
)

// Limits bounds what [Decode] accepts. A nil *Limits means all defaults, and so
// does a zero field.
type Limits struct {
	Bytes int // size of the pickle; 0 means 64 MiB
	Depth int // levels of nesting; 0 means 1000, about what Python itself can write
	Nodes int // values; 0 means 1<<20
	Memo  int // memo entries; 0 means 1<<20

	// Check, unless nil, is shown what is more than data when the opcode of that
	// name has made it, though it may be thrown away later: globals, objects (by
	// BUILD again, with their state), persistent ids, extensions and buffers. Its
	// error ends decoding.
	Check func(op string, n *Node) error
}

func (l *Limits) orDefaults() Limits {
	var v Limits
	if l != nil {
		v = *l
	}
	for _, f := range []struct {
		limit   *int
		missing int
	}{{&v.Bytes, 64 << 20}, {&v.Depth, 1000}, {&v.Nodes, 1 << 20}, {&v.Memo, 1 << 20}} {
		if *f.limit == 0 {
			*f.limit = f.missing
		}
	}
	return v
}

// ErrLimit is the cause of an [*Error] where a pickle exceeds a limit.
var ErrLimit = errors.New("over the limit")

// An Error says what is wrong with a pickle.
type Error struct {
	Offset int    // of the opcode that stuck, in bytes
	Op     string // its name, as Python's pickletools has it; "" where there is none
	Err    error
}

func (e *Error) Error() string {
	if e.Op == "" {
		return fmt.Sprintf("pickle: byte %d: %v", e.Offset, e.Err)
	}
	return fmt.Sprintf("pickle: byte %d: %s: %v", e.Offset, e.Op, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }
