package dump_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/chancat/channel/internal/dump"
	"github.com/chancat/channel/internal/peertest"
)

func read(t testing.TB, kind, text string) (string, error) {
	t.Helper()
	k, err := dump.Parse(kind)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(k.NewReader(strings.NewReader(text)))
	again, err2 := io.ReadAll(k.NewReader(iotest.OneByteReader(strings.NewReader(text))))
	if !bytes.Equal(got, again) || fmt.Sprint(err) != fmt.Sprint(err2) {
		t.Fatalf("byte by byte: %q, %v; want %q, %v", again, err2, got, err)
	}
	return string(got), err
}

func TestDumps(t *testing.T) {
	for _, c := range []struct{ kind, text, want string }{
		{"hex", "6869", "hi"},
		{"hex", "68 69\r\n0A\r\n", "hi\n"},
		{"hex", "68-69:0a,68;69", "hi\nhi"},
		{"hex", "0x68, 0X69, 0xa", "hi\n"},
		{"hex", "{0x68,0x69}", "hi"},
		{"hex", `b"\x68\x69"`[1:], "hi"},
		{"hex", "68 /* 00 */ 69 // 00\n/*\n00\n*/ 0a", "hi\n"},
		{"hex", "char x[] =\n{ 0x68,\n0x69 };\nint n = 2;", "hi"},
		{"hex", "0000: 68 69\n0002: 0a", "hi\n"},
		{"hex", "> > 68 69 |hi|\n", "hi"},
		{"hex", "# a comment\n68\n\n69", "hi"},
		{"xxd", "00000000: 6869 0a                                  hi.\n", "hi\n"},
		{"xxd", "00000000: 68 69 0a ab cd\n", "hi\n\xab\xcd"},
		{"xxd", "00000000: 6869 be\n00000002: 0a\n", "hi\n"}, // the characters look like digits
		{"xxd", "x.bin:\n00000000: 6869 0a  hi.\n00000000: 6869  hi\n", "hi\nhi"},
		{"xxd", "  3:00001000: 6869 0a  hi.\n  4:00001003: 6869  hi\n", "hi\nhi"},
		{"hexdump", "00000000  68 69 0a                |hi.|\n00000003\n", "hi\n"},
		{"hexdump", "000000 68 69 0a                 >hi.<\n000003\n", "hi\n"}, // od -A x -t x1z
		{"hexdump", "00000000  68 69\n*\n00000005\n", "hihih"},
		{"hexdump", "0000000  68  69  0a  0a  0a  0a  0a  0a\n0000010  68\n0000011\n", "hi\n\n\n\n\n\nh"},  // od -t x1
		{"hexdump", "0000000 68 69 0a 0a 0a 0a 0a 0a 0a 0a\n0000010 68\n0000011\n", "hi\n\n\n\n\n\n\n\nh"}, // od -A d
		{"hexdump", "0000000 68 69 0a 0a\n*\n0000020\n", "hi\n\nhi\n\nhi\n\nhi\n\n"},
		{"hexdump", "we see\n\n00000000  68 69 |hi|\n\nand then it stops.\nThanks\n", "hi"},
		{"xxd", "Hi,\n00000000: 6869  hi\n\nregards\n", "hi"},
		{"hexdump", "```\n00000000  68 69 |hi|\n```\n", "hi"},
	} {
		got, err := read(t, c.kind, c.text)
		if err != nil || got != c.want {
			t.Errorf("%s %q: got %q, %v; want %q", c.kind, c.text, got, err, c.want)
		}
	}
}

