"""What the comparison with the peer asks: configurations, and the questions put to each."""
import dataclasses

FIRST, SECOND = "127.0.0.53", "127.0.0.54"  # dns_upstream.py at these; the second answers later

# Who may ask ("from"), and the hardware address the system knows of it.
CLIENTS = {
    "10.9.9.1": "02:00:00:00:09:01", "10.9.9.2": "02:00:00:00:09:02", "10.9.8.1": "",
    "2001:db8:9:1::1": "02:00:00:00:09:61", "2001:db8:9:2::1": "",
}

HOSTS = """\
192.0.2.10 alpha alpha-alias
192.0.2.11 beta.lan
192.0.2.12 beta.lan
2001:db8:1::10 alpha
192.0.2.10 second-for-ten
192.0.2.20 dotted.host.example.
192.0.2.30 known.lan
"""


@dataclasses.dataclass
class Case:
    config: str
    questions: list
    servers: tuple = (FIRST,)
    resolv: str = ""  # text of a resolv file; "": no-resolv


def q(name, rdtype="A", **more):
    return {"name": name, "type": rdtype, **more}


def reverse6(address):
    return ".".join(reversed(address.replace(":", ""))) + ".ip6.arpa"


FORWARDED = [
    q("a1.up.test"), q("A1.Up.TEST"), q("a1.up.test", "AAAA"), q("a1.up.test", "TXT"), q("multi.up.test"),
    q("only4.up.test", "AAAA"), q("cn1.up.test"), q("cn1.up.test", "AAAA"), q("cn1.up.test", "CNAME"),
    q("dangling.up.test"), q("txt.up.test", "TXT"), q("mx.up.test", "MX"), q("_s._tcp.up.test", "SRV"),
    q("zero.up.test"), q("nx.up.test"), q("nx.up.test", "AAAA"), q("x.servfail.test", timeout=0.5),
    q("x.refused.test", timeout=0.5), q("x.notimp.test"), q("1.113.0.203.in-addr.arpa", "PTR"),
    q("private.up.test"), q("plain"), q("plain", "TXT"),
]
REPEATED = [
    q("a1.up.test"), q("a1.up.test"), q("a1.up.test", "AAAA"), q("a1.up.test", "AAAA"),
    q("nx.up.test"), q("nx.up.test"), q("nx.up.test", "AAAA"), q("only4.up.test", "AAAA"),
    q("only4.up.test", "AAAA"), q("cn1.up.test"), q("cn1.up.test"), q("a1.up.test"),
    q("cn2.up.test"), q("zero.up.test"), q("zero.up.test"), q("_s._tcp.up.test", "SRV"),
    q("_s._tcp.up.test", "SRV"), q("1.113.0.203.in-addr.arpa", "PTR"),
    q("1.113.0.203.in-addr.arpa", "PTR"),
]
KINDS = [
    q("caa.up.test", "CAA"), q("naptr.up.test", "NAPTR"), q("https.up.test", "HTTPS"),
    q("sshfp.up.test", "SSHFP"), q("hinfo.up.test", "HINFO"), q("odd.up.test", "TYPE65400"),
    q("up.test", "SOA"), q("up.test", "NS"), q("a1.up.test", "DS"), q("a1.up.test", "HTTPS"),
    q("week.up.test"), q("ages.up.test"), q("cn4.up.test", "AAAA"), q("cn4.up.test"),
    q("cnlocal.up.test"), q(r"dot\.ted.up.test"), q(r"nul\000.up.test"), q("any.wild.up.test"),
    q("a.b.wild.up.test"), q("c1.chain.test"), q("one.loop.test"), q("c1.chain.test", "AAAA"),
    q("a" * 63 + ".up.test"), q(".", "NS"), q("test"),
]
ODD_SERVERS = [
    q("aa.test"), q("aa.test"), q("nora.test"), q("nora.test"), q("ad.test"), q("ad.test", ad=True),
    q("noedns.test"), q("noedns.test", edns=1232), q("glue.test", "MX"), q("extra.test"), q("extra.test"),
    q("bank.test"), q("sig.test"), q("sig.test", edns=1232, do=True), q("nodo.test", edns=1232, do=True), q("x.formerr.test"),
    q("x.yxdomain.test"), q("x.servfail.test"), q("x.servfail.test"), q("many.up.test"),
    q("many.up.test", edns=1232), q("many.up.test", edns=512),
]
NO_SOA = [q("nx.nosoa.test"), q("nx.nosoa.test"), q("a.nosoa.test", "AAAA"), q("a.nosoa.test", "AAAA"),
          q("a.nosoa.test"), q("nx.nosoa.test", "AAAA")]
