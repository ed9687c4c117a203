"""The same configuration and the same DHCPv6 packets to linnet and to the peer, Debian's dnsmasq as a black
box, each in its own namespaces; replies compared field by field and option by option, then the lease files,
the log lines and the DNS answers. What differs must stand in docs/differences-dhcp6.tsv with its reason."""
import ipaddress
import re
import time

import pytest

from dhcp6_cases import CASES
from dhcp_compare import (BASE, CLIENT_MAC, HERE, SERVER_MAC, Comparison, Namespaces, bound_ports, load_cases,
                          net_lines, run, running, talk, wait_until_true)

load_cases("dhcp6_cases_*.py")
SERVER = "fd00:50::1"
AGENTS_GROUP = "ff020000000000000000000000010002"


# ------------------------------------------------------------------ one server and its client


class Pair(Namespaces):
    """Two namespaces and a cable: lan0 with the server, eth0 with the client, which also is the router to
    fd00:99::/32, where relays live."""

    def __init__(self, setup):
        super().__init__("ltd6", setup)
        server, client = self.names["server"], self.names["client"]
        for namespace in (server, client):
            run("ip", "netns", "exec", namespace, "sh", "-c", "for i in all default; do"
                " echo 0 > /proc/sys/net/ipv6/conf/$i/accept_dad; echo 0 > /proc/sys/net/ipv6/conf/$i/accept_ra;"
                " done")
        self.ip("server", "link set lo up\n"
                f"link add lan0 address {SERVER_MAC} type veth peer name eth0 address {CLIENT_MAC} netns {client}\n"
                f"addr add 192.168.50.1/24 dev lan0\naddr add {SERVER}/64 dev lan0 nodad\nlink set lan0 up\n")
        self.ip("client", "link set lo up\naddr add fd00:50::2/64 dev eth0 nodad\n"
                "addr add fd00:50::100/64 dev eth0 nodad\naddr add fd00:99::9/64 dev eth0 nodad\n"
                "link set eth0 up\n" + self.more["client"])
        for namespace, interface in ((server, "lan0"), (client, "eth0")):
            wait_for_carrier(namespace, interface)
        self.ip("server", "route add fd00:99::/32 via fd00:50::2\n" + self.more["server"])


def wait_for_carrier(namespace, interface):
    """Until the kernel has given the interface its link-local address, which it does a moment after both ends are up."""
    for _ in range(200):
        if "fe80:" in run("ip", "-n", namespace, "-6", "addr", "show", "dev", interface, "-tentative"):
            return
        time.sleep(0.02)
    raise AssertionError(f"{interface} has no link-local address")


def serves(process, has_dns):
    """The namespace's sockets are open and lan0 hears what is sent to all servers and relays."""
    groups = {tuple(line.split()[1:3]) for line in net_lines(process, "igmp6")}
    return ({53, 547} if has_dns else {547}) <= bound_ports(process, "udp6") and ("lan0", AGENTS_GROUP) in groups


def wait_until_it_serves(process, log, has_dns):
    wait_until_true(lambda: serves(process, has_dns), process, log)


def leases_of(path, replies):
    """{address or "duid": {field: text}}; the expiry counts from the last reply that gave the address."""
    given = {key.split(" ")[3]: reply["at"] for several in replies for reply in several if reply["kind"] == "reply"
             for key in reply if " address " in key}
    now, rows = time.time(), {}
    for line in path.read_text().splitlines() if path.exists() else []:
        words = line.split(" ")
        if words[0] == "duid":
            # RFC 8415 section 11.2: the time in a DUID-LLT is when it was made.
            rows["duid"] = {"duid": re.sub(r"^(00:01:00:01):(..:){4}", r"\1:time:", words[1])}
            continue
        expires, iaid, address, name, duid = words
        left = None if expires == "0" else int(expires) - given.get(address, now)
        rows[address] = {"expires": left, "iaid": iaid, "name": name, "duid": duid}
    return rows


