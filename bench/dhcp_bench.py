#!/usr/bin/python3
"""What DHCPv4 costs, beside dnsmasq and Kea: bench/dhcp_bench.py BUILDDIR [PART ...], as root (it makes two network
namespaces).

PART: exchanges (CPU and whole durable exchanges a second, by leases already there), memory (private bytes for each
lease), start (until the first acknowledgement with 50,000 leases and 20,000 dhcp-host lines), reboot (1,000 clients at
once); without any all of them. PROGRAMS="linnet dnsmasq kea isc" in the environment takes only these, ROUNDS=3, TMPDIR
must be on a real disk for the figures to mean anything.

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
import time

import processes
from network import make_network, run

BENCH = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(sys.argv[1]).resolve()
ROUNDS = int(os.environ.get("ROUNDS", "3"))
NAMESPACES = (f"dbench{os.getpid()}s", f"dbench{os.getpid()}c")
BINARIES = {"linnet": str(BUILD / "src/daemon/linnet"), "dnsmasq": shutil.which("dnsmasq"), "kea": shutil.which("kea-dhcp4"),
            "isc": shutil.which("dhcpd")}
PROGRAMS = [p for p in os.environ.get("PROGRAMS", "linnet dnsmasq kea isc").split() if BINARIES[p]]
OUTSTANDING = 64
CONFIG = """\
port=0
interface=b0
bind-interfaces
no-ping
dhcp-authoritative
dhcp-lease-max=60000
dhcp-range=10.9.1.0,10.9.240.255,255.255.0.0,12h
quiet-dhcp
"""


def kea_config(folder):
    path = folder / "kea.json"
    path.write_text(json.dumps({"Dhcp4": {
        "interfaces-config": {"interfaces": ["b0"], "dhcp-socket-type": "udp"},
        "lease-database": {"type": "memfile", "persist": True, "name": str(folder / "kea.leases"), "lfc-interval": 0},
        "valid-lifetime": 43200, "authoritative": True,
        "subnet4": [{"subnet": "10.9.0.0/16", "pools": [{"pool": "10.9.1.0 - 10.9.240.255"}]}],
        "loggers": [{"name": "kea-dhcp4", "severity": "ERROR", "output_options": [{"output": "/dev/null"}]}]}}))
    return path


def isc_words(folder):
    """ISC dhcpd, which syncs each lease by itself."""
    path = folder / "isc.conf"
    path.write_text("authoritative;\ndefault-lease-time 43200;\nmax-lease-time 43200;\nping-check false;\n"
                    "subnet 10.9.0.0 netmask 255.255.0.0 { range 10.9.1.0 10.9.240.255; }\n")
    (folder / "isc.leases").write_text("")
    return [BINARIES["isc"], "-f", "-q", "-4", "-cf", path, "-lf", folder / "isc.leases", "-pf", folder / "isc.pid", "b0"]


class Server:
    """A server with an empty lease file, or the one given, in its namespace."""

    def __init__(self, program, folder, config=CONFIG, leases=""):
        environment = dict(os.environ, KEA_LOCKFILE_DIR=str(folder), KEA_PIDFILE_DIR=str(folder))
        self.leases = folder / f"{program}.leases"
        self.leases.unlink(missing_ok=True)
        if program == "kea":
            words = [BINARIES[program], "-c", kea_config(folder)]
        elif program == "isc":
            words = isc_words(folder)
        else:
            if leases:
                self.leases.write_text(leases)
            path = folder / f"{program}.conf"
            path.write_text(config)
            words = [BINARIES[program], "-k", "-u", "root", "-g", "root", "--pid-file=", "-C", path,
                     "--log-facility=/dev/null", f"--dhcp-leasefile={self.leases}"]
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", NAMESPACES[0], "taskset", "-c", "1", *[str(w) for w in words]], env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def cpu_seconds(self):
        return processes.cpu_seconds(self.process.pid)

    def own_bytes(self):
        return processes.own_kib(self.process.pid) * 1024

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
    lines = run("ip", "netns", "exec", NAMESPACES[1], "taskset", "-c", "0", BUILD / "bench/dhcp_load", "10.9.0.2",
                "10.9.0.1", first, count, outstanding, *[f"{k}={v}" for k, v in wishes.items()]).splitlines()
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
                    if wrong:
                        raise SystemExit(f"{program}: {wrong} clients got a wrong address")
                    figures.setdefault((program, size), []).append((spent / probe * 1e6, probe / seconds))
                    have += probe
    print(f"DHCPv4: CPU of a whole durable exchange and exchanges a second, {OUTSTANDING} at once, by leases there")
    for size in sizes:
        line = f"    {size:6,} leases:"
        for program in PROGRAMS:
            rows = figures.get((program, size))
            line += f"   {program} {statistics.median(r[0] for r in rows):8.1f} us " \
                    f"{statistics.median(r[1] for r in rows):8,.0f}/s" if rows else \
                f"   {program} {'-':>8}    {'-':>8}  "
        print(line)
    print(flush=True)


def bench_memory(folder):
    print("DHCPv4: private memory for each lease with a client id and a name (target: 400 bytes)")
    for program in (p for p in PROGRAMS if p != "dnsmasq"):
        with Server(program, folder) as server:
            wait_until_it_serves()
            exchanges(1, 10, names=1)
            empty = server.own_bytes()
            have = 10
            for size in (10_000, 50_000):
                exchanges(have + 1, size - have, names=1)
                have = size
                time.sleep(1.5)  # an image of the file may still be in memory
                grown = server.own_bytes() - empty
                print(f"    {program:9} {size:6,} leases: {grown / (size - 10):8.0f} bytes each, {empty + grown:,} in all")
    print(flush=True)


def bench_start(folder):
    leases = "".join(f"4102444800 02:00:00:{i >> 16:02x}:{i >> 8 & 255:02x}:{i & 255:02x} "
                     f"10.9.{1 + i // 256}.{i % 256} client-{i} *\n" for i in range(50_000))
    hosts = "".join(f"dhcp-host=02:01:00:{i >> 16:02x}:{i >> 8 & 255:02x}:{i & 255:02x},set:h{i % 8},host-{i},"
                    f"10.10.{i // 256}.{i % 256}\n" for i in range(20_000))
    print("DHCPv4: from start to the first acknowledgement, 50,000 leases and 20,000 dhcp-host lines (target: 500 ms)")
    for program in (p for p in PROGRAMS if p in ("linnet", "dnsmasq")):
        figures = []
        for _ in range(ROUNDS if program == "linnet" else 1):  # the peer is slow at it
            with Server(program, folder, CONFIG + hosts, leases) as server:
                wait_until_it_serves()
                figures.append((time.monotonic() - server.begun) * 1000)
        print(f"    {program:9} {statistics.median(figures):8.0f} ms")
    print(flush=True)


def bench_reboot(folder):
    print("DHCPv4: 1,000 clients at once (target: 2 s for all of them, no address twice)")
    for program in PROGRAMS:
        with Server(program, folder):
            wait_until_it_serves()
            rounds = exchanges(1, 1000, 1000, names=1, reboots=1)
            for what, (seconds, wrong, slowest) in zip(("new", "rebooting"), rounds):
                print(f"    {program:9} {what:9} {seconds * 1000:8.0f} ms, slowest {slowest * 1000:8.0f} ms, "
                      f"{wrong} wrong or twice")
    print(flush=True)


PARTS = {"exchanges": bench_exchanges, "memory": bench_memory, "start": bench_start, "reboot": bench_reboot}


def main():
    wanted = sys.argv[2:] or list(PARTS)
    for part in wanted:
        if part not in PARTS:
            raise SystemExit(f"no part {part}: {' '.join(PARTS)}")
    run("ninja", "-C", BUILD, "--quiet", "bench/dhcp_load")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # by way of what is below
    try:
        make_network(*NAMESPACES)
        with tempfile.TemporaryDirectory(prefix="linnet-bench-") as name:
            for part in wanted:
                PARTS[part](pathlib.Path(name))
    finally:
        for namespace in NAMESPACES:
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True)


main()