// What tcpdump prints becomes a capture of IP packets, with their times where these
// have a date, and without the headers of the link.
func TestPackets(t *testing.T) {
	const packet = "4500001700004000400600007f0000017f000001c35013"
	rows := func(digits string) (text string) {
		for at := 0; at < len(digits); at += 32 {
			text += fmt.Sprintf("\t0x%04x: ", at/2)
			row := digits[at:min(at+32, len(digits))]
			for i := 0; i < len(row); i += 4 {
				text += " " + row[i:min(i+4, len(row))]
			}
			text += "  E.......@.@.....\n"
		}
		return text
	}
	record := func(seconds, nanoseconds uint32) string {
		return fmt.Sprintf("%08x%08x%08x%08x%s", seconds, nanoseconds, 23, 23, packet)
	}
	const head = "a1b23c4d" + "00020004" + "00000000" + "00000000" + "00040000" + "00000065"
	const zeros = "000000000000000000000000"
	for _, c := range []struct{ name, text, want string }{
		{"a date", "2023-11-14 22:13:20.000000007 IP a.1 > b.2: tcp 3\n" + rows(packet), record(1700000000, 7)},
		{"seconds", "1700000000.5 IP a.1 > b.2: tcp 3\n" + rows(packet), record(1700000000, 500000000)},
		{"a time of some day", "22:13:20.5 IP a.1 > b.2: tcp 3\n" + rows(packet), record(0, 0)},
		{"no line before it", rows(packet), record(0, 0)},
		{"two packets", "1700000000.5 IP\n" + rows(packet) + "1700000001.5 IP x\n" + rows(packet),
			record(1700000000, 500000000) + record(1700000001, 500000000)},
		{"two packets without a line", rows(packet) + rows(packet), record(0, 0) + record(0, 0)},
		{"Ethernet", rows(zeros + "0800" + packet), record(0, 0)},
		{"a VLAN tag", rows(zeros + "81000001" + "0800" + packet), record(0, 0)},
		{"two VLAN tags", rows(zeros + "88a80001" + "81000001" + "0800" + packet), record(0, 0)},
		{"cooked", rows(zeros + "0000" + "0800" + packet), record(0, 0)},
		{"cooked, version 2", rows("0800" + zeros + "000000000000" + packet), record(0, 0)},
		{"loopback of BSD", rows("02000000" + packet), record(0, 0)},
		{"quoted, behind numbers of lines", "> 1 1700000000.5 IP\n> 2:" + rows(packet[:32]) + "> 3:\t0x0010: " + packet[32:36] + " " + packet[36:40] + " " + packet[40:44] + " " + packet[44:] + "\n",
			record(0, 0)},
	} {
		got, err := read(t, "tcpdump", c.text)
		if got := hex.EncodeToString([]byte(got)); err != nil || got != head+c.want {
			t.Errorf("%s: %v\n%s, want\n%s", c.name, err, got, head+c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		kind, text string
		line       int
		before     string // what comes before the error
	}{
		{"hex", "68\n6x", 2, "h"},
		{"hex", "68\n6", 2, "h"},
		{"hex", "\n\n", 2, ""},
		{"hex", "", 1, ""},
		{"xxd", "00000000: 6869  hi\n00000010: 0a  .", 2, "hi"},
		{"xxd", "00000000: 6869  hi\nand so on", 2, ""},
		{"xxd", "00000000: hi", 1, ""},
		{"hexdump", "00000000  68 69\n*\nffffffffffffffff  00", 3, ""},
		{"hexdump", "00000000  68 69\n*\n", 2, "hi"},
		{"hexdump", "00000000  hi", 1, ""},
		{"hexdump", "00000000 " + strings.Repeat(" 00", 300), 1, ""},
		{"tcpdump", "\t0x0000:  4500\n\t0x0010:  00", 2, ""},
		{"tcpdump", "12:00:00 IP a > b: Flags [S]\n", 1, ""},
	} {
		got, err := read(t, c.kind, c.text)
		e, ok := errors.AsType[*dump.Error](err)
		if !ok || e.Line != c.line || got != c.before {
			t.Errorf("%s %q: got %q, %v; want %q and an error on line %d", c.kind, c.text, got, err, c.before, c.line)
		}
	}
	long := strings.Repeat("0", 17<<20)
	if _, err := read(t, "hex", long); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("a line of 17 MiB: %v", err)
	}
}

// Everything that hex.Dump prints comes back.
// Comments without number in a line cost what their bytes cost.
func TestManyComments(t *testing.T) {
	for comment, n := range map[string]int{"/**/": 1 << 20, "/*x*/ 0x68, ": 1000, "/": 1000, "// /*": 1000} {
		text := "{ 0x68, " + strings.Repeat(comment, n)
		got, err := read(t, "hex", text)
		if comment != "/" && (err != nil || !strings.HasPrefix(got, "h")) {
			t.Errorf("%q: %d bytes, %v", comment, len(got), err)
		}
	}
}

func FuzzHexdump(f *testing.F) {
	f.Add([]byte("hello, world"), uint8(3))
	f.Add(make([]byte, 100), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, quotes uint8) {
		if len(data) == 0 {
			return
		}
		prefix := strings.Repeat("> ", int(quotes%4))
		var text strings.Builder
		for line := range strings.Lines(hex.Dump(data)) {
			text.WriteString(prefix + line)
		}
		if got, err := read(t, "hexdump", text.String()); err != nil || got != string(data) {
			t.Errorf("got %q, %v; want %q", got, err, data)
		}
		digits := strings.ToUpper(hex.EncodeToString(data))
		if got, err := read(t, "hex", digits); err != nil || got != string(data) {
			t.Errorf("got %q, %v; want %q", got, err, data)
		}
	})
}

