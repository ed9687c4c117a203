"""libvirt: the real libvirtd starts linnet for two networks, with its own generated files and its own lease
helper; clients lease, the helper's JSON and virsh say so, net-update reaches the running server."""
import json
import pathlib
import re

import pytest

from conftest import run, wait_until
from consumer import Sandbox, dhclient6, end_all, is_alive, is_linnet, udhcpc, wait_for_file

NETWORK = """\
<network>
  <name>{name}</name>
  <forward mode='nat'/>
  <bridge name='{bridge}' stp='off' delay='0'/>
  <domain name='{name}.test' localOnly='yes'/>
  <dns>
    <txt name='note.{name}.test' value='hello from {name}'/>
    <host ip='{four}.9'><hostname>fixed</hostname><hostname>alias</hostname></host>
    <srv service='ldap' protocol='tcp' domain='{name}.test' target='fixed.{name}.test' port='389' priority='1' weight='2'/>
  </dns>
  <ip address='{four}.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='{four}.100' end='{four}.120'/>
      <host mac='02:00:00:00:00:77' name='printer' ip='{four}.77'/>
    </dhcp>
  </ip>
  <ip family='ipv6' address='{six}::1' prefix='64'>
    <dhcp><range start='{six}::100' end='{six}::1ff'/></dhcp>
  </ip>
</network>
"""
ONE = {"name": "one", "bridge": "virbr71", "four": "192.168.71", "six": "fd00:71"}
TWO = {"name": "two", "bridge": "virbr72", "four": "192.168.72", "six": "fd00:72"}
PRIVATE = ("/run", "/var/lib/libvirt", "/var/cache/libvirt", "/var/log", "/etc/libvirt")
# libvirtd wants the user that its package for whole systems makes; it gets one that only it can see.
SCRIPT = """
(cat /etc/passwd; echo libvirt-qemu:x:64055:64055::/nonexistent:/bin/false) >/run/passwd
(cat /etc/group; echo libvirt-qemu:x:64055:; echo kvm:x:64056:) >/run/group
mount --bind /run/passwd /etc/passwd
mount --bind /run/group /etc/group
printf '%s\\n' 'unix_sock_group = "root"' 'auth_unix_rw = "none"' 'auth_unix_ro = "none"' >/etc/libvirt/libvirtd.conf
"""


class Libvirt:
    def __init__(self, network):
        self.network = network
        self.place = Sandbox(network, *PRIVATE, script=SCRIPT)
        self.daemon = self.place.start("env", "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent", "libvirtd",
                                       name="libvirtd")
        wait_until(lambda: "virsh" in self.virsh("version", check=False).stdout
                   or "library" in self.virsh("version", check=False).stdout, 20, "an answer of libvirtd")

    def virsh(self, *words, **options):
        return self.place.inside("virsh", "-c", "network:///system", *words, **options)

    def start(self, facts):
        path = self.place.folder("/run") / f"{facts['name']}.xml"
        if not path.exists():
            path.write_text(NETWORK.format(**facts))
            self.virsh("net-define", f"/run/{facts['name']}.xml")
        self.virsh("net-start", facts["name"])
        # libvirt has read this file itself in the moment net-start returns: no waiting here.
        return int((self.place.folder("/run") / f"libvirt/network/{facts['name']}.pid").read_text())

    def generated(self, facts):
        return (self.place.folder("/var/lib/libvirt") / f"dnsmasq/{facts['name']}.conf").read_text()

    def client(self, name, facts, mac):
        namespace = self.network.add_client(name, mac=mac)
        run("ip", "-n", self.network.server, "link", "set", f"v{name}", "master", facts["bridge"])
        return namespace

    def status(self, facts):
        path = self.place.folder("/var/lib/libvirt") / f"dnsmasq/{facts['bridge']}.status"
        text = path.read_text() if path.exists() else ""
        return {row["ip-address"]: row for row in json.loads(text or "[]")}

    def names(self, facts, *question):
        return [row[3] for row in self.network.dig(self.network.server, *question, server=f"{facts['four']}.1")]


@pytest.fixture
def libvirt(network):
    made = Libvirt(network)
    yield made
    end_all(network.server)


