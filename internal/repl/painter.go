package repl

import (
	"fmt"
	"unicode/utf8"
)

// A frame is what one paint shows.
type frame struct {
	items   []item
	line    line
	changed bool // line
	blank   bool // empty the screen first
}

// An entered line is one that ReadLine has returned.
type entered struct {
	prompt prompt
	text   []rune
	mark   string // behind it
}

// A painter knows what stands on the terminal from the line's first row on. The
// cursor is in that region when a paint is over; above it nothing is ever touched.
type painter struct {
	display display
	unicode bool // the terminal shows more than ASCII
	reflows bool // a terminal that becomes narrower breaks long rows in two

	buf     []byte
	region  region
	layout  layout // of the line, kept because a long one is expensive
	of      *rune  // the first rune of the line that layout belongs to
	top     int    // first row in sight, when not all are
	pasting bool   // the terminal brackets what is pasted
}

// A region is the rows of the line as they were painted.
type region struct {
	width, height int     // of the terminal
	rows          [][]int // widths of the clusters
	row, column   int     // of the cursor
}

// frame paints f in one write.
func (p *painter) frame(f frame) {
	width, height := p.display.size()
	if len(f.items) == 0 && !f.changed && !f.blank && width == p.region.width && height == p.region.height {
		return
	}
	p.buf = p.buf[:0]
	p.erase(width)
	if f.blank {
		p.buf = append(p.buf, "\x1b[H\x1b[2J"...)
	}
	for i := 0; i < len(f.items); i++ {
		switch it := f.items[i]; {
		case it.entered != nil:
			p.entered(it.entered, width, height)
		case it.skipped > 0:
			n := it.skipped
			for i+1 < len(f.items) && f.items[i+1].skipped > 0 {
				i++
				n += f.items[i].skipped
			}
			p.skipped(n)
		default:
			p.buf = append(p.buf, it.text...)
		}
	}
	p.region = region{width: width, height: height}
	p.brackets(f.line.shown)
	if f.line.shown {
		p.line(f.line, width, height)
	}
	p.display.Write(p.buf)
}

// sameSize reports whether the terminal has the size that the line was painted for,
// or none is painted that it could have broken in other places.
func (p *painter) sameSize() (width, height int, same bool) {
	width, height = p.display.size()
	return width, height, !p.reflows || len(p.region.rows) == 0 || width == p.region.width && height == p.region.height
}

// leave moves the cursor below the line.
func (p *painter) leave() {
	p.buf = p.buf[:0]
	if n := len(p.region.rows); n > 0 {
		if down := n - 1 - p.region.row; down > 0 {
			p.buf = appendCSI(p.buf, down, 'B')
		}
		p.buf = append(p.buf, "\r\n"...)
	}
	p.brackets(false)
	p.region = region{}
	if len(p.buf) > 0 {
		p.display.Write(p.buf)
	}
}

// erase empties the region and leaves the cursor in its first cell. What a tty has
// echoed there goes with it. It does not simply erase from that cell to the end of
// the screen: if it is the first of the screen, some terminals keep what was there
// as if it had scrolled by.
func (p *painter) erase(width int) {
	cursor, last := p.region.at(width, p.reflows)
	if cursor > 0 {
		p.buf = appendCSI(p.buf, cursor, 'A')
	}
	p.buf = append(p.buf, "\r\x1b[K"...)
	for row := range last {
		if p.buf = append(p.buf, "\r\n"...); row+1 < last {
			p.buf = append(p.buf, "\x1b[K"...)
		} else {
			p.buf = append(p.buf, "\x1b[J"...)
		}
	}
	if last > 0 {
		p.buf = appendCSI(p.buf, last, 'A')
	}
}

// at is the rows of the cursor and of the region's end after the terminal has
// become width cells wide.
func (r region) at(width int, reflows bool) (cursor, last int) {
	if len(r.rows) == 0 {
		return 0, 0
	}
	if width >= r.width || !reflows {
		return r.row, len(r.rows) - 1
	}
	for i, widths := range r.rows {
		if i == r.row {
			cursor = last + r.cursorAt(width)
		}
		last += rowsAt(widths, width)
	}
	return cursor, last - 1
}

