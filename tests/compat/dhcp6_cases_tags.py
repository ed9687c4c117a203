"""Clients that are known, by whatever they say of themselves, and what becomes of them."""
from dhcp6_cases import (AT, ONE, POOL, case, confirm, decline, fqdn, inform, na, names6, rebind, release, renew, request,
                         reverse, solicit, ta, user_class, vendor_class)

CLIENT_MAC = "02:00:00:00:50:02"  # of the only client without a relay

ONE_ID = "id:00:03:00:01:02:00:00:00:00:01"
TWO_ID = "id:00:03:00:01:02:00:00:00:00:02"
NOTES = "".join(f"dhcp-option=tag:t{i},option6:{200 + i},t{i}\n" for i in range(10))
ALL = tuple(200 + i for i in range(10))

case("host by DUID", POOL + f"dhcp-host={ONE_ID},[fd00:50::70],st\ndhcp-host={TWO_ID},two\n", [
    solicit(), request(na("fd00:50::70")), renew(na("fd00:50::70")), solicit(na(iaid=2)), request(na("fd00:50::70", iaid=2)),
    solicit(na("fd00:50::70"), client=3), request(na("fd00:50::70"), client=3), solicit(na("fd00:50::120"), client=1),
    request(na("fd00:50::120"), client=1), request(na("fd00:50::121"), client=2), renew(na("fd00:50::121"), client=2),
    release(na("fd00:50::70")), solicit(),
], questions=names6("st", "two") + reverse("fd00:50::70", "fd00:50::121"))

case("host with a template", POOL + f"dhcp-host={ONE_ID},[::77]\n", [
    solicit(), request(na("fd00:50::77")), renew(na("fd00:50::77")), rebind(na("fd00:50::77")), confirm(na("fd00:50::77")),
    request(na("fd00:50::77"), client=2),
])

case("host with a template, two networks", POOL + "dhcp-range=fd00:52::100,fd00:52::1ff,64,2h\n"
     f"dhcp-host={ONE_ID},[::77]\n", [
    solicit(), request(na("fd00:50::77", "fd00:52::77")),
], setup=[("server", "addr", "add", "fd00:52::1/64", "dev", "lan0", "nodad")])

case("host with several addresses", POOL + f"dhcp-host={ONE_ID},[fd00:50::70],[fd00:50::71],many\n", [
    solicit(), request(na("fd00:50::70")), solicit(na(iaid=2)), request(na("fd00:50::71", iaid=2)), solicit(na(iaid=3)),
    solicit(na("fd00:50::71", iaid=4)), renew(na("fd00:50::70")),
], questions=names6("many"))

case("host with a net of addresses", POOL + f"dhcp-host=tag:!none,{ONE_ID},[fd00:50::70/126]\n"
     f"dhcp-host={TWO_ID},[fd00:50::70/126]\n", [
    solicit(), request(na("fd00:50::70")), solicit(client=2), request(na("fd00:50::71"), client=2), solicit(na(iaid=7)),
    request(na("fd00:50::73", iaid=7)), solicit(client=2), request(na("fd00:50::74"), client=2),
])

case("host elsewhere", POOL + f"dhcp-host={ONE_ID},[fd00:77::70],far\ndhcp-option=tag:known,option6:200,k\n"
     "dhcp-option=tag:known-othernet,option6:201,o\n" f"dhcp-host={TWO_ID},[fd00:50::70]\n", [
    request(na("fd00:50::110"), oro=(200, 201)), request(na("fd00:50::70"), client=2, oro=(200, 201)),
    request(na("fd00:50::111"), client=3, oro=(200, 201)), inform(oro=(200, 201)), inform(client=2, oro=(200, 201)),
], questions=names6("far"))

case("host of IPv4", POOL + f"dhcp-host={ONE_ID},192.168.50.70,four,set:t1\n" + NOTES, [
    request(na("fd00:50::110"), oro=ALL), inform(oro=ALL),
], questions=names6("four"))

