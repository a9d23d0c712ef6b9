//go:build race

package frametest

const raceEnabled = true
