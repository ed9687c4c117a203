"""Cases of the comparison: relays, links that stand for others, and what ranges may look like."""
from dhcp_cases import (ONE, PRL, RELAY_RANGE, SERVER, bootp, case, discover, inform, message, reboot, rebind, relayed,
                        release, renew, select)

OTHER_RANGE = "dhcp-range=10.10.0.100,10.10.0.100,255.255.0.0,1h\n"


def query(client=1, want=None, **more):
    return relayed(message("leasequery", client, want, **more))


# ------------------------------------------------------------------ relays

case("relay renews by proxy", RELAY_RANGE + "dhcp-proxy\ndhcp-authoritative\n", [
    relayed(discover()), relayed(select(ip="10.9.0.100", server="10.9.0.1")),
    relayed(renew(ip="10.9.0.100"), **{"from": "192.168.50.2"}),
    relayed(release(ip="10.9.0.100", server="10.9.0.1")), relayed(discover(2))])

case("relay and this link", ONE + RELAY_RANGE, [
    discover(), relayed(discover(2)), select(), relayed(select(2, "10.9.0.100")), relayed(reboot(1, want="nak")),
    reboot(2, "10.9.0.100", want="nak"), relayed(inform(3, "10.9.0.50")), inform(3)])

case("relay's option 82 of every shape", RELAY_RANGE, [
    relayed(discover(options=[(82, "0100")])), relayed(discover(options=[(82, "01020102030405")])),
    relayed(discover(options=[(82, "0904aabbccdd")])), relayed(discover(options=[(82, "0101000201000b040a090001")])),
    relayed(discover(options=[(82, "01ff61")])), relayed(discover(options=[(82, "01")])),
    relayed(discover(options=[(82, "05030a0900")]))])

case("relay chooses among ranges by tag", "dhcp-range=tag:x,10.9.0.100,10.9.0.100,255.255.0.0,1h\n"
     "dhcp-range=tag:!x,10.9.0.101,10.9.0.101,255.255.0.0,1h\ndhcp-circuitid=set:x,port7\n", [
         relayed(discover(options=[(82, b"\x01\x05port7")])), relayed(discover(2, options=[(82, b"\x01\x05port8")]))])

case("relay on a static network", "dhcp-range=10.9.0.0,static,255.255.0.0,1h\ndhcp-host=02:00:00:00:00:01,10.9.0.60\n", [
    relayed(discover()), relayed(discover(2, want=None)), relayed(select(ip="10.9.0.60")), renew(ip="10.9.0.60"),
    relayed(bootp(1))])

case("nobody may ask for leases", RELAY_RANGE, [
    relayed(discover()), relayed(select(ip="10.9.0.100")), query(ciaddr="10.9.0.100")])

# ------------------------------------------------------------------ links

case("shared network with a router", OTHER_RANGE + "shared-network=lan0,10.10.0.0\ndhcp-option=3,10.10.0.9\n", [
    discover(flags=0x8000), select(ip="10.10.0.100", flags=0x8000, prl=PRL), discover(2, want=None),
    reboot(ip="10.10.0.100", flags=0x8000), reboot(2, "10.10.0.100", want=None)])

case("shared network of an address", ONE + OTHER_RANGE + f"shared-network={SERVER},10.10.0.0\n", [
    select(), select(2, "10.10.0.100", flags=0x8000), discover(3, want=None)])

case("shared network of a relay", OTHER_RANGE + "shared-network=10.9.0.1,10.10.0.0\n", [
    relayed(discover()), relayed(discover(want=None), giaddr="10.9.0.2"), discover(want=None)])

case("shared network without a netmask", "dhcp-range=10.10.0.100,10.10.0.100,1h\nshared-network=lan0,10.10.0.0\n", [
    discover(want=None)])

case("bridge-interface", "interface=br9\n" + ONE + "bridge-interface=br9,nothing,lan*\n",
     [discover(flags=0x8000), select(flags=0x8000), reboot(flags=0x8000)],
     setup=[("server", "addr", "del", f"{SERVER}/24", "dev", "lan0"),
            ("server", "link", "add", "br9", "type", "bridge"),
            ("server", "addr", "add", f"{SERVER}/24", "dev", "br9"),
            ("server", "link", "set", "br9", "up")])

case("no-dhcp-interface", ONE + "no-dhcp-interface=lan*\n", [discover(want=None), select(want=None)])

case("no-dhcpv4-interface", ONE + "no-dhcpv4-interface=lan0\n", [discover(want=None)])

case("no-dhcp-interface, another", ONE + "no-dhcp-interface=lan1\n", [discover()])

# ------------------------------------------------------------------ ranges

case("range backwards", "dhcp-range=192.168.50.100,192.168.50.100,255.255.255.0,192.168.50.99,1h\n", [
    discover(), select(prl=PRL)])

case("range with a narrower mask", "dhcp-range=192.168.50.1,192.168.50.1,255.255.255.128,1h\n", [discover(want=None)])

case("range under another mask", "dhcp-range=192.168.50.100,192.168.50.100,255.255.0.0,1h\n", [
    discover(prl=PRL), select(prl=PRL), reboot(2, "192.168.77.1", want=None)])

case("range of a class B relay", "dhcp-range=172.16.9.100,172.16.9.100,1h\n", [
    relayed(discover(), giaddr="172.16.1.1"), relayed(discover(want=None), giaddr="172.17.1.1")],
     setup=[("server", "route", "add", "172.16.0.0/12", "via", "192.168.50.2")])

case("lease times of ranges", "dhcp-range=192.168.50.100,192.168.50.100,60\n", [
    discover(), select(), discover(time=10), discover(time=300)])

case("a range for ever", "dhcp-range=192.168.50.100,192.168.50.100,infinite\n", [
    discover(), select(time=3600), discover(), select(), renew()])

case("legacy tags of ranges", "dhcp-range=net:x,set:y,192.168.50.100,192.168.50.100,1h\n"
     "dhcp-range=#x,192.168.50.101,192.168.50.101,1h\ndhcp-mac=x,02:00:00:00:00:01\ndhcp-option=tag:y,42,192.168.50.9\n",
     [discover(), discover(2), select(), select(2, "192.168.50.101")])

case("sequential, lowest free", "dhcp-range=192.168.50.100,192.168.50.103,1h\ndhcp-sequential-ip\n", [
    discover(1), select(1, "192.168.50.100"), discover(2), select(2, "192.168.50.101"), release(1), discover(3)])

case("authoritative, the table", ONE + "dhcp-authoritative\n", [
    reboot(1), reboot(2, want="nak"), reboot(1, "192.168.50.101", want="nak"), reboot(2, "10.1.1.1", want="nak"),
    renew(1), rebind(1), select(2, "192.168.50.100", want="nak"), select(3, "192.168.50.77", want="nak"),
    renew(3, "192.168.50.99", want="nak")])
