package view

import (
	"encoding/base64"

	"github.com/chancat/channel/internal/pickle"
)

// Bgpy shows a message of bgpy (docs/wire.md §e), the base64 text of a pickle, as
// its type and args: EXEC {"command": "increase"}. Another pickle is shown as
// [Pickle] does, with what it would call.
func Bgpy(dst, body []byte) []byte {
	data := make([]byte, base64.StdEncoding.DecodedLen(len(body)))
	n, err := base64.StdEncoding.Decode(data, body)
	if err != nil {
		return otherwise(dst, body)
	}
	root, size, err := pickle.Decode(data[:n], nil)
	if err != nil || size != n {
		return otherwise(dst, body)
	}
	p := pickled{limit: pickleGrowth*n + pickleExtra}
	if kind, args := bgpyMessage(root); args != nil {
		p.text(kind + " ")
		root = args
	}
	p.value(root, notationDepth)
	return spread(dst, p.out)
}

const bgpyModule = "bgpy.core.message"

// bgpyMessage returns the type and the args of a message; nil for what is none.
func bgpyMessage(n *pickle.Node) (string, *pickle.Node) {
	if n.Kind != pickle.KindObject || !n.Callable().Is(bgpyModule, "Message") || n.State() == nil {
		return "", nil
	}
	state := n.State().Items
	if len(state) != 2 || state[1].Kind != pickle.KindDict {
		return "", nil
	}
	slots := state[1].Items
	if len(slots) != 4 || slots[0].Text != "type" || slots[2].Text != "args" {
		return "", nil
	}
	kind := bgpyType(slots[1])
	if kind == "" {
		return "", nil
	}
	return kind, slots[3]
}

// bgpyType returns the name of a member of MessageType: MessageType(4), or
// getattr(MessageType, "OK").
func bgpyType(n *pickle.Node) string {
	if n.Kind != pickle.KindObject || n.Args().Kind != pickle.KindTuple {
		return ""
	}
	names := [...]string{"INIT", "EXEC", "EXIT", "AUTH", "OK", "ERROR"}
	switch args := n.Args().Items; {
	case n.Callable().Is(bgpyModule, "MessageType") && len(args) == 1:
		if v, ok := args[0].Int(); ok && v >= 0 && v < int64(len(names)) {
			return names[v]
		}
	case n.Callable().Is("builtins", "getattr") && len(args) == 2 && args[0].Is(bgpyModule, "MessageType"):
		for _, name := range names {
			if args[1].Text == name {
				return name
			}
		}
	}
	return ""
}
