package juggler

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func mustParse(t testing.TB, text string) any {
	t.Helper()
	v, err := parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestPatch(t *testing.T) {
	for _, c := range []struct{ doc, op, want, fault string }{
		{`null`, `{"op":"replace","path":"","value":5}`, `5`, ""},
		{`null`, `{"op":"add","path":"","value":{"a":1}}`, `{"a": 1}`, ""},
		{`{"a":1}`, `{"op":"remove","path":""}`, `null`, ""},
		{`[1,2]`, `{"op":"add","path":"/0","value":0}`, `[0, 1, 2]`, ""},
		{`[1,2]`, `{"op":"add","path":"/2","value":3}`, `[1, 2, 3]`, ""},
		{`[1,2]`, `{"op":"add","path":"/-","value":3}`, `[1, 2, 3]`, ""},
		{`[1,2]`, `{"op":"add","path":"/3","value":3}`, "", "index 3 of a list of 2"},
		{`[1,2]`, `{"op":"replace","path":"/-","value":3}`, "", "no index"},
		{`[1,2]`, `{"op":"replace","path":"/2","value":3}`, "", "index 2 of a list of 2"},
		{`[1,2]`, `{"op":"replace","path":"/01","value":3}`, "", "no index"},
		{`[1,2]`, `{"op":"replace","path":"/+1","value":3}`, "", "no index"},
		{`[1,2]`, `{"op":"remove","path":"/-1"}`, "", "no index"},
		{`[1,2]`, `{"op":"remove","path":"/18446744073709551616"}`, "", "no index"},
		{`{"a":{"b":[1]}}`, `{"op":"replace","path":"/a/b/0","value":2}`, `{"a": {"b": [2]}}`, ""},
		{`{"a":1}`, `{"op":"replace","path":"/b","value":2}`, "", `no "b"`},
		{`{"a":1}`, `{"op":"add","path":"/b/c","value":2}`, "", `no "b"`},
		{`{"a":1}`, `{"op":"add","path":"/a/c","value":2}`, "", "no parts"},
		{`{"a":1}`, `{"op":"remove","path":"/b"}`, "", `no "b"`},
		{`5`, `{"op":"remove","path":"/b"}`, "", "no parts"},
		{`{"":{"":1}}`, `{"op":"replace","path":"//","value":2}`, `{"": {"": 2}}`, ""},
		{`{"a/b":1,"m~n":2}`, `{"op":"remove","path":"/a~1b"}`, `{"m~n": 2}`, ""},
		{`{"~1":1}`, `{"op":"remove","path":"/~01"}`, `{}`, ""},
		{`{}`, `{"op":"add","path":"/~2","value":1}`, "", "'~'"},
		{`{}`, `{"op":"add","path":"a","value":1}`, "", "slash"},
		{`{}`, `{"op":"add","path":"/__proto__","value":{"x":1}}`, `{"__proto__": {"x": 1}}`, ""},
		{`{}`, `{"op":"add","path":"/__proto__/x","value":1}`, "", "__proto__"},
		{`{"a":[1,2,3]}`, `{"op":"move","from":"/a/2","path":"/a/0"}`, `{"a": [3, 1, 2]}`, ""},
		{`{"a":1}`, `{"op":"move","from":"/a","path":"/b"}`, `{"b": 1}`, ""},
		{`{"a":{"b":1}}`, `{"op":"move","from":"/a","path":"/a/b"}`, "", "into itself"},
		{`{"a":{"b":1}}`, `{"op":"move","from":"/a/b","path":""}`, `1`, ""},
		{`{"a":{"b":1}}`, `{"op":"copy","from":"/a","path":"/a/c"}`, `{"a": {"b": 1, "c": {"b": 1}}}`, ""},
		{`{"a":1}`, `{"op":"copy","from":"/b","path":"/c"}`, "", `no "b"`},
		{`{"a":[1,{"b":10e-1}]}`, `{"op":"test","path":"/a","value":[1.0,{"b":1}]}`, `{"a": [1, {"b": 10e-1}]}`, ""},
		{`{"a":0}`, `{"op":"test","path":"/a","value":false}`, "", "test"},
		{`{"a":[]}`, `{"op":"test","path":"/a","value":{}}`, "", "test"},
		{`{"a":1e400}`, `{"op":"test","path":"/a","value":1e401}`, "", "test"},
		{`{}`, `{"op":"fly","path":"/a"}`, "", "unknown operation"},
		{`{}`, `{"path":"/a"}`, "", "unknown operation"},
		{`{}`, `{"op":"add","path":"/a"}`, "", "without a value"},
		{`{}`, `{"op":"add","value":1}`, "", `"path" is no string`},
		{`{}`, `{"op":"copy","path":"/a"}`, "", `"from" is no string`},
		{`{}`, `[]`, "", "no object"},
	} {
		doc := mustParse(t, c.doc)
		before := string(appendValue(nil, doc))
		got, _, err := apply(doc, []any{mustParse(t, c.op)}, defaultMaxState)
		if c.fault != "" {
			if err == nil || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("%s on %s: %v, want %q", c.op, c.doc, err, c.fault)
			}
		} else if text := string(appendValue(nil, got)); err != nil || text != c.want {
			t.Errorf("%s on %s: %s, %v; want %s", c.op, c.doc, text, err, c.want)
		}
		if after := string(appendValue(nil, doc)); after != before {
			t.Errorf("%s changed its document from %s to %s", c.op, before, after)
		}
	}
}