NEGATIVE = [q("a1.up.test", "TXT"), q("a1.up.test", "TXT"), q("a1.up.test"), q("txt.up.test"),
            q("txt.up.test"), q("txt.up.test", "TXT"), q("nx.up.test", "TXT"), q("nx.up.test", "MX"),
            q("nx.up.test"), q("x.nx.up.test"), q("dangling.up.test"), q("dangling.up.test"),
            q("nowhere.up.test"), q("cn4.up.test", "AAAA"), q("cn4.up.test", "AAAA"),
            q("cn4.up.test")]
LOCAL = [q("alpha"), q("alpha", "AAAA"), q("ALPHA"), q("alpha-alias"), q("beta.lan"), q("beta.lan", "AAAA"),
         q("alpha", "TXT"), q("alpha", "ANY"), q("10.2.0.192.in-addr.arpa", "PTR"),
         q("11.2.0.192.in-addr.arpa", "PTR"), q("12.2.0.192.in-addr.arpa", "PTR"),
         q("dotted.host.example"), q("second-for-ten"),
         q(reverse6("2001:0db8:0001:0000:0000:0000:0000:0010"), "PTR")]
LOCAL_ODD = [q("beta.lan", "AAAA"), q("beta.lan", "AAAA"), q("beta.lan", "TXT"), q("x.alpha"),
             q("10.2.0.192.in-addr.arpa", "ANY"), q("10.2.0.192.in-addr.arpa", "A"),
             q("2.0.192.in-addr.arpa", "PTR"), q("alpha", rd=False), q("alpha", cd=True), q("alpha", ad=True),
             q("alpha", edns=1232, do=True), q("alpha", "CNAME"), q("alpha", "MX"), q("beta.lan", "ANY"),
             q(reverse6("2001:0db8:0001:0000:0000:0000:0000:0010").replace("arpa", "int"), "PTR")]
EDNS = [q("a1.up.test", edns=1232), q("a1.up.test", edns=4096), q("a1.up.test", edns=512),
        q("alpha", edns=1232), q("big.up.test", "TXT"), q("big.up.test", "TXT", edns=1232),
        q("big.up.test", "TXT", edns=4096), q("big.up.test", "TXT", tcp=True), q("alpha", tcp=True),
        q("nx.up.test", edns=1232), q("a1.up.test", edns=1232, do=True), q("a1.up.test", cd=True),
        q("a1.up.test", rd=False)]
BY_TCP = [q("a1.up.test", tcp=True), q("a1.up.test", tcp=True), q("nx.up.test", tcp=True),
          q("many.up.test", tcp=True), q("x.refused.test", tcp=True), q("beta.lan", tcp=True),
          q("a1.up.test", "AAAA", tcp=True, edns=1232), q("alpha", "ANY", tcp=True)]
OPTIONS = [q("a1.up.test", edns=1232, options=[[8, "00011800c00002"]]),
           q("only4.up.test", edns=1232, options=[[3, ""]]),
           q("multi.up.test", edns=1232, options=[[10, "0102030405060708"]]),
           q("txt.up.test", "TXT", edns=1232, options=[[65001, "abcd"]]),
           q("alpha", edns=1232, options=[[10, "0102030405060708"]]),
           q("a1.up.test", edns=1232, version=1), q("alpha", edns=1232, version=1)]
FLAGS = [q("a1.up.test", rd=False), q("a1.up.test"), q("a1.up.test", rd=False), q("only4.up.test", cd=True),
         q("only4.up.test"), q("only4.up.test", cd=True), q("multi.up.test", ad=True), q("multi.up.test"),
         q("txt.up.test", "TXT", cd=True, ad=True), q("mx.up.test", "MX", edns=1232, do=True),
         q("mx.up.test", "MX"), q("a1.up.test", edns=1232, do=True), q("a1.up.test", "ANY"),
         q("a1.up.test", "ANY")]
