"""OpenWrt: the file its start script makes from UCI, with every option its generator knows; the words of --version
that decide which of them it writes; the hotplug script; and the file that block lists come in."""
import os
import pathlib
import re
import time

import pytest

from confined import Jail, libraries_of
from conftest import BINARY, run, wait_until
from consumer import (PEER, accepted_by_both, answers, as_dnsmasq, end_all, readable_by_all, rows_of,
                      start_as_dnsmasq, udhcpc)

# What the generator writes, by section; what is at the left is written only when --version has that word.
ALWAYS = """\
# auto-generated config file from /etc/config/dhcp
domain-needed
filterwin2k
filter-A
filter-AAAA
no-resolv
localise-queries
log-queries
log-facility=daemon
read-ethers
bogus-priv
expand-hosts
no-negcache
strict-order
all-servers
no-ping
dhcp-authoritative
dhcp-sequential-ip
domain=lan
local=/lan/
server=192.0.2.53
server=/corp.example/192.0.2.54#5353
rev-server=10.20.0.0/16,192.0.2.55
address=/ads.example/
address=/router.example/192.168.50.1
addn-hosts={folder}/hosts
dhcp-leasefile={folder}/dhcp.leases
dhcp-script={folder}/dhcp-script.sh
script-arp
edns-packet-max=1232
cache-size=1000
dns-forward-max=150
port=53
min-port=1024
max-port=65000
max-ttl=3600
min-cache-ttl=60
max-cache-ttl=3600
local-ttl=5
use-stale-cache=3600
interface=lan0
except-interface=wan0
no-dhcp-interface=guest0
bind-dynamic
stop-dns-rebind
rebind-localhost-ok
rebind-domain-ok=/free.example/
bogus-nxdomain=192.0.2.99
log-dhcp
quiet-dhcp
quiet-ra
dhcp-broadcast=tag:needs-broadcast
dhcp-lease-max=150
dhcp-hostsfile={folder}/dhcphosts
dhcp-ignore-names=tag:dhcp_bogus_hostname
dhcp-name-match=set:dhcp_bogus_hostname,localhost
dhcp-name-match=set:dhcp_bogus_hostname,wpad*
dhcp-vendorclass=set:phone,Phone
dhcp-userclass=set:user,Class
dhcp-mac=set:box,02:00:00:*:*:*
dhcp-circuitid=set:port,00:04
dhcp-remoteid=set:remote,aa:bb
dhcp-subscrid=set:line,subscriber
dhcp-match=set:uefi,option:client-arch,7
dhcp-ignore=tag:blocked
dhcp-host=02:00:00:00:00:77,set:printer,192.168.50.77,printer,12h
dhcp-range=set:lan,192.168.50.100,192.168.50.249,255.255.255.0,12h
dhcp-option=lan,3,192.168.50.1
dhcp-option=tag:lan,option:ntp-server,0.0.0.0
dhcp-option-force=tag:phone,66,192.168.50.1
dhcp-boot=tag:uefi,boot.efi,router,192.168.50.1
dhcp-relay=192.168.60.1,192.0.2.60
cname=www.lan,router.lan
mx-host=lan,mail.lan,10
srv-host=_sip._tcp.lan,router.lan,5060,0,10
host-record=router.lan,192.168.50.1,fd00:50::1
ptr-record=9.50.168.192.in-addr.arpa,nine.lan
txt-record=note.lan,"from uci"
naptr-record=lan,10,20,s,SIP+D2U,,_sip._udp.lan
dns-rr=raw.lan,99,01:02
interface-name=here.lan,lan0
add-mac
add-subnet=24,56
add-cpe-id=home
clear-on-reload
conf-dir={folder}/dnsmasq.d
user=root
group=root
dhcp-ttl=60
dhcp-option=option6:dns-server,[::]
enable-ra
ra-param=lan0,mtu:1492,60,1800
dhcp-range=fd00:50::10,fd00:50::ff,64,12h
synth-domain=dyn.lan,192.168.50.0/24,host-
host-record=nas.lan,192.168.50.5
"""
BY_WORD = {
    "DNSSEC": "dnssec\ndnssec-no-timecheck\ntrust-anchor=.,20326,8,2,"
              "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n",
    "TFTP": "enable-tftp\ntftp-root={folder}/tftp\ntftp-unique-root\ntftp-no-blocksize\n",
    "ipset": "ipset=/video.example/streams\n",
    "nftset": "nftset=/video.example/4#inet#fw4#streams\n",
    "conntrack": "",
    "UBus": "enable-ubus\n",
    "loop-detect": "dns-loop-detect\n",
}
HOTPLUG = """#!/bin/sh
echo "$1 $2 $3 $4" >>{folder}/calls
[ -n "$DNSMASQ_INTERFACE" ] && echo "interface $DNSMASQ_INTERFACE" >>{folder}/calls
exit 0
"""


