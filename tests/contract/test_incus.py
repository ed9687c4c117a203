"""Incus: its command line, all of it in words; a folder of host files that come and go with SIGHUP; releases it
makes itself; the lease file it reads."""
import pathlib
import re
import signal
import time

from conftest import wait_until
from confined import Jail, all_libraries
from consumer import (answers, as_dnsmasq, dhclient6, dhcp_release_packet, readable_by_all, rows_of, send_udp, start_as_dnsmasq,
                      udhcpc, up_at_once)


def command_line(folder):
    return ["--keep-in-foreground", "--strict-order", "--bind-interfaces", "--except-interface=lo", "--pid-file=",
            "--no-ping", "--interface=lan0", "--dhcp-rapid-commit", "--no-negcache", "--quiet-dhcp", "--quiet-dhcp6",
            "--quiet-ra", "--listen-address=192.168.50.1", "--dhcp-no-override", "--dhcp-authoritative",
            f"--dhcp-leasefile={folder}/dnsmasq.leases", f"--dhcp-hostsfile={folder}/dnsmasq.hosts",
            "--dhcp-option-force=26,1400", "--dhcp-option-force=119,incus.test", "--dhcp-range",
            "192.168.50.2,192.168.50.254,1h", "--listen-address=fd00:50::1", "--enable-ra", "--dhcp-range",
            "fd00:50::2,fd00:50::ffff,64,1h", "--dhcp-option-force=option6:dns-server,[fd00:50::1]", "-s",
            "incus.test", "--interface-name", "_gateway.incus.test,lan0", "-S", "/incus.test/",
            f"--conf-file={folder}/dnsmasq.raw", "-u", "nobody", "-g", "nogroup"]


def test_incus(network, client_script):
    folder = network.folder / "incus"
    folder.mkdir()
    readable_by_all(folder)
    hosts = folder / "dnsmasq.hosts"
    hosts.mkdir()
    (folder / "dnsmasq.raw").write_text("address=/raw.test/192.0.2.1\n")
    (hosts / "project_c1.eth0").write_text("02:00:00:00:00:0a,192.168.50.42,[fd00:50::42],c1\n")
    up_at_once(network, network.server, "lan0")
    network.inside(network.server, "ip", "-6", "addr", "replace", "fd00:50::1/64", "dev", "lan0", "nodad")
    server = start_as_dnsmasq(network, *command_line(folder), ports=(53, 67, 547))
    time.sleep(0.5)  # Incus looks after half a second
    assert server.process.poll() is None
    status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
    assert re.search(r"^Uid:\s+65534\s", status, re.M)

    assert answers(network, "_gateway.incus.test") == ["192.168.50.1"]
    assert answers(network, "raw.test") == ["192.0.2.1"]
    assert network.dig_status(network.server, "nobody.incus.test") == "NXDOMAIN"

    first = network.add_client("a", mac="02:00:00:00:00:0a")
    second = network.add_client("b", mac="02:00:00:00:00:0b")
    program = udhcpc(network, first, client_script, "other-name")
    assert program.wait_for(r"LEASE (\S+) bound")[1] == "192.168.50.42"
    given = (network.folder / "client-eth0-bound.env").read_text()
    assert "\nmtu=1400\n" in given and "\nsearch=incus.test\n" in given
    # The name of the host file, not the client's.
    assert answers(network, "c1.incus.test") == ["192.168.50.42"]
    assert "fd00:50::42" in dhclient6(network, first).wait_for(r"SIX BOUND6 (\S+) dns fd00:50::1", 20)[1]
    dynamic = udhcpc(network, second, client_script, "c2").wait_for(r"LEASE (\S+) bound")[1]

    # Five fields a row, the first one digits; and the line of the DUID before the IPv6 part.
    leases = folder / "dnsmasq.leases"
    rows = wait_until(lambda: len(rows_of(leases)) >= 4 and rows_of(leases), what="three leases and a DUID")
    assert [row for row in rows if row[0] == "duid" and re.fullmatch(r"([0-9a-f]{2}:)+[0-9a-f]{2}", row[1])]
    assert all(len(row) == 5 and row[0].isdigit() for row in rows if row[0] != "duid")
    assert ["02:00:00:00:00:0a", "192.168.50.42", "c1"] in [row[1:4] for row in rows]

    # The instance goes: its file is removed, its lease released by a packet of Incus' own making, and SIGHUP.
    program.kill()
    (hosts / "project_c1.eth0").unlink()
    send_udp(network, network.server, dhcp_release_packet("192.168.50.42", "02:00:00:00:00:0a", "192.168.50.1"),
             "192.168.50.1", 67)
    wait_until(lambda: "192.168.50.42" not in [row[2] for row in rows_of(leases) if len(row) == 5], 10,
               "the released lease gone from the file")
    (hosts / "project_c3.eth0").write_text("02:00:00:00:00:0c,192.168.50.43,c3\n")
    server.signal(signal.SIGHUP)
    third = network.add_client("c", mac="02:00:00:00:00:0c")
    assert udhcpc(network, third, client_script).wait_for(r"LEASE (\S+) bound")[1] == "192.168.50.43"
    assert udhcpc(network, first, client_script).wait_for(r"LEASE (\S+) bound")[1] != "192.168.50.42"
    assert dynamic in [row[2] for row in rows_of(leases) if len(row) == 5]
    assert server.stop() == 0


