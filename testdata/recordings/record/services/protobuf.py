"""Delimited messages of protobuf: the library for Go, with a client in Python."""

import random
import socket

import google.protobuf
from google.protobuf.internal.decoder import _DecodeVarint32
from google.protobuf.internal.encoder import _VarintBytes
from google.protobuf.struct_pb2 import Struct

from studio import Proxy, free_port, go_program, go_version, serving

PROSE = " ".join(random.Random(1).choices("žluťoučký kůň pěl a small message goes from one side to another and comes back".split(), k=3000))

CONTENTS = [{}, {"text": "hello"}, {"a": 1, "b": [True, None, {"c": "žluťoučký kůň"}]}, {"text": "x" * 119}, {"text": "x" * 200}, {"text": PROSE}]


def call(port, contents, together):
    """Sends messages, and returns the lengths of those sent and got."""
    messages = []
    for content in contents:
        messages.append(Struct())
        messages[-1].update(content)
    frames = [_VarintBytes(m.ByteSize()) + m.SerializeToString(deterministic=True) for m in messages]
    with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
        for part in [b"".join(frames)] if together else frames:
            s.sendall(part)
        s.shutdown(socket.SHUT_WR)
        stream = b"".join(iter(lambda: s.recv(1 << 16), b""))
    got, at = [], 0
    while at < len(stream):
        size, at = _DecodeVarint32(stream, at)
        got.append(Struct.FromString(stream[at:at + size]))
        at += size
    if len(got) != len(messages) + 1 or not all(set(m) <= set(answer) for m, answer in zip(messages, got)):
        raise RuntimeError(f"{got} answer {messages}")
    return [m.ByteSize() for m in messages], [m.ByteSize() for m in got]


def record(studio):
    server = go_program(studio, "protobuf")
    release = f"protodelim {go_version('google.golang.org/protobuf')}; protobuf for Python {google.protobuf.__version__}"
    for scenario, together in (("apart", False), ("together", True)):
        port = free_port()
        with serving(server, str(port), port=port), Proxy(port) as p:
            sent, got = call(p.port, CONTENTS, together)
        studio.save("protobuf", release, scenario, f"a server with protodelim; a client in Python that writes messages {scenario}", "varint", p.conversations[0], sent, got,
                    "the libraries of both sides")
