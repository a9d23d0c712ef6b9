package view_test

import (
	"strings"
	"testing"

	"github.com/chancat/channel/view"
)

func TestPickle(t *testing.T) {
	for in, want := range map[string]string{
		"\x80\x04N.":                       "None",
		"cos\nsystem\n(S'echo pwned'\ntR.": `$reduce os.system("echo pwned")`,
		"cm\nf\n.":                         "$global m.f",
		"cm\n\x1b[2J\n.":                   `$global "m.\u001b[2J"`,
		"\x80\x05(K\x01I00\nG?\xf8\x00\x00\x00\x00\x00\x00C\x02a\x00\x8c\x03h\xc3\xa9t.": `(1, False, 1.5, b"a\x00", "hé")`,
		"K\x01\x85.":           "(1,)",
		")].":                  "[]",
		"}K\x01\x88s.":         "{1: True}",
		"\x8f(K\x01K\x02\x90.": "set{1, 2}",
		"(K\x01\x91.":          "frozenset{1}",
		"\x96\x01\x00\x00\x00\x00\x00\x00\x00\xff.": `bytearray(b"\xff")`,
		"]q\x01h\x01a.":                       "&1 [*1]",
		"]q\x01h\x01\x86.":                    "(&1 [], *1)",
		"K\x05Q.":                             "$persistent 5",
		"\x82\xf0.":                           "$ext 240",
		"\x97.":                               "$buffer",
		"cm\nC\n)\x81}K\x01Nsb.":              "$class m.C() $state {1: None}",
		"cm\nC\n)}\x92.":                      "$class m.C() $kwargs {}",
		"cm\nC\n)R(K\x01eK\x02K\x03s.":        "$reduce m.C() $items [1] $entries {2: 3}",
		"cm\nC\n]R.":                          "$reduce m.C $args []",
		"cm\nC\n)R)R.":                        "$reduce $reduce m.C()()",
		"L123456789012345678901234567890L\n.": "123456789012345678901234567890",
		"not a pickle.":                       "not a pickle.",
		"N.N.":                                "N.N.",
		"\x80\x04":                            "00000000  80 04                                             |..|",
	} {
		if got := string(view.Pickle(nil, []byte(in))); got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", in, got, want)
		}
	}
}

// A message of bgpy, as a Python of 2024 sends it.
func TestPickleMessage(t *testing.T) {
	body := bytesOf(t, "8004957100000000000000"+
		"8c1162677079"+"2e636f72652e6d657373616765"+"948c074d657373616765949394298194"+
		"4e7d94288c0474797065948c1162677079"+"2e636f72652e6d657373616765"+"948c0b4d65737361676554797065949394"+
		"4b03859452948c0461726773947d948c05746f6b656e948c0673336372657494737586"+"94622e")
	const want = `$class bgpy.core.message.Message() $state (None, {
  "type": $reduce bgpy.core.message.MessageType(3),
  "args": {"token": "s3cret"}
})`
	if got := string(view.Pickle(nil, body)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A value that is repeated at two bytes a time does not fill the screen.
func TestPickleBomb(t *testing.T) {
	body := "(X\x00\x40\x00\x00" + strings.Repeat("x", 0x4000) + "\x94" + strings.Repeat("h\x00", 50_000) + "t."
	if got := view.Pickle(nil, []byte(body)); len(got) > 17*len(body)+8<<10 || !strings.Contains(string(got), "…") {
		t.Errorf("%d bytes for %d", len(got), len(body))
	}
	body = "(L" + strings.Repeat("9", 4000) + "L\n\x8b\x00\x00\x10\x00" + strings.Repeat("\x01", 1<<20) + "t."
	if got := view.Pickle(nil, []byte(body)); !strings.Contains(string(got), "$int b") {
		t.Errorf("%.100s", got)
	}
}
