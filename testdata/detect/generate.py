#!/usr/bin/env python3
"""Writes generated.jsonl: labelled streams for the tests of package detect.

It is written from docs/spec.md and the protocols' own documents and shares no code
with the codecs. The same seed gives the same bytes:

    python3 generate.py > generated.jsonl

Each line is one case: "name", "class" (family), "streams" (each with "data" in base64,
and "from", "conn" and "ended" where they are known), and either "framing", with
"accept" for spellings that mean the same frames, or "undecidable" with the reason.
"""

import base64
import binascii
import json
import random
import struct
import zlib

R = random.Random(20261122)
WORDS = """the quick brown fox jumps over lazy dog connection request answer value error time
user name status queue payload frame ready write read close open ping pong session token héllo
grüße naïve 日本 data index offset length""".split()


def words(lo, hi):
    text = " ".join(R.choice(WORDS) for _ in range(R.randint(1, 60)))
    return text.encode()[: R.randint(lo, hi)].decode("utf-8", "ignore").encode()


def ascii_words(lo, hi):
    text = " ".join(w for w in (R.choice(WORDS) for _ in range(80)) if w.isascii())
    return text.encode()[: R.randint(lo, hi)]


def value(i):
    v = {"id": i, "method": R.choice(WORDS), "params": {"n": R.randint(0, 10**6), "s": " ".join(R.choices(WORDS, k=R.randint(1, 25)))}}
    return v


def json_text(i, **kw):
    return json.dumps(value(i), ensure_ascii=False, **kw).encode()


def binary(lo, hi):
    return R.randbytes(R.randint(lo, hi))


def structured(i):
    """A record as programs write them: small numbers, zeros, some text."""
    out = struct.pack("<HIBd", i, R.randint(0, 5000), R.randint(0, 3), R.random())
    for _ in range(R.randint(0, 30)):
        s = R.choice(WORDS).encode()
        out += struct.pack(">H", len(s)) + s + bytes(R.randint(0, 4))
    return out


PAYLOADS = {
    "text": lambda i: ascii_words(1, 300),
    "utf8": lambda i: words(3, 200),
    "json": lambda i: json_text(i),
    "binary": lambda i: binary(0, 700),
    "structured": structured,
}
SMALL = {"text": lambda i: ascii_words(1, 60), "json": lambda i: b'{"i":%d,"w":"%s"}' % (i, ascii_words(1, 40))}


def fixed(width, order):
    return lambda n: n.to_bytes(width, "big" if order == "be" else "little")


def varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def bsuint(n):
    out = bytes([n & 0x7F])
    n >>= 7
    while n:
        out = bytes([n & 0x7F | 0x80]) + out
        n >>= 7
    return out


CASES = []


def case(name, family, streams, framing=None, accept=(), undecidable=None, sides=None, ended=True):
    """streams: bytes each. sides: client, server in turn, where given."""
    c = {"name": name, "class": family, "streams": []}
    for k, data in enumerate(streams):
        s = {"data": base64.b64encode(data).decode(), "ended": ended}
        if sides:
            s["from"] = sides[k % len(sides)]
            s["conn"] = 1 + k // len(sides)
        c["streams"].append(s)
    if undecidable:
        c["undecidable"] = undecidable
    else:
        c["framing"] = framing
        if accept:
            c["accept"] = list(accept)
    CASES.append(c)


def tail_of(kind, body, order):
    if kind == "crc16":
        return fixed(2, order)(binascii.crc_hqx(body, 0))
    if kind == "crc32":
        return fixed(4, order)(zlib.crc32(body))
    if kind == "sum8":
        return bytes([sum(body) & 255])
    return b""


