"""Ironic, Bifrost and Metal3: folders of hosts and options that are watched, files written in place and by pieces,
machines that are to be ignored, and network boot by architecture."""
import fcntl
import os
import time

from conftest import wait_until
from consumer import accepted_by_both, readable_by_all, start_as_dnsmasq

CONFIG = """\
port=0
bind-dynamic
interface=lan0
log-dhcp
dhcp-authoritative
dhcp-range=192.168.50.100,192.168.50.200,255.255.255.0,1h
dhcp-hostsdir={folder}/hostsdir.d
dhcp-optsdir={folder}/optsdir.d
dhcp-leasefile={folder}/leases
enable-tftp
tftp-root={folder}/tftp
dhcp-match=ipxe,175
dhcp-match=set:efi,option:client-arch,7
dhcp-match=set:efi,option:client-arch,9
dhcp-match=set:efi,option:client-arch,11
dhcp-boot=tag:ipxe,http://192.168.50.1/boot.ipxe
dhcp-boot=tag:efi,tag:!ipxe,snponly.efi
dhcp-boot=tag:!ipxe,tag:!ironic,undionly.kpxe
dhcp-vendorclass=set:pxe6,enterprise:343,PXEClient
dhcp-option=tag:pxe6,option6:bootfile-url,tftp://[fd00:50::1]/snponly.efi
dhcp-range=fd00:50::10,fd00:50::ff,64,1h
ra-param=lan0,0,0
enable-ra
user=root
"""


def write_in_place(path, *pieces):
    """Under a lock, without a new file: the reader sees each piece as it comes."""
    with open(path, "a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        for piece in pieces:
            file.write(piece)
            file.flush()
            os.fsync(file.fileno())
            time.sleep(0.05)


def lease(network, client, script, *more):
    said = network.inside(client, "udhcpc", "-n", "-q", "-f", "-i", "eth0", "-s", script, "-t", "2", "-T", "1", *more,
                          check=False)
    return said.stdout.split("LEASE ")[1].split()[0] if "LEASE " in said.stdout else None


def test_watched_folders(network, client_script):
    folder = network.folder
    readable_by_all(folder)
    for name in ("hostsdir.d", "optsdir.d", "tftp"):
        (folder / name).mkdir()
    path = accepted_by_both(folder, CONFIG.format(folder=folder))
    hosts = folder / "hostsdir.d"
    (hosts / "unknown").write_text("*:*:*:*:*:*,ignore\n")
    (hosts / "ironic-02:00:00:00:00:0a.conf").write_text("02:00:00:00:00:0a,ignore\n")
    server = start_as_dnsmasq(network, "-d", "-q", "-C", path, ports=(67, 69))
    server.wait_for("started, version .* DNS disabled")
    known = network.add_client("a", mac="02:00:00:00:00:0a")
    unknown = network.add_client("b", mac="02:00:00:00:00:0b")
    assert lease(network, known, client_script) is None
    # The machine is to be deployed: its options, then its line, written in place and in pieces.
    write_in_place(folder / "optsdir.d/ironic-port", "tag:port-uuid,", "67,snponly", ".efi\ntag:port-uuid,150,192.168",
                   ".50.1\n")
    write_in_place(hosts / "ironic-02:00:00:00:00:0a.conf", "02:00:00:00", ":00:0a,set:port-uuid,set:iro", "nic\n")
    def deployed():
        return lease(network, known, client_script, "-O", "bootfile", "-O", "66")
    wait_until(deployed, 15, "a lease of its own")
    wait_until(lambda: deployed() and "snponly.efi" in (folder / "client-eth0-bound.env").read_text(),
               what="the boot file of its options")
    assert lease(network, unknown, client_script) is None
    assert server.process.poll() is None
