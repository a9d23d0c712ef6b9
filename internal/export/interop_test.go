package export_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chancat/channel/internal/peertest"
)

// The exported Python modules read every vector, every sample and every recording
// as the codecs do, whole and in single bytes, and write the same frames.
func TestInteropExportPython(t *testing.T) {
	python := peertest.Need(t, "python3")[0]
	t.Parallel()
	directory, _ := newSuite(t).write(t, "python", func(module string) string { return module + ".py" })
	report(t, exec.Command(python, "testdata/run.py", directory))
}

// So do the exported Go packages, which build without anything else.
func TestInteropExportGo(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	directory, texts := s.write(t, "go", func(module string) string { return module + "/" + module + ".go" })
	main, err := os.ReadFile("testdata/main.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(directory, "main.go"), main)
	writeFile(t, filepath.Join(directory, "codecs.go"), []byte(adapters(s, texts)))
	writeFile(t, filepath.Join(directory, "go.mod"), []byte("module exported\n\ngo 1.22\n"))
	for _, args := range [][]string{{"vet", "./..."}, {"run", "."}} {
		cmd := exec.Command("go", args...)
		cmd.Dir = directory
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
		report(t, cmd)
	}
}

// The exported Python modules are typed throughout.
func TestInteropExportPythonTypes(t *testing.T) {
	mypy := peertest.NeedHeavy(t, "mypy")[0]
	t.Parallel()
	directory, _ := newSuite(t).write(t, "python", func(module string) string { return module + ".py" })
	cmd := exec.Command(mypy, "--strict", "--no-error-summary", "--cache-dir", t.TempDir(), ".")
	cmd.Dir = directory
	report(t, cmd)
}

func report(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		t.Error(strings.TrimSpace(line))
	}
}

// adapters is the Go file that knows the packages by their modules.
func adapters(s *suite, texts map[string]string) string {
	var imports, table strings.Builder
	for _, module := range slices.Sorted(maps.Keys(s.modules)) {
		fmt.Fprintf(&imports, "\t%s \"exported/%s\"\n", module, module)
		open, appending := "src", "dst, msg"
		if strings.Contains(texts[module], "type Side int") {
			open = fmt.Sprintf("src, map[bool]%s.Side{true: %[1]s.Server}[server]", module)
			appending = strings.Replace(open, "src", "dst, msg", 1)
		}
		fmt.Fprintf(&table, `	%[1]q: {
		func(src io.Reader, server bool) func() ([]byte, error) { return %[1]s.NewReader(%[2]s).Next },
		func(dst, msg []byte, server bool) ([]byte, error) { return %[1]s.Append(%[3]s) },
		func(err error) []int64 {
			var e *%[1]s.Error
			if !errors.As(err, &e) {
				return []int64{-1, -1}
			}
			return []int64{e.Start, e.Offset}
		},
	},
`, module, open, appending)
	}
	text := "package main\n\nimport (\n\t\"errors\"\n\t\"io\"\n\n" + imports.String() + ")\n\nvar codecs = map[string]codec{\n" + table.String() + "}\n"
	return text
}
