"""The same configuration and questions to linnet and to the peer, Debian's dnsmasq as a black box.

Compared for every question (dns_questions.py): the whole answer, record by record, with TTLs, flags and
EDNS, and what was asked upstream for it: of which server, by UDP or TCP, with which flags. Where the two
differ, docs/differences.tsv must have the row, which names both sides' values and the reason; a row that
nothing needs is an error too."""
import importlib
import json
import os
import pathlib
import re
import subprocess
import time

import pytest

from dns_questions import CASES, CLIENTS, FIRST, HOSTS, SECOND

HERE = pathlib.Path(__file__).resolve().parent
for module in sorted(HERE.glob("dns_cases_*.py")):  # a file for each area
    more = importlib.import_module(module.stem).CASES
    assert not CASES.keys() & more.keys(), f"{module.name} names a case again"
    CASES.update(more)
DOCS = HERE.parent.parent / "docs"
EXPLAINED = DOCS / "differences.tsv"
BINARY = os.environ.get("LINNET_BINARY", "build/release/src/daemon/linnet")
WORDS = {
    "linnet": [BINARY, "-k", "-u", "root", "-g", "root"],
    "dnsmasq": ["dnsmasq", "-k", "-u", "root", "-g", "root"],
}
FIXED_PORTS = (7777, 7778)
TOLD = {8, 20292, 65001, 65073, 65074}  # EDNS options whose values are compared: what is told of clients
SECTIONS = ("answer", "authority", "additional")
TRIES = 4  # what differs by chance does not in all of them

totals = {"cases": 0, "answers": 0, "same": 0, "explained": 0, "records": 0, "asked": 0}
used_rows = set()


# ------------------------------------------------------------------ running


def listeners(namespace):
    """2 when somebody listens by UDP and by TCP."""
    sockets = subprocess.run(["ip", "netns", "exec", namespace, "ss", "-luntH"], capture_output=True, text=True,
                             timeout=10).stdout
    return sockets.count("127.0.0.1:53 ")


def wait_ready(namespace, process, log):
    for _ in range(500):
        if process.poll() is not None:
            pytest.fail(f"{process.args[4]} ended:\n{log.read_text()}", pytrace=False)
        if listeners(namespace) == 2:
            return
        time.sleep(0.01)
    pytest.fail(f"{process.args[4]} does not listen:\n{log.read_text()}", pytrace=False)


def write_config(folder, case):
    (folder / "hosts").write_text(HOSTS)
    (folder / "resolv").write_text(case.resolv)
    lines = [case.config, *(f"server={server}" for server in case.servers),
             f"resolv-file={folder}/resolv" if case.resolv else "no-resolv",
             "no-hosts", f"addn-hosts={folder}/hosts", "listen-address=127.0.0.1", "bind-interfaces"]
    path = folder / "subject.conf"
    path.write_text("\n".join(lines) + "\n")
    folder.chmod(0o755)
    return path


def answers_of(subject, world, folder, case):
    """Answers in the order of the questions, each with "asked": what it cost upstream."""
    path = write_config(folder, case)
    log = folder / f"{subject}.log"
    world.log.write_text("")
    assert listeners(world.namespace) == 0, "an answer might come from somebody else"
    with open(log, "w") as file:
        process = subprocess.Popen(["ip", "netns", "exec", world.namespace, *WORDS[subject], "-C", path,
                                    "--pid-file=", "--log-facility=-"], stdout=file, stderr=file)
    try:
        wait_ready(world.namespace, process, log)
        answers = world.ask(case.questions)
    finally:
        process.terminate()
        process.wait(10)
    for answer, asked in zip(answers, world.asked_by_question(len(answers)), strict=True):
        answer["asked"] = asked
    return answers


