"""What the contract tests share: linnet under the name `dnsmasq`, and places where a consumer finds nothing
else under that name and can touch nothing of the machine's own."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

from conftest import BINARY, is_gone, Program, run, wait_until

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
UNPACKED = ROOT / "build/consumers"  # what tools/packages only unpacks
PEER = shutil.which("dnsmasq", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
MACHINE_DNSMASQ = "/usr/sbin/dnsmasq"
COMPANIONS = pathlib.Path(os.path.abspath(BINARY)).parent.parent / "companions"


def as_dnsmasq(folder):
    """linnet by dnsmasq's name, in a folder that can be put on the PATH."""
    place = folder / "sbin"
    place.mkdir(exist_ok=True)
    link = place / "dnsmasq"
    if not link.exists():
        link.symlink_to(os.path.abspath(BINARY))
    return link


def readable_by_all(folder):
    """A daemon that has given up root reads and writes below this folder of the test."""
    for place in [folder, *list(folder.parents)[:3]]:
        if str(place) not in ("/", "/tmp") and os.stat(place).st_uid == os.getuid():
            os.chmod(place, 0o755)
    os.chmod(folder, 0o777)


def is_linnet(pid):
    """That this process runs the program under test, whatever it is called."""
    try:
        ours, theirs = os.stat(BINARY), os.stat(f"/proc/{pid}/exe")
    except FileNotFoundError:  # it has just ended
        return False
    return (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino)


def unpacked(package):
    """Where the files of a Debian package are that is not installed because it would bring a daemon along."""
    folder = UNPACKED / package
    if not folder.exists():
        subprocess.run([ROOT / "tools/packages", "consumers"], check=False)
    assert folder.exists(), f"{package} is not there: run tools/packages consumers"
    return folder


def wait_for_file(path, pattern=r"(?s).", seconds=10):
    def look():
        return re.search(pattern, path.read_text(errors="replace")) if path.exists() else None
    return wait_until(look, seconds, f"{pattern!r} in {path}")


def is_alive(pid):
    return not is_gone(pid)


class Sandbox:
    """A place of a consumer: the server's network namespace and a mount namespace in which /usr/sbin/dnsmasq is
    linnet and the given folders are the test's own."""

    def __init__(self, network, *private, script=""):
        self.network = network
        self.root = network.folder / "root"
        self.root.mkdir()
        steps = [f"mount --bind {os.path.abspath(BINARY)} {MACHINE_DNSMASQ}"]
        for place in private:
            folder = self.root / place.strip("/").replace("/", "-")
            folder.mkdir()
            steps += [f"mkdir -p {place}", f"mount --bind {folder} {place}"]
        self.keeper = network.start(network.server, "unshare", "-m", "sh", "-ec",
                                    " && ".join(steps) + f"\n{script}\necho ready; exec sleep infinity", name="keeper")
        self.keeper.wait_for("^ready")

    def folder(self, place):
        """Where the test sees one of the private folders."""
        return self.root / place.strip("/").replace("/", "-")

    def words(self, *words):
        return ["nsenter", "-t", str(self.keeper.pid), "-m", "-n", "--", *[str(word) for word in words]]

    def inside(self, *words, **options):
        return run(*self.words(*words), **options)

    def start(self, *words, name=None, environment=None):
        log = self.network.folder / f"{name or pathlib.Path(str(words[0])).name}-{len(self.network.programs)}.log"
        program = Program(self.words(*words), log, environment)
        self.network.programs.append(program)
        return program

    def servers(self):
        """The process ids of every linnet in this place."""
        found = run("ip", "netns", "pids", self.network.server).stdout.split()
        return [int(pid) for pid in found if is_alive(pid) and is_linnet(pid)]

    def close(self):
        """Daemons that are nobody's child: each by its own id, found by its namespace."""
        end_all(self.network.server)


def end_all(namespace):
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + 2
        while pids := [pid for pid in run("ip", "netns", "pids", namespace).stdout.split() if is_alive(pid)]:
            for pid in pids:
                try:
                    os.kill(int(pid), number)
                except ProcessLookupError:
                    pass
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)


def udhcpc(network, client, script, hostname="laptop", *more):
    return network.start(client, "udhcpc", "-f", "-i", "eth0", "-x", f"hostname:{hostname}", "-s", script,
                         "-t", "10", "-T", "1", *more)


