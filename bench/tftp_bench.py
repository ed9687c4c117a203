#!/usr/bin/python3
"""What TFTP costs, beside dnsmasq, tftpd-hpa and atftpd: bench/tftp_bench.py BUILDDIR [PART ...], as root (it makes
two network namespaces).

PART: one (64 MB, blocks of 1468 bytes, one at a time), window (the same with windowsize=16), many (50 clients that
ask for a window of 16, 8 MB each), lockstep (the same without), rush (500 clients at once, 4 MB each, and DNS
meanwhile); without any all of them. PROGRAMS="linnet dnsmasq tftpd-hpa atftpd" in the environment takes only these,
ROUNDS=3.

The servers are tied to one core, the load to the other; every byte is compared. A server that does not know
windowsize sends one block at a time."""
import json
import os
import pathlib
import shutil
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
NAMESPACES = (f"tbench{os.getpid()}s", f"tbench{os.getpid()}c")
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
PROGRAMS = os.environ.get("PROGRAMS", "linnet dnsmasq tftpd-hpa atftpd").split()
CONFIG = "address=/here.test/192.0.2.1\nno-resolv\nno-hosts\nenable-tftp\ntftp-root={root}\ntftp-max=2000\nquiet-tftp\n"
# name: megabytes of the file, clients, blksize, windowsize, files for each client
PARTS = {"one": (64, 1, 1468, 0, 1), "window": (64, 1, 1468, 16, 4), "many": (8, 50, 1468, 16, 1),
         "lockstep": (8, 50, 1468, 0, 1), "rush": (4, 500, 1468, 16, 1)}


def unpacked(package, program):
    """A program of a package that is not installed: the TFTP servers' packages exclude each other."""
    folder = BUILD / "bench/peers" / package
    if not (folder / program).exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "-qq", "download", package], cwd=folder, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)
        for file in folder.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", file, folder], check=False)
    return str(folder / program) if (folder / program).exists() else None


BINARIES = {"linnet": str(BUILD / "src/daemon/linnet"), "dnsmasq": shutil.which("dnsmasq", path=PATH),
            "tftpd-hpa": unpacked("tftpd-hpa", "usr/sbin/in.tftpd"),
            "atftpd": unpacked("atftpd", "usr/sbin/atftpd")}


class Server:
    def __init__(self, program, folder, root):
        binary = BINARIES[program]
        if program in ("linnet", "dnsmasq"):
            path = folder / f"{program}.conf"
            path.write_text(CONFIG.format(root=root))
            words = [binary, "-k", "-u", "root", "-g", "root", "--pid-file=", "-C", path, "--log-facility=/dev/null"]
        elif program == "tftpd-hpa":
            words = [binary, "-L", "-s", "-u", "root", "-a", "10.9.0.1:69", root]
        else:
            words = [binary, "--daemon", "--no-fork", "--user", "root", "--group", "root", "--bind-address", "10.9.0.1",
                     "--maxthread", "1000", "--logfile", "/dev/null", root]
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", NAMESPACES[0], "taskset", "-c", "1", *[str(w) for w in words]],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        time.sleep(0.7)

    def cpu_seconds(self):
        return processes.cpu_seconds(self.process.pid)

    def memory_mb(self):
        return processes.most_kib(self.process.pid) / 1000

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)


# From its start until it is told to end: what is measured is the time of the load, and nothing before or after it.
DNS = """
import signal, socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
s.connect(("10.9.0.1", 53))
question = b"\\0\\7\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\4here\\4test\\0\\0\\1\\0\\1"
took, over = [], []
signal.signal(signal.SIGTERM, lambda *_: over.append(True))
print("begun", flush=True)
while not over:
    start = time.monotonic()
    s.send(question)
    try:
        s.recv(512)
    except TimeoutError:
        pass
    took.append(time.monotonic() - start)
    time.sleep(0.002)
took.sort()
print(len(took), took[len(took) // 2] * 1000, took[int(len(took) * 0.99)] * 1000)
"""


def load(name, root):
    megabytes, clients, blksize, window, rounds = PARTS[name]
    path = root / f"{megabytes}"
    if not path.exists():
        path.write_bytes(os.urandom(1_000_000) * megabytes)
    result = subprocess.run(
        ["ip", "netns", "exec", NAMESPACES[1], "taskset", "-c", "0", BUILD / "bench/tftp_load", "10.9.0.1", "69",
         path.name, path, *map(str, (clients, blksize, window, rounds, 60))], capture_output=True, text=True, timeout=90)
    return json.loads(result.stdout)


def measure(program, name, folder, root):
    server = Server(program, folder, root)
    try:
        dns = None
        if name == "rush" and program in ("linnet", "dnsmasq"):
            # Before all others on the core that it shares with the load: else it would find how long it waits itself.
            dns = subprocess.Popen(["ip", "netns", "exec", NAMESPACES[1], "taskset", "-c", "0", "chrt", "-f", "10",
                                    sys.executable, "-c", DNS],
                                   stdout=subprocess.PIPE, text=True)
            dns.stdout.readline()
        before = server.cpu_seconds()
        found = load(name, root)
        if dns:
            dns.terminate()
        found["cpu"] = server.cpu_seconds() - before
        found["memory"] = server.memory_mb()
        found["dns"] = dns.communicate()[0].split() if dns else None
        return found
    finally:
        server.stop()


def show(program, rounds):
    speed = statistics.median(r["mb_s"] for r in rounds)
    cpu = statistics.median(r["cpu"] * 1e9 / max(r["bytes"], 1) for r in rounds)
    lost = max(r["failed"] + r["unfinished"] for r in rounds)
    # tftpd-hpa does not wait for its children, so what they took is not to be known.
    time_taken = "     no figure of CPU time" if program == "tftpd-hpa" else f"{cpu:7.2f} ms CPU for each MB"
    line = f"    {program:10} {speed:8.1f} MB/s   {time_taken}   {max(r['memory'] for r in rounds):6.1f} MB"
    if lost:
        line += f"   {lost} clients without their file"
    if rounds[0]["dns"]:
        line += f"   DNS meanwhile: median {statistics.median(float(r['dns'][1]) for r in rounds):.2f} ms, " \
                f"99 of 100 within {statistics.median(float(r['dns'][2]) for r in rounds):.2f} ms"
    print(line, flush=True)


def main():
    wanted = sys.argv[2:] or list(PARTS)
    run("ninja", "-C", BUILD, "--quiet", "bench/tftp_load")
    with tempfile.TemporaryDirectory(prefix="linnet-bench-", dir="/tmp") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        root = folder / "root"
        root.mkdir()
        try:
            make_network(*NAMESPACES)
            for part in wanted:
                megabytes, clients, blksize, window, _ = PARTS[part]
                print(f"TFTP, {part}: {clients} x {megabytes} MB, blksize {blksize}, windowsize {window or 1}")
                found = {program: [] for program in PROGRAMS if BINARIES[program]}
                for _ in range(ROUNDS):  # in turns: a machine has fast minutes and slow ones
                    for program, rounds in found.items():
                        rounds.append(measure(program, part, folder, root))
                for program, rounds in found.items():
                    show(program, rounds)
        finally:
            for namespace in NAMESPACES:
                subprocess.run(["ip", "netns", "del", namespace], check=False)


main()
