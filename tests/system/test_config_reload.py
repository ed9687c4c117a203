"""The configuration read again while the program runs (reload-config, SIGHUP): each kind of option takes effect,
a bad configuration changes nothing, no question is lost, what was cached stays."""
import os
import pathlib
import re
import signal
import threading
import time

import pytest

from conftest import BINARY, lacks, wait_until
from test_reload import finish_asker, start_asker

pytestmark = pytest.mark.skipif(bool(lacks("reload-config")), reason=str(lacks("reload-config")))

DONE = r"lines? of the configuration (?:is|are) new or gone|the configuration is the same|the old one stays"

UPSTREAM = r"""
import socket, struct, sys
# Answers every question for an address with 192.0.2.77 and a minute, and writes a line for each.
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
while True:
    query, peer = sock.recvfrom(4096)
    end = query.index(b"\0", 12) + 5
    name = query[12:end]
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + bytes(map(int, sys.argv[2].split(".")))
    print("question", flush=True)
    sock.sendto(query[:2] + struct.pack(">HHHHH", 0x8180, 1, 1, 0, 0) + name + answer, peer)
"""

TFTP_READ = r"""
import socket, struct, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(3)
sock.sendto(b"\0\1" + sys.argv[1].encode() + b"\0octet\0", ("192.168.50.1", 69))
data, peer = sock.recvfrom(1024)
if data[:2] == b"\0\3":
    sock.sendto(b"\0\4" + data[2:4], peer)
print(data[1], data[4:].rstrip(b"\0").decode())
"""

BASE = """
interface=lan0
no-resolv
no-hosts
reload-config
"""


def configure(server, text):
    path = pathlib.Path(server.words[server.words.index("-C") + 1])
    path.write_text(text)


def reload(server, text=None, seconds=20):
    """Reads it again; what was said meanwhile."""
    before = len(server.log())
    if text is not None:
        configure(server, text)
    server.signal(signal.SIGHUP)
    wait_until(lambda: re.search(DONE, server.log()[before:]), seconds, "reload")
    return server.log()[before:]


def addresses(network, name, server="192.168.50.1"):
    return sorted(row[3] for row in network.dig(network.server, name, "A", server=server))


def start_upstream(network, port, address):
    program = network.start(network.server, "/usr/bin/python3", "-c", UPSTREAM, str(port), address, name=f"up{port}")
    program.wait_for("ready")
    return program


def test_dns(network, tmp_path):
    """Records, rules, servers, limits, hosts files, flags of the log, zones; and the cache stays."""
    one, two = start_upstream(network, 5301, "192.0.2.77"), start_upstream(network, 5302, "192.0.2.78")
    hosts = tmp_path / "hosts"
    hosts.write_text("192.0.2.50 listed.test\n")
    # Both ports from the start on: another one cannot be reached by TCP (test_roles.py::test_ports_of_servers).
    first = (f"{BASE}server=127.0.0.1#5301\nserver=/elsewhere.test/127.0.0.1#5302\naddress=/old.test/192.0.2.1\n"
             "host-record=keep.test,192.0.2.9\n")
    server = network.linnet(first)
    assert addresses(network, "old.test") == ["192.0.2.1"]
    assert addresses(network, "cached.example") == ["192.0.2.77"]
    assert one.log().count("question") == 1

    said = reload(server)
    assert "the configuration is the same" in said
    time.sleep(1.1)
    rows = network.dig(network.server, "cached.example", "A")
    assert rows[0][3] == "192.0.2.77" and rows[0][1] < 60, "the cache counts on"
    assert one.log().count("question") == 1

    said = reload(server, first.replace("old.test/192.0.2.1", "new.test/192.0.2.2")
                  + f"log-queries\naddn-hosts={hosts}\nlocal-ttl=33\ncache-size=1000\ntxt-record=t.test,hello\n")
    for words in ["address=/old.test/192.0.2.1 is gone", "address=/new.test/192.0.2.2 is new", "log-queries is new",
                  f"addn-hosts={hosts} is new", "txt-record=t.test,hello is new",
                  "cache-size=1000 is new, takes effect at the next start",
                  "read " + str(hosts) + " - 1 names"]:
        assert words in said, said
    assert "server" not in re.sub(r"servers? ", "", said)
    assert addresses(network, "new.test") == ["192.0.2.2"]
    assert addresses(network, "old.test") == ["192.0.2.77"]
    assert network.dig(network.server, "listed.test", "A")[0][1] == 33
    assert network.dig(network.server, "t.test", "TXT")[0][3] == '"hello"'
    assert addresses(network, "cached.example") == ["192.0.2.77"]
    assert one.log().count("question") == 2, "only old.test was asked for"
    server.wait_for(r"query\[A\] cached.example")

    said = reload(server, f"{BASE}server=/example/127.0.0.1#5302\nlocal=/test/\nmax-ttl=7\n")
    assert "server=127.0.0.1#5301 is gone" in said and "server=/example/127.0.0.1#5302 is new" in said
    assert addresses(network, "cached.example") == ["192.0.2.78"], "another server, another cache"
    assert network.dig(network.server, "cached.example", "A")[0][1] == 7
    assert network.dig_status(network.server, "old.test", "A") == "NXDOMAIN"
    quiet = len(server.log())
    assert network.dig_status(network.server, "old.test", "A") == "NXDOMAIN"
    assert "query[" not in server.log()[quiet:]

    said = reload(server, f"{BASE}filter-A\nserver=127.0.0.1#5302\nno-ident\n")
    assert addresses(network, "cached.example") == []
    assert two.log().count("question") >= 1
    reload(server, f"{BASE}auth-server=ns.zone.test,lan0\nauth-zone=zone.test\nhost-record=a.zone.test,192.0.2.3\n")
    assert network.dig(network.server, "zone.test", "SOA")[0][3].startswith("ns.zone.test.")
    assert server.stop() == 0


