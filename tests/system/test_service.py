"""The service itself: sockets that follow the network, TCP clients of every kind, the log, its dumps."""
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import time

import pytest
from conftest import BINARY, run, wait_until

BASE = "no-resolv\nno-hosts\naddress=/a.test/192.0.2.1\n"


def answers(network, namespace, server, *more):
    return [row[3] for row in network.dig(namespace, "a.test", *more, server=server)]


def silent(network, namespace, server, *more):
    result = network.inside(namespace, "dig", f"@{server}", "a.test", "+tries=1", "+time=1", *more, check=False)
    return result.returncode != 0


def sockets_of(network, port=53):
    """Local addresses of the server's listening sockets, TCP and UDP."""
    text = network.inside(network.server, "ss", "-Hlntu").stdout
    found = {}
    for line in text.splitlines():
        fields = line.split()
        address, _, at = fields[4].rpartition(":")
        if at == str(port):
            found.setdefault(address.strip("[]"), []).append(fields[0])
    return found


@pytest.mark.parametrize("threads", [1, 2])
def test_bind_dynamic_follows_the_network(network, threads):
    client = network.add_client("c", "192.168.50.9/24")
    network.inside(client, "ip", "addr", "add", "10.9.0.9/24", "dev", "eth0")
    server = network.linnet(BASE + f"bind-dynamic\ninterface=lan0\ninterface=later0\nlisten-address=10.9.0.1\n"
                            f"dns-threads={threads}\n")
    assert "warning: interface later0 does not currently exist" in server.log()
    assert answers(network, client, "192.168.50.1") == ["192.0.2.1"]
    assert answers(network, client, "192.168.50.1", "+tcp") == ["192.0.2.1"]
    assert "0.0.0.0" not in sockets_of(network)
    assert "10.9.0.1" not in sockets_of(network)

    # An address that was listed and not there, and one more of a served interface.
    for address in ("10.9.0.1/24", "192.168.50.2/24"):
        network.inside(network.server, "ip", "addr", "add", address, "dev", "lan0")
    wait_until(lambda: {"10.9.0.1", "192.168.50.2"} <= set(sockets_of(network)), what="new addresses bound")
    for address in ("10.9.0.1", "192.168.50.2"):
        assert answers(network, client, address) == ["192.0.2.1"]
        assert answers(network, client, address, "+tcp") == ["192.0.2.1"]
    assert sorted(sockets_of(network)["10.9.0.1"]) == ["tcp"] * threads + ["udp"] * threads

    network.inside(network.server, "ip", "addr", "del", "192.168.50.2/24", "dev", "lan0")
    wait_until(lambda: "192.168.50.2" not in sockets_of(network), what="old address let go")

    # An interface that was waited for, twice, with its link-local address; and one that is not served.
    for turn in range(2):
        network.inside(network.server, "ip", "link", "add", "later0", "type", "veth", "peer", "name", "later1")
        network.inside(network.server, "ip", "link", "set", "later1", "up")
        network.inside(network.server, "ip", "link", "add", "other0", "type", "bridge")
        for name, address in (("later0", "10.8.0.1/24"), ("other0", "10.7.0.1/24")):
            network.inside(network.server, "ip", "addr", "add", address, "dev", name)
            network.inside(network.server, "ip", "link", "set", name, "up")
        # The link-local address passes duplicate address detection first, and is bound after that.
        wait_until(lambda: any(a.startswith("fe80") and a.endswith("%later0") for a in sockets_of(network)),
                   what="link-local address bound")
        wait_until(lambda: "10.8.0.1" in sockets_of(network), what="10.8.0.1 bound")
        assert answers(network, network.server, "10.8.0.1") == ["192.0.2.1"]
        assert "10.7.0.1" not in sockets_of(network)
        for name in ("later0", "other0"):
            network.inside(network.server, "ip", "link", "del", name)
        wait_until(lambda: "10.8.0.1" not in sockets_of(network), what="10.8.0.1 let go")
    assert answers(network, client, "192.168.50.1") == ["192.0.2.1"]
    assert server.stop() == 0


