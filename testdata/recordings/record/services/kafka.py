"""A Kafka broker in memory, kfake of franz-go, with kcat, whose library is librdkafka."""

import os
import re

from studio import Proxy, free_port, go_program, go_version, run, serving, version

BODY = "0123456789" * 2000


def record(studio):
    broker = go_program(studio, "kafka")
    kcat, librdkafka = re.search(r"Version (\S+) .*librdkafka (\S+)", run("kcat", "-V").decode()).groups()
    release = f"kfake {go_version('github.com/twmb/franz-go/pkg/kfake')}; kcat {kcat}, librdkafka {librdkafka}"
    topic = ("-t", "greetings", "-p", "0")

    def one(scenario, *client, before=(), stdin=""):
        port = free_port()
        with Proxy(port) as p, serving(broker, str(port), str(p.port), port=port):
            for words, text in (*before, (client, stdin)):
                first = len(p.conversations)
                run("kcat", "-b", f"127.0.0.1:{p.port}", *words, stdin=text)
            # A client asks for the topics on one connection, and works on one to each broker.
            c = max(p.conversations[first:], key=lambda c: sum(map(len, c.bytes.values())))
        studio.save("kafka", release, scenario, f"kfake; kcat {' '.join(client)}", "kafka", c, dissector="kafka")

    lines = (("-P", *topic, "-H", "kind=text"), "hello\nžluťoučký\nkůň\n")
    one("metadata", "-L")
    one("produce", *lines[0], stdin=lines[1])
    one("keys", "-P", *topic, "-K", ":", "-X", "acks=1", stdin="".join(f"k{i}:value {i}\n" for i in range(30)))
    one("batches", "-P", *topic, "-X", "enable.idempotence=true", "-X", "batch.num.messages=4", stdin="".join(f"message {i}\n" for i in range(30)))
    one("large", "-P", *topic, stdin=BODY + "\n")
    one("consume", "-C", *topic, "-o", "beginning", "-e", "-q", before=(lines,))
    one("group", "-G", "readers", "greetings", "-c", "3", "-q", "-X", "auto.offset.reset=earliest", before=(lines,))
