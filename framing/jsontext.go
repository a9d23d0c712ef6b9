package framing

import "github.com/chancat/channel/frame"

// maxJSONDepth is the deepest nesting of a JSON value: a bit of State each.
const maxJSONDepth = 64 * len(frame.State{}.Nest)

// A jsonState is what may follow in a JSON text.
type jsonState uint8

const (
	jsonValue     jsonState        = iota // a value
	jsonFirst                             // a value or ]
	jsonFirstKey                          // a key or }
	jsonKey                               // a key
	jsonColon                             // : after a key
	jsonNext                              // , or the end of the array or object
	jsonString                            // inside a string
	jsonKeyString                         // inside a key
	jsonEscape                            // behind a \ in a string
	jsonKeyEscape                         // behind a \ in a key
	jsonMinus                             // a digit after -
	jsonZero                              // behind a leading 0
	jsonDigits                            // digits, or more of a number
	jsonPoint                             // a digit after the point
	jsonFraction                          // digits of the fraction, or an exponent
	jsonExponent                          // the sign or a digit after e
	jsonSign                              // a digit after the sign of the exponent
	jsonPower                             // digits of the exponent
	jsonDone                              // nothing: the value is complete
	jsonHex                               // jsonHex+0 to +3: hexadecimal digits after \u in a string
	jsonKeyHex    = jsonHex + 4           // the same in a key
	jsonLiteral   = jsonKeyHex + 4        // jsonLiteral+i: the byte i of jsonLiterals
)

// jsonLiterals are the literals without their first letters.
const jsonLiterals = "ruealseull"

// scanJSON goes over buf[st.Pos:], which continues a JSON value in state s. It ends
// with st.Pos behind the value and jsonDone, or at the end of buf, where a bare
// number may end (s.ended). An error is at the first byte that no continuation
// can make part of a value.
//
// st.Depth counts the arrays and objects that are open; the bits of st.Nest tell
// which are objects. Nothing is remembered elsewhere, so that each byte is
// looked at once however the value is cut.
func scanJSON(buf []byte, st *frame.State, s jsonState) (jsonState, error) {
	i := st.Pos
	for ; i < len(buf) && s != jsonDone; i++ {
		c := buf[i]
		if s == jsonString || s == jsonKeyString {
			switch {
			case c == '"' && s == jsonString:
				s = afterJSONValue(st)
			case c == '"':
				s = jsonColon
			case c == '\\':
				s += jsonEscape - jsonString
			case c < ' ':
				return s, frame.Malformed(i, "got %q in a string, want an escape such as \\n", c)
			}
			continue
		}
		if jsonZero <= s && s <= jsonPower || s == jsonMinus {
			next, err := jsonNumber(s, c, i)
			if err != nil {
				return s, err
			}
			if s = next; s != jsonDone {
				continue
			}
			if s = afterJSONValue(st); s == jsonDone {
				break // c is not part of the value
			}
		}
		var err error
		if s, err = jsonByte(buf, i, st, s); err != nil {
			return s, err
		}
	}
	st.Pos = i
	return s, nil
}

// ended reports whether a value that stops in state s is a whole number.
func (s jsonState) ended() bool {
	return s == jsonZero || s == jsonDigits || s == jsonFraction || s == jsonPower
}

// afterJSONValue returns the state behind a value.
func afterJSONValue(st *frame.State) jsonState {
	if st.Depth == 0 {
		return jsonDone
	}
	return jsonNext
}

