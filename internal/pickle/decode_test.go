package pickle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"runtime"
	"strings"
	"testing"
)

func ExampleDecode() {
	// os.system("echo pwned"), as an attacker writes it. It comes back as data.
	n, size, err := Decode([]byte("cos\nsystem\n(S'echo pwned'\ntR."), nil)
	if err != nil {
		panic(err)
	}
	module, name := n.Callable().Name()
	fmt.Printf("%d bytes: a call of %s.%s with %q\n", size, module, name, n.Args().Items[0].Text)
	// Output: 29 bytes: a call of os.system with "echo pwned"
}

// sketch writes the structure of n, objects and references too.
func sketch(n *Node) string {
	if n == nil {
		return "-"
	}
	var parts []string
	for _, item := range n.Items {
		if n.Kind == KindRef {
			return "ref:" + n.Items[0].Kind.String()
		}
		parts = append(parts, sketch(item))
	}
	inside := strings.Join(parts, " ")
	switch n.Kind {
	case KindStr, KindBytes:
		return fmt.Sprintf("%q", n.Text)
	case KindInt:
		return n.Big().String()
	case KindFloat:
		return fmt.Sprint(n.Float())
	case KindGlobal:
		return n.Items[0].Text + "." + n.Items[1].Text
	case KindObject:
		if n.New {
			return "new(" + inside + ")"
		}
		return "call(" + inside + ")"
	case KindExtension:
		return fmt.Sprintf("ext%d", n.Code())
	}
	return strings.TrimSpace(n.Kind.String()+"("+inside) + ")"
}

