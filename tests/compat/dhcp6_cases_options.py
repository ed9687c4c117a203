"""Options that both DHCPv6 servers send, each with the values it may have, and who gets which."""
from dhcp6_cases import (AT, ONE, ORO, POOL, case, confirm, decline, fqdn, inform, na, names6, rebind, release, renew,
                         request, reverse, solicit)

EVERY = (21, 22, 23, 24, 27, 28, 29, 30, 31, 32, 41, 42, 56, 59, 60)
VALUES = {
    "sip-server-domain": ("sip.example", "a.example,b.example"),
    "sip-server": ("[fd00::1]", "[fd00::1],[fd00::2]"),
    "dns-server": ("[fd00::53]", "[::]", "[fd00::],[fe80::]"),
    "domain-search": ("lan.test", "lan.test,corp.example,a.lan.test"),
    "nis-server": ("[fd00::7]", "[::]"),
    "nis+-server": ("[fd00::8]",),
    "nis-domain": ("nis.example",),
    "nis+-domain": ("nisplus.example",),
    "sntp-server": ("[fd00::9]", "[fd00::9],[::]"),
    "information-refresh-time": ("600", "1h", "6h"),
    "posix-timezone": ("EST5EDT4",),
    "tzdb-timezone": ("Europe/Zurich",),
    "ntp-server": ("[fd00::123]", "[fd00::123],[fd00::124]", "ntp.example"),
    "bootfile-url": ("http://[fd00::80]/boot.efi", '"tftp://[fd00::80]/a,b"'),
    "bootfile-param": ("root=/dev/sda", '"one,two"'),
}


def by_name(column):
    return "".join(f"dhcp-option=option6:{name},{values[column]}\n" for name, values in VALUES.items()
                   if len(values) > column)


for column in range(3):
    case(f"options by name {column + 1}", POOL + by_name(column), [
        solicit(na("fd00:50::110"), oro=EVERY), request(na("fd00:50::110"), oro=EVERY), renew(na("fd00:50::110"), oro=EVERY),
        inform(oro=EVERY), inform(), inform(oro=(23,)), solicit(na("fd00:50::110"), oro=()), inform(oro=(60, 59, 21)),
        release(na("fd00:50::110"), oro=EVERY), confirm(na("fd00:50::110"), oro=EVERY), decline(na("fd00:50::110"), oro=EVERY),
    ])

case("options by number", POOL + "dhcp-option=option6:40,01:02\ndhcp-option=option6:100,text\n"
     "dhcp-option=option6:101,5\ndhcp-option=option6:102,300s\ndhcp-option=option6:103,70000\n"
     "dhcp-option=option6:104,[fd00::1],[fd00::2]\ndhcp-option=option6:105\ndhcp-option=option6:106,aa:bb:*\n"
     "dhcp-option=option6:107,1,2\ndhcp-option=option6:65000,\"a,b\"\n", [
         inform(oro=(40, 100, 101, 102, 103, 104, 105, 106, 107, 65000)), inform(), inform(oro=(65000, 40, 40)),
         request(na("fd00:50::110"), oro=(101, 105)),
     ])

case("no dns server", POOL + "dhcp-option=option6:dns-server\ndhcp-option=option6:32\n", [
    inform(oro=ORO), inform(), request(na("fd00:50::110"), oro=ORO), solicit(na("fd00:50::110")),
])

case("no dns here", POOL + "port=0\ndomain=lan.test\n", [
    inform(oro=ORO), inform(), request(na("fd00:50::110"), oro=ORO, options=[fqdn("cli")]),
])

case("domain", POOL + "domain=lan.test\n", [
    inform(oro=ORO), inform(), request(na("fd00:50::110"), oro=ORO), solicit(na("fd00:50::110"), oro=(24,)),
    renew(na("fd00:50::110"), oro=(23,)),
])

