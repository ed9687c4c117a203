"""The system gives little: 64 descriptors, or 40 MB of addresses. Every service goes on, what has to wait waits or is
refused, it is said once, and all is well again when there is room. (Each single call that fails: test_faults.py; a
thousand connections with enough descriptors: test_connections.py.)"""
import pathlib
import re
import signal
import socket
import time

from conftest import BINARY, wait_until
from exercise import Inside, SERVER, silence, truth
from faults import check_alive, check_leases, descriptors, processes, server_pid, SITE_CONFIG, wait_served

DESCRIPTORS, ADDRESSES = 64, 40 << 20
TCP_CLIENTS = 120
QUESTIONS = 200
QUIET = "quiet-dhcp\nquiet-dhcp6\nquiet-ra\nquiet-tftp\n"


def start(site, *limits):
    """Under limits that the program cannot raise."""
    path = site.folder / "linnet.conf"
    path.write_text(SITE_CONFIG.format(folder=site.folder).replace("=20000", "=1000") + QUIET)
    server = site.start(site.server, "prlimit", *limits, BINARY, "-k", "-C", path, "--pid-file=", "--log-facility=-",
                        "-u", "root", "-g", "root", "--control-socket=", f"--dhcp-leasefile={site.folder}/leases",
                        name="linnet")
    server.wait_for("started, version")
    return server


def limit_of(server, name):
    text = pathlib.Path(f"/proc/{server_pid(server.pid)}/limits").read_text()
    return int(re.search(rf"Max {name}\s+(\d+)", text)[1])


def connect_many(namespace, count):
    held = []
    with Inside(namespace):
        for _ in range(count):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex((SERVER, 53))
            held.append(sock)
    return held


def test_64_descriptors(site):
    server = start(site, f"--nofile={DESCRIPTORS}:{DESCRIPTORS}")
    assert limit_of(server, "open files") == DESCRIPTORS
    client = site.client
    wait_served(client, 0)
    running, before = processes(server.pid), descriptors(server.pid)
    # Each question to an upstream server that is silent holds a socket, each idle connection another.
    site.upstream.behave = silence
    held = connect_many(client.namespace, TCP_CLIENTS)
    for number in range(QUESTIONS):
        client.put(f"silent{number}.up.test")
    wait_until(lambda: descriptors(server.pid) >= DESCRIPTORS - 4, 5, "few descriptors left")
    begun = time.monotonic()
    assert client.dns("local.test") == (0, 1)
    assert time.monotonic() - begun < 0.2, "a local name waited"
    assert client.dhcp(500) is not None
    assert client.dhcp6(500) is not None
    assert client.dns_tcp("local.test", tries=10) == (0, 1), "a new TCP client"
    assert client.tftp("file", 1300), "TFTP"
    check_alive(server, running)
    for sock in held:
        sock.close()
    site.upstream.behave = truth
    wait_served(client, 1, 30)
    wait_until(lambda: descriptors(server.pid) <= before + 2, 30, "descriptors given back")
    assert len(server.log().splitlines()) < 20, server.log()
    assert server.log().count("Too many open files") == 1, server.log()
    assert server.stop() == 0
    check_leases(client, site.folder / "leases")


def test_40_megabytes(site):
    server = start(site, f"--as={ADDRESSES}")
    assert limit_of(server, "address space") == ADDRESSES
    client = site.client
    wait_served(client, 0)
    running = processes(server.pid)
    for number in range(50):
        assert client.dhcp(1000 + number) is not None
    for number in range(1000):
        client.put(f"n{number}.up.test")
    (site.folder / "hosts").write_text("".join(f"192.0.2.{n % 250} h{n}.test\n" for n in range(2000)))
    server.signal(signal.SIGHUP)
    wait_until(lambda: client.dns("h1999.test", tries=1) == (0, 1), 10, "hosts read")
    wait_served(client, 1)
    # More names than there is room for: those before stay, and it is said.
    with open(site.folder / "hosts", "a") as hosts:
        hosts.writelines(f"192.0.2.{n % 250} another{n}.very-long-name-that-takes-room.test\n" for n in range(500000))
    server.signal(signal.SIGHUP)
    server.wait_for("memory")
    assert client.dns("h1999.test") == (0, 1), "names from before"
    wait_served(client, 2)
    (site.folder / "hosts").write_text("192.0.2.9 hosted.test\n")
    server.signal(signal.SIGHUP)
    wait_until(lambda: client.dns("hosted.test", tries=1) == (0, 1), 10, "fewer names")
    check_alive(server, running)
    wait_served(client, 3)
    assert len(server.log().splitlines()) < 30, server.log()
    assert server.stop() == 0
    check_leases(client, site.folder / "leases")
