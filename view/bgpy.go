package view

import "github.com/chancat/channel/internal/pickle"

// Bgpy shows a message of bgpy (docs/wire.md §e), the base64 text of a pickle, as
// its type and args: EXEC {"command": "increase"}. Another pickle is shown as
// [Pickle] does, with what it would call.
func Bgpy(dst, body []byte) []byte {
	root, size := pickle.DecodeBgpy(body)
	if root == nil {
		return otherwise(dst, body)
	}
	p := pickled{limit: pickleGrowth*size + pickleExtra}
	if kind, args := pickle.BgpyMessage(root); args != nil {
		p.text(kind + " ")
		root = args
	}
	p.value(root, notationDepth)
	return spread(dst, p.out)
}
