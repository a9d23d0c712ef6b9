"""memcached's text protocol, with pymemcache."""

from importlib.metadata import version as package

from pymemcache.client.base import Client

from studio import Proxy, free_port, run, serving, version


def record(studio):
    port = free_port()
    library = f"pymemcache {package('pymemcache')}"
    release = f"{version('memcached', '-V')}; {library}"
    counted = "the client: commands, and the values, lines of statistics and ends that it got"

    def keep(scenario, command, p, client, server, counted=counted):
        studio.save("memcached", release, scenario, f"memcached -l 127.0.0.1 -u nobody; {command}", "memcached", p.conversations[0], client, server, counted)

    with serving("memcached", "-l", "127.0.0.1", "-p", str(port), "-u", "nobody", port=port):
        with Proxy(port) as p:
            c = Client(("127.0.0.1", p.port), no_delay=True)
            client = server = 0
            for key, value in (("a", b"1"), ("empty", b""), ("crlf", b"END\r\nVALUE a 0 1\r\n"), ("bytes", bytes(range(256))), ("n", b"41")):
                c.set(key, value, noreply=False)
                client, server = client + 1, server + 1
            for key in ("a", "empty", "crlf", "bytes", "missing"):
                hit = c.get(key) is not None
                client, server = client + 1, server + 1 + hit
            hits = len(c.get_many(["a", "empty", "crlf", "missing", "bytes"]))
            client, server = client + 1, server + hits + 1
            assert c.incr("n", 1, noreply=False) == 42 and c.decr("n", 2, noreply=False) == 40 and c.incr("missing", 1, noreply=False) is None
            value, token = c.gets("a")
            assert c.cas("a", b"2", token, noreply=False) is True and c.cas("a", b"3", token, noreply=False) is False
            c.add("a", b"x", noreply=False), c.append("a", b"y", noreply=False), c.prepend("a", b"z", noreply=False), c.replace("none", b"q", noreply=False)
            c.touch("a", 100, noreply=False), c.delete("a", noreply=False), c.delete("a", noreply=False)
            client, server = client + 3 + 1 + 2 + 4 + 3, server + 3 + 2 + 2 + 4 + 3
            c.close()
        keep("commands", f"{library}: set, get, gets, cas, incr, add, append, touch, delete", p, client, server)

        with Proxy(port) as p:
            c = Client(("127.0.0.1", p.port), no_delay=True)
            lines = [len(c.stats()), len(c.stats("items")), len(c.stats("settings"))]
            c.version()
            c.quit()
        keep("stats", f"{library}: stats, stats items, stats settings, version, quit", p, 5, sum(lines) + 3 + 1)

        with Proxy(port) as p:
            c = Client(("127.0.0.1", p.port), no_delay=True)
            for i in range(100):
                c.set(f"key{i}", b"v" * i, noreply=True)
            hits = len(c.get_many([f"key{i}" for i in range(100)]))
            c.flush_all(noreply=True)
            c.quit()
        keep("noreply", f"{library}: 100 set noreply, one get of all, flush_all noreply, quit", p, 103, hits + 1)

        with Proxy(port) as p:
            c = Client(("127.0.0.1", p.port), no_delay=True)
            value = bytes(i * 7 % 251 for i in range(30000))
            c.set("large", value, noreply=False)
            assert c.get("large") == value
            c.close()
        keep("large", f"{library}: set and get of 30000 bytes", p, 2, 3)

        with Proxy(port) as p:
            lines = ["version", "get", "incr a b", "verbosity 1", "mn", "mg missing v"]
            run("bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{p.port}; while read -r line; do printf '%s\\r\\n' \"$line\" >&3; read -r reply <&3; done", stdin="\n".join(lines) + "\n")
        keep("errors", "bash, through /dev/tcp: commands of which most are wrong", p, len(lines), len(lines), "the client: one line of reply to each line")
