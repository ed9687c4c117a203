"""TFTP with real clients, many of them, hostile ones, and with interfaces, scripts and signals."""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile

import pytest

from conftest import BINARY, is_sanitized, wait_until

TALK = pathlib.Path(__file__).resolve().parent.parent / "compat/tftp_talk.py"
CONFIG = "port=0\nenable-tftp\ntftp-root={root}\n"
NEEDED = ("atftp", "tftp", "curl")

pytestmark = [pytest.mark.alone,
              pytest.mark.skipif(not all(shutil.which(name) for name in NEEDED), reason="no TFTP clients here")]


@pytest.fixture(scope="module")
def root():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tftp_root_", dir="/tmp"))
    folder.chmod(0o755)
    draw = random.Random(1)
    for name, count in {"large": 3_000_001, "small": 700, "empty": 0, "long": 34_000_000}.items():
        (folder / name).write_bytes(draw.randbytes(count))
        (folder / name).chmod(0o644)
    (folder / "text").write_text("one\ntwo\n" * 400)
    os.mkfifo(folder / "fifo")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def lan(network, root):
    """A server that is not started yet, and a client beside it."""
    network.client = network.add_client("c", "192.168.50.9/24", "02:00:00:00:00:09")
    network.inside(network.client, "ip", "-6", "addr", "add", "fd00:50::9/64", "dev", "eth0", "nodad")
    network.inside(network.client, "ip", "addr", "add", "192.168.50.8/24", "dev", "eth0")
    return network


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def talk(network, conversations, server="192.168.50.1", namespace=None):
    result = network.inside(namespace or network.client, "/usr/bin/python3", TALK, server,
                            input=json.dumps(conversations))
    return json.loads(result.stdout)


def read(name, seconds=1.0):
    return ["port", (b"\0\1" + name.encode() + b"\0octet\0").hex(), seconds]


FETCH = {
    "atftp": "atftp -g -r {name} -l {to} 192.168.50.1",
    "atftp with blksize": "atftp --option 'blksize 1428' -g -r {name} -l {to} 192.168.50.1",
    "atftp with all": "atftp --option 'blksize 1468' --option 'tsize 0' --option 'timeout 3' "
                      "--option 'windowsize 16' -g -r {name} -l {to} 192.168.50.1",
    "tftp-hpa": "tftp -m binary 192.168.50.1 -c get {name} {to}",
    "curl": "curl -s -o {to} tftp://192.168.50.1/{name}",
    "curl without options": "curl -s --tftp-no-options -o {to} tftp://192.168.50.1/{name}",
    "curl with blksize": "curl -s --tftp-blksize 1468 -o {to} tftp://192.168.50.1/{name}",
    "curl over IPv6": "curl -s --tftp-blksize 1400 -o {to} 'tftp://[fd00:50::1]/{name}'",
}


def test_clients(lan, root):
    """Every client gets every file whole; they run at once."""
    server = lan.linnet(CONFIG.format(root=root))
    server.wait_for(f"TFTP root is {root}  \n")

    def fetch(number, how, name):
        to = lan.folder / f"got{number}"
        result = lan.inside(lan.client, "sh", "-c", FETCH[how].format(name=name, to=to), check=False)
        if not to.exists() or digest(to) != digest(root / name):
            return f"{how}, {name}: {result.stdout}{result.stderr}"
        return None

    jobs = [(how, name) for how in FETCH for name in ("large", "small", "empty")
            if not (name == "empty" and how.startswith("curl"))]  # curl makes no file of nothing
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        wrong = [w for w in pool.map(lambda job: fetch(job[0], *job[1]), enumerate(jobs)) if w]
    assert not wrong, wrong
    assert server.log().count("sent ") >= len(jobs) - 2
    server.wait_for(f"sent {root}/large to fd00:50::9")
    server.signal(signal.SIGUSR1)
    server.wait_for(r"TFTP transfers 0 of 50, highest [1-9]\d*, requests \d+, sent \d+ \(\d+ bytes\)")
    assert server.stop() == 0


def test_more_blocks_than_numbers(lan, root):
    """34 MB in blocks of 512 bytes: the number passes 65535 and goes on with 0."""
    lan.linnet(CONFIG.format(root=root))
    lan.inside(lan.client, "curl", "-s", "--tftp-no-options", "-o", lan.folder / "got", "tftp://192.168.50.1/long")
    assert digest(lan.folder / "got") == digest(root / "long")


