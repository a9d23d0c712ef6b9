package main

import (
	"bufio"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/export"
	"github.com/chancat/channel/view"
)

func newFraming(e *env) *cobra.Command {
	var language string
	cmd := &cobra.Command{
		Use:   "framing NAME[,OPTION...]",
		Short: "describe one framing, or write it down as a dissector or a codec",
		Long: `Say what a framing means, with a frame as an example. With --export, write it to
stdout in another language:

  wireshark-lua  a dissector for Wireshark and tshark: the frames of a
                 connection with head, body and tail; segments are put together
  go             a package with a Reader and Append
  python         a module with a Decoder and encode, for Python 3.8 and later

Any spelling of -f can be exported, pairs (C2S/S2C) too. What is written needs
nothing but the language itself, keeps the limit of max=, and is yours to use
and to change.`,
		Example: `  chancat framing postgres
  chancat framing u24le,at=3,incl,tail=crc16 --export python >codec.py
  chancat framing u32be --export wireshark-lua >u32be.lua
  tshark -X lua_script:u32be.lua -d tcp.port==4000,chancat_u32be -r capture.pcap`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && e.framing != "" {
				return nil // as -f, which other commands take
			}
			return exactArgs("NAME")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			spelling := append(args, e.framing)[0]
			if spelling == "auto" {
				return usage(errors.New("auto is decided from the bytes of a stream: 'chancat detect' says what one is"))
			}
			f, err := framing.Parse(spelling)
			if err != nil {
				return usage(err)
			}
			if cmd.Flags().Changed("export") {
				return exportFraming(e, f, language)
			}
			return describeFraming(e, f)
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeFraming(cmd, args, typed)
		},
	}
	cmd.Flags().StringVar(&language, "export", "", "write it in a `LANGUAGE`: "+strings.Join(export.Languages, ", "))
	cmd.RegisterFlagCompletionFunc("export", cobra.FixedCompletions(export.Languages, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func exportFraming(e *env, f framing.Framing, language string) error {
	text, err := export.Generate(f, language)
	switch {
	case errors.Is(err, export.ErrLanguage):
		return usage(fmt.Errorf("--export: %w", err))
	case err != nil:
		return err
	}
	_, err = e.stdout.Write(text)
	return err
}

// describeFraming says what f means, for each direction where they differ.
func describeFraming(e *env, f framing.Framing) error {
	w := bufio.NewWriter(e.stdout)
	client, server, pair := strings.Cut(f.Spelling, "/")
	if pair {
		describeSide(w, client, "the client sends ", f.C2S, false)
		fmt.Fprintln(w)
		describeSide(w, server, "the server sends ", f.S2C, true)
	} else {
		describeSide(w, client, "", f.C2S, false)
		if spec := specOf(client); spec.Server != nil {
			fmt.Fprintln(w, "directions: the client and the server send different frames")
		}
	}
	fmt.Fprintf(w, "\n'chancat help framings' explains the options; --export %s writes it in another language.\n",
		strings.Join(export.Languages, "|"))
	return w.Flush()
}

// typedExamples are what a person types in framings that compose messages of it.
var typedExamples = map[string]string{
	"resp":      `SET key "two words"`,
	"nats":      "PUB subject hello",
	"memcached": "set key 0 60 hello",
	"stomp":     "SEND destination:/queue/a hello",
}

func describeSide(w *bufio.Writer, spelling, who string, d framing.Direction, server bool) {
	spec := specOf(spelling)
	fmt.Fprintf(w, "%s%s: %s\n", who, spelling, spec.Doc)
	if len(spec.Aliases) > 0 {
		fmt.Fprintf(w, "also called: %s\n", strings.Join(spec.Aliases, ", "))
	}
	if spec.Preset != "" {
		fmt.Fprintf(w, "composed of: %s\n", spec.Preset)
	}
	fmt.Fprintf(w, "options:     %s\n", strings.TrimSpace(spec.Options+" max=SIZE"))
	fmt.Fprintf(w, "limit:       a body of %d bytes\n", d.Max)
	if typed := typedExamples[spec.Name]; typed != "" && !server {
		composed, err := compose(d.Codec, []byte(typed))
		if err == nil {
			fmt.Fprintf(w, "typed:       %s  is sent as  %q\n", typed, composed)
		}
	}
	messages := slices.Concat([]string{"hi"}, spec.Messages)
	if server && spec.ServerMessages != nil {
		messages = spec.ServerMessages
	}
	for _, m := range messages {
		raw, err := d.Codec.AppendFrame(nil, []byte(m))
		if err != nil {
			continue
		}
		var st frame.State
		sp, need, err := d.Codec.Scan(raw, &st)
		if need > 0 || err != nil {
			continue
		}
		fmt.Fprintf(w, "example:     the message %q; head %d, body %d, tail %d\n", m, sp.Head, sp.Body, sp.Tail)
		for line := range strings.Lines(string(view.Hex(nil, raw))) {
			fmt.Fprintf(w, "  %s\n", strings.TrimRight(line, "\n"))
		}
		return
	}
}

// specOf returns the framing that spelling, which has been parsed, starts with.
func specOf(spelling string) framing.Spec {
	name, _, _ := strings.Cut(spelling, ",")
	name, _, _ = strings.Cut(name, "=")
	all := framing.Specs()
	return all[slices.IndexFunc(all, func(s framing.Spec) bool { return s.Name == name || slices.Contains(s.Aliases, name) })]
}
