"""A service manager that speaks systemd's two protocols: it is told how we are, and gives us sockets."""
import os
import pathlib
import re
import signal
import socket
import time

import pytest
from conftest import BINARY, run, wait_until
from consumer import as_dnsmasq, readable_by_all

BASE = ["-C", "/dev/null", "-R", "-h", "-k", "--pid-file=", "--log-facility=-"]


class Manager:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(5)

    def hear(self):
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().splitlines())

    def hear_until(self, key):
        said = []
        while not said or key not in said[-1]:
            said.append(self.hear())
        return said


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_the_manager_is_told(tmp_path, kind):
    """Without a network: the abstract name belongs to the namespace we are in."""
    readable_by_all(tmp_path)
    name = f"@linnet-test-{os.getpid()}-{time.monotonic_ns()}" if kind == "abstract" else str(tmp_path / "notify")
    manager = Manager("\0" + name[1:] if kind == "abstract" else name)
    if kind == "path":
        os.chmod(name, 0o777)
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\nenv > {tmp_path}/environment\n")
    script.chmod(0o755)
    environment = dict(os.environ, NOTIFY_SOCKET=name, WATCHDOG_USEC="200000", LISTEN_FDS="0", LISTEN_PID="1")
    from conftest import Program
    server = Program([as_dnsmasq(tmp_path), *BASE, "-p", "0", "-F", "192.0.2.5,192.0.2.9", "--leasefile-ro",
                      "--dhcp-alternate-port=16767,16868", f"--dhcp-script={script}"], tmp_path / "log", environment)
    try:
        ready = manager.hear()
        assert ready == {"READY": "1", "MAINPID": str(server.pid), "STATUS": "no DNS, DHCP"}, server.log()
        assert manager.hear_until("WATCHDOG")[-1] == {"WATCHDOG": "1"}
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        server.signal(signal.SIGHUP)
        reloading = manager.hear_until("RELOADING")[-1]
        assert reloading["RELOADING"] == "1" and reloading["STATUS"]
        assert before <= int(reloading["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        assert manager.hear_until("READY")[-1] == ready
        left = (tmp_path / "environment").read_text()
        assert not re.search(r"NOTIFY_SOCKET|WATCHDOG|LISTEN_", left), left
        server.signal(signal.SIGTERM)
        assert manager.hear_until("STOPPING")[-1]["STOPPING"] == "1"
        assert server.process.wait(5) == 0
    finally:
        server.kill()


def test_what_failed_is_its_status(tmp_path):
    manager = Manager(str(tmp_path / "notify"))
    result = run(as_dnsmasq(tmp_path), *BASE, "-u", "nosuch", check=False,
                 env=dict(os.environ, NOTIFY_SOCKET=str(tmp_path / "notify")))
    assert result.returncode == 1
    assert manager.hear() == {"STATUS": "unknown user or group: nosuch"}


@pytest.mark.parametrize("closed", ["2>&-", "0<&- 1>&- 2>&-"])
def test_nothing_is_written_to_the_manager(tmp_path, closed):
    """Started without standard error, the socket to the manager is not what messages go to."""
    manager = Manager(str(tmp_path / "notify"))
    manager.socket.settimeout(0.5)
    for words in ("-u nosuch", "--test --no-such-option", "--no-such-option"):
        run("sh", "-c", f'"$0" "$@" {closed}', as_dnsmasq(tmp_path), *BASE, *words.split(), check=False,
            env=dict(os.environ, NOTIFY_SOCKET=str(tmp_path / "notify")))
    heard = []
    try:
        while True:
            heard.append(manager.socket.recv(4096))
    except TimeoutError:
        pass
    assert len(heard) == 2 and all(text.startswith(b"STATUS=") for text in heard)


def test_another_process_is_watched(tmp_path):
    """WATCHDOG_PID, and a NOTIFY_SOCKET that is nonsense, do no harm."""
    from conftest import Program
    name = str(tmp_path / "notify")
    manager = Manager(name)
    for place, expected in ((name, [{"READY", "MAINPID", "STATUS"}]), ("nonsense", []), ("/nonexist", [])):
        server = Program([as_dnsmasq(tmp_path), *BASE, "-p", "0", "-d"], tmp_path / "log",
                         dict(os.environ, NOTIFY_SOCKET=place, WATCHDOG_USEC="100000", WATCHDOG_PID="1"))
        server.wait_for("started, version")
        time.sleep(0.3)
        manager.socket.settimeout(0.01)
        said = []
        try:
            while True:
                said.append(set(manager.hear()))
        except TimeoutError:
            pass
        assert said == expected
        assert server.stop() == 0
        if expected:
            assert manager.hear()["STOPPING"] == "1"
        (tmp_path / "log").unlink()


# ------------------------------------------------------------------ socket activation

# Opens what its arguments say, as a manager would, prints the inodes and becomes the daemon.
STARTER = r"""
import fcntl, os, socket, sys
given, user, words = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
kept = []
for one in given.split():
    kind, address, port, name = one.split(",")
    if kind == "file":
        kept.append((open("/dev/null"), name))
        continue
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
    if family == socket.AF_INET6 and not name.startswith("both"):
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind((address, int(port)))
    if kind == "tcp":
        s.listen()
    kept.append((s, name))
high = [fcntl.fcntl(one, fcntl.F_DUPFD, 100) for one, _ in kept]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i, inheritable=True)
    os.close(fd)
print("inodes", *[os.fstat(3 + i).st_ino for i in range(len(kept))], flush=True)
os.environ.update(LISTEN_FDS=str(len(kept)), LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES=":".join(n for _, n in kept))
if user:
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
os.execv(words[0], words)
"""


def start_given(network, given, *words, user=0, program=None):
    readable_by_all(network.folder)
    return network.start(network.server, "/usr/bin/python3", "-c", STARTER, given, user,
                         program or as_dnsmasq(network.folder), *BASE, "--address=/a.test/192.0.2.1", *words, name="given")


def inodes_of(pid):
    found = []
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        match = re.match(r"socket:\[(\d+)\]", os.readlink(fd))
        if match:
            found.append(int(match[1]))
    return found


def answers(network, server, *more):
    return [row[3] for row in network.dig(network.server, "a.test", *more, server=server)]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", ["dnsmasq", "linnet"])
def test_given_sockets_are_used(network, name, threads):
    """By a process that could not have opened them. What is not for DNS is named and closed."""
    given = ("udp,127.0.0.1,53,dns.socket tcp,127.0.0.1,53,dns.socket udp,192.168.50.1,53,lan file,,,odd "
             "udp,0.0.0.0,69,tftp.socket tcp,192.168.50.1,53,lan")
    words = ["--listen-address=127.0.0.1", "--listen-address=192.168.50.1", "--bind-interfaces"]
    if threads > 1:
        words += ["-C", network.folder / "threads"]
        (network.folder / "threads").write_text(f"dns-threads={threads}\n")
    program = os.path.abspath(BINARY) if name == "linnet" else None
    server = start_given(network, given, *words, user=65534, program=program)
    server.wait_for("started, version")
    inodes = [int(word) for word in re.search(r"inodes (.*)", server.log())[1].split()]
    for address in ("127.0.0.1", "192.168.50.1"):
        for _ in range(4):
            assert answers(network, address) == ["192.0.2.1"]
        assert answers(network, address, "+tcp") == ["192.0.2.1"]
    held = inodes_of(server.pid)
    for i, used in enumerate((True, True, True, False, False, True)):
        assert (inodes[i] in held) == used, (i, server.log())
    shared = ", which all threads share" if threads > 1 else ""
    for text in ("UDP 127.0.0.1#53 (dns.socket)", "TCP 127.0.0.1#53 (dns.socket)", "UDP 192.168.50.1#53 (lan)",
                 "TCP 192.168.50.1#53 (lan)"):
        assert f"using the service manager's socket {text}{shared}\n" in server.log(), server.log()
    for text in ("descriptor 6, no socket of a service (odd)", "UDP 0.0.0.0#69 (tftp.socket)"):
        assert f"warning: not using the service manager's {text}: " in server.log(), server.log()
    assert server.stop() == 0


def test_given_sockets_outlive_a_server(network):
    """bind-dynamic: the broker lets go of sockets that can be made again, and the manager holds these."""
    server = start_given(network, "udp,192.168.50.1,53,lan tcp,192.168.50.1,53,lan", "-u", "root",
                         "--listen-address=192.168.50.1", "--bind-dynamic")
    server.wait_for("started, version")
    for _ in range(2):
        first = server.server
        assert first != server.pid and answers(network, "192.168.50.1") == ["192.0.2.1"]
        os.kill(first, signal.SIGSEGV)
        wait_until(lambda: server.server not in (first, server.pid), what="another server")
    wait_until(lambda: answers(network, "192.168.50.1", "+tcp") == ["192.0.2.1"], what="an answer")
    assert "Address already in use" not in server.log()


def test_wildcards_and_what_is_missing(network):
    """UDP of both families given, TCP not: that we open ourselves. Where datagrams come in is asked for late."""
    server = start_given(network, "udp,0.0.0.0,53,a udp,::,53,b", "-u", "root", "--interface=lan0")
    server.wait_for("started, version")
    assert answers(network, "192.168.50.1") == answers(network, "192.168.50.1", "+tcp") == ["192.0.2.1"]
    assert answers(network, "fd00:50::1") == answers(network, "fd00:50::1", "+tcp") == ["192.0.2.1"]
    listening = network.inside(network.server, "ss", "-Hlnu", "sport = :53").stdout.splitlines()
    assert len(listening) == 2, listening
    assert server.stop() == 0


def test_a_socket_for_both_families(network):
    """It would answer IPv4 by the rules of IPv6: its line says what to set."""
    server = start_given(network, "udp,::,53,both.socket", "-u", "root", "--listen-address=127.0.0.1", "--bind-interfaces")
    server.wait_for(r"not using the service manager's UDP ::#53 \(both.socket\): it takes IPv4 too, set "
                    r"BindIPv6Only=ipv6-only")
    server.wait_for("started, version")
    assert answers(network, "127.0.0.1") == ["192.0.2.1"]
    assert server.stop() == 0


def test_sockets_for_somebody_else(network):
    """LISTEN_PID of another process: nothing is touched, and DNS off: all are let go of."""
    environment = dict(os.environ, LISTEN_PID="1", LISTEN_FDS="3")
    server = network.start(network.server, as_dnsmasq(network.folder), *BASE, "-u", "root", "-p", "5399", name="other",
                           environment=environment)
    server.wait_for("started, version")
    assert "service manager" not in server.log()
    assert server.stop() == 0
    server = start_given(network, "udp,127.0.0.1,53,x file,,,", "-p", "0", "-u", "root")
    server.wait_for(r"not using the service manager's UDP 127.0.0.1#53 \(x\): the configuration has no DNS service there")
    server.wait_for("DNS disabled")
    assert server.stop() == 0