def test_refused(network, tmp_path):
    """All that is wrong is told, with file, line and column; nothing changes. Sources that cannot be read again."""
    server = network.linnet(f"{BASE}address=/a.test/192.0.2.1\n")
    path = server.words[server.words.index("-C") + 1]
    said = reload(server, f"{BASE}address=/a.test/192.0.2.2\nadress=/b.test/1.2.3.4\ndhcp-range=192.168.50.10,12x\n")
    assert re.search(rf"{path}:7:\d+: .*adress", said), said
    assert re.search(rf"{path}:8:\d+: dhcp-range: ", said), said
    assert "the new configuration is not used, the old one stays" in said
    assert addresses(network, "a.test") == ["192.0.2.1"]
    said = reload(server, f"{BASE}bind-interfaces\nbind-dynamic\naddress=/a.test/192.0.2.2\n")
    assert "exclude each other" in said
    said = reload(server, f"{BASE}conf-file={tmp_path}/missing\naddress=/a.test/192.0.2.2\n")
    assert re.search(rf"cannot read {tmp_path}/missing: No such file or directory", said)
    said = reload(server, f"{BASE}conf-file=-\naddress=/a.test/192.0.2.2\n")
    assert "standard input was read at the start and cannot be read again" in said
    assert addresses(network, "a.test") == ["192.0.2.1"]

    servers = tmp_path / "servers"
    servers.write_text("server=/deny.test/\n")
    said = reload(server, f"{BASE}servers-file={servers}\naddress=/a.test/192.0.2.3\n")
    assert addresses(network, "a.test") == ["192.0.2.3"]
    assert network.dig_status(network.server, "x.deny.test", "A") == "NXDOMAIN"
    servers.unlink()
    said = reload(server, f"{BASE}servers-file={servers}\naddress=/a.test/192.0.2.4\n")
    assert f"cannot read {servers}" in said and "the old one stays" in said
    assert addresses(network, "a.test") == ["192.0.2.3"]
    assert network.dig_status(network.server, "x.deny.test", "A") == "NXDOMAIN"
    said = reload(server, f"{BASE}address=/a.test/192.0.2.5\n")
    assert addresses(network, "a.test") == ["192.0.2.5"]
    assert server.stop() == 0


def test_other_user(network, tmp_path):
    """Who has become nobody and may not read the file any more says so, and goes on."""
    os.chmod(tmp_path, 0o755)
    path = tmp_path / "private.conf"
    path.write_text(f"{BASE}address=/a.test/192.0.2.1\n")
    path.chmod(0o600)
    server = network.start(network.server, BINARY, "-k", "-C", path, "--pid-file=", "--log-facility=-", "-u", "nobody",
                           name="linnet")
    server.wait_for("started, version")
    said = reload(server)
    assert f"cannot read {path}: Permission denied" in said
    assert re.search(r"runs as user \d+ now, which may not read that", said)
    assert addresses(network, "a.test") == ["192.0.2.1"]
    assert server.stop() == 0


