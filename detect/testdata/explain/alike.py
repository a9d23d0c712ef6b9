#!/usr/bin/env python3
"""Makes alike.jsonl: faults in framings in which nearly every byte can begin a frame.

    python3 alike.py

With a length of one byte a reader seldom sticks where the fault is, and may stick nowhere
near it: what frames have in common tells. The form of a line is that of generate.py, whose
plain readers say where decoding sticks.
"""
import base64, json, random, struct

from generate import read_bgpy, read_digits, read_fixed, read_lsp, read_msg, write, add as add_entry

R = random.Random(20261201)
OUT = []


def varint(n):
    out = b""
    while n >= 128:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def read_varint(b):
    pos = n = 0
    while pos < len(b):
        size, i = 0, pos
        while True:
            if i == len(b):
                return n, pos, len(b)
            size |= (b[i] & 127) << 7 * (i - pos)
            i += 1
            if b[i - 1] < 128:
                break
            if i - pos == 10:
                return n, pos, i - 1
        if size > 16 << 20:
            return n, pos, pos
        if i + size > len(b):
            return n, pos, len(b)
        pos = i + size
        n += 1
    return None


def read_magic(magic, width, tail=0):
    plain = read_fixed(width, "big", at=len(magic), tail=tail)

    def read(b):
        stuck = plain(b)
        pos = n = 0
        while pos < len(b) and (stuck is None or n < stuck[0]):
            for i, c in enumerate(magic):
                if pos + i < len(b) and b[pos + i] != c:
                    return n, pos, pos + i
            pos += len(magic) + width + int.from_bytes(b[pos + len(magic):pos + len(magic) + width], "big") + tail
            n += 1
        if stuck:
            for i, c in enumerate(magic):
                if stuck[1] + i < len(b) and b[stuck[1] + i] != c:
                    return stuck[0], stuck[1], stuck[1] + i
        return stuck
    return read


# spelling: head of a body of n bytes, what stands behind it, a plain reader
WIRES = {
    "u8": (lambda n: bytes([n]), b"", read_fixed(1, "big")),
    "u8,at=2": (lambda n: b"\x10\x01" + bytes([n]), b"", read_fixed(1, "big", at=2)),
    "u8,skip=1": (lambda n: bytes([n, 0x81]), b"", read_fixed(1, "big", skip=1)),
    "u8,incl": (lambda n: bytes([n + 1]), b"", read_fixed(1, "big", incl=True)),
    "u8,magic=7e": (lambda n: bytes([0x7e, n]), b"", read_magic(b"\x7e", 1)),
    "varint": (varint, b"", read_varint),
    "u16be": (lambda n: struct.pack(">H", n), b"", read_fixed(2, "big")),
    "u32be": (lambda n: struct.pack(">I", n), b"", read_fixed(4, "big")),
    "u32le": (lambda n: struct.pack("<I", n), b"", read_fixed(4, "little")),
}


class Sensor:
    """What a device reports: bodies of several kinds, of which each stream has one."""

    def __init__(self):
        self.n = R.randrange(500)

    def json(self):
        self.n += 1
        return json.dumps({"seq": self.n, "unit": R.choice(["pump", "valve", "fan"]), "v": R.randrange(10 ** R.randrange(1, 5)) / 10}).encode()

    def telemetry(self):
        self.n += 1
        return struct.pack("<HBB", self.n, 3, 0) + b"".join(struct.pack("<h", R.randrange(150, 260)) for _ in range(R.randrange(4, 24)))

    def record(self):
        self.n += 1
        return struct.pack(">BBHId", 0xA5, 1, 0, self.n, R.random())

    def value(self):
        name = R.choice([b"pump", b"valve", b"fan"])
        self.n += 1
        return b"\x08" + varint(self.n) + b"\x12" + bytes([len(name)]) + name + b"\x19" + struct.pack("<d", R.random())


def bodies(kind, n):
    s = Sensor()
    return [getattr(s, kind)() for _ in range(n)]


def frame(wire, body, n=None):
    head, tail, _ = WIRES[wire]
    return head(len(body) if n is None else n) + body + tail


def add(name, cls, wire, data, cause, offset, messages):
    stuck = WIRES[wire][2](data)
    if stuck is None:
        return  # the last frame ends with the stream by chance: nothing is broken
    add_entry(f"{wire}, {name}", cls, wire, data, cause, offset, messages, stuck[2], out=OUT)


LOGS = [b"[info] client 10.0.0.7 connected\n", b"WARN retrying in 5 s\n", b"Listening on port 8080\n", b"worker 3 started\n"]


