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
    # u32be read as u16be decodes: each upper half is an empty message. It is in clean().
    for f, wide in (("u16le", "u32le"), ("u32be", "u16be"), ("u32le", "u64le"), ("u64le", "u32le"), ("u64be", "u32be")):
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
    for f in ("u8", "u16be", "u32be"):
        parts, _ = frames(f, [b"" if k % 2 == 0 else plain(r, k) for k in range(24)])
        add(f"clean every other message empty {f}", "clean", f, b"".join(parts), out=out)
    add("clean blank lines", "clean", "line", b"\n\n{\"a\":1}\n\n{\"b\":2}\n", out=out)


def read_magic(magic, width, order="big"):
    inner = read_fixed(width, order, at=len(magic))

    def read(b):
        pos = n = 0
        while pos < len(b):
            for k, c in enumerate(magic):
                if pos + k == len(b):
                    return n, pos, len(b)
                if b[pos + k] != c:
                    return n, pos, pos + k
            got = inner(b[pos:])
            if got and got[0] == 0:
                return n, pos, pos + got[2]
            pos += len(magic) + width + int.from_bytes(b[pos + len(magic):pos + len(magic) + width], order)
            n += 1
        return None
    return read


FRAMINGS["u64be,magic=1ec503"] = (read_magic(b"\x1e\xc5\x03", 8), None, 11)
FRAMINGS["u8,magic=4452454600"] = (read_magic(b"DREF\0", 1), None, 6)
FRAMINGS["netty=0:4:0:4"] = (read_fixed(4, "big"), None, 4)
FRAMINGS["tls"] = (read_fixed(2, "big", at=3), None, 5)

HELLO10 = bytes.fromhex("16030100f1010000ed0303") + bytes(range(7, 238)) + bytes(4)
HELLO12 = bytes.fromhex("16030300f1010000ed0303") + bytes(range(9, 240)) + bytes(4)


