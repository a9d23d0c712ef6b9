"""Echo behind a 4-byte length, one loop for all clients. The fault: a body that is cut off stops everything."""

import selectors
import socket


def first(buffer):
    """The first frame of the buffer, None while it is incomplete, empty if it is none."""
    if len(buffer) < 4:
        return None
    size = int.from_bytes(buffer[:4], "big")
    if size > 16 << 20:
        return b""
    return buffer[:4 + size] if len(buffer) >= 4 + size else None


def answer(frame):
    return frame


def ended(buffer):
    if len(buffer) >= 4:
        missing = int.from_bytes(buffer[:4], "big") - len(buffer) + 4
        assert missing == 0, f"{missing} bytes are missing"


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