def test_bind_dynamic_without_root(network):
    """The low port of an address that comes later still can be bound, and that is all that is kept."""
    path = network.folder / "l.conf"
    path.write_text(BASE + "bind-dynamic\ninterface=lan0\n")
    for parent in list(network.folder.parents)[:3]:
        if os.stat(parent).st_uid == 0 and str(parent) != "/":
            os.chmod(parent, 0o755 if str(parent) != "/tmp" else 0o1777)
    server = network.start(network.server, BINARY, "-k", "-C", path, "--pid-file=", "--log-facility=-",
                           name="linnet")
    server.wait_for("started, version")
    status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
    assert not re.search(r"^Uid:\s+0\s", status, re.M)
    assert re.search(r"^CapEff:\s+0000000000000400$", status, re.M), status  # the broker's, who grants it
    assert re.search(r"^CapEff:\s+0+$", pathlib.Path(f"/proc/{server.server}/status").read_text(), re.M)
    network.inside(network.server, "ip", "addr", "add", "192.168.50.7/24", "dev", "lan0")
    wait_until(lambda: "192.168.50.7" in sockets_of(network), what="new address bound")
    assert server.stop() == 0


def test_many_addresses(network):
    """More than there used to be places for."""
    lines = "".join(f"addr add 10.{20 + i // 250}.{i % 250}.1/32 dev lan0\n" for i in range(700))
    batch = network.folder / "addresses"
    batch.write_text(lines)
    network.inside(network.server, "ip", "-batch", batch)
    server = network.linnet(BASE + "bind-dynamic\ninterface=lan0\n")
    assert answers(network, network.server, "10.22.199.1") == ["192.0.2.1"]
    batch.write_text(lines.replace("add 10", "del 10"))
    network.inside(network.server, "ip", "-batch", batch)
    wait_until(lambda: len(sockets_of(network)) < 10, what="all let go")
    batch.write_text(lines)
    network.inside(network.server, "ip", "-batch", batch)
    wait_until(lambda: len(sockets_of(network)) > 700, what="all bound again")
    assert answers(network, network.server, "10.22.199.1") == ["192.0.2.1"]
    assert server.stop() == 0


def test_an_address_that_cannot_be_bound_is_said_once(network):
    server = network.linnet(BASE + "bind-dynamic\ninterface=lan0\nexcept-interface=lo\n")
    network.inside(network.server, "ip", "addr", "add", "192.168.60.1/24", "dev", "lo")
    other = network.linnet(BASE + "bind-interfaces\nlisten-address=192.168.60.1\n")
    network.inside(network.server, "ip", "addr", "del", "192.168.60.1/24", "dev", "lo")
    network.inside(network.server, "ip", "addr", "add", "192.168.60.1/24", "dev", "lan0")
    server.wait_for("failed to create listening socket for 192.168.60.1: Address already in use")
    other.stop()
    network.inside(network.server, "ip", "addr", "add", "192.168.61.1/24", "dev", "lan0")
    wait_until(lambda: answers(network, network.server, "192.168.60.1") == ["192.0.2.1"], what="bound after all")
    assert server.log().count("failed to create") == 1


# ------------------------------------------------------------------ TCP


QUESTION = bytes.fromhex("1234010000010000000000000161047465737400" "00010001")


def framed(question=QUESTION):
    return struct.pack("!H", len(question)) + question


