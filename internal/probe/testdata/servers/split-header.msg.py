"""Echo over MSG. The fault: the header is expected in one recv."""

import socketserver


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        rest = b""
        while True:
            data = rest or self.request.recv(64)
            if not data:
                return
            end = data.find(b"\r\n", 2)
            if not data.startswith(b"\r\nMSG ") or end < 0 or not data[6:end].isdigit():
                return
            size, body = int(data[6:end]), data[end + 2:]
            if size > 16 << 20:
                return
            while len(body) < size:
                more = self.request.recv(65536)
                if not more:
                    return
                body += more
            body, rest = body[:size], body[size:]
            self.request.sendall(b"\r\nMSG %d\r\n%s" % (len(body), body))


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


with Server(("127.0.0.1", 0), Handler) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
