package repl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chancat/channel/internal/nearest"
)

// Every command has an example that begins with it. The help that one sees first fits
// on small screens.
func TestCommandTable(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range table {
		if seen[c.name] || c.help == "" || c.run == nil || !strings.HasPrefix(c.example, "/"+c.name) {
			t.Errorf("%+v", c)
		}
		seen[c.name] = true
	}
	d := sit(t, "msg", nil)
	d.types("/help")
	for _, name := range []string{"quit", "framing", "connect", "hexdump", "resend"} {
		d.sees(" /" + name)
	}
	for width, most := range map[int]int{80: 18, 40: 36, 200: 14} {
		lines := strings.Split(helpAtFirst(min(width, helpWidth)), "\n")
		if len(lines) > most {
			t.Errorf("%d lines of help at %d columns", len(lines), width)
		}
		for _, line := range append(lines, strings.Split(helpAll(min(width, helpWidth)), "\n")...) {
			if len(line) >= width && strings.Contains(strings.TrimSpace(line), " ") && !strings.HasPrefix(line, "/") {
				t.Errorf("%d columns are too few for %q", width, line)
			}
		}
	}
	d.types("/help resend")
	d.sees("for example: /resend 17")
	for typed, want := range map[string]string{
		"hepl": "help", "hexdmp": "hexdump", "conect": "connect", "qiut": "quit", "resnd": "resend", "stat": "stats", "zzzzz": "", "hel": "help", "foo": "",
	} {
		if got := nearest.Word(typed, names()); got != want {
			t.Errorf("%s: %q, want %q", typed, got, want)
		}
	}
}

