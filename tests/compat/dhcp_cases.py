"""What both DHCPv4 servers are given: configurations and packets, with what the peer is known to do.

`want` is the kind of the peer's reply, None when it stays silent; the test checks that first. Pools have one
address, or addresses are asked for or configured: which free address a server picks is its own affair."""

NTP = 42
PRL = (1, 28, 3, 15, 6, 12, 42)
SERVER = "192.168.50.1"


def mac(number):
    return number if isinstance(number, str) else f"02:00:00:00:00:{number:02x}"


def ip_hex(text):
    return bytes(int(part) for part in text.split(".")).hex()


def message(send, client, want, prl=None, ip=None, server=None, clid=None, name=None, time=None, size=None,
            options=(), label=None, **header):
    """One packet. options: more (code, hex or text); header: fields as dhcp_talk.py names them."""
    rows = []
    if clid is not None:
        rows.append((61, clid))
    if ip is not None:
        rows.append((50, ip_hex(ip)))
    if server is not None:
        rows.append((54, ip_hex(server)))
    if time is not None:
        rows.append((51, f"{time:08x}"))
    if size is not None:
        rows.append((57, f"{size:04x}"))
    if name is not None:
        rows.append((12, name.encode().hex()))
    if prl is not None:
        rows.append((55, bytes(prl).hex()))
    rows += [(code, value if isinstance(value, str) else value.hex()) for code, value in options]
    return {"send": send, "mac": mac(client), "want": want, "options": rows, "label": label or send, **header}


def discover(client=1, want="offer", **more):
    return message("discover", client, want, **more)


def select(client=1, ip="192.168.50.100", want="ack", server=SERVER, **more):
    """REQUEST of a client that chose an offer."""
    return message("request", client, want, ip=ip, server=server, **{"label": "select", **more})


def reboot(client=1, ip="192.168.50.100", want="ack", **more):
    """REQUEST in state INIT-REBOOT."""
    return message("request", client, want, ip=ip, **{"label": "reboot", **more})


def renew(client=1, ip="192.168.50.100", want="ack", to=SERVER, **more):
    """REQUEST in state RENEWING, by unicast."""
    return message("request", client, want, ciaddr=ip, **{"from": ip, "to": to, "label": "renew", **more})


def rebind(client=1, ip="192.168.50.100", want="ack", **more):
    return renew(client, ip, want, to="255.255.255.255", **{"label": "rebind", **more})


def inform(client=1, ip="192.168.50.77", want="ack", **more):
    return message("inform", client, want, ciaddr=ip, **{"from": ip, "to": SERVER, **more})


def decline(client=1, ip="192.168.50.100", server=SERVER, **more):
    return message("decline", client, None, ip=ip, server=server, **more)


def release(client=1, ip="192.168.50.100", server=SERVER, **more):
    return message("release", client, None, server=server, ciaddr=ip,
                   **{"from": ip, "to": SERVER, **more})


def bootp(client=1, want="bootp", **more):
    return message("bootp", client, want, **more)


def relayed(packet, giaddr="10.9.0.1", **more):
    """The packet as a relay passes it on: from its own address to ours."""
    return {**packet, "giaddr": giaddr, "hops": 1, "from": "192.168.50.2", "to": SERVER, **more}


def both_ways(*names):
    return [[n, "A"] for n in names]


def reverse(*addresses):
    return [[".".join(reversed(a.split("."))) + ".in-addr.arpa", "PTR"] for a in addresses]


ONE = "dhcp-range=192.168.50.100,192.168.50.100,1h\n"
FOUR_WAY = [discover(prl=PRL), select(prl=PRL)]
RELAY_RANGE = "dhcp-range=10.9.0.100,10.9.0.100,255.255.0.0,1h\n"
LONG = "".join(f"dhcp-option={224 + i},{chr(97 + i) * 200}\n" for i in range(5))
CASES = {}


def case(name, config, packets, hosts="", questions=(), setup=(), files=None):
    """setup: words for `ip` in the server's or client's namespace, before the server starts. files: {path: text}
    in a folder that the configuration calls {folder}."""
    assert name not in CASES
    CASES[name] = {"config": config, "packets": list(packets), "hosts": hosts, "questions": list(questions),
                   "setup": list(setup), "files": files or {}}


# ------------------------------------------------------------------ the exchange

case("four-way without a list", ONE + "domain=lan.test\n", [
    discover(), select(name="cli1"), discover(), select(), renew(), rebind(), reboot(), release(),
    discover(name="cli1"), select(name="cli1"),
], questions=both_ways("cli1", "cli1.lan.test", "CLI1") + reverse("192.168.50.100"))

case("four-way with a list", ONE + "domain=lan.test\ndhcp-option=42,192.168.50.9\ndhcp-option=44,192.168.50.8\n", [
    discover(prl=PRL), select(prl=PRL), select(prl=PRL, name="cli2"), renew(prl=(1,)), renew(prl=()),
    renew(prl=(44, 42, 3)), renew(prl=(51, 54, 53, 58, 59, 61)), renew(prl=(12, 12, 12)),
    discover(prl=(12,), name="cli2"), rebind(prl=(200, 201, 255, 0)),
], questions=both_ways("cli2", "cli2.lan.test") + reverse("192.168.50.100"))

case("client-id", ONE, [
    discover(clid="01020000000001"), select(clid="01020000000001"),
    discover(2, clid="01020000000001"), select(2, clid="01020000000001"),
    discover(2, want=None, clid="ff00112233"), discover(1, want=None),
    renew(2, clid="01020000000001"), release(2, clid="01020000000001"),
    discover(3, clid="00746578"), select(3, clid="00746578"), discover(3), select(3),
])

case("dhcp-ignore-clid", ONE + "dhcp-ignore-clid\n", [
    discover(clid="01aabbccddeeff"), select(clid="01aabbccddeeff"), discover(clid="00112233"),
    discover(2, want=None, clid="01aabbccddeeff"), renew(clid="0199"),
])

case("other hardware", ONE, [
    discover(htype=6, flags=0x8000), select(htype=6, flags=0x8000), discover(want=None, htype=6), release(htype=6),
    discover("02:00:00:00:00:00:00:07", htype=27, clid="ff01020304", flags=0x8000),
    discover(1, want="offer", htype=32, hlen=0, clid="ff01020305", flags=0x8000),
    discover(1, want=None, htype=32, hlen=0),
])

case("malformed", ONE, [
    discover(tail="3d20"), discover(tail="00"), discover(want=None, cookie="00000000"),
    discover(want=None, op=2), discover(want=None, hlen=17), discover(want="offer", secs=77, hops=3),
    discover(options=[(55, "")], tail="3d"), message("none", 1, None, options=[]),
    message("offer", 1, None, ip="192.168.50.100"), select(want="ack", options=[(52, "03")]),
    message("request", 1, None), renew(ip="192.168.50.100", want="ack", options=[(82, "")]),
])

