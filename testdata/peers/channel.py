"""A peer with the observable habits of the original Channel (docs/wire.md, part a).

    channel.py serve              prints its port, echoes every message of one client
    channel.py serve-all          the same for any number of clients, each in a thread
    channel.py call PORT MSG...   sends each message, prints each reply as a line of hex

Its receiver is as careless as the original: the two lead bytes are not looked at,
the header line is read byte by byte and stripped, and a body is one recv().
"""

import socket
import sys
import threading


class Channel:
    def __init__(self, sock):
        self.sock = sock
        self.reading = threading.Lock()
        self.writing = threading.Lock()

    def send(self, body):
        with self.writing:
            self.sock.sendall(b"\r\nMSG %d\r\n%s" % (len(body), body))

    def recv(self):
        with self.reading:
            self.sock.recv(2)
            word, length = self.line().strip().split(b" ")
            assert word == b"MSG"
            return self.sock.recv(int(length)) if int(length) else b""

    def line(self):
        line = b""
        while not line.endswith(b"\n"):
            byte = self.sock.recv(1)
            if not byte:
                raise RuntimeError("Socket was closed while reading line")
            line += byte
        return line


def serve(all_clients):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(listener.getsockname()[1], flush=True)
    while all_clients:
        threading.Thread(target=echo, args=[Channel(listener.accept()[0])], daemon=True).start()
    try:
        echo(Channel(listener.accept()[0]))
    except RuntimeError as end:
        print(end, flush=True)


def echo(channel):
    while True:
        channel.send(channel.recv())


def call(port, messages):
    channel = Channel(socket.create_connection(("127.0.0.1", port)))
    for message in messages:
        channel.send(message.encode())
        print(channel.recv().hex(), flush=True)


if sys.argv[1].startswith("serve"):
    serve(sys.argv[1] == "serve-all")
else:
    call(int(sys.argv[2]), sys.argv[3:])
