"""What the recordings of all services have in common: programs, files, the index."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from conversation import Proxy


class Studio:
    """Writes recordings below a directory, and the index of them."""

    def __init__(self, out):
        self.out = out
        self.index = []
        self.conversations = {}  # by file
        self.work = tempfile.mkdtemp(prefix="recording-")
        os.chmod(self.work, 0o755)  # for servers that give up root

    def close(self):
        shutil.rmtree(self.work, ignore_errors=True)

    def directory(self, name):
        path = os.path.join(self.work, name)
        os.makedirs(path, exist_ok=True)
        return path

    def save(self, service, version, scenario, command, framing, conversation, client=None, server=None, counted=None, dissector=None, part=None):
        """Keeps a conversation. client and server are the messages of each side, or a
        list of their lengths, as counted says; without them tshark's dissector counts."""
        name = f"{service}/{scenario}.jsonl"
        os.makedirs(os.path.join(self.out, service), exist_ok=True)
        conversation.save(os.path.join(self.out, name), framing)
        entry = {"file": name, "service": service, "version": version, "command": command, "framing": framing}
        if part:
            entry["part"] = part
        if dissector:
            entry["dissector"] = dissector
        for side, n in (("client", client), ("server", server)):
            entry[side] = {"bytes": len(conversation.bytes[side])}
            if isinstance(n, list):
                entry[side].update(messages=len(n), lengths=n)
            elif n is not None:
                entry[side]["messages"] = n
        if counted:
            entry["counted"] = counted
        self.index.append(entry)
        self.conversations[name] = conversation
        print(f"{name}: {entry['client']} {entry['server']}", file=sys.stderr)

    def write_index(self):
        path = os.path.join(self.out, "index.json")
        kept = []
        made = {e["service"] for e in self.index}
        if os.path.exists(path):
            with open(path) as f:
                kept = [e for e in json.load(f) if e["service"] not in made]
        with open(path, "w") as f:
            entries = sorted(kept + self.index, key=lambda e: e["file"])
            f.write("[\n" + ",\n".join(json.dumps(e, ensure_ascii=False) for e in entries) + "\n]\n")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def version(*command):
    """The first line with a digit that command prints."""
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    return next(line.strip() for line in out.splitlines() if re.search(r"\d", line))


def package(name):
    """The version of a package for Node, of those that NODE_PATH has."""
    with open(os.path.join(os.environ.get("NODE_PATH", "node_modules"), name, "package.json")) as f:
        return json.load(f)["version"]


PROGRAMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")


def go_program(studio, name):
    """Builds one of the programs in Go that recordings need, and returns its path."""
    path = os.path.join(studio.work, name)
    run("go", "build", "-C", PROGRAMS, "-o", path, "./" + name, timeout=600)
    return path


def go_version(module):
    """The version of a module that those programs are built with."""
    return run("go", "list", "-C", PROGRAMS, "-m", "-f", "{{.Version}}", module).decode().strip()


def run(*command, stdin="", env=None, status=0, cwd=None, timeout=60, stderr=None):
    """Runs command to its end and returns its stdout."""
    data = stdin if isinstance(stdin, bytes) else stdin.encode()
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=stderr, env=env, cwd=cwd, timeout=timeout)
    if status is not None and done.returncode != status:
        raise RuntimeError(f"{command}: exit status {done.returncode}: {done.stdout[-500:]!r}")
    return done.stdout


@contextlib.contextmanager
def serving(*command, port, log=os.devnull, env=None, cwd=None, user=None):
    """Runs a server until the block ends. It stands when port is open."""
    with open(log, "wb") as sink:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env=env, cwd=cwd, user=user)
    try:
        wait_port(port, child)
        yield child
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def wait_port(port, child=None, patience=60):
    deadline = time.monotonic() + patience
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > deadline or child and child.poll() is not None:
                raise RuntimeError(f"nobody listens on port {port}") from None
            time.sleep(0.05)


@contextlib.contextmanager
def background(*command, **options):
    """Runs a program beside the block, and ends it with the block."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
    try:
        yield child
    finally:
        if child.poll() is None:
            child.terminate()
        child.wait(10)


def until(condition, patience=20):
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError("waited in vain")
        time.sleep(0.02)


__all__ = ["Proxy", "Studio", "background", "free_port", "go_program", "go_version", "package", "run", "serving", "until", "version", "wait_port"]
