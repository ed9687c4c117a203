"""Broker, server, script: who they are, what they may do, and what becomes of a server that dies."""
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import threading
import time

import pytest

from conftest import BINARY, is_gone, run, server_pid, wait_until
from test_dhcp import udhcpc
from test_kill_many import check, Storm

DNS = """\
no-resolv
no-hosts
local=/test/
address=/x.test/192.0.2.1
cache-size=1000
"""
DHCP = DNS + """\
dhcp-range=192.168.50.10,192.168.50.250,1h
dhcp-authoritative
"""
LOADED = DNS + """\
dhcp-range=10.77.1.0,10.77.20.255,255.255.0.0,1h
dhcp-lease-max=10000
dhcp-authoritative
no-ping
quiet-dhcp
"""


def status_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def rights(pid):
    """User, capabilities, no-new-privileges, filter of system calls."""
    said = status_of(pid)
    return said["Uid"].split()[1], int(said["CapPrm"], 16), said["NoNewPrivs"], said["Seccomp"]


def has_filter(binary):
    """Built with the filter of system calls, whose library it loads when it runs."""
    return b"libseccomp.so" in pathlib.Path(binary).read_bytes()


def nobody():
    return run("id", "-u", "nobody").stdout.strip()


def confined(network, config, *arguments):
    """As the default user, whatever others the tests run as."""
    for place in (network.folder, *list(network.folder.parents)[:3]):
        if str(place) not in ("/", "/tmp"):
            os.chmod(place, 0o755)
    os.chmod(network.folder, 0o777)
    return network.linnet(config, *arguments, user=("nobody", "nogroup"))


FILES = 0xf  # CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("user, kept, said", [
    ("nobody", 0, r"sandbox: no rights, no new ones, files in \d+ places"),
    ("root", FILES, r"sandbox: root's access to files and no other rights, no new ones, files in \d+ places"),
])
def test_who_they_are(network, user, kept, said):
    server = confined(network, DHCP) if user == "nobody" else network.linnet(DHCP)
    child = server_pid(server.pid)
    number = run("id", "-u", user).stdout.strip()
    assert child != server.pid
    assert rights(server.pid) == (number, kept, "1", "0")
    assert rights(child) == (number, kept, "1", "2" if has_filter(BINARY) else "0")
    # Threads are no different.
    for task in pathlib.Path(f"/proc/{child}/task").iterdir():
        row = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
        assert row["NoNewPrivs"] == "1" and int(row["CapEff"], 16) == kept, task
        assert row["Seccomp"] == ("2" if has_filter(BINARY) else "0"), task
    assert re.search(said, server.log())
    assert ("no rights" in server.log()) == (kept == 0)


def test_layers_in_the_log(network):
    """Truthfully: what is limited is named, ports among it; servers that others name may have any."""
    server = confined(network, DNS + "server=127.0.0.1#5301\nserver=/b.test/127.0.0.1#5302\n")
    said = re.search(r"sandbox: .*", server.log())[0]
    if landlock_version() >= 6:
        assert ", TCP to ports 53 5301 5302, signals, names" in said
    assert ("; this system cannot limit TCP" in said) == (landlock_version() < 4)
    assert (", system calls" in said) == has_filter(BINARY)
    (network.folder / "servers").write_text("server=127.0.0.1#5303\n")
    server = confined(network, DNS + f"servers-file={network.folder}/servers\n", "--port=5353")
    assert (", TCP to any port" in server.log()) == (landlock_version() >= 4)


def landlock_version():
    import ctypes
    create_ruleset, version = 444, 1
    return ctypes.CDLL(None, use_errno=True).syscall(create_ruleset, None, 0, version)


