"""linnetctl and the control socket: every command in both forms, who may do what, and clients that mean harm."""
import concurrent.futures
import json
import os
import pathlib
import socket
import stat
import subprocess
import time

import pytest

from conftest import BINARY, lacks, wait_until
from test_dhcp import udhcpc

pytestmark = pytest.mark.skipif(bool(lacks("control-socket=")), reason=str(lacks("control-socket=")))

LINNETCTL = pathlib.Path(BINARY).parent.parent / "companions" / "linnetctl"
CONFIG = """interface=lan0
no-resolv
no-hosts
server=192.168.50.2
server=/corp.example/192.168.50.3
server=127.0.0.1#9
address=/local.example/192.0.2.7
cache-size=1000
no-ping
dhcp-range=192.168.50.100,192.168.50.120,1h
dhcp-host=02:00:00:00:00:0a,192.168.50.110,laptop
"""


def ctl(path, *words, check=0, namespace=None, user=None):
    words = [str(LINNETCTL), "--socket", str(path), *words]
    if user:
        words = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *words]
    if namespace:
        words = ["ip", "netns", "exec", namespace, *words]
    result = subprocess.run(words, capture_output=True, text=True, timeout=30)
    if check is not None:
        assert result.returncode == check, (words, result.returncode, result.stdout, result.stderr)
    return result


def both(path, *words, **options):
    """The text, and what the JSON says."""
    text = ctl(path, *words, **options).stdout
    return text, json.loads(ctl(path, "--json", *words, **options).stdout)


def connect(path):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(str(path))  # blocking: it waits for its turn
    connection.settimeout(15)
    return connection


def ask_raw(path, line):
    connection = connect(path)
    connection.sendall(line)
    answer = b""
    while True:
        try:
            got = connection.recv(65536)
        except ConnectionResetError:  # not all of the request was taken
            return answer
        if not got:
            return answer
        answer += got


def counters(path):
    return json.loads(ctl(path, "--json", "status").stdout)["control"]


def fill_leases(network):
    """50,000 of them: megabytes to tell."""
    now = int(time.time()) + 100000
    (network.folder / "leases").write_text("".join(
        f"{now} 02:00:00:00:{i >> 8:02x}:{i & 255:02x} 192.168.{i >> 8}.{i & 255} host{i} *\n"
        for i in range(1, 50001)))


@pytest.fixture
def control(tmp_path):
    return tmp_path / "control.sock"


def upstream(network):
    """A server elsewhere that knows up.example."""
    namespace = network.add_client("u", "192.168.50.2/24")
    path = network.folder / "upstream.conf"
    path.write_text("no-resolv\nno-hosts\ncontrol-socket=\n"
                    "local-ttl=300\nhost-record=a.up.example,192.0.2.1,2001:db8::1\ntxt-record=t.up.example,\"a\\\"b\"\n")
    program = network.start(namespace, BINARY, "-k", "-C", path, "--pid-file=", "--log-facility=-", "-u", "root",
                            name="upstream")
    program.wait_for("started, version")