func TestDecode(t *testing.T) {
	for in, want := range map[string]string{
		"I01\n.":                              `bool()`,
		"I-7\n.":                              `-7`,
		"L123456789012345678901234567890L\n.": `123456789012345678901234567890`,
		"F-1.5\n.":                            `-1.5`,
		"F1e999\n.":                           `+Inf`,
		`S'a\x41\101\n\'\"\\\q'` + "\n.":      `"aAA\n'\"\\\\q"`,
		"S\"\xff\"\n.":                        `"\xff"`,
		"Va\\u00e9\xe9\\U0001f642\\n\n.":      `"aéé🙂\\n"`,
		"U\x02hiT\x01\x00\x00\x00x\x86.":      `tuple("hi" "x")`,
		"(l(K\x01K\x02d\x86.":                 `tuple(list() dict(1 2))`,
		"(K\x01K\x020K\x03t.":                 `tuple(1 3)`, // POP removes a value
		"(K\x01(0K\x03t.":                     `tuple(1 3)`, // and a mark
		"(K\x01(K\x021t.":                     `tuple(1)`,
		"K\x01\x2e.":                          `1`,
		"K\x012\x86.":                         `tuple(1 1)`,
		"]2\x86.":                             `tuple(list() ref:list)`,
		"(cm\nC\nK\x01o.":                     `call(m.C tuple(1))`,
		"(K\x01im\nC\n.":                      `call(m.C tuple(1))`,
		"cm\nC\n)\x81}b.":                     `new(m.C tuple() - dict())`,
		"cm\nC\n)}\x92K\x01b.":                `new(m.C tuple() dict() 1)`,
		"cm\nC\n)R(K\x01K\x02eK\x03K\x04s.":   `call(m.C tuple() - - list(1 2) dict(3 4))`,
		"\x8c\x01m\x8c\x03A.B\x93.":           `m.A.B`,
		"Pid\n.":                              `persistent id("id")`,
		"K\x05Q.":                             `persistent id(5)`,
		"\x82\xf0\x83\x00\x01\x84\x00\x00\x01\x00\x87.":   `tuple(ext240 ext256 ext65536)`,
		"\x80\x05\x97\x98.":                               `buffer()`,
		"\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00N..": `None()`,
		"]q\x01h\x01a.":                                   `list(ref:list)`,         // it holds itself
		"](p5\ng5\ne.":                                    ``,                       // PUT has no value above the mark
		"]p70000\ng70000\n\x86.":                          `tuple(list() ref:list)`, // a memo with gaps
		"]\x94N\x94\x8c\x01a\x94h\x01h\x02\x87.":          `tuple("a" None() "a")`,  // leaves are shared
		"(]q\x00h\x00\x85q\x01a0h\x01.":                   `tuple(ref:list)`,        // recursive by way of a list
		"]q\x000h\x00h\x00\x86.":                          `tuple(list() ref:list)`, // thrown away, and back
		"]]\x86q\x01h\x01\x86.":                           `tuple(tuple(list() list()) ref:tuple)`,
	} {
		n, _, err := Decode([]byte(in), nil)
		if want == "" {
			if err == nil {
				t.Errorf("%q: %s, want an error", in, sketch(n))
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", in, err)
		} else if got := sketch(n); got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", in, got, want)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, c := range []struct {
		in, want string
		cause    error
	}{
		{"", "byte 0: no STOP: unexpected EOF", io.ErrUnexpectedEOF},
		{".", "byte 0: STOP: the stack has too few values for it", nil},
		{"N", "byte 1: no STOP: unexpected EOF", io.ErrUnexpectedEOF},
		{"N\xff.", "byte 1: unknown opcode 0xff", nil},
		{"\x80\x06N.", "byte 0: PROTO: protocol 6 is not known, the newest is 5", nil},
		{"\x8e\x00\x00\x00\x00\x04\x00\x00\x00.", "byte 0: BINBYTES8: 17179869184 bytes wanted, 1 left: unexpected EOF", io.ErrUnexpectedEOF},
		{"\x8d\xff\xff\xff\xff\xff\xff\xff\xff.", "byte 0: BINUNICODE8: 18446744073709551615 bytes wanted, 1 left: unexpected EOF", io.ErrUnexpectedEOF},
		{"X\xff\xff\xff\xff.", "byte 0: BINUNICODE: 4294967295 bytes wanted, 1 left: unexpected EOF", io.ErrUnexpectedEOF},
		{"\x8b\xff\xff\xff\xff.", "byte 0: LONG4: 4294967295 bytes wanted, 1 left: unexpected EOF", io.ErrUnexpectedEOF},
		{"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x80N.", "byte 2: FRAME: a frame of 9223372036854775808 bytes where 2 are left", nil},
		{"K", "byte 0: BININT1: 1 bytes wanted, 0 left: unexpected EOF", io.ErrUnexpectedEOF},
		{"Iabc\n.", `byte 0: INT: "abc" is no integer`, nil},
		{"I1", "byte 0: INT: a line without LF: unexpected EOF", io.ErrUnexpectedEOF},
		{"F1,5\n.", `byte 0: FLOAT: "1,5" is no float`, nil},
		{"L" + strings.Repeat("9", 5000) + "L\n.", "byte 0: LONG: over the limit of 4300 digits", ErrLimit},
		{"Sabc\n.", "byte 0: STRING: a str without quotes", nil},
		{`S'\'` + "\n.", "byte 0: STRING: a lone backslash at the end of a str", nil},
		{"V\\u12\n.", `byte 0: UNICODE: "\\u12" is no escape of a code point`, nil},
		{"Na.", "byte 1: APPEND: the stack has too few values for it", nil},
		{"NNa.", "byte 2: APPEND: a None is on the stack, want a list", nil},
		{"](NNNu.", "byte 5: SETITEMS: a key without a value", nil},
		{"(Nd.", "byte 2: DICT: a key without a value", nil},
		{"Nt.", "byte 1: TUPLE: no mark on the stack", nil},
		{"N(\x85.", "byte 2: TUPLE1: the stack has too few values for it", nil},
		{"h\x05.", "byte 0: BINGET: the memo has no entry 5", nil},
		{"NK\x01\x93.", "byte 3: STACK_GLOBAL: module and name are a None and a int, want two of str", nil},
		{"csys\nmodules\n}b.", "byte 14: BUILD: a global is on the stack, want an object", nil},
		{"cm\nC\n)R}b}b.", "byte 10: BUILD: a second state for one object", nil},
		{strings.Repeat("(", 2000) + strings.Repeat("t", 2000) + ".", "byte 4000: STOP: over the limit of levels of nesting", ErrLimit},
		{strings.Repeat("]", 5001) + ".", "byte 5000: EMPTY_LIST: over the limit of 5000 values", ErrLimit},
		{"N" + strings.Repeat("\x94", 3001) + ".", "byte 3001: MEMOIZE: over the limit of 3000 memo entries", ErrLimit},
		{"]q\x01]q\x00a0h\x00h\x01a.", "byte 13: STOP: a value is part of itself by way of one that was thrown away", nil},
	} {
		_, _, err := Decode([]byte(c.in), &Limits{Nodes: 5000, Memo: 3000})
		var e *Error
		if !errors.As(err, &e) || err.Error() != "pickle: "+c.want || c.cause != nil && !errors.Is(err, c.cause) {
			t.Errorf("%.60q: %v, want pickle: %s", c.in, err, c.want)
		}
	}
	if _, _, err := Decode([]byte("(NN."), &Limits{Bytes: 3}); !errors.Is(err, ErrLimit) {
		t.Error(err)
	}
}

func TestBig(t *testing.T) {
	for _, text := range []string{"0", "-1", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "340282366920938463463374607431768211455", "-340282366920938463463374607431768211456"} {
		v, _ := new(big.Int).SetString(text, 10)
		n := BigInt(v)
		p, err := Append(nil, n, current)
		if err != nil {
			t.Fatal(err)
		}
		back, _, err := Decode(p, nil)
		if err != nil || back.Big().String() != text {
			t.Errorf("%s came back as %v, %v", text, back.Big(), err)
		}
		small, ok := back.Int()
		if ok != v.IsInt64() || ok && small != v.Int64() {
			t.Errorf("%s: %d, %t", text, small, ok)
		}
	}
}

func TestAppendErrors(t *testing.T) {
	deep := None()
	for range 2000 {
		deep = List(deep)
	}
	for _, c := range []struct {
		n        *Node
		protocol int
		want     string
	}{
		{None(), 1, "pickle: protocol 1 cannot be written; 2 to 5 can"},
		{deep, 4, "pickle: protocol 4: nested deeper than 1000 levels"},
		{Global("m\nos", "system"), 3, `pickle: protocol 3: a name with a line break, "system"`},
		{&Node{Kind: KindBuffer}, 4, "pickle: protocol 4: a buffer outside the pickle"},
		{&Node{Kind: KindRef, Items: []*Node{List()}}, 4, "pickle: protocol 4: a reference to what is not yet written"},
	} {
		got, err := Append([]byte("> "), c.n, c.protocol)
		if err == nil || err.Error() != c.want || string(got) != "> " {
			t.Errorf("%q, %v, want %s", got, err, c.want)
		}
	}
}

// What takes the most memory for its size stays within what the package states.
func TestMemory(t *testing.T) {
	const size = 100_000
	for _, c := range []struct{ start, repeat, end string }{
		{"", "]", "."},
		{"", "(", ""},
		{"", "N", "."},
		{"N", "\x85", "."},
		{"N", "\x94", "."},
		{"]", "2", "."},
		{"", "]\x94", "."},
		{"](", "]", "e."},
		{"]\x94", "h\x00", "."},
		{"", "(t", "."},
		{"", "(l", "."},
		{"cm\nC\n", ")R", "."},
		{"cm\nC\n", ")\x81Nb", "."},
		{"", "c\n\n", "."},
		{"", "ca\nb\n)RN\x61", "."},
		{"", "(i\n\n", "."},
		{"", "P\n", "."},
		{"N", "r\x00\x00\x01\x00", "."},
		{"V", "\xff", "\n."},
		{"\x8e\x00\x00\x00\x00\x04\x00\x00\x00", "x", "."},
	} {
		in := []byte(c.start + strings.Repeat(c.repeat, size/len(c.repeat)) + c.end)
		if got, limit := allocated(in), 128*len(in)+(64<<10); got > uint64(limit) {
			t.Errorf("%q %q %q: %d bytes for %d, over %d", c.start, c.repeat, c.end, got, len(in), limit)
		} else {
			t.Logf("%q %q: %d", c.start, c.repeat, got/uint64(len(in)))
		}
	}
}

// Memo entries with gaps between them are kept apart.
func TestMemoryOfSparseMemo(t *testing.T) {
	in := []byte("N")
	for i := range 20_000 {
		in = binary.LittleEndian.AppendUint32(append(in, 'r'), uint32(3*i+3))
	}
	if got, limit := allocated(in), 128*len(in)+(64<<10); got > uint64(limit) {
		t.Errorf("%d bytes for %d, over %d", got, len(in), limit)
	}
}

func allocated(in []byte) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	Decode(in, nil)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func FuzzDecode(f *testing.F) {
	for _, s := range golden(f) {
		if len(s.pickle) < 200 {
			f.Add(s.pickle)
		}
	}
	f.Add([]byte("cos\nsystem\n(S'echo pwned'\ntR."))
	f.Add([]byte("(]q\x00h\x00\x85q\x01a0h\x01."))
	f.Add([]byte("cm\nC\n)}\x92(NNu]b."))
	f.Fuzz(func(t *testing.T, in []byte) {
		n, size, err := Decode(in, nil)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Offset > len(in) {
				t.Fatal(err)
			}
			return
		}
		if size > len(in) || in[size-1] != stop {
			t.Fatalf("%d bytes of %d", size, len(in))
		}
		want := sketch(n)
		for protocol := oldest; protocol <= current; protocol++ {
			p, err := Append(nil, n, protocol)
			if err != nil {
				continue
			}
			again, _, err := Decode(p, nil)
			if err != nil {
				t.Fatalf("%q as %q: %v", in, p, err)
			}
			if got := sketch(again); protocol == current && !strings.Contains(want, "bytearray") && !strings.Contains(want, "__builtin__") && !strings.Contains(want, "copy_reg") && got != want {
				t.Fatalf("%q as %q:\ngot  %s\nwant %s", in, p, got, want)
			}
		}
	})
}

// A dict of strings as Python writes it: 1000 pairs at a time, every string in
// the memo.
func BenchmarkDecode(b *testing.B) {
	p := []byte("\x80\x04}\x94")
	for i := range 10_000 {
		if i%1000 == 0 {
			p = append(p, '(')
		}
		p = fmt.Appendf(p, "\x8c\x0bkey%08d\x94\x8c\x1dthe value of the key %08d\x94", i, i)
		if i%1000 == 999 {
			p = append(p, 'u')
		}
	}
	p = append(p, stop)
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Decode(p, nil); err != nil {
			b.Fatal(err)
		}
	}
}
