"""What goes to upstream servers and what is believed of what comes back, seen from the upstream's side of a socket:
ports and ids (R7), forged replies (R8), packets for one question and bytes for one byte (R18)."""
import collections
import itertools
import math
import select
import signal
import socket
import struct
import threading
import time

import pytest

from conftest import Network
from exercise import Inside, question

CONFIG = "no-resolv\nno-hosts\ninterface=lan0\nbind-interfaces\ncache-size=0\n"
SERVER, FORGED, TRUE = "127.0.0.11", "203.0.113.66", "198.51.100.2"
CHI_15 = 57.0   # a chi-square of 15 degrees of freedom is above this less than once in a million times
PACKETS_MAX = 15                         # for the five times that a client asks a server which answers
TO_ONE_MAX, TO_ALL_MAX = 12, 32         # for one question, as FLIGHT_TRIES_MAX and FLIGHT_SENDS_MAX
LIFE_S = 10                              # of a question that nobody answers


def records(query, address, count=1, kind=1, rdata=None):
    end = query.index(b"\0", 12) + 5
    one = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(rdata or b"1234")) + (rdata or socket.inet_aton(address))
    return query[12:end], one * count


def reply(query, address, ident=None, flags=0x8180, asked=None, count=1):
    own, answer = records(query, address, count)
    return (struct.pack("!H", ident) if ident is not None else query[:2]) + struct.pack(
        "!HHHHH", flags, 1, count, 0, 0) + (asked if asked is not None else own) + answer


class Upstream:
    """An upstream of one behaviour, which keeps every question with where it came from."""

    def __init__(self, network, behave, tcp=None, address=SERVER):
        with Inside(network.server):
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.other_port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.other_host = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.tcp = socket.create_server((address, 53))
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.udp.bind((address, 53))
        self.other_port.bind((address, 5353))
        self.other_host.bind(("127.0.0.99", 53))
        self.behave, self.answer_tcp = behave, tcp
        self.asked, self.asked_tcp, self.connections = [], [], 0
        self.running = True
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while self.running:
            for sock in select.select([self.udp, self.tcp], [], [], 0.1)[0]:
                if sock is self.udp:
                    query, client = sock.recvfrom(65535)
                    self.asked.append((query, client))
                    self.behave(self, query, client)
                else:
                    self.take()

    def take(self):
        connection, _ = self.tcp.accept()
        self.connections += 1
        with connection:
            connection.settimeout(1)
            try:
                query = connection.recv(4096)[2:]
                self.asked_tcp.append(query)
                if self.answer_tcp:
                    said = self.answer_tcp(query)
                    connection.sendall(struct.pack("!H", len(said)) + said)
            except OSError:
                pass

    def close(self):
        self.running = False
        self.thread.join(5)
        for sock in (self.udp, self.other_port, self.other_host, self.tcp):
            sock.close()


@pytest.fixture
def upstream(network):
    made = []

    def start(behave, tcp=None):
        made.append(Upstream(network, behave, tcp))
        return made[-1]

    yield start
    for one in made:
        one.close()


def true(server, query, client):
    server.udp.sendto(reply(query, TRUE), client)


@pytest.fixture
def client(network):
    namespace = network.add_client("a", "192.168.50.2/24")
    with Inside(namespace):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(5)
    sock.connect(("192.168.50.1", 53))
    yield sock
    sock.close()


NUMBERS = itertools.count(1)


def ask(client, name, wait=5.0, edns=None):
    """The whole answer, or None."""
    ident = next(NUMBERS)
    query = bytearray(question(name, ident))
    if edns:
        query[11] = 1
        query += b"\0\0\x29" + struct.pack("!HIH", edns, 0, 0)
    client.send(query)
    deadline = time.monotonic() + wait
    while (left := deadline - time.monotonic()) > 0:
        client.settimeout(left)
        try:
            said = client.recv(65535)
        except TimeoutError:
            return None
        if said[:2] == struct.pack("!H", ident):
            return said
    return None


