package view

import "github.com/chancat/channel/internal/text/escape"

// Text shows body on one line, with what a terminal would obey or hide escaped:
// a line break as \n, ESC as \x1b, a byte that is not UTF-8 as \xff, an override
// of the direction as \u{202e}.
func Text(dst, body []byte) []byte { return escape.AppendPrintable(dst, body) }
