"""R18: the CPU that a packet costs is bounded. The worst packets there are, each beside an ordinary question of the
same run: what is compared is how many times as much they cost, so that a slow or a busy machine changes little."""
import itertools
import pathlib
import socket
import statistics
import struct

import pytest

from exercise import Inside, question
from test_upstream import CONFIG, SERVER, TRUE, Upstream, asked, cut, reply

ROUNDS, PACKETS, PIPELINED = 7, 10, 300
JUMPS_MAX = 127  # pointers of one name that are followed,
KEPT_MAX = 2048  # records of one answer that are kept
MESSAGE_MAX, QUERY_MAX = 65535, 4096
A, CNAME, MX, TXT = 1, 5, 15, 16
NUMBERS = itertools.count()


def cpu_us(pid):
    """What all threads of the server have used so far."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e3


def header(query, counts, flags=0x8180):
    return query[:2] + struct.pack("!HHHHH", flags, *counts)


def record(name, kind, rdata):
    return name + struct.pack("!HHIH", kind, 1, 60, len(rdata)) + rdata


def pointer(to):
    return struct.pack("!H", 0xc000 | to)


def chain(begins_at, leads_to, jumps=JUMPS_MAX):
    """Pointers, each to the one before, and one more to the last of them: all that a name may have."""
    pointers = [pointer(begins_at + 2 * i - 2 if i > 0 else leads_to) for i in range(jumps - 1)]
    return b"".join(pointers), pointer(begins_at + 2 * (jumps - 2))


# ------------------------------------------------------------------ what a server answers (by TCP)

def filled(query, one, most=KEPT_MAX):
    """So many records, or as many as there is room for: one(number)."""
    begin = asked(query)
    parts, size = [], 12 + len(begin)
    while len(parts) < most:
        more = one(len(parts))
        if size + len(more) > MESSAGE_MAX:
            break
        parts.append(more)
        size += len(more)
    return header(query, (1, len(parts), 0, 0)) + begin + b"".join(parts)


def many_records(query):
    return filled(query, lambda number: record(pointer(12), A, struct.pack("!I", number)))


def too_many_records(query):
    return filled(query, lambda number: record(pointer(12), A, struct.pack("!I", number)), MESSAGE_MAX)


def deep_names(query, jumps=JUMPS_MAX):
    """The name of each record is a chain of pointers that ends in the question's name."""
    begins_at = 12 + len(asked(query)) + 12  # in the first record
    pointers, last = chain(begins_at, 12, jumps)

    def one(number):
        if number == 0:
            return record(pointer(12), 0xff00, pointers)
        return record(last, A, struct.pack("!I", number))
    return filled(query, one, MESSAGE_MAX)


def endless_names(query):
    """The same with more pointers than are followed."""
    return deep_names(query, 8000)


def deep_aliases(query, links=15):
    """Aliases told from the last to the first among others with deep names: all are looked at again for each."""
    aliases = [record(b"\6%06d\0" % i, CNAME, b"\6%06d\0" % (i + 1)) for i in reversed(range(links))]
    aliases = [record(b"\6%06d\0" % links, A, b"1234"), *aliases, record(pointer(12), CNAME, b"\6%06d\0" % 0)]
    pointers, last = chain(12 + len(asked(query)) + 12, 12)

    def one(number):
        if number == 0:
            return record(pointer(12), 0xff00, pointers)
        if number <= len(aliases):
            return aliases[number - 1]
        return record(last, A, b"1234")
    return filled(query, one, 4090)


def largest_rdata(query):
    return header(query, (1, 1, 0, 0)) + asked(query) + record(pointer(12), TXT, (b"\xff" + b"x" * 255) * 255)


def many_names(query):
    """Names that have nothing in common: who makes the answer small again has to look for each (CVE-2024-8508)."""
    return filled(query, lambda number: record(pointer(12), MX, struct.pack("!H", 10) + b"\6%06d\0" % number))


def long_names(query):
    """The same with as many labels as a name has."""
    def one(number):
        labels = b"".join(b"\1" + bytes([97 + (number * (i + 1) + i) % 26]) for i in range(123))
        return record(pointer(12), MX, struct.pack("!H", 10) + b"\6%06d" % number + labels + b"\0")
    return filled(query, one)


def alike_names(query):
    """Names that differ at their end only, so that each has to be compared as a whole to see it."""
    return filled(query, lambda number: record(pointer(12), MX, struct.pack("!H", 10) + b"\1a" * 123
                                               + b"\6%06d\0" % number))


def alias_chain(query, count=2400):
    """Each alias leads to the next, told from the last to the first."""
    aliases = [record(b"\6%06d\0" % i, 5, b"\6%06d\0" % (i + 1)) for i in reversed(range(count))]
    return (header(query, (1, count + 1, 0, 0)) + asked(query) + b"".join(aliases)
            + record(pointer(12), 5, b"\6%06d\0" % 0))


# ------------------------------------------------------------------ what a client asks

def stuffed(query, first, one):
    """With as many additional records as a question has room for; the counts of the others say what they like."""
    count = (QUERY_MAX - len(query) - len(first)) // len(one)
    return header(query, (1, 0, 0, count + (first != b"")), 0x0100) + asked(query) + first + one * count


def small_records(query):
    return stuffed(query, b"", record(b"\0", 0xff00, b""))


