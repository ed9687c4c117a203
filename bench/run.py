#!/usr/bin/python3
"""Figures of linnet beside other programs', taken in the same run on the same machine.

    bench/run.py BUILD [PART]...

PART: memory size dns forward delay tcp threads overload one-name dead-upstream recovery roles list reload dhcp dhcp6 ra
tftp; without any all but the long ones (size, list, reload). PROGRAMS="linnet dnsmasq" in the environment takes only these,
ROUNDS=5 is the rest.

Every figure is the median of several rounds in which the programs take turns. The server is tied to one core, the
load and the upstream to another; CPU time is what the kernel charged all processes of the program (processes.py). A
program that is not installed is left out."""
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import peers  # noqa: E402
import processes  # noqa: E402
from network import make_network, run  # noqa: E402
from processes import cpu_seconds  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", "3"))
PORT = 53
BENCH = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(sys.argv[1]).resolve()
LINNET = BUILD / "src/daemon/linnet"
INSIDE = os.environ.get("LINNET_BENCH_NAMESPACES", "")
NAMESPACES = tuple(INSIDE.split()) or (f"lbench{os.getpid()}s", f"lbench{os.getpid()}c")
PROGRAMS = [p for p in os.environ.get("PROGRAMS", " ".join(peers.PROGRAMS)).split()
            if p == "linnet" or shutil.which(p)]
UPSTREAM = "127.0.0.2"


def inside(namespace, *words):
    return ["ip", "netns", "exec", namespace, *[str(w) for w in words]]


def many_files():
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)


class Server:
    """A program under measurement, or an upstream of one, ended with its block."""

    def __init__(self, words, cores="1", output=subprocess.DEVNULL, ready=None):
        self.begun = time.monotonic()
        self.process = subprocess.Popen(["taskset", "-c", cores, *[str(w) for w in words]], stdout=output,
                                        stderr=subprocess.DEVNULL, preexec_fn=many_files, text=True)
        self.start_ms = None
        if ready is not None:
            self.start_ms = wait_for_answer(ready, self)

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        self.process.terminate()
        try:
            return self.process.communicate(timeout=5)[0]
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()


