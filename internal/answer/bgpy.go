package answer

import (
	"strings"

	"github.com/chancat/channel/internal/pickle"
	"github.com/chancat/channel/session"
)

// bgpy pairs the confirmation of a message with the message, by the type that it
// names, and a response with the last request.
func bgpy(from session.Side, _, msg []byte) meaning {
	root, _ := pickle.DecodeBgpy(msg)
	if root == nil {
		return meaning{}
	}
	kind, args := pickle.BgpyMessage(root)
	if args == nil {
		return meaning{}
	}
	const responses = 1 // a kind of key, beside that of confirmations
	received, isConfirmation := confirmed(args)
	m := keyed(true, key{by: from, text: kind})
	switch {
	case kind == "OK" && isConfirmation:
		return keyed(false, key{by: other(from), text: received})
	case kind == "OK" || kind == "ERROR":
		m.answersKeys = []key{{by: other(from), kind: responses}}
	default:
		m.asksKeys = append(m.asksKeys, key{by: from, kind: responses})
	}
	return m
}

// confirmed returns the type that the args of a confirmation name: those are
// {"message": "Received 'TYPE'"} and nothing else.
func confirmed(args *pickle.Node) (kind string, ok bool) {
	if args.Kind != pickle.KindDict || len(args.Items) != 2 || args.Items[0].Text != "message" {
		return "", false
	}
	kind, ok = strings.CutPrefix(args.Items[1].Text, "Received '")
	return strings.TrimSuffix(kind, "'"), ok
}