def is_true(said):
    return (said is not None and said[3] & 15 == 0 and socket.inet_aton(TRUE) in said
            and socket.inet_aton(FORGED) not in said)


def chi_square(values, low, high, bins=16):
    width = (high + 1 - low) / bins
    counts = collections.Counter(int((value - low) / width) for value in values)
    expected = len(values) / bins
    return sum((counts[i] - expected) ** 2 / expected for i in range(bins))


def correlation(values):
    """Of each with the next: near 0 where nothing follows from the one before."""
    pairs = list(zip(values, values[1:]))
    mean = sum(values) / len(values)
    spread = sum((value - mean) ** 2 for value in values)
    return sum((a - mean) * (b - mean) for a, b in pairs) / spread


@pytest.mark.parametrize("options, low, high", [("", 1024, 65535),
                                                ("min-port=20000\nmax-port=29999\n", 20000, 29999)])
def test_ports_and_ids_are_even(network, upstream, client, options, low, high):
    """R7: over the whole range that is allowed, and none follows from the one before."""
    server = upstream(true)
    network.linnet(CONFIG + options + f"server={SERVER}\n")
    for number in range(800):
        assert is_true(ask(client, f"n{number}.test"))
    ports = [sender[1] for _, sender in server.asked]
    idents = [int.from_bytes(query[:2], "big") for query, _ in server.asked]
    assert len(ports) == 800
    assert low <= min(ports) and max(ports) <= high
    assert len(set(ports)) > 700, "a port of its own for each question asked alone"
    assert chi_square(ports, low, high) < CHI_15
    assert chi_square(idents, 0, 65535) < CHI_15
    for values in (ports, idents):
        assert chi_square([value % 16 for value in values], 0, 15) < CHI_15
        assert abs(correlation(values)) < 5 / math.sqrt(len(values))


def test_what_goes_upstream(network, upstream, client):
    """R7: 1232 bytes are asked for, whatever the client takes; a source address or an interface costs no port."""
    server = upstream(true)
    network.linnet(CONFIG + f"server={SERVER}@lo\n")
    for number in range(40):
        assert is_true(ask(client, f"n{number}.test", edns=4096))
    for query, _ in server.asked:
        opt = query[query.index(b"\0", 12) + 5:]
        assert opt[:3] == b"\0\0\x29" and opt[3:5] == struct.pack("!H", 1232), opt
        assert len(query) <= 1232
    ports = [sender[1] for _, sender in server.asked]
    assert len(set(ports)) > 30 and max(ports) - min(ports) > 20000, ports


def flipped(query):
    """The question with one letter in the other case."""
    own = bytearray(records(query, FORGED)[0])
    own[1] ^= 0x20
    return bytes(own)


def asked(query):
    return records(query, FORGED)[0]


def ident_of(query):
    return int.from_bytes(query[:2], "big")


BANK = b"\4bank\4test\0\0\1\0\1"
HEADER = b"\x81\x80\0%c\0\1\0\0\0\0"  # after the id; so many questions, one answer
# What is wrong with each, and how it is sent: by which of the upstream's sockets, and what.
FORGERIES = {
    "another port": lambda server, query: (server.other_port, reply(query, FORGED)),
    "another host": lambda server, query: (server.other_host, reply(query, FORGED)),
    "another id": lambda server, query: (server.udp, reply(query, FORGED, ident=ident_of(query) ^ 1)),
    "a query": lambda server, query: (server.udp, reply(query, FORGED, flags=0x0180)),
    "another opcode": lambda server, query: (server.udp, reply(query, FORGED, flags=0xa980)),
    "another name": lambda server, query: (server.udp, reply(query, FORGED, asked=BANK)),
    "a longer name": lambda server, query: (server.udp, reply(query, FORGED, asked=b"\1x" + asked(query))),
    "another type": lambda server, query: (server.udp, reply(query, FORGED, asked=asked(query)[:-4] + b"\0\x1c\0\1")),
    "another class": lambda server, query: (server.udp, reply(query, FORGED, asked=asked(query)[:-2] + b"\0\3")),
    "another case": lambda server, query: (server.udp, reply(query, FORGED, asked=flipped(query))),
    "no question": lambda server, query: (server.udp, query[:2] + HEADER % 0 + records(query, FORGED)[1]),
    "two questions": lambda server, query: (server.udp, query[:2] + HEADER % 2 + asked(query) * 2
                                            + records(query, FORGED)[1]),
    "nothing": lambda server, query: (server.udp, b""),
    "one byte": lambda server, query: (server.udp, query[:1]),
    "half a header": lambda server, query: (server.udp, reply(query, FORGED)[:7]),
    "cut off": lambda server, query: (server.udp, reply(query, FORGED)[:-1]),
    "more records than there are": lambda server, query: (server.udp, reply(query, FORGED)[:7] + b"\x09"
                                                          + reply(query, FORGED)[8:]),
}
# With the right port, but the wrong id or question: somebody is guessing. Another case may be a server that folds letters.
BY_TCP = {"another id", "another name", "a longer name", "another type", "another class", "another case",
          "two questions"}


