#!/usr/bin/python3
"""Memory and processor time of router advertisement on many interfaces, linnet beside radvd.

    bench/ra_bench.py [INTERFACES] [SECONDS]

Makes a network namespace with that many interfaces (250), each with an address in a prefix of its own, and
lets each program advertise on all of them at the shortest interval, 4 seconds, for so long (20). Prints the medians of
ROUNDS (3) rounds, in which the programs take turns: the memory, what an interface takes of it (all of them beside a
fifth of them: what a start takes is in both), how many advertisements left, and the processor time, for an
interface and minute and for an advertisement."""
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import processes

LINNET = os.environ.get("LINNET_BINARY", "build/release/src/daemon/linnet")
ROUNDS = int(os.environ.get("ROUNDS", "3"))
INTERVAL_S = 4
SETTLE_S = 4  # until the kernel has no more to tell of the interfaces


def run(*words, text=None):
    return subprocess.run([str(w) for w in words], input=text, capture_output=True, text=True, check=True).stdout


def make_namespace(name, count):
    run("ip", "netns", "add", name)
    run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0",
        "net.ipv6.conf.default.accept_ra=0", "net.ipv6.conf.all.forwarding=1")
    lines = "link set lo up\n"
    for i in range(count):
        lines += (f"link add v{i} type veth peer name p{i}\naddr add fd00:{i + 1:x}::1/64 dev v{i}\n"
                  f"link set v{i} up\nlink set p{i} up\n")
    run("ip", "-n", name, "-batch", "-", text=lines)
    time.sleep(SETTLE_S)


def linnet_words(folder, count):
    names = "".join(f"interface=v{i}\ndhcp-range=::,constructor:v{i},ra-only\n" for i in range(count))
    (folder / "linnet.conf").write_text(
        f"port=0\nbind-dynamic\n{names}ra-param=*,{INTERVAL_S}\ndhcp-leasefile={folder}/leases\nquiet-ra\n")
    return [LINNET, "-k", "-C", folder / "linnet.conf", "--pid-file=", "--log-facility=-", "-u", "root"]


def radvd_words(folder, count):
    (folder / "radvd.conf").write_text("".join(
        f"interface v{i} {{ AdvSendAdvert on; MaxRtrAdvInterval {INTERVAL_S}; MinRtrAdvInterval 3;"
        f" prefix fd00:{i + 1:x}::/64 {{ }}; }};\n" for i in range(count)))
    return ["radvd", "-n", "-C", folder / "radvd.conf", "-m", "none", "-p", folder / "radvd.pid", "-u", "root"]


def sent(namespace):
    text = run("ip", "netns", "exec", namespace, "cat", "/proc/net/snmp6")
    return int(re.search(r"Icmp6OutRouterAdvertisements\s+(\d+)", text)[1])


def measure(namespace, words, seconds):
    process = subprocess.Popen(["ip", "netns", "exec", namespace, *[str(w) for w in words]],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(3)
        # Both have a process with more rights beside the one that sends; it counts too.
        pid = process.pid
        before, at = sent(namespace), processes.cpu_seconds(pid)
        time.sleep(seconds)
        if process.poll() is not None:
            sys.exit(f"{words[0]} ended with {process.returncode}")
        return processes.own_kib(pid), processes.cpu_seconds(pid) - at, sent(namespace) - before
    finally:
        process.terminate()
        process.wait(timeout=10)


def measure_both(name, words, count, seconds):
    """(memory in kB, of it for an interface, advertisements, seconds of processor time)"""
    namespace = f"ltrb{os.getpid()}{name[0]}"
    with tempfile.TemporaryDirectory() as folder:
        try:
            make_namespace(namespace, count)
            few = count // 5
            small, _, _ = measure(namespace, words(pathlib.Path(folder), few), 1)
            memory, cpu, adverts = measure(namespace, words(pathlib.Path(folder), count), seconds)
        finally:
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True)
    return memory, (memory - small) / (count - few), adverts, cpu


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 250
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    programs = {"linnet": linnet_words, "radvd": radvd_words}
    rows = {name: [] for name in programs}
    for _ in range(ROUNDS):
        for name, words in programs.items():
            rows[name].append(measure_both(name, words, count, seconds))
    print(f"{count} interfaces, {seconds} s, an advertisement each {INTERVAL_S} s at most\n"
          f"{'':8}{'memory kB':>12}{'kB each':>10}{'sent':>8}{'CPU ms':>8}{'ms each/min':>13}{'us/advert':>11}")
    for name, rounds in rows.items():
        memory, each, adverts, cpu = (statistics.median(column) for column in zip(*rounds))
        print(f"{name:8}{memory:12.0f}{each:10.2f}{adverts:8.0f}{cpu * 1000:8.0f}"
              f"{cpu * 1000 / count / seconds * 60:13.3f}{cpu * 1e6 / max(adverts, 1):11.1f}")


if __name__ == "__main__":
    main()
