#!/usr/bin/python3
"""The longest gap in service while a million names are read again: linnet and the peer, the same files.

    bench/reload_gap.py [--names 1000000] [--kind hosts|servers|hostsdir] LINNET_BINARY

In a network namespace of its own. One asker puts a question every half millisecond, in turn for a name in the
cache, a local name and a domain of the servers-file, and notes when each answer comes; meanwhile the server is
told to read everything again, five times. The gap is the longest time in which no answer came although a
question waited. A line for each server: gap, answers lost, how long reading took."""
import argparse
import os
import pathlib
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import processes

STEP_S = 0.0005
ROUNDS = 5
PORT = 5353


def question(number, name, rdtype=1):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">HHHHHH", number & 0xffff, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", rdtype, 1)


def upstream(sock):
    """Answers every question with one address of a long life."""
    while True:
        try:
            query, peer = sock.recvfrom(4096)
        except OSError:
            return
        end = 12
        while query[end]:
            end += 1 + query[end]
        answer = query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:end + 5]
        answer += b"\xc0\x0c\0\1\0\1\0\0\x0e\x10\0\4\xcb\0\x71\1"
        sock.sendto(answer, peer)


class Asker(threading.Thread):
    """Questions at a steady pace; answers with their times. Local and cached names alone: none goes upstream."""

    def __init__(self, names):
        super().__init__()
        self.names = names
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.connect(("127.0.0.1", PORT))
        self.sock.setblocking(False)
        self.running = True
        self.sent = self.received = 0
        self.longest_s = self.longest_late_s = 0.0

    def run(self):
        times = {}
        clock = time.perf_counter
        following = last_answer = clock()
        while self.running or (times and clock() < following + 1):
            now = clock()
            if self.running and now >= following:
                # When we were late ourselves it is not the server's fault.
                if now - following > STEP_S:
                    self.longest_late_s = max(self.longest_late_s, now - following)
                self.sent += 1
                if not times:
                    last_answer = now
                times[self.sent & 0xffff] = now
                try:
                    self.sock.send(question(self.sent, self.names[self.sent % len(self.names)]))
                except OSError:
                    pass
                following = max(following + STEP_S, now - 5 * STEP_S)
            select.select([self.sock], [], [], max(0, min(following - clock(), STEP_S)))
            try:
                while True:
                    answer = self.sock.recv(4096)
                    asked = times.pop(struct.unpack(">H", answer[:2])[0], None)
                    now = clock()
                    if asked is not None:
                        self.received += 1
                        self.longest_s = max(self.longest_s, now - max(last_answer, asked))
                    last_answer = now
            except (BlockingIOError, ConnectionRefusedError):
                pass


def files(folder, kind, names):
    lines = {
        "hosts": "0.0.0.0 host{0}.ads{1}.example\n",
        "servers": "server=/host{0}.ads{1}.example/\n",
        "hostsdir": "0.0.0.0 host{0}.ads{1}.example\n",
    }[kind]
    (folder / "hosts.d").mkdir()
    text = "".join(lines.format(i, i % 9973) for i in range(names))
    path = {"hosts": folder / "hosts", "servers": folder / "servers", "hostsdir": folder / "hosts.d" / "big"}[kind]
    for other in ("hosts", "servers"):
        (folder / other).write_text("")
    path.write_text(text)
    with open(folder / "hosts", "a") as file:
        file.write("192.0.2.1 local.example\n")
    config = [f"port={PORT}", "no-resolv", "no-hosts", f"addn-hosts={folder}/hosts", f"server=127.0.0.1#{PORT + 1}",
              f"servers-file={folder}/servers", f"hostsdir={folder}/hosts.d", "listen-address=127.0.0.1",
              "bind-interfaces", "cache-size=1000"]
    (folder / "config").write_text("\n".join(config) + "\n")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def loaded_count(log, name="hosts"):
    return log.read_text(errors="replace").count(f"{log.parent}/{name} - ")


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("did not happen in time")
        time.sleep(0.005)


def measure(words, folder, kind):
    log = folder / "log"
    log.write_text("")
    with open(log, "w") as file:
        server = subprocess.Popen([*words, "-k", "-u", "root", "-g", "root", "-C", folder / "config", "--pid-file=",
                                   "--log-facility=-"], stdout=file, stderr=file)
    try:
        wait_until(lambda: loaded_count(log) >= 1)
        asker = Asker(["local.example", "cached.example"])
        asker.start()
        time.sleep(0.5)
        asker.longest_s = asker.longest_late_s = 0.0
        took = 0.0
        awaited = "hosts.d/small" if kind == "hostsdir" else "hosts"
        for _ in range(ROUNDS):
            before = loaded_count(log, awaited)
            if kind == "servers":
                with open(folder / "servers", "a") as file:
                    file.write("# read me again\n")
            start = time.monotonic()
            if kind == "hostsdir":
                (folder / "hosts.d" / "small").write_text(f"192.0.2.2 small{start}.example\n")
            else:
                server.send_signal(signal.SIGHUP)
            wait_until(lambda: loaded_count(log, awaited) > before)
            took = max(took, time.monotonic() - start)
            time.sleep(1.5)
        asker.running = False
        asker.join()
        return {"gap_ms": asker.longest_s * 1000, "late_ms": asker.longest_late_s * 1000,
                "lost": asker.sent - asker.received, "asked": asker.sent, "took_s": took,
                "memory_kb": processes.own_kib(server.pid)}
    finally:
        server.terminate()
        server.wait(20)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", type=int, default=1000000)
    parser.add_argument("--kind", choices=("hosts", "servers", "hostsdir"), default="hosts")
    parser.add_argument("--only", choices=("linnet", "dnsmasq"))
    parser.add_argument("binary")
    options = parser.parse_args()
    if os.environ.get("RELOAD_GAP_INSIDE") is None:
        os.environ["RELOAD_GAP_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "-n", sys.executable, *sys.argv])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", PORT + 1))
    threading.Thread(target=upstream, args=(sock,), daemon=True).start()
    for name, words in (("linnet", [options.binary]), ("dnsmasq", ["dnsmasq"])):
        if options.only not in (None, name):
            continue
        folder = pathlib.Path(tempfile.mkdtemp(prefix="reload-gap-"))
        try:
            files(folder, options.kind, options.names)
            result = measure(words, folder, options.kind)
            print(f"{name:8} {options.kind}, {options.names} names: longest gap {result['gap_ms']:.2f} ms, "
                  f"{result['lost']} of {result['asked']} lost, read again in {result['took_s']:.2f} s, "
                  f"{result['memory_kb'] // 1024} MB of its own (the asker itself was late by {result['late_ms']:.2f} ms)",
                  flush=True)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
