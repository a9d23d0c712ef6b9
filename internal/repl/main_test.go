//go:build unix && !aix && !solaris

package repl

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if kind := os.Getenv(childEnv); kind != "" {
		os.Exit(child(kind))
	}
	goleak.VerifyTestMain(m)
}
