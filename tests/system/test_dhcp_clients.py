"""Real DHCP clients, through a whole life of a lease: get it, renew it with the server they know, ask everybody when
that one does not answer, give it back. And 1,000 clients that come up at once."""
import os
import pathlib
import re
import shutil
import signal
import time

import pytest

from conftest import run, wait_until

CONFIG = """\
interface=lan0
bind-interfaces
no-resolv
no-hosts
no-ping
domain=lan.test
dhcp-range=192.168.50.100,192.168.50.120,2m
dhcp-option=option:T1,3
dhcp-option=option:T2,6
"""
NETWORKD = "/lib/systemd/systemd-networkd"
MAC = "02:00:00:00:00:0a"


class Client:
    releases = True


class Udhcpc(Client):
    """It does not know T1 and T2, so it is told when to renew; then it asks everybody by itself."""

    def __init__(self, network, client, script):
        self.program = network.start(client, "udhcpc", "-f", "-i", "eth0", "-x", "hostname:laptop", "-s", script, "-t",
                                     "10", "-T", "1")

    def renew(self):
        self.program.signal(signal.SIGUSR1)

    def release(self):
        self.program.signal_until(signal.SIGUSR2, "unicasting a release")


class Dhclient(Client):
    def __init__(self, network, client, script):
        folder = network.folder
        (folder / "dhclient.conf").write_text('send host-name "laptop";\n')
        self.words = ["-4", "-cf", folder / "dhclient.conf", "-lf", folder / "dhclient.leases", "-pf",
                      folder / "dhclient.pid", "-sf", script, "eth0"]
        self.network, self.client = network, client
        self.program = network.start(client, "dhclient", "-d", *self.words)

    def renew(self):
        pass  # when T1 has come

    def release(self):
        self.program.stop()
        self.network.inside(self.client, "dhclient", "-r", *self.words)


class Dhcpcd(Client):
    """In folders of its own, so that nothing of the machine's is touched."""

    def __init__(self, network, client, script):
        self.program = network.start(
            client, "unshare", "-m", "sh", "-c",
            "mount -t tmpfs tmpfs /run && mkdir -p /var/lib/dhcpcd && mount -t tmpfs tmpfs /var/lib/dhcpcd && "
            "exec dhcpcd -B -4 --noipv4ll --noarp -f /dev/null -c /bin/true --nodev -h laptop eth0", name="dhcpcd")

    def renew(self):
        pass

    def release(self):
        self.program.signal_until(signal.SIGALRM, "releasing")


class Networkd(Client):
    """With a /run of its own, and /sys read-only, as in a container: then it does not wait for udev. Its release lacks
    the server identifier that it must have (RFC 2131 section 4.3.6, table 5), which dnsmasq ignores as we do."""
    releases = False

    def __init__(self, network, client, script):
        (network.folder / "eth0.network").write_text(
            "[Match]\nName=eth0\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"
            "[DHCPv4]\nSendHostname=yes\nHostname=laptop\nSendRelease=yes\n")
        self.program = network.start(
            client, "unshare", "-m", "sh", "-c",
            "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/network && "
            f"cp {network.folder}/eth0.network /run/systemd/network/ && umount /sys; mount -t sysfs -o ro sysfs /sys; "
            f"exec {NETWORKD}", name="networkd", environment={**os.environ, "SYSTEMD_LOG_LEVEL": "info"})

    def renew(self):
        pass

    def release(self):
        self.program.stop()


CLIENTS = [pytest.param(client, id=name, marks=pytest.mark.skipif(
    shutil.which(binary) is None, reason=f"{binary} is not installed"))
    for name, client, binary in (("udhcpc", Udhcpc, "udhcpc"), ("dhclient", Dhclient, "dhclient"),
                                 ("dhcpcd", Dhcpcd, "dhcpcd"), ("networkd", Networkd, NETWORKD))]


def acks(server):
    return re.findall(rf"DHCPACK\(lan0\) (\S+) {MAC} laptop", server.log())


def lease_rows(network):
    path = network.folder / "leases"
    rows = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
    return [row for row in rows if len(row) == 5 and row[0] != "0000000001"]


def wait_for_acks(server, client, count, seconds, what):
    wait_until(lambda: len(acks(server)) >= count, seconds, f"{what}\n{client.program.log()}\n{server.log()}")


