package framing_test

import (
	"fmt"
	"strings"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

// A spelling names a framing and its options; the two directions may differ.
func ExampleParse() {
	f, err := framing.Parse("u16be,incl,max=1MiB")
	if err != nil {
		panic(err)
	}
	raw, err := f.C2S.Codec.AppendFrame(nil, []byte("hello"))
	fmt.Printf("% x %v, at most %d bytes\n", raw, err, f.C2S.Max)

	r := frame.NewReader(strings.NewReader("\x00\x04hi\x00\x01"), f.C2S.Codec, f.C2S.Max)
	for f, err := range r.Frames() {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Printf("%s at byte %d\n", f.Body(), f.Offset)
	}

	_, err = framing.Parse("u16bee")
	fmt.Println(err)
	// Output:
	// 00 07 68 65 6c 6c 6f <nil>, at most 1048576 bytes
	// hi at byte 0
	// frame at byte 4: malformed frame: length 1: it counts the whole frame, so at least 2
	// framing "u16bee": unknown name "u16bee"; did you mean "u16be"?
}
