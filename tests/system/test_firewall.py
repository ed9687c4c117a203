"""Sets and marks of the firewall, with the real nft and ipset in namespaces: what is put into sets and for how
long, what errors look like, whose marks go where, which names marked clients may look up."""
import json
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest

from conftest import lacks, run, wait_until

UPSTREAM = pathlib.Path(__file__).with_name("firewall_upstream.py")
COMMON = "port=53\nno-resolv\nno-hosts\nserver=127.0.0.1#5399\nlog-queries\n"


def why_not():
    """What this machine lacks, or None: tried in a namespace of its own."""
    for program in ("nft", "ipset"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    tries = (("ipset", "ipset create x hash:ip timeout 1"),
             ("nf_tables", "nft add table inet t && nft 'add set inet t s { type ipv4_addr; flags timeout; }'"),
             ("nft_ct", "nft add table inet t && nft 'add chain inet t c { type filter hook output priority 0; }'"
              " && nft add rule inet t c ct mark set 5"))
    for part, line in tries:
        if subprocess.run(["unshare", "-n", "sh", "-c", line], capture_output=True).returncode != 0:
            return f"this kernel has no {part}"
    return None


LACKS = why_not() or lacks("conntrack")
pytestmark = pytest.mark.skipif(LACKS is not None, reason=LACKS or "")


@pytest.fixture
def upstream(network):
    program = network.start(network.server, "/usr/bin/python3", UPSTREAM, "127.0.0.1", 5399)
    program.wait_for("listening")
    return program


def nft(network, line):
    return network.inside(network.server, "nft", line).stdout


def elements(network, family, table, name):
    """The addresses in a set of nftables, each with the seconds it still stays, or None."""
    text = network.inside(network.server, "nft", "-j", "list", "set", family, table, name).stdout
    held = {}
    for entry in json.loads(text)["nftables"]:
        for element in entry.get("set", {}).get("elem", []):
            if isinstance(element, dict):
                held[element["elem"]["val"]] = element["elem"].get("expires")
            else:
                held[element] = None
    return held


def members(network, name):
    text = network.inside(network.server, "ipset", "list", name).stdout
    held = {}
    for line in text.split("Members:\n")[1].splitlines():
        words = line.split()
        held[words[0]] = int(words[2]) if "timeout" in words else None
    return held


def ask(network, name, kind="A", source=None):
    where = ["-b", source] if source else []
    return network.dig_status(network.server, *where, name, kind, server="127.0.0.1")


def low(name):
    return sum(f"{name}.".encode()) % 250 + 1


def test_addresses_go_into_sets(network, upstream):
    for line in ("create plain hash:ip", "create timed hash:ip timeout 0", "create six hash:ip family inet6",
                 "create net hash:net timeout 900"):
        network.inside(network.server, "ipset", *line.split())
    nft(network, "add table ip t; add table inet u;"
        "add set ip t v4 { type ipv4_addr; }; add set inet u timed { type ipv4_addr; flags timeout; };"
        "add set inet u spans { type ipv4_addr; flags interval, timeout; };"
        "add set inet u hourly { type ipv4_addr; timeout 1h; }; add set inet u v6 { type ipv6_addr; flags timeout; };"
        "add set inet u ports { type ipv4_addr . inet_service; }; add set inet u taken { type ipv4_addr;"
        " flags interval; elements = { 192.0.2.0/24 } }")
    linnet = network.linnet(COMMON + """
min-cache-ttl=100
ipset=/set.test/plain,timed,six,net
ipset=/set.test/six
ipset=/elsewhere/third/six
ipset=/below.set.test/plain
ipset=/gone.test/nosuch
nftset=/set.test/t#v4,4#inet#u#timed,4#inet#u#spans,4#inet#u#hourly,6#inet#u#v6
nftset=/odd.test/ip#t#nosuch,inet#u#ports,inet#u#taken,t#v4
""")
    for name, kind in (("ttl1.set.test", "A"), ("ttl300.set.test", "A"), ("chain.set.test", "A"),
                       ("many.set.test", "A"), ("x.set.test", "AAAA"), ("x.below.set.test", "A"),
                       ("odd.test", "A"), ("odd.test", "AAAA"), ("gone.test", "A")):
        assert ask(network, name, kind) == "NOERROR", name
    short, long, chain = (f"192.0.2.{low(name)}" for name in ("ttl1.set.test", "ttl300.set.test", "chain.set.test"))
    six = f"2001:db8::{low('x.set.test'):x}"
    many = {f"198.51.100.{i + 1}" for i in range(40)}
    everything = {short, long, chain, "192.0.2.252"} | many

    # Every set has all addresses it can hold, and only its own lines' names.
    assert set(members(network, "timed")) == everything
    assert set(members(network, "plain")) == everything | {f"192.0.2.{low('x.below.set.test')}"}
    assert set(members(network, "six")) == {six}
    everything.add(f"192.0.2.{low('x.below.set.test')}")
    assert set(elements(network, "inet", "u", "timed")) == everything
    assert set(elements(network, "inet", "u", "hourly")) == everything
    assert set(elements(network, "inet", "u", "v6")) == {six}
    assert set(elements(network, "ip", "t", "v4")) == everything | {f"192.0.2.{low('odd.test')}"}
    assert short in elements(network, "inet", "u", "spans")

    # Timeouts follow the TTL, are ten seconds at least, and a set's own is the shortest.
    for held in (members(network, "timed"), elements(network, "inet", "u", "timed"),
                 elements(network, "inet", "u", "spans")):
        assert 4 <= held[short] <= 10 and 290 <= held[long] <= 300 and 50 <= held[chain] <= 60, held
    assert 890 <= members(network, "net")[short] <= 900 or 4 <= members(network, "net")[short] <= 10
    assert elements(network, "inet", "u", "hourly")[long] > 3500
    assert set(members(network, "plain").values()) == {None}

    # From the cache it may be used for longer now: it stays longer, in sets of both kinds.
    assert ask(network, "ttl1.set.test") == "NOERROR"
    for held in (members(network, "timed"), elements(network, "inet", "u", "timed"),
                 elements(network, "inet", "u", "spans")):
        assert 80 <= held[short] <= 100 and 290 <= held[long] <= 300, held

    log = linnet.log()
    assert f"ipset add timed {short} set.test\n" in log
    assert f"nftset add 4 inet u timed {short} set.test\n" in log
    assert f"nftset add 6 inet u v6 {six} set.test\n" in log
    assert f"nftset add inet u taken 192.0.2.{low('odd.test')} odd.test\n" in log
    assert "nftset ip t nosuch Error: No such file or directory\n" in log
    assert "nftset inet u ports Error: the set does not hold addresses\n" in log
    assert "nftset t v4 Error: the set does not hold IPv6 addresses\n" in log
    assert "ipset nosuch Error: No such file or directory\n" in log
    assert "ipset six Error" not in log and "ipset plain Error" not in log
    linnet.signal(signal.SIGUSR1)
    learned, failed = linnet.wait_for(r"firewall sets: addresses learned (\d+), not put in (\d+)").groups()
    assert int(learned) >= 40 and int(failed) >= 4
    linnet.stop()


def test_sets_that_were_emptied_or_made_anew_are_filled_again(network, upstream):
    network.inside(network.server, "ipset", "create", "timed", "hash:ip", "timeout", "0")
    nft(network, "add table ip t; add set ip t s { type ipv4_addr; flags timeout; }")
    linnet = network.linnet(COMMON + "ipset=/ttl10.test/timed\nnftset=/ttl10.test/ip#t#s\n"
                            "nftset=/late.test/ip#late#s\n")
    address = f"192.0.2.{low('ttl10.test')}"
    assert ask(network, "ttl10.test") == "NOERROR"
    assert ask(network, "late.test") == "NOERROR"
    nft(network, "flush set ip t s")
    assert ask(network, "ttl10.test") == "NOERROR"  # not at every hit
    assert elements(network, "ip", "t", "s") == {}
    time.sleep(5.2)
    network.inside(network.server, "ipset", "flush", "timed")
    assert ask(network, "ttl10.test") == "NOERROR"
    assert address in members(network, "timed") and address in elements(network, "ip", "t", "s")
    # One that was not there before.
    nft(network, "add table ip late; add set ip late s { type ipv4_addr; }")
    assert ask(network, "late.test") == "NOERROR"
    assert len(elements(network, "ip", "late", "s")) == 1
    linnet.stop()


def test_many_errors_are_few_lines(network, upstream):
    linnet = network.linnet(COMMON + "nftset=/test/ip#t#nosuch\n")
    for i in range(20):
        assert ask(network, f"n{i}.test") == "NOERROR"
    assert len(re.findall("nosuch Error", linnet.log())) == 1
    linnet.stop()


def test_without_the_right_dns_goes_on(network, upstream):
    """Not root, and no right kept: sets and marks cannot be had, and that is all."""
    network.inside(network.server, "ipset", "create", "s", "hash:ip")
    lines = (COMMON.replace("port=53", "port=5300")
             + "ipset=/test/s\nnftset=/test/ip#t#s\nconntrack\nconnmark-allowlist-enable\n").split()
    program = network.start(network.server, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                            "--bounding-set=-net_admin", network_binary(), "-k", "-C", "/dev/null", "--pid-file=",
                            "--log-facility=-", *[f"--{line}" for line in lines], name="rights")
    program.wait_for("started, version")
    assert network.dig_status(network.server, "-p", "5300", "a.test", server="127.0.0.1") == "NOERROR"
    program.wait_for("ipset s Error: Operation not permitted")
    program.wait_for("nftset ip t s Error: Operation not permitted")
    program.wait_for("conntrack Error: Operation not permitted")
    program.stop()


def network_binary():
    from conftest import BINARY
    return BINARY


def capabilities(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"CapEff:\s*(\w+)", text)[1], 16)