HOLD = r"""
import socket, sys, time
server, count, what = sys.argv[1], int(sys.argv[2]), sys.argv[3]
question = bytes.fromhex(sys.argv[4])
held = []
for i in range(count):
    sock = socket.socket()
    sock.settimeout(5)
    sock.connect((server, 53))
    if what == "slow":
        sock.send(question[:1])
    held.append(sock)
print("held", flush=True)
if what == "slow":
    for byte in question[1:]:
        time.sleep(0.2)
        for sock in held:
            try:
                sock.send(bytes([byte]))
            except OSError:
                pass
elif what == "deaf":
    for sock in held:
        sock.setblocking(False)
        try:
            for _ in range(200000):
                sock.send(question * 50)
        except OSError:
            pass
    print("deaf", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("what", ["idle", "slow", "deaf"])
def test_stuck_tcp_clients_hold_up_nobody(network, what):
    greedy = network.add_client("g", "192.168.50.8/24")
    client = network.add_client("c", "192.168.50.9/24")
    server = network.linnet(BASE + "max-tcp-connections=50\n")
    with subprocess.Popen(["ip", "netns", "exec", greedy, "/usr/bin/python3", "-c", HOLD, "192.168.50.1", "200", what,
                           framed().hex()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        if what == "deaf":
            assert holder.stdout.readline() == "deaf\n"
        slowest = 0
        for _ in range(20):
            start = time.monotonic()
            assert answers(network, client, "192.168.50.1", "+tcp") == ["192.0.2.1"]
            slowest = max(slowest, time.monotonic() - start)
        assert slowest < 2.5  # a second try of dig would take longer
        resident = int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{server.server}/status").read_text())[1])
        assert resident < 300_000  # with the sanitizers' own
        server.signal(signal.SIGUSR1)
        server.wait_for(r"child processes for TCP requests: in use \d+, highest since last SIGUSR1 (50|\d\d?), "
                        "max allowed 50")
        holder.stdin.close()
    assert server.stop() == 0


def test_many_questions_on_one_connection(network):
    server = network.linnet(BASE)
    script = ("import socket,sys;s=socket.create_connection(('127.0.0.1',53));q=bytes.fromhex(sys.argv[1]);"
              "s.sendall(q*300);s.shutdown(socket.SHUT_WR);n=0\n"
              "while True:\n p=s.recv(65536)\n if not p: break\n n+=len(p)\nprint(n//300, n%300)")
    result = network.inside(network.server, "/usr/bin/python3", "-c", script, framed().hex())
    each, rest = map(int, result.stdout.split())
    assert each > len(QUESTION) + 2 and rest == 0
    assert server.stop() == 0


# ------------------------------------------------------------------ EDNS


EDNS_ASK = r"""
import sys
import dns.edns, dns.message, dns.query
def ask(options, tcp=False):
    query = dns.message.make_query("a.test", "A", use_edns=0, options=[dns.edns.GenericOption(c, v) for c, v in options])
    reply = (dns.query.tcp if tcp else dns.query.udp)(query, "127.0.0.1", timeout=3)
    return reply.rcode(), {int(o.otype): o.to_wire() for o in reply.options}
client = bytes(range(8))
rcode, options = ask([(10, client)])
assert rcode == 0 and options[10][:8] == client and len(options[10]) == 24 and options[10][8] == 1, options
again = ask([(10, options[10])])
assert again[0] == 0 and again[1][10][:8] == client
assert ask([(10, bytes(5))])[0] == 1
assert 10 not in ask([])[1]
assert 11 not in ask([(11, b"")])[1]
assert ask([(11, b"")], tcp=True)[1][11] == (200).to_bytes(2, "big")
assert ask([])[1][15] == (4).to_bytes(2, "big")  # RFC 8914: forged answer
print("good")
"""


def test_cookies_keepalive_and_errors(network):
    server = network.linnet(BASE + "dns-threads=2\n")
    result = network.inside(network.server, "/usr/bin/python3", "-c", EDNS_ASK, check=False)
    assert result.stdout == "good\n", result.stderr
    assert server.stop() == 0


# ------------------------------------------------------------------ the log


def test_a_stuck_syslog_holds_up_nobody(network):
    """log-async: a socket in the place of syslog's that nobody reads."""
    path = network.folder / "devlog"
    stuck = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    stuck.bind(str(path))
    config = network.folder / "l.conf"
    config.write_text(BASE + "log-queries\nlog-async=20\nuser=root\n")
    # In a mount namespace of its own, for /dev/log.
    server = network.start(network.server, "unshare", "-m", "sh", "-c",
                           f"mount -t tmpfs tmpfs /dev && mknod /dev/null c 1 3 && mknod /dev/urandom c 1 9 && "
                           f"ln -s {path} /dev/log && exec \"$@\"", "sh", os.path.abspath(BINARY), "-k", "-C", config,
                           "--pid-file=", name="linnet")
    wait_until(lambda: sockets_of(network), what="serving")
    start = time.monotonic()
    script = ("import socket,sys;s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);s.settimeout(2)\n"
              "for i in range(500):\n s.sendto(bytes.fromhex(sys.argv[1]),('127.0.0.1',53));s.recv(4096)\nprint('all')")
    result = network.inside(network.server, "/usr/bin/python3", "-c", script, QUESTION.hex(), check=False)
    assert result.stdout == "all\n", result.stderr
    assert time.monotonic() - start < 10
    # What was lost is told when somebody reads again.
    stuck.settimeout(1)
    lines = []
    try:
        while True:
            lines.append(stuck.recv(4096).decode())
    except TimeoutError:
        pass
    assert re.match(r"<30>\w{3} [ \d]\d \d\d:\d\d:\d\d linnet\[\d+\]: ", lines[0]), lines[0]
    assert any(re.search(r"overflow: \d+ log entries lost", line) for line in lines), lines[-1]
    assert server.stop() == 0


