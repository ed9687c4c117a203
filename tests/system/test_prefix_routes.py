"""Delegated prefixes are of use when somebody routes them: a lease script makes the route from what it is told, and
hosts behind the client answer."""
import ipaddress
import json
import pathlib
import shutil
import signal

import pytest

from conftest import run, wait_until
from test_dhcp6 import POOL, Dhcpcd, add_client, lan, wait_for_prefix  # noqa: F401  (lan: the fixture)

TALK = pathlib.Path(__file__).resolve().parent.parent / "compat/dhcp6_talk.py"
SCRIPT = """#!/bin/sh
case $3 in */*) ;; *) exit 0 ;; esac
echo "$1 $2 $3 via $DNSMASQ_CLIENT_ADDRESS dev $DNSMASQ_INTERFACE" >> {folder}/calls
case $1 in
add | old) {ip} -6 route replace "$3" via "$DNSMASQ_CLIENT_ADDRESS" dev "$DNSMASQ_INTERFACE" ;;
del) {ip} -6 route del "$3" ;;
esac
"""


class Wide:
    def __init__(self, lan, client):
        (lan.folder / "dhcp6c.conf").write_text("interface eth0 { send ia-pd 7; };\nid-assoc pd 7 { };\n")
        self.program = lan.start(
            client, "unshare", "-m", "sh", "-c",
            "mkdir -p /var/lib/dhcpv6 && mount -t tmpfs tmpfs /var/lib/dhcpv6 && mount -t tmpfs tmpfs /run && "
            f"exec dhcp6c -f -D -c {lan.folder}/dhcp6c.conf eth0", name="dhcp6c")

    def release(self):
        self.program.signal(signal.SIGTERM)


def dhcpcd(lan, client):
    return Dhcpcd(lan, client, more="ia_pd 2\n")


CLIENTS = [pytest.param(client, id=binary, marks=pytest.mark.skipif(
    shutil.which(binary) is None, reason=f"{binary} is not installed"))
    for client, binary in ((dhcpcd, "dhcpcd"), (Wide, "dhcp6c"))]


def routes(lan):
    return run("ip", "-n", lan.server, "-6", "route", "show", "proto", "boot").stdout


def answers(lan, address):
    return lan.inside(lan.server, "ping", "-6", "-n", "-c", "1", "-W", "1", address, check=False).returncode == 0


def calls(lan):
    path = lan.folder / "calls"
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize("kind", CLIENTS)
def test_script_routes_a_prefix(lan, kind):  # noqa: F811
    namespace = add_client(lan)
    run("ip", "-n", namespace, "-6", "addr", "add", "fd00:50::2/64", "dev", "eth0", "nodad")
    router = lan.link_local(namespace)
    script = lan.folder / "script"
    script.write_text(SCRIPT.replace("{folder}", str(lan.folder)).replace("{ip}", shutil.which("ip")))
    script.chmod(0o755)
    config = POOL + f"dhcp-script={script}\n"
    server = lan.linnet(config, wait="DHCPv6, prefixes")
    client = kind(lan, namespace)
    row = wait_for_prefix(lan)
    prefix, duid = row[2], row[4]
    assert row[3] == f"{router}%lan0"  # where it is kept over a restart
    host = str(ipaddress.IPv6Network(prefix)[1])
    run("ip", "-n", namespace, "-6", "addr", "add", f"{host}/128", "dev", "lo", "nodad")
    wait_until(lambda: answers(lan, host), what=f"an answer of {host}: {calls(lan)} {routes(lan)}")
    said = f"{duid} {prefix} via {router} dev lan0"
    assert calls(lan) == [f"add {said}"]

    server.stop()
    run("ip", "-n", lan.server, "-6", "route", "del", prefix)
    assert not answers(lan, host)
    lan.linnet(config, wait="DHCPv6, prefixes")  # as after a start of the machine
    wait_until(lambda: answers(lan, host), what=f"an answer of {host}: {calls(lan)} {routes(lan)}")
    assert calls(lan)[1:] == [f"old {said}"]

    client.release()
    wait_until(lambda: calls(lan)[2:] == [f"del {said}"], 20, f"a last call: {calls(lan)}")
    wait_until(lambda: prefix not in routes(lan), what="the route gone")


def test_another_router_at_the_same_lease(lan):  # noqa: F811
    """The client's address is another one when it renews: the script is told of it, and of nothing when it is not."""
    namespace = add_client(lan)
    for address in ("fe80::a", "fe80::b"):
        run("ip", "-n", namespace, "-6", "addr", "add", f"{address}/64", "dev", "eth0", "nodad")
    script = lan.folder / "script"
    script.write_text(SCRIPT.replace("{folder}", str(lan.folder)).replace("{ip}", shutil.which("ip")))
    script.chmod(0o755)
    lan.linnet(POOL + f"dhcp-script={script}\n", wait="DHCPv6, prefixes")
    prefix = ipaddress.IPv6Network("2001:db8:f000:10::/60")
    wanted = "00000001" + "00" * 8 + "001a0019" + "00" * 8 + "3c" + prefix.network_address.packed.hex()
    client = [[1, "00030001020000000001"], [25, wanted]]
    packets = [{"send": "solicit", "from": "fe80::a", "answered": True, "options": [*client, [14, ""]]}] + [
        {"send": "renew", "from": source, "answered": True, "options": [*client, [2, "SERVER"]]}
        for source in ("fe80::a", "fe80::b", "fe80::b")]
    told = json.loads(lan.inside(namespace, "/usr/bin/python3", TALK, "eth0", "fd00:50::1",
                                 input=json.dumps({"packets": packets, "questions": []})).stdout)
    assert [[reply["kind"] for reply in replies] for replies in told["replies"]] == [["reply"]] * 4
    said = f"00:03:00:01:02:00:00:00:00:01 {prefix} via fe80::%s dev lan0"
    wait_until(lambda: calls(lan) == ["add " + said % "a", "old " + said % "b"], what=f"two calls: {calls(lan)}")
    assert "via fe80::b dev lan0" in routes(lan)
