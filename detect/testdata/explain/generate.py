#!/usr/bin/env python3
"""Makes the corpus of broken streams for the tests of explain.

    python3 generate.py            writes synthetic.jsonl, clean.jsonl and threads.jsonl
    python3 generate.py --record   also runs real programs and writes programs.jsonl

It shares no code with the codecs: it writes frames with struct and str.format,
and the byte where a plain reader sticks comes from the small readers below. A line
of the output is one stream:

    name, class    for people and for the table of scores
    framing, from  as which it is read, and who sent it ("", "client", "server")
    data           the stream, base64
    program        what made it, with its version; only of real programs
    cause, offset, at, messages   what is to be said of it; no cause: it is clean
"""
import base64, json, os, random, re, select, shutil, socket, struct, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
MAX = 16 << 20


# ---- readers: (frames, start, at) of the first broken frame, or None

def read_fixed(width, order, at=0, skip=0, adjust=0, incl=False, tail=0):
    def read(b):
        pos = n = 0
        while pos < len(b):
            if len(b) < pos + at + width:
                return n, pos, len(b)
            value = int.from_bytes(b[pos + at:pos + at + width], order)
            head = at + width + skip
            body = value - head - tail if incl else value + adjust
            if body < 0 or body > MAX:
                return n, pos, pos + at
            if len(b) < pos + head + body + tail:
                return n, pos, len(b)
            pos += head + body + tail
            n += 1
        return None
    return read


def read_msg(b):
    pos = n = 0
    while pos < len(b):
        i, word = pos, b"\r\nMSG "
        for c in word:
            if i == len(b):
                return n, pos, i
            if b[i] != c:
                return n, pos, i
            i += 1
        digits = i
        while i < len(b) and 48 <= b[i] <= 57:
            if i - digits == 9:
                return n, pos, i
            if i > digits and b[digits] == 48:
                return n, pos, digits
            i += 1
        if i == len(b):
            return n, pos, i
        if i == digits or b[i] != 13:
            return n, pos, i
        if i + 1 == len(b):
            return n, pos, i + 1
        if b[i + 1] != 10:
            return n, pos, i + 1
        size = int(b[digits:i])
        if size > MAX:
            return n, pos, digits
        if len(b) < i + 2 + size:
            return n, pos, len(b)
        pos = i + 2 + size
        n += 1
    return None


def read_lsp(b):
    token = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]*")
    pos = n = 0
    while pos < len(b):
        i, size, line = pos, None, pos
        while True:
            m = token.match(b, i)
            i = m.end()
            if i == len(b):
                return n, pos, i
            if m.start() == i and b[i] == 13:
                if i + 1 == len(b):
                    return n, pos, i + 1
                if b[i + 1] != 10:
                    return n, pos, i + 1
                if size is None:
                    return n, pos, m.start()
                i += 2
                break
            if m.start() == i or b[i] != 58:
                return n, pos, i
            name = m.group().lower()
            start = i + 1
            while i < len(b) and b[i] not in (10, 13):
                i += 1
            if i == len(b):
                return n, pos, i
            if b[i] == 10:
                return n, pos, i
            if i + 1 == len(b) or b[i + 1] != 10:
                return n, pos, i + 1
            if name == b"content-length":
                digits = b[start:i].strip(b" \t")
                at = start + (len(b[start:i]) - len(b[start:i].lstrip(b" \t")))
                for k, c in enumerate(digits):
                    if not 48 <= c <= 57:
                        return n, pos, at + k
                if not digits:
                    return n, pos, at
                size = int(digits)
                if size > 999999999:
                    return n, pos, at
                length_at = at
            i += 2
        if size > MAX:
            return n, pos, length_at
        if len(b) < i + size:
            return n, pos, len(b)
        pos = i + size
        n += 1
    return None


def read_digits(after, tail):
    def read(b):
        pos = n = 0
        while pos < len(b):
            i = pos
            while i < len(b) and b[i] != after:
                c = b[i]
                if not 48 <= c <= 57:
                    return n, pos, i
                if after == 32 and i == pos and c == 48:
                    return n, pos, pos
                if i > pos and b[pos] == 48:
                    return n, pos, pos
                if i - pos == 9:
                    return n, pos, i
                i += 1
            if i == len(b):
                return n, pos, i
            if i == pos:
                return n, pos, pos
            size = int(b[pos:i])
            if size > MAX:
                return n, pos, pos
            end = i + 1 + size
            if len(b) < end + len(tail):
                return n, pos, len(b)
            if b[end:end + len(tail)] != tail:
                return n, pos, end
            pos = end + len(tail)
            n += 1
        return None
    return read


