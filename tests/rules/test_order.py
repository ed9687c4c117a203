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
CLIENTS = 5
DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5
TRACED = "write,pwrite64,writev,pwritev,fdatasync,fsync,rename,renameat,renameat2,sendto,sendmsg,sendmmsg"
ACKNOWLEDGES = re.compile(r"c\\202Sc5\\1\\(?:00)?5")  # the cookie and the first option, as strace writes them
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
    if name in ("sendto", "sendmsg", "sendmmsg") and ACKNOWLEDGES.search(words):
        return "ACK"
    return None


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace here")
def test_the_disk_comes_before_the_answer(network):
    namespace = network.add_client("a", "192.168.50.2/24")
    leases = network.folder / "leases"
    trace = network.folder / "trace"
    server = network.linnet(CONFIG)
    children = pathlib.Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    watched = [word for pid in [str(server.pid), *children] for word in ("-p", pid)]
    watcher = network.start(network.server, "strace", "-f", "-y", "-ttt", "-T", "-s", "600", "-o", trace, *watched,
                            "-e", "trace=" + TRACED)
    for pid in (str(server.pid), *children):
        watcher.wait_for(rf"Process {pid} attached")
    client = Client(namespace)
    for last in range(CLIENTS):
        mac = bytes([2, 0, 0, 0, 0, last])
        kind, address = client.say(DISCOVER, mac)
        assert kind == OFFER
        assert client.say(REQUEST, mac, b"\x36\4\xc0\xa8\x32\1\x32\4" + address) == (ACK, address)
        assert socket.inet_ntoa(address) in leases.read_text()
        assert client.say(REQUEST, mac, b"\x32\4" + address) == (ACK, address), "known again after a restart"
    assert server.stop() == 0
    watcher.process.wait(10)
    rows = calls_in(trace.read_text(errors="replace"), str(leases))
    order = [row[0] for row in rows]
    acknowledged = [i for i, kind in enumerate(order) if kind == "ACK"]
    assert len(acknowledged) == 2 * CLIENTS, order
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
