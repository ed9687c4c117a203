"""Every call that can fail fails once, when the program starts and while it serves. It says so and ends with a code,
or it goes on; it is never killed, and serves again without a restart. What was acknowledged is in the lease file."""
import random
import re
import signal
import subprocess
import time

from conftest import BINARY, wait_until
from faults import ALL, check_leases, KILLED, KINDS, processes, SITE, SITE_CONFIG

START_RUNS = 45     # of the places that allocate, in `make test`
OTHER_RUNS = 40     # of the places that make any other call
SERVICE_S = 10      # of places failing one after the other in service
QUIET_LINES = "quiet-dhcp\nquiet-dhcp6\nquiet-ra\nquiet-tftp\n"
# What is said when nothing fails.
USUAL = re.compile(r": (?:cleared cache$|read \S+ - \d+ names$|sent \S+ to |exiting on receipt)")
LINES_OF_A_FAULT = 2  # what failed, and what is done instead
QUIET = 15          # turns of each kind without a new place: all have had theirs
ERRORS = {"alloc": "ENOMEM", "write": "ENOSPC", "sync": "EIO", "rename": "EIO", "open": "EMFILE", "truncate": "EIO",
          "socket": "EMFILE", "bind": "EADDRNOTAVAIL", "send": "ENOBUFS", "receive": "ENOMEM", "epoll": "ENOSPC",
          "random": "EIO", "map": "ENOMEM", "thread": "EAGAIN", "read": "EIO", "option": "ENOPROTOOPT",
          "event": "EMFILE", "stat": "EIO"}


def configuration(network):
    return SITE_CONFIG.format(folder=network.folder)


# ------------------------------------------------------------------ at start


def start(network, faults):
    """(exit code or None when it serves, what it said)."""
    path = network.folder / "start.conf"
    path.write_text(configuration(network))
    log = network.folder / "start.log"
    with open(log, "w") as file:
        process = subprocess.Popen(
            ["ip", "netns", "exec", network.server, "env", f"LD_PRELOAD={faults.environment()['LD_PRELOAD']}",
             f"LINNET_FAULTS={faults.path}", BINARY, "-k", "-C", str(path), "--pid-file=", "--log-facility=-", "-u",
             "root", "-g", "root", f"--dhcp-leasefile={network.folder}/leases"], stdout=file, stderr=file)
    try:
        wait_until(lambda: process.poll() is not None or serves(network, log), 10, "an end or a start")
        if process.poll() is not None:
            return process.returncode, log.read_text(errors="replace")
        process.terminate()
        try:
            stopped = process.wait(5)
        except subprocess.TimeoutExpired:
            stopped = "nothing"
        assert stopped == 0, f"served, and ended with {stopped} on SIGTERM\n{log.read_text()}"
        return None, log.read_text(errors="replace")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def serves(network, log):
    """Half started is not started: the name server must answer."""
    return network.client.dns("local.test", tries=1) == (0, 1)


def fail_at_start(network, faults, kinds, runs):
    faults.count_only(kinds)
    code, said = start(network, faults)
    assert code is None, said
    total, sites = faults.get("seen"), faults.sites()
    chosen = list(sites)
    if not ALL and len(chosen) > runs:
        chosen = random.Random(8).sample(chosen, runs)
    refused, served, others, bad = 0, 0, 0, []
    for kind, first, _ in chosen:
        faults.arm([kind] if len(kinds) == 1 else kinds, ERRORS[kind], nth=first)
        try:
            code, said = start(network, faults)
        except AssertionError as error:
            code, said = -1, str(error)
        where = f"{kind}, call {first}, {faults.last()}, {faults.get('failed')} failed"
        if code is None and not KILLED.search(said):
            served += 1
        elif code in (1, 2, 3, 4, 5) and not KILLED.search(said) and ": " in said:
            refused += 1
        elif faults.get("failed") and KINDS[faults.get("last_kind")] != kind:
            others += 1  # the order of calls is never quite the same, and no such error comes from that one
        else:
            bad.append(f"{where}: ended with {code}, said: {said[-300:]}")
    print(f"{total} calls from {len(sites)} places at start; {len(chosen)} failed once: {refused} refusals, "
          f"{served} served all the same, {others} were others, {len(bad)} wrong")
    assert not bad, f"{len(bad)} of {len(chosen)}:\n" + "\n".join(bad[:40])
    assert refused > 0 and others <= len(chosen) / 4


def test_allocations_at_start(site, faults):
    fail_at_start(site, faults, ["alloc"], START_RUNS)


def test_other_calls_at_start(site, faults):
    kinds = [kind for kind in ERRORS if kind != "alloc"]
    fail_at_start(site, faults, kinds, OTHER_RUNS)


# ------------------------------------------------------------------ in service


def fail_in_service(network, faults, kinds, seconds, path="", half=False):
    """One place after the other fails once, until no new one is found or the time is over."""
    server = network.linnet(configuration(network) + QUIET_LINES, environment=faults.environment())
    wait_until(lambda: network.client.everything(0) == [], 10, "everything served")
    heard = len(server.log().splitlines())
    running = processes(server.pid)
    begun = time.monotonic()
    faults.forget_sites()
    turn, fallen, quiet = 0, 0, 0
    wrong = []
    while quiet < QUIET and (ALL or time.monotonic() < begun + seconds):
        turn += 1
        kind = kinds[turn % len(kinds)]
        faults.arm([kind], ERRORS[kind], mode=SITE, path=path, half=half)
        if turn % 3 == 0:
            (network.folder / "hosts").write_text(f"192.0.2.9 hosted.test h{turn}.test\n")
            server.signal(signal.SIGHUP)
        missed = network.client.everything(turn % 200)
        fell = faults.get("failed")
        fallen += fell
        quiet = 0 if fell else quiet + 1 / len(kinds)
        if missed:
            wrong.append(f"{faults.last() if fell else 'no fault'}: {', '.join(missed)} not served")
        assert server.process.poll() is None, f"{faults.last()}: ended\n{server.log()[-2000:]}"
        assert not KILLED.search(server.log()), f"{faults.last()}\n{server.log()[-2000:]}"
    faults.disarm()
    wait_until(lambda: network.client.everything(turn % 200 + 1) == [], 10, "everything served again")
    assert processes(server.pid) == running, "a process was started anew"
    print(f"{turn} turns, {fallen} places failed once in {time.monotonic() - begun:.0f} s")
    assert server.stop() == 0, server.log()[-2000:]
    check_leases(network.client, network.folder / "leases")
    assert fallen > 0
    # Each try of a client is one chance: a fault may cost one of them, not the service.
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:40])
    said = [line for line in server.log().splitlines()[heard:] if not USUAL.search(line)]
    assert len(said) <= LINES_OF_A_FAULT * fallen + 4, f"{len(said)} lines of {fallen} faults:\n" + "\n".join(said)


def test_allocations_in_service(site, faults):
    fail_in_service(site, faults, ["alloc"], SERVICE_S)


def test_other_calls_in_service(site, faults):
    fail_in_service(site, faults, [kind for kind in ERRORS if kind != "alloc"], SERVICE_S)
