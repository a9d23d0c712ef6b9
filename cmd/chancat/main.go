// Chancat is netcat for messages: it speaks, listens to, decodes and converts
// byte streams that are framed into messages. docs/spec.md is its contract.
package main

import (
	"io"
	"log"
	"os"
)

func main() {
	log.SetOutput(io.Discard) // net/http, under WebSocket, logs what the error says better
	os.Exit(run(os.Args[1:], systemEnv()))
}
