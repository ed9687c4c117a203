"""Authoritative service on real sockets: large zones are transferred whole and nobody else waits for it."""
import re
import signal
import subprocess
import time

import pytest

from conftest import run, wait_until

NAMES = 10000
CONFIG = """\
no-resolv
no-hosts
auth-server=ns.z.test,lan0
auth-zone=z.test,10.0.0.0/8
auth-soa=5
auth-sec-servers=ns2.z.test
log-queries
"""


def write_hosts(path, count):
    path.write_text("".join(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255} host{i}.z.test\n" for i in range(count)))


def transfer(network, client, *words):
    said = network.inside(client, "dig", "@192.168.50.1", "z.test", "AXFR", "+time=10", *words, check=False).stdout
    return [line.split() for line in said.splitlines() if line and not line.startswith(";")], said


@pytest.fixture
def large(network):
    write_hosts(network.folder / "hosts", NAMES)
    client = network.add_client("a", "192.168.50.2/24")
    program = network.linnet(CONFIG + f"addn-hosts={network.folder}/hosts\n")
    wait_until(lambda: network.dig_status(client, "host1.z.test") == "NOERROR")
    return client, program


def test_large_zone(network, large):
    client, program = large
    for _ in range(3):
        rows, said = transfer(network, client)
        assert rows[0][3] == rows[-1][3] == "SOA", said[-2000:]
        addresses = {row[0] for row in rows if row[3] == "A"}
        assert addresses == {f"host{i}.z.test." for i in range(NAMES)}
        assert len(rows) == NAMES + 4  # SOA twice, two name servers
        messages = int(re.search(r"messages (\d+)", said)[1])
        assert messages > 5
    assert program.log().count("auth z.test is <AXFR>") == 3


def test_others_do_not_wait(network, large):
    """Many transfers at once; the slowest of other answers is measured."""
    client, _ = large
    other = network.add_client("b", "192.168.50.3/24")
    transfers = [subprocess.Popen(["ip", "netns", "exec", client, "dig", "@192.168.50.1", "z.test", "AXFR"],
                                  stdout=subprocess.DEVNULL) for _ in range(5)]
    slowest = 0
    try:
        for _ in range(10):
            said = run("ip", "netns", "exec", other, "dig", "@192.168.50.1", "host7.z.test", "+time=3", "+tries=1").stdout
            assert "status: NOERROR" in said
            slowest = max(slowest, int(re.search(r"Query time: (\d+) msec", said)[1]))
    finally:
        for process in transfers:
            process.wait(20)
    assert slowest < 2000  # a few ms; with sanitizers on a busy machine a hundred times that


def test_transfer_that_nobody_reads(network, large):
    """Its answer is held for it up to a bound; the service stays."""
    client, program = large
    script = ("import socket,time\n"
              "q=bytes.fromhex('001800070000000100000000000001') + b'z\\x04test\\0\\x00\\xfc\\x00\\x01'\n"
              "q=len(q[2:]).to_bytes(2,'big')+q[2:]\n"
              "s=[socket.create_connection(('192.168.50.1',53)) for _ in range(10)]\n"
              "[x.sendall(q*20) for x in s]\n"
              "time.sleep(2)\n")
    with subprocess.Popen(["ip", "netns", "exec", client, "/usr/bin/python3", "-c", script]) as process:
        time.sleep(1)
        wait_until(lambda: network.dig_status(client, "host1.z.test") == "NOERROR")
        process.wait(20)
    time.sleep(2.5)  # as many transfers as that are held back
    rows, _ = transfer(network, client)
    assert len(rows) == NAMES + 4
    assert program.process.poll() is None


def test_serial_and_statistics(network):
    write_hosts(network.folder / "hosts", 3)
    client = network.add_client("a", "192.168.50.2/24")
    program = network.linnet(CONFIG + f"addn-hosts={network.folder}/hosts\nauth-peer=192.168.50.9\n")
    wait_until(lambda: network.dig(client, "z.test", "SOA"))
    assert network.dig(client, "z.test", "SOA")[0][3].split()[2] == "5"
    write_hosts(network.folder / "hosts", 4)
    program.process.send_signal(signal.SIGHUP)
    wait_until(lambda: network.dig(client, "host3.z.test"))
    assert network.dig(client, "z.test", "SOA")[0][3].split()[2] == "6"
    rows, _ = transfer(network, client)
    assert rows == []
    program.wait_for("ignoring zone transfer request from 192.168.50.2")
    program.wait_for(r"auth\[SOA\] z.test from 192.168.50.2")
    program.process.send_signal(signal.SIGUSR1)
    program.wait_for(r"queries for authoritative zones [1-9]")
