package framing_test

import "testing"

func TestRESPResync(t *testing.T) {
	testResync(t, "resp", map[string]int{
		"": 0, "x": 1, "x$": 1, "+": 0,
		"+OK": 0, "-ERR": 0, "+ok": 3, "+@": 2, "+[": 2, "-AZ": 0, "-ZA": 0,
		"_\r": 0, "_\n": 2,
		"#t": 0, "#f": 0, "#x": 2,
		":1": 0, ":-1": 0, ":x": 2, ",9": 0, "(0": 0, "$?": 0, "*-": 0, "$/": 2, "$:1": 1,
		"%1": 0, "~0": 0, ">9": 0, "%-x": 3, "=?": 2, "!1": 0, "|x": 2,
	})
}
