package endpoint

import (
	"strings"

	"github.com/chancat/channel/internal/socket"
)

var fifoScheme = scheme{
	prefix:  "fifo:",
	form:    "fifo:PATH",
	meaning: "a named pipe: listen reads, connect writes; fifo:READ,WRITE is a pair for both",
	dial:    dialFIFO,
	listen:  listenFIFO,
}

// fifoPaths returns the pipe to read from and the one to write to. Of a single
// pipe both are the same, and the caller decides which of them it means.
func fifoPaths(address string) (read, write string, err error) {
	paths := strings.TrimPrefix(address, "fifo:")
	read, write, pair := strings.Cut(paths, ",")
	if !pair {
		write = read
	}
	if read == "" || write == "" || strings.ContainsAny(write, ",\x00") || pair && read == write {
		return "", "", &socket.AddressError{Address: address, Reason: "no pipe or pair of pipes", Hint: "write fifo:PATH or fifo:READ,WRITE"}
	}
	return read, write, nil
}
