"""Packets bent in every way, on every surface: no crash, no silence, no memory kept. A share of them, or a million on
each with LINNET_FAULTS=all (`make faults`)."""
import collections
import pathlib
import re
import struct
import subprocess
import time

import pytest

from exercise import frame, question
from faults import ALL, check_alive, LIBRARY, processes, resident, wait_served

GENERATOR = LIBRARY.with_name("malformed")
CORPORA = pathlib.Path(__file__).resolve().parent.parent / "corpora"
COUNT = 1000000 if ALL else 50000
SECONDS = 600
SHARES = 40  # at most, until one leaves nothing: tables that take memory as they need it are full some time
ROOM_KB = 512 if ALL else 2048  # that they may take meanwhile: with a short share, 300 questions under way
# Of each kind at most one line a second.
TOLD = re.compile(r": (dropped: [a-zA-Z0-9 ]*?(?= from | \(|\n)|unsupported (?:write )?request|ignoring packet)")
CONFIG = """\
interface=lan0
bind-interfaces
no-resolv
no-hosts
server=127.0.0.11
host-record=local.test,192.0.2.1
dns-forward-max=300
dhcp-range=192.168.50.10,192.168.50.250,1h
dhcp-range=fd00:50::100,fd00:50::ffff,1h
dhcp-lease-max=500
dhcp-option=option:dns-server,192.168.50.1
enable-ra
dhcp-authoritative
no-ping
enable-tftp
tftp-root={folder}/boot
quiet-dhcp
quiet-dhcp6
quiet-ra
quiet-tftp
"""
# kind: (address, port, corpora)
SURFACES = {
    "dns": ("192.168.50.1", 53, ["dns_message", "edns"]),
    "dhcp4": ("192.168.50.1", 67, ["dhcp4_message"]),
    "relay": ("192.168.50.1", 67, ["dhcp4_relay", "dhcp4_message"]),
    "dhcp6": ("ff02::1:2", 547, ["dhcp6_message"]),
    "rs": ("ff02::2", 0, ["icmp6_message"]),
    "tftp": ("192.168.50.1", 69, ["tftp_packet"]),
}


def valid(kind):
    """Packets that are good before they are bent."""
    bootp = [frame(bytes([2, 0, 0, 8, 0, n]), n, options)[42:] for n, options in enumerate([
        b"\x35\1\1\x37\3\1\3\6", b"\x35\1\3\x32\4\xc0\xa8\x32\x14\x36\4\xc0\xa8\x32\1", b"\x35\1\x08",
        b"\x35\1\7\x36\4\xc0\xa8\x32\1", b"\x35\1\1\x52\x06\1\4abcd\x0c\3abc\x51\4\0\0\0x"])]
    duid = struct.pack("!HHHH", 1, 10, 3, 1) + bytes([2, 0, 0, 8, 0, 1])
    ia = struct.pack("!HHIII", 3, 12, 1, 0, 0)
    six = [bytes([n, 0, 0, n]) + duid + ia + struct.pack("!HH", 14, 0) for n in (1, 3, 5, 6, 8, 9, 11)]
    six.append(b"\x0c\0" + bytes.fromhex("fd000050" + "0" * 23 + "1") + bytes(16) + struct.pack("!HH", 9, len(six[0]))
               + six[0])
    return {
        "dns": [question("local.test", 7), question("a.zone.test", 8, 255), question("x.up.test", 9, 28),
                question("zone.test", 10, 252), question("1.50.168.192.in-addr.arpa", 11, 12)],
        "dhcp4": bootp, "relay": bootp, "dhcp6": six,
        "rs": [b"\x85\0\0\0\0\0\0\0", b"\x85\0\0\0\0\0\0\0\1\1\2\0\0\0\0\1"],
        "tftp": [b"\0\1file\0octet\0blksize\0001400\0tsize\0000\0", b"\0\1../../etc/passwd\0netascii\0", b"\0\4\0\1"],
        "upstream": [],
    }[kind]


@pytest.fixture
def target(site):
    if not GENERATOR.exists():
        pytest.skip(f"{GENERATOR} was not built")
    site.server_program = site.linnet(CONFIG.format(folder=site.folder), wait="started, version")
    return site


def generator(network, kind, namespace, count, seed, address, port, corpora):
    folder = network.folder / f"valid-{kind}"
    folder.mkdir(exist_ok=True)
    for number, packet in enumerate(valid(kind)):
        (folder / str(number)).write_bytes(packet)
    return subprocess.Popen(
        ["ip", "netns", "exec", namespace, str(GENERATOR), kind, address, str(port), str(count), str(seed), str(folder),
         *(str(CORPORA / name) for name in corpora)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def check(network, kind, attack, serves):
    """The first share warms it up. Of those that follow one leaves nothing behind, not a page of memory: what is lost
    with packets is lost with each share. (Pages of files are more when a rare path is taken the first time.)"""
    server = network.server_program
    start = time.monotonic()
    serves()
    running = processes(server.pid)
    attack(COUNT, 1)
    serves()
    first = resident(server.pid)
    for seed in range(2, 2 + SHARES):
        before = resident(server.pid, "Anonymous")
        sent = attack(COUNT, seed)
        check_alive(server, running)
        serves()
        after = resident(server.pid, "Anonymous")
        print(f"{kind}: {sent} packets, {before} -> {after} KiB, log {len(server.log())} bytes")
        if after <= before:
            break
    assert after <= before, f"{before} -> {after} KiB in the last of {SHARES} shares"
    assert resident(server.pid) <= first * 1.01 + ROOM_KB
    assert len(server.log()) < 2_000_000 + seed * COUNT, "the log is no place for each bad packet"
    told = collections.Counter(TOLD.findall(server.log()))
    assert all(count <= time.monotonic() - start + 1 for count in told.values()), told
    assert server.stop() == 0


@pytest.mark.parametrize("kind", SURFACES)
def test_malformed_packets(target, kind):
    def attack(count, seed):
        more = count // 6 if kind == "rs" else 0  # the sender's own kernel takes no raw packet of less than 4 bytes
        process = generator(target, kind, target.client.namespace, count + more, seed, *SURFACES[kind])
        said, _ = process.communicate(timeout=SECONDS)
        found = re.match(r"(\d+) sent, (\d+) silent", said)
        assert found, said
        assert int(found[2]) == 0, f"{said}{target.server_program.log()[-2000:]}"
        assert int(found[1]) >= count, said
        # Bent solicitations told the server's kernel wrong hardware addresses of the client, which it would believe
        # for some ten seconds: that is the kernel's neighbour table, and no figure of ours.
        target.inside(target.server, "ip", "-6", "neigh", "flush", "dev", "lan0")
        return int(found[1])
    check(target, kind, attack, lambda: wait_served(target.client, 1))


def test_malformed_replies(target):
    """The upstream server answers each query with fifty replies that are bent."""
    turn = iter(range(10**9))
    target.upstream.close()

    def serves():
        assert target.client.dns("local.test") == (0, 1)

    def attack(count, seed):
        process = generator(target, "upstream", target.server, count, seed, "127.0.0.11", 53,
                            ["reply_accept", "dns_message"])
        assert process.stdout.readline() == "ready\n"
        while process.poll() is None:
            for _ in range(20):
                target.client.turn += 1
                target.client.udp.sendto(question(f"b{next(turn)}.up.test", target.client.turn & 0xffff),
                                         ("192.168.50.1", 53))
            serves()
        return int(process.stdout.read().split()[0])
    check(target, "upstream", attack, serves)
