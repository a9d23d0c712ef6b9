package main

import (
	"fmt"
	"iter"
	"os"

	"github.com/spf13/cobra"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/recording"
	"github.com/chancat/channel/session"
)

func newSession(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "session show|slice|diff|export",
		Short: "show, cut, compare and convert recordings",
		Long: `Work with recordings: the session files that --record makes, and captures (pcap,
pcapng). A recording that is cut short, or edited into something that is none,
is used up to the broken line, which is named; then the exit status is 2.`,
		Example: `  chancat session show bug.session
  chancat session slice --conn 2 --from 10 --count 5 bug.session -o b.session
  chancat session slice --redact 'password=(\S+)' bug.session -o clean.session
  chancat session diff --ignore .time before.session after.session
  chancat session export bug.session -o bug.pcapng`,
		Args: cobra.ArbitraryArgs,
		RunE: group,
	}
	cmd.AddCommand(newSessionShow(e), newSessionSlice(e), newSessionDiff(e), newSessionExport(e))
	return cmd
}

// selectFlags name a part of a recording.
type selectFlags struct {
	conn, from, count int
	only              string
}

func (f *selectFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&f.conn, "conn", 0, "only connection `N`")
	flags.StringVar(&f.only, "only", "", "only what this `SIDE` sent: client or server")
	flags.IntVar(&f.from, "from", 1, "of the messages that are left, from the `N`-th on")
	flags.IntVar(&f.count, "count", 0, "and only `N` of them")
	cmd.RegisterFlagCompletionFunc("only", cobra.FixedCompletions([]string{"client", "server"}, cobra.ShellCompDirectiveNoFileComp))
}

func (f *selectFlags) selection() (recording.Selection, error) {
	switch {
	case f.only != "" && f.only != "client" && f.only != "server":
		return recording.Selection{}, usage(fmt.Errorf("--only %q: want client or server", f.only))
	case f.conn < 0, f.from < 1, f.count < 0:
		return recording.Selection{}, usage(fmt.Errorf("--conn, --from and --count count from 1"))
	}
	return recording.Selection{Conn: f.conn, Only: session.Side(f.only), From: f.from, Count: f.count}, nil
}

// partFlags say which part of a recording is written, without what is secret, and
// where to.
type partFlags struct {
	selectFlags
	redact redactFlags
	output string
}

func (f *partFlags) add(cmd *cobra.Command) {
	f.selectFlags.add(cmd)
	f.redact.add(cmd)
	cmd.Flags().StringVarP(&f.output, "output", "o", "", "write to `FILE`, which only you can read (default stdout)")
}

// write copies the part of the recording name to what sink makes of the output. It
// returns how many messages that are.
func (f *partFlags) write(e *env, name string, sink func(*os.File, *source) recording.Sink) (messages int, err error) {
	selection, err := f.selection()
	if err != nil {
		return 0, err
	}
	secrets, err := f.redact.parse()
	if err != nil {
		return 0, err
	}
	s, err := openSource(e, name)
	if err != nil {
		return 0, err
	}
	defer s.file.Close()
	err = writeOutput(e, s.file, f.output, func(file *os.File) error {
		slicer := recording.NewSlicer(sink(file, s), selection)
		redactor := recording.NewRedactor(slicer, secrets) // before: it sees the messages whole
		err := s.copyTo(e, redactor, f.conn)
		for _, finish := range []func() error{redactor.Close, slicer.Close} {
			if failed := finish(); failed != nil && err == nil {
				err = &outputError{failed}
			}
		}
		messages = slicer.Messages()
		return err
	})
	return messages, err
}

// A source is an open recording.
type source struct {
	name    string
	file    *os.File
	events  iter.Seq2[*session.Event, error]
	framing framing.Framing // that counts where the recording names none
}

// openSource opens a recording. Of a capture, and where -f is given, the messages
// are decoded from the reads.
func openSource(e *env, name string) (*source, error) {
	f, err := e.parseFraming()
	if err != nil {
		return nil, err
	}
	s := &source{name: shownName(name), framing: f}
	if s.file, err = openInput(e, name); err != nil {
		return nil, err
	}
	events, isCapture, err := recordedEvents(s.file, s.name)
	if err != nil {
		s.file.Close()
		return nil, err
	}
	if s.events = events; isCapture {
		s.events = headed(events, f.Spelling)
	}
	if isCapture || e.framing != "" {
		s.events = recording.Decode(s.events, f)
	}
	return s, nil
}

// headed are the events of a capture with the header of a session file.
func headed(events iter.Seq2[*session.Event, error], spelling string) iter.Seq2[*session.Event, error] {
	return func(yield func(*session.Event, error) bool) {
		first := true
		for ev, err := range events {
			if first && err == nil {
				first = false
				if !yield(&session.Event{Kind: session.Session, Time: ev.Time, Framing: spelling}, nil) {
					return
				}
			}
			if err == nil && ev.Kind == session.Open {
				ev.Framing = spelling
			}
			if !yield(ev, err) {
				return
			}
		}
	}
}

// copyTo writes the events to sink. What is broken is the error, behind all that
// stands before it. That the connection conn, if it is not 0, is not there is told.
func (s *source) copyTo(e *env, sink recording.Sink, conn int) error {
	last, found := 0, conn == 0
	for ev, err := range s.events {
		if err != nil {
			return recordingError(s.name, err)
		}
		if ev.Kind == session.Session && e.framing != "" {
			ev.Framing = e.framing
		}
		last, found = max(last, ev.Conn), found || ev.Conn == conn
		if err := sink.WriteEvent(ev); err != nil {
			return &outputError{err}
		}
	}
	if !found {
		e.say("%s: it has no connection %d; the last is %d", s.name, conn, last)
	}
	return nil
}
