"""R16: what is promised is on the disk before it is said. The calls of the program are watched (strace) while clients
get their leases and renew them."""
import pathlib
import re
import shutil
import socket
import struct

import pytest

from exercise import Inside

CONFIG = """\
port=0
interface=lan0
dhcp-range=192.168.50.100,192.168.50.120,1h
no-ping
dhcp-authoritative
"""
CONFIG6 = """\
port=0
interface=lan0
dhcp-range=fd00:50::100,fd00:50::1ff,64,1h
dhcp-authoritative
"""
CLIENTS = 5
DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5
TRACED = "write,pwrite64,writev,pwritev,fdatasync,fsync,rename,renameat,renameat2,sendto,sendmsg,sendmmsg"
ACKNOWLEDGES = re.compile(r"c\\202Sc5\\1\\(?:00)?5")  # the cookie and the first option, as strace writes them
SOLICIT6, ADVERTISE6, REQUEST6, RENEW6, REPLY6 = 1, 2, 3, 5, 7
XID6 = b"xYz"
CLIENT_ID6, SERVER_ID6, IA_NA6, IAADDR6, RAPID_COMMIT6 = 1, 2, 3, 5, 14
REPLIES6 = re.compile(r'"\\7xYz')  # the type and the transaction
COOKIE = b"\x63\x82\x53\x63"
CALL = re.compile(r"^(?:\[pid +\d+\] |\d+ +)?(?P<time>[\d.]+) (?P<name>\w+)\((?P<words>.*)$")
RESUMED = re.compile(r"^(?:\[pid +\d+\] |\d+ +)?(?P<time>[\d.]+) <\.\.\. (?P<name>\w+) resumed>")


class Client:
    """DHCP clients of several hardware addresses; their answers are broadcast, so they come to a plain socket."""

    def __init__(self, namespace):
        with Inside(namespace):
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self.sock.bind(("", 68))
        self.sock.settimeout(5)

    def say(self, kind, mac, options=b""):
        """Sends a message and gives the answer's kind and address."""
        self.sock.sendto(struct.pack("!BBBBIHH16x6s10x192x", 1, 1, 6, 0, 0x1234, 0, 0x8000, mac) + COOKIE
                         + bytes([53, 1, kind]) + options + b"\xff", ("192.168.50.1", 67))
        answer = self.sock.recv(4096)
        return answer[242], answer[16:20]


def option6(code, value):
    return struct.pack("!HH", code, len(value)) + value


class Client6:
    """The same of DHCPv6; with an address of the client's own link the answers come to it."""

    def __init__(self, network, namespace):
        network.link_local(namespace)
        with Inside(namespace):
            self.sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            self.to = ("ff02::1:2", 547, 0, socket.if_nametoindex("eth0"))
        self.sock.bind(("", 546))
        self.sock.settimeout(5)

    def say(self, kind, number, address=None, server=None, options=b""):
        """Sends a message and gives the answer's kind, address and server."""
        held = b"" if address is None else option6(IAADDR6, address + bytes(8))
        message = bytes([kind]) + XID6 + option6(CLIENT_ID6, b"\0\3\0\1\2\0\0\0\0" + bytes([number]))
        message += option6(IA_NA6, struct.pack("!III", number, 0, 0) + held) + options
        if server is not None:
            message += option6(SERVER_ID6, server)
        self.sock.sendto(message, self.to)
        answer = self.sock.recv(4096)
        found, at = {}, 4
        while at < len(answer):
            code, count = struct.unpack("!HH", answer[at:at + 4])
            found[code] = answer[at + 4:at + 4 + count]
            at += 4 + count
        assert found[IA_NA6][12:16] == struct.pack("!HH", IAADDR6, 24), answer
        return answer[0], found[IA_NA6][16:32], found[SERVER_ID6]


def calls_in(trace, path):
    """(what, when it began, when it was over) of what matters, in the order of beginning: lines put into the lease file
    or the one that takes its place, syncs, renames, and messages sent from port 67."""
    rows, open_rows = [], {}
    for line in trace.splitlines():
        pid = re.match(r"(?:\[pid +)?(\d+)", line)
        pid = pid[1] if pid else ""
        if (found := RESUMED.match(line)) and (pid, found["name"]) in open_rows:
            row, words = open_rows.pop((pid, found["name"]))
            row[0] = row[0] or kind_of(found["name"], words + line, path)  # of some calls the words come in the end
            row[2] = float(found["time"])
        elif found := CALL.match(line):
            row = [kind_of(found["name"], found["words"], path), float(found["time"]), float(found["time"])]
            took = re.search(r"<([\d.]+)>$", line)
            if took:
                row[2] += float(took[1])
            if "unfinished" in line:
                open_rows[pid, found["name"]] = row, found["words"]
            rows.append(row)
    return [row for row in rows if row[0]]


