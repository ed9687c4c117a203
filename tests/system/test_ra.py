"""Hosts learn router, prefix and DNS from router advertisements: the kernel's own client, and rdisc6."""
import json
import pathlib
import re
import signal
import subprocess

import pytest

from conftest import run, wait_until

CONFIG = """\
interface=lan0
bind-dynamic
no-resolv
no-hosts
dhcp-range=::,constructor:lan0,ra-stateless
dhcp-option=option6:domain-search,lan.test
dhcp-option=option6:captive-portal,"http://portal.lan.test/"
ra-pref64=64:ff9b::/96
ra-route=2001:db8:7::/48,high
"""
TALK = pathlib.Path(__file__).resolve().parent.parent / "compat/ra_talk.py"
SOON = 6  # seconds: an advertisement to all waits for three after the one before


@pytest.fixture
def lan(network):
    """The server does not listen to itself, and no host waits to see whether its address is free."""
    network.inside(network.server, "sysctl", "-qw", "net.ipv6.conf.lan0.accept_ra=0",
                   "net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0",
                   "net.ipv6.conf.lan0.accept_dad=0")
    return network


def add_host(lan, name="a", accept=True):
    host = lan.add_namespace(name)
    lan.inside(host, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0",
               f"net.ipv6.conf.default.accept_ra={int(accept)}",
               "net.ipv6.conf.default.router_solicitation_delay=0")
    outer = f"v{name}"
    run("ip", "-n", lan.server, "link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", host)
    run("ip", "-n", lan.server, "link", "set", outer, "master", "lan0", "up")
    lan.inside(host, "ip", "link", "set", "eth0", "up")
    return host


def addresses(lan, host):
    """{prefix: (preferred, deprecated)} of what the host made itself."""
    text = lan.inside(host, "ip", "-6", "addr", "show", "dev", "eth0", "scope", "global").stdout
    return {found[1]: "deprecated" in found[0]
            for found in re.finditer(r"inet6 (fd00:\d+):\S+/64 scope global[^\n]*", text)}


def default_route(lan, host):
    return lan.inside(host, "ip", "-6", "route", "show", "default").stdout


def rdisc(lan, host):
    return lan.inside(host, "rdisc6", "-1", "-w", "3000", "eth0", check=False).stdout


def test_kernel_configures_itself(lan):
    server = lan.linnet(CONFIG)
    host = add_host(lan)
    wait_until(lambda: "fd00:50" in addresses(lan, host), SOON, "address")
    wait_until(lambda: "via fe80:" in default_route(lan, host), SOON, "default route")
    server.wait_for(r"linnet-dhcp\[\d+\]: RTR-ADVERT\(lan0\) fd00:50::")
    server.wait_for(r"linnet-dhcp\[\d+\]: RTR-SOLICIT\(lan0\) ")
    assert "router advertisement on lan0" in server.log()
    assert "router advertisement on fd00:50::, constructed for lan0" in server.log()
    server.signal(signal.SIGUSR1)
    server.wait_for(r"router advertisements sent \d+, solicitations [1-9]")


def test_all_options(lan):
    lan.linnet(CONFIG)
    host = add_host(lan, accept=False)
    text = wait_until(lambda: rdisc(lan, host), SOON, "answer")
    plan = {"seconds": SOON, "enough": 1, "asks": [{"at": 0}]}
    [heard] = json.loads(lan.inside(host, "/usr/bin/python3", TALK, "eth0", input=json.dumps(plan)).stdout)[-1:]
    for line in (r"Hop limit +: +64", r"Stateful address conf\. +: +No", r"Stateful other conf\. +: +Yes",
                 r"Router lifetime +: +1800", r"Prefix +: fd00:50::/64", r"On-link +: +Yes",
                 r"Autonomous address conf\.: +Yes", r"MTU +: +1500 ", r"Recursive DNS server +: fe80::",
                 r"DNS search list +: lan\.test", r"Route +: 2001:db8:7::/48", r"Route preference +: +high"):
        assert re.search(line, text), f"{line}\n{text}"
    # What rdisc6 does not know.
    assert heard["captive portal uri"] == "http://portal.lan.test/"
    assert heard["pref64 64:ff9b:: lifetime"] == 1800 and heard["pref64 64:ff9b:: length code"] == 0
    assert heard["checksum right"] and heard["ended"] and heard["ip hops"] == 255