def read_bgpy(b):
    pos = n = 0
    while pos < len(b):
        blank = False
        for i in range(pos, min(len(b), pos + 16)):
            c = b[i]
            if c == 32 and i > pos:
                blank = True
            elif not 48 <= c <= 57 or blank:
                return n, pos, i
            elif i > pos and b[pos] == 48:
                return n, pos, pos
        if len(b) < pos + 16:
            return n, pos, len(b)
        size = int(b[pos:pos + 16])
        if size > MAX:
            return n, pos, pos
        if len(b) < pos + 16 + size:
            return n, pos, len(b)
        pos += 16 + size
        n += 1
    return None


def read_fastdaemon(b):
    pos = n = 0
    while pos < len(b):
        end = pos
        for _ in range(2):
            if len(b) < end + 4:
                return n, pos, len(b)
            size = int.from_bytes(b[end:end + 4], "big")
            if size > MAX:
                return n, pos, pos
            end += 4 + size
        if len(b) < end:
            return n, pos, len(b)
        pos = end
        n += 1
    return None


def read_line(b):
    return None


FRAMINGS = {
    "u8": (read_fixed(1, "big"), lambda n, b: struct.pack(">B", n) + b, 1),
    "u16be": (read_fixed(2, "big"), lambda n, b: struct.pack(">H", n) + b, 2),
    "u16le": (read_fixed(2, "little"), lambda n, b: struct.pack("<H", n) + b, 2),
    "u32be": (read_fixed(4, "big"), lambda n, b: struct.pack(">I", n) + b, 4),
    "u32le": (read_fixed(4, "little"), lambda n, b: struct.pack("<I", n) + b, 4),
    "u64be": (read_fixed(8, "big"), lambda n, b: struct.pack(">Q", n) + b, 8),
    "u64le": (read_fixed(8, "little"), lambda n, b: struct.pack("<Q", n) + b, 8),
    "kafka": (read_fixed(4, "big"), lambda n, b: struct.pack(">I", n) + b, 4),
    "nativemessaging": (read_fixed(4, "little"), lambda n, b: struct.pack("<I", n) + b, 4),
    "grpc": (read_fixed(4, "big", at=1), lambda n, b: struct.pack(">BI", 0, n) + b, 5),
    "mysql": (read_fixed(3, "little", skip=1), lambda n, b: struct.pack("<I", n)[:3] + b"\0" + b, 4),
    "modbus": (read_fixed(2, "big", at=4), lambda n, b: struct.pack(">HHH", 7, 0, n) + b, 6),
    "u32be,incl": (read_fixed(4, "big", incl=True), lambda n, b: struct.pack(">I", n + 4) + b, 4),
    "u16be,at=2,incl": (read_fixed(2, "big", at=2, incl=True), lambda n, b: struct.pack(">HH", 0xCAFE, n + 4) + b, 4),
    "msg": (read_msg, lambda n, b: b"\r\nMSG %d\r\n" % n + b, None),
    "lsp": (read_lsp, lambda n, b: b"Content-Length: %d\r\n\r\n" % n + b, None),
    "netstring": (read_digits(58, b","), lambda n, b: b"%d:" % n + b + b",", None),
    "syslog": (read_digits(32, b""), lambda n, b: b"%d " % n + b, None),
    "bgpy": (read_bgpy, lambda n, b: (b"%d" % n).ljust(16) + b, 16),
    "fastdaemon": (read_fastdaemon, None, 4),
}

ENTRIES = []


