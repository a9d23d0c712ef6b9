package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// volume is how much the transfers carry.
type volume struct {
	lines    int   // of 100 bytes and a line feed
	bulk     int64 // bytes, in long lines
	startups int   // repetitions of a start
}

var (
	fullVolume  = volume{lines: 1_000_000, bulk: 1 << 30, startups: 21}
	quickVolume = volume{lines: 10_000, bulk: 16 << 20, startups: 3}
)

const redisPipe = "redis-cli --pipe"

// toolCells are the goals of the command at the path chancat. Files go to dir.
func toolCells(chancat, dir string, v volume) []Cell {
	transports := []transport{
		{
			"chancat",
			[]string{chancat, "listen", "--once", "127.0.0.1:PORT"},
			[]string{chancat, "connect", "127.0.0.1:PORT"},
		}, {
			"chancat -f line",
			[]string{chancat, "listen", "-f", "line", "--once", "127.0.0.1:PORT"},
			[]string{chancat, "connect", "-f", "line", "127.0.0.1:PORT"},
		},
		byteTransport("socat", "socat -u TCP-LISTEN:PORT,bind=127.0.0.1 STDOUT", "socat -u STDIN TCP:127.0.0.1:PORT"),
		byteTransport("socat -b262144", "socat -b262144 -u TCP-LISTEN:PORT,bind=127.0.0.1 STDOUT", "socat -b262144 -u STDIN TCP:127.0.0.1:PORT"),
		byteTransport("nc.openbsd", "nc.openbsd -l 127.0.0.1 PORT", "nc.openbsd -N 127.0.0.1 PORT"),
		byteTransport("ncat", "ncat -l --recv-only 127.0.0.1 PORT", "ncat --send-only 127.0.0.1 PORT"),
	}

	lines := lineFile{count: v.lines, size: 100}
	c := transferCell("tool/lines", dir, lines, transports)
	c.Entrants = append(c.Entrants, publish(redisPipe, dir, lines))
	c.Goals = []Goal{
		slower("G11", "chancat", "socat", 1.25),
		slower("G11", "chancat", "ncat", 0.8),
		slower("G11", "chancat", redisPipe, 0.25),
		slower("", "chancat -f line", "socat", 0),
	}
	cells := []Cell{c}
	for _, size := range []int{64 << 10, 1 << 20} {
		bulk := lineFile{count: int(v.bulk / int64(size)), size: size - 1}
		c := transferCell("tool/bulk/"+bytesName(size), dir, bulk, transports)
		c.Goals = []Goal{
			slower("G12", "chancat", "nc.openbsd", 0.9),
			slower("G12", "chancat", "socat -b262144", 1.1),
		}
		cells = append(cells, c)
	}
	cells = append(cells, decodeCells(chancat, dir, v)...)
	return append(cells, startCell(dir, chancat, v.startups))
}

// slower bounds how many times anchor's time ours takes.
func slower(id, ours, anchor string, bound float64) Goal {
	return Goal{ID: id, Ours: ours, Anchors: []string{anchor}, Sense: AtMost, Bound: bound}
}

// buildChancat builds the command from the tree that this module replaces, and
// returns its path, which is empty after an error.
func buildChancat(dir string) (path string, err error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/chancat/channel").Output()
	if err != nil {
		return "", fmt.Errorf("find chancat: %w", err)
	}
	path = filepath.Join(dir, "chancat")
	build := exec.Command("go", "build", "-o", path, "./cmd/chancat")
	build.Dir = strings.TrimSpace(string(root))
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as README.md installs it: nothing to load at the start
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build chancat: %w: %s", err, out)
	}
	return path, nil
}

// installed says whether each of programs can be run.
func installed(programs ...string) bool {
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			return false
		}
	}
	return true
}