# ------------------------------------------------------------------ options

ASKED = dict(prl=(1, 3, 6, 15, 28, 42, 43, 44, 66, 67, 119, 120, 121, 125, 150, 175, 200, 201, 202, 203, 204,
                  205, 206, 207, 208, 209, 210, 211, 212, 213, 214, 215))

case("defaults overridden", ONE + """domain=lan.test
dhcp-option=1,255.255.0.0
dhcp-option=3,192.168.50.254
dhcp-option=6,192.168.50.5,192.168.50.6
dhcp-option=12,fixed
dhcp-option=15,other.test
dhcp-option=28,192.168.50.127
dhcp-option=58,100
dhcp-option=59,200
""", [discover(), discover(prl=PRL), discover(prl=(58, 59)), select(prl=PRL, name="mine"), renew(prl=PRL),
      renew()])

case("defaults suppressed", ONE + """domain=lan.test
dhcp-option=1
dhcp-option=3
dhcp-option=6
dhcp-option=12
dhcp-option=15
dhcp-option=28
""", [discover(), discover(prl=PRL), select(prl=PRL, name="mine"), select(name="mine")])

case("options without a value", ONE + "dhcp-option=42\ndhcp-option=200\ndhcp-option=44\ndhcp-option=tag:x,44,1.2.3.4\n",
     [discover(), discover(prl=PRL), discover(prl=(42, 44, 200)), select()])

case("own address", ONE + "dhcp-option=3,0.0.0.0\ndhcp-option=42,0.0.0.0\ndhcp-option=44,0.0.0.0,192.168.50.9\n"
     "dhcp-option=6,0.0.0.0\ndhcp-option=encap:175,1,0.0.0.0\n",
     [discover(), discover(prl=(3, 6, 42, 44, 175)), select()])

case("values: addresses", ONE + """dhcp-option=option:router,192.168.50.3,192.168.50.4
dhcp-option=121,10.1.0.0/16,192.168.50.9,0.0.0.0/0,192.168.50.1
dhcp-option=249,1.2.3.0/24,9.9.9.9
dhcp-option=21,10.0.0.0,255.0.0.0
dhcp-option=33,10.1.1.1,192.168.50.7
dhcp-option=200,1.2.3.4
dhcp-option=201,"1.2.3.4"
dhcp-option=202,1.2.3.4,5.6.7.8,9.10.11.12
dhcp-option=150,192.168.50.20
dhcp-option=32,192.168.50.30
""", [discover(), discover(prl=(3, 21, 32, 33, 121, 150, 200, 201, 202, 249)), select(prl=(121,))])

case("values: numbers", ONE + """dhcp-option=200,5
dhcp-option=201,300
dhcp-option=202,70000
dhcp-option=203,5b
dhcp-option=204,5s
dhcp-option=205,5i
dhcp-option=206,-1
dhcp-option=19,1
dhcp-option=23,64
dhcp-option=26,1400
dhcp-option=35,600
dhcp-option=2,3600
dhcp-option=13,7
dhcp-option=46,8
dhcp-option=38,75
dhcp-option=207,0
dhcp-option=208,255
dhcp-option=209,65535
dhcp-option=210,65536
""", [discover(size=1400), discover(prl=(2, 13, 19, 23, 26, 35, 38, 46, 200, 201, 202, 203, 204, 205, 206, 207, 208,
                             209, 210))])

case("values: text and hex", ONE + """dhcp-option=200,hello
dhcp-option=201,hello,world
dhcp-option=210,b
dhcp-option=202,01:02:ff
dhcp-option=203,1:2
dhcp-option=204,"5"
dhcp-option=205,with blank inside
dhcp-option=206,"quoted, with comma"
dhcp-option=207
dhcp-option=208,a:b:c
dhcp-option=209,x:y
dhcp-option=212,5x
dhcp-option=213,ab:cd:ef:gh
dhcp-option=214,*
dhcp-option=215,AA
dhcp-option=17,/srv/root
dhcp-option=40,nis.test
dhcp-option=100,EST5EDT4\\,M3.2.0/02:00
dhcp-option=101,Europe/Paris
dhcp-option=14,dump
""", [discover(size=1400), discover(prl=tuple(range(200, 216)) + (14, 17, 40, 100, 101), size=1400)])

case("values: times", ONE + "dhcp-option=option:T1,1m\ndhcp-option=option:T2,45m\ndhcp-option=option:ipv6-only,30m\n"
     "dhcp-option=200,2h\n", [discover(), discover(prl=(58, 59, 108, 200)), select(time=300)])

case("T1 after T2", ONE + "dhcp-option=58,2000\ndhcp-option=59,20\n",
     [discover(), discover(time=300), discover(time=300, prl=PRL), select()])

case("T1 and T2 beyond the lease", ONE + "dhcp-option=58,400\ndhcp-option=59,500\n",
     [discover(), discover(time=500), discover(time=450), discover(time=400), discover(time=300, prl=PRL)])

case("T1 and T2 of an infinite lease",
     "dhcp-range=192.168.50.100,192.168.50.100,infinite\ndhcp-option=58,400\ndhcp-option=59,500\n",
     [discover(), discover(prl=PRL), select(prl=(58, 59)), discover(time=600)])

case("T1 and T2 without meaning", ONE + "dhcp-option=58,0\ndhcp-option=59,1\n",
     [discover(), discover(prl=(58, 59)), inform(prl=(58, 59))])

case("T1 and T2 soon", ONE + "dhcp-option=58,1\ndhcp-option=59,2\n", [discover(), discover(prl=(58, 59))])

case("T1 very soon", ONE + "dhcp-option=58,2\ndhcp-option=59,3\n", [discover(), discover(prl=(58, 59))])

case("T1 soon", ONE + "dhcp-option=58,3\n", [discover(), discover(prl=(58, 59))])

case("values: domains", ONE + """dhcp-option=119,lan.test,eng.lan.test,other.example
dhcp-option=120,sip.lan.test,sip2.lan.test
dhcp-option=option:domain-search,lan.test,eng.lan.test,other.example
""", [discover(), discover(prl=(119, 120)), discover(prl=(119,))])

case("values: sip addresses", ONE + "dhcp-option=120,192.168.50.7,192.168.50.8\ndhcp-option=119,single\n",
     [discover(), discover(prl=(119, 120))])

case("values: long", ONE + "dhcp-option=200," + "x" * 250 + "\ndhcp-option=201," + ",".join(
    f"10.0.0.{i}" for i in range(60)) + "\n", [discover(size=1400), discover(prl=(200, 201), size=1400)])

case("encapsulated", ONE + """dhcp-option=encap:175,190,user
dhcp-option=encap:175,191,pass
dhcp-option=encap:176,1,01:02
dhcp-option=vi-encap:2,10,text
dhcp-option=vi-encap:2,11,192.168.50.9
""", [discover(), discover(prl=(175, 125)), discover(prl=(1,)), discover(prl=(176,)), select(prl=(175,))])