def add(name, cls, framing, data, cause="", offset=0, messages=0, at=None, program="", side="", out=None):
    """Takes in one stream; what a plain reader says of it is worked out here."""
    if at is None:
        base = FRAMINGS.get(framing)
        stuck = base[0](data) if base else None
        if cause not in ("", "width") and stuck is None and framing != "line":
            raise SystemExit(f"{name}: {data!r} is clean to a plain reader of {framing}")
        if not cause and stuck is not None:
            raise SystemExit(f"{name}: the stream is broken at {stuck}")
        if stuck:
            at = stuck[2]
        else:
            at = offset if cause else len(data)
    e = {"name": name, "class": cls, "framing": framing, "data": base64.b64encode(data).decode()}
    if side:
        e["from"] = side
    if program:
        e["program"] = program
    if cause:
        e.update(cause=cause, offset=offset, at=at, messages=messages)
    (ENTRIES if out is None else out).append(e)


def write(name, entries):
    with open(os.path.join(HERE, name), "w") as f:
        for e in entries:
            f.write(json.dumps(e, ensure_ascii=False) + "\n")
    print(name, len(entries))


# ---- synthetic streams

WORDS = "alpha bravo initialize shutdown textDocument completion the quick brown fox cursor état naïve".split()


def ascii_json(r, i):
    return json.dumps({"jsonrpc": "2.0", "id": i, "method": r.choice(WORDS[:8]), "params": {"n": r.randrange(10 ** r.randrange(1, 9))}}).encode()


def text_json(r, i, extra):
    return json.dumps({"jsonrpc": "2.0", "id": i, "text": r.choice(WORDS[:8]) + " " + extra}, ensure_ascii=False)


def binary(r, i):
    return bytes(r.randrange(256) for _ in range(r.randrange(5, 120)))


def plain(r, i):
    return " ".join(r.choice(WORDS[:11]) for _ in range(r.randrange(2, 14))).encode()


def frames(framing, bodies, claims=None):
    enc = FRAMINGS[framing][1]
    parts = [enc(len(b) if claims is None else claims[i], b) for i, b in enumerate(bodies)]
    starts = [0]
    for p in parts:
        starts.append(starts[-1] + len(p))
    return parts, starts


