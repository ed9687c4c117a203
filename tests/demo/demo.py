#!/usr/bin/python3
"""The main job, on real input: a small network on this machine with linnet as its router.

Everything happens inside namespaces of its own (network, mounts, processes), so nothing of the machine is
touched and all of it is gone when this process is, however it ends. root can show it, and any user who may
make user namespaces. Without the right to make namespaces it falls back to plain DNS on a loopback port.

    demo.py BINARY [--once]     --once: stop after the story instead of staying up"""
import ctypes
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

LAN = "192.168.77"
OUTSIDE = "198.51.100"
DOMAIN = "home.lan"
FALLBACK_PORT = "5300"  # 5353 is often taken, by multicast DNS
INSIDE = "LINNET_DEMO_INSIDE"

started = time.monotonic()


def say(text=""):
    print(text, flush=True)


def step(text):
    say(f"\n[{time.monotonic() - started:5.1f} s] {text}")


def note(text):
    say(f"          {text}")


def run(*words, check=True, **options):
    result = subprocess.run(words, capture_output=True, text=True, timeout=60, **options)
    if check and result.returncode != 0:
        raise SystemExit(f"demo: {' '.join(map(str, words))} failed:\n{result.stdout}{result.stderr}")
    return result.stdout


def in_host(host, *words, **options):
    return run("ip", "netns", "exec", host, *words, **options)


# ------------------------------------------------------------------ into the namespaces

def namespace_words():
    words = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() != 0:
        words += ["--user", "--map-root-user"]
    return words


def namespaces_allowed():
    probe = namespace_words() + ["ip", "link", "add", "probe0", "type", "veth", "peer", "name", "probe1"]
    return subprocess.run(probe, capture_output=True).returncode == 0


def die_with_parent(signal_number):
    """The kernel ends us when our parent ends, however it ends (Linux, prctl(2))."""
    ctypes.CDLL(None).prctl(1, int(signal_number))


def enter_namespaces(arguments):
    environment = dict(os.environ, **{INSIDE: "1"})
    if os.geteuid() == 0:
        environment["LINNET_DEMO_ROOT"] = "1"
    words = namespace_words() + [sys.executable, os.path.abspath(__file__), *arguments]
    # The shell's own number becomes unshare's, whose namespaces others can enter.
    child = subprocess.Popen(["sh", "-c", 'LINNET_DEMO_PID=$$ exec "$@"', "sh", *words], env=environment,
                             preexec_fn=lambda: die_with_parent(signal.SIGKILL))
    # Ctrl-C reaches the inner one as well, and it says goodbye.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: child.kill())
    return child.wait()


# ------------------------------------------------------------------ the network

FOLDER = pathlib.Path("/run/linnet-demo")
# Where Debian's AppArmor profile lets dhclient read and write, and run a script.
DHCLIENT_CONFIG = pathlib.Path("/etc/dhcp/dhclient.conf")
CLIENT_SCRIPT_PATH = pathlib.Path("/etc/dhcp/dhclient-script")
DHCLIENT_RUN = "/run/dhclient-demo"


def make_folders():
    """What is written stays in memory that only these namespaces see: it goes with them, however they end."""
    for folder in (FOLDER.parent, DHCLIENT_CONFIG.parent):
        run("mount", "-t", "tmpfs", "tmpfs", folder)
    FOLDER.mkdir()
    FOLDER.chmod(0o755)


def make_link(host, inner, outer):
    run("ip", "netns", "add", host)
    run("ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", host)
    run("ip", "link", "set", outer, "up")
    in_host(host, "ip", "link", "set", "lo", "up")
    in_host(host, "ip", "link", "set", inner, "up")


def make_network():
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "lan0", "type", "bridge")
    run("ip", "addr", "add", f"{LAN}.1/24", "dev", "lan0")
    run("ip", "link", "set", "lan0", "up")
    for host in ("laptop", "desktop"):
        make_link(host, "eth0", f"v-{host}")
        run("ip", "link", "set", f"v-{host}", "master", "lan0")
    make_link("internet", "eth0", "wan0")
    run("ip", "addr", "add", f"{OUTSIDE}.1/24", "dev", "wan0")
    in_host("internet", "ip", "addr", "add", f"{OUTSIDE}.53/24", "dev", "eth0")


class Program:
    """One program of the demonstration, its output in a file that can be searched."""

    def __init__(self, folder, name, *words):
        self.name = name
        self.path = folder / f"{name}.log"
        self.file = open(self.path, "w")
        self.process = subprocess.Popen(words, stdout=self.file, stderr=self.file,
                                        stdin=subprocess.DEVNULL)

    def log(self):
        return self.path.read_text()

    def wait_for(self, pattern, seconds=20):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = re.search(pattern, self.log())
            if found:
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise SystemExit(f"demo: {self.name} did not say {pattern!r}:\n{self.log()}")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()


