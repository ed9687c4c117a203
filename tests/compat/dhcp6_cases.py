"""What both DHCPv6 servers are given: configurations and packets, with what the peer is known to do.

`want` is the kind of the peer's reply, None when it stays silent; the test checks that first. Pools have one
address, or addresses are asked for or configured: which free address a server picks is its own affair."""
import ipaddress

ORO = (23, 24, 32, 39, 56)
OTHER_SERVER = "00010001aabbccdd0200000000ee"


def duid(number):
    """A client's DUID-LL; or this one."""
    return number if isinstance(number, str) else f"00030001" f"0200000000{number:02x}"


def address_hex(text):
    return ipaddress.IPv6Address(text).packed.hex()


def option(code, value=""):
    """An option inside another, as hex."""
    return f"{code:04x}{len(value) // 2:04x}{value}"


def ia_address(text, preferred=0, valid=0, inside=""):
    return option(5, address_hex(text) + f"{preferred:08x}{valid:08x}" + inside)


def addresses_hex(addresses, times):
    return "".join(ia_address(text, *times) for text in addresses)


def na(*addresses, iaid=1, t1=0, t2=0, times=(0, 0), inside=""):
    """An IA_NA with these addresses, as (code, hex)."""
    return 3, f"{iaid:08x}{t1:08x}{t2:08x}" + addresses_hex(addresses, times) + inside


def ta(*addresses, iaid=1, times=(0, 0)):
    return 4, f"{iaid:08x}" + addresses_hex(addresses, times)


def pd(*prefixes, iaid=1):
    inside = ""
    for prefix in prefixes:
        network = ipaddress.IPv6Network(prefix)
        inside += option(26, "00000000" * 2 + f"{network.prefixlen:02x}" + network.network_address.packed.hex())
    return 25, f"{iaid:08x}{0:016x}" + inside


def name_hex(name):
    """A DNS name in wire form; with a dot at the end it is whole."""
    labels = [label for label in name.split(".") if label]
    wire = b"".join(bytes([len(label)]) + label.encode() for label in labels)
    return (wire + (b"\0" if name.endswith(".") else b"")).hex()


def fqdn(name, flags=1):
    return 39, f"{flags:02x}" + name_hex(name)


def user_class(*texts):
    return 15, "".join(f"{len(t):04x}{t.encode().hex()}" for t in texts)


def vendor_class(*texts, enterprise=343):
    return 16, f"{enterprise:08x}" + user_class(*texts)[1]


def message(send, client, want, *ias, oro=None, server=None, options=(), label=None, elapsed=0, **more):
    """One packet. ias: options in the order in which they are sent; more: fields as dhcp6_talk.py names them."""
    rows = []
    if client is not None:
        rows.append((1, duid(client)))
    if server is not None:
        rows.append((2, server))
    rows += [row if isinstance(row, tuple) else (row[0], row[1]) for row in ias]
    if elapsed is not None:
        rows.append((8, f"{elapsed:04x}"))
    if oro is not None:
        rows.append((6, "".join(f"{code:04x}" for code in oro)))
    rows += [(code, value if isinstance(value, str) else value.hex()) for code, value in options]
    return {"send": send, "want": want, "options": rows, "label": label or send, **more}


def solicit(*ias, client=1, want="advertise", rapid=False, **more):
    options = [*more.pop("options", ()), *([(14, "")] if rapid else [])]
    return message("solicit", client, want, *(ias or (na(),)), options=options, **more)


def request(*ias, client=1, want="reply", server="SERVER", **more):
    return message("request", client, want, *(ias or (na("fd00:50::100"),)), server=server, **more)


def renew(*ias, client=1, want="reply", server="SERVER", **more):
    return message("renew", client, want, *(ias or (na("fd00:50::100"),)), server=server, **more)


def rebind(*ias, client=1, want="reply", **more):
    return message("rebind", client, want, *(ias or (na("fd00:50::100"),)), **more)


def confirm(*ias, client=1, want="reply", **more):
    return message("confirm", client, want, *(ias or (na("fd00:50::100"),)), **more)


