"""The wall clock jumps by hours and by years, in both directions, under a program that serves. No lease is lost or
given away, its file says the new time, and what the cache holds lasts as long as it should: linnet reckons by the
time since the boot. (Rows of the lease file under clocks that lie: src/store/lease_clock_test.c.)"""
import struct
import time

import pytest

from conftest import wait_until
from exercise import answer_to, question, SERVER
from faults import check_alive, check_leases, kill_all, processes, SITE_CONFIG, wait_served

MINUTE, DAY = 60, 86400
JUMPS = [("a year back", -365 * DAY), ("ten years forward", 3652 * DAY), ("50 minutes back", -50 * MINUTE),
         ("50 minutes forward", 50 * MINUTE), ("as it was", 0)]
CLIENTS, LEASE_S, TTL_S = 30, 3600, 600


def jump(faults, server, seconds):
    """To so many seconds beside the true time."""
    said = server.log().count("the clock was set")
    faults.set(clock_ns=seconds * 10**9)
    wait_until(lambda: server.log().count("the clock was set") == said + 1, 5, "a word of it")


def ends(path):
    """When the lease file says that each DHCPv4 lease ends."""
    rows = [line.split() for line in path.read_text().splitlines()]
    return {row[2]: int(row[0]) for row in rows if len(row) == 5 and ":" in row[1]}


def follows(path, seconds):
    return all(abs(end - (time.time() + seconds + LEASE_S)) < MINUTE for end in ends(path).values())


def ttl(client, name):
    client.turn += 1
    query = question(name, client.turn & 0xffff)

    def take(arrived):
        reply = arrived[0]
        return struct.unpack("!I", reply[-10:-6])[0] if reply[:2] == query[:2] and reply[7] == 1 else None
    return client.ask(client.udp, lambda: client.udp.sendto(query, (SERVER, 53)), take)


def long_lived(server, query, client):
    reply = answer_to(query)
    server.udp.sendto(reply[:-10] + struct.pack("!I", TTL_S) + reply[-6:], client)


def started(site, faults):
    faults.set(clock_wakes=1)
    site.upstream.behave = long_lived
    return site.linnet(SITE_CONFIG.format(folder=site.folder), environment=faults.environment())


def test_jumps_under_way(site, faults):
    server = started(site, faults)
    client, path = site.client, site.folder / "leases"
    wait_served(client, 0)
    running = processes(server.pid)
    held = {number: client.dhcp(number) for number in range(1000, 1000 + CLIENTS)}
    held6 = {number: client.dhcp6(number) for number in range(1000, 1005)}
    assert None not in held.values() and len(set(held.values())) == CLIENTS and None not in held6.values()
    assert ttl(client, "kept.up.test") == TTL_S
    begun, asked = time.monotonic(), site.upstream.asked
    for turn, (name, seconds) in enumerate(JUMPS):
        jump(faults, server, seconds)
        # The file follows before anybody renews.
        wait_until(lambda: follows(path, seconds), 5, f"{name}: a lease file of the new time")
        assert len(ends(path)) == CLIENTS + 1 + turn, name
        # Nobody's address is given to those who come now, and everybody keeps what he has.
        fresh = client.dhcp(2000 + turn)
        assert fresh and fresh not in held.values(), name
        for number, address in list(held.items())[turn::len(JUMPS)]:
            assert client.dhcp(number) == address, name
        assert {number: client.dhcp6(number) for number in held6} == held6, name
        held[2000 + turn] = fresh
        left = ttl(client, "kept.up.test")
        assert TTL_S - (time.monotonic() - begun) - 2 <= left <= TTL_S, f"{name}: {left} s left"
        assert site.upstream.asked == asked, f"{name}: the cache forgot"
    check_alive(server, running)
    assert server.log().count("the clock was set") == len(JUMPS)
    assert server.stop() == 0
    check_leases(client, path)


@pytest.mark.parametrize("name,seconds", [JUMPS[0], JUMPS[2], ("50 minutes forward", 50 * MINUTE)])
def test_another_time_after_a_restart(site, faults, name, seconds):
    """Started again, all that is known is what the file and the clock say: no lease lasts longer than was granted."""
    server = started(site, faults)
    client = site.client
    wait_until(lambda: client.dhcp(1000), 10, "service")
    held = {number: client.dhcp(number) for number in range(1000, 1010)}
    kill_all(server)
    faults.set(clock_ns=seconds * 10**9)
    server = started(site, faults)
    wait_until(lambda: client.dns("local.test", tries=1) == (0, 1), 10, "service")
    strangers = {client.dhcp(number) for number in range(3000, 3020)}
    assert None not in strangers and not strangers & set(held.values()), name
    assert {number: client.dhcp(number) for number in held} == held, name
    latest = max(ends(site.folder / "leases").values())
    assert latest <= time.time() + seconds + LEASE_S + MINUTE, name
    assert server.stop() == 0
