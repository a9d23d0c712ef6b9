package bgpy

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/pickle"
)

const (
	module   = "bgpy.core.message"
	class    = "Message"
	enum     = "MessageType"
	protocol = 3 // of the pickles that are written: all of Python 3 reads it

	lineLength = 76 // characters of base64
)

// A RefusedError is a message that is no message of bgpy, or holds what none
// needs. It wraps frame.ErrSyntax and, where a pickle is at fault, says at which
// of its bytes.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string   { return "message refused: " + e.Err.Error() }
func (e *RefusedError) Unwrap() []error { return []error{frame.ErrSyntax, e.Err} }

// AppendBody appends m as it stands in a frame, behind its length: base64 text of
// a pickle. The error is a value that cannot be sent.
func (m Message) AppendBody(dst []byte) ([]byte, error) {
	if m.Type < 0 || int(m.Type) >= len(typeNames) {
		return dst, fmt.Errorf("%v cannot be sent", m.Type)
	}
	args, err := dictNode(m.Args, maxDepth)
	if err != nil {
		return dst, fmt.Errorf("args: %w", err)
	}
	state := pickle.Dict(
		pickle.Str("type"), pickle.Call(pickle.Global(module, enum), pickle.Int(int64(m.Type))),
		pickle.Str("args"), args)
	p, err := pickle.Append(nil, pickle.Instance(pickle.Global(module, class), pickle.Tuple(), pickle.Tuple(pickle.None(), state)), protocol)
	if err != nil {
		return dst, err
	}
	for line := range slices.Chunk(p, lineLength/4*3) {
		dst = append(base64.StdEncoding.AppendEncode(dst, line), '\n')
	}
	return dst, nil
}

// ParseBody reads what stands in a frame behind its length. The error is a
// [*RefusedError].
func ParseBody(body []byte) (Message, error) {
	m, err := parseBody(body)
	if err != nil {
		return Message{}, &RefusedError{err}
	}
	return m, nil
}

func parseBody(body []byte) (Message, error) {
	p := make([]byte, base64.StdEncoding.DecodedLen(len(body)))
	n, err := base64.StdEncoding.Decode(p, body)
	if err != nil {
		return Message{}, fmt.Errorf("base64: %w", err)
	}
	var strays []*pickle.Node
	limits := &pickle.Limits{Depth: maxDepth + 10, Check: func(op string, n *pickle.Node) error {
		stray, err := check(op, n)
		if stray != nil {
			strays = append(strays, stray)
		}
		return err
	}}
	root, size, err := pickle.Decode(p[:n], limits)
	switch {
	case err != nil:
		return Message{}, err
	case size < n:
		return Message{}, fmt.Errorf("%d bytes behind the pickle", n-size)
	}
	m, err := message(root)
	if err != nil {
		return Message{}, err
	}
	// A name that is no part of the message would still be imported by Python.
	for _, s := range strays {
		if module, name := s.Name(); !m.names(Func{module, name}) {
			return Message{}, fmt.Errorf("the name %.100q, which is no task of an INIT", module+"."+name)
		}
	}
	return m, nil
}

// names reports whether m is an INIT with that task.
func (m Message) names(f Func) bool {
	if m.Type != Init {
		return false
	}
	for _, key := range []string{keyInit, keyExec, keyExit} {
		if m.Args.Get(key) == f {
			return true
		}
	}
	return false
}

// check is the rule for what in a pickle is more than data. It returns a name
// that only an INIT may have.
func check(op string, n *pickle.Node) (stray *pickle.Node, err error) {
	switch {
	case n.Kind == pickle.KindGlobal && !ours(n):
		return n, nil
	case n.Kind == pickle.KindGlobal:
		return nil, nil
	case n.Kind != pickle.KindObject || op == "INST" || op == "OBJ" || op == "NEWOBJ_EX":
		return nil, errors.New("no message has that")
	case n.New && n.Callable().Is(module, class) && len(n.Args().Items) == 0:
		return nil, nil
	}
	if _, ok := typeOf(n); ok && n.State() == nil {
		return nil, nil
	}
	if c := n.Callable(); c.Kind == pickle.KindGlobal {
		module, name := c.Name()
		return nil, fmt.Errorf("%.100q is not to be called", module+"."+name)
	}
	return nil, errors.New("no message has that")
}

func ours(n *pickle.Node) bool {
	return n.Is(module, class) || n.Is(module, enum) || isGetattr(n)
}

func isGetattr(n *pickle.Node) bool {
	return n.Is("builtins", "getattr") || n.Is("__builtin__", "getattr")
}

// typeOf returns the member of MessageType that n is, in one of two forms:
// MessageType(4), or getattr(MessageType, 'OK').
func typeOf(n *pickle.Node) (MessageType, bool) {
	if n.Kind != pickle.KindObject || n.New || n.Args().Kind != pickle.KindTuple {
		return 0, false
	}
	switch args := n.Args().Items; {
	case n.Callable().Is(module, enum) && len(args) == 1:
		v, ok := args[0].Int()
		return MessageType(v), ok && v >= 0 && v < int64(len(typeNames))
	case isGetattr(n.Callable()) && len(args) == 2 && args[0].Is(module, enum) && args[1].Kind == pickle.KindStr:
		i := slices.Index(typeNames[:], args[1].Text)
		return MessageType(i), i >= 0
	}
	return 0, false
}

// message reads the tree of a message: an object whose state is None and a dict
// of its slots.
func message(n *pickle.Node) (Message, error) {
	if !n.New || n.Kind != pickle.KindObject || !n.Callable().Is(module, class) || n.Appended() != nil || n.Entries() != nil {
		return Message{}, fmt.Errorf("a %s in place of a Message", n.Kind)
	}
	state := n.State()
	if state == nil || state.Kind != pickle.KindTuple || len(state.Items) != 2 ||
		state.Items[0].Kind != pickle.KindNone || state.Items[1].Kind != pickle.KindDict {
		return Message{}, errors.New("a Message without its slots")
	}
	slots := state.Items[1].Items
	if len(slots) != 4 || slots[0].Text != "type" || slots[2].Text != "args" {
		return Message{}, errors.New("a Message whose slots are not type and args")
	}
	var m Message
	var ok bool
	if m.Type, ok = typeOf(slots[1]); !ok {
		return Message{}, errors.New("a Message without a type")
	}
	if slots[3].Kind != pickle.KindDict {
		return Message{}, fmt.Errorf("args that are a %s, want a dict", slots[3].Kind)
	}
	v := valuer{left: maxValues, funcs: m.Type == Init}
	args, err := v.dict(slots[3])
	if err != nil {
		return Message{}, fmt.Errorf("args: %w", err)
	}
	for _, item := range args {
		if _, ok := item.Key.(string); !ok {
			return Message{}, fmt.Errorf("args: the key %.40s, want a str", appendJSON(nil, item.Key))
		}
	}
	m.Args = args
	return m, nil
}
