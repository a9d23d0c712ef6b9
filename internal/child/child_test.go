//go:build unix

package child

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func shell(t *testing.T, line string) *exec.Cmd {
	return exec.CommandContext(t.Context(), "sh", "-c", line)
}

func TestOutput(t *testing.T) {
	got, err := Output(shell(t, "tr a-z A-Z"), []byte("hello"), 5)
	if string(got) != "HELLO" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestOutputBesideAStatus(t *testing.T) {
	got, err := Output(shell(t, "printf oops; exit 3"), nil, 100)
	if failed, ok := errors.AsType[*exec.ExitError](err); string(got) != "oops" || !ok || failed.ExitCode() != 3 {
		t.Errorf("%q, %v", got, err)
	}
}

func TestOutputThatIsTooMuch(t *testing.T) {
	for _, line := range []string{"printf 123456", "trap '' PIPE; while :; do echo x; done", "printf 123456; exec sleep 100"} {
		if got, err := Output(shell(t, line), nil, 5); len(got) != 0 || !errors.Is(err, ErrTooMuch) {
			t.Errorf("%s: %q, %v", line, got, err)
		}
	}
}

// What a program leaves behind does not hold up its answer.
func TestOutputOfWhatLeavesOthersBehind(t *testing.T) {
	cmd := shell(t, "while test -e stay; do sleep 0.1; done & printf done")
	cmd.Dir = t.TempDir()
	stay := filepath.Join(cmd.Dir, "stay")
	if err := os.WriteFile(stay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(stay)
	if got, err := Output(cmd, nil, 100); string(got) != "done" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestOutputOfNoProgram(t *testing.T) {
	if _, err := Output(exec.CommandContext(t.Context(), "/nonexistent/program"), nil, 5); err == nil {
		t.Error("no error")
	}
}
