package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/diff"
	"github.com/chancat/channel/internal/expect"
	"github.com/chancat/channel/internal/junit"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/internal/repl"
	"github.com/chancat/channel/internal/text/escape"
)

type expectCommand struct {
	e         *env
	transport transportFlags
	timeout   seconds
	json      bool
	junit     string

	framing framing.Framing
	address string
	out     *bufio.Writer
}

func newExpect(e *env) *cobra.Command {
	c := &expectCommand{e: e}
	cmd := &cobra.Command{
		Use:   "expect [flags] SCRIPT ADDR",
		Short: "hold a conversation that is written down, and tell how it goes",
		Long:  topic("expect"),
		Example: `  chancat expect login.expect localhost:5000
  chancat expect -f resp --junit report.xml cache.expect localhost:6379
  printf '> ping\n< ping\n' | chancat expect - echo:`,
		Args:              exactArgs("SCRIPT", "ADDR"),
		ValidArgsFunction: behindFile(e.completePeer),
		RunE:              func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0], args[1]) },
	}
	c.transport.addDial(cmd)
	flags := cmd.Flags()
	flags.VarP(&c.timeout, "wait", "w", "how long each step waits, until the script says otherwise (default 5s)")
	flags.BoolVar(&c.json, "json", false, "print the outcome of each case as a line of JSON")
	flags.StringVar(&c.junit, "junit", "", "write the outcomes to `FILE` too, as JUnit has made common")
	return cmd
}

func (c *expectCommand) run(ctx context.Context, path, address string) (err error) {
	if c.framing, err = c.e.parseFraming(); err != nil {
		return err
	}
	if usesStdio(address) {
		return usage(errors.New("stdio: is the stream of this program, and no peer for a script"))
	}
	c.address = address
	var script *expect.Script
	if err := interruptible(ctx, func() (err error) { script, err = c.parse(path); return err }); err != nil {
		return err
	}
	c.out = bufio.NewWriter(c.e.stdout)
	var outcomes []expect.Outcome
	for o := range expect.Run(ctx, script, c.options()) {
		if ctx.Err() != nil {
			break
		}
		outcomes = append(outcomes, o)
		if err := c.report(script, o); err != nil {
			return &outputError{err}
		}
	}
	if !c.json {
		c.summary(outcomes)
	}
	if err := c.out.Flush(); err != nil {
		return &outputError{err}
	}
	if err := c.writeJUnit(script, outcomes); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return verdict(script, outcomes)
}

func (c *expectCommand) parse(path string) (*expect.Script, error) {
	source, err := openInput(c.e, path)
	if err != nil {
		return nil, err
	}
	defer c.e.closeInput(source)
	script, err := expect.Parse(shownName(path), source)
	if as[*expect.SyntaxError](err) != nil {
		err = usage(err)
	}
	return script, err
}

func (c *expectCommand) options() expect.Options {
	o := expect.Options{
		Dial: c.dial, Framing: c.framing, Fixed: c.e.framing != "",
		Timeout: time.Duration(c.timeout), Getenv: c.e.getenv,
	}
	if c.e.verbose {
		o.Told = func(conn int, sent bool, msg []byte) {
			mark := "<"
			if sent {
				mark = ">"
			}
			c.e.say("[%d] %s %s", conn, mark, shortened(msg))
		}
	}
	return o
}

func (c *expectCommand) dial(ctx context.Context, address string, f framing.Framing, number int) (*link.Link, error) {
	address = orDefault(address, c.address)
	options, err := c.transport.options(c.e, address, f.S2C.Max)
	if err != nil {
		return nil, err
	}
	conn, err := dial(ctx, address, options, time.Duration(c.transport.waitUp))
	if err != nil {
		return nil, err
	}
	return link.New(ctx, conn, link.Options{Framing: f, Number: number}), nil
}

// caseLine is the outcome of a case in --json.
type caseLine struct {
	Case     string `json:"case"`
	Verdict  string `json:"verdict"` // pass or fail
	Sent     int    `json:"sent"`
	Received int    `json:"received"`
	TookUS   int64  `json:"took_us"`
	Line     int    `json:"line,omitempty"` // of the script, at which the case failed
	Step     string `json:"step,omitempty"`
	Observed string `json:"observed,omitempty"`
}

