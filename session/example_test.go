package session_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/chancat/channel/session"
)

func ExampleWriter() {
	start := time.Date(2026, 11, 21, 23, 33, 47, 0, time.UTC)
	w := session.NewWriter(os.Stdout)
	err := errors.Join(
		w.WriteEvent(&session.Event{Kind: session.Session, Time: start, Framing: "line", Program: "chancat 1.0"}),
		w.WriteEvent(&session.Event{Kind: session.Message, Conn: 1, From: session.Client, Seq: 1, Body: 2, Tail: 1, Reads: 1, Data: []byte("hi")}),
		w.Flush(),
	)
	if err != nil {
		panic(err)
	}
	// Output:
	// {"event":"session","v":1,"time":"2026-11-21T23:33:47.000000000Z","framing":"line","program":"chancat 1.0"}
	// {"event":"message","conn":1,"from":"client","seq":1,"offset":0,"head":0,"body":2,"tail":1,"reads":1,"text":"hi"}
}

func ExampleReader_Events() {
	file := strings.NewReader(`{"event":"session","v":1,"framing":"line"}
{"event":"message","conn":1,"from":"client","seq":1,"offset":0,"text":"hi"}
{"event":"message","conn":1,"from":"ser`)
	for e, err := range session.NewReader(file, 0).Events() {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Printf("%s %q\n", e.Kind, e.Data)
	}
	// Output:
	// session ""
	// message "hi"
	// line 3: the file ends inside this line: unexpected EOF
}
