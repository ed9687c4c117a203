"""The small programs that others call, ours and dnsmasq's: the same command lines, each with our server."""
import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import BINARY, wait_until
from test_dhcp import leases, udhcpc

OURS = pathlib.Path(BINARY).parent.parent / "companions"
CONFIG = "interface=lan0\nport=0\nno-ping\ndhcp-range=192.168.50.100,192.168.50.120,1h\n"


def program(name, whose):
    path = OURS / name if whose == "ours" else shutil.which(name)
    assert path, f"{name} is not installed"
    return str(path)


def call(network, name, whose, *words, check=True):
    return subprocess.run(["ip", "netns", "exec", network.server, program(name, whose), *words], capture_output=True,
                          text=True, timeout=15, check=check)


@pytest.mark.parametrize("whose", ["ours", "dnsmasq's"])
def test_lease_time_and_release(network, client_script, whose):
    client = network.add_client("a", mac="02:00:00:00:00:0a")
    server = network.linnet(CONFIG)
    address = udhcpc(network, client, client_script).wait_for(r"LEASE (\S+) bound")[1]
    [row] = leases(network)
    said = call(network, "dhcp_lease_time", whose, address).stdout
    assert re.fullmatch(r"1h|59m\d*s?", said), said
    # Nobody has this one.
    assert call(network, "dhcp_lease_time", whose, "192.168.50.119", check=False).returncode == 1

    # Another client cannot give it back, nor the same one under another name.
    for words in (("02:00:00:00:00:0b", "*"), ("02:00:00:00:00:0a", "01:02:03:04")):
        call(network, "dhcp_release", whose, "lan0", address, *words)
        server.wait_for(f"DHCPRELEASE.lan0. {address} {words[0]}.*unknown lease")
    assert leases(network)
    result = call(network, "dhcp_release", whose, "lan0", address, "02:00:00:00:00:0a", row[4])
    assert result.stdout == "" and result.stderr == ""
    wait_until(lambda: not leases(network), what="the lease gone from the file")


@pytest.mark.parametrize("words, returned, said", [
    (("dhcp_release",), 1, "usage: dhcp_release <interface> <addr> <mac> [<client_id>]"),
    (("dhcp_release", "lan0", "x", "02:00:00:00:00:0a"), 1, '"x" is not an IPv4 address'),
    (("dhcp_release", "lan0", "192.168.50.5", "x"), 1, '"x" is not a hardware address'),
    (("dhcp_release", "lan0", "192.168.50.5", "02:00:00:00:00:0a", "xyz"), 1, '"xyz" is not a client id'),
    (("dhcp_release", "none0", "192.168.50.5", "02:00:00:00:00:0a"), 1, "there is no interface none0"),
    (("dhcp_lease_time",), 1, "usage: dhcp_lease_time <address>"),
    (("dhcp_lease_time", "fd00::1"), 1, '"fd00::1" is not an IPv4 address'),
    (("dhcp_release6",), 255, "Missing required iface parameter"),
    (("dhcp_release6", "-n", "lo", "-a", "fd00::1", "-c", "zz"), 255, '"zz" is not a client id'),
    (("dhcp_release6", "-n", "lo", "-a", "1.2.3.4"), 255, '"1.2.3.4" is not an IPv6 address'),
    (("dhcp_release6", "--what"), 255, "Usage: dhcp_release6"),
])
def test_wrong_words(words, returned, said):
    result = subprocess.run([program(words[0], "ours"), *words[1:]], capture_output=True, text=True, timeout=10)
    assert result.returncode == returned and said in result.stderr, result


def test_nobody_serves(network):
    result = call(network, "dhcp_lease_time", "ours", "192.168.50.100", check=False)
    assert result.returncode == -14  # its alarm


@pytest.mark.parametrize("word", ["--help", "-h"])
@pytest.mark.parametrize("name", ["dhcp_release", "dhcp_release6", "dhcp_lease_time"])
def test_help_is_silent_on_stderr(name, word):
    """dnsmasq's know it of dhcp_release6 alone; the others take it for a wrong word, and end with 1."""
    result = subprocess.run([program(name, "ours"), word], capture_output=True, text=True, timeout=10)
    assert (result.returncode, result.stderr) == (0, "")
    assert re.match(f"(?i)usage: {name} ", result.stdout) and result.stdout.count("\n") == 1


def test_dry_run():
    words = ("-d", "-n", "lo", "-c", "00:01:02:03", "-s", "0a0b", "-i", "5", "-a", "fd00::5")
    said = subprocess.run([program("dhcp_release6", "ours"), *words], capture_output=True, text=True, timeout=10).stdout
    assert re.fullmatch(r"08[0-9a-f]{6}00010004000102030002" r"00020a0b00030028000000050000000000000000"
                        r"00050018fd0000000000000000000000000000050000000000000000" r"000800020000\n", said), said