class World:
    """A network namespace with name servers in it, and somebody who asks."""

    def __init__(self, folder):
        self.namespace = f"ltdns{os.getpid() % 100000}"
        self.log = folder / "asked"
        self.log.touch()
        subprocess.run(["ip", "netns", "add", self.namespace], check=True)
        subprocess.run(["ip", "-n", self.namespace, "link", "set", "lo", "up"], check=True)
        self.add_link("rec0", "rec1", ["10.77.8.7/24", "2001:db8:77::7/64"])
        self.add_link("rec2", "rec3", ["10.77.9.7/24"], "down")
        self.add_clients()
        self.upstream = self.start("dns_upstream.py", self.log, FIRST, f"{SECOND}/20")
        assert "ready" in self.upstream.stdout.readline()
        self.asker = self.start("dns_ask.py", "127.0.0.1", FIRST, SECOND)

    def add_link(self, name, other, addresses, state="up"):
        """An interface with addresses; where nothing ever comes from, for nobody is at its other end."""
        ip = ["ip", "-n", self.namespace]
        subprocess.run([*ip, "link", "add", name, "type", "veth", "peer", "name", other], check=True)
        subprocess.run([*ip, "link", "set", name, "address", "02:00:00:00:77:08"], check=True)
        for address in addresses:
            subprocess.run([*ip, "address", "add", address, "dev", name, *(["nodad"] if ":" in address else [])],
                           check=True)
        for end in (name, other):
            subprocess.run([*ip, "link", "set", end, state], check=True)

    def start(self, script, *arguments):
        return subprocess.Popen(["ip", "netns", "exec", self.namespace, "/usr/bin/python3", HERE / script,
                                 *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def add_clients(self):
        """Addresses to ask from that are not of the loopback network; some have a hardware address."""
        def ip(*words):
            subprocess.run(["ip", "-n", self.namespace, *words], check=True)
        ip("link", "add", "clients0", "type", "veth", "peer", "name", "clients1")
        ip("link", "set", "clients0", "up")
        for address, hardware in CLIENTS.items():
            ip("address", "add", address, "dev", "lo", *(["nodad"] if ":" in address else []))
            if hardware:
                ip("neighbour", "add", address, "lladdr", hardware, "dev", "clients0", "nud", "permanent")

    def ask(self, questions):
        print(json.dumps(questions), file=self.asker.stdin, flush=True)
        return json.loads(self.asker.stdout.readline())

    def close(self):
        for process in (self.asker, self.upstream):
            process.terminate()
            process.wait(10)
        subprocess.run(["ip", "netns", "del", self.namespace], check=True)

    def asked_by_question(self, count):
        """What dns_upstream.py wrote down between one mark of dns_ask.py and the next."""
        asked = [[] for _ in range(count)]
        index = {}
        for line in self.log.read_text().splitlines():
            entry = json.loads(line)
            if entry["name"].endswith(".mark.test."):
                index[entry["server"]] = entry["name"].split(".")[0]
            elif index.get(entry["server"], "end") != "end":
                asked[int(index[entry["server"]])].append(entry)
        return asked


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.close()


# ------------------------------------------------------------------ comparing


def ttls(rows):
    return [row[1] for row in rows]


def without_ttl(rows):
    return [row[:1] + row[2:] for row in rows]


def record_text(row):
    return f"{row[0]} {row[3]} {row[4]}"


def asked_text(entry, question, with_source):
    """In few words; the name and type only when they are not those of the question."""
    words = [entry["server"], entry["transport"], *entry["flags"]]
    if entry["name"].lower().rstrip(".") != question["name"].lower().rstrip("."):
        words.append(entry["name"])
    if entry["type"] != question["type"]:
        words.append(entry["type"])
    words += sorted(f"option={code}:{value}" if code in TOLD else f"option={code}"
                    for code, value in zip(entry["options"], entry["values"], strict=True))
    if with_source:
        address, port = entry["client"]
        words.append(f"from {address}#{port}" if port in FIXED_PORTS else f"from {address}")
    return " ".join(words)


def fields_of(answer, question, case):
    """An answer as {field: text or list of TTLs}."""
    with_source = "@" in case.config or "query-port" in case.config
    asked = {asked_text(entry, question, with_source) for entry in answer["asked"]}
    fields = {"asked": ", ".join(sorted(asked)) or "nobody"}
    if answer["result"] != "answered":
        return {**fields, "result": answer["result"]}
    fields["result"] = "answered"
    for name in ("id", "rcode", "opcode", "flags", "question", "edns", "do", "options"):
        fields[name] = answer[name] if isinstance(answer[name], str) else json.dumps(answer[name])
    for name in SECTIONS:
        rows = sorted(answer[name])
        fields[name] = "; ".join(record_text(row) for row in rows) or "nothing"
        fields[f"{name}.ttl"] = ttls(rows)
        fields[f"{name}.order"] = "; ".join(record_text(row) for row in answer[name])
    return fields


def differences(ours, theirs):
    """[(field, our value, their value)]. What follows from another difference is left out."""
    if ours["result"] != theirs["result"]:
        ours = {**ours, "result": ours.get("rcode", ours["result"])}
        theirs = {**theirs, "result": theirs.get("rcode", theirs["result"])}
    found = [(field, ours[field], theirs[field]) for field in ours
             if field in theirs and ours[field] != theirs[field]]
    names = {field for field, _, _ in found}
    follows = {*SECTIONS, "question"} if "rcode" in names else set()
    return [row for row in found if row[0] not in follows
            and ("." not in row[0] or row[0].split(".")[0] not in names | follows)]


DEVICE_ID = re.compile(r"(?<=0040)[0-9a-f]{16}(?=00040000032f)")  # umbrella's


def may_be_chance(difference):
    """TTLs that differ by one: the clock's second may have ended in one run and not in the other. Or more
    servers asked than the peer asks: on a busy machine the first may have seemed slow. Or the peer's device id: seen once
    in many runs, it was eight bytes 0xbc in all of a run."""
    field, ours, theirs = difference
    if field == "asked":
        return set(theirs.split(", ")) < set(ours.split(", ")) or DEVICE_ID.sub("", theirs) == DEVICE_ID.sub("", ours)
    return field.endswith(".ttl") and all(abs(a - b) <= 1 for a, b in zip(ours, theirs, strict=True))


def value_text(value):
    return value if isinstance(value, str) else ",".join(str(ttl) for ttl in sorted(set(value)))


def is_value(pinned, value):
    if pinned == "*":
        return True
    if isinstance(value, str):
        return pinned == value
    wanted = [int(ttl) for ttl in pinned.split(",")]
    actual = sorted(set(value))
    return len(wanted) == len(actual) and all(a in (w, w - 1) for w, a in zip(wanted, actual))


def question_type(question):
    """The type, and all that is special about the question."""
    words = [question["type"]]
    for key, value in question.items():
        if key in ("name", "type", "timeout"):
            continue
        words.append(key if value is True else f"{key}={json.dumps(value).strip(chr(34))}")
    return " ".join(words)


def read_explained():
    rows = []
    for line in EXPLAINED.read_text().splitlines()[1:]:
        case, name, rdtype, field, ours, theirs, reason = line.split("\t")
        assert reason, line
        rows.append((case.split("|"), name.split("|"), rdtype.split("|"), field, ours, theirs, line))
    return rows


def explain(rows, case_name, question, difference):
    """The row that has this difference, or None."""
    field, ours, theirs = difference
    for cases, names, types, row_field, row_ours, row_theirs, line in rows:
        if field == row_field and is_value(row_ours, ours) and is_value(row_theirs, theirs) \
                and (cases == ["*"] or case_name in cases) \
                and (names == ["*"] or question["name"].lower() in names) \
                and (types == ["*"] or question_type(question) in types):
            used_rows.add(line)
            return line
    return None


def compare(case_name, rows, ours, theirs):
    """Per question: the differences nothing explains, and how many something does."""
    case = CASES[case_name]
    result = []
    for question, our, their in zip(case.questions, ours, theirs, strict=True):
        found = differences(fields_of(our, question, case), fields_of(their, question, case))
        unexplained = [row for row in found if not explain(rows, case_name, question, row)]
        result.append((unexplained, len(found)))
    return result


def peer_version():
    return subprocess.run(["dnsmasq", "--version"], capture_output=True, text=True).stdout.split()[2]


# ------------------------------------------------------------------ our own side


def check_asked(case, answers):
    """What cannot be compared, for the peer asks as versions before 2.91 did: OPT with our own size always,
    unless the server does not know it, and whatever options the client sent."""
    size = next((int(line.split("=")[1]) for line in case.config.splitlines() if "edns-packet-max" in line), 1232)
    for question, answer in zip(case.questions, answers, strict=True):
        for entry in answer["asked"]:
            known = [size] if "noedns" not in question["name"] else [size, None]
            known += [None] if "formerr" in question["name"] else []
            assert entry["edns"] in known, f"{question}: {entry}"
            assert 1024 <= entry["client"][1] <= 65535, f"{question}: {entry}"


def count(case, result, theirs):
    totals["cases"] += 1
    totals["answers"] += len(case.questions)
    totals["same"] += sum(found == 0 for _, found in result)
    totals["explained"] += sum(found > 0 and not unexplained for unexplained, found in result)
    totals["records"] += sum(len(answer.get(name, [])) for answer in theirs for name in SECTIONS)
    totals["asked"] += sum(len(answer["asked"]) for answer in theirs)


@pytest.mark.parametrize("case_name", CASES)
def test_same_answers(case_name, world, tmp_path):
    case = CASES[case_name]
    rows = read_explained()
    for _ in range(TRIES):
        ours = answers_of("linnet", world, tmp_path, case)
        theirs = answers_of("dnsmasq", world, tmp_path, case)
        result = compare(case_name, rows, ours, theirs)
        if not any(may_be_chance(difference) for unexplained, _ in result for difference in unexplained):
            break
    assert any(answer["result"] == "answered" for answer in theirs), "the peer has not answered at all"
    check_asked(case, ours)
    count(case, result, theirs)
    lines = ["\t".join([case_name, question["name"].lower(), question_type(question), field, value_text(our),
                        value_text(their)])
             for question, (unexplained, _) in zip(case.questions, result) for field, our, their in unexplained]
    if lines:
        pytest.fail(f"not explained in {EXPLAINED.name} (dnsmasq {peer_version()}):\ncase\tname\ttype\tfield\tlinnet\tdnsmasq\n" + "\n".join(lines), pytrace=False)


def test_reasons_are_in_the_manual():
    """A row's reason is the title of an entry that people can read."""
    text = " ".join((DOCS / "differences.md").read_text().split())
    reasons = {row[-1].split("\t")[-1] for row in read_explained()}
    missing = [reason for reason in sorted(reasons) if f"**{reason}.**" not in text]
    assert not missing


def test_enough_compared(capsys):
    with capsys.disabled():
        print(f"\npeer comparison, DNS: {totals['answers']} answers in {totals['cases']} configurations, "
              f"{totals['same']} as dnsmasq {peer_version()}, {totals['explained']} differ with an explanation; "
              f"{totals['records']} records and {totals['asked']} upstream questions among them")
    if totals["cases"] < len(CASES):
        pytest.skip("not all configurations were compared")
    assert totals["answers"] >= 550
    unused = [row[-1] for row in read_explained() if row[-1] not in used_rows]
    if unused:
        pytest.fail("explanations that nothing needs:\n" + "\n".join(unused), pytrace=False)
