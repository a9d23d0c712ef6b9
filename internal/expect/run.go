package expect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync/atomic"
	"time"

	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/link"
	"github.com/chancat/channel/internal/pause"
)

// DefaultTimeout is how long a step waits where nothing says so.
const DefaultTimeout = 5 * time.Second

const (
	partingMost   = 200 * time.Millisecond // for the peer's end after the last step
	capturedMost  = 1 << 20                // bytes of all that a case has captured
	skippedAtMost = 1 << 20                // messages that a step passes over
)

// How a step fails. Other failures are those of the connection.
var (
	ErrDiffers = errors.New("another message came")
	ErrMore    = errors.New("a message came where none was expected")
	ErrTimeout = errors.New("timed out")
	ErrClosed  = errors.New("the peer has closed its side")
	ErrUnset   = errors.New("the variable is not set")
)

// Options says how a script is run. Dial is needed.
type Options struct {
	// Dial connects to an address of the script; the empty one is that of the run.
	Dial    func(ctx context.Context, address string, f framing.Framing, number int) (*link.Link, error)
	Framing framing.Framing
	Fixed   bool          // Framing holds whatever the script says
	Timeout time.Duration // of each step at first; 0 means DefaultTimeout
	Getenv  func(string) string

	// Told is told of every message; nil where nobody wants to know.
	Told func(conn int, sent bool, msg []byte)
}

// An Outcome is how a case went.
type Outcome struct {
	Case           string
	Line           int
	Took           time.Duration
	Sent, Received int      // messages
	Checks         int      // steps that have demanded something and got it
	Failure        *Failure // nil if all did
}

// A Failure is the step at which a case has ended.
type Failure struct {
	Line  int
	Step  string
	Err   error      // such as ErrDiffers
	Want  string     // for people; empty where no message was wanted
	Same  []byte     // the bytes that were wanted, where it is bytes that were
	Got   []byte     // the message that came; nil if none did
	Fault link.Fault // where Err is a broken frame
}

func (f *Failure) Error() string { return fmt.Sprintf("line %d: %s: %v", f.Line, f.Step, f.Err) }
func (f *Failure) Unwrap() error { return f.Err }

// Run runs the cases of s one after another, and goes on after one that fails. It
// ends with ctx.
func Run(ctx context.Context, s *Script, o Options) iter.Seq[Outcome] {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	return func(yield func(Outcome) bool) {
		for _, c := range s.Cases {
			r := &run{
				o: o, framing: o.Framing, timeout: o.Timeout, out: Outcome{Case: c.Name, Line: c.Line},
				conns: map[int]*conn{}, captured: map[string][]byte{},
			}
			start := time.Now()
			r.out.Failure = r.steps(ctx, c.Steps)
			r.part()
			r.out.Took = time.Since(start)
			if !yield(r.out) || ctx.Err() != nil {
				return
			}
		}
	}
}

// A run is one case while it runs.
type run struct {
	o        Options
	framing  framing.Framing
	timeout  time.Duration
	skips    []matcher
	conns    map[int]*conn
	captured map[string][]byte
	size     int // of what is captured
	out      Outcome
}

func (r *run) steps(ctx context.Context, steps []Step) *Failure {
	for _, step := range steps {
		f := r.step(ctx, step)
		if ctx.Err() != nil {
			f = &Failure{Err: context.Cause(ctx)}
		}
		if f != nil {
			f.Line, f.Step = step.Line, step.Text
			return f
		}
		if step.checks() {
			r.out.Checks++
		}
	}
	return nil
}

func failed(err error) *Failure {
	if err == nil {
		return nil
	}
	return &Failure{Err: err}
}

func (r *run) step(ctx context.Context, step Step) *Failure {
	switch do := step.Do.(type) {
	case SetTimeout:
		r.timeout = do.For
		return nil
	case Skip:
		r.skips = append(r.skips, do.Match)
		return nil
	case Pause:
		return failed(pause.For(ctx, do.For))
	case SetFraming:
		if r.o.Fixed {
			return nil
		}
		var err error
		r.framing, err = framing.Parse(do.Spelling)
		return failed(err)
	case Connect:
		address, err := do.Address.expand(r.get, nil)
		if err == nil {
			_, err = r.connect(ctx, step.Conn, string(address))
		}
		return failed(err)
	}
	c := r.conns[step.Conn]
	if c == nil {
		var err error
		if c, err = r.connect(ctx, step.Conn, ""); err != nil {
			return failed(err)
		}
	}
	switch do := step.Do.(type) {
	case Send:
		return failed(r.send(c, do))
	case CloseWrite:
		return failed(c.link.CloseWrite())
	case Close:
		c.close()
		delete(r.conns, step.Conn)
		return nil
	case Receive:
		return r.receive(ctx, c, do.Match)
	case ReceiveEOF:
		return r.receiveEOF(ctx, c)
	case ReceiveNone:
		return r.receiveNone(ctx, c, do.For)
	}
	return failed(fmt.Errorf("no such step: %T", step.Do))
}