def name_of(query):
    return query[13:13 + query[12]].decode().lower() + ".test"


def test_forged_replies_are_waited_out(network, upstream, client):
    """R8: each forgery comes first, the true reply 30 ms later. The true one is what the client gets, and nothing of
    the other is kept."""
    forgeries = {f"f{number}.test": what for number, what in enumerate(FORGERIES)}

    def behave(server, query, sender):
        sock, forged = FORGERIES[forgeries[name_of(query)]](server, query)
        sock.sendto(forged, sender)
        time.sleep(0.03)
        server.udp.sendto(reply(query, TRUE), sender)

    server = upstream(behave, tcp=lambda query: reply(query, TRUE))
    network.linnet(CONFIG.replace("cache-size=0", "cache-size=500") + f"server={SERVER}\n")
    wrong = []
    for name, what in forgeries.items():
        begun = time.monotonic()
        said = ask(client, name)
        took = time.monotonic() - begun
        again = ask(client, name)
        if not is_true(said) or not is_true(again) or took > 1:
            wrong.append((what, took, said and said.hex(), again and again.hex()))
    assert not wrong
    assert {forgeries[name_of(query)] for query in server.asked_tcp} == BY_TCP


def wrong_ids(server, query, sender, changes):
    for change in changes:
        server.udp.sendto(reply(query, FORGED, ident=ident_of(query) ^ change), sender)


def test_wrong_ids_move_to_tcp(network, upstream, client):
    """R7: 4,000 replies with wrong ids on the port of the question. After the first it is put by TCP, where the true
    answer comes from; by UDP nothing true ever comes."""
    server = upstream(lambda server, query, sender: wrong_ids(server, query, sender, range(1, 4001)),
                      tcp=lambda query: reply(query, TRUE))
    network.linnet(CONFIG + f"server={SERVER}\n")
    begun = time.monotonic()
    assert is_true(ask(client, "flood.test"))
    assert time.monotonic() - begun < 2
    assert len(server.asked) == 1 and len(server.asked_tcp) == 1
    server.behave = lambda server, query, sender: wrong_ids(server, query, sender, [1])
    assert is_true(ask(client, "one.test")) and len(server.asked_tcp) == 2


def in_two(server, query, sender):
    """The true first fragment, with port, id and question, and a second one of a forger, who has to know none of these:
    the address is in it."""
    said = reply(query, TRUE)
    datagram = struct.pack("!HHHH", 53, sender[1], 8 + len(said), 0) + said
    end = (len(datagram) - 4) // 8 * 8
    forged = datagram[end:-4] + socket.inet_aton(FORGED)
    for offset, part in ((0, datagram[:end]), (end, forged)):
        where = offset // 8 | (0x2000 if offset == 0 else 0)
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(part), ident_of(query) or 1, where, 64, 17, 0,
                             socket.inet_aton(SERVER), socket.inet_aton(sender[0]))
        server.raw.sendto(header + part, (sender[0], 0))


