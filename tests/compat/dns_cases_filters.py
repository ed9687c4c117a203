"""Cases of the comparison: filters of upstream answers, and what is kept of them."""
from dns_questions import Case, q

REBIND_NAMES = ("ten", "seventeen", "seventeen-end", "seventeen-out", "home", "home-out", "loop", "loop-end", "zero",
                "zero-net", "link", "carrier", "carrier-out", "doc-one", "doc-two", "doc-three", "ietf", "all",
                "nearly-all", "reserved", "group", "bench", "public", "mixed", "alias", "open.alias")
REBIND_NAMES6 = ("public", "unique", "unique-other", "loop", "zero", "link", "site", "mapped", "mapped-public",
                 "mapped-loop", "doc", "group", "embedded")
E = {"edns": 1232}


def twice(*questions):
    """The second time from the cache, if it is there."""
    return [question for question in questions for _ in range(2)]


REBIND = [q(f"{name}.rebind.test", **E) for name in REBIND_NAMES] + \
         [q(f"{name}.rebind.test", "AAAA", **E) for name in REBIND_NAMES6] + \
         [q("mail.rebind.test", "MX"), q("hint.rebind.test", "HTTPS"), q("nothing.rebind.test"),
          q("to-local.rebind.test"), q("ten.rebind.test", "TXT"), q("ten.rebind.test"), q("ten.rebind.test", tcp=True),
          q("ten.rebind.test", "ANY"), q("alpha"), q("glue.test", "MX")]
FILTERED = twice(q("both.filter.test", **E), q("both.filter.test", "AAAA", **E), q("both.filter.test", "AAAA"),
                 q("both.filter.test", "TXT", **E), q("both.filter.test", "MX"), q("both.filter.test", "HTTPS", **E),
                 q("alias.filter.test", **E), q("alias.filter.test", "AAAA", **E), q("far.filter.test", "AAAA"),
                 q("far.filter.test", "TXT"), q("alias.filter.test", "CNAME", **E), q("nx.up.test", "AAAA", **E),
                 q("only4.up.test", "AAAA", **E), q("only4.up.test", **E), q("x.all.test", "ANY"),
                 q("x.all.test", "ANY", **E), q("y.all.test"), q("alpha", **E), q("alpha", "AAAA", **E),
                 q("beta.lan", "AAAA", **E), q("alpha", "ANY"), q("both.filter.test", tcp=True),
                 q("multi.up.test", "AAAA", tcp=True, **E), q("_s._tcp.filter.test", "SRV", **E),
                 q("cnlocal.up.test", "AAAA"))
BOGUS = twice(q("both.filter.test", **E), q("both.filter.test", "AAAA", **E), q("both.filter.test", "TXT", **E),
              q("alias.filter.test", **E), q("alias.filter.test", "TXT"), q("y.all.test", **E), q("x.all.test", "ANY"),
              q("multi.up.test"), q("multi.up.test", "MX"), q("a1.up.test", "AAAA"),
              q("alpha"), q("only4.up.test"), q("both.filter.test"))
# The one that is not answered comes last: it is asked again while it waits.
IGNORED = [q("both.filter.test", "TXT"), q("a1.up.test"), q("both.filter.test", "AAAA"), q("alpha"),
           q("alias.filter.test", "TXT"), q("nx.up.test")]
ALIASED = twice(q("a1.up.test"), q("cn1.up.test"), q("multi.up.test"), q("only4.up.test"), q("y.all.test"),
                q("a1.up.test", "AAAA"), q("1.113.0.203.in-addr.arpa", "PTR"), q("alpha"), q("cn1.up.test", "CNAME"),
                q("a1.up.test", tcp=True, **E), q("1.0.0.10.in-addr.arpa", "PTR"), q("mx.up.test", "MX"))
WINDOWS = [q("up.test", "SOA", **E), q("_s._tcp.up.test", "SRV", **E), q("a1.up.test", "ANY"),
           q("_x.all.test", "ANY"), q("a_b.all.test", "ANY"), q("x.all.test", "ANY"), q("_s.all.test"),
           q("_local._tcp.lan", "SRV"), q("_local._tcp.lan"), q("alpha", "SRV"), q("alpha", "SOA"), q("a1.up.test"),
           q("_s._tcp.up.test", "TXT"), q(".", "SOA"), q("up.test", "SOA", tcp=True), q("nx.up.test", "SRV")]
