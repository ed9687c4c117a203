"""A thousand TCP connections that want nothing: others are answered at once all the same. (Kinds of stuck clients
below a small limit, and 300 questions on one connection: tests/system/test_service.py, test_dns.py.)"""
import re
import resource
import socket
import struct
import time

import pytest

from conftest import wait_until
from exercise import Inside, question

CONFIG = "interface=lan0\nbind-interfaces\nno-resolv\nno-hosts\nhost-record=local.test,192.0.2.1\n"
IDLE = 1000
LIMIT_MS = 100
BEHIND_ALL_MS = 1000
QUESTION = struct.pack("!H", 28) + question("local.test", 7)
assert len(QUESTION) == 30


def fill(sock, what):
    if what == "half a length":
        sock.send(QUESTION[:1])
    elif what == "half a message":
        sock.send(QUESTION[:15])
    elif what == "never reads":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        sock.setblocking(False)
        try:
            for _ in range(40):
                sock.send(QUESTION * 40)
        except OSError:
            pass


def ask(namespace):
    """How long a connection with a question and its answer takes, in ms."""
    with Inside(namespace):
        sock = socket.socket()
    with sock:
        sock.settimeout(5)
        begun = time.monotonic()
        sock.connect(("192.168.50.1", 53))
        sock.sendall(QUESTION)
        reply = sock.recv(4096)
        assert len(reply) > 40 and reply[2:4] == b"\0\7", reply
        return (time.monotonic() - begun) * 1000


@pytest.mark.parametrize("what", ["silent", "half a length", "half a message", "never reads"])
def test_a_thousand_idle_connections(network, what):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    greedy = network.add_client("g", "192.168.50.8/24")
    client = network.add_client("c", "192.168.50.9/24")
    server = network.linnet(CONFIG)
    held = []
    try:
        with Inside(greedy):
            for _ in range(IDLE):
                sock = socket.socket()
                sock.settimeout(5)
                sock.connect(("192.168.50.1", 53))
                held.append(sock)
        for sock in held:
            try:
                fill(sock, what)
            except OSError:
                pass  # it was closed for one that came later, as it should be
        first = ask(client)
        batches = [sorted(ask(client) for _ in range(30)) for _ in range(3)]
        for times in batches:
            print(f"{what}: first {first:.1f} ms, median {times[15]:.1f} ms, slowest {times[-1]:.1f} ms")
        # The first stands behind the thousand, which the system has taken and we have not: 30 ms of our work, and
        # longer where others want the processor. Then nobody waits for them any more; what a busy machine holds up
        # once, it does not hold up in each batch.
        assert first < BEHIND_ALL_MS, first
        assert min(times[-1] for times in batches) < LIMIT_MS, batches
    finally:
        for sock in held:
            sock.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    wait_until(lambda: ask(client) < LIMIT_MS, 5, "an answer afterwards")
    assert len(re.findall("TCP", server.log())) < 20, "said again and again"
    assert server.stop() == 0
