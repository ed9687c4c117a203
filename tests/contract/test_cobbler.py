"""Cobbler: a template in the manner of long ago, with net: for tags and blanks around the equals sign."""
from conftest import run, wait_until
from consumer import accepted_by_both, answers, as_dnsmasq, readable_by_all, start_as_dnsmasq, udhcpc

CONFIG = """\
# Cobbler generated configuration file for dnsmasq

read-ethers
addn-hosts = {folder}/cobbler_hosts
no-resolv
domain=install.test
expand-hosts
dhcp-range=192.168.50.5,192.168.50.200
dhcp-option=66,192.168.50.1
dhcp-lease-max=1000
dhcp-authoritative
dhcp-boot=pxelinux.0
dhcp-boot=net:normalarch,pxelinux.0
dhcp-boot=net:ia64,{folder}/elilo.efi
dhcp-match=set:uefi,option:client-arch,7
dhcp-boot=net:uefi,grub/grubx64.efi

dhcp-host=net:x86_64,02:00:00:00:00:0a,node1.install.test,192.168.50.77
dhcp-option=net:x86_64,3,192.168.50.1
dhcp-leasefile={folder}/leases
user=root
"""


def test_the_template(network, client_script):
    folder = network.folder
    readable_by_all(folder)
    assert run(as_dnsmasq(folder), "--help").returncode == 0
    (folder / "cobbler_hosts").write_text("192.168.50.78\tnode2.install.test\n")
    path = accepted_by_both(folder, CONFIG.format(folder=folder))
    server = start_as_dnsmasq(network, "-k", "-C", path, "-x", folder / "pid", ports=(53, 67))
    assert answers(network, "node2.install.test") == ["192.168.50.78"]
    client = network.add_client("a", mac="02:00:00:00:00:0a")
    assert udhcpc(network, client, client_script).wait_for(r"LEASE (\S+) bound")[1] == "192.168.50.77"
    given = (folder / "client-eth0-bound.env").read_text()
    assert "\nboot_file=pxelinux.0\n" in given and "\nrouter=192.168.50.1\n" in given
    # A system more, and it is told.
    (folder / "cobbler_hosts").write_text("192.168.50.79\tnode3.install.test\n")
    server.signal(1)
    wait_until(lambda: answers(network, "node3.install.test") == ["192.168.50.79"], what="the new host")
    assert server.stop() == 0
