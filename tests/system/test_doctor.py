"""linnetctl doctor finds what is wrong: others who serve the network, who holds the ports, clocks that were set, and
interfaces that are not there."""
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time

import pytest

from conftest import lacks, run, wait_until
from test_dhcp import udhcpc
from test_linnetctl import LINNETCTL, ask_raw, control, ctl  # noqa: F401  (a fixture)

pytestmark = pytest.mark.skipif(bool(lacks("control-socket=")), reason=str(lacks("control-socket=")))

SERVES = """port=0
interface=lan0
enable-ra
no-ping
dhcp-range=192.168.50.0,static,1h
dhcp-range=fd00:50::100,fd00:50::1ff,64,1h
"""
ROGUE = """port=0
interface=eth0
bind-interfaces
enable-ra
dhcp-authoritative
no-ping
dhcp-range=192.168.50.200,192.168.50.210,1h
dhcp-range=fd00:50::a00,fd00:50::aff,64,1h
"""
HOLD = """
import ctypes, socket, sys, time
ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)
held = []
for word in sys.argv[2:]:
    kind, address, port = word.split(",")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    held.append(socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM))
    held[-1].bind((address, int(port)))
    if kind == "tcp":
        held[-1].listen(1)
print("holds", flush=True)
time.sleep(600)
"""
# A clock that is set while a program runs: so much later than it is, from the third second on; or a fixed time.
CLOCK = """
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static struct timespec first;
__attribute__((constructor)) static void start(void) { syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &first); }
int clock_gettime(clockid_t which, struct timespec *now)
{
    struct timespec mono;
    const char *step = getenv("CLOCK_STEP"), *fixed = getenv("CLOCK_FIXED");
    if (syscall(SYS_clock_gettime, which, now) != 0)
        return -1;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &mono);
    if (which == CLOCK_REALTIME && step != NULL && mono.tv_sec - first.tv_sec >= 3)
        now->tv_sec += atol(step);
    if (which == CLOCK_REALTIME && fixed != NULL)
        now->tv_sec = atol(fixed);
    return 0;
}
time_t time(time_t *to)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (to != NULL)
        *to = now.tv_sec;
    return now.tv_sec;
}
"""


def doctor(path, network, check=None):
    """(severity, about, finding) of each."""
    said = json.loads(ctl(path, "--json", "doctor", namespace=network.server, check=check).stdout)
    assert said["problems"] == sum(row["severity"] == "problem" for row in said["findings"])
    return [(row["severity"], row["about"], row["finding"]) for row in said["findings"]]


def of(findings, *about):
    return [row for row in findings if row[1] in about]


# ------------------------------------------------------------------ others on the network

OTHERS = ("other DHCP server", "other DHCPv6 server", "other router")


def test_other_servers(network, client_script, control):  # noqa: F811
    """None is found where there is none, linnet itself not either; then one that does all three."""
    network.link_local(network.server, "lan0")
    server = network.linnet(SERVES, f"--control-socket={control}")
    findings = doctor(control, network)
    assert of(findings, *OTHERS) == []
    assert of(findings, "other servers") == [
        ("ok", "other servers", "no other DHCPv6 server or router has answered where linnet is one")]
    # linnet has not heard what the doctor asked on its own machine.
    assert not re.search("DHCPSOLICIT|DHCPINFORMATION-REQUEST|RTR-SOLICIT", server.log()), server.log()

    rogue = network.add_client("r", "192.168.50.9/24")
    network.inside(rogue, "ip", "addr", "add", "fd00:50::9/64", "dev", "eth0", "nodad")
    own = network.link_local(rogue)
    path = network.folder / "rogue.conf"
    path.write_text(ROGUE)
    network.start(rogue, "dnsmasq", "-k", "-C", path, "--log-facility=-", "-u", "root", "--pid-file=",
                  f"--dhcp-leasefile={network.folder}/rogue.leases", name="rogue").wait_for("started, version")
    client = network.add_client("c", mac="02:00:00:00:00:0c")
    udhcpc(network, client, client_script).wait_for(r"LEASE 192\.168\.50\.2\d\d bound")
    findings = doctor(control, network, check=1)
    found = {row[1]: row for row in of(findings, *OTHERS)}
    assert sorted(found) == sorted(OTHERS), findings
    assert all(row[0] == "problem" for row in found.values())
    assert found["other DHCP server"][2].startswith("192.168.50.9 on lan0, noticed ")
    assert found["other DHCPv6 server"][2] == f"{own} on lan0 has answered"
    assert re.fullmatch(f"{own} on lan0 advertises itself: a router for [1-9][0-9]* s, of fd00:50::/64",
                        found["other router"][2]), found
    assert of(findings, "other servers") == []


