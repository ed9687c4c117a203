#!/usr/bin/python3
"""The real program under everything at once, for a long time: tests/soak/soak.py BUILDDIR, as root (it makes two
network namespaces).

Mixed DNS questions over UDP and TCP (cached, forwarded, missing, without data, local), leases of both families that
come, are renewed and go, file transfers, SIGHUPs, an upstream that goes away and comes back. First until tables and
caches are at their bounds, then a pause, then the load that is measured, then a pause again; the memory of all its
processes after the second pause is within 1 % of that after the first, so are descriptors and threads the same; no
wrong answer, no lease that is in the file otherwise than it was acknowledged.

    SOAK_MINUTES=10     of load, a quarter of it before the first pause
    SOAK_QUERIES=N SOAK_LEASES=N SOAK_TRANSFERS=N
                        instead: until so many of each are done (all three; how long it takes is printed)
    SOAK_PARTS="queries leases transfers disturbances"
                        some of them alone, to find out which part does something
    SOAK_WORDS="..."    more arguments for the program

Prints a line each minute and a table at the end; the exit code says whether all was well. See README.md."""
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

SERVER, CLIENT = f"soak{os.getpid()}s", f"soak{os.getpid()}c"
CONFIG = """\
port=53
bind-interfaces
interface=b0
no-resolv
no-hosts
addn-hosts={folder}/hosts
local=/soak.test/
server=10.9.0.2#5353
cache-size={cache}
dhcp-range=10.9.16.0,10.9.250.255,255.255.0.0,1h
dhcp-range=fd09::1:0000,fd09::ff:ffff,64,1h
dhcp-option=option:router,10.9.0.1
dhcp-lease-max=100000
dhcp-authoritative
no-ping
quiet-dhcp
quiet-dhcp6
enable-tftp
tftp-root={folder}/tftp
quiet-tftp
"""
FILE_BYTES = 20000
CHURN_FIRST = 100000   # numbers of clients that come and go; those below stay
TOLERANCE = 0.01
PARTS = ("queries", "leases", "transfers", "disturbances")
SECONDS_A_LINE = 60


