// Package junit writes the outcome of checks in the XML that continuous
// integration reads, in the form that JUnit has made common.
package junit

import (
	"encoding/xml"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// A Suite is a run of checks.
type Suite struct {
	Name  string
	Cases []Case
}

// A Case is one check. At most one of Failure and Skipped is set; neither means
// that it has passed.
type Case struct {
	Name    string
	Time    time.Duration
	Failure string // what was wrong, in short
	Detail  string // more of it, such as a diff
	Skipped string // why the check was not made
	Output  string // what else was seen
}

type suite struct {
	XMLName  xml.Name   `xml:"testsuite"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Skipped  int        `xml:"skipped,attr"`
	Time     float64    `xml:"time,attr"` // seconds
	Cases    []testcase `xml:"testcase"`
}

type testcase struct {
	Name    string  `xml:"name,attr"`
	Class   string  `xml:"classname,attr"`
	Time    float64 `xml:"time,attr"`
	Failure *note   `xml:"failure"`
	Skipped *note   `xml:"skipped"`
	Output  string  `xml:"system-out,omitempty"`
}

type note struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// Write writes s as one document.
func Write(w io.Writer, s Suite) error {
	out := suite{Name: clean(s.Name), Tests: len(s.Cases)}
	for _, c := range s.Cases {
		t := testcase{Name: clean(c.Name), Class: clean(s.Name), Time: c.Time.Seconds(), Output: clean(c.Output)}
		switch {
		case c.Failure != "":
			t.Failure = &note{clean(c.Failure), clean(c.Detail)}
			out.Failures++
		case c.Skipped != "":
			t.Skipped = &note{Message: clean(c.Skipped)}
			out.Skipped++
		}
		out.Time += t.Time
		out.Cases = append(out.Cases, t)
	}
	text, err := xml.MarshalIndent(struct {
		XMLName xml.Name `xml:"testsuites"`
		Suite   suite
	}{Suite: out}, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, xml.Header+string(text)+"\n")
	return err
}

// clean drops what XML cannot hold.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == utf8.RuneError || r == 0xfffe || r == 0xffff {
			return '?'
		}
		return r
	}, text)
}
