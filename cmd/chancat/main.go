// Chancat is netcat for messages: it speaks, listens to, decodes and converts
// byte streams that are framed into messages. docs/spec.md is its contract.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], systemEnv()))
}
