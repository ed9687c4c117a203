"""Who answers to whom: the same interface, address and bind options to linnet and to the peer, and for every
server address, from a client on each link and from the machine itself, by UDP and TCP: answered, silent or
refused."""
import itertools
import os
import socket
import subprocess
import sys
import time

import pytest

BINARY = os.environ.get("LINNET_BINARY", "build/release/src/daemon/linnet")
WORDS = {
    "linnet": [BINARY, "-k", "-u", "root", "-g", "root"],
    "dnsmasq": ["dnsmasq", "-k", "-u", "root", "-g", "root"],
}
COMMON = "no-resolv\nno-hosts\naddress=/a.test/192.0.2.1\n"

# Two links with a client each, one address of a label, one address far away, and link-local ones.
ONE, LABEL, TWO = "10.1.0.1", "10.1.9.1", "10.2.0.1"
SIX_ONE, SIX_TWO = "fd01::1", "fd02::1"
TARGETS = ["127.0.0.1", "127.0.0.9", ONE, LABEL, TWO, "::1", SIX_ONE, SIX_TWO]

CASES = {
    "nothing": "",
    "one interface": "interface=one0",
    "one interface, bind": "interface=one0\nbind-interfaces",
    "one interface, dynamic": "interface=one0\nbind-dynamic",
    "two interfaces": "interface=one0,two0",
    "a wildcard": "interface=on*",
    "a wildcard, bind": "interface=on*\nbind-interfaces",
    "a wildcard, dynamic": "interface=t*\nbind-dynamic",
    "empty interface": "interface=",
    "empty interface, bind": "interface=\nbind-interfaces",
    "missing interface": "interface=none0",
    "missing interface, dynamic": "interface=none0\nbind-dynamic",
    "except": "except-interface=one0",
    "except, bind": "except-interface=one0\nbind-interfaces",
    "except, dynamic": "except-interface=one0\nbind-dynamic",
    "except loopback": "except-interface=lo",
    "except loopback, bind": "except-interface=lo\nbind-interfaces",
    "except all but": "interface=one0\nexcept-interface=lo",
    "except wins": "interface=one0,two0\nexcept-interface=two0",
    "listen": f"listen-address={ONE}",
    "listen, bind": f"listen-address={ONE}\nbind-interfaces",
    "listen, dynamic": f"listen-address={ONE}\nbind-dynamic",
    "listen to two": f"listen-address={ONE},127.0.0.1",
    "listen to IPv6": f"listen-address={SIX_TWO}",
    "listen to IPv6, bind": f"listen-address={SIX_TWO}\nbind-interfaces",
    "listen anywhere in 127": "listen-address=127.0.0.9",
    "listen anywhere in 127, bind": "listen-address=127.0.0.9\nbind-interfaces",
    "listen and interface": f"listen-address={TWO}\ninterface=one0",
    "listen and interface, bind": f"listen-address={TWO}\ninterface=one0\nbind-interfaces",
    "listen where nobody is, dynamic": "listen-address=203.0.113.9\nbind-dynamic",
    "a label": "interface=one0:x",
    "a label, bind": "interface=one0:x\nbind-interfaces",
    "interface without its label, bind": "interface=one0\nbind-interfaces\nexcept-interface=lo",
    "bind alone": "bind-interfaces",
    "dynamic alone": "bind-dynamic",
    "local service": "local-service",
    "local service net, bind": "local-service=net\nbind-interfaces",
    "local service and interface": "local-service\ninterface=one0",
    "auth elsewhere": "interface=two0\nlisten-address=10.1.0.1",
}
# 2.90 does not know the word; newer ones serve 127.0.0.1 and ::1 alone (dns.md section 16).
OWN = {"local-service=host": {"127.0.0.1", "::1"}}

