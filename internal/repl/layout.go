package repl

import (
	"sort"
	"strconv"
)

// A layout is a line after its prompt, cut into the rows of a terminal. The cuts
// are ours, not the terminal's, so that we know where everything stands.
type layout struct {
	width   int // in cells
	prompt  prompt
	line    []rune
	unicode bool  // the terminal shows more than ASCII
	rows    []int // where each starts in line; the first two at 0 if only the prompt fits in the first
}

// lay cuts line. width is at least 1.
func lay(p prompt, line []rune, width int) layout {
	l := layout{width: width, prompt: p.fit(width), line: line, rows: []int{0}}
	column := l.prompt.cells
	for i := 0; i < len(line); {
		c := firstCluster(line[i:])
		if column > 0 && column+max(l.cells(c), min(c.most, width)) > width {
			l.rows = append(l.rows, i)
			column = 0
		}
		column += l.cells(c)
		i += c.runes
		if line[i-1] == '\n' {
			l.rows = append(l.rows, i)
			column = 0
		}
	}
	if column >= width { // the cursor behind the last cell needs a place
		l.rows = append(l.rows, len(line))
	}
	return l
}

// cells is the width of c here; what is wider than the terminal becomes a
// question mark.
func (l layout) cells(c cluster) int {
	if c.cells > l.width {
		return 1
	}
	return c.cells
}

// cursor returns where the rune at pos stands; pos may be the end of the line.
func (l layout) cursor(pos int) (row, column int) {
	row = sort.SearchInts(l.rows, pos+1) - 1
	if row == 0 {
		column = l.prompt.cells
	}
	for i := l.rows[row]; i < pos; {
		c := firstCluster(l.line[i:])
		if i += c.runes; i > pos {
			break
		}
		column += l.cells(c)
	}
	return row, column
}

// appendRow appends a row as it is written to the terminal, and its clusters'
// widths to widths.
func (l layout) appendRow(dst []byte, widths []int, row int) ([]byte, []int) {
	column, end := 0, len(l.line)
	if row == 0 {
		dst = append(dst, l.prompt.text...)
		for range l.prompt.cells {
			widths = append(widths, 1)
		}
		column = l.prompt.cells
	}
	if row+1 < len(l.rows) {
		end = l.rows[row+1]
	}
	for i := l.rows[row]; i < end; {
		c := firstCluster(l.line[i:])
		dst = l.appendCluster(dst, l.line[i:i+c.runes], c)
		widths = append(widths, l.cells(c))
		column += l.cells(c)
		if c.most > 1 && !c.sign && simpleCells(l.line[i]) == 0 && column < l.width {
			dst = appendCSI(dst, column+1, 'G') // a terminal may think otherwise of its width
		}
		i += c.runes
	}
	return dst, widths
}

func (l layout) appendCluster(dst []byte, runes []rune, c cluster) []byte {
	switch {
	case c.cells > l.width:
		return append(dst, '?')
	case c.sign:
		dst = append(dst, "\x1b[7m"...)
		dst = append(dst, l.sign(runes[0])...)
		return append(dst, "\x1b[27m"...)
	}
	return append(dst, string(runes)...)
}

func (l layout) sign(r rune) string {
	switch {
	case l.unicode && r == '\n':
		return "↵"
	case l.unicode && r == '\t':
		return "⇥"
	}
	return sign(r)
}

// appendCSI appends a control sequence with one number.
func appendCSI(dst []byte, n int, final byte) []byte {
	dst = append(dst, "\x1b["...)
	dst = strconv.AppendInt(dst, int64(n), 10)
	return append(dst, final)
}

// rowsAt is how many rows a terminal of width cells makes of one with clusters of
// these widths.
func rowsAt(widths []int, width int) int {
	rows, column := 1, 0
	for _, w := range widths {
		if column+w > width && column > 0 {
			rows++
			column = 0
		}
		column += w
	}
	return rows
}
