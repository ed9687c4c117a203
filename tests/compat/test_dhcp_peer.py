"""The same configuration and the same DHCPv4 packets to linnet and to the peer, Debian's dnsmasq as a black
box, each in its own namespaces; replies compared field by field and option by option, then the lease files
and the DNS answers. What differs must stand in docs/differences-dhcp.tsv with its reason."""
import concurrent.futures
import fnmatch
import importlib
import itertools
import json
import os
import pathlib
import re
import subprocess
import time

import pytest

from dhcp_cases import CASES

HERE = pathlib.Path(__file__).resolve().parent
for module in sorted(HERE.glob("dhcp_cases_*.py")):  # a file for each area, which adds to CASES
    importlib.import_module(module.stem)
BINARY = os.environ.get("LINNET_BINARY", "build/release/src/daemon/linnet")
# (case, packet, field, reason); the first three are patterns. People read the same list.
EXPLAINED = [tuple(line.split("\t")) for line
             in (HERE.parent.parent / "docs/differences-dhcp.tsv").read_text().splitlines()[1:]]
TRIES = 3
AT_ONCE = 4          # cases; each is two servers
SERVER = "192.168.50.1"
SERVER_MAC = "02:00:00:00:50:01"
CLIENT_MAC = "02:00:00:00:50:02"
CLOSE_S = 2          # how far apart the expiries of two leases given at the same time may be
BASE = """\
interface=lan0
bind-interfaces
no-resolv
no-hosts
addn-hosts={folder}/hosts
dhcp-leasefile={folder}/leases
"""
NUMBERS = itertools.count()
SAME = {"packets": 0, "replies": 0, "same": 0, "order": 0, "explained": 0, "silent": 0, "cases": 0,
        "not built": 0}
USED = set()


