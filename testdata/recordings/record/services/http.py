"""HTTP/1.1 chunked coding, by Node's server and curl."""

import os
import re

from studio import Proxy, background, free_port, run, version, wait_port

SERVER = """
const http = require("http")
const scenarios = {
  "/pieces": (req, res) => { for (let i = 0; i < 20; i++) res.write("x".repeat(i * i + 1)); res.end() },
  "/trailers": (req, res) => { res.writeHead(200, { Trailer: "Digest" }); res.write("žluť"); res.addTrailers({ Digest: "none" }); res.end() },
  "/empty": (req, res) => { res.flushHeaders(); res.end() },
  "/large": (req, res) => { res.write(Buffer.alloc(40000, "0123456789\\r\\n")); res.end("0\\r\\n\\r\\n") },
  "/upload": (req, res) => { req.pipe(res) },
}
http.createServer((req, res) => scenarios[req.url](req, res)).listen(Number(process.argv[2]), "127.0.0.1")
"""


def record(studio):
    script = os.path.join(studio.work, "server.js")
    with open(script, "w") as f:
        f.write(SERVER)
    release = f"Node {version('node', '--version')}; {version('curl', '--version').split(' (')[0]}"
    port = free_port()
    with background("node", script, str(port)):
        wait_port(port)
        # The chunks that the server's program wrote, and the last one.
        for scenario, server, options in (("pieces", 21, []), ("trailers", 2, []), ("empty", 1, []), ("large", 3, []), ("upload", None, ["-T", "-"])):
            with Proxy(port) as p:
                run("curl", "-sS", *options, f"http://127.0.0.1:{p.port}/{scenario}", stdin="0123456789" * 4000 if options else "")
            c = p.conversations[0]
            for side in ("client", "server"):
                head = heads(c.bytes[side])
                c = c.without(side, len(head) if re.search(rb"(?i)transfer-encoding: chunked", head) else len(c.bytes[side]))
            client = 0
            if server is None:  # as curl and Node cut it
                client, server = (sum(1 for _ in chunks(c.bytes[side])) for side in ("client", "server"))
            studio.save("http", release, scenario, f"Node's http server; curl {' '.join(options)} /{scenario}".replace("  ", " "), "chunked", c,
                        client, server, "the server's writes, and the last chunk" if not options else "a walk over the sizes",
                        part="the bodies behind the heads")


def heads(stream):
    """The head at the start of stream, with those of provisional answers."""
    end = stream.index(b"\r\n\r\n") + 4
    while stream.startswith(b"HTTP/1.1 1") and stream.startswith(b"HTTP/1.1 ", end):
        end = stream.index(b"\r\n\r\n", end) + 4
    return stream[:end]


def chunks(body):
    at = 0
    while at < len(body):
        end = body.index(b"\r\n", at)
        size = int(body[at:end], 16)
        yield size
        at = end + 2 + size + 2
