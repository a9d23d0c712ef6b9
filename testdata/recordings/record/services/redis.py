"""redis-server, with redis-cli, redis-py and a shell's bare connection."""

import redis

from studio import Proxy, free_port, run, serving, version

COMMANDS = """PING
SET greeting "hello, wörld"
GET greeting
GET nothing
STRLEN greeting
SET binary "a\\x00b\\r\\nc\\xff"
GET binary
INCR counter
INCRBY counter 41
INCR greeting
LPUSH list one two three
LRANGE list 0 -1
HSET hash name chancat kind netcat
HGETALL hash
ZADD scores 1.5 a 2 b
ZRANGE scores 0 -1 WITHSCORES
LRANGE nothing 0 -1
NOSUCHCOMMAND
SET too many arguments here
ECHO ""
BLPOP nothing 0.01
EVAL "return {1,{2,{3,'deep'}},false}" 0
EXISTS greeting nothing
TYPE list
DEL list hash
"""

TYPES = "string integer double null array set map verbatim true false".split()


def record(studio):
    port = free_port()
    server = ["redis-server", "--port", str(port), "--save", "", "--enable-debug-command", "yes", "--dir", studio.work,
              "--rename-command", "COMMAND", ""]  # redis-cli asks it for help: 170 KB
    release = f"{version('redis-server', '--version').split(' sha=')[0]}; {version('redis-cli', '--version')}"
    started = "redis-server --save '' --enable-debug-command yes --rename-command COMMAND ''"

    def keep(scenario, command, proxy, client, replies, counted="the client: commands and replies", which=0):
        studio.save("redis", release, scenario, f"{started}; {command}", "resp", proxy.conversations[which], client, replies, counted)

    with serving(*server, port=port):
        def cli(scenario, *options, stdin, extra=0):
            with Proxy(port) as p:
                run("redis-cli", "-p", str(p.port), *options, stdin=stdin)
            n = len(stdin.splitlines()) + ("-3" in options) + 2  # HELLO 3, COMMAND DOCS, COMMAND
            keep(scenario, f"redis-cli {' '.join(options)} <commands".replace("  ", " "), p, n, n + extra)

        cli("commands", stdin=COMMANDS)
        cli("resp3", "-3", stdin=COMMANDS)
        cli("resp3-types", "-3", stdin="".join(f"DEBUG PROTOCOL {t}\n" for t in TYPES))
        cli("resp3-invalidate", "-3", stdin="CLIENT TRACKING ON\nGET greeting\nSET greeting again\nGET greeting\n", extra=1)  # the push
        cli("info", stdin="INFO\nCONFIG GET *\nMEMORY STATS\nCLIENT LIST\n")

        with Proxy(port) as p:
            r = redis.Redis(port=p.port)
            pipe = r.pipeline(transaction=False)
            for i in range(300):
                pipe.set(f"key:{i}", "v" * (i % 40))
                pipe.get(f"key:{i}")
            n = len(pipe.execute())
            r.close()
        keep("pipeline", f"redis-py {redis.__version__}: a pipeline of SET and GET", p, n, n)

        with Proxy(port) as p:
            r = redis.Redis(port=p.port)
            pipe = r.pipeline(transaction=True)
            for i in range(10):
                pipe.incr("total", i)
            n = len(pipe.execute())
            r.close()
        keep("transaction", f"redis-py {redis.__version__}: MULTI, INCR, EXEC", p, n + 2, n + 2)

        with Proxy(port) as p:
            r = redis.Redis(port=p.port)
            blob = bytes(range(256)) * 72 + b"\r\n$3\r\n"
            r.set("blob", blob)
            assert r.get("blob") == blob
            r.close()
        keep("large", f"redis-py {redis.__version__}: SET and GET of 18 KiB", p, 2, 2)

        with Proxy(port) as p:
            r = redis.Redis(port=port)
            s = redis.Redis(port=p.port).pubsub()
            s.subscribe("news", "weather")
            s.psubscribe("n*")
            seen = [s.get_message(timeout=5) for _ in range(3)]
            for i in range(5):
                r.publish("news", f"item {i}")
            seen += [s.get_message(timeout=5) for _ in range(10)]  # the pattern matches too
            s.unsubscribe()
            seen += [s.get_message(timeout=5) for _ in range(2)]
            assert None not in seen, seen
            s.close()
        keep("pubsub", f"redis-py {redis.__version__}: SUBSCRIBE, PSUBSCRIBE, UNSUBSCRIBE", p, 3, len(seen))

        with Proxy(port) as p:  # redis-cli 7.0 cannot read these
            ask = "HELLO 3\\r\\nDEBUG PROTOCOL attrib\\r\\nDEBUG PROTOCOL bignum\\r\\nPING\\r\\n"
            run("bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{p.port}; printf '{ask}' >&3; until [[ $line == +PONG* ]]; do read -r line <&3; done")
        keep("resp3-attribute", "bash, through /dev/tcp: HELLO 3, DEBUG PROTOCOL attrib and bignum, PING", p, 4, 4, "the client: commands and replies; an attribute belongs to its reply")

        with Proxy(port) as p:
            lines = ["PING", "SET inline yes", "GET inline", "nonsense", "LRANGE inline 0 1"]
            run("bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{p.port}; while read -r line; do printf '%s\\r\\n' \"$line\" >&3; read -r reply <&3; "
                "case $reply in '$'[0-9]*) read -r reply <&3;; esac; done", stdin="\n".join(lines) + "\n")
        keep("inline", "bash, inline commands through /dev/tcp", p, len(lines), len(lines))
