"""Upstream servers that are silent, lame, truncating, slow or not alone: local and cached names never wait, clients
get an answer in time, the truth wins, and all is well again at once when the server is. (Each by packets and times:
tests/scenarios/dns/dead_upstreams, servfail_all, servfail_failover, truncated_tcp, truncated_no_tcp,
spoofed_wrong_id, late_reply; a dead server beside a good one: tests/system/test_dns.py.)"""
import socket
import struct
import threading
import time

import pytest

from conftest import wait_until
from exercise import answer_to, question, SERVER, silence, truth, Upstream, UPSTREAM_ADDRESS
from faults import check_alive, processes, resident

CONFIG = """\
interface=lan0
bind-interfaces
no-resolv
no-hosts
server=127.0.0.11
host-record=local.test,192.0.2.1
"""
HUNG, FLOOD = 500, 4000
LOCAL_MS, BACK_S = 100, 2


@pytest.fixture
def served(site):
    """A server under questions, which stays the same process and the same size."""
    site.program = site.linnet(CONFIG)
    wait_until(lambda: site.client.dns("local.test", tries=1) == (0, 1), 10, "a local name")
    assert site.client.dns("cached.up.test") == (0, 1)
    running = processes(site.program.pid)
    yield site
    check_alive(site.program, running)
    assert len(site.program.log().splitlines()) < 40, site.program.log()
    assert site.program.stop() == 0


def took_ms(client, name):
    begun = time.monotonic()
    assert client.dns(name, tries=4) == (0, 1), name
    return (time.monotonic() - begun) * 1000


def address_of(client, name):
    client.turn += 1
    query = question(name, client.turn & 0xffff)

    def take(arrived):
        reply = arrived[0]
        return socket.inet_ntoa(reply[-4:]) if reply[:2] == query[:2] and reply[7] == 1 else None
    return client.ask(client.udp, lambda: client.udp.sendto(query, (SERVER, 53)), take, 12)


def reply_code(code):
    def behave(server, query, client):
        server.udp.sendto(query[:2] + struct.pack("!H", 0x8180 | code) + query[4:], client)
    return behave


def recovers(site, name):
    """A name that nobody has asked for is answered within BACK_S seconds of the server being back."""
    site.upstream.behave = truth
    begun = time.monotonic()
    wait_until(lambda: site.client.dns(name, tries=1) == (0, 1), what=name)
    took = time.monotonic() - begun
    assert took < BACK_S
    return took


def test_silent(served):
    served.upstream.behave = silence
    for number in range(HUNG):
        served.client.put(f"h{number}.up.test")
    times = [took_ms(served.client, name) for name in ("local.test", "cached.up.test") * 10]
    assert max(times) < LOCAL_MS, times
    print(f"silent: back after {recovers(served, 'new.up.test'):.2f} s, slowest local name {max(times):.0f} ms")


@pytest.mark.parametrize("what,code", [("SERVFAIL", 2), ("REFUSED", 5), ("NOTIMP", 4)])
def test_lame(served, what, code):
    served.upstream.behave = reply_code(code)
    begun, asked = time.monotonic(), served.upstream.asked
    for number in range(50):
        served.client.put(f"l{number}.up.test")
    assert max(took_ms(served.client, name) for name in ("local.test", "cached.up.test")) < LOCAL_MS
    wait_until(lambda: served.upstream.asked >= asked + 50, 5, "all questions asked")
    assert time.monotonic() - begun < 5
    assert served.upstream.asked <= asked + 50 * 6, "a failing server is asked again and again"
    recovers(served, f"after-{what}.up.test")


def test_lame_beside_a_good_one(site):
    """Empty answers of the class that says nothing (no SOA) are an answer; failures are not."""
    good = Upstream(site.server, address="127.0.0.12")
    site.linnet(CONFIG + "server=127.0.0.12\n")
    for code in (2, 5):
        site.upstream.behave = reply_code(code)
        for number in range(20):
            assert took_ms(site.client, f"n{code}-{number}.up.test") < LOCAL_MS + 250, number
    good.close()


def test_empty_answers(served):
    """No error and no record: it is handed on, and not kept beyond what it says (RFC 2308 section 5)."""
    served.upstream.behave = reply_code(0)
    assert served.client.dns("empty.up.test") == (0, 0)
    recovers(served, "empty.up.test")


def truncated(server, query, client):
    server.udp.sendto(query[:2] + struct.pack("!HHHHH", 0x8380, 1, 0, 0, 0) + query[12:], client)


def test_truncating(served):
    """The whole answer is fetched by TCP."""
    served.upstream.behave = truncated
    for number in range(20):
        assert took_ms(served.client, f"t{number}.up.test") < LOCAL_MS + 250
    assert served.upstream.asked_tcp >= 20
    recovers(served, "new.up.test")


def test_truncating_without_tcp(served):
    """The client is told so within the time that it waits itself, and nothing is kept."""
    served.upstream.behave = truncated
    served.upstream.answers_tcp = False
    before = resident(served.program.pid)
    for number in range(20):
        begun = time.monotonic()
        assert served.client.dns(f"t{number}.up.test") == (0, 0)
        assert time.monotonic() - begun < 1
    assert took_ms(served.client, "local.test") < LOCAL_MS
    recovers(served, "t1.up.test")
    assert resident(served.program.pid) < before + 2048


def test_slow(served):
    """Each answer takes one to four seconds: one question is asked for all who want it, and nobody else waits."""
    asked = {}

    def answer(server, query, client):
        try:
            server.udp.sendto(answer_to(query), client)
        except OSError:
            pass  # the test is over

    def slow(server, query, client):
        name = query[13:13 + query[12]]
        asked[name] = asked.get(name, 0) + 1
        later = threading.Timer(1 + int(name[1:]) % 4, answer, (server, query, client))
        later.daemon = True
        later.start()
    served.upstream.behave = slow
    begun = time.monotonic()
    for turn in range(5):
        for number in range(100):
            served.client.put(f"s{number % 20}.up.test")
        assert took_ms(served.client, "local.test") < LOCAL_MS
        time.sleep(0.2)
    wait_until(lambda: len(asked) == 20, 5, "all asked")
    for number in range(20):
        assert served.client.dns(f"s{number}.up.test", tries=24) == (0, 1), number
    assert time.monotonic() - begun < 10
    # Each name was asked for 25 times and more.
    assert max(asked.values()) <= 14, asked
    recovers(served, "new.up.test")


def test_flood_of_wrong_ids(served):
    """From the server's own address and to the open port: only the id is not known. The true answer wins, and the
    question is put by TCP, where it cannot be guessed."""
    false = "203.0.113.66"

    def flooded(server, query, client):
        lie = answer_to(query, false)
        true_id = query[:2]
        for number in range(FLOOD):
            wrong = struct.pack("!H", number * 16 & 0xffff)
            if wrong != true_id:
                server.udp.sendto(wrong + lie[2:], client)
        server.udp.sendto(answer_to(query), client)
    served.upstream.behave = flooded
    for number in range(5):
        before = served.upstream.asked_tcp
        assert address_of(served.client, f"f{number}.up.test") == UPSTREAM_ADDRESS
        assert served.upstream.asked_tcp > before, "it was not asked by TCP"
    assert took_ms(served.client, "local.test") < LOCAL_MS
    # Nothing false was kept.
    served.upstream.behave = truth
    for number in range(5):
        assert address_of(served.client, f"f{number}.up.test") == UPSTREAM_ADDRESS