// jsonByte takes in buf[i] outside of strings and numbers.
func jsonByte(buf []byte, i int, st *frame.State, s jsonState) (jsonState, error) {
	c := buf[i]
	switch {
	case s >= jsonLiteral:
		at := int(s - jsonLiteral)
		if c != jsonLiterals[at] {
			return s, frame.Malformed(i, "got %q in a literal, want %q", c, jsonLiterals[at])
		}
		if c == 'e' || at == len(jsonLiterals)-1 {
			return afterJSONValue(st), nil
		}
		return s + 1, nil
	case s == jsonEscape || s == jsonKeyEscape:
		return jsonEscaped(c, i, s)
	case s >= jsonHex:
		return jsonHexDigit(c, i, s)
	case jsonSpace(c):
		return s, nil
	}
	switch s {
	case jsonFirst:
		if c == ']' {
			return closeJSON(st), nil
		}
	case jsonFirstKey, jsonKey:
		if c == '}' && s == jsonFirstKey {
			return closeJSON(st), nil
		}
		if c == '"' {
			return jsonKeyString, nil
		}
		return s, frame.Malformed(i, "got %q, want the \" of a key", c)
	case jsonColon:
		if c == ':' {
			return jsonValue, nil
		}
		return s, frame.Malformed(i, "got %q, want ':' after a key", c)
	case jsonNext:
		object := inJSONObject(st)
		switch {
		case c == ',' && object:
			return jsonKey, nil
		case c == ',':
			return jsonValue, nil
		case c == '}' && object, c == ']' && !object:
			return closeJSON(st), nil
		case object:
			return s, frame.Malformed(i, "got %q, want ',' or '}' in an object", c)
		}
		return s, frame.Malformed(i, "got %q, want ',' or ']' in an array", c)
	}
	return openJSON(buf, i, st)
}

// openJSON takes in buf[i] where a value begins.
func openJSON(buf []byte, i int, st *frame.State) (jsonState, error) {
	switch c := buf[i]; c {
	case '{', '[':
		if st.Depth == maxJSONDepth {
			return 0, frame.Malformed(i, "nested deeper than %d", maxJSONDepth)
		}
		bit := uint64(1) << (st.Depth % 64)
		st.Nest[st.Depth/64] &^= bit
		if c == '{' {
			st.Nest[st.Depth/64] |= bit
		}
		st.Depth++
		if c == '{' {
			return jsonFirstKey, nil
		}
		return jsonFirst, nil
	case '"':
		return jsonString, nil
	case '-':
		return jsonMinus, nil
	case '0':
		return jsonZero, nil
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return jsonDigits, nil
	case 't':
		return jsonLiteral, nil
	case 'f':
		return jsonLiteral + jsonState(len("rue")), nil
	case 'n':
		return jsonLiteral + jsonState(len("ruealse")), nil
	}
	return 0, unexpected(buf, i, "a JSON value")
}

func inJSONObject(st *frame.State) bool {
	top := st.Depth - 1
	return st.Nest[top/64]>>(top%64)&1 != 0
}

func closeJSON(st *frame.State) jsonState {
	st.Depth--
	return afterJSONValue(st)
}

// jsonNumber takes in c behind the start of a number; jsonDone says that c is not
// part of it.
func jsonNumber(s jsonState, c byte, i int) (jsonState, error) {
	digit := '0' <= c && c <= '9'
	switch {
	case s == jsonMinus && c == '0':
		return jsonZero, nil
	case s == jsonZero && digit:
		return s, frame.Broken(frame.CauseBadDigits, i, "a number with a leading zero")
	case digit && (s == jsonMinus || s == jsonDigits):
		return jsonDigits, nil
	case digit && (s == jsonPoint || s == jsonFraction):
		return jsonFraction, nil
	case digit:
		return jsonPower, nil
	case c == '.' && (s == jsonZero || s == jsonDigits):
		return jsonPoint, nil
	case c|0x20 == 'e' && (s == jsonZero || s == jsonDigits || s == jsonFraction):
		return jsonExponent, nil
	case (c == '+' || c == '-') && s == jsonExponent:
		return jsonSign, nil
	case s.ended():
		return jsonDone, nil
	}
	return s, frame.Broken(frame.CauseBadDigits, i, "got %q in a number, want a digit", c)
}

// jsonEscaped takes in the byte after \.
func jsonEscaped(c byte, i int, s jsonState) (jsonState, error) {
	key := s - jsonEscape
	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return jsonString + key, nil
	case 'u':
		return jsonHex + 4*key, nil
	}
	return s, frame.Malformed(i, "got %q after \\ in a string, want one of \"\\/bfnrtu", c)
}

func jsonHexDigit(c byte, i int, s jsonState) (jsonState, error) {
	switch letter := c | 0x20; {
	case (c < '0' || c > '9') && (letter < 'a' || letter > 'f'):
		return s, frame.Malformed(i, "got %q after \\u in a string, want a hexadecimal digit", c)
	case s == jsonHex+3:
		return jsonString, nil
	case s == jsonKeyHex+3:
		return jsonKeyString, nil
	}
	return s + 1, nil
}

func jsonSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }
