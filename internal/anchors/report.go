package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

const preamble = `# Speed

The tables of this page are written by ` + "`go run . -o ../../docs/performance.md`" + ` in
internal/anchors. Only ratios are bounded: everything that a ratio compares ran in
this one run, back to back in each repetition and in rotated order, over loopback
TCP. A ratio is the median of the ratios of the repetitions, so it need not be the
quotient of two medians. "≥ 3x" means at least three times as fast as the anchor,
"≤ 1.1x" at most 1.1 times its time.

`

const libraryLegend = `Both ends are in one process. A clock stops when the receiver has everything.

| name | what it is |
|---|---|
| SendBuffered, Send | package channel with default options, received with Messages unless RecvInto or Recv is named |
| raw-1w | no framing, one write for each message, read 64 KiB at a time |
| raw-full | the same, but the reader waits for each whole message |
| u32-buf | length of four bytes, 64 KiB buffers, flushed once at the end, received without a copy; it has a mutex but never flushes by itself |
| u32-1w | the same framing, one write for each message |
| nats-pub | nats.go Publish and a final Flush into a nats-server in this process that has no subscribers |
| jrpc2-LSP, jrpc2-Line | the channels of creachadair/jrpc2, with a mutex around Send |
| flusher | chancat's framing, with every write left to a goroutine |
| ×8 | eight goroutines send on the one connection |

`

const toolLegend = `Time of whole processes. For a transfer it runs from the start of
` + "`cat FILE | sender`" + ` until sender and receiver have exited; the receiver writes to
/dev/null. Before that, one run of each writes to a file that must equal the input.
tool/lines has lines of 100 bytes, tool/bulk few long lines. One line is one message
of chancat, framed by msg unless another framing is named. redis-cli publishes the
same lines, encoded beforehand, to a server without subscribers and waits for its
answers. tool/start is: connect, send one message, print the answer, exit; "true" is
a program that does nothing. tool/capture decodes a capture of messages of 100 bytes,
one in each segment or coalesced to segments of 32 KiB: chancat prints them, gopacket's
tcpassembly (in this process) counts them, or prints them too, and tshark prints the
stream. tool/decode is decode of a file of frames.

`

// writeReport writes the page. A section without results was not run. notes is
// prose for the end.
func writeReport(w io.Writer, reps int, library, tool []Result, notes string) {
	io.WriteString(w, preamble)
	fmt.Fprintf(w, "| commit | Go | CPUs | date | repetitions |\n|---|---|---|---|---|\n| %s | %s %s/%s | %d | %s | %d |\n\n",
		commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(),
		time.Now().UTC().Format(time.DateOnly), reps)
	summary(w, slices.Concat(library, tool))
	section(w, "The library", libraryLegend, library)
	section(w, "The tool", toolLegend, tool)
	if notes != "" {
		fmt.Fprintf(w, "## Notes\n\n%s\n", strings.TrimSpace(notes))
	}
}

// summary counts, for each goal in order, how many of its bounds are met.
func summary(w io.Writer, results []Result) {
	fmt.Fprint(w, "| goal | bounds | measured | met |\n|---|---|---|---|\n")
	type count struct{ bounds, measured, met int }
	counts := map[string]*count{}
	var ids []string
	for _, r := range results {
		for _, g := range r.Cell.Goals {
			if g.ID == "" {
				continue
			}
			c := counts[g.ID]
			if c == nil {
				c = new(count)
				counts[g.ID] = c
				ids = append(ids, g.ID)
			}
			c.bounds++
			ratios, err := r.ratios(g)
			if err != nil {
				continue
			}
			c.measured++
			if median, _, _ := spread(ratios); g.met(median) {
				c.met++
			}
		}
	}
	for _, id := range ids {
		c := counts[id]
		fmt.Fprintf(w, "| %s | %d | %d | %d |\n", id, c.bounds, c.measured, c.met)
	}
	fmt.Fprintln(w)
}

