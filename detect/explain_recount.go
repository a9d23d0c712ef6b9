package detect

// recount counts the messages that decode when the repair of x is made, to the end
// of the stream: while causes were compared only a part of it was looked at.
func (e *examination) recount(x *Explanation) {
	if x.resume == 0 {
		return
	}
	n := 0
	if x.unit > 0 || x.Cause != CauseForeignBytes && x.Cause != CauseShortRead {
		n = 1 // the guilty frame itself
	}
	pos := x.resume
	if !e.wholeFrames() {
		pos, n = e.finish(x)
	}
	for pos < len(e.data) {
		sp, err := e.scan(e.codec, pos, e.max)
		if err != nil || sp.Len() == 0 {
			break
		}
		pos += sp.Len()
		n++
	}
	x.Then = n
}

// wholeFrames reports whether each unit is a frame.
func (e *examination) wholeFrames() bool {
	_, ok := e.unit.(*codecUnits)
	return ok
}

// oneForm reports whether all frames have a head of one form.
func (e *examination) oneForm() bool {
	c, ok := e.unit.(*codecUnits)
	return ok && c.line == ""
}

// finish returns where the frame ends whose part was repaired, and 1 if it is whole.
func (e *examination) finish(x *Explanation) (end, frames int) {
	if x.Cause == CauseForeignBytes {
		return x.resume, 0
	}
	var st unitState
	for pos := x.frame; pos < len(e.data); {
		u, _, ok := e.unit.scan(e.data, pos)
		if !ok || u.len() == 0 {
			return pos, 0
		}
		done := e.unit.ends(&st, e.data, pos, u)
		if pos == x.unit {
			pos = x.resume
		} else {
			pos += u.len()
		}
		if done {
			return pos, 1
		}
	}
	return len(e.data), 0
}
