package text_test

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/chancat/channel/internal/text"
)

func ExampleCoding_NewReader() {
	escape, err := text.Parse("escape")
	if err != nil {
		panic(err)
	}
	r := escape.NewReader(strings.NewReader("caf\\u{e9}\n\\x1b[1m\noops\\\n"), 1<<20)
	for {
		msg, err := r.Next()
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%q\n", msg)
	}
	// Output:
	// "café"
	// "\x1b[1m"
	// message 3: column 5: a lone backslash at the end; a backslash is written \\
}

func ExampleCoding_NewWriter() {
	hex, err := text.Parse("hex")
	if err != nil {
		panic(err)
	}
	w := hex.NewWriter(os.Stdout)
	if err := errors.Join(w.WriteMessage([]byte("hello")), w.WriteMessage([]byte("\x00\xff")), w.Flush()); err != nil {
		panic(err)
	}
	// Output:
	// 68656c6c6f
	// 00ff
}