def server_process(program):
    """The program behind "ip netns exec", which becomes it."""
    return program.pid


@pytest.mark.parametrize("line", ["ipset=/test/s", "nftset=/test/ip#t#s", "conntrack", "connmark-allowlist-enable", ""])
def test_only_net_admin_is_kept(network, line):
    path = network.folder / "keep.conf"
    path.write_text(f"port=53\nno-resolv\nbind-interfaces\n{line}\n")
    program = network.start(network.server, network_binary(), "-k", "-C", path, "--pid-file=", "--log-facility=-",
                            "-u", "nobody", name="keep")
    program.wait_for("started, version")
    kept = 1 << 12 if line else 0
    assert wait_until(lambda: capabilities(server_process(program)) == kept, 3, f"capabilities {kept:x}")
    program.stop()


MARKS = """
add table inet f
add chain inet f in { type filter hook input priority -150; }
add chain inet f out { type filter hook output priority -150; }
add rule inet f in iifname lan0 th dport 53 th sport 6001 ct mark set 1
add rule inet f in iifname lan0 th dport 53 th sport 6002 ct mark set 2
add rule inet f in iifname lan0 th dport 53 th sport 6003 ct mark set 0x103
add counter inet f first
add counter inet f third
add counter inet f stream
add counter inet f unmarked
add rule inet f out th dport 5399 meta mark 1 counter name first
add rule inet f out th dport 5399 meta mark 0x103 counter name third
add rule inet f out tcp dport 5399 meta mark 2 counter name stream
add rule inet f out th dport 5399 meta mark 0 counter name unmarked
"""