func (c *expectCommand) report(script *expect.Script, o expect.Outcome) error {
	defer c.out.Flush()
	if c.json {
		line := caseLine{Case: o.Case, Verdict: "pass", Sent: o.Sent, Received: o.Received, TookUS: o.Took.Microseconds()}
		if f := o.Failure; f != nil {
			line.Verdict, line.Line, line.Step, line.Observed = "fail", f.Line, f.Step, observed(f)
		}
		return writeJSON(c.out, line)
	}
	p := c.e.outPalette
	if o.Failure == nil {
		_, err := fmt.Fprintf(c.out, "%s %s: %d sent, %d received, %s\n", p.Pass("pass"), printable(o.Case), o.Sent, o.Received, rounded(o.Took))
		return err
	}
	_, err := fmt.Fprintf(c.out, "%s %s\n%s", p.Error("FAIL"), printable(o.Case), c.describe(script, o.Failure))
	return err
}

// describe tells a failure as indented lines.
func (c *expectCommand) describe(script *expect.Script, f *expect.Failure) string {
	var b strings.Builder
	fmt.Fprintf(&b, "     %s:%d: %s\n", printable(script.Name), f.Line, printable(f.Step))
	fmt.Fprintf(&b, "     %s\n", printable(f.Err.Error()))
	if f.Want != "" {
		want := printable(f.Want) // a pattern, say, as it was written
		if f.Same != nil {
			want = shortened(f.Same)
		}
		fmt.Fprintf(&b, "     want %s\n", want)
	}
	if f.Got != nil {
		fmt.Fprintf(&b, "     got  %s\n", shortened(f.Got))
	}
	if f.Same != nil && f.Got != nil {
		ascii := !repl.UTF8Locale(c.e.getenv)
		for line := range strings.Lines(string(diff.Append(nil, f.Same, f.Got, ascii))) {
			b.WriteString("       " + line)
		}
	}
	if broken := as[*faultError](located(c.address, f.Err, f.Fault)); broken != nil {
		for line := range strings.Lines(string(broken.picture())) {
			b.WriteString("     " + line)
		}
		if broken.hint != "" {
			fmt.Fprintf(&b, "     %s\n", printable(broken.hint))
		}
	}
	return b.String()
}

// shortened is a message on one line.
func shortened(b []byte) string {
	const most = 200
	text := string(escape.Append(nil, b[:min(len(b), most)]))
	if len(b) > most {
		text += fmt.Sprintf("... (%d B)", len(b))
	}
	return text
}

// observed is a failure on one line.
func observed(f *expect.Failure) string {
	text := f.Err.Error()
	if f.Want != "" {
		text += "; want " + f.Want
	}
	if f.Got != nil {
		text += "; got " + shortened(f.Got)
	}
	return text
}

func (c *expectCommand) summary(outcomes []expect.Outcome) {
	if len(outcomes) < 2 {
		return
	}
	failed := 0
	for _, o := range outcomes {
		if o.Failure != nil {
			failed++
		}
	}
	fmt.Fprintf(c.out, "%s: %d passed, %d failed\n", counted(len(outcomes), "case", "cases"), len(outcomes)-failed, failed)
}

func (c *expectCommand) writeJUnit(script *expect.Script, outcomes []expect.Outcome) error {
	if c.junit == "" {
		return nil
	}
	suite := junit.Suite{Name: script.Name}
	for _, o := range outcomes {
		line := junit.Case{Name: o.Case, Time: o.Took}
		if f := o.Failure; f != nil {
			line.Failure, line.Detail = observed(f), c.describe(script, f)
		}
		suite.Cases = append(suite.Cases, line)
	}
	return writeFile(c.junit, func(w io.Writer) error { return junit.Write(w, suite) })
}

// verdict is the first failure as the end of the command. It has been told.
func verdict(script *expect.Script, outcomes []expect.Outcome) error {
	checks := 0
	for _, o := range outcomes {
		checks += o.Checks
		if f := o.Failure; f != nil {
			return &toldError{exitOf(f)}
		}
	}
	if checks == 0 {
		return &codedError{exitFailed, fmt.Errorf("%s demands nothing of the peer: it has no step that begins with <", script.Name)}
	}
	return nil
}

// exitOf gives a failure its exit code.
func exitOf(f *expect.Failure) error {
	switch {
	case errors.Is(f.Err, expect.ErrDiffers), errors.Is(f.Err, expect.ErrMore):
		return &codedError{exitFailed, f}
	case errors.Is(f.Err, expect.ErrTimeout):
		return &codedError{exitTimeout, f}
	case errors.Is(f.Err, expect.ErrClosed):
		return &codedError{exitClosed, f}
	case errors.Is(f.Err, expect.ErrUnset):
		return usage(f)
	}
	return f
}
