package bench

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The picture: two panels, one above the other. Lengths are in pixels.
const (
	plotWidth   = 800
	panelHeight = 280
	marginLeft  = 90
	marginRight = 30
	marginTop   = 48
	marginFoot  = 52
	plotHeight  = 2 * (panelHeight + marginTop + marginFoot)
	innerWidth  = plotWidth - marginLeft - marginRight

	pointsMost = 200 // of throughput
)

const (
	colorMain  = "#1f5fa8"
	colorOther = "#c0561c"
)

// WritePlot draws r as SVG: the latencies by percentile, and the answers a second
// over time.
func WritePlot(w io.Writer, title string, r Result) error {
	var p plot
	p.printf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`,
		plotWidth, plotHeight, plotWidth, plotHeight)
	p.printf(`<rect width="100%%" height="100%%" fill="white"/>`)
	p.latencies(title, r)
	p.throughput(r)
	p.printf(`</svg>`)
	_, err := io.WriteString(w, p.String())
	return err
}

type plot struct{ strings.Builder }

func (p *plot) printf(format string, args ...any) {
	fmt.Fprintf(p, format, args...)
	p.WriteByte('\n')
}

func (p *plot) text(x, y float64, anchor, style, text string) {
	var escaped strings.Builder
	xml.EscapeText(&escaped, []byte(text))
	p.printf(`<text x="%.1f" y="%.1f" text-anchor="%s"%s>%s</text>`, x, y, anchor, style, escaped.String())
}

// frame draws the axes of the panel whose inner part begins at top.
func (p *plot) frame(top float64, title, below string) {
	p.text(marginLeft, top-24, "start", ` font-weight="bold"`, title)
	p.text(marginLeft+innerWidth/2, top+panelHeight+40, "middle", "", below)
	p.printf(`<path d="M%d %.1fV%.1fH%d" fill="none" stroke="black"/>`, marginLeft, top, top+panelHeight, marginLeft+innerWidth)
}

func (p *plot) tickX(x, top float64, label string) {
	p.printf(`<path d="M%.1f %.1fv%d" stroke="#ddd"/>`, x, top, panelHeight)
	p.text(x, top+panelHeight+18, "middle", "", label)
}

func (p *plot) tickY(y float64, label string) {
	p.printf(`<path d="M%d %.1fh%d" stroke="#ddd"/>`, marginLeft, y, innerWidth)
	p.text(marginLeft-8, y+4, "end", "", label)
}

func (p *plot) line(color string, points []string) {
	p.printf(`<polyline fill="none" stroke="%s" stroke-width="2" points="%s"/>`, color, strings.Join(points, " "))
}

// latencies is a panel whose x is the percentile: each nine takes as much room as
// the one before. Its y is logarithmic.
func (p *plot) latencies(title string, r Result) {
	const top = marginTop
	nines := 1.0
	for n := r.Latency.TotalCount(); nines < 5 && math.Pow(10, nines) < float64(n); nines++ {
	}
	least, most := float64(max(r.Latency.Min(), latencyLeast)), float64(max(r.Latency.Max(), 2*latencyLeast))
	if r.Uncorrected != nil && r.Uncorrected.TotalCount() > 0 {
		least = min(least, float64(max(r.Uncorrected.Min(), latencyLeast)))
		most = max(most, float64(r.Uncorrected.Max()))
	}
	low, high := math.Floor(math.Log10(least)), math.Ceil(math.Log10(most))
	if high == low {
		high++
	}
	y := func(latency float64) float64 {
		return top + panelHeight*(1-(math.Log10(max(latency, math.Pow(10, low)))-low)/(high-low))
	}
	for e := low; e <= high; e++ {
		p.tickY(y(math.Pow(10, e)), time.Duration(math.Pow(10, e)).String())
	}
	for n := 0.0; n <= nines; n++ {
		percent := 100 * (1 - math.Pow(10, -n))
		p.tickX(marginLeft+innerWidth*n/nines, top, "p"+strconv.FormatFloat(percent, 'g', 6, 64))
	}
	p.frame(top, title, "percentile of the answers")
	curve := func(h *hdrhistogram.Histogram) (points []string) {
		const steps = 400
		for i := range steps + 1 {
			n := nines * float64(i) / steps
			latency := h.ValueAtPercentile(100 * (1 - math.Pow(10, -n)))
			points = append(points, fmt.Sprintf("%.1f,%.1f", marginLeft+innerWidth*n/nines, y(float64(latency))))
		}
		return points
	}
	if r.Uncorrected != nil && r.Uncorrected.TotalCount() > 0 {
		p.line(colorOther, curve(r.Uncorrected))
		p.text(marginLeft+12, top+36, "start", ` fill="`+colorOther+`"`, "uncorrected: from the actual sending")
		p.text(marginLeft+12, top+18, "start", ` fill="`+colorMain+`"`, "latency from when the message was due")
	} else {
		p.text(marginLeft+12, top+18, "start", ` fill="`+colorMain+`"`, "latency")
	}
	p.line(colorMain, curve(r.Latency))
}

// throughput is a panel of answers a second over time.
func (p *plot) throughput(r Result) {
	const top = marginTop + panelHeight + marginFoot + marginTop
	series, interval := r.Series, r.Interval
	for len(series) > pointsMost {
		series, interval = coarser(series), 2*interval
	}
	if n := len(series); n > 1 && r.Elapsed < interval*time.Duration(n) {
		series = series[:n-1] // the last one is not whole
	}
	var most float64
	rates := make([]float64, len(series))
	for i, n := range series {
		rates[i] = float64(n) / interval.Seconds()
		most = max(most, rates[i])
	}
	step := niceStep(most / 4)
	high := max(math.Ceil(most/step)*step, step)
	y := func(rate float64) float64 { return top + panelHeight*(1-rate/high) }
	for rate := 0.0; rate <= high*1.001; rate += step {
		p.tickY(y(rate), strconv.FormatFloat(rate, 'f', decimals(step), 64))
	}
	total := max(interval.Seconds()*float64(len(series)), interval.Seconds())
	stepX := niceStep(total / 8)
	for at := 0.0; at <= total*1.001; at += stepX {
		p.tickX(marginLeft+innerWidth*at/total, top, strconv.FormatFloat(at, 'g', 4, 64)+" s")
	}
	p.frame(top, "answers a second", "time since the start")
	var points []string
	for i, rate := range rates {
		points = append(points,
			fmt.Sprintf("%.1f,%.1f", marginLeft+innerWidth*float64(i)/float64(len(rates)), y(rate)),
			fmt.Sprintf("%.1f,%.1f", marginLeft+innerWidth*float64(i+1)/float64(len(rates)), y(rate)))
	}
	p.line(colorMain, points)
}

// decimals is how many digits behind the point tell multiples of step apart.
func decimals(step float64) int { return max(0, -int(math.Floor(math.Log10(step)))) }

// niceStep is the least of 1, 2 and 5 times a power of ten that is not below least.
func niceStep(least float64) float64 {
	if least <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= least {
			return m * power
		}
	}
	return 10 * power
}
