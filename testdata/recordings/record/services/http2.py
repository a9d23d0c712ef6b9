"""HTTP/2 without TLS: nghttpd with nghttp and curl, and gRPC for Python."""

import os
import sys

from conversation import Conversation
from studio import Proxy, background, free_port, run, version, wait_port

GRPC = """
import sys
from concurrent.futures import ThreadPoolExecutor
import grpc
class Handler(grpc.GenericRpcHandler):
    def service(self, call):
        if call.method.endswith("Echo"):
            return grpc.unary_unary_rpc_method_handler(lambda request, context: request)
        if call.method.endswith("Count"):
            return grpc.stream_stream_rpc_method_handler(lambda requests, context: (m * 2 for m in requests))
def serve(port):
    server = grpc.server(ThreadPoolExecutor(2), handlers=[Handler()])
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()
def call(port):
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        echo = channel.unary_unary("/test.Test/Echo")
        for m in (b"hello", b"", bytes(range(256)) * 20):
            assert echo(m) == m
        assert list(channel.stream_stream("/test.Test/Count")(iter([b"a", b"bc"]))) == [b"aa", b"bcbc"]
        try:
            channel.unary_unary("/test.Test/Missing")(b"")
        except grpc.RpcError:
            pass
{"serve": serve, "call": call}[sys.argv[1]](sys.argv[2])
"""


def record(studio):
    root = studio.directory("root")
    for name, text in (("index.html", "<p>hello</p>"), ("large", "0123456789" * 3000)):
        with open(os.path.join(root, name), "w") as f:
            f.write(text)
    script = os.path.join(studio.work, "rpc.py")
    with open(script, "w") as f:
        f.write(GRPC)
    nghttp, curl = version("nghttp", "--version"), version("curl", "--version").split(" (")[0]
    port = free_port()

    def one(scenario, release, command, *client, status=0):
        with Proxy(port) as p:
            run(*(a.replace("PORT", str(p.port)) for a in client), status=status)
        studio.save("http2", release, scenario, command, "http2", p.conversations[0], dissector="http2")
        return p.conversations[0]

    with background("nghttpd", "--no-tls", "-a", "127.0.0.1", "-d", root, "--echo-upload", str(port)):
        wait_port(port)
        url = "http://127.0.0.1:PORT/"
        one("curl", f"{nghttp}; {curl}", "nghttpd --no-tls; curl --http2-prior-knowledge", "curl", "-sS", "--http2-prior-knowledge", url)
        one("missing", f"{nghttp}; {curl}", "nghttpd --no-tls; curl --http2-prior-knowledge /missing", "curl", "-sS", "--http2-prior-knowledge", url + "missing")
        one("parallel", nghttp, "nghttpd --no-tls; nghttp / /large /", "nghttp", "-n", url, url + "large", url + "?again")
        one("upload", nghttp, "nghttpd --no-tls --echo-upload; nghttp -d file --continuation", "nghttp", "-n", "--continuation", "-d", os.path.join(root, "large"), url + "upload")
    import grpc
    port = free_port()
    with background(sys.executable, script, "serve", str(port)):
        wait_port(port)
        c = one("grpc", f"grpcio {grpc.__version__}", "gRPC for Python: calls of one message, of streams, of a missing method", sys.executable, script, "call", "PORT")
    # What HTTP/2 carries, as if it were the stream: 6 calls of 6 messages, 5 of which are answered.
    inner = Conversation(*(c.events[0][end] for end in ("local", "remote")))
    for side in ("client", "server"):
        for payload in payloads(c.bytes[side].removeprefix(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")):
            inner.read(side, payload)
    studio.save("grpc", f"grpcio {grpc.__version__}", "calls", "gRPC for Python: calls of one message, of streams, of a missing method", "grpc", inner,
                6, 5, "the messages of the calls", part="the payloads of DATA frames")


def payloads(stream):
    """Those of the DATA frames of one side, which does not pad them."""
    while stream:
        size, kind = int.from_bytes(stream[:3], "big"), stream[3]
        if kind == 0 and size > 0:
            yield stream[9:9 + size]
        stream = stream[9 + size:]