def test_the_cache_is_listed(network):
    server = network.linnet(BASE + "log-queries\nhost-record=hr,1.1.1.1\ncname=c.test,hr\nlog-malloc\n")
    assert "memory taken: cache " in server.log()
    server.signal(signal.SIGUSR1)
    server.wait_for(r"\nlinnet\[\d+\]: Host {27}Address {34}Flags {6}Expires {18}Source\n")
    server.wait_for(r"\nlinnet\[\d+\]: -{30} -{40} -{10} -{24} -{12}\n")
    server.wait_for(r": hr {29}1\.1\.1\.1 {34}4FRI {3}HC {27}config\n")
    server.wait_for(r": c\.test {25}hr {39}CF I {4}C\n")
    quiet = network.linnet(BASE + "port=5353\n")
    quiet.signal(signal.SIGUSR1)
    quiet.wait_for("child processes for TCP requests")
    time.sleep(0.2)
    assert "Host  " not in quiet.log()
    assert server.stop() == quiet.stop() == 0


def test_only_failed_lines(network):
    server = network.linnet(BASE + "log-queries=only_failed\nlocal=/no.test/\n")
    answers(network, network.server, "127.0.0.1")
    network.dig(network.server, "x.no.test", server="127.0.0.1")
    server.wait_for("config x.no.test is NXDOMAIN")
    assert "query[" not in server.log() and "a.test" not in server.log()
    assert server.stop() == 0


# ------------------------------------------------------------------ the dump


def test_packets_are_dumped(network):
    path = network.folder / "packets.pcap"
    upstream = network.linnet("no-resolv\nno-hosts\nport=5300\naddress=/up.test/192.0.2.7\n")
    config = BASE + f"server=127.0.0.1#5300\ndumpfile={path}\ndumpmask=0x0f\n"
    server = network.linnet(config)
    assert path.stat().st_mode & 0o777 == 0o600
    network.dig(network.server, "x.up.test", server="127.0.0.1")
    network.dig(network.server, "x.up.test", "+tcp", server="192.168.50.1")
    network.inside(network.server, "dig", "-6", "@::1", "a.test")
    server.wait_for(r"dumping packet 1 mask 0x0001")
    server.wait_for(r"dumping packet 2 mask 0x0004")
    server.wait_for(r"dumping packet 3 mask 0x0008")
    server.wait_for(r"dumping packet 4 mask 0x0002")
    assert server.stop() == 0
    server = network.linnet(config)  # goes on where the other stopped
    answers(network, network.server, "127.0.0.1")
    assert server.stop() == upstream.stop() == 0
    lines = run("tcpdump", "-nvvr", path).stdout
    assert "bad" not in lines and "truncated" not in lines, lines
    assert len(re.findall(r"A\? x\.up\.test\.", lines)) == 4
    assert lines.count("127.0.0.1.5300 > 0.0.0.0.0: [udp sum ok]") == lines.count("0.0.0.0.0 > 127.0.0.1.5300: ") >= 1
    assert re.search(r"::1\.53 > ::1\.\d+", lines), lines
    assert lines.count("A? a.test.") == 4

    path.write_text("something else that is quite long enough")
    other = network.linnet(config, wait=None)
    assert other.process.wait(10) == 3
    assert f"bad header in {path}" in other.log()