def release(*ias, client=1, want="reply", server="SERVER", **more):
    return message("release", client, want, *(ias or (na("fd00:50::100"),)), server=server, **more)


def decline(*ias, client=1, want="reply", server="SERVER", **more):
    return message("decline", client, want, *(ias or (na("fd00:50::100"),)), server=server, **more)


def inform(client=1, want="reply", **more):
    return message("information", client, want, **more)


def relay(link, peer="fe80::99", options=(), **more):
    """One relay's envelope."""
    return {"link": link, "peer": peer, "options": [(code, value) for code, value in options], **more}


def relayed(packet, *relays, to="fd00:50::1", **more):
    """The packet as relays pass it on, the nearest to the client first."""
    return {**packet, "relays": list(relays), "to": to, "from": "fd00:50::2", **more}


def raw(text, want=None, label="raw", **more):
    """These bytes; XID stands for the three bytes of the transaction."""
    return {"send": "raw", "raw": text, "want": want, "options": [], "label": label, **more}


def names6(*names):
    return [[n, "AAAA"] for n in names]


def reverse(*addresses):
    return [[ipaddress.IPv6Address(a).reverse_pointer, "PTR"] for a in addresses]


ONE = "dhcp-range=fd00:50::100,fd00:50::100,64,1h\n"
POOL = "dhcp-range=fd00:50::100,fd00:50::1ff,64,1h\n"
AT = "fd00:50::100"
CASES = {}


def case(name, config, packets, hosts="", questions=(), setup=(), files=None):
    """setup: words for `ip` in the server's or client's namespace, before the server starts. files: {path: text}
    in a folder that the configuration calls {folder}; {now} in them is the time."""
    assert name not in CASES
    CASES[name] = {"config": config, "packets": list(packets), "hosts": hosts, "questions": list(questions),
                   "setup": list(setup), "files": files or {}}


# ------------------------------------------------------------------ the exchange

case("four messages", ONE + "domain=lan.test\n", [
    solicit(), request(), renew(), rebind(), confirm(), release(), solicit(), request(na(AT), options=[fqdn("cli1")]),
    renew(), renew(oro=ORO),
], questions=names6("cli1", "cli1.lan.test", "CLI1") + reverse(AT))

case("without an identity association", ONE, [
    solicit((6, "0017")), request((6, "0017")), renew((6, "0017")), rebind((6, "0017")), confirm((6, "0017"), want=None),
    release((6, "0017")), decline((6, "0017")),
])

case("no lease", POOL, [
    renew(na("fd00:50::150")), rebind(na("fd00:50::151")), confirm(na("fd00:50::152")), release(na("fd00:50::153")),
    decline(na("fd00:50::154")), renew(na("fd00:51::1")), rebind(na("fd00:51::2"), want="reply"),
    confirm(na("fd00:51::3")), release(na("fd00:51::4")), decline(na("fd00:51::5")), renew(na()),
    rebind(na(), client=2), confirm(na(), client=3, want=None), release(na()), decline(na()),
])

case("no lease, authoritative", POOL + "dhcp-authoritative\n", [
    solicit(na("fd00:50::140"), client=4), renew(na("fd00:50::150")), rebind(na("fd00:50::151"), client=2),
    confirm(na("fd00:50::152"), client=3), rebind(na("fd00:51::2"), client=5), renew(na("fd00:51::2"), client=5),
    request(na("fd00:51::2"), client=5), request(na("fd00:50::150"), client=6), confirm(na("fd00:51::3"), client=6),
])

case("request", POOL, [
    request(na("fd00:50::110")), request(na("fd00:50::110")), request(na("fd00:50::111")),
    request(na("fd00:50::110"), client=2), request(na("fd00:51::1"), client=3), request(na("fd00:50::20"), client=4),
    request(na("fd00:50::1"), client=5), request(na("::"), client=6), request(na("fe80::5"), client=7),
    request(na("fd00:50::110", "fd00:50::112"), client=8), request(na("fd00:50::113", iaid=77)),
])

