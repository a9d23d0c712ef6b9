package expect

import (
	"bytes"
	"fmt"

	"github.com/chancat/channel/internal/text/escape"
)

// AppendSend appends the line of a script that sends msg on connection conn, as
// bytes without a frame if raw is set.
func AppendSend(dst []byte, conn int, msg []byte, raw bool) []byte {
	if raw {
		return appendStep(dst, conn, ">raw", msg)
	}
	return appendStep(dst, conn, ">", msg)
}

// AppendReceive appends the line that demands msg.
func AppendReceive(dst []byte, conn int, msg []byte) []byte { return appendStep(dst, conn, "<", msg) }

func appendStep(dst []byte, conn int, word string, msg []byte) []byte {
	if conn > 1 {
		dst = fmt.Appendf(dst, "[%d] ", conn)
	}
	text := escape.Append(nil, msg)
	text = bytes.ReplaceAll(text, []byte("${"), []byte(`\x24{`))
	if bytes.HasPrefix(text, []byte("<<")) {
		text = append([]byte(`\x3c`), text[1:]...)
	}
	dst = append(append(dst, word...), ' ')
	return append(append(dst, text...), '\n')
}
