"""Stands in for the Python package bgpy, with the habits that docs/wire.md §e tells
of: 0.1 s of sleep behind every send and every receive, a receiver that takes the
length from its first recv and keeps no rest (two messages in one read hang it), a
confirmation of every message, one client at a time, pickle.loads of whatever
comes, and an end by exception where the real server ends so.

    bgpy.py serve TOKEN               prints its port; serves until EXIT
    bgpy.py call PORT TOKEN CALL...   CALL is init, exec ARGS, await ARGS or exit; ARGS is
                                      JSON. Prints the args of each answer as JSON
    bgpy.py read FILE                 prints the type and args of a pickle
    bgpy.py write PROTOCOL            writes an EXEC with a value of every kind

BGPY_ENUM=getattr pickles the enum as Python 3.11.2 does, BGPY_PROTOCOL=N chooses the
protocol of the pickles.
"""
import base64
import enum
import json
import os
import pickle
import socket
import sys
import time
import types

HEADER = 16
PAUSE = 0.1


class MessageType(enum.Enum):
    INIT = 0
    EXEC = 1
    EXIT = 2
    AUTH = 3
    OK = 4
    ERROR = 5

    def __reduce_ex__(self, protocol):
        if os.environ.get("BGPY_ENUM") == "getattr":
            return getattr, (MessageType, self.name)
        return MessageType, (self.value,)


class Message:
    __slots__ = "type", "args"

    def __init__(self, type, args):
        self.type = type
        self.args = args


def module(name, *members):
    m = sys.modules[name] = types.ModuleType(name)
    for member in members:
        member.__module__ = name
        setattr(m, member.__name__, member)


def init_task():
    return {"request_count": 0, "value": 1000}


def exec_task(sock, state, args):
    state["request_count"] += 1
    state["value"] += args.get("value_change", 0)
    if args.get("respond"):
        respond(sock, {"value": state["value"], "echo": args})
    return state


def exit_task(sock, state, args):
    state["status"] = "Exited."
    respond(sock, state)


for name in "bgpy", "bgpy.core", "bgpy.example":
    module(name)
module("bgpy.core.message", Message, MessageType)
module("bgpy.example.tasks", init_task, exec_task, exit_task)


def is_confirmation(m):
    return m.type is MessageType.OK and str(m.args.get("message")).startswith("Received '")


class Socket:
    def __init__(self, sock):
        self.sock = sock

    def put(self, m):
        body = base64.encodebytes(pickle.dumps(m, int(os.environ.get("BGPY_PROTOCOL", "4"))))
        self.sock.sendall(f"{len(body):<{HEADER}}".encode() + body)
        time.sleep(PAUSE)

    def get(self):
        """The next message, confirmed; None at the end of the stream."""
        data, length = b"", None
        while True:
            part = self.sock.recv(1024)
            if not part:
                return None
            data += part
            if length is None:
                length = int(part[:HEADER])
            if len(data) == HEADER + length:
                break
        m = pickle.loads(base64.decodebytes(data[HEADER:]))
        time.sleep(PAUSE)
        return m

    def recv(self):
        m = self.get()
        if m is not None and not is_confirmation(m):
            self.put(Message(MessageType.OK, {"message": f"Received '{m.type.name}'"}))
        return m

    def send(self, m):
        """Sends m and returns the confirmation."""
        self.put(m)
        return self.get()


def respond(sock, args, type=MessageType.OK):
    args["await_response"] = False
    sock.send(Message(type, args))


def serve_client(sock, token, state):
    """Returns True when the server is to end."""
    authenticated = False
    while True:
        m = sock.recv()
        if m is None:
            return False
        if m.type is MessageType.AUTH:
            authenticated = token in ("", m.args["token"])
            if authenticated:
                respond(sock, {"message": "Authentication successful."})
            else:
                respond(sock, {"message": "Invalid client authentication."}, MessageType.ERROR)
        elif not authenticated:
            continue
        elif m.type is MessageType.INIT:
            if "tasks" in state:
                respond(sock, {"message": "Already initialized."}, MessageType.ERROR)
                continue
            state["tasks"] = m.args["exec_task"], m.args["exit_task"]
            state["value"] = m.args["init_task"]()
            respond(sock, {"message": "Initialization successful."})
        elif "tasks" not in state:
            continue
        elif m.type is MessageType.EXEC:
            state["value"] = state["tasks"][0](sock, state["value"], m.args)
        elif m.type is MessageType.EXIT:
            state["tasks"][1](sock, state["value"], m.args)
            return True


def serve(token):
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    state, over = {}, False
    while not over:
        sock, _ = listener.accept()
        over = serve_client(Socket(sock), token, state)
        sock.shutdown(socket.SHUT_RDWR)  # raises after a reset
        sock.close()


def plain(value):
    return f"bytes {value.hex()}" if isinstance(value, bytes) else str(value)


def call(port, token, calls):
    for word, args in calls:
        with socket.create_connection(("127.0.0.1", port)) as raw:
            sock = Socket(raw)
            sock.send(Message(MessageType.AUTH, {"token": token or None, "await_response": True}))
            m = sock.recv()
            if m.type is MessageType.OK:
                if word == "init":
                    m = Message(MessageType.INIT, {"init_task": init_task, "exec_task": exec_task, "exit_task": exit_task})
                else:
                    m = Message(MessageType.EXIT if word == "exit" else MessageType.EXEC, args)
                m.args["await_response"] = word != "exec"
                awaits = m.args["await_response"]
                m = sock.send(m)
                if awaits:
                    m = sock.recv()
            raw.shutdown(socket.SHUT_WR)
            print(m.type.name, json.dumps(m.args, default=plain, ensure_ascii=False), flush=True)


def arguments(words):
    while words:
        word = words.pop(0)
        yield word, json.loads(words.pop(0)) if word in ("exec", "await") else {}


EVERY_KIND = {
    "none": None, "bool": True, "int": -1, "long": 2**70, "float": 1.5, "str": "žluťoučký kůň",
    "bytes": b"\x00\xff", "list": [1, [2]], "tuple": (1, (2, 3), ()), "dict": {"a": {}, 1: 2},
}

command, rest = sys.argv[1], sys.argv[2:]
if command == "serve":
    serve(rest[0])
elif command == "call":
    call(int(rest[0]), rest[1], arguments(rest[2:]))
elif command == "read":
    with open(rest[0], "rb") as file:
        m = pickle.loads(base64.decodebytes(file.read()))
    print(m.type.name, repr(m.args))
elif command == "write":
    shared = ["shared"]
    args = dict(EVERY_KIND, once=shared, twice=shared)
    sys.stdout.buffer.write(base64.encodebytes(pickle.dumps(Message(MessageType.EXEC, args), int(rest[0]))))