case("several associations", POOL, [
    solicit(na("fd00:50::120", iaid=1), na("fd00:50::121", iaid=2)),
    request(na("fd00:50::120", iaid=1), na("fd00:50::121", iaid=2)),
    renew(na("fd00:50::120", iaid=1), na("fd00:50::121", iaid=2), na("fd00:50::122", iaid=3)),
    rebind(na("fd00:50::120", iaid=1), na("fd00:50::121", iaid=2)),
    confirm(na("fd00:50::120", iaid=1), na("fd00:51::121", iaid=2)),
    release(na("fd00:50::120", iaid=1), na("fd00:50::122", iaid=2)),
    request(na("fd00:50::120", iaid=1), na("fd00:50::120", iaid=2)),
    solicit(na("fd00:50::130", "fd00:50::131", iaid=9)), request(na("fd00:50::130", "fd00:50::131", iaid=9)),
    renew(na("fd00:50::130", iaid=9)), renew(na("fd00:50::130", "fd00:50::131", "fd00:50::132", iaid=9)),
    release(na("fd00:50::130", "fd00:50::131", iaid=9)),
    solicit(na("fd00:50::140", iaid=1), na("fd00:50::140", iaid=1), client=2),
])

case("temporary addresses", POOL, [
    solicit(ta("fd00:50::120")), request(ta("fd00:50::120")), renew(ta("fd00:50::120")), rebind(ta("fd00:50::120")),
    confirm(ta("fd00:50::120")), request(na("fd00:50::121"), ta("fd00:50::122")),
    solicit(na("fd00:50::121"), ta("fd00:50::122", iaid=1)), release(ta("fd00:50::122")), release(na("fd00:50::122")),
    renew(ta("fd00:50::121")), decline(ta("fd00:50::121")),
])

case("one temporary address", "dhcp-range=fd00:50::100,fd00:50::100,64,1h\n", [
    solicit(ta()), request(ta(AT)), solicit(ta(), client=2), request(ta(AT), client=2), release(ta(AT)),
    solicit(ta(), client=2),
])

case("rapid commit", ONE, [
    solicit(na(), rapid=True, want="reply"), solicit(na(), rapid=True, client=2, want="reply"), renew(na(AT)),
    release(na(AT)), solicit(na(), rapid=True, client=2, want="reply", options=[fqdn("quick")]),
    request(na(AT), client=2, options=[(14, "")]),
], questions=names6("quick"))

case("prefixes wanted", ONE, [
    solicit(pd()), solicit(na(), pd()), request(na(AT), pd("fd00:60::/56")), request(pd("fd00:60::/56")),
    renew(na(AT), pd("fd00:60::/56")), renew(pd("fd00:60::/56")), rebind(pd("fd00:60::/56")),
    release(pd("fd00:60::/56")), confirm(pd("fd00:60::/56"), want=None), solicit(pd(), rapid=True, want="reply"),
])

case("other servers", POOL, [
    request(na("fd00:50::110"), server=OTHER_SERVER, want=None), request(na("fd00:50::110"), server=None, want=None),
    request(na("fd00:50::110")), renew(na("fd00:50::110"), server=OTHER_SERVER, want=None),
    renew(na("fd00:50::110"), server=None, want=None), release(na("fd00:50::110"), server=OTHER_SERVER, want=None),
    release(na("fd00:50::110"), server=None, want=None), decline(na("fd00:50::110"), server=OTHER_SERVER, want=None),
    decline(na("fd00:50::110"), server=None, want=None), renew(na("fd00:50::110")),
    solicit(na(), options=[(2, "SERVER")], want=None), solicit(na(), options=[(2, OTHER_SERVER)], want=None),
    confirm(na("fd00:50::110"), options=[(2, "SERVER")], want=None),
    rebind(na("fd00:50::110"), options=[(2, "SERVER")], want=None),
    inform(options=[(2, "SERVER")]), inform(options=[(2, OTHER_SERVER)], want=None),
    request(na("fd00:50::110"), server="", want=None),
])

