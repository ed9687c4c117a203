"""A place in which linnet, by dnsmasq's name, sees just the files that a consumer's profile or jail lets it have, has
just its capabilities, and logs to a socket of the test's own."""
import os
import pathlib
import re
import shlex
import socket
import threading

from conftest import BINARY, run
from consumer import MACHINE_DNSMASQ, wait_for_ports

# Goes into the root, gives up all other capabilities for good and becomes the program.
ENTER = """
import ctypes, os, sys
root, kept, *words = sys.argv[1:]
prctl = ctypes.CDLL(None).prctl
os.chroot(root)
os.chdir("/")
for capability in range(64):
    if kept != "all" and str(capability) not in kept.split(","):
        prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
os.execv(words[0], words)
"""
# By their numbers in linux/capability.h.
CAPABILITIES = {"chown": 0, "dac_override": 1, "dac_read_search": 2, "setgid": 6, "setuid": 7, "net_bind_service": 10,
                "net_admin": 12, "net_raw": 13}
WARNING = 4  # syslog's; what is worse has smaller numbers
# Said once where only the lease file itself may be written: what linnet does better with its folder, and does without.
DONE_WITHOUT = re.compile(r"cannot open \S+\.ra: Read-only|lease file: the folder \S+ is not writable for us")


class LogSocket:
    """What /dev/log is inside: every message with its severity."""

    def __init__(self, path):
        self.path = path
        self.messages = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        path.chmod(0o666)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            message = self.socket.recv(65536).decode(errors="replace")
            found = re.match(r"<(\d+)>(.*)", message, re.S)
            self.messages.append((int(found[1]) & 7, found[2]))

    def complaints(self):
        """Warnings and worse."""
        return [text for severity, text in list(self.messages)
                if severity < WARNING or severity == WARNING and not DONE_WITHOUT.search(text)]

    def text(self):
        return "\n".join(text for _, text in list(self.messages))


def libraries_of(program):
    """What it is linked with: the files a jail takes for itself."""
    said = run("ldd", program).stdout
    return [pathlib.Path(path) for path in re.findall(r"(?:=> |^\s+)(/\S+)", said, re.M)]


def all_libraries():
    return [pathlib.Path(place) for place in ("/usr/lib", "/usr/lib64", "/etc/ld.so.cache") if os.path.exists(place)]


class Jail:
    def __init__(self, network, libraries, capabilities=None):
        self.network = network
        self.log = LogSocket(network.folder / "log")
        self.root = network.folder / "jail"
        self.root.mkdir()
        self.kept = ",".join(str(CAPABILITIES[name]) for name in capabilities) if capabilities else "all"
        self.steps = [f"mount -t tmpfs -o mode=755 tmpfs {self.root}"]
        for link in ("lib", "lib64"):  # as they are on the machine, so that names of libraries mean the same
            if os.path.islink(f"/{link}"):
                target = os.readlink(f"/{link}")
                self.steps += [f"mkdir -p {self.root}/{target}", f"ln -s {target} {self.root}/{link}"]
        self.see(MACHINE_DNSMASQ, os.path.abspath(BINARY))
        self.see("/dev/log", self.log.path, writable=True)
        for device in ("/dev/null", "/dev/urandom"):
            self.see(device, writable=True)
        for library in libraries:
            self.see(library)

    def see(self, place, source=None, writable=False):
        """It sees this file or folder, the machine's own or another in its place."""
        source, inside = pathlib.Path(source or place).resolve(), f"{self.root}{place}"
        make = f"mkdir -p {inside}" if source.is_dir() else f"touch {inside}"
        self.steps += [f"mkdir -p $(dirname {inside})", make, f"mount --bind {source} {inside}"]
        if not writable:
            self.steps.append(f"mount -o remount,bind,ro {inside}")

    def start(self, *words, ports):
        enter = ["exec", "/usr/bin/python3", "-c", ENTER, self.root, self.kept, MACHINE_DNSMASQ, *words]
        script = self.network.folder / "jail.sh"
        script.write_text("\n".join([*self.steps, f"mount -o remount,ro {self.root}", shlex.join(map(str, enter))]))
        program = self.network.start(self.network.server, "unshare", "-m", "sh", "-e", script, name="jail")
        wait_for_ports(self.network, program, *ports)
        return program
