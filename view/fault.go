package view

import "strconv"

const (
	faultBefore = 2 // lines of bytes shown before the one with the fault
	faultAfter  = 1
)

// AppendFault draws the bytes of a broken frame with a mark under the one that
// broke it, each line ended by LF:
//
//	0000000a  0d 0a 4d 58 47 20 31 0d  0a 79                    |..MXG 1..y|
//	                   ^^ byte 13
//
// frame starts at the stream offset start; at is the offset of the faulty byte,
// which is the one after frame where the stream ended too early.
func AppendFault(dst, frame []byte, start, at int64) []byte {
	index := at - start
	if index < 0 || index > int64(len(frame)) {
		index = int64(len(frame)) // it was not kept
	}
	faulty := int(index) / hexLine
	for line := max(0, faulty-faultBefore); line <= faulty+faultAfter; line++ {
		from := line * hexLine
		if from > len(frame) || from == len(frame) && line != faulty {
			break
		}
		before := len(dst)
		dst = appendOffset(append(dst, "  "...), start+int64(from))
		margin := len(dst) - before + len("  ")
		dst = appendHexLine(dst, frame[from:min(len(frame), from+hexLine)])
		dst = append(dst, '\n')
		if line == faulty {
			column := int(index) % hexLine
			for range margin + 3*column + column/8 {
				dst = append(dst, ' ')
			}
			dst = append(dst, "^^ byte "...)
			dst = strconv.AppendInt(dst, at, 10)
			dst = append(dst, '\n')
		}
	}
	return dst
}
