package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rivo/uniseg"

	"github.com/chancat/channel/internal/junit"
	"github.com/chancat/channel/internal/probe"
)

// A probeReport prints results as they come.
type probeReport struct {
	e       *env
	json    bool
	address string
	flags   []string // by which a command reaches the same peer
	err     error    // the first of stdout
}

// The columns of the report.
const (
	reportWidth  = 80
	reportIndent = 30
)

func (p *probeReport) print(text string) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.e.stdout, text)
	}
}

func (p *probeReport) begin(spelling string) {
	if !p.json {
		p.print(printable(fmt.Sprintf("probing %s as %s", p.address, spelling)))
	}
}

// result prints one check.
func (p *probeReport) result(r probe.Result) {
	if p.json {
		p.printJSON(r)
		return
	}
	lines := wrapWords(printable(r.Observed), reportWidth-reportIndent)
	name := fmt.Sprintf("%-22s  ", r.Check)
	p.print(fmt.Sprintf("%s  %s%s", p.verdict(r.Verdict), name, p.observed(r.Verdict, lines[0])))
	for _, line := range lines[1:] {
		p.print(strings.Repeat(" ", reportIndent) + p.observed(r.Verdict, line))
	}
	if line := p.reproduce(r); line != "" {
		p.print("      " + p.e.outPalette.Sent(line))
	}
}

func (p *probeReport) verdict(v probe.Verdict) string {
	palette := p.e.outPalette
	switch v {
	case probe.Pass:
		return palette.Received("pass")
	case probe.Fail:
		return palette.Error("FAIL")
	case probe.Warn:
		return palette.Sent("warn")
	}
	return palette.Note("skip")
}

func (p *probeReport) observed(v probe.Verdict, line string) string {
	if v == probe.Skip {
		return p.e.outPalette.Note(line)
	}
	return line
}

func (p *probeReport) printJSON(r probe.Result) {
	event := struct {
		Check     string        `json:"check"`
		Verdict   probe.Verdict `json:"verdict"`
		Observed  string        `json:"observed"`
		Reproduce string        `json:"reproduce"`
		Chunks    []int         `json:"chunks,omitempty"`
		Part      string        `json:"part,omitempty"`
		TookMS    int64         `json:"took_ms"`
	}{Check: r.Check, Verdict: r.Verdict, Observed: r.Observed, Reproduce: p.reproduce(r), TookMS: r.Took.Milliseconds()}
	if r.Split != nil {
		event.Chunks, event.Part = r.Split.Sizes, r.Split.Part
	}
	p.marshal(event)
}

func (p *probeReport) marshal(v any) {
	var line strings.Builder
	if err := writeJSON(&line, v); err != nil {
		p.err = err
		return
	}
	p.print(strings.TrimSuffix(line.String(), "\n"))
}

// reproduce is the command that shows a failure again; empty if there is none.
func (p *probeReport) reproduce(r probe.Result) string {
	if r.Again == nil {
		return ""
	}
	flags, messages := r.Again.Arguments()
	words := []string{"chancat", "send"}
	if r.Again.Framing != "" {
		words = append(words, "-f", r.Again.Framing)
	}
	words = append(append(words, p.flags...), flags...)
	words = append(words, p.address)
	if strings.HasPrefix(strings.Join(messages, ""), "-") {
		words = append(words, "--")
	}
	words = append(words, messages...)
	for i, w := range words {
		words[i] = shellWord(w)
	}
	return strings.Join(words, " ")
}

// end prints the summary. The error is that of stdout.
func (p *probeReport) end(r *probe.Report) error {
	switch {
	case p.json:
		p.marshal(struct {
			Summary     string `json:"summary"`
			Pass        int    `json:"pass"`
			Warn        int    `json:"warn"`
			Fail        int    `json:"fail"`
			Skip        int    `json:"skip"`
			Connections int    `json:"connections"`
			TookMS      int64  `json:"took_ms"`
			Note        string `json:"note,omitempty"`
		}{summary(r), r.Count(probe.Pass), r.Count(probe.Warn), r.Count(probe.Fail), r.Count(probe.Skip), r.Connections, r.Took.Milliseconds(), merging(r)})
	default:
		text := summary(r)
		if r.Count(probe.Fail) > 0 {
			text = p.e.outPalette.Error(text)
		}
		p.print(text)
		if note := merging(r); note != "" {
			for _, line := range wrapWords(note, reportWidth) {
				p.print(p.e.outPalette.Note(line))
			}
		}
	}
	if p.err != nil {
		return &outputError{p.err}
	}
	return nil
}

func summary(r *probe.Report) string {
	var parts []string
	for _, v := range []probe.Verdict{probe.Pass, probe.Warn, probe.Fail, probe.Skip} {
		if n := r.Count(v); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	missing := ""
	if n := len(probe.Checks()) - len(r.Results); n > 0 {
		missing = fmt.Sprintf(", %d not made", n)
	}
	if len(parts) == 0 {
		parts = []string{"nothing found out"}
	}
	return fmt.Sprintf("%s: %s%s; %s in %v",
		counted(len(r.Results), "check", "checks"), strings.Join(parts, ", "), missing, counted(r.Connections, "connection", "connections"), r.Took.Round(100*time.Millisecond))
}

// merging says how surely the pieces of frames came to the peer apart.
func merging(r *probe.Report) string {
	switch {
	case r.Pieces == 0:
		return ""
	case r.Confirmed && r.Merged == 0:
		return fmt.Sprintf("pieces were written %v apart, and the peer's kernel had each before the next; a peer that is slow to read may still have read some together", r.Gap)
	case r.Confirmed:
		return fmt.Sprintf("%d of %d pieces may have reached the peer together with the one before: raise --gap (now %v)", r.Merged, r.Pieces, r.Gap)
	}
	return fmt.Sprintf("pieces were written %v apart; a peer that is slow to read may have read some together (--gap)", r.Gap)
}

// wrapWords breaks text between words into lines of at most width columns; a longer
// word has a line of its own.
func wrapWords(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case uniseg.StringWidth(line)+1+uniseg.StringWidth(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

// writeProbeJUnit writes the report for continuous integration. Warnings are no
// failures.
func writeProbeJUnit(path, address string, p *probeReport, r *probe.Report) error {
	suite := junit.Suite{Name: "chancat probe " + address}
	for _, result := range r.Results {
		c := junit.Case{Name: result.Check, Time: result.Took}
		switch result.Verdict {
		case probe.Fail:
			c.Failure = result.Observed
			c.Detail = p.reproduce(result)
		case probe.Skip:
			c.Skipped = result.Observed
		default:
			c.Output = string(result.Verdict) + ": " + result.Observed
		}
		suite.Cases = append(suite.Cases, c)
	}
	return writeFile(path, func(w io.Writer) error { return junit.Write(w, suite) })
}
