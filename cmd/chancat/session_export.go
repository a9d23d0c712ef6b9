package main

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/recording"
	"github.com/chancat/channel/internal/term"
	"github.com/chancat/channel/session"
	"github.com/chancat/channel/session/pcap"
)

// exportKinds are the words of --as of session export, and endings of files.
var exportKinds = []string{"pcapng", "raw", "hex"}

type sessionExport struct {
	e    *env
	part partFlags
	as   string
}

func newSessionExport(e *env) *cobra.Command {
	c := &sessionExport{e: e}
	cmd := &cobra.Command{
		Use:   "export [flags] FILE",
		Short: "turn a recording into a capture, or the bytes of one side",
		Long: `Turn a recording into what other programs read: pcapng (the default) is a
capture of packets made up to carry what was read, for Wireshark; raw is the
stream of one side, heads of frames included, to be piped to a server; hex is
one message a line.`,
		Example: `  chancat session export bug.session -o bug.pcapng
  chancat session export --as raw --only client bug.session | nc localhost 5000
  chancat session export --as hex --only server --conn 2 bug.session`,
		Args: exactArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return interruptible(cmd.Context(), func() error { return c.run(args[0]) })
		},
	}
	c.part.add(cmd)
	cmd.Flags().StringVar(&c.as, "as", "", "`KIND` of the output: pcapng, raw or hex (default what -o ends in, or pcapng)")
	cmd.RegisterFlagCompletionFunc("as", cobra.FixedCompletions(exportKinds, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (c *sessionExport) run(name string) error {
	output := c.part.output
	if c.as == "" {
		c.as = strings.TrimPrefix(filepath.Ext(output), ".")
		if !slices.Contains(exportKinds, c.as) {
			c.as = "pcapng"
		}
	}
	switch {
	case !slices.Contains(exportKinds, c.as):
		return usage(fmt.Errorf("--as %q: want pcapng, raw or hex", c.as))
	case c.as == "raw" && c.part.only == "":
		return usage(errors.New("the streams of the two sides are two; --only client or --only server says which"))
	case c.as == "pcapng" && (output == "" || output == "-") && term.Is(c.e.stdout):
		return usage(errors.New("a capture is not for a terminal; -o FILE takes it"))
	}
	_, err := c.part.write(c.e, name, func(file *os.File, s *source) recording.Sink {
		return &framed{Sink: c.sink(file), framing: s.framing, told: map[int]bool{}}
	})
	return err
}

func (c *sessionExport) sink(file *os.File) recording.Sink {
	switch c.as {
	case "raw":
		return &rawSink{bufio.NewWriter(file)}
	case "hex":
		return &hexSink{bufio.NewWriter(file)}
	}
	return pcap.NewWriter(file, &pcap.WriterOptions{Program: "chancat " + version()})
}

// framed gives the messages of a recording without reads their frames back.
type framed struct {
	recording.Sink
	framing framing.Framing
	told    map[int]bool // connections of which there are reads
}

func (f *framed) WriteEvent(ev *session.Event) error {
	switch {
	case ev.Kind == session.Session && ev.Framing != "":
		parsed, err := framing.Parse(ev.Framing)
		if err != nil {
			return err
		}
		f.framing = parsed
	case ev.Kind == session.Read:
		f.told[ev.Conn] = true
	case ev.Kind == session.Message && !f.told[ev.Conn]:
		codec := f.framing.C2S.Codec
		if ev.From == session.Server {
			codec = f.framing.S2C.Codec
		}
		raw, err := codec.AppendFrame(nil, ev.Data)
		if err != nil {
			return fmt.Errorf("message %d of the %s: %w", ev.Seq, ev.From, err)
		}
		if err := f.Sink.WriteEvent(&session.Event{Kind: session.Read, Time: ev.Time, Conn: ev.Conn, From: ev.From, N: len(raw), Data: raw}); err != nil {
			return err
		}
	}
	return f.Sink.WriteEvent(ev)
}

// rawSink writes the bytes of reads.
type rawSink struct{ *bufio.Writer }

func (s *rawSink) WriteEvent(ev *session.Event) error {
	if ev.Kind != session.Read {
		return nil
	}
	if len(ev.Data) != ev.N {
		return errors.New("the recording does not have all bytes: some were withheld")
	}
	_, err := s.Write(ev.Data)
	return err
}

// hexSink writes messages, one a line.
type hexSink struct{ *bufio.Writer }

func (s *hexSink) WriteEvent(ev *session.Event) error {
	if ev.Kind != session.Message {
		return nil
	}
	_, err := s.Write(append(hex.AppendEncode(nil, ev.Data), '\n'))
	return err
}
