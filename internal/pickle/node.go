package pickle

import (
	"math"
	"math/big"
)

// A Kind says what a [Node] is.
type Kind uint8

const (
	KindNone Kind = iota
	KindBool
	KindInt
	KindFloat
	KindStr
	KindBytes
	KindByteArray
	KindList
	KindTuple
	KindSet
	KindFrozenSet
	KindDict       // Items alternates keys and values
	KindGlobal     // the name of a class or function, and no more than that
	KindObject     // what a call or a class would have made
	KindPersistent // Items[0] is an identifier that the two programs agreed on
	KindExtension  // Code is registered in copyreg of the two programs
	KindBuffer     // a buffer that travels outside the pickle
	KindRef        // Items[0] is a node that stands elsewhere, and must not be walked into unguarded
)

var kindNames = [...]string{
	"None", "bool", "int", "float", "str", "bytes", "bytearray", "list", "tuple", "set", "frozenset", "dict",
	"global", "object", "persistent id", "extension", "buffer", "reference",
}

func (k Kind) String() string { return kindNames[k] }

// A Node is one value of a pickle. The nodes below Items are a tree, of at most
// [Limits].Depth levels: where a pickle uses a value twice, or in itself, all
// places but one have a node of [KindRef]. Leaves may be shared.
type Node struct {
	Kind   Kind
	New    bool // KindObject: made by the __new__ of its class, not by a call
	Shared bool // some KindRef leads here

	held bool // it is on the stack or below a node
	seen bool // by check

	num uint64 // the int, the bits of the float, the code

	// Text is a str in UTF-8 (lone surrogates, which Python allows, are three
	// bytes), or the bytes of bytes and bytearray. A long integer has its
	// little-endian two's complement here; see [Node.Big].
	Text string

	// Items has the elements of a container. The parts of an object have methods.
	Items []*Node
}

// The parts of an object, as indices into Items; what lies beyond its length or
// is nil is absent.
const (
	partCallable = iota
	partArgs
	partKwargs
	partState
	partList
	partDict
	parts
)

// None returns the node of None.
func None() *Node { return &Node{} }

// Bool returns the node of True or False.
func Bool(v bool) *Node {
	n := &Node{Kind: KindBool}
	if v {
		n.num = 1
	}
	return n
}

// Int returns the node of an int.
func Int(v int64) *Node { return &Node{Kind: KindInt, num: uint64(v)} }

// BigInt returns the node of an int of any size.
func BigInt(v *big.Int) *Node {
	if v.IsInt64() {
		return Int(v.Int64())
	}
	size := v.BitLen()/8 + 1 // with room for the sign
	unsigned := v
	if v.Sign() < 0 {
		unsigned = new(big.Int).Add(v, new(big.Int).Lsh(big.NewInt(1), uint(8*size)))
	}
	return &Node{Kind: KindInt, Text: reversed(string(unsigned.FillBytes(make([]byte, size))))}
}

// Float returns the node of a float.
func Float(v float64) *Node { return &Node{Kind: KindFloat, num: math.Float64bits(v)} }

// Str returns the node of a str.
func Str(text string) *Node { return &Node{Kind: KindStr, Text: text} }

// Bytes returns the node of a bytes object.
func Bytes(text string) *Node { return &Node{Kind: KindBytes, Text: text} }

// List returns the node of a list.
func List(items ...*Node) *Node { return &Node{Kind: KindList, Items: items} }

// Tuple returns the node of a tuple.
func Tuple(items ...*Node) *Node { return &Node{Kind: KindTuple, Items: items} }

// Dict returns the node of a dict from keys and values in turn.
func Dict(keysAndValues ...*Node) *Node { return &Node{Kind: KindDict, Items: keysAndValues} }

// Global returns the node of a class or function.
func Global(module, name string) *Node {
	return &Node{Kind: KindGlobal, Items: []*Node{Str(module), Str(name)}}
}

// Call returns the node of what calling a global would make, as for a member of
// an enum: the class called with the value.
func Call(callable *Node, args ...*Node) *Node {
	return &Node{Kind: KindObject, Items: []*Node{callable, Tuple(args...)}}
}

// Instance returns the node of what the __new__ of class would make of args and
// __setstate__ of state, which may be nil.
func Instance(class, args, state *Node) *Node {
	return &Node{Kind: KindObject, New: true, Items: []*Node{class, args, nil, state}}
}

// Bool reports whether n is True.
func (n *Node) Bool() bool { return n.Kind == KindBool && n.num != 0 }

// Int returns the value of an int, and false if n is none or needs more than 64
// bits.
func (n *Node) Int() (int64, bool) {
	switch {
	case n.Kind != KindInt:
		return 0, false
	case n.Text == "":
		return int64(n.num), true
	}
	v := n.Big()
	return v.Int64(), v.IsInt64()
}

// Big returns the value of an int.
func (n *Node) Big() *big.Int {
	if n.Text == "" {
		return big.NewInt(int64(n.num))
	}
	v := new(big.Int).SetBytes([]byte(reversed(n.Text)))
	if n.Text[len(n.Text)-1] >= 0x80 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(n.Text))))
	}
	return v
}

func reversed(s string) string {
	b := make([]byte, len(s))
	for i := range b {
		b[i] = s[len(s)-1-i]
	}
	return string(b)
}

// Float returns the value of a float.
func (n *Node) Float() float64 { return math.Float64frombits(n.num) }

// Code returns the number of an extension.
func (n *Node) Code() uint64 { return n.num }

// Is reports whether n is the global of that name.
func (n *Node) Is(module, name string) bool {
	return n.Kind == KindGlobal && n.Items[0].Text == module && n.Items[1].Text == name
}

// Name returns the module and the qualified name of a global.
func (n *Node) Name() (module, name string) { return n.Items[0].Text, n.Items[1].Text }

// Callable returns the class or function of an object.
func (n *Node) Callable() *Node { return n.part(partCallable) }

// Args returns the positional arguments of an object, commonly a tuple.
func (n *Node) Args() *Node { return n.part(partArgs) }

// Kwargs returns the keyword arguments of an object, or nil.
func (n *Node) Kwargs() *Node { return n.part(partKwargs) }

// State returns what __setstate__ of an object would get, or nil. For a class
// with __slots__ it is a tuple of None and a dict.
func (n *Node) State() *Node { return n.part(partState) }

// Appended returns the list of what would be appended to an object, or nil.
func (n *Node) Appended() *Node { return n.part(partList) }

// Entries returns the dict of what would be set in an object, or nil.
func (n *Node) Entries() *Node { return n.part(partDict) }

func (n *Node) part(i int) *Node {
	if n.Kind != KindObject || i >= len(n.Items) {
		return nil
	}
	return n.Items[i]
}

// setPart fills a part of an object.
func (n *Node) setPart(i int, v *Node) {
	for len(n.Items) <= i {
		n.Items = append(n.Items, nil)
	}
	n.Items[i] = v
}

// leaf reports whether nodes of kind k can be shared: nothing can be added to
// them, and they are small to walk.
func (k Kind) leaf() bool {
	return k <= KindByteArray || k == KindGlobal || k == KindExtension || k == KindBuffer
}
