"""RFC 6587: logger sends, with octet counting, to a listener that only reads."""

import socket
import threading

from studio import Proxy, run, version

LINES = "hello\nžluťoučký kůň\n" + "x" * 900 + "\n5 not a length\n"


def record(studio):
    release = version("logger", "--version")
    listener = socket.create_server(("127.0.0.1", 0))

    def read():
        while True:
            connection, _ = listener.accept()
            while connection.recv(1 << 16):
                pass
            connection.close()

    threading.Thread(target=read, daemon=True).start()
    for scenario, *options in (("rfc5424", "--rfc5424", "--sd-id", "test@1", "--sd-param", 'a="b"'), ("rfc3164", "--rfc3164", "-t", "tag")):
        with Proxy(listener.getsockname()[1]) as p:
            run("logger", "-n", "127.0.0.1", "-P", str(p.port), "-T", "--octet-count", *options, stdin=LINES, status=None)
        studio.save("syslog", release, scenario, f"logger -T --octet-count {' '.join(options)} <lines", "syslog", p.conversations[0],
                    len(LINES.splitlines()), 0, "the lines that were logged")