def test_every_command(network, client_script, control):
    upstream(network)
    client = network.add_client("a", mac="02:00:00:00:00:0a")
    server = network.linnet(CONFIG, f"--control-socket={control}")
    lease = udhcpc(network, client, client_script)
    lease.wait_for(r"LEASE (\S+) bound")
    assert network.dig_status(network.server, "a.up.example", "A") == "NOERROR"
    network.dig(network.server, "a.up.example", "AAAA")
    network.dig(network.server, "t.up.example", "TXT")

    text, said = both(control, "status")
    assert said["services"]["dns"] is True and said["services"]["dhcp"] is True
    assert said["dns"]["queries"] >= 3 and said["dns"]["forwarded"] >= 3
    assert said["dhcp"]["received"]["DHCPDISCOVER"] >= 1
    limits = {row["name"]: row for row in said["limits"]}
    assert limits["DHCP leases"]["used"] == 1 == limits["DHCP leases"]["highest"]
    assert limits["cached records"]["limit"] == 1000
    assert limits["control connections"]["highest"] >= 1
    assert "version: " in text and "DHCP leases: 1 of 1000, highest 1, reached 0 times" in text

    text, said = both(control, "leases")
    [row] = said["leases"]
    assert row["address"] == "192.168.50.110" and row["mac"] == "02:00:00:00:00:0a" and row["name"] == "laptop"
    assert row["reserved"] is True and row["state"] == "active" and 3500 <= row["expires_in"] <= 3600
    assert "192.168.50.110" in text and "reserved" in text and "count: 1" in text
    for words, count in (("laptop", 1), ("0a", 1), ("168.50.110", 1), ("LAP", 1), ("tablet", 0)):
        assert both(control, "leases", words)[1]["count"] == count, words

    text, said = both(control, "cache")
    rows = {(row["name"], row["type"]): row for row in said["cache"]}
    assert rows["a.up.example", "A"]["data"] == ["192.0.2.1"]
    assert rows["a.up.example", "AAAA"]["data"] == ["2001:db8::1"]
    assert "192.0.2.1" in text and said["shown"] == len(said["cache"])
    assert {row["type"] for row in both(control, "cache", "A.up.example")[1]["cache"]} == {"A", "AAAA"}
    flushed = ctl(control, "--json", "cache", "flush", "a.up.example")
    assert json.loads(flushed.stdout)["entries_forgotten"] == 2  # A and AAAA
    assert both(control, "cache", "a.up.example")[1]["cache"] == []
    ctl(control, "cache", "flush")
    assert both(control, "cache")[1]["entries"] == 0
    server.wait_for("control: cache flush by user 0")

    text, said = both(control, "upstreams")
    rows = {row["address"]: row for row in said["upstreams"]}
    row = rows["192.168.50.2#53"]
    assert row["sent"] >= 3 and row["last_answer_s_ago"] is not None and row["in_loop"] is False
    assert row["configured_in"].endswith(".conf:4") and row["domains"] == ["(every name)"]
    assert rows["192.168.50.3#53"]["domains"] == ["corp.example"]
    assert rows["192.168.50.3#53"]["last_answer_s_ago"] is None
    assert "192.168.50.3#53" in text

    text, said = both(control, "explain", "x.local.example", "--as", "192.168.50.50")
    assert "192.0.2.7" in text and "192.0.2.7" in json.dumps(said)
    text, said = both(control, "explain-dhcp", "02:00:00:00:00:0a")
    assert "192.168.50.110" in text and "192.168.50.110" in json.dumps(said)
    assert ctl(control, "explain-dhcp", "nonsense", check=1).stderr

    text, said = both(control, "reload", "--dry-run")
    assert said["errors"] == 0 and "not used yet" in text

    with concurrent.futures.ThreadPoolExecutor() as pool:  # servers that say nothing take three seconds
        text = pool.submit(ctl, control, "doctor", namespace=network.server, check=1)
        said = json.loads(ctl(control, "--json", "doctor", namespace=network.server, check=1).stdout)
        text = text.result().stdout
    about = [(row["severity"], row["about"], row["finding"]) for row in said["findings"]]
    assert ("ok", "linnet", "runs and answers") in about
    assert any(row[1] == "upstream" and row[0] == "ok" and row[2].startswith("192.168.50.2#53") for row in about), about
    assert any(row[1] == "upstream" and row[0] == "problem" and "127.0.0.1#9" in row[2] for row in about), about
    assert any(row[1] == "DHCP" and "linnet" in row[2] for row in about), about
    assert "-> " in text and said["problems"] >= 1

    assert server.stop() == 0
    assert not control.exists()


def test_help_and_usage(tmp_path):
    for words in (["--help"], ["-h"], ["--version"]):
        result = subprocess.run([LINNETCTL, *words], capture_output=True, text=True, timeout=10)
        assert result.returncode == 0 and result.stderr == "" and result.stdout
    assert "explain-dhcp MAC|DUID|ADDRESS " in subprocess.run([LINNETCTL, "--help"], capture_output=True, text=True).stdout
    missing = tmp_path / "none.sock"
    for words, said in ((["staus"], 'did you mean "status"'), ([], "no command"), (["leases", "a b"], "blanks"),
                        (["status", "x"], "one word too many"), (["explain"], "needs NAME")):
        assert said in ctl(missing, *words, check=2).stderr
    result = ctl(missing, "status", check=3)
    assert "is linnet running" in result.stderr and result.stdout == ""
    assert json.loads(ctl(missing, "--json", "doctor", check=3).stdout)["problems"] >= 1


