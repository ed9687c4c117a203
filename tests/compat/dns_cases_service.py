"""Cases of the comparison: cookies, keepalive, and extended errors on answers that the server itself makes up."""
from dns_questions import Case, q

E = {"edns": 1232}
COOKIE = "0102030405060708"
WHOLE = COOKIE + "010000005cf79f111f8130c3eee29480"


def with_option(name, code, value, rdtype="A", **more):
    return q(name, rdtype, options=[[code, value]], **{**E, **more})


COOKIES = [with_option("a1.up.test", 10, COOKIE), with_option("a1.up.test", 10, COOKIE), with_option("alpha", 10, COOKIE),
           with_option("alpha", 10, WHOLE), with_option("nx.up.test", 10, WHOLE), with_option("ad.test", 10, COOKIE),
           with_option("alpha", 10, COOKIE, tcp=True), with_option("multi.up.test", 10, COOKIE, tcp=True),
           with_option("alpha", 10, COOKIE, "AAAA"), with_option("big.up.test", 10, COOKIE, "TXT"),
           with_option("alpha", 10, "0102"), with_option("alpha", 10, COOKIE + "01"), with_option("alpha", 10, "00" * 41),
           with_option("alpha", 10, "00" * 40), q("alpha", **E), q("alpha")]
KEEPALIVE = [with_option("alpha", 11, "", tcp=True), with_option("a1.up.test", 11, "", tcp=True), with_option("alpha", 11, ""),
             with_option("alpha", 11, "00c8", tcp=True), with_option("a1.up.test", 11, ""), q("alpha", tcp=True, **E)]
ERRORS = [q("ad.test", **E), q("ad.test", "AAAA", **E), q("null.test", **E), q("null.test", "AAAA", **E), q("blocked.test", **E),
          q("x.blocked.test", "TXT", **E), q("only.test", "MX", **E), q("plain", **E), q("1.1.168.192.in-addr.arpa", "PTR", **E),
          q("alpha", "TXT", **E), q("alpha", **E), 
          q("nothing.bind", "TXT", **{"class": "CH"}, **E),
          q("ad.test"), q("null.test"), q("blocked.test"), q("plain")]

CASES = {
    "cookies": Case("address=/ad.test/192.0.2.1", COOKIES),
    "cookies, nobody to ask": Case("address=/ad.test/192.0.2.1", COOKIES, servers=()),
    "keepalive": Case("", KEEPALIVE),
    "errors of our own": Case("address=/ad.test/192.0.2.1\naddress=/null.test/#\naddress=/blocked.test/\nlocal=/only.test/\n"
                              "domain-needed\nbogus-priv\nfilterwin2k", ERRORS + [q("a.up.test", "SRV", **E)]),
    "errors without a server": Case("address=/ad.test/192.0.2.1\ndomain-needed", ERRORS, servers=()),
}
