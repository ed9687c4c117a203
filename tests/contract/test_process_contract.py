"""The process, as whoever starts dnsmasq knows it: exit codes and what goes with them, daemonising, -k and -d,
signals, the streams of --help and its like, the log."""
import os
import pathlib
import re
import resource
import signal
import stat
import time

import pytest
from conftest import BINARY, run, server_pid, wait_until
from consumer import MACHINE_DNSMASQ, PEER, as_dnsmasq, is_alive, readable_by_all

BASE = ["-C", "/dev/null", "--no-resolv", "--no-hosts", "-k", "-p", "5399"]
NO_PID = [*BASE, "--pid-file="]
DHCP = [*NO_PID, "--dhcp-range=192.168.50.5,192.168.50.9"]
# What is said, code; the files of the test are {here}.
EXITS = [
    ("--test of a good file", ["--test", "-C", "{here}/good"], 0, "dnsmasq: syntax check OK.\n"),
    ("an empty argument", ["", "--test", "-C", "{here}/good"], 0, "dnsmasq: syntax check OK.\n"),
    ("a user that --test does not look for", ["--test", "--user=nosuch", "-C", "{here}/good"], 0,
     "dnsmasq: syntax check OK.\n"),
    ("an unknown option in a file", ["--test", "-C", "{here}/bad"], 1, "\ndnsmasq: bad option at line 2 of {here}/bad\n"),
    ("an unknown option", ["--nonsense"], 1, "\ndnsmasq: bad command line options: try --help\n"),
    ("an ambiguous option", ["--no=1"], 1, "\ndnsmasq: bad command line options: try --help\n"),
    ("a value that is missing", ["--test", "--port"], 1, "\ndnsmasq: bad command line options: try --help\n"),
    ("a stray word", ["--test", "word"], 1, "\ndnsmasq: junk found in command line\n"),
    ("given twice", ["--port=5", "--port=6", "--test"], 1,
     "\ndnsmasq: bad command line options: illegal repeated flag\n"),
    ("two ways to bind", [*NO_PID, "--bind-interfaces", "--bind-dynamic"], 1,
     "\ndnsmasq: cannot set --bind-interfaces and --bind-dynamic\n"),
    ("an unknown user", [*NO_PID, "--user=nosuch"], 1, "\ndnsmasq: unknown user or group: nosuch\n"),
    ("an unknown user with -d", [*NO_PID, "-d", "--user=nosuch"], 1, "\ndnsmasq: unknown user or group: nosuch\n"),
    ("an unknown group", [*NO_PID, "--group=nosuch"], 1, "\ndnsmasq: unknown user or group: nosuch\n"),
    ("an unknown facility", [*NO_PID, "--log-facility=foo"], 1,
     "\ndnsmasq: bad command line options: bad log facility\n"),
    ("a port that is taken", [*NO_PID, "-p", "5398"], 1, "\ndnsmasq: bad command line options: illegal repeated flag\n"),
    ("a port that is taken, wildcard", ["-C", "/dev/null", "-R", "-h", "-k", "--pid-file=", "-p", "5398"], 2,
     "\ndnsmasq: failed to create listening socket for port 5398: Address already in use"),
    ("an address that is taken",
     ["-C", "/dev/null", "-R", "-h", "-k", "--pid-file=", "-p", "5398", "-a", "192.168.50.1", "-z"], 2,
     "\ndnsmasq: failed to create listening socket for 192.168.50.1: Address already in use"),
    ("an address that is not here", [*NO_PID, "--listen-address=10.9.8.7", "--bind-interfaces"], 2,
     "\ndnsmasq: failed to create listening socket for 10.9.8.7: Cannot assign requested address\n"),
    ("an interface that is not here", [*NO_PID, "--interface=nope", "--bind-interfaces"], 2,
     "\ndnsmasq: unknown interface nope\n"),
    ("a file that is not here", ["--test", "-C", "/nonexist"], 3,
     "\ndnsmasq: cannot read /nonexist: No such file or directory\n"),
    ("a folder that is not here", ["--test", "-7", "/nonexist"], 3,
     "\ndnsmasq: cannot access directory /nonexist: No such file or directory\n"),
    ("no place for the pid file", [*BASE, "--pid-file=/nonexist/x"], 3,
     "\ndnsmasq: failed to open pidfile /nonexist/x: No such file or directory\n"),
    ("no place for the log", [*NO_PID, "--log-facility=/nonexist/x"], 3,
     "\ndnsmasq: cannot open log /nonexist/x: No such file or directory\n"),
    ("no place for packets", [*NO_PID, "--dumpfile=/nonexist/x"], 3,
     "\ndnsmasq: cannot create /nonexist/x: No such file or directory\n"),
    ("no place for leases", [*DHCP, "--dhcp-leasefile=/nonexist/x"], 3,
     "\ndnsmasq: cannot open or create lease file /nonexist/x: No such file or directory\n"),
    ("no script to ask for leases", [*DHCP, "--leasefile-ro", "--dhcp-script=/nonexist"], 3,
     "\ndnsmasq: cannot run lease-init script /nonexist: No such file or directory\n"),
    ("no search line", ["--test", "-C", "/dev/null", "--domain=#"], 5,
     "\ndnsmasq: no search directive found in /etc/resolv.conf\n"),
    ("a conf-script that fails", ["--test", "-C", "/dev/null", "--conf-script={here}/exit3"], 10,
     "\ndnsmasq: {here}/exit3 returns non-zero error code\n"),
    ("an init call that fails with 3", [*DHCP, "--leasefile-ro", "--dhcp-script={here}/exit3"], 13,
     "\ndnsmasq: lease-init script returned exit code 3\n"),
]
# The peer 2.90 lets the shell speak first here.
PEER_SAYS_MORE = {"no script to ask for leases"}