STRANGE = [q("a1.up.test", qr=True, timeout=0.3), q("a1.up.test", opcode="STATUS", timeout=0.3),
           q("a1.up.test", "SOA", opcode="NOTIFY", timeout=0.3), q("a1.up.test", questions=2, timeout=0.3),
           q("a1.up.test", questions=0, cut=16, timeout=0.3), q("a1.up.test", cut=3, timeout=0.3),
           q("a1.up.test", cut=20, timeout=0.3), q("a1.up.test", "A", **{"class": "HS"}),
           q("a1.up.test", "AXFR", tcp=True), q("a1.up.test", "A", **{"class": "ANY"}), q("a1.up.test")]
DOMAINS = [q("host.dom.test"), q("sub.dom.test"), q("x.sub.dom.test"), q("xdom.test"), q("dom.test"),
           q("which.test", "TXT"), q("a1.up.test"), q("host.dom.test", "AAAA"), q("host.dom.test", "TXT")]
PRIVATE = [q("1.1.168.192.in-addr.arpa", "PTR"), q("1.0.0.10.in-addr.arpa", "PTR"),
           q("1.1.20.172.in-addr.arpa", "PTR"), q("1.254.169.in-addr.arpa", "PTR"),
           q("168.192.in-addr.arpa", "PTR"), q("1.1.168.192.in-addr.arpa", "SOA"),
           q("1.113.0.203.in-addr.arpa", "PTR"), q("1.0.18.198.in-addr.arpa", "PTR"),
           q("1.0.64.100.in-addr.arpa", "PTR"), q("1.0.0.127.in-addr.arpa", "PTR"),
           q(reverse6("fd00:0000:0000:0000:0000:0000:0000:0001"), "PTR"),
           q(reverse6("fe80:0000:0000:0000:0000:0000:0000:0001"), "PTR"),
           q(reverse6("2001:0db8:0000:0000:0000:0000:0000:0001"), "PTR"),
           q(reverse6("2a00:0000:0000:0000:0000:0000:0000:0001"), "PTR")]
PROBING = [q(f"n{i}.up.test") for i in range(54)]
CHAOS = [q(f"{name}.bind", "TXT", **{"class": "CH"}) for name in ("version", "nothing", "cachesize")] + [
    q("version.bind", "A", **{"class": "CH"}), q("version.server", "TXT", **{"class": "CH"})]

