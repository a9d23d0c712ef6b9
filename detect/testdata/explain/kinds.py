#!/usr/bin/env python3
"""Makes kinds.jsonl: faults in framings, and kinds of faults, that generate.py leaves out.

    python3 kinds.py

The byte where a plain reader sticks is worked out by hand for each, from the rules of the
framing. The form of a line is that of generate.py.
"""
import binascii, json, random, struct, zlib

from generate import ascii_json, binary, plain, write, add as add_entry

R = random.Random(20261123)
OUT = []


def add(name, cls, framing, data, cause, offset, messages, at, side=""):
    add_entry(name, cls, framing, data, cause, offset, messages, at, side=side, out=OUT)


ENCODERS = {
    "resp": (lambda b, n: b"$%s\r\n" % n + b + b"\r\n", "server"),
    "nats": (lambda b, n: b"MSG news 1 %s\r\n" % n + b + b"\r\n", "server"),
    "memcached": (lambda b, n: b"set key 0 60 %s\r\n" % n + b + b"\r\n", "client"),
    "chunked": (lambda b, n: n + b"\r\n" + b + b"\r\n", ""),
    "netstring": (lambda b, n: n + b":" + b + b",", ""),
    "stomp": (lambda b, n: b"SEND\ndestination:/q\ncontent-length:%s\n\n" % n + b + b"\0", "client"),
    "u32be": (lambda b, n: struct.pack(">I", len(b)) + b, ""),
    "u16be": (lambda b, n: struct.pack(">H", len(b)) + b, ""),
    "lsp": (lambda b, n: b"Content-Length: %s\r\n\r\n" % n + b, ""),
    "msg": (lambda b, n: b"\r\nMSG %s\r\n" % n + b, ""),
}


def digits(framing, n):
    return b"%x" % n if framing == "chunked" else b"%d" % n


def encode(framing, body):
    return ENCODERS[framing][0](body, digits(framing, len(body)))


def bodies(n, kind=ascii_json):
    return [kind(R, i) for i in range(n)]


def put(parts, g, frame):
    """The stream with another frame g, and where that begins."""
    return b"".join(parts[:g]) + frame + b"".join(parts[g + 1:]), sum(map(len, parts[:g]))


def numbers():
    # What stands where the number belongs, and the byte of it that is none.
    for framing, word, bad in (
        ("resp", b"%d.0", None), ("resp", b"-5", 1), ("resp", b"0x10", 1), ("nats", b"-7", 0), ("nats", b"0x2a", 1), ("nats", b"%dB", None),
        ("memcached", b"-7", 0), ("memcached", b"+%d", 0), ("memcached", b"abc", 0), ("chunked", b"0x%d", 1), ("netstring", b"+%d", 0),
        ("netstring", b"%d.0", None), ("lsp", b"1e3", 1), ("lsp", b"NaN", 0), ("msg", b"undefined", 0),
    ):
        for g in (0, 3, 5):
            bs = bodies(6)
            parts = [encode(framing, b) for b in bs]
            n = digits(framing, len(bs[g]))
            token = word.replace(b"%d", n)
            frame = ENCODERS[framing][0](bs[g], token)
            data, start = put(parts, g, frame)
            at = start + frame.index(token) + (len(n) if bad is None else bad)
            add(f"{token.decode()} in frame {g} of {framing}", "bad-digits: kinds", framing, data, "bad-digits", start, g, at, ENCODERS[framing][1])


def websocket():
    def frame(body, first=0x81, masked=False, form=None):
        n = len(body)
        form = form or (0 if n < 126 else 2)
        bit = 0x80 if masked else 0
        head = bytes([first]) + {0: bytes([bit | n & 127]), 2: bytes([bit | 126]) + struct.pack(">H", n), 8: bytes([bit | 127]) + struct.pack(">Q", n)}[form]
        key = bytes(R.randrange(256) for _ in range(4)) if masked else b""
        return head + key + bytes(c ^ key[i % 4] for i, c in enumerate(body)) if masked else head + body
    for side, masked in (("server", False), ("client", True)):
        for g in (0, 4):
            bs = bodies(8, plain)
            parts = [frame(b, masked=masked) for b in bs]
            for name, bad, at in (
                ("mask on the wrong side", frame(bs[g], masked=not masked), 1), ("RSV2", frame(bs[g], first=0xA1, masked=masked), 0),
                ("reserved opcode", frame(bs[g], first=0x83, masked=masked), 0), ("ping in fragments", frame(b"hi", first=0x09, masked=masked), 0),
                ("ping of 200 bytes", frame(b"p" * 200, first=0x89, masked=masked), 1), ("5 bytes in 16 bits", frame(b"short", masked=masked, form=2), 2),
                ("80 bytes in 64 bits", frame(b"a" * 80, masked=masked, form=8), 2),
            ):
                data, start = put(parts, g, bad)
                add(f"WebSocket, {name}, frame {g}, {side}", "rules of WebSocket", "ws", data, "syntax", start, g, start + at, side)
        data = b"".join(frame(b, masked=not masked) for b in bs)
        add(f"WebSocket, mask on the wrong side everywhere, {side}", "rules of WebSocket", "ws", data, "syntax", 0, 0, 1, side)