def test_called_dnsmasq(network, tmp_path):
    """There SIGHUP is dnsmasq's, whatever the file says; and without the option it is so for us too."""
    (tmp_path / "bin").mkdir()
    called = tmp_path / "bin" / "dnsmasq"
    called.symlink_to(os.path.abspath(BINARY))
    other = network.add_client("c", "192.168.50.2/24")
    server = network.linnet(f"{BASE}address=/a.test/192.0.2.1\n", binary=called)
    second = network.linnet("listen-address=192.168.50.2\nbind-interfaces\nno-resolv\nno-hosts\n"
                            "address=/a.test/192.0.2.1\n", namespace=other)
    assert "reload-config has no effect when called dnsmasq" in server.log()
    for program in [server, second]:
        configure(program, f"{BASE}address=/a.test/192.0.2.2\n")
        program.signal(signal.SIGHUP)
        program.wait_for("cleared cache")
        assert "reading the configuration again" not in program.log()
    assert addresses(network, "a.test") == ["192.0.2.1"]
    assert addresses(network, "a.test", "192.168.50.2") == ["192.0.2.1"]
    assert server.stop() == 0 and second.stop() == 0


def lease(network, client, script, tmp_path, *words):
    """udhcpc gets a lease and ends; what it was told."""
    path = tmp_path / "client-eth0-bound.env"
    path.unlink(missing_ok=True)
    network.inside(client, "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "6", "-T", "1", "-s", script, *words)
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)


def test_services(network, tmp_path, client_script):
    """DHCP ranges, hosts and options, router advertisements, TFTP folders, interfaces."""
    for name in ["one", "two"]:
        (tmp_path / name).mkdir(mode=0o755)
        (tmp_path / name / "boot").write_text(name)
    network.inside(network.server, "ip", "-6", "addr", "add", "fd00:51::1/64", "dev", "lan0", "nodad")
    client = network.add_client("a", mac="02:00:00:00:00:0a")
    start = (f"{BASE}bind-dynamic\nno-ping\nenable-tftp\ntftp-root={tmp_path}/one\ndhcp-range=fd00:50::,ra-only\n"
             "domain=first.test\n")
    server = network.linnet(f"{start}dhcp-range=192.168.50.100,192.168.50.100,1h\ndhcp-option=option:ntp-server,192.0.2.1\n")
    told = lease(network, client, client_script, tmp_path, "-x", "hostname:laptop", "-O", "ntpsrv")
    assert told["ip"] == "192.168.50.100" and told["ntpsrv"] == "192.0.2.1"
    assert addresses(network, "laptop.first.test") == ["192.168.50.100"]

    changed = start.replace("first.test", "second.test").replace("/one", "/two").replace("fd00:50::", "fd00:51::")
    said = reload(server, f"{changed}dhcp-range=192.168.50.50,192.168.50.60,2h\ndhcp-option=option:ntp-server,192.0.2.2\n"
                          "dhcp-host=02:00:00:00:00:0b,192.168.50.200,reserved\n")
    for words in ["dhcp-range=192.168.50.100,192.168.50.100,1h is gone",
                  "dhcp-range=192.168.50.50,192.168.50.60,2h is new",
                  "dhcp-host=02:00:00:00:00:0b,192.168.50.200,reserved is new"]:
        assert words in said, said
    assert addresses(network, "laptop.second.test") == ["192.168.50.100"], "the lease stays, its domain is new"
    assert addresses(network, "laptop.first.test") == []
    server.wait_for(r"RTR-ADVERT\(lan0\) fd00:51::")
    network.inside(client, "ip", "addr", "add", "192.168.50.90/24", "dev", "eth0")
    got = network.inside(client, "/usr/bin/python3", "-c", TFTP_READ, "boot").stdout
    assert got.strip() == "3 two"
    network.inside(client, "ip", "addr", "flush", "dev", "eth0", "scope", "global")
    told = lease(network, client, client_script, tmp_path, "-x", "hostname:laptop", "-O", "ntpsrv")
    assert told["ip"].startswith("192.168.50.5") and told["ntpsrv"] == "192.0.2.2" and told["lease"] == "7200"
    network.inside(client, "ip", "link", "set", "eth0", "address", "02:00:00:00:00:0b")
    assert lease(network, client, client_script, tmp_path)["ip"] == "192.168.50.200"
    assert addresses(network, "reserved.second.test") == ["192.168.50.200"]

    network.inside(network.server, "ip", "link", "add", "dmz0", "type", "bridge")
    network.inside(network.server, "ip", "addr", "add", "192.168.60.1/24", "dev", "dmz0")
    network.inside(network.server, "ip", "link", "set", "dmz0", "up")
    assert network.dig_status(network.server, "x.test", "A", "+tries=1", "+time=1", server="192.168.60.1") is None
    reload(server, f"{changed}interface=dmz0\naddress=/x.test/192.0.2.1\n")
    assert addresses(network, "x.test", "192.168.60.1") == ["192.0.2.1"]
    said = reload(server, f"{changed}address=/x.test/192.0.2.1\nport=5353\ndhcp-range=192.168.50.50,192.168.50.60,2h\n")
    assert "port=5353 is new, takes effect at the next start" in said or "port: 53 -> 5353" in said, said
    assert network.dig_status(network.server, "x.test", "A", "+tries=1", "+time=1", server="192.168.60.1") is None
    assert addresses(network, "x.test") == ["192.0.2.1"]
    assert server.stop() == 0


