package juggler

import (
	"encoding/json"
	"fmt"
	"slices"
)

// A PatchError is a change of the state that does not fit the state which the
// client has.
type PatchError struct {
	Patch json.RawMessage // the whole patch; none of it was applied
	Op    int             // the operation that failed, from 0
	Err   error
}

func (e *PatchError) Error() string {
	return fmt.Sprintf("the change does not apply to the state here: operation %d: %v", e.Op, e.Err)
}

func (e *PatchError) Unwrap() error { return e.Err }

// apply returns what the operations make of doc. It leaves doc, which others may
// be reading, as it is; the result shares with it what was not changed. On an error
// failed is the number of the operation.
//
// Lists and objects are copied when they are first changed, and stand in the tree
// as *list and *object until the end, so that a patch copies each only once.
func apply(doc any, ops []any, limit int) (result any, failed int, err error) {
	d := document{root: doc, left: limit}
	for i, op := range ops {
		if err := d.apply(op); err != nil {
			return nil, i, err
		}
	}
	return settle(d.root), 0, nil
}

type (
	list   struct{ elements []any }
	object struct{ members map[string]any }
)

type document struct {
	root any
	left int // bytes that copies and moves may still hold, about
}

func (d *document) apply(op any) error {
	o, ok := op.(map[string]any)
	if !ok {
		return fmt.Errorf("it is no object")
	}
	path, err := pathOf(o, "path")
	if err != nil {
		return err
	}
	value, has := o["value"]
	kind, _ := o["op"].(string)
	switch kind {
	case "add", "replace", "test":
		if !has {
			return fmt.Errorf("%s without a value", kind)
		}
	}
	switch kind {
	case "add":
		return d.put(path, value, true)
	case "replace":
		return d.put(path, value, false)
	case "remove":
		return d.remove(path)
	case "test":
		at, err := d.get(path)
		if err == nil && !equal(at, value) {
			err = fmt.Errorf("test: the value at %q is another", o["path"])
		}
		return err
	case "move", "copy":
		from, err := pathOf(o, "from")
		if err != nil {
			return err
		}
		return d.carry(kind, from, path)
	}
	return fmt.Errorf("unknown operation %.20q", fmt.Sprint(o["op"]))
}

func pathOf(op map[string]any, name string) ([]string, error) {
	s, ok := op[name].(string)
	if !ok {
		return nil, fmt.Errorf("%q is no string", name)
	}
	return splitPointer(s)
}

// carry is move and copy.
func (d *document) carry(kind string, from, to []string) error {
	if kind == "move" && len(from) < len(to) && slices.Equal(from, to[:len(from)]) {
		return fmt.Errorf("move of a value into itself")
	}
	v, err := d.get(from)
	if err != nil {
		return err
	}
	// A value that holds itself many times over costs nothing here, and everything
	// where it is written out.
	if err := measure(v, &d.left, maxDepth-len(to)); err != nil {
		return err
	}
	if kind == "copy" {
		return d.put(to, freeze(v), true)
	}
	if err := d.remove(from); err != nil {
		return err
	}
	return d.put(to, v, true)
}

func (d *document) get(path []string) (any, error) {
	at := d.root
	for _, part := range path {
		switch c := at.(type) {
		case map[string]any, *object:
			v, ok := membersOf(c)[part]
			if !ok {
				return nil, fmt.Errorf("there is no %q", part)
			}
			at = v
		case []any, *list:
			elements := elementsOf(c)
			i, err := index(part, len(elements), false)
			if err != nil {
				return nil, err
			}
			at = elements[i]
		default:
			return nil, fmt.Errorf("%q in a value that has no parts", part)
		}
	}
	return at, nil
}

// change calls f with the *list or *object that holds the value at path, which is
// not empty, and the last part of the path. What stands above it is copied. It
// returns what at has become.
func change(at any, path []string, f func(parent any, part string) error) (any, error) {
	at = own(at)
	part, rest := path[0], path[1:]
	if len(rest) == 0 {
		return at, f(at, part)
	}
	switch c := at.(type) {
	case *object:
		child, ok := c.members[part]
		if !ok {
			return nil, fmt.Errorf("there is no %q", part)
		}
		child, err := change(child, rest, f)
		c.members[part] = child
		return at, err
	case *list:
		i, err := index(part, len(c.elements), false)
		if err != nil {
			return nil, err
		}
		c.elements[i], err = change(c.elements[i], rest, f)
		return at, err
	}
	return nil, fmt.Errorf("%q in a value that has no parts", part)
}

// put sets the value at path: an element that is added moves those behind it, and
// what is replaced must be there.
func (d *document) put(path []string, value any, add bool) (err error) {
	if err := measure(value, new(d.left), maxDepth-len(path)); err != nil {
		return err
	}
	if len(path) == 0 {
		d.root = value
		return nil
	}
	d.root, err = change(d.root, path, func(parent any, part string) error {
		switch c := parent.(type) {
		case *object:
			if _, ok := c.members[part]; !ok && !add {
				return fmt.Errorf("there is no %q", part)
			}
			c.members[part] = value
			return nil
		case *list:
			i, err := index(part, len(c.elements), add)
			switch {
			case err != nil:
				return err
			case add:
				c.elements = slices.Insert(c.elements, i, value)
			default:
				c.elements[i] = value
			}
			return nil
		}
		return fmt.Errorf("%q in a value that has no parts", part)
	})
	return err
}

// remove removes the value at path. Removing the root leaves null.
func (d *document) remove(path []string) (err error) {
	if len(path) == 0 {
		d.root = nil
		return nil
	}
	d.root, err = change(d.root, path, func(parent any, part string) error {
		switch c := parent.(type) {
		case *object:
			if _, ok := c.members[part]; !ok {
				return fmt.Errorf("there is no %q", part)
			}
			delete(c.members, part)
			return nil
		case *list:
			i, err := index(part, len(c.elements), false)
			if err != nil {
				return err
			}
			c.elements = slices.Delete(c.elements, i, i+1)
			return nil
		}
		return fmt.Errorf("%q in a value that has no parts", part)
	})
	return err
}
