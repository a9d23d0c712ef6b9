package detect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	longestDelimiter = 16 // bytes
	lineBits         = 24 // that text in lines is lines: people make little else of it
)

// delimiters tries the framings in which a mark ends each message.
func delimiters(streams []Stream) (claims, broken []claim) {
	if c, ok := lines(streams); ok {
		claims = append(claims, c)
	} else if c.Broke != "" {
		broken = append(broken, c)
	}
	for _, mark := range marks(streams) {
		c := marked(streams, mark)
		if c.bits > 0 {
			claims = append(claims, c)
		}
	}
	if c, ok := slip(streams); ok {
		claims = append(claims, c)
	}
	return claims, broken
}

// lines judges whether streams are text in lines.
func lines(streams []Stream) (claim, bool) {
	c := claim{Candidate: Candidate{Framing: "line", SameAs: []string{`delim=\n`}}}
	bare, returns, values := 0, 0, 0
	for _, s := range streams {
		b := s.seen()
		whole := len(b) == len(s.Data)
		if whole {
			c.Bytes += int64(len(b))
		}
		list := []int{0}
		for pos := 0; pos < len(b); {
			n := bytes.IndexByte(b[pos:], '\n')
			if n < 0 {
				if whole && !s.Ended {
					c.Cut++
				}
				if !lineText(b[pos:], !whole || !s.Ended) {
					c.Broke = fmt.Sprintf("byte %d: a line that is no text", pos)
					return c, false
				}
				if whole && s.Ended {
					c.bits -= 8 // the last line lacks its end
					c.Frames++
					list = append(list, len(b))
				}
				break
			}
			line := b[pos : pos+n]
			if !lineText(line, false) {
				c.Broke = fmt.Sprintf("byte %d: a line that is no text", pos)
				return c, false
			}
			if bytes.HasSuffix(line, []byte{'\r'}) {
				returns++
			} else {
				bare++
			}
			if looksJSON(line) {
				values++
			}
			pos += n + 1
			list = append(list, pos)
			c.Frames++
		}
		c.starts = append(c.starts, list)
	}
	ends := bare + returns
	if ends == 0 {
		c.Broke = "no line ends"
		return c, false
	}
	if bare == 0 {
		c.Framing, c.SameAs = "crlf", []string{"line", `delim=\r\n`}
	}
	c.bits += lineBits * min(1, float64(ends)/2)
	c.Evidence = fmt.Sprintf("text in %d lines", ends)
	if values == ends {
		c.SameAs = append(c.SameAs, "json")
		c.Evidence = fmt.Sprintf("%d lines, each a JSON value", ends)
		c.bits += 30
		c.values = true
	}
	c.single = false
	h := chain{starts: c.starts}
	h.sum()
	c.chain = h.hash
	return c, true
}

// lineText reports whether a line is text. Colours and tabs may stand in it.
func lineText(line []byte, partial bool) bool {
	for range utf8.UTFMax - 1 { // it may end inside a character
		if r, n := utf8.DecodeLastRune(line); !partial || r != utf8.RuneError || n != 1 {
			break
		}
		line = line[:len(line)-1]
	}
	if bytes.IndexByte(line, 0x1b) >= 0 {
		line = bytes.ReplaceAll(line, []byte("\x1b["), nil)
	}
	return isText(line)
}

func looksJSON(line []byte) bool {
	line = bytes.TrimSpace(line)
	return len(line) > 0 && json.Valid(line)
}

// marks returns what may end messages: how the streams end, and what ends there
// again and again.
func marks(streams []Stream) []string {
	var end []byte
	seen := false
	for _, s := range streams {
		b := s.Data
		if len(b) == 0 {
			continue
		}
		if !s.Ended || len(b) > len(s.seen()) {
			continue
		}
		b = b[max(0, len(b)-longestDelimiter):]
		if !seen {
			end, seen = b, true
			continue
		}
		n := 0
		for n < min(len(end), len(b)) && end[len(end)-1-n] == b[len(b)-1-n] {
			n++
		}
		end = end[len(end)-n:]
	}
	var list []string
	if !seen {
		return frequentMarks(streams)
	}
	if len(end) == 0 {
		return nil
	}
	last := -1
	for n := 1; n <= len(end); n++ {
		mark := end[len(end)-n:]
		count := counted(streams, string(mark))
		if count < 2 || n > 1 && count < 3 {
			break
		}
		if n > 1 && !couldMark(mark) || mark[n-1] == '\r' && 2*counted(streams, string(mark)+"\n") > count {
			last = count
			continue
		}
		if count == last && len(list) > 0 {
			list[len(list)-1] = string(mark) // what always stands before it is part of it
		} else {
			list = append(list, string(mark))
		}
		last = count
	}
	return slices.DeleteFunc(list, func(mark string) bool {
		longest := list[len(list)-1] // it may begin with a shorter one, too
		return len(mark) < len(longest) && strings.HasPrefix(longest, mark) && counted(streams, mark) == 2*counted(streams, longest)
	})
}

// counted counts mark in the windows of streams.
func counted(streams []Stream, mark string) (n int) {
	for _, s := range streams {
		n += bytes.Count(s.seen(), []byte(mark))
	}
	return n
}