def test_needs_a_start(network):
    """A service that was not there needs sockets, and says so."""
    server = network.linnet(BASE)
    said = reload(server, f"{BASE}dhcp-range=192.168.50.50,192.168.50.60\nenable-tftp\nlisten-address=192.168.50.1\n")
    assert "DHCP begins at the next start, which opens its sockets" in said
    assert "TFTP begins at the next start" in said
    assert server.stop() == 0


def test_relay_then_range(network, tmp_path):
    """Who was started as a relay alone has nowhere to keep leases, and gives none."""
    client = network.add_client("a", mac="02:00:00:00:00:0a")
    relay = f"{BASE}dhcp-relay=192.168.50.1,192.0.2.200\n"
    server = network.linnet(relay)
    said = reload(server, f"{relay}dhcp-range=192.168.50.50,192.168.50.60\nno-ping\n")
    assert "giving leases by DHCP begins at the next start" in said
    got = network.inside(client, "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "1", "-T", "1", "-s", "/bin/true",
                         check=False)
    assert got.returncode != 0 and "DHCPACK" not in server.log()
    assert server.stop() == 0


# One of each kind of value, as a file has it.
AT_START = ["bind-dynamic", "no-ping", "tftp-single-port", "query-port=5399", "tftp-max=7", "dns-threads=2",
            "max-port=60000", "dhcp-duid=5,01:02:03:04", "log-async=9", "dhcp-script=/bin/true",
            "dumpfile=/nonexistent/dump"]


def test_what_only_a_start_can_change(network):
    """Each such option, whatever its value is like, is told in plain words and waits; all else takes effect."""
    server = network.linnet(f"{BASE}address=/a.test/192.0.2.1\n")
    lines = "".join(f"{line}\n" for line in AT_START)
    said = reload(server, f"{BASE}address=/a.test/192.0.2.2\n{lines}")
    for line in AT_START:
        name, _, value = line.partition("=")
        told = rf"(?:{re.escape(line)} is new|{name}: \S+ -> {re.escape(value)}), takes effect at the next start"
        assert re.search(told, said), (line, said)
    assert addresses(network, "a.test") == ["192.0.2.2"]
    said = reload(server, f"{BASE}address=/a.test/192.0.2.2\n")
    assert "the configuration is the same" in said, "what waits for a start is compared with what is in use"
    assert server.stop() == 0


