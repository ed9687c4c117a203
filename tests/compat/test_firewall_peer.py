"""What ends in the firewall's sets, and whose questions are refused: dnsmasq and linnet with the same lines and
the same answers, each in a namespace of its own.

LINNET_BINARY is the binary; it is run under the name dnsmasq."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "system"))
from features import lacks  # noqa: E402

DNSMASQ = shutil.which("dnsmasq", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
LINNET = os.environ.get("LINNET_BINARY")
UPSTREAM = pathlib.Path(__file__).parents[1] / "system/firewall_upstream.py"

pytestmark = [
    pytest.mark.skipif(DNSMASQ is None, reason="no dnsmasq here to compare with"),
    pytest.mark.skipif(not LINNET, reason="LINNET_BINARY is not set"),
    pytest.mark.skipif(bool(LINNET) and bool(lacks("conntrack")), reason="this linnet was built without conntrack"),
    pytest.mark.skipif(shutil.which("nft") is None or shutil.which("ipset") is None,
                       reason="nft or ipset is not installed"),
]

LINES = """
port=5300
no-resolv
no-hosts
pid-file=
user=root
server=127.0.0.1#5399
address=/own.test/192.0.2.200
ipset=/a.test/first,six
ipset=/a.test/second
ipset=/sub.a.test/below
ipset=/own.test/second
ipset=/elsewhere/third/second
ipset=/missing.test/nosuch
ipset=//any
ipset=/#/second
nftset=/nft.test/4#ip#t#v4,6#inet#u#v6,t#v4
nftset=/more.test/ip#t#nosuch,inet#u#spans,inet#u#ports,inet#u#v4
connmark-allowlist-enable=255
connmark-allowlist=1,*.a.test/b.test/x*y.q.r.test
connmark-allowlist=2,*
connmark-allowlist=3/3,only.test/one.three.test
connmark-allowlist=4
"""

SETS = """
ip link set lo up
for s in first second below any; do ipset create $s hash:ip; done
ipset create six hash:ip family inet6
nft -f - <<-END
add table ip t
add set ip t v4 { type ipv4_addr; }
add table inet u
add set inet u v4 { type ipv4_addr; }
add set inet u v6 { type ipv6_addr; }
add set inet u spans { type ipv4_addr; flags interval; }
add set inet u ports { type ipv4_addr . inet_service; }
add chain inet u out { type filter hook output priority -150; }
add rule inet u out udp dport 5300 udp sport 6001 ct mark set 1
add rule inet u out udp dport 5300 udp sport 6002 ct mark set 2
add rule inet u out udp dport 5300 udp sport 6003 ct mark set 0x103
add rule inet u out udp dport 5300 udp sport 6004 ct mark set 4
add rule inet u out udp dport 5300 udp sport 6005 ct mark set 0x100
END
"""

QUESTIONS = [
    "a.test A", "A.test AAAA", "x.A.Test A", "sub.a.test A", "q.sub.a.test A", "chain.a.test A", "chain.test A",
    "single A", "missing.test A", "nft.test A", "nft.test AAAA", "more.test A", "more.test AAAA", "own.test A",
    "a.test A", "a.test TXT", "many.a.test A", "ttl0.a.test A",
]
MARKED = [
    (6001, "x.a.test"), (6001, "a.test"), (6001, "y.x.a.test"), (6001, "B.TEST"), (6001, "c.b.test"),
    (6001, "x_z.a.test"), (6001, "xy.q.r.test"), (6001, "xaay.q.r.test"), (6001, "xaa.q.r.test"),
    (6001, "own.test"), (6001, "single"), (6001, "."), (6002, "x_z.a"), (6002, "single"), (6003, "only.test"),
    (6003, "ONE.three.test"), (6003, "x.a.test"), (6004, "x.a.test"), (6005, "any.test"), (6000, "any.test"),
]

ASK = """
import sys
import dns.edns, dns.message, dns.query, dns.rcode
for line in sys.stdin:
    port, name, kind = line.split()
    query = dns.message.make_query(name, kind, use_edns=0)
    reply = dns.query.udp(query, "127.0.0.1", port=5300, source="127.0.0.1", source_port=int(port), timeout=5)
    told = [15 for option in reply.options if option.otype == dns.edns.EDE and option.code == 15]
    print(port, name, kind, dns.rcode.to_text(reply.rcode()), told)
"""


def look(namespace):
    def inside(*words):
        return subprocess.run(["ip", "netns", "exec", namespace, *words], capture_output=True, text=True,
                              timeout=30, check=True).stdout
    seen = {}
    for part in inside("ipset", "list").split("\n\n"):
        head, members = part.split("Members:")
        seen[head.split()[1]] = sorted(members.split())
    for entry in json.loads(inside("nft", "-j", "list", "ruleset"))["nftables"]:
        if "set" in entry:
            one = entry["set"]
            seen[f"{one['family']} {one['table']} {one['name']}"] = sorted(map(str, one.get("elem", [])))
    return seen


def wait_for_ports(within, *ports):
    """Until something listens on each of them."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        table = subprocess.run([*within, "cat", "/proc/net/udp"], capture_output=True, text=True, check=True).stdout
        if all(f":{port:04X} " in table for port in ports):
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on {ports}:\n{table}")


def watch(binary, name, folder):
    """What is in the sets in the end, and how each question was answered."""
    namespace = f"fw{os.getpid() % 100000}{name}"
    programs = []
    subprocess.run(["ip", "netns", "add", namespace], check=True)
    within = ["ip", "netns", "exec", namespace]
    try:
        subprocess.run([*within, "sh", "-ec", SETS], check=True, timeout=30)
        (folder / name).write_text(LINES)
        for words in (["/usr/bin/python3", UPSTREAM, "127.0.0.1", "5399"], [binary, "-k", "-C", folder / name]):
            programs.append(subprocess.Popen([*within, *map(str, words)], stdout=subprocess.DEVNULL,
                                             stderr=subprocess.DEVNULL, env=dict(os.environ, LC_ALL="C")))
        wait_for_ports(within, 5300, 5399)
        lines = "".join(f"0 {q}\n" for q in QUESTIONS) + "".join(f"{port} {q} A\n" for port, q in MARKED)
        answers = subprocess.run([*within, "/usr/bin/python3", "-c", ASK], input=lines, capture_output=True,
                                 text=True, timeout=60, check=True).stdout
        return look(namespace), answers.splitlines()
    finally:
        for program in programs:
            program.kill()
            program.wait(10)
        subprocess.run(["ip", "netns", "del", namespace], check=False)


def test_the_same_sets_and_the_same_refusals(tmp_path):
    linnet = tmp_path / "dnsmasq"
    linnet.symlink_to(os.path.abspath(LINNET))
    sets, answers = watch(DNSMASQ, "peer", tmp_path)
    our_sets, our_answers = watch(linnet, "ours", tmp_path)
    assert any("REFUSED [15]" in line for line in answers)
    assert our_answers == answers
    assert all(sets[name] for name in ("first", "six", "below", "any", "ip t v4", "inet u spans", "inet u v6"))
    assert our_sets == sets
