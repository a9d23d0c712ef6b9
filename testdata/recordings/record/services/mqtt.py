"""mosquitto, with its own clients; MQTT 3.1.1 and 5."""

import os

from studio import Proxy, background, free_port, run, serving, until, version


def record(studio):
    port = free_port()
    config = os.path.join(studio.work, "mosquitto.conf")
    with open(config, "w") as f:
        f.write(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    release = version("mosquitto", "-h")

    def keep(scenario, command, p):
        studio.save("mqtt", release, scenario, f"mosquitto; {command}", "mqtt", p.conversations[0], dissector="mqtt")

    def subscribe(p, count, *options):
        return background("mosquitto_sub", "-p", str(p.port), "-C", str(count), "-W", "20", *options, stdout=-3)

    with serving("mosquitto", "-c", config, port=port):
        def publish(*options, to=port, stdin=""):
            run("mosquitto_pub", "-p", str(to), *options, stdin=stdin)

        for mqtt, name in (("mqttv311", "v311"), ("mqttv5", "v5")):
            for qos in "012":
                with Proxy(port) as p:
                    publish("-V", mqtt, "-q", qos, "-t", "sensors/kitchen", "-m", "21.5 °C", to=p.port)
                keep(f"{name}-publish-qos{qos}", f"mosquitto_pub -V {mqtt} -q {qos}", p)
            with Proxy(port) as p:
                with subscribe(p, 6, "-V", mqtt, "-q", "2", "-t", "sensors/#", "-t", "x/+/y", "-k", "5", "-i", f"sub-{name}") as sub:
                    until(lambda: p.conversations and b"\x90" in p.conversations[0].bytes["server"])
                    for i, qos in enumerate("012012"):
                        publish("-q", qos, "-t", f"sensors/{i}", "-m", "x" * (60 * i))
                    sub.wait(20)
            keep(f"{name}-subscribe", f"mosquitto_sub -V {mqtt} -q 2 -t 'sensors/#' -t x/+/y -C 6; mosquitto_pub at each quality of service", p)

        with Proxy(port) as p:
            publish("-V", "mqttv311", "-q", "1", "-l", "-t", "lines", to=p.port, stdin="".join(f"line {i}\n" for i in range(40)))
        keep("v311-lines", "mosquitto_pub -V mqttv311 -q 1 -l <lines", p)
        with Proxy(port) as p:
            publish("-V", "mqttv5", "-q", "1", "-r", "-t", "kept", "-m", "retained", "--will-topic", "gone", "--will-payload", "bye",
                    "-D", "publish", "user-property", "key", "value", "-D", "publish", "content-type", "text/plain", to=p.port)
        keep("v5-properties", "mosquitto_pub -V mqttv5 -r --will-topic gone -D publish user-property key value", p)
        with Proxy(port) as p:
            publish("-V", "mqttv311", "-q", "1", "-t", "large", "-s", to=p.port, stdin="0123456789" * 3000)
        keep("v311-large", "mosquitto_pub -V mqttv311 -s <30000 bytes", p)
        with Proxy(port) as p:
            with subscribe(p, 1, "-V", "mqttv311", "-t", "silence", "-k", "5", "-i", "ping"):
                until(lambda: p.conversations and b"\xd0\x00" in p.conversations[0].bytes["server"])
        keep("v311-ping", "mosquitto_sub -V mqttv311 -k 5 -t silence, until it has pinged", p)
