package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/proto/bgpy"
)

// bgpyToken is the environment variable with the token.
const bgpyToken = "BGPY_TOKEN"

func newBgpy(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bgpy serve|init|exec|exit|token",
		Short: "run tasks on a server in the background",
		Long: `Speak the protocol of the Python package bgpy: a server runs one task when it is
initialized, one for each EXEC, and one when it exits. The token of server and
clients is the environment variable ` + bgpyToken + `. It travels in clear.`,
		Example: `  export ` + bgpyToken + `=$(chancat bgpy token)
  chancat bgpy serve --background --pid-file pid 5000 -- ./task
  chancat bgpy init 5000 --init-task m.init --exec-task m.run --exit-task m.stop
  chancat bgpy exec --await 5000 '{"command": "increase", "value_change": 10}'
  chancat bgpy exit 5000`,
		Args: cobra.ArbitraryArgs,
		RunE: group,
	}
	cmd.AddCommand(newBgpyServe(e), newBgpyInit(e), newBgpyExec(e), newBgpyExit(e), newBgpyToken(e))
	return cmd
}

func newBgpyToken(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "token",
		Short: "print a fresh token for " + bgpyToken,
		Long: `Print a fresh token, which a server and its clients both read from the
environment variable ` + bgpyToken + `.`,
		Args: exactArgs(),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(e.stdout, bgpy.NewToken())
			return err
		},
	}
}

// bgpyCall is what the commands of a client share.
type bgpyCall struct {
	e      *env
	wait   seconds
	waitUp seconds
}

func (c *bgpyCall) add(cmd *cobra.Command) {
	cmd.Flags().VarP(&c.wait, "wait", "w", "wait this long for each message of the server (default 30s)")
	cmd.Flags().Var(&c.waitUp, "wait-up", "dial again for this long while nothing listens")
}

// run makes one call, and prints the args of its answer.
func (c *bgpyCall) run(ctx context.Context, address string, call func(*bgpy.Client) (bgpy.Dict, error)) error {
	client := &bgpy.Client{Addr: address, Token: c.e.getenv(bgpyToken), Timeout: time.Duration(c.wait)}
	var args bgpy.Dict
	err := whileDown(ctx, time.Duration(c.waitUp), nothingListens, func() (err error) {
		args, err = call(client)
		return err
	})
	switch {
	case errors.Is(err, bgpy.ErrToken):
		return &codedError{exitFailed, fmt.Errorf("%w; it is read from $%s", err, bgpyToken)}
	case as[*bgpy.ResponseError](err) != nil:
		return &codedError{exitFailed, err}
	case errors.Is(err, bgpy.ErrTimeout):
		return &codedError{exitTimeout, fmt.Errorf("%w; a longer -w waits on", err)}
	case errors.Is(err, bgpy.ErrClosed):
		return &codedError{exitClosed, err}
	case err != nil:
		return err
	}
	line, err := args.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = c.e.stdout.Write(append(line, '\n'))
	return err
}

func newBgpyInit(e *env) *cobra.Command {
	c := &bgpyCall{e: e}
	var tasks [3]string
	cmd := &cobra.Command{
		Use:   "init --init-task M.F --exec-task M.F --exit-task M.F ADDR",
		Short: "initialize a server: name its tasks, and run the first",
		Long: `Name the three functions that the server runs, each as MODULE.NAME, and wait for
the response. A Python server imports these modules and runs the functions: who
has the token can make it run any function that it has.`,
		Example: `  chancat bgpy init 5000 --init-task bgpy.example.tasks.init_task \
    --exec-task bgpy.example.tasks.exec_task \
    --exit-task bgpy.example.tasks.exit_task`,
		Args:              exactArgs("ADDR"),
		ValidArgsFunction: completePlain,
		RunE: func(cmd *cobra.Command, args []string) error {
			var f [3]bgpy.Func
			for i, name := range tasks {
				dot := strings.LastIndexByte(name, '.')
				if name == "" {
					return usage(fmt.Errorf("--%s-task is missing: the function to run, as MODULE.NAME", [...]string{"init", "exec", "exit"}[i]))
				}
				if dot < 1 || dot == len(name)-1 {
					return usage(fmt.Errorf("--%s-task %q: want MODULE.NAME", [...]string{"init", "exec", "exit"}[i], name))
				}
				f[i] = bgpy.Func{Module: name[:dot], Name: name[dot+1:]}
			}
			return c.run(cmd.Context(), args[0], func(client *bgpy.Client) (bgpy.Dict, error) {
				return client.Initialize(cmd.Context(), f[0], f[1], f[2])
			})
		},
	}
	c.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&tasks[0], "init-task", "", "the function for INIT, `MODULE.NAME`")
	flags.StringVar(&tasks[1], "exec-task", "", "the function for EXEC, `MODULE.NAME`")
	flags.StringVar(&tasks[2], "exit-task", "", "the function for EXIT, `MODULE.NAME`")
	return cmd
}

func newBgpyExec(e *env) *cobra.Command {
	c := &bgpyCall{e: e}
	var await bool
	cmd := &cobra.Command{
		Use:   "exec [flags] ADDR JSON-OBJECT",
		Short: "run the task for EXEC, print its answer as JSON",
		Long: `Run the task for EXEC with the JSON object as its args. Without --await only the
confirmation that the message has arrived is printed.`,
		Example:           `  chancat bgpy exec --await 5000 '{"command": "increase", "value_change": 10}'`,
		Args:              exactArgs("ADDR", "JSON-OBJECT"),
		ValidArgsFunction: completePlain,
		RunE: func(cmd *cobra.Command, args []string) error {
			var object bgpy.Dict
			if err := object.UnmarshalJSON([]byte(args[1])); err != nil {
				return usage(fmt.Errorf("JSON-OBJECT: %w; write one such as '{\"key\": 1}'", err))
			}
			return c.run(cmd.Context(), args[0], func(client *bgpy.Client) (bgpy.Dict, error) {
				return client.Execute(cmd.Context(), object, await)
			})
		},
	}
	c.add(cmd)
	cmd.Flags().BoolVar(&await, "await", false, "wait for the response of the task")
	return cmd
}

func newBgpyExit(e *env) *cobra.Command {
	c := &bgpyCall{e: e}
	var await bool
	cmd := &cobra.Command{
		Use:   "exit [flags] ADDR",
		Short: "run the task for EXIT and end the server",
		Long: `Run the task for EXIT, after which the server ends. Without --await only the
confirmation that the message has arrived is printed.`,
		Example:           `  chancat bgpy exit --await 5000`,
		Args:              exactArgs("ADDR"),
		ValidArgsFunction: completePlain,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.run(cmd.Context(), args[0], func(client *bgpy.Client) (bgpy.Dict, error) {
				return client.Terminate(cmd.Context(), nil, await)
			})
		},
	}
	c.add(cmd)
	cmd.Flags().BoolVar(&await, "await", false, "wait for the response of the task")
	return cmd
}