func section(w io.Writer, title, legend string, results []Result) {
	fmt.Fprintf(w, "## %s\n\n", title)
	if len(results) == 0 {
		fmt.Fprint(w, "Not run.\n\n")
		return
	}
	io.WriteString(w, legend)
	fmt.Fprint(w, "### Ratios\n\n| goal | cell | measured | of | to | median | min–max | wanted | verdict |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range results {
		for _, g := range r.Cell.Goals {
			fmt.Fprintln(w, goalRow(r, g))
		}
	}
	fmt.Fprint(w, "\n### Measurements\n\n| cell | measured | of | median | min–max |\n|---|---|---|---|---|\n")
	for _, r := range results {
		for _, e := range r.Cell.Entrants {
			for i, m := range r.Cell.Metrics {
				if m.Time { // amounts are bounded by themselves, so they stand above
					fmt.Fprintln(w, measurementRow(r, e.Name, i))
				}
			}
		}
	}
	fmt.Fprintln(w)
}

func goalRow(r Result, g Goal) string {
	m := r.Cell.Metrics[g.Metric]
	row := fmt.Sprintf("| %s | %s | %s | %s | %s |", g.ID, r.Cell.Name, m.Name, g.Ours, strings.Join(g.Anchors, " or "))
	ratios, err := r.ratios(g)
	if err != nil {
		return row + fmt.Sprintf(" %s | | %s | |", failure(err), g.wanted())
	}
	verdict := ""
	median, least, most := spread(ratios)
	switch {
	case g.ID == "":
	case g.met(median):
		verdict = "met"
	default:
		verdict = "**missed**"
	}
	return row + fmt.Sprintf(" %s | %s–%s | %s | %s |", g.format(median), g.format(least), g.format(most), g.wanted(), verdict)
}

func measurementRow(r Result, entrant string, metric int) string {
	m := r.Cell.Metrics[metric]
	row := fmt.Sprintf("| %s | %s | %s |", r.Cell.Name, m.Name, entrant)
	values, err := r.metric(entrant, metric)
	if err != nil {
		return row + fmt.Sprintf(" %s | |", failure(err))
	}
	median, least, most := spread(values)
	return row + fmt.Sprintf(" %s | %s–%s |", m.format(median), m.format(least), m.format(most))
}

func failure(err error) string {
	if errors.Is(err, errAbsent) {
		return err.Error()
	}
	return "failed: " + strings.NewReplacer("|", `\|`, "\n", " ").Replace(err.Error())
}

func (g Goal) wanted() string {
	switch {
	case g.ID == "":
		return ""
	case len(g.Anchors) == 0 && g.Sense == AtLeast:
		return fmt.Sprintf("≥ %.0f", g.Bound)
	case g.Sense == AtLeast:
		return fmt.Sprintf("≥ %.3gx", g.Bound)
	case len(g.Anchors) == 0:
		return fmt.Sprintf("≤ %.0f", g.Bound)
	}
	return fmt.Sprintf("≤ %.3gx", g.Bound)
}

// format writes a ratio, or an amount where there is no anchor.
func (g Goal) format(v float64) string {
	if len(g.Anchors) == 0 {
		return Metric{}.format(v)
	}
	return threeDigits(v) + "x"
}

func (m Metric) format(v float64) string {
	switch {
	case !m.Time:
		return fmt.Sprintf("%.0f", v)
	case v >= 1e9:
		return threeDigits(v/1e9) + " s"
	case v >= 1e6:
		return threeDigits(v/1e6) + " ms"
	case v >= 1e3:
		return threeDigits(v/1e3) + " µs"
	}
	return threeDigits(v) + " ns"
}

func threeDigits(v float64) string {
	decimals := 2
	if v > 0 {
		decimals = min(max(2-int(math.Floor(math.Log10(v))), 0), 3)
	}
	return fmt.Sprintf("%.*f", decimals, v)
}

// commit names the source that was measured.
func commit() string {
	head, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	name := strings.TrimSpace(string(head))
	if status, err := exec.Command("git", "status", "--porcelain").Output(); err != nil || len(status) > 0 {
		name += "+dirty"
	}
	return name
}

// writeFile replaces the page at path, or writes to standard output where path
// is empty.
func writeFile(path, page string) error {
	if path == "" {
		_, err := io.WriteString(os.Stdout, page)
		return err
	}
	return os.WriteFile(path, []byte(page), 0o644)
}
