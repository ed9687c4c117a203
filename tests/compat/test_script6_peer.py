"""The same DHCPv6 exchanges with linnet and the peer, Debian's dnsmasq as a black box, each with a lease script that
writes down its words, its environment and its surroundings. Every call has to be the same, but for the time of day,
the server's id, the order of tags, and the classes, of which the peer loses two bytes."""
import concurrent.futures
import itertools
import json
import re
import subprocess

import pytest

import test_dhcp6_peer as peer
import test_script_peer
from dhcp6_cases import fqdn, na, release, relay, relayed, renew, request, solicit, ta, user_class, vendor_class
from dhcp_compare import BINARY, run
from script_watch import write_script

RANGE = "dhcp-range=fd00:50::100,fd00:50::110,10m\n"
A100, A101, A102 = (na(f"fd00:50::10{i}") for i in range(3))

# name: (configuration, steps). A step is a packet or a word: hup, restart.
CASES = {
    "a lease from birth to death": (RANGE + "domain=lan.test\n", [
        solicit(A100, options=[fqdn("foo")]), request(A100, options=[fqdn("foo")], oro=(23, 24, 39)), renew(A100),
        renew(A100, options=[fqdn("foo")]), release(A100)]),
    "rapid": (RANGE, [solicit(A100, rapid=True, want="reply", options=[fqdn("x.other.test.")])]),
    "names": (RANGE + "domain=lan.test\nlog-dhcp\n", [
        request(A100, options=[fqdn("foo")]), renew(A100, options=[fqdn("bar")]),
        request(A101, client=2, options=[fqdn("bar")]), request(A102, client=3, options=[fqdn("x.lan.test.")])]),
    "told again": (RANGE, [
        request(A100, options=[fqdn("foo")]), request(ta("fd00:50::101"), client=2), "hup", "restart", "hup",
        release(A100), "hup"]),
    "every renewal": (RANGE + "script-on-renewal\n", [request(A100), renew(A100, pause=1.1)]),
    "behind a relay": (RANGE + "dhcp-range=fd00:99::100,fd00:99::110,64,10m\n", [
        relayed(request(na("fd00:99::105")), relay("fd00:99::1"))]),
    "for ever, of its card": (RANGE + f"dhcp-host={peer.CLIENT_MAC},[fd00:50::105],hosty,infinite,set:mine\n", [
        request(na("fd00:50::105")), renew(na("fd00:50::105")), "hup"]),
}
NUMBERS = itertools.count()


class Subject(test_script_peer.Subject):
    """As for DHCPv4, with the other protocol's namespaces and packets."""

    def __init__(self, name, config, folder):
        self.name = name
        folder.mkdir()
        self.calls = folder / "calls"
        self.calls.touch()
        write_script(folder / "script", self.calls)
        (folder / "hosts").write_text("")
        (folder / "conf").write_text(peer.BASE.format(folder=folder) + f"dhcp-script={folder}/script\n" + config)
        self.folder = folder
        self.seen = 0
        self.pair = peer.Pair([])
        self.start()

    def start(self):
        log = self.folder / f"log{next(NUMBERS)}"
        with open(log, "w") as file:
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", self.pair.names["server"], BINARY if self.name == "linnet" else "dnsmasq",
                 "-k", "-u", "root", "-g", "root", "-C", self.folder / "conf", "--pid-file=", "--log-facility=-"],
                env=test_script_peer.ENVIRONMENT, stdout=file, stderr=file, stdin=subprocess.DEVNULL)
        peer.wait_until_it_serves(self.process, log, True)

    def send(self, row):
        work = {"packets": [{**row, "answered": row["want"] is not None}], "questions": []}
        told = json.loads(run("ip", "netns", "exec", self.pair.names["client"], "/usr/bin/python3",
                              peer.HERE / "dhcp6_talk.py", "eth0", peer.SERVER, text=json.dumps(work)))
        got = [reply["kind"] for reply in told["replies"][0]]
        assert got == ([row["want"]] if row["want"] else []), (self.name, row["label"], got)


def observe(name, config, steps, folder):
    subject = Subject(name, config, folder)
    try:
        return [subject.new_calls()] + [subject.step(step) for step in steps]
    finally:
        subject.close()


def both(config, steps, folder):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return pool.map(lambda name: observe(name, config, steps, folder / name), ("linnet", "dnsmasq"))


def comparable(calls):
    """{address: [call, ...]} without the time in the server's id, with tags in order. A relay that does not say who its
    client is leaves us the hardware address in the client's own id, and the peer none."""
    found = test_script_peer.by_lease(calls)
    for several in found.values():
        for call in several:
            environment = call["environment"]
            if "DNSMASQ_SERVER_DUID" in environment:
                environment["DNSMASQ_SERVER_DUID"] = re.sub(r"^(00:01:00:01):(..:){4}", r"\1:time:",
                                                            environment["DNSMASQ_SERVER_DUID"])
            if "DNSMASQ_TAGS" in environment:
                environment["DNSMASQ_TAGS"] = " ".join(sorted(environment["DNSMASQ_TAGS"].split()))
            if "DNSMASQ_RELAY_ADDRESS" in environment or "DNSMASQ_DATA_MISSING" in environment:
                environment.pop("DNSMASQ_MAC", None)
    # The peer tells the first lease twice at start, the second time perhaps with its hardware address.
    return {address: [call for i, call in enumerate(several) if i == 0 or call != several[i - 1]]
            for address, several in found.items()}


@pytest.fixture(scope="module")
def observed(tmp_path_factory):
    """All cases at once: most of their time is waiting."""
    folder = tmp_path_factory.mktemp("script6")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        futures = {}
        for number, (case, (config, steps)) in enumerate(CASES.items()):
            (folder / str(number)).mkdir()
            futures[case] = pool.submit(lambda c, s, f: list(both(c, s, f)), config, steps, folder / str(number))
    return futures


@pytest.mark.parametrize("case", CASES)
def test_same_calls(case, observed, tmp_path):
    ours, theirs = observed[case].result()
    config, steps = CASES[case]
    if [comparable(calls) for calls in ours] != [comparable(calls) for calls in theirs]:
        ours, theirs = both(config, steps, tmp_path)  # a busy machine may have called a script late
    assert any(theirs), "the peer's script was never called"
    for number, (mine, yours) in enumerate(zip(ours, theirs)):
        label = test_script_peer.label_of((["start"] + steps)[number])
        assert comparable(mine) == comparable(yours), f"{case}: {number} {label}"


def test_classes_are_whole(tmp_path):
    """The peer's lose their first two bytes, or what is there besides."""
    ours, theirs = both(RANGE, [request(A100, options=[user_class("ab:cd", "x"), vendor_class("MSFT 5.0", "y")])],
                        tmp_path)
    [mine], [yours] = ours[1], theirs[1]
    wanted = {"DNSMASQ_USER_CLASS0": "ab:cd", "DNSMASQ_USER_CLASS1": "x", "DNSMASQ_VENDOR_CLASS_ID": "343",
              "DNSMASQ_VENDOR_CLASS0": "MSFT 5.0", "DNSMASQ_VENDOR_CLASS1": "y"}
    assert {key: mine["environment"].get(key) for key in wanted} == wanted
    assert yours["environment"].get("DNSMASQ_VENDOR_CLASS_ID") == "343"
    assert yours["environment"].get("DNSMASQ_VENDOR_CLASS0") != "MSFT 5.0"
