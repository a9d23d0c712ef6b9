package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/detect"
)

type detectCommand struct {
	e      *env
	source sourceFlags
	json   bool
}

func newDetect(e *env) *cobra.Command {
	c := &detectCommand{e: e}
	cmd := &cobra.Command{
		Use:   "detect [flags] [FILE...]",
		Short: "say which framing the data has",
		Long: `Say which framing the bytes in files, or in stdin, have. Several files are
several streams of the same kind: two of them decide more than one. In a session
file or a capture (pcap or pcapng) both directions of each connection count. A
framing must tile the data: leave no byte over. Candidates are ranked by how
unlikely that is by chance; where the data cannot decide, that is said, and why.

Exit status 0 if it is decided, 1 if it is not.`,
		Example: `  chancat detect stream.bin
  chancat detect first.bin second.bin third.bin
  chancat detect --port 6379 capture.pcap
  chancat detect --in xxd report.txt
  chancat detect --json < stream.bin | jq -r '.candidates[0].framing'`,
		RunE: func(cmd *cobra.Command, files []string) error {
			return interruptible(cmd.Context(), func() error { return c.run(files) })
		},
	}
	flags := cmd.Flags()
	c.source.add(cmd)
	flags.BoolVar(&c.json, "json", false, "print the answer as JSON")
	return cmd
}

func (c *detectCommand) run(files []string) error {
	if err := c.source.check(); err != nil {
		return err
	}
	if len(files) == 0 {
		files = []string{"-"}
	}
	g := gatherer{e: c.e, flags: c.source}
	for _, name := range files {
		if err := g.file(name); err != nil {
			return err
		}
	}
	if len(g.streams) > 0 && g.streams[0].Conn == 0 {
		c.source.suspect(c.e, g.streams[0].Data)
	}
	answer := detect.Detect(g.streams)
	out := detectReport(answer, c.source.again(files...))
	if c.json {
		out = detectJSON(answer)
	}
	if _, err := c.e.stdout.Write(out); err != nil {
		return &outputError{err}
	}
	if !answer.Decided {
		return &toldError{&codedError{exitFailed, errors.New("cannot decide")}}
	}
	return nil
}

// detectJSON is the answer as one JSON object.
func detectJSON(a detect.Answer) []byte {
	type candidate struct {
		Framing  string   `json:"framing"`
		Score    float64  `json:"score"`
		Frames   int      `json:"frames"`
		Bytes    int64    `json:"bytes"`
		Begin    int64    `json:"begin,omitempty"`
		SameAs   []string `json:"same_as,omitempty"`
		Cut      int      `json:"cut,omitempty"`
		Evidence string   `json:"evidence,omitempty"`
		Broke    string   `json:"broke,omitempty"`
	}
	out := struct {
		Candidates []candidate `json:"candidates"`
		Decided    bool        `json:"decided"`
		Why        string      `json:"why,omitempty"`
		Try        string      `json:"try,omitempty"`
	}{Candidates: []candidate{}, Decided: a.Decided, Why: a.Why, Try: a.Try}
	for _, x := range a.Candidates {
		out.Candidates = append(out.Candidates, candidate{x.Framing, x.Score, x.Frames, x.Bytes, x.Begin, x.SameAs, x.Cut, x.Evidence, x.Broke})
	}
	var b bytes.Buffer
	writeJSON(&b, out) // of strings and numbers: it cannot fail
	return b.Bytes()
}

// sameShown bounds the other spellings that a person is shown.
const sameShown = 4

// detectReport is the answer for a person. again is what names the files once more.
func detectReport(a detect.Answer, again string) []byte {
	b := bytes.NewBuffer(candidateLines(a))
	if !a.Decided {
		fmt.Fprintf(b, "cannot decide: %s\n", a.Why)
		if a.Try != "" {
			fmt.Fprintf(b, "what would decide it: %s\n", a.Try)
		}
		return b.Bytes()
	}
	fmt.Fprintf(b, "next: chancat decode -f %s%s\n", shellWord(a.Candidates[0].Framing), again)
	return b.Bytes()
}

// candidateLines is a line for each candidate.
func candidateLines(a detect.Answer) []byte {
	var b bytes.Buffer
	for i, x := range a.Candidates {
		if x.Broke != "" {
			fmt.Fprintf(&b, "  --    %s: %s\n", x.Framing, printable(x.Broke))
			continue
		}
		mark := ' '
		if i == 0 && a.Decided {
			mark = '*'
		}
		fmt.Fprintf(&b, "%c %s  %s: %s tile %s", mark, percent(x.Score), x.Framing, counted(x.Frames, "frame", "frames"), counted(x.Bytes, "byte", "bytes"))
		if x.Begin > 0 {
			fmt.Fprintf(&b, " from byte %d on", x.Begin)
		}
		if x.Cut > 0 {
			fmt.Fprintf(&b, ", the next is cut off")
		}
		fmt.Fprintf(&b, "; %s\n", printable(x.Evidence))
		if i == 0 && len(x.SameAs) > 0 {
			same := x.SameAs[:min(len(x.SameAs), sameShown)]
			fmt.Fprintf(&b, "        the same as %s\n", strings.Join(same, ", "))
		}
	}
	return b.Bytes()
}

// percent never rounds up to certainty.
func percent(score float64) string {
	switch p := int(score * 100); {
	case p > 99:
		return ">99%"
	case p == 0 && score > 0:
		return " <1%"
	default:
		return fmt.Sprintf("%3d%%", p)
	}
}
