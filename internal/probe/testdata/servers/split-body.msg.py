"""Echo over MSG. The fault: a body is one recv."""

import socketserver


class Handler(socketserver.BaseRequestHandler):
    def header(self):
        line = b""
        while not line.endswith(b"\r\n") or len(line) < 4:
            byte = self.request.recv(1)
            if not byte or len(line) > 40:
                return None
            line += byte
        word, _, digits = line[2:-2].partition(b" ")
        if line[:2] != b"\r\n" or word != b"MSG" or not digits.isdigit() or int(digits) > 16 << 20:
            return None
        return int(digits)

    def handle(self):
        while (size := self.header()) is not None:
            body = self.request.recv(size) if size else b""
            self.request.sendall(b"\r\nMSG %d\r\n%s" % (len(body), body))


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


with Server(("127.0.0.1", 0), Handler) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
