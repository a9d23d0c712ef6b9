package pickle

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/chancat/channel/internal/peertest"
)

// A sample is a line that testdata/pickles.py dumped.
type sample struct {
	protocol int
	pickle   []byte
	notation string
}

func samples(t testing.TB, dump []byte) (all []sample) {
	t.Helper()
	lines := bufio.NewScanner(bytes.NewReader(dump))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var s sample
		if _, err := fmt.Sscanf(lines.Text(), "%d %x %s", &s.protocol, &s.pickle, &s.notation); err != nil {
			t.Fatalf("%.60s: %v", lines.Text(), err)
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		t.Fatal("no samples")
	}
	return all
}

func (s sample) test(t *testing.T) {
	t.Helper()
	n, size, err := Decode(s.pickle, nil)
	if err != nil || size != len(s.pickle) {
		t.Errorf("protocol %d, %.80x: %d bytes, %v", s.protocol, s.pickle, size, err)
		return
	}
	if got := notation(n); got != s.notation {
		t.Errorf("protocol %d, %.80x:\ngot  %.200s\nwant %.200s", s.protocol, s.pickle, got, s.notation)
	}
}

// Pickles that Python wrote, kept for where there is no Python.
func TestGolden(t *testing.T) {
	for _, s := range golden(t) {
		s.test(t)
	}
}

func golden(t testing.TB) []sample {
	dump, err := os.ReadFile("testdata/python3.11.7.txt")
	if err != nil {
		t.Fatal(err)
	}
	return samples(t, dump)
}

func dumped(t *testing.T) []sample {
	peertest.Need(t, "python3")
	dump, err := exec.Command("python3", "testdata/pickles.py", "dump").Output()
	if err != nil {
		t.Fatal(err)
	}
	return samples(t, dump)
}

func TestInteropDecode(t *testing.T) {
	for _, s := range dumped(t) {
		s.test(t)
	}
}

// Python loads what we write of what it wrote.
func TestInteropEncode(t *testing.T) {
	var in bytes.Buffer
	var want []string
	for _, s := range dumped(t) {
		n, _, err := Decode(s.pickle, nil)
		if err != nil {
			t.Fatal(err)
		}
		for protocol := oldest; protocol <= current; protocol++ {
			p, err := Append(nil, n, protocol)
			if err != nil {
				t.Fatalf("%.80s: %v", s.notation, err)
			}
			fmt.Fprintf(&in, "%x\n", p)
			want = append(want, s.notation)
		}
	}
	cmd := exec.Command("python3", "testdata/pickles.py", "load")
	cmd.Stdin = &in
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(got) != len(want) {
		t.Fatalf("%d lines, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("Python loads\n%.200s, want\n%.200s", got[i], want[i])
		}
	}
}

// An object of a class with slots and an enum, in the form that bgpy needs.
func TestInteropObject(t *testing.T) {
	peertest.Need(t, "python3")
	const script = `
import enum, pickle, sys
class Kind(enum.Enum):
    OK = 4
class Message:
    __slots__ = ["type", "args"]
print(sorted(Message.__slots__))
for line in sys.stdin:
    m = pickle.loads(bytes.fromhex(line))
    print(type(m).__name__, m.type, m.args)
`
	class := Global("__main__", "Message")
	kind := Global("__main__", "Kind")
	var in bytes.Buffer
	for _, member := range []*Node{Call(kind, Int(4)), Call(Global("builtins", "getattr"), kind, Str("OK"))} {
		m := Instance(class, Tuple(), Tuple(None(), Dict(Str("type"), member, Str("args"), Dict(Str("v"), List(Int(-7), Bytes("\xff"))))))
		for protocol := oldest; protocol <= current; protocol++ {
			p, err := Append(nil, m, protocol)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&in, "%x\n", p)
		}
	}
	cmd := exec.Command("python3", "-c", script)
	cmd.Stdin = &in
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	want := "['args', 'type']\n" + strings.Repeat("Message Kind.OK {'v': [-7, b'\\xff']}\n", 8)
	if err != nil || string(out) != want {
		t.Errorf("%s%v, want\n%s", out, err, want)
	}
}

// notation writes n as testdata/pickles.py writes the value. What older protocols
// have no opcode for is undone here.
func notation(n *Node) string {
	list := func(open, shut string, items []*Node) string {
		parts := make([]string, len(items))
		for i, item := range items {
			parts[i] = notation(item)
		}
		return open + strings.Join(parts, ",") + shut
	}
	switch n.Kind {
	case KindNone:
		return "None"
	case KindBool:
		if n.Bool() {
			return "True"
		}
		return "False"
	case KindInt:
		if v, ok := n.Int(); ok && v >= 0 {
			return fmt.Sprintf("%#x", v)
		}
		return fmt.Sprintf("%#x", n.Big())
	case KindFloat:
		if n.Float() != n.Float() {
			return "fnan"
		}
		return fmt.Sprintf("f%016x", n.num)
	case KindStr:
		return "s" + hex.EncodeToString([]byte(n.Text))
	case KindBytes:
		return "b" + hex.EncodeToString([]byte(n.Text))
	case KindByteArray:
		return "a" + hex.EncodeToString([]byte(n.Text))
	case KindList:
		return list("[", "]", n.Items)
	case KindTuple:
		return list("(", ")", n.Items)
	case KindSet:
		return list("<", ">", n.Items)
	case KindFrozenSet:
		return list("!", "!", n.Items)
	case KindDict:
		var pairs []string
		for i := 0; i < len(n.Items); i += 2 {
			pairs = append(pairs, notation(n.Items[i])+":"+notation(n.Items[i+1]))
		}
		return "{" + strings.Join(pairs, ",") + "}"
	case KindRef:
		return notation(n.Items[0])
	case KindObject:
		return replaced(n)
	}
	return n.Kind.String()
}

func replaced(n *Node) string {
	args := n.Args().Items
	_, name := n.Callable().Name()
	switch {
	case name == "encode":
		return "b" + latin1(args[0])
	case name == "bytes" && len(args) == 0:
		return "b"
	case name == "bytearray" && len(args) == 0:
		return "a"
	case name == "bytearray" && len(args) == 2:
		return "a" + latin1(args[0])
	case name == "bytearray" && args[0].Kind == KindObject:
		return "a" + replaced(args[0])[1:]
	case name == "bytearray":
		return "a" + hex.EncodeToString([]byte(args[0].Text))
	case name == "set":
		return "<" + strings.Trim(notation(args[0]), "[]") + ">"
	case name == "frozenset":
		return "!" + strings.Trim(notation(args[0]), "[]") + "!"
	}
	return name
}

func latin1(n *Node) string {
	var b []byte
	for _, r := range n.Text {
		b = append(b, byte(r))
	}
	return hex.EncodeToString(b)
}
