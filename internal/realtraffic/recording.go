// Package realtraffic has the conversations of real services that are kept in
// testdata/recordings, for tests.
package realtraffic

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chancat/channel/session"
)

// An Entry of the index says what a recording is, and what others saw in it.
type Entry struct {
	File    string // below the directory, with slashes
	Service string
	Version string // of the service and its client
	Command string // that was recorded
	Framing string // a spelling for [framing.Parse]
	Part    string // of the conversation that was kept, if not all
	Counted string // who counted the messages

	Client, Server Account
}

// An Account is what one side sent, as the programs themselves or tshark see it.
type Account struct {
	Bytes    int
	Messages int
	Lengths  []int // of the bodies; nil where nobody measured, and an element of -1 where that one has none
}

// A Conversation is what both sides sent on one connection.
type Conversation struct {
	Entry
	Reads []Read // in the order they came
}

// A Read is some bytes as they came.
type Read struct {
	From session.Side
	Data []byte
}

// Index returns the entries of the recordings in the directory.
func Index(directory string) ([]Entry, error) {
	text, err := os.ReadFile(filepath.Join(directory, "index.json"))
	if err != nil {
		return nil, err
	}
	var entries []Entry
	if err := json.Unmarshal(text, &entries); err != nil {
		return nil, fmt.Errorf("the index of %s: %w", directory, err)
	}
	return entries, nil
}

// Load returns all conversations in the directory.
func Load(directory string) ([]Conversation, error) {
	entries, err := Index(directory)
	if err != nil {
		return nil, err
	}
	all := make([]Conversation, 0, len(entries))
	for _, e := range entries {
		reads, err := load(filepath.Join(directory, filepath.FromSlash(e.File)))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.File, err)
		}
		all = append(all, Conversation{Entry: e, Reads: reads})
	}
	return all, nil
}

func load(name string) ([]Read, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var reads []Read
	for ev, err := range session.NewReader(f, 0).Events() {
		if err != nil {
			return nil, err
		}
		if ev.Kind == session.Read {
			reads = append(reads, Read{ev.From, append([]byte(nil), ev.Data...)})
		}
	}
	return reads, nil
}

// Account returns what is known of one side.
func (c *Conversation) Account(from session.Side) Account {
	if from == session.Client {
		return c.Client
	}
	return c.Server
}

// Stream returns all that one side sent.
func (c *Conversation) Stream(from session.Side) []byte {
	var stream []byte
	for _, r := range c.Reads {
		if r.From == from {
			stream = append(stream, r.Data...)
		}
	}
	return stream
}

// Chunks returns what one side sent, as it came.
func (c *Conversation) Chunks(from session.Side) [][]byte {
	var chunks [][]byte
	for _, r := range c.Reads {
		if r.From == from {
			chunks = append(chunks, r.Data)
		}
	}
	return chunks
}
