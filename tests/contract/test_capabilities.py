"""What is left of root's rights once the daemon serves: what the configuration needs and no more (process.md 5).
Each row beside the peer's, which keeps what it needs for its own way of working."""
import os
import pathlib
import re

from conftest import BINARY, server_pid, wait_until
from consumer import PEER, as_dnsmasq, readable_by_all

BITS = {10: "bind", 12: "admin", 13: "raw"}  # linux/capability.h
RANGE = "--dhcp-range=192.168.50.100,192.168.50.120,1h"
RANGE6 = "--dhcp-range=fd00:50::100,fd00:50::200,64,1h"
# Configuration, what we keep, what the peer keeps. DHCP works through sockets that are opened before.
ROWS = [
    ("plain DNS", [], "", ""),
    ("bind-interfaces", ["--bind-interfaces"], "", "bind"),
    ("bind-dynamic", ["--bind-dynamic"], "bind", "bind"),
    ("bind-dynamic, a high port", ["--bind-dynamic", "-p", "5399"], "", ""),
    ("query-port below 1024", ["--query-port=1000"], "bind", ""),
    ("TFTP", ["--enable-tftp", "--tftp-root={here}"], "", ""),
    ("TFTP and bind-dynamic, a high port for DNS", ["--enable-tftp", "--tftp-root={here}", "--bind-dynamic", "-p", "5399"],
     "bind", "bind"),
    ("a server by an interface", ["--server=192.0.2.53@lan0"], "raw", "raw"),
    ("DHCP", [RANGE], "", "admin raw"),
    ("DHCP, no-ping", [RANGE, "--no-ping"], "", "admin"),
    ("DHCPv6", [RANGE6], "", "admin raw"),
    ("router advertisements", [RANGE6, "--enable-ra"], "", "admin raw"),
    ("everything", [RANGE, RANGE6, "--enable-ra", "--bind-dynamic", "--server=192.0.2.53@lan0"], "bind raw",
     "admin bind raw"),
]
FIREWALL = [
    ("ipset", ["--ipset=/a.test/s"], "admin", "admin"),
    ("nftset", ["--nftset=/a.test/ip#t#s"], "admin", "admin"),
    ("conntrack", ["--conntrack"], "admin", "admin"),
]


def names_of(text):
    mask = int(text, 16)
    assert mask & ~sum(1 << bit for bit in BITS) == 0, text
    return " ".join(sorted(name for bit, name in BITS.items() if mask & 1 << bit))


def kept_by(network, program, words):
    """Permitted, effective, inheritable and ambient of the process that was started, and whether it may gain any. One
    that it has made to read packets has none."""
    words = [word.format(here=network.folder) for word in words]
    server = network.start(network.server, program, "-C", "/dev/null", "-R", "-h", "-k", "--pid-file=", "-I", "lo",
                           "--log-facility=-", f"--dhcp-leasefile={network.folder / 'leases'}", *words, name="caps")
    server.wait_for("started, version")

    def status_of(pid):
        return dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
                    if ":\t" in line)

    def settled():
        status = status_of(server.pid)
        return status if status["Uid"].split()[0] != "0" else None

    status = wait_until(settled, what="another user")
    child = server_pid(server.pid)
    if program != PEER:
        assert child != server.pid and int(status_of(child)["CapPrm"], 16) == 0
    # Ended before its start is over, the peer says 5.
    assert server.stop() in ((0, 5) if program == PEER else (0,)), server.log()
    (network.folder / "leases").unlink(missing_ok=True)
    assert status["CapInh"].strip("0") == status["CapAmb"].strip("0") == ""
    assert names_of(status["CapPrm"]) == names_of(status["CapEff"])
    return names_of(status["CapEff"]), status["NoNewPrivs"]


def test_what_is_kept(network):
    readable_by_all(network.folder)
    dnsmasq = as_dnsmasq(network.folder)
    wrong = []
    words = os.popen(f"{dnsmasq} --version").read()
    rows = ROWS + [row for row in FIREWALL if re.search(rf" {row[0]}\b", words)]
    for what, options, ours, theirs in rows:
        kept, no_new = kept_by(network, dnsmasq, options)
        peers, _ = kept_by(network, PEER, options)
        if (kept, peers, no_new) != (ours, theirs, "1"):
            wrong.append((what, f"kept {kept!r}, peer {peers!r}, no new {no_new}"))
    assert not wrong, wrong