def make_files(folder):
    (folder / "good").write_text("port=5353\n")
    (folder / "bad").write_text("port=5353\nnonsense\n")
    (folder / "exit3").write_text("#!/bin/sh\nexit 3\n")
    (folder / "exit3").chmod(0o755)
    readable_by_all(folder)


def is_sanitized():
    return b"__asan_init" in pathlib.Path(BINARY).read_bytes()


def with_resolv_conf(network):
    """What stands before a program that sees a /etc/resolv.conf of ours: without `search`, whatever the machine's has."""
    resolv = network.folder / "resolv.conf"
    resolv.write_text("nameserver 192.0.2.53\n")
    return ["unshare", "-m", "sh", "-ec", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', resolv]


def test_each_exit_code(network):
    """Also of the peer, whose words ours begin with: what we know beyond them comes in lines of its own."""
    make_files(network.folder)
    dnsmasq = as_dnsmasq(network.folder)
    network.linnet("no-resolv\nno-hosts\nport=5398\n")
    wrong = []
    for what, words, code, said in EXITS:
        words = [word.format(here=network.folder) for word in words]
        said = said.format(here=network.folder)
        for program in (dnsmasq, PEER):
            result = network.inside(network.server, *with_resolv_conf(network), program, *words, check=False,
                                    timeout=10)
            good = said in result.stderr if program == PEER and what in PEER_SAYS_MORE else result.stderr.startswith(said)
            if result.returncode != code or not good or result.stdout:
                wrong.append((str(program), what, result.returncode, result.stdout, result.stderr))
    assert not wrong, "\n".join(map(str, wrong))
    assert {row[2] for row in EXITS} == {0, 1, 2, 3, 5, 10, 13}


def test_no_memory_is_exit_4(network):
    if is_sanitized():
        pytest.skip("a sanitizer needs room of its own")
    result = network.inside(network.server, "prlimit", "--as=60000000", as_dnsmasq(network.folder), *NO_PID,
                            "--cache-size=1000000", check=False, timeout=20)
    assert result.returncode == 4, result.stderr
    assert result.stderr.startswith("\ndnsmasq: "), result.stderr
    assert "memory" in result.stderr.splitlines()[1]


def test_the_streams(tmp_path):
    dnsmasq = as_dnsmasq(tmp_path)
    for words in (["--version"], ["-v"], ["--help"], ["-w"], ["--help", "dhcp"], ["--help", "dhcp6"], ["--test", "--help"]):
        ours, theirs = (run(program, *words, check=False) for program in (dnsmasq, PEER))
        assert (ours.returncode, ours.stderr) == (theirs.returncode, theirs.stderr) == (0, ""), words
        assert ours.stdout and theirs.stdout, words
    helped = run(dnsmasq, "--help").stdout
    for text in ("--bind-dynamic", "--ra-param", "--dhcp-range"):
        assert text in helped
    assert all(line.startswith(("-", "    --", "Usage", "Valid")) or not line.strip() for line in helped.splitlines()[2:6])


def words_of(program):
    lines = run(program, "--version").stdout.splitlines()
    assert re.match(r"Dnsmasq version \d+\.\d+\S*  Copyright ", lines[0])
    assert lines[1].startswith("Compile time options: ")
    return lines[1].split(": ")[1].split()


def test_the_compile_line_is_true(tmp_path):
    """Each word is one of the peer's, in its order; a feature that is named works, one that is not is refused."""
    dnsmasq = as_dnsmasq(tmp_path)
    ours = words_of(dnsmasq)
    theirs = [word.removeprefix("no-") for word in words_of(PEER) if word != "cryptohash"]  # gone in 2.93
    assert [word.removeprefix("no-") for word in ours] == theirs
    asks = {"DBus": "enable-dbus", "DHCP": "dhcp-range=192.0.2.5,192.0.2.9", "DHCPv6": "enable-ra",
            "Lua": "dhcp-luascript=/x", "TFTP": "enable-tftp", "conntrack": "conntrack", "ipset": "ipset=/a/b",
            "nftset": "nftset=/a/ip#b#c", "auth": "auth-server=a,b", "DNSSEC": "dnssec", "loop-detect": "dns-loop-detect",
            "dumpfile": "dumpfile=/x"}
    for word, option in asks.items():
        result = run(dnsmasq, "--test", "-C", "/dev/null", f"--{option}", check=False)
        assert (result.returncode == 0) == (word in ours), (word, result.stderr)
    # This one is refused where a start needs it, by either program.
    if "UBus" not in ours:
        for program in (dnsmasq, PEER):
            result = run(program, "-d", "-p", "0", "-C", "/dev/null", "--enable-ubus", check=False)
            assert result.returncode == 1 and "Ubus not available" in result.stderr, (program, result.stderr)
        assert (word in ours) != (f"no-{word}" in ours)
    text = run(BINARY, "--version").stdout
    assert text.startswith("linnet ") and "dnsmasq" not in text.lower()
    assert "DHCP" in re.search(r"(?m)^with: (.*)$", text)[1].split()


def start_in_background(network, *words):
    """The daemon's process id, once its parent has exited with 0; nothing was waited for after that."""
    pid_file = network.folder / "run.pid"
    dnsmasq = as_dnsmasq(network.folder)
    result = network.inside(network.server, dnsmasq, "-C", "/dev/null", "--no-resolv", "--no-hosts",
                            f"--pid-file={pid_file}", *words)
    assert result.stdout == result.stderr == ""
    return int(pid_file.read_text()), pid_file


def test_the_parent_exits_when_all_is_there(network):
    readable_by_all(network.folder)
    log = network.folder / "log"
    pid, pid_file = start_in_background(network, "--address=/a.test/192.0.2.1", f"--log-facility={log}")
    try:
        assert [row[3] for row in network.dig(network.server, "a.test", server="127.0.0.1")] == ["192.0.2.1"]
        assert "dnsmasq" in pathlib.Path(f"/proc/{pid}/cmdline").read_text()
        assert os.getsid(pid) != pid and os.getpgid(pid) != os.getpgid(0)
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        assert {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)} == {"/dev/null"}
        info = pid_file.stat()
        assert (info.st_uid, stat.S_IMODE(info.st_mode)) == (0, 0o644)
        assert os.stat(f"/proc/{pid}").st_uid != 0
        assert re.search(r"^\w{3} [ \d]\d \d\d:\d\d:\d\d dnsmasq\[\d+\]: started, version \d+\.\d+ cachesize 150\n"
                         r".*: compile time options: IPv6 ", log.read_text())
    finally:
        os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not is_alive(pid), what="the end")
    assert "exiting on receipt of SIGTERM" in log.read_text()
    # Its folder may be root's alone: then the daemon could not take it away. This one is everybody's.
    assert not pid_file.exists()


