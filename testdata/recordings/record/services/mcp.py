"""MCP servers from npm over stdio, with the SDK's own client."""

import json
import os
import sys

import conversation
from studio import package, run

CLIENT = """
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js"
const [scenario, ...command] = process.argv.slice(2)
const transport = new StdioClientTransport({ command: command[0], args: command.slice(1), stderr: "ignore", env: process.env })
const count = { client: 0, server: 0 }
const send = transport.send.bind(transport)
transport.send = m => { count.client++; return send(m) }
const client = new Client({ name: "recorder", version: "1" }, { capabilities: {} })
const connecting = client.connect(transport)
const take = transport.onmessage
transport.onmessage = m => { count.server++; take(m) }
await connecting
const scenarios = {
  async everything() {
    const { tools } = await client.listTools()
    for (const name of ["echo"]) await client.callTool({ name, arguments: { message: "žluťoučký\\nkůň" } })
    const add = tools.find(t => /sum|add/.test(t.name))
    await client.callTool({ name: add.name, arguments: { a: 2, b: 40 } })
    await client.callTool({ name: add.name, arguments: { a: "two" } }).catch(() => {})
    await client.callTool({ name: "no-such-tool", arguments: {} }).catch(() => {})
    await client.ping()
  },
  async prompts() {
    const { prompts } = await client.listPrompts()
    await client.getPrompt({ name: prompts[0].name }).catch(() => {})
    const { resources } = await client.listResources()
    await client.listResourceTemplates()
    await client.readResource({ uri: resources[0].uri }).catch(() => {})
    await client.readResource({ uri: "no:such" }).catch(() => {})
  },
  async filesystem() {
    const path = command.at(-1)
    await client.listTools()
    await client.callTool({ name: "write_file", arguments: { path: path + "/a.txt", content: "line one\\nřádek dva\\n" } })
    await client.callTool({ name: "read_text_file", arguments: { path: path + "/a.txt" } })
    await client.callTool({ name: "list_directory", arguments: { path } })
    await client.callTool({ name: "read_text_file", arguments: { path: "/no/such/file" } })
  },
}
await scenarios[scenario]()
await client.close()
console.log(JSON.stringify(count))
"""


def record(studio):
    # The client is a module: it finds packages beside itself, and nowhere else.
    modules = os.environ.get("NODE_PATH", "node_modules")
    os.symlink(modules, os.path.join(studio.work, "node_modules"))
    script = os.path.join(studio.work, "client.mjs")
    with open(script, "w") as f:
        f.write(CLIENT)
    sdk = f"@modelcontextprotocol/sdk {package('@modelcontextprotocol/sdk')}"
    for scenario, server, *args in (("everything", "server-everything", "stdio"), ("prompts", "server-everything", "stdio"),
                                    ("filesystem", "server-filesystem", studio.directory("files"))):
        name = f"@modelcontextprotocol/{server}"
        events = os.path.join(studio.work, scenario + ".jsonl")
        out = run("node", script, scenario, sys.executable, conversation.__file__, events, "line",
                  "node", os.path.join(modules, name, "dist", "index.js"), *args)
        count = json.loads(out)
        studio.save("mcp", f"{name} {package(name)}; client: {sdk}", scenario, f"{name} on stdio; the SDK's client: {scenario}", "line",
                    conversation.load(events), count["client"], count["server"], "the client's library")