def test_permissions_and_second_instance(network, control):
    config = "interface=lan0\nno-resolv\n"
    server = network.linnet(config, f"--control-socket={control}")
    # Whoever may not open it: a folder that anybody may enter.
    os.chmod(control.parent, 0o755)
    for parent in control.parents:
        if not os.stat(parent).st_mode & stat.S_IXOTH:
            os.chmod(parent, 0o755)
    assert stat.S_IMODE(os.stat(control).st_mode) == 0o660
    assert "sudo" in ctl(control, "status", user=65534, check=3).stderr
    # The mode lets him in; changes are still not for him.
    os.chmod(control, 0o666)
    assert ctl(control, "status", user=65534).stdout
    assert "only root" in ctl(control, "cache", "flush", user=65534, check=1).stderr
    assert "error" in json.loads(ctl(control, "--json", "cache", "flush", user=65534, check=1).stdout)
    assert "only root" in ctl(control, "reload", "--dry-run", user=65534, check=1).stderr
    server.wait_for("control: reload --dry-run by user 65534, process .*denied")
    assert counters(control)["denied"] == 3
    server.wait_for("control: cache flush by user 65534, process .*denied")

    other = network.linnet("interface=lan0\nport=5300\nno-resolv\n", f"--control-socket={control}", wait=None)
    other.wait_for("cannot create control socket .*process [0-9]+ listens there")
    assert other.process.wait(10) == 3
    assert ctl(control, "status").stdout  # the first one's is as it was
    # One that a dead process left is replaced.
    server.kill()
    assert control.exists()
    third = network.linnet(config, f"--control-socket={control}")
    assert ctl(control, "status").stdout
    assert third.stop() == 0 and not control.exists()


def test_hostile_clients(network, control):
    fill_leases(network)
    server = network.linnet("interface=lan0\nno-resolv\naddress=/a.example/192.0.2.1\ndhcp-lease-max=60000\n"
                            "dhcp-range=192.168.0.0,192.168.255.254,255.255.0.0,1h\n", f"--control-socket={control}")
    silent = []
    for _ in range(100):
        silent.append(connect(control))
    assert ctl(control, "status").stdout  # the silent ones give way
    half = connect(control)
    half.sendall(b"text stat")
    assert ask_raw(control, b"text stat" + b"x" * 5000).startswith(b"usage\n")
    assert ask_raw(control, b"\xff\x00\n").startswith(b"usage\n")
    assert ask_raw(control, b"json\n").endswith(b"\0")
    long = connect(control)
    try:
        long.sendall(b"y" * (1 << 20))
    except (BrokenPipeError, ConnectionResetError):
        pass
    # One that asks and never reads; questions are answered meanwhile.
    deaf = connect(control)
    deaf.sendall(b"json leases\n")
    assert network.dig(network.server, "a.example", "A")
    limits = json.loads(ctl(control, "--json", "status").stdout)["limits"]
    row = next(row for row in limits if row["name"] == "control connections")
    assert row["highest"] == 16 and row["hit"] >= 84 and row["used"] <= 16
    started = time.monotonic()
    assert half.recv(10) == b""  # let go
    assert 5 < time.monotonic() - started < 12
    wait_until(lambda: counters(control)["slow_closed"] >= 2, what="the deaf one let go as well")
    assert counters(control)["malformed"] >= 3
    for connection in (*silent, half, long, deaf):
        connection.close()
    wait_until(lambda: next(row for row in json.loads(ctl(control, "--json", "status").stdout)["limits"]
                            if row["name"] == "control connections")["used"] == 1, what="all clients gone")
    assert server.stop() == 0


def test_reload_after_reload(network, control):
    """Who has an answer may ask again at once, though what was read may be large and not be cleared away yet."""
    lines = "".join(f"address=/host{i}.example/192.0.2.1\n" for i in range(30000))
    server = network.linnet(f"interface=lan0\nno-resolv\nno-hosts\n{lines}", f"--control-socket={control}")
    for turn in range(30):
        words = b"json reload --dry-run\n" if turn % 3 else b"json reload\n"
        assert ask_raw(control, words).startswith(b"ok\n"), turn
    assert server.stop() == 0