ROUTER_CONFIG = f"""\
interface=lan0
bind-interfaces
no-hosts
domain={DOMAIN}
local=/{DOMAIN}/
dhcp-range={LAN}.100,{LAN}.150,1h
dhcp-option=option:router,{LAN}.1
dhcp-authoritative
log-queries
log-facility=-
"""

CLIENT_SCRIPT = """\
#!/bin/sh
# Puts a lease on the interface, for udhcpc and dhclient alike.
case "$1$reason" in
bound|renew|BOUND|RENEW|REBIND|REBOOT)
    ip addr flush dev "$interface"
    ip addr add "${ip:-$new_ip_address}/24" dev "$interface"
    ip route replace default via "${router:-$new_routers}"
    echo "LEASE ${ip:-$new_ip_address} from ${serverid:-$new_dhcp_server_identifier} \
for ${lease:-$new_dhcp_lease_time} s" ;;
esac
exit 0
"""


# Without -g: a user namespace may forbid changing groups, and root is already who they belong to here.
STAYS_ROOT = ("-u", "root")


def no_control_socket(binary):
    """The words for it: the one place for that socket is the router's, and nothing outside is touched."""
    without = re.search(r"^without:(.*)$", run(binary, "--version"), re.M)
    return [] if without and "control" in without[1].split() else ["--control-socket="]


def start_router(folder, binary):
    (folder / "resolv.conf").write_text(f"nameserver {OUTSIDE}.53\n")
    (folder / "router.conf").write_text(ROUTER_CONFIG)
    return Program(folder, "linnet", binary, "-k", *STAYS_ROOT, "--pid-file=",
                   "-C", folder / "router.conf", f"--dhcp-leasefile={folder / 'leases'}",
                   f"--resolv-file={folder / 'resolv.conf'}")


def start_internet(folder, binary):
    return Program(folder, "internet", "ip", "netns", "exec", "internet", binary, "-k", *STAYS_ROOT,
                   "--pid-file=", "-C", "/dev/null", "--no-resolv", "--no-hosts",
                   "--log-facility=-", "--local-ttl=300", "--local=/example/",
                   "--address=/www.shop.example/203.0.113.80", *no_control_socket(binary))


def start_udhcpc(folder):
    return Program(folder, "udhcpc", "ip", "netns", "exec", "laptop", "udhcpc", "-f", "-i", "eth0",
                   "-x", "hostname:laptop", "-s", CLIENT_SCRIPT_PATH, "-t", "10", "-T", "1")


def start_dhclient(folder):
    DHCLIENT_CONFIG.write_text('send host-name "desktop";\ntimeout 30;\n')
    return Program(folder, "dhclient", "ip", "netns", "exec", "desktop", "dhclient", "-d", "-4",
                   "-cf", DHCLIENT_CONFIG, "-lf", f"{DHCLIENT_RUN}.leases",
                   "-pf", f"{DHCLIENT_RUN}.pid", "-sf", CLIENT_SCRIPT_PATH, "eth0")


# ------------------------------------------------------------------ the story

def dig(host, *question):
    """The answer's data and the milliseconds dig measured."""
    output = in_host(host, "dig", f"@{LAN}.1", *question, "+tries=2", "+time=3", "+noall", "+answer",
                     "+stats")
    answers = [line.split()[-1] for line in output.splitlines() if line and not line.startswith(";")]
    spent = re.search(r"Query time: (\d+) (\w+)", output)
    return answers, f"{spent[1]} {spent[2]}" if spent else "?"


def expect(host, wanted, *question):
    answers, spent = dig(host, *question)
    note(f"{host}$ dig {' '.join(question)}  ->  {' '.join(answers) or '(nothing)'}   ({spent})")
    if wanted not in answers:
        raise SystemExit(f"demo: expected {wanted}")


def client_story(router, client, host):
    begun = time.monotonic()
    lease = client.wait_for(r"LEASE (\S+) from (\S+) for (\d+) s")
    acked = router.wait_for(rf"DHCPACK\(lan0\) {lease[1]} \S+ {host}")
    note(f"{client.name}: {lease[1]} from {lease[2]} for {lease[3]} s, "
         f"{time.monotonic() - begun:.2f} s after it began")
    note(f"linnet:  {acked[0]}")
    return lease[1]