def length_frame(spec, body, i):
    """spec: width, order, at, skip, tail, incl, adjust, check; and what fills at and skip."""
    w, order = spec["width"], spec.get("order", "be")
    lead = spec["lead"](i) if spec.get("at") else b""
    pad = spec["pad"](i) if spec.get("skip") else b""
    tail = tail_of(spec["check"], body, order) if spec.get("check") else (spec["trail"](i) if spec.get("tail") else b"")
    put = {"varint": varint, "bsuint": bsuint}.get(w) or fixed(w, order)
    n = len(body)
    if spec.get("incl"):
        n += len(lead) + w + len(pad) + len(tail)
    n -= spec.get("adjust", 0)
    return lead + put(n) + pad + body + tail


def spelling(spec):
    w = spec["width"]
    s = w if isinstance(w, str) else "u8" if w == 1 else "u%d%s" % (8 * w, spec.get("order", "be"))
    for key in ("at", "skip"):
        if spec.get(key):
            s += ",%s=%d" % (key, spec[key])
    if spec.get("incl"):
        s += ",incl"
    if spec.get("adjust"):
        s += ",adjust=%+d" % spec["adjust"]
    if spec.get("check"):
        s += ",tail=" + spec["check"]
    elif spec.get("tail"):
        s += ",tail=%d" % spec["tail"]
    return s


def length_case(spec, payload, n=20, name=None, **kw):
    data = b"".join(length_frame(spec, PAYLOADS[payload](i), i) for i in range(n))
    case("%s of %s" % (name or spelling(spec), payload), "length", [data], spelling(spec), **kw)


counter = lambda i: bytes([i & 255])
kinds = lambda i: bytes([R.choice((1, 2, 3, 0x10))])
noise = lambda n: lambda i: R.randbytes(n)

for w, order in ((2, "be"), (2, "le"), (3, "be"), (3, "le"), (4, "be"), (4, "le"), (8, "be"), (8, "le")):
    for payload in PAYLOADS:
        if payload == "binary" and w < 4:
            n = 60
        else:
            n = 20
        length_case({"width": w, "order": order}, payload, n)
for w in (2, 4):
    for order in ("be", "le"):
        length_case({"width": w, "order": order, "incl": True}, "json")
        length_case({"width": w, "order": order, "at": 1, "lead": kinds}, "structured")
        length_case({"width": w, "order": order, "at": 3, "lead": lambda i: kinds(i) + struct.pack(">H", 300 + i)}, "text")
        length_case({"width": w, "order": order, "check": "crc16"}, "binary", 30)
        length_case({"width": w, "order": order, "check": "crc32"}, "structured")
        length_case({"width": w, "order": order, "check": "sum8"}, "text")
for spec, payload in (
    ({"width": 3, "order": "le", "at": 3, "skip": 2, "incl": True, "lead": noise(3), "pad": noise(2)}, "text"),
    ({"width": 3, "order": "le", "at": 3, "skip": 2, "incl": True, "lead": noise(3), "pad": noise(2)}, "binary"),
    ({"width": 2, "order": "be", "at": 2, "skip": 1, "lead": lambda i: b"\xca\xfe", "pad": kinds}, "text"),
    ({"width": 2, "order": "be", "at": 5, "skip": 6, "lead": noise(5), "pad": noise(6)}, "json"),
    ({"width": 4, "order": "be", "at": 8, "lead": lambda i: b"MAGICHDR"}, "structured"),
    ({"width": 4, "order": "le", "at": 12, "skip": 4, "incl": True, "lead": lambda i: b"\x01\x02" + R.randbytes(10), "pad": noise(4)}, "json"),
    ({"width": 4, "order": "be", "at": 16, "lead": noise(16)}, "text"),
    ({"width": 2, "order": "le", "at": 1, "tail": 2, "lead": lambda i: b"\x02", "trail": lambda i: b"\x03" + R.randbytes(1)}, "text"),
    ({"width": 2, "order": "be", "at": 1, "check": "crc16", "lead": lambda i: b"\x7e"}, "text"),
    ({"width": 4, "order": "be", "at": 1, "adjust": -4, "lead": lambda i: R.choice((b"A", b"b", b"#"))}, "structured"),
    ({"width": 2, "order": "be", "adjust": 3}, "json"),
    ({"width": 1, "at": 2, "lead": lambda i: b"\xaa\x55", "check": "sum8"}, None),
    ({"width": 1, "check": "crc16"}, None),
    ({"width": 1, "at": 1, "skip": 1, "lead": lambda i: b"\x02", "pad": counter}, None),
    ({"width": 8, "order": "le", "at": 1, "incl": True, "lead": kinds}, "text"),
):
    if payload is None:
        data = b"".join(length_frame(spec, SMALL["text"](i) + bytes(0), i) for i in range(40))
        long = b"".join(length_frame(spec, ascii_words(130, 220), i) for i in range(10))
        case(spelling(spec) + " of text", "length", [data + long], spelling(spec))
    else:
        accept = [spelling(dict(spec, skip=0))] if spec.get("incl") and payload == "binary" else []
        length_case(spec, payload, 24, accept=accept)
