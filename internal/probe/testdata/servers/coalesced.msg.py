"""Echo over MSG. The fault: what came behind a message in the same recv is lost."""

import socketserver


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        while True:
            data = b""
            while True:
                more = self.request.recv(65536)
                if not more:
                    return
                data += more
                end = data.find(b"\r\n", 2)
                if end < 0:
                    if len(data) > 40:
                        return
                    continue
                if not data.startswith(b"\r\nMSG ") or not data[6:end].isdigit() or int(data[6:end]) > 16 << 20:
                    return
                size = int(data[6:end])
                if len(data) >= end + 2 + size:
                    break
            body = data[end + 2:end + 2 + size]
            self.request.sendall(b"\r\nMSG %d\r\n%s" % (len(body), body))


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


with Server(("127.0.0.1", 0), Handler) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
