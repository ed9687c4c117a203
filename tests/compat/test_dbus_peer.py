"""The same calls over D-Bus to dnsmasq and linnet, each on a bus and in a namespace of its own: answers, errors, the
introspection, the log's lines and the signals. What differs must stand in docs/differences-dbus.tsv with its reason, and
must differ.

LINNET_BINARY is the binary; it is run under the name dnsmasq."""
import fnmatch
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as tree
from concurrent.futures import ThreadPoolExecutor

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "system"))
from features import lacks  # noqa: E402

HERE = pathlib.Path(__file__).parent
DNSMASQ = shutil.which("dnsmasq", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
LINNET = os.environ.get("LINNET_BINARY")
EXPLAINED = {tuple(line.split("\t")[:2]) for line in
             (HERE.parent.parent / "docs/differences-dbus.tsv").read_text().splitlines()[1:]}

NAME = "uk.org.thekelleys.dnsmasq"
PATH = "/uk/org/thekelleys/dnsmasq"
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path={socket}</listen><auth>EXTERNAL</auth><policy context="default"><allow user="*"/>
<allow own="*"/><allow send_destination="*" eavesdrop="true"/><allow receive_sender="*"/><allow eavesdrop="true"/>
</policy></busconfig>
"""
LINES = """
no-resolv
no-hosts
pid-file=
user=root
bind-interfaces
interface=lan0
server=192.0.2.77
domain=lan.test
dhcp-range=192.168.50.10,192.168.50.90,1h
dhcp-range=fd00:50::10,fd00:50::90,1h
"""


def lease(address, hardware, name=b"", identity=b"", seconds=600, iaid=0, temporary="false"):
    return ["AddDhcpLease", "ssayayuub", address, hardware, len(name), *name, len(identity), *identity, seconds, iaid,
            temporary]


DUID = b"\0\3\0\1\2\0\0\0\0\1"
SIX = [0x20, 1, 0xd, 0xb8] + [0] * 11 + [1]
CALLS = [
    ["GetVersion"],
    ["GetLoopServers"],
    ["SetServersEx", "aas", 1, 3, "192.0.2.1#5302", "one.example", "two.example"],
    ["SetServersEx", "aas", 2, 1, "192.0.2.1", 2, "2001:db8::9", "six.example"],
    ["SetServersEx", "aas", 1, 2, "0.0.0.0", "local.example"],
    ["SetServersEx", "aas", 0],
    ["SetServersEx", "aas", 1, 2, "nowhere", "x"],
    ["SetServersEx", "aas", 1, 2, "", "x"],
    ["SetServersEx", "aas", 1, 0],
    ["SetServersEx", "as", 1, "x"],
    ["SetServersEx"],
    ["SetDomainServers", "as", 3, "/three.example/192.0.2.2#5302", "/here.example/", "192.0.2.3"],
    ["SetDomainServers", "as", 1, "/a.example/b.example/192.0.2.4"],
    ["SetDomainServers", "as", 0],
    ["SetDomainServers", "as", 1, "/x"],
    ["SetDomainServers", "as", 1, ""],
    ["SetDomainServers", "as", 1, "/x/junk"],
    ["SetDomainServers", "s", "x"],
    ["SetDomainServers"],
    ["SetServers", "us", 0x7f000003, "v4.example"],
    ["SetServers", "u", 0x7f000003],
    ["SetServers", "us" + "y" * 16 + "s", 0x7f000003, "v4.example", *SIX, "v6.example"],
    ["SetServers", "us", 0, "old.example"],
    ["SetServers"],
    *[[f"Set{what}", "b", value] for what in ("FilterWin2KOption", "FilterA", "FilterAAAA", "LocaliseQueriesOption",
                                              "BogusPrivOption") for value in ("true", "false")],
    *[[f"Set{what}", "s", "x"] for what in ("FilterWin2KOption", "LocaliseQueriesOption", "BogusPrivOption")],
    ["SetBogusPrivOption"],
    lease("192.168.50.50", "02:00:00:00:00:50"),
    lease("192.168.50.51", "06-02:00:00:00:00:51", b"box", b"\1\2\3"),
    lease("192.168.50.51", "06-02:00:00:00:00:51", b"other", b"\1\2\3"),
    lease("fd00:50::50", "02:00:00:00:00:60", b"six", DUID, iaid=77),
    lease("junk", "02:00:00:00:00:51"),
    ["AddDhcpLease", "s", "192.168.50.50"],
    ["AddDhcpLease"],
    ["DeleteDhcpLease", "s", "192.168.50.50"],
    ["DeleteDhcpLease", "s", "192.168.50.50"],
    ["DeleteDhcpLease", "s", "fd00:50::50"],
    ["DeleteDhcpLease", "s", "junk"],
    ["DeleteDhcpLease", "u", 5],
    ["DeleteDhcpLease"],
    ["RemoveDhcpLease", "s", "192.168.50.77"],
    ["GetMetrics"],
    ["GetServerMetrics"],
    ["ClearMetrics"],
    ["Nothing"],
    ["Nothing", "s", "x"],
    ["ClearCache"],
]
# 2.93 has these besides, so spelled.
NEW_METRICS = ["dhcp_leasequery", "dhcp_lease_unassigned", "dhcp_lease_actve", "dhcp_lease_unknown"]
PLACES = [  # (path, interface) of GetVersion
    (PATH, "some.other.Name"), ("/other", NAME), ("/", NAME), (PATH, "uk.org.thekelleys"),
]

pytestmark = [
    pytest.mark.skipif(DNSMASQ is None, reason="no dnsmasq here to compare with"),
    pytest.mark.skipif(not LINNET, reason="LINNET_BINARY is not set"),
    pytest.mark.skipif(shutil.which("busctl") is None or shutil.which("dbus-daemon") is None,
                       reason="busctl or dbus-daemon is not installed"),
]


def wait_until(check, what):
    deadline = time.monotonic() + 10
    while not check():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


class Side:
    """One program on its bus."""

    def __init__(self, binary, name, folder):
        self.folder = folder / name
        self.folder.mkdir()
        self.namespace = f"db{os.getpid() % 100000}{name}"
        self.programs = []
        socket = self.folder / "bus"
        self.environment = dict(os.environ, LC_ALL="C", DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={socket}")
        (self.folder / "bus.conf").write_text(BUS.format(socket=socket))
        (self.folder / "conf").write_text(f"{LINES}enable-dbus\ndhcp-leasefile={self.folder}/leases\n")
        subprocess.run(["ip", "netns", "add", self.namespace], check=True)
        self.within = ["ip", "netns", "exec", self.namespace]
        try:
            subprocess.run([*self.within, "sh", "-ec", "ip link set lo up; ip link add lan0 type veth peer far0; ip link set lan0 up; ip link set far0 up;"
                            "ip addr add 192.168.50.1/24 dev lan0; ip addr add fd00:50::1/64 dev lan0 nodad"], check=True)
            self.start("dbus-daemon", f"--config-file={self.folder}/bus.conf", "--nofork")
            wait_until(socket.exists, f"the bus of {name}")
            self.signals = self.start("dbus-monitor", "--system", f"type='signal',path='{PATH}'")
            wait_until(lambda: "NameAcquired" in self.signals.read_text(), "the monitor")
            self.log = self.start(binary, "-k", "-C", f"{self.folder}/conf", "--log-facility=-")
            # That it really is on the bus: without this nothing below would compare anything.
            wait_until(lambda: self.busctl("call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                           "org.freedesktop.DBus", "GetNameOwner", "s", NAME).returncode == 0,
                       f"{name} on the bus: {self.log.read_text()}")
            wait_until(lambda: "IP range" in self.log.read_text(), "the start")
        except BaseException:
            self.close()
            raise

    def start(self, *words):
        log = self.folder / (pathlib.Path(words[0]).name + ".log")
        with open(log, "w", encoding="utf-8") as out:
            self.programs.append(subprocess.Popen([*self.within, *map(str, words)], stdout=out,
                                                  stderr=subprocess.STDOUT, env=self.environment))
        return log

    def close(self):
        for program in reversed(self.programs):
            program.terminate()
        for program in self.programs:
            try:
                program.wait(10)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait(10)
        subprocess.run(["ip", "netns", "del", self.namespace], check=False)

    def busctl(self, *words):
        return subprocess.run(["busctl", "--system", "--timeout=5", *map(str, words)], capture_output=True, text=True,
                              timeout=20, env=self.environment)

    def call(self, method, signature="", *arguments, path=PATH, interface=NAME):
        """The answer with its signature, or the error's words; and what the log says of it."""
        before = len(self.log.read_text())
        words = [signature, *arguments] if signature else []
        found = self.busctl("--json=short", "call", NAME, path, interface, method, "--", *words)
        answer = json.loads(found.stdout) if found.stdout.strip() else None
        # What follows from a call is done in the same turn as its answer, before the next call's; but for the cache.
        self.busctl("call", NAME, PATH, NAME, "GetVersion")
        if method == "ClearCache":
            wait_until(lambda: "cleared cache" in self.log.read_text()[before:], "the empty cache")
        if method == "GetServerMetrics" and answer:  # as text; the order of the names says nothing
            answer["data"] = [[dict(sorted(one.items())) for one in answer["data"][0]]]
        lines = [re.sub(r"^dnsmasq(-\w+)?\[\d+\]: ", r"\1 ", line).strip()
                 for line in self.log.read_text()[before:].splitlines()]
        # The order of the servers is that of each one's table.
        return {"answer": answer, "error": found.stderr.strip(), "log": sorted(lines)}

    def introspect(self):
        found = self.call("Introspect", interface="org.freedesktop.DBus.Introspectable")
        seen = {}
        for interface in tree.fromstring(found["answer"]["data"][0]).iter("interface"):
            for member in interface:
                seen[f"{interface.get('name')} {member.tag} {member.get('name')}"] = [
                    (one.get("name"), one.get("type"), one.get("direction") or ("in" if member.tag == "method" else "out"))
                    for one in member]
        return seen

    def settled_news(self):
        """Once nothing has come for a while."""
        before, now = None, self.news()
        for _ in range(10):
            if before == now:
                break
            time.sleep(0.7)
            before, now = now, self.news()
        return now

    def news(self):
        found = []
        for block in self.signals.read_text().split("\nsignal ")[1:]:
            member = re.search(r"member=(\w+)", block)[1]
            if f"interface={NAME};" in block:
                found.append([member, *re.findall(r'^   string "(.*)"$', block, re.M)])
        return found


def look(side):
    """All that can be seen of one side, by names."""
    seen = {}
    for call in CALLS:
        key = " ".join(map(str, call))
        for part, value in side.call(*call).items():
            seen[part, key] = value
    for name in NEW_METRICS:
        seen["metric", name] = seen["answer", "GetMetrics"]["data"][0].pop(name, None)
    for path, interface in PLACES:
        seen["place", f"{path} {interface}"] = side.call("GetVersion", path=path, interface=interface)["error"]
    for member, arguments in side.introspect().items():
        seen["member", member] = arguments
    signals = side.settled_news()
    for address in ("192.168.50.50", "192.168.50.51", "fd00:50::50"):
        # When a lease is told of again as it is depends on when 2.90 comes round to it.
        told = [one for one in signals if address in one]
        seen["signal", address] = [one for i, one in enumerate(told) if one[0] != "DhcpLeaseUpdated"
                                   or i == 0 or told[i - 1][1:] != one[1:]]
    seen["signal", "Up"] = [one for one in signals if one[0] == "Up"]
    return seen


def test_the_same_calls(tmp_path):
    linnet = tmp_path / "dnsmasq"
    linnet.symlink_to(os.path.abspath(LINNET))
    if why := lacks("enable-dbus"):
        pytest.skip(why)
    sides = []
    try:
        sides = [Side(DNSMASQ, "peer", tmp_path), Side(linnet, "ours", tmp_path)]
        with ThreadPoolExecutor(2) as both:
            theirs, ours = both.map(look, sides)
    finally:
        for side in sides:
            side.close()
    assert theirs["answer", "DeleteDhcpLease s 192.168.50.50"] is not None
    assert theirs["signal", "Up"] == [["Up"]]
    differing = {key for key in theirs.keys() | ours.keys() if theirs.get(key) != ours.get(key)}

    def explains(row, key):
        return row[0] == key[0] and fnmatch.fnmatchcase(key[1], row[1])
    unexplained = [f"{key}:\n  theirs {theirs.get(key)}\n  ours   {ours.get(key)}" for key in sorted(differing)
                   if not any(explains(row, key) for row in EXPLAINED)]
    assert not unexplained, "\n".join(unexplained)
    unused = [row for row in EXPLAINED if not any(explains(row, key) for key in differing)]
    assert not unused, f"explained, but the same: {unused}"