func (r *run) connect(ctx context.Context, number int, address string) (*conn, error) {
	if old := r.conns[number]; old != nil {
		return nil, fmt.Errorf("connection %d stands already; >close ends it", number)
	}
	l, err := r.o.Dial(ctx, address, r.framing, number)
	if err != nil {
		return nil, err
	}
	r.conns[number] = newConn(ctx, l, number, r.framing)
	return r.conns[number], nil
}

// get looks up a variable.
func (r *run) get(name string) ([]byte, error) {
	if variable, ok := strings.CutPrefix(name, environment); ok {
		if r.o.Getenv == nil || r.o.Getenv(variable) == "" {
			return nil, fmt.Errorf("%w: $%s of the environment", ErrUnset, variable)
		}
		return []byte(r.o.Getenv(variable)), nil
	}
	value, ok := r.captured[name]
	if !ok {
		return nil, fmt.Errorf("%w: ${%s}; a group (?<%s>...) of a pattern sets it", ErrUnset, name, name)
	}
	return value, nil
}

func (r *run) keep(found map[string][]byte) error {
	for name, value := range found {
		r.size += len(value) - len(r.captured[name])
		r.captured[name] = value
	}
	if r.size > capturedMost {
		return fmt.Errorf("more than %d MiB were captured", capturedMost>>20)
	}
	return nil
}

func (r *run) send(c *conn, s Send) error {
	msg, err := s.Text.expand(r.get, nil)
	if err != nil {
		return err
	}
	if !s.Raw {
		if msg, err = c.compose(msg); err != nil {
			return err
		}
	}
	if r.o.Told != nil {
		r.o.Told(c.number, true, msg)
	}
	r.out.Sent++
	var late atomic.Bool
	guard := time.AfterFunc(r.timeout, func() {
		late.Store(true)
		c.link.Close()
	})
	defer guard.Stop()
	if s.Raw {
		err = c.link.SendRaw(msg)
	} else {
		err = c.link.Send(msg)
	}
	if err != nil && late.Load() {
		err = fmt.Errorf("%w: the peer has not read it in %v", ErrTimeout, r.timeout)
	}
	return err
}

// next is the next message that no skip passes over.
func (r *run) next(ctx context.Context, c *conn, within time.Duration) ([]byte, *Failure) {
	timer := time.NewTimer(within)
	defer timer.Stop()
	for range skippedAtMost {
		a, err := c.next(ctx, timer.C)
		if err != nil {
			return nil, failed(err)
		}
		if a.err != nil {
			return nil, &Failure{Err: a.err, Fault: a.fault}
		}
		r.out.Received++
		if r.o.Told != nil {
			r.o.Told(c.number, false, a.msg)
		}
		skip, err := r.skipped(c, a.msg)
		if err != nil {
			return nil, failed(err)
		}
		if !skip {
			return a.msg, nil
		}
	}
	return nil, failed(fmt.Errorf("more than %d messages were passed over", skippedAtMost))
}

func (r *run) skipped(c *conn, msg []byte) (bool, error) {
	for _, m := range r.skips {
		if _, why, err := m.match(msg, c.answers, r.get); err != nil || !why.found() {
			return err == nil, err
		}
	}
	return false, nil
}

func (r *run) receive(ctx context.Context, c *conn, m matcher) *Failure {
	msg, f := r.next(ctx, c, r.timeout)
	if f != nil {
		switch {
		case f.Err == io.EOF:
			f.Err = ErrClosed
		case f.Err == ErrTimeout:
			f.Err = fmt.Errorf("%w: nothing came in %v", ErrTimeout, r.timeout)
		}
		if _, why, err := m.match(nil, c.answers, r.get); err == nil {
			f.Want = why.want
		}
		return f
	}
	found, why, err := m.match(msg, c.answers, r.get)
	switch {
	case err != nil:
		return failed(err)
	case why.found():
		return &Failure{Err: ErrDiffers, Want: why.want, Same: why.same, Got: msg}
	}
	return failed(r.keep(found))
}

func (r *run) receiveEOF(ctx context.Context, c *conn) *Failure {
	msg, f := r.next(ctx, c, r.timeout)
	switch {
	case f == nil:
		return &Failure{Err: ErrMore, Got: msg}
	case f.Err == io.EOF:
		return nil
	case f.Err == ErrTimeout:
		f.Err = fmt.Errorf("%w: the peer has not closed in %v", ErrTimeout, r.timeout)
	}
	return f
}

func (r *run) receiveNone(ctx context.Context, c *conn, within time.Duration) *Failure {
	msg, f := r.next(ctx, c, within)
	switch {
	case f == nil:
		return &Failure{Err: ErrMore, Got: bytes.Clone(msg)}
	case f.Err == ErrTimeout:
		return nil
	case f.Err == io.EOF:
		f.Err = ErrClosed
	}
	return f
}

// part ends the connections, and gives the peer a moment to end its side: closing
// at once could destroy what it has not read yet.
func (r *run) part() {
	parting, cancel := context.WithTimeout(context.Background(), partingMost)
	defer cancel()
	for number, c := range r.conns { // all of them first, so that they share the moment
		if c.link.CloseWrite() != nil {
			c.close()
			delete(r.conns, number)
		}
	}
	for _, c := range r.conns {
		c.drain(parting)
		c.close()
	}
}
