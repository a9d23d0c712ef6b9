"""RabbitMQ: AMQP 0-9-1 with the tools of rabbitmq-c, STOMP with stomp.py."""

import os
import threading

import stomp

from studio import Proxy, free_port, run, serving, version, wait_port

CONFIG = """
listeners.tcp.1 = 127.0.0.1:{amqp}
stomp.listeners.tcp.1 = 127.0.0.1:{stomp}
log.console = false
"""


def record(studio):
    amqp, plain, distribution, epmd = (free_port() for _ in range(4))
    config, plugins = os.path.join(studio.work, "rabbitmq.conf"), os.path.join(studio.work, "plugins")
    with open(config, "w") as f:
        f.write(CONFIG.format(amqp=amqp, stomp=plain))
    with open(plugins, "w") as f:
        f.write("[rabbitmq_stomp].\n")
    env = {**os.environ, "HOME": studio.work, "RABBITMQ_CONFIG_FILE": config, "RABBITMQ_ENABLED_PLUGINS_FILE": plugins, "RABBITMQ_MNESIA_BASE": studio.work + "/mnesia",
           "RABBITMQ_LOG_BASE": studio.work + "/log", "RABBITMQ_NODENAME": "recorder@localhost", "RABBITMQ_DIST_PORT": str(distribution),
           "ERL_EPMD_PORT": str(epmd), "ERL_EPMD_ADDRESS": "127.0.0.1", "RABBITMQ_PID_FILE": studio.work + "/pid"}
    server = "/usr/lib/rabbitmq/bin/rabbitmq-server"
    with serving(server, port=amqp, env=env, log=studio.work + "/server.log"):
        wait_port(plain)
        release = version("dpkg-query", "-W", "-f", "RabbitMQ ${Version}\n", "rabbitmq-server")
        for scenario, *command in (
            ("declare", "amqp-declare-queue", "-q", "work", "-d"),
            ("publish", "amqp-publish", "-r", "work", "-b", "žluť", "-C", "text/plain", "-p"),
            ("large", "amqp-publish", "-r", "work", "-b", "0123456789" * 3000),
            ("get", "amqp-get", "-q", "work"),
            ("consume", "amqp-consume", "-q", "work", "-c", "1", "cat"),
            ("refused", "amqp-publish", "--username", "nobody", "--password", "x", "-r", "work", "-b", "x"),
        ):
            with Proxy(amqp) as p:
                run(command[0], "--server", "127.0.0.1", "--port", str(p.port), *command[1:], status=None)
            shown = " ".join(a if len(a) < 100 else "BODY" for a in command)
            studio.save("amqp", release, scenario, f"rabbitmq-server; {shown}", "amqp", p.conversations[0], dissector="amqp")
        for scenario in (talk, transaction, mistake):
            with Proxy(plain) as p:
                count = Count()
                c = stomp.Connection12([("127.0.0.1", p.port)], vhost="/", reconnect_attempts_max=1)
                c.set_listener("count", count)
                c.connect("guest", "guest", wait=True)
                scenario(c, count)
            studio.save("stomp", f"{release}; stomp.py {'.'.join(map(str, stomp.__version__))}", scenario.__name__, f"rabbitmq-server with rabbitmq_stomp; stomp.py: {scenario.__name__}",
                        "stomp", p.conversations[0], count.sent, count.got, "the client's library")
    run("epmd", "-port", str(epmd), "-kill", status=None)


class Count(stomp.ConnectionListener):
    def __init__(self):
        self.sent = self.got = self.messages = 0
        self.changed = threading.Condition()

    def on_send(self, frame):
        self.sent += 1

    def frame(self, message):
        with self.changed:
            self.got += 1
            self.messages += message
            self.changed.notify_all()

    def on_connected(self, frame):
        self.frame(0)

    def on_receipt(self, frame):
        self.frame(0)

    def on_error(self, frame):
        self.frame(0)

    def on_message(self, frame):
        self.frame(1)

    def wait(self, condition):
        with self.changed:
            if not self.changed.wait_for(condition, 10):
                raise RuntimeError("waited in vain")


def talk(c, count):
    c.subscribe("/queue/talk", id="1", ack="client-individual")
    bodies = ["hello", "", "žluťoučký", "two\nlines\n", "x" * 5000]
    for body in bodies:
        c.send("/queue/talk", body, content_type="text/plain", number=len(body))
    count.wait(lambda: count.messages == len(bodies))
    c.unsubscribe("1")
    leave(c, count, len(bodies) + 1)


def transaction(c, count):
    c.begin("t")
    for i in range(3):
        c.send("/queue/transaction", f"message {i}", transaction="t")
    c.commit("t")
    c.begin("u")
    c.send("/queue/transaction", "never", transaction="u")
    c.abort("u")
    leave(c, count, 1)


def leave(c, count, before):
    """Disconnects, and waits for the receipt of that behind the frames before."""
    c.disconnect()
    count.wait(lambda: count.got == before + 1)


def mistake(c, count):
    c.send("/no/such/destination", "x")
    count.wait(lambda: count.got == 2)
