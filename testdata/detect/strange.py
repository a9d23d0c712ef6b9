#!/usr/bin/env python3
"""Writes strange.jsonl: streams of kinds that once misled package detect.

Like generate.py it shares no code with the codecs, and the same seed gives the same
bytes: python3 strange.py > strange.jsonl. The lines have the form that generate.py
describes; "late" is set of a stream that begins inside a frame and is known to.
"""

import base64
import gzip
import json
import random
import struct
import zlib

R = random.Random(20261123)
WORDS = "alpha sensor temperature error connection timeout user login failed retry queue worker value status pending channel".split()


def words(n):
    return " ".join(R.choice(WORDS) for _ in range(n))


def case(name, streams, framing="", accept=(), undecidable=""):
    c = {"name": name, "class": "strange", "streams": []}
    for s in streams:
        data, known = s if isinstance(s, tuple) else (s, {})
        c["streams"].append({"data": base64.b64encode(data).decode(), "ended": True, **known})
    if undecidable:
        c["undecidable"] = undecidable
    else:
        c["framing"], c["accept"] = framing, list(accept)
    print(json.dumps(c))


def field(width, order):
    return lambda n: n.to_bytes(width, "big" if order == "be" else "little")


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def framed(put, bodies):
    return b"".join(put(len(b)) + b for b in bodies)


def call(i):
    return json.dumps({"jsonrpc": "2.0", "id": i, "method": R.choice(WORDS), "params": [words(R.randint(0, 8))]}).encode()


def samples(i):
    return struct.pack("<BI", R.choice([1, 2, 7]), 1700000000 + i) + b"".join(struct.pack("<h", int(R.gauss(200, 30))) for _ in range(R.randint(1, 14)))


def readings(i):
    return struct.pack(">HId", R.randint(1, 5), 1700000000 + i, R.gauss(20, 3)) + b"".join(struct.pack(">f", R.gauss(1, 1)) for _ in range(R.randint(0, 9)))


FIELDS = {"u%d%s" % (8 * w, o): field(w, o) for w in (2, 3, 4, 8) for o in ("be", "le")}

for name, put in FIELDS.items():
    # Small and large in turn: no head of larger frames.
    if name != "u64le":
        case(name + ", small and large in turn", [framed(put, [R.randbytes(400 + R.randint(0, 300)) if i % 2 else R.randbytes(3) for i in range(80)])], name)
    # The body begins with a zero, which is none of the length.
    case(name + " of readings", [framed(put, [readings(i) for i in range(40)])], name)
    if name[:3] != "u16":
        case(name + " of UTF-16", [framed(put, [words(R.randint(4, 12)).encode("utf-16-le" if "le" in name else "utf-16-be") for _ in range(30)])], name)
