package session

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/chancat/channel/internal/text/escape"
)

// Append appends e to dst as one line of JSON, without the LF. What a terminal
// would obey or hide is escaped. Strings other than Data should be UTF-8; bytes
// that are not become U+FFFD.
func Append(dst []byte, e *Event) []byte {
	dst = append(dst, `{"event":`...)
	dst = escape.AppendJSONString(dst, string(e.Kind))
	if e.Kind == Session {
		dst = appendInt(dst, `,"v":`, Version)
	}
	dst = appendTime(dst, e.Time)
	if e.Conn != 0 {
		dst = appendInt(dst, `,"conn":`, int64(e.Conn))
	}
	dst = appendString(dst, `,"from":`, string(e.From))
	switch e.Kind {
	case Session:
		dst = appendString(dst, `,"framing":`, e.Framing)
		dst = appendString(dst, `,"program":`, e.Program)
	case Open:
		dst = appendString(dst, `,"local":`, e.Local)
		dst = appendString(dst, `,"remote":`, e.Remote)
		dst = appendString(dst, `,"framing":`, e.Framing)
	case Message:
		dst = appendMessage(dst, e)
	case Read:
		dst = appendInt(dst, `,"n":`, int64(e.N))
		dst = appendBytes(dst, e.Data)
	case Lost:
		dst = appendInt(dst, `,"offset":`, e.Offset)
		dst = appendInt(dst, `,"n":`, int64(e.N))
		dst = appendString(dst, `,"reason":`, e.Reason)
	case Broken:
		dst = appendInt(dst, `,"offset":`, e.Offset)
		dst = appendInt(dst, `,"at":`, e.At)
		dst = appendString(dst, `,"cause":`, e.Cause)
		dst = appendString(dst, `,"error":`, e.Error)
		dst = appendString(dst, `,"hint":`, e.Hint)
		dst = appendBytes(dst, e.Data)
	case Fault:
		dst = appendInt(dst, `,"seq":`, int64(e.Seq))
		dst = appendInt(dst, `,"offset":`, e.Offset)
		dst = appendString(dst, `,"reason":`, e.Reason)
	case Close, Note:
		dst = appendString(dst, `,"reason":`, e.Reason)
	}
	return append(dst, '}')
}

func appendMessage(dst []byte, e *Event) []byte {
	dst = appendInt(dst, `,"seq":`, int64(e.Seq))
	if e.Answers != 0 {
		dst = appendInt(dst, `,"answers":`, int64(e.Answers))
		dst = appendInt(dst, `,"latency_us":`, max(0, e.Latency.Microseconds()))
	}
	dst = appendInt(dst, `,"offset":`, e.Offset)
	dst = appendInt(dst, `,"head":`, int64(e.Head))
	dst = appendInt(dst, `,"body":`, int64(e.Body))
	dst = appendInt(dst, `,"tail":`, int64(e.Tail))
	dst = appendInt(dst, `,"reads":`, int64(e.Reads))
	if utf8.Valid(e.Data) && bytes.IndexByte(e.Data, 0) < 0 {
		dst = append(dst, `,"text":`...)
		return escape.AppendJSONString(dst, e.Data)
	}
	return appendBytes(dst, e.Data)
}

func appendInt(dst []byte, key string, v int64) []byte {
	return strconv.AppendInt(append(dst, key...), v, 10)
}

func appendString(dst []byte, key, v string) []byte {
	if v == "" {
		return dst
	}
	return escape.AppendJSONString(append(dst, key...), v)
}

func appendBytes(dst, data []byte) []byte {
	if len(data) == 0 {
		return dst
	}
	dst = append(dst, `,"base64":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, data)
	return append(dst, '"')
}

// appendTime writes RFC 3339 with nanoseconds in UTC, always of the same length
// so that lines sort. By hand it takes less than half the time of Time.AppendFormat.
func appendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	if t.IsZero() || year < 0 || year > 9999 {
		return dst
	}
	hour, minute, second := t.Clock()
	dst = append(dst, `,"time":"`...)
	dst = appendDigits(dst, year, 4)
	dst = appendDigits(append(dst, '-'), int(month), 2)
	dst = appendDigits(append(dst, '-'), day, 2)
	dst = appendDigits(append(dst, 'T'), hour, 2)
	dst = appendDigits(append(dst, ':'), minute, 2)
	dst = appendDigits(append(dst, ':'), second, 2)
	dst = appendDigits(append(dst, '.'), t.Nanosecond(), 9)
	return append(dst, 'Z', '"')
}

func appendDigits(dst []byte, v, width int) []byte {
	dst = append(dst, "000000000"[:width]...)
	for i := len(dst) - 1; v > 0; i-- {
		dst[i] = byte('0' + v%10)
		v /= 10
	}
	return dst
}