ASK = r"""
import json, socket, struct, sys
QUESTION = bytes.fromhex("1234010000010000000000000161047465737400" "00010001")
def ask(target, tcp):
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.25)
        try:
            address = socket.getaddrinfo(target, 53, family)[0][4]
            sock.connect(address)
            sock.sendall((struct.pack("!H", len(QUESTION)) if tcp else b"") + QUESTION)
            answer = sock.recv(4096)
            return "answered" if answer else "closed"
        except TimeoutError:
            return "silent"
        except ConnectionRefusedError:
            return "refused"
        except ConnectionResetError:
            return "closed"
        except OSError as error:
            return error.strerror
for line in sys.stdin:
    print(json.dumps([[target, kind, ask(target, kind == "tcp")] for target in json.loads(line)
                      for kind in ("udp", "tcp")]), flush=True)
"""


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class World:
    def __init__(self):
        self.prefix = f"ltsv{os.getpid() % 100000}"
        self.server = self.prefix + "s"
        self.namespaces = [self.server]
        ip("netns", "add", self.server)
        ip("-n", self.server, "link", "set", "lo", "up")
        # Every refusal is told, and not only so many a second.
        for name in ("ipv4.icmp_ratelimit", "ipv6.icmp.ratelimit"):
            subprocess.run(["ip", "netns", "exec", self.server, "sysctl", "-qw", f"net.{name}=0"], check=True)
        for number, name in ((1, "one"), (2, "two")):
            self.add_client(number, name)
        ip("-n", self.server, "addr", "add", f"{LABEL}/24", "dev", "one0", "label", "one0:x")
        self.askers = {name: self.start_asker(name) for name in self.namespaces}

    def add_client(self, number, name):
        client = self.prefix + name
        self.namespaces.append(client)
        ip("netns", "add", client)
        ip("-n", client, "link", "set", "lo", "up")
        ip("-n", self.server, "link", "add", f"{name}0", "type", "veth", "peer", "name", "eth0", "netns", client)
        # Addresses are there at once: nobody else is on these links.
        for namespace, interface, host in ((self.server, f"{name}0", 1), (client, "eth0", 9)):
            ip("-n", namespace, "link", "set", interface, "addrgenmode", "none")
            ip("-n", namespace, "link", "set", interface, "up")
            ip("-n", namespace, "addr", "add", f"10.{number}.0.{host}/24", "dev", interface)
            ip("-n", namespace, "addr", "add", f"fd0{number}::{host}/64", "dev", interface, "nodad")
        ip("-n", client, "addr", "add", f"fe80::9:{number}/64", "dev", "eth0", "nodad")
        ip("-n", self.server, "addr", "add", f"fe80::1:{number}/64", "dev", f"{name}0", "nodad")
        ip("-n", client, "route", "add", "default", "via", f"10.{number}.0.1")
        ip("-n", client, "route", "add", "default", "via", f"fd0{number}::1")

    def start_asker(self, namespace):
        return subprocess.Popen(["ip", "netns", "exec", namespace, sys.executable, "-c", ASK],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def targets(self, namespace):
        number = {"one": 1, "two": 2}.get(namespace.removeprefix(self.prefix))
        if number is None:
            return [*TARGETS, "fe80::1:1%one0", "fe80::1:2%two0"]
        return [target for target in TARGETS if not target.startswith("127") and target != "::1"] \
            + [f"fe80::1:{number}%eth0"]

    def table(self):
        """Who asked, which address, how, and what came."""
        import json
        for namespace, asker in self.askers.items():
            print(json.dumps(self.targets(namespace)), file=asker.stdin, flush=True)
        rows = {}
        for namespace, asker in self.askers.items():
            who = namespace.removeprefix(self.prefix)
            for target, kind, result in json.loads(asker.stdout.readline()):
                rows[who, target, kind] = result
        return rows

    def close(self):
        for asker in self.askers.values():
            asker.terminate()
            asker.wait(10)
        for namespace in self.namespaces:
            subprocess.run(["ip", "netns", "del", namespace], check=False)


@pytest.fixture(scope="module")
def world():
    made = World()
    yield made
    made.close()


def listens(world):
    text = subprocess.run(["ip", "netns", "exec", world.server, "ss", "-Hlntu"], capture_output=True, text=True,
                          timeout=10).stdout
    return ":53 " in text


def table_of(world, subject, config, folder):
    path = folder / "subject.conf"
    path.write_text(COMMON + config + "\n")
    log = folder / f"{subject}.log"
    with open(log, "w") as file:
        process = subprocess.Popen(["ip", "netns", "exec", world.server, *WORDS[subject], "-C", path, "--pid-file=",
                                    "--log-facility=-"], stdout=file, stderr=file)
    try:
        for _ in range(200):
            if listens(world) or process.poll() is not None:
                break
            time.sleep(0.01)
        time.sleep(0.15)
        assert process.poll() is None, log.read_text()
        return world.table()
    finally:
        process.terminate()
        process.wait(10)


def is_explained(config, key, ours, theirs):
    """docs/differences.md, "One gate for UDP and TCP"."""
    who, target, kind = key
    by_udp = ours[who, target, "udp"]
    if kind == "tcp":  # the peer judges TCP by the address alone, where we judge both by the same rules
        return ours[key] == {"answered": "answered", "silent": "closed"}.get(by_udp)
    # With bind-interfaces the peer answers from elsewhere by IPv4, and by TCP, and not by UDP over IPv6.
    return "bind-interfaces" in config and ":" in target and ours[key] == ours[who, target, "tcp"] == "answered"


def differences(config, ours, theirs):
    return "\n".join(f"{' '.join(key)}: {ours[key]}, not {theirs[key]}" for key in ours
                     if ours[key] != theirs[key] and not is_explained(config, key, ours, theirs))


def compare(world, case, folder):
    ours = table_of(world, "linnet", CASES[case], folder)
    theirs = table_of(world, "dnsmasq", CASES[case], folder)
    return differences(CASES[case], ours, theirs)


@pytest.mark.parametrize("case", CASES)
def test_same_as_the_peer(world, case, tmp_path):
    told = compare(world, case, tmp_path)
    # A refusal is a message of the kernel's, which it leaves out when it is busy: what differs is looked at again.
    told = told and compare(world, case, tmp_path)
    assert not told, f"{case}:\n{told}"
