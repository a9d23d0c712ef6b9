package repl

import (
	"strconv"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/chancat/channel/internal/text/escape"
)

// clusterMost bounds a grapheme cluster in runes: a letter may carry any number
// of marks, and each step over a line must be short.
const clusterMost = 32

// A cluster is what a person sees as one character.
type cluster struct {
	runes int
	cells int  // it takes on the screen
	most  int  // cells that a terminal which knows less of Unicode gives it
	sign  bool // it is shown as a sign, because its shape would move the cursor or hide
}

// firstCluster measures the cluster that line starts with. line is not empty.
func firstCluster(line []rune) cluster {
	r := line[0]
	if w := simpleCells(r); w > 0 && (len(line) == 1 || simpleCells(line[1]) > 0) {
		return cluster{runes: 1, cells: w, most: w}
	}
	if r < ' ' || r == 0x7f {
		w := uniseg.StringWidth(sign(r))
		return cluster{runes: 1, cells: w, most: w, sign: true}
	}
	var text [clusterMost * utf8.UTFMax]byte
	window := line[:min(len(line), clusterMost)]
	buf := text[:0]
	for _, r := range window {
		buf = utf8.AppendRune(buf, r)
	}
	first, _, cells, _ := uniseg.FirstGraphemeCluster(buf, -1)
	n := utf8.RuneCount(first)
	if cells == 0 || n == 1 && !escape.Shown(r) {
		w := len(sign(r))
		return cluster{runes: 1, cells: w, most: w, sign: true}
	}
	c := cluster{runes: n, cells: cells}
	for _, r := range line[:n] {
		c.most += uniseg.StringWidth(string(r))
	}
	c.most = max(c.most, cells)
	return c
}

// simpleCells is the width of a rune that is a cluster of its own beside another
// such rune, and 0 of any other. Most text has nothing else.
func simpleCells(r rune) int {
	switch {
	case ' ' <= r && r <= '~':
		return 1
	case 0x4e00 <= r && r <= 0x9fff, 0xac00 <= r && r <= 0xd7a3, // Han, Hangul syllables
		0x3041 <= r && r <= 0x3096, 0x30a1 <= r && r <= 0x30fa: // kana
		return 2
	}
	return 0
}

// sign is how r is shown, inverted, if it cannot be shown as it is.
func sign(r rune) string {
	switch {
	case r == '\n':
		return "$"
	case r == '\t':
		return ">"
	case r < ' ':
		return "^" + string(r+'@')
	case r == 0x7f:
		return "^?"
	}
	return "<" + strconv.FormatInt(int64(r), 16) + ">"
}

// clusterBefore returns where the cluster that ends at pos starts.
func clusterBefore(line []rune, pos int) int {
	i := max(0, pos-2*clusterMost)
	for at := pos - 1; at > i; at-- { // no cluster crosses into a simple rune
		if simpleCells(line[at]) > 0 {
			i = at
			break
		}
	}
	for start := i; i < pos; {
		start = i
		if i += firstCluster(line[i:]).runes; i >= pos {
			return start
		}
	}
	return pos
}

// clusterAfter returns where the cluster that starts at pos ends.
func clusterAfter(line []rune, pos int) int {
	if pos >= len(line) {
		return pos
	}
	return pos + firstCluster(line[pos:]).runes
}