@pytest.mark.parametrize("user", ["root", "daemon"])
@pytest.mark.parametrize("once", [(), ("--leasefile-ro",)])
def test_who_runs_scripts(network, user, once):
    """Who waits and who runs: the script's user, and no more than it. New privileges stay possible (sudo)."""
    told = network.folder / "told"
    script = network.folder / "script"
    script.write_text(f"#!/bin/sh\n[ $1 = init ] || cat /proc/self/status >>{told}.$1\nexit 0\n")
    script.chmod(0o755)
    os.chmod(network.folder, 0o777)
    server = confined(network, DHCP, f"--dhcp-script={script}", f"--dhcp-scriptuser={user}", "--script-arp", *once)
    number = run("id", "-u", user).stdout.strip()
    every = int(status_of(os.getpid())["CapPrm"], 16) if user == "root" else 0
    helpers = [pid for pid in children(server.pid) if pid != server_pid(server.pid)]
    assert [status_of(pid)["Name"].strip() for pid in helpers] == ["linnet-script"]
    wait_until(lambda: children(helpers[0]), what="the one that runs scripts")
    for pid in (*helpers, *children(helpers[0])):
        wait_until(lambda: rights(pid)[0] == number, what="the script's user")
        assert rights(pid) == (number, every, "0", "0"), pid
        said = status_of(pid)
        assert said["Uid"].split() == [number] * 4 and int(said["CapEff"], 16) == every
        assert user == "root" or said["Groups"].split() == []
    # One that dies is made again, by one that is not root.
    first = children(helpers[0])[0]
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: children(helpers[0]) not in ([first], []), what="another one")
    assert rights(children(helpers[0])[0]) == (number, every, "0", "0")
    network.inside(network.server, "ip", "neighbour", "add", "192.168.50.9", "lladdr", "02:00:00:00:00:09", "dev",
                   "lan0")
    wait_until(lambda: (network.folder / "told.arp-add").exists(), what="a script")


@pytest.mark.parametrize("arguments, kept", [
    (("--bind-dynamic",), 1 << 10),                    # CAP_NET_BIND_SERVICE
    (("--server=192.168.50.2@lan0",), 1 << 13),        # CAP_NET_RAW
    (("--ipset=/x.test/some",), 1 << 12),              # CAP_NET_ADMIN
])
def test_rights_stay_with_the_broker(network, arguments, kept):
    server = confined(network, DNS, *arguments)
    assert rights(server.pid)[1] == kept
    assert rights(server_pid(server.pid))[1] == 0


def test_without(network):
    """sandbox=no: one process, as the user it becomes."""
    server = confined(network, DNS, "--sandbox=no")
    assert server_pid(server.pid) == server.pid
    assert rights(server.pid) == (nobody(), 0, "1", "0")
    assert "sandbox:" not in server.log()


def test_addresses_come_and_go(network):
    """bind-dynamic: a low port on an address that appears later, by the broker's right; and it is free again."""
    server = confined(network, DNS, "--bind-dynamic", "--interface=lan0")
    for _ in range(2):
        network.inside(network.server, "ip", "address", "add", "192.168.50.77/24", "dev", "lan0")
        wait_until(lambda: network.dig(network.server, "x.test", "A", server="192.168.50.77"), what="an answer")
        network.inside(network.server, "ip", "address", "del", "192.168.50.77/24", "dev", "lan0")
        wait_until(lambda: "192.168.50.77:53" not in network.inside(network.server, "ss", "-Hlun").stdout,
                   what="the socket closed")
    # A server that comes later opens them itself.
    first = server_pid(server.pid)
    os.kill(first, signal.SIGSEGV)
    wait_until(lambda: server_pid(server.pid) not in (first, server.pid), what="another server")
    wait_until(lambda: network.dig(network.server, "x.test", "A"), what="an answer")


