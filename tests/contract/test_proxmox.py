"""Proxmox VE's SDN: a unit for each zone with its defaults file, a generated file, hosts in the manner of ethers,
SIGHUP, and leases put in over D-Bus."""
import os
import re
import shlex
import signal

import pytest

from conftest import lacks, wait_until
from consumer import accepted_by_both, end_all, readable_by_all, rows_of, start_as_dnsmasq, udhcpc

ZONE = """\
except-interface=lo
enable-ra
quiet-ra
bind-dynamic
no-hosts
dhcp-leasefile={folder}/dnsmasq.zone.leases
dhcp-hostsfile={folder}/dnsmasq.d/ethers
dhcp-ignore=tag:!known
dhcp-option=26,1450
ra-param=*,mtu:1450,0
dhcp-option=252,"\\n"
dhcp-option=vendor:MSFT,2,1i
dhcp-name-match=set:wpad-ignore,wpad
dhcp-ignore-names=tag:wpad-ignore
dhcp-option=tag:zone-192.168.50.0-24,option:router,192.168.50.1
dhcp-range=set:zone-192.168.50.0-24,192.168.50.0,static,255.255.255.0,infinite
interface=lan0
"""
BUS = """<busconfig><type>system</type><listen>unix:path={folder}/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/></policy></busconfig>"""
NAME = "uk.org.thekelleys.dnsmasq.zone"


def call(network, folder, method, *words):
    return network.inside(network.server, "env", f"DBUS_SYSTEM_BUS_ADDRESS=unix:path={folder}/bus", "dbus-send",
                          "--system", "--print-reply", f"--dest={NAME}", "/uk/org/thekelleys/dnsmasq",
                          f"{NAME}.{method}", *words).stdout


@pytest.mark.skipif(bool(lacks("enable-dbus")), reason=str(lacks("enable-dbus")))
def test_a_zone(network, client_script):
    folder = network.folder
    readable_by_all(folder)
    (folder / "dnsmasq.d").mkdir()
    ethers = folder / "dnsmasq.d/ethers"
    ethers.write_text("BC:24:11:00:00:0A,192.168.50.10\n")
    text = ZONE.format(folder=folder)
    accepted_by_both(folder, text)
    zone = folder / "zone.d"
    zone.mkdir()
    (zone / "00-default.conf").write_text(text)
    (folder / "bus.conf").write_text(BUS.format(folder=folder))
    network.start(network.server, "dbus-daemon", f"--config-file={folder}/bus.conf", "--nofork")
    wait_until((folder / "bus").exists, what="the bus")
    # The defaults file of the zone, as the unit's helper reads it.
    defaults = folder / "dnsmasq.zone"
    defaults.write_text(f"CONFIG_DIR='{zone},*.conf'\nDNSMASQ_OPTS=\"--conf-file=/dev/null --enable-dbus={NAME}\"\n")
    found = dict(re.findall(r"(?m)^(\w+)=['\"](.*)['\"]$", defaults.read_text()))

    server = start_as_dnsmasq(network, "-k", "-x", folder / "zone.pid", "-u", "root", "-7", found["CONFIG_DIR"],
                              *shlex.split(found["DNSMASQ_OPTS"]), ports=(53, 67),
                              environment=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={folder}/bus"))
    wait_until(lambda: "string" in call(network, folder, "GetVersion"), what="our name on the bus")

    first = network.add_client("a", mac="bc:24:11:00:00:0a")
    assert udhcpc(network, first, client_script, "one", "-O", "mtu").wait_for(r"LEASE (\S+) bound")[1] == "192.168.50.10"
    given = (network.folder / "client-eth0-bound.env").read_text()
    assert "\nmtu=1450\n" in given and "\nrouter=192.168.50.1\n" in given
    # A new guest: its line, reload, and the lease it will ask for, put in before it does.
    ethers.write_text(ethers.read_text() + "BC:24:11:00:00:0B,192.168.50.11\n")
    server.signal(signal.SIGHUP)
    call(network, folder, "AddDhcpLease", "string:192.168.50.11", "string:bc:24:11:00:00:0b", "array:byte:103,50",
         "array:byte:1,188,36,17,0,0,11", "uint32:4294967295", "uint32:0", "boolean:false")
    leases = folder / "dnsmasq.zone.leases"
    wait_until(lambda: ["bc:24:11:00:00:0b", "192.168.50.11"] in [row[1:3] for row in rows_of(leases)],
               what="the lease of D-Bus in the file")
    second = network.add_client("b", mac="bc:24:11:00:00:0b")
    assert udhcpc(network, second, client_script).wait_for(r"LEASE (\S+) bound")[1] == "192.168.50.11"
    assert "boolean true" in call(network, folder, "DeleteDhcpLease", "string:192.168.50.11")
    assert server.stop() == 0
    end_all(network.server)
