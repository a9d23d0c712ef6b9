// Package session has the events of docs/spec.md §6: what happened on
// connections, one JSON object a line. Commands print them under --json; a
// session file is a recording of them, whose first line says that it is one:
//
//	{"event":"session","v":1,"time":"…","framing":"msg","program":"chancat 1.0"}
//	{"event":"open","time":"…","conn":1,"local":"…","remote":"…","framing":"msg"}
//	{"event":"read","time":"…","conn":1,"from":"client","n":14,"base64":"…"}
//	{"event":"message","time":"…","conn":1,"from":"client","seq":1,"offset":0,"head":9,"body":5,"tail":0,"reads":1,"text":"hello"}
//	{"event":"close","time":"…","conn":1,"from":"client","reason":"eof"}
//
// A message is "text" where it is valid UTF-8 without NUL, else "base64". The
// bytes of a stream (of a read, or from a broken frame on) are always "base64".
// A recording holds every read with its bytes: messages alone could not give
// back a head that has several spellings, or what stands between broken frames.
package session

import "time"

// Version is the "v" of the session files that this package writes and reads.
const Version = 1

// A Kind is the "event" of an Event.
type Kind string

// The kinds that this package knows. A Reader passes others on, with the keys
// that they share with these.
const (
	Session Kind = "session" // first line of a file
	Open    Kind = "open"    // a connection stands
	Message Kind = "message" // a frame was complete
	Read    Kind = "read"    // bytes arrived; in recordings only
	Lost    Kind = "lost"    // bytes of a stream were not captured
	Broken  Kind = "broken"  // a frame is broken
	Close   Kind = "close"   // a side ended its stream, or the connection is gone
	Fault   Kind = "fault"   // a message was spoilt on purpose
	Note    Kind = "note"    // something to know about a stream
)

// A Side is one end of a connection.
type Side string

// The sides. The zero value is unknown, as in a bare file.
const (
	Client Side = "client" // the one that connected
	Server Side = "server"
)

// An Event is one line. A field that its kind does not have is ignored; a zero
// field is left out of the line unless zero means something (an offset, the
// bytes of a tail).
type Event struct {
	Kind Kind
	Time time.Time // when its last byte was read; nanoseconds are kept
	Conn int       // the connection, counted from 1
	From Side      // the side that sent

	Program string // session: its name and version
	Framing string // session, open: a spelling for [framing.Parse]
	Local   string // open: addresses
	Remote  string

	Seq     int           // message, fault: counted from 1, by connection and side
	Answers int           // message: the Seq of the other side's message that it answers
	Latency time.Duration // message: since then; whole microseconds are kept; only with Answers
	Offset  int64         // message, broken, fault: first byte of the frame in its side's stream; lost: first lost byte
	Head    int           // message: bytes of the frame's parts
	Body    int
	Tail    int
	Reads   int // message: reads that the frame was spread over

	At    int64  // broken: offset of the byte that broke the frame
	Cause string // broken: a [frame.Cause]
	Error string // broken: what is wrong, for people
	Hint  string // broken: what to try

	N int // read, lost: bytes

	Reason string // close: such as eof; lost: such as missing; fault: the rule; note: what there is to know

	// Data is what the event carries: the message; the bytes of a read; bytes of
	// the stream from a broken frame on, some or all.
	Data []byte

	// Plain is Data inflated, where the message was compressed and whoever made the
	// event could tell; else nil. It is for showing and stands in no session file.
	Plain []byte
}