// What is copied and then changed changes in one place only.
func TestPatchCopiesAreApart(t *testing.T) {
	ops := mustParse(t, `[
		{"op":"add","path":"/a/x","value":[1]},
		{"op":"copy","from":"/a","path":"/b"},
		{"op":"add","path":"/a/x/-","value":2},
		{"op":"move","from":"/b/x","path":"/c"},
		{"op":"add","path":"/c/0","value":0}]`).([]any)
	got, _, err := apply(mustParse(t, `{"a":{}}`), ops, defaultMaxState)
	if text := string(appendValue(nil, got)); err != nil || text != `{"a": {"x": [1, 2]}, "b": {}, "c": [0, 1]}` {
		t.Errorf("%s, %v", text, err)
	}
}

// A state that copies itself over and over is stopped before it is written out.
func TestPatchBomb(t *testing.T) {
	op := mustParse(t, `{"op":"copy","from":"","path":"/a"}`)
	if _, failed, err := apply(map[string]any{"x": "y"}, slices.Repeat([]any{op}, 2000), 1<<20); err == nil || failed > 600 {
		t.Errorf("operation %d: %v", failed, err)
	}
	op = mustParse(t, `{"op":"copy","from":"","path":"/-"}`)
	if _, failed, err := apply([]any{"y"}, slices.Repeat([]any{op}, 2000), 1<<20); err == nil || failed > 30 {
		t.Errorf("operation %d: %v", failed, err)
	}
}

// equivalent compares by value and keeps numbers apart that are written otherwise.
func equivalent(a, b any) bool { return string(appendValue(nil, a)) == string(appendValue(nil, b)) }

// What a server sends leads every client from any state to any other.
func TestDiffAndPatch(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		from := randomValue(r, 4)
		to := mutated(r, from, 4)
		checkDiff(t, from, to)
	}
	for _, pair := range [][2]string{
		{`[0]`, `[false]`}, {`[1]`, `[true]`}, {`{"a":1}`, `{"a":1.0}`}, {`{"a":0}`, `{"a":false}`},
		{`12345678901234567890`, `12345678901234567891`}, {`{"a":"\ud83d"}`, `{"a":"\ufffd"}`}, {`null`, `false`},
		{`{"a":{"__proto__":{"x":1}}}`, `{"a":{"__proto__":{"x":2}}}`}, {`{}`, `{"__proto__":1}`},
		{`{"a":null}`, `{}`}, {`[null]`, `[]`}, {`{"\ud83d":1}`, `{"\ud83e":1}`},
	} {
		checkDiff(t, mustParse(t, pair[0]), mustParse(t, pair[1]))
	}
}

func checkDiff(t *testing.T, from, to any) {
	t.Helper()
	p := newDiff(from, to)
	if p == nil {
		if !equivalent(from, to) {
			t.Fatalf("no difference between %s and %s", appendValue(nil, from), appendValue(nil, to))
		}
		return
	}
	m, err := decode(p.text[1:])
	if err != nil {
		t.Fatal(err)
	}
	ops := mustParse(t, string(m.diff)).([]any)
	for _, op := range ops {
		o := op.(map[string]any)
		if path, _ := o["path"].(string); strings.Contains(path, "__proto__") {
			t.Fatalf("%s changes the page of a JavaScript client", m.diff)
		}
		if kind := o["op"]; kind != "add" && kind != "remove" && kind != "replace" || o["path"] == "" && kind != "replace" {
			t.Fatalf("%s is not for every client", m.diff)
		}
	}
	got, _, err := apply(from, ops, defaultMaxState)
	if err != nil || !equivalent(got, to) {
		t.Fatalf("from %s to %s: %s makes %s, %v", appendValue(nil, from), appendValue(nil, to), m.diff, appendValue(nil, got), err)
	}
}

