package juggler

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
)

var someKeys = []string{"", "a", "b", "c", "/", "~", "~1", "a/b", "ž", "0", "-", "\"\\"}

var someScalars = []any{nil, true, false, "", "x", "ž🐎", json.Number("0"), json.Number("1"), json.Number("2.5"), json.Number("-3")}

// randomValue returns a tree of at most depth levels.
func randomValue(r *rand.Rand, depth int) any {
	if depth > 0 {
		switch r.IntN(4) {
		case 0:
			list := []any{}
			for range r.IntN(5) {
				list = append(list, randomValue(r, depth-1))
			}
			return list
		case 1:
			object := map[string]any{}
			for range r.IntN(5) {
				object[someKeys[r.IntN(len(someKeys))]] = randomValue(r, depth-1)
			}
			return object
		}
	}
	if r.IntN(3) == 0 {
		return json.Number(fmt.Sprint(r.IntN(1000)))
	}
	return someScalars[r.IntN(len(someScalars))]
}

// mutated returns v with some change, mostly a small one; v stays as it is.
func mutated(r *rand.Rand, v any, depth int) any {
	if r.IntN(8) == 0 || depth == 0 {
		return randomValue(r, depth)
	}
	switch v := v.(type) {
	case []any:
		v = slices.Clone(v)
		i := r.IntN(len(v) + 1)
		switch {
		case i == len(v) || r.IntN(3) == 0:
			return slices.Insert(v, i, randomValue(r, depth-1))
		case r.IntN(3) == 0:
			return slices.Delete(v, i, i+1)
		case r.IntN(4) == 0:
			slices.Reverse(v)
			return v
		}
		v[i] = mutated(r, v[i], depth-1)
		return v
	case map[string]any:
		v = maps.Clone(v)
		key := someKeys[r.IntN(len(someKeys))]
		if r.IntN(4) == 0 {
			delete(v, key)
		} else {
			v[key] = mutated(r, v[key], depth-1)
		}
		return v
	}
	return randomValue(r, depth)
}
