//go:build unix

package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
)

// Whoever logs in at a terminal without saying where the password is, is asked for
// it. What is typed is not shown, and a signal leaves the terminal as it was.
func TestPasswordIsAskedFor(t *testing.T) {
	t.Parallel()
	const password = "ze brah"
	given := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, secret, _ := r.BasicAuth()
		given <- user + ":" + secret
		http.Error(w, "no", http.StatusForbidden)
	}))
	t.Cleanup(server.Close)
	address := strings.TrimPrefix(server.URL, "http://")

	tm := onTerminal(t, []string{"CHANCAT_PASSWORD="}, "juggler", "call", "--user", "me", address, "ask")
	tm.sees("Password of me: ")
	tm.types(password + "\r")
	if got := tm.ends(); got != exitConnect {
		t.Errorf("exit status %d, want that of a refusal", got)
	}
	if got := <-given; got != "me:"+password {
		t.Errorf("the server was given %q", got)
	}
	if strings.Contains(tm.shown(), "brah") {
		t.Errorf("the password is shown: %q", tm.shown())
	}

	tm = onTerminal(t, []string{"CHANCAT_PASSWORD="}, "juggler", "watch", "--user", "me", address)
	tm.sees("Password of me: ")
	tm.types("half")
	tm.cmd.Process.Signal(syscall.SIGTERM)
	if got := tm.ends(); got != 143 {
		t.Errorf("exit status %d after SIGTERM", got)
	}
}
