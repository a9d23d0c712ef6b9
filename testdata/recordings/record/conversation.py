"""Records what two programs say to each other, byte for byte and with the times.

It knows nothing of framings: what it writes is a session file (docs/spec.md §6)
of opens, reads and closes. So it shares nothing with the codecs that are tested
on its recordings.
"""

import base64
import json
import os
import socket
import subprocess
import sys
import threading
import time

LIMIT = 64 << 10  # bytes of one direction


class Conversation:
    """One connection: the reads of both directions, in the order they came."""

    def __init__(self, local="", remote=""):
        self.lock = threading.Lock()
        self.events = []
        self.bytes = {"client": b"", "server": b""}
        self.note("open", local=local, remote=remote)

    def note(self, event, **keys):
        with self.lock:
            at = time.time_ns()
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at // 10**9))
            self.events.append({"event": event, "time": f"{stamp}.{at % 10**9:09d}Z", "conn": 1, **keys})

    def read(self, side, data):
        self.bytes[side] += data
        self.note("read", **{"from": side, "n": len(data), "base64": base64.b64encode(data).decode()})

    def end(self, side):
        self.note("close", **{"from": side, "reason": "eof"})

    def reset(self, side):
        self.note("close", **{"from": side, "reason": "reset"})

    def reads(self):
        """What happened: (event, side, bytes)."""
        for e in self.events:
            if e["event"] in ("read", "close"):
                yield e["event"], e["from"], base64.b64decode(e.get("base64", ""))

    def without(self, side, n):
        """The conversation without the first n bytes of a side."""
        rest = Conversation.__new__(Conversation)
        rest.lock, rest.events, rest.bytes = threading.Lock(), [], dict(self.bytes)
        rest.bytes[side] = self.bytes[side][n:]
        for event in self.events:
            if event["event"] == "read" and event["from"] == side and n > 0:
                data = base64.b64decode(event["base64"])
                cut, n = min(n, len(data)), n - min(n, len(data))
                if cut == len(data):
                    continue
                event = {**event, "n": len(data) - cut, "base64": base64.b64encode(data[cut:]).decode()}
            rest.events.append(event)
        return rest

    def save(self, path, framing):
        for side, data in self.bytes.items():
            if len(data) > LIMIT:
                sys.exit(f"{path}: {len(data)} bytes from the {side}: want at most {LIMIT}")
        with open(path + ".part", "w") as f:
            first = {"event": "session", "v": 1, "time": self.events[0]["time"], "framing": framing, "program": "record"}
            for event in [first, *self.events]:
                print(json.dumps(event, separators=(",", ":")), file=f)
        os.replace(path + ".part", path)  # somebody may be waiting for it


def load(path):
    """The conversation that was saved in path."""
    c = Conversation()
    with open(path) as f:
        c.events = [json.loads(line) for line in f][1:]
    for _, side, data in c.reads():
        c.bytes[side] += data
    return c


class Proxy:
    """Stands before a server on TCP and records every connection to it."""

    def __init__(self, port, host="127.0.0.1"):
        self.target = (host, port)
        self.conversations = []
        self.threads = []
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.accepting = threading.Thread(target=self.accept, daemon=True)
        self.accepting.start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.target)
            for s in (client, server):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            c = Conversation("127.0.0.1:%d" % client.getpeername()[1], "127.0.0.1:%d" % self.target[1])
            self.conversations.append(c)
            self.sockets += [client, server]
            pumps = [threading.Thread(target=pump, args=(c, source.recv, sink.sendall, lambda s=sink: s.shutdown(socket.SHUT_WR), side), daemon=True)
                     for source, sink, side in ((client, server, "client"), (server, client, "server"))]
            for t in pumps:
                t.start()
            self.threads += pumps

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Waits for the ends of the connections; after a while it makes them."""
        deadline = time.monotonic() + 3
        while not self.threads and time.monotonic() < deadline:  # a client can be gone before it is accepted
            time.sleep(0.01)
        for t in self.threads:
            t.join(max(0, deadline - time.monotonic()))
        self.listener.close()
        for s in self.sockets:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for t in self.threads:
            t.join(5)
        for s in self.sockets:
            s.close()


def pump(conversation, read, write, close, side):
    heard = True
    while True:
        try:
            data = read(1 << 16)
        except OSError:
            conversation.reset(side)
            break
        if not data:
            conversation.end(side)
            break
        conversation.read(side, data)
        if heard:
            try:
                write(data)
            except OSError:
                heard = False  # what is said to one who is gone is said, too
    try:
        close()
    except OSError:
        pass


def wrap(path, framing, command):
    """Runs command between our stdin and stdout, as a stdio server's client wants it."""
    c = Conversation("stdio", "stdio")
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def write(f):
        return lambda data: (f.write(data), f.flush())

    up = threading.Thread(target=pump, args=(c, sys.stdin.buffer.raw.read, write(child.stdin), child.stdin.close, "client"), daemon=True)
    up.start()
    pump(c, lambda n: child.stdout.read1(n), write(sys.stdout.buffer), sys.stdout.buffer.close, "server")
    child.wait()
    c.save(path, framing)


if __name__ == "__main__":
    wrap(sys.argv[1], sys.argv[2], sys.argv[3:])