case("vendor options", ONE + """dhcp-option=vendor:MSFT,2,1i
dhcp-option=vendor:MSFT,1,text
dhcp-option=vendor:Other,1,7
""", [discover(), discover(options=[(60, b"MSFT 5.0")]), discover(prl=(43, 60), options=[(60, b"MSFT 5.0")]),
      discover(prl=(43,), options=[(60, b"MSFT 5.0")]), discover(prl=(43,)),
      discover(prl=(1,), options=[(60, b"MSFT 5.0")]), discover(options=[(60, b"xOtherx")]),
      discover(options=[(60, b"msft 5.0")]), select(options=[(60, b"MSFT 5.0")])])

case("vendor options for all", ONE + "dhcp-option=vendor:,1,192.168.50.9\ndhcp-option=60,Thing\n",
     [discover(), discover(prl=(43,)), discover(prl=(43, 60)), discover(options=[(60, b"Some")]), discover(prl=(60,))])

case("vendor options forced", ONE + "dhcp-option-force=vendor:MSFT,1,text\n", [
    discover(prl=(1,)), discover(prl=(1,), options=[(60, b"MSFT 5.0")]), discover(options=[(60, b"Other")])])

case("option 43 whole", ONE + "dhcp-option=43,01:04:aa:bb:cc:dd\n",
     [discover(), discover(prl=(43,)), discover(options=[(60, b"MSFT 5.0")])])

case("forced options", ONE + """dhcp-option-force=200,forced
dhcp-option=201,asked
dhcp-option-force=encap:175,1,x
dhcp-option-force=15,forced.test
dhcp-option-force=42,192.168.50.9
domain=lan.test
""", [discover(), discover(prl=(1,)), discover(prl=(200, 201)), select(prl=()), inform(prl=(1,))])

case("two of one option", """dhcp-option=200,first
dhcp-option=200,second
dhcp-option=tag:a,201,tag-a
dhcp-option=tag:b,201,tag-b
dhcp-option=201,untagged
dhcp-option=tag:pool,202,pool
dhcp-option=202,all
dhcp-option=tag:a,tag:b,203,both
dhcp-option=tag:a,203,only-a
dhcp-option=tag:!a,204,not-a
dhcp-host=02:00:00:00:00:01,set:a
dhcp-host=02:00:00:00:00:02,set:a,set:b
dhcp-range=set:pool,192.168.50.100,192.168.50.100,1h
""", [discover(1), discover(2), discover("06:00:00:00:00:03"), discover(2, prl=(201, 203))])

case("order of options", ONE + "dhcp-option=42,192.168.50.9\ndhcp-option=200,a\ndhcp-option=44,192.168.50.8\n",
     [discover(prl=(200, 42, 44)), discover(prl=(44, 200, 42)), discover()])

# ------------------------------------------------------------------ tags

case("tags of ranges", """dhcp-range=tag:red,set:r,192.168.50.100,192.168.50.100,1h
dhcp-range=tag:!red,set:g,192.168.50.110,192.168.50.110,2h
dhcp-host=02:00:00:00:00:01,set:red
dhcp-option=tag:r,200,red
dhcp-option=tag:g,200,green
dhcp-option=tag:red,tag:r,201,both
dhcp-option=tag:!r,202,not-r
""", [discover(1), select(1), discover(2), select(2, "192.168.50.110"), discover(2, ip="192.168.50.100"),
      reboot(2, "192.168.50.100", want="nak"), discover(3, want=None),
      select(3, "192.168.50.100", want="nak")])

case("tags by hardware", ONE + """dhcp-mac=set:a,02:00:00:00:00:*
dhcp-mac=set:b,02:00:00:00:*:02
dhcp-mac=set:six,06-02:00:00:00:00:02
dhcp-option=tag:a,201,a
dhcp-option=tag:b,202,b-
dhcp-option=tag:six,203,six
""", [discover(1), discover(2), discover("06:00:00:00:00:03"), discover(2, htype=6, flags=0x8000)])

case("tags of hosts", ONE + """dhcp-host=02:00:00:00:00:01,set:h
dhcp-host=02:00:00:00:00:02,set:h,set:i,192.168.50.60
dhcp-option=tag:h,210,host
dhcp-option=tag:h,tag:i,211,both
dhcp-option=tag:!h,212,not-host
dhcp-option=tag:h,tag:!i,213,one
dhcp-option=tag:known,214,known
dhcp-option=tag:!known,215,stranger
dhcp-option=tag:lan0,216,interface
dhcp-option=tag:other0,217,other
dhcp-option=tag:h,3,192.168.50.7
dhcp-option=tag:i,6
dhcp-option=tag:i,42,192.168.50.8
dhcp-option=42,192.168.50.9
dhcp-option=h,218,old-spelling
dhcp-option=#h,219,old-not
dhcp-option=net:h,220,net
""", [discover(2), discover(3), discover(2, prl=PRL), discover(1), select(1, prl=(211, 213, 214, 215)),
      inform(2, "192.168.50.60"), inform(3)])

case("tags of all kinds", ONE + """dhcp-vendorclass=set:v,Acme
dhcp-userclass=set:u,lab
dhcp-match=set:m1,93,7
dhcp-match=set:m2,200
dhcp-match=set:m3,201,text
dhcp-match=set:m4,202,01:*
dhcp-match=set:m5,option:client-arch,0
dhcp-name-match=set:n,print*
tag-if=set:both,tag:v,tag:u
tag-if=set:notv,tag:!v
dhcp-option=tag:v,210,v
dhcp-option=tag:u,211,u
dhcp-option=tag:m1,212,m1
dhcp-option=tag:m2,213,m2
dhcp-option=tag:m3,214,m3
dhcp-option=tag:m4,215,m4
dhcp-option=tag:m5,216,m5
dhcp-option=tag:n,217,n
dhcp-option=tag:both,218,both
dhcp-option=tag:notv,219,notv
dhcp-option=tag:lan0,220,interface
dhcp-option=tag:known,221,known
dhcp-host=02:00:00:00:00:09,set:h
dhcp-option=tag:h,222,h
""", [discover(options=[(60, b"xx Acme 1")]), discover(options=[(60, b"acme")]),
      discover(options=[(77, b"lab1")]), discover(options=[(77, b"\x04lab1\x03foo")]),
      discover(options=[(60, b"Acme"), (77, b"lab")]), discover(options=[(93, "0007")]),
      discover(options=[(93, "0000")]), discover(options=[(200, "")]), discover(options=[(200, "00")]),
      discover(options=[(201, b"a text b")]), discover(options=[(202, "0102")]), discover(options=[(202, "01")]),
      discover(options=[(202, "0202")]), discover(name="printer7"), discover(name="PRINTER"),
      discover(name="xprint"), discover(9)])