// Long lists are costly, on 32-bit machines too, where the square of their length is
// no int.
func TestSquares(t *testing.T) {
	for n, want := range map[int]bool{0: false, 1: false, 256: false, 257: true, 1 << 16: true, 1<<16 + 1: true} {
		if got := squares(make([]any, n), costly) > costly; got != want {
			t.Errorf("%d elements: %v", n, got)
		}
		if got := squares([]any{nil, make([]any, n)}, costly) > costly; got != (want || n == 256) {
			t.Errorf("%d elements in a list: %v", n, got)
		}
	}
}

func FuzzPatch(f *testing.F) {
	f.Add([]byte(`{"a":[1]}`), []byte(`[{"op":"move","from":"/a/0","path":"/b"},{"op":"copy","from":"","path":"/a/-"}]`))
	f.Add([]byte(`null`), []byte(`[{"op":"replace","path":"","value":{"":"\ud83d"}},{"op":"test","path":"/","value":1}]`))
	f.Fuzz(func(t *testing.T, doc, patch []byte) {
		v, err := parse(doc)
		if err != nil {
			return
		}
		p, err := parse(patch)
		ops, ok := p.([]any)
		if err != nil || !ok {
			return
		}
		before := string(appendValue(nil, v))
		got, _, err := apply(v, ops, 1<<16)
		if string(appendValue(nil, v)) != before {
			t.Fatal("the document was changed")
		}
		if err != nil {
			return
		}
		text := appendValue(nil, got)
		again, err := parse(text)
		if err != nil || !reflect.DeepEqual(got, again) {
			t.Fatalf("%s: %v", text, err)
		}
		if d := newDiff(v, got); d != nil {
			m, err := decode(d.text[1:])
			if err != nil {
				t.Fatal(err)
			}
			if got2, _, err := apply(v, mustParse(t, string(m.diff)).([]any), 1<<20); err != nil || !equivalent(got2, got) {
				t.Fatalf("the difference %s does not lead there: %v", m.diff, err)
			}
		}
	})
}

// A state of 1 MiB: 4000 objects, of which ten change.
func largeStates() (from, to any) {
	object := map[string]any{}
	for i := range 4000 {
		key := "device-" + json.Number(rune('a'+i%26)).String() + strings.Repeat("0", i%3) + string(appendHex(nil, rune(i)))[2:]
		object[key] = map[string]any{
			"name": strings.Repeat("n", 100), "values": []any{json.Number("1.25"), json.Number("2"), true, nil},
			"state": map[string]any{"on": false, "text": strings.Repeat("t", 80)},
		}
	}
	next := map[string]any{}
	n := 0
	for key, v := range object {
		if n++; n%400 == 0 {
			v = map[string]any{"name": "other", "values": []any{json.Number("7")}}
		}
		next[key] = v
	}
	return object, next
}

func BenchmarkDiff(b *testing.B) {
	from, to := largeStates()
	b.SetBytes(int64(len(appendValue(nil, to))))
	for b.Loop() {
		if newDiff(from, to) == nil {
			b.Fatal("no difference")
		}
	}
}

func BenchmarkPatch(b *testing.B) {
	from, to := largeStates()
	m, err := decode(newDiff(from, to).text[1:])
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(appendValue(nil, to))))
	for b.Loop() {
		ops, err := parse(m.diff)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := apply(from, ops.([]any), defaultMaxState); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSet is a whole new state given as text, and what its clients get.
func BenchmarkSet(b *testing.B) {
	from, to := largeStates()
	texts := [2]json.RawMessage{appendValue(nil, from), appendValue(nil, to)}
	b.SetBytes(int64(len(texts[0])))
	n := 0
	var last any
	for b.Loop() {
		v, err := tree(texts[n%2])
		if err != nil {
			b.Fatal(err)
		}
		newDiff(last, v)
		last = v
		n++
	}
}

// BenchmarkDiffList is a log of objects, from whose front one goes while another
// comes behind: short enough for its differences to be searched for, and not.
func BenchmarkDiffList(b *testing.B) {
	for _, n := range []int{250, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var list []any
			for i := range n + 1 {
				list = append(list, map[string]any{"id": json.Number(fmt.Sprint(i)), "text": "something", "level": "info"})
			}
			var p *payload
			for b.Loop() {
				p = newDiff(list[:n], list[1:])
			}
			b.ReportMetric(float64(len(p.text)), "diff-bytes")
		})
	}
}