def threads(out):
    """Faults that public threads tell of, rebuilt as the bytes that their readers met."""
    t = lambda name, framing, data, cause, offset=0, messages=0, at=None, side="": add(
        name, "public threads", framing, data, cause, offset, messages, at, side=side, out=out)
    t("apache/pulsar#3832: length 369295620", "netty=0:4:0:4", HELLO10, "wrong-protocol")
    t("ffay/lanproxy#12: length 369296132", "netty=0:4:0:4", HELLO12, "wrong-protocol")
    t("fullstorydev/grpcurl#29: record of length 20527", "tls", b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n400 Bad Request", "wrong-protocol", side="server")
    iso = [b"0800" + b"8220000000000000" + b"0400000000000000" + b"%06d" % i * 5 + b"301" for i in range(4)]
    t("kpavlov/jreactive-8583#78: length 12346", "u16be", b"".join(b"%04d" % len(m) + m for m in iso), "bad-digits")
    blocks = [bytes((i * 37 + k * k) % 251 for k in range(200 + 40 * i)) for i in range(6)]
    parts = [b"\x1e\xc5\x03" + struct.pack(">Q", len(b)) + b for b in blocks]
    parts[2] = parts[2][:120]
    t("mimblewimble/grin#1648: a header where a length should be", "u64be,magic=1ec503", b"".join(parts), "short-read", len(parts[0]) + len(parts[1]), 2)
    bodies = [json.dumps({"jsonrpc": "2.0", "id": i, "result": ["x" * i]}).encode() for i in range(5)]
    t("lite-xl/lite-xl-lsp#100: CR LF CR LF behind each body", "lsp", b"".join(b"Content-Length: %d\r\n\r\n" % len(b) + b + b"\r\n\r\n" for b in bodies), "off-by-4")
    t("modelcontextprotocol/python-sdk#2546: lines where headers are read", "lsp", b"".join(b + b"\n" for b in bodies), "wrong-framing")
    t("modelcontextprotocol/python-sdk#2546: headers where lines are read", "line", b"".join(b"Content-Length: %d\r\n\r\n" % len(b) + b for b in bodies), "wrong-framing")
    drefs = [b"sim/cockpit2/gauges/" + b"x" * n for n in (10, 60, 30, 280, 41, 12, 77)]
    parts = [b"DREF\0" + bytes([len(d) % 256]) + d for d in drefs]
    t("nasa/XPlaneConnect#45: a byte of length overflowed", "u8,magic=4452454600", b"".join(parts), "width", sum(map(len, parts[:3])), 3)
    texts = ["plain", "(λ (x) x)", "naïve", "plain"]
    parts = [b"Content-Length: %d\r\n\r\n" % len(x) + x.encode() for x in (json.dumps({"text": y}, ensure_ascii=False) for y in texts)]
    t("jeapostrophe/racket-langserver#76: string-length of λ", "lsp", b"".join(parts), "chars-not-bytes", len(parts[0]), 1)
    one, two = b'{"evt":"btn","name":"My Button","state":"on"}', b'{"evt":"btn","name":"My Button","state":"off"}'
    t("LordVonAdel/os2l#9: two objects in one read", "line", one + b"\n" + one + two + b"\n" + two + b"\n" + one + b"\n", "missing-separator", len(one) + 1, 1, at=2 * len(one) + 1)
    t("agentic-hil/agentic-hil#458: indented JSON", "line", one + b"\n" + json.dumps({"ok": True, "data": {"pin": 4}}, indent=2).encode() + b"\n" + two + b"\n", "pretty-json", len(one) + 1, 1)
    t("yosider/cosense-mcp-server#17: console.log on stdout", "line", bodies[0] + b"\n" + b"cosense server running on stdio\n" + b"".join(b + b"\n" for b in bodies[1:]), "foreign-bytes", len(bodies[0]) + 1, 1)
    t("wazuh/wazuh#170: the length in the other byte order", "u32le", b"".join(struct.pack(">I", len(b)) + b for b in bodies), "byte-order")
    t("berlin-open-wireless-lab/DAWN#93: the size_t of the host", "u32le", b"".join(struct.pack("<Q", len(b)) + b for b in bodies), "width")
    t("palantir/python-language-server#53: CR CR LF on Windows", "lsp", b"".join(b"Content-Length: %d\r\r\n\r\r\n" % len(b) + b for b in bodies), "line-ending")
    t("carllerche/tokio-serde-json#17: netcat on a length-prefixed port", "u32be", b'{"hello":"world"}\n{"again":1}\n', "wrong-framing")


# ---- real programs

def run(argv, stdin=b"", env=None):
    p = subprocess.run(argv, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20, env=env and {**os.environ, **env})
    return p.stdout


def version(argv):
    p = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20)
    return p.stdout.decode(errors="replace").strip().splitlines()[0]