case("tag of the interface alone", ONE + "dhcp-option=tag:lan0,200,here\ndhcp-option=tag:!lan0,201,there\n",
     [discover(), discover(prl=(200, 201))])

case("tags by relay agent", RELAY_RANGE + """dhcp-circuitid=set:c,port7
dhcp-circuitid=set:x,01:02
dhcp-remoteid=set:r,sw1
dhcp-subscrid=set:s,sub
dhcp-option=tag:c,210,circuit
dhcp-option=tag:x,211,xx
dhcp-option=tag:r,212,remote
dhcp-option=tag:s,213,subscriber
""", [relayed(discover(options=[(82, b"\x01\x05port7")])), relayed(discover(options=[(82, b"\x01\x06port77")])),
      relayed(discover(options=[(82, "01020102")])), relayed(discover(options=[(82, b"\x02\x03sw1\x06\x03sub")])),
      discover(want=None, options=[(82, b"\x01\x05port7")])])

# ------------------------------------------------------------------ dhcp-host

HOST = "dhcp-range=192.168.50.100,192.168.50.100,1h\ndomain=lan.test\n"

case("host by hardware", HOST + """dhcp-host=02:00:00:00:00:01,192.168.50.60,fixed
dhcp-host=02:00:00:00:00:02,192.168.50.61
dhcp-host=02:00:00:00:00:03,named
dhcp-host=02:00:00:*:*:*,192.168.50.62,wild
dhcp-host=02:00:00:00:*:*,192.168.50.63
dhcp-host=06-02:00:00:00:00:05,192.168.50.65
""", [discover(1), select(1, "192.168.50.60"), select(1, "192.168.50.60", name="other", prl=PRL),
      discover(2, name="cli"), select(2, "192.168.50.61", name="cli"), discover(3), select(3),
      discover(4), select(4, "192.168.50.63"), discover("02:00:00:01:00:04"),
      select("02:00:00:01:00:04", "192.168.50.62"), discover("06:00:00:00:00:06", want=None),
      discover(5, htype=6, flags=0x8000), select(5, "192.168.50.65", htype=6, flags=0x8000), renew(1, "192.168.50.60"),
      reboot(1, "192.168.50.100", want="nak"), discover(1, ip="192.168.50.100"),
      select(7, "192.168.50.60", want="nak"), release(1, "192.168.50.60")],
     questions=both_ways("fixed", "fixed.lan.test", "named.lan.test", "wild", "cli", "other")
     + reverse("192.168.50.60", "192.168.50.61", "192.168.50.62", "192.168.50.63"))

case("host by client-id", HOST + """dhcp-host=id:foo,192.168.50.60
dhcp-host=id:01:02:03,192.168.50.61
dhcp-host=02:00:00:00:00:04,id:*,192.168.50.62
dhcp-host=02:00:00:00:00:05,id:bar,192.168.50.63
""", [discover(1, clid=b"foo".hex()), discover(2, clid="00" + b"foo".hex()), discover(3, clid="010203"),
      select(3, "192.168.50.61", clid="010203"), discover(4, clid="aa"), select(4, "192.168.50.62", clid="aa"),
      renew(4, "192.168.50.62", clid="bb"), discover(5), discover(6, clid=b"bar".hex()),
      discover(5, clid=b"foo".hex()), discover(7, clid=b"Foo".hex())])

case("host by name", HOST + """dhcp-host=alpha,192.168.50.60
dhcp-host=beta,192.168.50.61,set:b
dhcp-host=gamma,10m
dhcp-option=tag:b,200,bee
""", [discover(1, name="alpha"), select(1, "192.168.50.60", name="alpha"), discover(2, name="BETA"),
      select(2, "192.168.50.61", name="BETA", prl=PRL), discover(3, name="gamma"), select(3, name="gamma"),
      discover(4, want=None, name="delta"), discover(4, want=None), discover(5, want=None, name="alpha"),
      discover(1, want=None), renew(1, "192.168.50.60", want="nak"),
      renew(1, "192.168.50.60", want="nak", name="newname"), renew(1, "192.168.50.60", name="alpha")],
     questions=both_ways("alpha", "alpha.lan.test", "beta.lan.test", "gamma.lan.test", "newname")
     + reverse("192.168.50.60", "192.168.50.61"))

case("host ignored", HOST + "dhcp-host=02:00:00:00:00:01,ignore\ndhcp-host=id:bad,ignore\ndhcp-host=evil,ignore\n", [
    discover(1, want=None), select(1, want=None), inform(1, want=None), discover(2, want=None, clid=b"bad".hex()),
    discover(3, want=None, name="evil"), discover(4), release(1), decline(1)])

case("host lease times", HOST + """dhcp-host=02:00:00:00:00:01,192.168.50.60,infinite
dhcp-host=02:00:00:00:00:02,192.168.50.61,5m
dhcp-host=02:00:00:00:00:03,192.168.50.62,10
dhcp-host=02:00:00:00:00:04,192.168.50.63,2d
""", [discover(1), select(1, "192.168.50.60"), select(1, "192.168.50.60", time=600), renew(1, "192.168.50.60"),
      discover(2), select(2, "192.168.50.61", time=7200), discover(3), select(3, "192.168.50.62"), discover(4),
      select(4, "192.168.50.63"), select(4, "192.168.50.63", time=60)])

case("host precedence", HOST + """dhcp-host=02:00:00:00:00:01,192.168.50.60
dhcp-host=id:ff:01,192.168.50.61
dhcp-host=nnn,192.168.50.62
dhcp-host=02:00:00:00:00:02,192.168.50.63
dhcp-host=tag:lan0,02:00:00:00:00:08,192.168.50.68
dhcp-host=tag:!lan0,02:00:00:00:00:08,192.168.50.69
dhcp-host=id:ff:09,192.168.50.70
dhcp-host=tag:lan0,02:00:00:00:00:09,192.168.50.71
dhcp-host=02:00:00:00:00:05,192.168.99.65
dhcp-host=02:00:00:00:00:06,192.168.50.66
dhcp-host=02:00:00:00:00:06,192.168.50.67
dhcp-option=tag:known,200,known
dhcp-option=tag:known-othernet,200,elsewhere
""", [discover(1, clid="ff01"), discover(1, name="nnn"), discover(3, clid="ff01", name="nnn"), discover(4, name="nnn"),
      discover(2), discover(5), discover(6), discover(7), discover(8), discover(9, clid="ff09"),
      discover(1, clid="ff02")])

case("host by tags", HOST + """dhcp-userclass=set:u,lab
dhcp-host=02:00:00:00:00:02,192.168.50.63
dhcp-host=tag:u,02:00:00:00:00:02,192.168.50.64
tag-if=set:t,tag:lan0,tag:!u
dhcp-host=tag:t,02:00:00:00:00:03,192.168.50.65
""", [discover(2), discover(2, options=[(77, b"lab")]), discover(3), discover(3, options=[(77, b"lab")])])

