"""Echo behind a 4-byte length. The fault: the length is one recv."""

import socketserver


class Handler(socketserver.BaseRequestHandler):
    def exactly(self, n):
        data = b""
        while len(data) < n:
            more = self.request.recv(min(n - len(data), 65536))
            if not more:
                return None
            data += more
        return data

    def handle(self):
        while True:
            head = self.request.recv(4)
            if len(head) != 4:
                return
            size = int.from_bytes(head, "big")
            if size > 16 << 20:
                return
            body = self.exactly(size)
            if body is None:
                return
            self.request.sendall(head + body)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


with Server(("127.0.0.1", 0), Handler) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
