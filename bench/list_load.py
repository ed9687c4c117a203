#!/usr/bin/python3
"""A blocklist of a million names in linnet and in dnsmasq: how long it takes to load, what memory it costs, and
what it does to questions.

    bench/list_load.py BUILD/src/daemon/linnet [COUNT [FORM]...]

FORM: address=/%s/ (the default; all four are tried with ALL=1 in the environment), local=/%s/, address=/%s/0.0.0.0,
address=/%s/#. Medians of ROUNDS=3, in which the programs take turns. Everything happens in a network namespace.

load      seconds from the start of the process to its first answer, looked for every 2 ms
CPU       seconds the kernel charged its processes until then
memory    MiB that its processes wrote, each page once, and about the most they ever had (bench/processes.py), with the
          list, less what the program has with an empty configuration
question  CPU per answer for a name that no rule is about, with the list and without, and for a blocked name; only
          when bench/dns_load was built"""
import os
import pathlib
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import processes

ROUNDS = int(os.environ.get("ROUNDS", "3"))
FORMS = ("address=/%s/", "local=/%s/", "address=/%s/0.0.0.0", "address=/%s/#")
INSIDE = "LINNET_LIST_LOAD_INSIDE"
PORT = 53
LOADED = 200000  # questions of one measurement
WORDS = """ads track pixel metrics stat click banner cdn static media beacon counter promo offer data log sync tag
analytics img api app web mail news shop play game cloud host site store blog best free top my go get pro smart fast
net digital""".split()
ENDS = "com com com com com net org info ru de xyz top online club co.uk com.br io".split()


def make_names(count, seed=1):
    """Two to four labels, mostly 12 to 35 characters, many registrable domains; shuffled."""
    source = random.Random(seed)
    names, domains = set(), []
    while len(names) < count:
        domain = (f"{source.choice(WORDS)}{source.choice(('', '-'))}{source.choice(WORDS)}"
                  f"{source.randrange(10 ** source.randrange(2, 6))}.{source.choice(ENDS)}")
        domains.append(domain)
        kind = source.random()
        if kind < 0.35:
            names.add(domain)
        elif kind < 0.85:
            for _ in range(source.choice((1, 1, 1, 2, 3))):
                above = source.choice(domains) if source.random() < 0.3 else domain
                names.add(f"{source.choice(WORDS)}{source.randrange(1000000)}.{above}")
        else:
            names.add(f"{source.choice(WORDS)}{source.randrange(1000)}.{source.choice(WORDS)}"
                      f"{source.randrange(100)}.{domain}")
    names = sorted(names)
    source.shuffle(names)
    return names[:count]


def query(name, ident=4711):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return ident.to_bytes(2, "big") + b"\x01\0\0\x01\0\0\0\0\0\0" + labels + b"\0\0\x01\0\x01"


class Server:
    """A program that serves one configuration, and what its start cost."""

    def __init__(self, words, config, name):
        self.process = subprocess.Popen(
            [*words, "-k", "-C", str(config), "--pid-file=", "--user=root", "--listen-address=127.0.0.1",
             "--bind-interfaces", "--no-resolv", "--no-hosts", "--log-facility=/dev/null",
             "--address=/answered.test/192.0.2.1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        begun = time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(0.002)
            asking.connect(("127.0.0.1", PORT))
            while time.monotonic() < begun + 120:
                if self.process.poll() is not None:
                    raise SystemExit(f"{words[0]} ended with {self.process.returncode}")
                try:
                    asking.send(query(name))
                    asking.recv(512)
                    break
                except OSError:  # nobody listens, or not yet
                    time.sleep(0.001)
            else:
                raise SystemExit(f"{words[0]} does not answer")
        self.seconds = time.monotonic() - begun
        self.cpu = self.cpu_seconds()

    def cpu_seconds(self):
        return processes.cpu_seconds(self.process.pid)

    def memory(self):
        pid = self.process.pid
        return processes.own_kib(pid) / 1024, processes.most_kib(pid) / 1024

    def question_us(self, load, name):
        before = self.cpu_seconds()
        said = subprocess.run([load, "127.0.0.1", str(PORT), f"queries={LOADED}", f"name={name}", "seconds=20"],
                              capture_output=True, text=True, timeout=60).stdout
        answered = int(re.search(r"answered (\d+)", said)[1])
        return (self.cpu_seconds() - before) / max(answered, 1) * 1e6

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)


def measure(words, config, load, blocked):
    """One start: figures by name."""
    with Server(words, config, "answered.test") as server:
        private, most = server.memory()
        figures = {"load": server.seconds, "CPU": server.cpu, "private": private, "most": most}
        if load is not None:
            figures["question"] = server.question_us(load, "answered.test")
            if blocked is not None:
                figures["blocked"] = server.question_us(load, blocked)
    return figures


def compare(programs, form, names, folder, load):
    listed, empty = folder / "list.conf", folder / "empty.conf"
    listed.write_text("".join(form % name + "\n" for name in names))
    empty.write_text("")
    rounds = {program: [] for program in programs}
    for _ in range(ROUNDS):
        for program, words in programs.items():
            without = measure(words, empty, load, None)
            having = measure(words, listed, load, names[len(names) // 2])
            having |= {"private": having["private"] - without["private"], "most": having["most"] - without["most"]}
            if load is not None:
                having["without"] = without["question"]
            rounds[program].append(having)
    return {program: {key: statistics.median(figures[key] for figures in of) for key in of[0]}
            for program, of in rounds.items()}


UNITS = {"load": ("load, start to first answer", "s", 2), "CPU": ("load, CPU", "s", 2),
         "private": ("private memory of the list", "MiB", 1), "most": ("most memory at any time", "MiB", 1),
         "without": ("question without the list, CPU", "us", 2),
         "question": ("question beside the list, CPU", "us", 2), "blocked": ("blocked question, CPU", "us", 2)}


def show(form, count, result):
    programs = list(result)
    print(f"\n{count:,} names, {form % 'name'}")
    print("| what | " + " | ".join(programs) + (" | linnet / dnsmasq |" if len(programs) > 1 else " |"))
    print("|---" * (len(programs) + 1 + (len(programs) > 1)) + "|")
    for key, (title, unit, digits) in UNITS.items():
        if key not in result["linnet"]:
            continue
        cells = [f"{result[program][key]:.{digits}f} {unit}" for program in programs]
        if len(programs) > 1:
            cells.append(f"{result['linnet'][key] / result['dnsmasq'][key]:.2f}" if result["dnsmasq"][key] else "")
        print(f"| {title} | " + " | ".join(cells) + " |")


def main():
    linnet = pathlib.Path(sys.argv[1]).resolve()
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000000
    forms = sys.argv[3:] or (FORMS if os.environ.get("ALL") else FORMS[:1])
    load = linnet.parents[2] / "bench/dns_load"
    programs = {"linnet": [str(linnet)]}
    if shutil.which("dnsmasq"):
        programs["dnsmasq"] = [shutil.which("dnsmasq")]
    with tempfile.TemporaryDirectory() as folder:
        names = make_names(count)
        for form in forms:
            show(form, count, compare(programs, form, names, pathlib.Path(folder),
                                      str(load) if load.exists() else None))
    if not load.exists():
        print(f"(no {load}: questions were not measured)")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    if not os.environ.get(INSIDE):  # again, alone with a loopback interface
        os.execvpe("unshare", ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$0" "$@"', sys.executable,
                               str(pathlib.Path(__file__).resolve()), *sys.argv[1:]], {**os.environ, INSIDE: "1"})
    main()