case("host with two cards", HOST + "dhcp-host=02:00:00:00:00:01,02:00:00:00:00:02,192.168.50.60,dock\n", [
    discover(1), select(1, "192.168.50.60"), discover(2), select(2, "192.168.50.60"), renew(2, "192.168.50.60"),
    renew(1, "192.168.50.60", want="nak"), rebind(1, "192.168.50.60", want=None)], questions=both_ways("dock"))

case("host address reserved", "dhcp-range=192.168.50.100,192.168.50.101,1h\ndhcp-sequential-ip\n"
     "dhcp-host=02:00:00:00:00:01,192.168.50.100\n", [
         discover(2), discover(2, ip="192.168.50.100"), select(2, "192.168.50.100", want="nak"),
         discover(1), select(1, "192.168.50.100"), select(2, "192.168.50.101"), discover(3, want=None)])

case("host address from hosts", HOST + "dhcp-host=02:00:00:00:00:01,inhosts\ndhcp-host=far\n", [
    discover(1), select(1, "192.168.50.77"), discover(2, name="far"), select(2, name="far")],
     hosts="192.168.50.77 inhosts\n192.168.99.5 far\n", questions=both_ways("inhosts", "inhosts.lan.test", "far"))

case("host becomes known", HOST + "dhcp-host=later,192.168.50.60\n", [
    discover(), select(), renew(want="nak", name="later"), reboot(want="nak", name="later"),
    discover(name="later"), select(ip="192.168.50.60", name="later")])

# ------------------------------------------------------------------ REQUEST, dhcp.md 5.2

HELD = [discover(1), select(1)]
TABLE = "dhcp-range=192.168.50.100,192.168.50.102,1h\ndhcp-sequential-ip\n"

case("requests, one of several servers", TABLE, HELD + [
    select(2, "192.168.50.101"), select(3, "192.168.50.102", want=None, server="192.168.50.9"),
    reboot(4, "192.168.50.102", want=None), renew(4, "192.168.50.102", want="nak"),
    rebind(4, "192.168.50.102", want=None), reboot(1, "192.168.50.101", want="nak"),
    reboot(1, "192.168.50.102", want="nak"), reboot(4, "192.168.50.77", want=None),
    reboot(4, "10.1.1.1", want=None), reboot(1, "10.1.1.1", want="nak"), reboot(4, "192.168.50.100", want=None),
    select(4, "192.168.50.100", want="nak"), select(4, "10.1.1.1", want="nak"),
    select(4, "192.168.50.77", want="nak"), select(4, "192.168.50.1", want="nak"),
    select(1, "192.168.50.102"), renew(1, "192.168.50.100", want="nak"),
    renew(1, "192.168.50.102"), rebind(1, "192.168.50.102"), reboot(1, "192.168.50.102"),
    select(1, "192.168.50.102", want=None, server="192.168.50.9"), discover(4), renew(2, "10.1.1.1", want="nak")])

case("requests, the only server", TABLE + "dhcp-authoritative\n", HELD + [
    select(2, "192.168.50.101"), select(3, "192.168.50.102", want="nak", server="192.168.50.9"),
    reboot(4, "192.168.50.102"), release(4, "192.168.50.102"), renew(4, "192.168.50.102"),
    release(4, "192.168.50.102"), rebind(4, "192.168.50.102"), release(4, "192.168.50.102"),
    reboot(1, "192.168.50.101", want="nak"), reboot(1, "192.168.50.102", want="nak"),
    reboot(4, "192.168.50.77", want="nak"), reboot(4, "10.1.1.1", want="nak"), reboot(1, "10.1.1.1", want="nak"),
    reboot(4, "192.168.50.100", want="nak"), select(4, "192.168.50.100", want="nak"),
    select(4, "10.1.1.1", want="nak"), select(4, "192.168.50.1", want="nak"),
    renew(1, "192.168.50.102", want="nak"),
    renew(1, "192.168.50.100"), select(1, "192.168.50.100", want="nak", server="192.168.50.9"), discover(4)])

case("request with ciaddr and server-id", TABLE, HELD + [
    renew(1, "192.168.50.100", server=SERVER), renew(1, "192.168.50.100", server=SERVER, options=[(50, "c0a83264")]),
    renew(1, "192.168.50.100", options=[(50, "c0a83264")])])

case("decline", "dhcp-range=192.168.50.100,192.168.50.101,1h\ndhcp-sequential-ip\n"
     "dhcp-host=02:00:00:00:00:05,192.168.50.60\n", HELD + [
         decline(1, "192.168.50.100"), discover(1), select(1, "192.168.50.101"), discover(5),
         select(5, "192.168.50.60"), decline(5, "192.168.50.60"), discover(5),
         decline(1, "192.168.50.101", server="192.168.50.9"), renew(1, "192.168.50.101")])

case("release", ONE, HELD + [
    release(2), release(1, server="192.168.50.9"), discover(2, want=None), release(1, "192.168.50.101"),
    discover(2, want=None), release(1), discover(2), select(2), release(2), release(2)])

case("inform", ONE + "domain=lan.test\ndhcp-option=42,192.168.50.9\n", [
    discover(1), select(1, name="cli"), inform(1, "192.168.50.100"), inform(1, "192.168.50.100", prl=PRL),
    inform(1, "192.168.50.100", prl=(51, 1)), inform(2, "192.168.50.77"), inform(2, "192.168.50.77", prl=PRL + (51,)),
    inform(2, "192.168.50.77", name="cli2", prl=PRL), inform(2, "192.168.50.77", flags=0x8000),
    inform(2, "192.168.50.77", to="255.255.255.255"), inform(3, "10.7.7.7", to="255.255.255.255"),
    message("inform", 4, None, label="inform without ciaddr")])

case("inform of a configured host", HOST + "dhcp-host=02:00:00:00:00:01,192.168.50.60,fixed\ndhcp-host=byname\n", [
    inform(1, "192.168.50.60"), inform(1, "192.168.50.60", name="other"), inform(1, "192.168.50.60", prl=PRL),
    inform(1, "192.168.50.60", options=[(81, b"\x01\0\0cli")]), inform(2, name="byname"),
    inform(2, name="bad name"), inform(3, options=[(81, b"\x04\0\0\x03new")])])

case("inform from elsewhere", "dhcp-range=set:r,192.168.50.100,192.168.50.100,1h\ndhcp-option=tag:r,200,r\n"
     "dhcp-option=tag:!r,201,not-r\ndhcp-option=42,0.0.0.0\n", [
         inform(3, "10.7.7.7", to="255.255.255.255"), inform(3, "10.7.7.7"),
         inform(3, "10.7.7.7", to="255.255.255.255", prl=PRL + (200, 201)), inform(3, prl=PRL + (200, 201))])

# ------------------------------------------------------------------ times

