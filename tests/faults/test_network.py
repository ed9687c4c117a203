"""Interfaces that come and go, thirty times in each way, and 300 hangups in a storm: the same process serves on,
with as many descriptors and as much memory as before. (Which sockets follow: tests/system/test_service.py; 200
hangups that lose no query: tests/contract/test_process_contract.py.)"""
import signal
import threading
import time

from conftest import wait_until
from faults import check_alive, check_leases, descriptors, processes, resident, SITE_CONFIG, wait_served

FLAPS, HANGUPS = 30, 300
QUIET = "quiet-dhcp\nquiet-dhcp6\nquiet-ra\nquiet-tftp\n"


def on_server(site, *commands):
    for command in commands:
        site.inside(site.server, "ip", *command.split())


def down_and_up(site):
    on_server(site, "link set lan0 down", "link set lan0 up", "-6 addr replace fd00:50::1/64 dev lan0 nodad")


def address_away_and_back(site):
    on_server(site, "addr del 192.168.50.1/24 dev lan0", "-6 addr del fd00:50::1/64 dev lan0",
              "addr add 192.168.50.1/24 dev lan0", "-6 addr add fd00:50::1/64 dev lan0 nodad")


def deleted_and_made_again(site):
    on_server(site, "link del lan0", "link add lan0 type bridge", "addr add 192.168.50.1/24 dev lan0",
              "-6 addr add fd00:50::1/64 dev lan0 nodad", "link set va master lan0", "link set lan0 up")


def test_flapping(site):
    config = SITE_CONFIG.format(folder=site.folder).replace("bind-interfaces", "bind-dynamic") + QUIET
    server = site.linnet(config)
    client = site.client
    wait_served(client, 0)
    # Each once: what is made at the first time is there from then on.
    for fresh, flap in enumerate((down_and_up, address_away_and_back, deleted_and_made_again), 1):
        flap(site)
        wait_served(client, fresh, 20)
    running, open_before, before = processes(server.pid), descriptors(server.pid), resident(server.pid)
    for fresh, flap in enumerate((down_and_up, address_away_and_back, deleted_and_made_again), 10):
        begun = time.monotonic()
        for turn in range(FLAPS):
            flap(site)
            if turn % 10 == 0:
                wait_until(lambda: client.dns("local.test", tries=1) == (0, 1), 10, f"DNS after {flap.__name__}")
        wait_served(client, fresh, 20)
        print(f"{flap.__name__}: {FLAPS} times in {time.monotonic() - begun:.1f} s")
    check_alive(server, running)
    wait_until(lambda: descriptors(server.pid) <= open_before, 5, "descriptors as before")
    after = resident(server.pid)
    assert after <= before * 1.01 + 512, f"{before} -> {after} KiB"
    assert len(server.log().splitlines()) < 12 * FLAPS, server.log()
    assert server.stop() == 0
    check_leases(client, site.folder / "leases")


def test_storm_of_hangups(site):
    """Ten at a time while names are asked for and addresses given; the hosts file is another each time. Then once more:
    the first storm has made everything as large as it gets."""
    server = site.linnet(SITE_CONFIG.format(folder=site.folder) + QUIET)
    client = site.client
    wait_served(client, 0)
    running, open_before = processes(server.pid), descriptors(server.pid)
    grown = []
    for storm in range(2):
        rounds = under_hangups(site, server, storm)
        wait_until(lambda: client.dns(f"h{storm}-{HANGUPS - 1}.test", tries=1) == (0, 1), 5, "what was read last")
        check_alive(server, running)
        assert descriptors(server.pid) <= open_before
        grown.append(resident(server.pid))
        print(f"{rounds} rounds of every service during {HANGUPS} hangups, {grown[-1]} KiB")
    assert grown[1] <= grown[0] * 1.01 + 64, grown
    assert server.stop() == 0
    check_leases(client, site.folder / "leases")


def under_hangups(site, server, storm):
    """How often every service was had meanwhile."""
    stormed = threading.Event()

    def hang_up():
        for turn in range(HANGUPS):
            (site.folder / "hosts.new").write_text(f"192.0.2.9 hosted.test h{storm}-{turn}.test\n")
            (site.folder / "hosts.new").rename(site.folder / "hosts")
            server.signal(signal.SIGHUP)
            time.sleep(0.002 if turn % 10 else 0.05)
        stormed.set()
    thread = threading.Thread(target=hang_up)
    thread.start()
    rounds, wrong = 0, []
    while not stormed.is_set() or rounds < 200:
        rounds += 1
        missed = site.client.everything(rounds % 200)
        wrong += [(rounds, missed)] if missed else []
    thread.join()
    assert not wrong, wrong
    return rounds
