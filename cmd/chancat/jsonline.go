package main

import (
	"encoding/json"
	"io"
)

// writeJSON writes v as one line. <, > and & stay as they are: what a step of a
// script says is to be found again.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