case("time asked", ONE, [
    discover(time=600), discover(time=60), discover(time=1), discover(time=0), discover(time=7200),
    discover(time=0xffffffff), select(time=600), renew(time=300), renew(time=0xffffffff), renew(time=60)])

case("time infinite", "dhcp-range=192.168.50.100,192.168.50.100,infinite\n", [
    discover(), select(), renew(), discover(time=600), discover(time=0xffffffff),
    inform(1, "192.168.50.100", prl=(51,))])

case("time short", "dhcp-range=192.168.50.100,192.168.50.100,60\n", [
    discover(), select(), discover(time=60), renew(time=300)])

case("time in odd units", "dhcp-range=192.168.50.100,192.168.50.100,1W\n", [
    discover(), select(), discover(time=86401), discover(time=86399)])

# ------------------------------------------------------------------ size

case("size and overload with a boot file", ONE + LONG + "dhcp-boot=pxelinux.0,boothost,192.168.50.9\n", [
    discover(), discover(size=1500), discover(prl=(224, 225, 226)), discover(prl=(66, 67, 224, 225))])

case("size and overload with boot options", ONE + LONG + "dhcp-option=66,boothost\ndhcp-option=67,pxelinux.0\n", [
    discover(), discover(size=1500), discover(prl=(66, 67, 224, 225)), discover(prl=(66, 67))])

case("size", ONE + LONG, [
    discover(), discover(size=576), discover(size=300), discover(size=700), discover(size=1500),
    discover(size=65535), discover(prl=(224, 225)), discover(prl=(224, 225, 226, 227, 228)), select(size=1500)])

case("overload forbidden", ONE + LONG + "dhcp-no-override\n",
     [discover(), discover(size=1500), discover(prl=(224, 225))])

case("overload into free fields", ONE + LONG, [discover(), discover(prl=(224, 225, 226)), discover(size=800)])

case("small options overflow", ONE + "".join(f"dhcp-option={224 + i},{'s' * 60}\n" for i in range(10)), [
    discover(), discover(prl=tuple(range(224, 234))), discover(size=1000)])

# ------------------------------------------------------------------ flags and destination

case("broadcast", ONE, [discover(flags=0x8000), select(flags=0x8000), renew(flags=0x8000), reboot(flags=0x8000),
                        reboot(ip="192.168.50.77", want="nak", flags=0), discover(flags=0x4001)])

case("broadcast for one", ONE + "dhcp-broadcast=tag:b\ndhcp-host=02:00:00:00:00:02,set:b,192.168.50.60\n", [
    discover(1), discover(2), select(2, "192.168.50.60"), renew(2, "192.168.50.60"), rebind(2, "192.168.50.60")])

case("broadcast for some", ONE + "dhcp-broadcast=tag:b\ndhcp-vendorclass=set:b,Odd\n", [
    discover(), discover(options=[(60, b"Odd")]), select(options=[(60, b"Odd")]), renew(options=[(60, b"Odd")])])

case("broadcast for all", ONE + "dhcp-broadcast\n", [discover(), select()])

# ------------------------------------------------------------------ relays

case("relay", RELAY_RANGE + "domain=lan.test\n", [
    relayed(discover()), relayed(select(ip="10.9.0.100")), relayed(discover(flags=0x8000)),
    relayed(select(ip="10.9.0.100", options=[(82, b"\x01\x04abcd\x02\x03xyz")])),
    relayed(discover(options=[(82, b"\x01\x02\xff\x00")], prl=PRL)),
    relayed(reboot(ip="10.9.0.77", want="nak", options=[(82, b"\x01\x02ab")])),
    relayed(select(2, "10.9.0.100", want="nak", server=SERVER)),
    relayed(reboot(1, "10.9.0.101", want="nak")), relayed(discover(2, want=None)),
    relayed(discover(3, want=None), giaddr="10.8.0.1"), relayed(inform(ip="10.9.0.50")),
    renew(ip="10.9.0.100"), relayed(release(ip="10.9.0.100")), relayed(discover(2))])

case("relay with a class mask", "dhcp-range=10.9.0.100,10.9.0.100,1h\n", [relayed(discover()),
     relayed(select(ip="10.9.0.100"))])

case("relay on the pool's address", "dhcp-range=10.9.0.1,10.9.0.2,255.255.0.0,1h\ndhcp-sequential-ip\n", [
    relayed(discover()), relayed(select(ip="10.9.0.1", want="nak"))])

case("relay chooses a link", RELAY_RANGE + "dhcp-range=10.10.0.100,10.10.0.100,255.255.0.0,1h\n", [
    relayed(discover(options=[(82, "05040a0a0001")])), relayed(discover(options=[(118, "0a0a0001")])),
    relayed(discover(options=[(82, "05040a0a0001"), (118, "0a090001")])),
    relayed(discover(options=[(82, "0b040a090001")])),
    relayed(select(ip="10.9.0.100", server="10.9.0.1", options=[(82, "0b040a090001")])),
    relayed(discover(want=None, options=[(82, "05040a0b0001")])), discover(options=[(118, "0a0a0001")]),
    discover(options=[(118, "c0a83200")], want=None), relayed(discover(options=[(118, "0a0a00")]))])

case("relay renewals", RELAY_RANGE, [
    relayed(select(ip="10.9.0.100")), renew(ip="10.9.0.100"), renew(2, "10.9.0.100", want="nak"),
    relayed(renew(ip="10.9.0.100"), **{"from": "192.168.50.2"}), relayed(renew(2, "10.9.0.101", want="nak")),
    rebind(ip="10.9.0.100")])

case("dhcp-proxy", RELAY_RANGE + "dhcp-proxy\n", [
    relayed(discover()), relayed(select(ip="10.9.0.100", server="10.9.0.1")),
    relayed(discover(options=[(82, "0b040a090009")]))])

case("dhcp-proxy for one", RELAY_RANGE + "dhcp-proxy=10.9.0.1\n", [
    relayed(discover()), relayed(select(ip="10.9.0.100", server="10.9.0.1")), relayed(discover(), giaddr="10.9.0.2")])

case("shared network", "dhcp-range=10.10.0.100,10.10.0.100,255.255.0.0,1h\nshared-network=lan0,10.10.0.0\n", [
    discover(), select(ip="10.10.0.100"), discover(prl=PRL)])

case("no range here", RELAY_RANGE, [discover(want=None), select(want=None), inform(want=None), bootp(want=None)])

# ------------------------------------------------------------------ rapid commit, FQDN, names

case("rapid commit", ONE + "dhcp-rapid-commit\n", [
    discover(want="ack", options=[(80, "")], name="fast"), discover(), discover(want="ack", options=[(80, "")]),
    discover(2, want=None, options=[(80, "")]), renew()], questions=both_ways("fast"))

case("rapid commit refused", ONE, [discover(options=[(80, "")]), select(options=[(80, "")])])