def test_radvdump_reads_it(lan):
    """As a configuration of radvd's, which says the same."""
    lan.linnet(CONFIG)
    host = add_host(lan, accept=False)
    with subprocess.Popen(["ip", "netns", "exec", host, "timeout", "8", "radvdump"], stdout=subprocess.PIPE,
                          text=True) as dump:
        wait_until(lambda: rdisc(lan, host), SOON, "answer")
        text = ""
        while "# End of interface definition" not in text:
            line = dump.stdout.readline()
            assert line, f"radvdump ended before it had read an advertisement\n{text}"
            text += line
        dump.terminate()
    for line in ("AdvManagedFlag off;", "AdvOtherConfigFlag on;", "AdvDefaultLifetime 1800;", "AdvCurHopLimit 64;",
                 "AdvLinkMTU 1500;", "prefix fd00:50::/64", "AdvOnLink on;", "AdvAutonomous on;", "RDNSS fe80::",
                 "DNSSL lan.test", "route 2001:db8:7::/48", "AdvRoutePreference high;"):
        assert line in text, f"{line}\n{text}"


def test_a_prefix_goes_and_a_restart_remembers(lan):
    lan.inside(lan.server, "ip", "-6", "addr", "add", "fd00:51::1/64", "dev", "lan0", "nodad")
    server = lan.linnet(CONFIG)
    host = add_host(lan)
    wait_until(lambda: {"fd00:50", "fd00:51"} <= addresses(lan, host).keys(), SOON, "addresses")
    lan.inside(lan.server, "ip", "-6", "addr", "del", "fd00:51::1/64", "dev", "lan0")
    wait_until(lambda: addresses(lan, host).get("fd00:51"), SOON, "deprecated address")
    assert addresses(lan, host)["fd00:50"] is False
    server.wait_for(r"router advertisement on fd00:51::, old prefix for lan0")
    server.wait_for(r"RTR-ADVERT\(lan0\) fd00:51:: old prefix")

    # While it is away the other prefix goes too; it is remembered, and so is the first.
    state = lan.folder / "leases.ra"
    wait_until(lambda: re.search(r"lan0 fd00:51::/64 la [1-9]", state.read_text()), what="state on disk")
    assert server.stop() == 0
    lan.inside(lan.server, "ip", "-6", "addr", "del", "fd00:50::1/64", "dev", "lan0")
    lan.inside(lan.server, "ip", "-6", "addr", "add", "fd00:52::1/64", "dev", "lan0", "nodad")
    server = lan.linnet(CONFIG)
    wait_until(lambda: addresses(lan, host).get("fd00:50"), SOON, "deprecated address")
    assert addresses(lan, host)["fd00:52"] is False
    server.wait_for(r"RTR-ADVERT\(lan0\) fd00:51:: old prefix")


def test_an_interface_comes(lan):
    server = lan.linnet(CONFIG.replace("interface=lan0", "interface=lan*").replace("constructor:lan0",
                                                                                "constructor:lan*"))
    host = lan.add_namespace("b")
    run("ip", "-n", lan.server, "link", "add", "lan1", "type", "veth", "peer", "name", "eth0", "netns", host)
    lan.inside(host, "ip", "link", "set", "eth0", "up")
    lan.inside(lan.server, "ip", "-6", "addr", "add", "fd00:61::1/64", "dev", "lan1", "nodad")
    lan.inside(lan.server, "ip", "link", "set", "lan1", "up")
    server.wait_for(r"RTR-ADVERT\(lan1\) fd00:61::")
    wait_until(lambda: "fd00:61" in addresses(lan, host), SOON, "address")
    lan.inside(lan.server, "ip", "link", "del", "lan1")
    server.wait_for(r"old prefix for lan1")
    assert server.stop() == 0


def test_hostile_solicitations(lan):
    """Whatever is wrong is dropped and counted; what is right is answered all the same."""
    server = lan.linnet(CONFIG)
    host = add_host(lan, accept=False)
    rows = [{"hops": 64}, {"code": 1}, {"options": "0100020000005002"}, {"options": "0102020000005002"},
            {"options": "0e01000000000000" * 65}, {"from": "::", "options": "0101020000005002"},
            {"from": "2001:db8::7"}, {"cut": 6}]
    asks = [{"at": 0, "from": "fe80::7"} | row for row in rows]
    lan.inside(host, "/usr/bin/python3", TALK, "eth0", input=json.dumps({"seconds": 0.3, "asks": asks}))
    server.signal(signal.SIGUSR1)
    found = server.wait_for(r"solicitations (\d+), dropped: malformed (\d+), not on link (\d+)")
    assert (int(found[1]), int(found[2]), int(found[3])) == (0, 7, 1), found[0]
    assert "dropped: malformed router solicitation from fe80::7" in server.log()
    assert "fd00:50::/64" in rdisc(lan, host)


def test_quiet(lan):
    server = lan.linnet(CONFIG + "quiet-ra\n")
    host = add_host(lan)
    wait_until(lambda: "fd00:50" in addresses(lan, host), SOON, "address")
    assert "RTR-" not in server.log()