def test_two_networks_of_libvirt(network, libvirt, client_script):
    pids = {facts["name"]: libvirt.start(facts) for facts in (ONE, TWO)}
    for name, pid in pids.items():
        assert is_linnet(pid)
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        assert words[0].endswith(b"/dnsmasq") and f"--conf-file=/var/lib/libvirt/dnsmasq/{name}.conf".encode() in words
        assert b"--leasefile-ro" in words
    for line in ("bind-dynamic", "interface=virbr71", "dhcp-range=192.168.71.100,192.168.71.120,255.255.255.0",
                 "enable-ra", "local=/one.test/"):
        assert line in libvirt.generated(ONE).splitlines()

    # Each answers on its own bridge with its own names.
    for facts in (ONE, TWO):
        name, four = facts["name"], facts["four"]
        assert libvirt.names(facts, f"fixed.{name}.test") == [f"{four}.9"]
        assert libvirt.names(facts, "alias") == [f"{four}.9"]
        assert libvirt.names(facts, f"note.{name}.test", "TXT") == [f'"hello from {name}"']
        assert libvirt.names(facts, f"_ldap._tcp.{name}.test", "SRV") == [f"1 2 389 fixed.{name}.test."]
    assert network.dig_status(network.server, "nobody.one.test", server="192.168.71.1") == "NXDOMAIN"

    # One client of each network, and one whose address stands in the XML.
    one = libvirt.client("a", ONE, "02:00:00:00:00:0a")
    two = libvirt.client("b", TWO, "02:00:00:00:00:0b")
    printer = libvirt.client("c", ONE, "02:00:00:00:00:77")
    programs = [udhcpc(network, one, client_script, "laptop"), udhcpc(network, two, client_script, "desktop"),
                udhcpc(network, printer, client_script, "whatever")]
    first, second, third = (program.wait_for(r"LEASE (\S+) bound")[1] for program in programs)
    assert first.startswith("192.168.71.1") and second.startswith("192.168.72.1") and third == "192.168.71.77"
    assert libvirt.names(ONE, "laptop.one.test") == [first]
    assert libvirt.names(ONE, "printer.one.test") == [third]
    assert libvirt.names(TWO, "-x", second) == ["desktop.two.test."]

    # The helper's own memory, and virsh, which reads it.
    row = wait_until(lambda: libvirt.status(ONE).get(first), what="the lease in the helper's file")
    assert row["mac-address"] == "02:00:00:00:00:0a" and row["hostname"] == "laptop"
    assert int(row["expiry-time"]) > 1700000000
    wait_until(lambda: second in libvirt.status(TWO), what="the second network's lease")
    assert first not in libvirt.status(TWO)
    table = libvirt.virsh("net-dhcp-leases", "one").stdout
    assert re.search(rf"02:00:00:00:00:0a +ipv4 +{re.escape(first)}/24 +laptop", table), table

    # IPv6, with the DUID and the IAID the helper needs.
    six = dhclient6(network, one).wait_for(r"SIX BOUND6 (fd00:71::1\S+)", 20)[1]
    row = wait_until(lambda: libvirt.status(ONE).get(six), what="the IPv6 lease in the helper's file")
    assert re.fullmatch(r"\d+", row["iaid"]) and re.fullmatch(r"([0-9a-f]{2}:)+[0-9a-f]{2}", row["client-id"])
    assert "ipv6" in libvirt.virsh("net-dhcp-leases", "one").stdout

    # net-update writes the files anew and sends SIGHUP.
    libvirt.virsh("net-update", "one", "add", "ip-dhcp-host",
                  "<host mac='02:00:00:00:00:88' name='scanner' ip='192.168.71.88'/>", "--live", "--config")
    libvirt.virsh("net-update", "one", "add", "dns-host",
                  "<host ip='192.168.71.10'><hostname>later</hostname></host>", "--live", "--config")
    wait_until(lambda: libvirt.names(ONE, "later.one.test") == ["192.168.71.10"], what="the host of net-update")
    scanner = libvirt.client("d", ONE, "02:00:00:00:00:88")
    assert udhcpc(network, scanner, client_script, "x").wait_for(r"LEASE (\S+) bound")[1] == "192.168.71.88"
    assert is_alive(pids["one"])

    # Destroyed, nothing of it runs any more; the other does.
    libvirt.virsh("net-destroy", "one")
    assert not is_alive(pids["one"])
    assert is_alive(pids["two"]) and libvirt.names(TWO, "fixed.two.test") == ["192.168.72.9"]

    # Started again, it has the leases of the helper's file: `init` is how it got them.
    again = libvirt.start(ONE)
    assert again != pids["one"] and is_linnet(again)
    assert libvirt.names(ONE, "laptop.one.test") == [first]


def test_a_network_of_libvirt_that_linnet_refuses(network, libvirt):
    """A dnsmasq that cannot start is an error of net-start with linnet's words in it."""
    blocker = network.start(network.server, "/usr/bin/python3", "-c",
                            "import socket, time\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                            "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)\ns.bind(('0.0.0.0', 53))\n"
                            "print('bound', flush=True)\ntime.sleep(60)\n", name="blocker")
    blocker.wait_for("bound")
    with pytest.raises(AssertionError, match=r"(?s)net-start.*failed to create listening socket for .*in use"):
        libvirt.start(ONE)
    assert not libvirt.place.servers()
    blocker.kill()
    assert is_linnet(libvirt.start(ONE))


def test_an_isolated_network_has_no_router(network, libvirt, client_script):
    facts = {**ONE, "name": "alone"}
    xml = re.sub(r"  <forward.*\n", "", NETWORK.format(**facts))
    (libvirt.place.folder("/run") / "alone.xml").write_text(xml)
    libvirt.virsh("net-define", "/run/alone.xml")
    libvirt.virsh("net-start", "alone")
    assert "dhcp-option=3" in libvirt.generated(facts).splitlines()
    client = libvirt.client("a", facts, "02:00:00:00:00:0a")
    udhcpc(network, client, client_script).wait_for("LEASE")
    given = wait_for_file(network.folder / "client-eth0-bound.env").string
    assert "\ndns=192.168.71.1\n" in given and "\nrouter=" not in given