def rows_of(path):
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def wait_for_ports(network, program, *ports, namespace=None, seconds=10):
    """Until the program's namespace has sockets on these UDP ports; its log is in the error if it ends first."""
    def look():
        if program.process.poll() is not None:
            raise AssertionError(f"{program.words} ended with {program.process.returncode}:\n{program.log()}")
        table = network.inside(namespace or network.server, "ss", "-Hlun").stdout
        return all(re.search(rf":{port}\s", table) for port in ports)
    wait_until(look, seconds, f"sockets on {ports}")


def start_as_dnsmasq(network, *words, ports=(53,), environment=None, namespace=None):
    """A consumer's own command line, exactly, with linnet as the program it finds. It runs and it serves."""
    program = network.start(namespace or network.server, as_dnsmasq(network.folder), *words, name="dnsmasq",
                            environment=environment)
    wait_for_ports(network, program, *ports, namespace=namespace)
    assert is_linnet(program.pid)
    assert pathlib.Path(f"/proc/{program.pid}/cmdline").read_bytes().split(b"\0")[0].endswith(b"/dnsmasq")
    return program


def test_config(program, *words):
    """What --test says: (exit code, standard error)."""
    result = run(program, "--test", *words, check=False)
    return result.returncode, result.stderr


test_config.__test__ = False


def accepted_by_both(folder, text, *words, name="generated.conf"):
    """The peer takes this file, and so does linnet, with the same words."""
    path = folder / name
    path.write_text(text)
    for program in (PEER, as_dnsmasq(folder)):
        code, said = test_config(program, f"--conf-file={path}", *words)
        assert (code, said) == (0, "dnsmasq: syntax check OK.\n"), f"{program}: {said}"
    return path


def answers(network, *question, server="192.168.50.1", namespace=None):
    return [row[3] for row in network.dig(namespace or network.server, *question, server=server)]


def companion(name):
    """One of our small programs; dnsmasq's own where only the daemon was built."""
    own = COMPANIONS / name
    return str(own) if own.exists() else shutil.which(name)


def up_at_once(network, namespace, device):
    """Its link-local address without the second in which the kernel asks whether somebody else has it."""
    network.inside(namespace, "sysctl", "-qw", f"net.ipv6.conf.{device}.accept_dad=0")
    run("ip", "-n", namespace, "link", "set", device, "down")
    run("ip", "-n", namespace, "link", "set", device, "up")
    network.link_local(namespace, device)


def dhclient6(network, client, *more):
    """dhclient -6 in a client's namespace; it says SIX and what it got. Its files are in the test's folder."""
    up_at_once(network, client, "eth0")
    script = network.folder / "six-script"
    script.write_text("#!/bin/sh\necho \"SIX $reason $new_ip6_address dns $new_dhcp6_name_servers\"\n")
    script.chmod(0o755)
    return network.start(client, "dhclient", "-d", "-6", *more, "-lf", network.folder / f"{client}.leases", "-pf",
                         network.folder / f"{client}.pid", "-cf", "/dev/null", "-sf", script, "eth0")


def dhcp_release_packet(address, mac, server):
    """A DHCPRELEASE as a program that made it by itself sends it (RFC 2131 section 4.4.6)."""
    four = bytes(int(part) for part in address.split("."))
    hardware = bytes.fromhex(mac.replace(":", ""))
    head = bytes([1, 1, 6, 0]) + b"\1\2\3\4" + bytes(4) + four + bytes(12) + hardware.ljust(16, b"\0")
    options = b"\x63\x82\x53\x63" + b"\x35\1\7" + b"\x36\4" + bytes(int(part) for part in server.split(".")) + b"\xff"
    return head + bytes(192) + options


def send_udp(network, namespace, packet, address, port):
    network.inside(namespace, "/usr/bin/python3", "-c",
                   "import socket, sys\nfamily = socket.AF_INET6 if ':' in sys.argv[2] else socket.AF_INET\n"
                   "socket.socket(family, socket.SOCK_DGRAM).sendto(bytes.fromhex(sys.argv[1]), "
                   "(sys.argv[2], int(sys.argv[3])))", packet.hex(), address, str(port))
