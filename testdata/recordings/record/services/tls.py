"""TLS between openssl's server and client: only the records are of interest."""

import os
from subprocess import DEVNULL

from studio import Proxy, background, free_port, run, version, wait_port


def record(studio):
    key, certificate = (os.path.join(studio.work, name) for name in ("key.pem", "certificate.pem"))
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate, "-days", "1", "-subj", "/CN=localhost",
        stderr=DEVNULL)
    release = version("openssl", "version")
    for scenario, client, text in (
        ("v13", ["-tls1_3"], "hello\n"),
        ("v12", ["-tls1_2"], "hello\n"),
        ("large", ["-tls1_3"], "0123456789" * 3000 + "\n"),
        ("refused", ["-tls1_3", "-verify_return_error"], ""),
    ):
        port = free_port()
        with background("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-key", key, "-cert", certificate, "-rev", "-quiet", stderr=DEVNULL):
            wait_port(port)
            with Proxy(port) as p:
                run("openssl", "s_client", "-connect", f"127.0.0.1:{p.port}", "-servername", "localhost", "-quiet", "-no_ign_eof", *client, stdin=text, status=None, stderr=DEVNULL)
        studio.save("tls", release, scenario, f"openssl s_server -rev; openssl s_client {' '.join(client)} <text", "tls", p.conversations[0], dissector="tls")
