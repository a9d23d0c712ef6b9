package pickle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
)

// The protocols that [Append] writes.
const (
	oldest  = 2 // Python 2.3 and later read it
	current = 5 // Python 3.8 and later; what Python 3.14 writes itself
)

const maxDepth = 1000 // levels that Append writes

// Append appends the pickle of n in protocol 2, 3, 4 or 5. Python 2 reads protocol
// 2, all of Python 3 reads 3. The error says what that protocol cannot carry;
// dst is then as it was.
func Append(dst []byte, n *Node, protocol int) ([]byte, error) {
	if protocol < oldest || protocol > current {
		return dst, fmt.Errorf("pickle: protocol %d cannot be written; 2 to 5 can", protocol)
	}
	e := encoder{dst: append(dst, 0x80, byte(protocol)), protocol: protocol}
	if err := e.value(n, maxDepth); err != nil {
		return dst, fmt.Errorf("pickle: protocol %d: %w", protocol, err)
	}
	return append(e.dst, stop), nil
}

type encoder struct {
	dst      []byte
	protocol int
	memo     map[*Node]uint32
}

func (e *encoder) value(n *Node, depth int) error {
	if depth == 0 {
		return fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	switch n.Kind {
	case KindNone:
		e.dst = append(e.dst, 'N')
	case KindBool:
		e.dst = append(e.dst, 0x89-byte(n.num)) // NEWFALSE, NEWTRUE
	case KindInt:
		return e.int(n)
	case KindFloat:
		e.dst = binary.BigEndian.AppendUint64(append(e.dst, 'G'), n.num)
	case KindStr:
		return e.str(n.Text)
	case KindBytes:
		return e.bytes(n.Text)
	case KindByteArray:
		return e.byteArray(n, depth)
	case KindGlobal:
		return e.global(n)
	case KindExtension:
		e.dst = binary.LittleEndian.AppendUint32(append(e.dst, 0x84), uint32(n.num))
	case KindPersistent:
		if err := e.value(n.Items[0], depth-1); err != nil {
			return err
		}
		e.dst = append(e.dst, 'Q')
	case KindRef:
		index, ok := e.memo[n.Items[0]]
		if !ok {
			return errors.New("a reference to what is not yet written")
		}
		e.dst = binary.LittleEndian.AppendUint32(append(e.dst, 'j'), index)
	case KindBuffer:
		return errors.New("a buffer outside the pickle")
	default:
		return e.container(n, depth)
	}
	return nil
}

func (e *encoder) container(n *Node, depth int) error {
	switch n.Kind {
	case KindList:
		e.dst = append(e.dst, ']')
		e.memoize(n)
		return e.items(n.Items, 'e', depth)
	case KindDict:
		e.dst = append(e.dst, '}')
		e.memoize(n)
		return e.items(n.Items, 'u', depth)
	case KindTuple:
		return e.tuple(n, depth)
	case KindSet, KindFrozenSet:
		return e.set(n, depth)
	}
	return e.object(n, depth)
}

// memoize remembers the value just written, if something refers to it.
func (e *encoder) memoize(n *Node) {
	if !n.Shared {
		return
	}
	if e.memo == nil {
		e.memo = map[*Node]uint32{}
	}
	index := uint32(len(e.memo))
	e.memo[n] = index
	e.dst = binary.LittleEndian.AppendUint32(append(e.dst, 'r'), index)
}

// items writes what op adds to the container just written.
func (e *encoder) items(items []*Node, op byte, depth int) error {
	if len(items) == 0 {
		return nil
	}
	e.dst = append(e.dst, '(')
	if err := e.values(items, depth); err != nil {
		return err
	}
	e.dst = append(e.dst, op)
	return nil
}

func (e *encoder) values(items []*Node, depth int) error {
	for _, item := range items {
		if err := e.value(item, depth-1); err != nil {
			return err
		}
	}
	return nil
}

var tupleOps = [...]byte{')', 0x85, 0x86, 0x87}

func (e *encoder) tuple(n *Node, depth int) error {
	long := len(n.Items) >= len(tupleOps)
	if long {
		e.dst = append(e.dst, '(')
	}
	if err := e.values(n.Items, depth); err != nil {
		return err
	}
	if long {
		e.dst = append(e.dst, 't')
	} else {
		e.dst = append(e.dst, tupleOps[len(n.Items)])
	}
	e.memoize(n)
	return nil
}

func (e *encoder) set(n *Node, depth int) error {
	switch {
	case e.protocol < 4: // no opcode for it: a call of the class
		c := Call(Global("builtins", n.Kind.String()), List(n.Items...))
		if err := e.object(c, depth); err != nil {
			return err
		}
		e.memoize(n)
		return nil
	case n.Kind == KindSet:
		e.dst = append(e.dst, 0x8f)
		e.memoize(n)
		return e.items(n.Items, 0x90, depth)
	}
	e.dst = append(e.dst, '(')
	if err := e.values(n.Items, depth); err != nil {
		return err
	}
	e.dst = append(e.dst, 0x91)
	e.memoize(n)
	return nil
}

func (e *encoder) object(n *Node, depth int) error {
	made := []*Node{n.Callable(), n.Args()}
	op := byte('R')
	switch {
	case n.Kwargs() != nil && e.protocol < 4:
		return errors.New("a __new__ with keyword arguments")
	case n.Kwargs() != nil:
		made = append(made, n.Kwargs())
		op = 0x92
	case n.New:
		op = 0x81
	}
	if err := e.values(made, depth); err != nil {
		return err
	}
	e.dst = append(e.dst, op)
	e.memoize(n)
	if l := n.Appended(); l != nil {
		if err := e.items(l.Items, 'e', depth); err != nil {
			return err
		}
	}
	if d := n.Entries(); d != nil {
		if err := e.items(d.Items, 'u', depth); err != nil {
			return err
		}
	}
	if s := n.State(); s != nil {
		if err := e.value(s, depth-1); err != nil {
			return err
		}
		e.dst = append(e.dst, 'b')
	}
	return nil
}

// renamed are modules that Python itself names as Python 2 did up to protocol 2.
var renamed = []struct{ python2, python3 string }{{"__builtin__", "builtins"}, {"copy_reg", "copyreg"}}

func (e *encoder) global(n *Node) error {
	module, name := n.Name()
	for _, m := range renamed {
		if e.protocol == oldest && module == m.python3 {
			module = m.python2
		} else if e.protocol > oldest && module == m.python2 {
			module = m.python3
		}
	}
	if e.protocol >= 4 {
		if err := errors.Join(e.str(module), e.str(name)); err != nil {
			return err
		}
		e.dst = append(e.dst, 0x93)
		return nil
	}
	if strings.ContainsRune(module+name, '\n') {
		return fmt.Errorf("a name with a line break, %q", name)
	}
	e.dst = append(e.dst, 'c')
	e.dst = append(append(e.dst, module...), '\n')
	e.dst = append(append(e.dst, name...), '\n')
	return nil
}

func (e *encoder) int(n *Node) error {
	v := int64(n.num)
	switch {
	case n.Text != "" && len(n.Text) < 256:
		e.dst = append(e.dst, 0x8a, byte(len(n.Text)))
		e.dst = append(e.dst, n.Text...)
	case n.Text != "":
		return e.sized(0x8b, 0, n.Text)
	case 0 <= v && v <= math.MaxUint8:
		e.dst = append(e.dst, 'K', byte(v))
	case 0 <= v && v <= math.MaxUint16:
		e.dst = binary.LittleEndian.AppendUint16(append(e.dst, 'M'), uint16(v))
	case math.MinInt32 <= v && v <= math.MaxInt32:
		e.dst = binary.LittleEndian.AppendUint32(append(e.dst, 'J'), uint32(v))
	default:
		e.dst = binary.LittleEndian.AppendUint64(append(e.dst, 0x8a, 8), uint64(v))
	}
	return nil
}

func (e *encoder) str(text string) error {
	if e.protocol >= 4 && len(text) < 256 {
		e.dst = append(e.dst, 0x8c, byte(len(text)))
		e.dst = append(e.dst, text...)
		return nil
	}
	return e.sized('X', 0x8d, text)
}

func (e *encoder) bytes(text string) error {
	if e.protocol == oldest { // no opcode for it: Python writes this
		latin1 := make([]rune, len(text))
		for i := range latin1 {
			latin1[i] = rune(text[i])
		}
		return e.object(Call(Global("_codecs", "encode"), Str(string(latin1)), Str("latin1")), maxDepth)
	}
	if len(text) < 256 {
		e.dst = append(e.dst, 'C', byte(len(text)))
		e.dst = append(e.dst, text...)
		return nil
	}
	return e.sized('B', 0x8e, text)
}

func (e *encoder) byteArray(n *Node, depth int) error {
	if e.protocol >= 5 {
		e.dst = binary.LittleEndian.AppendUint64(append(e.dst, 0x96), uint64(len(n.Text)))
		e.dst = append(e.dst, n.Text...)
	} else if err := e.object(Call(Global("builtins", "bytearray"), Bytes(n.Text)), depth); err != nil {
		return err
	}
	e.memoize(n)
	return nil
}

// sized writes text behind op4 and its length in 4 bytes, or behind op8, of
// protocol 4, and 8 bytes. 0 stands for no op8.
func (e *encoder) sized(op4, op8 byte, text string) error {
	switch {
	case uint64(len(text)) <= math.MaxInt32:
		e.dst = binary.LittleEndian.AppendUint32(append(e.dst, op4), uint32(len(text)))
	case op8 != 0 && e.protocol >= 4:
		e.dst = binary.LittleEndian.AppendUint64(append(e.dst, op8), uint64(len(text)))
	default:
		return errors.New("a value of 2 GiB or more")
	}
	e.dst = append(e.dst, text...)
	return nil
}