// No text does harm.
func FuzzText(f *testing.F) {
	f.Add("> 00000000: 6869 0a  hi.\n*\n00000010: 68\n")
	f.Add("00000000  68 69\n*\n00000100\n")
	f.Add("{ 0x68, /* */ 0x69 };")
	f.Add("1700000000.5 IP a > b\n\t0x0000:  4500 0014 0000 0000 4006 0000 0a00 0001\n\t0x0010:  0a00 0002\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range dump.Names() {
			got, err := read(t, kind, text)
			if _, ok := errors.AsType[*dump.Error](err); err != nil && !ok {
				t.Errorf("%s: %v", kind, err)
			}
			if kind == "hex" && len(got) > len(text) {
				t.Errorf("%d bytes from %d", len(got), len(text))
			}
		}
	})
}

// The programs themselves write what is read.
func TestInteropPrograms(t *testing.T) {
	data := make([]byte, 1000)
	for i := range data[:500] {
		data[i] = byte(i * 7)
	}
	for _, c := range []struct {
		kind    string
		command []string
	}{
		{"xxd", []string{"xxd"}},
		{"xxd", []string{"xxd", "-a", "-c", "7"}},
		{"xxd", []string{"xxd", "-g", "1", "-u"}},
		{"hex", []string{"xxd", "-p"}},
		{"hex", []string{"xxd", "-i"}},
		{"hexdump", []string{"hexdump", "-C"}},
		{"hexdump", []string{"od", "-A", "x", "-t", "x1z"}},
		{"hexdump", []string{"od", "-t", "x1"}},
		{"hexdump", []string{"od", "-A", "d", "-t", "x1"}},
	} {
		t.Run(strings.Join(c.command, " "), func(t *testing.T) {
			program := peertest.NeedHeavy(t, c.command[0])[0]
			cmd := exec.Command(program, c.command[1:]...)
			cmd.Stdin = bytes.NewReader(data)
			text, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := read(t, c.kind, string(text)); err != nil || got != string(data) {
				t.Errorf("%v: got %d bytes, want %d\n%s", err, len(got), len(data), text)
			}
		})
	}
}

func TestGuess(t *testing.T) {
	for text, want := range map[string]string{
		"00000000: 6869 0a  hi.\n":                         "xxd",
		"as below\n\n> 00000000  68 69 0a  |hi.|\n":        "hexdump",
		"0000000 68 69\n":                                  "hexdump",
		"12:00:00 IP a > b: tcp 3\n\t0x0000:  4500 0014\n": "tcpdump",
		"hello\nworld\n":                                   "",
		"":                                                 "",
		"00000010: 6869 0a  the rows before are not there\n":    "",
		strings.Repeat("text\n", 1000) + "00000000: 6869  hi\n": "",
	} {
		if got := dump.Guess([]byte(text)); got != want {
			t.Errorf("%.40q: %q, want %q", text, got, want)
		}
	}
}
