"""What the comparisons of DHCPv4 and of DHCPv6 with the peer have in common (test_dhcp_peer.py, test_dhcp6_peer.py): a
server of either kind in namespaces of its own, what it is compared by, and what has been the same."""
import concurrent.futures
import contextlib
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

HERE = pathlib.Path(__file__).resolve().parent
BINARY = os.environ.get("LINNET_BINARY", "build/release/src/daemon/linnet")
TRIES = 3
AT_ONCE = 4          # cases; each is two servers
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


def run(*words, text=None, check=True):
    result = subprocess.run([str(w) for w in words], input=text, capture_output=True, text=True, timeout=60)
    if check and result.returncode != 0:
        raise AssertionError(f"{words}: {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def load_cases(pattern):
    """A file for each area, which adds to CASES of the family's first."""
    for module in sorted(HERE.glob(pattern)):
        importlib.import_module(module.stem)


# ------------------------------------------------------------------ one server and its client


class NotBuilt(Exception):
    """linnet has no such option yet: there is nothing to compare."""


class Namespaces:
    """One for the server and one for the client. setup: [(which, word, ...), ...], lines for `ip -batch` there."""

    def __init__(self, prefix, setup):
        name = f"{prefix}{os.getpid() % 100000}x{next(NUMBERS)}"
        self.names = {"server": name + "s", "client": name + "c"}
        self.more = {where: "".join(" ".join(words) + "\n" for place, *words in setup if place == where)
                     for where in self.names}
        for namespace in self.names.values():
            run("ip", "netns", "add", namespace)

    def ip(self, where, lines):
        run("ip", "-n", self.names[where], "-batch", "-", text=lines)

    def close(self):
        for namespace in self.names.values():
            run("ip", "netns", "del", namespace, check=False)


def net_lines(process, file):
    """Of a file about the network of the namespace that the process is in; none when it is over."""
    try:
        return pathlib.Path(f"/proc/{process.pid}/net/{file}").read_text().splitlines()
    except OSError:
        return []


def bound_ports(process, file):
    return {int(line.split()[1].split(":")[1], 16) for line in net_lines(process, file)[1:]}


def wait_until_true(serves, process, log):
    for _ in range(500):
        if process.poll() is not None:
            break
        if serves():
            return
        time.sleep(0.02)
    said = log.read_text()
    raise (NotBuilt if "not built yet" in said else AssertionError)(f"{process.args} does not listen:\n{said}")


@contextlib.contextmanager
def running(subject, case, folder, lines, pair):
    """The server with these lines, in the pair, which is closed after it; its log is in the folder."""
    process = None
    try:
        for path, text in case.get("files", {}).items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text.replace("{now}", str(int(time.time()))))
        (folder / "hosts").write_text(case["hosts"])
        (folder / "subject.conf").write_text(lines)
        with open(folder / "log", "w") as file:
            process = subprocess.Popen(
                ["ip", "netns", "exec", pair.names["server"], BINARY if subject == "linnet" else "dnsmasq", "-k", "-u",
                 "root", "-g", "root", "-C", folder / "subject.conf", "--pid-file=", "--log-facility=-"],
                stdout=file, stderr=file, stdin=subprocess.DEVNULL)
        yield process
        if process.poll() is not None:
            raise AssertionError(f"{subject} ended with {process.returncode}:\n{(folder / 'log').read_text()}")
        process.terminate()
        process.wait(10)
    finally:
        if process is not None and process.poll() is None:
            process.kill()
            process.wait(10)
        pair.close()


def talk(case, pair, *words):
    """{"replies", "answers"} of the case's packets and questions, sent by the script in the client's namespace."""
    work = {"packets": [{**row, "answered": row["want"] is not None} for row in case["packets"]],
            "questions": case["questions"]}
    return json.loads(run("ip", "netns", "exec", pair.names["client"], "/usr/bin/python3", *words,
                          text=json.dumps(work)))


# ------------------------------------------------------------------ comparing


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


def peer_surprises(case, their):
    """Where the peer did not what it is known to do: then there is nothing to compare with."""
    found = []
    for number, (packet, replies) in enumerate(zip(case["packets"], their["replies"])):
        want = [packet["want"]] if packet["want"] else []
        kinds = [reply["kind"] for reply in replies]
        if kinds != want:
            found.append(f"{number + 1} {packet['label']}: the peer answers {kinds}, not {want}")
    return found


