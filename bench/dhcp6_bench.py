#!/usr/bin/python3
"""What DHCPv6 costs, beside dnsmasq and Kea: bench/dhcp6_bench.py BUILDDIR [PART ...], as root (it makes two network
namespaces).

PART: exchanges (CPU and whole durable exchanges a second, by leases already there), storm (1,000 clients at once, then
all renew); without any both. PROGRAMS="linnet dnsmasq kea isc" in the environment takes only these, ROUNDS=3, TMPDIR must be
on a real disk for the figures to mean anything.

How servers and load run: dhcp_measure.py."""
from dhcp_measure import Family

SERVER, OWN = "fd00:9::1", "fd00:9::2"
CONFIG = """\
port=0
interface=b0
bind-interfaces
dhcp-lease-max=60000
dhcp-range=fd00:9::1:0,fd00:9::3:ffff,64,12h
quiet-dhcp6
"""
FAMILY = Family(
    6, ["dhcp6_load", OWN, SERVER], config=CONFIG,
    isc_config="authoritative;\ndefault-lease-time 43200;\n"
               "subnet6 fd00:9::/64 { range6 fd00:9::1:0 fd00:9::3:ffff; }\n",
    kea_config={"interfaces-config": {"interfaces": ["b0", f"b0/{SERVER}"]}, "preferred-lifetime": 43200,
                "server-id": {"type": "LL", "persist": False},
                "subnet6": [{"subnet": "fd00:9::/64", "interface": "b0",
                             "pools": [{"pool": "fd00:9::1:0 - fd00:9::3:ffff"}]}]},
    # ISC dhcpd promises two clients the same address, and gives the second another.
    may_break_promises=("dnsmasq", "kea", "isc"))


def bench_storm(folder):
    FAMILY.bench_storm(folder, "1,000 clients at once (no address twice)", "renewing", renews=1)


FAMILY.main({"exchanges": FAMILY.bench_exchanges, "storm": bench_storm}, (SERVER + "/64", OWN + "/64"))
