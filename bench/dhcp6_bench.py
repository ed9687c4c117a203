#!/usr/bin/python3
"""What DHCPv6 costs, beside dnsmasq and Kea: bench/dhcp6_bench.py BUILDDIR [PART ...], as root (it makes two network
namespaces).

PART: exchanges (CPU and whole durable exchanges a second, by leases already there), storm (1,000 clients at once, then
all renew); without any both. PROGRAMS="linnet dnsmasq kea isc" in the environment takes only these, ROUNDS=3, TMPDIR must be
on a real disk for the figures to mean anything.

The server is tied to one core, the load to another. Kea keeps its leases in a memfile with persistence, which it
writes but does not sync."""
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

import processes
from network import make_network, run

BENCH = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(sys.argv[1]).resolve()
ROUNDS = int(os.environ.get("ROUNDS", "3"))
NAMESPACES = (f"d6bench{os.getpid()}s", f"d6bench{os.getpid()}c")
BINARIES = {"linnet": str(BUILD / "src/daemon/linnet"), "dnsmasq": shutil.which("dnsmasq"), "kea": shutil.which("kea-dhcp6"),
            "isc": shutil.which("dhcpd")}
PROGRAMS = [p for p in os.environ.get("PROGRAMS", "linnet dnsmasq kea isc").split() if BINARIES[p]]
OUTSTANDING = 64
SERVER, OWN = "fd00:9::1", "fd00:9::2"
CONFIG = """\
port=0
interface=b0
bind-interfaces
dhcp-lease-max=60000
dhcp-range=fd00:9::1:0,fd00:9::3:ffff,64,12h
quiet-dhcp6
"""


def kea_config(folder):
    path = folder / "kea6.json"
    path.write_text(json.dumps({"Dhcp6": {
        "interfaces-config": {"interfaces": ["b0", f"b0/{SERVER}"]},
        "lease-database": {"type": "memfile", "persist": True, "name": str(folder / "kea6.leases"), "lfc-interval": 0},
        "valid-lifetime": 43200, "preferred-lifetime": 43200, "server-id": {"type": "LL", "persist": False},
        "subnet6": [{"subnet": "fd00:9::/64", "interface": "b0", "pools": [{"pool": "fd00:9::1:0 - fd00:9::3:ffff"}]}],
        "loggers": [{"name": "kea-dhcp6", "severity": "ERROR", "output_options": [{"output": "/dev/null"}]}]}}))
    return path


def isc_words(folder):
    """ISC dhcpd, which syncs each lease by itself."""
    path = folder / "isc6.conf"
    path.write_text("authoritative;\ndefault-lease-time 43200;\n"
                    "subnet6 fd00:9::/64 { range6 fd00:9::1:0 fd00:9::3:ffff; }\n")
    (folder / "isc6.leases").write_text("")
    return [BINARIES["isc"], "-f", "-q", "-6", "-cf", path, "-lf", folder / "isc6.leases", "-pf", folder / "isc6.pid",
            "b0"]


