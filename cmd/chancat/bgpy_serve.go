package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/child"
	"github.com/chancat/channel/proto/bgpy"
)

type bgpyServe struct {
	e          *env
	server     bgpy.Server
	background bool
	pidFile    string
	logFile    string
	portFile   string
}

func newBgpyServe(e *env) *cobra.Command {
	c := &bgpyServe{e: e}
	cmd := &cobra.Command{
		Use:   "serve [flags] ADDR -- CMD [ARG...]",
		Short: "run CMD for each message of a client, until EXIT",
		Long: `Run CMD for INIT, EXEC and EXIT, with init, exec or exit as its last argument
and the args of the message as a JSON object on stdin. A JSON object on its
stdout is the args of the response; it may print nothing. A status other than 0
is the response ERROR. EXIT ends the server.

With --background the server goes on when this command, and the terminal, are
gone.`,
		Example: `  chancat bgpy serve 5000 -- ./task
  chancat bgpy serve --background --pid-file pid --log-file log 5000 -- ./task`,
		Args:              addressAndCommand,
		ValidArgsFunction: completePlain,
		RunE:              func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0], args[1:]) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&c.background, "background", false, "return once clients can connect, and serve on in the background")
	flags.StringVar(&c.pidFile, "pid-file", "", "keep the process id in `FILE` while serving")
	flags.StringVar(&c.logFile, "log-file", "", "append what happens to `FILE`")
	flags.StringVar(&c.portFile, "port-file", "", "write the port to `FILE` once clients can connect")
	flags.IntVar(&c.server.Parallel, "parallel", 1, "run CMD at most `N` times at once")
	addTime(flags, &c.server.Pace, "pace", bgpy.DefaultPace, "distance between messages; Python clients need more than 100ms")
	return cmd
}

func (c *bgpyServe) run(ctx context.Context, address string, command []string) error {
	if c.server.Parallel < 1 {
		return usage(fmt.Errorf("--parallel %d: want at least 1", c.server.Parallel))
	}
	if c.background && !inBackground(c.e) {
		return startInBackground(ctx, c.e)
	}
	c.server.Token = c.e.getenv(bgpyToken)
	c.server.Logger = c.e.logger()
	if c.logFile != "" {
		file, err := os.OpenFile(c.logFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		defer file.Close()
		c.server.Logger = slog.New(slog.NewTextHandler(file, nil))
	}
	if c.server.Token == "" {
		c.e.note("$%s is not set: any client may run CMD", bgpyToken)
	}
	task := &commandTask{command: command, log: c.server.Logger}
	c.server.Task = func(t bgpy.MessageType, _ string) bgpy.Task { return task.of(t) }
	l, err := listenPlain(ctx, c.e, address, c.portFile)
	if err != nil {
		return err
	}
	defer l.Close()
	if c.pidFile != "" {
		if err := replaceFile(c.pidFile, fmt.Sprintln(os.Getpid())); err != nil {
			return err
		}
		defer os.Remove(c.pidFile)
	}
	detach(c.e)
	c.server.Logger.Info("serving", "address", l.Addr().String())
	err = c.server.Serve(ctx, l)
	c.server.Logger.Info("ended", "error", err)
	return err
}

// A commandTask runs a program as the tasks of a server.
type commandTask struct {
	command []string
	log     *slog.Logger
}

const maxTaskOutput = 8 << 20 // bytes: as base64 it fits in a message

func (t *commandTask) of(kind bgpy.MessageType) bgpy.Task {
	word := strings.ToLower(kind.String())
	return func(ctx context.Context, args bgpy.Dict) (bgpy.Dict, error) {
		input, err := args.MarshalJSON()
		if err != nil {
			return nil, err
		}
		output, err := t.runWith(ctx, word, append(input, '\n'))
		if err != nil || kind == bgpy.Init || len(bytes.TrimSpace(output)) == 0 {
			return nil, err
		}
		var reply bgpy.Dict
		if err := reply.UnmarshalJSON(output); err != nil {
			return nil, fmt.Errorf("the output of the command: %w", err)
		}
		return reply, nil
	}
}

func (t *commandTask) runWith(ctx context.Context, word string, input []byte) ([]byte, error) {
	args := append(slices.Clone(t.command[1:]), word)
	cmd := exec.CommandContext(ctx, t.command[0], args...)
	stderr := child.NewBuffer(cmd, framing.DefaultMax)
	cmd.Stderr = stderr
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, bgpyToken+"=") })
	output, err := child.Output(cmd, input, maxTaskOutput)
	said := strings.TrimSpace(string(stderr.Bytes()))
	if said != "" {
		t.log.Warn("command", "stderr", said)
	}
	if as[*exec.ExitError](err) != nil && said != "" {
		return nil, fmt.Errorf("%w: %.500s", err, said)
	}
	return output, err
}
