"""dnsmasq over TCP, with dig."""

from studio import Proxy, free_port, run, serving, version


def record(studio):
    port = free_port()
    release = f"{version('dnsmasq', '--version').split('  ')[0]}; {version('dig', '-v')}"
    txt = [f"--txt-record=t{i}.test,{'x' * 200},{'y' * i}" for i in range(0, 200, 40)]
    server = ["dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--user=root", "--listen-address=127.0.0.1", "--bind-interfaces", f"--port={port}",
              "--conf-file=/dev/null", "--pid-file", "--address=/a.test/192.0.2.7", "--address=/a.test/2001:db8::7", "--mx-host=m.test,mail.test,10",
              "--srv-host=_chat._tcp.test,s.test,5222", "--ptr-record=7.2.0.192.in-addr.arpa,a.test", "--cname=c.test,a.test",
              "--auth-server=ns.test", "--auth-zone=z.test", "--auth-sec-servers=ns2.test", "--host-record=h.z.test,192.0.2.9", *txt]

    def dig(scenario, *options):
        with Proxy(port) as p:
            run("dig", "@127.0.0.1", "-p", str(p.port), "+tcp", "+keepopen", "+tries=1", *options, status=None)
        studio.save("dns", release, scenario, f"dnsmasq --address=/a.test/192.0.2.7 --mx-host=m.test,mail.test,10 ...; dig +tcp +keepopen {' '.join(options)}",
                    "dns", p.conversations[0], dissector="dns")

    with serving(*server, port=port):
        dig("one", "a.test")
        dig("several", "a.test", "A", "a.test", "AAAA", "m.test", "MX", "_chat._tcp.test", "SRV", "-x", "192.0.2.7", "c.test", "A")
        dig("text", *[part for i in range(0, 200, 40) for part in (f"t{i}.test", "TXT")])
        dig("refused", "nowhere.example", "A", "a.test", "ANY", "+noedns", "+nocookie")
