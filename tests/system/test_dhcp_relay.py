"""Relays in namespaces, with real clients (udhcpc, dhclient, systemd-networkd): linnet before dnsmasq, before
linnet, two in a row; and a client that makes up hardware addresses."""
import os
import re
import shutil
import time

import pytest

from conftest import BINARY, run, wait_until

DNSMASQ = shutil.which("dnsmasq", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
NETWORKD = "/lib/systemd/systemd-networkd"


class Chain:
    """client - (10.1.0.1 near 10.2.0.2) - [(10.2.0.1 far 10.3.0.2) -] server, all routed."""

    def __init__(self, network, hops):
        self.network = network
        self.hops = hops
        self.client = network.add_namespace("c")
        self.relays = [network.add_namespace(f"r{i}") for i in range(hops)]
        self.home = network.add_namespace("h")
        places = [self.client, *self.relays, self.home]
        for i, (left, right) in enumerate(zip(places, places[1:])):
            run("ip", "-n", left, "link", "add", f"up{i}", "type", "veth", "peer", "name", f"down{i}",
                "netns", right)
            run("ip", "-n", left, "link", "set", f"up{i}", "up")
            run("ip", "-n", right, "addr", "add", f"10.{i + 1}.0.1/24", "dev", f"down{i}")
            run("ip", "-n", right, "link", "set", f"down{i}", "up")
            if i > 0:
                run("ip", "-n", left, "addr", "add", f"10.{i + 1}.0.2/24", "dev", f"up{i}")
                run("ip", "-n", left, "route", "add", "default", "via", f"10.{i + 1}.0.1")
        for i, place in enumerate(places[2:], 2):  # and back
            for j in range(1, i):
                run("ip", "-n", place, "route", "add", f"10.{j}.0.0/24", "via", f"10.{i}.0.2")
        for relay in self.relays:
            network.inside(relay, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        run("ip", "-n", self.client, "link", "set", "up0", "address", "02:00:00:00:00:0a")
        self.server_address = f"10.{hops + 1}.0.1"

    def relay(self, number, server, config=None):
        """linnet as the relay of this place."""
        lines = config or f"dhcp-relay=10.{number + 1}.0.1,{server}\n"
        return self.network.linnet("port=0\nlog-dhcp\n" + lines, namespace=self.relays[number],
                                   wait=r"DHCP (split-)?relay from")

    def serve(self, subject, more=""):
        config = ("port=0\nlog-dhcp\ndhcp-authoritative\ndhcp-range=10.1.0.100,10.1.0.120,255.255.255.0,2m\n"
                  "no-ping\n" + more)
        if subject == "linnet":
            return self.network.linnet(config, namespace=self.home, wait="DHCP, IP range")
        path = self.network.folder / "dnsmasq.conf"
        path.write_text(config + f"dhcp-leasefile={self.network.folder}/dnsmasq.leases\n")
        program = self.network.start(self.home, DNSMASQ, "-k", "-C", path, "--pid-file=", "--log-facility=-",
                                     "-u", "root", "-g", "root", name="dnsmasq")
        program.wait_for("started")
        return program


def udhcpc(chain, script):
    return chain.network.start(chain.client, "udhcpc", "-f", "-i", "up0", "-s", script, "-t", "10", "-T", "1")


@pytest.mark.parametrize("subject", ["linnet", "dnsmasq"])
def test_udhcpc_through_a_relay(network, client_script, subject):
    if subject == "dnsmasq" and DNSMASQ is None:
        pytest.skip("no dnsmasq here")
    chain = Chain(network, 1)
    server = chain.serve(subject)
    relay = chain.relay(0, chain.server_address)
    assert re.search(r"DHCP relay from 10.1.0.1 to 10.2.0.1\n", relay.log()), relay.log()
    client = udhcpc(chain, client_script)
    address = client.wait_for(r"LEASE (\S+) bound")[1]
    assert address.startswith("10.1.0.1")
    environment = (network.folder / "client-up0-bound.env").read_text()
    assert "router=10.1.0.1" in environment
    relay.wait_for(r"DHCP relay at 10.1.0.1 -> 10.2.0.1")
    server.wait_for("DHCPACK")
    # The renewal goes to the server itself; it is routed, not relayed.
    run("ip", "-n", chain.client, "route", "replace", "default", "via", "10.1.0.1")
    client.signal(10)
    client.wait_for(r"LEASE (\S+) renew")


def test_dhclient_through_a_relay(network, client_script):
    chain = Chain(network, 1)
    chain.serve("linnet")
    chain.relay(0, chain.server_address)
    program = network.start(chain.client, "dhclient", "-d", "-4", "-cf", "/dev/null", "-lf",
                            network.folder / "dhclient.leases", "-pf", network.folder / "dhclient.pid",
                            "-sf", client_script, "up0")
    assert program.wait_for(r"LEASE (\S+) \S*BOUND", 20)[1].startswith("10.1.0.1")


def networkd_words(folder):
    """systemd-networkd with a /run and an /etc of its own: nothing of the machine's is touched."""
    (folder / "network").mkdir()
    (folder / "network" / "up0.network").write_text(
        "[Match]\nName=up0\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"
        "[DHCPv4]\nUseDNS=no\nUseHostname=no\nUseTimezone=no\nSendHostname=no\nClientIdentifier=mac\n")
    return ["unshare", "-m", "sh", "-c",
            "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/network /run/systemd/netif/links "
            "/run/systemd/netif/leases /run/systemd/netif/lldp && "
            f"cp {folder}/network/* /run/systemd/network/ && "
            "chown -R systemd-network:systemd-network /run/systemd/netif; "
            "mount -o remount,bind,ro /sys && "  # read-only: it does not wait for udev
           
            f"SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=info exec {NETWORKD}"]


@pytest.mark.skipif(not os.path.exists(NETWORKD), reason="no systemd-networkd here")
def test_networkd_through_a_relay(network):
    chain = Chain(network, 1)
    server = chain.serve("linnet")
    chain.relay(0, chain.server_address)
    program = network.start(chain.client, *networkd_words(network.folder), name="networkd")
    try:
        ack = server.wait_for(r"DHCPACK\(\w+\) (\S+) 02:00:00:00:00:0a", 20)
    except AssertionError:
        if program.process.poll() is not None or "DHCP" not in server.log().split("started")[1]:
            pytest.skip("systemd-networkd does not run in a namespace here: " + program.log()[-200:])
        raise
    wait_until(lambda: ack[1] in run("ip", "-n", chain.client, "addr", "show", "up0").stdout, what="the address")


def test_two_relays_in_a_row(network, client_script):
    """The second keeps the first one's address: the server's answer goes to that, past the second."""
    chain = Chain(network, 2)
    server = chain.serve("linnet")
    near = chain.relay(0, "10.2.0.1")
    far = chain.relay(1, chain.server_address)
    client = udhcpc(chain, client_script)
    assert client.wait_for(r"LEASE (\S+) bound")[1].startswith("10.1.0.1"), server.log()
    near.wait_for(r"DHCP relay at 10.1.0.1 -> 10.2.0.1")
    far.wait_for(r"DHCP relay at 10.2.0.1 -> 10.3.0.1")
    assert "router=10.1.0.1" in (network.folder / "client-up0-bound.env").read_text()


def test_split_relay(network, client_script):
    """The server has no route to the clients at all; the relay speaks for them, renewals too."""
    chain = Chain(network, 1)
    server = chain.serve("linnet")
    run("ip", "-n", chain.home, "route", "del", "10.1.0.0/24")
    relay = chain.relay(0, "", f"dhcp-split-relay=10.1.0.1,{chain.server_address},up1\n")
    assert "DHCP split-relay from 10.1.0.1 to 10.2.0.1 via up1" in relay.log()
    client = udhcpc(chain, client_script)
    assert client.wait_for(r"LEASE (\S+) bound")[1].startswith("10.1.0.1"), server.log()
    assert "serverid=10.1.0.1" in (network.folder / "client-up0-bound.env").read_text()
    client.signal(10)
    client.wait_for(r"LEASE (\S+) renew")


def test_answers_by_the_wrong_interface_are_dropped(network, client_script):
    chain = Chain(network, 1)
    server = chain.serve("linnet")
    relay = chain.relay(0, "", f"dhcp-relay=10.1.0.1,{chain.server_address},other*\n")
    client = udhcpc(chain, client_script)
    server.wait_for("DHCPOFFER")
    time.sleep(1)
    assert "LEASE" not in client.log()
    assert relay.stop() == 0


# ------------------------------------------------------------------ a client that makes up addresses

STARVE = r"""
import random, socket, struct, sys
interface, count = sys.argv[1], int(sys.argv[2])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.setsockopt(socket.SOL_SOCKET, 25, interface.encode())
s.bind(("0.0.0.0", 68))
for i in range(count):
    mac = bytes([2, 1]) + struct.pack("!I", i)
    for kind in (b"\x35\x01\x01\xff", b"\x35\x01\x03\x36\x04\xc0\xa8\x32\x01\x32\x04\xc0\xa8\x32"
                 + bytes([100 + i % 21]) + b"\xff"):
        packet = (struct.pack("!BBBBIHH", 1, 1, 6, 0, random.getrandbits(32), 0, 0x8000) + bytes(16) + mac
                  + bytes(10) + bytes(192) + b"\x63\x82\x53\x63" + kind)
        s.sendto(packet + bytes(300 - len(packet)), ("255.255.255.255", 67))
"""


def memory_kib(pid):
    text = open(f"/proc/{pid}/smaps_rollup").read()
    return int(re.search(r"^Private_Dirty:\s+(\d+)", text, re.M)[1])


def own_pid(program):
    """Of the process that reads packets."""
    return program.server


def test_starvation(network, client_script):
    """20000 made-up clients take the whole pool: memory keeps its bound, who has a lease keeps it, and the log
    is not flooded with the warning."""
    good = network.add_client("a", mac="02:00:00:00:00:0a")
    bad = network.add_client("b", "192.168.50.2/24")
    server = network.linnet("port=0\nquiet-dhcp\nno-ping\ninterface=lan0\n"
                            "dhcp-range=192.168.50.100,192.168.50.120,1h\n")
    client = network.start(good, "udhcpc", "-f", "-i", "eth0", "-s", client_script, "-t", "10", "-T", "1")
    address = client.wait_for(r"LEASE (\S+) bound")[1]
    network.inside(bad, "/usr/bin/python3", "-c", STARVE, "eth0", "4000")
    before = memory_kib(own_pid(server))
    network.inside(bad, "/usr/bin/python3", "-c", STARVE, "eth0", "16000", timeout=120)
    after = memory_kib(own_pid(server))
    assert after - before < 1024, f"{before} KiB became {after} KiB"
    client.signal(10)
    assert client.wait_for(r"LEASE (\S+) renew")[1] == address
    rows = [line.split() for line in (network.folder / "leases").read_text().splitlines()]
    assert [row[1] for row in rows if row[2] == address] == ["02:00:00:00:00:0a"]
    assert len({row[2] for row in rows}) == len(rows) <= 21
    assert len(re.findall("all addresses for clients of lan0 are taken", server.log())) == 1, server.log()
    assert len(server.log().splitlines()) < 20


def test_one_device(network):
    """With bind-interfaces and one interface the socket is tied to it; a second instance serves another."""
    run("ip", "-n", network.server, "link", "add", "lan1", "type", "bridge")
    run("ip", "-n", network.server, "addr", "add", "192.168.60.1/24", "dev", "lan1")
    run("ip", "-n", network.server, "link", "set", "lan1", "up")
    for number, link in ((50, "lan0"), (60, "lan1")):
        path = network.folder / f"{link}.conf"
        path.write_text(f"port=0\ninterface={link}\nbind-interfaces\n"
                        f"dhcp-range=192.168.{number}.100,192.168.{number}.120,1h\n"
                        f"dhcp-leasefile={network.folder}/leases{number}\n")
        network.start(network.server, BINARY, "-k", "-C", path, "--pid-file=", "--log-facility=-", "-u", "root",
                      "-g", "root").wait_for("started, version")
    sockets = network.inside(network.server, "ss", "-lunH").stdout
    assert "0.0.0.0%lan0:67" in sockets and "0.0.0.0%lan1:67" in sockets, sockets
