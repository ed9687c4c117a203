#!/usr/bin/python3
"""What DHCPv6 costs, beside dnsmasq and Kea: bench/dhcp6_bench.py BUILDDIR [PART ...], as root (it makes two network
namespaces).

PART: exchanges (CPU and whole durable exchanges a second, by leases already there), storm (1,000 clients at once, then
all renew), perfdhcp (Kea's own generator: the highest of its rates at which not one in a hundred is lost); without any
all. PROGRAMS="linnet dnsmasq kea isc" in the environment takes only these, ROUNDS=3, TMPDIR must be
on a real disk for the figures to mean anything.

How servers and load run: dhcp_measure.py."""
import re
import statistics
import subprocess

from dhcp_measure import Family, ROUNDS

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


RATES = (250, 500, 1000, 2000, 4000, 6000, 8000, 10_000, 12_000, 16_000, 20_000, 24_000)
PERFDHCP_S = 4


def perfdhcp(program, folder, rate):
    """(exchanges a second, the part that was lost, the part that was refused) with so many new clients a second."""
    with FAMILY.server(program, folder):
        FAMILY.wait_until_it_serves()
        said = subprocess.run(
            ["ip", "netns", "exec", FAMILY.namespaces[1], "taskset", "-c", "0", "perfdhcp", "-6", "-l", "b1", "-r",
             str(rate), "-R", "1000000", "-p", str(PERFDHCP_S), "-W", "500000"], capture_output=True, text=True,
            timeout=60).stdout
    sent, received, refused = ([int(n) for n in re.findall(rf"{what}: (\d+)", said)]
                               for what in ("sent packets", "received packets", "rejected leases"))
    return (received[1] - refused[1]) / PERFDHCP_S, 1 - received[1] / sent[0], refused[1] / sent[0]


def bench_perfdhcp(folder):
    print(f"DHCPv6 by perfdhcp, new clients for {PERFDHCP_S} s: the highest rate with less than 1 % lost")
    for program in FAMILY.programs:
        best = []
        for _ in range(ROUNDS):
            highest = (0, 0, 0)
            for rate in RATES:
                found = perfdhcp(program, folder, rate)
                if found[1] >= 0.01:
                    break
                highest = found
            best.append(highest)
        rate, _, refused = (statistics.median(column) for column in zip(*best))
        print(f"    {program:9} {rate:8,.0f}/s, {refused * 100:.1f} % refused", flush=True)
    print(flush=True)


FAMILY.main({"exchanges": FAMILY.bench_exchanges, "storm": bench_storm, "perfdhcp": bench_perfdhcp},
            (SERVER + "/64", OWN + "/64"))
