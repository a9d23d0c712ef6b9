package view

import (
	"strconv"
	"strings"

	"github.com/chancat/channel/internal/pickle"
)

const (
	// A pickle can repeat a value at the price of two bytes. What is shown is
	// therefore bounded: this many times the body, and pickleExtra bytes.
	pickleGrowth = 16
	pickleExtra  = 4 << 10

	pickleDigits = 512 // bytes of the longest integer that is shown in decimal
)

// Pickle shows one pickle of Python as a tree, in the notation of Python with
// these marks:
//
//	$global module.name         a class or function, not resolved
//	$reduce module.name(1)      what calling it would make; it is not called
//	$class module.name()        what the __new__ of the class would make
//	… $state {"a": 1}           and what __setstate__ would get, after an object
//	… $items [1] $entries {}    and what would be added to it
//	&1 [*1]                     a value, and a place that refers to it
//	$persistent 5, $ext 240, $buffer
//
// Nothing in a pickle is ever resolved or run.
func Pickle(dst, body []byte) []byte {
	root, size, err := pickle.Decode(body, nil)
	if err != nil || size != len(body) {
		return otherwise(dst, body)
	}
	p := pickled{limit: pickleGrowth*len(body) + pickleExtra}
	p.value(root, notationDepth)
	return spread(dst, p.out)
}

type pickled struct {
	walker
	limit int // bytes of out
	cut   bool
	marks map[*pickle.Node]int // numbers of the values already shown that are referred to
}

// full reports whether no more can be shown, and says so once.
func (p *pickled) full(more int) bool {
	if len(p.out)+more > p.limit && !p.cut {
		p.cut = true
		p.text("…")
	}
	return p.cut
}

func (p *pickled) value(n *pickle.Node, depth int) {
	if n.Kind == pickle.KindRef {
		n = n.Items[0]
	}
	if p.full(len(n.Text)) || p.marked(n) {
		return
	}
	if depth == 0 {
		p.text("…")
		return
	}
	switch n.Kind {
	case pickle.KindNone:
		p.text("None")
	case pickle.KindBool:
		p.boolean(n.Bool())
	case pickle.KindInt:
		p.integer(n)
	case pickle.KindFloat:
		p.out = appendFloat(p.out, n.Float(), 64)
	case pickle.KindStr:
		p.out = appendString(p.out, []byte(n.Text))
	case pickle.KindBytes:
		p.out = appendBytes(p.out, n.Text)
	case pickle.KindByteArray:
		p.text("bytearray(")
		p.out = appendBytes(p.out, n.Text)
		p.text(")")
	case pickle.KindGlobal:
		p.text("$global ")
		p.name(n)
	case pickle.KindExtension:
		p.text("$ext ")
		p.uint(n.Code())
	case pickle.KindPersistent:
		p.text("$persistent ")
		p.value(n.Items[0], depth-1)
	case pickle.KindBuffer:
		p.text("$buffer")
	case pickle.KindObject:
		p.object(n, depth)
	default:
		p.container(n, depth)
	}
}

func (p *pickled) boolean(v bool) {
	if v {
		p.text("True")
	} else {
		p.text("False")
	}
}

// marked writes a reference if n has been shown already, and else a mark if a
// reference leads to it.
func (p *pickled) marked(n *pickle.Node) bool {
	if !n.Shared {
		return false
	}
	number, shown := p.marks[n]
	if shown {
		p.text("*" + strconv.Itoa(number))
		return true
	}
	if p.marks == nil {
		p.marks = map[*pickle.Node]int{}
	}
	p.marks[n] = len(p.marks) + 1
	p.text("&" + strconv.Itoa(len(p.marks)) + " ")
	return false
}

// integer writes n in decimal unless that would take long.
func (p *pickled) integer(n *pickle.Node) {
	if len(n.Text) <= pickleDigits {
		p.out = n.Big().Append(p.out, 10)
		return
	}
	p.text("$int ")
	p.out = appendBytes(p.out, n.Text)
}

// name writes the name of a global, quoted unless it is plain.
func (p *pickled) name(n *pickle.Node) {
	module, name := n.Name()
	if p.full(len(module) + len(name)) {
		return
	}
	full := module + "." + name
	if strings.ContainsFunc(full, unplain) {
		p.out = appendString(p.out, []byte(full))
		return
	}
	p.text(full)
}

func unplain(r rune) bool {
	return r != '.' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

var pickleBrackets = [...][2]string{
	pickle.KindList:      {"[", "]"},
	pickle.KindTuple:     {"(", ")"},
	pickle.KindDict:      {"{", "}"},
	pickle.KindSet:       {"set{", "}"},
	pickle.KindFrozenSet: {"frozenset{", "}"},
}

func (p *pickled) container(n *pickle.Node, depth int) {
	brackets := pickleBrackets[n.Kind]
	p.text(brackets[0])
	p.items(n, depth)
	if n.Kind == pickle.KindTuple && len(n.Items) == 1 {
		p.text(",")
	}
	p.text(brackets[1])
}

func (p *pickled) items(n *pickle.Node, depth int) {
	for i, item := range n.Items {
		switch {
		case p.cut:
			return
		case i == 0:
		case n.Kind == pickle.KindDict && i%2 == 1:
			p.text(": ")
		default:
			p.text(", ")
		}
		p.value(item, depth-1)
	}
}

func (p *pickled) object(n *pickle.Node, depth int) {
	mark := "$reduce "
	if n.New {
		mark = "$class "
	}
	p.text(mark)
	if c := n.Callable(); c.Kind == pickle.KindGlobal {
		p.name(c)
	} else {
		p.value(c, depth-1)
	}
	if args := n.Args(); args.Kind == pickle.KindTuple && !args.Shared {
		p.text("(")
		p.items(args, depth)
		p.text(")")
	} else {
		p.part(" $args ", args, depth)
	}
	p.part(" $kwargs ", n.Kwargs(), depth)
	p.part(" $items ", n.Appended(), depth)
	p.part(" $entries ", n.Entries(), depth)
	p.part(" $state ", n.State(), depth)
}

func (p *pickled) part(mark string, n *pickle.Node, depth int) {
	if n == nil || p.cut {
		return
	}
	p.text(mark)
	p.value(n, depth-1)
}
