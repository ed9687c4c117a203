"""Real DHCP clients get addresses and their names resolve (udhcpc, dhclient, dhcpcd)."""
import re
import signal

import pytest

from conftest import wait_until

CONFIG = """\
interface=lan0
bind-interfaces
no-resolv
no-hosts
domain=lan.test
local=/lan.test/
dhcp-range=192.168.50.100,192.168.50.120,1h
dhcp-option=option:ntp-server,192.168.50.9
"""


def udhcpc(network, client, script, hostname="laptop", *more):
    return network.start(client, "udhcpc", "-f", "-i", "eth0", "-x", f"hostname:{hostname}", "-s", script,
                         "-t", "10", "-T", "1", *more)


def leases(network):
    path = network.folder / "leases"
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def test_udhcpc_gets_a_lease_and_a_name(network, client_script):
    client = network.add_client("a", mac="02:00:00:00:00:0a")
    asker = network.add_client("b", "192.168.50.2/24")
    server = network.linnet(CONFIG)
    program = udhcpc(network, client, client_script)
    address = program.wait_for(r"LEASE (\S+) bound")[1]
    # The name is there in the moment of the ACK: no waiting here.
    assert [r[3] for r in network.dig(asker, "laptop.lan.test", "A")] == [address]
    assert [r[3] for r in network.dig(asker, "laptop", "A")] == [address]
    assert [r[3] for r in network.dig(asker, "-x", address)] == ["laptop.lan.test."]
    [row] = leases(network)
    assert row[1:4] == ["02:00:00:00:00:0a", address, "laptop"]
    assert len(row) == 5
    log = server.log()
    for verb in ("DHCPDISCOVER", "DHCPOFFER", "DHCPREQUEST", "DHCPACK"):
        assert re.search(rf"linnet-dhcp\[\d+\]: {verb}\(lan0\) .*02:00:00:00:00:0a", log), log


def test_release_takes_the_name_away(network, client_script):
    client = network.add_client("a")
    asker = network.add_client("b", "192.168.50.2/24")
    server = network.linnet(CONFIG)
    program = udhcpc(network, client, client_script)
    program.wait_for(r"LEASE (\S+) bound")
    assert network.dig(asker, "laptop", "A")
    program.signal(signal.SIGUSR2)
    server.wait_for("DHCPRELEASE")
    wait_until(lambda: not network.dig(asker, "laptop.lan.test", "A"), what="name gone")
    assert network.dig_status(asker, "laptop.lan.test", "A") == "NXDOMAIN"
    wait_until(lambda: not leases(network), what="lease gone from the file")


def test_renewal(network, client_script):
    client = network.add_client("a")
    network.linnet(CONFIG)
    program = udhcpc(network, client, client_script)
    program.wait_for(r"LEASE (\S+) bound")
    before = leases(network)
    program.signal(signal.SIGUSR1)
    program.wait_for(r"LEASE (\S+) renew")
    after = leases(network)
    assert [r[1:] for r in after] == [r[1:] for r in before]


def test_dhclient(network, client_script):
    client = network.add_client("a")
    asker = network.add_client("b", "192.168.50.2/24")
    server = network.linnet(CONFIG)
    (network.folder / "dhclient.conf").write_text(
        'send host-name "desktop";\nrequest subnet-mask, routers, domain-name, ntp-servers;\n')
    program = network.start(client, "dhclient", "-d", "-4", "-cf", network.folder / "dhclient.conf", "-lf",
                            network.folder / "dhclient.leases", "-pf", network.folder / "dhclient.pid",
                            "-sf", client_script, "eth0")
    address = program.wait_for(r"LEASE (\S+) \S*BOUND", 20)[1]
    assert [r[3] for r in network.dig(asker, "desktop", "A")] == [address]
    environment = (network.folder / "client-eth0-BOUND.env").read_text()
    assert "new_ntp_servers=192.168.50.9" in environment
    assert "new_domain_name=lan.test" in environment
    assert "new_subnet_mask=255.255.255.0" in environment
    assert "new_routers=192.168.50.1" in environment
    program.stop()
    network.inside(client, "dhclient", "-r", "-4", "-cf", network.folder / "dhclient.conf", "-lf",
                   network.folder / "dhclient.leases", "-pf", network.folder / "dhclient.pid", "-sf",
                   client_script, "eth0")
    server.wait_for("DHCPRELEASE")


def test_dhcpcd(network):
    client = network.add_client("a")
    asker = network.add_client("b", "192.168.50.2/24")
    server = network.linnet(CONFIG)
    # Its folders are made private, so that nothing of the machine's own dhcpcd is touched.
    program = network.start(client, "unshare", "-m", "sh", "-c",
                            "mount -t tmpfs tmpfs /run && mkdir -p /var/lib/dhcpcd && "
                            "mount -t tmpfs tmpfs /var/lib/dhcpcd && "
                            "exec dhcpcd -B -4 --noipv4ll --noarp -f /dev/null -c /bin/true "
                            "--nodev -h tablet eth0", name="dhcpcd")
    ack = server.wait_for(r"DHCPACK\(lan0\) (\S+) \S+ tablet", 30)
    assert [r[3] for r in network.dig(asker, "tablet.lan.test", "A")] == [ack[1]]
    program.stop()


def test_fixed_address_and_options_by_tag(network, client_script):
    client = network.add_client("a", mac="02:00:00:00:00:77")
    asker = network.add_client("b", "192.168.50.2/24")
    network.linnet(CONFIG + "dhcp-host=02:00:00:00:00:77,set:printer,192.168.50.77,lp0,2h\n"
                   "dhcp-option=tag:printer,option:ntp-server,192.168.50.8\n")
    program = udhcpc(network, client, client_script, "whatever", "-O", "ntpsrv")
    assert program.wait_for(r"LEASE (\S+) bound")[1] == "192.168.50.77"
    assert [r[3] for r in network.dig(asker, "lp0", "A")] == ["192.168.50.77"]
    environment = (network.folder / "client-eth0-bound.env").read_text()
    assert "lease=7200" in environment
    assert "\nntpsrv=192.168.50.8\n" in environment


def test_an_address_in_use_is_not_offered(network, client_script):
    """The only free address answers a probe: then it is not given, and DNS goes on meanwhile."""
    client = network.add_client("a")
    squatter = network.add_client("b", "192.168.50.100/24")
    server = network.linnet(CONFIG.replace("192.168.50.120", "192.168.50.101"))
    program = udhcpc(network, client, client_script)
    assert network.dig_status(squatter, "nobody.lan.test") == "NXDOMAIN"
    assert program.wait_for(r"LEASE (\S+) bound", 20)[1] == "192.168.50.101", server.log()


def test_leases_survive_a_restart(network, client_script):
    client = network.add_client("a")
    asker = network.add_client("b", "192.168.50.2/24")
    server = network.linnet(CONFIG)
    program = udhcpc(network, client, client_script)
    address = program.wait_for(r"LEASE (\S+) bound")[1]
    assert server.stop() == 0
    network.linnet(CONFIG)
    assert [r[3] for r in network.dig(asker, "laptop.lan.test", "A")] == [address]


@pytest.mark.parametrize("bad", ["dhcp-range=192.168.50.10,192.168.50.20,12x", "dhcp-hots=x"])
def test_a_wrong_line_starts_nothing(network, bad):
    server = network.linnet(CONFIG + bad + "\n", wait=None)
    assert server.process.wait(10) == 1
    assert ":9:" in server.log(), server.log()
    assert not leases(network)
