package repl

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/chancat/channel/internal/text/escape"
)

// errQuit ends the session.
var errQuit = errors.New("quit")

// A command is what a line that starts with a slash asks for.
type command struct {
	name, argument, help string
	run                  func(s *Session, argument string) error
}

// commands is filled by init because /help lists it.
var commands []command

func init() {
	commands = []command{
		{"e", "TEXT", `send TEXT with the escapes \n \r \t \0 \\ \xNN \u{...}`, sendEscaped},
		{"hex", "DIGITS", "send bytes in hexadecimal", sendHex},
		{"b64", "TEXT", "send bytes in base64", sendBase64},
		{"file", "PATH", "send the contents of a file as one message", sendFile},
		{"help", "", "this list", help},
		{"quit", "", "end the session", func(*Session, string) error { return errQuit }},
	}
}

func (s *Session) command(line string) error {
	name, argument, _ := strings.Cut(line, " ")
	for _, c := range commands {
		if c.name == name {
			return c.run(s, argument)
		}
	}
	return fmt.Errorf("unknown command /%s; /help lists them, // sends a line that starts with /", name)
}

func sendEscaped(s *Session, argument string) error {
	msg, err := escape.Unescape(nil, []byte(argument))
	if err != nil {
		return err
	}
	return s.Send(msg)
}

func sendHex(s *Session, argument string) error {
	msg, err := hex.DecodeString(strings.ReplaceAll(argument, " ", ""))
	if err != nil {
		return err
	}
	return s.Send(msg)
}

func sendBase64(s *Session, argument string) error {
	msg, err := base64.StdEncoding.DecodeString(strings.TrimSpace(argument))
	if err != nil {
		return err
	}
	return s.Send(msg)
}

func sendFile(s *Session, argument string) error {
	msg, err := os.ReadFile(strings.TrimSpace(argument))
	if err != nil {
		return err
	}
	return s.Send(msg)
}

func help(s *Session, _ string) error {
	var b strings.Builder
	b.WriteString("A line that you type is a message. Commands:\n")
	for _, c := range commands {
		fmt.Fprintf(&b, "  %-14s %s\n", strings.TrimSpace("/"+c.name+" "+c.argument), c.help)
	}
	b.WriteString("  //...          send a line that starts with /\n")
	s.Editor.Say([]byte(b.String()))
	return nil
}
