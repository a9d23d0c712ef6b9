// Package xdg says where files of a person belong, as the XDG Base Directory
// Specification has it.
package xdg

import "strings"

// State is the folder of what a program keeps between its runs; empty if the
// environment does not tell.
func State(getenv func(string) string) string {
	return folder(getenv, "XDG_STATE_HOME", "/.local/state")
}

// Config is the folder of what the person has written; empty if the environment
// does not tell.
func Config(getenv func(string) string) string { return folder(getenv, "XDG_CONFIG_HOME", "/.config") }

func folder(getenv func(string) string, variable, usual string) string {
	if path := getenv(variable); strings.HasPrefix(path, "/") { // a relative one is to be ignored
		return path + "/chancat"
	}
	if home := getenv("HOME"); strings.HasPrefix(home, "/") {
		return home + usual + "/chancat"
	}
	return ""
}