def test_netascii(lan, root):
    lan.linnet(CONFIG.format(root=root))
    lan.inside(lan.client, "tftp", "-m", "netascii", "192.168.50.1", "-c", "get", "text", lan.folder / "got")
    assert (lan.folder / "got").read_text() == (root / "text").read_text()


def test_script(lan, root):
    calls = lan.folder / "calls"
    script = lan.folder / "script"
    script.write_text(f"#!/bin/sh\necho \"$@\" >> {calls}\n")
    script.chmod(0o755)
    lan.linnet(CONFIG.format(root=root) + f"dhcp-range=192.168.50.10,192.168.50.20\ndhcp-script={script}\nno-ping\n")
    lan.inside(lan.client, "curl", "-s", "-o", lan.folder / "got", "tftp://192.168.50.1/small")
    found = wait_until(lambda: calls.exists() and calls.read_text(), 10, "the script's call")
    assert f"tftp 700 192.168.50.8 {root}/small" in found or f"tftp 700 192.168.50.9 {root}/small" in found


def test_own_folder_by_hardware(lan, root):
    own = root / "02-00-00-00-00-09"
    own.mkdir(exist_ok=True)
    (own / "mine").write_text("mine")
    lan.linnet(CONFIG.format(root=root) + "tftp-unique-root=mac\n")
    lan.inside(lan.client, "ping", "-c1", "-W2", "192.168.50.1")  # the server learns who that is
    answers = talk(lan, {"mine": [read("mine")], "others": [read("small")]})
    assert answers["mine"][0]["bytes"] == 4
    assert answers["others"][0]["error"] == 1


@pytest.mark.parametrize("more, lan_served, other_served", [
    ("", True, True),
    ("interface=lan0\n", True, False),
    ("except-interface=lan0\n", False, True),
    ("no-dhcp-interface=lan0\n", False, True),
    ("no-dhcp-interface=lan0\nbind-interfaces\n", False, True),
    ("enable-tftp=lan0\ninterface=other0\n", True, False),
    ("enable-tftp=other*\nbind-dynamic\n", False, True),
    ("listen-address=192.168.50.1\nbind-interfaces\n", True, False),
])
def test_where_it_is_served(lan, root, more, lan_served, other_served):
    other = lan.add_namespace("o")
    lan.inside(lan.server, "ip", "link", "add", "other0", "type", "veth", "peer", "name", "eth0", "netns", other)
    lan.inside(lan.server, "ip", "addr", "add", "192.168.51.1/24", "dev", "other0")
    lan.inside(lan.server, "ip", "link", "set", "other0", "up")
    lan.inside(other, "ip", "addr", "add", "192.168.51.9/24", "dev", "eth0")
    lan.inside(other, "ip", "link", "set", "eth0", "up")
    lan.linnet(("port=0\nenable-tftp\n" if "enable-tftp" not in more else "port=0\n") + f"tftp-root={root}\n" + more)
    for namespace, address, served in ((lan.client, "192.168.50.1", lan_served), (other, "192.168.51.1", other_served)):
        answer = talk(lan, {"a": [read("small", 1.0 if served else 0.3)]}, address, namespace)["a"][0]
        assert (answer is not None and answer.get("bytes") == 512) == served, (address, answer)


def test_interfaces_that_come_and_go(lan, root):
    lan.linnet(CONFIG.format(root=root) + "interface=lan0\nbind-dynamic\n")
    assert talk(lan, {"a": [read("small")]})["a"][0]["bytes"] == 512
    lan.inside(lan.server, "ip", "addr", "add", "192.168.50.77/24", "dev", "lan0")
    wait_until(lambda: talk(lan, {"a": [read("small", 0.3)]}, "192.168.50.77")["a"][0], 10, "an answer")
    lan.inside(lan.server, "ip", "addr", "del", "192.168.50.1/24", "dev", "lan0")
    lan.inside(lan.server, "ip", "addr", "add", "192.168.50.1/24", "dev", "lan0")
    wait_until(lambda: talk(lan, {"a": [read("small", 0.3)]})["a"][0], 10, "an answer")