def run(*words, text=None, check=True):
    result = subprocess.run([str(w) for w in words], input=text, capture_output=True, text=True, timeout=60)
    if check and result.returncode != 0:
        raise AssertionError(f"{words}: {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


# ------------------------------------------------------------------ one server and its client


class NotBuilt(Exception):
    """linnet has no such option yet: there is nothing to compare."""


class Pair:
    """Two namespaces and a cable: lan0 with the server, eth0 with the client, which also is the router to
    10.0.0.0/8, where relays live."""

    def __init__(self, setup):
        name = f"ltdp{os.getpid() % 100000}x{next(NUMBERS)}"
        self.names = {"server": name + "s", "client": name + "c"}
        for namespace in self.names.values():
            run("ip", "netns", "add", namespace)
        server, client = self.names["server"], self.names["client"]
        more = {where: "".join(" ".join(words) + "\n" for place, *words in setup if place == where)
                for where in self.names}
        run("ip", "-n", server, "-batch", "-", text="link set lo up\n"
            f"link add lan0 address {SERVER_MAC} type veth peer name eth0 address {CLIENT_MAC} netns {client}\n"
            f"addr add {SERVER}/24 dev lan0\nlink set lan0 up\nroute add 10.0.0.0/8 via 192.168.50.2\n"
            + more["server"])
        run("ip", "-n", client, "-batch", "-", text="link set lo up\naddr add 192.168.50.2/24 dev eth0\n"
            "link set eth0 up\n" + more["client"])

    def close(self):
        for namespace in self.names.values():
            run("ip", "netns", "del", namespace, check=False)


def bound_ports(process):
    """Local UDP ports of the namespace the process is in."""
    try:
        lines = pathlib.Path(f"/proc/{process.pid}/net/udp").read_text().splitlines()[1:]
    except OSError:
        return set()  # it is over
    return {int(line.split()[1].split(":")[1], 16) for line in lines}


def wait_bound(process, log, ports):
    for _ in range(500):
        if process.poll() is not None:
            break
        if ports <= bound_ports(process):
            return
        time.sleep(0.02)
    said = log.read_text()
    raise (NotBuilt if "not built yet" in said else AssertionError)(f"{process.args} does not listen:\n{said}")


def leases_of(path, replies):
    """{address: {field: text}}; the expiry counts from the last reply that gave the address."""
    given = {reply["yiaddr"]: reply["at"] for several in replies for reply in several
             if reply["kind"] in ("ack", "bootp")}
    now, rows = time.time(), {}
    for line in path.read_text().splitlines() if path.exists() else []:
        expires, hardware, address, name, client_id = line.split(" ")
        left = None if expires == "0" else int(expires) - given.get(address, now)
        rows[address] = {"expires": left, "hardware": hardware, "name": name, "client-id": client_id}
    return rows


def observe(subject, case, folder):
    """What one server does in one case: {"replies", "answers", "leases", "log"}."""
    folder.mkdir()
    config = case["config"].replace("{folder}", str(folder))
    for path, text in case.get("files", {}).items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    lines = BASE.format(folder=folder) + ("" if "PING\n" in config else "no-ping\n") + config.replace("PING\n", "")
    (folder / "hosts").write_text(case["hosts"])
    (folder / "subject.conf").write_text(lines)
    log = folder / "log"
    pair = Pair(case["setup"])
    process = None
    try:
        with open(log, "w") as file:
            process = subprocess.Popen(
                ["ip", "netns", "exec", pair.names["server"], BINARY if subject == "linnet" else "dnsmasq", "-k",
                 "-u", "root", "-g", "root", "-C", folder / "subject.conf", "--pid-file=", "--log-facility=-"],
                stdout=file, stderr=file, stdin=subprocess.DEVNULL)
        wait_bound(process, log, {67} if "port=" in config else {53, 67})
        work = {"packets": [{**row, "answered": row["want"] is not None} for row in case["packets"]],
                "questions": case["questions"]}
        told = run("ip", "netns", "exec", pair.names["client"], "/usr/bin/python3", HERE / "dhcp_talk.py", "eth0",
                   SERVER, SERVER_MAC, text=json.dumps(work))
        if process.poll() is not None:
            raise AssertionError(f"{subject} ended with {process.returncode}:\n{log.read_text()}")
        process.terminate()
        process.wait(10)
        told = json.loads(told)
        return {**told, "leases": leases_of(folder / "leases", told["replies"]), "log": log.read_text()}
    finally:
        if process is not None and process.poll() is None:
            process.kill()
            process.wait(10)
        pair.close()


# ------------------------------------------------------------------ comparing


def is_close_time(packet, field, our, their):
    """T1 and T2 of a renewal are drawn by chance within an eighth below their places, and what is left of a
    lease depends on when one asks."""
    if our is None or their is None or field not in ("option 51", "option 58", "option 59"):
        return False
    difference = abs(int(our, 16) - int(their, 16))
    if packet["label"] in ("renew", "rebind") and field != "option 51":
        return difference <= max(int(our, 16), int(their, 16)) // 4
    return packet["send"] == "inform" and difference <= CLOSE_S


def differing_fields(packet, our, their):
    """[(field, ours, theirs)] of the replies to one packet; without the options' order."""
    kinds = [[reply["kind"] for reply in replies] for replies in (our, their)]
    if kinds[0] != kinds[1]:
        return [("reply", kinds[0], kinds[1])]
    found = []
    for mine, yours in zip(our, their):
        for field in sorted((set(mine) | set(yours)) - {"order", "at"}):
            a, b = mine.get(field), yours.get(field)
            if a != b and not is_close_time(packet, field, a, b):
                found.append((field, a, b))
    return found


def differing_leases(our, their):
    found = []
    for address in sorted(set(our) | set(their)):
        a, b = our.get(address), their.get(address)
        if a is None or b is None:
            found.append((address, a, b))
            continue
        for field in a:
            same = a[field] == b[field]
            if field == "expires" and None not in (a[field], b[field]):
                same = abs(a[field] - b[field]) <= CLOSE_S
            if not same:
                found.append((f"{address} {field}", a[field], b[field]))
    return found


def is_explained(case, packet, field):
    for row in EXPLAINED:
        if all(fnmatch.fnmatchcase(text, pattern) for text, pattern in zip((case, packet, field), row)):
            USED.add(row)
            return True
    return False


def compare(case, our, their):
    """[(packet, field, ours, theirs)] of everything the two do differently."""
    found = []
    for number, packet in enumerate(case["packets"]):
        ours, theirs = our["replies"][number], their["replies"][number]
        fields = differing_fields(packet, ours, theirs)
        found += [(f"{number + 1} {packet['label']}", *row) for row in fields]
        count([row[0] for row in fields], ours, theirs)
    found += [("leases", *row) for row in differing_leases(our["leases"], their["leases"])]
    for question, mine, yours in zip(case["questions"], our["answers"], their["answers"]):
        if mine != yours:
            found.append((f"dns {question[0]}", question[1], mine, yours))
    return found


def count(fields, ours, theirs):
    """A reply is the same when only the header fields differ that differ in every reply."""
    SAME["packets"] += 1
    SAME["replies"] += len(theirs)
    if set(fields) - {row[2] for row in EXPLAINED if row[:2] == ("*", "*")}:
        return
    if not theirs:
        SAME["silent"] += 1
        return
    SAME["same"] += 1
    SAME["order"] += ours[0]["order"] == theirs[0]["order"]


def peer_surprises(case, their):
    """Where the peer did not what it is known to do: then there is nothing to compare with."""
    found = []
    for number, (packet, replies) in enumerate(zip(case["packets"], their["replies"])):
        want = [packet["want"]] if packet["want"] else []
        kinds = [reply["kind"] for reply in replies]
        if kinds != want:
            found.append(f"{number + 1} {packet['label']}: the peer answers {kinds}, not {want}")
    return found


# ------------------------------------------------------------------ the tests


@pytest.fixture(scope="module")
def observed(request, tmp_path_factory):
    """Every selected case is under way while the first is looked at."""
    folder = tmp_path_factory.mktemp("dhcp")
    chosen = [item.callspec.params["case"] for item in request.session.items
              if getattr(item, "callspec", None) and item.originalname == "test_same_replies"]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE * 2) as pool:
        yield {name: [pool.submit(observe, subject, CASES[name], folder / f"{number}-{subject}")
                      for subject in ("linnet", "dnsmasq")] for number, name in enumerate(chosen)}