case("domain by address", POOL + "domain=lan.test\ndomain=six.test,fd00:50::/64\n", [
    inform(oro=ORO), request(na("fd00:50::110"), oro=ORO, options=[fqdn("cli")]), inform(oro=(24,), client=2),
], questions=names6("cli", "cli.lan.test", "cli.six.test") + reverse("fd00:50::110"))

case("forced options", POOL + "dhcp-option-force=option6:40,01\ndhcp-option-force=option6:nis-domain,forced.example\n", [
    inform(oro=(23,)), inform(), request(na("fd00:50::110"), oro=()), request(na("fd00:50::110")), inform(oro=(40,)),
])

case("an option twice", POOL + "dhcp-option=option6:40,01\ndhcp-option=option6:40,02\ndhcp-option=option6:dns-server,[fd00::1]\n"
     "dhcp-option=option6:dns-server,[fd00::2]\n", [
         inform(oro=(40, 23)), inform(), request(na("fd00:50::110"), oro=(23, 40)),
     ])

case("options by tag", POOL + "dhcp-userclass=set:red,crimson\ndhcp-option=option6:40,aa\n"
     "dhcp-option=tag:red,option6:40,bb\ndhcp-option=tag:!red,option6:41,cc\ndhcp-option=tag:dhcpv6,option6:100,six\n"
     "dhcp-option=tag:lan0,option6:101,here\ndhcp-option=tag:known,option6:102,known\n"
     "dhcp-option=tag:red,tag:lan0,option6:104,both\ndhcp-host=id:00:03:00:01:02:00:00:00:00:05,set:five\n"
     "dhcp-option=tag:five,option6:105,five\n", [
         inform(oro=(40, 41, 100, 101, 102, 104, 105)),
         inform(oro=(40, 41, 100, 101, 102, 104, 105), client=5),
         inform(oro=(40, 41, 100, 101, 102, 104, 105), client=2, options=[(15, "0007" + b"crimson".hex())]),
         inform(client=2, options=[(15, "0007" + b"crimson".hex())]),
         request(na("fd00:50::110"), client=5, oro=(102, 105)),
     ])

case("vendor options", POOL + "dhcp-option=vi-encap:5,option6:7,text\ndhcp-option=vi-encap:9,option6:3,aa:bb\n"
     "dhcp-option=vi-encap:9,option6:4,[fd00::1]\n", [
         inform(oro=(17,)), inform(), inform(oro=(23,)), request(na("fd00:50::110"), oro=(17,)),
     ])

case("DHCPv4 options stay there", POOL + "dhcp-option=23,64\ndhcp-option=option:ntp-server,192.168.50.9\n"
     "dhcp-option=42,192.168.50.9\n", [inform(oro=(23, 42, 56)), inform()])

case("refresh time", POOL + "dhcp-option=option6:information-refresh-time,700\n", [
    inform(), inform(oro=(32,)), request(na("fd00:50::110"), oro=(32,)), solicit(na("fd00:50::110"), oro=(32,)),
])

case("own addresses in options", POOL + "dhcp-option=option6:dns-server,[::]\ndhcp-option=option6:31,[fd00::]\n"
     "dhcp-option=option6:22,[fe80::]\ndhcp-option=option6:27,[2001:db8::1],[::],[fd00::5]\n", [
         inform(oro=(23, 31, 22, 27)), request(na("fd00:50::110"), oro=(23, 31, 22, 27)),
     ], setup=[("server", "addr", "add", "2001:db8:7::1/64", "dev", "lan0", "nodad")])

case("many options", POOL + "".join(f"dhcp-option=option6:{1000 + i},{chr(97 + i % 26) * 200}\n" for i in range(40)), [
    inform(oro=tuple(1000 + i for i in range(40))), inform(), request(na("fd00:50::110"), oro=(1001, 1039)),
])

# ------------------------------------------------------------------ names