case("host ignored", POOL + f"dhcp-host={ONE_ID},ignore\ndhcp-ignore=tag:gone\ndhcp-userclass=set:gone,away\n", [
    solicit(want=None), request(want=None), renew(), rebind(), confirm(),
    release(want="reply"), decline(want="reply"), inform(want=None), solicit(na("fd00:50::110"), client=2),
    solicit(na("fd00:50::110"), user_class("away"), client=2, want=None), inform(client=2, options=[user_class("away")], want=None),
    confirm(na("fd00:50::110"), user_class("away"), client=2),
])

case("unknown clients ignored", POOL + f"dhcp-ignore=tag:!known\ndhcp-host={ONE_ID},[fd00:50::70]\n", [
    solicit(), solicit(client=2, want=None), inform(client=2, want=None), request(na("fd00:50::70")),
    rebind(na("fd00:50::120"), client=2),
])

case("host with its lease time", POOL + f"dhcp-host={ONE_ID},[fd00:50::70],2h\ndhcp-host={TWO_ID},[fd00:50::71],infinite\n", [
    solicit(), request(na("fd00:50::70")), renew(na("fd00:50::70")), request(na("fd00:50::71"), client=2),
    renew(na("fd00:50::71"), client=2), request(na("fd00:50::120")),
])

case("host by name", POOL + "dhcp-host=claimed,[fd00:50::70],set:t1\n" + NOTES, [
    solicit(na(), fqdn("claimed"), oro=ALL), request(na("fd00:50::70"), fqdn("claimed"), oro=ALL),
    solicit(na("fd00:50::70"), client=2, oro=ALL), request(na("fd00:50::120"), fqdn("CLAIMED"), client=3, oro=ALL),
    request(na("fd00:50::121"), fqdn("other"), client=4, oro=ALL),
], questions=names6("claimed", "other"))

case("host by hardware address", POOL + f"dhcp-host={CLIENT_MAC},[fd00:50::70],hard,set:t1\n" + NOTES, [
    solicit(oro=ALL), request(na("fd00:50::70"), oro=ALL), renew(na("fd00:50::70"), oro=ALL), inform(oro=ALL),
], questions=names6("hard"))

case("host by hardware and by DUID", POOL + f"dhcp-host={CLIENT_MAC},[fd00:50::70],hard,set:t1\n"
     f"dhcp-host={ONE_ID},[fd00:50::71],set:t2\ndhcp-host=02:00:00:*:*:*,[fd00:50::72],set:t3\n" + NOTES, [
    solicit(oro=ALL), solicit(client=2, oro=ALL), request(na("fd00:50::71"), oro=ALL),
    request(na("fd00:50::70"), client=2, oro=ALL),
])

case("a reserved address in the pool", ONE + f"dhcp-host={TWO_ID},[{AT}],res\n", [
    solicit(), request(), solicit(client=2), request(client=2), renew(client=2), rebind(client=1),
])

case("name and address of hosts files", POOL + f"dhcp-host={ONE_ID},filed\n", [
    solicit(), request(na("fd00:50::99")), request(na("fd00:50::98"), client=2, options=[fqdn("filed2")]),
], hosts="fd00:50::99 filed\nfd00:50::97 filed2\n", questions=names6("filed", "filed2"))

case("hosts from a file", POOL + "dhcp-hostsfile={folder}/hosts6\ndhcp-optsfile={folder}/opts6\n", [
    solicit(oro=(40,)), request(na("fd00:50::88"), oro=(40,)), inform(oro=(40,), client=2),
], files={"hosts6": f"{ONE_ID},[fd00:50::88],filehost,set:file\n", "opts6": "tag:file,option6:40,01\noption6:40,02\n"})

