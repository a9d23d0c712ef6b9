"""Echo of lines. The fault: one client after the other."""

import socket

listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    conn, _ = listener.accept()
    try:
        with conn, conn.makefile("rb") as stream:
            for line in stream:
                conn.sendall(line)
    except OSError:
        pass
