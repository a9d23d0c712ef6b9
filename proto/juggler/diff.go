package juggler

import (
	"github.com/wI2L/jsondiff"
)

// longList is the length of a list from which elements are compared place by
// place: the longest common subsequence of two lists takes the product of their
// lengths.
const longList = 64

// largeDiff is how many bytes a diff must have before it is compared with the
// state, which may be shorter.
const largeDiff = 64 << 10

// diff returns what leads from one tree to another, nothing where they are equal.
// The values in it are parts of the trees.
func diff(from, to any) jsondiff.Patch {
	var d jsondiff.Differ
	if longest(from, longList) <= longList && longest(to, longList) <= longList {
		d.WithOpts(jsondiff.LCS())
	}
	d.Compare(from, to)
	return d.Patch()
}

// longest returns the length of the longest list in v, or of any over enough.
func longest(v any, enough int) int {
	n := 0
	switch v := v.(type) {
	case []any:
		n = len(v)
		for _, element := range v {
			if n > enough {
				break
			}
			n = max(n, longest(element, enough))
		}
	case map[string]any:
		for _, member := range v {
			if n > enough {
				break
			}
			n = max(n, longest(member, enough))
		}
	}
	return n
}

// newDiff returns the message that leads a client from one state to another, nil
// where they are equal. It holds replace, add and remove only: some clients do
// wrong what else a JSON Patch may have.
func newDiff(from, to any) *payload {
	ops := diff(from, to)
	if len(ops) == 0 {
		return nil
	}
	dst := []byte(stateStart)
	for i, op := range ops {
		if op.Path == "" {
			return newSnapshot(to)
		}
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, `{"op": "`...)
		dst = append(dst, op.Type...)
		dst = append(dst, `", "path": `...)
		dst = appendString(dst, op.Path)
		if op.Type != jsondiff.OperationRemove {
			dst = append(dst, `, "value": `...)
			dst = appendValue(dst, op.Value)
		}
		dst = append(dst, '}')
	}
	dst = append(dst, "]}"...)
	if len(dst) > largeDiff {
		if s := newSnapshot(to); len(s.text) < len(dst) {
			return s
		}
	}
	return &payload{text: dst}
}

const stateStart = `0{"type": "state", "diff": [`

// newSnapshot returns the message that makes a client's state v, whatever it was.
func newSnapshot(v any) *payload {
	dst := append([]byte(stateStart), `{"op": "replace", "path": "", "value": `...)
	return &payload{text: append(appendValue(dst, v), "}]}"...)}
}