FQDNS = [
    discover(options=[(81, b"\x01\0\0cli")]), select(options=[(81, b"\x01\0\0cli")]),
    select(options=[(81, b"\x04\0\0\x03cli\x03lan\x04test\0")]), select(options=[(81, b"\x05\0\0\x03new\0")]),
    select(options=[(81, b"\0\0\0cli.lan.test")]), select(options=[(81, b"\x08\0\0cli")]),
    select(options=[(81, b"\x01\0\0cli.other.test")]), select(options=[(81, b"\x0f\0\0cli")]),
    select(options=[(81, b"\x01\0\0")]), select(options=[(81, b"\x01\0\0cli")], prl=(1,)),
    select(options=[(81, b"\x01\0\0fq")], name="hostname"), select(options=[(81, b"\x01\0")]),
    renew(options=[(81, b"\x01\0\0fq2.")]), inform(1, "192.168.50.100", options=[(81, b"\x01\0\0cli")]),
]
case("FQDN", ONE + "domain=lan.test\n", FQDNS, questions=both_ways("cli", "cli.lan.test", "fq2", "fq2.lan.test",
     "hostname") + reverse("192.168.50.100"))
case("FQDN, client updates", ONE + "domain=lan.test\ndhcp-client-update\n", FQDNS, questions=both_ways("cli.lan.test"))
case("FQDN without a domain", ONE, FQDNS[:6], questions=both_ways("cli"))

case("domain by range", """dhcp-range=192.168.50.100,192.168.50.100,1h
domain=lan.test
domain=low.test,192.168.50.0/26
domain=fix.test,192.168.50.70,192.168.50.79
dhcp-host=02:00:00:00:00:02,192.168.50.60
dhcp-host=02:00:00:00:00:03,192.168.50.75
""", [discover(1), select(1, name="a"), discover(2, prl=PRL), select(2, "192.168.50.60", name="b"), discover(3),
      select(3, "192.168.50.75", name="c.fix.test"), inform(4, "192.168.50.76", prl=(15,))],
     questions=both_ways("a.lan.test", "b.low.test", "b.lan.test", "b", "c.fix.test", "c")
     + reverse("192.168.50.100", "192.168.50.60", "192.168.50.75"))

case("dhcp-fqdn", ONE + "domain=lan.test\ndhcp-fqdn\n", [discover(), select(name="cli")],
     questions=both_ways("cli", "cli.lan.test") + reverse("192.168.50.100"))

case("names refused", HOST + "expand-hosts\n", [
    discover(name="bad name"), select(name="bad name"), select(name="-lead"), select(name="und_er"),
    select(name="a" * 70), select(name="dot.ted.name"), select(name="cli.lan.test"), select(name="inhosts"),
    select(name="x.other.test"), select(name="9digit"), select(name="trail-"), select(name="nul\0nul"),
    select(name=""), select(name="star*"), select(name="Upper"), select(name=".")],
     hosts="192.168.50.77 inhosts\n", questions=both_ways("inhosts", "upper", "Upper.lan.test", "cli", "dot")
     + reverse("192.168.50.100"))

case("name of a hosts file", HOST + "expand-hosts\n", [
    discover(prl=PRL), select(prl=PRL), renew(prl=PRL), renew(prl=PRL, name="cli"), renew(prl=PRL)],
     hosts="192.168.50.100 byhosts\n", questions=both_ways("byhosts", "byhosts.lan.test") + reverse("192.168.50.100"))

case("name of a hosts file, after the client's", HOST, [
    select(prl=PRL, name="cli"), renew(prl=PRL), renew(prl=PRL, name="cli2"), discover(prl=PRL),
    inform(1, "192.168.50.100", prl=PRL), inform(1, "192.168.50.100", prl=PRL, name="cli3")],
     hosts="192.168.50.100 byhosts\n", questions=both_ways("byhosts", "cli") + reverse("192.168.50.100"))

case("name in a hosts file elsewhere", HOST, [discover(name="inhosts"), select(name="inhosts", prl=PRL)],
     hosts="192.168.50.77 inhosts\n", questions=both_ways("inhosts", "inhosts.lan.test") + reverse("192.168.50.100"))

case("a host's name, two clients", TABLE + "domain=lan.test\ndhcp-host=02:00:00:00:00:01,box\n", [
    select(1), select(2, "192.168.50.101", name="box"), renew(2, "192.168.50.101", name="other"),
    renew(2, "192.168.50.101", name="box"), renew(2, "192.168.50.101"), discover(2, name="box")],
     questions=both_ways("box", "box.lan.test", "other") + reverse("192.168.50.100", "192.168.50.101"))

case("a host's name, claimed before", TABLE + "domain=lan.test\ndhcp-host=02:00:00:00:00:01,box\n", [
    select(2, "192.168.50.101", name="box"), select(1), renew(2, "192.168.50.101", name="box")],
     questions=both_ways("box", "box.lan.test") + reverse("192.168.50.100", "192.168.50.101"))

case("one name, two clients", TABLE + "domain=lan.test\n", [
    discover(1), select(1, name="pc"), discover(2), select(2, "192.168.50.101", name="PC"), renew(1),
    renew(2, "192.168.50.101")], questions=both_ways("pc", "pc.lan.test") + reverse("192.168.50.100", "192.168.50.101"))

case("names ignored", HOST + "dhcp-ignore-names\n", [discover(name="cli"), select(name="cli", prl=PRL)],
     questions=both_ways("cli"))

case("names generated", HOST + "dhcp-generate-names\n", [
    discover(prl=PRL), select(prl=PRL), select(prl=PRL, name="cli")],
     questions=both_ways("02-00-00-00-00-01", "cli") + reverse("192.168.50.100"))

case("names generated for some", HOST + "dhcp-generate-names=tag:g\ndhcp-ignore-names=tag:g\n"
     "dhcp-vendorclass=set:g,Gen\n", [
         discover(prl=PRL, name="cli"), select(prl=PRL, name="cli"),
         select(prl=PRL, name="cli2", options=[(60, b"Gen")])], questions=both_ways("02-00-00-00-00-01", "cli", "cli2"))

case("names' time to live", HOST + "dhcp-ttl=33\nlocal-ttl=44\ncname=alias.lan.test,cli.lan.test\n",
     [discover(), select(name="cli")],
     questions=both_ways("cli.lan.test", "alias.lan.test") + reverse("192.168.50.100"))

# ------------------------------------------------------------------ who is served

case("address in use", "dhcp-range=192.168.50.100,192.168.50.101,1h\ndhcp-sequential-ip\nPING\n", [
    discover(patience=9), select(ip="192.168.50.101"), discover(patience=9)],
     setup=[("client", "addr", "add", "192.168.50.100/24", "dev", "eth0")])

case("address in use and asked for", "dhcp-range=192.168.50.100,192.168.50.101,1h\ndhcp-sequential-ip\nPING\n", [
    discover(patience=9, ip="192.168.50.100")],
     setup=[("client", "addr", "add", "192.168.50.100/24", "dev", "eth0")])

