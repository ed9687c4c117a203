"""R13: each service, on each interface, under each form of saying where to serve. All rows run at the same time, each
in namespaces of its own: a network that is served, one that is not, and the server between them."""
import socket
import struct
import time

from conftest import lacks, Network, run
from exercise import Inside, question

SERVICES = """\
no-resolv
no-hosts
host-record=local.test,192.0.2.1
dhcp-range=192.168.50.100,192.168.50.120,1h
dhcp-range=10.77.0.100,10.77.0.120,1h
dhcp-range=fd00:50::100,fd00:50::200,64,1h
dhcp-range=fd00:77::100,fd00:77::200,64,1h
enable-ra
no-ping
dhcp-authoritative
enable-tftp
tftp-no-fail
"""
HTTP = set() if lacks("netboot-http") else {"http"}
ALL = {"dns", "dns6", "tcp", "tcp6", "dhcp", "dhcp6", "ra", "tftp"} | HTTP
NAMES = {"dns", "dns6", "tcp", "tcp6"}
UNICAST = NAMES | {"tftp"} | HTTP
# What is configured; which services answer on the first network; which on the second; and which answer the second one
# at the address of the first. With bind-interfaces, or listen-address, it is the address that counts, not the way.
ROWS = [
    ("", ALL, ALL, UNICAST),
    ("interface=lan0\n", ALL, set(), set()),
    ("except-interface=srv0\n", ALL, set(), set()),
    ("interface=lan0\nbind-interfaces\n", ALL, set(), UNICAST),
    ("except-interface=srv0\nbind-interfaces\n", ALL, set(), UNICAST),
    ("interface=lan0\nbind-dynamic\n", ALL, set(), set()),
    ("listen-address=192.168.50.1\nlisten-address=fd00:50::1\nbind-interfaces\n", ALL, set(), UNICAST),
    ("no-dhcp-interface=srv0\n", ALL, NAMES, NAMES),
]
RELAYS = "dhcp-relay=192.168.50.1,10.77.0.2\ndhcp-relay=fd00:50::1,fd00:77::2\n"
TO_ALL_SERVERS = "dhcp-relay=fd00:50::1,ff05::1:3\n"
BOTH = {"dhcp", "dhcp6"}
# Clients on the first network, their servers on the second: the lines, what is configured beside them, whose requests
# come to the servers, and whose answers to the clients. Of a line that names no server the answers come by a link that
# is served.
RELAY_ROWS = [
    (RELAYS, "", BOTH, BOTH),
    (RELAYS, "interface=lan0\n", BOTH, BOTH),
    (RELAYS, "interface=srv0\n", set(), set()),
    (RELAYS, "except-interface=lan0\n", set(), set()),
    (RELAYS, "except-interface=lan0\nbind-interfaces\n", set(), set()),
    (RELAYS, "except-interface=srv0\n", BOTH, BOTH),
    (RELAYS, "no-dhcp-interface=lan0\n", set(), set()),
    (TO_ALL_SERVERS, "", set(), {"dhcp6"}),
    (TO_ALL_SERVERS, "except-interface=srv0\n", set(), set()),
    (TO_ALL_SERVERS, "interface=srv0\n", set(), set()),
]
ROUTERS = {"a": ("192.168.50.1", "fd00:50::1"), "b": ("10.77.0.1", "fd00:77::1")}
SILENCE_S, ANSWER_S = 1.2, 8


class Site(Network):
    """One row's namespaces, with linnet serving."""

    def __init__(self, folder, config):
        super().__init__(folder)
        (folder / "tftp").mkdir()
        (folder / "tftp" / "f").write_text("x")
        for words in (["link", "add", "srv0", "type", "bridge"], ["addr", "add", "10.77.0.1/24", "dev", "srv0"],
                      ["-6", "addr", "add", "fd00:77::1/64", "dev", "srv0", "nodad"], ["link", "set", "srv0", "up"]):
            run("ip", "-n", self.server, *words)
        self.clients = {"a": self.add_client("a", "192.168.50.2/24"), "b": self.add_client("b", "10.77.0.2/24")}
        run("ip", "-n", self.server, "link", "set", "vb", "master", "srv0")
        for name, address in (("a", "fd00:50::2/64"), ("b", "fd00:77::2/64")):
            namespace = self.clients[name]
            run("ip", "-n", namespace, "addr", "add", address, "dev", "eth0", "nodad")
            run("ip", "-n", namespace, "addr", "add", f"fe80::{ord(name):x}/64", "dev", "eth0", "nodad")
            run("ip", "-n", namespace, "route", "add", "default", "via", ROUTERS[name][0])
            run("ip", "-n", namespace, "-6", "route", "add", "default", "via", ROUTERS[name][1])
        self.config = config

    def begin(self):
        netboot = f"netboot={self.folder / 'tftp'}\n" if HTTP else ""
        self.linnet(SERVICES + f"tftp-root={self.folder / 'tftp'}\n" + netboot + self.config, wait=None)