class Comparison:
    """The cases of one protocol, and what was the same in those that have been looked at.

    observe(subject, case, folder)          what one server does in one case: {"replies", "answers", "leases"}, "log":
                                            lines that are compared, "text": the whole log
    is_close(packet, field, our, their)     two values of a reply's field that differ, but not more than they may
    trimmed(our, their)                     our reply without what is not to be compared with theirs
    explained                               docs/..., people read the same list; its rows are (case, packet, field,
                                            reason), the first three of them patterns"""

    def __init__(self, protocol, cases, explained, observe, is_close, trimmed=lambda our, their: our):
        self.protocol, self.cases, self.observe = protocol, cases, observe
        self.is_close, self.trimmed = is_close, trimmed
        self.explained = [tuple(line.split("\t")) for line
                          in (HERE.parent.parent / "docs" / explained).read_text().splitlines()[1:]]
        self.everywhere = {row[2] for row in self.explained if row[:2] == ("*", "*")}
        self.used = set()
        self.same = dict.fromkeys(
            ("packets", "replies", "same", "order", "explained", "silent", "cases", "not built", "log"), 0)

    def is_explained(self, case, packet, field):
        for row in self.explained:
            if all(fnmatch.fnmatchcase(text, pattern) for text, pattern in zip((case, packet, field), row)):
                self.used.add(row)
                return True
        return False

    def differing_fields(self, packet, our, their):
        """[(field, ours, theirs)] of the replies to one packet; without the options' order."""
        kinds = [[reply["kind"] for reply in replies] for replies in (our, their)]
        if kinds[0] != kinds[1]:
            return [("reply", kinds[0], kinds[1])]
        found = []
        for mine, yours in zip(our, their):
            mine = self.trimmed(mine, yours)
            for field in sorted((set(mine) | set(yours)) - {"order", "at"}):
                a, b = mine.get(field), yours.get(field)
                if a != b and not self.is_close(packet, field, a, b):
                    found.append((field, a, b))
        return found

    def count(self, fields, ours, theirs):
        """A reply is the same when only the header fields differ that differ in every reply."""
        self.same["packets"] += 1
        self.same["replies"] += len(theirs)
        if set(fields) - self.everywhere:
            return
        if not theirs:
            self.same["silent"] += 1
            return
        self.same["same"] += 1
        self.same["order"] += ours[0]["order"] == theirs[0]["order"]

    def compare(self, case, our, their):
        """[(packet, field, ours, theirs)] of everything the two do differently."""
        found = []
        for number, packet in enumerate(case["packets"]):
            ours, theirs = our["replies"][number], their["replies"][number]
            fields = self.differing_fields(packet, ours, theirs)
            found += [(f"{number + 1} {packet['label']}", *row) for row in fields]
            self.count([row[0] for row in fields], ours, theirs)
        found += [("leases", *row) for row in differing_leases(our["leases"], their["leases"])]
        for question, mine, yours in zip(case["questions"], our["answers"], their["answers"]):
            if mine != yours:
                found.append((f"dns {question[0]}", question[1], mine, yours))
        for line in sorted(set(our["log"]) | set(their["log"])):
            times = our["log"].count(line), their["log"].count(line)
            if times[0] != times[1]:
                found.append(("log", line, *times))
        self.same["log"] += len(their["log"])
        return found

    def judge(self, case, ours, theirs):
        """What is wrong with what was observed, as lines; counts it."""
        surprises = peer_surprises(self.cases[case], theirs)
        if surprises:
            return "\n".join(surprises) + "\n" + theirs["text"]
        found = self.compare(self.cases[case], ours, theirs)
        bad = [row for row in found if not self.is_explained(case, row[0], row[1])]
        self.same["cases"] += 1
        self.same["explained"] += len(found) - len(bad)
        return "\n".join(f"{case}: {packet}: {field}: linnet {our} dnsmasq {their}"
                         for packet, field, our, their in bad)

    # -------------------------------------------------------------- for the tests

    def begin(self, pool, name, folder):
        """Both servers' futures."""
        return [pool.submit(self.observe, subject, self.cases[name], folder.with_name(f"{folder.name}-{subject}"))
                for subject in ("linnet", "dnsmasq")]

    @contextlib.contextmanager
    def under_way(self, request, folder):
        """{case: its two futures} of the cases that this module's tests ask for: all begin before the first is looked
        at."""
        chosen = [item.callspec.params["case"] for item in request.session.items
                  if getattr(item, "module", None) is request.module and hasattr(item, "callspec")]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE * 2) as pool:
            yield {name: self.begin(pool, name, folder / str(number)) for number, name in enumerate(chosen)}

    def expect_same(self, case, pair, folder):
        """Many are under way at once, so a packet may be lost on a busy machine: what is wrong is looked at again,
        alone."""
        for again in range(TRIES):
            before = dict(self.same)
            try:
                ours, theirs = (future.result(120) for future in pair)
            except NotBuilt as error:
                self.same["not built"] += 1
                pytest.skip("; ".join(re.findall(r"(\S+): not built yet", str(error))) + " not built yet")
            wrong = self.judge(case, ours, theirs)
            if not wrong:
                return
            self.same.update(before)
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                pair = self.begin(pool, case, folder / str(again))
        pytest.fail(wrong, pytrace=False)

    def expect_enough(self, packets, same):
        self.report()
        assert self.same["cases"] + self.same["not built"] == len(self.cases)
        assert self.same["packets"] >= packets
        assert self.same["same"] >= same

    def report(self):
        same = self.same
        log = f"{same['log']} log lines, " if same["log"] else ""
        print(f"\npeer comparison, {self.protocol}: {same['cases']} configurations, {same['packets']} packets, "
              f"{same['replies']} replies, {same['same']} of them the same ({same['order']} with the options in the "
              f"same order), {same['silent']} packets without reply from both, {log}{same['explained']} differing "
              f"fields explained, {same['not built']} configurations left out")

    def expect_all_explanations_needed(self):
        unused = [row for row in self.explained if row not in self.used]
        assert not unused, "\n".join("\t".join(row) for row in unused)
