"""Kubernetes' old DNS pod: the nanny's command line with servers in words of their own, restarts of the child, and
the sidecar, which asks for the counters of CHAOS every few seconds."""
import re
import signal

from conftest import wait_until
from consumer import answers, start_as_dnsmasq

COUNTERS = ("cachesize", "insertions", "evictions", "hits", "misses", "auth", "servers")


def counters(network):
    found = {}
    for name in COUNTERS:
        [*texts] = answers(network, f"{name}.bind", "TXT", "CH", server="127.0.0.1")
        found[name] = texts
    return found


def start(network):
    return start_as_dnsmasq(network, "-k", "--cache-size=1000", "--no-negcache", "--dns-loop-detect",
                            "--log-facility=-", "--server", "/cluster.local/127.0.0.1#10053", "--server",
                            "/in-addr.arpa/127.0.0.1#10053", "--server", "/ip6.arpa/127.0.0.1#10053", "--no-resolv",
                            "--server", "127.0.0.1#10054", "-u", "root", "--pid-file=")


def test_nanny_and_sidecar(network):
    network.linnet("port=10053\nno-resolv\nno-hosts\nlisten-address=127.0.0.1\nbind-interfaces\n"
                   "address=/cluster.local/10.96.0.10\nlocal-ttl=60\n")
    server = start(network)
    assert [text.strip('"') for text in answers(network, "version.bind", "TXT", "CH", server="127.0.0.1")][0].startswith(
        "dnsmasq-")
    first = counters(network)
    assert first["cachesize"] == ['"1000"']
    for _ in range(3):
        assert answers(network, "web.default.svc.cluster.local", server="127.0.0.1") == ["10.96.0.10"]
    second = counters(network)
    count = {name: [int(found[name][0].strip('"')) for found in (first, second)] for name in COUNTERS[:-1]}
    assert count["insertions"][1] > count["insertions"][0]
    assert count["hits"][1] >= count["hits"][0] + 2 and count["misses"][1] > count["misses"][0]
    rows = dict(re.findall(r'"?(127\.0\.0\.1#\d+) (\d+ \d+)"?', " ".join(second["servers"])))
    assert set(rows) == {"127.0.0.1#10053", "127.0.0.1#10054"} and rows["127.0.0.1#10053"].split()[0] != "0"
    # A ConfigMap has changed: the nanny ends the child and starts another at once.
    server.signal(signal.SIGTERM)
    assert server.process.wait(5) == 0
    again = start(network)
    assert answers(network, "web.default.svc.cluster.local", server="127.0.0.1") == ["10.96.0.10"]
    # Old exporters put all questions into one packet: refused, and nothing more.
    wait_until(lambda: again.process.poll() is None, 1)
    questions = b"".join(b"".join(bytes([len(part)]) + part.encode() for part in f"{name}.bind".split(".")) +
                         b"\0\0\x10\0\3" for name in COUNTERS)
    packet = b"\x12\x34\1\0\0\7\0\0\0\0\0\0" + questions
    said = network.inside(network.server, "/usr/bin/python3", "-c",
                          "import socket, sys\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.settimeout(3)\n"
                          "s.sendto(bytes.fromhex(sys.argv[1]), ('127.0.0.1', 53))\nprint(s.recv(4096).hex())",
                          packet.hex()).stdout
    assert bytes.fromhex(said)[3] & 15 == 1
    assert counters(network)["cachesize"] == ['"1000"']
