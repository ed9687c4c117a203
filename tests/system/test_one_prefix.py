"""Two interfaces in one network, with the same address on both or with one each: hosts of both are told the prefix and
given leases, each by its own link."""
import re
import shutil

import pytest

from conftest import run, wait_until
from test_dhcp6 import Dhcpcd, rows, up_at_once

SOON = 6
CONFIG = """\
interface=lan0
interface=lan1
bind-dynamic
no-resolv
no-hosts
enable-ra
"""
RANGES = {"literal": "dhcp-range=fd00:50::100,fd00:50::1ff,slaac,64,10m\n",
          "templates": "dhcp-range=::100,::1ff,constructor:lan*,slaac,64,10m\n"}


@pytest.fixture
def two(network):
    """lan0 and lan1 of the server, each with a host behind it."""
    run("ip", "-n", network.server, "link", "del", "lan0")
    network.inside(network.server, "sysctl", "-qw", "net.ipv6.conf.default.accept_ra=0")
    network.hosts = {}
    for device in ("lan0", "lan1"):
        host = network.hosts[device] = network.add_namespace(device)
        network.inside(host, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0",
                       "net.ipv6.conf.default.router_solicitation_delay=0")
        run("ip", "-n", network.server, "link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", host)
    return network


def up(network, device, address):
    up_at_once(network, network.server, device, f"{address}/64")
    up_at_once(network, network.hosts[device], "eth0")


def makes_addresses(network, device):
    shown = run("ip", "-n", network.hosts[device], "-6", "addr", "show", "dev", "eth0", "scope", "global").stdout
    return re.search(r"inet6 (fd00:50::(?!1[0-9a-f]{2}/)\S+|fd00:50:0:0:\S+)/64 scope global", shown)


def routers(network, device):
    """The server's link-local address on this device, and whom the host takes for its router."""
    shown = run("ip", "-n", network.hosts[device], "-6", "route", "show", "default").stdout
    return {network.link_local(network.server, device)}, set(re.findall(r"via (fe80::\S+)", shown))


@pytest.mark.parametrize("other", ["fd00:50::1", "fd00:50::2"], ids=["same address", "another address"])
@pytest.mark.parametrize("ranges", RANGES.values(), ids=RANGES)
def test_both_links_are_served(two, ranges, other):
    if shutil.which("dhcpcd") is None:
        pytest.skip("dhcpcd is not installed")
    up(two, "lan0", "fd00:50::1")
    up(two, "lan1", other)
    server = two.linnet(CONFIG + ranges, wait=r"router advertisement on")
    for device in two.hosts:
        wait_until(lambda: makes_addresses(two, device), SOON, f"an address by advertisement of {device}")
        ours, theirs = routers(two, device)
        assert ours == theirs
        text = two.inside(two.hosts[device], "rdisc6", "-1", "-w", "3000", "eth0", check=False).stdout
        assert re.findall(r"Prefix +: (\S+)", text) == ["fd00:50::/64"], text
        assert f"from {ours.pop()}" in text
    leased = set()
    for device in two.hosts:
        Dhcpcd(two, two.hosts[device])
        leased.add(server.wait_for(rf"DHCPREPLY\({device}\) (fd00:50::1[0-9a-f]{{2}}) ", 20)[1])
    assert len(leased) == 2 and {row[2] for row in rows(two)[0]} == leased


def test_one_link_loses_the_prefix(two):
    """It is taken back there, and stays with the other."""
    up(two, "lan0", "fd00:50::1")
    up(two, "lan1", "fd00:50::1")
    server = two.linnet(CONFIG + RANGES["templates"], wait=r"router advertisement on")
    for device in two.hosts:
        wait_until(lambda: makes_addresses(two, device), SOON, f"an address by advertisement of {device}")
    run("ip", "-n", two.server, "-6", "addr", "del", "fd00:50::1/64", "dev", "lan1")
    server.wait_for(r"router advertisement on fd00:50::, old prefix for lan1")
    wait_until(lambda: "deprecated" in run("ip", "-n", two.hosts["lan1"], "-6", "addr", "show", "dev", "eth0", "scope",
                                           "global").stdout, SOON, "a deprecated address")
    assert "deprecated" not in run("ip", "-n", two.hosts["lan0"], "-6", "addr", "show", "dev", "eth0").stdout
    assert "old prefix for lan0" not in server.log()