def judge(case, ours, theirs):
    """What is wrong with what was observed, as lines; counts it."""
    surprises = peer_surprises(CASES[case], theirs)
    if surprises:
        return "\n".join(surprises) + "\n" + theirs["log"]
    found = compare(CASES[case], ours, theirs)
    bad = [row for row in found if not is_explained(case, row[0], row[1])]
    SAME["cases"] += 1
    SAME["explained"] += len(found) - len(bad)
    return "\n".join(f"{case}: {packet}: {field}: linnet {our} dnsmasq {their}" for packet, field, our, their in bad)


@pytest.mark.parametrize("case", CASES)
def test_same_replies(case, observed, tmp_path):
    """Many are under way at once, so a packet may be lost on a busy machine: what is wrong is looked at again, alone."""
    pair = observed[case]
    for again in range(TRIES):
        before = dict(SAME)
        try:
            ours, theirs = (future.result(120) for future in pair)
        except NotBuilt as error:
            SAME["not built"] += 1
            pytest.skip("; ".join(re.findall(r"(\S+): not built yet", str(error))) + " not built yet")
        wrong = judge(case, ours, theirs)
        if not wrong:
            return
        SAME.update(before)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            pair = [pool.submit(observe, subject, CASES[case], tmp_path / f"{again}-{subject}")
                    for subject in ("linnet", "dnsmasq")]
    pytest.fail(wrong, pytrace=False)


def test_enough_compared(capsys):
    with capsys.disabled():
        report()
    assert SAME["cases"] + SAME["not built"] == len(CASES)
    assert SAME["packets"] >= 400
    assert SAME["same"] >= 300


def report():
    print(f"\npeer comparison, DHCPv4: {SAME['cases']} configurations, {SAME['packets']} packets, "
          f"{SAME['replies']} replies, {SAME['same']} of them the same ({SAME['order']} with the options in the "
          f"same order), {SAME['silent']} packets without reply from both, {SAME['explained']} differing fields "
          f"explained, {SAME['not built']} configurations left out")


def test_every_explanation_is_needed():
    unused = [row for row in EXPLAINED if row not in USED]
    assert not unused, "\n".join("\t".join(row) for row in unused)
