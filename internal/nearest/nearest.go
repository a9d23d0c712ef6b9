// Package nearest guesses which of the known words a mistyped one was meant to be.
package nearest

import "strings"

// Word returns the word of known that typed is most likely meant to be: one that
// it is the beginning of, or the first of those from which it differs by least, if
// that is little enough to be a slip. Empty means none.
func Word(typed string, known []string) string {
	if len(typed) > 1 {
		for _, k := range known {
			if strings.HasPrefix(k, typed) {
				return k
			}
		}
	}
	best, least := "", (len(typed)+1)/3
	for _, k := range known {
		if d := distance(typed, k); d <= least && d < len(k) && (best == "" || d < least) {
			best, least = k, d
		}
	}
	return best
}

// wordMost bounds the bytes of a word that is looked at: the work is the product of
// two lengths.
const wordMost = 64

// distance is the number of bytes to insert, delete or replace between a and b, and
// of neighbours that have changed places.
func distance(a, b string) int {
	if len(a) > wordMost || len(b) > wordMost {
		return max(len(a), len(b))
	}
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			replace := row[j]
			if a[i] != b[j] {
				replace++
			}
			next[j+1] = min(replace, next[j]+1, row[j+1]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