case("classes", POOL + "dhcp-vendorclass=set:t1,enterprise:343,acme\ndhcp-vendorclass=set:t2,acme\n"
     "dhcp-userclass=set:t3,staff\ndhcp-match=set:t4,option6:16,acme\ndhcp-match=set:t5,option6:61,7\n"
     "dhcp-match=set:t6,option6:40\ndhcp-match=set:t7,option6:23\ndhcp-match=set:t8,option6:100,01:02:*\n" + NOTES, [
    inform(oro=ALL), inform(oro=ALL, options=[vendor_class("acme one")]),
    inform(oro=ALL, options=[vendor_class("acme", enterprise=9)]), inform(oro=ALL, options=[user_class("staff")]),
    inform(oro=ALL, options=[user_class("visitor", "my staff")]), inform(oro=ALL, options=[user_class("STAFF")]),
    inform(oro=ALL, options=[(61, "0007")]), inform(oro=ALL, options=[(61, "00060007")]),
    inform(oro=ALL, options=[(40, "")]), inform(oro=ALL, options=[(40, "01")]), inform(oro=ALL, options=[(100, "010203")]),
    inform(oro=ALL, options=[(100, "01")]), inform(oro=ALL, options=[vendor_class("x", "y acme z")]),
    request(na("fd00:50::110"), vendor_class("acme"), user_class("staff"), oro=ALL),
])

case("matches", POOL + "dhcp-match=set:t1,option6:100,text\ndhcp-match=set:t2,option6:101,5\n"
     "dhcp-match=set:t3,option6:102,[fd00::1]\ndhcp-match=set:t4,vi-encap:343,acme\n"
     "dhcp-name-match=set:t5,lap*\ndhcp-name-match=set:t6,exact\ntag-if=set:t7,tag:t5,tag:!t6\n"
     f"dhcp-mac=set:t8,02:00:00:00:*:*\ntag-if=set:t9,tag:dhcpv6\n" + NOTES, [
    inform(oro=ALL), inform(oro=ALL, options=[(100, b"a text".hex())]), inform(oro=ALL, options=[(101, "05")]),
    inform(oro=ALL, options=[(101, "0005")]), inform(oro=ALL, options=[(101, "00000005")]),
    inform(oro=ALL, options=[(102, "fd00" + "00" * 13 + "01")]), inform(oro=ALL, options=[vendor_class("acme")]),
    inform(oro=ALL, options=[fqdn("laptop")]), inform(oro=ALL, options=[fqdn("LAPtop.lan.test.")]),
    request(na("fd00:50::110"), fqdn("exact"), oro=ALL), request(na("fd00:50::111"), fqdn("lap"), client=2, oro=ALL),
])

case("tags of the network", "dhcp-range=set:t1,fd00:50::100,fd00:50::1ff,64,1h\ndhcp-option=tag:t1,option6:200,range\n"
     "dhcp-option=tag:dhcpv6,option6:200,six\ndhcp-option=tag:lan0,option6:201,interface\n", [
    inform(oro=ALL), request(na("fd00:50::110"), oro=ALL), solicit(na("fd00:50::110"), oro=ALL),
])

case("the server's name", POOL + "dhcp-duid=65535,0a:0b:0c\n", [
    inform(), request(na("fd00:50::110")), request(na("fd00:50::110"), server="0002" "0000ffff" "0a0b0c"),
    request(na("fd00:50::110"), server="0002" "0000ffff" "0a0b0d", want=None),
])

case("the server's name of the lease file", POOL, [
    inform(), request(na("fd00:50::110")), renew(na("fd00:50::151"), client=9), renew(ta("fd00:50::152"), client=9),
    solicit(client=9), solicit(na(iaid=7), client=9), confirm(na("fd00:50::151"), client=9),
    renew(na("fd00:50::151", iaid=7), client=9), renew(ta("fd00:50::152", iaid=7), client=9),
    release(na("fd00:50::151", iaid=7), client=9),
], files={"leases": "duid 00:01:00:01:11:22:33:44:02:00:00:00:50:99\n"
          "4102444800 7 fd00:50::151 kept 00:03:00:01:02:00:00:00:00:09\n"
          "4102444800 T7 fd00:50::152 * 00:03:00:01:02:00:00:00:00:09\n"
          "1 8 fd00:50::153 old 00:03:00:01:02:00:00:00:00:09\n"
          "4102444800 9 fd00:77::1 elsewhere 00:03:00:01:02:00:00:00:00:09\n"},
    questions=names6("kept", "old", "elsewhere"))