def test_ports(lan, root):
    lan.linnet(CONFIG.format(root=root) + "tftp-port-range=5000,5001\n").wait_for(
        "restricting maximum simultaneous TFTP transfers to 2")
    answers = talk(lan, {str(n): [read("small", 0.8)] for n in range(3)})
    assert sorted(answer[0] is not None for answer in answers.values()) == [False, True, True]
    used = lan.inside(lan.server, "ss", "-Hlun", "sport", ">=", "5000", "and", "sport", "<=", "5001", check=False).stdout
    assert ":5000" in used and ":5001" in used


def test_start(lan, root):
    """What is wrong at the start ends it, with the exit code of its kind."""
    for config, code, words in (
            ("tftp-root=/nonexistent\n", 3, "TFTP directory /nonexistent inaccessible: No such file or directory"),
            (f"tftp-root={root}/small\n", 3, "inaccessible: Not a directory"),
            ("bind-interfaces\ninterface=lan0\n", 2, "failed to create listening socket for port 69: Address already")):
        holder = None
        if code == 2:
            holder = lan.linnet(CONFIG.format(root=root))
        server = lan.linnet("port=0\nenable-tftp\n" + config, wait=words)
        wait_until(lambda: server.process.poll() is not None, 5, "the end")
        assert server.process.returncode == code
        if holder:
            holder.stop()
    lan.linnet("port=0\nenable-tftp\ntftp-no-fail\ntftp-root=/nonexistent\n").wait_for(
        "warning: /nonexistent inaccessible")


def test_hostile(lan, root):
    """Pipes, names and options that mean harm: no hang, no crash, and the next client is served."""
    server = lan.linnet(f"port=53\nno-resolv\nno-hosts\naddress=/here.test/192.0.2.1\nenable-tftp\ntftp-root={root}\n"
                        "dumpfile=" + str(lan.folder / "dump") + "\ndumpmask=0x8000\n")
    answers = talk(lan, {
        "pipe": [read("fifo")],
        "long": [["port", (b"\0\1" + b"a" * 60000 + b"\0octet\0").hex(), 0.3]],
        "longer than a name": [["port", (b"\0\1" + b"a" * 1000 + b"\0octet\0").hex(), 1]],
        "no end": [["port", (b"\0\1" + b"a" * 1400).hex(), 1]],
        "values": [["port", (b"\0\1small\0octet\0blksize\0" + b"9" * 400 + b"\0tsize\0-\0windowsize\0" + b"9" * 30
                            + b"\0timeout\0x\0").hex(), 1]],
        "many options": [["port", (b"\0\1small\0octet\0" + b"a\0b\0" * 300).hex(), 1]],
        "window": [["port", b"\0\1large\0octet\0windowsize\00065535\0blksize\00065464\0".hex(), 1]],
    })
    assert answers["pipe"][0]["text"].endswith("fifo: Not a regular file\0")
    assert answers["long"][0] is None
    assert answers["longer than a name"][0]["error"] == 0
    assert answers["no end"][0]["error"] == 4
    assert dict(answers["values"][0]["oack"]) == {"tsize": "700"}
    assert answers["many options"][0]["bytes"] == 512
    assert dict(answers["window"][0]["oack"]) == {"blksize": "1468", "windowsize": "64"}
    assert lan.dig(lan.client, "here.test", "A")[0][3] == "192.0.2.1"
    assert server.process.poll() is None
    assert server.stop() == 0
    assert (lan.folder / "dump").stat().st_size > 1000


def test_abandoned_transfers(lan, root):
    """400 requests whose clients never say another word: the places are bounded, and free for others soon."""
    server = lan.linnet(CONFIG.format(root=root) + "tftp-max=20\n")
    talk(lan, {str(n): [read("small", 0.1)] for n in range(400)})
    server.wait_for("maximum number of concurrent TFTP transfers reached")
    lan.inside(lan.client, "ip", "addr", "del", "192.168.50.9/24", "dev", "eth0")
    lan.inside(lan.client, "ip", "addr", "add", "192.168.50.200/24", "dev", "eth0")
    lan.inside(lan.client, "curl", "-s", "--max-time", "8", "-o", lan.folder / "got", "tftp://192.168.50.1/small")
    assert digest(lan.folder / "got") == digest(root / "small")
    server.signal(signal.SIGUSR1)
    server.wait_for(r"TFTP transfers 1?\d of 20, highest (1\d|20),")


