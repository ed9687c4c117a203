"""Foreman's smart proxy: options in a file, a folder with a file for each host, and the lease file, which it watches
with inotify: whatever way it is written, a watcher is woken and finds whole lines."""
import ctypes
import os
import select
import signal
import struct

from conftest import wait_until
from consumer import accepted_by_both, readable_by_all, rows_of, start_as_dnsmasq, udhcpc

CONFIG = """\
port=0
interface=lan0
bind-interfaces
dhcp-range=192.168.50.100,192.168.50.120,255.255.255.0,1h
dhcp-hostsfile={folder}/dhcphosts
dhcp-optsfile={folder}/dhcpopts.conf
dhcp-leasefile={folder}/state/leases
dhcp-no-override
user=root
"""
IN_MODIFY, IN_CLOSE_WRITE, IN_MOVED_TO, IN_CREATE = 2, 8, 0x80, 0x100


class Watcher:
    def __init__(self, folder):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.fd = self.libc.inotify_init1(os.O_NONBLOCK)
        assert self.libc.inotify_add_watch(self.fd, os.fsencode(folder), IN_MODIFY | IN_MOVED_TO | IN_CREATE) >= 0

    def woken_for(self, name):
        """Whether something was said of this file since the last time."""
        if not select.select([self.fd], [], [], 0)[0]:
            return False
        data, at, found = os.read(self.fd, 65536), 0, False
        while at < len(data):
            _, _, _, length = struct.unpack_from("iIII", data, at)
            found |= data[at + 16:at + 16 + length].rstrip(b"\0") == name.encode()
            at += 16 + length
        return found


def test_the_smart_proxy(network, client_script):
    folder = network.folder
    readable_by_all(folder)
    for name in ("dhcphosts", "state"):
        (folder / name).mkdir()
    (folder / "dhcpopts.conf").write_text("tag:node1,option:bootfile-name,pxelinux.0\n"
                                          "tag:node1,option:tftp-server,192.168.50.1\n")
    (folder / "dhcphosts/node1.conf").write_text("02:00:00:00:00:0a,set:node1,192.168.50.77,node1\n")
    (folder / "state/leases").touch()
    path = accepted_by_both(folder, CONFIG.format(folder=folder))
    server = start_as_dnsmasq(network, "-k", "-C", path, "-x", folder / "pid", ports=(67,))
    watcher = Watcher(folder / "state")
    leases = folder / "state/leases"

    def client(name, mac, expected):
        namespace = network.add_client(name, mac=mac)
        program = udhcpc(network, namespace, client_script, name)
        assert program.wait_for(r"LEASE (\S+) bound")[1] == expected
        wait_until(lambda: watcher.woken_for("leases"), what="a watcher of the lease file woken")
        wait_until(lambda: [row for row in rows_of(leases) if row[2] == expected], what="its line")
        assert all(len(row) == 5 for row in rows_of(leases))
        return program
    program = client("a", "02:00:00:00:00:0a", "192.168.50.77")
    assert "\nboot_file=pxelinux.0\n" in (folder / "client-eth0-bound.env").read_text()
    (folder / "dhcphosts/node2.conf").write_text("02:00:00:00:00:0b,set:node2,192.168.50.78,node2\n")
    server.signal(signal.SIGHUP)
    client("b", "02:00:00:00:00:0b", "192.168.50.78")
    while watcher.woken_for("leases"):
        pass
    program.signal(signal.SIGUSR2)
    wait_until(lambda: watcher.woken_for("leases"), what="a watcher woken by the release")
    wait_until(lambda: "192.168.50.77" not in [row[2] for row in rows_of(leases)], what="the released line gone")
    assert server.stop() == 0
