// Package bgpy runs tasks on a server that stays in the background: the protocol
// of the Python package bgpy (docs/wire.md §e), in both roles.
//
// A message is a type and a dict, pickled, in base64 text, behind its length:
//
//	"219             " base64(pickle(Message(type, args)))
//
// A client connects for each call, and authenticates:
//
//	client                          server
//	AUTH token                 →
//	                           ←    OK "Received 'AUTH'"              the confirmation
//	                           ←    OK "Authentication successful."   the response
//	OK "Received 'OK'"         →
//	INIT, EXEC or EXIT args    →
//	                           ←    OK "Received 'EXEC'"
//	                           ←    OK args                           if it awaits one
//	OK "Received 'OK'"         →
//
// INIT names three functions, which the server runs for INIT, EXEC and EXIT. EXIT
// ends the server.
//
// The Python program hangs for ever when two messages reach it in one read, so
// whatever this package writes keeps a distance in time from what came before
// (Pace). Nothing in a pickle is ever resolved or run, and a pickle that holds
// more than messages need is refused.
package bgpy

import (
	"fmt"
	"strings"
)

// A MessageType is the kind of a [Message].
type MessageType int

// The types, with their numbers in Python.
const (
	Init MessageType = iota
	Exec
	Exit
	Auth
	OK
	Error
)

var typeNames = [...]string{"INIT", "EXEC", "EXIT", "AUTH", "OK", "ERROR"}

func (t MessageType) String() string {
	if t < 0 || int(t) >= len(typeNames) {
		return fmt.Sprintf("MessageType(%d)", int(t))
	}
	return typeNames[t]
}

// A Message is what travels.
type Message struct {
	Type MessageType
	Args Dict
}

// The keys of args that the protocol itself uses.
const (
	keyAwait   = "await_response"
	keyMessage = "message"
	keyToken   = "token"
	keyInit    = "init_task"
	keyExec    = "exec_task"
	keyExit    = "exit_task"
)

// awaits reports whether the sender of m waits for a response.
func (m Message) awaits() bool {
	v, _ := m.Args.Get(keyAwait).(bool)
	return v
}

const received = "Received '"

// confirmation is what every message but a confirmation is answered with at once.
func confirmation(t MessageType) Message {
	return Message{OK, Args(keyMessage, received+t.String()+"'")}
}

func (m Message) isConfirmation() bool {
	text, _ := m.Args.Get(keyMessage).(string)
	return m.Type == OK && len(m.Args) == 1 && strings.HasPrefix(text, received)
}

// response is the second answer to a message. The key that says so is put into
// the args of the task, as Python does.
func response(t MessageType, args Dict) Message {
	return Message{t, args.With(keyAwait, false)}
}

func textResponse(t MessageType, text string) Message {
	return response(t, Args(keyMessage, text))
}
