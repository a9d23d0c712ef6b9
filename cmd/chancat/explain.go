package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/detect"
	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/session"
	"github.com/chancat/channel/view"
)

type explainCommand struct {
	e       *env
	source  sourceFlags
	json    bool
	framing framing.Framing
	file    string
}

func newExplain(e *env) *cobra.Command {
	c := &explainCommand{e: e}
	cmd := &cobra.Command{
		Use:   "explain [flags] [FILE]",
		Short: "say why a stream does not decode: the byte, the cause, the repair",
		Long: `Say why a stream does not decode as the framing of -f: the byte where it breaks,
the frame that is guilty, which may be an earlier one, the likely cause, and
what mends it. Each cause is tried as a repair of the decoder, so that the
advice is measured: it says how many messages decode with it. FILE is what
decode reads: a raw stream, a session file, a capture, or with --in a hex dump.
Without FILE it is stdin. Exit status 0 when nothing is wrong, 4 when a frame is
broken.`,
		Example: `  chancat explain -f u32be capture.bin
  chancat explain -f lsp --json < server.log
  chancat explain -f msg session.jsonl
  chancat explain -f resp --port 6379 capture.pcap`,
		Args: func(_ *cobra.Command, files []string) error {
			if len(files) > 1 {
				return usage(fmt.Errorf("want one file, got %d", len(files)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, files []string) error {
			return interruptible(cmd.Context(), func() error { return c.run(files) })
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&c.json, "json", false, "print the diagnosis as JSON")
	c.source.add(cmd)
	return cmd
}

func (c *explainCommand) run(files []string) (err error) {
	if err := c.source.check(); err != nil {
		return err
	}
	if c.framing, err = c.e.parseFraming(); err != nil {
		return err
	}
	name := "-"
	if len(files) > 0 {
		name = files[0]
	}
	c.file = name
	g := gatherer{e: c.e, flags: c.source, most: mostExplained}
	if err := g.file(name); err != nil {
		return err
	}
	if g.framing != "" && c.e.framing == "" {
		if c.framing, err = framing.Parse(g.framing); err != nil {
			return fmt.Errorf("%s: its framing: %w", shownName(name), err)
		}
	}
	broken := false
	for _, s := range g.streams {
		d := detect.Explain(c.framing, s)
		if !d.OK && d.Start == 0 && s.Conn == 0 {
			c.source.suspect(c.e, s.Data)
		}
		broken = broken || !d.OK
		if err := c.show(shownName(name), s, &d); err != nil {
			return &outputError{err}
		}
	}
	if broken {
		return &toldError{&codedError{exitBroken, errors.New("broken frames")}}
	}
	return nil
}

// show prints what is said of one stream.
func (c *explainCommand) show(name string, s detect.Stream, d *detect.Diagnosis) error {
	if c.json {
		return writeJSON(c.e.stdout, diagnosisJSON(s, d))
	}
	if s.Conn > 0 {
		name = fmt.Sprintf("%s: connection %d, from %s", name, s.Conn, orDefault(sideName(s.From), "an unknown side"))
	}
	_, err := c.e.stdout.Write(c.text(name, s, d))
	return err
}

// text is the diagnosis for people.
func (c *explainCommand) text(name string, s detect.Stream, d *detect.Diagnosis) []byte {
	p := c.e.outPalette
	if d.OK {
		note := ""
		if rest := int64(len(s.Data)) - d.At; rest > 0 {
			note = fmt.Sprintf(", and %s of a frame of which more may follow", counted(rest, "byte", "bytes"))
		}
		if d.Note != "" {
			note += "; " + d.Note
		}
		return fmt.Appendf(nil, "%s: ok: %s in %s as -f %s%s\n",
			printable(name), counted(d.Messages, "message", "messages"), counted(len(s.Data), "byte", "bytes"), printable(c.framing.Spelling), note)
	}
	out := fmt.Appendf(nil, "%s: %s, then stuck at byte %d (%#x)", printable(name), counted(d.Messages, "message", "messages"), d.At, d.At)
	if d.Offset != d.Start {
		out = fmt.Appendf(out, "; the frame at byte %d is guilty", d.Offset)
	}
	out = append(out, "\n\n"...)
	out = append(out, picture(s.Data, d)...)
	if d.Err != nil {
		out = fmt.Appendf(out, "  decoder      %s\n", printable(d.Err.Error()))
	}
	out = append(out, '\n')
	for i, x := range d.Causes {
		label := "or"
		if i == 0 {
			label = "most likely"
		}
		out = fmt.Appendf(out, "  %-12s %s (%.0f %%)\n  %-12s %s\n", label, p.Error(string(x.Cause)), 100*x.Score, "", printable(x.Detail))
		if x.Repair != "" && i == 0 {
			out = fmt.Appendf(out, "  %-12s %s\n", "repair", printable(x.Repair))
		}
		if x.Then > 0 {
			out = fmt.Appendf(out, "  %-12s %s from byte %d on\n", "then", decoding(x.Then), d.Offset)
		}
	}
	if len(d.Tried) > 0 {
		out = fmt.Appendf(out, "  %-12s %s\n", "also tried", printable(strings.Join(d.Tried, " · ")))
	}
	for _, next := range c.next(d) {
		out = fmt.Appendf(out, "  %-12s %s\n", "try", next)
	}
	return out
}

// decoding is a number of messages and its verb.
func decoding(n int) string {
	if n == 1 {
		return "1 message decodes"
	}
	return fmt.Sprintf("%d messages decode", n)
}

// picture draws the bytes of the guilty frame, and of the one where decoding stuck.
func picture(data []byte, d *detect.Diagnosis) []byte {
	from := int(min(d.Start, int64(len(data))))
	var out []byte
	if d.Offset < d.Start {
		guilty := data[d.Offset:min(int64(len(data)), d.Offset+faultBytes)]
		out = view.AppendFault(out, guilty, d.Offset, d.Offset)
		out = append(out, "  ...\n"...)
	}
	return view.AppendFault(out, data[from:min(len(data), from+faultBytes)], d.Start, d.At)
}

// next are commands to type next.
func (c *explainCommand) next(d *detect.Diagnosis) []string {
	var lines []string
	x := d.Best()
	again := c.source.again(c.file)
	switch {
	case x.Framing != "":
		lines = append(lines, fmt.Sprintf("chancat decode -f %s%s", shellWord(x.Framing), again))
	case x.Address != "":
		lines = append(lines, fmt.Sprintf("chancat connect -f %s %sHOST:PORT", shellWord(c.framing.Spelling), x.Address))
	case d.Messages > 0 && x.Cause == frame.CauseTruncated:
		lines = append(lines, fmt.Sprintf("chancat decode -f %s%s", shellWord(c.framing.Spelling), again))
	case x.Then > 0 && x.Cause != frame.CauseWrongProtocol:
		lines = append(lines, fmt.Sprintf("chancat decode --keep-going -f %s%s", shellWord(c.framing.Spelling), again))
	default:
		lines = append(lines, "chancat detect"+again)
	}
	return lines
}

// A diagnosisLine is the form of docs/spec.md §7.10.
type diagnosisLine struct {
	OK       bool        `json:"ok"`
	Conn     int         `json:"conn,omitempty"`
	From     string      `json:"from,omitempty"`
	Messages int         `json:"messages"`
	Offset   int64       `json:"offset"`
	At       int64       `json:"at"`
	Note     string      `json:"note,omitempty"`
	Causes   []causeLine `json:"causes"`
}

type causeLine struct {
	Cause   string  `json:"cause"`
	Score   float64 `json:"score"`
	Detail  string  `json:"detail"`
	Repair  string  `json:"repair"`
	Then    int     `json:"then"`
	Framing string  `json:"framing,omitempty"`
}

func diagnosisJSON(s detect.Stream, d *detect.Diagnosis) diagnosisLine {
	line := diagnosisLine{
		OK: d.OK, Conn: s.Conn, From: sideName(s.From), Messages: d.Messages, Offset: d.Offset, At: d.At, Note: d.Note, Causes: []causeLine{},
	}
	for _, x := range d.Causes {
		line.Causes = append(line.Causes, causeLine{string(x.Cause), x.Score, x.Detail, x.Repair, x.Then, x.Framing})
	}
	return line
}

func sideName(s detect.Side) string {
	switch s {
	case detect.Client:
		return string(session.Client)
	case detect.Server:
		return string(session.Server)
	}
	return ""
}
