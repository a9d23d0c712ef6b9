package main

import (
	"fmt"
	"strings"
	"time"
)

// counted is n of one or of many: "1 message", "2 messages".
func counted[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}

// shellWord quotes s where a shell would not take it as it is.
func shellWord(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=,./:@%") == "" && s != "" {
		return printable(s)
	}
	return printable("'" + strings.ReplaceAll(s, "'", `'\''`) + "'")
}

// rounded drops the digits of d that nobody reads.
func rounded(d time.Duration) time.Duration {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond)
	case d < time.Second:
		return d.Round(10 * time.Microsecond)
	}
	return d.Round(10 * time.Millisecond)
}
