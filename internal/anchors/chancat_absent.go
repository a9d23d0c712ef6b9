//go:build !channel

package main

var (
	buffered     = Contender{Name: "SendBuffered"}
	sent         = Contender{Name: "Send"}
	sentRecvInto = Contender{Name: "Send, RecvInto"}
	sentRecv     = Contender{Name: "Send, Recv"}
)
