"""Stands in for the Python package cs.packetstream, with the habits that
docs/wire.md §c tells of: a sender that waits 10 ms for more packets and writes large
ones in pieces, four requests at once, tags that may never be used twice, no channel
but 0, the texts of rejections, and an end that waits for the peer's EOF.

    packetstream.py serve [norq]           prints its port; serves until stdin ends
    packetstream.py call PORT [REQUEST...] prints [ok, flags, payload] for each, as JSON

A REQUEST is TYPE:FLAGS:TEXT, and all are sent at once. Types: 0 echoes, 1 reverses and
answers with flags 0x11, 3 answers a str, 4 nothing, 7 is slow, 8 calls back, others
raise.
"""
import json
import queue
import socket
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

GRACE = 0.01
PIECE = 16384


def number(n):
    out = [n & 0x7F]
    while n := n >> 7:
        out.append(n & 0x7F | 0x80)
    return bytes(reversed(out))


def read_number(data, at):
    n = 0
    while True:
        byte = data[at]
        at += 1
        n = n << 7 | byte & 0x7F
        if byte < 0x80:
            return n, at


class Connection:
    def __init__(self, sock, handler=None):
        self.sock, self.file, self.handler = sock, sock.makefile("rb"), handler
        self.lock = threading.Lock()
        self.queued = set()  # every (channel, tag, is_request) that was ever sent
        self.pending = {}
        self.running = set()
        self.jobs = []
        self.tag = 2
        self.peer_ended = False
        self.out = queue.Queue()
        self.pool = ThreadPoolExecutor(4)
        self.sender = threading.Thread(target=self.send_loop)
        self.receiver = threading.Thread(target=self.recv_loop)
        self.sender.start()
        self.receiver.start()

    def send_loop(self):
        while (packet := self.out.get()) is not None:
            batch = [packet]
            try:
                while (packet := self.out.get(timeout=GRACE)) is not None:
                    batch.append(packet)
            except queue.Empty:
                packet = b""
            data = b"".join(batch)
            try:
                for i in range(0, len(data), PIECE):
                    self.sock.sendall(data[i : i + PIECE])
            except OSError:
                pass
            if packet is None:
                return

    def send(self, is_request, channel, tag, flags, payload, rq_type=None):
        if (channel, tag, is_request) in self.queued:
            raise RuntimeError(f"requeue of {(channel, tag, is_request)}")
        self.queued.add((channel, tag, is_request))
        body = number(tag) + number(flags << 2 | is_request << 1 | (channel != 0))
        if channel:
            body += number(channel)
        if is_request:
            body += number(rq_type)
        body += payload
        self.out.put(number(len(body)) + body)

    def submit(self, rq_type, flags=0, payload=b""):
        with self.lock:
            tag, self.tag = self.tag, self.tag + 1
            future = self.pending[tag] = Future()
            self.send(True, 0, tag, flags, payload, rq_type + 1)
        return future

    def respond(self, channel, tag, ok, flags, payload):
        with self.lock:
            self.running.discard((channel, tag))
            self.send(False, channel, tag, flags << 1 | ok, payload)

    def run(self, tag, rq_type, flags, payload):
        ok, result_flags, result = True, 0, b""
        try:
            got = self.handler(self, rq_type, flags, payload)
        except Exception:
            ok, result = False, b"exception during handler"
        else:
            for part in got if isinstance(got, tuple) else (got,):
                if isinstance(part, int):
                    result_flags = part
                elif isinstance(part, str):
                    result = part.encode()
                elif part is not None:
                    result = part
        self.respond(0, tag, ok, result_flags, result)

    def recv_number(self):
        n = 0
        while byte := self.file.read(1):
            n = n << 7 | byte[0] & 0x7F
            if byte[0] < 0x80:
                return n
        raise EOFError

    def recv_loop(self):
        try:
            while self.recv_packet():
                pass
        except (EOFError, IndexError, OSError):
            pass
        for future in self.pending.values():
            future.cancel()

    def recv_packet(self):
        size = self.recv_number()
        data = self.file.read(size)
        if len(data) < size:
            raise EOFError
        tag, at = read_number(data, 0)
        word, at = read_number(data, at)
        channel = 0
        if word & 1:
            channel, at = read_number(data, at)
        if not word & 2:
            future = self.pending.pop(tag, None)
            if future:
                future.set_result((bool(word & 4), word >> 3, data[at:]))
            return True
        rq_type, at = read_number(data, at)
        if rq_type == 0:
            if (tag, word, channel, data[at:]) == (1, 2, 0, b""):
                self.peer_ended = True
                return True
            return False
        reason = None
        if channel:
            reason = "unknown channel %d"  # as it is
        elif self.handler is None:
            reason = "no request handler"
        elif self.peer_ended:
            reason = "requests no longer allowed"
        elif (channel, tag) in self.running:
            reason = f"channel {channel}: tag already in use: {tag}"
        if reason:
            self.respond(channel, tag, False, 0, reason.encode())
            return True
        self.running.add((channel, tag))
        self.jobs.append(self.pool.submit(self.run, tag, rq_type - 1, word >> 2, data[at:]))
        return True

    def close(self):
        """What leaving the with block does."""
        self.send(True, 0, 1, 0, b"", 0)
        for job in self.jobs:
            job.exception()
        self.send(True, 0, 0, 0, b"", 0)
        self.out.put(None)
        self.receiver.join()  # for ever, if the peer sends no EOF
        self.sender.join()
        self.pool.shutdown()


def handler(conn, rq_type, flags, payload):
    if rq_type == 0:
        return payload
    if rq_type == 1:
        return 0x11, payload[::-1]
    if rq_type == 3:
        return "text: žluť"
    if rq_type == 4:
        return None
    if rq_type == 7:
        time.sleep(0.1)
        return flags, payload
    if rq_type == 8:
        return conn.submit(0, payload=payload).result(10)[2]
    raise ValueError(rq_type)


def answer(sock, serving):
    with sock:
        conn = Connection(sock, serving)
        conn.receiver.join()
        conn.close()


def serve(serving):
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)

    def accept():
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=answer, args=(sock, serving), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


def call(port, *requests):
    with socket.create_connection(("127.0.0.1", int(port))) as sock:
        conn = Connection(sock, handler)
        futures = []
        for request in requests:
            rq_type, flags, text = request.split(":", 2)
            futures.append(conn.submit(int(rq_type), int(flags, 0), text.encode()))
        answers = [future.result(10) for future in futures]
        conn.close()
        print(json.dumps([[ok, flags, payload.decode()] for ok, flags, payload in answers]))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(None if sys.argv[2:] else handler)
    else:
        call(*sys.argv[2:])