case("address in use but no-ping", "dhcp-range=192.168.50.100,192.168.50.101,1h\ndhcp-sequential-ip\n", [discover()],
     setup=[("client", "addr", "add", "192.168.50.100/24", "dev", "eth0")])

case("lease limit", TABLE + "dhcp-lease-max=1\n", [
    discover(1), discover(2), select(1), discover(2), select(2, "192.168.50.101", want="nak"), renew(1),
    release(1), discover(2, ip="192.168.50.101"), select(2, "192.168.50.101")])

case("pool full", ONE, [discover(1), select(1), discover(2, want=None), select(2, want="nak"), release(1),
                        discover(2), select(2), discover(1, want=None)])

case("one free address, two clients", ONE, [
    discover(1), discover(2), select(1), select(2, want="nak"), discover(2, want=None)])

case("strangers ignored", ONE + "dhcp-ignore=tag:!known\ndhcp-host=02:00:00:00:00:01,set:h\n", [
    discover(2, want=None), discover(1), select(1), select(2, want=None), inform(2, want=None)])

case("one ignored", ONE + "dhcp-ignore=tag:h,tag:!i\ndhcp-host=02:00:00:00:00:01,set:h\n"
     "dhcp-host=02:00:00:00:00:02,set:h,set:i\n", [
         discover(1, want=None), discover(3), discover(2), select(1, want=None), select(2), bootp(1, want=None)])

case("some ignored", ONE + "dhcp-ignore=tag:v,tag:u\ndhcp-vendorclass=set:v,V\ndhcp-userclass=set:u,U\n", [
    discover(), discover(options=[(60, b"V")]), discover(want=None, options=[(60, b"V"), (77, b"U")]),
    select(want=None, options=[(60, b"V"), (77, b"U")])])

case("static only", "dhcp-range=192.168.50.0,static,1h\ndhcp-host=02:00:00:00:00:01,192.168.50.60\n", [
    discover(1), select(1, "192.168.50.60"), discover(2, want=None), select(2, "192.168.50.61", want="nak"),
    reboot(2, "192.168.50.61", want=None), inform(2)])

case("requested address", "dhcp-range=192.168.50.100,192.168.50.150,1h\n", [
    discover(1, ip="192.168.50.133"), select(1, "192.168.50.133"), discover(2, ip="192.168.50.140"),
    select(2, "192.168.50.141"), discover(2, ip="192.168.50.142"), discover(1, ip="192.168.50.134"),
    select(3, "192.168.50.150"), select(4, "192.168.50.151", want="nak"), select(4, "192.168.50.99", want="nak")])

case("sequential", "dhcp-range=192.168.50.100,192.168.50.103,1h\ndhcp-sequential-ip\n", [
    discover(1), select(1), discover(2), select(2, "192.168.50.101"), discover(3), select(3, "192.168.50.102"),
    release(2, "192.168.50.101"), discover(4), select(4, "192.168.50.101"), discover(2)])

case("several ranges", "dhcp-range=192.168.50.100,192.168.50.100,1h\ndhcp-range=192.168.50.110,192.168.50.110,2h\n", [
    select(1, "192.168.50.110"), select(2, "192.168.50.100"), discover(1), discover(2), discover(3, want=None)])

case("second network on the link", "dhcp-range=192.168.51.100,192.168.51.100,1h\n", [
    discover(1), select(1, "192.168.51.100", server="192.168.51.1"), renew(1, "192.168.51.100"),
    select(1, "192.168.51.100", want=None), reboot(1, "192.168.50.100", want="nak"),
    select(2, "192.168.50.100", want="nak", server="192.168.51.1")],
     setup=[("server", "addr", "add", "192.168.51.1/24", "dev", "lan0")])

case("no DNS here", ONE + "port=0\n", [discover(), select(prl=PRL, name="cli")])

case("DNS on another port", ONE + "port=5300\n", [discover(), select(prl=PRL, name="cli")])

# ------------------------------------------------------------------ BOOTP and boot data

case("BOOTP", ONE + """domain=lan.test
dhcp-host=02:00:00:00:00:01,192.168.50.60,boot
dhcp-host=02:00:00:00:00:03,192.168.50.61,2h
dhcp-option=42,192.168.50.9
dhcp-option=tag:bootp,200,bootp
""", [bootp(1), bootp(1, options=[(12, b"myname")]), bootp(2, want=None), bootp(3),
      bootp(1, cookie="00000000", tail=""),
      bootp(1, file=b"special".hex()), bootp(1, flags=0x8000), discover(1)], questions=both_ways("boot"))

case("BOOTP with a boot file", ONE + """dhcp-host=02:00:00:00:00:01,192.168.50.60
dhcp-boot=tag:bootp,kernel.img
dhcp-boot=tag:special,special.img,boothost,192.168.50.9
""", [bootp(1), bootp(1, file=b"special".hex()), discover(1)])

case("BOOTP for all", ONE + "bootp-dynamic\n", [bootp(1), bootp(1), bootp(2, want=None)])

case("BOOTP for some", ONE + "bootp-dynamic=tag:b\ndhcp-mac=set:b,02:00:00:00:00:02\n", [bootp(1, want=None), bootp(2)])

case("BOOTP by relay", RELAY_RANGE + "dhcp-host=02:00:00:00:00:01,10.9.0.60\n", [relayed(bootp(1))])

case("boot file", ONE + "dhcp-boot=pxelinux.0,boothost,192.168.50.9\n", [
    discover(), discover(prl=(1, 3)), discover(prl=(66, 67)), discover(prl=(67,)), select(prl=(66,)), inform()])

case("boot file alone", ONE + "dhcp-boot=undionly.kpxe\n", [discover(), discover(prl=(66, 67)), select()])

case("boot file with override forbidden", ONE + "dhcp-boot=pxelinux.0,boothost,192.168.50.9\ndhcp-no-override\n", [
    discover(), discover(prl=(66, 67))])

case("boot file by tags", ONE + """dhcp-boot=plain.img
dhcp-match=set:efi,option:client-arch,7
dhcp-boot=tag:efi,efi.img,,192.168.50.8
dhcp-boot=tag:!efi,tag:ipxe,ipxe.img
dhcp-userclass=set:ipxe,iPXE
""", [discover(), discover(options=[(93, "0007")]), discover(options=[(77, b"iPXE")]), select(options=[(93, "0007")])])

case("boot data by options", ONE + """dhcp-option=66,tftp.test
dhcp-option=67,file.img
dhcp-option=option:server-ip-address,192.168.50.7
""", [discover(), discover(prl=(66, 67)), select()])

case("boot data by forced options", ONE + "dhcp-option-force=66,192.168.50.8\ndhcp-option-force=67,file.img\n"
     "dhcp-option-force=208,f1:00:74:7e\n", [discover(), discover(prl=(1,)), select()])