def test_a_failing_daemon_is_told_of(network):
    """To the parent's standard error and exit code, and to the log."""
    readable_by_all(network.folder)
    log = network.folder / "log"
    network.linnet("no-resolv\nno-hosts\nport=5398\n")
    first = network.folder / "first.pid"
    first.write_text("1\n")
    result = network.inside(network.server, as_dnsmasq(network.folder), "-C", "/dev/null", "-R", "-h", "-p", "5398",
                            f"--pid-file={first}", f"--log-facility={log}", check=False)
    assert result.returncode == 2
    assert result.stderr.startswith("\ndnsmasq: failed to create listening socket for port 5398: Address already in use")
    assert result.stderr.count("Address already in use") == 1
    assert first.read_text() == "1\n"  # of who is there already
    assert "dnsmasq[" in log.read_text() and ": FAILED to start up\n" in log.read_text()
    # Where the log is standard error nothing is said twice.
    result = network.inside(network.server, as_dnsmasq(network.folder), *NO_PID, "--user=nosuch", "--log-facility=-",
                            check=False)
    assert result.stderr == "\ndnsmasq: unknown user or group: nosuch\n"


def start_one(network, program, *words):
    pid_file = network.folder / "one.pid"
    pid_file.unlink(missing_ok=True)
    server = network.start(network.server, program, "-C", "/dev/null", "-R", "-h", "-p", "5399", f"--pid-file={pid_file}",
                           *words, name="one")
    return server, pid_file


