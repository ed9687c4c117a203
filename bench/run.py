#!/usr/bin/python3
"""Figures of linnet beside dnsmasq's, taken in the same run on the same machine, as ratios.

    bench/run.py BUILD [dns] [dhcp] [memory]

Every figure is the median of several rounds in which the programs take turns. The server is tied to one
core and the load to another; CPU time is what the kernel charged the server's process."""
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = int(os.environ.get("ROUNDS", "5"))
QUERIES = 200_000
PORT = 53
NAMESPACES = (f"lbench{os.getpid()}s", f"lbench{os.getpid()}c")
BUILD = pathlib.Path(sys.argv[1]).resolve()
LINNET = BUILD / "src/daemon/linnet"


def run(*words):
    result = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=300)
    if result.returncode != 0:
        raise SystemExit(f"{words}: {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def inside(namespace, *words):
    return ["ip", "netns", "exec", namespace, *[str(w) for w in words]]


def cpu_seconds(pid):
    """What the kernel charged every thread of the process, in seconds."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def memory_kib(pid, field="VmRSS"):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+)", text)[1])


class Server:
    def __init__(self, *words, ready=True):
        self.process = subprocess.Popen(inside(NAMESPACES[0], "taskset", "-c", "1", *words),
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        if self.process.poll() is not None:
            raise SystemExit(f"{words} did not start")

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def config_file(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


def daemon(program, path, *more):
    binary = LINNET if program == "linnet" else "dnsmasq"
    return Server(binary, "-k", "-u", "root", "-g", "root", "--pid-file=", "-C", path,
                  "--log-facility=/dev/null", *more)


def make_network():
    server, client = NAMESPACES
    for namespace in NAMESPACES:
        run("ip", "netns", "add", namespace)
        run("ip", "-n", namespace, "link", "set", "lo", "up")
    run("ip", "-n", server, "link", "add", "b0", "type", "veth", "peer", "name", "b1", "netns", client)
    run("ip", "-n", server, "addr", "add", "10.9.0.1/16", "dev", "b0")
    run("ip", "-n", client, "addr", "add", "10.9.0.2/16", "dev", "b1")
    run("ip", "-n", server, "link", "set", "b0", "up")
    run("ip", "-n", client, "link", "set", "b1", "up")


def load(name, queries=QUERIES, outstanding=100, names=1):
    """Answered, error answers, seconds."""
    words = inside(NAMESPACES[0], "taskset", "-c", "0", BUILD / "bench/dns_load", "127.0.0.1", PORT, queries,
                   outstanding, name, names)
    answered, refused, seconds = run(*words).split()
    return int(answered), int(refused), float(seconds)


def per_query(server, name, names):
    load(name, 20_000, names=names)  # warm: cache filled, pages touched
    before = cpu_seconds(server.pid)
    answered, refused, seconds = load(name, names=names)
    spent = cpu_seconds(server.pid) - before
    if answered < QUERIES * 0.99 or refused:
        raise SystemExit(f"only {answered} of {QUERIES} answered, {refused} with an error")
    return spent / answered * 1e6, answered / seconds


def bench_dns(folder):
    upstream = config_file(folder, "up.conf", "no-resolv\nno-hosts\nport=5300\nlocal-ttl=3600\n"
                           "address=/up.test/203.0.113.7\n")
    text = ("no-resolv\nno-hosts\nserver=127.0.0.1#5300\ncache-size=10000\n"
            "address=/local.test/192.0.2.7\n")
    plain = config_file(folder, "dns.conf", text)
    bound = config_file(folder, "bound.conf", text + "listen-address=127.0.0.1\nbind-interfaces\n")
    up = daemon("linnet", upstream)
    for title, config in (("default sockets", plain), ("bind-interfaces", bound)):
        print(f"== {title}")
        compare_dns({"echo": lambda: Server(BUILD / "bench/udp_echo", "127.0.0.1", PORT),
                     "dnsmasq": lambda: daemon("dnsmasq", config),
                     "linnet": lambda: daemon("linnet", config)})
    up.stop()


def compare_dns(programs):
    for title, name, names in (("one cached name", "www.up.test", 1),
                               ("1,000 cached names", "n%u.up.test", 1000),
                               ("address= line", "www.local.test", 1)):
        figures = {program: [] for program in programs}
        for _ in range(ROUNDS):
            for program, start in programs.items():
                server = start()
                figures[program].append(per_query(server, name, names))
                server.stop()
        cpu = {p: statistics.median(f[0] for f in rows) for p, rows in figures.items()}
        rate = {p: statistics.median(f[1] for f in rows) for p, rows in figures.items()}
        print(f"{title}: CPU per answered UDP query, one core")
        for program in programs:
            print(f"    {program:8} {cpu[program]:6.2f} us   {rate[program]:9,.0f} answers/s")
        print(f"    linnet / dnsmasq = {cpu['linnet'] / cpu['dnsmasq']:.2f}   (target at most 0.50)")
        print(f"    linnet / echo    = {cpu['linnet'] / cpu['echo']:.2f}\n", flush=True)


def exchanges(first, count, outstanding=16):
    words = inside(NAMESPACES[1], "taskset", "-c", "0", BUILD / "bench/dhcp_load", "10.9.0.2", "10.9.0.1",
                   first, count, outstanding)
    done, seconds = run(*words).split()
    if int(done) != count:
        raise SystemExit(f"only {done} of {count} exchanges were done")
    return float(seconds)


def bench_dhcp(folder):
    text = ("port=0\ninterface=b0\nbind-interfaces\nno-ping\ndhcp-authoritative\ndhcp-lease-max=60000\n"
            "dhcp-range=10.9.1.0,10.9.200.255,255.255.0.0,12h\nquiet-dhcp\n")
    config = config_file(folder, "dhcp.conf", text)
    sizes = (10, 100, 1000, 10_000)
    print("DHCPv4: CPU per whole exchange, by leases already there")
    table = {}
    for program in ("dnsmasq", "linnet"):
        leases = folder / f"{program}.leases"
        leases.unlink(missing_ok=True)
        server = daemon(program, config, f"--dhcp-leasefile={leases}")
        have = 0
        for size in sizes:
            if program == "dnsmasq" and size > 1000:
                continue  # minutes: it writes the whole file for every lease
            if size > have:
                exchanges(have + 1, size - have)
                have = size
            probe = 100
            before = cpu_seconds(server.pid)
            seconds = exchanges(have + 1, probe)
            table[program, size] = ((cpu_seconds(server.pid) - before) / probe * 1e6, probe / seconds)
            have += probe
        if program == "linnet":
            print(f"    memory with {have:,} leases: {memory_kib(server.pid):,} KiB")
        server.stop()
    for size in sizes:
        line = f"    {size:6,} leases:"
        for program in ("dnsmasq", "linnet"):
            figure = table.get((program, size))
            line += f"   {program} {figure[0]:8.1f} us {figure[1]:8,.0f}/s" if figure else \
                f"   {program} {'-':>8}    {'-':>8}  "
        print(line)
    growth = table["linnet", 10_000][0] / table["linnet", 10][0]
    print(f"    linnet at 10,000 / at 10 = {growth:.2f}\n", flush=True)


def bench_memory(folder):
    empty = config_file(folder, "empty.conf", "")
    for program in ("dnsmasq", "linnet"):
        server = daemon(program, empty)
        pss = re.search(r"^Pss:\s+(\d+)", pathlib.Path(f"/proc/{server.pid}/smaps_rollup").read_text(), re.M)
        print(f"idle memory, empty configuration: {program:8} RSS {memory_kib(server.pid):5} KiB, "
              f"PSS {pss[1]} KiB")
        server.stop()
    stripped = folder / "stripped"
    run("strip", "-o", stripped, LINNET)
    print(f"stripped binary: {stripped.stat().st_size / 1024:.0f} KiB   (target at most 700)")
    print("    idle target: RSS at most 4096 KiB\n", flush=True)


def main():
    wanted = sys.argv[2:] or ["memory", "dns", "dhcp"]
    run("ninja", "-C", BUILD, "--quiet", "bench/dns_load", "bench/udp_echo", "bench/dhcp_load")
    with tempfile.TemporaryDirectory(prefix="linnet-bench-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o777)
        try:
            make_network()
            for part in wanted:
                {"dns": bench_dns, "dhcp": bench_dhcp, "memory": bench_memory}[part](folder)
        finally:
            for namespace in NAMESPACES:
                subprocess.run(["ip", "netns", "del", namespace], capture_output=True)


main()
