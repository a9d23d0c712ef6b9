package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/internal/text"
)

func newConvert(e *env) *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:   "convert -f FROM -t TO",
		Short: "turn frames of one framing into those of another",
		Long: `Read frames of -f from stdin, and write the message of each to stdout as a frame
of -t. A broken frame ends it with exit status 4, a message that -t cannot carry
with 2; the frames before it are written.`,
		Example: `  chancat convert -f msg -t u32be < in > out
  chancat convert -f line -t netstring < lines.txt`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return interruptible(cmd.Context(), func() error { return convert(e, to) })
		},
	}
	cmd.Flags().StringVarP(&to, "to", "t", "", "the `FRAMING` of stdout, NAME[,OPTION...]")
	cmd.RegisterFlagCompletionFunc("to", completeFraming)
	return cmd
}

func convert(e *env, to string) error {
	if to == "" {
		return usage(errors.New("-t is missing: the framing of stdout; 'chancat framings' lists them"))
	}
	from, err := e.parseFraming()
	if err != nil {
		return err
	}
	target, err := framing.Parse(to)
	if err != nil {
		return err
	}
	out := text.Frames(target).NewWriter(e.stdout)
	in := frame.NewReader(&hookedReader{e.stdin, out.Flush}, from.Either.Codec, from.Either.Max)
	for count := 1; ; count++ {
		f, err := in.Next()
		if err == nil {
			err = out.WriteMessage(in.Message(f))
		}
		if errors.Is(err, frame.ErrUnsendable) {
			err = fmt.Errorf("message %d, frame at byte %d: %w", count, f.Offset, err)
		}
		if err != nil {
			return firstError(out.Flush(), located("stdin", err, link.FaultIn(in, from, "", err)))
		}
	}
}