for w in ("varint", "bsuint"):
    for payload in ("text", "json", "utf8", "structured"):
        length_case({"width": w}, payload, 30)
length_case({"width": "varint", "at": 1, "lead": lambda i: R.choice((b"\xf0", b"\xe1"))}, "json")
length_case({"width": "varint", "check": "crc32"}, "structured")
case("u8 of text", "length", [b"".join(bytes([len(t)]) + t for t in (ascii_words(1, 250) for _ in range(40)))], "u8")
case("u8 of json", "length", [b"".join(bytes([len(t)]) + t for t in (json_text(i)[:250] for i in range(40)))], "u8")
case("3 frames of u32be", "length", [b"\0\0\0\5hello\0\0\0\3abc\0\0\0\6foobar"], "u32be")
case("12 short frames of u32be", "length", [b"".join(struct.pack(">I", len(t)) + t for t in (ascii_words(1, 12) for _ in range(13)))], "u32be")
case("12 short frames of u16be", "length", [b"".join(struct.pack(">H", len(t)) + t for t in (ascii_words(1, 30) for _ in range(13)))], "u16be")
case("12 short frames of u16le", "length", [b"".join(struct.pack("<H", len(t)) + t for t in (ascii_words(1, 30) for _ in range(13)))], "u16le")
big = b"".join(struct.pack(">I", len(t)) + t for t in (binary(3000, 9000) for _ in range(8)))
case("u32be with large bodies", "length", [big], "u32be")
case("u32be cut off in a body", "length", [big[:-777]], "u32be", ended=False)
case("u32be of a file that is cut off", "length", [big[:-777]], "u32be")
case("u16le in both directions", "length",
     [b"".join(struct.pack("<H", len(t)) + t for t in (json_text(i) for i in range(6))) for _ in range(4)], "u16le", sides=("client", "server"))
case("u32be against lines", "pair",
     [b"".join(struct.pack(">I", len(t)) + t for t in (json_text(i) for i in range(9))), b"".join(ascii_words(5, 50) + b"\n" for _ in range(9))],
     "u32be/line", sides=("client", "server"))
case("netstring against nul", "pair",
     [b"".join(b"%d:%s," % (len(t), t) for t in (ascii_words(1, 40) for i in range(9))), b"".join(ascii_words(5, 50) + b"\0" for _ in range(9))],
     "netstring/nul", sides=("client", "server"))

# Marks.
for payload in ("text", "utf8", "json"):
    bodies = [PAYLOADS[payload](i) for i in range(20)]
    case("line of " + payload, "mark", [b"".join(b + b"\n" for b in bodies)], "line")
    case("crlf of " + payload, "mark", [b"".join(b + b"\r\n" for b in bodies)], "crlf")
    case("nul of " + payload, "mark", [b"".join(b + b"\0" for b in bodies)], "nul")
