"""Echo of lines. The fault: a line is at most 4096 bytes, and the rest is another."""

import socketserver


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        stream = self.request.makefile("rb")
        while line := stream.readline(4096):
            self.request.sendall(line.removesuffix(b"\n") + b"\n")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


with Server(("127.0.0.1", 0), Handler) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
