package juggler

import (
	"fmt"
	"strconv"
	"strings"
)

var unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")

// splitPointer returns the parts of a JSON Pointer (RFC 6901), none for the root.
func splitPointer(pointer string) ([]string, error) {
	if pointer == "" {
		return nil, nil
	}
	if pointer[0] != '/' {
		return nil, fmt.Errorf("the path %q does not start with a slash", pointer)
	}
	parts := strings.Split(pointer[1:], "/")
	if len(parts) > maxDepth {
		return nil, fmt.Errorf("a path of more than %d parts", maxDepth)
	}
	for i, part := range parts {
		if strings.Contains(part, "~") {
			for j := range len(part) {
				if part[j] == '~' && (j+1 == len(part) || part[j+1] != '0' && part[j+1] != '1') {
					return nil, fmt.Errorf("the path %q has a '~' without 0 or 1 behind it", pointer)
				}
			}
			parts[i] = unescapePointer.Replace(part)
		}
	}
	return parts, nil
}

// index returns the index that part names in a list of n elements; the one behind
// the last, also spelled "-", only where end is set.
func index(part string, n int, end bool) (int, error) {
	if part == "-" && end {
		return n, nil
	}
	i, err := strconv.Atoi(part)
	if err != nil || strconv.Itoa(i) != part || i < 0 {
		return 0, fmt.Errorf("%q is no index of a list", part)
	}
	if i > n || i == n && !end {
		return 0, fmt.Errorf("index %d of a list of %d", i, n)
	}
	return i, nil
}
