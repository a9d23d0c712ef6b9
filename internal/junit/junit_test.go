package junit

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"
)

func TestWrite(t *testing.T) {
	var b strings.Builder
	err := Write(&b, Suite{"probe tcp://a:1", []Case{
		{Name: "baseline", Time: 1500 * time.Millisecond, Output: "1 reply"},
		{Name: "binary", Failure: "no <reply>", Detail: "\x00\xff]]>"},
		{Name: "empty", Skipped: "line has no \x01"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Suites []suite `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(b.String()), &got); err != nil || len(got.Suites) != 1 {
		t.Fatalf("%v in\n%s", err, b.String())
	}
	s := got.Suites[0]
	if s.Tests != 3 || s.Failures != 1 || s.Skipped != 1 || s.Time != 1.5 || s.Name != "probe tcp://a:1" {
		t.Errorf("%+v", s)
	}
	if f := s.Cases[1].Failure; f == nil || f.Message != "no <reply>" || f.Text != "??]]>" {
		t.Errorf("%+v", f)
	}
	if f := s.Cases[2].Skipped; f == nil || f.Message != "line has no ?" {
		t.Errorf("%+v", f)
	}
}
