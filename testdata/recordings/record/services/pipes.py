"""Programs that write messages to a pipe, with nobody to answer them."""

import os
import subprocess

from conversation import Conversation, pump
from studio import version

JSON = '[{"name":"žluť","list":[1,2,{"deep":[]}]},"text with \\"quotes\\" and ]",null,true,-1.5e3,[],{}]'


def record(studio):
    tree = studio.directory("tree")
    for i in range(40):
        with open(os.path.join(tree, f"file {i}\nžluť"), "w"):
            pass
    jq, find, printf = version("jq", "--version"), version("find", "--version"), version("bash", "--version").split(" (x86")[0]
    values = 7
    for scenario, release, framing, count, command, stdin in (
        ("jq-seq", jq, "jsonseq", values, ["jq", "--seq", ".[]"], "\x1e" + JSON + "\n"),
        ("jq-seq-compact", jq, "jsonseq", values, ["jq", "--seq", "-c", ".[]"], "\x1e" + JSON + "\n"),
        ("jq-pretty", jq, "json", values, ["jq", ".[]"], JSON),
        ("jq-joined", jq, "json", 3, ["jq", "-j", ".[0,5,6]"], JSON),
        ("jq-lines", jq, "line", values, ["jq", "-c", ".[]"], JSON),
        ("find", find, "nul", 41, ["find", ".", "-print0"], ""),
        ("crlf", printf, "crlf", 20, ["bash", "-c", "printf 'line %d\\r\\n' {1..20}"], ""),
    ):
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tree)
        child.stdin.write(stdin.encode())
        child.stdin.close()
        c = Conversation("stdio", "stdio")
        pump(c, lambda n: child.stdout.read1(n), lambda data: None, lambda: None, "server")
        child.wait()
        studio.save("pipes", release, scenario, " ".join(command) if scenario != "crlf" else "printf of bash", framing, c, 0, count, "the values that were printed")