# What its AppArmor profile grants. The libraries are those of AppArmor's base, the files of /etc those of its name
# service; of the network's folder only these, so that the lease file cannot be taken by a new one.
CAPABILITIES = ("chown", "net_bind_service", "setgid", "setuid", "dac_override", "dac_read_search", "net_admin",
                "net_raw")
SYSTEM_FILES = ("/etc/group", "/etc/hosts", "/etc/nsswitch.conf", "/etc/passwd", "/etc/resolv.conf",
                "/proc/sys/net/ipv6/conf")


def test_nothing_more_than_its_profile_allows(network, client_script):
    """A start with just those files to be seen and those capabilities: it serves, and complains of nothing."""
    folder = network.folder / "incus"
    hosts, leases = folder / "dnsmasq.hosts", folder / "dnsmasq.leases"
    hosts.mkdir(parents=True)
    readable_by_all(folder)
    (folder / "dnsmasq.raw").write_text("address=/raw.test/192.0.2.1\n")
    (hosts / "project_c1.eth0").write_text("02:00:00:00:00:0a,192.168.50.42,c1\n")
    leases.touch()  # may be made by dnsmasq under the profile, but a mount needs something to stand on
    jail = Jail(network, all_libraries(), CAPABILITIES)
    for place in SYSTEM_FILES:
        if pathlib.Path(place).exists():
            jail.see(place)
    for path in (hosts, folder / "dnsmasq.raw"):
        jail.see(path)
    jail.see(leases, writable=True)
    server = jail.start(*command_line(folder), ports=(53, 67, 547))
    time.sleep(0.5)
    assert server.process.poll() is None and server.log() == ""

    client = network.add_client("a", mac="02:00:00:00:00:0a")
    assert udhcpc(network, client, client_script, "x").wait_for(r"LEASE (\S+) bound")[1] == "192.168.50.42"
    assert answers(network, "c1.incus.test") == ["192.168.50.42"]
    assert answers(network, "raw.test") == ["192.0.2.1"]
    assert ["192.168.50.42", "c1"] in [row[2:4] for row in rows_of(leases)]
    (hosts / "project_c2.eth0").write_text("02:00:00:00:00:0b,192.168.50.43,c2\n")
    server.signal(signal.SIGHUP)
    wait_until(lambda: re.search(r"read \S+/project_c2", jail.log.text()), what="the new file read")
    second = network.add_client("b", mac="02:00:00:00:00:0b")
    assert udhcpc(network, second, client_script, "x").wait_for(r"LEASE (\S+) bound")[1] == "192.168.50.43"
    assert "192.168.50.43" in [row[2] for row in rows_of(leases) if len(row) == 5]
    assert server.stop() == 0
    assert "started, version" in jail.log.text()
    assert not jail.log.complaints()


def test_incus_is_told_why(network):
    """It quotes standard error when the program has ended within half a second."""
    folder = network.folder
    words = [word.replace("--interface=lan0", "--interface=none0") for word in command_line(folder)]
    (folder / "dnsmasq.raw").write_text("")
    (folder / "dnsmasq.hosts").mkdir()
    start = time.monotonic()
    result = network.inside(network.server, as_dnsmasq(folder), *words, check=False)
    assert time.monotonic() - start < 0.5
    assert result.returncode == 2 and "dnsmasq: unknown interface none0" in result.stderr
