package framing

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/chancat/channel/frame"
)

// Fastdaemon frames a record of two strings (docs/wire.md §b): a 4-byte
// big-endian length and UTF-8 text, twice. The message is the whole record.
// A length counts bytes, or UTF-8 characters with the option chars, as the real
// program sends it.
var Fastdaemon = register(Spec{
	Name:      "fastdaemon",
	Doc:       "a record of two strings, each behind its length as u32be; chars: lengths count characters",
	Options:   "chars",
	Codec:     fastdaemon{},
	Canonical: true,
	Samples:   []string{"fastdaemon", "fastdaemon,chars"},
	Messages: []string{
		"\x00\x00\x00\x00\x00\x00\x00\x00",
		"\x00\x00\x00\x02hi\x00\x00\x00\x00",
		"\x00\x00\x00\x00\x00\x00\x00\x03a b",
		"\x00\x00\x00\x06hello\n\x00\x00\x00\x0aalpha beta",
	},
	parse: func(o *options) (frame.Codec, error) {
		if o.flag("chars") {
			return fastdaemonChars{}, nil
		}
		return fastdaemon{}, nil
	},
})

const fastdaemonPrefix = 4 // bytes of a length

type fastdaemon struct{}

func (fastdaemon) Scan(buf []byte, _ *frame.State) (frame.Span, int, error) {
	end := fastdaemonPrefix // of what is known to belong to the record
	for at := range 2 {
		if len(buf) < end {
			missing := end - len(buf)
			if at == 0 {
				missing += fastdaemonPrefix
			}
			return frame.Span{Body: len(buf) + missing}, missing, nil
		}
		size := binary.BigEndian.Uint32(buf[end-fastdaemonPrefix:])
		if uint64(size) > uint64(math.MaxInt-end-fastdaemonPrefix) {
			return frame.Span{}, 0, frame.TooLarge(end-fastdaemonPrefix, uint64(size))
		}
		end += int(size)
		if at == 0 {
			end += fastdaemonPrefix
		}
	}
	return frame.Span{Body: end}, max(0, end-len(buf)), nil
}

func (c fastdaemon) AppendFrame(dst, msg []byte) ([]byte, error) {
	sp, need, err := c.Scan(msg, &frame.State{})
	return appendRecord(dst, msg, sp, need, err)
}

type fastdaemonChars struct{}

// Scan keeps in st the bytes examined as Pos, the prefixes read as Depth and the
// characters outstanding of the string at hand as Pending.
func (fastdaemonChars) Scan(buf []byte, st *frame.State) (frame.Span, int, error) {
	for {
		if st.Pending > 0 {
			if err := passChars(buf, st); err != nil {
				return frame.Span{}, 0, err
			}
		}
		if st.Pending == 0 && st.Depth == 2 {
			return frame.Span{Body: st.Pos}, 0, nil
		}
		if st.Pending > 0 || len(buf) < st.Pos+fastdaemonPrefix {
			// Each character outstanding and each prefix has its bytes to come.
			end := st.Pos + st.Pending + (2-st.Depth)*fastdaemonPrefix
			missing := max(end-len(buf), 1)
			return frame.Span{Body: len(buf) + missing}, missing, nil
		}
		size := binary.BigEndian.Uint32(buf[st.Pos:])
		at := st.Pos
		st.Pos += fastdaemonPrefix
		st.Depth++
		if uint64(size) > uint64(math.MaxInt-st.Pos-fastdaemonPrefix) {
			return frame.Span{}, 0, frame.TooLarge(at, uint64(size))
		}
		st.Pending = int(size)
	}
}

// passChars moves st over the whole characters outstanding in buf.
func passChars(buf []byte, st *frame.State) error {
	for ; st.Pending > 0 && st.Pos < len(buf); st.Pending-- {
		rest := buf[st.Pos:]
		if rest[0] < utf8.RuneSelf {
			st.Pos++
			continue
		}
		if !utf8.FullRune(rest) {
			return nil
		}
		r, n := utf8.DecodeRune(rest)
		if r == utf8.RuneError && n == 1 {
			for !utf8.FullRune(rest[:n]) {
				n++
			}
			return frame.Malformed(st.Pos+n-1, "got %02x in the character that starts with %02x: not UTF-8", rest[n-1], rest[0])
		}
		st.Pos += n
	}
	return nil
}

func (c fastdaemonChars) AppendFrame(dst, msg []byte) ([]byte, error) {
	sp, need, err := c.Scan(msg, &frame.State{})
	return appendRecord(dst, msg, sp, need, err)
}

// appendRecord appends msg if Scan, which said the rest of it, found one record.
func appendRecord(dst, msg []byte, sp frame.Span, need int, err error) ([]byte, error) {
	switch {
	case err != nil:
		return dst, frame.Refuse("it is no record of two strings: %v", err)
	case need > 0:
		return dst, frame.Refuse("as a record of two strings it lacks at least %d bytes", need)
	case sp.Len() < len(msg):
		return dst, frame.Refuse("as a record of two strings it ends at byte %d of %d", sp.Len(), len(msg))
	}
	return append(dst, msg...), nil
}
