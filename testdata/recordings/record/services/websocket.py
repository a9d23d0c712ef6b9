"""WebSocket: the ws package for Node and Python's websockets, each as server and client."""

import os

from studio import Proxy, background, free_port, package, run, version, wait_port

SERVER = """
const { WebSocketServer } = require("ws")
const wss = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]), perMessageDeflate: process.argv[3] === "deflate" && { threshold: 0 } })
wss.on("connection", ws => ws.on("message", (data, binary) => {
  if (String(data) === "ping me") return ws.ping("are you there?")
  if (String(data) === "in pieces") {
    ws.send("žlu", { fin: false })
    ws.send("ťou", { fin: false })
    ws.ping()
    return ws.send("čký", { fin: true })
  }
  if (String(data) === "close me") return ws.close(4001, "as you wish")
  if (String(data) === "drop me") return ws.terminate()
  ws.send(data, { binary })
}))
"""

CLIENT = """
const WebSocket = require("ws")
const scenarios = {
  echo: ["hello", "", "žluťoučký kůň", Buffer.from([0, 255, 13, 10]), "x".repeat(125), "x".repeat(126), Buffer.alloc(9000, 7)],
  control: ["ping me", "in pieces", "close me"],
  deflate: ["hello", "hello", "again ".repeat(500), JSON.stringify({ a: [1, 2, 3] }), ""],
  dropped: ["hello", "drop me"],
  long: [Buffer.alloc(32000, "0123456789")],
}
const scenario = process.argv[3]
const ws = new WebSocket("ws://127.0.0.1:" + process.argv[2] + "/chat?x=1", { perMessageDeflate: scenario === "deflate" && { threshold: 0 } })
const queue = scenarios[scenario]
const next = () => queue.length ? ws.send(queue.shift()) : ws.close(1000, "done")
ws.on("open", () => { if (scenario !== "dropped") ws.ping("client"); next() })
ws.on("ping", data => { if (String(data)) next() })
ws.on("message", next)
ws.on("close", () => process.exit())
"""

PYTHON = """
import asyncio, sys, websockets
async def serve(ws, path=None):
    async for m in ws:
        await ws.send(m[::-1] if len(m) < 100 else [m[:50], m[50:]])
async def server(port):
    async with websockets.serve(serve, "127.0.0.1", port, ping_interval=None):
        await asyncio.Future()
async def client(port):
    async with websockets.connect(f"ws://127.0.0.1:{port}/", subprotocols=["chat"], ping_interval=None) as ws:
        for m in ("hello", b"bytes", ["frag", "ment", "ed"], "long " * 60, [b"a" * 200, b"", b"b"]):
            await ws.send(m)
            await ws.recv()
        await (await ws.ping("beat"))
asyncio.run({"server": server, "client": client}[sys.argv[1]](int(sys.argv[2])))
"""


def record(studio):
    import sys

    import websockets
    scripts = {}
    for name, text in (("server.js", SERVER), ("client.js", CLIENT), ("python.py", PYTHON)):
        scripts[name] = os.path.join(studio.work, name)
        with open(scripts[name], "w") as f:
            f.write(text)
    node, python = f"ws {package('ws')}, Node {version('node', '--version')}", f"websockets {websockets.version.version}"

    def js(name, *args):
        return ["node", scripts[name], *args]

    def py(role):
        return [sys.executable, scripts["python.py"], role]

    def record_one(scenario, release, server, client):
        port = free_port()
        with background(*server(str(port))):
            wait_port(port)
            with Proxy(port) as p:
                run(*client(str(p.port)), env=os.environ)
        studio.save("websocket", release, scenario, f"{release}: {scenario}", "ws", p.conversations[0], dissector="websocket")

    for scenario in ("echo", "control", "deflate", "dropped", "long"):
        record_one(f"node-{scenario}", node, lambda port: js("server.js", port, scenario), lambda port: js("client.js", port, scenario))
    record_one("python", python, lambda port: [*py("server"), port], lambda port: [*py("client"), port])
    record_one("python-client", f"{node}; client: {python}", lambda port: js("server.js", port, "deflate"), lambda port: [*py("client"), port])
    record_one("python-server", f"{python}; client: {node}", lambda port: [*py("server"), port], lambda port: js("client.js", port, "echo"))
