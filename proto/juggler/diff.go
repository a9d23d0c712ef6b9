package juggler

import (
	"strings"

	"github.com/wI2L/jsondiff"
)

// costly is the sum of the squares of the lengths of all lists in a state from
// which they are compared place by place: the longest common subsequence of two
// lists takes the product of their lengths.
const costly = 1 << 16

// largeDiff is how many bytes a diff must have before it is compared with the
// state, which may be shorter.
const largeDiff = 64 << 10

// diff returns what leads from one tree to another, nothing where they are equal.
// The values in it are parts of the trees.
func diff(from, to any) jsondiff.Patch {
	var d jsondiff.Differ
	if squares(from, costly) <= costly && squares(to, costly) <= costly {
		d.WithOpts(jsondiff.LCS())
	}
	d.Compare(from, to)
	return d.Patch()
}

// squares returns the sum of the squares of the lengths of the lists in v, or any
// sum over enough.
func squares(v any, enough int) int {
	sum := 0
	switch v := v.(type) {
	case []any:
		if len(v) > 0 && len(v) > enough/len(v) { // the square may not fit an int
			return enough + 1
		}
		sum = len(v) * len(v)
		for _, element := range v {
			if sum > enough {
				break
			}
			sum += squares(element, enough-sum)
		}
	case map[string]any:
		for _, member := range v {
			if sum > enough {
				break
			}
			sum += squares(member, enough-sum)
		}
	}
	return sum
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
		if op.Path == "" || strings.Contains(op.Path, "/__proto__") {
			return newSnapshot(to) // such a path leads a JavaScript client out of its state
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
