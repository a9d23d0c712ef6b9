package pickle

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

const (
	stop     = '.'
	protocol = 5 // the newest that is known
)

type opcode struct {
	name string // as Python's pickletools has it
	arg  argKind
	do   func(*decoder, argument) error
	kind Kind // of what it makes, or adds to; do finds it in decoder.op
	n    int  // the values that it takes, or the number that it makes
}

// opcodes is the instruction set of protocols 0 to 5, but for STOP.
var opcodes = [256]opcode{
	'(':  {name: "MARK", arg: argNone, do: (*decoder).mark},
	'0':  {name: "POP", arg: argNone, do: (*decoder).pop},
	'1':  {name: "POP_MARK", arg: argNone, do: (*decoder).popMark},
	'2':  {name: "DUP", arg: argNone, do: (*decoder).dup},
	0x80: {name: "PROTO", arg: argUint1, do: (*decoder).proto},
	0x95: {name: "FRAME", arg: argUint8, do: (*decoder).frame},

	'N':  {"NONE", argNone, (*decoder).constant, KindNone, 0},
	0x88: {"NEWTRUE", argNone, (*decoder).constant, KindBool, 1},
	0x89: {"NEWFALSE", argNone, (*decoder).constant, KindBool, 0},
	'K':  {"BININT1", argUint1, (*decoder).number, KindInt, 0},
	'M':  {"BININT2", argUint2, (*decoder).number, KindInt, 0},
	'J':  {"BININT", argInt4, (*decoder).number, KindInt, 0},
	0x8a: {name: "LONG1", arg: argBytes1, do: (*decoder).long},
	0x8b: {name: "LONG4", arg: argBytes4, do: (*decoder).long},
	'G':  {"BINFLOAT", argFloat, (*decoder).number, KindFloat, 0},
	'I':  {name: "INT", arg: argLine, do: (*decoder).intLine},
	'L':  {name: "LONG", arg: argLine, do: (*decoder).longLine},
	'F':  {name: "FLOAT", arg: argLine, do: (*decoder).floatLine},

	0x8c: {"SHORT_BINUNICODE", argBytes1, (*decoder).text, KindStr, 0},
	'X':  {"BINUNICODE", argBytes4, (*decoder).text, KindStr, 0},
	0x8d: {"BINUNICODE8", argBytes8, (*decoder).text, KindStr, 0},
	'C':  {"SHORT_BINBYTES", argBytes1, (*decoder).text, KindBytes, 0},
	'B':  {"BINBYTES", argBytes4, (*decoder).text, KindBytes, 0},
	0x8e: {"BINBYTES8", argBytes8, (*decoder).text, KindBytes, 0},
	0x96: {"BYTEARRAY8", argBytes8, (*decoder).text, KindByteArray, 0},
	'U':  {name: "SHORT_BINSTRING", arg: argBytes1, do: (*decoder).string2},
	'T':  {name: "BINSTRING", arg: argBytes4, do: (*decoder).string2},
	'S':  {name: "STRING", arg: argLine, do: (*decoder).stringLine},
	'V':  {name: "UNICODE", arg: argLine, do: (*decoder).unicodeLine},
	0x97: {"NEXT_BUFFER", argNone, (*decoder).constant, KindBuffer, 0},
	0x98: {name: "READONLY_BUFFER", arg: argNone, do: (*decoder).readonly},

	']':  {"EMPTY_LIST", argNone, (*decoder).empty, KindList, 0},
	'l':  {"LIST", argNone, (*decoder).collect, KindList, 0},
	'a':  {"APPEND", argNone, (*decoder).add, KindList, 1},
	'e':  {"APPENDS", argNone, (*decoder).addAll, KindList, 1},
	')':  {"EMPTY_TUPLE", argNone, (*decoder).empty, KindTuple, 0},
	't':  {"TUPLE", argNone, (*decoder).collect, KindTuple, 0},
	0x85: {"TUPLE1", argNone, (*decoder).tuple, KindTuple, 1},
	0x86: {"TUPLE2", argNone, (*decoder).tuple, KindTuple, 2},
	0x87: {"TUPLE3", argNone, (*decoder).tuple, KindTuple, 3},
	'}':  {"EMPTY_DICT", argNone, (*decoder).empty, KindDict, 0},
	'd':  {"DICT", argNone, (*decoder).collect, KindDict, 0},
	's':  {"SETITEM", argNone, (*decoder).add, KindDict, 2},
	'u':  {"SETITEMS", argNone, (*decoder).addAll, KindDict, 2},
	0x8f: {"EMPTY_SET", argNone, (*decoder).empty, KindSet, 0},
	0x90: {"ADDITEMS", argNone, (*decoder).addAll, KindSet, 1},
	0x91: {"FROZENSET", argNone, (*decoder).collect, KindFrozenSet, 0},

	'c':  {name: "GLOBAL", arg: argLines, do: (*decoder).global, kind: KindGlobal},
	0x93: {name: "STACK_GLOBAL", arg: argNone, do: (*decoder).stackGlobal, kind: KindGlobal},
	'R':  {name: "REDUCE", arg: argNone, do: (*decoder).reduce, kind: KindObject},
	0x81: {name: "NEWOBJ", arg: argNone, do: (*decoder).newObj, kind: KindObject},
	0x92: {name: "NEWOBJ_EX", arg: argNone, do: (*decoder).newObjEx, kind: KindObject},
	'i':  {name: "INST", arg: argLines, do: (*decoder).inst, kind: KindObject},
	'o':  {name: "OBJ", arg: argNone, do: (*decoder).obj, kind: KindObject},
	'b':  {name: "BUILD", arg: argNone, do: (*decoder).build, kind: KindObject},
	'P':  {name: "PERSID", arg: argLine, do: (*decoder).persid, kind: KindPersistent},
	'Q':  {name: "BINPERSID", arg: argNone, do: (*decoder).binpersid, kind: KindPersistent},
	0x82: {"EXT1", argUint1, (*decoder).number, KindExtension, 0},
	0x83: {"EXT2", argUint2, (*decoder).number, KindExtension, 0},
	0x84: {"EXT4", argUint4, (*decoder).number, KindExtension, 0},

	'p':  {name: "PUT", arg: argLine, do: (*decoder).putLine},
	'q':  {name: "BINPUT", arg: argUint1, do: func(d *decoder, a argument) error { return d.put(a.num) }},
	'r':  {name: "LONG_BINPUT", arg: argUint4, do: func(d *decoder, a argument) error { return d.put(a.num) }},
	0x94: {name: "MEMOIZE", arg: argNone, do: func(d *decoder, _ argument) error { return d.put(uint64(d.memoized)) }},
	'g':  {name: "GET", arg: argLine, do: (*decoder).getLine},
	'h':  {name: "BINGET", arg: argUint1, do: func(d *decoder, a argument) error { return d.get(a.num) }},
	'j':  {name: "LONG_BINGET", arg: argUint4, do: func(d *decoder, a argument) error { return d.get(a.num) }},
}

