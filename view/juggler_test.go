package view_test

import (
	"testing"

	"github.com/chancat/channel/view"
)

func TestJuggler(t *testing.T) {
	for body, want := range map[string]string{
		`0{"type": "request", "id": 1, "name": "add", "data": [1, 2]}`:                                                                                                 `request 1 "add" [1, 2]`,
		`{"type":"request","id":1,"name":"","data":"žluť"}`:                                                                                                            `request 1 "" "žluť"`,
		`0{"type": "response", "id": 1, "data": "\u017elu\u0165 \ud83d\udc0e", "success": true}`:                                                                       `response 1 "žluť 🐎"`,
		`0{"type": "response", "id": 2, "data": "\ud83d \u202e\\u017e \"", "success": false}`:                                                                          `response 2 error "\ud83d \u202e\\u017e \""`,
		`0{"type": "notify", "name": "alarm", "data": null}`:                                                                                                           `notify "alarm" null`,
		`0{"type": "state", "diff": [{"op": "replace", "path": "", "value": {"a": 12345678901234567890}}]}`:                                                            "state\n  replace (everything) {\"a\": 12345678901234567890}",
		`0{"type": "state", "diff": [{"op": "move", "from": "/a", "path": "/b"}, {"op": "remove", "path": "/\u001b[2J"}, {"op": "add", "path": "/x", "value": null}]}`: "state\n  move /a to /b\n  remove /\\x1b[2J\n  add /x null",
		`0{"type": "state", "diff": []}`:                                                                                                                               "state",
		`1{"type": "requ`:                                                                                                                                              `segment, more follow: {"type": "requ`,
		`0est"}`:                                                                                                                                                       `last segment: est"}`,
		`2`:                                                                                                                                                            "ping",
		"3a\x1b":                                                                                                                                                       `pong a\x1b`,
		`{"type":"else"}`:                                                                                                                                              "{\n  \"type\": \"else\"\n}",
		"plain\n":                                                                                                                                                      `plain\n`,
		"":                                                                                                                                                             "",
		"0":                                                                                                                                                            "0",
		`{"type":5}`:                                                                                                                                                   "{\n  \"type\": 5\n}",
		"{\"type\":\"notify\",\n\"name\":\"x\",\"data\":[1,\n2]}": `notify "x" [1,\n2]`,
	} {
		if got := string(view.Juggler(nil, []byte(body))); got != want {
			t.Errorf("%q: got %q, want %q", body, got, want)
		}
	}
}
