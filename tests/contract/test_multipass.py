"""Multipass: it looks after a tenth of a second whether the program lives, and takes exit code 2 for a taken port."""
import time

from consumer import answers, as_dnsmasq, companion, rows_of, start_as_dnsmasq, udhcpc
from conftest import wait_until


def command_line(folder):
    (folder / "hosts").touch()
    (folder / "conf").touch()
    return ["--keep-in-foreground", "--strict-order", "--bind-interfaces", "--pid-file", "--domain=multipass",
            "--local=/multipass/", "--except-interface=lo", "--interface=lan0", "--listen-address=192.168.50.1",
            "--dhcp-no-override", "--dhcp-ignore-clid", "--dhcp-authoritative", f"--dhcp-leasefile={folder}/leases",
            f"--dhcp-hostsfile={folder}/hosts", "--dhcp-range", "192.168.50.2,192.168.50.254,infinite",
            f"--conf-file={folder}/conf"]


def test_an_instance(network, client_script):
    folder = network.folder
    server = start_as_dnsmasq(network, *command_line(folder), "--user=root", ports=(53, 67))
    client = network.add_client("a", mac="52:54:00:00:00:0a")
    address = udhcpc(network, client, client_script, "primary").wait_for(r"LEASE (\S+) bound")[1]
    [row] = wait_until(lambda: rows_of(folder / "leases"), what="the lease")
    assert row == ["0", "52:54:00:00:00:0a", address, "primary", row[4]]
    assert answers(network, "primary.multipass") == [address]
    network.inside(network.server, companion("dhcp_release"), "lan0", address, "52:54:00:00:00:0a")
    wait_until(lambda: not rows_of(folder / "leases"), what="the lease gone from the file")
    assert server.stop() == 0


def test_the_port_is_taken(network):
    network.linnet("no-resolv\nno-hosts\n")
    start = time.monotonic()
    result = network.inside(network.server, as_dnsmasq(network.folder), *command_line(network.folder), check=False)
    spent = time.monotonic() - start
    assert result.returncode == 2
    assert "failed to create listening socket for 192.168.50.1: Address already in use" in result.stderr
    assert result.stderr.startswith("\ndnsmasq: ")
    assert spent < 1, spent  # 10 ms where nothing else runs
