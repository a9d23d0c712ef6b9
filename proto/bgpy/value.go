package bgpy

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"

	"github.com/chancat/channel/internal/pickle"
)

// maxValues bounds the values of a message. A pickle can repeat one at the price
// of two bytes, and repeat what repeats: each place counts.
const maxValues = 1 << 20

// A valuer makes Go values of the nodes of a pickle.
type valuer struct {
	depth int                   // levels of nesting above
	left  int                   // values that may still be made
	above map[*pickle.Node]bool // shared nodes that are being made
	funcs bool                  // functions are allowed here
}

func (v *valuer) value(n *pickle.Node) (any, error) {
	if n.Kind == pickle.KindRef {
		n = n.Items[0]
	}
	if v.left--; v.left < 0 {
		return nil, fmt.Errorf("more than %d values", maxValues)
	}
	if v.depth++; v.depth > maxDepth {
		return nil, fmt.Errorf("a value nested deeper than %d levels", maxDepth)
	}
	defer func() { v.depth-- }()
	if n.Shared {
		if v.above[n] {
			return nil, fmt.Errorf("a %s that is part of itself", n.Kind)
		}
		if v.above == nil {
			v.above = map[*pickle.Node]bool{}
		}
		v.above[n] = true
		defer delete(v.above, n)
	}
	switch n.Kind {
	case pickle.KindNone:
		return nil, nil
	case pickle.KindBool:
		return n.Bool(), nil
	case pickle.KindInt:
		if i, ok := n.Int(); ok {
			return i, nil
		}
		return n.Big(), nil
	case pickle.KindFloat:
		return n.Float(), nil
	case pickle.KindStr:
		return n.Text, nil
	case pickle.KindBytes, pickle.KindByteArray:
		return []byte(n.Text), nil
	case pickle.KindList:
		return v.items(n)
	case pickle.KindTuple:
		items, err := v.items(n)
		return Tuple(items), err
	case pickle.KindSet, pickle.KindFrozenSet:
		items, err := v.items(n)
		return Set(items), err
	case pickle.KindDict:
		return v.dict(n)
	case pickle.KindGlobal:
		if module, name := n.Name(); v.funcs {
			return Func{module, name}, nil
		} else {
			return nil, fmt.Errorf("the name %.100q in place of a value", module+"."+name)
		}
	}
	return nil, fmt.Errorf("a value of the kind %s", n.Kind)
}

func (v *valuer) items(n *pickle.Node) ([]any, error) {
	items := make([]any, 0, len(n.Items))
	for _, item := range n.Items {
		value, err := v.value(item)
		if err != nil {
			return nil, err
		}
		items = append(items, value)
	}
	return items, nil
}

func (v *valuer) dict(n *pickle.Node) (Dict, error) {
	items, err := v.items(n)
	if err != nil {
		return nil, err
	}
	d := make(Dict, 0, len(items)/2)
	for pair := range slices.Chunk(items, 2) {
		d = append(d, Item{pair[0], pair[1]})
	}
	return d, nil
}

// node makes the node of a value to send.
func node(v any, depth int) (*pickle.Node, error) {
	if depth == 0 {
		return nil, fmt.Errorf("a value nested deeper than %d levels", maxDepth)
	}
	switch v := v.(type) {
	case nil:
		return pickle.None(), nil
	case bool:
		return pickle.Bool(v), nil
	case string:
		return pickle.Str(v), nil
	case []byte:
		return pickle.Bytes(string(v)), nil
	case *big.Int:
		return pickle.BigInt(v), nil
	case Func:
		return pickle.Global(v.Module, v.Name), nil
	case Tuple:
		items, err := nodes(reflect.ValueOf(v), depth)
		return pickle.Tuple(items...), err
	case Set:
		return nil, errors.New("a set cannot be sent; send a list")
	case Dict:
		return dictNode(v, depth)
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return pickle.Int(r.Int()), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return pickle.BigInt(new(big.Int).SetUint64(r.Uint())), nil
	case reflect.Float32, reflect.Float64:
		return pickle.Float(r.Float()), nil
	case reflect.String:
		return pickle.Str(r.String()), nil
	case reflect.Slice, reflect.Array:
		items, err := nodes(r, depth)
		return pickle.List(items...), err
	case reflect.Map:
		return mapNode(r, depth)
	}
	return nil, fmt.Errorf("a value of the type %T cannot be sent", v)
}

func nodes(r reflect.Value, depth int) ([]*pickle.Node, error) {
	items := make([]*pickle.Node, 0, r.Len())
	for i := range r.Len() {
		item, err := node(r.Index(i).Interface(), depth-1)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

func dictNode(d Dict, depth int) (*pickle.Node, error) {
	items := make([]*pickle.Node, 0, 2*len(d))
	for _, item := range d {
		for _, v := range []any{item.Key, item.Value} {
			n, err := node(v, depth-1)
			if err != nil {
				return nil, fmt.Errorf("%v: %w", item.Key, err)
			}
			items = append(items, n)
		}
	}
	return pickle.Dict(items...), nil
}

// mapNode makes a dict of a map with string keys, sorted.
func mapNode(r reflect.Value, depth int) (*pickle.Node, error) {
	if r.Type().Key().Kind() != reflect.String {
		return nil, fmt.Errorf("a value of the type %v cannot be sent: its keys are no strings", r.Type())
	}
	var d Dict
	for _, key := range r.MapKeys() {
		d = append(d, Item{key.String(), r.MapIndex(key).Interface()})
	}
	slices.SortFunc(d, func(a, b Item) int { return strings.Compare(a.Key.(string), b.Key.(string)) })
	return dictNode(d, depth)
}