def ack(block, seconds=0.3, where="peer"):
    return [where, (b"\0\4" + block.to_bytes(2, "big")).hex(), seconds]


def has_open(server, path):
    return any(os.path.realpath(fd) == str(path) for fd in pathlib.Path(f"/proc/{server.server}/fd").iterdir())


def test_single_port(lan, root):
    """All comes from port 69; windows are small; a late acknowledgement is not answered."""
    server = lan.linnet(CONFIG.format(root=root) + "tftp-single-port\n")
    request = ["port", b"\0\1large\0octet\0windowsize\00064\0".hex(), 1.0]
    answers = talk(lan, {"window": [request, ack(0), *[["listen", "", 0.2]] * 4],
                         "late": [read("small"), ack(1), ack(2), ack(2)]})
    window, late = answers["window"], answers["late"]
    assert dict(window[0]["oack"]) == {"windowsize": "4"}
    assert [answer and answer["data"] for answer in window[1:]] == [1, 2, 3, 4, None]
    assert [answer and answer["data"] for answer in late] == [1, 2, None, None]
    lan.inside(lan.client, "curl", "-s", "-o", lan.folder / "got", "tftp://192.168.50.1/large")
    assert digest(lan.folder / "got") == digest(root / "large")
    assert "unsupported" not in server.log()


def test_wrong_ports(lan, root):
    """A storm from wrong ports: few answers, one line, and the transfer goes on."""
    server = lan.linnet(CONFIG.format(root=root))
    answers = talk(lan, {"a": [read("small"), *[ack(1, 0.05, "stranger")] * 14, ack(1)]})["a"]
    assert [answer and answer.get("error") for answer in answers[1:-1]] == [5] * 8 + [None] * 6
    assert answers[-1]["data"] == 2
    assert server.log().count("TID mismatch") == 1


def test_a_file_that_changes(lan, root):
    """Written anew while it is sent: its client is told, and gets no mixture."""
    path = root / "changing"
    path.write_bytes(b"old!" * 50_000)
    server = lan.linnet(CONFIG.format(root=root))
    first = [read("changing"), *[ack(n) for n in range(1, 20)]]
    rest = [ack(n) for n in range(20, 200)]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        job = pool.submit(talk, lan, {"a": first + [["listen", "", 0.6]] + rest[:50]})
        wait_until(lambda: has_open(server, path), 5, "the file")
        with open(path, "r+b") as file:
            file.write(b"new?" * 50_000)
        answers = job.result()["a"]
    assert any(answer and answer.get("text", "").startswith("the file has changed") for answer in answers), answers[-1]
    server.wait_for("failed sending .*/changing")
    again = talk(lan, {"a": [read("changing")]})["a"][0]
    assert again["hash"] == hashlib.sha256(b"new?" * 128).hexdigest()[:12]


SWAP = """
import os, sys, time
os.chdir(sys.argv[1])
end = time.monotonic() + 1.5
while time.monotonic() < end:
    for target in ("inside", "../" + os.path.basename(sys.argv[2]), sys.argv[2], "/etc"):
        os.symlink(target, "next")
        os.rename("next", "swapped")
"""


def test_swapped_links(lan, root):
    """A folder on the way that becomes, all the time, a link that leads out: nothing from there is ever sent."""
    outside = pathlib.Path(tempfile.mkdtemp(prefix="tftp_outside_", dir="/tmp"))
    outside.chmod(0o755)
    (root / "inside").mkdir(exist_ok=True)
    for folder, content in ((root / "inside", b"inside"), (outside, b"secret!!")):
        (folder / "f").write_bytes(content)
        (folder / "f").chmod(0o644)
    server = lan.linnet(CONFIG.format(root=root))
    swapper = subprocess.Popen(["/usr/bin/python3", "-c", SWAP, root, outside])
    answers = []
    while swapper.poll() is None:
        answers += [steps[0] for steps in talk(lan, {str(n): [read("swapped/f", 0.5)] for n in range(40)}).values()]
    shutil.rmtree(outside)
    (root / "swapped").unlink()
    sizes = {answer["bytes"] for answer in answers if answer and "bytes" in answer}
    assert sizes == {6}, sizes
    assert {answer["error"] for answer in answers if answer and "error" in answer} <= {0, 1, 2}
    assert server.process.poll() is None


