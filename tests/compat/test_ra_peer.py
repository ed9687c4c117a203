"""The same configuration to linnet and to the peer, Debian's dnsmasq as a black box, each in its own namespaces;
their router advertisements, to all and to the one who asks, compared field by field and option by option. What
differs must stand in docs/differences-ra.tsv with its reason."""
import concurrent.futures
import fnmatch
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
BINARY = os.environ.get("LINNET_BINARY", "build/release/src/daemon/linnet")
DNSMASQ = shutil.which("dnsmasq", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
EXPLAINED = [tuple(line.split("\t")) for line
             in (HERE.parent.parent / "docs/differences-ra.tsv").read_text().splitlines()[1:]]
AT_ONCE = 8          # cases; each is two servers
TRIES = 5
ASK_S = 2.2          # after the first advertisement to all, which comes within a second of the start
END_S = 4.0
CLOSE_S = 3          # lifetimes that run down may be so far apart
BASE = """\
interface=lan0
bind-interfaces
no-resolv
no-hosts
dhcp-leasefile={folder}/leases
"""
NUMBERS = itertools.count()
USED = set()

PLAIN = "dhcp-range=fd00:50::100,fd00:50::1ff"
ONLY = "dhcp-range=fd00:50::,ra-only"
SECOND = "addr add fd00:51::1/64 dev lan0\n"
GLOBAL = "addr add 2001:db8:5::1/64 dev lan0\n"
SHORT = "addr add fd00:51::1/64 dev lan0 valid_lft 5000 preferred_lft 2500\n"
DNS = "dhcp-option=option6:dns-server,"

# name: lines, and what the server's namespace gets besides
CASES = {
    "plain": ([PLAIN, "enable-ra"], ""),
    "plain, not enabled": ([PLAIN], ""),
    "slaac": ([PLAIN + ",slaac"], ""),
    "slaac of one address": (["dhcp-range=fd00:50::100,slaac"], ""),
    "ra-only": ([ONLY], ""),
    "ra-only with addresses": ([PLAIN + ",ra-only"], ""),
    "ra-stateless": (["dhcp-range=fd00:50::,ra-stateless,10m"], ""),
    "ra-stateless with addresses": ([PLAIN + ",ra-stateless"], ""),
    "ra-names": (["dhcp-range=fd00:50::,ra-names,64,2h"], ""),
    "ra-names with addresses": ([PLAIN + ",ra-names"], ""),
    "ra-advrouter": (["dhcp-range=fd00:50::,ra-advrouter", "ra-param=lan0,60,7"],
                     "addr add fd00:50::2/64 dev lan0\n"),
    "off-link": (["dhcp-range=fd00:50::,ra-stateless,off-link"], ""),
    "deprecated": ([ONLY + ",64,deprecated"], ""),
    "static": (["dhcp-range=fd00:50::,static", "enable-ra"], ""),
    "static for all": (["dhcp-range=::,static", "enable-ra"], ""),
    "static and slaac": (["dhcp-range=fd00:50::,static,slaac"], ""),
    "infinite": ([PLAIN + ",infinite", "enable-ra"], ""),
    "two prefixes": ([ONLY, "dhcp-range=fd00:51::100,fd00:51::200,10m", "enable-ra"], SECOND),
    "two prefixes, one told": ([ONLY, "dhcp-range=fd00:51::100,fd00:51::200,10m"], SECOND),
    "one prefix three times": ([ONLY + ",64,1h", PLAIN + ",10m",
                                "dhcp-range=fd00:50::300,fd00:50::400,off-link,2h", "enable-ra"], ""),
    "off-link first": (["dhcp-range=fd00:50::300,fd00:50::400,off-link,2h", ONLY, "enable-ra"], ""),
    "one prefix, one line told": ([PLAIN + ",2h", "dhcp-range=fd00:50::,ra-stateless"], ""),
    "deprecated by one of two": ([PLAIN + ",64,deprecated", "dhcp-range=fd00:50::300,fd00:50::3ff", "enable-ra"],
                                 ""),
    "literal with lifetimes": (["dhcp-range=fd00:51::,ra-only"], SHORT),
    "literal beside another address": (["dhcp-range=fd00:51::,ra-only,64,1h"], SECOND),
    "template": (["dhcp-range=::100,::1ff,constructor:lan*,slaac", "enable-ra"], GLOBAL),
    "template with lifetimes": (["dhcp-range=::,constructor:lan0,ra-only"], SHORT),
    "template with lifetimes and its own": (["dhcp-range=::,constructor:lan0,ra-only,64,1h"], SHORT),
    "template with a second address": (["dhcp-range=::,constructor:lan0,ra-only"],
                                       SHORT + "addr add fd00:51::2/64 dev lan0\n"),
    "template on an autoconfigured address": (["dhcp-range=::,constructor:lan0,ra-only"],
                                              "addr add fd00:51::1/64 dev lan0 mngtmpaddr\n"),
    "literal on an autoconfigured address": (["dhcp-range=fd00:51::,ra-only"],
                                             "addr add fd00:51::1/64 dev lan0 mngtmpaddr\n"),
    "literal deprecated by hand": (["dhcp-range=fd00:51::,ra-only"],
                                   "addr add fd00:51::1/64 dev lan0 preferred_lft 0\n"),
    "template beside its literal": (["dhcp-range=fd00:50::,static",
                                     "dhcp-range=::,constructor:lan0,ra-stateless"], ""),
    "template with advrouter": (["dhcp-range=::,constructor:lan0,ra-advrouter"], GLOBAL),
    "wide link": (["dhcp-range=fd00:52::,ra-only,64"], "addr add fd00:52::1/48 dev lan0\n"),
    "another link's range": (["dhcp-range=fd00:60::,ra-only"], ""),
    "param": ([ONLY, "ra-param=lan0,mtu:1280,high,60,1200"], ""),
    "param of a pattern": ([ONLY, "ra-param=lan*,mtu:off,low,60"], ""),
    "param, no router": ([ONLY, "ra-param=lan0,mtu:lo,0,0"], ""),
    "param, no router but liked": ([ONLY, "ra-param=lan0,high,0,0"], ""),
    "param, too large": ([ONLY, "ra-param=lan0,2000,20000"], ""),
    "param, too small": ([ONLY, "ra-param=lan0,1"], ""),
    "param, no such MTU": ([ONLY, "ra-param=lan0,mtu:nosuch,30,10"], ""),
    "param twice": ([ONLY, "ra-param=lan0,high,60", "ra-param=lan0,low,90"], ""),
    "param of another": ([ONLY, "ra-param=lan1,high,30,10"], ""),
    "servers": ([ONLY + ",1h", DNS + "[fd00:50::53],[fe80::],[::],[fd00::]",
                 "dhcp-option=option6:domain-search,a.example,b.example"], GLOBAL),
    "servers twice": ([ONLY, DNS + "[fd00:50::53]", "dhcp-option=option6:23,[fd00:50::54]"], ""),
    "servers by interface": ([ONLY, "dhcp-option=tag:lan0,option6:23,[fd00:50::53]", DNS + "[fd00:50::54]"], ""),
    "servers by range": (["dhcp-range=set:r,fd00:50::,ra-only", "dhcp-option=tag:r,option6:23,[fd00:50::53]",
                          DNS + "[fd00:50::54]"], ""),
    "servers by tag-if": ([ONLY, "tag-if=set:x,tag:lan0", "dhcp-option=tag:x,option6:23,[fd00:50::53]"], ""),
    "no servers": ([ONLY, "dhcp-option=option6:dns-server"], ""),
    "no DNS": ([ONLY, "port=0"], ""),
    "DNS on another port": ([ONLY, "port=5353"], ""),
    "domain is no search list": ([ONLY, "domain=foo.example"], ""),
    "range for a tag": (["dhcp-range=tag:foo,fd00:50::,ra-only"], ""),
    "not here": ([ONLY, "no-dhcpv6-interface=lan0"], ""),
    "not DHCPv4 here": ([ONLY, "no-dhcpv4-interface=lan0"], ""),
    "captive portal": ([ONLY, "dhcp-option=option6:103,\"http://x\""], ""),
}


def run(*words, text=None, check=True):
    result = subprocess.run([str(w) for w in words], input=text, capture_output=True, text=True, timeout=60)
    if check and result.returncode != 0:
        raise AssertionError(f"{words}: {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def make_link(server, client, setup):
    for namespace in (server, client):
        run("ip", "netns", "add", namespace)
    quiet = [f"net.ipv6.conf.{name}.{what}=0" for name in ("all", "default")
             for what in ("accept_dad", "accept_ra", "router_solicitations")]
    for namespace in (server, client):
        run("ip", "netns", "exec", namespace, "sysctl", "-qw", *quiet)
    run("ip", "-n", server, "-batch", "-", text="link set lo up\n"
        f"link add lan0 address 02:00:00:00:50:01 type veth peer name eth0 address 02:00:00:00:50:02 netns {client}\n")
    run("ip", "-n", client, "link", "set", "eth0", "up")
    run("ip", "-n", server, "-batch", "-", text="link set lan0 up\naddr add fd00:50::1/64 dev lan0\n"
        "addr add 192.168.50.1/24 dev lan0\n" + setup)
    for _ in range(100):  # the link-local address comes by itself
        if "scope link" in run("ip", "-n", server, "-6", "addr", "show", "dev", "lan0"):
            return
        time.sleep(0.02)
    raise AssertionError("no link-local address")


def listen(program, lines, setup, folder):
    """All advertisements that the program sends in its first seconds, one of them when asked."""
    name = f"ltrp{os.getpid() % 100000}x{next(NUMBERS)}"
    server, client = name + "s", name + "c"
    try:
        make_link(server, client, setup)
        (folder / "conf").write_text(BASE.format(folder=folder) + "\n".join(lines) + "\n")
        talk = subprocess.Popen(["ip", "netns", "exec", client, "/usr/bin/python3", HERE / "ra_talk.py", "eth0"],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        asks = [{"at": ASK_S, "from": "fe80::ff:fe00:5002", "options": "0101020000005002"}]
        with open(folder / "log", "w") as log:
            process = subprocess.Popen(
                ["ip", "netns", "exec", server, program, "-k", "-C", folder / "conf", "--log-facility=-",
                 "--user=root", f"--pid-file={folder}/pid"], stdout=log, stderr=log)
            try:
                heard = json.loads(talk.communicate(
                    json.dumps({"seconds": END_S, "enough": 1, "asks": asks}), timeout=30)[0])
                said = (folder / "log").read_text()
                assert process.poll() is None, f"{program} ended: {said}"
                return heard
            finally:
                process.terminate()
                process.wait(timeout=10)
    finally:
        for namespace in (server, client):
            run("ip", "netns", "del", namespace, check=False)


def kinds_of(heard):
    """The last one to all and the last one to whoever asked."""
    last = {}
    for advert in heard:
        last["to all" if advert["to"] == "ff02::1" else "to one"] = advert
    return last


def close(field, ours, theirs):
    if ours == theirs:
        return True
    runs_down = field.split()[-1] in ("valid", "preferred", "lifetime")
    return (runs_down and isinstance(ours, int) and isinstance(theirs, int)
            and abs(ours - theirs) <= CLOSE_S and max(ours, theirs) < 1 << 31)


def differences(case, ours, theirs):
    found = []
    ours, theirs = kinds_of(ours), kinds_of(theirs)
    for kind in ("to all", "to one"):
        mine, other = ours.get(kind), theirs.get(kind)
        if mine is None or other is None:
            found += [] if mine is other else [(case, f"{kind}: heard", mine is not None, other is not None)]
            continue
        found += [(case, f"{kind}: {field}", mine.get(field), other.get(field))
                  for field in sorted((mine.keys() | other.keys()) - {"at"})
                  if not close(field, mine.get(field), other.get(field))]
    return found


def explained(difference):
    for row in EXPLAINED:
        if fnmatch.fnmatchcase(difference[0], row[0]) and fnmatch.fnmatchcase(difference[1], row[1]):
            USED.add(row)
            return True
    return False


def compare(item):
    case, (lines, setup) = item
    for _ in range(TRIES):  # a busy machine may be late with an answer
        with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as theirs:
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                started = [pool.submit(listen, program, lines, setup, pathlib.Path(folder))
                           for program, folder in ((BINARY, ours), (DNSMASQ, theirs))]
                adverts = [each.result() for each in started]
        found = differences(case, *adverts)
        wrong = [difference for difference in found if not explained(difference)]
        if not wrong:
            break
    return len(adverts[1]), wrong


@pytest.mark.skipif(DNSMASQ is None, reason="no dnsmasq here to compare with")
@pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")
def test_advertisements():
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        results = dict(zip(CASES, pool.map(compare, CASES.items())))
    for case in [case for case, (_, wrong) in results.items() if wrong]:  # they may have been in each other's way
        results[case] = compare((case, CASES[case]))
    wrong = [difference for _, found in results.values() for difference in found]
    silent = sum(heard == 0 for heard, _ in results.values())
    print(f"{len(CASES)} configurations, {silent} without advertisements")
    assert not wrong, "\n".join(f"{case}: {field}: ours {ours}, theirs {theirs}"
                                for case, field, ours, theirs in wrong)
    assert silent < len(CASES) // 4
    # Whether the peer speaks up in time is not the same in every run.
    unused = [row for row in EXPLAINED if row not in USED and not row[1].endswith(": heard")]
    assert not unused, f"rows without a difference: {unused}"
