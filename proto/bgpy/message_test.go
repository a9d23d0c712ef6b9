package bgpy

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"github.com/chancat/channel/frame"
)

// everyKind has a value of each type that travels.
func everyKind() Dict {
	return Args("none", nil, "bool", true, "int", int64(-1), "long", new(big.Int).Lsh(big.NewInt(1), 70), "float", 1.5,
		"str", "žluťoučký kůň", "bytes", []byte("\x00\xff"), "list", []any{int64(1), []any{int64(2)}},
		"tuple", Tuple{int64(1), Tuple{int64(2), int64(3)}, Tuple{}}, "dict", Dict{{"a", Dict{}}, {int64(1), int64(2)}})
}

func TestRoundTrip(t *testing.T) {
	for kind := Init; kind <= Error; kind++ {
		m := Message{kind, everyKind()}
		if kind == Init {
			m.Args = m.Args.With(keyExec, Func{"a.b", "C.d"})
		}
		body, err := m.AppendBody(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseBody(body); err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%v, %v; want %v", got, err, m)
		}
	}
}

// What is only for sending arrives as its nearest.
func TestSendables(t *testing.T) {
	type name string
	body, err := Message{Exec, Args("a", 1, "b", uint64(math.MaxUint64), "c", float32(0.5), "d", name("x"),
		"e", []string{"y"}, "f", map[string]any{"z": 1, "a": nil}, "g", [2]int8{1, 2})}.AppendBody(nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := ParseBody(body)
	if want := `{"a":1,"b":18446744073709551615,"c":0.5,"d":"x","e":["y"],"f":{"a":null,"z":1},"g":[1,2]}`; err != nil || plain(m.Args) != want {
		t.Errorf("%s, %v; want %s", plain(m.Args), err, want)
	}
}

const (
	head = "\x80\x03cbgpy.core.message\nMessage\n)\x81N}(X\x04\x00\x00\x00typecbgpy.core.message\nMessageType\nK\x01\x85RX\x04\x00\x00\x00args"
	tail = "u\x86b."
)

func body(p string) []byte { return []byte(base64.StdEncoding.EncodeToString([]byte(p))) }

// Nothing but messages gets through; what a hostile pickle would call is named.
func TestRefused(t *testing.T) {
	if m, err := ParseBody(body(head + "}" + tail)); err != nil || m.Type != Exec {
		t.Fatal(m, err)
	}
	bomb := "(]q\x00" + strings.Repeat("]q\x01(h\x00h\x00h\x00h\x00h\x00h\x00h\x00h\x00eq\x00", 30) + "l"
	var chain strings.Builder
	chain.WriteString("(]q\x00")
	for range 100_000 {
		chain.WriteString("]q\x01h\x00aq\x01h\x01q\x00")
	}
	chain.WriteString("l")
	for p, want := range map[string]string{
		"cos\nsystem\n(S'echo pwned'\ntR.":                                                   `os.system" is not to be called`,
		"cos\nsystem\n(S'x'\ntR0" + head[2:] + "}" + tail:                                    `os.system" is not to be called`, // thrown away
		"cos\nsystem\n0" + head[2:] + "}" + tail:                                             `the name "os.system"`,
		head + "}X\x01\x00\x00\x00xcos\nsystem\ns" + tail:                                    `the name "os.system" in place of a value`,
		head + "}X\x01\x00\x00\x00xcbgpy.core.message\nMessage\ns" + tail:                    `in place of a value`,
		"cbuiltins\ngetattr\n(cos\nX\x06\x00\x00\x00systemtR.":                               "",
		"cbuiltins\ngetattr\n(cbuiltins\neval\nX\x04\x00\x00\x00nametR.":                     `builtins.getattr" is not to be called`,
		"cbuiltins\ngetattr\n(cbgpy.core.message\nMessageType\nX\x08\x00\x00\x00__init__tR.": `builtins.getattr" is not to be called`,
		"cbgpy.core.message\nMessageType\nK\x06\x85R.":                                       `MessageType" is not to be called`,
		"cbgpy.core.message\nMessage\n(NtR.":                                                 `Message" is not to be called`,
		"(ios\nsystem\n.":                                                                    "no message has that",
		"(cos\nsystem\no.":                                                                   "no message has that",
		"Pid\n.":                                                                             "no message has that",
		"\x80\x03K\x01Q.":                                                                    "no message has that",
		"\x82\x01.":                                                                          "no message has that",
		"\x97.":                                                                              "no message has that",
		"cos\nX\n)\x81}b.":                                                                   `os.X" is not to be called`,
		"cbgpy.core.message\nMessageType\nK\x01\x85R}b.":                                     `is not to be called`,
		"cbgpy.core.message\nMessage\n)\x81.":                                                "without its slots",
		"N.":                                                                                 "a None in place of a Message",
		head + "}" + tail + "x":                                                              "1 bytes behind the pickle",
		head + "]" + tail:                                                                    "args that are a list",
		head + "}K\x01K\x01s" + tail:                                                         "the key 1, want a str",
		head + "}X\x01\x00\x00\x00xX\xff\xff\xff\xffabc":                                     "bytes wanted",
		head + "}X\x01\x00\x00\x00x\x8d\x00\x00\x00\x00\x04\x00\x00\x00abc":                  "bytes wanted", // 16 GiB
		head + "}X\x01\x00\x00\x00x\x8b\xff\xff\xff\x7fabc":                                  "bytes wanted",
		head + "}X\x01\x00\x00\x00x" + bomb + "s" + tail:                                     "more than 1048576 values",
		head + "}X\x01\x00\x00\x00x" + strings.Repeat("]", 300) + strings.Repeat("a", 299) + "s" + tail: "over the limit",
		head + "}X\x01\x00\x00\x00x" + chain.String() + "s" + tail:                                      "nested deeper",
		head + "}X\x01\x00\x00\x00x]q\x00h\x00as" + tail:                                                "part of itself",
		head + "}q\x00X\x01\x00\x00\x00xh\x00s" + tail:                                                  "",
	} {
		m, err := ParseBody(body(p))
		refused := (*RefusedError)(nil)
		if !errors.As(err, &refused) || !errors.Is(err, frame.ErrSyntax) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80q: %.80v, %v; want %q", p, m, err, want)
		}
	}
	for _, text := range []string{"", "!", "gA==x", "gAN9"} {
		if _, err := ParseBody([]byte(text)); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func TestJSON(t *testing.T) {
	d := everyKind().With("set", Set{int64(1)}).With("func", Func{"a", "b"}).With("nan", math.NaN()).With("whole", 2.0)
	text, err := json.Marshal(d)
	want := `{"none":null,"bool":true,"int":-1,"long":1180591620717411303424,"float":1.5,"str":"žluťoučký kůň","bytes":"AP8=",` +
		`"list":[1,[2]],"tuple":[1,[2,3],[]],"dict":{"a":{},"1":2},"set":[1],"func":"a.b","nan":null,"whole":2.0}`
	if err != nil || string(text) != want {
		t.Errorf("%s, %v; want %s", text, err, want)
	}
	var back Dict
	if err := json.Unmarshal(text, &back); err != nil || plain(back) != want {
		t.Errorf("%s, %v", plain(back), err)
	}
	for in, want := range map[string]any{
		`{"a":1}`: int64(1), `{"a":1e2}`: 100.0, `{"a":-0.0}`: math.Copysign(0, -1), `{"a":1,"a":2}`: int64(2), `{"a":"x"}`: "x",
	} {
		if err := back.UnmarshalJSON([]byte(in)); err != nil || back.Get("a") != want || len(back) != 1 {
			t.Errorf("%s: %v, %v", in, back, err)
		}
	}
	for _, in := range []string{"", "[]", "1", "{", `{"a"`, `{"a":}`, "{} {}", `{"a":` + strings.Repeat("[", 200), `{"a":` + strings.Repeat("9", 5000) + "}"} {
		if err := back.UnmarshalJSON([]byte(in)); err == nil {
			t.Errorf("%.40q was accepted", in)
		}
	}
}

// Any body is refused, or a message that can be sent again.
func FuzzParseBody(f *testing.F) {
	for _, p := range []string{
		head + "}" + tail,
		head + "}X\x01\x00\x00\x00x](K\x01G\x3f\xf0\x00\x00\x00\x00\x00\x00eh\x00s" + tail,
		"cos\nsystem\n(S'echo pwned'\ntR.",
		"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x11bgpy.core.message\x94\x8c\x07Message\x94\x93\x94)\x81\x94N}(\x8c\x04type\x8c\x08builtins\x8c\x07getattr\x93h\x00\x8c\x0bMessageType\x93\x8c\x02OK\x86R\x8c\x04args}u\x86b.",
	} {
		f.Add([]byte(p))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		m, err := ParseBody(body(string(p)))
		if err != nil {
			return
		}
		appendJSON(nil, m.Args)
		again, err := m.AppendBody(nil)
		if err != nil {
			if strings.Contains(err.Error(), "a set cannot be sent") || strings.Contains(err.Error(), "line break") {
				return
			}
			t.Fatalf("%v cannot be sent: %v", m, err)
		}
		m2, err := ParseBody(again)
		if err != nil || plain(m2.Args) != plain(m.Args) || m2.Type != m.Type {
			t.Fatalf("%v became %v, %v", m, m2, err)
		}
	})
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"a":[1,2.5,null,true,{"b":"x"}],"c":123456789012345678901234567890}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		var d, again Dict
		if d.UnmarshalJSON(in) != nil {
			return
		}
		text, err := d.MarshalJSON()
		if err != nil || !json.Valid(text) {
			t.Fatalf("%q: %q, %v", in, text, err)
		}
		if err := again.UnmarshalJSON(text); err != nil || plain(again) != plain(d) {
			t.Fatalf("%q: %q, %v", in, text, err)
		}
	})
}

func BenchmarkParseBody(b *testing.B) {
	text, err := Message{Exec, everyKind()}.AppendBody(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseBody(text); err != nil {
			b.Fatal(err)
		}
	}
}
