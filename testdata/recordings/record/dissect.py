"""What tshark sees in a recording: an account of its messages that is not ours."""

import os
import re
import struct
import subprocess

from studio import version

CLIENT, SERVER = 40000, 5555
SYN, FIN, PSH, ACK = 2, 1, 8, 16

UNMEASURED = -1  # the length of what has none of its own

# For each dissector the field with the length of a message, and what of it is
# not the body that the framing makes.
FIELDS = {
    "amqp": ("amqp.length", 0),
    "bgp": ("bgp.length", 19),
    "dns": ("dns.length", 0),
    "http2": ("http2.length", 0),
    "kafka": ("kafka.len", 0),
    "mbtcp": ("mbtcp.len", 0),
    "mongo": ("mongo.message_length", 16),
    "mqtt": ("mqtt.len", 0),
    "mysql": ("mysql.packet_length", 0),
    "pgsql": ("pgsql.length", 4),
    "thrift": ("thrift.frame_len", 0),
    "tls": ("tls.record.length", 0),
    "websocket": ("websocket.payload_length", 0),  # or where the length stands
}

# Dissectors that need to be told what runs over HTTP find out by themselves.
DECODE_AS = {"websocket": "http"}


def capture(conversation, path):
    """Writes a capture of raw IP packets that could have carried the reads."""
    seq = {"client": 1000, "server": 9000}
    ports = {"client": (CLIENT, SERVER), "server": (SERVER, CLIENT)}
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, 101))
        at = 0

        def packet(side, flags, data=b""):
            nonlocal at
            at += 1000
            other = "server" if side == "client" else "client"
            tcp = struct.pack(">HHIIBBHHH", *ports[side], seq[side], seq[other] if flags & ACK else 0, 5 << 4, flags, 65535, 0, 0) + data
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, bytes([127, 0, 0, 1]), bytes([127, 0, 0, 1])) + tcp
            f.write(struct.pack("<IIII", 1700000000 + at // 10**6, at % 10**6, len(ip), len(ip)) + ip)
            seq[side] += len(data) + bool(flags & (SYN | FIN))

        packet("client", SYN)
        packet("server", SYN | ACK)
        packet("client", ACK)
        for event, side, data in conversation.reads():
            if event == "read":
                for i in range(0, len(data), 16000):
                    packet(side, PSH | ACK, data[i:i + 16000])
            else:
                packet(side, FIN | ACK)


def lengths(path, dissector):
    """The lengths of the bodies of both sides, as tshark measures them."""
    field, less = FIELDS[dissector]
    fields = [field, *(f"{field}_ext_{bits}" for bits in (16, 64) if dissector == "websocket")]
    out = subprocess.run(["tshark", "-r", path, "-d", f"tcp.port=={SERVER},{DECODE_AS.get(dissector, dissector)}", "-T", "fields",
                          "-e", "tcp.srcport", *(part for f in fields for part in ("-e", f)), "-E", "occurrence=a", "-E", "aggregator=,"],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True).stdout
    seen = {"client": [], "server": []}
    for line in out.splitlines():
        port, *columns = line.split("\t")
        first, *longer = [[int(n) for n in c.split(",") if n] for c in columns]
        side = "client" if int(port) == CLIENT else "server"
        for n in first:
            if longer and n in (126, 127):
                n = longer[n - 126].pop(0)
            seen[side].append(n - less)
    return seen


def opening(dissector, seen, conversation):
    """Adds the frames that a protocol opens with and that have no length of their own."""
    client, server = conversation.bytes["client"], conversation.bytes["server"]
    if dissector == "websocket":  # the heads of HTTP
        return {side: [UNMEASURED] + seen[side] for side in seen}
    if dissector == "http2" and client.startswith(b"PRI * HTTP/2.0\r\n"):
        return {**seen, "client": [UNMEASURED] + seen["client"]}
    if dissector == "amqp" and client.startswith(b"AMQP"):
        return {**seen, "client": [UNMEASURED] + seen["client"]}
    if dissector == "pgsql" and server[:1] in (b"N", b"S") and struct.unpack(">I", client[4:8])[0] == 80877103:
        return {**seen, "server": [UNMEASURED] + seen["server"]}
    return seen


def measure(studio):
    """Gives each entry that names a dissector the account of tshark."""
    for entry in studio.index:
        dissector = entry.get("dissector")
        if not dissector:
            continue
        path = os.path.join(studio.work, "capture.pcap")
        conversation = studio.conversations[entry["file"]]
        capture(conversation, path)
        seen = opening(dissector, lengths(path, dissector), conversation)
        for side, found in seen.items():
            entry[side].setdefault("messages", len(found))
            entry[side]["lengths"] = found
        release = re.search(r"\d+\.\d+\.\d+", version("tshark", "--version")).group()
        entry.setdefault("counted", f"tshark {release}: {FIELDS[dissector][0]}")
