"""dlv dap, with a client in Python; the server logs every message."""

import json
import os
import socket
import subprocess

from studio import Proxy, free_port, run, until

PROGRAM = """package main

import "fmt"

func double(n int) int {
	m := 2 * n
	return m
}

func main() {
	for i := range 3 {
		fmt.Println("žluť", double(i))
	}
}
"""


class Client:
    """Speaks DAP, and waits for each answer."""

    def __init__(self, port):
        self.stream = socket.create_connection(("127.0.0.1", port), timeout=20).makefile("rwb")
        self.sent, self.got = 0, []

    def send(self, command, **arguments):
        self.sent += 1
        body = json.dumps({"seq": self.sent, "type": "request", "command": command, "arguments": arguments}, ensure_ascii=False).encode()
        self.stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.stream.flush()

    def receive(self):
        length = None
        while (line := self.stream.readline()) not in (b"\r\n", b""):
            length = int(line.split(b":")[1])
        if length is None:
            return None
        self.got.append(json.loads(self.stream.read(length)))
        return self.got[-1]

    def wait(self, **keys):
        while not (m := self.receive()) is None:
            if all(m.get(k) == v for k, v in keys.items()):
                return m
        raise RuntimeError(f"no {keys}")

    def ask(self, command, **arguments):
        self.send(command, **arguments)
        return self.wait(type="response", command=command)

    def leave(self):
        self.send("disconnect", terminateDebuggee=True)
        while self.receive() is not None:
            pass


def begin(c, program, **launch):
    c.ask("initialize", clientID="recorder", adapterID="go", linesStartAt1=True, supportsVariableType=True)
    c.send("launch", request="launch", mode="exec", program=program, **launch)
    c.wait(event="initialized")


def breakpoint(c, program, source):
    begin(c, program)
    c.ask("setBreakpoints", source={"path": source}, breakpoints=[{"line": 7, "condition": "m == 4"}])
    c.ask("configurationDone")
    stopped = c.wait(event="stopped")
    thread = stopped["body"]["threadId"]
    c.ask("threads")
    frame = c.ask("stackTrace", threadId=thread)["body"]["stackFrames"][0]["id"]
    scope = c.ask("scopes", frameId=frame)["body"]["scopes"][0]["variablesReference"]
    c.ask("variables", variablesReference=scope)
    c.ask("evaluate", expression="m * 2", frameId=frame)
    c.ask("evaluate", expression="nonsense", frameId=frame)
    c.ask("continue", threadId=thread)
    c.wait(event="terminated")


def step(c, program, source):
    begin(c, program)
    c.ask("setFunctionBreakpoints", breakpoints=[{"name": "main.double"}])
    c.ask("configurationDone")
    thread = c.wait(event="stopped")["body"]["threadId"]
    for verb in ("next", "stepOut", "next"):
        c.ask(verb, threadId=thread)
        c.wait(event="stopped")
        c.ask("stackTrace", threadId=thread)


def refused(c, program, source):
    c.ask("initialize", adapterID="go")
    c.send("launch", request="launch", mode="exec", program="/no/such/program")
    c.wait(type="response", command="launch")
    c.ask("stepBack", threadId=1)


def record(studio):
    source = os.path.join(studio.directory("program"), "main.go")
    with open(source, "w") as f:
        f.write(PROGRAM)
    program = source[:-3]
    run("go", "build", "-gcflags=all=-N -l", "-o", program, source, env={**os.environ, "GOFLAGS": "", "GO111MODULE": "off"})
    release = "dlv " + run("dlv", "version").decode().split("Version: ")[1].split()[0]
    for scenario in (breakpoint, step, refused):
        port = free_port()
        log = os.path.join(studio.work, scenario.__name__ + ".log")
        # dlv serves one connection: it must not see one that only tries the port.
        with open(log, "wb") as sink:
            child = subprocess.Popen(["dlv", "dap", f"--listen=127.0.0.1:{port}", "--log", "--log-output=dap"], stdout=sink, stderr=sink, cwd=studio.work)
        try:
            until(lambda: b"listening at" in open(log, "rb").read())
            with Proxy(port) as p:
                c = Client(p.port)
                scenario(c, program, source)
                c.leave()
                c.stream.close()
            child.wait(20)
        finally:
            child.kill()
        with open(log, "rb") as f:
            text = f.read()
        studio.save("dap", release, scenario.__name__, f"dlv dap --listen --log --log-output=dap; a client in Python: {scenario.__name__}", "dap",
                    p.conversations[0], text.count(b"[<- from client]"), text.count(b"[-> to client]"), "the server's log of messages")