case("FQDN", POOL + "domain=lan.test\n", [
    request(na(f"fd00:50::11{n}", iaid=n), client=n, options=[fqdn(name, flags)]) for n, (name, flags) in enumerate([
        ("zero", 0), ("one", 1), ("two", 2), ("three", 3), ("four", 4), ("five", 5), ("whole.lan.test.", 1),
        ("other.corp.example.", 1), ("part.lan.test", 1), ("bad_name", 1)])
], questions=names6("zero", "one", "two", "three", "four", "five", "whole", "other", "part", "bad_name"))

case("FQDN, client updates", POOL + "domain=lan.test\ndhcp-client-update\n", [
    request(na(f"fd00:50::11{n}", iaid=n), client=n, options=[fqdn(name, flags)]) for n, (name, flags) in enumerate([
        ("zero", 0), ("one", 1), ("two", 2), ("three", 3), ("four", 4), ("five", 5)])
], questions=names6("zero", "one", "two", "three", "four", "five"))

case("FQDN through an exchange", ONE + "domain=lan.test\n", [
    solicit(options=[fqdn("first")]), request(options=[fqdn("first")], oro=(39,)), renew(), renew(options=[fqdn("second")]),
    rebind(options=[fqdn("third")]), renew(options=[fqdn("")]), confirm(options=[fqdn("fourth")]),
    inform(options=[fqdn("fifth")], oro=(39,)), release(options=[fqdn("third")]),
    request(options=[fqdn("FOURTH")]), renew(oro=(39,)),
], questions=names6("first", "second", "third", "fourth", "fifth") + reverse(AT))

case("a name taken over", POOL, [
    request(na("fd00:50::110"), options=[fqdn("shared")]), request(na("fd00:50::111"), client=2, options=[fqdn("shared")]),
    renew(na("fd00:50::110")), renew(na("fd00:50::111"), client=2), release(na("fd00:50::111"), client=2),
    request(na("fd00:50::112", iaid=2), options=[fqdn("shared")]),
], questions=names6("shared") + reverse("fd00:50::110", "fd00:50::111", "fd00:50::112"))

case("a name of two associations", POOL, [
    request(na("fd00:50::110", iaid=1), na("fd00:50::111", iaid=2), options=[fqdn("twin")]),
    renew(na("fd00:50::110", iaid=1), na("fd00:50::111", iaid=2), options=[fqdn("twin")]),
], questions=names6("twin") + reverse("fd00:50::110", "fd00:50::111"))

case("a name known here", POOL + "domain=lan.test\n", [
    request(na("fd00:50::110"), options=[fqdn("printer")]), request(na("fd00:50::111"), client=2, options=[fqdn("box")]),
    request(na("fd00:50::112"), client=3),
], hosts="fd00:50::70 printer\nfd00:50::112 twelve\n192.168.50.9 box\n",
    questions=names6("printer", "twelve", "box") + reverse("fd00:50::110", "fd00:50::111", "fd00:50::112"))

case("names refused", POOL, [
    request(na(f"fd00:50::12{n}"), client=n, options=[(39, value)]) for n, value in enumerate([
        "01" + "0461006263" "00", "01" + "052d62616464" "00", "01" + "40" + "61" * 64, "01" + "036c616e0000",
        "01" + "076c6f6b616c6c6f" "00", "01c00c", "ff" + "0361626300"])
], questions=names6("bc", "lan", "abc"))

case("names ignored", POOL + "dhcp-ignore-names\n", [
    request(na("fd00:50::110"), options=[fqdn("nameless")]), renew(na("fd00:50::110")),
], questions=names6("nameless"))

case("names made up", POOL + "dhcp-generate-names\n", [
    request(na("fd00:50::110")), request(na("fd00:50::111"), client=2, options=[fqdn("own")]),
], questions=names6("own", "02-00-00-00-50-02") + reverse("fd00:50::110", "fd00:50::111"))

case("only whole names", POOL + "domain=lan.test\ndhcp-fqdn\n", [
    request(na("fd00:50::110"), options=[fqdn("cli")]),
], questions=names6("cli", "cli.lan.test") + reverse("fd00:50::110"))