def checksums():
    sums = {"crc16": (2, lambda b: binascii.crc_hqx(b, 0)), "crc32": (4, zlib.crc32), "sum8": (1, lambda b: sum(b) & 255)}
    for name, (width, fn) in sums.items():
        enc = lambda b, v: struct.pack(">H", len(b)) + b + v.to_bytes(width, "big")
        for g in (0, 3, 6):
            bs = bodies(7, binary)
            parts = [enc(b, fn(b)) for b in bs]
            bad = bytearray(parts[g])
            bad[2 + len(bs[g]) // 2] ^= 0x10
            data, start = put(parts, g, bytes(bad))
            add(f"{name}: a bit of frame {g} flipped", "checksums", f"u16be,tail={name}", data, "syntax", start, g, start + 2 + len(bs[g]))
        bs = bodies(5, plain)
        mask = (1 << 8 * width) - 1
        for what, v in (("inverted", lambda b: fn(b) ^ mask), ("over the length too", lambda b: fn(struct.pack(">H", len(b)) + b))):
            add(f"{name} {what}", "checksums", f"u16be,tail={name}", b"".join(enc(b, v(b)) for b in bs), "syntax", 0, 0, 2 + len(bs[0]))
    bs = bodies(5, plain)
    add("CRC-16/CCITT-FALSE for XMODEM", "checksums", "u16be,tail=crc16",
        b"".join(struct.pack(">H", len(b)) + b + struct.pack(">H", binascii.crc_hqx(b, 0xFFFF)) for b in bs), "syntax", 0, 0, 2 + len(bs[0]))


def ends():
    for framing in ("netstring", "resp", "nats", "memcached", "chunked"):
        enc, side = ENCODERS[framing]
        bs = bodies(6)
        parts = [encode(framing, b) for b in bs]
        tail = 1 if framing == "netstring" else 2
        for g in (0, 3):
            data, start = put(parts, g, parts[g][:-tail])
            add(f"{framing}: frame {g} without its end", "missing-separator: kinds", framing, data, "missing-separator", start, g, start + len(parts[g]) - tail, side)
        add(f"{framing}: every frame without its end", "missing-separator: kinds", framing, b"".join(p[:-tail] for p in parts), "missing-separator", 0, 0, len(parts[0]) - tail, side)
    for framing in ("u32be", "lsp", "netstring", "msg"):
        parts = [encode(framing, b) for b in bodies(5)]
        data = b"".join(parts)
        # Where the last words of a program are found to be no head.
        add(f"{framing}: last words", "foreign-bytes: kinds", framing, data + b"Segmentation fault (core dumped)\n", "foreign-bytes", len(data), 5,
            len(data) + {"u32be": 0, "lsp": 12, "netstring": 0, "msg": 0}[framing])
        line = b"PROXY TCP4 10.0.0.1 10.0.0.2 56324 443\r\n"
        add(f"{framing}: PROXY header in front", "wrong-protocol: kinds", framing, line + data, "wrong-protocol", 0, 0, {"u32be": 0, "lsp": 5, "netstring": 0, "msg": 0}[framing])


def lengths():
    for framing, g in (("u32be", 2), ("msg", 2), ("lsp", 4), ("netstring", 5), ("resp", 3)):
        bs = bodies(6)
        bs[g] = json.dumps({"rows": ["x" * 40] * 30}).encode()
        parts = [encode(framing, b) for b in bs]
        start = sum(map(len, parts[:g]))
        at = start + {"u32be": 0, "msg": 6, "lsp": 16, "netstring": 0, "resp": 0}[framing]
        add(f"{framing}: frame {g} over max=1K", "too-large: kinds", framing + ",max=1K", b"".join(parts), "too-large", start, g, at, ENCODERS[framing][1])
    for g in (0, 3, 5):
        bs = [b + b"." * (300 - len(b)) for b in bodies(6, plain)]
        parts = [struct.pack(">I", len(b)) + b for b in bs]
        data, start = put(parts, g, struct.pack("<I", len(bs[g])) + bs[g])
        add(f"one length in the other order, frame {g}", "byte-order: kinds", "u32be", data, "byte-order", start, g, start)
    strings = [(b"some text", b"--flag"), (b"more of it", b"")]
    add("fastdaemon in the other order", "byte-order: kinds", "fastdaemon", b"".join(struct.pack("<I", len(x)) + x for pair in strings for x in pair), "byte-order", 0, 0, 0)
    for framing, first in (("varint", True), ("bsuint", False)):
        bs = bodies(5, plain)
        parts = [bytes([len(b)]) + b for b in bs]
        long = bytes([len(bs[2]) | 0x80]) + b"\x80" * 10 + b"\0" if first else b"\x80" * 11 + bytes([len(bs[2])])
        data, start = put(parts, 2, long + bs[2])
        add(f"{framing} of 12 bytes", "lengths in base 128", framing, data, "bad-digits", start, 2, start + 9)
    bs = bodies(6)
    lsp = [encode("lsp", b) for b in bs[:3]]
    data = b"".join(lsp) + b"".join(b + b"\n" for b in bs[3:])
    start = sum(map(len, lsp))
    add("headers, then lines", "wrong-framing: kinds", "lsp", data, "wrong-framing", start, 3, start)
    # Two faults: the first is told.
    bs = bodies(14)
    parts = [encode("lsp", b) for b in bs]
    log = b"INFO: something happened\n"
    start = sum(map(len, parts[:4]))
    parts[4] = log + parts[4]
    parts[9] = ENCODERS["lsp"][0](bs[9], b"%d" % (len(bs[9]) + 2))
    add("a line of a log, then a wrong length", "several faults", "lsp", b"".join(parts), "foreign-bytes", start, 4, start + len(log) - 1)


if __name__ == "__main__":
    numbers()
    websocket()
    checksums()
    ends()
    lengths()
    write("kinds.jsonl", OUT)
