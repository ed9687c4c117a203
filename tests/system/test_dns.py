"""DNS as a client on the network sees it: real sockets, TCP, several addresses, resolv.conf, signals."""
import os
import re
import signal
import socket
import struct
import subprocess

import pytest

from conftest import BINARY, run, wait_until

CONFIG = """\
no-resolv
no-hosts
address=/lan.test/192.0.2.5
address=/lan.test/2001:db8::5
"""
UPSTREAM = """\
no-resolv
no-hosts
listen-address=127.0.0.{0}
bind-interfaces
local-ttl=60
address=/www.up.test/203.0.113.{0}
"""


def upstream(network, last):
    return network.linnet(UPSTREAM.format(last), wait="started, version")


@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
@pytest.mark.parametrize("server", ["192.168.50.1", "fd00:50::1"])
@pytest.mark.parametrize("binding", ["", "bind-interfaces\ninterface=lan0\n", "listen-address=192.168.50.1\n"
                                     "listen-address=fd00:50::1\nbind-interfaces\n", "local-service\n"])
def test_answers_on_every_address(network, transport, server, binding):
    client = network.add_client("a", "192.168.50.2/24")
    network.inside(client, "ip", "addr", "add", "fd00:50::2/64", "dev", "eth0", "nodad")
    network.linnet(CONFIG + binding)
    assert [r[3] for r in network.dig(client, "lan.test", "A", transport, server=server)] == ["192.0.2.5"]
    assert [r[3] for r in network.dig(client, "lan.test", "AAAA", transport, server=server)] == ["2001:db8::5"]


def test_an_excluded_interface_is_silent(network):
    client = network.add_client("a", "192.168.50.2/24")
    server = network.linnet(CONFIG + "except-interface=lan0\n")
    assert network.dig_status(client, "lan.test", "+time=1") is None
    assert network.dig_status(client, "lan.test", "+tcp", "+time=1") is None
    assert network.dig_status(network.server, "lan.test", server="127.0.0.1") == "NOERROR"
    assert server.stop() == 0


@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
@pytest.mark.parametrize("asked", ["10.77.0.1", "fd00:77::1"])
def test_one_gate_for_udp_and_tcp(network, transport, asked):
    """A stranger behind an excluded interface asks at the address of a served one: where a packet comes
    in decides, for TCP as for UDP."""
    stranger = network.add_client("a", "192.168.50.2/24")
    network.inside(stranger, "ip", "addr", "add", "fd00:50::2/64", "dev", "eth0", "nodad")
    network.inside(network.server, "ip", "link", "add", "srv0", "type", "bridge")
    network.inside(network.server, "ip", "addr", "add", "10.77.0.1/24", "dev", "srv0")
    network.inside(network.server, "ip", "addr", "add", "fd00:77::1/64", "dev", "srv0", "nodad")
    network.inside(network.server, "ip", "link", "set", "srv0", "up")
    network.inside(stranger, "ip", "route", "add", "10.77.0.0/24", "via", "192.168.50.1")
    network.inside(stranger, "ip", "-6", "route", "add", "fd00:77::/64", "via", "fd00:50::1")
    server = network.linnet(CONFIG)
    assert network.dig_status(stranger, "lan.test", transport, server=asked) == "NOERROR"
    server.stop()
    network.linnet(CONFIG + "except-interface=lan0\n")
    assert network.dig_status(stranger, "lan.test", transport, "+time=1", server=asked) is None


def test_local_service_ignores_strangers(network):
    client = network.add_client("a", "10.99.0.2/24")
    network.inside(client, "ip", "route", "add", "192.168.50.0/24", "dev", "eth0")
    network.inside(network.server, "ip", "route", "add", "10.99.0.0/24", "dev", "lan0")
    server = network.linnet(CONFIG)
    assert network.dig_status(client, "lan.test") == "NOERROR"
    server.stop()
    network.linnet(CONFIG + "local-service\n")
    assert network.dig_status(client, "lan.test", "+time=1") is None