def test_many_leases_in_pieces(network, control):
    """50,000 leases are told whole, to a slow reader, and DNS goes on."""
    fill_leases(network)
    server = network.linnet("interface=lan0\nno-resolv\naddress=/a.example/192.0.2.1\ndhcp-lease-max=60000\n"
                            "dhcp-range=192.168.0.0,192.168.255.254,255.255.0.0,1h\n", f"--control-socket={control}")
    slow = connect(control)
    slow.sendall(b"json leases\n")
    time.sleep(0.2)
    for _ in range(5):
        started = time.monotonic()
        assert network.dig(network.server, "a.example", "A")
        assert time.monotonic() - started < 1
    answer = b""
    while got := slow.recv(1 << 20):
        answer += got
    assert answer.startswith(b"ok\n") and answer.endswith(b"\0")
    said = json.loads(answer[3:-1])
    assert said["count"] == 50000 == len({row["address"] for row in said["leases"]})
    assert json.loads(ctl(control, "--json", "leases", "host777").stdout)["count"] == 11
    # One that goes away in the middle of it.
    gone = connect(control)
    gone.sendall(b"json leases\n")
    gone.recv(100)
    gone.close()
    assert ctl(control, "status").stdout
    # Sixteen that take their time leave no place, and the next one is told so.
    wait_until(lambda: json.loads(ctl(control, "--json", "status").stdout)["limits"][-1]["used"] == 1, what="it gone")
    busy = [connect(control) for _ in range(16)]
    for connection in busy:
        connection.sendall(b"json leases\n")
    for connection in busy:
        assert connection.recv(3) == b"ok\n"
    for form in ((), ("--json",)):
        refused = ctl(control, *form, "status", check=1)
        assert refused.stderr == "linnet is busy with other clients, try again\n" and refused.stdout == ""
    for connection in busy:
        connection.close()
    wait_until(lambda: ctl(control, "status", check=None).returncode == 0, what="a place")
    assert counters(control)["gave_way_or_refused"] >= 2
    assert server.stop() == 0


def test_reload_over_the_socket(network, control):
    """Refused, busy, done; and what outlives the configuration it was named in: the file of the process."""
    path, servers, pid = (network.folder / name for name in ("reload.conf", "servers", "linnet.pid"))
    good = (f"interface=lan0\nno-resolv\nno-hosts\nserver=/near.example/192.168.50.8\nservers-file={servers}\n"
            f"pid-file={pid}\n")
    servers.write_text("server=/far.example/192.168.50.9\n")
    path.write_text(good)
    server = network.start(network.server, BINARY, "-k", "-C", path, "--log-facility=-", "-u", "root", "-g", "root",
                           f"--control-socket={control}")
    server.wait_for("started, version")
    assert pid.exists()
    rows = {row["address"]: row["domains"] for row in both(control, "upstreams")[1]["upstreams"]}
    assert rows == {"192.168.50.8#53": ["near.example"], "192.168.50.9#53": ["far.example"]}

    path.write_text(good + "adress=/a/192.0.2.1\n")
    said = json.loads(ctl(control, "--json", "reload", check=1).stdout)
    assert said["errors"] == 1 and said["configuration"] == "refused: the old one stays"
    assert "adress" in ctl(control, "reload", check=1).stderr

    path.write_text(good + "".join(f"address=/n{i}.example/192.0.2.1\n" for i in range(20000)))
    first, second = connect(control), connect(control)
    first.sendall(b"json reload\n")
    second.sendall(b"json reload\n")
    outcomes = []
    for connection in (first, second):
        answer = b""
        while not answer.endswith(b"\0"):
            answer += connection.recv(1 << 20)
        outcomes.append((answer[:3], json.loads(answer[answer.index(b"\n"):-1])["configuration"]))
    assert outcomes == [(b"ok\n", "in use"), (b"ref", "busy: another reload is under way")]
    path.write_text(good + "address=/last.example/192.0.2.2\n")
    ctl(control, "reload")
    assert network.dig(network.server, "last.example", "A")
    assert server.stop() == 0 and not pid.exists()


def test_a_daemon_that_hangs(tmp_path):
    """It listens and says nothing: doctor finds that."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen(4)
        started = time.monotonic()
        said = json.loads(ctl(path, "--json", "doctor", check=3).stdout)
        assert 4 < time.monotonic() - started < 10
    assert any(row["finding"] == "linnet does not answer" for row in said["findings"]), said