case("missing client", POOL, [
    solicit(client=None, want=None), request(client=None, want=None), renew(client=None, want=None),
    rebind(client=None, want=None), confirm(client=None, want=None), release(client=None, want=None),
    decline(client=None, want=None), inform(client=None), inform(client=None, oro=ORO),
    solicit(client="", want=None), solicit(client="00", want="advertise"), inform(client=""),
    solicit(na("fd00:50::110"), client="00020000ab11" + "ab" * 100),
    solicit(na("fd00:50::111"), client="0004" + "11" * 16), solicit(na("fd00:50::112"), client="ff" * 130),
])

case("malformed", POOL, [
    raw(""), raw("01"), raw("01XID"), raw("0bXID"), raw("0bXID0001", want="reply"), raw("0bXID00010050aa", want="reply"),
    raw("00XID0001000a00030001020000000001"), raw("ffXID0001000a00030001020000000001"),
    raw("02XID0001000a00030001020000000001"), raw("07XID0001000a00030001020000000001"),
    raw("0aXID0001000a00030001020000000001"), raw("0dXID0001000a00030001020000000001"), raw("0c00"),
    solicit((3, "00000001"), want="advertise"), solicit((3, ""), want="advertise"),
    solicit((3, "0000000100000000000000000005"), want="advertise"),
    solicit((3, "000000010000000000000000" "0005" "0010" + "00" * 16), want="advertise"),
    solicit((3, "000000010000000000000000" "0005" "0050" + "00" * 24), want="advertise"),
    solicit((4, "0001"), want="advertise"), solicit((25, "00"), want="advertise"),
    solicit(na("fd00:50::110"), tail="0001", want="advertise"), solicit(na("fd00:50::110"), tail="000600ff00"),
    solicit(na("fd00:50::110"), options=[(6, "00")]), solicit(na("fd00:50::110"), options=[(39, "")]),
    solicit(na("fd00:50::110"), options=[(39, "01ff")]), solicit(na("fd00:50::110"), options=[(15, "0009aa")]),
    solicit(na("fd00:50::110"), options=[(16, "00")]), solicit(na("fd00:50::110"), options=[(14, "01")], want="reply"),
    solicit(na("fd00:50::110"), options=[(8, "")]), solicit(na("fd00:50::110"), options=[(1, duid(9))]),
    inform(), request(na("fd00:50::110")),
])

case("lifetimes of the client", POOL, [
    solicit(na("fd00:50::110", times=(300, 600))), request(na("fd00:50::110", times=(300, 600))),
    request(na("fd00:50::111", times=(10, 20), iaid=2)), request(na("fd00:50::112", times=(600, 300), iaid=3)),
    request(na("fd00:50::113", times=(0, 600), iaid=4)), request(na("fd00:50::114", times=(600, 0), iaid=5)),
    request(na("fd00:50::115", times=(0xffffffff, 0xffffffff), iaid=6)),
    request(na("fd00:50::116", times=(7200, 7200), iaid=7)), request(na("fd00:50::117", times=(119, 121), iaid=8)),
    renew(na("fd00:50::110", times=(300, 600))), renew(na("fd00:50::110", times=(200, 0))),
    request(na("fd00:50::118", iaid=9, t1=50, t2=80, times=(1000, 1000))),
    request(ta("fd00:50::119", times=(300, 600))),
])

case("infinite lease", "dhcp-range=fd00:50::100,fd00:50::1ff,infinite\n", [
    solicit(na("fd00:50::110")), request(na("fd00:50::110")), renew(na("fd00:50::110")),
    request(na("fd00:50::111", times=(300, 600), iaid=2)), inform(oro=ORO),
])

case("default lease", "dhcp-range=fd00:50::100,fd00:50::1ff\n", [
    request(na("fd00:50::110")), inform(oro=(32,)), inform(), renew(na("fd00:50::110")), confirm(na("fd00:50::110")),
])