for name in ("u16be", "u32be", "u32le", "u24be"):
    put = FIELDS[name]
    for kind in (call, samples):
        data = framed(put, [kind(i) for i in range(100)])
        case("%s of %s that begins inside a frame" % (name, kind.__name__), [data[len(data) // 9 + 3:]], undecidable="it begins inside a frame")
        case("%s of %s in a capture without its start" % (name, kind.__name__),
             [(data[len(data) // 9 + 3:], {"from": "client", "conn": 1, "ended": False, "late": True})], name)
lsp = b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(b), b) for b in map(call, range(30)))
case("lsp in a capture without its start", [(lsp[150:], {"from": "client", "conn": 1, "ended": False, "late": True})], "lsp")

# Marks that are none.
case("lines of base64", [b"".join(base64.b64encode(R.randbytes(R.randint(4, 200))) + b"\n" for _ in range(150))], "line")
case("JSON behind decimal lengths", [b"".join(b"%d %s" % (len(b), b) for b in map(call, range(12)))], "syslog")
elements = [b'<msg id="%d"><body>%s</body></msg>' % (i, words(2).encode()) for i in range(30)]
case("XML behind short lengths", [b"".join(bytes([len(e)]) + e for e in elements)], undecidable="u8, varint and bsuint")
case("XML until its last tag", [b"".join(elements)], r"delim=<\x2fmsg>")
for codec in ("utf-16-le", "utf-16-be", "utf-32-le"):
    case("text in " + codec, [("\n".join(words(6) for _ in range(40)) + "\n").encode(codec)], undecidable="letters are no messages")

# Lengths that are none.
case("short lengths of samples", [framed(varint, [samples(i) for i in range(200)])], undecidable="u8, varint and bsuint")
case("bytes that are 0 or 1", [bytes(R.choice([0, 1]) for _ in range(1000))], undecidable="noise")
case("small integers of 32 bits", [b"".join(struct.pack("<i", R.randint(0, 1000)) for _ in range(17500))], undecidable="records of one length")
case("a ramp of bytes", [bytes(i & 255 for i in range(70000))], undecidable="equal runs")
case("one length in another, always the same", [b"".join(struct.pack(">I", 60) + R.randbytes(60) for _ in range(500))], undecidable="equally long frames")
chunk = lambda kind, b: struct.pack(">I", len(b)) + kind + b + struct.pack(">I", zlib.crc32(kind + b))
case("a PNG picture", [b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13)) + b"".join(chunk(b"IDAT", R.randbytes(R.randint(300, 900))) for _ in range(5)) + chunk(b"IEND", b"")],
     undecidable="a file")
case("a counter that grows past its first byte",
     [b"".join(b"RPC1" + struct.pack(">IHH", i, R.randint(0, 3), len(b)) + b for i, b in enumerate(gzip.compress(words(R.randint(30, 200)).encode(), mtime=0) for _ in range(300)))],
     "u16be,at=10")
case("a sync word behind which zeros stand", [b"".join(b"\x7e\x01" + bytes([R.randint(0, 9)]) + struct.pack(">HH", len(b), i) + b for i, b in enumerate(map(samples, range(300))))],
     "u16be,at=3,skip=2")
case("long varints of noise", [framed(varint, [R.randbytes(R.randint(100, 1500)) for _ in range(200)])], "varint")

# Chains that are caught in data that is built alike.
case("integers that count up", [b"".join(struct.pack("<I", i) for i in range(1500))], undecidable="records of one length")
case("text, and zeros in the upper bytes of wide lengths, cut",
     [framed(field(8, "be"), [b";".join(b"%s=%d" % (R.choice(WORDS).encode(), R.randint(0, 999)) for _ in range(R.randint(2, 12))) for _ in range(30)])[:-20]], "u64be")
case("wide lengths behind a counter, their upper bytes zero",
     [b"".join(struct.pack(">IQH", i, len(b), i) + b for i, b in enumerate(words(R.randint(3, 20)).encode() for _ in range(100)))],
     "u64be,at=4,skip=2", ["u64be,at=4,adjust=+2"])
case("short lengths beside a constant mark", [b"".join(b"\x0f\x1e\x31\xfc" + bytes([len(b)]) + b + b"\x22" for b in (R.randbytes(n) for n in (24, 24, 31, 24)))],
     undecidable="u8, varint and bsuint")

# Streams that change, and what stands in them once.
case("lengths, then lines", [framed(field(2, "be"), [words(R.randint(3, 25)).encode() for _ in range(10)]) + b"".join(words(6).encode() + b"\n" for _ in range(20))],
     undecidable="two framings, one after the other")
damaged = framed(field(4, "be"), [R.randbytes(R.randint(20, 200)) for _ in range(40)])
case("lengths with a byte too many in the middle", [damaged[:len(damaged) // 2] + b"\x99" + damaged[len(damaged) // 2:]], undecidable="it is broken")

# A start that is missing, with bytes that no length counts.
for name, put in ("u24be", field(3, "be")), ("u64be", field(8, "be")), ("u32le", field(4, "le")):
    data = b"".join(bytes([1, i & 255]) + put(len(b)) + b for i, b in enumerate(call(i) for i in range(60)))
    case("%s behind two bytes in a capture without its start" % name, [(data[41:], {"from": "client", "conn": 1, "ended": False, "late": True})],
         undecidable="the two bytes may stand before the length or behind the body")
tiny = framed(field(4, "be"), [json.dumps({"id": i, "v": R.choice(WORDS)}).encode() for i in range(6)])
case("u32be without its first byte", [tiny[1:]], undecidable="it begins inside a frame")

# Text of which the signs are no marks.
case("a picture of signs", [b"\n".join(bytes(R.choice(b" #.") for _ in range(60)) for _ in range(30))], undecidable="a picture")
case("signs in any order", [bytes(R.choice(b"!#$%&*+-/;<=>?@^|~abcdefghijklmnop") for _ in range(1999)) + b"#"], undecidable="noise")
case("letters of other scripts", [("".join(R.choice("\u00e4\u00f6\u00fc\u00e9\u65e5\u672c abcdefg") for _ in range(700)) + "\u00f6").encode()], undecidable="text without a mark")
case("a word between signs", [b"".join(words(R.randint(3, 9)).encode() + b"--END--" for _ in range(20))], "delim=--END--")
case("HTTP answers with bodies of text",
     [b"".join(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(b), b) for b in (b"<p>\n" + words(20).encode() + b"\n</p>\n" for _ in range(5)))],
     undecidable="messages of HTTP are no lines")
case("a query of PostgreSQL", [b"Q\x00\x00\x00\x2aSELECT name, status FROM workers LIMIT\x00"], undecidable="a single frame")
case("one value of memcached", [b"VALUE k0 0 31\r\n" + b"a value of thirty-one characters"[:31] + b"\r\nEND\r\n"], "memcached")
case("compressed control frames", [b"\xc8\x01" + bytes(604)], undecidable="zeros")
