"""BGP between two BIRD daemons, one of them behind the proxy."""

import os
import time

from studio import Proxy, background, free_port, until, version

CONFIG = """
router id 192.0.2.{id};
protocol device {{}}
protocol static {{ ipv4; {routes} }}
protocol bgp peer {{
  local 127.0.0.1 port {port} as 6450{id};
  neighbor 127.0.0.1 port {other} as 6450{peer};
  multihop; passive {passive}; connect delay time 1; hold time 9; keepalive time 1;
  ipv4 {{ import all; export all; }};
}}
"""


def record(studio):
    port = free_port()
    routes = " ".join(f"route 198.51.{i}.0/24 blackhole;" for i in range(100))

    def bird(name, **values):
        path = os.path.join(studio.work, name)
        with open(path + ".conf", "w") as f:
            f.write(CONFIG.format(**values))
        return background("bird", "-f", "-c", path + ".conf", "-s", path + ".ctl", "-P", path + ".pid")

    with Proxy(port) as p:
        with bird("listener", id=1, peer=2, port=port, other=free_port(), routes="route 203.0.113.0/24 blackhole;", passive="on"):
            with bird("caller", id=2, peer=1, port=free_port(), other=p.port, routes=routes, passive="off"):
                until(lambda: any(len(c.bytes["server"]) > 200 for c in p.conversations), 40)
                time.sleep(1)
    c = max(p.conversations, key=lambda c: len(c.bytes["server"]))
    studio.save("bgp", version("bird", "--version"), "session", "two bird daemons: a session, a hundred routes one way and one the other", "bgp", c, dissector="bgp")
