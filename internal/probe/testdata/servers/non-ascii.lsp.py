"""Echo of a language server's framing. The fault: Content-Length counts characters."""

import socketserver


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        stream = self.request.makefile("rb")
        while True:
            size = None
            while (line := stream.readline(4096)) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length" and value.strip().isdigit():
                    size = int(value)
            if size is None or size > 16 << 20:
                return
            body = stream.read(size)
            if len(body) < size:
                return
            text = body.decode("utf-8", "surrogateescape")
            self.request.sendall(f"Content-Length: {len(text)}\r\n\r\n".encode() + body)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


with Server(("127.0.0.1", 0), Handler) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
