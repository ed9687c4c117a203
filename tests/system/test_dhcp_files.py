"""Hosts and options in files of their own: read at the start, on SIGHUP, and when a watched folder changes."""
import signal

from conftest import wait_until

MAC = "02:00:00:00:00:0a"
CONFIG = """\
interface=lan0
bind-interfaces
no-resolv
no-hosts
no-ping
domain=lan.test
dhcp-range=192.168.50.100,192.168.50.120,1h
"""


def address_now(network, client, script):
    """What a client is given that asks anew."""
    program = network.start(client, "udhcpc", "-f", "-n", "-q", "-i", "eth0", "-s", script, "-t", "10", "-T", "1")
    return program.wait_for(r"LEASE (\S+) bound")[1]


def test_watched_folder(network, client_script):
    client = network.add_client("a", mac=MAC)
    folder = network.folder / "hosts.d"
    folder.mkdir()
    (folder / "one").write_text(f"{MAC},192.168.50.50,first\n")
    server = network.linnet(CONFIG + f"dhcp-hostsdir={folder}\ndhcp-optsdir={network.folder / 'later.d'}\n")
    server.wait_for(rf"linnet-dhcp\[\d+\]: read {folder}/one")
    server.wait_for("bad dynamic directory .*later.d: No such file or directory")
    assert address_now(network, client, client_script) == "192.168.50.50"
    (folder / "one").write_text(f"{MAC},192.168.50.51,second\nnonsense:\n")
    server.wait_for(rf"inotify: {folder}/one new or modified\n.*bad hex constant at line 2 of .*\n.*read {folder}/one")
    wait_until(lambda: address_now(network, client, client_script) == "192.168.50.51", what="the new address")
    (folder / "two").write_text(f"{MAC},192.168.50.52\n")
    server.wait_for(rf"read {folder}/two")
    wait_until(lambda: address_now(network, client, client_script) == "192.168.50.52", what="the later file's address")
    (folder / "two").unlink()
    (folder / "one").unlink()
    server.signal(signal.SIGHUP)
    wait_until(lambda: address_now(network, client, client_script) not in ("192.168.50.51", "192.168.50.52"),
               what="an address of the pool")
    (network.folder / "later.d").mkdir()
    (network.folder / "later.d" / "o").write_text("option:router,192.168.50.254\n")
    server.wait_for("read .*later.d/o")
    assert server.stop() == 0


def test_signal(network, client_script):
    client = network.add_client("a", mac=MAC)
    asker = network.add_client("b", "192.168.50.2/24")
    hosts = network.folder / "hosts"
    server = network.linnet(CONFIG + f"dhcp-hostsfile={hosts}\ndhcp-optsfile={network.folder}/options\n"
                            "dhcp-option=tag:printer,option:ntp-server,192.168.50.9\n")
    server.wait_for(f"cannot read {hosts}: No such file or directory")
    hosts.write_text(f"{MAC},set:printer,192.168.50.60,lp0\n")
    server.signal(signal.SIGHUP)
    server.wait_for(f"read {hosts}")
    wait_until(lambda: address_now(network, client, client_script) == "192.168.50.60", what="the file's address")
    assert [r[3] for r in network.dig(asker, "lp0", "A")] == ["192.168.50.60"]
    hosts.unlink()
    server.signal(signal.SIGHUP)
    wait_until(lambda: server.log().count(f"cannot read {hosts}") == 2, what="the second complaint")
    assert address_now(network, client, client_script) == "192.168.50.60"
    assert server.stop() == 0