def test_forwards_and_follows_resolv_conf(network):
    client = network.add_client("a", "192.168.50.2/24")
    upstream(network, 11)
    upstream(network, 12)
    resolv = network.folder / "resolv.conf"
    resolv.write_text("nameserver 127.0.0.11\n")
    server = network.linnet(f"no-hosts\nresolv-file={resolv}\ncache-size=0\ninterface=lan0\nbind-interfaces\n")
    server.wait_for(r"using nameserver 127\.0\.0\.11#53")
    assert [r[3] for r in network.dig(client, "www.up.test")] == ["203.0.113.11"]
    # As resolvconf programs do it: a new file renamed over the old.
    (network.folder / "resolv.new").write_text("nameserver 127.0.0.12\n")
    os.rename(network.folder / "resolv.new", resolv)
    server.wait_for(r"using nameserver 127\.0\.0\.12#53")
    assert [r[3] for r in network.dig(client, "www.up.test")] == ["203.0.113.12"]


def test_sighup_reads_hosts_anew(network):
    client = network.add_client("a", "192.168.50.2/24")
    hosts = network.folder / "hosts"
    hosts.write_text("192.0.2.1 one\n")
    server = network.linnet(f"no-resolv\nno-hosts\naddn-hosts={hosts}\n")
    assert [r[3] for r in network.dig(client, "one")] == ["192.0.2.1"]
    hosts.write_text("192.0.2.2 one\n192.0.2.3 two\n")
    server.signal(signal.SIGHUP)
    server.wait_for("2 names")
    assert [r[3] for r in network.dig(client, "one")] == ["192.0.2.2"]
    assert [r[3] for r in network.dig(client, "two")] == ["192.0.2.3"]


def test_a_folder_of_hosts_files(network):
    client = network.add_client("a", "192.168.50.2/24")
    folder = network.folder / "hosts.d"
    folder.mkdir()
    (folder / "10-a").write_text("192.0.2.1 one\n")
    (folder / "20-b").write_text("192.0.2.2 two\n")
    (folder / "30-c~").write_text("192.0.2.3 three\n")
    network.linnet(f"no-resolv\nno-hosts\naddn-hosts={folder}\n")
    assert [r[3] for r in network.dig(client, "one")] == ["192.0.2.1"]
    assert [r[3] for r in network.dig(client, "two")] == ["192.0.2.2"]
    assert network.dig(client, "three") == []


def test_sigusr1_reports(network):
    client = network.add_client("a", "192.168.50.2/24")
    server = network.linnet(CONFIG)
    network.dig(client, "lan.test")
    server.signal(signal.SIGUSR1)
    server.wait_for(r"cache size 150, 0/0 cache insertions")
    server.wait_for(r"queries forwarded 0, queries answered locally 1")


def test_log_queries(network):
    client = network.add_client("a", "192.168.50.2/24")
    upstream(network, 11)
    server = network.linnet("no-resolv\nno-hosts\nserver=127.0.0.11\naddress=/lan.test/192.0.2.5\n"
                            "log-queries\ninterface=lan0\nbind-interfaces\n")
    network.dig(client, "lan.test")
    network.dig(client, "www.up.test")
    network.dig(client, "www.up.test")
    for line in ("query[A] lan.test from 192.168.50.2", "config lan.test is 192.0.2.5",
                 "query[A] www.up.test from 192.168.50.2", "forwarded www.up.test to 127.0.0.11",
                 "reply www.up.test is 203.0.113.11", "cached www.up.test is 203.0.113.11"):
        server.wait_for(re.escape(line))


QUERY = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03lan\x04test\x00\x00\x01\x00\x01"

TCP_SCRIPT = """
import socket, struct, sys
query = bytes.fromhex(sys.argv[1])
s = socket.create_connection(("192.168.50.1", 53), timeout=5)
framed = struct.pack("!H", len(query)) + query
s.sendall(framed * 300)
data, count = b"", 0
while count < 300 and (more := s.recv(65536)):
    data += more
    while len(data) >= 2 and len(data) >= 2 + struct.unpack("!H", data[:2])[0]:
        data = data[2 + struct.unpack("!H", data[:2])[0]:]
        count += 1
print(count)
"""


