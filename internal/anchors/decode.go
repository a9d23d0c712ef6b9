package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/chancat/channel/framing"
)

// decodeCells measure decode of captures, and of files of frames.
func decodeCells(chancat, dir string, v volume) []Cell {
	const size = 100
	each := captureFile{count: v.lines, size: size}
	coalesced := captureFile{count: v.lines, size: size, segment: 32 << 10}
	cells := []Cell{
		captureCell("tool/capture/each", chancat, dir, each, slower("G14", "chancat", "tcpassembly", 0.5)),
		captureCell("tool/capture/coalesced", chancat, dir, coalesced, slower("G14", "chancat", "tcpassembly", 1.25)),
		tsharkCell(chancat, dir, each),
	}
	for _, f := range []struct {
		size  int
		count int64
		rate  string
		bound float64
	}{
		{64 << 10, v.bulk / (64 << 10), "MB a second", 1000},
		{size, int64(v.lines), "thousand messages a second", 5000},
	} {
		c := fileCell(chancat, dir, f.size, int(f.count), f.rate)
		c.Goals = []Goal{{ID: "decode", Metric: 1, Ours: "chancat", Sense: AtLeast, Bound: f.bound}}
		cells = append(cells, c)
	}
	return cells
}

// captureCell decodes a capture and prints its messages; the anchor of the goal only
// counts them.
func captureCell(name, chancat, dir string, f captureFile, goal Goal) Cell {
	input := sync.OnceValues(func() (string, error) { return f.write(dir) })
	c := Cell{Name: name, Metrics: []Metric{{Name: "all", Time: true}}, Goals: []Goal{goal, slower("", "chancat", "tcpassembly, printing", 0)}}
	c.Entrants = []Entrant{decodeEntrant(chancat, dir, f.count, f.size, input, nil)}
	for _, prints := range []bool{false, true} {
		e := Entrant{Name: "tcpassembly"}
		if prints {
			e.Name += ", printing"
		}
		e.Open = func() (Run, error) {
			path, err := input()
			return Run{Close: func() {}, Measure: func() ([]float64, error) {
				null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
				if err != nil {
					return nil, err
				}
				defer null.Close()
				var out *bufio.Writer
				if prints {
					out = bufio.NewWriterSize(null, 64<<10)
				}
				start := time.Now()
				n, err := assemble(path, out)
				d := time.Since(start)
				if err == nil && n != f.count {
					err = fmt.Errorf("%d messages, want %d", n, f.count)
				}
				return []float64{float64(d)}, err
			}}, err
		}
		c.Entrants = append(c.Entrants, e)
	}
	return c
}

// tsharkCell is apart from the others because tshark takes half a minute.
func tsharkCell(chancat, dir string, f captureFile) Cell {
	input := sync.OnceValues(func() (string, error) { return f.write(dir) })
	c := Cell{Name: "tool/capture/tshark", Reps: 1, Metrics: []Metric{{Name: "all", Time: true}}, Goals: []Goal{
		slower("G14", "chancat", "tshark follow", 1.0/100),
		slower("G14", "chancat", "tshark fields", 1.0/200),
	}}
	c.Entrants = []Entrant{decodeEntrant(chancat, dir, f.count, f.size, input, nil)}
	for _, tshark := range []struct {
		name string
		args []string
	}{
		{"tshark follow", []string{"-q", "-z", "follow,tcp,raw,0"}},
		{"tshark fields", []string{"-T", "fields", "-e", "tcp.payload"}},
	} {
		e := Entrant{Name: tshark.name}
		if installed("tshark") {
			e.Open = func() (Run, error) {
				path, err := input()
				return Run{Close: func() {}, Measure: func() ([]float64, error) {
					d, err := timed(os.DevNull, append([]string{"tshark", "-r", path}, tshark.args...)...)
					return []float64{float64(d)}, err
				}}, err
			}
		}
		c.Entrants = append(c.Entrants, e)
	}
	return c
}

// fileCell decodes a file of count frames of MSG. Its second metric is the rate.
func fileCell(chancat, dir string, size, count int, rate string) Cell {
	input := sync.OnceValues(func() (string, error) {
		msg := message(size)
		return lineFile{count: count}.write(dir, func(dst []byte, _ int) []byte {
			dst, _ = framing.MSG.AppendFrame(dst, msg) // it has no error for this size
			return dst
		})
	})
	amount := float64(count) / 1e3
	if size > 1<<10 {
		amount = float64(count) * float64(size) / 1e6
	}
	return Cell{
		Name:     "tool/decode/" + bytesName(size),
		Metrics:  []Metric{{Name: "all", Time: true}, {Name: rate}},
		Entrants: []Entrant{decodeEntrant(chancat, dir, count, size, input, func(d time.Duration) float64 { return amount / d.Seconds() })},
	}
}

// decodeEntrant is chancat decode of a file with count messages. Before it is timed
// its output is measured. rate, if there is one, makes the second number.
func decodeEntrant(chancat, dir string, count, size int, input func() (string, error), rate func(time.Duration) float64) Entrant {
	if chancat == "" {
		return Entrant{Name: "chancat"}
	}
	return Entrant{Name: "chancat", Open: func() (Run, error) {
		path, err := input()
		if err != nil {
			return Run{}, err
		}
		argv := []string{chancat, "decode", path}
		if err := verifyDecode(argv, filepath.Join(dir, "decoded"), int64(count)*int64(size+1)); err != nil {
			return Run{}, err
		}
		return Run{Close: func() {}, Measure: func() ([]float64, error) {
			d, err := timed(os.DevNull, argv...)
			sample := []float64{float64(d)}
			if rate != nil {
				sample = append(sample, rate(d))
			}
			return sample, err
		}}, nil
	}}
}

// verifyDecode runs argv once, for the length of what it prints.
func verifyDecode(argv []string, output string, want int64) error {
	defer os.Remove(output)
	if _, err := timed(output, argv...); err != nil {
		return err
	}
	info, err := os.Stat(output)
	if err == nil && info.Size() != want {
		err = fmt.Errorf("it printed %d bytes, want %d", info.Size(), want)
	}
	return err
}

// timed runs argv with its output in a file.
func timed(output string, argv ...string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := os.Create(output)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	start := time.Now()
	p := program(ctx, argv, nil, out)
	if err := p.start(); err != nil {
		return 0, err
	}
	err = p.wait()
	return time.Since(start), err
}
