package view_test

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/chancat/channel/view"
)

func TestCBOR(t *testing.T) {
	text, err := os.ReadFile("testdata/cbor.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		code, want, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if got := joined(view.CBOR(nil, bytesOf(t, code))); got != want {
			t.Errorf("%s: got %s, want %s", code, got, want)
		}
	}
}

// What is not one well-formed item is shown as text or hex.
func TestNotCBOR(t *testing.T) {
	for _, code := range []string{
		"",                     // nothing
		"0000",                 // two items
		"ff",                   // a break of nothing
		"18",                   // cut
		"1c", "fc", "5c", "df", // reserved
		"f814",               // a simple value that has a shorter form
		"5bffffffffffffffff", // claims 16 EiB
		"9bffffffffffffffff", "bb7fffffffffffffff",
		"9f", "5f41", "5f00ff", "5f5f4100ffff", "7f4100ff", // strings in pieces of another kind
		"bf00ff",                          // a key without a value
		"82ff00",                          // a break in an array with a length
		strings.Repeat("81", 2000) + "00", // too deep
	} {
		body := bytesOf(t, code)
		if got, want := string(view.CBOR(nil, body)), string(view.Auto(nil, body)); got != want {
			t.Errorf("%.40s: got %s", code, got)
		}
	}
}

func bytesOf(t testing.TB, code string) []byte {
	t.Helper()
	b, err := hex.DecodeString(code)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// joined undoes the spreading over lines.
func joined(shown []byte) string {
	lines := strings.Split(string(shown), "\n")
	var b strings.Builder
	for i, line := range lines {
		line = strings.TrimLeft(line, " ")
		if i > 0 && strings.HasSuffix(lines[i-1], ",") {
			b.WriteByte(' ')
		}
		b.WriteString(line)
	}
	return b.String()
}