def query(name, number):
    return struct.pack(">6H", number, 0x100, 1, 0, 0, 0) + b"".join(
        bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0\0\1\0\1"


class Asker(threading.Thread):
    """Asks every 2 ms from inside the client's namespace; remembers when answers came."""

    def __init__(self, network, client):
        super().__init__(daemon=True)
        self.namespace, self.stopping, self.times = client, False, []

    def run(self):
        fd = os.open(f"/run/netns/{self.namespace}", os.O_RDONLY)
        os.setns(fd, os.CLONE_NEWNET) if hasattr(os, "setns") else libc_setns(fd)
        os.close(fd)
        to = ("192.168.50.1", 53)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(0.002)
            number = 0
            while not self.stopping:
                number = (number + 1) & 0xffff
                try:
                    asking.sendto(query("x.test", number), to)
                    asking.recv(512)
                    self.times.append(time.monotonic())
                except OSError:
                    continue

    def longest_gap(self):
        return max(b - a for a, b in zip(self.times, self.times[1:]))


def libc_setns(fd):
    import ctypes
    assert ctypes.CDLL(None, use_errno=True).setns(fd, 0x40000000) == 0


@pytest.mark.alone
def test_killed_under_load(network, client_script):
    """A fault in the server while names are asked for and a crowd of clients gets leases: service is back within 200
    ms, and no lease is lost."""
    clients = [network.add_client(f"k{i}", mac=f"02:00:00:00:01:{i:02x}") for i in range(4)]
    storm = Storm(network, clients=400, at_once=16)
    try:
        kill_under_load(network, storm, Asker(network, network.add_client("asker", "192.168.50.2/24")), clients,
                        client_script)
    finally:
        storm.close()


def kill_under_load(network, storm, asker, clients, client_script):
    server = confined(network, LOADED)
    addresses = {}
    for client in clients[:3]:
        lease = udhcpc(network, client, client_script)
        addresses[client] = lease.wait_for(r"LEASE (\S+) bound")[1]
    asker.start()
    for _ in range(3):
        before = len(asker.times)
        wait_until(lambda: len(asker.times) > before + 200, what="answers")
        storm.wait_for_acks(100)
        first = server_pid(server.pid)
        os.kill(first, signal.SIGSEGV)
        wait_until(lambda: server_pid(server.pid) not in (first, server.pid), what="another server")
    storm.wait_for_acks(100)
    asker.stopping = True
    asker.join(5)
    print(f"longest gap {1000 * asker.longest_gap():.0f} ms, {storm.acks} acknowledgements, {storm.naks} refusals")
    assert asker.longest_gap() < 0.2
    # Whoever had an address has it still, and it is given to nobody else.
    lease = udhcpc(network, clients[3], client_script)
    assert lease.wait_for(r"LEASE (\S+) bound")[1] not in addresses.values()
    again = udhcpc(network, clients[0], client_script)
    assert again.wait_for(r"LEASE (\S+) bound")[1] == addresses[clients[0]]
    assert server.log().count("it is started again, with its sockets") == 3
    # Once more in the same minute is too often. What the crowd was promised until then is in the file, all of it.
    os.kill(server_pid(server.pid), signal.SIGSEGV)
    assert server.process.wait(5) == 5
    assert "giving up" in server.log()
    path = network.folder / "leases"
    check(storm, path)
    assert all(address in path.read_text() for address in addresses.values())


def test_killed_broker(network):
    """Nobody stays behind."""
    server = confined(network, DNS)
    child = server_pid(server.pid)
    os.kill(server.pid, signal.SIGKILL)
    wait_until(lambda: is_gone(child), what="the end of the server")
    server.process.wait(5)


def test_started_anew_at_once(network):
    """Whoever kills it and starts another as soon as it is gone (NetworkManager does) does not find the ports taken by
    its server, which ends a moment later."""
    config = f"{DHCP}dhcp-range=fd00:50::100,fd00:50::200\nenable-tftp\ntftp-root={network.folder}\ncache-size=200000\n"
    for _ in range(15):
        server = network.linnet(config.replace("cache-size=1000\n", ""), wait=None)
        wait_until(lambda: "started, version" in server.log() or "failed to" in server.log(), what="a start")
        assert "failed to" not in server.log(), server.log()
        os.kill(server.pid, signal.SIGKILL)
        server.process.wait(5)


def test_leases_of_a_rewritten_file(network, client_script):
    """The lease file was replaced meanwhile: the next server reads the new one."""
    client = network.add_client("r0", mac="02:00:00:00:02:00")
    server = confined(network, DHCP)
    lease = udhcpc(network, client, client_script)
    address = lease.wait_for(r"LEASE (\S+) bound")[1]
    lease.kill()
    path = network.folder / "leases"
    fresh = network.folder / "leases.other"
    fresh.write_text(path.read_text().replace(address, "192.168.50.249"))
    shutil.chown(fresh, "nobody")
    os.rename(fresh, path)
    first = server_pid(server.pid)
    os.kill(first, signal.SIGSEGV)
    wait_until(lambda: server_pid(server.pid) not in (first, server.pid), what="another server")
    again = udhcpc(network, client, client_script)
    assert again.wait_for(r"LEASE (\S+) bound")[1] == "192.168.50.249"


def test_files_that_are_not_ours(network, tmp_path, tmp_path_factory):
    """Even as root: a name that the configuration has leads to a folder that it has not."""
    foreign = tmp_path_factory.mktemp("foreign")
    (foreign / "hosts").write_text("192.0.2.9 foreign.test\n")
    hosts = tmp_path / "named" / "hosts"
    hosts.parent.mkdir()
    hosts.write_text("192.0.2.8 named.test\n")
    server = network.linnet(DNS, f"--addn-hosts={hosts}")
    assert network.dig(network.server, "named.test", "A")
    hosts.unlink()
    hosts.symlink_to(foreign / "hosts")
    os.kill(server.pid, signal.SIGHUP)
    server.wait_for(r"hosts: Permission denied")
    assert not network.dig(network.server, "foreign.test", "A")


def test_what_is_denied(network, tmp_path_factory):
    """Tried by the server itself, just before it serves: a hook that is loaded before the program."""
    hook = pathlib.Path(BINARY).resolve().parents[2] / "tests" / "denied_hook.so"
    if not hook.exists():
        pytest.skip("the hook is built without sanitizers only")
    foreign = tmp_path_factory.mktemp("foreign") / "secret"
    foreign.write_text("secret\n")
    environment = dict(os.environ, LD_PRELOAD=str(hook), HOOK_FILE=str(foreign))
    # Root without a sandbox can do all of it, so that the hook is known to try; and ends as another program.
    free = network.linnet(DNS, "--sandbox=no", environment=environment, wait=None)
    assert free.process.wait(10) == 0
    assert set(re.findall(r"^hook: ([^:]+): done$", free.log(), re.M)) >= {
        "fork", "mount", "packet socket", "raw socket", "foreign file", "foreign folder", "kill", "foreign port",
        "foreign listener", "foreign name", "mprotect", "unshare", "bpf", "io_uring", "process_vm_writev",
        "chmod"}, free.log()
    server = network.linnet(DNS, environment=environment)  # as root, even so
    server.wait_for("hook: chroot")
    said = dict(re.findall(r"^hook: ([^:]+): (.*)$", server.log(), re.M))
    calls = {"fork", "execve", "ptrace", "mount", "packet socket", "raw socket", "setuid", "chroot", "kill", "mprotect",
             "unshare", "setns", "bpf", "io_uring", "process_vm_writev", "chmod"}
    denied = {"foreign file", "foreign folder", *(calls if has_filter(BINARY) else {"mount", "packet socket"})}
    denied |= {"foreign port", "foreign listener"} if landlock_version() >= 4 else set()
    denied |= {"foreign name"} if landlock_version() >= 6 else set()
    assert {what: said.get(what) for what in denied if said.get(what) not in
            ("Operation not permitted", "Permission denied")} == {}, server.log()


def truncated(question):
    """An answer that says: ask by TCP."""
    return question[:2] + b"\x83\x80" + question[4:6] + bytes(6) + question[12:]


def whole(question):
    return (question[:2] + b"\x81\x80" + question[4:6] + b"\0\1" + bytes(4) + question[12:]
            + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\x04\xc0\0\2\x63")


class TcpUpstream(threading.Thread):
    """In the server's namespace: whoever asks by UDP is sent to TCP."""

    def __init__(self, namespace, port):
        super().__init__(daemon=True)
        self.namespace, self.port, self.ready = namespace, port, threading.Event()
        self.start()
        assert self.ready.wait(5)

    def run(self):
        fd = os.open(f"/run/netns/{self.namespace}", os.O_RDONLY)
        libc_setns(fd)
        os.close(fd)
        udp, tcp = (socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM))
        for each in (udp, tcp):
            each.bind(("127.0.0.1", self.port))
        tcp.listen()
        self.ready.set()
        threading.Thread(target=self.answer_whole, args=[tcp], daemon=True).start()
        while True:
            question, client = udp.recvfrom(2048)
            udp.sendto(truncated(plain(question)), client)

    @staticmethod
    def answer_whole(tcp):
        while True:
            connection, _ = tcp.accept()
            question = connection.recv(2048)[2:]
            answer = whole(plain(question))
            connection.sendall(struct.pack(">H", len(answer)) + answer)
            connection.close()


def plain(message):
    """Header and question, without what follows."""
    end = message.index(b"\0", 12) + 5
    return message[:end]


@pytest.mark.parametrize("source", ["", "@127.0.0.1"])
def test_ports_of_servers(network, source):
    """The server's port can be reached by TCP, from an address too; after a reload no other port, which is told."""
    for port in (5301, 5302):
        TcpUpstream(network.server, port)
    server = network.linnet(DNS + f"server=127.0.0.1#5301{source}\nreload-config\n")
    assert network.dig(network.server, "big.example", "A")[0][3] == "192.0.2.99"
    if landlock_version() < 4:
        return
    path = pathlib.Path(server.words[server.words.index("-C") + 1])
    path.write_text(DNS + "server=127.0.0.1#5302\nreload-config\n")
    os.kill(server.pid, signal.SIGHUP)
    server.wait_for(r"server=: TCP to port 5302 is outside of what the running process may reach: start anew to use it")
    assert network.dig(network.server, "second.example", "A")[0][3] == "192.0.2.99"
    # A file of servers that comes with a reload is read, and told what cannot be had of it.
    servers = network.folder / "servers"
    servers.write_text("server=127.0.0.1#5302\n")
    path.write_text(DNS + f"servers-file={servers}\nreload-config\n")
    os.kill(server.pid, signal.SIGHUP)
    server.wait_for(r"warning: TCP to nameserver 127\.0\.0\.1#5302 is outside of what the running process may reach")
    # One that was named at the start may name any port.
    other = network.linnet(DNS + f"servers-file={servers}\n", "--port=5353")
    assert network.inside(network.server, "dig", "@192.168.50.1", "-p", "5353", "third.example", "+short"
                          ).stdout.strip() == "192.0.2.99"
    assert "outside of what" not in other.log()


def test_ended_while_it_dies(network):
    """Told to end, and killed by a fault before it has: no other server is made."""
    server = confined(network, DNS)
    child = server_pid(server.pid)
    os.kill(child, signal.SIGSTOP)
    os.kill(server.pid, signal.SIGTERM)
    time.sleep(0.2)
    os.kill(child, signal.SIGSEGV)
    os.kill(child, signal.SIGCONT)
    assert server.process.wait(5) == 0
    assert "it is started again" not in server.log()


def test_files_that_come_later(network, tmp_path_factory):
    """Names that exist when the server is confined, and lead where there is nothing yet."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for place in (elsewhere, *elsewhere.parents):
        if str(place) not in ("/", "/tmp"):
            os.chmod(place, 0o755)
    (network.folder / "linked").symlink_to(elsewhere)
    (network.folder / "resolv.conf").symlink_to(elsewhere / "resolv.conf")
    folder = network.folder / "hosts.d"
    folder.mkdir()
    (elsewhere / "more").mkdir()
    (elsewhere / "more" / "listed").write_text("192.0.2.7 listed.test\n")
    (folder / "listed").symlink_to(elsewhere / "more" / "listed")
    server = confined(network, DNS.replace("no-resolv\n", "") + f"resolv-file={network.folder}/resolv.conf\n"
                      f"addn-hosts={network.folder}/linked/hosts\naddn-hosts={folder}\n")
    assert network.dig(network.server, "listed.test", "A")
    (elsewhere / "hosts").write_text("192.0.2.8 later.test\n")
    (elsewhere / "resolv.conf").write_text("nameserver 192.0.2.53\n")
    os.kill(server.pid, signal.SIGHUP)
    wait_until(lambda: network.dig(network.server, "later.test", "A"), what="the hosts file")
    server.wait_for(r"using nameserver 192\.0\.2\.53#53")
    assert "Permission denied" not in server.log()


def test_signals_come_once(network):
    """killall reaches all processes of the name, and the statistics are printed once."""
    server = confined(network, DNS)
    for pid in (server.pid, server_pid(server.pid)):
        os.kill(pid, signal.SIGUSR1)
    server.wait_for(r"queries forwarded")
    time.sleep(0.3)
    assert server.log().count("queries forwarded") == 1