def test_300_queries_on_one_connection(network):
    client = network.add_client("a", "192.168.50.2/24")
    network.linnet(CONFIG)
    result = network.inside(client, "/usr/bin/python3", "-c", TCP_SCRIPT, QUERY.hex())
    assert result.stdout.strip() == "300"


IDLE_SCRIPT = """
import socket, time
held = [socket.create_connection(("192.168.50.1", 53), timeout=5) for _ in range(60)]
print("held", flush=True)
time.sleep(30)
"""


def test_idle_connections_lock_nobody_out(network):
    client = network.add_client("a", "192.168.50.2/24")
    network.linnet(CONFIG)
    idle = network.start(client, "/usr/bin/python3", "-c", IDLE_SCRIPT)
    idle.wait_for("held")
    def answered():
        return network.dig(client, "lan.test", "+tcp")
    assert wait_until(answered, 10, "a TCP answer beside idle connections")


TRICKLE_SCRIPT = """
import socket, time
held = [socket.create_connection(("192.168.50.1", 53), timeout=5) for _ in range(110)]
print("held", flush=True)
for _ in range(20):
    for s in held:
        try:
            s.send(b"\\0")
        except OSError:
            pass
    time.sleep(0.5)
"""


def test_tricklers_lock_nobody_out(network):
    """A byte now and then is no question: who sends nothing else has no right to a place."""
    greedy = network.add_client("a", "192.168.50.2/24")
    honest = network.add_client("b", "192.168.50.3/24")
    network.linnet(CONFIG)
    trickle = network.start(greedy, "/usr/bin/python3", "-c", TRICKLE_SCRIPT)
    trickle.wait_for("held")
    for _ in range(5):
        assert network.dig_status(honest, "lan.test", "+tcp", "+time=2") == "NOERROR"


def test_a_low_source_port_is_kept_after_root_is_given_up(network):
    client = network.add_client("a", "192.168.50.2/24")
    upstream(network, 11)
    network.linnet("no-resolv\nno-hosts\nserver=127.0.0.11\nquery-port=600\nuser=nobody\n"
                   "interface=lan0\nbind-interfaces\n")
    assert [r[3] for r in network.dig(client, "www.up.test")] == ["203.0.113.11"]


def test_four_threads(network):
    client = network.add_client("a", "192.168.50.2/24")
    upstream(network, 11)
    server = network.linnet(CONFIG + "dns-threads=4\nserver=127.0.0.11\ninterface=lan0\nbind-interfaces\n",
                            binary=os.environ.get("LINNET_BINARY_TSAN", BINARY))
    for number in range(40):
        assert [r[3] for r in network.dig(client, "lan.test")] == ["192.0.2.5"]
        if number % 10 == 0:
            assert [r[3] for r in network.dig(client, "www.up.test")] == ["203.0.113.11"]
            server.signal(signal.SIGHUP)
            server.signal(signal.SIGUSR1)
    server.wait_for("queries forwarded")
    assert server.stop(30) == 0
    assert "WARNING: ThreadSanitizer" not in server.log(), server.log()


def test_no_leak_and_no_undefined_behaviour(network):
    binary = os.environ.get("LINNET_BINARY_ASAN")
    if not binary or not os.path.exists(binary):
        pytest.skip("no sanitized build here (LINNET_BINARY_ASAN)")
    client = network.add_client("a", "192.168.50.2/24")
    upstream(network, 11)
    server = network.linnet("no-resolv\nserver=127.0.0.11\ninterface=lan0\nbind-interfaces\n"
                            "dhcp-range=192.168.50.100,192.168.50.120,1h\n", binary=binary)
    for name in ("www.up.test", "nothing.up.test", "localhost"):
        network.dig(client, name)
        network.dig(client, name, "+tcp")
    server.signal(signal.SIGHUP)
    server.signal(signal.SIGUSR1)
    network.dig(client, "www.up.test")
    assert server.stop(30) == 0, server.log()
    assert "Sanitizer" not in server.log() and "runtime error" not in server.log(), server.log()
