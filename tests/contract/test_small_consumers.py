"""Consumers with little of their own: a table of their command lines and files. Both programs take each file; linnet
then runs with it and shows one thing that the consumer lives by."""
import re

import pytest

from conftest import run, wait_until
from consumer import (PEER, accepted_by_both, answers, as_dnsmasq, readable_by_all, rows_of, start_as_dnsmasq,
                      udhcpc)

RANGE = "dhcp-range=192.168.50.100,192.168.50.120,255.255.255.0,1h\n"
FOREGROUND = ["-k", "-u", "root"]


def resolves(name, *expected):
    def check(network, server, client_script):
        assert answers(network, name) == list(expected)
    return check


def leases(address=None, name="laptop", mac="02:00:00:00:00:0a", **given):
    """A client gets an address, these words of the DHCP client are so, and a reader finds `" MAC "` in the file."""
    def check(network, server, client_script):
        client = network.add_client("a", mac=mac)
        got = udhcpc(network, client, client_script, name, "-O", "43", "-O", "175", "-O", "rootpath",
                     "-V", "PXEClient:Arch:00016").wait_for(r"LEASE (\S+) bound")[1]
        assert address in (None, got)
        text = (network.folder / "client-eth0-bound.env").read_text()
        for word, value in given.items():
            assert f"\n{word}={value}\n" in text, text
        file = network.folder / "state/leases"
        wait_until(lambda: file.exists() and f" {mac} {got} " in file.read_text(), what="its line in the lease file")
        assert all(len(row) == 5 for row in rows_of(file))
    return check


def takes_sigint(network, server, client_script):
    """jpillora's web page ends the child with SIGINT and starts it again. -d: it ends."""
    assert answers(network, "box.test") == ["192.168.50.5"]
    server.signal(2)
    assert server.process.wait(5) == 5


def reloads(network, server, client_script):
    """Each container that starts adds a line and sends SIGHUP."""
    path = network.folder / "addnhosts"
    for number in range(20):
        with open(path, "a") as file:
            file.write(f"192.168.50.{100 + number}\tc{number}\n")
        server.signal(1)
    wait_until(lambda: answers(network, "c19.dns.podman") == ["192.168.50.119"], what="the last container")
    assert answers(network, "c0.dns.podman") == ["192.168.50.100"]