// couldMark reports whether people would end messages in such a text: of signs that
// are neither letters nor those in which sentences and values end, or in pointed
// brackets. What ends a line begins with the end of one, too: else it is a line that
// ends like others.
func couldMark(mark []byte) bool {
	if mark[len(mark)-1] == '\n' && mark[0] != '\n' && mark[0] != '\r' {
		return false
	}
	if n := len(mark); n > 3 && mark[0] == '<' && mark[n-1] == '>' {
		return bytes.IndexByte(mark[1:], '<') < 0
	}
	if n := len(mark); n > 4 && mark[0] == mark[1] && mark[n-2] == mark[0] && mark[n-1] == mark[0] && !unicode.IsLetter(rune(mark[0])) {
		return true // a word between signs
	}
	return bytes.IndexFunc(mark, func(r rune) bool {
		return unicode.IsLetter(r) || r < 0x7f && r >= ' ' && !strings.ContainsRune("|;#~^$&@*%!\\/<>=-+_:.", r)
	}) < 0 && strings.Trim(string(mark), " .") != ""
}

// frequentMarks is marks for streams of which the ends are not known.
func frequentMarks(streams []Stream) []string {
	var list []string
	for _, c := range []byte("\x00|;\x03\x1e\x1f\x04\xff") {
		if mark := string([]byte{c}); counted(streams, mark) >= 3 {
			list = append(list, mark)
		}
	}
	return list
}

// marked says how much speaks for mark as the end of messages.
func marked(streams []Stream, mark string) claim {
	c := claim{Candidate: Candidate{Framing: delimSpelling(mark)}}
	if mark == "\x00" {
		c.SameAs = []string{`delim=\0`}
	}
	if mark == "\n" || mark == "\r\n" {
		return c // lines knows more about them
	}
	total, outside, empty, tiny, ended := 0, 0, 0, 0, 0
	text, opening := true, ""
	if strings.HasPrefix(mark, "</") {
		opening = "<" + strings.Trim(mark, "</> \r\n")
	}
	for _, s := range streams {
		b := s.seen()
		total += len(b)
		list := []int{0}
		for pos := 0; pos < len(b); {
			n := bytes.Index(b[pos:], []byte(mark))
			if n < 0 {
				if s.Ended && len(b) == len(s.Data) {
					return c // truncated
				}
				c.Cut++
				break
			}
			body := b[pos : pos+n]
			if text = text && isText(body); !text {
				return c
			}
			switch n {
			case 0:
				empty++
			case 1:
				tiny++
			}
			if opening != "" && !bytes.HasPrefix(bytes.TrimSpace(body), []byte(opening)) {
				return c // the end of an element is no mark unless its start follows the last one
			}
			pos += n + len(mark)
			list = append(list, pos)
			c.Frames++
			if pos == len(b) && s.Ended {
				ended++
			}
		}
		c.Bytes += int64(list[len(list)-1])
		c.starts = append(c.starts, list)
	}
	if c.Frames < 2 || empty > c.Frames/2 || tiny > c.Frames/2 {
		return c // of one byte each are letters of UTF-16 and UTF-32, not messages
	}
	outside = c.Frames
	share := float64(outside*len(mark)) / float64(total+1)
	foreign := 0.0 // bytes of the mark that are no text stand nowhere else
	for i := range len(mark) {
		if !isTextByte(mark[i]) {
			foreign++
		}
	}
	switch {
	case foreign > 0:
		c.bits = foreign*float64(outside-empty-tiny)*math.Min(-math.Log2(share), 8) - 4
		if ended > 0 {
			c.bits += 6
		}
		if mark == "\x00" {
			c.bits += 4 // of such marks people use it most
		}
	case len(mark) == 1:
		c.bits = visibleMark(mark[0], streams, c.Frames, ended)
	case c.Frames < 4*int(byChance(streams, mark)):
		return c
	default:
		c.bits = 4*float64(len(mark)-1) + 3*float64(c.Frames) - 6
		if strings.Trim(mark, "\r\n") == "" {
			c.bits = lineBits
		}
	}
	c.Evidence = fmt.Sprintf("text that ends in %q %d times", mark, c.Frames)
	h := chain{starts: c.starts}
	h.sum()
	c.chain = h.hash
	return c
}

// byChance is how often mark would stand in streams if their bytes were shuffled.
func byChance(streams []Stream, mark string) float64 {
	total, often := 0, 1.0
	for _, s := range streams {
		total += len(s.seen())
	}
	for i := range len(mark) {
		often *= float64(counted(streams, mark[i:i+1])) / float64(total)
	}
	return often * float64(total)
}

// visibleMark judges a mark that is a sign of print. Those that stand in prose, in
// numbers or in brackets prove nothing by standing at the end.
func visibleMark(mark byte, streams []Stream, frames, ended int) float64 {
	const signs = "|;#~^$&@*%!\t\\/"
	if strings.IndexByte(signs, mark) < 0 || ended == 0 {
		return 0
	}
	others := 0 // text in which all signs are as frequent has none that ends messages
	for i := range len(signs) {
		if signs[i] != mark && 2*counted(streams, signs[i:i+1]) > frames {
			others++
		}
	}
	if others > 2 {
		return 0
	}
	for _, s := range streams {
		if bytes.IndexByte(s.seen(), '\n') >= 0 {
			return 0
		}
	}
	return 5*float64(frames) + 4*float64(ended) - 6
}

// delimSpelling writes a mark in the words of a spelling.
func delimSpelling(mark string) string {
	if mark == "\x00" {
		return "nul"
	}
	var s strings.Builder
	s.WriteString("delim=")
	for i := range len(mark) {
		switch c := mark[i]; {
		case c == '\n':
			s.WriteString(`\n`)
		case c == '\r':
			s.WriteString(`\r`)
		case c == '\t':
			s.WriteString(`\t`)
		case c == '\\':
			s.WriteString(`\\`)
		case c <= ' ' || c >= 0x7f || c == ',' || c == '/':
			fmt.Fprintf(&s, `\x%02x`, c)
		default:
			s.WriteByte(c)
		}
	}
	return s.String()
}
