package pickle

import (
	"encoding/base64"
	"slices"
)

const bgpyModule = "bgpy.core.message"

var bgpyTypes = []string{"INIT", "EXEC", "EXIT", "AUTH", "OK", "ERROR"}

// DecodeBgpy returns the tree of the pickle whose base64 text body is, as in a
// message of bgpy (docs/wire.md §e), and the size of the pickle in bytes. It is nil
// where body is no such text.
func DecodeBgpy(body []byte) (root *Node, size int) {
	data := make([]byte, base64.StdEncoding.DecodedLen(len(body)))
	n, err := base64.StdEncoding.Decode(data, body)
	if err != nil {
		return nil, 0
	}
	root, size, err = Decode(data[:n], nil)
	if err != nil || size != n {
		return nil, 0
	}
	return root, size
}

// BgpyMessage returns the name of the type and the args of a message of bgpy; nil
// for what is none. It lets pass what package proto/bgpy refuses.
func BgpyMessage(root *Node) (kind string, args *Node) {
	if root.Kind != KindObject || !root.Callable().Is(bgpyModule, "Message") || root.State() == nil {
		return "", nil
	}
	state := root.State().Items
	if len(state) != 2 || state[1].Kind != KindDict {
		return "", nil
	}
	slots := state[1].Items
	if len(slots) != 4 || slots[0].Text != "type" || slots[2].Text != "args" {
		return "", nil
	}
	if kind = bgpyType(slots[1]); kind == "" {
		return "", nil
	}
	return kind, slots[3]
}

// bgpyType returns the name of a member of MessageType: MessageType(4), or
// getattr(MessageType, "OK").
func bgpyType(n *Node) string {
	if n.Kind != KindObject || n.Args().Kind != KindTuple {
		return ""
	}
	switch args := n.Args().Items; {
	case n.Callable().Is(bgpyModule, "MessageType") && len(args) == 1:
		if v, ok := args[0].Int(); ok && v >= 0 && v < int64(len(bgpyTypes)) {
			return bgpyTypes[v]
		}
	case n.Callable().Is("builtins", "getattr") && len(args) == 2 && args[0].Is(bgpyModule, "MessageType"):
		if slices.Contains(bgpyTypes, args[1].Text) {
			return args[1].Text
		}
	}
	return ""
}
