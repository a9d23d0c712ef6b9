package export_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/frame/frametest"
	"github.com/chancat/channel/framing"
	"github.com/chancat/channel/internal/export"
	"github.com/chancat/channel/internal/peertest"
	"github.com/chancat/channel/session"
	"github.com/chancat/channel/session/pcap"
)

// A conversation is a case as a connection of a capture, cut into segments.
type conversation struct {
	testCase
	segment int
}

// A dissection is what a dissector shows of one connection.
type dissection struct {
	lengths, bodies, messages []string
	broken                    bool
}

// The exported dissectors show in tshark the frames that the codecs find: their
// lengths, their bodies and their messages, however they are cut into segments.
// tshark is too large to be installed for every change.
func TestInteropExportWireshark(t *testing.T) {
	peertest.NeedHeavy(t, "tshark")
	t.Parallel()
	s := newSuite(t)
	directory := t.TempDir()
	args := []string{"-r", filepath.Join(directory, "capture.pcapng"), "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=,", "-e", "tcp.stream"}
	var modules []string
	for module := range s.modules {
		modules = append(modules, module)
	}
	slices.Sort(modules)
	for i, module := range modules {
		f := s.modules[module]
		f.Spelling = module // a name that no other has
		text, err := export.Generate(f, "wireshark-lua")
		if err != nil {
			t.Fatal(err)
		}
		script := filepath.Join(directory, module+".lua")
		writeFile(t, script, text)
		args = append(args, "-X", "lua_script:"+script, "-d", fmt.Sprintf("tcp.port==%d,chancat_%s", firstPort+i, module))
		for _, field := range []string{"length", "body", "message", "broken"} {
			args = append(args, "-e", "chancat_"+module+"."+field)
		}
	}
	var all []conversation
	for _, c := range s.cases {
		if len(c.Input) == 0 {
			continue
		}
		all = append(all, conversation{c, 64000})
		if len(c.Input) < 4000 {
			if !c.looksAhead() {
				all = append(all, conversation{c, 7}, conversation{c, 1})
			}
		} else {
			all = append(all, conversation{c, 1448})
		}
	}
	writeCapture(t, filepath.Join(directory, "capture.pcapng"), all, modules)
	for _, passes := range []string{"one pass", "two passes"} {
		t.Run(passes, func(t *testing.T) {
			t.Parallel()
			if passes == "two passes" { // as Wireshark itself does: frames are looked at again
				compare(t, all, append([]string{"-2"}, args...))
			} else {
				compare(t, all, args)
			}
		})
	}
}

// compare runs tshark and compares what it shows of each conversation.
func compare(t *testing.T, all []conversation, args []string) {
	t.Helper()
	cmd := exec.Command("tshark", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	for line := range strings.Lines(stderr.String()) {
		if !strings.HasPrefix(line, "Running as user") && !strings.HasPrefix(line, " ") {
			t.Errorf("tshark: %s", line)
		}
	}
	got := readDissections(string(out), len(all))
	for i, c := range all {
		want := c.dissection()
		if c.segment < len(c.Input) {
			got[i].broken = want.broken // it waits for the rest of a frame before it looks at its end
		}
		if fmt.Sprint(got[i]) != fmt.Sprint(want) {
			t.Errorf("%s, %s, %s, segments of %d: got %.400v, want %.400v", c.Name, c.Module, c.Side, c.segment, got[i], want)
		}
	}
}

const firstPort = 20000

// dissection is what must be shown of c: frames that only the end of a stream ends
// are not.
func (c *conversation) dissection() (d dissection) {
	dir := c.direction()
	for _, f := range c.frames {
		if unfinished(dir, f.Offset, c.Input[f.Offset:]) {
			break
		}
		body := f.Raw[f.Span.Head : f.Span.Head+f.Span.Body]
		d.lengths = append(d.lengths, fmt.Sprint(len(body)))
		if len(body) > 0 {
			d.bodies = append(d.bodies, hex.EncodeToString([]byte(body)))
		}
		if len(f.Message) > 0 && unescapes(dir.Codec) {
			d.messages = append(d.messages, hex.EncodeToString([]byte(f.Message)))
		}
	}
	d.broken = c.Error != nil && c.Error[1] < int64(len(c.Input))
	return d
}

func (c *testCase) direction() framing.Direction {
	if c.Side == "server" {
		return c.framing.S2C
	}
	return c.framing.C2S
}

func unfinished(d framing.Direction, offset int64, rest []byte) bool {
	var st frame.State
	if first, ok := d.Codec.(frame.FirstScanner); ok && offset == 0 {
		_, need, _ := first.ScanFirst(rest, &st)
		return need > 0
	}
	_, need, _ := d.Codec.Scan(rest, &st)
	return need > 0
}

// looksAhead reports whether a frame is complete only at the byte behind it. When a
// segment ends before that byte, Wireshark shows such a frame again.
func (c *testCase) looksAhead() bool {
	d := c.direction()
	return slices.ContainsFunc(c.frames, func(f frametest.Frame) bool { return unfinished(d, f.Offset, []byte(f.Raw)) })
}

func unescapes(c frame.Codec) bool {
	_, ok := c.(frame.MessageAppender)
	return ok
}

func writeCapture(t *testing.T, name string, all []conversation, modules []string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := pcap.NewWriter(f, nil)
	for i, c := range all {
		port := firstPort + slices.Index(modules, c.Module)
		ends := session.Event{Kind: session.Open, Conn: i + 1, From: session.Client,
			Local: fmt.Sprintf("127.0.%d.%d:50000", i/200, i%200+1), Remote: fmt.Sprintf("127.0.0.1:%d", port)}
		events := []session.Event{ends}
		for data := range slices.Chunk(c.Input, c.segment) {
			events = append(events, session.Event{Kind: session.Read, Conn: i + 1, From: session.Side(c.Side), Data: data})
		}
		for _, e := range events {
			if err := w.WriteEvent(&e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
}

// readDissections reads the columns of tshark: the stream, then four of each
// module.
func readDissections(out string, streams int) []dissection {
	all := make([]dissection, streams)
	for line := range strings.Lines(out) {
		columns := strings.Split(strings.TrimRight(line, "\n"), "\t")
		var n int
		if _, err := fmt.Sscan(columns[0], &n); err != nil || n >= streams {
			continue
		}
		if all[n].broken {
			continue // what comes behind may be taken for frames again
		}
		for i := 1; i+3 < len(columns); i += 4 {
			add := func(to *[]string, column string) {
				if column != "" {
					*to = append(*to, strings.Split(column, ",")...)
				}
			}
			add(&all[n].lengths, columns[i])
			add(&all[n].bodies, columns[i+1])
			add(&all[n].messages, columns[i+2])
			all[n].broken = all[n].broken || columns[i+3] != ""
		}
	}
	return all
}
