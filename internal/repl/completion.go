package repl

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/chancat/channel/internal/text/escape"
)

// complete returns what line becomes at Tab. If the candidates have no more in
// common than what is typed, it returns them all instead.
func complete(ask Completer, line []rune, at int) (newLine []rune, newAt int, list []Candidate) {
	text := string(line)
	cursor := len(string(line[:at]))
	candidates, from := ask(text, cursor)
	if len(candidates) == 0 || from < 0 || from > cursor {
		return line, at, nil
	}
	typed, common := text[from:cursor], candidates[0].Text
	for _, c := range candidates[1:] {
		common = commonPrefix(common, c.Text)
	}
	if len(candidates) > 1 && (common == typed || len(common) < len(typed)) {
		return line, at, candidates
	}
	before := []rune(text[:from] + common)
	return append(before, line[at:]...), len(before), nil
}

func commonPrefix(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(a) && !utf8.RuneStart(a[n]) {
		n--
	}
	return a[:n]
}

// listCandidates is the candidates as lines of text for a terminal: in columns,
// or one a line if any has a note and there is room for all.
func listCandidates(candidates []Candidate, width, height int) string {
	texts, widest, notes := make([]string, len(candidates)), 0, false
	for i, c := range candidates {
		texts[i] = string(escape.AppendPrintable(nil, []byte(c.Text)))
		widest = max(widest, uniseg.StringWidth(texts[i]))
		notes = notes || c.Note != ""
	}
	notes = notes && len(texts) <= rowsMost(height)
	const gap = 2
	column := widest + gap
	columns := 1
	if !notes {
		columns = max(1, (width+gap-1)/column)
	}
	rows := (len(texts) + columns - 1) / columns
	shown := min(rows, rowsMost(height))
	var b strings.Builder
	for row := range shown {
		var text string
		for i := row; i < len(texts); i += rows {
			if text != "" {
				text += strings.Repeat(" ", column*(i/rows)-uniseg.StringWidth(text))
			}
			text += texts[i]
		}
		if note := candidates[row].Note; notes && note != "" {
			text += strings.Repeat(" ", column-uniseg.StringWidth(texts[row])) + string(escape.AppendPrintable(nil, []byte(note)))
		}
		b.WriteString(clip(text, width-1) + "\n")
	}
	if hidden := len(texts) - listed(len(texts), rows, shown); hidden > 0 {
		b.WriteString(clip("and "+strconv.Itoa(hidden)+" more", width-1) + "\n")
	}
	return b.String()
}

// listed is how many of n texts stand in the first rows, filled column by column.
func listed(n, rows, shown int) (count int) {
	for i := range n {
		if i%rows < shown {
			count++
		}
	}
	return count
}

// clip returns the start of text that fits in width cells.
func clip(text string, width int) string {
	cells, state := 0, -1
	for rest := text; rest != ""; {
		at := len(text) - len(rest)
		var w int
		_, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if cells += w; cells > width {
			return text[:at]
		}
	}
	return text
}
