package repl

import (
	"sync"
	"time"
)

const (
	// frameLeast is the time between two paints: a key that is held, or messages
	// as they come.
	frameLeast = 3 * time.Millisecond
	// frameFlood is the time between two paints when messages come faster than
	// one in messageRate.
	frameFlood  = 33 * time.Millisecond
	messageRate = 3 * time.Millisecond

	// settleStep is how long the size of a terminal must stay the same, and
	// settleMost how long that is waited for.
	settleStep = 40 * time.Millisecond
	settleMost = 200 * time.Millisecond

	// leaveMost is how long giving the terminal back may take: one that has
	// stopped (a stalled ssh) must not stop us.
	leaveMost = 500 * time.Millisecond
)

// noColour ends what the colours of a cut message would colour.
const noColour = "\x1b[m"

// A display is what a screen paints on.
type display interface {
	Write(p []byte) (int, error)
	size() (width, height int) // in cells, at least 1
}

// A screen paints messages, and below them the line. Its one goroutine is the only
// one that writes to the terminal: the others change what is to be seen, and
// never wait. Whatever changed since the last paint goes into one write.
type screen struct {
	paint painter // of the goroutine
	fatal func()  // gives the terminal back in a panic

	mu      sync.Mutex // guards the rest
	queue   queue
	line    line
	changed bool            // line differs from what is painted
	urgent  bool            // a person waits for the change
	blank   bool            // Ctrl-L
	away    bool            // nothing is to be painted
	leaving []chan struct{} // to be closed when away has been painted
	closed  bool

	wake chan struct{} // buffered: something changed
	done chan struct{} // closed when the goroutine ends
}

// A line is what is being edited.
type line struct {
	shown  bool
	prompt prompt
	search string // the history search, shown in place of the prompt; may be empty
	text   []rune // never written to
	at     int    // the cursor
}

func (l line) head() prompt {
	if l.search != "" {
		return newPrompt(l.search)
	}
	return l.prompt
}

func newScreen(d display, unicode, reflows bool, fatal func()) *screen {
	s := &screen{
		paint: painter{display: d, unicode: unicode, reflows: reflows},
		fatal: fatal, wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	go s.run()
	return s
}

func (s *screen) write(p []byte) {
	text := wholeLines(p, noColour)
	s.mu.Lock()
	s.queue.add(text)
	s.mu.Unlock()
	s.signal()
}

func (s *screen) say(p []byte) {
	text := wholeLines(p, noColour)
	s.mu.Lock()
	s.queue.say(item{text: text})
	s.urgent = true
	s.mu.Unlock()
	s.signal()
}

// edit changes the line.
func (s *screen) edit(change func(*line)) {
	s.mu.Lock()
	change(&s.line)
	s.changed, s.urgent = true, true
	s.mu.Unlock()
	s.signal()
}

// enter leaves the line, with a mark behind it, among the messages. Without a mark
// an empty line leaves nothing.
func (s *screen) enter(mark string, keep bool) {
	s.edit(func(l *line) {
		if keep {
			s.queue.say(item{entered: &entered{l.prompt, l.text, mark}})
		}
		*l = line{prompt: l.prompt}
	})
}

// clear empties the screen above the line.
func (s *screen) clear() {
	s.mu.Lock()
	s.blank = true
	s.mu.Unlock()
	s.edit(func(*line) {})
}

// list shows candidates above the line.
func (s *screen) list(candidates []Candidate) {
	width, height := s.paint.display.size()
	s.say([]byte(listCandidates(candidates, width, height)))
}

// leave paints what waits and the line a last time, and nothing more until
// comeBack.
func (s *screen) leave() { s.depart(false) }

// close ends the goroutine after a last paint.
func (s *screen) close() { s.depart(true) }

// depart is leave, or close: both at once, so that the goroutine does not end
// without leaving.
func (s *screen) depart(closes bool) {
	left := make(chan struct{})
	s.mu.Lock()
	s.away, s.closed = true, s.closed || closes
	s.leaving = append(s.leaving, left)
	s.mu.Unlock()
	s.signal()
	select {
	case <-left:
	case <-s.done:
	case <-time.After(leaveMost):
	}
}

func (s *screen) comeBack() {
	s.mu.Lock()
	s.away = false
	s.mu.Unlock()
	s.edit(func(*line) {})
}

// signal makes the screen look whether there is something to be painted; another
// size of the terminal is.
func (s *screen) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *screen) run() {
	defer close(s.done)
	defer func() {
		if p := recover(); p != nil {
			s.fatal()
			panic(p)
		}
	}()
	var painted time.Time
	var pause time.Duration // until the next paint without urgency
	left := false           // the line stands above the cursor for good
	for range s.wake {
		s.wait(painted, pause)
		s.settle()
		s.mu.Lock()
		away, closed, leaving := s.away, s.closed, s.leaving
		s.leaving = nil
		f := frame{line: s.line, changed: s.changed, blank: s.blank}
		if !away || len(leaving) > 0 {
			f.items = s.queue.take()
		}
		s.changed, s.urgent, s.blank = false, false, false
		s.mu.Unlock()

		f.line.shown = f.line.shown && !(away && left)
		if !away || len(leaving) > 0 {
			s.paint.frame(f)
		}
		if len(leaving) > 0 {
			s.paint.leave()
		}
		left = away
		for _, l := range leaving {
			close(l)
		}
		if closed {
			return
		}
		now := time.Now()
		pause = frameLeast
		if time.Duration(len(f.items))*messageRate > now.Sub(painted) {
			pause = frameFlood
		}
		painted = now
	}
}

// wait returns when it is time for a paint.
func (s *screen) wait(painted time.Time, pause time.Duration) {
	for {
		s.mu.Lock()
		if s.urgent {
			pause = min(pause, frameLeast)
		}
		leaving := len(s.leaving) > 0
		s.mu.Unlock()
		left := pause - time.Since(painted)
		if left <= 0 || leaving {
			return
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
			return
		case <-s.wake:
			timer.Stop()
		}
	}
}

// settle waits while somebody drags a border of the window. A terminal tells its
// size late; what is painted for another one than it has cannot be erased again.
func (s *screen) settle() {
	width, height, same := s.paint.sameSize()
	for waited := time.Duration(0); !same && waited < settleMost; waited += settleStep {
		time.Sleep(settleStep)
		w, h := s.paint.display.size()
		same = w == width && h == height
		width, height = w, h
	}
}
