"""What the system tests stand on: network namespaces with a server and clients, and the real programs in
them. Every test makes its own network and everything it starts is ended by its own process id."""
import itertools
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

from features import BINARY, lacks  # noqa: F401  (for the tests)

NAMES = itertools.count()
PATIENCE = 3  # times as long as it should take: other tests run at the same time, and nobody waits where all is well


def pytest_configure(config):
    config.addinivalue_line("markers", "alone: keeps a core busy, so tests/run.py runs one other file beside it at most")



def wait_until(condition, seconds=10, what="condition"):
    """Polls until the condition gives something true and returns that."""
    deadline = time.monotonic() + seconds * PATIENCE
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come true in {seconds * PATIENCE} s")


def is_sanitized(binary):
    """Built with a sanitizer that keeps a runtime of its own."""
    return str(binary) in (os.environ.get("LINNET_BINARY_ASAN"), os.environ.get("LINNET_BINARY_TSAN"))


def server_pid(pid):
    """The process that reads packets: the server, a child of the broker that was started; or the one there is."""
    try:
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            name = pathlib.Path(f"/proc/{child}/comm").read_text().strip()
            if name.endswith("-server") and os.readlink(f"/proc/{child}/exe") == os.readlink(f"/proc/{pid}/exe"):
                return int(child)
    except OSError:  # one of them has ended meanwhile
        pass
    return pid


def is_gone(pid):
    """It has ended and holds nothing any more, be it that nobody has buried it yet."""
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return state in "ZX" and len(os.listdir(f"/proc/{pid}/task")) == 1  # the last thread closes what is open
    except OSError:
        return True


