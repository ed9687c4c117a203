"""NetworkManager, the real one, on a bus of its own: linnet as its name server with split DNS, told over D-Bus, and
as the server of a shared connection. And what it makes of each exit code."""
import os
import pathlib
import re

import pytest

from conftest import lacks, run, wait_until
from consumer import Sandbox, end_all, is_alive, is_linnet, udhcpc, unpacked

BUS = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/> <allow own="*"/> <allow send_destination="*" eavesdrop="true"/> <allow eavesdrop="true"/>
  </policy>
</busconfig>
"""
CONFIG = """\
[main]
plugins=keyfile
dns=dnsmasq
rc-manager=file
no-auto-default=*
auth-polkit=false
[keyfile]
unmanaged-devices=interface-name:lan0;interface-name:v*
"""
PRIVATE = ("/run", "/etc/NetworkManager", "/var/lib/NetworkManager", "/usr/lib/NetworkManager")
NAME = "org.freedesktop.NetworkManager.dnsmasq"


class NetworkManager:
    def __init__(self, network):
        self.network = network
        self.package = unpacked("network-manager")
        # With /sys read-only it does not wait for udev to name the devices.
        script = (f"mount --bind {self.package}/usr/lib/NetworkManager /usr/lib/NetworkManager\n"
                  "touch /run/resolv.conf; mount --bind /run/resolv.conf /etc/resolv.conf\n"
                  "mount -o remount,ro /sys\nmkdir -p /run/dbus")
        self.place = Sandbox(network, *PRIVATE, script=script)
        etc = self.place.folder("/etc/NetworkManager")
        for name in ("system-connections", "dnsmasq.d", "dnsmasq-shared.d"):
            (etc / name).mkdir()
        (etc / "NetworkManager.conf").write_text(CONFIG)
        (self.place.folder("/run") / "bus.conf").write_text(BUS)
        self.bus = self.place.start("dbus-daemon", "--config-file=/run/bus.conf", "--nofork")
        wait_until((self.place.folder("/run") / "dbus/system_bus_socket").exists, what="the bus")
        self.daemon = None

    def start(self):
        self.daemon = self.place.start(self.package / "usr/sbin/NetworkManager", "--debug", name="NetworkManager")
        wait_until(lambda: "running" in self.nmcli("-t", "-f", "RUNNING", "general", check=False).stdout, 15,
                   "NetworkManager's answer")

    def nmcli(self, *words, **options):
        return self.place.inside(self.package / "usr/bin/nmcli", *words, **options)

    def connect(self, name, kind, device, *settings):
        self.nmcli("connection", "add", "type", kind, "ifname", device, "con-name", name, "ipv6.method", "disabled",
                   *settings)
        # Asked while it still looks at the new connection, it now and then cancels the request.
        wait_until(lambda: self.nmcli("--wait", "0", "connection", "up", name, check=False).returncode == 0, 10,
                   f"activation of {name}")

    def server(self, word):
        """The linnet whose command line has this word, and its words."""
        def look():
            for pid in self.place.servers():
                words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
                if word in words:
                    return pid, words
            return None
        return wait_until(look, 15, f"linnet started with {word}")

    def bus_call(self, *words):
        return self.place.inside("dbus-send", "--system", "--print-reply", *words).stdout


@pytest.fixture
def manager(network):
    made = NetworkManager(network)
    yield made
    end_all(network.server)


def upstream(network, name, address, answer):
    """A name server behind a link of its own: it answers everything with one address."""
    world = network.add_namespace(name)
    run("ip", "-n", network.server, "link", "add", f"up{name}", "type", "veth", "peer", "name", "eth0", "netns", world)
    network.inside(world, "ip", "addr", "add", f"{address}/24", "dev", "eth0")
    network.inside(world, "ip", "link", "set", "eth0", "up")
    return network.linnet(f"no-resolv\nno-hosts\nlog-queries\naddress=/#/{answer}\n", namespace=world)


@pytest.mark.skipif(bool(lacks("enable-dbus")), reason=str(lacks("enable-dbus")))
def test_the_name_server_of_networkmanager(network, manager):
    office = upstream(network, "o", "10.9.0.1", "192.0.2.9")
    world = upstream(network, "w", "10.8.0.1", "192.0.2.8")
    snippet = manager.place.folder("/etc/NetworkManager") / "dnsmasq.d/own.conf"
    snippet.write_text("address=/own.test/192.0.2.1\n")
    manager.start()
    manager.connect("office", "ethernet", "upo", "ipv4.method", "manual", "ipv4.addresses", "10.9.0.2/24", "ipv4.dns",
                    "10.9.0.1", "ipv4.dns-search", "office.test", "ipv4.never-default", "yes")
    manager.connect("world", "ethernet", "upw", "ipv4.method", "manual", "ipv4.addresses", "10.8.0.2/24",
                    "ipv4.gateway", "10.8.0.1", "ipv4.dns", "10.8.0.1")
    pid, words = manager.server(f"--enable-dbus={NAME}")
    assert is_linnet(pid) and "--conf-dir=/etc/NetworkManager/dnsmasq.d" in words
    wait_until(lambda: NAME in manager.bus_call("--dest=org.freedesktop.DBus", "/org/freedesktop/DBus",
                                                "org.freedesktop.DBus.ListNames"), 5, "our name on the bus")
    said = manager.bus_call(f"--dest={NAME}", "/uk/org/thekelleys/dnsmasq", f"{NAME}.GetVersion")
    assert re.search(r'string "[\w.]+"', said), said

    def ask(name):
        return [row[3] for row in network.dig(network.server, name, server="127.0.0.1")]
    assert wait_until(lambda: ask("own.test"), what="an answer from linnet") == ["192.0.2.1"]
    # SetServersEx has come: names of the office go one way and all others the other.
    wait_until(lambda: ask("www.example") == ["192.0.2.8"], 10, "the world's server")
    wait_until(lambda: ask("files.office.test") == ["192.0.2.9"], 10, "the office's server")
    assert "query[A] files.office.test" in office.log() and "files.office.test" not in world.log()
    assert ask("2.0.9.10.in-addr.arpa") is not None
    assert "nameserver 127.0.0.1" in (manager.place.folder("/run") / "NetworkManager/resolv.conf").read_text()

    # The office is gone: its names are asked of the world.
    manager.nmcli("connection", "down", "office")
    wait_until(lambda: ask("more.office.test") == ["192.0.2.8"], 10, "the office's names asked of the world")
    # Killed, it is started again, with the servers it had.
    os.kill(pid, 9)
    wait_until(lambda: not is_alive(pid) and manager.place.servers(), 10, "another linnet")
    wait_until(lambda: ask("again.example") == ["192.0.2.8"], 10, "the servers told again")
    again, _ = manager.server(f"--enable-dbus={NAME}")  # it may have been started twice
    assert again != pid
    # A NetworkManager that finds one of an earlier life ends it, by its pid file and its name, and starts its own.
    manager.daemon.stop()
    assert is_alive(again)
    manager.start()
    wait_until(lambda: not is_alive(again), 10, "the old linnet ended by NetworkManager")
    wait_until(lambda: ask("anew.example") == ["192.0.2.8"], 10, "a linnet of the new NetworkManager")


def share(manager, wait=True):
    manager.connect("share", "bridge", "sh0", "bridge.stp", "no", "ipv4.method", "shared", "ipv4.addresses",
                    "10.42.7.1/24")


def without_dns_plugin(manager):
    path = manager.place.folder("/etc/NetworkManager") / "NetworkManager.conf"
    path.write_text(CONFIG.replace("dns=dnsmasq", "dns=default"))


def test_a_shared_connection(network, manager, client_script):
    without_dns_plugin(manager)
    snippet = manager.place.folder("/etc/NetworkManager") / "dnsmasq-shared.d/own.conf"
    snippet.write_text("address=/own.test/192.0.2.1\n")
    manager.start()
    share(manager)
    pid, words = manager.server("--listen-address=10.42.7.1")
    assert is_linnet(pid) and "--bind-interfaces" in words and "--pid-file=/run/nm-dnsmasq-sh0.pid" in words
    assert any(word.startswith("--dhcp-range=10.42.7.") for word in words)

    client = network.add_client("a", mac="02:00:00:00:00:0a")
    run("ip", "-n", network.server, "link", "set", "va", "master", "sh0")
    wait_until(lambda: "connected" == manager.nmcli("-t", "-f", "STATE,DEVICE", "device").stdout.split(":sh0")[0]
               .split("\n")[-1], 10, "the shared connection up")
    address = udhcpc(network, client, client_script).wait_for(r"LEASE (\S+) bound")[1]
    assert address.startswith("10.42.7.")
    given = (network.folder / "client-eth0-bound.env").read_text()
    assert "\nrouter=10.42.7.1\n" in given and "\ndns=10.42.7.1\n" in given
    assert [row[3] for row in network.dig(client, "own.test", server="10.42.7.1")] == ["192.0.2.1"]
    leases = manager.place.folder("/var/lib/NetworkManager") / "dnsmasq-sh0.leases"
    wait_until(lambda: leases.exists() and f"02:00:00:00:00:0a {address} laptop" in leases.read_text(),
               what="the lease in NetworkManager's folder")
    manager.nmcli("connection", "down", "share")
    wait_until(lambda: not is_alive(pid), 5, "linnet ended with the connection")


# The snippet, and what NetworkManager says when linnet cannot start because of it.
FAILURES = {
    "configuration": ("nonsense\n", r"Configuration problem \(1\)"),
    "a log file that cannot be": ("log-facility=/nonexistent/log\n", r"Filesystem problem .*\(3\)"),
    "a lease script that fails": ("leasefile-ro\ndhcp-script=/bin/false\n", "Lease script failed with error 1"),
}


@pytest.mark.parametrize("why", [*FAILURES, "the port is taken"])
def test_networkmanager_tells_exit_codes_apart(network, manager, why):
    without_dns_plugin(manager)
    if why in FAILURES:
        snippet, words = FAILURES[why]
        (manager.place.folder("/etc/NetworkManager") / "dnsmasq-shared.d/own.conf").write_text(snippet)
    else:
        words = r"Network access problem .*\(2\)"
        network.start(network.server, "/usr/bin/python3", "-c",
                      "import socket, time\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                      "s.bind(('0.0.0.0', 53))\nprint('bound', flush=True)\ntime.sleep(60)\n",
                      name="blocker").wait_for("bound")
    manager.start()
    share(manager)
    said = manager.daemon.wait_for(r"dnsmasq exited with error: (.*)", 15)[1]
    assert re.search(words, said), said
    assert is_alive(manager.daemon.pid)