def test_foreground_and_debug(network):
    """Beside the peer: -k is everything but the fork, -d neither pid file nor another user, and the log in sight."""
    readable_by_all(network.folder)
    for program in (as_dnsmasq(network.folder), MACHINE_DNSMASQ):
        server, pid_file = start_one(network, program, "-k", "--log-facility=-")
        server.wait_for(r"(?m)^dnsmasq\[\d+\]: started, version ")
        wait_until(lambda: os.stat(f"/proc/{server.pid}").st_uid != 0, what="another user")
        assert int(pid_file.read_text()) == server.pid
        server.signal(signal.SIGINT)  # means nothing here
        server.signal(signal.SIGHUP)
        server.wait_for("cleared cache")
        assert server.process.poll() is None
        assert server.stop() == 0 and not pid_file.exists()

        server, pid_file = start_one(network, program, "-d")
        server.wait_for(r"(?m)^dnsmasq: started, version ")
        assert os.stat(f"/proc/{server.pid}").st_uid == 0 and not pid_file.exists()
        time.sleep(0.1)
        server.signal(signal.SIGINT)
        assert server.process.wait(5) == 5

        log = network.folder / "debug.log"
        server, pid_file = start_one(network, program, "-d", f"--log-facility={log}")
        server.wait_for(r"(?m)^dnsmasq: started, version ")  # in both
        assert server.stop() == 0
        assert re.search(r"(?m)^\w{3} .* dnsmasq\[\d+\]: started, version ", log.read_text())
        log.unlink()

        server, pid_file = start_one(network, program, "-d", "--log-facility=-")
        server.wait_for(r"(?m)^\w{3} [ \d]\d [\d:]{8} dnsmasq\[\d+\]: started, version ")
        assert server.stop() == 0 and "\ndnsmasq: " not in server.log()


DOMAINS = """\
no-resolv
no-hosts
server=192.0.2.1
server=/x.test/192.0.2.2
local=/y.test/
address=/z.test/192.0.2.3
address=/null.test/#
address=/blk.test/
address=/one.test/two.test/
server=/w.test/#
server=/#/192.0.2.4
server=//192.0.2.5
local=//
address=/#/
rev-server=10.1.2.0/24,192.0.2.6
rev-server=10.9.0.0/16
"""


def test_what_the_start_says_of_domains(network):
    """The same lines as the peer; in which order is each one's affair (docs/differences.md)."""
    conf = network.folder / "conf"
    conf.write_text(DOMAINS)
    said = []
    for program in (as_dnsmasq(network.folder), PEER):
        server = network.start(network.server, program, "-k", "-C", conf, "-p", "5399", "-u", "root", "--pid-file=",
                               "--log-facility=-", name="domains")
        server.wait_for("using only locally-known addresses for 9.10.in-addr.arpa")
        assert server.stop() == 0
        lines = re.findall(r"(?m)^dnsmasq\[\d+\]: (.*)$", server.log())
        said.append(sorted(line for line in lines if not re.match(
            "started, version|compile time options|exiting on receipt|sandbox: |cleared cache", line)))
    assert said[0] == said[1]
    assert len(said[0]) == 11 and "using only locally-known addresses for blk.test" in said[0]


# A signal, and with which code it ends the program, by -k and by -d: None is not at all.
SIGNALS = [
    (signal.SIGALRM, None, None), (signal.SIGCHLD, None, None), (signal.SIGPIPE, None, None),
    (signal.SIGHUP, None, None), (signal.SIGUSR1, None, None), (signal.SIGUSR2, None, None),
    (signal.SIGINT, None, 5), (signal.SIGTERM, 0, 0), (signal.SIGQUIT, -3, -3),
]


def answers(network):
    return [row[3] for row in network.dig(network.server, "a.test", "-p", "5399", server="127.0.0.1")] == ["192.0.2.1"]