def synthetic():
    r = random.Random(20261122)
    main = ["u16be", "u32be", "u32le", "u64be", "kafka", "nativemessaging", "grpc", "u32be,incl", "msg", "lsp", "netstring", "syslog", "bgpy"]
    bodies_of = lambda f, n: [r.choice([ascii_json, plain])(r, i) if f == "syslog" else r.choice([ascii_json, plain, binary])(r, i) for i in range(n)] if f != "x" else []
    for f in main:
        n = r.randrange(4, 14)
        g = r.randrange(0, n - 2)
        # characters counted
        bodies, claims = [], []
        for i in range(n):
            t = text_json(r, i, r.choice(["naïve café", "жук", "日本語", "—“quoted”—"]) if i == g or i > g and r.random() < 0.4 else "plain")
            bodies.append(t.encode())
            claims.append(len(t))
        parts, starts = frames(f, bodies, claims)
        add(f"chars {f}", "chars-not-bytes", f, b"".join(parts), "chars-not-bytes", starts[g], g)
        # UTF-16 units counted
        bodies, claims = [], []
        for i in range(n):
            t = text_json(r, i, "😀 ok 👍" if i == g else "plain")
            bodies.append(t.encode())
            claims.append(len(t.encode("utf-16-le")) // 2)
        parts, starts = frames(f, bodies, claims)
        add(f"utf16 {f}", "chars-not-bytes", f, b"".join(parts), "chars-not-bytes", starts[g], g)
        # foreign line
        bodies = bodies_of(f, n)
        parts, starts = frames(f, bodies)
        line = r.choice([b"Server listening on port 8080\n", b"DEBUG:root:request handled in 12 ms\n", b"(node:4242) Warning: deprecated\r\n", b"[2026-11-22 05:00:00] INFO worker ready\n"])
        add(f"log {f}", "foreign-bytes", f, b"".join(parts[:g]) + line + b"".join(parts[g:]), "foreign-bytes", starts[g], g)
        # cut off
        bodies = bodies_of(f, n)
        parts, starts = frames(f, bodies)
        whole = b"".join(parts)
        cut = r.randrange(starts[n - 1] + len(parts[-1]) // 3 + 1, len(whole) - 4)
        add(f"cut {f}", "truncated", f, whole[:cut], "truncated", starts[n - 1], n - 1)
        # body missing bytes
        bodies = bodies_of(f, n)
        bodies[g] = bytes(r.randrange(32, 127) for _ in range(120))
        parts, starts = frames(f, bodies)
        parts[g] = parts[g][:len(parts[g]) - 70 - r.randrange(0, 20) - (1 if f == "netstring" else 0)]
        add(f"short {f}", "short-read", f, b"".join(parts), "short-read", starts[g], g)
        # off by one and two, every frame and one
        for d in (1, -1, 2, -2):
            bodies = [ascii_json(r, i) if d % 2 else plain(r, i) + b"." * 3 for i in range(n)]
            parts, starts = frames(f, bodies, [len(b) + d for b in bodies])
            if d in (1, -2):
                add(f"off {d:+} {f}", "off-by-N every frame", f, b"".join(parts), f"off-by-{abs(d)}", 0, 0)
            parts, starts = frames(f, bodies, [len(b) + (d if i == g else 0) for i, b in enumerate(bodies)])
            if d in (-1, 2):
                add(f"off {d:+} at {g} {f}", "off-by-N one frame", f, b"".join(parts), f"off-by-{abs(d)}", starts[g], g)
        # the newline of println not counted
        bodies = [ascii_json(r, i) + b"\n" for i in range(n)]
        parts, starts = frames(f, bodies, [len(b) - 1 for b in bodies])
        add(f"newline {f}", "off-by-N every frame", f, b"".join(parts), "off-by-1", 0, 0)
        # another protocol in the middle
        bodies = bodies_of(f, n)
        parts, starts = frames(f, bodies)
        hello = b"\x16\x03\x01\x01\x10\x01\x00\x01\x0c\x03\x03" + bytes(r.randrange(256) for _ in range(200))
        add(f"tls at {g} {f}", "wrong-protocol", f, b"".join(parts[:g]) + hello, "wrong-protocol", starts[g], g)
        head = FRAMINGS[f][2]
        if head and head > 1 and "incl" not in f and f not in ("bgpy", "grpc"):
            bodies = [ascii_json(r, i) for i in range(n)]
            parts, starts = frames(f, bodies)
            parts = [p[:head][::-1] + p[head:] for p in parts]
            add(f"order {f}", "byte-order", f, b"".join(parts), "byte-order", 0, 0)
        if head and "incl" not in f:
            bodies = [ascii_json(r, i) for i in range(n)]
            parts, starts = frames(f, bodies, [len(b) + head for b in bodies])
            add(f"counted {f}", "header-counted", f, b"".join(parts), "header-counted", 0, 0)
        if "incl" in f:
            bodies = [ascii_json(r, i) for i in range(n)]
            parts, starts = frames(f, bodies, [len(b) - 4 for b in bodies])
            add(f"not counted {f}", "header-not-counted", f, b"".join(parts), "header-not-counted", 0, 0)
        if f in ("msg", "lsp"):
            bodies = [ascii_json(r, i) for i in range(n)]
            parts, starts = frames(f, bodies)
            add(f"lf {f}", "line-ending", f, b"".join(p.replace(b"\r\n", b"\n") for p in parts), "line-ending", 0, 0)
            add(f"lf from {g} {f}", "line-ending", f, b"".join(p.replace(b"\r\n", b"\n") if i >= g else p for i, p in enumerate(parts)), "line-ending", starts[g], g)
            add(f"crcrlf {f}", "line-ending", f, b"".join(p.replace(b"\n", b"\r\n") for p in parts), "line-ending", 0, 0)
        if f in ("msg", "lsp", "netstring", "syslog", "bgpy"):
            bodies = [ascii_json(r, i) for i in range(n)]
            for bad in (b"0x2a", b"-7", b"4,2"):
                parts, starts = frames(f, bodies)
                parts[g] = re.sub(rb"[0-9]+", bad, parts[g], count=1)
                if f == "bgpy":
                    parts[g] = bad.ljust(16) + bodies[g]
                add(f"digits {bad.decode()} {f}", "bad-digits", f, b"".join(parts), "bad-digits", starts[g], g)
            parts, starts = frames(f, bodies, [900_000_000 if i == g else len(b) for i, b in enumerate(bodies)])
            add(f"huge {f}", "too-large", f, b"".join(parts), "too-large", starts[g], g)
    for f, wide in (("u16be", "u32be"), ("u32be", "u16be"), ("u32le", "u64le"), ("u64le", "u32le"), ("u32be", "u64be")):
        bodies = [ascii_json(r, i) for i in range(9)]
        parts, _ = frames(wide, bodies)
        add(f"width {wide} as {f}", "width", f, b"".join(parts), "width", 0, 0)
    # one byte of length overflowed
    bodies = [plain(r, i) for i in range(4)] + [b"v" * 300] + [plain(r, i) for i in range(12)]
    parts, starts = frames("u16be", bodies)
    for f, made in (("u32be", "lsp"), ("u32be", "netstring"), ("lsp", "u32be"), ("msg", "netstring"), ("netstring", "msg"), ("u32le", "msg"), ("msg", "lsp"), ("kafka", "lsp"), ("bgpy", "lsp"), ("msg", "u32be")):
        bodies = [ascii_json(r, i) for i in range(7)]
        parts, _ = frames(made, bodies)
        add(f"{made} as {f}", "wrong-framing", f, b"".join(parts), "wrong-framing", 0, 0)
    for f in ("u32be", "lsp", "msg", "netstring", "nativemessaging"):
        add(f"json lines as {f}", "wrong-framing", f, b"".join(ascii_json(r, i) + b"\n" for i in range(6)), "wrong-framing", 0, 0)
    # bodies of lines
    def lines(n):
        return [ascii_json(r, i) + b"\n" for i in range(n)]
    for i, junk in enumerate([b"Server started\n", b"WARN deprecated option --foo\n", b"Traceback (most recent call last):\n", b"undefined\n", b"42 tests passed\n"]):
        ls = lines(8)
        g = 1 + i
        add(f"line log {i}", "foreign-bytes", "line", b"".join(ls[:g]) + junk + b"".join(ls[g:]), "foreign-bytes", sum(map(len, ls[:g])), g)
    for i in range(4):
        ls = lines(6)
        g = i + 1
        pretty = json.dumps({"id": i, "list": [1, 2, {"x": None}], "s": "a b"}, indent=2 + i).encode() + b"\n"
        add(f"line pretty {i}", "pretty-json", "line", b"".join(ls[:g]) + pretty + b"".join(ls[g:]), "pretty-json", sum(map(len, ls[:g])), g)
    for i in range(4):
        ls = lines(7)
        g = i
        at = sum(map(len, ls[:g])) + len(ls[g]) - 1
        ls[g] = ls[g][:-1]
        add(f"line two values {i}", "missing-separator", "line", b"".join(ls), "missing-separator", sum(map(len, ls[:g])), g, at=at)


def clean(out):
    r = random.Random(7)
    for f in FRAMINGS:
        if FRAMINGS[f][1] is None:
            continue
        for kind in (ascii_json, plain, binary):
            bodies = [kind(r, i) for i in range(r.randrange(1, 20))]
            if f == "u8":
                bodies = [b[:255] for b in bodies]
            parts, _ = frames(f, bodies)
            add(f"clean {kind.__name__} {f}", "clean", f, b"".join(parts), out=out)
    for i in range(6):
        add(f"clean json lines {i}", "clean", "line", b"".join(ascii_json(r, k) + b"\n" for k in range(i + 1)), out=out)
        add(f"clean text lines {i}", "clean", "line", b"".join(plain(r, k) + b"\n" for k in range(i + 1)), out=out)
    add("clean mixed lines", "clean", "line", b"OK\n{\"a\":1}\nERR x\n[2]\nplain\n{\"b\":2}\nmore\n", out=out)
    add("clean log of JSON and text", "clean", "line", b"".join((plain(r, k) if k % 2 else ascii_json(r, k)) + b"\n" for k in range(12)), out=out)
    add("clean empty", "clean", "msg", b"", out=out)
    add("clean blank lines", "clean", "line", b"\n\n{\"a\":1}\n\n{\"b\":2}\n", out=out)


if __name__ == "__main__":
    synthetic()
    write("synthetic.jsonl", ENTRIES)
    ok = []
    clean(ok)
    write("clean.jsonl", ok)