def memory_kib(process):
    """Of the broker that was started and the server below it; a page that both have counts once."""
    pids = [process.pid, *pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    shares = [re.search(r"^Pss:\s+(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M) for pid in pids]
    return sum(int(share[1]) for share in shares)


def tell(folder, binary, programs):
    say("linnet, a router for a small network: lan0 with two clients, wan0 with an internet")
    make_network()
    CLIENT_SCRIPT_PATH.write_text(CLIENT_SCRIPT)
    CLIENT_SCRIPT_PATH.chmod(0o755)

    step("an internet with one name server starts, then the router")
    internet = start_internet(folder, binary)
    programs.append(internet)
    internet.wait_for("started, version")
    router = start_router(folder, binary)
    programs.append(router)
    router.wait_for("DHCP, IP range")
    note(f"linnet serves lan0, {memory_kib(router.process)} KiB of memory")

    step("the laptop asks for an address (udhcpc)")
    programs.append(start_udhcpc(folder))
    laptop = client_story(router, programs[-1], "laptop")
    step("the desktop asks for an address (dhclient)")
    programs.append(start_dhclient(folder))
    client_story(router, programs[-1], "desktop")

    step("the desktop looks for the laptop by the name it announced")
    expect("desktop", laptop, "laptop", "A")
    expect("desktop", laptop, f"laptop.{DOMAIN}", "A")
    expect("desktop", f"laptop.{DOMAIN}.", "-x", laptop)
    step("and for a shop outside, twice: the second time from the cache")
    expect("desktop", "203.0.113.80", "www.shop.example", "A")
    expect("desktop", "203.0.113.80", "www.shop.example", "A")

    step("what linnet keeps")
    for line in (folder / "leases").read_text().splitlines():
        note(line)
    note(f"{memory_kib(router.process)} KiB of memory now")
    step("all of it worked")
    return router


def stay(router):
    say("\nThe network stays up. The live log of linnet follows; Ctrl-C ends it all.")
    say("From another terminal, as the same user:")
    user = "" if os.environ.get("LINNET_DEMO_ROOT") else "--user --preserve-credentials "
    say(f"    nsenter --target {os.environ['LINNET_DEMO_PID']} {user}--net --mount "
        f"ip netns exec desktop dig @{LAN}.1 laptop\n")
    with open(router.path) as log:
        while router.process.poll() is None:
            line = log.readline()
            if line:
                print(line, end="", flush=True)
            else:
                time.sleep(0.1)


def inside(binary, once):
    programs = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    make_folders()
    try:
        router = tell(FOLDER, binary, programs)
        if not once:
            stay(router)
    except KeyboardInterrupt:
        say("\ngoodbye")
    finally:
        for program in reversed(programs):
            program.stop()
    return 0


# ------------------------------------------------------------------ without namespaces

def end_with_us(process):
    """Ends the process when we end, however: the pipe closes. (The kernel's own signal for this is cleared
    when root is given up.) In a session of its own, where Ctrl-C does not reach it."""
    return subprocess.Popen(["sh", "-c", 'read -r _; kill "$1"', "sh", str(process.pid)], stdin=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, start_new_session=True)


def ask_localhost(process):
    """Once it answers; until then nobody may listen."""
    question = ["dig", "@127.0.0.1", "-p", FALLBACK_PORT, "localhost", "+short", "+tries=1", "+time=1"]
    deadline = time.monotonic() + 20
    answer = ""
    while "127.0.0.1" not in answer.split():
        if time.monotonic() > deadline or process.poll() is not None:
            raise SystemExit(f"demo: linnet did not answer: {answer}")
        time.sleep(0.1)
        answer = run(*question, check=False)
    note(f"$ dig @127.0.0.1 -p {FALLBACK_PORT} localhost  ->  {answer.strip()}")


def fallback(binary, once):
    say("This user may not make network namespaces here, so there is no network to show.")
    say(f"linnet answers DNS on 127.0.0.1 port {FALLBACK_PORT} instead, with this machine's resolv.conf:")
    say(f"    dig @127.0.0.1 -p {FALLBACK_PORT} localhost\n")
    words = [binary, "-k", "-C", "/dev/null", "--pid-file=", f"--port={FALLBACK_PORT}",
             "--listen-address=127.0.0.1", "--bind-interfaces", "--log-queries", "--log-facility=-",
             *no_control_socket(binary)]
    process = subprocess.Popen(words)
    watcher = end_with_us(process)
    try:
        ask_localhost(process)
        if not once:
            process.wait()
    except KeyboardInterrupt:
        say("\ngoodbye")
    finally:
        watcher.kill()
        process.terminate()
        process.wait()
    return 0 if process.returncode in (0, -signal.SIGTERM, -signal.SIGINT) else 1


def main():
    arguments = sys.argv[1:]
    once = "--once" in arguments
    binary = os.path.abspath([a for a in arguments if not a.startswith("--")][0])
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if os.environ.get(INSIDE):
        return inside(binary, once)
    die_with_parent(signal.SIGTERM)
    if namespaces_allowed():
        return enter_namespaces(arguments)
    return fallback(binary, once)


if __name__ == "__main__":
    sys.exit(main())