case("short lease", "dhcp-range=fd00:50::100,fd00:50::1ff,64,10\n", [
    request(na("fd00:50::110")), inform(oro=(32,)), solicit(na("fd00:50::110")),
])

case("decline", ONE, [
    request(), decline(), solicit(client=1), solicit(client=2), request(client=2), release(client=2), solicit(client=3),
])

case("release and take", ONE, [
    request(na(AT), options=[fqdn("one")]), solicit(client=2), release(na(AT), client=2), release(na(AT, iaid=2)),
    release(na(AT)), release(na(AT)), request(client=2), confirm(client=1), renew(client=1), rebind(client=1),
], questions=names6("one"))

case("full pool", ONE, [
    request(), solicit(client=2), solicit(na(AT), client=2), request(client=2), rebind(client=2), solicit(na(iaid=5)),
    solicit(na(), na(iaid=5)), request(na(AT, iaid=5)), solicit(na(iaid=5), rapid=True, want="reply"),
])

case("lease limit", POOL + "dhcp-lease-max=1\n", [
    request(na("fd00:50::110")), solicit(na("fd00:50::111"), client=2), request(na("fd00:50::111"), client=2),
    renew(na("fd00:50::110")), rebind(na("fd00:50::112"), client=3), inform(client=2),
])

# ------------------------------------------------------------------ kinds of ranges

case("stateless", "dhcp-range=fd00:50::,ra-stateless\ndhcp-option=option6:ntp-server,[fd00:50::5]\n", [
    inform(oro=ORO), inform(), solicit(), solicit(rapid=True, want="reply"), request(na("fd00:50::100")), confirm(),
    renew(na(AT)), rebind(na(AT)),
])

case("advertised only beside addresses", "dhcp-range=fd00:50::,ra-only\ndhcp-range=fd00:52::100,fd00:52::1ff,64,2h\n", [
    inform(oro=ORO), solicit(na("fd00:52::120")), request(na("fd00:52::120")), request(na("fd00:50::120"), client=2),
    confirm(na("fd00:50::120")), rebind(na("fd00:50::120"), client=3),
], setup=[("server", "addr", "add", "fd00:52::1/64", "dev", "lan0", "nodad")])

case("advertised only with addresses", "dhcp-range=fd00:50::100,fd00:50::1ff,ra-only,1h\n", [
    inform(oro=ORO), solicit(na("fd00:50::120")), request(na("fd00:50::120")),
])

case("advertised names", "dhcp-range=fd00:50::100,fd00:50::1ff,ra-names,1h\n", [
    inform(oro=ORO), solicit(na("fd00:50::120")), request(na("fd00:50::120"), options=[fqdn("x")]),
])

case("slaac", "dhcp-range=fd00:50::100,fd00:50::1ff,slaac,64,1h\n", [
    inform(oro=ORO), solicit(na("fd00:50::120")), request(na("fd00:50::120")), renew(na("fd00:50::120")),
])

case("static", "dhcp-range=fd00:50::,static,64,1h\ndhcp-host=id:00:03:00:01:02:00:00:00:00:01,[fd00:50::70],st\n", [
    solicit(), request(na("fd00:50::70")), solicit(client=2), request(na("fd00:50::71"), client=2), renew(na("fd00:50::70")),
    rebind(na("fd00:50::71"), client=2), inform(oro=ORO), confirm(na("fd00:50::70")), confirm(na("fd00:50::71"), client=2),
], questions=names6("st") + reverse("fd00:50::70"))

case("static everywhere", "dhcp-range=::,static,64,1h\ndhcp-host=id:00:03:00:01:02:00:00:00:00:01,[fd00:50::70],st\n"
     "dhcp-option=option6:dns-server,[fd00:50::5]\n", [
    inform(oro=ORO), solicit(), request(na("fd00:50::70")), solicit(client=2), confirm(na("fd00:50::70")),
    confirm(na("fd00:51::70")),
])

case("stateless everywhere", "dhcp-range=::,ra-stateless\ndhcp-option=option6:dns-server,[fd00:50::5]\n", [
    inform(oro=ORO), solicit(), confirm(),
])

