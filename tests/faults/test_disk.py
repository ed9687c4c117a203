"""A disk that is full, that may only be read, or that takes a part of what is written: who is told that an address
is his finds it in the file, older leases stay there, and what could not be written is written when there is room,
without a restart. (Each step of a write failing: test_faults.py and src/store/lease_file_walk_test.c; killed in
between: tests/system/test_kill.py.)"""
import os
import signal
import subprocess

import pytest

from conftest import BINARY, run, wait_until
from faults import CHANCE, check_alive, check_leases, kill_all, lease_rows, processes, SITE_CONFIG, wait_served

SIZE_KB = 64
OLD, NEW = 40, 20


@pytest.fixture
def disk(site):
    """A small disk of its own for the leases."""
    path = site.folder / "disk"
    path.mkdir()
    result = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_KB}k", "tmpfs", str(path)], capture_output=True)
    if result.returncode != 0:
        pytest.skip("nothing can be mounted here")
    (site.folder / "leases").symlink_to(path / "leases")
    site.disk = path
    yield site
    site.close()  # the program has its file there
    run("umount", path)


def started(site, **options):
    config = SITE_CONFIG.format(folder=site.folder) + "quiet-dhcp\nquiet-dhcp6\nquiet-ra\nquiet-tftp\n"
    server = site.linnet(config, **options)
    wait_served(site.client, 0)
    for number in range(100, 100 + OLD):
        assert site.client.dhcp(number)
    assert site.client.dhcp6(100)
    return server


def check_refusals(site, server):
    """Old clients keep what is theirs, new ones get no word, and this is said once."""
    path = site.disk / "leases"
    old, old6 = set(site.client.leases), set(site.client.leases6)
    refused = [number for number in range(300, 300 + NEW) if site.client.dhcp(number, tries=1) is None]
    assert len(refused) == NEW, f"{NEW - len(refused)} of {NEW} new clients were told an address that is not kept"
    assert site.client.dhcp6(300, tries=1) is None
    rows, rows6 = lease_rows(path)
    assert old <= rows and old6 <= rows6, f"{len(old - rows)} old leases are gone"
    for name in ("local.test", "hosted.test"):
        assert site.client.dns(name) == (0, 1)
    assert site.client.tftp("file", 1300)
    said = [line for line in server.log().splitlines() if "lease file: " in line]
    assert 1 <= len(said) <= 3, said
    server.signal(signal.SIGUSR1)
    server.wait_for("not stored [1-9]")
    return refused


def check_recovery(site, server, running):
    """As soon as there is room, and as if nothing had been."""
    wait_until(lambda: site.client.dhcp(300, tries=2), 15, "a new lease")
    for number in range(301, 300 + NEW):
        assert site.client.dhcp(number)
    wait_served(site.client, 400)
    check_leases(site.client, site.disk / "leases")
    check_alive(server, running)
    kill_all(server)
    check_leases(site.client, site.disk / "leases")


def test_full(disk):
    server = started(disk)
    running = processes(server.pid)
    filler = open(disk.disk / "filler", "wb", buffering=0)
    try:
        while True:
            filler.write(b"x" * 512)
    except OSError:
        pass
    # What is left of the last block of the lease file takes a few lines yet.
    number = 200
    while disk.client.dhcp(number, tries=1) is not None:
        number += 1
    check_refusals(disk, server)
    os.truncate(disk.disk / "filler", 0)
    filler.close()
    check_recovery(disk, server, running)


@pytest.mark.parametrize("error", ["EROFS", "EIO"])
def test_read_only_under_way(site, faults, error):
    """As after an error of the disk, when its file system lets nobody write any more."""
    site.disk = site.folder
    faults.count_only(["write"], path="leases")
    server = started(site, environment=faults.environment())
    running = processes(server.pid)
    faults.arm(["write", "open", "rename", "truncate"], error=error, mode=CHANCE, chance=0.999999, path="leases")
    check_refusals(site, server)
    faults.disarm()
    check_recovery(site, server, running)


def test_read_only_at_start(disk):
    """It says which file and why, and does not begin."""
    run("mount", "-o", "remount,ro", disk.disk)
    config = disk.folder / "refused.conf"
    config.write_text(SITE_CONFIG.format(folder=disk.folder))
    result = disk.inside(disk.server, BINARY, "-k", "-C", config, "--pid-file=", "--log-facility=-", "-u", "root",
                         f"--dhcp-leasefile={disk.disk}/leases", check=False, timeout=10)
    assert result.returncode == 3, result.stderr
    assert f"{disk.disk}/leases: Read-only file system" in result.stderr


def test_writes_in_parts(site, faults):
    """Each write takes a half of what is left: lines that are appended, and the whole file written anew."""
    faults.count_only(["write"], path="leases")  # from its opening on it is known which file that is
    server = started(site, environment=faults.environment())
    running, path = processes(server.pid), site.folder / "leases"
    faults.arm(["write"], mode=CHANCE, chance=0.999999, half=True, path="leases")
    held = {number: site.client.dhcp(number) for number in range(500, 560)}
    assert None not in held.values()
    for turn in range(8):  # what is renewed is appended until the file is written anew
        assert {number: site.client.dhcp(number) for number in held} == held
    short = faults.failures("write")
    assert site.client.dhcp6(500)
    check_leases(site.client, path)
    check_alive(server, running)
    assert server.stop() == 0  # and once more, written anew
    assert short > 500 and faults.failures("write") > short, short
    assert all(len(line.split()) in (2, 5) for line in path.read_text().splitlines())
    check_leases(site.client, path)
    faults.disarm()
    again = site.linnet(SITE_CONFIG.format(folder=site.folder))
    wait_until(lambda: site.client.dns("local.test", tries=1) == (0, 1), 10, "service")
    assert "ignoring line" not in again.log()
    assert site.client.dhcp(500) == held[500]