class Talker:
    """One client's questions to every service, all put at once; `heard` is what was answered."""

    def __init__(self, namespace, routers):
        self.waiting, self.heard, self.sockets = {}, set(), []
        index = int(run("ip", "netns", "exec", namespace, "cat", "/sys/class/net/eth0/ifindex").stdout)
        with Inside(namespace):
            self.put("dns", socket.AF_INET, (routers[0], 53), question("local.test", 7))
            self.put("dns6", socket.AF_INET6, (routers[1], 53), question("local.test", 7))
            self.put("tftp", socket.AF_INET, (routers[0], 69), b"\0\1f\0octet\0")
            self.connect("tcp", socket.AF_INET, (routers[0], 53))
            self.connect("tcp6", socket.AF_INET6, (routers[1], 53))
            self.connect("http", socket.AF_INET, (routers[0], 80))
            self.discover()
            self.information(index)
            self.solicit(index)

    def keep(self, what, sock):
        sock.setblocking(False)
        self.sockets.append(sock)
        self.waiting[what] = sock

    def put(self, what, family, to, message):
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.sendto(message, to)
        self.keep(what, sock)

    def connect(self, what, family, to):
        sock = socket.socket(family)
        sock.setblocking(False)
        sock.connect_ex(to)
        self.keep(what, sock)

    def discover(self):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0\0")
        sock.bind(("", 68))
        sock.sendto(struct.pack("!BBBBIHH16x6s10x192x", 1, 1, 6, 0, 77, 0, 0x8000, b"\2\0\0\0\0\7")
                    + b"\x63\x82\x53\x63\x35\1\1\xff", ("255.255.255.255", 67))
        self.keep("dhcp", sock)

    def information(self, index):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sock.bind(("::", 546))
        sock.sendto(b"\x0b\0\0\1\0\1\0\x0a\0\3\0\1\2\0\0\0\0\7\0\6\0\2\0\x17", ("ff02::1:2", 547, 0, index))
        self.keep("dhcp6", sock)

    def solicit(self, index):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        # A filter that lets only router advertisements (134) pass.
        sock.setsockopt(socket.IPPROTO_ICMPV6, 1, struct.pack("=8I", *[
            0xffffffff ^ (1 << 134 % 32 if i == 134 // 32 else 0) for i in range(8)]))
        sock.sendto(b"\x85\0\0\0\0\0\0\0", ("ff02::2", 0, 0, index))
        self.keep("ra", sock)

    def look(self):
        for what, sock in list(self.waiting.items()):
            try:
                if what == "http":
                    sock.send(b"GET /f HTTP/1.0\r\n\r\n")
                    time.sleep(0.02)
                if what.startswith("tcp"):
                    sock.send(struct.pack("!H", 28) + question("local.test", 7))
                    time.sleep(0.02)
                if sock.recv(4096):
                    self.heard.add(what)
                    del self.waiting[what]
            except BlockingIOError:
                pass
            except OSError:
                del self.waiting[what]   # refused

    def close(self):
        for sock in self.sockets:
            sock.close()


def heard_by(talkers, expected):
    """What each hears: for a while, and longer where something that is expected has not come."""
    begun = time.monotonic()
    while (passed := time.monotonic() - begun) < SILENCE_S or passed < ANSWER_S and any(
            all_of - talker.heard for talker, all_of in zip(talkers, expected)):
        for talker in talkers:
            talker.look()
        time.sleep(0.05)
    for talker in talkers:
        talker.close()
    return [talker.heard for talker in talkers]


def test_each_service_on_each_interface(tmp_path):
    sites, problems = [], []
    try:
        for number, (config, *_) in enumerate(ROWS):
            folder = tmp_path / str(number)
            folder.mkdir()
            sites.append(Site(folder, config))
        for site in sites:
            site.begin()
        for site in sites:
            site.programs[0].wait_for("started, version")
        time.sleep(0.5)  # neighbours of IPv6 addresses
        heard = {}
        heard["a"] = heard_by([Talker(site.clients["a"], ROUTERS["a"]) for site in sites], [row[1] for row in ROWS])
        heard["b"] = heard_by([Talker(site.clients["b"], ROUTERS["b"]) for site in sites], [row[2] for row in ROWS])
        heard["across"] = heard_by([Talker(site.clients["b"], ROUTERS["a"]) for site in sites],
                                   [row[3] for row in ROWS])
        for number, (config, *expected) in enumerate(ROWS):
            # What goes to everybody on the link has been looked at already.
            got = [heard["a"][number], heard["b"][number], heard["across"][number] & UNICAST]
            for where, wanted, had in zip(("first", "second", "second, at an address of the first"), expected, got):
                if had != wanted:
                    problems.append(f"{config!r}, {where}: {sorted(had - wanted)} too many, "
                                    f"{sorted(wanted - had)} missing")
    finally:
        for site in sites:
            site.close()
    assert not problems, "\n".join(problems)


class Ends:
    """A client of each protocol before the relay, a server of each behind it. Each says its word again and again."""

    def __init__(self, site):
        self.sockets, self.requests, self.answers = {}, set(), set()
        self.index = int(run("ip", "netns", "exec", site.clients["a"], "cat", "/sys/class/net/eth0/ifindex").stdout)
        for name, ports in (("a", (68, 546)), ("b", (67, 547))):
            with Inside(site.clients[name]):
                for what, family, port in zip(("dhcp", "dhcp6"), (socket.AF_INET, socket.AF_INET6), ports):
                    sock = socket.socket(family, socket.SOCK_DGRAM)
                    sock.bind(("", port))
                    sock.setblocking(False)
                    self.sockets[name, what] = sock
        client = self.sockets["a", "dhcp"]
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0\0")

    def say(self, op, relay=bytes(4)):
        return struct.pack("!BBBBIHH12x4s6s10x192x", op, 1, 6, 0, 77, 0, 0x8000, relay, b"\2\0\0\0\0\7") \
            + b"\x63\x82\x53\x63\x35\1" + bytes([op]) + b"\xff"

    def ask(self):
        self.sockets["a", "dhcp"].sendto(self.say(1), ("255.255.255.255", 67))
        self.sockets["a", "dhcp6"].sendto(b"\x0b\0\0\1\0\1\0\x0a\0\3\0\1\2\0\0\0\0\7",
                                          ("ff02::1:2", 547, 0, self.index))

    def reply(self):
        self.sockets["b", "dhcp"].sendto(self.say(2, socket.inet_aton("192.168.50.1")), ("192.168.50.1", 67))
        inner = b"\7\0\0\1\0\1\0\x0a\0\3\0\1\2\0\0\0\0\7"
        self.sockets["b", "dhcp6"].sendto(
            b"\x0d\0" + socket.inet_pton(socket.AF_INET6, "fd00:50::1") + socket.inet_pton(
                socket.AF_INET6, f"fe80::{ord('a'):x}") + b"\0\x12\0\4lan0" + struct.pack("!HH", 9, len(inner)) + inner,
            ("fd00:50::1", 547))

    def look(self):
        for (name, what), sock in self.sockets.items():
            try:
                while sock.recv(4096):
                    (self.answers if name == "a" else self.requests).add(what)
            except OSError:
                pass

    def close(self):
        for sock in self.sockets.values():
            sock.close()


def talk_through(ends, rows):
    """First what clients ask, then what servers answer, whether they were asked or not."""
    for put, heard, column in ((Ends.ask, "requests", 2), (Ends.reply, "answers", 3)):
        begun = time.monotonic()
        while (passed := time.monotonic() - begun) < SILENCE_S or passed < ANSWER_S and any(
                row[column] - getattr(end, heard) for end, row in zip(ends, rows)):
            for end in ends:
                put(end)
            time.sleep(0.2)
            for end in ends:
                end.look()


def test_relays(tmp_path):
    """In both directions, no link that is not served gets anything through."""
    sites, ends, problems = [], [], []
    try:
        for number, (lines, config, *_) in enumerate(RELAY_ROWS):
            folder = tmp_path / str(number)
            folder.mkdir()
            sites.append(Site(folder, config))
            sites[-1].linnet("port=0\n" + lines + config, wait=None)
        for site in sites:
            site.programs[0].wait_for("started, version")
            ends.append(Ends(site))
        talk_through(ends, RELAY_ROWS)
        for end, (lines, config, *expected) in zip(ends, RELAY_ROWS):
            for what, wanted, had in zip(("requests", "answers"), expected, (end.requests, end.answers)):
                if had != wanted:
                    problems.append(f"{lines + config!r}, {what}: {sorted(had - wanted)} too many, "
                                    f"{sorted(wanted - had)} missing")
    finally:
        for closing in (*ends, *sites):
            closing.close()
    assert not problems, "\n".join(problems)
