"""gopls behind a TCP port, with gopls and vscode-jsonrpc as its clients."""

import json
import os

from studio import Proxy, free_port, package, run, serving, version

SOURCE = """// Package greet says hello.
package greet

import "fmt"

// A Greeter greets; žluťoučký.
type Greeter struct{ name string }

func (g Greeter) Greet() string { return fmt.Sprintf("hello, %s", g.name) }

func broken() int { return "no int" }
"""


CLIENT = """
const rpc = require("vscode-jsonrpc/node")
const { pathToFileURL } = require("url")
const fs = require("fs")
const [port, root, scenario] = process.argv.slice(2)
const uri = pathToFileURL(root + "/greet.go").href, textDocument = { uri }
const socket = require("net").connect(Number(port), "127.0.0.1", async () => {
  const count = { client: 0, server: 0 }
  class Reader extends rpc.StreamMessageReader { listen(f) { return super.listen(m => { count.server++; f(m) }) } }
  class Writer extends rpc.StreamMessageWriter { write(m) { count.client++; return super.write(m) } }
  const c = rpc.createMessageConnection(new Reader(socket), new Writer(socket))
  c.onRequest("workspace/configuration", p => p.items.map(() => null))
  c.onRequest("client/registerCapability", () => null)
  c.onRequest("window/workDoneProgress/create", () => null)
  c.onNotification(() => {})
  c.listen()
  await c.sendRequest("initialize", { processId: null, rootUri: pathToFileURL(root).href, capabilities: { workspace: { configuration: true } } })
  await c.sendNotification("initialized", {})
  let text = fs.readFileSync(root + "/greet.go", "utf8")
  await c.sendNotification("textDocument/didOpen", { textDocument: { uri, languageId: "go", version: 1, text } })
  const position = { line: 8, character: 45 }
  if (scenario === "hover") {
    for (let character = 0; character < 60; character += 6) await c.sendRequest("textDocument/hover", { textDocument, position: { line: 8, character } })
    await c.sendRequest("textDocument/no-such-method", {}).catch(() => {})
    await c.sendRequest("textDocument/hover", { textDocument, position: { line: 800, character: 0 } }).catch(() => {})
  } else {
    for (let version = 2; version < 8; version++) {
      text += "// kůň " + version + "\\n"
      await c.sendNotification("textDocument/didChange", { textDocument: { uri, version }, contentChanges: [{ text }] })
      await c.sendRequest("textDocument/documentSymbol", { textDocument })
    }
    await Promise.all([c.sendRequest("textDocument/completion", { textDocument, position }), c.sendRequest("textDocument/foldingRange", { textDocument }),
      c.sendRequest("textDocument/formatting", { textDocument, options: {} }), c.sendRequest("textDocument/definition", { textDocument, position })])
  }
  await c.sendRequest("shutdown")
  await c.sendNotification("exit")
  socket.on("close", () => { console.log(JSON.stringify(count)); process.exit() })
})
"""


def record(studio):
    source = studio.directory("greet")
    home = {**os.environ, "HOME": source, "GOCACHE": studio.directory("cache"), "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    with open(os.path.join(source, "go.mod"), "w") as f:
        f.write("module example.com/greet\n\ngo 1.24\n")
    file = os.path.join(source, "greet.go")
    with open(file, "w") as f:
        f.write(SOURCE)
    release = version("gopls", "version").replace("golang.org/x/tools/", "")
    client = os.path.join(studio.work, "client.js")
    with open(client, "w") as f:
        f.write(CLIENT)

    def served(run_client):
        port = free_port()
        with serving("gopls", "serve", f"-listen=127.0.0.1:{port}", port=port, env=home, cwd=source):
            with Proxy(port) as p:
                out = run_client(p.port)
        return p.conversations[-1], out

    for verb, *args in (("symbols", file), ("definition", f"{file}:9:16"), ("references", f"{file}:7:6"), ("check", file), ("format", "-d", file)):
        c, _ = served(lambda port: run("gopls", f"-remote=tcp;127.0.0.1:{port}", verb, *args, env=home, cwd=source))
        client_count, server_count = (c.bytes[side].count(b'"jsonrpc":"2.0"') for side in ("client", "server"))
        studio.save("lsp", release, f"gopls-{verb}", f"gopls serve -listen; gopls -remote=tcp {verb}", "lsp", c, client_count, server_count,
                    'occurrences of "jsonrpc":"2.0"')
    for scenario in ("hover", "edit"):
        c, out = served(lambda port: run("node", client, str(port), source, scenario, env=home))
        count = json.loads(out)
        library = f"vscode-jsonrpc {package('vscode-jsonrpc')}"
        studio.save("lsp", f"{release}; {library}", scenario, f"gopls serve -listen; a client with {library}: {scenario}", "lsp", c,
                    count["client"], count["server"], "the client's library")
