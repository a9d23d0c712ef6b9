package main

import (
	"os/exec"
	"testing"

	"github.com/chancat/channel/internal/peertest"
)

// Scripts of 'chancat expect' hold against the services that they are written for.
func TestInteropExpect(t *testing.T) {
	t.Parallel()
	for name, service := range map[string][]string{
		"redis":     {"redis-server", "--port", "PORT", "--bind", "127.0.0.1", "--save", "", "--dir", "DIR"},
		"memcached": {"memcached", "-l", "127.0.0.1", "-p", "PORT", "-U", "0", "-u", "nobody"},
		"nats":      {"nats-server", "-a", "127.0.0.1", "-p", "PORT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := peertest.Serve(t, service[0], service[1:]...)
			out, err := exec.Command("chancat", "expect", "testdata/expect/"+name+".expect", address).CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			t.Logf("%s", out)
		})
	}
}