CASES = {
    "forward": Case("", FORWARDED),
    "kinds": Case("", KINDS + KINDS),
    "odd servers": Case("", ODD_SERVERS),
    "flags": Case("", FLAGS),
    "strange questions": Case("", STRANGE),
    "tcp": Case("", BY_TCP),
    "edns": Case("", EDNS),
    "edns small": Case("edns-packet-max=512", EDNS),
    "edns large": Case("edns-packet-max=4096", EDNS),
    "edns options": Case("", OPTIONS),

    "cache": Case("", REPEATED),
    "no cache": Case("cache-size=0", REPEATED),
    "negative": Case("", NEGATIVE),
    "no negative cache": Case("no-negcache", REPEATED + NEGATIVE),
    "negative without SOA": Case("", NO_SOA),
    "negative without SOA, min-cache-ttl": Case("min-cache-ttl=60", NO_SOA),
    "negative without SOA, neg-ttl": Case("neg-ttl=30", NO_SOA),
    "neg-ttl": Case("neg-ttl=30", REPEATED),
    "max-ttl": Case("max-ttl=50", FORWARDED + REPEATED),
    "max-cache-ttl": Case("max-cache-ttl=40", REPEATED),
    "min-cache-ttl": Case("min-cache-ttl=150", REPEATED),

    "hosts": Case("", LOCAL),
    "hosts, odd questions": Case("", LOCAL_ODD),
    "hosts with ttl": Case("local-ttl=77", LOCAL),
    "hosts with ttl under max-ttl": Case("local-ttl=77\nmax-ttl=30", LOCAL),
    "hosts in a local domain": Case("local=/lan/", LOCAL + [q("known.lan", "MX"), q("none.lan")]),
    "hosts against upstream": Case("", [q("known.lan"), q("known.lan", "MX"), q("known.lan", "TXT")]),
    "expand-hosts": Case("expand-hosts\ndomain=corp.example", LOCAL + [q("alpha.corp.example"),
                         q("alpha.corp.example", "AAAA"), q("beta.lan.corp.example")]),
    "expand-hosts by range": Case("expand-hosts\ndomain=corp.example\ndomain=ten.example,192.0.2.0/28",
                                  LOCAL + [q("alpha.ten.example"), q("alpha.corp.example")]),
    "local domain": Case("domain=corp.example,192.0.2.0/24,local", [q("x.corp.example"),
                         q("10.2.0.192.in-addr.arpa", "PTR"), q("99.2.0.192.in-addr.arpa", "PTR")]),
    "no-round-robin": Case("no-round-robin", [q("multi.up.test"), q("multi.up.test"), q("beta.lan"),
                           q("beta.lan")]),
    "round robin": Case("", [q("beta.lan"), q("beta.lan"), q("beta.lan")]),

    "address": Case("address=/addr.test/192.0.2.99", [q("addr.test"), q("x.addr.test"),
                    q("addr.test", "AAAA"), q("addr.test", "AAAA"), q("addr.test", "TXT"),
                    q("addr.test", "ANY"), q("xaddr.test"), q("ADDR.test")]),
    "address of both families": Case("address=/addr.test/192.0.2.99\naddress=/addr.test/2001:db8::99",
                                     [q("addr.test"), q("addr.test", "AAAA"), q("addr.test", "MX")]),
    "several addresses": Case("address=/addr.test/192.0.2.98\naddress=/addr.test/192.0.2.99",
                              [q("addr.test"), q("addr.test"), q("addr.test", "TXT")]),
    "several addresses, no-round-robin": Case("no-round-robin\naddress=/addr.test/192.0.2.98\n"
                                              "address=/addr.test/192.0.2.99", [q("addr.test"), q("addr.test")]),
    "several domains": Case("address=/one.test/two.test/192.0.2.98\nlocal=/three.test/four.test/",
                            [q("one.test"), q("two.test"), q("x.two.test"), q("three.test"),
                             q("x.four.test")]),
    "address null": Case("address=/addr.test/#", [q("addr.test"), q("addr.test", "AAAA"),
                         q("addr.test", "TXT"), q("addr.test", "ANY")]),
    "address empty": Case("address=/addr.test/", [q("addr.test"), q("a.addr.test", "AAAA"),
                          q("addr.test", "TXT"), q("addr.test", edns=1232)]),
    "address for all": Case("address=/#/192.0.2.1", [q("a.b.test"), q("plain"), q("a1.up.test", "AAAA"),
                            q("nodots", "TXT"), q("a.b.test", "AAAA"), q("1.113.0.203.in-addr.arpa", "PTR")]),
    "address under local": Case("local=/dom.test/\naddress=/sub.dom.test/192.0.2.7",
                                [q("sub.dom.test"), q("sub.dom.test", "AAAA"), q("host.dom.test"),
                                 q("x.sub.dom.test")]),
    "address over server": Case(f"address=/dom.test/192.0.2.7\nserver=/sub.dom.test/{SECOND}",
                                [q("host.dom.test"), q("sub.dom.test"), q("y.sub.dom.test"),
                                 q("sub.dom.test", "AAAA")]),
    "address and server": Case(f"address=/addr.test/192.0.2.99\nserver=/addr.test/{SECOND}",
                               [q("c.addr.test"), q("c.addr.test", "AAAA"), q("addr.test", "TXT")]),
    "address and local": Case("address=/addr.test/192.0.2.99\nlocal=/addr.test/",
                              [q("c.addr.test"), q("c.addr.test", "AAAA"), q("addr.test", "TXT")]),
    "local under address": Case("address=/dom.test/192.0.2.7\nlocal=/sub.dom.test/",
                                [q("sub.dom.test"), q("host.dom.test"), q("host.dom.test", "AAAA")]),
    "address against hosts": Case("address=/alpha/192.0.2.200", [q("alpha"), q("x.alpha"),
                                  q("alpha", "AAAA")]),

    "local": Case("local=/dom.test/", DOMAINS),
    "server for a domain": Case(f"server=/dom.test/{SECOND}", DOMAINS),
    "server for a domain, standard below": Case(f"server=/dom.test/{SECOND}\nserver=/sub.dom.test/#", DOMAINS),
    "server for a domain, local below": Case(f"server=/dom.test/{SECOND}\nlocal=/sub.dom.test/", DOMAINS),
    "server for a domain, another below": Case(f"server=/dom.test/{SECOND}\nserver=/sub.dom.test/{FIRST}",
                                               DOMAINS),
    "server for a domain that is local too": Case(f"local=/dom.test/\nserver=/dom.test/{SECOND}", DOMAINS[:2]),
    "standard servers for a domain that is local too": Case("local=/dom.test/\nserver=/dom.test/#", DOMAINS[:2]),
    "server with a dot": Case(f"server=/.dom.test/{SECOND}", DOMAINS),
    "server by text": Case(f"server=/*dom.test/{SECOND}\nlocal=/dom.test/", DOMAINS),
    "server below only": Case("local=/*.dom.test/", DOMAINS),
    "server for all": Case(f"server=/#/{SECOND}", DOMAINS),
    "standard servers for all": Case("server=/#/#", DOMAINS[:2]),
    "local for all": Case("local=/#/", [q("a1.up.test"), q("alpha"), q("alpha", "MX")]),
    "server with a port": Case(f"server=/dom.test/{SECOND}#53", DOMAINS),
    "server from an address": Case(f"server=/dom.test/{SECOND}@127.0.0.7", DOMAINS),
    "server from a port": Case(f"server=/dom.test/{SECOND}@127.0.0.7#7777", DOMAINS[:4]),
    "query-port": Case("query-port=7778", DOMAINS[:4]),
    "unqualified names": Case("local=//", [q("plain"), q("plain", "TXT"), q("alpha"), q("a1.up.test"),
                              q(".", "NS")]),
    "server for unqualified names": Case(f"server=//{SECOND}", [q("plain"), q("plain", "TXT"), q("alpha"),
                                         q("a1.up.test"), q(".", "NS")]),
    "rev-server": Case(f"rev-server=203.0.113.0/24,{SECOND}", [q("1.113.0.203.in-addr.arpa", "PTR"),
                       q("1.112.0.203.in-addr.arpa", "PTR"), q("113.0.203.in-addr.arpa", "SOA")]),
    "rev-server local": Case("rev-server=203.0.113.0/24", [q("1.113.0.203.in-addr.arpa", "PTR")]),
    "rev-server odd": Case("rev-server=203.0.112.0/23", [q("1.113.0.203.in-addr.arpa", "PTR"),
                           q("1.112.0.203.in-addr.arpa", "PTR"), q("1.114.0.203.in-addr.arpa", "PTR")]),
    "rev-server through bogus-priv": Case(f"bogus-priv\nrev-server=192.168.0.0/16,{SECOND}",
                                          [q("1.1.168.192.in-addr.arpa", "PTR"),
                                           q("1.0.0.10.in-addr.arpa", "PTR")]),
    "bogus-priv": Case("bogus-priv", PRIVATE + LOCAL),
    "no bogus-priv": Case("", PRIVATE),
    "domain-needed": Case("domain-needed", [q("plain"), q("plain", "AAAA"), q("plain", "TXT"), q("alpha"),
                          q("alpha", "AAAA"), q("nodots"), q("a1.up.test"), q(".", "NS")]),

    "strict-order": Case("strict-order", FORWARDED),
    "strict-order, two servers": Case("strict-order", FORWARDED, (FIRST, SECOND)),
    "all-servers": Case("all-servers", FORWARDED, (FIRST, SECOND)),
    "two servers": Case("", FORWARDED, (FIRST, SECOND)),
    "probing": Case("no-negcache", PROBING, (FIRST, SECOND)),
    "no servers": Case("", [q("a1.up.test"), q("alpha"), q("alpha", "MX"), q("a1.up.test", edns=1232)], ()),
    "resolv file": Case("", [q("a1.up.test"), q("which.test", "TXT")], (),
                        f"# servers\nsearch lan\nnameserver {SECOND}\noptions edns0\n"),
    "resolv file and servers": Case("strict-order", [q("a1.up.test"), q("which.test", "TXT"), q("x.refused.test", timeout=0.5)],
                                    (FIRST,), f"nameserver {SECOND}\n"),
    "resolv file with a bad line": Case("", [q("a1.up.test")], (),
                                        f"nameserver not-an-address\nnameserver {FIRST}\r\n"),
    "chaos": Case("", CHAOS),
    "no-ident": Case("no-ident", CHAOS),
}