class Server:
    """A server with an empty lease file in its namespace."""

    def __init__(self, program, folder):
        environment = dict(os.environ, KEA_LOCKFILE_DIR=str(folder), KEA_PIDFILE_DIR=str(folder))
        leases = folder / f"{program}6.leases"
        leases.unlink(missing_ok=True)
        if program == "kea":
            words = [BINARIES[program], "-c", kea_config(folder)]
        elif program == "isc":
            words = isc_words(folder)
        else:
            path = folder / f"{program}6.conf"
            path.write_text(CONFIG)
            words = [BINARIES[program], "-k", "-u", "root", "-g", "root", "--pid-file=", "-C", path,
                     "--log-facility=/dev/null", f"--dhcp-leasefile={leases}"]
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", NAMESPACES[0], "taskset", "-c", "1", *[str(w) for w in words]], env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def cpu_seconds(self):
        return processes.cpu_seconds(self.process.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def exchanges(first, count, outstanding=OUTSTANDING, **wishes):
    """(seconds, clients with a wrong address, longest wait) of each round."""
    lines = run("ip", "netns", "exec", NAMESPACES[1], "taskset", "-c", "0", BUILD / "bench/dhcp6_load", OWN, SERVER,
                first, count, outstanding, *[f"{k}={v}" for k, v in wishes.items()]).splitlines()
    rounds = [line.split() for line in lines]
    for row in rounds:
        if int(row[0]) != count:
            raise SystemExit(f"only {row[0]} of {count} exchanges were done")
    return [(float(row[1]), int(row[2]), float(row[3])) for row in rounds]


def wait_until_it_serves():
    exchanges(900_000, 1, resend_ms=5)


# ---------------------------------------------------------------------------------------------------- parts

def bench_exchanges(folder):
    """Every size is measured with clients that are new, so what is measured is a lease made durable."""
    sizes = (10, 1000, 10_000, 50_000)
    limits = {"dnsmasq": 1000, "isc": 10_000}  # one writes the whole file for every lease, one syncs each
    figures = {}
    for _ in range(ROUNDS):
        for program in PROGRAMS:
            with Server(program, folder) as server:
                wait_until_it_serves()
                have = 1
                for size in (s for s in sizes if s <= limits.get(program, s)):
                    if size > have:
                        exchanges(have, size - have)
                        have = size
                    probe = 200 if program == "dnsmasq" else 1000 if size < 1000 else 4000
                    before = server.cpu_seconds()
                    [(seconds, wrong, _)] = exchanges(have + 1, probe)
                    spent = server.cpu_seconds() - before
                    if wrong and program == "linnet":
                        raise SystemExit(f"{wrong} clients got a wrong address")
                    if wrong: # ISC dhcpd promises two clients the same one, and gives the second another
                        print(f"    {program}: {wrong} of {probe} clients got another address than promised")
                    figures.setdefault((program, size), []).append((spent / probe * 1e6, probe / seconds))
                    have += probe
    print(f"DHCPv6: CPU of a whole durable exchange and exchanges a second, {OUTSTANDING} at once, by leases there")
    for size in sizes:
        line = f"    {size:6,} leases:"
        for program in PROGRAMS:
            rows = figures.get((program, size))
            line += f"   {program} {statistics.median(r[0] for r in rows):8.1f} us " \
                    f"{statistics.median(r[1] for r in rows):8,.0f}/s" if rows else \
                f"   {program} {'-':>8}    {'-':>8}  "
        print(line)
    print(flush=True)


def bench_storm(folder):
    print("DHCPv6: 1,000 clients at once (no address twice)")
    for program in PROGRAMS:
        with Server(program, folder):
            wait_until_it_serves()
            rounds = exchanges(1, 1000, 1000, names=1, renews=1)
            for what, (seconds, wrong, slowest) in zip(("new", "renewing"), rounds):
                print(f"    {program:9} {what:9} {seconds * 1000:8.0f} ms, slowest {slowest * 1000:8.0f} ms, "
                      f"{wrong} wrong or twice")
    print(flush=True)


PARTS = {"exchanges": bench_exchanges, "storm": bench_storm}


def main():
    wanted = sys.argv[2:] or list(PARTS)
    for part in wanted:
        if part not in PARTS:
            raise SystemExit(f"no part {part}: {' '.join(PARTS)}")
    run("ninja", "-C", BUILD, "--quiet", "bench/dhcp6_load")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # by way of what is below
    try:
        make_network(*NAMESPACES)
        for namespace, interface, address in zip(NAMESPACES, ("b0", "b1"), (SERVER, OWN)):
            run("ip", "-n", namespace, "addr", "add", address + "/64", "dev", interface, "nodad")
        with tempfile.TemporaryDirectory(prefix="linnet-bench-") as name:
            for part in wanted:
                PARTS[part](pathlib.Path(name))
    finally:
        for namespace in NAMESPACES:
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True)


main()
