"""Echo of netstrings, one loop for all clients. The fault: that the comma stands there is taken for granted."""

import selectors
import socket


def first(buffer):
    """The first frame of the buffer, None while it is incomplete, empty if it is none."""
    digits, colon, _ = buffer[:12].partition(b":")
    if not colon:
        return b"" if len(buffer) > 9 or not (digits + b"0").isdigit() else None
    if not digits.isdigit() or int(digits) > 16 << 20:
        return b""
    end = len(digits) + 1 + int(digits)
    if len(buffer) <= end:
        return None
    assert buffer[end:end + 1] == b","
    return buffer[:end + 1]


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
