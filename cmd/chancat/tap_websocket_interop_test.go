package main

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/chancat/channel/internal/peertest"
)

const (
	echoServer = `
const { WebSocketServer } = require("ws")
const wss = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[1]), perMessageDeflate: { threshold: 0 } })
wss.on("connection", ws => ws.on("message", (data, binary) => ws.send(data, { binary })))
`
	echoClient = `
const WebSocket = require("ws")
const queue = ["hello", "žluťoučký kůň", Buffer.alloc(70000, 7), ""]
const ws = new WebSocket("ws://127.0.0.1:" + process.argv[1] + "/chat", { perMessageDeflate: process.argv[2] === "deflate" && { threshold: 0 } })
const next = () => queue.length ? ws.send(queue.shift()) : ws.close(1000, "done")
ws.on("open", next)
ws.on("message", data => { console.log(data.length); next() })
`
)

// The ws package of npm talks with itself through a tap, compressed and not.
func TestInteropTapWebSocket(t *testing.T) {
	t.Parallel()
	node := peertest.NeedHeavy(t, "node")[0]
	if out, err := exec.Command(node, "-e", `require("ws")`).CombinedOutput(); err != nil {
		if bytes.Contains(out, []byte("Cannot find module")) {
			peertest.NeedHeavy(t, "the ws package of npm")
		}
		t.Fatalf("%v\n%s", err, out)
	}
	fresh := func() (target string) {
		port := peertest.Port(t)
		return runServer(t, port, node, "-e", echoServer, strconv.Itoa(port))
	}
	target := fresh()
	for _, mode := range []string{"plain", "deflate"} {
		t.Run(mode, func(t *testing.T) {
			tap := startTap(t, "ws", target)
			if got := runPeer(t, "", node, "-e", echoClient, tap.port, mode); got != "5\n19\n70000\n0\n" {
				t.Errorf("%q", got)
			}
			client, server, _ := pairs(t, tap.finish()) // the HTTP head, four messages, the close
			if client != 6 || server != 6 {
				t.Errorf("%d from the client, %d from the server", client, server)
			}
			shown, err := os.ReadFile(tap.shown)
			if bytes.Count(shown, []byte("  žluťoučký kůň\n")) != 2 {
				t.Errorf("%v, it has shown\n%.2000s", err, shown)
			}
			wantReplay(t, tap.recording, fresh())
		})
	}
}