@pytest.mark.parametrize("way", ["-k", "-d"])
@pytest.mark.parametrize("who", ["dnsmasq's", "ours"])
def test_each_signal(network, who, way):
    """To ours and the peer's; those that end nothing to our process that reads packets as well."""
    readable_by_all(network.folder)
    log = network.folder / "log"
    program = as_dnsmasq(network.folder) if who == "ours" else PEER
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    wrong = []
    for number, *codes in SIGNALS:
        code = codes[way == "-d"]
        log.unlink(missing_ok=True)
        server, pid_file = start_one(network, program, way, "--address=/a.test/192.0.2.1", f"--log-facility={log}")
        wait_until(lambda: log.exists() and "started, version" in log.read_text() and answers(network), what="the start")
        reader = server_pid(server.pid)
        assert (reader != server.pid) == (who == "ours" and way == "-k")
        for pid in {server.pid, reader} if code is None else {server.pid}:
            os.kill(pid, number)
        if code is None:
            good = answers(network) and server.process.poll() is None and server_pid(server.pid) == reader
            good = server.stop() == 0 and good and "killed by signal" not in log.read_text()
        else:
            good = server.process.wait(5) == code
        # Only the signal that nobody takes leaves the file behind.
        if not good or pid_file.exists() != (way == "-k" and number == signal.SIGQUIT):
            wrong.append((number.name, server.process.returncode, pid_file.exists(), log.read_text()))
    assert not wrong, wrong


def test_the_log_file_is_opened_anew(network):
    """USR2, as logrotate does it. The file is the run user's from the start, and nobody else's to read."""
    readable_by_all(network.folder)
    log = network.folder / "log"
    server, _ = start_one(network, as_dnsmasq(network.folder), "-k", f"--log-facility={log}", "--log-async=25")
    wait_until(lambda: log.exists() and "started, version" in log.read_text(), what="the log")
    wait_until(lambda: os.stat(f"/proc/{server.pid}").st_uid != 0, what="another user")
    for _ in range(2):
        info = log.stat()
        assert info.st_uid == os.stat(f"/proc/{server.pid}").st_uid and stat.S_IMODE(info.st_mode) == 0o640
        log.rename(network.folder / "log.1")
        server.signal(signal.SIGUSR2)
        wait_until(log.exists, what="a new log")
        server.signal(signal.SIGHUP)
        wait_until(lambda: "cleared cache" in log.read_text(), what="lines in the new log")
    assert server.stop() == 0


STORM = r"""
import os, signal, socket, struct, sys
pid, rounds, each = int(sys.argv[1]), 200, 10
ask = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ask.settimeout(5)
ask.connect(("127.0.0.1", 53))
def question(number, name):
    wire = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"
    return struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + wire + struct.pack("!2H", 1, 1)
def receive(waiting):
    try:
        return ask.recv(4096)
    except TimeoutError:
        sys.exit(f"lost after {asked}: {sorted(waiting)}")
asked = 0
for round in range(rounds):
    open_now = set()
    for i in range(each):
        asked += 1
        name = "kept.hosts" if i % 2 else f"n{asked}.up.test"
        ask.send(question(asked, name))
        open_now.add(asked)
        if i == each // 2:
            os.kill(pid, signal.SIGHUP)
    while open_now:  # never asked again
        number, flags, _, answers = struct.unpack("!4H", receive(open_now)[:8])
        assert flags & 15 == 0 and answers == 1, (number, hex(flags), answers)
        open_now.remove(number)
print("asked", asked, "lost", 0)
"""


@pytest.mark.parametrize("threads", [1, 2])
def test_200_hangups_lose_no_query(network, threads):
    hosts = network.folder / "hosts"
    hosts.write_text("192.0.2.9 kept.hosts\n" + "".join(f"192.0.2.{n % 250} h{n}.hosts\n" for n in range(500)))
    network.linnet("no-resolv\nno-hosts\nport=5300\naddress=/up.test/192.0.2.7\n")
    server = network.linnet(f"no-resolv\nno-hosts\naddn-hosts={hosts}\nserver=127.0.0.1#5300\ndns-threads={threads}\n",
                            binary=as_dnsmasq(network.folder), wait="- 50")
    result = network.inside(network.server, "/usr/bin/python3", "-c", STORM, str(server.pid), check=False, timeout=60)
    assert result.stdout == "asked 2000 lost 0\n", result.stderr
    server.signal(signal.SIGHUP)
    wait_until(lambda: server.log().count("cleared cache") >= 2, what="the last hangup")
    assert server.stop() == 0


def test_a_missing_folder_of_resolv_is_no_end(network):
    """dnsmasq gives up with 5 here, on hosts where the file's folder is made later."""
    folder = network.folder / "later"
    server = network.start(network.server, as_dnsmasq(network.folder), "-C", "/dev/null", "-h", "-k", "-u", "root",
                           "--pid-file=", "--log-facility=-", "-r", folder / "resolv.conf", name="later")
    server.wait_for(f"warning: directory {folder} for resolv-file is missing")
    folder.mkdir()
    (folder / "resolv.conf").write_text("nameserver 192.0.2.53\n")
    server.wait_for(r"using nameserver 192\.0\.2\.53#53")
    assert server.stop() == 0
