package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/dump"
	"github.com/chancat/channel/internal/readahead"
)

type decodeCommand struct {
	e         *env
	out       outputFlags
	source    sourceFlags
	follow    bool
	keepGoing bool

	framing framing.Framing
	print   *printer

	explained      int // broken frames
	saidCompressed bool
}

func newDecode(e *env) *cobra.Command {
	c := &decodeCommand{e: e}
	cmd := &cobra.Command{
		Use:   "decode [flags] [FILE...]",
		Short: "print the messages in files, captures, recordings and hex dumps",
		Long: `Print the messages of frames in files, or in stdin. A session file, recorded
with --record, is recognised by its first line; its own framing counts unless -f
is given. A capture (pcap or pcapng) is recognised too: each direction of each
TCP connection in it is decoded, in the order of the packets. A hex dump is not
recognised: --in says what it is, as pasted from a bug report; hexdump is for od
-t x1 too. A broken frame is shown, with its offset, and ends its file or, in a
capture or session file, its direction.`,
		Example: `  chancat decode -f u32be stream.bin
  chancat decode -f msg --json < stream | jq .text
  chancat decode -f line --keep-going --view hex damaged.log
  chancat decode --json session.jsonl
  chancat decode -f resp --port 6379 capture.pcap
  sudo tcpdump -i lo -U -w - port 5000 | chancat decode
  chancat decode --in xxd report.txt`,
		RunE: func(cmd *cobra.Command, files []string) error {
			return interruptible(cmd.Context(), func() error { return c.run(files) })
		},
	}
	c.out.add(cmd)
	c.source.add(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&c.follow, "follow", false, "at the end of a file, wait for more of it")
	flags.BoolVar(&c.keepGoing, "keep-going", false, "after a broken frame, skip to the next plausible one")
	return cmd
}

func (c *decodeCommand) run(files []string) (err error) {
	if err := c.source.check(); err != nil {
		return err
	}
	if c.follow && len(files) > 1 {
		return usage(fmt.Errorf("--follow: want one file, got %d", len(files)))
	}
	if c.e.auto() {
		c.framing.Spelling = autoSpelling // file decides it
	} else if c.framing, err = c.e.parseFraming(); err != nil {
		return err
	}
	if c.print, err = c.out.open(c.e, c.framing.Spelling); err != nil {
		return err
	}
	c.print.alone = true
	if len(files) == 0 {
		files = []string{"-"}
	}
	var first error
	for _, name := range files {
		err := c.file(name)
		if d := as[*dump.Error](err); d != nil {
			err = usage(fmt.Errorf("%s: %w", shownName(name), d))
		}
		if err == nil || exitCode(err) != exitBroken {
			if err != nil {
				return c.print.closeAfter(err)
			}
			continue
		}
		c.print.flush()
		if as[*toldError](err) == nil {
			c.e.tell(err)
			if f := as[*faultError](err); f != nil && f.err.Start == 0 {
				c.source.suspect(c.e, f.bytes)
			}
		}
		if first == nil {
			first = &toldError{err}
		}
	}
	return c.print.closeAfter(first)
}

func (c *decodeCommand) file(name string) error {
	shown := shownName(name)
	src, err := openInput(c.e, name)
	if err != nil {
		return err
	}
	defer func() { c.e.closeInput(src) }()
	info, err := src.Stat()
	regular := err == nil && info.Mode().IsRegular()
	if !c.follow || !regular {
		return c.decode(shown, src, regular)
	}
	for {
		followed := &followedFile{file: src}
		err := c.decode(shown, followed, false)
		if !followed.over || err != nil && exitCode(err) != exitBroken {
			return err
		}
		c.print.flush()
		if err != nil && as[*toldError](err) == nil {
			c.e.tell(err)
		}
		c.e.say("%s: it was emptied, or another file has its name: from its start", shown)
		c.e.closeInput(src)
		if src, err = openInput(c.e, name); err != nil {
			return err
		}
		if _, err := src.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
}

// decode prints the messages of src. A patient one is looked at as far as it goes
// before its framing is decided.
func (c *decodeCommand) decode(name string, src io.Reader, patient bool) (err error) {
	ahead := readahead.New(src, func() { c.print.flush() })
	defer ahead.Close()
	if c.e.auto() {
		if c.framing, err = c.settleFile(ahead, patient); err != nil {
			return err
		}
	}
	c.print.forFraming(c.framing.Spelling)
	stream, err := c.source.undumped(ahead)
	if err != nil {
		return err
	}
	kind := c.source.kind()
	if kind == kindUnknown {
		if kind, err = sniff(ahead); err != nil {
			return err
		}
	}
	if c.source.port != 0 && kind != kindCapture {
		return noPorts(name)
	}
	switch kind {
	case kindSession:
		return c.session(name, stream)
	case kindCapture:
		return c.capture(name, stream)
	}
	return c.raw(name, stream)
}