@pytest.mark.parametrize("options", ["", "query-port=5300\n"])
def test_fragments_are_not_taken(network, upstream, client, options):
    """R7: an answer that comes in fragments is as good as a guess: the question is put by TCP."""
    server = upstream(in_two, tcp=lambda query: reply(query, TRUE))
    with Inside(network.server):
        server.raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    program = network.linnet(CONFIG.replace("cache-size=0", "cache-size=500") + options + f"server={SERVER}\n")
    with server.raw:
        for number in range(5):
            for _ in range(2):
                assert is_true(ask(client, f"n{number}.test"))
    assert len(server.asked) == 5 and len(server.asked_tcp) == 5
    program.signal(signal.SIGUSR1)
    program.wait_for(r"replies ignored 5\b")
    server.behave = true
    assert is_true(ask(client, "whole.test")) and len(server.asked_tcp) == 5


def test_an_honest_server_behind_a_narrow_way(network, upstream, client):
    """R7: its answers of some length come in fragments and are fetched by TCP, the others by UDP."""
    counts = {"long.test": 50, "short.test": 1}

    def many(query):
        return reply(query, TRUE, count=counts[name_of(query)])

    server = upstream(lambda server, query, sender: server.udp.sendto(many(query), sender), tcp=many)
    network.inside(network.server, "ip", "link", "set", "lo", "mtu", "600")
    network.linnet(CONFIG + f"server={SERVER}\n")
    for name in counts:
        said = ask(client, name, edns=1232)
        assert is_true(said) and int.from_bytes(said[6:8], "big") == counts[name]
    assert [name_of(query) for query in server.asked_tcp] == ["long.test"]


def cut(query):
    return reply(query, TRUE, flags=0x8380, count=0)


def referral(query):
    """Sixty name servers elsewhere, and no answer: each would be asked for by whoever follows it (NXNS)."""
    own, _ = records(query, TRUE)
    servers = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", 2, 1, 60, 9) + b"\7ns%05d" % i + b"\0" for i in range(60))
    return query[:2] + struct.pack("!HHHHH", 0x8180, 1, 0, 60, 0) + own + servers


def alias(query):
    own, answer = records(query, TRUE, kind=5, rdata=b"\4else\4test\0")
    return query[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0) + own + answer


def error(code):
    return lambda server, query, sender: server.udp.sendto(query[:2] + struct.pack(
        "!HHHHH", 0x8180 | code, 1, 0, 0, 0) + records(query, TRUE)[0], sender)


UPSTREAMS = {
    "silent": lambda server, query, sender: None,
    "lame": error(5),
    "failing": error(2),
    "without EDNS": error(1),
    "truncating": lambda server, query, sender: server.udp.sendto(cut(query), sender),
    "malformed": lambda server, query, sender: server.udp.sendto(reply(query, FORGED)[:-1], sender),
    "a referral": lambda server, query, sender: server.udp.sendto(referral(query), sender),
    "an alias": lambda server, query, sender: server.udp.sendto(alias(query), sender),
    "wrong ids": lambda server, query, sender: wrong_ids(server, query, sender, range(1, 9)),
}


def test_packets_for_one_question(tmp_path):
    """R18: whatever an upstream does, a question is put a bounded number of times, and only that question. The client
    asks four times more while it waits, as clients do."""
    networks, servers, clients = [], {}, {}
    try:
        for number, (what, behave) in enumerate(UPSTREAMS.items()):
            folder = tmp_path / str(number)
            folder.mkdir()
            network = Network(folder)
            networks.append(network)
            servers[what] = Upstream(network, behave)
            namespace = network.add_client("a", "192.168.50.2/24")
            network.linnet(CONFIG + f"server={SERVER}\n")
            with Inside(namespace):
                sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.connect(("192.168.50.1", 53))
            clients[what] = sock
        for number in range(5):
            for sock in clients.values():
                sock.send(question("victim.test", 7))
            time.sleep(0.7)
        time.sleep(2.5)
        counts = {what: len(server.asked) + server.connections for what, server in servers.items()}
        print(counts)
        # What answers at once, with a fault or without, costs three packets at most for each of the client's five.
        assert counts["silent"] <= TO_ONE_MAX, counts
        assert all(1 <= count <= PACKETS_MAX for count in counts.values()), counts
        for what, server in servers.items():
            names = {bytes(query[12:query.index(b"\0", 12)]).lower() for query, _ in server.asked}
            assert names == {b"\6victim\4test"}, (what, names)
    finally:
        for server in servers.values():
            server.close()
        for sock in clients.values():
            sock.close()
        for network in networks:
            network.close()


