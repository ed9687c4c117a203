"""Names of the IPv6 addresses that hosts use: a host in a namespace whose kernel makes addresses from router
advertisements, with a lease from udhcpc; the name answers for them and they for the name. Beside it dnsmasq, for the
part it does too; and addresses registered by crafted packets (RFC 9686)."""
import json
import os
import re
import shutil
import signal
import socket

import pytest

from conftest import wait_until

DNSMASQ = shutil.which("dnsmasq", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
MAC = "02:00:00:00:00:c0"
EUI = "fd00:50::ff:fe00:c0"
SERVER = "fd00:50::1"
COMMON = """\
interface=lan0
bind-interfaces
no-resolv
no-hosts
no-ping
domain=lan.test
dhcp-range=192.168.50.100,192.168.50.150,1h
"""
RA_NAMES = COMMON + "dhcp-range=fd00:50::,ra-names\n"


def start(network, config, subject="linnet"):
    if subject == "linnet":
        return network.linnet(config)
    if DNSMASQ is None:
        pytest.skip("no dnsmasq here")
    path = network.folder / "dnsmasq.conf"
    path.write_text(config + f"dhcp-leasefile={network.folder}/dnsmasq.leases\n")
    program = network.start(network.server, DNSMASQ, "-k", "-C", path, "--pid-file=", "--log-facility=-", "-u", "root",
                            name="dnsmasq")
    program.wait_for("started, version")
    return program


def plug_in(network, name, mac, **settings):
    """A client whose kernel is set up before it hears the first advertisement."""
    client = network.add_client(name, mac=mac)
    network.inside(client, "ip", "link", "set", "eth0", "down")
    for key, value in {"accept_ra": 1, "accept_dad": 0, "router_solicitation_delay": 0, **settings}.items():
        network.inside(client, "sysctl", "-q", f"net.ipv6.conf.eth0.{key}={value}")
    network.inside(client, "ip", "link", "set", "eth0", "up")
    return client


def addresses(network, client, *flags):
    rows = json.loads(network.inside(client, "ip", "-6", "-j", "addr", "show", "dev", "eth0", "scope", "global", *flags)
                      .stdout or "[]")
    return {info["local"] for row in rows for info in row.get("addr_info", []) if "local" in info
            and not info.get("tentative")}


def lease(network, client, name):
    """udhcpc, which must have the IPv4 address to give it back, and must leave the others alone."""
    script = network.folder / "take-ip4"
    script.write_text('#!/bin/sh\n[ "$1" = bound ] && ip addr replace "$ip/24" dev "$interface"\nexit 0\n')
    script.chmod(0o755)
    return network.start(client, "udhcpc", "-f", "-i", "eth0", "-x", f"hostname:{name}", "-s", script, "-t", "10",
                         "-T", "1", "-A", "1")


def named(network, name):
    return {row[3] for row in network.dig(network.server, name, "AAAA") if row[2] == "AAAA"}


def wait_named(network, name, wanted, server):
    wait_until(lambda: named(network, name) == wanted, 15,
               f"{name} is {wanted}, not {named(network, name)}\n{server.log()}\n")


@pytest.mark.parametrize("subject", ["linnet", "dnsmasq"])
def test_address_of_the_hardware_address(network, subject):
    """The rule of ra-names, the same in both programs: name, reverse name, log line; gone with the lease."""
    server = start(network, RA_NAMES, subject)
    client = plug_in(network, "a", MAC)
    wait_until(lambda: addresses(network, client) == {EUI}, 15, "an address by an advertisement")
    program = lease(network, client, "laptop")
    server.wait_for(rf"SLAAC-CONFIRM\(lan0\) {EUI} laptop\n", 15)
    for name in ("laptop", "laptop.lan.test"):
        wait_named(network, name, {EUI}, server)
    assert [row[3] for row in network.dig(network.server, "-x", EUI)] == ["laptop.lan.test."]
    program.signal(signal.SIGUSR2)
    wait_named(network, "laptop", set(), server)
    assert network.dig(network.server, "-x", EUI) == []


def test_addresses_really_used(network):
    """Temporary addresses (RFC 8981), and a host that has none made of its hardware address (RFC 7217)."""
    server = start(network, RA_NAMES)
    laptop = plug_in(network, "a", MAC, use_tempaddr=2)
    tablet = plug_in(network, "b", "02:00:00:00:00:c1", addr_gen_mode=3)
    own = {}
    for client, count, name in ((laptop, 2, "laptop"), (tablet, 1, "tablet")):
        wait_until(lambda: len(addresses(network, client)) == count, 15, "addresses by an advertisement")
        own[name] = addresses(network, client)
        for address in own[name]:
            network.inside(client, "ping", "-c1", "-W3", "-I", address, SERVER)
    assert EUI in own["laptop"] and "fd00:50::ff:fe00:c1" not in own["tablet"]
    programs = [lease(network, laptop, "laptop"), lease(network, tablet, "tablet")]
    for name, wanted in own.items():
        wait_named(network, f"{name}.lan.test", wanted, server)
        for address in wanted:
            assert [row[3] for row in network.dig(network.server, "-x", address)] == [f"{name}.lan.test."]
    # A new address, heard of after the lease was given.
    network.inside(tablet, "ip", "addr", "add", "fd00:50::7ab/64", "dev", "eth0", "nodad")
    network.inside(tablet, "ping", "-c1", "-W3", "-I", "fd00:50::7ab", SERVER)
    wait_named(network, "tablet", own["tablet"] | {"fd00:50::7ab"}, server)
    # The prefix goes, and with it the names.
    network.inside(network.server, "ip", "-6", "addr", "del", f"{SERVER}/64", "dev", "lan0")
    wait_named(network, "tablet", set(), server)
    network.inside(network.server, "ip", "-6", "addr", "add", f"{SERVER}/64", "dev", "lan0", "nodad")
    network.inside(tablet, "ping", "-c1", "-W3", "-I", "fd00:50::7ab", SERVER)
    wait_until(lambda: "fd00:50::7ab" in named(network, "tablet"), 10, "named again\n" + server.log())
    server.signal(signal.SIGUSR1)
    server.wait_for(r"IPv6 names: confirmed [1-9]")
    # After a restart the names come back from the lease file.
    assert server.stop() == 0
    server = start(network, RA_NAMES)
    wait_until(lambda: EUI in named(network, "laptop"), 10, "named after a restart\n" + server.log())
    for program in programs:
        program.stop()


def talk(network, client, packets, address, seconds=3):
    """Sends DHCPv6 messages from this address; what comes back to each in this time, in hex."""
    script = network.folder / "talk.py"
    script.write_text("""\
import json, socket, sys
address, seconds, packets = sys.argv[1], sys.argv[2], sys.argv[3:]
at = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
at.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
index = socket.if_nametoindex("eth0")
at.bind((address, 546, 0, index if address.startswith("fe80") else 0))
at.settimeout(float(seconds))
replies = []
for packet in packets:
    at.sendto(bytes.fromhex(packet), ("ff02::1:2", 547, 0, index))
    try:
        replies.append(at.recv(2000).hex())
    except TimeoutError:
        replies.append("")
print(json.dumps(replies))
""")
    return json.loads(network.inside(client, "/usr/bin/python3", script, address, seconds, *packets).stdout)


def option(code, value=b""):
    return code.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value


def address_option(text, valid=600):
    return option(5, socket.inet_pton(socket.AF_INET6, text) + valid.to_bytes(4, "big") * 2)


DUID = option(1, bytes.fromhex("0003000102aabbccddee"))
FQDN = option(39, b"\x01\x05phone")


def inform(*options):
    return (b"\x24\x01\x02\x03" + b"".join(options)).hex()


def test_registered_addresses(network):
    """RFC 9686: offered to who asks, taken from who has the address, refused to anybody else, forgotten in time."""
    server = start(network, COMMON + "dhcp-range=fd00:50::,ra-stateless\naddress-registration\n")
    client = network.add_client("a", "fd00:50::77/64", mac="02:aa:bb:cc:dd:ee")
    link_local = network.link_local(client)
    [offer] = talk(network, client, [(b"\x0b\x00\x00\x01" + DUID + option(6, b"\x00\x94")).hex()], link_local)
    assert offer.startswith("07") and "00940000" in offer, server.log()

    good = inform(DUID, address_option("fd00:50::77"), FQDN)
    bad = [
        inform(address_option("fd00:50::77"), FQDN),                         # no client
        inform(DUID, FQDN),                                                  # no address
        inform(DUID, address_option("fd00:50::78"), FQDN),                   # not its own
        inform(DUID, address_option("fd00:50::77"), address_option("fd00:50::77")),
        inform(DUID, address_option("fd00:50::77"), option(6, b"\x00\x17")),
        inform(DUID, address_option("fd00:50::77"), option(2, b"\x00\x03\x00\x01abcdef")),
    ]
    assert talk(network, client, bad, "fd00:50::77", 0.2) == [""] * len(bad)
    assert named(network, "phone") == set()
    [reply] = talk(network, client, [good], "fd00:50::77")
    assert reply.startswith("25010203") and address_option("fd00:50::77").hex() in reply
    wait_named(network, "phone.lan.test", {"fd00:50::77"}, server)
    assert [row[3] for row in network.dig(network.server, "-x", "fd00:50::77")] == ["phone.lan.test."]
    assert re.search(r"DHCPADDR-REG-INFORM\(lan0\) fd00:50::77 00:03:00:01:02:aa:bb:cc:dd:ee phone", server.log())

    # Without a name of its own: the name of the machine's lease.
    lease(network, client, "pda")
    talk(network, client, [inform(DUID, address_option("fd00:50::77"))], "fd00:50::77")
    wait_named(network, "pda.lan.test", {"fd00:50::77"}, server)
    assert named(network, "phone") == set()
    # A lifetime of two seconds, and an address that is given back.
    talk(network, client, [inform(DUID, address_option("fd00:50::77", 2), FQDN)], "fd00:50::77")
    wait_named(network, "phone", {"fd00:50::77"}, server)
    wait_named(network, "phone", set(), server)
    talk(network, client, [good, inform(DUID, address_option("fd00:50::77", 0))], "fd00:50::77")
    wait_named(network, "phone", set(), server)


def test_no_leases_at_all(network):
    """dhcp-lease-max=0 beside names: it starts, and gives none."""
    server = start(network, RA_NAMES + "dhcp-lease-max=0\njoin-names\naddress-registration\n")
    assert server.stop() == 0


def test_joined_names(network):
    """A DHCPv6 client that says no name gets the one its IPv4 lease has, by the hardware address."""
    server = start(network, COMMON + "dhcp-range=fd00:50::100,fd00:50::1ff,64,1h\njoin-names\n")
    client = network.add_client("a", mac=MAC)
    if shutil.which("dhclient") is None:
        pytest.skip("dhclient is not installed")
    lease(network, client, "laptop")
    wait_until(lambda: network.dig(network.server, "laptop", "A"), 10, "a lease\n" + server.log())
    network.link_local(client)
    (network.folder / "dhclient6.conf").write_text("")
    network.start(client, "dhclient", "-6", "-d", "-cf", network.folder / "dhclient6.conf", "-lf",
                  network.folder / "dhclient6.leases", "-pf", network.folder / "dhclient6.pid", "-sf", "/bin/true",
                  "eth0")
    [address] = server.wait_for(r"DHCPREPLY\(lan0\) (fd00:50::1[0-9a-f]{2}) ", 15).groups()
    wait_until(lambda: address in named(network, "laptop.lan.test"), 10, "the IPv4 lease's name\n" + server.log())
    assert [row[3] for row in network.dig(network.server, "-x", address)] == ["laptop.lan.test."]