def kind_of(name, words, path):
    of_leases = f"<{path}" in words
    if name in ("write", "pwrite64", "writev", "pwritev") and of_leases:
        return "write"
    if name in ("fdatasync", "fsync"):
        return "sync" if of_leases else "sync folder"
    if name in ("rename", "renameat", "renameat2") and path in words:
        return "rename"
    if name in ("sendto", "sendmsg", "sendmmsg") and (ACKNOWLEDGES.search(words) or REPLIES6.search(words)):
        return "ACK"
    return None


def watch(network, server):
    """The calls of all its processes, from now on."""
    children = pathlib.Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    watched = [word for pid in [str(server.pid), *children] for word in ("-p", pid)]
    watcher = network.start(network.server, "strace", "-f", "-y", "-ttt", "-T", "-s", "600", "-o",
                            network.folder / "trace", *watched, "-e", "trace=" + TRACED)
    for pid in (str(server.pid), *children):
        watcher.wait_for(rf"Process {pid} attached")
    return watcher


def check_order(network, server, watcher, count):
    """So many acknowledgements, and before each its lease was written and synced."""
    assert server.stop() == 0
    watcher.process.wait(10)
    rows = calls_in((network.folder / "trace").read_text(errors="replace"), str(network.folder / "leases"))
    order = [row[0] for row in rows]
    acknowledged = [i for i, kind in enumerate(order) if kind == "ACK"]
    assert len(acknowledged) == count, order
    before = 0
    for i in acknowledged:
        written = [row for row in rows[before:i] if row[0] == "write"]
        synced = [row for row in rows[before:i] if row[0] == "sync"]
        assert written and synced, f"an ACK before its lease was written and synced: {order}"
        assert synced[-1][1] >= written[-1][1] and synced[-1][2] <= rows[i][1], f"not over before the ACK began: {rows}"
        before = i + 1
    for i, kind in enumerate(order):
        if kind == "rename":
            assert "sync" in order[:i] and order[i + 1:i + 2] == ["sync folder"], f"a rename that can be lost: {order}"


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace here")
def test_the_disk_comes_before_the_answer(network):
    namespace = network.add_client("a", "192.168.50.2/24")
    server = network.linnet(CONFIG)
    watcher = watch(network, server)
    client = Client(namespace)
    for last in range(CLIENTS):
        mac = bytes([2, 0, 0, 0, 0, last])
        kind, address = client.say(DISCOVER, mac)
        assert kind == OFFER
        assert client.say(REQUEST, mac, b"\x36\4\xc0\xa8\x32\1\x32\4" + address) == (ACK, address)
        assert socket.inet_ntoa(address) in (network.folder / "leases").read_text()
        assert client.say(REQUEST, mac, b"\x32\4" + address) == (ACK, address), "known again after a restart"
    check_order(network, server, watcher, 2 * CLIENTS)


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace here")
def test_the_disk_comes_before_the_answer_of_dhcp6(network):
    """In four messages and in two, and renewed."""
    namespace = network.add_client("a", "192.168.50.2/24")
    server = network.linnet(CONFIG6)
    client = Client6(network, namespace)
    watcher = watch(network, server)
    for number in range(CLIENTS):
        kind, address, server_id = client.say(SOLICIT6, number)
        assert kind == ADVERTISE6
        assert client.say(REQUEST6, number, address, server_id) == (REPLY6, address, server_id)
        assert socket.inet_ntop(socket.AF_INET6, address) in (network.folder / "leases").read_text()
        assert client.say(RENEW6, number, address, server_id) == (REPLY6, address, server_id)
        rapid = client.say(SOLICIT6, 100 + number, options=option6(RAPID_COMMIT6, b""))
        assert rapid[0] == REPLY6
        assert socket.inet_ntop(socket.AF_INET6, rapid[1]) in (network.folder / "leases").read_text()
    check_order(network, server, watcher, 3 * CLIENTS)
