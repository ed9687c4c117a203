"""How questions are put to the servers: EDNS additions on the wire, what is kept of clients' own, caching of answers
that depend on the client."""
from dns_questions import FIRST, SECOND, Case, q

IP6 = "listen-address=::1"
OWN_SUBNET = [[8, "000118000a0102"]]
OWN_SUBNET6 = [[8, "0002380020010db8000100"]]
OWN_MAC = [[65001, "aabbccddeeff"]]
OWN_MAC_TEXT = [[65073, "61613a62623a63633a64643a65653a6666"]]
OWN_CPE = [[65074, "6d696e65"]]
OWN_UMBRELLA = [[20292, "4f444e530100"]]
OTHER = [[65100, "0102"]]

CLIENTS = ["10.9.9.1", "10.9.9.2", "10.9.8.1"]
CLIENTS6 = ["2001:db8:9:1::1", "2001:db8:9:2::1"]


def each(name, clients, **more):
    return [q(name, **{"from": client}, **more) for client in clients]


EVERYBODY = [*each("a1.up.test", CLIENTS[:2]), *each("a1.up.test", CLIENTS6[:1]), *each("a1.up.test", CLIENTS[2:]),
             *each("a1.up.test", CLIENTS6[1:]), q("a1.up.test"),
             *each("only4.up.test", CLIENTS[:2]), *each("only4.up.test", CLIENTS[:2])]
OWN = [
    q("caa.up.test", "CAA", edns=1232, options=OWN_SUBNET), q("multi.up.test", edns=1232, options=OWN_MAC),
    q("only4.up.test", edns=1232, options=OWN_MAC_TEXT), q("txt.up.test", "TXT", edns=1232, options=OWN_CPE),
    q("cn4.up.test", edns=1232, options=OWN_UMBRELLA), q("mx.up.test", "MX", edns=1232, options=OTHER),
    *each("cn2.up.test", CLIENTS[:1], edns=1232, options=OWN_SUBNET),
    *each("week.up.test", CLIENTS[:1], edns=1232, options=OWN_MAC),
    *each("zero.up.test", CLIENTS[:1], edns=1232, options=OWN_MAC_TEXT),
    *each("a1.up.test", CLIENTS[:1], edns=1232, options=OWN_SUBNET + OWN_MAC + OTHER, rdtype="AAAA"),
]
REPEATED = [
    *each("a1.up.test", CLIENTS[:1]), *each("a1.up.test", CLIENTS[:1]), *each("a1.up.test", CLIENTS[1:2]),
    q("a1.up.test"), q("a1.up.test"), *each("nx.up.test", CLIENTS[:1]), *each("nx.up.test", CLIENTS[:1]),
    *each("cn1.up.test", CLIENTS[:1]),
]

CASES = {
    "asking: nothing added": Case(IP6, EVERYBODY + OWN),
    "asking: add-mac": Case(f"add-mac\n{IP6}", EVERYBODY + OWN),
    "asking: add-mac=base64": Case(f"add-mac=base64\n{IP6}", EVERYBODY + OWN),
    "asking: add-mac=text": Case(f"add-mac=text\n{IP6}", EVERYBODY + OWN),
    "asking: add-mac, repeated": Case("add-mac", REPEATED),
    "asking: strip-mac": Case("strip-mac", OWN),
    "asking: add-mac and strip-mac": Case("add-mac\nstrip-mac", OWN),
    "asking: add-cpe-id": Case("add-cpe-id=customer 17", REPEATED + OWN),
    "asking: add-subnet": Case(f"add-subnet\n{IP6}", EVERYBODY + OWN + REPEATED),
    "asking: add-subnet of clients": Case(f"add-subnet=24,56\n{IP6}", EVERYBODY + OWN),
    "asking: add-subnet, repeated": Case("add-subnet=24", REPEATED),
    "asking: add-subnet, odd lengths": Case(f"add-subnet=21,61\n{IP6}", EVERYBODY),
    "asking: add-subnet, whole addresses": Case(f"add-subnet=32,128\n{IP6}", EVERYBODY),
    "asking: add-subnet, one address": Case(f"add-subnet=192.0.2.99/24\n{IP6}", EVERYBODY + OWN),
    "asking: add-subnet, one address, repeated": Case("add-subnet=192.0.2.99/24", REPEATED),
    "asking: add-subnet, an address each": Case(f"add-subnet=192.0.2.99/25,2001:db8:77::9/48\n{IP6}", EVERYBODY),
    "asking: add-subnet, of the other family": Case(f"add-subnet=2001:db8:77::9/48,192.0.2.99/25\n{IP6}", EVERYBODY),
    "asking: strip-subnet": Case("strip-subnet", OWN),
    "asking: add-subnet and strip-subnet": Case("add-subnet=24,56\nstrip-subnet", OWN),
    "asking: umbrella": Case(f"umbrella\n{IP6}", EVERYBODY + OWN),
    "asking: umbrella, numbers": Case("umbrella=deviceid:0102030405060708,orgid:4711,assetid:815", OWN + REPEATED),
    "asking: umbrella, one number": Case("umbrella=orgid:4294967295", REPEATED),
    "asking: all of it": Case(f"add-mac\nadd-cpe-id=c\nadd-subnet=24,56\numbrella=orgid:1\n{IP6}", EVERYBODY + OWN),
    "asking: two servers": Case("add-subnet=24\nadd-cpe-id=x", each("a1.up.test", CLIENTS), servers=(FIRST, SECOND)),
    "asking: fast-dns-retry": Case("fast-dns-retry=200,1000", [q("a1.up.test"), q("a1.up.test"), q("nx.up.test")]),
    "asking: port-limit": Case("port-limit=3", [q("a1.up.test"), q("a1.up.test"), q("nx.up.test")]),
    "asking: dns-forward-max": Case("dns-forward-max=1", [q("a1.up.test"), q("multi.up.test"), q("nx.up.test")]),
}