class Program:
    """A running program whose output goes to a file."""

    def __init__(self, words, log, environment=None):
        self.words = [str(w) for w in words]
        self.path = pathlib.Path(log)
        with open(self.path, "a") as file:
            self.process = subprocess.Popen(self.words, stdout=file, stderr=file,
                                            stdin=subprocess.DEVNULL, env=environment)

    @property
    def pid(self):
        return self.process.pid

    @property
    def server(self):
        """Of linnet: the process that reads packets."""
        return server_pid(self.pid)

    def log(self):
        return self.path.read_text(errors="replace")

    def wait_for(self, pattern, seconds=10):
        def look():
            found = re.search(pattern, self.log())
            if not found and self.process.poll() is not None:
                raise AssertionError(f"{self.words[:4]} ended with {self.process.returncode} before it "
                                     f"said {pattern!r}:\n{self.log()}")
            return found
        try:
            return wait_until(look, seconds, repr(pattern))
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log()}") from None

    def signal(self, number):
        self.process.send_signal(number)

    def signal_until(self, number, pattern):
        """For programs that miss a signal while they do something else: until it says that it heard one."""
        def look():
            self.signal(number)
            end = time.monotonic() + 1
            while time.monotonic() < end:
                if re.search(pattern, self.log()):
                    return True
                time.sleep(0.02)
            return False
        wait_until(look, what=f"signal {number} heard:\n{self.log()}")

    def stop(self, seconds=10):
        """Ends it and returns the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(seconds)
                raise AssertionError(f"{self.words[:4]} did not end on SIGTERM:\n{self.log()}")
        return self.process.returncode

    def kill(self):
        """As a power cut would: nothing is left when this returns."""
        if self.process.poll() is None:
            child = self.server
            self.process.kill()
            self.process.wait(10)
            wait_until(lambda: child == self.pid or is_gone(child), what="the server gone")


def run(*words, check=True, timeout=60, **options):
    result = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=timeout,
                            **options)
    if check and result.returncode != 0:
        raise AssertionError(f"{words}: {result.returncode}\n{result.stdout}{result.stderr}")
    return result


class Network:
    """A server namespace with a bridge, and client namespaces on it."""

    def __init__(self, folder):
        self.folder = folder
        self.prefix = f"lt{os.getpid() % 100000}x{next(NAMES)}"
        self.namespaces = []
        self.programs = []
        self.server = self.add_namespace("s")
        self.inside(self.server, "ip", "link", "add", "lan0", "type", "bridge")
        self.inside(self.server, "ip", "addr", "add", "192.168.50.1/24", "dev", "lan0")
        self.inside(self.server, "ip", "-6", "addr", "add", "fd00:50::1/64", "dev", "lan0", "nodad")
        self.inside(self.server, "ip", "link", "set", "lan0", "up")

    def add_namespace(self, name):
        namespace = f"{self.prefix}{name}"
        run("ip", "netns", "add", namespace)
        self.namespaces.append(namespace)
        self.inside(namespace, "ip", "link", "set", "lo", "up")
        return namespace

    def add_client(self, name, address=None, mac=None):
        """A namespace whose eth0 is plugged into the server's bridge."""
        namespace = self.add_namespace(name)
        outer = f"v{name}"
        run("ip", "-n", self.server, "link", "add", outer, "type", "veth", "peer", "name", "eth0",
            "netns", namespace)
        run("ip", "-n", self.server, "link", "set", outer, "master", "lan0", "up")
        if mac:
            self.inside(namespace, "ip", "link", "set", "eth0", "address", mac)
        self.inside(namespace, "ip", "link", "set", "eth0", "up")
        if address:
            self.inside(namespace, "ip", "addr", "add", address, "dev", "eth0", *(
                ["nodad"] if ":" in address else []))
        return namespace

    def inside(self, namespace, *words, **options):
        return run("ip", "netns", "exec", namespace, *words, **options)

    def link_local(self, namespace, device="eth0"):
        """The link-local address, when it can be used."""
        def look():
            shown = run("ip", "-n", namespace, "-6", "addr", "show", "dev", device, "scope", "link").stdout
            found = re.search(r"fe80::[0-9a-f:]+", shown)
            return found and "tentative" not in shown and found[0]
        return wait_until(look, what=f"the link-local address of {namespace}")

    def start(self, namespace, *words, name=None, environment=None):
        log = self.folder / f"{name or pathlib.Path(str(words[0])).name}-{len(self.programs)}.log"
        program = Program(["ip", "netns", "exec", namespace, *words], log, environment)
        self.programs.append(program)
        return program

    def linnet(self, config, *arguments, binary=None, wait=r"started, version", environment=None,
               namespace=None, user=("root", "root")):
        """linnet in the server's namespace with this configuration, log on stderr."""
        path = self.folder / f"linnet-{len(self.programs)}.conf"
        path.write_text(config)
        binary = binary or BINARY
        if is_sanitized(binary):  # its runtime wants calls and files that a server has no use for
            arguments = ("--sandbox=no", *arguments)
        program = self.start(namespace or self.server, binary, "-k", "-C", path, "--pid-file=",
                             "--log-facility=-", "-u", user[0], "-g", user[1],
                             f"--dhcp-leasefile={self.folder / 'leases'}", *arguments, name="linnet",
                             environment=environment)
        if wait:
            program.wait_for(wait)
        return program

    def dig(self, namespace, *question, server="192.168.50.1"):
        """The answer section as a list of (owner, ttl, type, data)."""
        result = self.inside(namespace, "dig", f"@{server}", *question, "+tries=2", "+time=3", "+noall",
                             "+answer", check=False)
        rows = [line.split(None, 4) for line in result.stdout.splitlines()
                if line and not line.startswith(";")]
        return [(row[0], int(row[1]), row[3], row[4]) for row in rows]

    def dig_status(self, namespace, *question, server="192.168.50.1"):
        result = self.inside(namespace, "dig", f"@{server}", *question, "+tries=1", "+time=3",
                             check=False)
        found = re.search(r"status: (\w+)", result.stdout)
        return found[1] if found else None

    def close(self):
        for program in reversed(self.programs):
            program.kill()
        for namespace in reversed(self.namespaces):
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True)


@pytest.fixture
def network(tmp_path):
    made = Network(tmp_path)
    yield made
    made.close()


@pytest.fixture
def client_script(tmp_path):
    """Puts a lease on the interface, for udhcpc and dhclient alike, and writes down what it got."""
    path = tmp_path / "client-script"
    path.write_text(f"""#!/bin/sh
env > {tmp_path}/client-"${{interface:-x}}"-"$1$reason".env
case "$1$reason" in
bound|renew|BOUND|RENEW|REBIND|REBOOT)
    ip addr flush dev "$interface" scope global
    ip addr add "${{ip:-$new_ip_address}}/24" dev "$interface"
    echo "LEASE ${{ip:-$new_ip_address}} $1$reason" ;;
esac
exit 0
""")
    path.chmod(0o755)
    return path
