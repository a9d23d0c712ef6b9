package detect

import "fmt"

// truncation tells what is missing at the end, and who ended the stream.
func (e *examination) truncation() string {
	return e.missingAtEnd() + e.ending()
}

// missingAtEnd tells how much was declared and how much came.
func (e *examination) missingAtEnd() string {
	have := len(e.data) - e.stuck
	text := fmt.Sprintf("the stream ends %s into a frame", bytesOf(have))
	if e.unit == nil {
		return text
	}
	for pos := e.stuck; pos < len(e.data); {
		u, _, ok := e.unit.scan(e.data, pos)
		if !ok || u.len() == 0 {
			break
		}
		if pos+u.len() <= len(e.data) {
			pos += u.len()
			continue
		}
		came := max(0, len(e.data)-pos-u.head)
		switch {
		case !u.counted:
		case e.wholeFrames():
			return fmt.Sprintf("the frame has a body of %s by its head, of which %d came before the end of the stream", bytesOf(u.body), came)
		default:
			return fmt.Sprintf("%s, in a string of %s by its head, of which %d came", text, bytesOf(u.body), min(came, u.body))
		}
		break
	}
	return text
}

// ending says who ended the stream; empty where nobody saw it.
func (e *examination) ending() string {
	switch {
	case e.end.By == Unknown:
		return ""
	case e.end.Reset:
		return fmt.Sprintf("; then %v reset the connection (RST)", e.end.By)
	}
	return fmt.Sprintf("; then %v closed its side (FIN)", e.end.By)
}

// finishing is what mends a frame that the end has cut off.
func (e *examination) finishing() string {
	switch {
	case e.end.Reset && e.end.By != e.from:
		return fmt.Sprintf("find out why %v reset the connection: it may have refused what it had read so far", e.end.By)
	case e.end.Reset:
		return "have the sender finish the frame, and close without a reset: read what the peer has sent before closing"
	}
	return "have the sender finish the frame before it closes"
}