def test_files_that_change_with_the_configuration(network, tmp_path, client_script):
    """dhcp-hostsfile and servers-file: new lines in both and in the configuration, in one reload."""
    hosts, servers = tmp_path / "machines", tmp_path / "servers"
    hosts.write_text("02:00:00:00:00:0a,192.168.50.70,one\n")
    servers.write_text("server=/moved.test/127.0.0.1#5301\nserver=/up.test/127.0.0.1#5301\n")
    for path in (hosts, servers):
        path.chmod(0o644)
    start_upstream(network, 5301, "192.0.2.77")
    start_upstream(network, 5302, "192.0.2.78")
    client = network.add_client("a", mac="02:00:00:00:00:0a")
    text = f"{BASE}no-ping\ndhcp-hostsfile={hosts}\nservers-file={servers}\ndhcp-range=192.168.50.50,192.168.50.60,1h\n"
    server = network.linnet(f"{text}domain=first.test\n")
    assert lease(network, client, client_script, tmp_path)["ip"] == "192.168.50.70"
    assert addresses(network, "one.first.test") == ["192.168.50.70"]
    assert addresses(network, "moved.test") == ["192.0.2.77"] and addresses(network, "x.up.test") == ["192.0.2.77"]

    hosts.write_text("02:00:00:00:00:0a,192.168.50.71,two\n")
    servers.write_text("server=/moved.test/127.0.0.1#5302\nserver=/up.test/127.0.0.1#5302\n")
    said = reload(server, f"{text}domain=second.test\naddress=/more.test/192.0.2.3\n")
    assert "domain=first.test is gone" in said and "domain=second.test is new" in said, said
    assert "address=/more.test/192.0.2.3 is new" in said and "hostsfile" not in re.sub(r"read \S+", "", said), said
    assert addresses(network, "moved.test") == ["192.0.2.78"] and addresses(network, "x.up.test") == ["192.0.2.78"]
    assert addresses(network, "more.test") == ["192.0.2.3"]
    assert lease(network, client, client_script, tmp_path)["ip"] == "192.168.50.71"
    assert addresses(network, "two.second.test") == ["192.168.50.71"]
    assert server.stop() == 0


@pytest.mark.skipif(bool(lacks("conntrack")), reason=str(lacks("conntrack")))
def test_what_start_settled(network):
    """Marks of clients cannot be asked for; sets wait; what was kept is checked with what is new."""
    server = network.linnet(f"{BASE}query-port=5399\n")
    said = reload(server, f"{BASE}conntrack\n")
    assert "conntrack and query-port exclude each other" in said and "the old one stays" in said
    said = reload(server, f"{BASE}connmark-allowlist-enable\n")
    assert "connmark-allowlist-enable: clients' marks" in said and "the old one stays" in said
    said = reload(server, f"{BASE}ipset=/a.test/one\n")
    assert "sets and marks of the firewall begin at the next start" in said
    assert server.stop() == 0


def test_stop_ends_commands(network, tmp_path):
    """A command of the configuration that does not end is ended by a stop; what is no file is refused."""
    server = network.linnet(BASE)
    os.mkfifo(tmp_path / "fifo")
    said = reload(server, f"{BASE}conf-file={tmp_path}/fifo\n")
    assert f"{tmp_path}/fifo is not a regular file and cannot be read again" in said
    configure(server, f"{BASE}conf-script=sleep 100\n")
    server.signal(signal.SIGHUP)
    server.wait_for("reading the configuration again")
    time.sleep(0.3)
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 3


def test_refused_signal(network, tmp_path):
    """With a configuration that is wrong SIGHUP still reads the files of the one in use."""
    hosts = tmp_path / "hosts"
    hosts.write_text("192.0.2.50 listed.test\n")
    server = network.linnet(f"{BASE}addn-hosts={hosts}\n")
    hosts.write_text("192.0.2.51 listed.test\n")
    reload(server, f"{BASE}addn-hosts={hosts}\nadress=1\n")
    server.wait_for("reading the files of the old configuration again")
    server.wait_for("cleared cache")
    assert addresses(network, "listed.test") == ["192.0.2.51"]
    assert server.stop() == 0


def test_zone_serial(network):
    """A serial number of the zone that the new configuration gives is used."""
    zone = f"{BASE}auth-server=ns.zone.test,lan0\nauth-zone=zone.test\n"
    server = network.linnet(f"{zone}auth-soa=2026010101\n")
    assert " 2026010101 " in network.dig(network.server, "zone.test", "SOA")[0][3]
    reload(server, f"{zone}auth-soa=2027010101\n")
    assert " 2027010101 " in network.dig(network.server, "zone.test", "SOA")[0][3]
    assert server.stop() == 0