func (d *decoder) mark(argument) error {
	d.marks = append(d.marks, len(d.stack))
	return nil
}

// pop removes a value, or a mark where that is on top.
func (d *decoder) pop(argument) error {
	if n := len(d.marks); n > 0 && d.marks[n-1] == len(d.stack) {
		d.marks = d.marks[:n-1]
		return nil
	}
	t, err := d.top(1)
	if err != nil {
		return err
	}
	t[0].held = false
	d.drop(1)
	return nil
}

func (d *decoder) popMark(argument) error {
	items, err := d.sinceMark()
	for _, n := range items {
		n.held = false
	}
	return err
}

func (d *decoder) dup(argument) error {
	t, err := d.top(1)
	if err != nil {
		return err
	}
	d.push(d.again(t[0]))
	return nil
}

func (d *decoder) proto(a argument) error {
	if a.num > protocol {
		return fmt.Errorf("protocol %d is not known, the newest is %d", a.num, protocol)
	}
	return nil
}

// frame checks what is only a hint for readers: the bytes are here.
func (d *decoder) frame(a argument) error {
	if left := len(d.data) - d.pos; a.num > uint64(left) {
		return fmt.Errorf("a frame of %d bytes where %d are left", a.num, left)
	}
	return nil
}

// constant pushes a value that the opcode alone decides.
func (d *decoder) constant(argument) error {
	d.push(d.numeric(d.op.kind, uint64(d.op.n)))
	return nil
}

func (d *decoder) number(a argument) error {
	d.push(d.numeric(d.op.kind, a.num))
	return nil
}

func (d *decoder) numeric(k Kind, num uint64) *Node {
	n := d.node(k)
	n.num = num
	return n
}

func (d *decoder) text(a argument) error {
	d.push(d.textual(d.op.kind, a.text))
	return nil
}

func (d *decoder) textual(k Kind, text string) *Node {
	n := d.node(k)
	n.Text = text
	return n
}

// long reads two's complement, little-endian.
func (d *decoder) long(a argument) error {
	n := d.node(KindInt)
	if len(a.text) > 8 {
		n.Text = a.text
	} else {
		for i := range len(a.text) { // bytes, not runes
			n.num |= uint64(a.text[i]) << (8 * i)
		}
		unused := 64 - 8*len(a.text)
		n.num = uint64(int64(n.num<<unused) >> unused)
	}
	d.push(n)
	return nil
}

// string2 reads a str of Python 2, which is text or bytes.
func (d *decoder) string2(a argument) error {
	k := KindStr
	if !utf8.ValidString(a.text) {
		k = KindBytes
	}
	d.push(d.textual(k, a.text))
	return nil
}