def question(number, name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return number.to_bytes(2, "big") + b"\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1"


def wait_for_answer(name, server, seconds=20):
    """Asks every half millisecond until anything comes back; how long that took since the program was started."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(0.0005)
        asker.connect(("127.0.0.1", PORT))
        for number in range(65536):
            if server.process.poll() is not None or time.monotonic() - server.begun > seconds:
                raise SystemExit(f"{server.process.args} did not start")
            try:
                asker.send(question(number, name))
                asker.recv(4096)
                return (time.monotonic() - server.begun) * 1000
            except (TimeoutError, ConnectionRefusedError):
                time.sleep(0.0002)
    raise SystemExit(f"{server.process.args} does not answer")


def forwarder(program, folder, ready="www.local.test", cores="1", **how):
    how.setdefault("local", ("www.local.test",))
    return Server(peers.forwarder(program, folder, LINNET, **how), cores=cores, ready=ready)


def upstream(delay_ms=0, address=UPSTREAM, output=subprocess.DEVNULL):
    return Server([BUILD / "bench/dns_fake_upstream", address, 5300, delay_ms], cores="0", output=output)


def load(**wishes):
    words = run("taskset", "-c", "0", BUILD / "bench/dns_load", "127.0.0.1", PORT,
                *[f"{k}={v}" for k, v in wishes.items()]).split()
    return dict(zip(words[::2], map(float, words[1::2])))


def config_file(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


def daemon(program, path, *more):
    binary = LINNET if program == "linnet" else "dnsmasq"
    server = Server([binary, "-k", "-u", "root", "-g", "root", "--pid-file=", "-C", path,
                     "--log-facility=/dev/null", *more])
    time.sleep(0.5)
    return server


def cpu_each(server, **wishes):
    """CPU microseconds per answer, answers a second, and all the load says."""
    before = cpu_seconds(server.pid)
    result = load(**wishes)
    spent = cpu_seconds(server.pid) - before
    if result["answered"] == 0:
        return float("nan"), 0.0, result
    return spent / result["answered"] * 1e6, result["answered"] / result["seconds"], result


def show(title, figures, unit="us", note=None):
    """figures: by program, a list of values, one a round."""
    medians = {p: statistics.median(v) for p, v in figures.items() if v}
    print(title)
    for program, value in medians.items():
        line = f"    {program:9} {value:10.2f} {unit}"
        for other in ("echo", "linnet"):
            if other in medians and program != other and medians[other] > 0:
                line += f"   {value / medians[other]:6.2f} x {other}"
        print(line + (f"   {note[program]}" if note and program in note else ""))
    print(flush=True)


def bench_dhcp(_):
    subprocess.run([sys.executable, BENCH / "dhcp_bench.py", BUILD], check=False)


def bench_tftp(_):
    subprocess.run([sys.executable, BENCH / "tftp_bench.py", BUILD], check=False)


def bench_dhcp6(_):
    subprocess.run([sys.executable, BENCH / "dhcp6_bench.py", BUILD], check=False)


# ---------------------------------------------------------------------------------------------------- DNS by UDP

def bench_dns(folder):
    rows = (("one cached name, one client", dict(name="www.up.test")),
            ("1,000 cached names, one client", dict(name="n%u.up.test", names=1000)),
            ("1,000 cached names, 50 clients", dict(name="n%u.up.test", names=1000, clients=50)),
            ("address= line, 50 clients", dict(name="www.local.test", clients=50)))
    with upstream():
        for title, wishes in rows:
            figures = {p: [] for p in ["echo", *PROGRAMS]}
            for _ in range(ROUNDS):
                for program in figures:
                    with Server([BUILD / "bench/udp_echo", "127.0.0.1", PORT], ready="x.test") \
                            if program == "echo" else forwarder(program, folder) as server:
                        load(queries=10_000, **wishes)
                        figures[program].append(cpu_each(server, queries=100_000, **wishes)[0])
            show(f"CPU per answer, {title} (target: 1.25 x echo, 0.5 x dnsmasq, ahead of all)", figures)


def bench_forward(folder):
    with upstream():
        for cache, programs in ((10_000, PROGRAMS), (50_000, [p for p in PROGRAMS if p != "kresd"]), (1_000_000, ["linnet"])):
            figures = {p: [] for p in programs}
            for _ in range(ROUNDS if cache < 1_000_000 else 1):
                for program in programs:
                    slow = program == "dnsmasq"
                    with forwarder(program, folder, cache=cache) as server:
                        load(queries=int(cache * 1.2), names=0, first=1_000_000, seconds=40)
                        figures[program].append(
                            cpu_each(server, queries=5_000 if slow else 60_000, names=0, first=4_000_000)[0])
            show(f"CPU per forwarded query, no delay, cache of {cache:,} turning over (target: 15 us, flat)", figures)


def bench_delay(folder):
    figures, note = {p: [] for p in PROGRAMS}, {}
    with upstream(20):
        for _ in range(ROUNDS):
            for program in PROGRAMS:
                with forwarder(program, folder) as server:
                    load(queries=5_000, window=100, names=0, first=1_000_000, seconds=5)
                    cpu, rate, result = cpu_each(server, queries=100_000, window=1000, names=0, first=4_000_000, seconds=8)
                    figures[program].append((result["answered"] - result["errors"]) / result["seconds"])
                    note[program] = (f"{result['errors'] / max(1, result['answered']) * 100:.0f} % errors, "
                                     f"{result['lost']:.0f} lost, {cpu:.1f} us CPU, p99 {result['p99'] / 1000:.0f} ms")
    show("answers a second, 20 ms upstream delay, 1,000 in flight, default configuration (target: 45,000)", figures, "/s",
         note)


def bench_threads(folder):
    for title, wishes in (("cached", dict(name="n%u.up.test", names=1000, clients=50)),
                          ("forwarded", dict(names=0, clients=50))):
        figures = {"1 thread": [], "2 threads": []}
        with upstream():
            for turn in range(ROUNDS):
                for threads in (1, 2):
                    with forwarder("linnet", folder, threads=threads, cores="0,1") as server:
                        load(queries=10_000, first=turn * 1000, **wishes)
                        figures["1 thread" if threads == 1 else "2 threads"].append(
                            cpu_each(server, queries=100_000, first=4_000_000, **wishes)[0])
        show(f"CPU per {title} query by threads (target: two at most 1.1 times one)", figures)
        one, two = (statistics.median(v) for v in figures.values())
        print(f"    two / one = {two / one:.2f}\n", flush=True)


# ---------------------------------------------------------------------------------------------------- under stress

def bench_overload(folder):
    figures, note = {p: [] for p in PROGRAMS}, {}
    with upstream():
        for _ in range(ROUNDS):
            for program in PROGRAMS:
                queries = 5_000 if program == "dnsmasq" else 200_000
                good = []
                for window in (100, 1000, 10_000):
                    with forwarder(program, folder):
                        result = load(queries=queries, window=window, clients=min(window, 500), sources=500, names=0,
                                      first=4_000_000, patience=2000, seconds=15)
                        good.append((result["answered"] - result["errors"]) / result["seconds"])
                figures[program].append(good[2] / max(good[:2]) * 100)
                note[program] = f"of {max(good[:2]):,.0f}/s"
    show("goodput at 10 times the clients' questions outstanding, part of the peak (target: 90 %)", figures, "%", note)


def bench_one_name(folder):
    figures = {p: [] for p in PROGRAMS}
    note = {}
    for program in PROGRAMS:
        with upstream(100, output=subprocess.PIPE) as up, forwarder(program, folder):
            result = load(queries=50_000, window=50_000, clients=2000, sources=2000, name="once.up.test",
                          patience=8000, seconds=15)
            note[program] = f"{result['answered'] - result['errors']:,.0f} of 50,000 answered"
            figures[program].append(float(up.stop()))
    show("50,000 clients ask one uncached name at once: questions upstream (target: 1)", figures, "", note)


def bench_dead_upstream(folder):
    figures, note = {p: [] for p in PROGRAMS}, {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as dead, upstream(1):
        dead.bind(("127.0.0.3", 5300))
        for _ in range(ROUNDS):
            for program in PROGRAMS:
                with forwarder(program, folder, upstreams=("127.0.0.3#5300", f"{UPSTREAM}#5300")):
                    result = load(queries=2000, rate=400, names=0, first=4_000_000, patience=5000, seconds=20)
                    figures[program].append(result["p99"] / 1000)
                    note[program] = f"max {result['max'] / 1000:.0f} ms, {result['errors'] + result['lost']:.0f} failed"
    show("one of two upstreams dead: p99 (target: at most dnsmasq's)", figures, "ms", note)


def recovery_ms(asker, number):
    """Asks a new name every 5 ms until an answer without an error comes."""
    begun = time.monotonic()
    while time.monotonic() - begun < 15:
        number += 1
        asker.send(question(number & 0xffff, f"r{number}.up.test"))
        wait = time.monotonic() + 0.005
        while (left := wait - time.monotonic()) > 0:
            asker.settimeout(left)
            try:
                if asker.recv(4096)[3] & 15 == 0:
                    return (time.monotonic() - begun) * 1000
            except (TimeoutError, ConnectionRefusedError):
                break
    return float("inf")


def bench_recovery(folder):
    figures = {p: [] for p in PROGRAMS}
    for _ in range(ROUNDS):
        for program in PROGRAMS:
            up = upstream()
            with forwarder(program, folder, ready="www.up.test"), \
                    socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
                asker.connect(("127.0.0.1", PORT))
                up.stop()
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
                    silent.bind((UPSTREAM, 5300))
                    for number in range(500):
                        asker.send(question(number, f"away{number}.up.test"))
                        time.sleep(0.01)
                with upstream():
                    figures[program].append(recovery_ms(asker, 1000))
    show("time until answers flow after the only upstream was silent for 5 s (target: at once)", figures, "ms")


# ---------------------------------------------------------------------------------------------------- the rest

def bench_tcp(folder):
    with upstream():
        for mode, queries, connections in (("kept", 60_000, 16), ("each", 10_000, 50)):
            figures = {p: [] for p in PROGRAMS if p != "dnsdist" or mode == "kept"}
            for _ in range(ROUNDS):
                for program in figures:
                    with forwarder(program, folder, ready="www.up.test") as server:
                        count = queries if program != "dnsmasq" or mode == "kept" else 1000
                        before = cpu_seconds(server.pid)
                        # Answers may be missing: dnsmasq ends a connection after 100 of them.
                        text = subprocess.run(["taskset", "-c", "0", BUILD / "bench/tcp_load", "127.0.0.1", str(PORT),
                                               str(count), mode, str(connections), "www.up.test"],
                                              capture_output=True, text=True, timeout=120, check=False).stdout
                        time.sleep(0.2)
                        spent = cpu_seconds(server.pid) - before
                        figures[program].append(spent / int(re.search(r"answered (\d+)", text)[1]) * 1e6)
            show(f"CPU per cached answer by TCP, {'16 connections kept' if mode == 'kept' else 'a connection for each'}"
                 " (target: ahead of all)", figures)


def bench_memory(folder):
    empty = config_file(folder, "empty.conf", "no-resolv\n")
    resident, own, serving, start = ({p: [] for p in ("dnsmasq", "linnet")} for _ in range(4))
    for _ in range(max(5, ROUNDS)):
        for program in resident:
            binary = LINNET if program == "linnet" else shutil.which("dnsmasq")
            with Server([binary, "-k", "-u", "root", "-g", "root", "--pid-file=", "-C", empty], ready="x.test") as server:
                time.sleep(0.2)
                resident[program].append(processes.resident_kib(server.pid) / 1024)
                own[program].append(processes.memory_kib(server.pid) / 1024)
                serving[program].append(processes.field(processes.server_pid(server.pid), "status", "VmRSS") / 1024)
                start[program].append(server.start_ms)
    show("idle memory of all its processes, each page once (target: below dnsmasq's)", own, "MiB")
    show("the same, pages that two of them have counted in each", resident, "MiB")
    show("RSS of the process that serves (target: at most 4 MB, which is 3.81 MiB)", serving, "MiB")
    show("from start to the first answer (target: below dnsmasq's)", start, "ms")


FEATURES = ("http", "lua", "dbus", "ubus", "seccomp", "control", "firewall", "reload", "manual")


def bench_size(folder):
    """The program as `make` builds it, and one without any optional feature."""
    smallest = BUILD.parent / "smallest"
    subprocess.run([BENCH.parent / "tools/build", smallest, "-Dtests=disabled", "-Doptimization=s", "-Db_lto=true",
                    *[f"-D{feature}=disabled" for feature in FEATURES]], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "TARGETS": "src/daemon/linnet"})
    for name, program in (("with what this machine has libraries for", LINNET),
                          ("without optional features (target: at most 700,000)", smallest / "src/daemon/linnet")):
        stripped = folder / "stripped"
        run("strip", "-o", stripped, program)
        print(f"stripped program {name}: {stripped.stat().st_size:,} bytes", flush=True)
    print(flush=True)


# ---------------------------------------------------------------------------------------------------- two processes

def back_ms(server):
    """A fault in the server: how long until the next one answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(0.001)
        asker.connect(("127.0.0.1", PORT))
        os.kill(processes.server_pid(server.pid), signal.SIGSEGV)
        begun = time.monotonic()
        while time.monotonic() - begun < 10:
            try:
                asker.send(question(1, "www.local.test"))
                asker.recv(4096)
                return (time.monotonic() - begun) * 1000
            except (TimeoutError, ConnectionRefusedError):
                continue
    return float("inf")


def show_starts(folder, ways):
    """Many, and the fastest quarter too: a start is short beside what else a machine does."""
    figures = {what: [] for what in (*ways, "dnsmasq") if what in ways or what in PROGRAMS}
    for _ in range(40):
        for what, took in figures.items():
            program = "dnsmasq" if what == "dnsmasq" else "linnet"
            command = peers.forwarder(program, folder, LINNET, local=("www.local.test",))
            with Server([*command, *ways.get(what, ())], ready="www.local.test") as server:
                took.append(server.start_ms)
    note = {what: f"fastest quarter {statistics.quantiles(took)[0]:.2f} ms" for what, took in figures.items()}
    show("broker and server (two) beside sandbox=no (one): from start to the first answer", figures, "ms", note)


def bench_roles(folder):
    """Broker and confined server beside one process that is not (sandbox=no)."""
    ways = {"two": (), "one": ("--sandbox=no",)}
    show_starts(folder, ways)
    titles = {"memory": ("idle memory, each page once", "MiB"),
              "cached": ("CPU per cached answer", "us"), "forwarded": ("CPU per forwarded query", "us"),
              "back": ("from a fault in the server to the next answer (target: 200 ms)", "ms")}
    figures = {what: {way: [] for way in ways} for what in titles}
    with upstream():
        for turn in range(max(5, ROUNDS)):
            for way, words in ways.items():
                command = [*peers.forwarder("linnet", folder, LINNET, local=("www.local.test",)), *words]
                with Server(command, ready="www.local.test") as server:
                    if (processes.server_pid(server.pid) == server.pid) != (way == "one"):
                        raise SystemExit(f"{way} process: there are {processes.family(server.pid)}")
                    time.sleep(0.2)
                    figures["memory"][way].append(processes.memory_kib(server.pid) / 1024)
                    names = {"name": "n%u.up.test", "names": 1000}
                    load(queries=10_000, **names)
                    figures["cached"][way].append(cpu_each(server, queries=100_000, **names)[0])
                    figures["forwarded"][way].append(
                        cpu_each(server, queries=60_000, names=0, first=1_000_000 * (turn + 1))[0])
                    if way == "two":
                        figures["back"][way].append(back_ms(server))
    for what, (title, unit) in titles.items():
        show(f"broker and server (two) beside sandbox=no (one): {title}", figures[what], unit)


def other_script(name, *words):
    script = BENCH / name
    if not script.exists():
        print(f"{name}: not here\n", flush=True)
        return
    result = subprocess.run([sys.executable, script, *words], capture_output=True, text=True, timeout=1200)
    print(f"{name}\n{result.stdout}{result.stderr if result.returncode else ''}", flush=True)


def bench_list(_):
    other_script("list_load.py", LINNET)


def bench_reload(_):
    other_script("reload_gap.py", LINNET)


def bench_ra(_):
    os.environ["LINNET_BINARY"] = str(LINNET)
    other_script("ra_bench.py")


PARTS = {"memory": bench_memory, "size": bench_size, "roles": bench_roles, "dns": bench_dns, "forward": bench_forward,
         "delay": bench_delay, "tcp": bench_tcp, "threads": bench_threads, "overload": bench_overload,
         "one-name": bench_one_name, "dead-upstream": bench_dead_upstream, "recovery": bench_recovery,
         "list": bench_list, "reload": bench_reload, "dhcp": bench_dhcp, "dhcp6": bench_dhcp6, "ra": bench_ra,
         "tftp": bench_tftp}
LONG = ("size", "list", "reload")


def main_inside(wanted):
    missing = [p for p in peers.PROGRAMS if p not in PROGRAMS]
    if missing:
        print(f"without {', '.join(missing)}\n")
    with tempfile.TemporaryDirectory(prefix="linnet-bench-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o777)
        for part in wanted:
            PARTS[part](folder)


def main():
    wanted = sys.argv[2:] or [p for p in PARTS if p not in LONG]
    for part in wanted:
        if part not in PARTS:
            raise SystemExit(f"no part {part}: {' '.join(PARTS)}")
    if INSIDE:
        main_inside(wanted)
        return
    run("ninja", "-C", BUILD, "--quiet", "bench/dns_load", "bench/udp_echo", "bench/dhcp_load", "bench/dhcp6_load",
        "bench/tcp_load", "bench/dns_fake_upstream")
    try:
        make_network(*NAMESPACES)
        subprocess.run(inside(NAMESPACES[0], sys.executable, __file__, BUILD, *wanted),
                       env={**os.environ, "LINNET_BENCH_NAMESPACES": " ".join(NAMESPACES)}, check=False)
    finally:
        for namespace in NAMESPACES:
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True)


main()