def log_of(text):
    """What a log says about messages, without what comes before it on the line."""
    found = []
    for line in text.splitlines():
        match = re.search(r"\b(DHCP[A-Z-]+\(.*)$", line)
        if match and "00:03:00:01:02:00:00:00:00:fe" not in line:
            found.append(match[1].rstrip())
    return found


def known_addresses(case):
    """Those that the configuration or a packet names, as the replies have them; another is the server's own choice."""
    text = " ".join([case["config"], *case["files"].values(), case["hosts"]])
    words = re.findall(r"[0-9a-f:]*::?[0-9a-f:]+", text)
    for packet in case["packets"]:
        words += [str(ipaddress.IPv6Address(bytes.fromhex(found))) for _, value in packet["options"] if value != "SERVER"
                  for found in re.findall(r"00050018([0-9a-f]{32})", value)]
    return set(words)


def without_choice(case, told, lines):
    """Which free address a server picks is its own affair: it gets the same name everywhere."""
    known = known_addresses(case)

    def rename(match):
        return match[0] if match[0] in known else "picked"

    pattern = re.compile(r"(?<= )fd00:[0-9a-f:]+(?= |$)")
    told["replies"] = [[{pattern.sub(rename, key) if " address " in key else key: value for key, value in reply.items()}
                        for reply in several] for several in told["replies"]]
    return [pattern.sub(rename, line) for line in lines]


def observe(subject, case, folder):
    """For Comparison."""
    folder.mkdir()
    config = case["config"].replace("{folder}", str(folder))
    pair = Pair(case["setup"])
    with running(subject, case, folder, BASE.format(folder=folder) + config, pair) as process:
        wait_until_it_serves(process, folder / "log", "port=" not in config)
        told = talk(case, pair, HERE / "dhcp6_talk.py", "eth0", SERVER)
    said = (folder / "log").read_text()
    leases = leases_of(folder / "leases", told["replies"])
    lines = without_choice(case, told, log_of(said))
    return {**told, "leases": leases, "text": said, "log": lines}


# ------------------------------------------------------------------ comparing


def is_close(packet, field, our, their):
    """T1 and T2 of a renewal are drawn by chance within an eighth below their places; the time in a DUID-LLT is
    when it was made."""
    if our is None or their is None:
        return False
    if field == "option 2":
        return our[:8] == their[:8] == "00010001" and our[16:] == their[16:]
    if not field.endswith((" T1", " T2")) or packet["send"] not in ("renew", "rebind"):
        return False
    return isinstance(our, int) and isinstance(their, int) and abs(our - their) <= max(our, their) // 4


def without_empty_associations(reply, other):
    """Newer versions of the peer name the associations that get nothing in an ADVERTISE, as RFC 8415 section 18.3.9
    wants it; the one here leaves them out."""
    if reply["kind"] != "advertise":
        return reply
    empty = [key.removesuffix(" status") for key, value in reply.items()
             if key.startswith("ia_") and key.endswith(" status") and value == "2 address unavailable"]
    gone = [key for key in empty if key not in other and not any(k.startswith(key + " address ") for k in reply)]
    return {key: value for key, value in reply.items()
            if not any(key == name or key.startswith(name + " ") for name in gone)}


COMPARED = Comparison("DHCPv6", CASES, "differences-dhcp6.tsv", observe, is_close, without_empty_associations)


# ------------------------------------------------------------------ the tests


@pytest.fixture(scope="module")
def observed(request, tmp_path_factory):
    with COMPARED.under_way(request, tmp_path_factory.mktemp("dhcp6")) as cases:
        yield cases


@pytest.mark.parametrize("case", CASES)
def test_same_dhcp6_replies(case, observed, tmp_path):
    COMPARED.expect_same(case, observed[case], tmp_path)


def test_enough_compared(capsys):
    with capsys.disabled():
        COMPARED.expect_enough(packets=250, same=180)


def test_every_explanation_is_needed():
    COMPARED.expect_all_explanations_needed()