func TestByNumber(t *testing.T) {
	d, c, _ := connected(t, "msg", nil)
	d.types("first")
	c.wants("\r\nMSG 5\r\nfirst")
	long := strings.Repeat("line\n", 100)
	c.says(fmt.Sprintf("\r\nMSG %d\r\n%s", len(long), long))
	c.says("\r\nMSG 11\r\n{\"a\":[1,2]}")
	c.says("\r\nMSG 17\r\n{\"a\":[1,3],\"b\":0}")
	d.sees("#4 17 B")
	dir := t.TempDir()
	file := filepath.Join(dir, "body of 4")
	for _, step := range []struct{ line, want string }{
		{"/show 3", `{"a":[1,2]}`},
		{"/hexdump 1", "head 9, body 5, tail 0, at byte 0"},
		{"/hexdump #1", "0d 0a 4d 53 47 20 35 0d  0a 66"},
		{"/diff 3 4", "~ $.a[1]  2 → 3\n+ $.b  0\n"},
		{"/diff 3 3", "are the same"},
		{"/save 4 " + file, "17 B of message 4"},
		{"/save 4 " + file, "exists; -f before it overwrites"},
		{"/save -f 3 " + file, "11 B of message 3"},
		{"/history 2", "#3 11 B"},
		{"/show 99", "there is no message 99; there are 1 to 4"},
		{"/show x", "want a number"},
		{"/stats", "received  3 messages, 528 bytes"},
		{"/time on", ""},
		{"/view hex", ""},
		{"/show 3", "00000000  7b 22 61 22"},
		{"/view xml", "unknown view"},
	} {
		d.clear()
		d.types(step.line)
		d.sees(step.want)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != `{"a":[1,2]}` {
		t.Errorf("%q, %v", got, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	d.types("/resend 3")
	c.wants("\r\nMSG 11\r\n{\"a\":[1,2]}")
	script := filepath.Join(dir, "script")
	d.types("/script " + script)
	d.sees("5 messages in")
	got, err := os.ReadFile(script)
	if err != nil || !strings.HasPrefix(string(got), "framing msg\n> first\n< line\\nline\\n") || !strings.HasSuffix(string(got), "\n> {\"a\":[1,2]}\n") {
		t.Errorf("%s, %v", got, err)
	}
}

// A long message is cut short with the way to see the rest.
func TestLongMessage(t *testing.T) {
	d, c, _ := connected(t, "line,max=8MiB", func(o *Options) { o.View = "text" })
	c.says(strings.Repeat("x", 20<<10) + "\n")
	d.sees("#1 20 KiB", "… 16 KiB more, /show 1\n")
	c.says(strings.Repeat("y", 5<<20) + "\n")
	d.sees("#2 5.0 MiB", "more, /show 2\n")
	if n := len(d.text()); n > 12<<10 {
		t.Errorf("%d bytes are shown", n)
	}
	d.types("/show 1", "/show 2")
	d.sees(strings.Repeat("x", 20<<10), "4.0 MiB more, /save 2 FILE")
}

func TestPause(t *testing.T) {
	d, c, address := connected(t, "line", nil)
	d.types("before", "/pause")
	d.prompts(address + " line paused> ")
	c.says("one\ntwo\n")
	d.prompts(address + " line paused 2 unread> ")
	d.types("sent")
	d.sees("sent\n")
	if strings.Contains(d.text(), "two") {
		t.Error("shown while paused")
	}
	d.types("/resume")
	d.sees("2 messages came meanwhile", "one\n", "two\n")
	d.types("/resume")
	d.sees("nothing is paused")
}

func TestBreak(t *testing.T) {
	d, c, _ := connected(t, "msg", nil)
	d.types("/bad length+1")
	d.sees("no message was sent yet")
	d.types("/bad length+1 hello", "/bad truncate=3 x", `/raw a\0b`, "whole", "/bad length-huge", "/bad nonsense")
	c.wants("\r\nMSG 6\r\nhello" + "\r\nM" + "a\x00b" + "\r\nMSG 5\r\nwhole" + "\r\nMSG 999999999\r\nwhole")
	d.sees("bad length+1", "raw", "unknown fault \"nonsense\"")
	d.types("/gap 0s", "/chunks 1", "bytes", "/chunks 2,3", "sizes", "/chunks off", "/chunks 0", "/gap x")
	c.wants("\r\nMSG 5\r\nbytes\r\nMSG 5\r\nsizes")
	d.sees("want the sizes of pieces", "such as /gap 20ms")
}

// The editor gets the message in a file; what it leaves is sent.
func TestEdit(t *testing.T) {
	d, c, _ := connected(t, "msg", func(o *Options) {
		o.Getenv = func(name string) string {
			return map[string]string{"EDITOR": "printf ' world\\n' >>"}[name]
		}
	})
	d.types("hello", "/edit 1")
	c.wants("\r\nMSG 5\r\nhello\r\nMSG 11\r\nhello world")
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lent != 1 {
		t.Errorf("the terminal was lent %d times", d.lent)
	}
}

// Of frames that are messages the words are learned.
func TestCandidatesOfFrames(t *testing.T) {
	d, c, _ := connected(t, "resp", nil)
	d.types("SUBSCRIBE user:1001:news")
	c.wants("*2\r\n$9\r\nSUBSCRIBE\r\n$14\r\nuser:1001:news\r\n")
	c.says("*2\r\n$7\r\nmessage\r\n$3\r\nfoo\r\n")
	d.sees("message")
	for line, want := range map[string]string{"SUB": "SUBSCRIBE", "GET us": "user:1001:news", "mes": "message", "$": ""} {
		found, from := d.s.candidates(line, len(line))
		got := ""
		for _, f := range found {
			got += f.Text
		}
		if got != want || from != strings.LastIndexByte(line, ' ')+1 && want != "" {
			t.Errorf("%q: %q from %d, want %q", line, got, from, want)
		}
	}
}

func TestCandidates(t *testing.T) {
	d, c, address := connected(t, "line", nil)
	c.says(`{"jsonrpc":"2.0","method":"textDocument/hover","params":{"position":1}}` + "\nSUBSCRIBE news\n")
	d.sees("SUBSCRIBE")
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "request.json"), nil, 0o600)
	for _, step := range []struct{ line, want string }{
		{"/he", "/hex /help /hexdump"},
		{"/quit", "/quit"},
		{"/fram", "/framing "},
		{"/help fra", "framing"},
		{"/framing netst", "netstring"},
		{"/framing u32be,inc", "incl"},
		{"/framing u32be,tail=c", "tail=crc16 tail=crc32"},
		{"/framing del", "delim="},
		{"/framing msg/u32b", "u32be"},
		{"/view he", "hex"},
		{"/time o", "on off"},
		{"/connect ex", "exec:"},
		{"/connect " + address[:6], address},
		{"/file " + dir + "/re", dir + "/request.json"},
		{"/save 1 " + dir + "/", dir + "/request.json"},
		{"/to ", "1"},
		{"/show ", "2 1"},
		{"/diff 1 ", "2 1"},
		{"/bad length-h", "length-huge"},
		{"SUBS", "SUBSCRIBE"},
		{`{"met`, "method"},
		{`/json {"method": "text`, "textDocument/hover"},
		{"", ""},
		{"/nope x", ""},
	} {
		found, from := d.s.candidates(step.line, len(step.line))
		var texts []string
		for _, f := range found {
			texts = append(texts, f.Text)
		}
		got := strings.Join(texts, " ")
		if step.line == "/he" { // in the order of the table
			if len(texts) != 4 {
				t.Errorf("%s: %s", step.line, got)
			}
			continue
		}
		if got != step.want || from > len(step.line) {
			t.Errorf("%q: %q from %d, want %q", step.line, got, from, step.want)
		}
	}
}

// What looks like a command and is a long text, such as a picture in base64, is
// refused at once, in few words.
func TestLongUnknownCommand(t *testing.T) {
	d := sit(t, "line", nil)
	d.types("/9j/" + strings.Repeat("4AAQSkZJRg", 1<<20))
	d.sees("!! unknown command /9j/4AAQ", "/help lists them")
	if n := len(d.text()); n > 400 {
		t.Errorf("%d bytes are shown", n)
	}
}