AUTHENTIC = twice(q("host.adall.test"), q("host.adall.test", ad=True), q("alias.adall.test", **E),
                  q("host.adall.test", "TXT", **E), q("nx.adall.test"), q("mixed.adall.test"), q("a1.up.test"),
                  q("host.adall.test", edns=1232, do=True), q("alpha"), q("host.adall.test", cd=True),
                  q("host.adall.test", tcp=True), q("x.servfail.test"))

CASES = {
    "rebind": Case("stop-dns-rebind", REBIND),
    "rebind, loopback allowed": Case("stop-dns-rebind\nrebind-localhost-ok", REBIND),
    "rebind, a domain allowed": Case("stop-dns-rebind\nrebind-domain-ok=alias.rebind.test", REBIND),
    "rebind, domains allowed": Case("stop-dns-rebind\nrebind-domain-ok=/TEN.rebind.test/home.rebind.test/", REBIND),
    "rebind, a label allowed": Case("stop-dns-rebind\nrebind-domain-ok=/bind.test/", REBIND[:6]),
    "rebind, nothing kept": Case("stop-dns-rebind\ncache-size=0", twice(*REBIND[:3])),
    "rebind allowed without stop": Case("rebind-localhost-ok\nrebind-domain-ok=x", REBIND[:12]),
    "rebind kept": Case("stop-dns-rebind", twice(*REBIND[:3], q("alias.rebind.test"), q("alias.rebind.test", "CNAME"),
                                                 q("ten.rebind.test", "AAAA"), q("mixed.rebind.test"))),

    "filter-A": Case("filter-A", FILTERED),
    "filter-AAAA": Case("filter-AAAA", FILTERED),
    "filter-A and filter-AAAA": Case("filter-A\nfilter-AAAA", FILTERED),
    "filter-rr": Case("filter-rr=TXT,MX", FILTERED),
    "filter-rr by number": Case("filter-rr=28,HTTPS", FILTERED),
    "filter-rr=CNAME": Case("filter-rr=CNAME", FILTERED),
    "filter-rr=ANY": Case("filter-rr=ANY", FILTERED),
    "filter-rr=ANY, filter-AAAA": Case("filter-rr=ANY\nfilter-AAAA", FILTERED),
    "filter-rr=SRV": Case("filter-rr=SRV,HTTPS", FILTERED),
    "filter-AAAA, no cache": Case("filter-AAAA\ncache-size=0", FILTERED),
    "filter-AAAA, no negative cache": Case("filter-AAAA\nno-negcache", FILTERED[:20]),
    "filter-AAAA, neg-ttl": Case("filter-AAAA\nneg-ttl=30", FILTERED[:20]),
    "filter-AAAA, max-cache-ttl": Case("filter-AAAA\nmax-cache-ttl=20", FILTERED[:20]),
    "filter-AAAA, min-cache-ttl": Case("filter-AAAA\nmin-cache-ttl=90", FILTERED[:20]),

    "bogus-nxdomain": Case("bogus-nxdomain=8.8.4.4", BOGUS),
    "bogus-nxdomain by prefix": Case("bogus-nxdomain=203.0.113.0/24\nbogus-nxdomain=8.0.0.0/5", BOGUS),
    "bogus-nxdomain, IPv6": Case("bogus-nxdomain=2a00::/16\nbogus-nxdomain=2001:db8::1", BOGUS),
    "bogus-nxdomain, no cache": Case("bogus-nxdomain=8.8.4.4\ncache-size=0", BOGUS[:10]),
    "bogus-nxdomain, neg-ttl": Case("bogus-nxdomain=8.8.4.4\nneg-ttl=30", BOGUS[:10]),
    "bogus-nxdomain, no negative cache": Case("bogus-nxdomain=8.8.4.4\nno-negcache", BOGUS[:10]),
    "bogus-nxdomain, one of many": Case("bogus-nxdomain=198.51.100.17", twice(q("many.up.test", edns=4096),
                                        q("many.up.test", tcp=True, **E)) + [q("multi.up.test")]),

    "ignore-address": Case("ignore-address=8.8.4.4\nignore-address=203.0.113.12/30",
                           IGNORED + [q("both.filter.test", timeout=0.5)]),
    "ignore-address behind an alias": Case("ignore-address=8.8.4.4", IGNORED + [q("alias.filter.test", timeout=0.5)]),
    "ignore-address, one of several": Case("ignore-address=203.0.113.12/32", IGNORED + [q("multi.up.test", timeout=0.5)]),
    "ignore-address, IPv6": Case("ignore-address=2a00::/16", [q("both.filter.test"), q("public.rebind.test"),
                                 q("both.filter.test", "AAAA", timeout=0.5)]),

    "alias": Case("alias=203.0.113.1,10.0.0.1", ALIASED),
    "alias of a net": Case("alias=203.0.113.0,10.1.1.0,255.255.255.0", ALIASED),
    "alias of a range": Case("alias=203.0.113.4-203.0.113.11,10.1.1.0,255.255.255.0", ALIASED),
    "two aliases": Case("alias=203.0.113.1,10.0.0.1\nalias=203.0.113.0,10.1.1.0,255.255.255.0", ALIASED),
    "two aliases, turned round": Case("alias=203.0.113.0,10.1.1.0,255.255.255.0\nalias=203.0.113.1,10.0.0.1", ALIASED),
    "alias twice": Case("alias=203.0.113.1,10.0.0.1\nalias=10.0.0.1,10.0.0.2", ALIASED[:8]),
    "alias and rebind": Case("stop-dns-rebind\nalias=203.0.113.1,10.0.0.1\nalias=192.168.3.4,8.8.8.8",
                             ALIASED[:8] + REBIND[:6]),
    "alias and bogus-nxdomain": Case("bogus-nxdomain=203.0.113.1\nbogus-nxdomain=10.0.0.2\nalias=203.0.113.1,10.0.0.1\n"
                                     "alias=203.0.113.4,10.0.0.2", ALIASED[:8]),
    "alias and ignore-address": Case("ignore-address=10.0.0.1\nalias=203.0.113.1,10.0.0.1", ALIASED[:2]),
    "alias and filter-A": Case("filter-A\nalias=203.0.113.1,10.0.0.1", ALIASED[:8]),
    "bogus-nxdomain and filter-A": Case("filter-A\nbogus-nxdomain=8.8.4.4", BOGUS[:12]),
    "bogus-nxdomain and rebind": Case("stop-dns-rebind\nbogus-nxdomain=10.1.2.3", REBIND[:6]),
    "filter-A and rebind": Case("filter-A\nstop-dns-rebind", REBIND[:6]),
    "ignore-address and bogus-nxdomain": Case("ignore-address=8.8.4.4\nbogus-nxdomain=8.8.4.4",
                                              IGNORED[:2] + [q("both.filter.test", timeout=0.5)]),

    "filterwin2k in a local domain": Case("filterwin2k\nlocal=/up.test/\naddress=/addr.test/192.0.2.1", WINDOWS[:3] +
                                          [q("x.addr.test", "SRV"), q("_x.addr.test", "ANY"), q("x.addr.test")]),
    "filterwin2k": Case("filterwin2k\nsrv-host=_local._tcp.lan,alpha,80", WINDOWS),
    "no filterwin2k": Case("srv-host=_local._tcp.lan,alpha,80", WINDOWS),

    "cache-rr": Case("cache-rr=TXT,MX", twice(q("txt.up.test", "TXT"), q("mx.up.test", "MX"), q("a1.up.test", "TXT"),
                     q("a1.up.test"), q("nx.up.test", "TXT"), q("_s._tcp.up.test", "SRV"))),
    "cache-rr=ANY": Case("cache-rr=ANY", twice(q("txt.up.test", "TXT"), q("caa.up.test", "CAA"),
                         q("https.up.test", "HTTPS"), q("odd.up.test", "TYPE65400"), q("x.all.test", "ANY"))),
    "use-stale-cache, all fresh": Case("use-stale-cache", twice(q("a1.up.test"), q("cn1.up.test"), q("nx.up.test"))),
    "proxy-dnssec": Case("proxy-dnssec", AUTHENTIC),
    "no proxy-dnssec": Case("", AUTHENTIC),
}
