package frame_test

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/chancat/channel/frame"
	"github.com/chancat/channel/framing"
)

func ExampleNewReader() {
	src := strings.NewReader("\r\nMSG 5\r\nhello\r\nMSG 3\r\nyou")
	r := frame.NewReader(src, framing.MSG, 1<<20)
	for {
		f, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("byte %d: %s\n", f.Offset, r.Message(f))
	}
	// Output:
	// byte 0: hello
	// byte 14: you
}

func ExampleReader_Frames() {
	src := strings.NewReader("\r\nMSG 5\r\nhello\r\nMXG 3\r\nyou")
	r := frame.NewReader(src, framing.MSG, 1<<20)
	for f, err := range r.Frames() {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Printf("byte %d: %s\n", f.Offset, r.Message(f))
	}
	// Output:
	// byte 0: hello
	// frame at byte 14: byte 17: malformed frame: got 'X', want 'S'
}

func ExampleReader_Resync() {
	src := strings.NewReader("\r\nMSG 1\r\na???\r\nMSG 1\r\nb")
	r := frame.NewReader(src, framing.MSG, 1<<20)
	for {
		f, err := r.Next()
		if err == io.EOF {
			break
		}
		if e, ok := errors.AsType[*frame.Error](err); ok {
			skipped, _ := r.Resync()
			fmt.Printf("byte %d: %d bytes skipped\n", e.Start, skipped)
			continue
		}
		fmt.Printf("byte %d: %s\n", f.Offset, r.Message(f))
	}
	// Output:
	// byte 0: a
	// byte 10: 3 bytes skipped
	// byte 13: b
}
