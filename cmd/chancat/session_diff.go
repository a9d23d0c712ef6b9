package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/internal/diff"
	"github.com/chancat/channel/internal/replay"
	"github.com/chancat/channel/session"
)

type sessionDiff struct {
	e      *env
	conn   int
	ignore []string
	json   bool
}

func newSessionDiff(e *env) *cobra.Command {
	c := &sessionDiff{e: e}
	cmd := &cobra.Command{
		Use:   "diff [flags] A B",
		Short: "compare two recordings message by message",
		Long: `Compare what was said in two recordings, in whatever pieces and at whatever
time. The first connection of one is compared with the first of the other, and
so on. The exit status is 1 when they differ.`,
		Example: `  chancat session diff before.session after.session
  chancat session diff --ignore '.id, .time' before.session after.session`,
		Args: exactArgs("A", "B"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return interruptible(cmd.Context(), func() error { return c.run(cmd.Context(), args[0], args[1]) })
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&c.conn, "conn", 0, "only connection `N` of both")
	flags.StringArrayVar(&c.ignore, "ignore", nil, "compare messages that are JSON without what the `JQ` paths select, such as '.id, .time'")
	flags.BoolVar(&c.json, "json", false, "print differences, one JSON object a line")
	return cmd
}

func (c *sessionDiff) run(ctx context.Context, nameA, nameB string) error {
	normal, err := replay.Ignoring(c.ignore)
	if err != nil {
		return usage(fmt.Errorf("--ignore: %w", err))
	}
	a, err := c.load(nameA)
	if err != nil {
		return err
	}
	b, err := c.load(nameB)
	if err != nil {
		return err
	}
	differences, equal := 0, 0
	for i := range max(len(a), len(b)) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		x, y := &replay.Conversation{}, &replay.Conversation{}
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		found, same := replay.Compare(x, y, normal)
		differences, equal = differences+len(found), equal+same
		if err := c.show(max(x.Number, y.Number), found); err != nil {
			return err
		}
	}
	switch {
	case differences > 0:
		return &codedError{exitFailed, fmt.Errorf("%s; %d are the same", counted(differences, "message differs", "messages differ"), equal)}
	case equal == 0:
		return &codedError{exitFailed, errors.New("neither has a message: nothing is compared")}
	}
	if !c.json {
		fmt.Fprintln(c.e.stdout, counted(equal, "message is the same", "messages are the same"))
	}
	return nil
}

// load reads the connections to compare.
func (c *sessionDiff) load(name string) ([]*replay.Conversation, error) {
	r, err := loadRecording(c.e, name)
	if err != nil {
		return nil, err
	}
	if c.conn == 0 {
		return r.Conversations, nil
	}
	chosen, err := chooseConversation(c.e, r, shownName(name), c.conn)
	return []*replay.Conversation{chosen}, err
}

func (c *sessionDiff) show(conn int, found []replay.Difference) error {
	for _, d := range found {
		var text []byte
		if c.json {
			text = c.event(conn, d)
		} else {
			text = c.describe(conn, d)
		}
		if _, err := c.e.stdout.Write(text); err != nil {
			return &outputError{err}
		}
	}
	return nil
}

func (c *sessionDiff) describe(conn int, d replay.Difference) []byte {
	arrow := "←"
	if d.From == session.Client {
		arrow = "→"
	}
	line := fmt.Appendf(nil, "[%d] %s ", conn, arrow)
	switch d.Verdict {
	case replay.Missing:
		return appendPreview(fmt.Appendf(line, "#%d only in the first: %d bytes\n", d.Seq, len(d.Want)), "- ", d.Want)
	case replay.Unexpected:
		return appendPreview(fmt.Appendf(line, "#%d only in the second: %d bytes\n", d.GotSeq, len(d.Got)), "+ ", d.Got)
	}
	number := fmt.Sprintf("#%d", d.Seq)
	if d.GotSeq != d.Seq {
		number += fmt.Sprintf(", #%d of the second,", d.GotSeq)
	}
	line = fmt.Appendf(line, "%s differs at byte %d: %d bytes, then %d\n", number, diff.Offset(d.Want, d.Got), len(d.Want), len(d.Got))
	return diff.Append(line, d.Want, d.Got, false)
}

func (c *sessionDiff) event(conn int, d replay.Difference) []byte {
	line := fmt.Appendf(nil, `{"event":"difference","conn":%d,"from":"%s","verdict":"%s"`, conn, d.From, d.Verdict)
	if d.Verdict != replay.Unexpected {
		line = appendBody(fmt.Appendf(line, `,"seq":%d`, d.Seq), "", d.Want)
	}
	if d.Verdict != replay.Missing {
		line = appendBody(fmt.Appendf(line, `,"second_seq":%d`, d.GotSeq), "second_", d.Got)
	}
	return append(line, "}\n"...)
}