def foreign():
    for wire in WIRES:
        for kind in ("json", "telemetry", "record", "value"):
            parts = [frame(wire, b) for b in bodies(kind, R.choice([12, 30]))]
            log = R.choice(LOGS)
            for g, where in ((0, "start"), (len(parts) // 2, "middle"), (len(parts), "end")):
                if R.random() < 0.5:
                    continue
                start = sum(map(len, parts[:g]))
                add(f"{kind}, a log line at the {where}", "foreign in a weak framing", wire, b"".join(parts[:g]) + log + b"".join(parts[g:]), "foreign-bytes", start, g)


def inside():
    for wire in WIRES:
        for kind in ("json", "telemetry"):
            parts = [frame(wire, b) for b in bodies(kind, 20)]
            g, log = R.randrange(3, 16), R.choice(LOGS)
            cut = len(parts[g]) - R.randrange(4, 14)
            start = sum(map(len, parts[:g]))
            parts[g] = parts[g][:cut] + log + parts[g][cut:]
            add(f"{kind}, a log line inside a body", "foreign inside a body", wire, b"".join(parts), "foreign-bytes", start, g)


def others():
    for wire in ("u8", "u8,at=2", "u8,skip=1", "varint", "u16be"):
        for kind in ("json", "record"):
            parts = [frame(wire, b) for b in bodies(kind, 16)]
            g = R.randrange(4, 15)
            start = sum(map(len, parts[:g]))
            hello = b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + R.randbytes(194)
            for name, text in (("TLS", hello), ("an HTTP answer", b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy")):
                add(f"{kind}, {name} in the middle", "another protocol", wire, b"".join(parts[:g]) + text, "wrong-protocol", start, g)


def lengths():
    for wire in ("u8", "u8,at=2", "varint", "u16be"):
        for kind in ("json", "value"):
            bs = bodies(kind, 18)
            g = R.randrange(2, 15)
            start = sum(len(frame(wire, b)) for b in bs[:g])
            cut = len(frame(wire, bs[g])) - len(bs[g]) + len(bs[g]) // 3
            parts = [frame(wire, b) for b in bs]
            parts[g] = parts[g][:cut]
            add(f"{kind}, a body cut short", "cut short", wire, b"".join(parts), "short-read", start, g)
            for d, end in ((1, b"\n"), (2, b"\r\n"), (1, b"\0")):
                data = b"".join(frame(wire, b + end, len(b)) for b in bs)
                add(f"{kind}, {end!r} behind each body", "endings", wire, data, f"off-by-{d}", 0, 0)
    for wire, wide in (("u8", "<H"), ("u8", "<I"), ("u8,magic=7e", "<H")):
        for kind in ("json", "telemetry"):
            head = WIRES[wire][0](0)[:-1]
            data = b"".join(head + struct.pack(wide, len(b)) + b for b in bodies(kind, 15))
            add(f"{kind}, a length of {struct.calcsize(wide)} bytes", "wider", wire, data, "width", 0, 0)
    for wire, kind in (("u8,incl", "json"), ("u8,incl", "telemetry")):
        data = b"".join(bytes([len(b)]) + b for b in bodies(kind, 15))
        add(f"{kind}, a head that is not counted", "head not counted", wire, data, "header-not-counted", 0, 0)
    for wire in ("u32be", "u32le"):
        for kind in ("json", "telemetry", "value"):
            bs = bodies(kind, 14)
            g = R.randrange(1, 12)
            parts = [frame(wire, b) for b in bs]
            start = sum(map(len, parts[:g]))
            parts[g] = frame(wire, bs[g], R.choice([20_000_000, 100_000_000]))
            add(f"{kind}, a length that is much too large", "too large", wire, b"".join(parts), "too-large", start, g)


def radix():
    """Lengths in hexadecimal: the first that decimal reads otherwise is guilty."""
    for framing, write_frame, read in (
        ("netstring", lambda d, b: d + b":" + b + b",", read_digits(58, b",")),
        ("syslog", lambda d, b: d + b" " + b, read_digits(32, b"")),
        ("msg", lambda d, b: b"\r\nMSG " + d + b"\r\n" + b, read_msg),
        ("lsp", lambda d, b: b"Content-Length: " + d + b"\r\n\r\n" + b, read_lsp),
        ("bgpy", lambda d, b: d.ljust(16) + b, read_bgpy),
    ):
        for kind in ("json", "value"):
            bs = [base64.b64encode(b) if framing == "bgpy" else b for b in bodies(kind, 12)]
            parts = [write_frame(b"%x" % len(b), b) for b in bs]
            g = next(i for i, b in enumerate(bs) if b"%x" % len(b) != b"%d" % len(b))
            data = b"".join(parts)
            add_entry(f"{framing}, {kind}, lengths in hexadecimal", "hexadecimal", framing, data, "bad-digits", sum(map(len, parts[:g])), g, read(data)[2], out=OUT)


if __name__ == "__main__":
    foreign()
    inside()
    others()
    lengths()
    radix()
    write("alike.jsonl", OUT)