def test_others_only_where_linnet_serves(network, control):  # noqa: F811
    """A router and a DHCPv6 server of another network are nobody's business."""
    rogue = network.add_client("r", "fd00:50::9/64")
    network.link_local(rogue)
    path = network.folder / "rogue.conf"
    path.write_text(ROGUE)
    network.start(rogue, "dnsmasq", "-k", "-C", path, "--log-facility=-", "-u", "root", "--pid-file=",
                  f"--dhcp-leasefile={network.folder}/rogue.leases", name="rogue").wait_for("started, version")
    network.linnet("port=0\ninterface=lan0\ndhcp-range=192.168.50.100,192.168.50.120,1h\n",
                   f"--control-socket={control}")
    started = time.monotonic()
    assert of(doctor(control, network), *OTHERS, "other servers") == []
    assert time.monotonic() - started < 3  # nobody was waited for


# ------------------------------------------------------------------ ports

def hold(network, name, *what):
    program = network.start(network.server, "/usr/bin/python3", "-c", HOLD, name, *what, name=name)
    program.wait_for("holds")
    return program


def test_who_holds_the_ports(network, control):  # noqa: F811
    """All of them are named, with and without linnet."""
    one = hold(network, "holder-one", "udp,127.0.0.1,53", "udp,0.0.0.0,67", "udp,::,547", "udp,127.0.0.1,69")
    two = hold(network, "holder-two", "tcp,127.0.0.2,53", "udp,fd00:50::1,69")
    six = hold(network, "holder-six", "udp,::1,53")
    too = hold(network, "holder-too", "udp,127.0.0.3,53")
    ports = {"DNS": (53, {"holder-one", "holder-two", "holder-six", "holder-too"}), "DHCP": (67, {"holder-one"}),
             "DHCPv6": (547, {"holder-one"}), "TFTP": (69, {"holder-one", "holder-two"})}
    pids = {"holder-one": one.pid, "holder-two": two.pid, "holder-six": six.pid, "holder-too": too.pid}

    def check(findings, text):
        for about, (port, names) in ports.items():
            (row,) = [row for row in of(findings, about) if text in row[2]]
            named = dict(re.findall(r"([a-z-]+) \(process (\d+)\)", row[2]))
            assert set(named) == names and row[2].startswith(f"port {port}: "), row
            assert all(int(named[name]) == pids[name] for name in names), row
            yield row[0]

    findings = doctor(control, network, check=3)  # nobody there
    assert list(check(findings, "held by")) == ["problem", "problem", "note", "note"]
    network.linnet("interface=lan0\nexcept-interface=lo\nbind-interfaces\nno-resolv\n", f"--control-socket={control}")
    findings = doctor(control, network, check=0)
    assert list(check(findings, "held by")) == ["note", "ok", "ok", "ok"]
    (row,) = [row for row in of(findings, "DNS") if "served by" in row[2]]
    assert row[0] == "ok" and re.fullmatch(r"port 53: served by linnet[a-z-]* \(process \d+\).*", row[2]), row
    for holder in (one, two, six, too):
        holder.kill()
    findings = doctor(control, network, check=0)
    assert [row[0] for row in of(findings, "DNS")] == ["ok"]
    assert of(findings, "TFTP") == [("note", "TFTP", "port 69: nobody that we can see")]


# ------------------------------------------------------------------ interfaces

def test_an_interface_that_is_not_there(network, control):  # noqa: F811
    program = network.linnet("interface=eth9\ninterface=ppp*\nno-resolv\n"
                             "dhcp-range=192.168.50.100,192.168.50.120,1h\n", f"--control-socket={control}")
    place = re.escape(str(program.words[program.words.index("-C") + 1]))
    findings = doctor(control, network, check=1)
    rows = of(findings, "interface")
    assert [row[0] for row in rows] == ["problem", "note"]
    assert re.fullmatch(rf"there is no interface eth9 now \(interface= in {place}:1\)", rows[0][2]), rows
    assert re.fullmatch(rf"there is no interface ppp\* now \(interface= in {place}:2\)", rows[1][2]), rows
    assert of(findings, "DHCP") == [
        ("problem", "DHCP", "port 67: linnet serves no interface that is there")]
    said = json.loads(ctl(control, "--json", "explain-dhcp", "02:00:00:00:00:01").stdout)["networks"]
    absent = {row["interface"]: row for row in said if row["because"] == "there is no such interface"}
    assert absent["eth9"]["line"].endswith(":1") and absent["ppp*"]["line"].endswith(":2")
    assert "there is no such interface" in ctl(control, "explain-dhcp", "02:00:00:00:00:01").stdout
    run("ip", "-n", network.server, "link", "add", "eth9", "type", "bridge")
    network.inside(network.server, "ip", "addr", "add", "192.168.51.1/24", "dev", "eth9")
    run("ip", "-n", network.server, "link", "set", "eth9", "up")
    wait_until(lambda: len(of(doctor(control, network), "interface")) == 1, what="eth9 seen")
    assert all(row[0] == "ok" for row in of(doctor(control, network), "DHCP"))


