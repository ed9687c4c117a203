#!/usr/bin/python3
"""What DHCPv4 costs, beside dnsmasq and Kea: bench/dhcp_bench.py BUILDDIR [PART ...], as root (it makes two network
namespaces).

PART: exchanges (CPU and whole durable exchanges a second, by leases already there), memory (private bytes for each
lease), start (until the first acknowledgement with 50,000 leases and 20,000 dhcp-host lines), reboot (1,000 clients at
once); without any all of them. PROGRAMS="linnet dnsmasq kea isc" in the environment takes only these, ROUNDS=3, TMPDIR
must be on a real disk for the figures to mean anything.

How servers and load run: dhcp_measure.py."""
import statistics
import time

from dhcp_measure import ROUNDS, Family

CONFIG = """\
port=0
interface=b0
bind-interfaces
no-ping
dhcp-authoritative
dhcp-lease-max=60000
dhcp-range=10.9.1.0,10.9.240.255,255.255.0.0,12h
quiet-dhcp
"""
FAMILY = Family(
    4, ["dhcp_load", "10.9.0.2", "10.9.0.1"], config=CONFIG,
    isc_config="authoritative;\ndefault-lease-time 43200;\nmax-lease-time 43200;\nping-check false;\n"
               "subnet 10.9.0.0 netmask 255.255.0.0 { range 10.9.1.0 10.9.240.255; }\n",
    kea_config={"interfaces-config": {"interfaces": ["b0"], "dhcp-socket-type": "udp"}, "authoritative": True,
                "subnet4": [{"subnet": "10.9.0.0/16", "pools": [{"pool": "10.9.1.0 - 10.9.240.255"}]}]})


def bench_memory(folder):
    print("DHCPv4: private memory for each lease with a client id and a name (target: 400 bytes)")
    for program in (p for p in FAMILY.programs if p != "dnsmasq"):
        with FAMILY.server(program, folder) as server:
            FAMILY.wait_until_it_serves()
            FAMILY.exchanges(1, 10, names=1)
            empty = server.own_bytes()
            have = 10
            for size in (10_000, 50_000):
                FAMILY.exchanges(have + 1, size - have, names=1)
                have = size
                time.sleep(1.5)  # an image of the file may still be in memory
                grown = server.own_bytes() - empty
                print(f"    {program:9} {size:6,} leases: {grown / (size - 10):8.0f} bytes each, {empty + grown:,} in all")
    print(flush=True)


def bench_start(folder):
    leases = "".join(f"4102444800 02:00:00:{i >> 16:02x}:{i >> 8 & 255:02x}:{i & 255:02x} "
                     f"10.9.{1 + i // 256}.{i % 256} client-{i} *\n" for i in range(50_000))
    hosts = "".join(f"dhcp-host=02:01:00:{i >> 16:02x}:{i >> 8 & 255:02x}:{i & 255:02x},set:h{i % 8},host-{i},"
                    f"10.10.{i // 256}.{i % 256}\n" for i in range(20_000))
    print("DHCPv4: from start to the first acknowledgement, 50,000 leases and 20,000 dhcp-host lines (target: 500 ms)")
    for program in (p for p in FAMILY.programs if p in ("linnet", "dnsmasq")):
        figures = []
        for _ in range(ROUNDS if program == "linnet" else 1):  # the peer is slow at it
            with FAMILY.server(program, folder, CONFIG + hosts, leases) as server:
                FAMILY.wait_until_it_serves()
                figures.append((time.monotonic() - server.begun) * 1000)
        print(f"    {program:9} {statistics.median(figures):8.0f} ms")
    print(flush=True)


def bench_reboot(folder):
    FAMILY.bench_storm(folder, "1,000 clients at once (target: 2 s for all of them, no address twice)", "rebooting",
                       reboots=1)


FAMILY.main({"exchanges": FAMILY.bench_exchanges, "memory": bench_memory, "start": bench_start, "reboot": bench_reboot})
