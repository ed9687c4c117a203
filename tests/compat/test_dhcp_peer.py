"""The same configuration and the same DHCPv4 packets to linnet and to the peer, Debian's dnsmasq as a black
box, each in its own namespaces; replies compared field by field and option by option, then the lease files
and the DNS answers. What differs must stand in docs/differences-dhcp.tsv with its reason."""
import time

import pytest

from dhcp_cases import CASES
from dhcp_compare import (BASE, CLIENT_MAC, CLOSE_S, HERE, SERVER_MAC, Comparison, Namespaces, bound_ports, load_cases,
                          running, talk, wait_until_true)

load_cases("dhcp_cases_*.py")
SERVER = "192.168.50.1"


# ------------------------------------------------------------------ one server and its client


class Pair(Namespaces):
    """Two namespaces and a cable: lan0 with the server, eth0 with the client, which also is the router to
    10.0.0.0/8, where relays live."""

    def __init__(self, setup):
        super().__init__("ltdp", setup)
        self.ip("server", "link set lo up\n"
                f"link add lan0 address {SERVER_MAC} type veth peer name eth0 address {CLIENT_MAC} "
                f"netns {self.names['client']}\n"
                f"addr add {SERVER}/24 dev lan0\nlink set lan0 up\nroute add 10.0.0.0/8 via 192.168.50.2\n"
                + self.more["server"])
        self.ip("client", "link set lo up\naddr add 192.168.50.2/24 dev eth0\nlink set eth0 up\n"
                + self.more["client"])


def wait_bound(process, log, ports):
    wait_until_true(lambda: ports <= bound_ports(process, "udp"), process, log)


def leases_of(path, replies):
    """{address: {field: text}}; the expiry counts from the last reply that gave the address."""
    given = {reply["yiaddr"]: reply["at"] for several in replies for reply in several
             if reply["kind"] in ("ack", "bootp")}
    now, rows = time.time(), {}
    for line in path.read_text().splitlines() if path.exists() else []:
        expires, hardware, address, name, client_id = line.split(" ")
        left = None if expires == "0" else int(expires) - given.get(address, now)
        rows[address] = {"expires": left, "hardware": hardware, "name": name, "client-id": client_id}
    return rows


def observe(subject, case, folder):
    """For Comparison; no lines of the log are compared."""
    folder.mkdir()
    config = case["config"].replace("{folder}", str(folder))
    lines = BASE.format(folder=folder) + ("" if "PING\n" in config else "no-ping\n") + config.replace("PING\n", "")
    pair = Pair(case["setup"])
    with running(subject, case, folder, lines, pair) as process:
        wait_bound(process, folder / "log", {67} if "port=" in config else {53, 67})
        told = talk(case, pair, HERE / "dhcp_talk.py", "eth0", SERVER, SERVER_MAC)
    return {**told, "leases": leases_of(folder / "leases", told["replies"]), "log": [],
            "text": (folder / "log").read_text()}


# ------------------------------------------------------------------ comparing


def is_close_time(packet, field, our, their):
    """T1 and T2 of a renewal are drawn by chance within an eighth below their places, and what is left of a
    lease depends on when one asks."""
    if our is None or their is None or field not in ("option 51", "option 58", "option 59"):
        return False
    difference = abs(int(our, 16) - int(their, 16))
    if packet["label"] in ("renew", "rebind") and field != "option 51":
        return difference <= max(int(our, 16), int(their, 16)) // 4
    return packet["send"] == "inform" and difference <= CLOSE_S


COMPARED = Comparison("DHCPv4", CASES, "differences-dhcp.tsv", observe, is_close_time)


# ------------------------------------------------------------------ the tests


@pytest.fixture(scope="module")
def observed(request, tmp_path_factory):
    with COMPARED.under_way(request, tmp_path_factory.mktemp("dhcp")) as cases:
        yield cases


@pytest.mark.parametrize("case", CASES)
def test_same_replies(case, observed, tmp_path):
    COMPARED.expect_same(case, observed[case], tmp_path)


def test_enough_compared(capsys):
    with capsys.disabled():
        COMPARED.expect_enough(packets=400, same=300)


def test_every_explanation_is_needed():
    COMPARED.expect_all_explanations_needed()
