"""What the measurements of DHCPv4 and of DHCPv6 have in common (dhcp_bench.py, dhcp6_bench.py): the servers, the load,
and exchanges by the number of leases already there.

The server is tied to one core, the load to another. Kea keeps its leases in a memfile with persistence, which it
writes but does not sync; ISC dhcpd syncs each lease by itself."""
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

BUILD = pathlib.Path(sys.argv[1]).resolve()
ROUNDS = int(os.environ.get("ROUNDS", "3"))
OUTSTANDING = 64
SIZES = (10, 1000, 10_000, 50_000)
SIZE_LIMITS = {"dnsmasq": 1000, "isc": 10_000}  # one writes the whole file for every lease, one syncs each


class Server:
    """A server of the family with an empty lease file, or the one given, in its namespace."""

    def __init__(self, family, program, folder, config, leases):
        environment = dict(os.environ, KEA_LOCKFILE_DIR=str(folder), KEA_PIDFILE_DIR=str(folder))
        self.leases = folder / f"{program}.leases"
        self.leases.unlink(missing_ok=True)
        if leases or program == "isc":
            self.leases.write_text(leases)
        path = folder / f"{program}.conf"
        words = [family.binaries[program]]
        if program == "kea":
            path.write_text(family.kea_text(self.leases))
            words += ["-c", path]
        elif program == "isc":
            path.write_text(family.isc_config)
            words += ["-f", "-q", f"-{family.version}", "-cf", path, "-lf", self.leases, "-pf", folder / "isc.pid",
                      "b0"]
        else:
            path.write_text(config)
            words += ["-k", "-u", "root", "-g", "root", "--pid-file=", "-C", path, "--log-facility=/dev/null",
                      f"--dhcp-leasefile={self.leases}"]
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", family.namespaces[0], "taskset", "-c", "1", *[str(w) for w in words]],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

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


class Family:
    """version           4 or 6
    load                 [program in bench, own address, the server's]
    config               of linnet and dnsmasq
    isc_config           of ISC dhcpd
    kea_config           of Kea, but for what is the same for both
    may_break_promises   programs that give now and then another address than they have offered"""

    def __init__(self, version, load, *, config, isc_config, kea_config, may_break_promises=()):
        self.version, self.load = version, load
        self.config, self.isc_config, self.kea_config = config, isc_config, kea_config
        self.may_break_promises = may_break_promises
        self.namespaces = (f"d{version}bench{os.getpid()}s", f"d{version}bench{os.getpid()}c")
        self.binaries = {"linnet": str(BUILD / "src/daemon/linnet"), "dnsmasq": shutil.which("dnsmasq"),
                         "kea": shutil.which(f"kea-dhcp{version}"), "isc": shutil.which("dhcpd")}
        self.programs = [program for program in os.environ.get("PROGRAMS", "linnet dnsmasq kea isc").split()
                         if self.binaries[program]]

    def kea_text(self, leases):
        quiet = {"name": f"kea-dhcp{self.version}", "severity": "ERROR", "output_options": [{"output": "/dev/null"}]}
        return json.dumps({f"Dhcp{self.version}": {
            "lease-database": {"type": "memfile", "persist": True, "name": str(leases), "lfc-interval": 0},
            "valid-lifetime": 43200, "loggers": [quiet], **self.kea_config}})

    def server(self, program, folder, config=None, leases=""):
        return Server(self, program, folder, config or self.config, leases)

    def exchanges(self, first, count, outstanding=OUTSTANDING, **wishes):
        """(seconds, clients with a wrong address, longest wait) of each round."""
        program, own, server = self.load
        lines = run("ip", "netns", "exec", self.namespaces[1], "taskset", "-c", "0", BUILD / "bench" / program, own,
                    server, first, count, outstanding, *[f"{k}={v}" for k, v in wishes.items()]).splitlines()
        rounds = [line.split() for line in lines]
        for row in rounds:
            if int(row[0]) != count:
                raise SystemExit(f"only {row[0]} of {count} exchanges were done")
        return [(float(row[1]), int(row[2]), float(row[3])) for row in rounds]

    def wait_until_it_serves(self):
        self.exchanges(900_000, 1, resend_ms=5)

    # ---------------------------------------------------------------------------------------------- parts

    def measure_size(self, program, server, have, size):
        """(CPU microseconds of an exchange, exchanges a second), how many leases there are then."""
        if size > have:
            self.exchanges(have, size - have)
            have = size
        probe = 200 if program == "dnsmasq" else 1000 if size < 1000 else 4000
        before = server.cpu_seconds()
        [(seconds, wrong, _)] = self.exchanges(have + 1, probe)
        spent = server.cpu_seconds() - before
        if wrong and program not in self.may_break_promises:
            raise SystemExit(f"{program}: {wrong} clients got a wrong address")
        if wrong:
            print(f"    {program}: {wrong} of {probe} clients got another address than promised")
        return (spent / probe * 1e6, probe / seconds), have + probe

    def bench_exchanges(self, folder):
        """Every size is measured with clients that are new, so what is measured is a lease made durable."""
        figures = {}
        for _ in range(ROUNDS):
            for program in self.programs:
                with self.server(program, folder) as server:
                    self.wait_until_it_serves()
                    have = 1
                    for size in (s for s in SIZES if s <= SIZE_LIMITS.get(program, s)):
                        row, have = self.measure_size(program, server, have, size)
                        figures.setdefault((program, size), []).append(row)
        print(f"DHCPv{self.version}: CPU of a whole durable exchange and exchanges a second, {OUTSTANDING} at once, "
              "by leases there")
        for size in SIZES:
            line = f"    {size:6,} leases:"
            for program in self.programs:
                rows = figures.get((program, size))
                line += f"   {program} {statistics.median(r[0] for r in rows):8.1f} us " \
                        f"{statistics.median(r[1] for r in rows):8,.0f}/s" if rows else \
                    f"   {program} {'-':>8}    {'-':>8}  "
            print(line)
        print(flush=True)

    def bench_storm(self, folder, title, again, **wishes):
        """1,000 clients at once, and the same ones again."""
        print(f"DHCPv{self.version}: {title}")
        for program in self.programs:
            with self.server(program, folder):
                self.wait_until_it_serves()
                rounds = self.exchanges(1, 1000, 1000, names=1, **wishes)
                for what, (seconds, wrong, slowest) in zip(("new", again), rounds):
                    print(f"    {program:9} {what:9} {seconds * 1000:8.0f} ms, slowest {slowest * 1000:8.0f} ms, "
                          f"{wrong} wrong or twice")
        print(flush=True)

    def main(self, parts, more_addresses=()):
        """parts: {name: function of a folder}. more_addresses: "address/length" of b0 and of b1, besides IPv4's."""
        wanted = sys.argv[2:] or list(parts)
        for part in wanted:
            if part not in parts:
                raise SystemExit(f"no part {part}: {' '.join(parts)}")
        run("ninja", "-C", BUILD, "--quiet", f"bench/{self.load[0]}")
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # by way of what is below
        try:
            make_network(*self.namespaces)
            for namespace, interface, address in zip(self.namespaces, ("b0", "b1"), more_addresses):
                run("ip", "-n", namespace, "addr", "add", address, "dev", interface, "nodad")
            with tempfile.TemporaryDirectory(prefix="linnet-bench-") as name:
                for part in wanted:
                    parts[part](pathlib.Path(name))
        finally:
            for namespace in self.namespaces:
                subprocess.run(["ip", "netns", "del", namespace], capture_output=True)