def words_of(program):
    return run(program, "--version").stdout.splitlines()[1].partition(": ")[2].split()


def make(folder, words):
    """The file of a start, and the folders and files it names."""
    readable_by_all(folder)
    for name in ("dnsmasq.d", "tftp"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "hosts").write_text("192.168.50.9 nine\n")
    (folder / "dhcphosts").write_text("02:00:00:00:00:88,192.168.50.88,scanner\n")
    script = folder / "dhcp-script.sh"
    script.write_text(HOTPLUG.format(folder=folder))
    script.chmod(0o755)
    return (ALWAYS + "".join(lines for word, lines in BY_WORD.items() if word in words)).format(folder=folder)


def test_the_words_of_version(network):
    """` DHCPv6( |$)` and the like are looked for in the second line; a word with no- before it means it is not there."""
    line = run(as_dnsmasq(network.folder), "--version").stdout.splitlines()[1]
    assert line.startswith("Compile time options: ")
    assert re.search(r" DHCPv6( |$)", line) and re.search(r" TFTP( |$)", line)
    ours, theirs = words_of(as_dnsmasq(network.folder)), words_of(PEER)
    assert {word.removeprefix("no-") for word in theirs} - {word.removeprefix("no-") for word in ours} <= {
        "cryptohash", "GNU-getopt"}
    # What is not said to be there is refused when asked for, and what is said to be there is not.
    for word, lines in BY_WORD.items():
        for row in lines.format(folder=network.folder).splitlines():
            (network.folder / "one.conf").write_text(row + "\n")
            said = run(as_dnsmasq(network.folder), "--test", "-C", network.folder / "one.conf", check=False)
            # ubus is refused where a start needs it, not by --test, as with the peer.
            known = word in ours or row.startswith(("trust-anchor", "enable-ubus"))
            assert (said.returncode == 0) == known, f"{row} with {word} {word in ours}: {said.stderr}"


def test_all_that_its_generator_writes(network, client_script):
    folder = network.folder
    accepted_by_both(folder, make(folder, set(words_of(as_dnsmasq(folder))) & set(words_of(PEER))))
    # The real start: without the sets, which this network has no firewall for, and without the relay's link.
    text = make(folder, {"TFTP", "loop-detect"})
    for line in ("filter-A\n", "filter-AAAA\n", "dhcp-relay=192.168.60.1,192.0.2.60\n", "dhcp-sequential-ip\n"):
        assert line in text
        text = text.replace(line, "")
    path = folder / "dnsmasq.conf.cfg01411c"
    path.write_text(text)
    server = start_as_dnsmasq(network, "-C", path, "-k", "-x", folder / "dnsmasq.pid", ports=(53, 67, 69))
    assert int((folder / "dnsmasq.pid").read_text()) == server.pid
    assert answers(network, "nine.lan") == ["192.168.50.9"]
    assert answers(network, "here.lan") == ["192.168.50.1"]
    assert answers(network, "www.lan") == ["router.lan.", "192.168.50.1"]
    assert network.dig_status(network.server, "x.ads.example") == "NXDOMAIN"
    client = network.add_client("a", mac="02:00:00:00:00:77")
    address = udhcpc(network, client, client_script, "x").wait_for(r"LEASE (\S+) bound")[1]
    assert address == "192.168.50.77"
    calls = wait_until(lambda: (folder / "calls").exists() and "add " in (folder / "calls").read_text()
                       and (folder / "calls").read_text(), what="the hotplug script's call")
    assert f"add 02:00:00:00:00:77 {address} printer\ninterface lan0\n" in calls
    [row] = [row for row in rows_of(folder / "dhcp.leases") if len(row) == 5 and ":" not in row[2]]
    assert row[2:4] == [address, "printer"]
    # The script of a hotplug event reloads it.
    server.signal(1)
    wait_until(lambda: f"old 02:00:00:00:00:77 {address} printer" in (folder / "calls").read_text(), what="`old`")
    assert server.stop() == 0
    end_all(network.server)


JAILED = """\
resolv-file={folder}/resolv.conf.d/resolv.conf.auto
domain=lan
local=/lan/
expand-hosts
read-ethers
log-facility=daemon
interface=lan0
bind-dynamic
dhcp-range=set:lan,192.168.50.100,192.168.50.249,255.255.255.0,12h
dhcp-host=02:00:00:00:00:77,192.168.50.77,printer,12h
enable-ra
dhcp-range=fd00:50::10,fd00:50::ff,64,12h
addn-hosts={folder}/hosts.d
conf-dir={folder}/dnsmasq.d
dhcp-leasefile={folder}/dhcp.leases
user=dnsmasq
group=dnsmasq
"""


