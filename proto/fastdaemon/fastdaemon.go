// Package fastdaemon hands a command line to a program that already runs, and
// brings back what it printed: the protocol of the Python package fastdaemon
// (docs/wire.md §b), in both roles.
//
// A connection carries one record each way, and a record is two strings:
//
//	client: length stdin   length arguments    joined by single blanks
//	server: length stdout  length stderr       then both sides close
//
// A length is 4 bytes, big-endian. What this package sends counts bytes, which
// every receiver understands. The Python program sends numbers of characters, so
// that reading from it needs the option Chars. On ASCII the two agree.
//
// There is no authentication: whoever can connect runs the handler. Listen on
// localhost or on a Unix socket.
package fastdaemon

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"unicode/utf8"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// A Request is what a client asks for.
type Request struct {
	Stdin []byte   // owned by the receiver
	Args  []string // never with a blank in one; an empty one only between two blanks
}

// A Reply is what a command printed.
type Reply struct {
	Stdout, Stderr []byte
}

// A Handler answers a request. Several run at once. Its error is logged, and the
// client gets two empty strings, as from the Python program when a command
// raises; what the client ought to read belongs in Reply.Stderr.
type Handler func(ctx context.Context, r Request) (Reply, error)

// Serve is [Server.Serve] with the defaults.
func Serve(ctx context.Context, l net.Listener, h Handler) error {
	return (&Server{Handler: h}).Serve(ctx, l)
}

// Transfer is [Client.Transfer] with the defaults.
func Transfer(ctx context.Context, addr string, stdin []byte, args []string) (Reply, error) {
	return (&Client{}).Transfer(ctx, addr, stdin, args)
}

// ErrNoReply is the end of a connection before the first byte of a reply. It
// wraps io.ErrUnexpectedEOF.
var ErrNoReply = fmt.Errorf("the server closed without a reply: %w", io.ErrUnexpectedEOF)

const prefix = 4 // bytes of a length

func appendRecord(dst, first, second []byte) ([]byte, error) {
	for _, s := range [][]byte{first, second} {
		if uint64(len(s)) > math.MaxUint32 {
			return dst, frame.Refuse("a string of %d bytes, a length has 32 bits", len(s))
		}
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(s)))
		dst = append(dst, s...)
	}
	return dst, nil
}

func codecFor(chars bool) frame.Codec {
	spelling := "fastdaemon"
	if chars {
		spelling = "fastdaemon,chars"
	}
	f, err := framing.Parse(spelling)
	if err != nil {
		panic(err)
	}
	return f.Either.Codec
}

// cut returns the two strings of a whole record, borrowed from it.
func cut(record []byte, chars bool) (first, second []byte) {
	size := int(binary.BigEndian.Uint32(record))
	rest := record[prefix:]
	if chars {
		size = charsLen(rest, size)
	}
	return rest[:size:size], rest[size+prefix:]
}

// charsLen returns the bytes of the first n characters of b.
func charsLen(b []byte, n int) int {
	pos := 0
	for range n {
		_, size := utf8.DecodeRune(b[pos:])
		pos += size
	}
	return pos
}

// receive returns the strings of the one record that r carries, owned by the
// caller. What follows the record is not looked at.
func receive(r io.Reader, chars bool, limit int) (first, second []byte, err error) {
	f, err := frame.NewReader(r, codecFor(chars), limit).Next()
	if err != nil {
		return nil, nil, err
	}
	first, second = cut(f.Raw, chars)
	return first, second, nil
}

var errNotOne = errors.New("the datagram is not one record")

// receiveDatagram is receive from a datagram, which must be a whole record and
// nothing else.
func receiveDatagram(b []byte, chars bool) (first, second []byte, err error) {
	sp, need, err := codecFor(chars).Scan(b, &frame.State{})
	switch {
	case err != nil:
		return nil, nil, err
	case need > 0:
		return nil, nil, fmt.Errorf("%w: it lacks at least %d bytes: %w", errNotOne, need, io.ErrUnexpectedEOF)
	case sp.Len() < len(b):
		return nil, nil, fmt.Errorf("%w: %d bytes follow it: %w", errNotOne, len(b)-sp.Len(), frame.ErrSyntax)
	}
	first, second = cut(b, chars)
	return first, second, nil
}

// splitArgs takes the arguments apart as the Python server does.
func splitArgs(joined []byte) []string {
	if len(joined) == 0 {
		return nil
	}
	return strings.Split(string(joined), " ")
}