def run(*words, seconds=300):
    result = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=seconds)
    if result.returncode != 0:
        raise RuntimeError(f"{words}: {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def unconfined(binary):
    """The words that keep the program in one process, where it knows them."""
    said = subprocess.run([str(binary), "--test", "-C", "/dev/null", "--sandbox=no"], capture_output=True, text=True)
    return ["--sandbox=no"] if said.returncode == 0 else []


def make_network():
    for namespace in (SERVER, CLIENT):
        run("ip", "netns", "add", namespace)
        run("ip", "-n", namespace, "link", "set", "lo", "up")
    run("ip", "-n", SERVER, "link", "add", "b0", "type", "veth", "peer", "name", "b1", "netns", CLIENT)
    for namespace, link, addresses in ((SERVER, "b0", ("10.9.0.1/16", "fd09::1/64")),
                                       (CLIENT, "b1", ("10.9.0.2/16", "10.9.0.3/16", "fd09::2/64", "fd09::3/64"))):
        for address in addresses:
            run("ip", "-n", namespace, "addr", "add", address, "dev", link, *(["nodad"] if ":" in address else []))
        run("ip", "-n", namespace, "link", "set", link, "up")


def family(pid):
    """The process and all that come of it."""
    found = [pid]
    try:
        for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
            for child in task.read_text().split():
                found += family(int(child))
    except OSError:
        pass
    return found


class Measure:
    """What all processes of the program hold."""

    def __init__(self, pid):
        self.rss = self.pss = self.fds = self.threads = 0
        self.pids = family(pid)
        for process in self.pids:
            rollup = pathlib.Path(f"/proc/{process}/smaps_rollup").read_text()
            self.rss += int(re.search(r"^Rss:\s+(\d+)", rollup, re.M)[1])
            self.pss += int(re.search(r"^Pss:\s+(\d+)", rollup, re.M)[1])
            self.fds += len(list(pathlib.Path(f"/proc/{process}/fd").iterdir()))
            self.threads += len(list(pathlib.Path(f"/proc/{process}/task").iterdir()))

    def __str__(self):
        return (f"RSS {self.rss} kB, PSS {self.pss} kB, {self.fds} descriptors, {self.threads} threads, "
                f"{len(self.pids)} processes")


class Totals:
    """What was done, and what was wrong. Several threads add."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = {}
        self.faults = []

    def add(self, **what):
        with self.lock:
            for key, value in what.items():
                self.counts[key] = self.counts.get(key, 0) + value

    def fault(self, text):
        with self.lock:
            self.faults.append(text)

    def __getitem__(self, key):
        return self.counts.get(key, 0)


class Soak:
    def __init__(self, build, binary, small, words=(), memory=True):
        self.build = pathlib.Path(build).resolve()
        self.binary = binary or self.build / "src/daemon/linnet"
        self.small = small      # a short one: small tables, small steps
        self.words = list(words)
        self.memory = memory    # of a sanitizer's build the figures mean nothing
        self.totals = Totals()
        self.stop = threading.Event()
        self.away = False       # the upstream, or not long enough back
        self.away_times = 0
        self.upstream = None
        self.server = None
        self.residents = {4: {}, 6: {}}
        self.next_client = {4: CHURN_FIRST, 6: CHURN_FIRST}
        self.parts = PARTS
        self.wanted = {}        # totals after which a part rests, for a run by count
        self.started = time.monotonic()

    # ------------------------------------------------------------------ programs

    def tool(self, name, *words, seconds=300):
        return run("ip", "netns", "exec", CLIENT, self.build / "tests/soak" / name, *words, seconds=seconds)

    def start_upstream(self):
        self.upstream = subprocess.Popen(
            ["ip", "netns", "exec", CLIENT, str(self.build / "tests/soak/soak_upstream"), "10.9.0.2", "5353"],
            stdout=subprocess.DEVNULL)

    def stop_upstream(self):
        self.upstream.terminate()
        self.upstream.wait(10)

    def start(self, folder):
        self.folder = folder
        folder.chmod(0o755)
        (folder / "tftp").mkdir()
        self.file = folder / "tftp/file"
        self.file.write_bytes(random.Random(1).randbytes(FILE_BYTES))
        (folder / "hosts").write_text("".join(f"13.0.{n >> 8}.{n & 255} l{n}.soak.test\n" for n in range(1000)))
        (folder / "soak.conf").write_text(CONFIG.format(folder=folder, cache=1000 if self.small else 10000))
        make_network()
        self.start_upstream()
        self.log = folder / "log"
        self.log.write_text("")
        with open(self.log, "a") as log:
            self.server = subprocess.Popen(
                ["ip", "netns", "exec", SERVER, str(self.binary), "-k", "-u", "root", "-g", "root", "--pid-file=",
                 "-C", str(folder / "soak.conf"), f"--dhcp-leasefile={folder / 'leases'}", "--log-facility=-",
                 *self.words], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while "started, version" not in self.log.read_text() or "DHCPv6, IP range" not in self.log.read_text():
            if self.server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"linnet did not start:\n{self.log.read_text()}")
            time.sleep(0.05)
        time.sleep(0.3)

    def close(self):
        for program in (self.server, self.upstream):
            if program is not None and program.poll() is None:
                program.kill()
                program.wait(10)
        for namespace in (SERVER, CLIENT):
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True)

    # ------------------------------------------------------------------ parts of the load

    def is_done(self, part):
        return self.stop.is_set() or (part in self.wanted and self.totals[part] >= self.wanted[part])

    def ask(self, seed):
        calm, times = not self.away, self.away_times
        size = {"window": 64, "udp": 4, "tcp": 2} if self.small else {"window": 256, "udp": 16, "tcp": 8}
        said = json.loads(self.tool("soak_dns", "10.9.0.1", "53", "seconds=2", f"seed={seed}",
                                    *[f"{k}={v}" for k, v in size.items()]))
        calm = calm and not self.away and times == self.away_times
        self.totals.add(queries=said["asked"], right=said["right"], by_tcp=said["by_tcp"], wrong=said["wrong"],
                        broken=said["broken"], failed=said["failed"], lost=said["lost"])
        if calm:
            self.totals.add(calm=said["asked"], calm_failed=said["failed"], calm_lost=said["lost"])

    def exchange(self, version, first, count, *wishes):
        """Exchanges of so many clients; {number: address} of those that have one before any is given back."""
        tool, own, server = (("soak_dhcp", "10.9.0.", "10.9.0.1") if version == 4
                             else ("soak_dhcp6", "fd09::", "fd09::1"))
        own += "2" if first < CHURN_FIRST else "3"
        said = self.tool(tool, own, server, first, count, 64, "names=1", "list=1", *wishes).splitlines()
        held = {int(line.split()[1]): line.split()[2] for line in said if line.startswith("lease ")}
        rounds = [line.split() for line in said if not line.startswith("lease ")]
        for row in rounds:
            if int(row[0]) != count or int(row[2]) != 0:
                self.totals.fault(f"DHCPv{version} clients {first} and on: {row[0]} of {count} done, {row[2]} wrong")
        self.totals.add(leases=count, **{f"leases{version}": count})
        self.totals.add(exchanges=count * len(rounds))
        return held

    def lease(self, version):
        size = 50 if self.small else 500
        again = "reboots=2" if version == 4 else "renews=2"
        held = self.exchange(version, 0, size, again)
        before = self.residents[version]
        if before and before != held:
            other = sum(before.get(number) != address for number, address in held.items())
            self.totals.fault(f"DHCPv{version}: {other} clients that stayed have another address")
        self.residents[version] = held
        for _ in range(1 if self.small else 4):
            if self.is_done("leases"):
                break
            first = self.next_client[version]
            self.next_client[version] += size
            self.exchange(version, first, size, again[:-1] + "1", "release=1")

    def fetch(self):
        clients, rounds = (10, 3) if self.small else (25, 40)
        said = json.loads(self.tool("soak_tftp", "10.9.0.1", "69", "file", self.file, clients, 1428, 4, rounds))
        self.totals.add(transfers=clients * rounds - said["failed"] - said["unfinished"])
        if said["failed"] + said["unfinished"] + said["wrong"] > 0:
            self.totals.fault(f"TFTP: {said}")

    def repeat(self, part, name, what, *words):
        turn = 0
        while not self.is_done(part):
            turn += 1
            try:
                what(*words, *([turn * 7919 + int(self.started)] if name == "dns" else []))
            except (RuntimeError, ValueError, subprocess.TimeoutExpired) as error:
                self.totals.fault(f"{name}: {error}")
                return

    def disturb(self):
        """SIGHUPs, and an upstream that goes away and comes back."""
        pause, gone = (2, 0.5) if self.small else (20, 3)
        turn = 0
        while not self.stop.wait(pause / 4):
            self.server.send_signal(signal.SIGHUP)
            self.totals.add(sighups=1)
            turn += 1
            if turn % 4 != 2:
                continue
            self.away = True
            self.away_times += 1
            self.stop_upstream()
            self.stop.wait(gone)
            self.start_upstream()
            self.totals.add(outages=1)
            # Questions of its absence are still under way, and failures are remembered for some seconds.
            self.stop.wait(max(2 * gone, 3))
            self.away = False

    def load(self, seconds=None):
        """All parts for so long; or until each has done what is wanted of it."""
        self.stop.clear()
        parts = [("queries", "dns", self.ask), ("leases", "dhcp", self.lease, 4), ("leases", "dhcp6", self.lease, 6),
                 ("transfers", "tftp", self.fetch)]
        threads = [threading.Thread(target=self.repeat, args=part) for part in parts if part[0] in self.parts]
        disturber = threading.Thread(target=self.disturb)
        begun = told = time.monotonic()
        for thread in (*threads, *([disturber] if "disturbances" in self.parts else [])):
            thread.start()
        while any(thread.is_alive() for thread in threads) or (not threads and disturber.is_alive()):
            time.sleep(0.1)
            if seconds is not None and time.monotonic() - begun > seconds:
                self.stop.set()
            if self.server.poll() is not None:
                self.totals.fault(f"linnet ended with {self.server.returncode}")
                self.stop.set()
            if time.monotonic() - told > SECONDS_A_LINE:
                told = time.monotonic()
                self.tell()
        self.stop.set()
        if "disturbances" in self.parts:
            disturber.join()
        return time.monotonic() - begun

    def drain(self):
        """Nothing is under way any more, and memory that waits for the next occasion to be given back has had it."""
        for _ in range(2 if self.small else 4):
            time.sleep(1.5)
            self.tool("soak_dns", "10.9.0.1", "53", "seconds=1", "queries=20", "tcp=0", "udp=1")
        time.sleep(0.5)
        return Measure(self.server.pid)

    # ------------------------------------------------------------------ the story

    def tell(self):
        t = self.totals
        print(f"[{time.monotonic() - self.started:6.0f} s] {t['queries']:,} queries, {t['leases']:,} leases, "
              f"{t['transfers']:,} transfers, {Measure(self.server.pid)}", flush=True)

    def check_leases(self):
        """The file has what was acknowledged and not given back; the last line of an address counts."""
        now = time.time()
        lines = {}
        for line in (self.folder / "leases").read_text().splitlines():
            words = line.split()
            if len(words) == 5 and words[0].isdigit():
                lines[words[2]] = (int(words[0]), words[3])
        held = {address: name for address, (expires, name) in lines.items() if expires > now}
        missing = 0
        for version in (4, 6):
            for number, address in self.residents[version].items():
                missing += held.pop(address, None) != f"client-{number}"
        self.totals.add(file_missing=missing, file_more=len(held))
        if missing:
            self.totals.fault(f"{missing} acknowledged leases are not in the file")
        if len(held) > self.totals["leases"] / 1000:
            self.totals.fault(f"{len(held)} leases are in the file that were given back")

    def check(self, before, after):
        t = self.totals
        if t["wrong"]:
            t.fault(f"{t['wrong']} wrong answers")
        if t["calm_failed"]:
            t.fault(f"{t['calm_failed']} failures while the upstream was there")
        if t["calm_lost"] > t["calm"] / 1000:
            t.fault(f"{t['calm_lost']} of {t['calm']} questions lost while the upstream was there")
        if self.memory and after.rss > before.rss * (1 + TOLERANCE):
            t.fault(f"RSS {before.rss} kB before and {after.rss} kB after")
        if (after.fds, after.threads, len(after.pids)) != (before.fds, before.threads, len(before.pids)):
            t.fault(f"before: {before}; after: {after}")
        if self.memory and after.pids != before.pids:
            t.fault(f"processes {before.pids} before and {after.pids} after")
        self.check_leases()

    def end(self):
        self.server.terminate()
        code = self.server.wait(60)
        if code != 0:
            self.totals.fault(f"exit code {code}:\n{self.log.read_text()[-6000:]}")
        said = self.log.read_text()
        for bad in re.findall(r".*(?:Sanitizer|runtime error|ended by signal|started again|assert).*", said)[:5]:
            self.totals.fault(f"log: {bad}")

    def run(self, warm, seconds):
        """Warm-up of so many seconds, then so many of load, or until `wanted` is done. True: all was well."""
        self.tool("soak_dns", "10.9.0.1", "53", "queries=4000", "seconds=20", "warm=1", "tcp=1")
        wanted, self.wanted = self.wanted, {}
        self.load(warm)
        before = self.drain()
        warmed = dict(self.totals.counts)
        print(f"after the warm-up ({warmed.get('queries', 0):,} queries, {warmed.get('leases', 0):,} leases, "
              f"{warmed.get('transfers', 0):,} transfers): {before}", flush=True)
        self.wanted = {key: value + warmed.get(key, 0) for key, value in wanted.items()}
        took = self.load(None if wanted else seconds)
        after = self.drain()
        self.report(warmed, took, before, after)
        self.check(before, after)
        self.end()
        for fault in self.totals.faults[:20]:
            print(f"FAULT: {fault}")
        return not self.totals.faults

    def report(self, warmed, took, before, after):
        def of(key):
            return self.totals[key] - warmed.get(key, 0)
        print(f"after the load: {after}")
        if self.memory:
            print(f"RSS {(after.rss / before.rss - 1) * 100:+.2f} %, PSS {(after.pss / before.pss - 1) * 100:+.2f} %")
        for key in ("queries", "leases", "transfers"):
            print(f"{key}: {of(key):,} in {took:.0f} s, {of(key) / took:,.0f} a second")
        print(f"of the queries: by TCP {of('by_tcp'):,}, right {of('right'):,}, wrong {of('wrong')}, "
              f"failed {of('failed'):,} and lost {of('lost'):,} (with the upstream there {of('calm_failed')} and {of('calm_lost')} of "
              f"{of('calm'):,})")
        print(f"DHCP: IPv4 leases {of('leases4'):,}, IPv6 leases {of('leases6'):,}, exchanges {of('exchanges'):,}; "
              f"SIGHUPs {of('sighups')}, times without the upstream {of('outages')}", flush=True)


def main():
    os.chdir("/")
    small = False
    words = os.environ.get("SOAK_WORDS", "").split()
    minutes = float(os.environ.get("SOAK_MINUTES") or 10)
    counts = {part: int(os.environ[f"SOAK_{part.upper()}"]) for part in ("queries", "leases", "transfers")
              if os.environ.get(f"SOAK_{part.upper()}")}
    if counts and len(counts) != 3:
        raise SystemExit("SOAK_QUERIES, SOAK_LEASES and SOAK_TRANSFERS: all of them, or none")
    with tempfile.TemporaryDirectory() as name:
        soak = Soak(BUILD, None, small, words)
        try:
            soak.start(pathlib.Path(name))
            soak.wanted = counts
            soak.parts = os.environ.get("SOAK_PARTS", "").split() or PARTS
            good = soak.run(minutes * 60 / 4, minutes * 60 * 3 / 4)
        finally:
            soak.close()
    print("all was well" if good else "something is wrong")
    return 0 if good else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    BUILD = pathlib.Path(sys.argv[1]).resolve()
    sys.exit(main())