def test_nothing_more_than_its_jail_shows(network, client_script):
    """ujail's root: the libraries the program is linked with, /etc's few, what UCI names, the run folder and the lease
    file; no /proc. It serves as uid 453, and complains of nothing."""
    folder = network.folder
    readable_by_all(folder)
    for name in ("dnsmasq.d", "hosts.d", "run", "resolv.conf.d"):
        (folder / name).mkdir()
    os.chown(folder / "run", 453, 453)
    (folder / "dnsmasq.d/list").write_text("local=/ads.example/\n")
    (folder / "hosts.d/odhcpd").write_text("192.168.50.9 nine\n")
    (folder / "passwd").write_text("root:x:0:0:root:/root:/bin/ash\n"
                                   "dnsmasq:x:453:453:dnsmasq:/var/run/dnsmasq:/bin/false\n")
    (folder / "group").write_text("root:x:0:\ndnsmasq:x:453:dnsmasq\n")
    (folder / "ethers").write_text("02:00:00:00:00:78 192.168.50.78\n")
    (folder / "etc-hosts").write_text("127.0.0.1 localhost\n192.168.50.1 router\n")
    (folder / "TZ").write_text("UTC0\n")
    (folder / "resolv.conf.d/resolv.conf.auto").write_text("nameserver 192.0.2.53\n")
    conf = folder / "dnsmasq.conf.cfg01411c"
    conf.write_text(JAILED.format(folder=folder))
    (folder / "dhcp.leases").touch()
    jail = Jail(network, libraries_of(BINARY))  # with all capabilities: its jail takes none away
    for name, place in (("passwd", "/etc/passwd"), ("group", "/etc/group"), ("TZ", "/etc/TZ"),
                        ("ethers", "/etc/ethers"), ("etc-hosts", "/etc/hosts")):
        jail.see(place, folder / name)
    for path in (conf, folder / "dnsmasq.d", folder / "hosts.d", folder / "resolv.conf.d"):
        jail.see(path)
    jail.see("/var/run/dnsmasq", folder / "run", writable=True)
    jail.see(folder / "dhcp.leases", writable=True)
    server = jail.start("-C", conf, "-k", "-x", "/var/run/dnsmasq/dnsmasq.cfg01411c.pid", ports=(53, 67, 547))
    assert int((folder / "run/dnsmasq.cfg01411c.pid").read_text()) == server.pid

    client = network.add_client("a", mac="02:00:00:00:00:77")
    assert udhcpc(network, client, client_script, "x").wait_for(r"LEASE (\S+) bound")[1] == "192.168.50.77"
    assert [answers(network, name)[-1] for name in ("printer.lan", "nine.lan", "router.lan")] == [
        "192.168.50.77", "192.168.50.9", "192.168.50.1"]
    assert network.dig_status(network.server, "x.ads.example") == "NXDOMAIN"
    assert pathlib.Path(f"/proc/{server.server}").stat().st_uid == 453
    assert ["192.168.50.77", "printer"] in [row[2:4] for row in rows_of(folder / "dhcp.leases")]
    (folder / "hosts.d/odhcpd").write_text("192.168.50.10 ten\n")
    server.signal(1)
    wait_until(lambda: answers(network, "ten.lan") == ["192.168.50.10"], what="the new name")
    assert server.stop() == 0 and not list((folder / "run").iterdir())
    assert "started, version" in jail.log.text()
    assert server.log() == "" and not jail.log.complaints()


@pytest.mark.parametrize("form", ["local=/{}/", "address=/{}/", "server=/{}/"])
def test_a_block_list_in_a_folder(network, form):
    """The packages of block lists leave one file in conf-dir and restart; it has a line for each of 100,000 names."""
    folder = network.folder / "dnsmasq.d"
    folder.mkdir()
    (folder / "adb_list.overall").write_text("".join(form.format(f"ads{i}.example.org") + "\n" for i in range(100000)))
    start = time.monotonic()
    server = start_as_dnsmasq(network, "-k", "-C", "/dev/null", f"--conf-dir={folder}", "-x", "", "--no-resolv",
                              "--no-hosts", "-u", "root", ports=(53,))
    assert time.monotonic() - start < 3
    assert network.dig_status(network.server, "x.ads99999.example.org") == "NXDOMAIN"
    assert network.dig_status(network.server, "ads100000.example.org") == "REFUSED"
    assert server.stop() == 0
