"""The same exchanges with linnet and the peer, Debian's dnsmasq as a black box, each with a lease script that
writes down its words, its environment and its surroundings. Every call has to be the same, but for the time
of day, and for what a shell takes specially: our values have an underscore there (docs/differences.md). The order is
that of each lease; between leases it depends on how fast a disk is."""
import collections
import concurrent.futures
import itertools
import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

import dhcp_talk
import test_dhcp_peer as peer
from dhcp_cases import SERVER, discover, message, rebind, reboot, renew, select
from dhcp_compare import BINARY, run
from script_watch import read_calls, without_times, write_script

RANGE = "dhcp-range=192.168.50.100,192.168.50.110,1h\n"
RELAYED = ("dhcp-range=10.0.0.0,static,255.255.255.0\n"
           "dhcp-host=02:00:00:00:00:0a,10.0.0.50,infinite,hosty\n")
AGENT = (82, "01046100626302037201640603732227")
AGENT_ODD = (82, "0100" + "0208" + b"$(reboot".hex() + "9702" + "7a7a")
# What both get besides; the peer passes on all it has, we what is harmless.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "VIR_BRIDGE_NAME": "virbr0", "LC_ALL": "C"}


def tr069(*subs):
    body = b"".join(bytes([code, len(value)]) + value for code, value in subs)
    return (125, ((3561).to_bytes(4, "big") + bytes([len(body)]) + body).hex())


def release(client, ip):
    return message("release", client, None, ciaddr=ip, server=SERVER, to=SERVER, **{"from": ip})


def relayed(send, want, **more):
    return message(send, "02:00:00:00:00:0a", want, giaddr="10.0.0.9", **more)


# name: (configuration, steps). A step is a packet or a word: hup, restart, a number of seconds.
CASES = {
    "a lease from birth to death": (RANGE + "domain=lan.test\n", [
        discover(1, ip="192.168.50.100", name="foo"), select(1, name="foo", prl=(1, 3, 6, 15, 119)),
        renew(1), rebind(1), renew(1, name="foo"), release(1, "192.168.50.100")]),
    "names": (RANGE + "domain=lan.test\nlog-dhcp\n", [
        select(1, name="foo"), renew(1, name="bar"), select(2, ip="192.168.50.101", clid="01aabbcc", name="bar"),
        select(2, ip="192.168.50.101", clid="01aabbcc", name="x.lan.test"),
        select(3, ip="192.168.50.101", clid="01aabbcc", name="mac3.other.dom"),
        reboot(1, name="other"), renew(1)]),
    "resumed": (RANGE, [
        select(1, name="x", options=[(60, b"ab"), (77, b"\x03abc\x09x")]), select(1, name="x", prl=(1,)),
        reboot(1, prl=(1, 3), options=[(60, b"ab")]), reboot(1, name="y", options=[(77, b"\x03abc")]),
        select(1, clid="0102"), rebind(2, clid="0102", name="z")]),
    "every renewal": (RANGE + "script-on-renewal\n", [
        select(1, name="x"), 1.1, renew(1), 1.1, rebind(1), reboot(1)]),
    "classes and strange words": (RANGE + "dhcp-vendorclass=set:odd,a\n", [
        select(1, name="fo\x01o", options=[(60, b"a\nb\0c"), (77, b"\x03a\x1bc\x02x\0"), (161, b"http\n://x"),
                                           tr069((1, b"OUI123"), (2, b"SER\n9"), (3, b"CLS"))]),
        select(2, ip="192.168.50.101", name="a;rm -rf $(x)", options=[(60, b"x" * 255), (77, b"iPXE")]),
        select(3, ip="192.168.50.102", options=[(77, b" abc"), (60, b""), (55, b"")]),
        select(4, ip="192.168.50.103", options=[(77, b"\0\2ab\0"), tr069((2, b"only")), (161, b"")]),
        select(5, ip="192.168.50.104", options=[(60, "c3a4c3b6"), (77, b"\2a$\3`b`"), tr069((9, b"x"))])]),
    "behind a relay": (RANGE + RELAYED + "domain=lan.test\n", [
        relayed("discover", "offer", options=[AGENT]),
        relayed("request", "ack", ip="10.0.0.50", server=SERVER, options=[AGENT]),
        relayed("request", "ack", ip="10.0.0.50", server=SERVER, options=[AGENT_ODD], name="other"),
        "hup", "restart"]),
    "declined and moved": (RANGE, [
        select(5, ip="192.168.50.105", name="x"), message("decline", 5, None, ip="192.168.50.105", server=SERVER),
        select(6, ip="192.168.50.106", name="q", time=0xffffffff), select(6, ip="192.168.50.107"),
        select(6, ip="192.168.50.106")]),
    "told again": (RANGE + "domain=lan.test\ndhcp-host=02:00:00:00:00:08,192.168.50.50,infinite,ever\n", [
        select(1, name="foo"), select(2, ip="192.168.50.101", clid="ff00010203"),
        select(8, ip="192.168.50.50"), "hup", renew(1), "restart", "hup", release(2, "192.168.50.101"), "hup"]),
    "as another user": (RANGE + "dhcp-scriptuser=nobody\n", [select(1, name="foo"), "hup"]),
    "BOOTP": (RANGE + "dhcp-host=02:00:00:00:00:08,192.168.50.50,boots\n", [
        message("bootp", 8, "bootp"), message("bootp", 8, "bootp"), "hup"]),
    "tags": (RANGE + "dhcp-host=02:00:00:00:00:01,set:mine,set:also\ndhcp-match=set:m1,60\n", [
        select(1, options=[(60, b"x")]), select(2, ip="192.168.50.101", options=[(60, b"x")])]),
}
NUMBERS = itertools.count()


