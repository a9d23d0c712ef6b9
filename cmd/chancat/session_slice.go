package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/internal/recording"
	"github.com/chancat/channel/session"
)

type sessionSlice struct {
	e    *env
	part partFlags
}

func newSessionSlice(e *env) *cobra.Command {
	c := &sessionSlice{e: e}
	cmd := &cobra.Command{
		Use:   "slice [flags] FILE",
		Short: "write a part of a recording as a recording",
		Long: `Write the part of a recording that the flags name as a session file of its own:
messages are numbered anew, and of the reads only the bytes of these messages
stay. Of a capture it makes a session file.`,
		Example: `  chancat session slice --conn 2 --from 10 --count 5 bug.session -o b.session
  chancat session slice -f resp capture.pcapng -o redis.session`,
		Args: exactArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return interruptible(cmd.Context(), func() error { return c.run(args[0]) })
		},
	}
	c.part.add(cmd)
	return cmd
}

func (c *sessionSlice) run(name string) error {
	messages, err := c.part.write(c.e, name, func(file *os.File, _ *source) recording.Sink {
		return programmed{session.NewWriter(file)}
	})
	if err == nil && messages == 0 {
		c.e.say("no message of %s is chosen", shownName(name))
	}
	return err
}

// programmed puts our name into the header of a recording.
type programmed struct{ recording.Sink }

func (p programmed) WriteEvent(ev *session.Event) error {
	if ev.Kind == session.Session {
		ev.Program = "chancat " + version()
	}
	return p.Sink.WriteEvent(ev)
}
