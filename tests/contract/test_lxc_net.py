"""lxc-net: the script of the lxc package starts linnet for lxcbr0 and stops it with SIGKILL, so what is in the
lease file has to be whole at every moment."""
import os
import pathlib
import re
import signal

import pytest

from conftest import run, wait_until
from consumer import Sandbox, end_all, is_alive, is_linnet, rows_of, udhcpc, unpacked

PRIVATE = ("/run", "/var/lib/misc", "/usr/libexec/lxc", "/etc/default")
SCRIPT = "/usr/libexec/lxc/lxc-net"
SETTINGS = """\
USE_LXC_BRIDGE="true"
LXC_BRIDGE="lxcbr0"
LXC_ADDR="10.0.53.1"
LXC_NETMASK="255.255.255.0"
LXC_NETWORK="10.0.53.0/24"
LXC_DHCP_RANGE="10.0.53.2,10.0.53.254"
LXC_DHCP_MAX="253"
LXC_DOMAIN="lxc.test"
"""


class LxcNet:
    def __init__(self, network):
        self.network = network
        package = unpacked("lxc")
        script = (f"mount --bind {package}/usr/libexec/lxc /usr/libexec/lxc\n"
                  f"cp {package}/etc/default/lxc /etc/default/\nmkdir -p /run/lxc\n"
                  "(grep -v ^dnsmasq: /etc/passwd; echo dnsmasq:x:64053:65534::/nonexistent:/bin/false) >/run/passwd\n"
                  "mount --bind /run/passwd /etc/passwd")
        self.place = Sandbox(network, *PRIVATE, script=script)
        (self.place.folder("/etc/default") / "lxc-net").write_text(SETTINGS)
        self.leases = self.place.folder("/var/lib/misc") / "dnsmasq.lxcbr0.leases"

    def start(self):
        self.place.inside(SCRIPT, "start")
        pid = int((self.place.folder("/run") / "lxc/dnsmasq.pid").read_text())
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        assert is_linnet(pid) and "--bind-interfaces" in words and "10.0.53.2,10.0.53.254" in words
        return pid

    def client(self, name, mac):
        namespace = self.network.add_client(name, mac=mac)
        run("ip", "-n", self.network.server, "link", "set", f"v{name}", "master", "lxcbr0")
        return namespace


@pytest.fixture
def lxc(network):
    made = LxcNet(network)
    yield made
    end_all(network.server)


def test_lxc_net(network, lxc, client_script):
    first = lxc.start()
    # The user its command line names, not root.
    assert re.search(r"^Uid:\s+64053\s", pathlib.Path(f"/proc/{first}/status").read_text(), re.M)
    client = lxc.client("a", "02:00:00:00:00:0a")
    address = udhcpc(network, client, client_script, "box").wait_for(r"LEASE (\S+) bound")[1]
    assert [row[3] for row in network.dig(client, "box.lxc.test", server="10.0.53.1")] == [address]
    [row] = wait_until(lambda: rows_of(lxc.leases), what="the lease in the file")
    assert row[1:4] == ["02:00:00:00:00:0a", address, "box"] and len(row) == 5

    lxc.place.inside(SCRIPT, "stop")
    wait_until(lambda: not is_alive(first), 5, "linnet killed")
    assert rows_of(lxc.leases) == [row]

    # The address is still the client's, under its name, and others get others.
    second = lxc.start()
    assert second != first
    assert [r[3] for r in network.dig(network.server, "box.lxc.test", server="10.0.53.1")] == [address]
    other = lxc.client("b", "02:00:00:00:00:0b")
    assert udhcpc(network, other, client_script, "bag").wait_for(r"LEASE (\S+) bound")[1] != address


def test_killed_while_clients_come(network, lxc, client_script):
    """Whatever moment the kill comes at, each line of the file is whole and every ACK that was sent is in it."""
    pid = lxc.start()
    clients = [lxc.client(f"c{i}", f"02:00:00:00:01:{i:02x}") for i in range(6)]
    programs = [udhcpc(network, client, client_script, f"c{i}") for i, client in enumerate(clients)]
    programs[0].wait_for(r"LEASE (\S+) bound")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid), 5, "linnet killed")
    given = {found[1] for program in programs if (found := re.search(r"LEASE (\S+) bound", program.log()))}
    rows = rows_of(lxc.leases)
    assert all(len(row) == 5 and row[0].isdigit() for row in rows), rows
    assert given <= {row[2] for row in rows}
    lxc.place.inside(SCRIPT, "stop", check=False)
    lxc.start()
    found = [program.wait_for(r"LEASE (\S+) bound", 20)[1] for program in programs]
    assert len(set(found)) == len(programs)