def far_names(query):
    pointers, last = chain(len(query) + 11, len(query))
    return stuffed(query, record(b"\0", 0xff00, pointers), record(last, 0xff00, b""))


def many_options(query):
    return stuffed(query, record(b"\0", 41, b"\xfd\xe9\0\0" * ((QUERY_MAX - len(query) - 11) // 4)), b"\0" * QUERY_MAX)


# What is asked for, and how many ordinary questions each may cost: about five times as many as were measured.
ANSWERS = {many_records: (A, 40), too_many_records: (A, 40), deep_names: (A, 150), endless_names: (A, 200),
           deep_aliases: (A, 400), largest_rdata: (TXT, 25), many_names: (MX, 80), long_names: (MX, 150),
           alike_names: (MX, 150), alias_chain: (A, 100)}
REFUSED = {"too_many_records", "deep_names", "endless_names", "deep_aliases", "alias_chain"}
QUESTIONS = {small_records: 20, far_names: 20, many_options: 20}
PIPELINED_MOST = 1


class Client:
    """Asks by UDP and by TCP, and waits until all has been worked off."""

    def __init__(self, namespace):
        with Inside(namespace):
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.tcp = socket.socket()
        for sock in (self.udp, self.tcp):
            sock.settimeout(10)
            sock.connect(("192.168.50.1", 53))

    def close(self):
        self.udp.close()
        self.tcp.close()

    def finish(self):
        """What was sent before has been worked off when a question after it is answered."""
        self.udp.send(question("local.test", 0xffff))
        while self.udp.recv(65535)[:2] != b"\xff\xff":
            pass

    def send(self, make):
        """Questions a client has no good reason for, in datagrams."""
        for _ in range(PACKETS):
            self.udp.send(make(question("local.test", 7)))
        self.finish()
        return PACKETS

    def take(self):
        size = self.some(2)
        return self.some(int.from_bytes(size, "big"))

    def some(self, count):
        said = b""
        while len(said) < count:
            more = self.tcp.recv(count - len(said))
            assert more, "closed"
            said += more
        return said

    def fetch(self, kind, qtype):
        """By TCP, so that the whole answer is made; the upstream gives it by TCP too."""
        for _ in range(PACKETS):
            query = question(f"{kind}.n{next(NUMBERS)}.test", 9, qtype)
            self.tcp.sendall(struct.pack("!H", len(query)) + query)
            said = self.take()
            assert said[:2] == query[:2] and said[3] & 15 in ((2,) if kind in REFUSED else (0,)), (kind, said[:12])
        return PACKETS

    def ordinary(self):
        """Forwarded, with a small answer by UDP."""
        for _ in range(PACKETS):
            self.udp.send(question(f"o.n{next(NUMBERS)}.test", 9))
            assert socket.inet_aton(TRUE) in self.udp.recv(65535)
        return PACKETS

    def local(self):
        return self.send(lambda query: query)

    def pipeline(self):
        query = question("local.test", 7)
        self.tcp.sendall((struct.pack("!H", len(query)) + query) * PIPELINED)
        for _ in range(PIPELINED):
            self.take()
        return PIPELINED


def compare(pid, kinds, ordinary):
    """How many times as much as the ordinary each costs: medians of rounds in which all take their turn. Returns those
    that cost more than they may; kinds: {name: (what to do, how many times at most)}."""
    deeds = {"ordinary": ordinary, **{name: deed for name, (deed, _) in kinds.items()}}
    costs = {name: [] for name in deeds}
    for _ in range(ROUNDS):
        for name, deed in deeds.items():
            before = cpu_us(pid)
            count = deed()
            costs[name].append((cpu_us(pid) - before) / count)
    medians = {name: statistics.median(each) for name, each in costs.items()}
    times = {name: median / medians["ordinary"] for name, median in medians.items()}
    for name in medians:
        print(f"{name}: {medians[name]:.0f} us, {times[name]:.2f} times")
    return {name: (times[name], most) for name, (_, most) in kinds.items() if times[name] > most}


@pytest.fixture
def server(network):
    """linnet with an upstream that answers as the first label says. (the server's process, a client)"""
    makers = {make.__name__: make for make in ANSWERS}

    def kind_of(query):
        return query[13:13 + query[12]].decode()

    def behave(server, query, sender):
        server.udp.sendto(cut(query) if kind_of(query) in makers else reply(query, TRUE), sender)

    upstream = Upstream(network, behave, tcp=lambda query: makers[kind_of(query)](query))
    namespace = network.add_client("a", "192.168.50.2/24")
    program = network.linnet(CONFIG.replace("cache-size=0", "cache-size=1000")
                             + f"server={SERVER}\nhost-record=local.test,192.0.2.1\n")
    client = Client(namespace)
    yield program.server, client
    client.close()
    upstream.close()


def test_cpu_of_the_worst_answers(server):
    """Beside a forwarded question with a small answer."""
    pid, client = server
    kinds = {make.__name__: (lambda name=make.__name__, qtype=qtype: client.fetch(name, qtype), most)
             for make, (qtype, most) in ANSWERS.items()}
    assert not compare(pid, kinds, client.ordinary)


def test_cpu_of_the_worst_questions(server):
    """Beside a question answered by ourselves."""
    pid, client = server
    kinds = {make.__name__: (lambda make=make: client.send(make), most) for make, most in QUESTIONS.items()}
    kinds["pipelined"] = client.pipeline, PIPELINED_MOST
    assert not compare(pid, kinds, client.local)
