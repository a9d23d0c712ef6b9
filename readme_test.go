package channel

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chancat/channel/framing"
)

var update = flag.Bool("update", false, "write the table of framings into README.md")

const (
	tableBegin = "a test compares them -->\n"
	tableEnd   = "<!-- end -->"
)

// The table of framings in README.md is that of the registry.
func TestReadmeTable(t *testing.T) {
	readme := readFile(t, "README.md")
	before, rest, ok := strings.Cut(readme, tableBegin)
	got, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatal("README.md has no place for the table")
	}
	var want strings.Builder
	want.WriteString("\n| name | rule |\n|---|---|\n")
	for _, s := range framing.Specs() {
		name := s.Name
		if s.Value != "" {
			name += "=" + s.Value
		}
		fmt.Fprintf(&want, "| `%s` | %s |\n", name, strings.ReplaceAll(s.Doc, "|", `\|`))
	}
	want.WriteString("\n")
	if got == want.String() {
		return
	}
	if !*update {
		t.Fatal("the table differs from the registry; go test -run ReadmeTable -update . writes it")
	}
	if err := os.WriteFile("README.md", []byte(before+tableBegin+want.String()+tableEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The Go snippet in README.md compiles, because it is an example.
func TestReadmeSnippet(t *testing.T) {
	_, rest, _ := strings.Cut(readFile(t, "README.md"), "```go\n")
	snippet, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("README.md has no Go snippet")
	}
	var indented strings.Builder
	for line := range strings.Lines(snippet) {
		indented.WriteString("\t" + line)
	}
	if !strings.Contains(readFile(t, "example_test.go"), indented.String()) {
		t.Error("the snippet is not part of example_test.go")
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
