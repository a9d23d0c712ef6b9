// Layers checks that every package imports only packages of lower floors
// (docs/design.md §2), that the pure ones do no I/O, and that a heavy dependency
// has one home. It is run in the root of the repository.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/chancat/channel"

// pure packages do no I/O and know no time.
var pure = []string{"frame", "framing", "view", "detect", "internal/pickle"}

var impure = []string{"net", "os", "time", "context", "os/exec", "net/http", "syscall"}

// homes are the dependencies that one package alone may import.
var homes = map[string]string{
	"github.com/chzyer/readline":   "internal/repl",
	"github.com/fatih/color":       "internal/term",
	"github.com/coder/websocket":   "internal/ws",
	"github.com/spf13/cobra":       "cmd/chancat",
	"github.com/gopacket/gopacket": "session/pcap",
	"github.com/itchyny/gojq":      "internal/filter",
	"go.bug.st/serial":             "endpoint",
	"github.com/wI2L/jsondiff":     "proto/juggler",
	"github.com/tg123/go-htpasswd": "proto/juggler",
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func main() {
	packages, err := list()
	floors, err2 := readFloors("docs/design.md")
	if err := errors.Join(err, err2); err != nil {
		fmt.Fprintln(os.Stderr, "layers:", err)
		os.Exit(2)
	}
	faults := check(packages, floors)
	for _, f := range faults {
		fmt.Println(f)
	}
	fmt.Printf("layers: %d packages, %d faults\n", len(packages), len(faults))
	if len(faults) > 0 || len(packages) == 0 {
		os.Exit(1)
	}
}

func list() ([]goPackage, error) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var packages []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); err == io.EOF {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
}

// readFloors reads the rows "| FLOOR | `PACKAGE` … |" of the document.
func readFloors(document string) (map[string]int, error) {
	text, err := os.ReadFile(document)
	if err != nil {
		return nil, err
	}
	floors := map[string]int{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		floor, err := strconv.Atoi(strings.TrimSpace(cells[1]))
		if err != nil {
			continue
		}
		for i, name := range strings.Split(cells[2], "`") {
			if i%2 == 1 {
				floors[name] = floor
			}
		}
	}
	if len(floors) == 0 {
		return nil, fmt.Errorf("%s: no table of floors", document)
	}
	return floors, nil
}

func check(packages []goPackage, floors map[string]int) (faults []string) {
	for _, p := range packages {
		name := short(p.ImportPath)
		floor, ok := floors[name]
		if !ok {
			faults = append(faults, name+" stands on no floor of docs/design.md")
			continue
		}
		for _, imported := range p.Imports {
			if home, ok := homes[imported]; ok && home != name {
				faults = append(faults, fmt.Sprintf("%s imports %s, whose home is %s", name, imported, home))
			}
			if slices.Contains(pure, name) && slices.Contains(impure, imported) {
				faults = append(faults, fmt.Sprintf("%s is pure, and imports %s", name, imported))
			}
			if imported != module && !strings.HasPrefix(imported, module+"/") {
				continue
			}
			if below, ok := floors[short(imported)]; !ok || below >= floor {
				faults = append(faults, fmt.Sprintf("%s (floor %d) imports %s (floor %d)", name, floor, short(imported), below))
			}
		}
	}
	return faults
}

// short is the name in the table: the path below the module, or channel for the
// root.
func short(path string) string {
	if path == module {
		return "channel"
	}
	return strings.TrimPrefix(path, module+"/")
}