// cursorAt is the row of the cursor among those that its row has become.
func (r region) cursorAt(width int) int {
	upTo, column := 0, 0 // and the cluster under the cursor; behind the last one it stays in its row
	for widths := r.rows[r.row]; upTo < len(widths) && column <= r.column; upTo++ {
		column += widths[upTo]
	}
	return rowsAt(r.rows[r.row][:upTo], width) - 1
}

// brackets makes the terminal mark what is pasted, or not.
func (p *painter) brackets(on bool) {
	switch {
	case on && !p.pasting:
		p.buf = append(p.buf, "\x1b[?2004h"...)
	case !on && p.pasting:
		p.buf = append(p.buf, "\x1b[?2004l"...)
	}
	p.pasting = on
}

// line paints the line, as much of it as may be in sight.
func (p *painter) line(l line, width, height int) {
	p.lay(l, width)
	row, column := p.layout.cursor(l.at)
	from, to := p.window(row, rowsMost(height))
	for i := from; i < to; i++ {
		if i > from {
			p.buf = append(p.buf, "\r\n"...)
		}
		var widths []int
		switch {
		case i == from && from > 0:
			widths = p.note(width, fmt.Sprintf("%d rows above", from+1))
		case i == to-1 && to < len(p.layout.rows):
			widths = p.note(width, fmt.Sprintf("%d rows below", len(p.layout.rows)-i))
		default:
			p.buf, widths = p.layout.appendRow(p.buf, nil, i)
		}
		p.region.rows = append(p.region.rows, widths)
	}
	if up := to - 1 - row; up > 0 {
		p.buf = appendCSI(p.buf, up, 'A')
	}
	p.buf = appendCSI(p.buf, column+1, 'G')
	p.region.row, p.region.column = row-from, column
}

// lay brings the layout up to date.
func (p *painter) lay(l line, width int) {
	var first *rune
	if len(l.text) > 0 {
		first = &l.text[0]
	}
	head := l.head()
	same := first != nil && first == p.of && len(l.text) == len(p.layout.line) && width == p.layout.width && head.fit(width) == p.layout.prompt
	if !same {
		p.layout, p.of = lay(head, l.text, width), first
		p.layout.unicode = p.unicode
	}
}

// rowsMost is how many rows of a terminal the line may take: messages want some.
func rowsMost(height int) int { return max(1, height*2/3) }

// window returns the rows in sight. The cursor's is among them, and is neither
// the first nor the last if that has to say how many are hidden.
func (p *painter) window(cursor, most int) (from, to int) {
	rows := len(p.layout.rows)
	if rows <= most {
		p.top = 0
		return 0, rows
	}
	margin := 0
	if most >= 3 {
		margin = 1
	}
	p.top = min(p.top, cursor-margin)
	p.top = max(p.top, cursor+margin-most+1, 0)
	p.top = min(p.top, rows-most)
	return p.top, p.top + most
}

// note appends a row that says text.
func (p *painter) note(width int, text string) (widths []int) {
	mark := "... "
	if p.unicode {
		mark = "⋮ "
	}
	p.buf = append(p.buf, "\x1b[2m"...)
	for _, r := range mark + text {
		if len(widths) == width {
			break
		}
		p.buf = utf8.AppendRune(p.buf, r)
		widths = append(widths, 1)
	}
	p.buf = append(p.buf, "\x1b[m"...)
	return widths
}

// entered shows a line for good. Where it fills a row the terminal itself goes on
// in the next, so that the line is copied as one.
func (p *painter) entered(e *entered, width, height int) {
	l := lay(e.prompt, e.text, width)
	l.unicode = p.unicode
	rows := min(len(l.rows), rowsMost(height))
	for i := range rows {
		var widths []int
		p.buf, widths = l.appendRow(p.buf, nil, i)
		if i+1 < rows && sum(widths) < width {
			p.buf = append(p.buf, "\r\n"...)
		}
	}
	if rows < len(l.rows) {
		p.buf = append(p.buf, "\r\n"...)
		p.note(width, fmt.Sprintf("%d rows more", len(l.rows)-rows))
	}
	p.buf = append(p.buf, e.mark...)
	p.buf = append(p.buf, "\r\n"...)
}

func sum(widths []int) (total int) {
	for _, w := range widths {
		total += w
	}
	return total
}

func (p *painter) skipped(n int) {
	mark := "..."
	if p.unicode {
		mark = "…"
	}
	p.buf = fmt.Appendf(p.buf, "\x1b[2m%s %s skipped\x1b[m\r\n", mark, messages(n))
}
