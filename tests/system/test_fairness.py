"""Limits: each with its counter, told by SIGUSR1 and `linnetctl status` alike, listed in docs/limits.md; and a modest
client is served beside a greedy one. The cores' own tests fill each table (docs/limits.md names them)."""
import json
import pathlib
import re
import signal
import time

import pytest

from conftest import BINARY, lacks, run, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
CTL = pathlib.Path(BINARY).resolve().parent.parent / "companions/linnetctl"
CONFIG = """\
no-resolv
no-hosts
interface=lan0
server=192.168.50.99
address=/here.test/192.0.2.1
dhcp-range=192.168.50.100,192.168.50.150,1h
dhcp-range=fd00:50::100,fd00:50::1ff,64,1h
enable-ra
enable-tftp
tftp-root={tftp}
tftp-max=8
log-async=20
"""


def documented():
    """The names of the table's first column."""
    text = (ROOT / "docs/limits.md").read_text()
    table = text[text.index("| name |"):text.index("What has a bound and no line")]
    return {name.strip() for line in table.splitlines()[2:] if line.startswith("|")
            for name in line.split("|")[1].split(",")}


def of_signal(server):
    """The lines of one SIGUSR1: {name: (use, times)}."""
    before = len(server.log())
    server.signal(signal.SIGUSR1)
    wait_until(lambda: re.search(r"limit of TFTP transfers:", server.log()[before:]), what="the report")
    time.sleep(0.2)
    said = server.log()[before:]
    rows = re.findall(r"limit of (.*?): (.*), reached (\d+) times", said)
    # dnsmasq's own lines come first.
    assert said.index("queries forwarded") < said.index("limit of ")
    return {name: (use, int(times)) for name, use, times in rows}


@pytest.fixture
def serving(network, tmp_path):
    (tmp_path / "tftp").mkdir(mode=0o755)
    (tmp_path / "tftp/file").write_bytes(b"x" * 100000)
    tmp_path.chmod(0o755)
    network.greedy = network.add_client("g", "192.168.50.10/24")
    network.modest = network.add_client("m", "192.168.50.11/24")
    network.control = tmp_path / "control"
    words = [] if lacks("control-socket=") else [f"--control-socket={network.control}"]
    network.said = network.linnet(CONFIG.format(tftp=tmp_path / "tftp"), *words)
    return network


def test_told_and_documented(serving):
    rows = of_signal(serving.said)
    assert len(rows) > 15, rows
    undocumented = set(rows) - documented()
    assert not undocumented, f"not in docs/limits.md: {undocumented}"
    if lacks("control-socket="):
        pytest.skip(lacks("control-socket="))
    status = json.loads(run(CTL, "--socket", serving.control, "--json", "status").stdout)["limits"]
    assert {row["name"] for row in status} == set(rows)
    for row in status:
        assert row["limit"] > 0, row


def holders(network, namespace, count, server="192.168.50.1"):
    """So many TCP connections that say nothing, held by a process of their own until it is ended."""
    return network.start(namespace, "/usr/bin/python3", "-c",
                         "import socket, sys, time\n"
                         f"held = [socket.create_connection(('{server}', 53)) for _ in range({count})]\n"
                         "print('held', flush=True)\ntime.sleep(60)", name="holders")


def test_tcp_connections_of_a_greedy_client(serving):
    greedy = holders(serving, serving.greedy, 300)
    greedy.wait_for("held")
    begun = time.monotonic()
    said = serving.inside(serving.modest, "dig", "+tcp", "+short", "@192.168.50.1", "a.here.test", "+time=2",
                          "+tries=1")
    assert said.stdout.strip() == "192.0.2.1", said.stdout
    assert time.monotonic() - begun < 1
    rows = of_signal(serving.said)
    assert rows["TCP connections of one source"][1] > 0, rows
    greedy.kill()


REQUESTS = """
import socket, sys, time
held = []
for _ in range({count}):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(1)
    s.sendto(b"\\0\\1file\\0octet\\0", ("192.168.50.1", 69))
    try:
        data, peer = s.recvfrom(2000)
        held.append(s)
    except TimeoutError:
        pass
    {then}
print("got", len(held), flush=True)
"""


def test_tftp_transfers_of_a_greedy_client(serving):
    """Of eight places one client gets at most six, however often it asks, and another one is served at once."""
    inside = ["/usr/bin/python3", "-c"]
    said = serving.inside(serving.greedy, *inside, REQUESTS.format(count=8, then=""))
    assert int(said.stdout.split()[1]) <= 6, said.stdout
    begun = time.monotonic()
    said = serving.inside(serving.modest, *inside, REQUESTS.format(count=1, then=""))
    assert said.stdout == "got 1\n"
    assert time.monotonic() - begun < 1.5
    rows = of_signal(serving.said)
    assert rows["TFTP transfers of one client"][1] > 0, rows
    assert rows["TFTP transfers"][0].startswith(("7 of 8", "6 of 8", "5 of 8")), rows["TFTP transfers"]


def test_questions_of_a_greedy_client(network, tmp_path):
    """An upstream that never answers, a client with thousands of questions: another one's are still put."""
    upstream = network.add_client("u", "192.168.50.99/24")
    greedy = network.add_client("g", "192.168.50.10/24")
    modest = network.add_client("m", "192.168.50.11/24")
    asked = network.start(upstream, "/usr/bin/python3", "-uc", """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
s.bind(("192.168.50.99", 53))
print("ready", flush=True)
while True:
    data, peer = s.recvfrom(4000)
    if data[13:19].lower() == b"modest":
        end = data.index(b"\\0", 12) + 5
        s.sendto(data[:2] + b"\\x81\\x80\\0\\1\\0\\1\\0\\0\\0\\0" + data[12:end]
                 + b"\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\x3c\\0\\4\\xc0\\0\\2\\x63", peer)
""", name="upstream")
    asked.wait_for("ready")
    server = network.linnet("no-resolv\nno-hosts\ninterface=lan0\nserver=192.168.50.99\nenable-tftp\ntftp-root=/tmp\n")
    begun = time.monotonic()
    flood = network.start(greedy, "/usr/bin/python3", "-uc", """
import socket, struct, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(20000):
    name = b"g%d" % i
    s.sendto(struct.pack(">6H", i & 0xffff, 256, 1, 0, 0, 0) + bytes([len(name)]) + name + b"\\4test\\0\\0\\1\\0\\1",
             ("192.168.50.1", 53))
    if i % 50 == 49:
        time.sleep(0.002)
print("asked", flush=True)
time.sleep(20)
""", name="flood")
    flood.wait_for("asked")
    said = network.inside(modest, "dig", "+short", "@192.168.50.1", "modest.test", "+time=3", "+tries=1", check=False)
    assert said.stdout.strip() == "192.0.2.99", said.stdout
    # More than there are places, before the first of them was free again.
    assert time.monotonic() - begun < 10
    use, times = of_signal(server)["questions under way"]
    assert times > 0, use
