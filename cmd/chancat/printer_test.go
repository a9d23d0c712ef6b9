package main

import (
	"os"
	"path/filepath"
	"testing"
)

// decoded returns what decode -f line with more arguments makes of input, and
// what it says on stderr.
func decoded(t *testing.T, input string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "in"), []byte(input), 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(filepath.Join(dir, "in"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	said, err := os.Create(filepath.Join(dir, "said"))
	if err != nil {
		t.Fatal(err)
	}
	e := &env{stdin: in, stdout: out, stderr: said, getenv: func(string) string { return "" }, aside: new(aside)}
	root := newRoot(e, "decode")
	root.SetArgs(append([]string{"decode", "-f", "line"}, args...))
	err = root.ExecuteContext(t.Context())
	var texts [2]string
	for i, f := range []*os.File{out, said} {
		f.Close()
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(text)
	}
	return texts[0], texts[1], err
}

func TestFilter(t *testing.T) {
	const input = "{\"n\":12345678901234567890123}\nno JSON\n[1]\n[2]\n{\"n\":[]}\n"
	const failed = "--filter leaves a message out: jq: expected an object but got: array ([1])"
	for _, c := range []struct {
		args           []string
		stdout, stderr string
	}{
		{[]string{"--filter", ".n"}, "12345678901234567890123\n[]\n",
			"chancat decode: " + failed + "; -v tells of all such messages\n"},
		{[]string{"--filter", "arrays[]", "--out", "nul"}, "1\x002\x00", ""},
		{[]string{"--filter", "objects", "--view", "json"}, "{\n  \"n\": 12345678901234567890123\n}\n{\n  \"n\": []\n}\n", ""},
		{[]string{"--filter", "empty", "-v"}, "",
			"--filter leaves a message out: not one JSON value: invalid character 'o' in literal null (expecting 'u')\n"},
	} {
		stdout, stderr, err := decoded(t, input, c.args...)
		if err != nil || stdout != c.stdout || stderr != c.stderr {
			t.Errorf("%q: %v\ngot  %q, %q\nwant %q, %q", c.args, err, stdout, stderr, c.stdout, c.stderr)
		}
	}
	if _, _, err := decoded(t, input, "--filter", ".["); exitCode(err) != exitUsage {
		t.Errorf("%v, exit %d", err, exitCode(err))
	}
}

// JSON is coloured for a terminal, or where that is asked for.
func TestViewColors(t *testing.T) {
	for _, c := range []struct{ color, want string }{
		{"auto", "{\"a\":1}\n"},
		{"always", "{\x1b[36m\"a\"\x1b[0m:\x1b[35m1\x1b[0m}\n"},
	} {
		stdout, _, err := decoded(t, "{\"a\": 1}\n", "--view", "auto", "--color", c.color)
		if err != nil || stdout != c.want {
			t.Errorf("%s: %q, %v", c.color, stdout, err)
		}
	}
}
