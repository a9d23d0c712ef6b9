//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// floodedBy is a session whose peer says something so often, until stop.
func floodedBy(tb testing.TB, perSecond int, args ...string) (tm *terminal, c *net.TCPConn, stop func()) {
	tb.Helper()
	address, client := accepted(tb)
	tm = onTerminal(tb, nil, append(append([]string{"connect", "-f", "line"}, args...), address)...)
	c = client()
	c.SetDeadline(time.Time{})
	tm.sees("line> ")
	done := make(chan struct{})
	var flood sync.WaitGroup
	flood.Go(func() {
		const tick = 2 * time.Millisecond
		ticker := time.NewTicker(tick)
		defer ticker.Stop()
		start, said := time.Now(), 0
		for {
			select {
			case <-done:
				return
			case now := <-ticker.C:
				var text []byte
				for due := int(now.Sub(start) * time.Duration(perSecond) / time.Second); said < due; said++ {
					text = fmt.Appendf(text, "{\"n\":%d,\"text\":\"what a peer says\"}\n", said)
				}
				if _, err := c.Write(text); err != nil {
					return
				}
			}
		}
	})
	return tm, c, sync.OnceFunc(func() { close(done); flood.Wait() })
}

// What is typed under a flood is sent as it was typed. Whether anything is skipped
// depends on how fast the terminal is.
func TestTerminalFlood(t *testing.T) {
	t.Parallel()
	tm, c, stop := floodedBy(t, 10_000)
	defer stop()
	c.SetReadDeadline(time.Now().Add(patience))
	for i := range 10 {
		text := fmt.Sprintf("typed %d 漢字 👍", i)
		for _, r := range text {
			tm.types(string(r))
		}
		tm.types("\r")
		wants(t, c, text+"\n")
	}
	stop()
	tm.types("/stats\r")
	tm.sees("sent      10 messages")
	tm.types("/quit\r")
	if status := tm.ends(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// A terminal that shows nothing, as after Ctrl-S, does not keep the session from
// receiving, nor from sending what was typed.
func TestTerminalStalled(t *testing.T) {
	t.Parallel()
	address, client := accepted(t)
	tm := onTerminal(t, nil, "connect", "-f", "line", address)
	c := client()
	tm.sees("line> ")
	tm.types("typed ahead")
	tm.sees("typed ahead")
	tm.stalled.Lock() // what the read at hand still takes is little
	block := []byte(strings.Repeat(strings.Repeat("what a peer says ", 60)+"\n", 64))
	for range 256 { // 16 MiB, more than all buffers on the way hold
		if _, err := c.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	tm.types("\r")
	wants(t, c, "typed ahead\n")
	tm.stalled.Unlock()
	tm.sees("messages skipped")
	tm.types("/quit\r")
	if status := tm.ends(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// A paste of a MiB arrives whole, as one message.
func TestTerminalPaste(t *testing.T) {
	t.Parallel()
	address, client := accepted(t)
	tm := onTerminal(t, nil, "connect", address)
	c := client()
	tm.sees("msg> ")
	pasted(t, tm, c, 1<<20)
	tm.types("/quit\r")
	if status := tm.ends(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// pasted pastes size bytes, enters them, and waits until they have come.
func pasted(tb testing.TB, tm *terminal, c net.Conn, size int) {
	tb.Helper()
	const row = "a row of what is pasted, with 漢字 and 👍\n"
	text := strings.Repeat(row, size/len(row)+1)[:size-1] + "."
	text = strings.ToValidUTF8(text, "?")
	go func() {
		io.WriteString(tm.keys, "\x1b[200~"+strings.ReplaceAll(text, "\n", "\r")+"\x1b[201~\r")
	}()
	wants(tb, c, fmt.Sprintf("\r\nMSG %d\r\n%s", len(text), text))
}

// BenchmarkTerminalEcho measures how long a typed character takes to the screen while
// a peer sends 10,000 messages a second, and what of a processor that costs.
func BenchmarkTerminalEcho(b *testing.B) {
	for _, rate := range []int{0, 100, 10_000} {
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			tm, _, stop := floodedBy(b, rate)
			defer stop()
			start := time.Now()
			var took []time.Duration
			line := ""
			for b.Loop() {
				if len(line) == 30 {
					line = ""
					tm.types("\x15")
				}
				key := string(rune('a' + len(took)%26))
				line += key
				found := tm.spots("line> " + line)
				typed := time.Now()
				tm.types(key)
				took = append(took, (<-found).Sub(typed))
			}
			wall := time.Since(start)
			stop()
			tm.types("\x15/quit\r")
			tm.ends()
			report(b, took)
			cpu := tm.cmd.ProcessState.UserTime() + tm.cmd.ProcessState.SystemTime()
			b.ReportMetric(100*cpu.Seconds()/wall.Seconds(), "cpu-%")
		})
	}
}

// BenchmarkTerminalShow measures how long a message takes from the wire to the
// screen.
func BenchmarkTerminalShow(b *testing.B) {
	tm, c, stop := floodedBy(b, 0)
	defer stop()
	var took []time.Duration
	for b.Loop() {
		text := fmt.Sprintf("message-%d.", len(took))
		found := tm.spots(text)
		said := time.Now()
		io.WriteString(c, text+"\n")
		took = append(took, (<-found).Sub(said))
	}
	report(b, took)
}

// BenchmarkTerminalPaste measures a paste of a MiB, from the first byte to the peer.
func BenchmarkTerminalPaste(b *testing.B) {
	address, client := accepted(b)
	tm := onTerminal(b, nil, "connect", address)
	c := client()
	tm.sees("msg> ")
	b.SetBytes(1 << 20)
	for b.Loop() {
		c.SetDeadline(time.Now().Add(patience))
		pasted(b, tm, c, 1<<20)
	}
}

// BenchmarkTerminalMemory measures the memory of a session after a hundred thousand
// messages and after a million.
func BenchmarkTerminalMemory(b *testing.B) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		b.Skip("needs /proc:", err)
	}
	tm, c, stop := floodedBy(b, 0)
	defer stop()
	for b.Loop() {
		block := []byte(strings.Repeat("{\"text\":\"what a peer says\"}\n", 1000))
		start := time.Now()
		for i := range 1000 {
			if _, err := c.Write(block); err != nil {
				b.Fatal(err)
			}
			if i == 100 {
				b.ReportMetric(resident(b, tm.cmd.Process.Pid), "MiB-at-1e5")
			}
		}
		found := tm.spots("the last one")
		io.WriteString(c, "the last one\n")
		<-found
		b.ReportMetric(1e6/time.Since(start).Seconds(), "messages/s")
		b.ReportMetric(resident(b, tm.cmd.Process.Pid), "MiB-at-1e6")
	}
}

var residentLine = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// resident is the memory of a process in MiB.
func resident(tb testing.TB, pid int) float64 {
	tb.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	found := residentLine.FindSubmatch(status)
	if err != nil || found == nil {
		tb.Fatalf("%v, %s", err, bytes.TrimSpace(status))
	}
	kib, _ := strconv.ParseFloat(string(found[1]), 64)
	return kib / 1024
}

// report reports the quantiles of what was measured.
func report(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	ms := func(q int) float64 { return float64(took[(len(took)-1)*q/100].Microseconds()) / 1000 }
	b.ReportMetric(ms(50), "p50-ms")
	b.ReportMetric(ms(99), "p99-ms")
	b.ReportMetric(ms(100), "max-ms")
}
