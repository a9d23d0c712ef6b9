package framing_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/chancat/channel/frame/frametest"
)

func TestFastdaemon(t *testing.T) {
	const two, three = "\x00\x00\x00\x02", "\x00\x00\x00\x03"
	testEncode(t, []encodeTest{
		{"fastdaemon", three + "é!" + two + "ok", three + "é!" + two + "ok", ""},
		{"fastdaemon,chars", two + "é!" + two + "ok", two + "é!" + two + "ok", ""},
		{"fastdaemon", "", "", "as a record of two strings it lacks at least 8 bytes"},
		{"fastdaemon", two + "hi", "", "as a record of two strings it lacks at least 4 bytes"},
		{"fastdaemon", two + "hi" + two + "ok!", "", "as a record of two strings it ends at byte 12 of 13"},
		{"fastdaemon,chars", two + "h\xff" + two + "ok", "",
			"it is no record of two strings: frame at byte 0: byte 5: malformed frame: got ff in the character that starts with ff: not UTF-8"},
	})
	testSpelling(t, map[string]string{
		"fastdaemon,char":    `unknown option "char"; fastdaemon knows chars max=SIZE`,
		"fastdaemon,chars=1": "chars takes no value",
	})
}

// The suite measures the cost of messages that it makes itself; here is one of this
// framing.
func TestFastdaemonCost(t *testing.T) {
	for spelling, char := range map[string]string{"fastdaemon": "x", "fastdaemon,chars": "€"} {
		record := func(n int) []byte {
			first := binary.BigEndian.AppendUint32(nil, uint32(n/len(char)))
			first = append(first, strings.Repeat(char, n/len(char))...)
			return append(first, bytes.Clone(first)...)
		}
		frametest.Run(t, frametest.Case{
			Name: spelling, Codec: codec(t, spelling), Canonical: true,
			Messages: [][]byte{record(0), record(3)}, Long: record,
		})
	}
}
