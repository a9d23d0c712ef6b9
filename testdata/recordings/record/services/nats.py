"""nats-server, with its client for Node; the server traces every operation."""

import os
import re

from studio import Proxy, free_port, package, run, serving, until, version

PROGRAM = """
const { connect, headers, StringCodec } = require("nats")
const sc = StringCodec()
const scenarios = {
  async publish(nc) {
    const seen = []
    const sub = nc.subscribe("greet.*", { max: 12 })
    const reading = (async () => { for await (const m of sub) seen.push(m) })()
    for (let i = 0; i < 11; i++) nc.publish("greet." + i, sc.encode("žluť ".repeat(i)))
    nc.publish("greet.crlf", sc.encode("PING\\r\\n+OK\\r\\n"))
    await reading
  },
  async request(nc) {
    nc.subscribe("double", { queue: "workers", callback: (_, m) => m.respond(sc.encode(String(2 * Number(sc.decode(m.data))))) })
    for (let i = 0; i < 5; i++) await nc.request("double", sc.encode(String(i)))
    await nc.request("nobody.listens", sc.encode("?")).catch(() => {})
  },
  async headers(nc) {
    const sub = nc.subscribe("with.headers", { max: 4 })
    const reading = (async () => { for await (const m of sub); })()
    for (let i = 0; i < 4; i++) {
      const h = headers()
      h.append("Number", String(i))
      h.append("Path", "a")
      h.append("Path", "b")
      nc.publish("with.headers", i ? new Uint8Array(i * 100).fill(13) : undefined, { headers: h })
    }
    await reading
  },
  async large(nc) {
    nc.subscribe("large", { callback: () => {} })
    nc.publish("large", new Uint8Array(25000).map((_, i) => i * 31))
    await nc.flush()
  },
  async pings(nc) {
    for (let i = 0; i < 5; i++) await nc.flush()
    await nc.rtt()
  },
}
connect({ port: Number(process.argv[2]), maxPingOut: 5, verbose: process.argv[3] === "pings" }).then(async nc => {
  await scenarios[process.argv[3]](nc)
  await nc.drain()
})
"""


def record(studio):
    modules = os.environ.get("NODE_PATH", "")
    release = f"{version('nats-server', '-v')}; nats.js {package('nats')}"
    script = os.path.join(studio.work, "nats.js")
    with open(script, "w") as f:
        f.write(PROGRAM)
    for scenario in ("publish", "request", "headers", "large", "pings"):
        port, log = free_port(), os.path.join(studio.work, scenario + ".log")
        with serving("nats-server", "-a", "127.0.0.1", "-p", str(port), "-DV", port=port, log=log):
            with Proxy(port) as p:
                run("node", script, str(p.port), scenario, env={**os.environ, "NODE_PATH": modules})
            with open(log) as f:
                until(lambda: "Client connection closed" in f.read())
        client, server = traced(log)
        server += scenario == "request"  # that nobody listens is not traced
        studio.save("nats", release, scenario, f"nats-server -DV; nats.js: {scenario}", "nats", p.conversations[0], client, server,
                    "the server's trace of operations")


def traced(log):
    """The operations of both sides in a log. The INFO that opens is not in it."""
    with open(log) as f:
        lines = [line for line in f if "MSG_PAYLOAD" not in line]
    return sum(bool(re.search(r"<<- \[", line)) for line in lines), sum(bool(re.search(r"->> \[", line)) for line in lines) + 1