def packets(network, name):
    return int(re.search(r"packets (\d+)", nft(network, f"list counter inet f {name}"))[1])


def test_marks_of_clients(network, upstream):
    client = network.add_client("a", "192.168.50.7/24")
    network.inside(client, "ip", "addr", "add", "fd00:50::7/64", "dev", "eth0", "nodad")
    network.inside(network.server, "nft", "-f", "-", input=MARKS)
    linnet = network.linnet(COMMON + "conntrack\nconnmark-allowlist-enable=255\n"
                            "connmark-allowlist=1,*.a.example/b.example\nconnmark-allowlist=2,*\n"
                            "connmark-allowlist=3/3,only.example/three.example\naddress=/own.example/192.0.2.9\n")

    def status(port, *question, server="192.168.50.1", address="192.168.50.7"):
        return network.dig_status(client, "-b", f"{address}#{port}", *question, server=server)

    expected = [
        (6001, "x.a.example", "NOERROR"), (6001, "a.example", "REFUSED"), (6001, "y.x.a.example", "REFUSED"),
        (6001, "B.example", "NOERROR"), (6001, "x_y.a.example", "REFUSED"), (6001, "own.example", "REFUSED"),
        (6002, "x_y.single", "NOERROR"), (6003, "three.example", "NOERROR"), (6003, "b.example", "REFUSED"),
        (6000, "anything.example", "NOERROR"),
    ]
    for port, name, wanted in expected:
        assert status(port, name) == wanted, (port, name)
    assert status(6001, "z.a.example", server="fd00:50::1", address="fd00:50::7") == "NOERROR"
    assert status(6001, "z.b.example", server="fd00:50::1", address="fd00:50::7") == "REFUSED"
    assert status(6001, "+tcp", "t.b.example") == "REFUSED"
    assert status(6002, "+tcp", "t.b.example") == "NOERROR"
    # Questions go upstream with the mark of who asked, all bits of it.
    assert (packets(network, "first"), packets(network, "third")) == (3, 1)
    assert packets(network, "unmarked") == 1
    refused = network.inside(client, "dig", "@192.168.50.1", "-b", "192.168.50.7#6001", "no.example").stdout
    assert "EDE: 15" in refused
    assert linnet.log().count("config error is REFUSED (EDE: blocked)") == 8
    linnet.stop()


def test_a_redirected_client_has_its_mark(network, upstream):
    """The question was meant for another server and a rule sends it to us."""
    client = network.add_client("a", "192.168.50.7/24")
    network.inside(client, "ip", "route", "add", "default", "via", "192.168.50.1")
    network.inside(network.server, "nft", "-f", "-", input="""
add table ip f
add chain ip f pre { type nat hook prerouting priority -100; }
add chain ip f early { type filter hook prerouting priority -150; }
add rule ip f early udp dport 53 ct mark set 1
add rule ip f pre udp dport 53 redirect to :53
""")
    linnet = network.linnet(COMMON + "connmark-allowlist-enable\nconnmark-allowlist=1,good.example\n")
    assert network.dig_status(client, "good.example", server="203.0.113.1") == "NOERROR"
    assert network.dig_status(client, "bad.example", server="203.0.113.1") == "REFUSED"
    linnet.stop()


def test_conntrack_and_query_port(network):
    result = run(network_binary(), "-C", "/dev/null", "--conntrack", "--query-port=5353", "--no-resolv", "-k",
                 "--pid-file=", "--port=0", check=False)
    assert result.returncode == 1
    assert "conntrack and query-port exclude each other" in result.stdout + result.stderr
