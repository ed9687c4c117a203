"""What the fault tests share: the test's side of interposer.h (a mapped file that says which calls fail, and what was
seen), and what is asked of the program whatever befell it."""
import errno
import mmap
import os
import pathlib
import re
import signal
import struct

from conftest import BINARY, is_gone, wait_until

ALL = os.environ.get("LINNET_FAULTS") == "all"  # every call, every packet, and not a share of them
KILLED = re.compile(r"was killed by signal|Sanitizer|Assertion")
SITE_CONFIG = """\
interface=lan0
bind-interfaces
no-resolv
no-hosts
addn-hosts={folder}/hosts
server=127.0.0.11
host-record=local.test,192.0.2.1
address=/ads.test/
dhcp-range=192.168.50.10,192.168.50.250,1h
dhcp-range=fd00:50::100,fd00:50::ffff,1h
dhcp-host=02:00:00:00:00:01,fixed,192.168.50.5
enable-ra
dhcp-authoritative
no-ping
enable-tftp
tftp-root={folder}/boot
dhcp-lease-max=20000
"""
LIBRARY = pathlib.Path(os.path.abspath(BINARY)).parents[2] / "tests/faults/faults.so"
MAGIC = 0x6c696e6e65743031
KINDS = ["alloc", "write", "sync", "rename", "open", "truncate", "socket", "bind", "send", "receive", "epoll",
         "random", "map", "thread", "read", "option", "event", "stat"]
WORDS = ["magic", "armed", "mode", "kinds", "nth", "times", "error", "half", "chance", "random", "clock_ns",
         "clock_wakes", "failed", "last_kind", "last_site", "seen", "with_path", "base"]
NTH, CHANCE, SITE = range(3)
PATH_AT, PATH_ROOM, SITES_AT, SITES, SITE_BYTES = 96 * 8, 256, 96 * 8 + 256, 2048, 32


class Faults:
    def __init__(self, path):
        self.path = path
        path.write_bytes(bytes(SITES_AT + SITES * SITE_BYTES))
        os.chmod(path, 0o666)
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 0)
        self.set(magic=MAGIC)

    def close(self):
        self.memory.close()

    def environment(self):
        return dict(os.environ, LD_PRELOAD=str(LIBRARY), LINNET_FAULTS=str(self.path))

    def set(self, **words):
        for name, value in words.items():
            self.memory[WORDS.index(name) * 8:WORDS.index(name) * 8 + 8] = struct.pack("=q", value)

    def get(self, name):
        return self.word(WORDS.index(name))

    def word(self, at):
        return struct.unpack("=Q", self.memory[at * 8:at * 8 + 8])[0]

    def calls(self, kind):
        return self.word(32 + KINDS.index(kind))

    def failures(self, kind):
        return self.word(64 + KINDS.index(kind))

    def arm(self, kinds, error="ENOMEM", mode=NTH, nth=0, times=1, half=False, chance=0.0, seed=1, path=""):
        """From now on these calls fail."""
        self.memory[PATH_AT:PATH_AT + PATH_ROOM] = path.encode().ljust(PATH_ROOM, b"\0")
        self.set(armed=0, mode=mode, kinds=sum(1 << KINDS.index(kind) for kind in kinds), nth=nth, times=times,
                 error=getattr(errno, error), half=int(half), chance=int(chance * 2**32), random=seed, failed=0,
                 seen=0, with_path=int(bool(path)))
        self.set(armed=1)

    def disarm(self):
        self.set(armed=0)

    def count_only(self, kinds, path=""):
        """Nothing fails: the calls are counted, and where they come from."""
        self.memory[SITES_AT:] = bytes(SITES * SITE_BYTES)
        self.arm(kinds, nth=2**40, path=path)

    def sites(self):
        """(kind, the number of its first call, key) of each place that calls."""
        rows = struct.iter_unpack("=4Q", self.memory[SITES_AT:SITES_AT + SITES * SITE_BYTES])
        return sorted((KINDS[kind], first, key) for key, kind, first, _ in rows if key)

    def forget_sites(self):
        self.memory[SITES_AT:] = bytes(SITES * SITE_BYTES)

    def last(self):
        """Where the last fault fell, for addr2line."""
        return f"{KINDS[self.get('last_kind')]} at {self.get('last_site') - self.get('base'):#x}"


# ------------------------------------------------------------------ processes


def children_of(pid):
    """Those of this process that still run."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(word) for word in task.read_text().split()]
        except OSError:
            pass
    return sorted(found)


def server_pid(pid):
    """The process that reads packets: the child that is this program once more and runs no scripts, or itself."""
    for child in children_of(pid):
        try:
            same = os.path.samefile(f"/proc/{child}/exe", f"/proc/{pid}/exe")
            if same and pathlib.Path(f"/proc/{child}/comm").read_text().strip() != "linnet-script":
                return child
        except OSError:
            pass
    return pid


def processes(pid):
    return [pid] + [below for child in children_of(pid) for below in processes(child)]


def resident(pid, field="Rss"):
    """KiB of the process and what it has started; "Anonymous": without pages of files, such as the program's own. Page
    by page, for the sums in /proc/PID/status are only nearly true: each core has some that it has not told of."""
    return sum(int(re.search(rf"^{field}:\s+(\d+)", pathlib.Path(f"/proc/{one}/smaps_rollup").read_text(), re.M)[1])
               for one in processes(pid))


def descriptors(pid):
    return len(os.listdir(f"/proc/{server_pid(pid)}/fd"))


# ------------------------------------------------------------------ what must hold


def lease_rows(path):
    """(mac, address) and the DHCPv6 addresses of the lease file, the last line for an address being true."""
    rows, rows6 = {}, set()
    for words in (line.split() for line in path.read_text().splitlines()):
        if len(words) == 5 and ":" in words[1]:
            rows[words[2]] = words[1]
        elif len(words) == 5:
            rows6.add(words[2])
    return {(mac, address) for address, mac in rows.items()}, rows6


def check_leases(client, path):
    """What was acknowledged is in the file, and no address is two clients'."""
    rows, rows6 = lease_rows(path)
    missing = client.leases - rows
    assert not missing, f"{len(missing)} of {len(client.leases)} acknowledged leases are lost: {missing}"
    missing = {address for address in client.leases6 if address not in rows6}
    assert not missing, f"{len(missing)} acknowledged DHCPv6 leases are lost: {missing}"


def kill_all(server):
    """As a power cut does: none of its processes says a word any more."""
    running = processes(server.pid)
    for pid in running:
        os.kill(pid, signal.SIGKILL)
    server.process.wait(10)
    wait_until(lambda: all(map(is_gone, running)), 5, "the end of all")


def check_alive(server, pids):
    """The same processes as before, and no word of a death."""
    assert server.process.poll() is None, f"ended\n{server.log()[-3000:]}"
    assert not KILLED.search(server.log()), server.log()[-3000:]
    assert processes(server.pid) == pids, f"a process was started anew\n{server.log()[-3000:]}"


def wait_served(client, fresh, seconds=10):
    """Every service, within this time."""
    missed = []

    def served():
        missed[:] = client.everything(fresh)
        return not missed
    try:
        wait_until(served, seconds, "every service")
    except AssertionError as error:
        raise AssertionError(f"{error}: not {', '.join(missed)}") from None