def released(server, address):
    """A release is said once and not answered, and a kernel that is busy with other networks may lose it: False."""
    try:
        server.wait_for(rf"DHCPRELEASE\(lan0\) {address} {MAC}", 2)
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize("kind", CLIENTS)
def test_get_renew_rebind_release(network, client_script, kind):
    namespace = network.add_client("a", mac=MAC)
    server = network.linnet(CONFIG)
    client = kind(network, namespace, client_script)
    wait_for_acks(server, client, 1, 20, "a lease")
    address = acks(server)[0]
    [row] = lease_rows(network)
    assert row[1:4] == [MAC, address, "laptop"]
    time.sleep(1)  # the client takes the address
    client.renew()
    wait_for_acks(server, client, 2, 20, "renewing")
    # From now on what is sent to the server alone goes nowhere: only a broadcast can be answered.
    network.inside(namespace, "ip", "neigh", "replace", "192.168.50.1", "lladdr", "02:ff:ff:ff:ff:ff", "dev", "eth0", "nud",
                   "permanent")
    before = len(acks(server))
    client.renew()
    wait_for_acks(server, client, before + 1, 40, "rebinding")
    assert set(acks(server)) == {address}
    assert "DHCPNAK" not in server.log()
    assert [row[1:4] for row in lease_rows(network)] == [[MAC, address, "laptop"]]
    ours = network.inside(network.server, "cat", "/sys/class/net/lan0/address").stdout.strip()
    network.inside(namespace, "ip", "neigh", "replace", "192.168.50.1", "lladdr", ours, "dev", "eth0", "nud", "permanent")
    client.release()
    if not client.releases:
        return
    for _ in range(3):
        if released(server, address):
            break
        before = len(acks(server))
        client = kind(network, namespace, client_script)
        wait_for_acks(server, client, before + 1, 20, "a lease after a release that was lost")
        client.release()
    else:
        assert released(server, address), server.log()
    wait_until(lambda: not lease_rows(network), what="lease gone from the file")


# ---------------------------------------------------------------------------------------------------- many

def dhcp_load(network, client, *words):
    """Rows of (done, seconds, wrong or twice, slowest)."""
    binary = network.folder / "dhcp_load"
    if not binary.exists():
        bench = pathlib.Path(__file__).resolve().parents[2] / "bench"
        run("cc", "-O2", "-o", binary, bench / "dhcp_load.c", bench / "dhcp_rounds.c")
    output = network.inside(client, binary, "10.77.0.2", "10.77.0.1", *words, timeout=150).stdout
    return [(int(done), float(seconds), int(wrong), float(slowest))
            for done, seconds, wrong, slowest in (line.split() for line in output.splitlines())]


MANY = """\
interface=lan0
bind-interfaces
port=0
no-ping
quiet-dhcp
dhcp-authoritative
dhcp-lease-max=60000
dhcp-range=10.77.1.0,10.77.240.255,255.255.0.0,12h
"""


@pytest.fixture
def crowd(network):
    network.inside(network.server, "ip", "addr", "add", "10.77.0.1/16", "dev", "lan0")
    return network.add_client("crowd", "10.77.0.2/16")


@pytest.mark.alone
def test_1000_clients_at_once(network, crowd):
    """New ones, then all after a power cut: in two seconds, no address twice, each the address it had."""
    server = network.linnet(MANY, wait="DHCP, IP range")
    rounds = dhcp_load(network, crowd, 1, 1000, 1000, "names=1", "reboots=3")
    assert len(rounds) == 4
    for done, seconds, wrong, slowest in rounds:
        assert (done, wrong) == (1000, 0), server.log()
        assert slowest <= 2, f"{slowest} s"
    rows = lease_rows(network)
    assert len({row[2] for row in rows}) == len({row[1] for row in rows}) == 1000


@pytest.mark.alone
def test_50000_leases(network, crowd):
    """One after another without an end in sight; the next server has them all, and soon."""
    server = network.linnet(MANY, wait="DHCP, IP range")
    [(done, seconds, wrong, _)] = dhcp_load(network, crowd, 1, 50_000, 64)
    assert (done, wrong) == (50_000, 0), server.log()
    assert seconds < 60
    server.kill()
    assert len({row[2] for row in lease_rows(network)}) == 50_000
    begun = time.monotonic()
    network.linnet(MANY, wait="DHCP, IP range")
    assert time.monotonic() - begun < 5
    # Its clients come back: the first thousand are known, each gets the address it has.
    before = {row[1]: row[2] for row in lease_rows(network)}
    [(done, _, wrong, slowest)] = dhcp_load(network, crowd, 1, 1000, 1000)
    assert (done, wrong) == (1000, 0) and slowest <= 2
    after = {row[1]: row[2] for row in lease_rows(network)}
    assert after == before
