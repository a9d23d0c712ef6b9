package xdg

import "testing"

func TestFolders(t *testing.T) {
	for _, c := range []struct {
		env           map[string]string
		state, config string
	}{
		{nil, "", ""},
		{map[string]string{"HOME": "/home/a"}, "/home/a/.local/state/chancat", "/home/a/.config/chancat"},
		{map[string]string{"HOME": "/home/a", "XDG_STATE_HOME": "/s", "XDG_CONFIG_HOME": "/c"}, "/s/chancat", "/c/chancat"},
		{map[string]string{"HOME": "/home/a", "XDG_STATE_HOME": "s", "XDG_CONFIG_HOME": "c"}, "/home/a/.local/state/chancat", "/home/a/.config/chancat"},
		{map[string]string{"HOME": "a"}, "", ""},
	} {
		getenv := func(name string) string { return c.env[name] }
		if got := State(getenv); got != c.state {
			t.Errorf("%v: state in %q, want %q", c.env, got, c.state)
		}
		if got := Config(getenv); got != c.config {
			t.Errorf("%v: config in %q, want %q", c.env, got, c.config)
		}
	}
}
