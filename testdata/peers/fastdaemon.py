"""Stands in for the Python package fastdaemon, with the habits that docs/wire.md
§b tells of: lengths that count characters where it sends and bytes where it
receives, an argv that is empty or begins with the name of the function, two empty
strings for a command that raises, no half-close, and a client that prints the two
strings and returns 0.

    fastdaemon.py serve                     prints its port; serves until stdin ends
    fastdaemon.py call PORT STDIN [ARG...]  prints stdout and stderr as JSON
    fastdaemon.py call PATH STDIN [ARG...]  the same over a Unix socket
"""
import json
import socket
import struct
import sys
import threading


def send_record(sock, strings):
    for s in strings:
        sock.sendall(struct.pack("!L", len(s)) + s.encode())


def recv_string(file):
    (size,) = struct.unpack("!L", file.read(4))
    return struct.unpack(f"{size}s", file.read(size))[0].decode()


def recv_record(file):
    return [recv_string(file) for _ in range(2)]


def command(stdin, argv):
    """What the server of the recordings ran."""
    if argv[1:] == ["raise"]:
        raise ValueError("boom")
    return stdin + "|" + ",".join(argv[1:]), f"argc={len(argv)}"


def answer(sock):
    with sock, sock.makefile("rb") as file:
        try:
            stdin, args = recv_record(file)
        except (struct.error, UnicodeDecodeError) as err:
            print(type(err).__name__, file=sys.stderr)
            return
        try:
            reply = command(stdin, ["main"] + args.split(" ") if args else [])
        except ValueError:
            reply = "", ""
        send_record(sock, reply)


def serve():
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)

    def accept():
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=answer, args=(sock,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


def call(where, stdin, args):
    if where.isdigit():
        sock = socket.create_connection(("127.0.0.1", int(where)))
    else:
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(where)
    with sock, sock.makefile("rb") as file:
        send_record(sock, [stdin, " ".join(args)])
        print(json.dumps(recv_record(file)))


if sys.argv[1] == "serve":
    serve()
else:
    call(sys.argv[2], sys.argv[3], sys.argv[4:])
