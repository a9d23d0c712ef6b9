package detect

import "fmt"

// bytesOf is a number of bytes in words.
func bytesOf(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// belonging is a number of bytes and its verb.
func belonging(n int) string {
	if n == 1 {
		return "1 byte that belongs"
	}
	return fmt.Sprintf("%d bytes that belong", n)
}

// excerpt quotes the start of b.
func excerpt(b []byte) string {
	const most = 48
	if len(b) > most {
		return fmt.Sprintf("%q...", b[:most])
	}
	return fmt.Sprintf("%q", b)
}

// chars says that the length counts characters.
func (e *examination) chars(claim, size int, utf16 bool, where string) Explanation {
	what := "characters"
	if utf16 {
		what = "UTF-16 units"
	}
	spelling := ""
	if e.name == "fastdaemon" && !utf16 {
		spelling = "fastdaemon,chars"
	}
	return Explanation{
		Framing: spelling,
		Cause:   CauseChars,
		Detail:  fmt.Sprintf("the length counts %s: %d of them are %d bytes of UTF-8 (%s)", what, claim, size, where),
		Repair:  "count the bytes of the encoded text, not its characters",
	}
}

// shiftExplanation says that the length is wrong by d bytes: the body has d more.
func (e *examination) shiftExplanation(d int, u unit, pos int, every bool) Explanation {
	where := "this frame"
	if every {
		where = "every frame"
	}
	switch {
	case !every:
	case d == -u.head && !e.countsHead():
		return Explanation{
			Cause:  CauseHeaderCounted,
			Detail: fmt.Sprintf("the length counts the %d bytes of the head too (%s)", u.head, where),
			Repair: "count the bytes of the body alone" + e.tryIncl(),
		}
	case d == u.head && e.countsHead():
		return Explanation{
			Cause:  CauseHeaderNotCounted,
			Detail: fmt.Sprintf("the length does not count the %d bytes of the head (%s)", u.head, where),
			Repair: "count the bytes of the whole frame",
		}
	}
	text := "short"
	if d < 0 {
		text = "long"
	}
	n := max(d, -d)
	extra := ""
	end := pos + u.len() + max(d, 0)
	if d > 0 && end <= len(e.data) {
		extra = ": the bytes " + excerpt(e.data[end-d-u.tail:end-u.tail]) + " are not counted"
	}
	return Explanation{
		Cause:  CauseOffBy(n),
		Detail: fmt.Sprintf("the length is %d too %s (%+d; %s)%s", n, text, -d, where, extra),
		Repair: fmt.Sprintf("the body has %d bytes, not %d: count what is written", u.body+d, u.body),
	}
}
