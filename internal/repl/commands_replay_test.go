package repl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancat/channel/internal/replay"
)

// What was recorded is said again, each message after the answers that it had, and
// what is answered otherwise is told.
func TestReplay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.session")
	d, c, _ := connected(t, "line", nil)
	d.types("/record "+file, "one")
	c.wants("one\n")
	c.says("ONE\nmore\n")
	d.sees("more")
	d.types("two")
	c.wants("two\n")
	c.says("TWO\n")
	d.sees("TWO")
	d.types("/record off", "/replay "+file)
	c.wants("one\n")
	c.says("ONE\n")
	d.sees("#7 3 B")
	c.says("more\n")
	c.wants("two\n")
	c.says("2\n")
	d.sees("2 messages sent again; 1 of 3 answers are not as they were recorded: #10")
	d.types("/replay " + file + "x")
	d.sees("no such file")
	if err := os.WriteFile(file, []byte("{\"event\":\"session\",\"v\":1}\n{"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.types("/replay " + file)
	d.sees("line 2")
}

// Heartbeats come when they come: those that the session answers by itself are
// neither sent again nor waited for.
func TestReplayWithHeartbeats(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.session")
	d, c, _ := connected(t, "nats", nil)
	c.says("PING\r\n")
	c.wants("PONG\r\n")
	d.types("/record "+file, "PING") // in the middle of the stream
	c.wants("PING\r\n")
	c.says("PONG\r\nPING\r\n")
	c.wants("PONG\r\n")
	d.types("SUB a 1")
	c.wants("SUB a 1\r\n")
	c.says("+OK\r\n")
	d.sees("+OK")
	d.types("/record off", "/replay "+file)
	c.wants("PING\r\n")
	c.says("PING\r\n")
	c.wants("PONG\r\n")
	c.says("PONG\r\n")
	c.wants("SUB a 1\r\n")
	c.says("PING\r\n")
	c.wants("PONG\r\n")
	c.says("+OK\r\n")
	d.sees("2 messages sent again; all 2 answers are as they were recorded")
}

// Of answers more than the session keeps, those that it keeps are compared.
func TestReplayOfMuch(t *testing.T) {
	d, c, _ := connected(t, "line", nil)
	const count = ringCount + 50
	script := &replay.Script{Moves: []replay.Move{{Kind: replay.Message, Seq: 1, Body: []byte("go")}}}
	var answers strings.Builder
	for i := range count {
		body := fmt.Sprint("answer ", i)
		script.Want = append(script.Want, replay.Step{Body: []byte(body)})
		answers.WriteString(body + "\n")
	}
	done := make(chan error, 1)
	go func() { done <- d.s.replay(t.Context(), script) }()
	c.wants("go\n")
	c.says(answers.String())
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	d.sees(fmt.Sprintf("1 message sent again; the last %d of %d answers, which are kept, are as they were recorded", ringCount, count))
}