func (d *decoder) readonly(argument) error {
	_, err := d.top(1)
	return err
}

func (d *decoder) empty(argument) error {
	d.push(d.node(d.op.kind))
	return nil
}

// collect makes a container of what stands above the mark.
func (d *decoder) collect(argument) error {
	items, err := d.sinceMark()
	if err != nil {
		return err
	}
	if d.op.kind == KindDict && len(items)%2 != 0 {
		return errOdd
	}
	d.push(d.holding(d.op.kind, items))
	return nil
}

var errOdd = errors.New("a key without a value")

func (d *decoder) tuple(argument) error {
	items, err := d.top(d.op.n)
	if err != nil {
		return err
	}
	n := d.holding(KindTuple, items)
	d.drop(d.op.n)
	d.push(n)
	return nil
}

// holding returns a node with a copy of items.
func (d *decoder) holding(k Kind, items []*Node) *Node {
	n := d.node(k)
	n.Items = slices.Clone(items)
	return n
}

// add adds the topmost values to the container below.
func (d *decoder) add(argument) error {
	items, err := d.top(d.op.n)
	if err != nil {
		return err
	}
	d.drop(d.op.n)
	return d.addTo(d.op.kind, items)
}

// addAll adds what stands above the mark to the container below.
func (d *decoder) addAll(argument) error {
	items, err := d.sinceMark()
	if err != nil {
		return err
	}
	if len(items)%d.op.n != 0 {
		return errOdd
	}
	return d.addTo(d.op.kind, items)
}

// addTo adds items to the container of kind k on top of the stack, or to an
// object that is one by its class.
func (d *decoder) addTo(k Kind, items []*Node) error {
	n, err := d.target()
	if err != nil {
		return err
	}
	part := partList
	if k == KindDict {
		part = partDict
	}
	switch {
	case n.Kind == k:
	case n.Kind == KindObject && k != KindSet:
		if n.part(part) == nil {
			n.setPart(part, d.node(k))
		}
		n = n.part(part)
	default:
		return fmt.Errorf("a %s is on the stack, want a %s", n.Kind, k)
	}
	n.Items = append(n.Items, items...)
	return nil
}

func (d *decoder) global(a argument) error {
	d.push(d.named(a))
	return nil
}

func (d *decoder) named(a argument) *Node {
	n := d.node(KindGlobal)
	n.Items = []*Node{d.textual(KindStr, a.text), d.textual(KindStr, a.second)}
	return n
}

func (d *decoder) stackGlobal(argument) error {
	t, err := d.top(2)
	if err != nil {
		return err
	}
	if t[0].Kind != KindStr || t[1].Kind != KindStr {
		return fmt.Errorf("module and name are a %s and a %s, want two of str", t[0].Kind, t[1].Kind)
	}
	n := d.holding(KindGlobal, t)
	d.drop(2)
	d.push(n)
	return nil
}

func (d *decoder) reduce(argument) error   { return d.object(2, false) }
func (d *decoder) newObj(argument) error   { return d.object(2, true) }
func (d *decoder) newObjEx(argument) error { return d.object(3, true) }

// object makes one of the topmost values: what is called, arguments, and with
// three of them keyword arguments.
func (d *decoder) object(size int, isNew bool) error {
	t, err := d.top(size)
	if err != nil {
		return err
	}
	n := d.holding(KindObject, t)
	n.New = isNew
	d.drop(size)
	d.push(n)
	return nil
}

func (d *decoder) inst(a argument) error {
	items, err := d.sinceMark()
	if err != nil {
		return err
	}
	d.instance(d.named(a), items)
	return nil
}

func (d *decoder) obj(argument) error {
	items, err := d.sinceMark()
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return errUnderflow
	}
	d.instance(items[0], items[1:])
	return nil
}

func (d *decoder) instance(class *Node, args []*Node) {
	n := d.node(KindObject)
	n.Items = []*Node{class, d.holding(KindTuple, args)}
	d.push(n)
}

func (d *decoder) build(argument) error {
	t, err := d.top(2)
	if err != nil {
		return err
	}
	n, state := referred(t[0]), t[1]
	d.drop(1)
	switch {
	case n.Kind != KindObject:
		return fmt.Errorf("a %s is on the stack, want an object", n.Kind)
	case n.State() != nil:
		return errors.New("a second state for one object")
	}
	n.setPart(partState, state)
	return nil
}

func (d *decoder) persid(a argument) error {
	d.push(d.textual(KindStr, a.text))
	return d.binpersid(argument{})
}

func (d *decoder) binpersid(argument) error {
	t, err := d.top(1)
	if err != nil {
		return err
	}
	n := d.holding(KindPersistent, t)
	d.drop(1)
	d.push(n)
	return nil
}