def quiet(network, addresses):
    """Servers that say nothing."""
    made = {}
    for address in addresses:
        with Inside(network.server):
            made[address] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made[address].setblocking(False)
        made[address].bind((address, 53))
    return made


def waiting_at(sock):
    count = 0
    while True:
        try:
            sock.recv(65535)
        except BlockingIOError:
            return count
        count += 1


@pytest.mark.parametrize("servers", [1, 4])
def test_packets_for_a_question_nobody_answers(network, client, servers):
    """R18: over the whole life of a question, while its client asks again as often as makes us ask again."""
    asked_of = quiet(network, [f"127.0.0.{11 + number}" for number in range(servers)])
    network.linnet(CONFIG + "".join(f"server={address}\n" for address in asked_of))
    query = question("victim.test", 7)
    try:
        begun = time.monotonic()
        client.settimeout(0.15)  # longer than FORWARD_REPEAT_MS, so each may be one packet more to each server
        said = None
        while said is None and time.monotonic() - begun < 2 * LIFE_S:
            client.send(query)
            try:
                said = client.recv(65535)
            except TimeoutError:
                pass
        lasted = time.monotonic() - begun
        counts = [waiting_at(sock) for sock in asked_of.values()]
        print(counts, f"{lasted:.1f} s")
        assert said is not None and said[3] & 15 == 2, said
        assert lasted > LIFE_S - 1, "given up early: the bound was never reached"
        assert 1 < max(counts) <= TO_ONE_MAX and sum(counts) <= TO_ALL_MAX, counts
    finally:
        for sock in asked_of.values():
            sock.close()


@pytest.mark.parametrize("dead", ["refuses", "silent"])
def test_one_of_two_is_dead(network, upstream, client, dead):
    """Every question is answered, the first as the fortieth. (How soon is promised at 100 ms more than else; a machine
    that is busy with other tests is given longer.)"""
    upstream(true)
    sockets = quiet(network, ["127.0.0.12"] if dead == "silent" else [])
    network.linnet(CONFIG + f"server=127.0.0.12\nserver={SERVER}\n")
    times = []
    for number in range(40):
        begun = time.monotonic()
        assert is_true(ask(client, f"n{number}.test")), number
        times.append((time.monotonic() - begun) * 1000)
    for sock in sockets.values():
        sock.close()
    median = sorted(times)[20]
    print(f"first server {dead}: first {times[0]:.1f} ms, median {median:.1f} ms, slowest {max(times):.1f} ms")
    assert median < 100 and max(times) < 1000, times


@pytest.mark.parametrize("edns, most", [(None, 512), (65535, 1232)])
def test_no_amplification(network, upstream, client, edns, most):
    """R18: no datagram to a client is larger than it takes, nor than 1232 bytes; one goes out for one in."""
    def large(query):
        own, answer = records(query, TRUE, count=200)
        return query[:2] + struct.pack("!HHHHH", 0x8180, 1, 200, 0, 0) + own + answer

    upstream(lambda server, query, sender: server.udp.sendto(cut(query), sender), tcp=large)
    network.linnet(CONFIG.replace("cache-size=0", "cache-size=500") + f"server={SERVER}\n")
    said = ask(client, "large.test", edns=edns)
    assert said is not None and len(said) <= most and said[2] & 2, "truncated"
    said = ask(client, "large.test", edns=edns)
    assert said is not None and len(said) <= most, "from the cache"
    client.settimeout(0.3)
    with pytest.raises(TimeoutError):
        client.recv(65535)