for mark, spelled in ((b"|", "delim=|"), (b";", "delim=;"), (b"\x1e", r"delim=\x1e"), (b"\x03", r"delim=\x03"), (b"\xff", r"delim=\xff"),
                      (b"||", "delim=||"), (b"<EOF>", "delim=<EOF>"), (b"\x04\x04", r"delim=\x04\x04"), (b"\r\n.\r\n", r"delim=\r\n.\r\n")):
    case("%r at the end of text" % mark, "mark", [b"".join(ascii_words(5, 80) + mark for _ in range(15))], spelled)
case("lines cut off", "mark", [b"".join(ascii_words(5, 80) + b"\n" for _ in range(15))[:-5]], "line", ended=False)
case("pretty-printed json", "mark", [b"".join(json_text(i, indent=2) + b"\n" for i in range(6))], "json")
case("json without anything between", "mark", [b"".join(json_text(i) for i in range(12))], "json")
case("json texts with RS", "mark", [b"".join(b"\x1e" + json_text(i) + b"\n" for i in range(12))], "jsonseq")


def slip(b):
    return b"\xc0" + b.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"


def cobs(b):
    out = b""
    for i, block in enumerate((b + b"\0").split(b"\0")[:-1]):
        while len(block) >= 254:
            out += b"\xff" + block[:254]
            block = block[254:]
            if not block and i == b.count(b"\0"):
                break
        else:
            out += bytes([len(block) + 1]) + block
    return out + b"\0"


for payload in ("text", "binary", "structured"):
    bodies = [PAYLOADS[payload](i) or b"x" for i in range(24)]
    case("slip of " + payload, "escaped", [b"".join(map(slip, bodies))], "slip")
    case("cobs of " + payload, "escaped", [b"".join(map(cobs, bodies))], "cobs")

# Text protocols.
msg = lambda b: b"\r\nMSG %d\r\n%s" % (len(b), b)
lsp = lambda b: b"Content-Length: %d\r\n\r\n%s" % (len(b), b)
for payload in ("text", "binary", "json"):
    bodies = [PAYLOADS[payload](i) for i in range(8)]
    case("msg of " + payload, "counted text", [b"".join(map(msg, bodies))], "msg")
    case("netstring of " + payload, "counted text", [b"".join(b"%d:%s," % (len(b), b) for b in bodies)], "netstring")
    case("syslog of " + payload, "counted text", [b"".join(b"%d %s" % (len(b), b) for b in bodies if b)], "syslog")
    case("chunked of " + payload, "counted text", [b"".join(b"%x\r\n%s\r\n" % (len(b), b) for b in bodies if b) + b"0\r\n\r\n"], "chunked")
