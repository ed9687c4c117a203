"""Which server a question goes to, and what is answered without one (dns.md section 2)."""
from dns_questions import FIRST, SECOND, Case, q, reverse6


def both(*names):
    return [q(name, rdtype) for name in names for rdtype in ("A", "AAAA")]


def pointers(*names):
    return [q(f"{name}.in-addr.arpa", "PTR") for name in names]


NESTED = both("p.test", "x.p.test", "c.p.test", "x.c.p.test", "d.c.p.test", "y.d.c.p.test", "xp.test",
              "Y.D.C.p.test") + [q("P.TEST"), q("c.p.test", "TXT"), q("d.c.p.test", "MX"), q("x.p.test", "ANY")]
WILD = both("w.test", "a.w.test", "xw.test", "a.xw.test", "yxw.test", "yw.test", "aw.test", "a.b.w.test")
DOTLESS = both("plain", "host", "x.lan", "a1.up.test") + [q("plain", "TXT"), q("host", "MX"), q(".", "NS")]

CASES = {
    "routes, nested: local, address, server": Case(
        f"local=/p.test/\naddress=/c.p.test/192.0.2.7\nserver=/d.c.p.test/{SECOND}", NESTED),
    "routes, nested: server, local, address": Case(
        f"server=/p.test/{SECOND}\nlocal=/c.p.test/\naddress=/d.c.p.test/2001:db8::7", NESTED),
    "routes, nested: null, standard, empty": Case(
        "address=/p.test/#\nserver=/c.p.test/#\naddress=/d.c.p.test/", NESTED),
    "routes, nested: the order of lines does not matter": Case(
        f"server=/d.c.p.test/{SECOND}\naddress=/c.p.test/192.0.2.7\nlocal=/p.test/", NESTED),
    "routes, one domain: both families and null": Case(
        "address=/p.test/192.0.2.7\naddress=/p.test/2001:db8::7\naddress=/c.p.test/192.0.2.8\n"
        "address=/c.p.test/#\naddress=/d.c.p.test/192.0.2.9\naddress=/d.c.p.test/2001:db8::9", NESTED),
    "routes, one domain: literal, local and server": Case(
        f"address=/p.test/192.0.2.7\nlocal=/p.test/\nserver=/c.p.test/{SECOND}\naddress=/c.p.test/192.0.2.8", NESTED),
    "routes, several domains in a line": Case(
        f"server=/p.test/w.test/lan/{SECOND}\naddress=/c.p.test/xw.test/192.0.2.7\nlocal=/d.c.p.test/host/",
        NESTED + DOTLESS),
    "routes, wildcards: text": Case(
        f"address=/*w.test/192.0.2.7\naddress=/w.test/192.0.2.8\naddress=/*xw.test/192.0.2.9", WILD),
    "routes, wildcards: below": Case("address=/*.w.test/192.0.2.7\nlocal=/*.xw.test/", WILD),
    "routes, wildcards: servers": Case(
        f"server=/*w.test/{SECOND}\nserver=/a.w.test/#\nlocal=/*xw.test/\nserver=/yxw.test/{FIRST}", WILD),
    "routes, wildcards and a dot in front": Case(f"server=/.w.test/{SECOND}\nlocal=/*.w.test/", WILD),
    "routes, names without a dot": Case(f"server=//{SECOND}\nlocal=/lan/", DOTLESS),
    "routes, names without a dot are local": Case(f"local=//\nserver=/lan/{SECOND}\naddress=/host/192.0.2.7", DOTLESS),
    "routes, every name and one": Case(f"address=/#/192.0.2.7\nserver=/up.test/{SECOND}\nlocal=/lan/", DOTLESS),
    "routes, every name null": Case(f"address=/#/#\nserver=/p.test/#\nserver=/w.test/{SECOND}",
                                    both("p.test", "a.w.test", "a.b.test", "plain")),
    "routes, reverse: odd prefixes": Case(
        f"rev-server=10.0.0.0/9,{SECOND}\nrev-server=172.16.0.0/14\nrev-server=192.0.2.64/26,{SECOND}\n"
        "rev-server=198.51.100.7",
        pointers("1.2.3.10", "1.2.127.10", "1.2.128.10", "10", "127.10", "1.1.16.172", "1.1.19.172", "1.1.20.172",
                 "63.2.0.192", "64.2.0.192", "127.2.0.192", "128.2.0.192", "x.100.2.0.192", "7.100.51.198",
                 "8.100.51.198")),
    "routes, reverse: IPv6": Case(
        f"rev-server=2001:db8::/32,{SECOND}\nrev-server=2001:db8:4000::/35\nrev-server=2a00:1234:5678::/47,{SECOND}",
        [q(reverse6(address), "PTR") for address in (
            "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:0db8:4000:0000:0000:0000:0000:0001",
            "2001:0db8:5fff:0000:0000:0000:0000:0001", "2001:0db8:6000:0000:0000:0000:0000:0001",
            "2a00:1234:5678:0000:0000:0000:0000:0001", "2a00:1234:5679:0000:0000:0000:0000:0001",
            "2a00:1234:567a:0000:0000:0000:0000:0001")]),
    "routes, reverse: bogus-priv": Case(
        f"bogus-priv\nrev-server=10.1.0.0/16,{SECOND}\nserver=/16.172.in-addr.arpa/#\nlocal=/2.10.in-addr.arpa/",
        pointers("1.2.1.10", "1.2.2.10", "1.2.3.10", "1.2.16.172", "1.2.17.172")),
}