def test_relative_paths(network, tmp_path):
    """In the background the program stands in /, and its sources are those of where it was started; the pid file is
    taken away although the configuration that named it is gone."""
    os.chmod(tmp_path, 0o755)
    (tmp_path / "my.d").mkdir()
    pid_file = tmp_path / "pid"
    (tmp_path / "my.conf").write_text(f"{BASE}conf-file=nested.conf\nconf-dir=my.d\npid-file={pid_file}\n")
    (tmp_path / "nested.conf").write_text("address=/a.test/192.0.2.1\n")
    (tmp_path / "my.d" / "one").write_text("address=/b.test/192.0.2.1\n")
    log = tmp_path / "log"
    log.touch(mode=0o666)
    os.chmod(log, 0o666)
    network.inside(network.server, "sh", "-c",
                   f"cd {tmp_path} && exec {os.path.abspath(BINARY)} -C my.conf --log-facility={log} -u root --control-socket=")
    pid = int(pid_file.read_text())
    try:
        (tmp_path / "nested.conf").write_text("address=/a.test/192.0.2.2\n")
        (tmp_path / "my.d" / "one").write_text("address=/b.test/192.0.2.2\n")
        os.kill(pid, signal.SIGHUP)
        wait_until(lambda: re.search(DONE, log.read_text()), 20, "reload")
        assert addresses(network, "a.test") == ["192.0.2.2"], log.read_text()
        assert addresses(network, "b.test") == ["192.0.2.2"]
    finally:
        os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not pid_file.exists(), 10, "pid file gone")


def memory_of(server):
    for line in open(f"/proc/{server.server}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


def dropped_by_kernel(network):
    """Datagrams that found a socket's buffer full, because a busy machine let nobody read it."""
    rows = [line.split() for line in network.inside(network.server, "cat", "/proc/net/snmp").stdout.splitlines()
            if line.startswith("Udp:")]
    return int(dict(zip(rows[0], rows[1]))["RcvbufErrors"])


def test_many(network, tmp_path, client_script):
    """A hundred reloads between two long configurations while clients ask and get leases: no question is lost, what is
    cached stays, and the memory taken does not grow."""
    lines = "".join(f"address=/host{i}.example/192.0.2.{i % 250}\ndhcp-host=02:01:00:00:{i >> 8:02x}:{i & 255:02x},h{i}\n"
                    for i in range(5000))
    common = f"{BASE}server=127.0.0.1#5303\nno-ping\naddress=/always.test/192.0.2.1\n{lines}"
    one = f"{common}dhcp-range=192.168.50.50,192.168.50.60,1h\nserver=/odd.test/\n"
    two = f"{common}dhcp-range=192.168.50.50,192.168.50.70,1h\naddress=/even.test/192.0.2.9\nlog-dhcp\n"
    upstream = start_upstream(network, 5303, "192.0.2.77")
    server = network.linnet(f"{one}dns-threads=2\n")
    client = network.add_client("a")
    addresses(network, "cached.test")
    asker = start_asker(network, "192.168.50.1", ["always.test", "cached.test", "host77.example"])
    leases, stop = [], threading.Event()

    def get_leases():
        while not stop.is_set():
            leases.append(lease(network, client, client_script, tmp_path)["ip"])

    thread = threading.Thread(target=get_leases)
    thread.start()
    first = 0
    try:
        for number in range(100):
            reload(server, (two if number % 2 == 0 else one) + "dns-threads=2\n")
            if number == 30:
                first = memory_of(server)
    finally:
        stop.set()
        thread.join()
    sent, lost, gap, late = finish_asker(asker)
    last = memory_of(server)
    print(f"{sent} questions, {lost} lost, gap {gap:.1f} ms (late {late:.1f}), {len(leases)} leases, {first} -> {last} KiB")
    assert lost <= dropped_by_kernel(network)
    assert upstream.log().count("question") == 1
    assert leases and all(ip.startswith("192.168.50.") for ip in leases)
    if b"__asan_init" not in pathlib.Path(BINARY).read_bytes():  # which keeps what is given back for a while
        assert last < first * 1.5 + 4096  # one configuration kept each time would be ten times that
    assert server.stop() == 0


def test_storm(network):
    """Signals during a reload are heard once, behind it; a stop does not wait."""
    lines = "".join(f"address=/host{i}.example/192.0.2.1\n" for i in range(50000))
    server = network.linnet(BASE + lines)
    for _ in range(30):
        server.signal(signal.SIGHUP)
        time.sleep(0.005)
    server.wait_for(r"the configuration is the same")
    time.sleep(0.5)
    assert 1 <= server.log().count("reading the configuration again") < 30
    server.signal(signal.SIGHUP)
    assert server.stop() == 0