case("deprecated", "dhcp-range=fd00:50::100,fd00:50::1ff,deprecated\n", [
    solicit(na("fd00:50::120")), request(na("fd00:50::120")), renew(na("fd00:50::120")), rebind(na("fd00:50::120")),
    inform(oro=ORO), confirm(na("fd00:50::120")),
])

case("constructor", "dhcp-range=::100,::100,constructor:lan0,1h\n", [
    solicit(), request(), renew(), inform(oro=ORO), confirm(), solicit(client=2),
])

case("constructor with a star", "dhcp-range=::100,::1ff,constructor:lan*,64,2h\n", [
    solicit(na("fd00:50::120")), request(na("fd00:50::120")),
])

case("constructor of another interface", "dhcp-range=::100,::1ff,constructor:wan0,64,2h\n", [
    solicit(na("fd00:50::120"), want=None), inform(want=None),
])

case("two networks", "dhcp-range=fd00:50::100,fd00:50::100,1h\ndhcp-range=fd00:52::100,fd00:52::100,64,2h\n", [
    solicit(na(AT)), request(na(AT)), solicit(na("fd00:52::100"), client=2), request(na("fd00:52::100"), client=2),
    solicit(client=3), inform(oro=(32, 23)), confirm(na("fd00:52::100"), client=2), renew(na("fd00:52::100"), client=2),
    confirm(na(AT, "fd00:52::100")), request(na(AT, "fd00:52::100"), client=4), renew(na(AT)),
], setup=[("server", "addr", "add", "fd00:52::1/64", "dev", "lan0", "nodad")])

case("two networks, both free", "dhcp-range=fd00:50::100,fd00:50::100,1h\ndhcp-range=fd00:52::100,fd00:52::100,64,2h\n", [
    solicit(), request(na(AT, "fd00:52::100")), renew(na(AT, "fd00:52::100")), release(na(AT, "fd00:52::100")),
], setup=[("server", "addr", "add", "fd00:52::1/64", "dev", "lan0", "nodad")])

case("several ranges of a network", "dhcp-range=set:low,fd00:50::100,fd00:50::100,1h\n"
     "dhcp-range=set:high,fd00:50::200,fd00:50::200,2h\ndhcp-option=tag:low,option6:40,01\n"
     "dhcp-option=tag:high,option6:41,02\n", [
    solicit(na(AT), oro=(40, 41)), request(na("fd00:50::200"), oro=(40, 41)), request(na(AT), client=2, oro=(40, 41)),
    solicit(client=3, oro=(40, 41)), renew(na("fd00:50::200"), oro=(40, 41)), inform(oro=(40, 41)),
])

case("ranges by tag", "dhcp-range=tag:red,fd00:50::100,fd00:50::100,1h\ndhcp-range=tag:!red,fd00:50::200,fd00:50::200,2h\n"
     "dhcp-userclass=set:red,crimson\n", [
    solicit(), solicit(na(), user_class("crimson"), client=2), request(na(AT), client=1),
    request(na(AT), user_class("crimson"), client=2), request(na("fd00:50::200")), renew(na(AT), client=2),
    renew(na(AT), user_class("crimson"), client=2), inform(),
])

case("a range with a short prefix", "dhcp-range=fd00:50::100,fd00:50::1ff,96,1h\n", [
    solicit(na("fd00:50::120")), request(na("fd00:50::120")), request(na("fd00:50::1:0:120"), client=2),
    confirm(na("fd00:50::120")), confirm(na("fd00:50:0:0:1::120")),
])

case("sequential", "dhcp-range=fd00:50::100,fd00:50::103,1h\ndhcp-sequential-ip\n", [
    solicit(), request(na(AT)), solicit(client=2), request(na("fd00:50::101"), client=2), solicit(client=3),
    request(na("fd00:50::103"), client=3), solicit(client=4), request(na("fd00:50::102"), client=4), solicit(client=5),
])