def test_unreachable(tmp_path):
    """What to do stands in a line of its own."""
    text = ctl(tmp_path / "none", "doctor", check=3).stdout
    assert "\\012" not in text
    assert re.search(r"cannot reach linnet at \S+: No such file or directory\n +-> is linnet running", text), text
    assert "No such file or directory\nis linnet running" in ctl(tmp_path / "none", "status", check=3).stderr


# ------------------------------------------------------------------ clocks

@pytest.fixture(scope="module")
def clock(tmp_path_factory):
    if shutil.which("cc") is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("clock")
    (folder / "clock.c").write_text(CLOCK)
    run("cc", "-shared", "-fPIC", "-o", folder / "clock.so", folder / "clock.c")
    return folder / "clock.so"


def jump(control):  # noqa: F811
    """Of the daemon's two clocks since it started."""
    (line,) = [row for row in ask_raw(control, b"text doctor\n").decode().splitlines() if row.startswith("clock\t")]
    wall, steady = line.split("\t")[1:]
    return int(wall) - int(steady)


@pytest.mark.parametrize("step", [0, 4000, -4000])
def test_a_clock_that_was_set(network, control, clock, step):  # noqa: F811
    environment = {**os.environ, "LD_PRELOAD": str(clock), "CLOCK_STEP": str(step)}
    network.linnet("interface=lan0\nno-resolv\n", f"--control-socket={control}", environment=environment)
    wait_until(lambda: abs(jump(control) - step) <= 1, what="the step")
    rows = of(doctor(control, network), "clock")
    assert rows[0] == ("ok", "clock", "looks right")
    if step == 0:
        assert len(rows) == 1
        return
    found = re.fullmatch(r"the clock was set by about (-?\d+) s since linnet started", rows[1][2])
    assert rows[1][0] == "note" and abs(int(found[1]) - step) <= 1, rows


@pytest.mark.parametrize("when, severity", [(1735689599, "problem"), (1735689601, "ok")])
def test_a_clock_before_2025(tmp_path, clock, when, severity):
    result = subprocess.run([LINNETCTL, "--socket", tmp_path / "none", "--json", "doctor"], capture_output=True,
                            text=True, timeout=30,
                            env={**os.environ, "LD_PRELOAD": str(clock), "CLOCK_FIXED": str(when)})
    rows = [row for row in json.loads(result.stdout)["findings"] if row["about"] == "clock"]
    assert [row["severity"] for row in rows] == [severity], rows


# ------------------------------------------------------------------ what the daemon tells

FACTS = "\n".join("\t".join(row) for row in (
    ("process", "1"), ("serves", "DNS", "5353"), ("upstream", "127.0.0.1#9", "", "", "a.conf:3", "0", "1"),
    ("other_dhcp", "192.0.2.9", "lan0", "12"), ("limit", "DHCP leases", "1000", "3"),
    ("limit", "cached records", "9", "0"),
    ("unreadable", "/etc/none", "Permission denied"), ("lease_file", "/nowhere/leases", "Read-only file system"),
    ("clock", "100", "40"), ("absent", "eth9", "a.conf:1", "0"))) + "\n"


def test_every_fact_is_a_finding(tmp_path):
    path = tmp_path / "s"

    def answer(listener):
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"ok\n" + FACTS.encode() + b"\0")

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen(1)
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        said = json.loads(ctl(path, "--json", "doctor", check=1).stdout)
        thread.join()
    rows = [(row["severity"], row["about"], row["finding"]) for row in said["findings"]]
    for row in (("problem", "upstream", "127.0.0.1#9 sends our questions back to us"),
                ("problem", "other DHCP server", "192.0.2.9 on lan0, noticed 12 s ago"),
                ("note", "limit", "DHCP leases: the limit of 1000 was reached 3 times"),
                ("problem", "file", "/etc/none cannot be read: Permission denied"),
                ("problem", "lease file", "/nowhere/leases cannot be written: Read-only file system"),
                ("note", "clock", "the clock was set by about 60 s since linnet started"),
                ("problem", "interface", "there is no interface eth9 now (interface= in a.conf:1)"),
                ("note", "DNS", "linnet serves port 5353")):
        assert row in rows, (row, rows)
    assert not any("cached records" in row[2] for row in rows)