class Subject:
    """One server with its script, in namespaces of its own."""

    def __init__(self, name, config, folder):
        self.name = name
        folder.mkdir()
        for place in (folder, *folder.parents):  # the script's user has to get there
            if place != pathlib.Path("/") and place.stat().st_uid == os.getuid():
                place.chmod(place.stat().st_mode | 0o011)
        folder.chmod(0o777)
        self.calls = folder / "calls"
        self.calls.touch()
        self.calls.chmod(0o666)
        write_script(folder / "script", self.calls)
        (folder / "hosts").write_text("")
        (folder / "conf").write_text(peer.BASE.format(folder=folder) + f"no-ping\ndhcp-script={folder}/script\n"
                                     + config)
        self.folder = folder
        self.seen = 0
        self.pair = peer.Pair([])
        self.start()

    def start(self):
        log = self.folder / f"log{next(NUMBERS)}"
        binary = BINARY if self.name == "linnet" else "dnsmasq"
        with open(log, "w") as file:
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", self.pair.names["server"], binary, "-k", "-u", "root", "-g", "root", "-C",
                 self.folder / "conf", "--pid-file=", "--log-facility=-"], env=ENVIRONMENT, stdout=file, stderr=file,
                stdin=subprocess.DEVNULL)
        peer.wait_bound(self.process, log, {53, 67})

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    def send(self, row):
        work = {"packets": [{**row, "answered": row["want"] is not None}], "questions": []}
        told = json.loads(run("ip", "netns", "exec", self.pair.names["client"], "/usr/bin/python3",
                              pathlib.Path(dhcp_talk.__file__), "eth0", SERVER, peer.SERVER_MAC,
                              text=json.dumps(work)))
        got = [reply["kind"] for reply in told["replies"][0]]
        assert got == ([row["want"]] if row["want"] else []), (self.name, row["label"], got)

    def new_calls(self):
        """When there have been no more for a while."""
        last, since = -1, time.monotonic()
        while time.monotonic() < since + 0.6:
            count = len(read_calls(self.calls))
            if count != last:
                last, since = count, time.monotonic()
            time.sleep(0.05)
        calls = read_calls(self.calls)[self.seen:]
        self.seen += len(calls)
        return [without_times(call) for call in calls]

    def step(self, step):
        if step == "hup":
            self.process.send_signal(signal.SIGHUP)
        elif isinstance(step, float):
            time.sleep(step)
        elif step == "restart":
            self.stop()
            self.start()
        else:
            self.send(step)
        return self.new_calls()

    def close(self):
        self.stop()
        self.pair.close()


def observe(name, case, folder):
    config, steps = CASES[case]
    subject = Subject(name, config, folder)
    try:
        return [subject.new_calls()] + [subject.step(step) for step in steps]
    finally:
        subject.close()


def by_lease(calls):
    """{address: [call, ...]}; a call that says just what the one before said is counted once: the peer tells the
    first lease twice at start."""
    found = collections.defaultdict(list)
    for call in calls:
        key = call["words"][2] if len(call["words"]) > 2 else ""
        if call not in found[key][-1:]:
            found[key].append(call)
    return dict(found)


def harmless(calls):
    """What we make of the values that the peer gives as they are."""
    return [{**call, "environment": {
        name: re.sub(r"[^ -~]|[$`\"'\\;&|<>(){}\[\]*?!#~]", "_", value) if name.startswith("DNSMASQ_") else value
        for name, value in call["environment"].items()}} for call in calls]


def label_of(step):
    return step["label"] if isinstance(step, dict) else str(step)


@pytest.mark.parametrize("case", CASES)
def test_same_calls(case, tmp_path):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        ours, theirs = pool.map(lambda name: observe(name, case, tmp_path / name), ("linnet", "dnsmasq"))
    assert any(theirs), "the peer's script was never called"
    for number, (mine, yours) in enumerate(zip(ours, theirs)):
        label = label_of((["start"] + CASES[case][1])[number])
        assert by_lease(mine) == by_lease(harmless(yours)), f"{case}: {number} {label}"


def test_values_the_peer_gives_as_they_are(tmp_path):
    """Our values have nothing that a shell takes specially (docs/differences.md)."""
    CASES["words of a shell"] = (RANGE, [select(2, ip="192.168.50.101", options=[(60, b"$(id)`id`\xc3\n'\"")])])
    try:
        ours, theirs = (observe(name, "words of a shell", tmp_path / name)[1] for name in ("linnet", "dnsmasq"))
    finally:
        del CASES["words of a shell"]
    assert theirs[0]["environment"]["DNSMASQ_VENDOR_CLASS"] == "$(id)`id`\xc3\n'\""
    assert ours[0]["environment"]["DNSMASQ_VENDOR_CLASS"] == "__id__id_____"
    assert ours == harmless(ours)


def test_values_the_peer_cuts(tmp_path):
    """A client id after 100 bytes, a user class at an equals sign (docs/differences.md)."""
    CASES["cut"] = (RANGE, [select(2, ip="192.168.50.101", clid="00" + "ab" * 200,
                                   options=[(77, b"\4a=bc")])])
    try:
        ours = observe("linnet", "cut", tmp_path / "linnet")[1][0]["environment"]
        theirs = observe("dnsmasq", "cut", tmp_path / "dnsmasq")[1][0]["environment"]
    finally:
        del CASES["cut"]
    assert ours["DNSMASQ_CLIENT_ID"] == "00" + ":ab" * 200
    assert len(theirs["DNSMASQ_CLIENT_ID"]) == 300
    assert (ours["DNSMASQ_USER_CLASS0"], theirs["DNSMASQ_USER_CLASS0"]) == ("a=bc", "a")