def said_to_port(argv, most=1 << 16, wait=1.5):
    """What a client sends first to a port on which nobody answers."""
    l = socket.create_server(("127.0.0.1", 0))
    port = l.getsockname()[1]
    p = subprocess.Popen([a.replace("PORT", str(port)) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        l.settimeout(10)
        c, _ = l.accept()
        c.settimeout(wait)
        got = b""
        try:
            while len(got) < most:
                b = c.recv(65536)
                if not b:
                    break
                got += b
        except socket.timeout:
            pass
        c.close()
        return got
    finally:
        p.kill()
        p.wait()
        l.close()


def answered(argv, say, wait=1.0):
    """What a server that listens on a port of our choice answers to say."""
    with socket.create_server(("127.0.0.1", 0)) as l:
        port = l.getsockname()[1]
    p = subprocess.Popen([a.replace("PORT", str(port)) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                c = socket.create_connection(("127.0.0.1", port), timeout=1)
                break
            except OSError:
                time.sleep(0.05)
        c.settimeout(wait)
        got = b""
        if say:
            c.sendall(say)
        try:
            while True:
                b = c.recv(65536)
                if not b:
                    break
                got += b
        except socket.timeout:
            pass
        c.close()
        return got
    finally:
        p.kill()
        p.wait()


TEXTS = ["hello", "naïve café", "plain ascii", "smörgåsbord", "日本語テキスト", "last one"]

PY_FRAMED = """
import json, struct, sys
out = sys.stdout.buffer
for i, t in enumerate(%r):
    body = json.dumps({"id": i, "text": t}, ensure_ascii=False)
    %s
"""
NODE_FRAMED = """
%s.forEach((t, i) => {
  const body = JSON.stringify({id: i, text: t});
  %s
});
"""


def capture(name):
    """The two streams of a recording of a real peer in testdata/captures of the project."""
    for root in (os.environ.get("CAPTURES", ""), os.path.join(HERE, "captures")):
        path = os.path.join(root, name + ".json")
        if root and os.path.exists(path):
            j = json.load(open(path))
            sides = {"c2s": b"", "s2c": b""}
            for c in j["chunks"]:
                if c.get("conn", 0) == 0:
                    sides[c["dir"]] += bytes.fromhex(c["hex"])
            v = j.get("version")
            return sides, j["system"] + " " + (v if isinstance(v, str) else json.dumps(v)), j
    raise SystemExit(f"no recording {name}")


def programs(out):
    py, node = "Python " + sys.version.split()[0], "node " + version(["node", "--version"])
    p = lambda name, framing, data, cause, offset=0, messages=0, program="", at=None, side="", cls=None: add(
        name, cls or "programs: " + (re.sub(r"\d+", "N", cause) or "clean"), framing, data, cause, offset, messages, at, program, side, out)

    # other protocols that met a framing
    talk = {}
    if shutil.which("openssl"):
        v = version(["openssl", "version"])
        talk["openssl s_client"] = (said_to_port(["openssl", "s_client", "-connect", "127.0.0.1:PORT"]), v)
        talk["openssl s_client 1.2"] = (said_to_port(["openssl", "s_client", "-tls1_2", "-connect", "127.0.0.1:PORT"]), v)
    if shutil.which("curl"):
        v = " ".join(version(["curl", "--version"]).split()[:2])
        talk["curl GET"] = (said_to_port(["curl", "-s", "http://127.0.0.1:PORT/health"]), v)
        talk["curl POST"] = (said_to_port(["curl", "-s", "-d", '{"a":1}', "http://127.0.0.1:PORT/rpc"]), v)
        talk["curl --http2-prior-knowledge"] = (said_to_port(["curl", "-s", "--http2-prior-knowledge", "http://127.0.0.1:PORT/"]), v)
        talk["curl https"] = (said_to_port(["curl", "-sk", "https://127.0.0.1:PORT/"]), v)
        talk["curl --haproxy-protocol"] = (said_to_port(["curl", "-s", "--haproxy-protocol", "http://127.0.0.1:PORT/"]), v)
    if shutil.which("ssh"):
        talk["ssh"] = (said_to_port(["ssh", "-p", "PORT", "-o", "StrictHostKeyChecking=no", "127.0.0.1"]), version(["ssh", "-V"]))
    talk["gzip"] = (run(["gzip", "-c"], b"some text to be compressed " * 20), version(["gzip", "--version"]))
    talk["python http.server"] = (answered([sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "PORT"], b"GET /none HTTP/1.0\r\n\r\n"), py)
    for i, (who, (data, v)) in enumerate(sorted(talk.items())):
        if not data:
            continue
        for f in ("u32be", "msg", "lsp") + (("netstring",) if i % 2 else ("u16be",)):
            base = FRAMINGS[f][0](data)
            if base is None:
                continue
            p(f"{who} on a port of {f}", f, data, "wrong-protocol", program=v, side="server" if "server" in who else "client")
    # other framings of the table
    if shutil.which("redis-server"):
        data = answered(["redis-server", "--port", "PORT", "--save", ""], b"PING\r\nINFO clients\r\nLRANGE x 0 1\r\nECHO hi\r\n")
        v = version(["redis-server", "--version"])
        for f in ("u32be", "msg"):
            p(f"redis-server read as {f}", f, data, "wrong-framing", program=v, side="server")
    ndjson = run(["jq", "-nc", "range(6) | {jsonrpc: \"2.0\", id: ., method: \"m\\(.)\"}"])
    jq = version(["jq", "--version"])
    for f in ("u32be", "lsp", "msg", "netstring"):
        p(f"jq -c read as {f}", f, ndjson, "wrong-framing", program=jq)
    seq = run(["jq", "--seq", "-nc", "range(5) | {id: .}"])
    p("jq --seq read as msg", "msg", seq, "wrong-framing", program=jq)

    # characters counted, by programs that do so
    writers = [
        ("u32be", "out.write(struct.pack('>I', len(body)) + body.encode())"),
        ("u16be", "out.write(struct.pack('>H', len(body)) + body.encode())"),
        ("nativemessaging", "out.write(struct.pack('<I', len(body)) + body.encode())"),
        ("lsp", "out.write(('Content-Length: %d\\r\\n\\r\\n%s' % (len(body), body)).encode())"),
        ("netstring", "out.write(('%d:%s,' % (len(body), body)).encode())"),
        ("msg", "out.write(('\\r\\nMSG %d\\r\\n%s' % (len(body), body)).encode())"),
        ("syslog", "out.write(('%d %s' % (len(body), body)).encode())"),
        ("bgpy", "out.write(('%-16d%s' % (len(body), body)).encode())"),
    ]
    def first(f):
        body = json.dumps({"id": 0, "text": TEXTS[0]}, ensure_ascii=False).encode()
        return len(FRAMINGS[f][1](len(body), body))
    for f, w in writers:
        data = run([sys.executable, "-c", PY_FRAMED % (TEXTS, w)])
        p(f"len(str) in {f}", f, data, "chars-not-bytes", first(f), 1, py)
    compact = len(json.dumps({"id": 0, "text": TEXTS[0]}, separators=(",", ":")))
    for f, w, n in [
        ("lsp", "process.stdout.write(`Content-Length: ${body.length}\\r\\n\\r\\n${body}`)", 0),
        ("netstring", "process.stdout.write(`${body.length}:${body},`)", 0),
        ("u32be", "const h = Buffer.alloc(4); h.writeUInt32BE(body.length); process.stdout.write(h); process.stdout.write(body)", 0),
        ("nativemessaging", "const h = Buffer.alloc(4); h.writeUInt32LE(body.length); process.stdout.write(h); process.stdout.write(body)", 0),
    ]:
        data = run(["node", "-e", NODE_FRAMED % (json.dumps(TEXTS), w)])
        p(f"body.length in {f}", f, data, "chars-not-bytes", len(FRAMINGS[f][1](compact, b"x" * compact)), 1, node)

    # lines: logs and indentation on a stream of JSON
    mcp = """
import json, sys
def say(v): print(json.dumps(v%s), flush=True)
say({"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": "2025-06-18"}})
say({"jsonrpc": "2.0", "id": 2, "result": {"tools": []}})
%s
say({"jsonrpc": "2.0", "id": 3, "result": {"content": [{"type": "text", "text": "ok"}]}})
say({"jsonrpc": "2.0", "id": 4, "result": {}})
"""
    for name, extra, cause, sep in [
        ("print in a stdio server", "print('Loading tools...')", "foreign-bytes", ""),
        ("logging to stdout", "import logging; logging.basicConfig(stream=sys.stdout, level=10); logging.info('ready')", "foreign-bytes", ""),
        ("traceback.print_exc(file=stdout)", "import traceback\ntry: 1/0\nexcept Exception: traceback.print_exc(limit=0, file=sys.stdout)", "foreign-bytes", ""),
        ("print of a dict", "print({'a': 1})", "foreign-bytes", ""),
        ("json.dump(indent=2)", "json.dump({'id': 9, 'result': {'a': [1, 2]}}, sys.stdout, indent=2); print()", "pretty-json", ""),
        ("json.dump without newline", "json.dump({'id': 9, 'result': None}, sys.stdout)", "missing-separator", ""),
    ]:
        data = run([sys.executable, "-c", mcp % (sep, extra)])
        lines = data.split(b"\n")
        offset = len(lines[0]) + len(lines[1]) + 2
        at = offset + len(b'{"id": 9, "result": null}') if cause == "missing-separator" else offset
        p(f"{name}, read as lines", "line", data, cause, offset, 2, py, at=at)
    data = run(["node", "-e", "console.log(JSON.stringify({id:1}));console.log(JSON.stringify({id:2}));console.log('listening on', 3000);console.log(JSON.stringify({id:3}));console.log(JSON.stringify({id:4}))"])
    p("console.log in a stdio server, read as lines", "line", data, "foreign-bytes", data.index(b"listening"), 2, node)
    data = run(["jq", "-n", "range(3) | {id: ., name: \"n\"}"])
    p("jq without -c, read as lines", "line", data, "pretty-json", 0, 0, jq)
    data = run([sys.executable, "-c", PY_FRAMED % (["one", "two", "three", "four"], "sys.stdout.write('Content-Length: %d\\n\\n%s' % (len(body), body))")])
    p("text mode headers, LF", "lsp", data, "line-ending", 0, 0, py)
    data = run([sys.executable, "-c", "import sys; sys.stdout.reconfigure(newline='\\r\\n')\n" + PY_FRAMED % (["one", "two", "three"], "sys.stdout.write('Content-Length: %d\\r\\n\\r\\n%s' % (len(body), body))")])
    p("text mode headers, CR CR LF", "lsp", data, "line-ending", 0, 0, py)
    data = run([sys.executable, "-c", "print('starting')\nimport sys; sys.stdout.flush()\n" + PY_FRAMED % (["one", "two", "three"], "out.write(('Content-Length: %d\\r\\n\\r\\n%s' % (len(body), body)).encode())")])
    p("print before Content-Length", "lsp", data, "foreign-bytes", 0, 0, py)

    # seed systems: recordings of the real peers, and what faulty writers make of them
    for name in ("fastdaemon_nonascii_request_decode_error", "fastdaemon_nonascii_request_hang"):
        sides, v, _ = capture(name)
        p(name, "fastdaemon", sides["c2s"], "chars-not-bytes", 0, 0, v, side="client")
    for name, framing in (("gist_pipelined", "msg"), ("gist_hello", "msg"), ("bgpy_coalesced_hang", "bgpy"), ("bgpy_split_header", "bgpy"), ("bgpy_exec_await", "bgpy"), ("fastdaemon_ascii", "fastdaemon"), ("fastdaemon_split", "fastdaemon"), ("gist_split_body_shortread", "msg")):
        sides, v, _ = capture(name)
        for d, side in (("c2s", "client"), ("s2c", "server")):
            if sides[d]:
                p(f"{name} {d}", framing, sides[d], "", program=v, side=side)
    # One recv(length) for a message: what its reader takes the next bytes for.
    sides, v, j = capture("gist_split_body_shortread")
    split = bytes.fromhex(j["chunks"][0]["hex"])
    follow = b"".join(b"\r\nMSG %d\r\n" % len(x) + x for x in (b"next", b"and one more"))
    p("gist_split_body_shortread: relayed after one recv", "msg", split + follow, "short-read", 0, 0, v, side="client")
    rest = bytes.fromhex(j["chunks"][2]["hex"])
    p("gist_split_body_shortread: what the reader meets next", "msg", rest + follow, "foreign-bytes", 0, 0, v, side="client")
    sides, v, _ = capture("bgpy_exec_await")
    s2c = sides["s2c"]
    size = int(s2c[:16])

    p("bgpy_exec_await: cut in the second message", "bgpy", s2c[:16 + size + 40], "truncated", 16 + size, 1, v, side="server")
    sides, v, _ = capture("gist_pipelined")
    c2s = sides["c2s"]
    p("gist_pipelined through a text-mode relay", "msg", c2s.replace(b"\r\n", b"\n"), "line-ending", 0, 0, v, side="client")
    p("gist_pipelined with a line of a log before it", "msg", b"client connected\n" + c2s, "foreign-bytes", 0, 0, v, side="client")


if __name__ == "__main__":
    synthetic()
    write("synthetic.jsonl", ENTRIES)
    ok = []
    clean(ok)
    write("clean.jsonl", ok)
    rebuilt = []
    threads(rebuilt)
    write("threads.jsonl", rebuilt)
    if "--record" in sys.argv:
        recorded = []
        programs(recorded)
        write("programs.jsonl", recorded)
