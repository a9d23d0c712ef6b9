package juggler

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// own returns v as a *list or *object that a patch may change, if it has parts.
func own(v any) any {
	switch v := v.(type) {
	case []any:
		return &list{slices.Clone(v)}
	case map[string]any:
		return &object{maps.Clone(v)}
	}
	return v
}

// settle makes plain values of the *list and *object in v, which nobody changes
// from then on.
func settle(v any) any {
	switch v := v.(type) {
	case *list:
		for i, element := range v.elements {
			v.elements[i] = settle(element)
		}
		return v.elements
	case *object:
		for key, member := range v.members {
			v.members[key] = settle(member)
		}
		return v.members
	}
	return v
}

// freeze returns a plain copy of v, apart from the *list and *object in it, which
// change later.
func freeze(v any) any {
	switch v := v.(type) {
	case *list:
		elements := make([]any, len(v.elements))
		for i, element := range v.elements {
			elements[i] = freeze(element)
		}
		return elements
	case *object:
		members := make(map[string]any, len(v.members))
		for key, member := range v.members {
			members[key] = freeze(member)
		}
		return members
	}
	return v
}

func elementsOf(v any) []any {
	if l, ok := v.(*list); ok {
		return l.elements
	}
	elements, _ := v.([]any)
	return elements
}

func membersOf(v any) map[string]any {
	if o, ok := v.(*object); ok {
		return o.members
	}
	members, _ := v.(map[string]any)
	return members
}

// measure subtracts from left about the bytes that v takes written out, and fails
// when they run out, or when v nests more than depth values.
func measure(v any, left *int, depth int) error {
	if depth < 0 {
		return fmt.Errorf("more than %d values nested", maxDepth)
	}
	n := 2 // brackets, quotes, a comma
	switch v := v.(type) {
	case string:
		n += len(v)
	case json.Number:
		n += len(v)
	case []any, *list:
		for _, element := range elementsOf(v) {
			if err := measure(element, left, depth-1); err != nil {
				return err
			}
		}
	case map[string]any, *object:
		for key, member := range membersOf(v) {
			n += len(key) + 4
			if err := measure(member, left, depth-1); err != nil {
				return err
			}
		}
	}
	if *left -= n; *left < 0 {
		return fmt.Errorf("the state becomes too large")
	}
	return nil
}

// equal compares as the operation test does: numbers by value.
func equal(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		n, ok := b.(json.Number)
		return ok && equalNumbers(a, n)
	case []any, *list:
		switch b.(type) {
		case []any, *list:
			return slices.EqualFunc(elementsOf(a), elementsOf(b), equal)
		}
		return false
	case map[string]any, *object:
		switch b.(type) {
		case map[string]any, *object:
			return maps.EqualFunc(membersOf(a), membersOf(b), equal)
		}
		return false
	}
	switch b.(type) {
	case []any, *list, map[string]any, *object:
		return false
	}
	return a == b
}

// equalNumbers compares exactly, 1 with 1.0 and 1e400 with 10e399 too.
func equalNumbers(a, b json.Number) bool {
	if a == b {
		return true
	}
	aDigits, aExponent, aOK := decimal(string(a))
	bDigits, bExponent, bOK := decimal(string(b))
	return aOK && bOK && aDigits == bDigits && aExponent == bExponent
}

// decimal returns a number as a sign and digits without zeros at either end, and
// the power of ten to multiply them with. It is not ok where that power does not fit.
func decimal(s string) (digits string, exponent int64, ok bool) {
	s, power, found := strings.Cut(strings.ToLower(s), "e")
	if found {
		var err error
		if exponent, err = strconv.ParseInt(power, 10, 32); err != nil {
			return "", 0, false
		}
	}
	s, minus := strings.CutPrefix(s, "-")
	whole, fraction, _ := strings.Cut(s, ".")
	exponent -= int64(len(fraction))
	digits = strings.TrimLeft(whole+fraction, "0")
	short := strings.TrimRight(digits, "0")
	if short == "" {
		return "", 0, true
	}
	exponent += int64(len(digits) - len(short))
	if minus {
		short = "-" + short
	}
	return short, exponent, true
}
