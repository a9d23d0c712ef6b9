package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/internal/text"
)

func newEncode(e *env) *cobra.Command {
	var in inputFlags
	cmd := &cobra.Command{
		Use:   "encode [flags]",
		Short: "frame the messages of stdin on stdout",
		Long: `Write each message of stdin to stdout as a frame of -f. The first message that
does not parse, or that the framing cannot carry, ends it with exit status 2:
its number is told, and the frames before it are written.`,
		Example: `  printf 'hello\n' | chancat encode -f msg | xxd
  chancat encode -f u16be,incl --in hex < messages.hex > frames.bin`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return interruptible(cmd.Context(), func() error { return encode(e, in) })
		},
	}
	in.add(cmd)
	return cmd
}

func encode(e *env, in inputFlags) error {
	f, err := e.parseFraming()
	if err != nil {
		return err
	}
	out := text.Frames(f).NewWriter(e.stdout)
	messages, err := in.open(e.stdin, f.C2S, out.Flush)
	if err != nil {
		return err
	}
	for {
		msg, err := messages.next()
		if err == nil {
			err = messages.failed(out.WriteMessage(msg))
		}
		if err != nil {
			return firstError(out.Flush(), err)
		}
	}
}

// firstError is the error of the output, which came first, or that of the input,
// which is io.EOF at its end.
func firstError(output, input error) error {
	if output != nil || input == io.EOF {
		return output
	}
	return input
}