TABLE = {
    # name: (file, words besides -C FILE, ports, what is checked)
    "create_ap": ("listen-address=192.168.50.1\nbind-dynamic\n" + RANGE + "dhcp-option-force=option:router,192.168.50.1\n"
                  "dhcp-option-force=option:dns-server,192.168.50.1\ndhcp-option-force=option:mtu,1500\nno-hosts\n",
                  ["-k", "-x", "{folder}/pid", "-l", "{folder}/state/leases", "-p", "0", "-u", "root"], (67,),
                  leases(router="192.168.50.1", mtu="1500")),
    "RaspAP": ("# RaspAP uap0 configuration\ninterface=lo,lan0               # Enable uap0 interface for wireless\n"
               "bind-dynamic                    # Hybrid between --bind-interfaces and default\n"
               "domain-needed                   # Don't forward short names\nbogus-priv\n" + RANGE
               + "dhcp-option=6,9.9.9.9,1.1.1.1\nserver=192.0.2.53\nno-resolv\n", FOREGROUND, (53, 67),
               leases(dns="9.9.9.9 1.1.1.1")),
    "Home Assistant": ("log-facility=-\nno-resolv\nno-hosts\nno-poll\nlog-queries\nuser=root\nserver=192.0.2.53\n"
                       "address=/box.test/192.168.50.5\nsrv-host=_ldap._tcp.test,box.test,389\n"
                       "ptr-record=9.50.168.192.in-addr.arpa,\"nine.test\"\ntxt-record=t.test,\"a,b\",c\n"
                       "cname=www.test,box.local.test\n", ["-z", "-k"], (53,), resolves("box.test", "192.168.50.5")),
    "Infix": ("domain-needed\nno-resolv\nno-hosts\nhost-record=box.test,192.168.50.5\nlisten-address=192.168.50.1\n"
              "bind-dynamic\n", FOREGROUND, (53,), resolves("box.test", "192.168.50.5")),
    "jpillora": ("log-queries\nno-resolv\nno-hosts\nserver=192.0.2.53\naddress=/box.test/192.168.50.5\n",
                 ["--no-daemon"], (53,), takes_sigint),
    "4km3": ("", ["-k", "-S", "/corp.test/192.0.2.53", "-A", "/box.test/192.168.50.5", "--no-resolv", "--log-facility=-",
                  "-u", "root"], (53,), resolves("box.test", "192.168.50.5")),
    "CloudStack": ("domain-needed\nbogus-priv\nresolv-file={folder}/resolv\nlocal=/cs.test/\nexcept-interface=lo\n"
                   "interface=lan0\nno-dhcp-interface=eth1\nexpand-hosts\ndomain=cs.test\n"
                   "dhcp-range=set:interface-lan0,192.168.50.1,static\ndhcp-hostsfile={folder}/dhcphosts\n"
                   "dhcp-optsfile={folder}/dhcpopts\ndhcp-option=tag:interface-lan0,15,cs.test\nlog-facility=-\n"
                   "dhcp-leasefile={folder}/state/leases\nuser=root\n", ["-k"], (53, 67),
                   leases("192.168.50.77", "vm", router="192.168.50.254", domain="cs.test")),
    "LTSP": ("port=0\nlog-dhcp\ndhcp-no-override\ndhcp-range=set:proxy,10.0.0.0,proxy,255.0.0.0\n"
             "dhcp-range=set:proxy,192.168.1.0,proxy,255.255.255.0\n" + RANGE
             + "dhcp-vendorclass=set:X86PC,PXEClient:Arch:00000\ndhcp-vendorclass=set:X86-64_EFI,PXEClient:Arch:00007\n"
             "dhcp-mac=set:rpi,b8:27:eb:*:*:*\ndhcp-mac=set:box,02:00:00:*:*:*\ndhcp-userclass=set:iPXE,iPXE\n"
             "dhcp-match=set:iPXE,175\ntag-if=set:direct,tag:box,tag:!iPXE\n"
             "pxe-prompt=\"Press F8 for boot menu\",1\npxe-service=tag:X86PC,X86PC,\"undionly.kpxe\",ltsp/undionly.kpxe\n"
             "pxe-service=tag:X86-64_EFI,X86-64_EFI,\"snponly.efi\",ltsp/snponly.efi\n"
             "pxe-service=tag:rpi,X86PC,\"Raspberry Pi Boot   \",unused\ndhcp-option=175,8:1:1\n"
             "dhcp-option=tag:direct,option:root-path,192.168.50.1:/srv/ltsp\n",
             FOREGROUND, (67,), leases(rootpath="192.168.50.1:/srv/ltsp")),
    "Warewulf": ("interface=lan0\nbind-interfaces\ndomain-needed\nno-resolv\n"
                 "dhcp-vendorclass = set:efi-http, PXEClient:Arch:00016\n"
                 "dhcp-option-force=tag:efi-http,60,HTTPClient\ndhcp-userclass=set:iPXE,iPXE\n"
                 "dhcp-boot=tag:efi-http,\"http://192.168.50.1:9873/efiboot/shim.efi\"\n"
                 "dhcp-boot=tag:iPXE,\"http://192.168.50.1:9873/ipxe/${{mac:hexhyp}}?assetkey=${{asset}}&uuid=${{uuid}}\"\n"
                 "dhcp-range=192.168.50.100,static,255.255.255.0,6h\ndhcp-option=option6:bootfile-url, "
                 "tftp://[fd00:50::1]/warewulf/shim.efi\n"
                 "dhcp-host=02:00:00:00:00:0a, id:00:03:00:01:02:00:00:00:00:0a, set:warewulf, 192.168.50.77, "
                 "[fd00:50::77], node1, infinite\n", FOREGROUND, (53, 67),
                 leases("192.168.50.77", boot_file="http://192.168.50.1:9873/efiboot/shim.efi", lease="4294967295")),
    "dnsname": ("## WARNING: THIS IS AN AUTOGENERATED FILE\nstrict-order\nlocal=/dns.podman/\ndomain=dns.podman\n"
                "expand-hosts\npid-file={folder}/state/pid\nexcept-interface=lo\nbind-dynamic\nno-hosts\n"
                "interface=lan0\naddn-hosts={folder}/addnhosts\n", ["-k", "-u", "root"], (53,), reloads),
    "a router of the old kind": ("pid-file={folder}/state/pid\nuser=root\nbind-dynamic\ninterface=lan0\nno-resolv\n"
                                 "servers-file={folder}/servers\nno-negcache\ncache-size=1500\nmin-port=4096\n"
                                 "dhcp-range=lan,192.168.50.100,192.168.50.120,255.255.255.0,86400s\n"
                                 "dhcp-option=lan,3,192.168.50.1\ndhcp-option=lan,15,old.test\n"
                                 "dhcp-option=lan,252,\"\\n\"\ndhcp-authoritative\nread-ethers\n",
                                 ["-k"], (53, 67), leases(router="192.168.50.1", domain="old.test")),
}


@pytest.mark.parametrize("who", TABLE)
def test_both_take_it_and_it_works(network, client_script, who):
    text, words, ports, check = TABLE[who]
    folder = network.folder
    readable_by_all(folder)
    (folder / "state").mkdir()
    (folder / "resolv").write_text("nameserver 192.0.2.53\n")
    (folder / "servers").write_text("server=192.0.2.53\n")
    (folder / "addnhosts").touch()
    (folder / "dhcphosts").write_text("02:00:00:00:00:0a,set:192_168_50_77,192.168.50.77,vm,infinite\n")
    (folder / "dhcpopts").write_text("192_168_50_77,3,192.168.50.254\n192_168_50_77,6,192.168.50.1\n")
    path = accepted_by_both(folder, text.format(folder=folder))
    words = [word.format(folder=folder) for word in words]
    if "dhcp-leasefile" not in text and "-l" not in words:
        words += [f"--dhcp-leasefile={folder}/state/leases"]
    server = start_as_dnsmasq(network, *words, "-C", path, ports=ports)
    check(network, server, client_script)


def test_version_for_scrapers(tmp_path):
    """The first number with a dot, and the second line, are what facters and shells cut out."""
    first, second = run(as_dnsmasq(tmp_path), "--version").stdout.splitlines()[:2]
    assert float(re.search(r"\d+\.\d+", first)[0]) >= 2.67
    assert second.startswith("Compile time options: ")
    assert run(PEER, "--version").stdout.startswith(first.split()[0] + " version ")
