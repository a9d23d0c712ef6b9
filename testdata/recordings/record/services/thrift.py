"""Thrift: the framed transport, with code for Python that the thrift compiler wrote, at both ends."""

import os
import sys

from studio import Proxy, background, free_port, run, version, wait_port

INTERFACE = """
struct Greeting { 1: string text, 2: list<i32> numbers, 3: optional binary body }
exception Refused { 1: string reason }
service Greeter {
  Greeting greet(1: Greeting greeting) throws (1: Refused refused)
  oneway void forget(1: string text)
}
"""

PROGRAM = """
import sys
from thrift.protocol import TBinaryProtocol, TCompactProtocol
from thrift.server import TServer
from thrift.transport import TSocket, TTransport
from thrift.Thrift import TApplicationException
from recorded import Greeter
from recorded.ttypes import Greeting, Refused
role, port, protocol = sys.argv[1], int(sys.argv[2]), sys.argv[3]
protocols = {"binary": TBinaryProtocol.TBinaryProtocolFactory, "compact": TCompactProtocol.TCompactProtocolFactory}[protocol]()
class Handler:
    def greet(self, greeting):
        if not greeting.text:
            raise Refused("nobody to greet")
        return greeting
    def forget(self, text):
        pass
if role == "serve":
    TServer.TThreadedServer(Greeter.Processor(Handler()), TSocket.TServerSocket("127.0.0.1", port), TTransport.TFramedTransportFactory(), protocols, daemon=True).serve()
transport = TTransport.TFramedTransport(TSocket.TSocket("127.0.0.1", port))
c = Greeter.Client(protocols.getProtocol(transport))
transport.open()
for greeting in (Greeting("hello", []), Greeting("žluťoučký kůň", list(range(-100, 100))), Greeting("large", [], b"0123456789" * 1200)):
    assert c.greet(greeting) == greeting
c.forget("žluť")
c.forget("")
try:
    c.greet(Greeting("", []))
except Refused:
    pass
c.send_greet(Greeting("one", [1]))
c.send_greet(Greeting("two", [2]))
c.recv_greet()
c.recv_greet()
transport.close()
"""


def record(studio):
    interface, script = os.path.join(studio.work, "recorded.thrift"), os.path.join(studio.work, "program.py")
    for name, text in ((interface, INTERFACE), (script, PROGRAM)):
        with open(name, "w") as f:
            f.write(text)
    run("thrift", "--gen", "py", "-out", studio.work, interface)
    release = version("thrift", "-version")
    for protocol in ("binary", "compact"):
        port = free_port()
        with background(sys.executable, script, "serve", str(port), protocol):
            wait_port(port)
            with Proxy(port) as p:
                run(sys.executable, script, "call", str(p.port), protocol)
        studio.save("thrift", release, protocol, f"Thrift for Python, framed transport, {protocol} protocol: calls, two of them one way, one that fails", "thrift",
                    p.conversations[0], 8, 6, "the calls and their answers", dissector="thrift")