FLOOD = """
import os, socket, time
os.fork()
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("192.168.50.8", 0))
end = time.monotonic() + 1.5
while time.monotonic() < end:
    for _ in range(100):
        try:
            s.sendto(b"\\0\\1none\\0octet\\0", ("192.168.50.1", 69))
        except OSError:
            pass
"""


def test_flood_of_requests(lan, root):
    """One host that asks all the time: another's transfer goes on, and the log stays short."""
    server = lan.linnet(CONFIG.format(root=root))
    steps = [read("large", 2.0), ["listen", "", 0.8], *[ack(n, 2.0) for n in range(1, 200)]]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        job = pool.submit(talk, lan, {"a": steps})
        wait_until(lambda: has_open(server, root / "large"), 5, "the transfer")
        flood = subprocess.Popen(["ip", "netns", "exec", lan.client, "/usr/bin/python3", "-c", FLOOD])
        answers = job.result()["a"]
    flood.wait(20)
    assert None not in answers[2:]
    assert answers[-1]["data"] >= 195, answers[-1]  # a block that was sent again may have come between
    assert server.log().count("not found") < 600


RUSH = """
import hashlib, json, selectors, socket, sys, time
clients, content = int(sys.argv[1]), open(sys.argv[2], "rb").read()
selector, done, start = selectors.DefaultSelector(), 0, time.monotonic()
request = b"\\0\\1" + sys.argv[3].encode() + b"\\0octet\\0blksize\\0001468\\0windowsize\\0008\\0"
states = []
for n in range(clients):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    state = dict(s=s, next=1, got=bytearray(), since=0, heard=0.0, peer=None)
    selector.register(s, selectors.EVENT_READ, state)
    states.append(state)
def say(state):
    state["heard"] = time.monotonic()
    state["since"] = 0
    if state["peer"] is None:
        state["s"].sendto(request, ("192.168.50.1", 69))
    else:
        state["s"].sendto(b"\\0\\4" + ((state["next"] - 1) & 65535).to_bytes(2, "big"), state["peer"])
for state in states:
    say(state)
while done < clients and time.monotonic() - start < 40:
    for key, _ in selector.select(0.2):
        state = key.data
        packet, source = state["s"].recvfrom(2000)
        state["peer"] = state["peer"] or source
        if packet[1] == 6:
            say(state)
        if packet[1] != 3 or int.from_bytes(packet[2:4], "big") != state["next"] & 65535:
            continue
        state["got"] += packet[4:]
        state["next"] += 1
        state["since"] += 1
        if state["since"] == 8 or len(packet) < 1472:
            say(state)
        if len(packet) < 1472:
            assert state["got"] == content
            selector.unregister(state["s"])
            done += 1
            state["heard"] = float("inf")
    for state in states:
        if time.monotonic() - state["heard"] > 1:
            say(state)
print(json.dumps({"done": done, "seconds": time.monotonic() - start}))
"""


def test_500_clients(lan, root):
    """All are served at once; DNS is answered meanwhile, and the memory stays what it was told to be."""
    (root / "rush").write_bytes((root / "large").read_bytes()[:100_000])
    server = lan.linnet(f"no-resolv\nno-hosts\naddress=/here.test/192.0.2.1\nenable-tftp\ntftp-root={root}\n"
                        "tftp-max=1000\n")
    rush = subprocess.Popen(["ip", "netns", "exec", lan.client, "/usr/bin/python3", "-c", RUSH, "500", root / "rush",
                             "rush"], stdout=subprocess.PIPE, text=True)
    answered = 0
    while rush.poll() is None:
        answered += bool(lan.dig(lan.client, "here.test", "A"))
    assert json.loads(rush.stdout.read())["done"] == 500
    assert answered >= 5
    wait_until(lambda: server.log().count("sent ") == 500, 10, "500 lines")
    most = int(next(line for line in pathlib.Path(f"/proc/{server.server}/status").read_text().splitlines()
                    if line.startswith("VmHWM")).split()[1])
    assert most < (400_000 if is_sanitized(BINARY) else 30_000)  # KB; about 10,000 without sanitizers
