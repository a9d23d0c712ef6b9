package repl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	wire "github.com/chancat/channel/frame"
	"github.com/chancat/channel/internal/text"
	"github.com/chancat/channel/internal/text/escape"
)

// sendCommands send messages that are hard to type.
var sendCommands = []command{
	{name: "e", arguments: "TEXT", help: `send TEXT with the escapes \n \r \t \0 \\ \xNN \u{...}`, example: `/e caf\u{e9}\n`, run: sendEscaped},
	{name: "hex", arguments: "DIGITS", help: "send bytes in hexadecimal", example: "/hex de ad be ef", run: sendHex},
	{name: "b64", arguments: "TEXT", help: "send bytes in base64", example: "/b64 aGVsbG8=", run: sendBase64},
	{name: "file", arguments: "PATH", help: "send the contents of a file as one message", example: "/file request.json", run: sendFile, complete: completeFile},
	{name: "json", arguments: "JSON", help: "check JSON and send it without blanks", example: `/json {"id": 1, "method": "ping"}`, run: sendJSON},
	{name: "edit", arguments: "[N]", help: "write a message, or change message N, in $VISUAL or $EDITOR, and send it", example: "/edit 17", run: edit, complete: completeMessage, lends: true},
	{name: "resend", arguments: "N", help: "send the body of message N again", example: "/resend 17", run: resend, complete: completeMessage},
}

func sendEscaped(ctx context.Context, s *Session, argument string) error {
	msg, err := escape.Unescape(nil, []byte(argument))
	if err != nil {
		return misused("%v", err)
	}
	return s.send(ctx, msg)
}

func sendHex(ctx context.Context, s *Session, argument string) error {
	msg, err := text.DecodeHex([]byte(argument))
	if err != nil {
		return misused("%v; want pairs of digits, such as /hex de ad be ef", err)
	}
	return s.send(ctx, msg)
}

func sendBase64(ctx context.Context, s *Session, argument string) error {
	msg, err := text.DecodeBase64([]byte(strings.TrimSpace(argument)))
	if err != nil {
		return misused("%v", err)
	}
	return s.send(ctx, msg)
}

func sendFile(ctx context.Context, s *Session, argument string) error {
	if argument = strings.TrimSpace(argument); argument == "" {
		return usageOf("file")
	}
	s.mu.Lock()
	limit := max(s.framing.C2S.Max, s.framing.S2C.Max)
	s.mu.Unlock()
	msg, err := readFile(expand(argument, s.o.Getenv), limit)
	if err != nil {
		return err
	}
	return s.send(ctx, msg)
}

// readFile reads a file of at most limit bytes.
func readFile(path string, limit int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	b, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err == nil && len(b) > limit {
		err = fmt.Errorf("%s: %w: more than the limit of %d bytes; max=SIZE behind the framing raises it", path, wire.ErrTooLarge, limit)
	}
	return b, err
}

// expand puts the home directory for a ~ at the start of path.
func expand(path string, getenv func(string) string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok && getenv != nil && getenv("HOME") != "" {
		return filepath.Join(getenv("HOME"), rest)
	}
	return path
}

func sendJSON(ctx context.Context, s *Session, argument string) error {
	var checked json.RawMessage // of which, unlike of Compact, the error knows its place
	if err := json.Unmarshal([]byte(argument), &checked); err != nil {
		if at, ok := errors.AsType[*json.SyntaxError](err); ok {
			return misused("column %d: %v", at.Offset, err)
		}
		return misused("%v", err)
	}
	var msg bytes.Buffer
	if err := json.Compact(&msg, checked); err != nil {
		return misused("%v", err)
	}
	return s.send(ctx, msg.Bytes())
}

// edit has the message in a file that only we may read while the editor runs.
func edit(ctx context.Context, s *Session, argument string) error {
	var old []byte
	if argument = strings.TrimSpace(argument); argument != "" {
		m, err := s.message(argument)
		if err != nil {
			return err
		}
		old = m.body
	}
	editor := ""
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if s.o.Getenv != nil && editor == "" {
			editor = s.o.Getenv(name)
		}
	}
	if editor == "" {
		return errors.New("neither $VISUAL nor $EDITOR names an editor; <<END begins a message of several lines")
	}
	f, err := os.CreateTemp("", "chancat-*.txt") // of mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(old)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	err = s.o.Editor.Lend(func() error {
		// $EDITOR may have arguments, and is for a shell to read.
		cmd := exec.CommandContext(ctx, "sh", "-c", editor+` "$1"`, "sh", f.Name())
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		return cmd.Run()
	})
	if err != nil {
		return fmt.Errorf("%s: %w; nothing is sent", editor, err)
	}
	s.mu.Lock()
	limit := max(s.framing.C2S.Max, s.framing.S2C.Max)
	s.mu.Unlock()
	msg, err := readFile(f.Name(), limit)
	if err != nil {
		return err
	}
	if !bytes.HasSuffix(old, []byte("\n")) {
		msg = bytes.TrimSuffix(msg, []byte("\n")) // editors add one
	}
	if len(msg) == 0 || len(old) > 0 && bytes.Equal(msg, old) {
		s.Note("nothing is sent: the message is empty or as it was")
		return nil
	}
	return s.send(ctx, msg)
}

func resend(ctx context.Context, s *Session, argument string) error {
	words, err := fields("resend", argument, 1, 1)
	if err != nil {
		return err
	}
	m, err := s.message(words[0])
	if err != nil {
		return err
	}
	return s.send(ctx, m.body)
}

// message is the message whose number is word.
func (s *Session) message(word string) (*message, error) {
	n, err := number(word)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept.get(n)
}