case("one message of msg", "counted text", [msg(b"hello")], "msg")
case("one message of lsp", "counted text", [lsp(json_text(1))], "lsp")
case("lsp of json", "counted text", [b"".join(lsp(json_text(i)) for i in range(6))], "lsp")
case("lsp with two headers", "counted text",
     [b"".join(b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n" + lsp(json_text(i)) for i in range(4))], "lsp")


def bulk(*parts):
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)


requests = b"".join(bulk(b"SET", b"key:%d" % i, words(1, 80)) + bulk(b"GET", b"key:%d" % i) for i in range(9))
replies = b"".join(b"+OK\r\n$%d\r\n%s\r\n" % (len(t), t) for t in (words(1, 80) for _ in range(9)))
case("resp requests", "protocol", [requests], "resp")
case("resp replies", "protocol", [replies], "resp")
case("resp both", "protocol", [requests, replies], "resp", sides=("client", "server"))
pubs = b'CONNECT {"verbose":false}\r\nSUB a.> 1\r\n' + b"".join(b"PUB a.%d %d\r\n%s\r\n" % (i, len(t), t) for i, t in enumerate(words(1, 80) for _ in range(9)))
msgs = b'INFO {"server_id":"N","version":"2"}\r\n' + b"".join(b"MSG a.%d 1 %d\r\n%s\r\n" % (i, len(t), t) for i, t in enumerate(words(1, 80) for _ in range(9)))
case("nats client", "protocol", [pubs], "nats")
case("nats both", "protocol", [pubs, msgs], "nats", sides=("client", "server"))
sets = b"".join(b"set k%d 0 0 %d\r\n%s\r\nget k%d\r\n" % (i, len(t), t, i) for i, t in enumerate(words(1, 80) for _ in range(9)))
got = b"".join(b"STORED\r\nVALUE k%d 0 %d\r\n%s\r\nEND\r\n" % (i, len(t), t) for i, t in enumerate(words(1, 80) for _ in range(9)))
case("memcached client", "protocol", [sets], "memcached")
case("memcached server", "protocol", [got], "memcached", sides=("server",))
case("stomp", "protocol", [b"CONNECT\naccept-version:1.2\n\n\0" + b"".join(b"SEND\ndestination:/queue/a\n\n%s\0" % ascii_words(1, 60) for _ in range(6))], "stomp")


def ws(body, mask=None, op=1):
    n = len(body)
    head = bytes([0x80 | op])
    bit = 0x80 if mask else 0
    head += bytes([bit | n]) if n < 126 else bytes([bit | 126]) + struct.pack(">H", n)
    if mask:
        body = bytes(b ^ mask[i % 4] for i, b in enumerate(body))
    return head + (mask or b"") + body


upgrade = b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: eA==\r\n\r\n"
accepted = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
case("ws with heads", "protocol", [upgrade + b"".join(ws(json_text(i), R.randbytes(4)) for i in range(5)), accepted + b"".join(ws(json_text(i)) for i in range(5))],
     "ws", sides=("client", "server"))
case("ws without heads", "protocol", [b"".join(ws(json_text(i), R.randbytes(4)) for i in range(12)), b"".join(ws(json_text(i)) for i in range(12))],
     "ws", sides=("client", "server"))

# Presets.
start = struct.pack(">IHH", 8 + 22, 3, 0) + b"user\0me\0database\0d\0\0\0"
start = struct.pack(">I", len(start)) + start[4:]
typed = lambda t, b: t + struct.pack(">I", len(b) + 4) + b
case("postgres client", "preset", [start + b"".join(typed(b"Q", b"select %d from t\0" % (i * i)) for i in range(5)) + typed(b"X", b"")], "postgres", sides=("client",))
rows = b"".join(typed(b"D", struct.pack(">HI", 1, len(t)) + t) for t in (ascii_words(1, 50) for _ in range(6)))
case("postgres server", "preset", [typed(b"R", bytes(4)) + typed(b"S", b"client_encoding\0UTF8\0") + typed(b"Z", b"I") + rows + typed(b"C", b"SELECT 6\0") + typed(b"Z", b"I")],
     "postgres", sides=("server",))
records = lambda n: b"".join(bytes([23, 3, 3]) + struct.pack(">H", len(b)) + b for b in (binary(30, 600) for _ in range(n)))
hello = b"\x01" + (230).to_bytes(3, "big") + R.randbytes(230)
case("tls client", "preset", [b"\x16\x03\x01" + struct.pack(">H", len(hello)) + hello + b"\x14\x03\x03\x00\x01\x01" + records(6)], "tls")
case("tls application data", "preset", [records(10)], "tls", accept=["u16be,at=3", "u16be,magic=170303"])
connect = b"\x10" + varint(18) + b"\0\4MQTT\4\2\0\x3c\0\6client"
publish = b"".join(b"\x30" + varint(len(t) + 5) + b"\0\3a/b" + t for t in (ascii_words(1, 300) for _ in range(8)))
case("mqtt client", "preset", [connect + b"\x82\x08\0\1\0\3a/b\0" + publish + b"\xc0\0\xe0\0"], "mqtt")
case("mqtt server", "preset", [b"\x20\2\0\0" + b"\x90\3\0\1\0" + publish + b"\xd0\0"], "mqtt", sides=("server",))
frame = lambda t, ch, b: bytes([t]) + struct.pack(">HI", ch, len(b)) + b + b"\xce"
case("amqp client", "preset", [b"AMQP\0\0\x09\1" + b"".join(frame(1, 1, struct.pack(">HH", 60, 40) + binary(5, 40)) + frame(3, 1, ascii_words(1, 90)) for _ in range(6))], "amqp")
h2 = lambda t, f, s, b: len(b).to_bytes(3, "big") + bytes([t, f]) + struct.pack(">I", s) + b
case("http2 client", "preset", [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + h2(4, 0, 0, b"") + b"".join(h2(1, 4, 1 + 2 * i, binary(20, 90)) + h2(0, 1, 1 + 2 * i, words(5, 300)) for i in range(5))], "http2")
case("http2 server", "preset", [h2(4, 0, 0, binary(6, 6) + binary(6, 6)) + h2(4, 1, 0, b"") + b"".join(h2(1, 4, 1 + 2 * i, binary(20, 90)) + h2(0, 1, 1 + 2 * i, words(5, 300)) for i in range(5))],
     "http2", sides=("server",))
bgp = lambda t, b: b"\xff" * 16 + struct.pack(">HB", 19 + len(b), t) + b
case("bgp", "preset", [bgp(1, b"\4\xfd\xe8\0\xb4\1\2\3\4\0") + bgp(4, b"") + b"".join(bgp(2, binary(10, 60)) for _ in range(6))], "bgp")
query = lambda i, host: struct.pack(">HHHHHH", R.randint(0, 65535), 0x0100, 1, 0, 0, 0) + b"".join(bytes([len(p)]) + p for p in host.split(b".")) + b"\0\0\1\0\1"
hosts = [b"www.example.com", b"a.example", b"very.long.name.of.some.host.example.org", b"localhost"]
case("dns queries", "preset", [b"".join(struct.pack(">H", len(q)) + q for q in (query(i, h) for i, h in enumerate(hosts)))], "dns")
kafka = lambda i, key, b: struct.pack(">HHIH", key, 7, i, 6) + b"client" + b
case("kafka requests", "preset", [b"".join(struct.pack(">I", len(q)) + q for q in (kafka(i, R.choice((0, 1, 3, 18)), structured(i)) for i in range(8)))], "kafka", sides=("client",))
thrift = lambda i, n: b"\x80\1\0\1" + struct.pack(">I", len(n)) + n + struct.pack(">I", i) + structured(i) + b"\0"
case("thrift calls", "preset", [b"".join(struct.pack(">I", len(q)) + q for q in (thrift(i, R.choice((b"ping", b"getUser"))) for i in range(8)))], "thrift")
mongo = lambda i: struct.pack("<IIII", 0, i, 0, 2013) + struct.pack("<IB", 0, 0) + structured(i) + bytes(3)
case("mongodb", "preset", [b"".join(struct.pack("<I", len(q)) + q[4:] for q in (mongo(i) for i in range(6)))], "mongodb")
mysql = lambda s, b: len(b).to_bytes(3, "little") + bytes([s]) + b
case("mysql server", "preset", [mysql(0, b"\x0a8.0.36\0" + binary(60, 70)) + mysql(2, b"\0\0\0\2\0\0\0") + b"".join(mysql(1, b"\1") + mysql(2, binary(30, 60)) + mysql(3, b"\5hello") + mysql(4, b"\xfe\0\0\2\0\0\0") for _ in range(4))],
     "mysql", sides=("server",))
case("mysql client", "preset", [mysql(1, binary(60, 90)) + b"".join(mysql(0, b"\3select %d" % (i**5)) for i in range(6)) + mysql(0, b"\1")], "mysql", sides=("client",))
modbus = lambda i: struct.pack(">HHH", i + 1, 0, 6) + b"\1\3" + struct.pack(">HH", 100 + i, 2)
answer = lambda i: struct.pack(">HHH", i + 1, 0, 3 + 2 * (1 + i % 3)) + b"\1\3" + bytes([2 * (1 + i % 3)]) + R.randbytes(2 * (1 + i % 3))
case("modbus both", "preset", [b"".join(modbus(i) for i in range(8)), b"".join(answer(i) for i in range(8))], "modbus", sides=("client", "server"))
grpc = lambda b: b"\0" + struct.pack(">I", len(b)) + b
case("grpc messages", "preset", [b"".join(grpc(structured(i)) for i in range(12))], "u32be,at=1", accept=["grpc"])
native = lambda b: struct.pack("<I", len(b)) + b
case("native messages", "preset", [b"".join(native(json_text(i)) for i in range(9))], "u32le", accept=["nativemessaging"])

# What cannot be decided.
for n in (1, 5, 64, 1000, 20000):
    case("%d random bytes" % n, "undecidable", [R.randbytes(n)], undecidable="random bytes")
for n in (1, 100, 30000):
    case("%d zeros" % n, "undecidable", [bytes(n)], undecidable="zeros fit every length that is zero")
case("nothing", "undecidable", [b""], undecidable="no data")
for w in (1, 2, 3, 4, 8):
    for order in ("be", "le"):
        body = ascii_words(20, 60)
        case("one frame of u%d%s" % (8 * w, order), "undecidable", [fixed(w, order)(len(body)) + body], undecidable="a single frame")
case("one frame of varint", "undecidable", [varint(11) + b"hello world"], undecidable="a single frame")
for put, name in ((varint, "varint"), (bsuint, "bsuint"), (fixed(1, "be"), "u8")):
    for payload in ("text", "json"):
        bodies = [SMALL[payload](i)[:120] for i in range(30)]
        case("short %s of %s" % (name, payload), "undecidable", [b"".join(put(len(b)) + b for b in bodies)],
             undecidable="lengths below 128 read the same in u8, varint and bsuint")
for n in (8, 16, 40):
    case("records of %d random bytes" % n, "undecidable", [b"".join(R.randbytes(n) for _ in range(30))], undecidable="equally long records without a length")
    case("u16be, always %d bytes" % n, "undecidable", [b"".join(struct.pack(">H", n) + R.randbytes(n) for _ in range(30))], undecidable="equally long frames")
    case("u32be, always %d bytes" % n, "undecidable", [b"".join(struct.pack(">I", n) + R.randbytes(n) for _ in range(30))], undecidable="equally long frames")
case("records with a counter", "undecidable", [b"".join(struct.pack(">IId", i, 7, R.random()) for i in range(50))], undecidable="equally long records")
case("one word", "undecidable", [b"hello"], undecidable="a word")
case("one json value", "undecidable", [b'{"a":[1,2,3]}'], undecidable="one value may be a message of anything")
case("a number", "undecidable", [b"12345"], undecidable="digits")
case("prose without lines", "undecidable", [ascii_words(300, 400) + b". " + ascii_words(100, 200) + b"."], undecidable="text without a mark")
case("u32be after a lost start", "undecidable", [big[5:9000]], undecidable="it begins inside a frame", ended=False)
case("gzip", "undecidable", [zlib.compress(ascii_words(300, 400) * 9)], undecidable="compressed data has no frames")
case("image of noise", "undecidable", [b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(b)) + b for b in [b"IHDR" + R.randbytes(13)]) + R.randbytes(900)], undecidable="a file format")
case("two strings of fastdaemon", "undecidable", [b"\0\0\0\6hello\n\0\0\0\x0aalpha beta"], undecidable="two frames of u32be or one of fastdaemon")
case("zeros round a length", "undecidable", [b"".join(bytes(3) + struct.pack("<H", len(b) + 8) + bytes(3) + b for b in (SMALL["text"](i) for i in range(20)))],
     undecidable="u16le, u24le and u32le differ in zeros only")

names = set()
for c in CASES:
    assert c["name"] not in names, c["name"]
    names.add(c["name"])
    print(json.dumps(c, ensure_ascii=False))
