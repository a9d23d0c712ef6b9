package main

import (
	"context"
	"log/slog"
	"strings"
)

// A logHandler tells on stderr what a library logs: warnings and worse, and the
// rest with -v.
type logHandler struct {
	e     *env
	attrs string
}

// logger returns a logger whose records are messages of the command.
func (e *env) logger() *slog.Logger { return slog.New(&logHandler{e: e}) }

func (h *logHandler) Enabled(_ context.Context, l slog.Level) bool {
	return h.e.verbose || l >= slog.LevelWarn
}

func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	var text strings.Builder
	text.WriteString(r.Message)
	text.WriteString(h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		text.WriteString(attrText(a))
		return true
	})
	if r.Level >= slog.LevelWarn {
		h.e.warnText(text.String())
	} else {
		h.e.say("%s", text.String())
	}
	return nil
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	for _, a := range attrs {
		with.attrs += attrText(a)
	}
	return &with
}

func (h *logHandler) WithGroup(string) slog.Handler { return h }

// attrText spells an attribute for people: an error needs no key.
func attrText(a slog.Attr) string {
	if a.Key == "error" {
		return ": " + a.Value.String()
	}
	return " (" + a.Key + " " + a.Value.String() + ")"
}
