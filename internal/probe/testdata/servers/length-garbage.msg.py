"""Echo over MSG, one loop for all clients. The fault: a length that is no number is an exception which ends the loop."""

import selectors
import socket


def first(buffer):
    """The first frame of the buffer, None while it is incomplete, empty if it is none."""
    end = buffer.find(b"\r\n", 2)
    if end < 0:
        return b"" if len(buffer) > 40 or not buffer.startswith(b"\r\nMSG "[:len(buffer)]) else None
    if not buffer.startswith(b"\r\nMSG "):
        return b""
    size = int(buffer[6:end])
    if size < 0:
        return b""
    if size > 16 << 20:
        return b""
    return buffer[:end + 2 + size] if len(buffer) >= end + 2 + size else None


def answer(frame):
    return frame


def ended(buffer):
    pass


selector = selectors.DefaultSelector()
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
selector.register(listener, selectors.EVENT_READ)
buffers = {}


def leave(conn):
    selector.unregister(conn)
    del buffers[conn]
    conn.close()


while True:
    for key, _ in selector.select():
        if key.fileobj is listener:
            conn, _ = listener.accept()
            buffers[conn] = b""
            selector.register(conn, selectors.EVENT_READ)
            continue
        conn = key.fileobj
        try:
            data = conn.recv(65536)
        except OSError:
            data = b""
        if not data:
            ended(buffers[conn])
            leave(conn)
            continue
        buffers[conn] += data
        while (frame := first(buffers[conn])) is not None:
            if not frame:
                leave(conn)
                break
            buffers[conn] = buffers[conn][len(frame):]
            try:
                conn.sendall(answer(frame))
            except OSError:
                leave(conn)
                break
