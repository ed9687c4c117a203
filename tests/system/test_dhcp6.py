"""DHCPv6 with real clients (dhclient, dhcpcd, systemd-networkd, wide-dhcpv6-client): an address, its name, its line
in the lease file; restarts and kills; prefixes; information alone; interfaces that come later; and relays, one or
two in a row, of linnet and of dnsmasq."""
import os
import pathlib
import re
import shutil
import signal
import struct

import pytest

from conftest import BINARY, run, wait_until

NETWORKD = "/lib/systemd/systemd-networkd"
DNSMASQ = shutil.which("dnsmasq", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
MAC = "02:00:00:00:00:0a"
CONFIG = """\
interface=lan0
no-resolv
no-hosts
domain=lan.test
dhcp-range=fd00:50::100,fd00:50::1ff,64,10m
"""
ADDRESS = r"fd00:50::1[0-9a-f]{2}\b"


def up_at_once(network, namespace, device, *addresses):
    """Without the second in which the kernel asks whether somebody else has the link's address."""
    network.inside(namespace, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0",
                   f"net.ipv6.conf.{device}.accept_dad=0")
    run("ip", "-n", namespace, "link", "set", device, "down")
    run("ip", "-n", namespace, "link", "set", device, "up")
    for address in addresses:
        run("ip", "-n", namespace, "-6", "addr", "replace", address, "dev", device, "nodad")


@pytest.fixture
def lan(network):
    up_at_once(network, network.server, "lan0", "fd00:50::1/64")
    return network


def add_client(lan, name="a", mac=MAC):
    namespace = lan.add_client(name, mac=mac)
    up_at_once(lan, namespace, "eth0")
    return namespace


def rows(lan):
    """Of IPv6 leases in the file, and the server's DUID."""
    path = lan.folder / "leases"
    lines = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
    duid = [line[1] for line in lines if line and line[0] == "duid"]
    return [line for line in lines if len(line) == 5 and ":" in line[2] and int(line[0]) > 1], duid


# ---------------------------------------------------------------------------------------------------- clients

class Dhclient:
    releases, name = True, "laptop"

    def __init__(self, lan, client, device="eth0", *words):
        folder = lan.folder
        lan.link_local(client, device)
        (folder / "dhclient.conf").write_text('send fqdn.fqdn "laptop";\n')
        self.words = ["-6", "-cf", folder / "dhclient.conf", "-lf", folder / "dhclient.leases", "-pf",
                      folder / "dhclient.pid", "-sf", "/bin/true", *words, device]
        self.lan, self.client = lan, client
        self.program = lan.start(client, "dhclient", "-d", *self.words)

    def release(self):
        self.program.stop()
        self.lan.inside(self.client, "dhclient", "-r", *self.words, timeout=20)


class Dhcpcd:
    """In folders of its own, so that nothing of the machine's is touched."""
    releases, name = True, "laptop"

    def __init__(self, lan, client, device="eth0", more="ia_na\n"):
        (lan.folder / "dhcpcd.conf").write_text("duid ll\noption rapid_commit\nnoipv6rs\nwaitip 6\n"
                                                f"interface {device}\n" + more)
        self.program = lan.start(
            client, "unshare", "-m", "sh", "-c",
            "mount -t tmpfs tmpfs /run && mkdir -p /var/lib/dhcpcd && mount -t tmpfs tmpfs /var/lib/dhcpcd && "
            f"exec dhcpcd -B -6 -f {lan.folder}/dhcpcd.conf -c /bin/true --nodev -h laptop {device}", name="dhcpcd")

    def release(self):
        self.program.wait_for("adding address|delegated prefix")  # before that it has nothing to give back
        self.program.signal_until(signal.SIGALRM, "releasing")


class Networkd:
    """With a /run of its own, and /sys read-only, as in a container: then it does not wait for udev. The name it sends
    is the machine's."""
    releases, name = False, os.uname().nodename.split(".")[0].lower()

    def __init__(self, lan, client):
        (lan.folder / "eth0.network").write_text(
            "[Match]\nName=eth0\n[Network]\nDHCP=ipv6\nIPv6AcceptRA=no\n"
            "[DHCPv6]\nWithoutRA=solicit\nSendHostname=yes\nUseDelegatedPrefix=no\n")
        self.program = lan.start(
            client, "unshare", "-m", "sh", "-c",
            "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/network && "
            f"cp {lan.folder}/eth0.network /run/systemd/network/ && umount /sys; mount -t sysfs -o ro sysfs /sys; "
            f"exec {NETWORKD}", name="networkd", environment={**os.environ, "SYSTEMD_LOG_LEVEL": "info"})


CLIENTS = [pytest.param(client, id=name, marks=pytest.mark.skipif(
    shutil.which(binary) is None, reason=f"{binary} is not installed"))
    for name, client, binary in (("dhclient", Dhclient, "dhclient"), ("dhcpcd", Dhcpcd, "dhcpcd"),
                                 ("networkd", Networkd, NETWORKD))]


@pytest.mark.parametrize("whose", ["ours", "dnsmasq's"])
def test_somebody_else_releases(lan, whose):
    namespace = add_client(lan)
    server = lan.linnet(CONFIG, wait="DHCPv6, IP range")
    Dhclient(lan, namespace)
    server.wait_for(rf"DHCPREPLY\(lan0\) ({ADDRESS}) (\S+) laptop", 20)
    [row], [server_duid] = rows(lan)
    binary = pathlib.Path(BINARY).parent.parent / "companions/dhcp_release6" if whose == "ours" \
        else shutil.which("dhcp_release6")
    words = (binary, "-n", "lan0", "-s", server_duid, "-i", row[1], "-a", row[2], "-c")
    other = lan.inside(lan.server, *words, "00:01:02:03", check=False)  # gives nothing back
    # The peer's program wants an address beside the status, where RFC 9915 section 18.3.7 has none.
    assert other.returncode == (3 if whose == "ours" else 254), other
    assert rows(lan)[0] == [row]
    lan.inside(lan.server, *words, row[4], check=whose == "ours")
    wait_until(lambda: not rows(lan)[0], what="the lease gone from the file")


@pytest.mark.parametrize("kind", CLIENTS)
def test_address_name_and_release(lan, kind):
    namespace = add_client(lan)
    server = lan.linnet(CONFIG, wait="DHCPv6, IP range")
    client = kind(lan, namespace)
    found = server.wait_for(rf"DHCPREPLY\(lan0\) ({ADDRESS}) (\S+) {kind.name}", 20)
    address, duid = found[1], found[2]
    [row], server_duid = rows(lan)
    assert row[2:] == [address, kind.name, duid]
    assert len(server_duid) == 1 and row[1].isdigit()
    question = ("ip", "netns", "exec", lan.server, "dig", "@fd00:50::1", "+short", "+tries=1", "+time=3")
    assert run(*question, f"{kind.name}.lan.test", "AAAA").stdout.split() == [address]
    assert run(*question, kind.name, "AAAA").stdout.split() == [address]
    assert run(*question, "-x", address).stdout.split() == [f"{kind.name}.lan.test."]
    if not kind.releases:
        return
    client.release()
    server.wait_for(rf"DHCPRELEASE\(lan0\) ", 20)
    wait_until(lambda: not rows(lan)[0], what="lease gone from the file")
    assert run(*question, "laptop.lan.test", "AAAA").stdout.split() == []
    assert rows(lan)[1] == server_duid


@pytest.mark.skipif(not os.path.exists(NETWORKD), reason="no systemd-networkd here")
def test_known_by_hardware_address(lan):
    """From the first message on, though this client's id does not tell and it came by multicast."""
    namespace = add_client(lan)
    server = lan.linnet(CONFIG + f"dhcp-host={MAC},[::77],desk\nquiet-dhcp6\n", wait="DHCPv6, IP range")
    Networkd(lan, namespace)
    [row] = wait_until(lambda: rows(lan)[0], 20, "a lease")
    assert row[2:4] == ["fd00:50::77", "desk"], row
    assert row[4].startswith("00:02:")
    assert "DHCPSOLICIT" not in server.log()


def test_rapid_commit(lan):
    """dhcpcd asks for it: two messages in place of four."""
    if shutil.which("dhcpcd") is None:
        pytest.skip("dhcpcd is not installed")
    namespace = add_client(lan)
    server = lan.linnet(CONFIG, wait="DHCPv6, IP range")
    Dhcpcd(lan, namespace)
    server.wait_for(rf"DHCPREPLY\(lan0\) ({ADDRESS})", 20)
    assert "DHCPADVERTISE" not in server.log() and "DHCPREQUEST" not in server.log()


def test_restart_and_kill_keep_leases(lan):
    namespace = add_client(lan)
    server = lan.linnet(CONFIG, wait="DHCPv6, IP range")
    client = Dhclient(lan, namespace)
    address = server.wait_for(rf"DHCPREPLY\(lan0\) ({ADDRESS}) \S+ laptop")[1]
    before = rows(lan)
    assert before[0] and before[1]
    client.program.stop()
    server.stop()
    assert rows(lan) == before
    for death in ("stop", "kill"):
        server = lan.linnet(CONFIG, wait="DHCPv6, IP range")
        assert rows(lan) == before
        answer = run("ip", "netns", "exec", lan.server, "dig", "@fd00:50::1", "+short", "laptop.lan.test", "AAAA")
        assert answer.stdout.split() == [address]
        client = Dhclient(lan, namespace)  # it has a lease, and asks whether that is still good
        server.wait_for(rf"(DHCPREPLY\(lan0\) (\S+ )?\S+ all addresses still on link|DHCPREPLY\(lan0\) {address})", 15)
        client.program.stop()
        getattr(server, death)()
    after = rows(lan)
    assert after[1] == before[1] and [row[1:] for row in after[0]] == [row[1:] for row in before[0]]


def test_information_alone(lan):
    namespace = add_client(lan)
    server = lan.linnet("interface=lan0\nno-resolv\nno-hosts\ndhcp-range=fd00:50::,ra-stateless\n"
                        "dhcp-option=option6:dns-server,[fd00:50::53]\ndhcp-option=option6:domain-search,lan.test\n",
                        wait=r"DHCPv6 stateless on fd00:50::")
    script = lan.folder / "script"
    script.write_text(f"#!/bin/sh\nenv >> {lan.folder}/said\n")
    script.chmod(0o755)
    lan.link_local(namespace)
    lan.start(namespace, "dhclient", "-6", "-S", "-d", "-1", "-cf", "/dev/null", "-lf", lan.folder / "dh.leases", "-pf",
              lan.folder / "dh.pid", "-sf", script, "eth0")
    server.wait_for(r"DHCPINFORMATION-REQUEST\(lan0\)", 15)
    said = wait_until(lambda: (lan.folder / "said").exists() and "fd00:50::53" in (lan.folder / "said").read_text()
                      and (lan.folder / "said").read_text(), what="the server's words")
    assert "new_dhcp6_domain_search=lan.test" in said
    assert rows(lan)[0] == []


# ---------------------------------------------------------------------------------------------------- prefixes

POOL = "interface=lan0\nport=0\ndhcp-range=2001:db8:f000::,pd,52,60,10m\n" + "dhcp-range=fd00:50::100,fd00:50::1ff,10m\n"
PREFIX = r"2001:db8:f000:[0-9a-f:]*::"


def wait_for_prefix(lan):
    row = wait_until(lambda: [row for row in rows(lan)[0] if row[1].startswith("P")], 20, "a prefix in the lease file")[0]
    assert re.fullmatch(r"P\d+", row[1]) and re.fullmatch(r"2001:db8:f000:\S*/60", row[2]), row
    return row


def test_prefix_for_dhcpcd(lan):
    if shutil.which("dhcpcd") is None:
        pytest.skip("dhcpcd is not installed")
    namespace = add_client(lan)
    lan.linnet(POOL, wait="DHCPv6, prefixes of 2001:db8:f000::/52, each of length 60")
    client = Dhcpcd(lan, namespace, more="ia_na 1\nia_pd 2\n")
    wait_for_prefix(lan)
    client.release()
    wait_until(lambda: not rows(lan)[0], what="all given back")


@pytest.mark.skipif(shutil.which("dhcp6c") is None, reason="wide-dhcpv6-client is not installed")
def test_prefix_for_wide(lan):
    namespace = add_client(lan)
    lan.linnet(POOL, wait="DHCPv6, prefixes")
    (lan.folder / "dhcp6c.conf").write_text("interface eth0 { send ia-pd 7; };\nid-assoc pd 7 { };\n")
    lan.start(namespace, "unshare", "-m", "sh", "-c",
              "mkdir -p /var/lib/dhcpv6 && mount -t tmpfs tmpfs /var/lib/dhcpv6 && mount -t tmpfs tmpfs /run && "
              f"exec dhcp6c -f -D -c {lan.folder}/dhcp6c.conf eth0", name="dhcp6c")
    row = wait_for_prefix(lan)
    assert row[1] == "P7"
    network = row[2]
    server = lan.programs[0]
    server.stop()
    lan.linnet(POOL, wait="DHCPv6, prefixes")
    assert [row[2] for row in rows(lan)[0]] == [network]


# ---------------------------------------------------------------------------------------------------- interfaces

def test_interface_that_comes_later(lan):
    """Its addresses complete the template, its groups are joined; and when it is gone another takes its name."""
    server = lan.linnet("no-resolv\nport=0\ndhcp-range=::100,::1ff,constructor:late,64,10m\n",
                        wait="DHCPv6, IP range ::100 -- ::1ff, lease time 10m, template for late")
    for turn in ("60", "70"):
        namespace = lan.add_namespace(f"l{turn}")
        run("ip", "-n", lan.server, "link", "add", "late", "type", "veth", "peer", "name", "eth0", "netns", namespace)
        up_at_once(lan, lan.server, "late", f"fd00:{turn}::1/64")
        up_at_once(lan, namespace, "eth0")
        server.wait_for(rf"DHCPv6, IP range fd00:{turn}::100 -- fd00:{turn}::1ff, lease time 10m, constructed for late")
        client = Dhclient(lan, namespace)
        server.wait_for(rf"DHCPREPLY\(late\) fd00:{turn}::1", 15)
        client.program.stop()
        run("ip", "-n", lan.server, "link", "del", "late")


def test_alias_of_an_interface(lan):
    """What comes in by the alias is served as by the interface, and answered where it came from."""
    run("ip", "-n", lan.server, "link", "add", "tap7", "type", "veth", "peer", "name", "eth0", "netns",
        namespace := lan.add_namespace("b"))
    up_at_once(lan, lan.server, "tap7")
    up_at_once(lan, namespace, "eth0")
    server = lan.linnet("port=0\ninterface=lan0\nbridge-interface=lan0,tap*\n"
                        "dhcp-range=fd00:50::100,fd00:50::1ff,10m\n", wait="DHCPv6, IP range")
    client = Dhclient(lan, namespace)
    server.wait_for(rf"DHCPREPLY\(lan0\) ({ADDRESS})", 15)
    client.program.wait_for("Bound to lease")


def test_both_families_from_one_file(lan, client_script):
    """Leases of both, one file, one restart; and the packets of both in the dump."""
    namespace = add_client(lan)
    config = CONFIG + (f"dhcp-range=192.168.50.100,192.168.50.120,10m\nno-ping\ndumpfile={lan.folder}/dump\n"
                       "dumpmask=0x3000\n")
    server = lan.linnet(config, wait="DHCPv6, IP range")
    assert "DHCP, IP range 192.168.50.100" in server.log()
    Dhclient(lan, namespace)
    server.wait_for(rf"DHCPREPLY\(lan0\) ({ADDRESS})", 15)
    lan.start(namespace, "udhcpc", "-f", "-i", "eth0", "-s", client_script, "-x", "hostname:laptop")
    server.wait_for(r"DHCPACK\(lan0\) \S+ \S+ laptop", 15)
    lines = (lan.folder / "leases").read_text().splitlines()
    kinds = ["duid" if line.startswith("duid") else "6" if "fd00" in line else "4" for line in lines]
    server.signal(10)
    server.wait_for(r"DHCPv6 leases 1 of 1000, solicit 1, advertise 1, request 1")
    assert sorted(kinds) == ["4", "6", "duid"]
    server.kill()
    server = lan.linnet(config, wait="DHCPv6, IP range")
    answer = run("ip", "netns", "exec", lan.server, "dig", "@fd00:50::1", "+short", "laptop.lan.test", "ANY").stdout
    assert re.search(ADDRESS, answer) and "192.168.50.1" in answer, answer
    ports = dumped_ports(lan.folder / "dump")
    assert ports.count((546, 547)) == 2 and ports.count((547, 546)) == 2
    assert ports.count((68, 67)) == 2 and ports.count((67, 68)) == 2


def dumped_ports(path):
    """(source, destination) of each UDP packet of a raw-IP capture."""
    data, at, found = path.read_bytes(), 24, []
    while at < len(data):
        count = struct.unpack_from("=I", data, at + 8)[0]
        packet = data[at + 16:at + 16 + count]
        found.append(struct.unpack_from("!HH", packet, 40 if packet[0] >> 4 == 6 else 20))
        at += 16 + count
    return found


# ---------------------------------------------------------------------------------------------------- relays

class Chain:
    """client - (fd01::1 relay fd02::2) - [(fd02::1 relay fd03::2) -] (fdXX::1 server), all routed."""

    def __init__(self, network, hops):
        self.network, self.hops = network, hops
        self.client = network.add_namespace("c")
        self.relays = [network.add_namespace(f"r{i}") for i in range(hops)]
        self.home = network.add_namespace("h")
        places = [self.client, *self.relays, self.home]
        for place in places:
            network.inside(place, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0")
        for relay in self.relays:
            network.inside(relay, "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
        for i, (left, right) in enumerate(zip(places, places[1:])):
            run("ip", "-n", left, "link", "add", f"up{i}", "type", "veth", "peer", "name", f"down{i}", "netns", right)
            run("ip", "-n", right, "link", "set", f"down{i}", "up")
            run("ip", "-n", left, "link", "set", f"up{i}", "up")
            run("ip", "-n", right, "-6", "addr", "add", f"fd0{i + 1}::1/64", "dev", f"down{i}", "nodad")
            if i > 0:
                run("ip", "-n", left, "-6", "addr", "add", f"fd0{i + 1}::2/64", "dev", f"up{i}", "nodad")
                run("ip", "-n", left, "-6", "route", "add", "default", "via", f"fd0{i + 1}::1")
        for i, place in enumerate(places[2:], 2):  # and back
            for j in range(1, i):
                run("ip", "-n", place, "-6", "route", "add", f"fd0{j}::/64", "via", f"fd0{i}::2")
        self.server_address = f"fd0{hops + 1}::1"

    def relay(self, number, line, subject="linnet", more=""):
        config = f"port=0\nlog-dhcp\ndhcp-relay={line}\n{more}"
        if subject == "linnet":
            return self.network.linnet(config, namespace=self.relays[number], wait="DHCP relay from")
        return self.peer(self.relays[number], config)

    def peer(self, namespace, config):
        path = self.network.folder / f"dnsmasq{len(self.network.programs)}.conf"
        path.write_text(config + f"dhcp-leasefile={path}.leases\n")
        program = self.network.start(namespace, DNSMASQ, "-k", "-C", path, "--pid-file=", "--log-facility=-", "-u",
                                     "root", "-g", "root", name="dnsmasq")
        program.wait_for("started")
        return program

    def serve(self, subject="linnet", more=""):
        config = "port=0\nlog-dhcp\ndhcp-range=fd01::100,fd01::1ff,64,10m\n" + more
        if subject == "linnet":
            return self.network.linnet(config, namespace=self.home, wait="DHCPv6, IP range")
        return self.peer(self.home, config)


def ask(chain):
    client = Dhclient(chain.network, chain.client, "up0")
    client.program.wait_for("Bound to lease", 20)
    return client


@pytest.mark.parametrize("relay,server", [("linnet", "linnet"), ("linnet", "dnsmasq"), ("dnsmasq", "linnet")])
def test_through_a_relay(network, relay, server):
    if "dnsmasq" in (relay, server) and DNSMASQ is None:
        pytest.skip("no dnsmasq here")
    chain = Chain(network, 1)
    served = chain.serve(server)
    passed = chain.relay(0, f"fd01::1,{chain.server_address}", relay)
    ask(chain)
    served.wait_for(r"DHCPREPLY\(\w+\) fd01::1")
    if relay == "linnet":
        assert "DHCP relay from fd01::1 to fd02::1\n" in passed.log()
        assert re.search(r"\d+ DHCP relay at fd01::1 -> fd02::1", passed.log()), passed.log()
        passed.signal(10)
        passed.wait_for(r"DHCPv6 relayed: requests [2-9], replies [2-9], dropped 0")
    if server == "linnet":
        assert "client MAC address" in served.log()


@pytest.mark.parametrize("far", ["linnet", "dnsmasq"])
def test_two_relays_in_a_row(network, far):
    if far == "dnsmasq" and DNSMASQ is None:
        pytest.skip("no dnsmasq here")
    chain = Chain(network, 2)
    served = chain.serve()
    near = chain.relay(0, "fd01::1,fd02::1")
    chain.relay(1, f"fd02::1,{chain.server_address}", far)
    ask(chain)
    served.wait_for(r"DHCPREPLY\(\w+\) fd01::1")
    near.wait_for(r"DHCP relay at fd01::1 -> fd02::1")


def test_relay_to_all_servers(network):
    chain = Chain(network, 1)
    served = chain.serve()
    relay = chain.relay(0, "fd01::1,up1")
    assert "DHCP relay from fd01::1 via up1\n" in relay.log()
    ask(chain)
    served.wait_for(r"DHCPREPLY\(\w+\) fd01::1")


def test_relay_tells_of_prefixes(network):
    """A script hears which prefix is behind whom, so that it can make routes."""
    if shutil.which("dhcpcd") is None:
        pytest.skip("dhcpcd is not installed")
    chain = Chain(network, 1)
    calls = network.folder / "calls"
    script = network.folder / "script"
    script.write_text(f'#!/bin/sh\necho "$*" >> {calls}\n')
    script.chmod(0o755)
    chain.serve(more="dhcp-range=2001:db8:f000::,pd,52,60,10m\n")
    chain.relay(0, f"fd01::1,{chain.server_address}", more=f"dhcp-script={script}\n")
    Dhcpcd(network, chain.client, "up0", "ia_pd 2\n")
    said = wait_until(lambda: calls.exists() and calls.read_text(), 20, "a call of the script")
    assert re.match(r"relay-snoop down0 fe80::\S+ 2001:db8:f000:\S*/60\n", said), said
