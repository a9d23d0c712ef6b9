"""Echo behind a 4-byte length. The fault: after four small reads a frame is given up."""

import socketserver


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        data = b""
        while True:
            reads = 0
            while len(data) < 4 or len(data) < 4 + int.from_bytes(data[:4], "big"):
                if len(data) >= 4 and int.from_bytes(data[:4], "big") > 16 << 20:
                    return
                more = self.request.recv(1 << 20)
                if len(more) < 64:
                    reads += 1
                if not more or reads > 4:
                    return
                data += more
            size = int.from_bytes(data[:4], "big")
            self.request.sendall(data[:4 + size])
            data = data[4 + size:]


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


with Server(("127.0.0.1", 0), Handler) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
