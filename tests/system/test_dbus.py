"""D-Bus on a bus of its own: every method by what it does, the signals, a bus that comes and goes."""
import re
import subprocess

import pytest
from conftest import BINARY, lacks, wait_until
from dbus_bus import NAME, PATH, Bus

BASE = "no-resolv\nno-hosts\n"


@pytest.fixture
def bus(tmp_path):
    made = Bus(tmp_path)
    yield made
    made.close()


pytestmark = pytest.mark.skipif(bool(lacks("enable-dbus")), reason=str(lacks("enable-dbus")))


def serve(network, bus, config="", *arguments, option="enable-dbus\n"):
    """The daemon on the bus, and where things are asked."""
    server = network.linnet(BASE + option + config, *arguments, environment=bus.environment)
    wait_until(bus.owner, what="our name on the bus")
    return server


def upstream(network, port, answer):
    """A server that has one answer to every question for an address."""
    return network.linnet(f"{BASE}port={port}\nlisten-address=127.0.0.2\nbind-interfaces\naddress=/#/{answer}\n"
                          "dhcp-leasefile=/dev/null\n")


def ask(network, name, *more):
    return [row[3] for row in network.dig(network.server, name, *more, server="127.0.0.1")]


def test_servers(network, bus):
    bus.start()
    upstream(network, 5301, "192.0.2.1")
    upstream(network, 5302, "192.0.2.2")
    server = serve(network, bus, "server=127.0.0.2#5301\n")
    assert ask(network, "a.example") == ["192.0.2.1"]

    # As NetworkManager calls it.
    assert bus.call("SetServersEx", "aas", 1, 3, "127.0.0.2#5302", "one.example", "two.example") == []
    assert "setting upstream servers from DBus" in server.log()
    assert "using nameserver 127.0.0.2#5302 for domain one.example" in server.log()
    assert ask(network, "a.one.example") == ask(network, "two.example") == ["192.0.2.2"]
    assert ask(network, "b.example") == ["192.0.2.1"]

    # Each call replaces what the one before set, whichever method it is.
    assert bus.call("SetDomainServers", "as", 2, "/three.example/127.0.0.2#5302", "/here.example/") == []
    assert ask(network, "c.one.example") == ["192.0.2.1"]
    assert ask(network, "c.three.example") == ["192.0.2.2"]
    assert network.dig_status(network.server, "x.here.example", server="127.0.0.1") == "NXDOMAIN"

    assert bus.call("SetServersEx", "aas", 1, 2, "0.0.0.0", "local.example") == []
    assert network.dig_status(network.server, "x.local.example", server="127.0.0.1") == "NXDOMAIN"
    assert bus.call("SetServers", "us", 0, "old.example") == []
    assert network.dig_status(network.server, "x.old.example", server="127.0.0.1") == "NXDOMAIN"
    assert ask(network, "y.local.example") == ["192.0.2.1"]
    six = [0x20, 1, 0xd, 0xb8] + [0] * 11 + [1]
    assert bus.call("SetServers", "us" + "y" * 16 + "s", 0x7f000003, "v4.example", *six, "v6.example") == []
    assert "using nameserver 127.0.0.3#53 for domain v4.example" in server.log()
    assert "using nameserver 2001:db8::1#53 for domain v6.example" in server.log()

    # What is wrong changes nothing.
    for method, signature, arguments, words in (
            ("SetServersEx", "aas", (1, 2, "nowhere", "x"), "Invalid IP address 'nowhere'"),
            ("SetServersEx", "aas", (1, 2, "", "x"), "Empty IP address"),
            ("SetServersEx", "aas", (1, 0), "Expected IP address"),
            ("SetServersEx", "as", (1, "x"), "Expected array of string arrays"),
            ("SetServersEx", "", (), "Failed to initialize dbus message iter"),
            ("SetDomainServers", "s", ("x",), "Expected array of string"),
            ("SetDomainServers", "as", (1, "/x"), "No domain terminator 'x'"),
            ("SetDomainServers", "as", (1, ""), "Empty string"),
            ("SetDomainServers", "as", (1025, *["/x/127.0.0.1"] * 1025), "Too many servers"),
            ("SetDomainServers", "as", (1, f"/{'a.' * 40000}/127.0.0.1"), "Too many servers")):
        answer = bus.call(method, signature, *arguments)
        assert isinstance(answer, Exception) and words in str(answer), (method, answer)
    count = server.log().count("setting upstream servers")
    assert bus.call("SetServers", "", name=NAME).args[0].startswith("Failed to initialize")
    assert server.log().count("setting upstream servers") == count

    # What was set stays when files are read again.
    assert bus.call("SetDomainServers", "as", 1, "/stay.example/127.0.0.2#5302") == []
    assert bus.call("ClearCache") == []
    server.wait_for("cleared cache")
    assert ask(network, "stay.example") == ["192.0.2.2"]
    assert bus.call("SetDomainServers", "as", 0) == []
    assert ask(network, "z.stay.example") == ["192.0.2.1"]


def test_switches(network, bus):
    bus.start()
    upstream(network, 5301, "192.0.2.1")
    server = serve(network, bus, "server=127.0.0.2#5301\nhost-record=near.test,192.168.50.7\n"
                                 "host-record=near.test,10.0.0.7\n")

    def status(*question):
        return network.dig_status(network.server, *question, server="192.168.50.1")

    def both(method, option, look, off, on):
        assert look() == off
        for value, words, wanted in (("true", "Enabling", on), ("false", "Disabling", off)):
            assert bus.call(method, "b", value) == []
            assert f"{words} --{option} option from D-Bus" in server.log()
            assert look() == wanted, (method, value)
        assert str(bus.call(method, "s", "x")) == "Expected boolean argument"
        assert str(bus.call(method)) == "Expected boolean argument"

    both("SetFilterA", "filter-A", lambda: ask(network, "a.example"), ["192.0.2.1"], [])
    both("SetFilterWin2KOption", "filterwin2k", lambda: "aa" in network.inside(
        network.server, "dig", "@127.0.0.1", "_ldap.test", "SRV").stdout.split("flags:")[1].split(";")[0].split(),
        False, True)
    both("SetLocaliseQueriesOption", "localise-queries",
         lambda: sorted(row[3] for row in network.dig(network.server, "near.test")),
         ["10.0.0.7", "192.168.50.7"], ["192.168.50.7"])
    both("SetBogusPrivOption", "bogus-priv", lambda: status("-x", "10.9.9.9"), "REFUSED", "NXDOMAIN")
    assert bus.call("SetFilterAAAA", "b", "true") == []
    # Switches outlive what makes a new view.
    assert bus.call("SetBogusPrivOption", "b", "true") == []
    network.inside(network.server, "ip", "addr", "add", "192.168.51.1/24", "dev", "lan0")
    assert bus.call("ClearCache") == []
    server.wait_for("cleared cache")
    assert status("-x", "10.9.9.8") == "NXDOMAIN"


def test_leases_and_news(network, bus):
    bus.start()
    news = bus.monitor()
    server = serve(network, bus, "dhcp-range=192.168.50.10,192.168.50.90,1h\ndhcp-range=fd00:50::10,fd00:50::90,1h\n"
                                 "domain=lan.test\n")
    leases = network.folder / "leases"

    def add(address, hardware, name=b"", identity=b"", seconds=600, iaid=0, temporary="false"):
        return bus.call("AddDhcpLease", "ssayayuub", address, hardware, len(name), *name, len(identity), *identity,
                        seconds, iaid, temporary)
    # As Proxmox calls it: no name, no identity, and a time of 0, which is for ever.
    assert add("192.168.50.50", "02:00:00:00:00:50", b"*", seconds=0) == []
    assert add("192.168.50.51", "06-02:00:00:00:00:51", b"box", b"\1\2\3") == []
    duid = b"\0\3\0\1\2\0\0\0\0\1"
    assert add("fd00:50::50", "", b"six", duid, iaid=77) == []
    wait_until(lambda: "fd00:50::50" in leases.read_text(), what="the leases in the file")
    lines = leases.read_text().splitlines()
    assert "0 02:00:00:00:00:50 192.168.50.50 * *" in lines
    assert re.search(r"^\d+ 06-02:00:00:00:00:51 192\.168\.50\.51 box 01:02:03$", leases.read_text(), re.M)
    assert re.search(r"^\d+ 77 fd00:50::50 six 00:03:00:01:02:00:00:00:00:01$", leases.read_text(), re.M)
    assert ask(network, "box.lan.test") == ["192.168.50.51"]
    assert ask(network, "six.lan.test", "AAAA") == ["fd00:50::50"]
    # The same again with another name is the same lease; a name that moves leaves its old one.
    assert add("192.168.50.51", "06-02:00:00:00:00:51", b"other", b"\1\2\3") == []
    wait_until(lambda: ask(network, "other.lan.test") == ["192.168.50.51"], what="the new name")
    assert ask(network, "box.lan.test") == []

    for call, words in ((("junk", "02:00:00:00:00:51"), "Invalid IP address 'junk'"),
                        (("192.168.50.52", "junk"), "Invalid HW address 'junk'"),
                        (("192.168.50.52", "", b"two words"), "Invalid name"),
                        (("fd00:50::52", ""), "Invalid name or client")):
        answer = add(*call)
        assert isinstance(answer, Exception) and words in str(answer), call
    assert str(bus.call("AddDhcpLease", "s", "192.168.50.50")) == "Expected string as second argument"

    assert bus.call("DeleteDhcpLease", "s", "192.168.50.50") == [True]
    assert bus.call("DeleteDhcpLease", "s", "192.168.50.50") == [False]
    assert bus.call("RemoveDhcpLease", "s", "fd00:50::50") == [True]
    assert str(bus.call("DeleteDhcpLease", "s", "junk")) == "Invalid IP address 'junk'"
    wait_until(lambda: "192.168.50.50" not in leases.read_text(), what="the lease out of the file")
    server.signal(1)
    wait_until(lambda: len(news()) >= 8, what="all the news")
    assert news() == [
        ("Up", []),
        ("DhcpLeaseAdded", ["192.168.50.50", "02:00:00:00:00:50", ""]),
        ("DhcpLeaseAdded", ["192.168.50.51", "02:00:00:00:00:51", "box.lan.test"]),
        ("DhcpLeaseAdded", ["fd00:50::50", duid.hex(":"), "six.lan.test"]),
        ("DhcpLeaseUpdated", ["192.168.50.51", "02:00:00:00:00:51", "other.lan.test"]),
        ("DhcpLeaseDeleted", ["192.168.50.50", "02:00:00:00:00:50", ""]),
        ("DhcpLeaseDeleted", ["fd00:50::50", duid.hex(":"), "six.lan.test"]),
        ("DhcpLeaseUpdated", ["192.168.50.51", "02:00:00:00:00:51", "other.lan.test"]),
    ]
    metrics = bus.call("GetMetrics")[0]
    assert metrics["leases_allocated_4"] == 2 and metrics["leases_pruned_6"] == 1
    assert server.stop() == 0
    assert "192.168.50.51 other" in leases.read_text()


LEASE_QUERIES = r"""
import socket, struct
relay = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
relay.bind(("192.168.50.2", 67))
relay.settimeout(5)
for address in ("192.168.50.50", "192.168.50.51", "192.168.50.51", "198.51.100.1"):
    packet = struct.pack("!4BIHH4s4s4s4s16s192x", 1, 0, 0, 0, 77, 0, 0, socket.inet_aton(address), b"", b"",
                         socket.inet_aton("192.168.50.2"), b"") + bytes([99, 130, 83, 99, 53, 1, 10, 255])
    relay.sendto(packet, ("192.168.50.1", 67))
    answer = relay.recv(2000)
    print(answer[answer.index(bytes([53, 1])) + 2])
"""


def test_numbers_of_lease_queries(network, bus):
    """The four that 2.93 has beyond 2.90's."""
    bus.start()
    serve(network, bus, "dhcp-range=192.168.50.10,192.168.50.90,1h\nleasequery\n")
    names = ["dhcp_leasequery", "dhcp_lease_unassigned", "dhcp_lease_actve", "dhcp_lease_unknown"]

    def numbers():
        metrics = bus.call("GetMetrics")[0]
        return [metrics[name] for name in names]
    assert numbers() == [0, 0, 0, 0]
    assert bus.call("AddDhcpLease", "ssayayuub", "192.168.50.50", "02:00:00:00:00:50", 0, 0, 600, 0, "false") == []
    relay = network.add_client("relay", "192.168.50.2/24")
    said = network.inside(relay, "/usr/bin/python3", "-c", LEASE_QUERIES).stdout.split()
    assert said == ["13", "11", "11", "12"]  # active, unassigned, unknown: RFC 4388 section 6.1
    assert numbers() == [4, 2, 1, 1]
    assert bus.call("ClearMetrics") == []
    assert numbers() == [0, 0, 0, 0]


def test_numbers_and_introspection(network, bus):
    bus.start()
    upstream(network, 5301, "192.0.2.1")
    serve(network, bus, "server=127.0.0.2#5301\nserver=/a.test/127.0.0.2#5301\ndns-threads=2\n")
    for i in range(4):
        ask(network, f"n{i}.example")
    metrics = bus.call("GetMetrics")[0]
    assert list(metrics)[:3] == ["dns_cache_inserted", "dns_cache_live_freed", "dns_queries_forwarded"]
    assert len(metrics) == 30 and metrics["dns_queries_forwarded"] == 4
    numbers = bus.call("GetServerMetrics")[0]
    assert [sorted(one) for one in numbers] == [sorted(["address", "port", "queries", "failed_queries", "nxdomain",
                                                        "retries", "latency"])]
    assert numbers[0]["address"] == "127.0.0.2" and numbers[0]["port"] == "5301" and numbers[0]["queries"] == "4"
    assert bus.call("ClearMetrics") == []
    assert bus.call("GetMetrics")[0]["dns_queries_forwarded"] == 0
    assert bus.call("GetServerMetrics")[0][0]["queries"] == "0"
    ask(network, "m.example")
    assert bus.call("GetMetrics")[0]["dns_queries_forwarded"] == 1
    assert bus.call("GetLoopServers") == [[]]

    xml = bus.call("Introspect", interface="org.freedesktop.DBus.Introspectable")[0]
    assert '<method name="SetDomainServers">' in xml and f'<interface name="{NAME}">' in xml
    assert '<node name="uk"/>' in bus.call("Introspect", interface="org.freedesktop.DBus.Introspectable", path="/")[0]
    # The interface of a call does not matter, its path does.
    assert re.match(r"[\d.]+", bus.call("GetVersion", interface="some.other.Name")[0])
    for call in (lambda: bus.call("GetVersion", path="/other"), lambda: bus.call("Nothing"),
                 lambda: bus.call("GetAll", "s", NAME, interface="org.freedesktop.DBus.Properties")):
        assert "doesn't exist" in str(call())


def test_a_bus_that_comes_and_goes(network, bus):
    """As another user than root, with another name; nothing of DNS stands still meanwhile."""
    server = network.start(network.server, BINARY, "-k", "-C", "/dev/null", "--pid-file=", "--log-facility=-", "-u",
                           "nobody", "-g", "nogroup", "--no-resolv", "--no-hosts", "--address=/a.test/192.0.2.1",
                           "--enable-dbus=org.example.names", environment=bus.environment)
    server.wait_for("started, version")
    server.wait_for("DBus support enabled: bus connection pending")
    bus.start()
    wait_until(lambda: bus.owner("org.example.names"), 5, "our name on the bus that came later")
    server.wait_for("DBus support enabled: connected to system bus")
    assert bus.call("GetVersion", name="org.example.names")
    assert ask(network, "a.test") == ["192.0.2.1"]
    bus.stop()
    server.wait_for("connection to system bus lost")
    assert ask(network, "a.test") == ["192.0.2.1"]
    bus.start()
    wait_until(lambda: bus.owner("org.example.names"), 5, "our name on the bus that came again")
    assert '<interface name="org.example.names">' in bus.call(
        "Introspect", name="org.example.names", interface="org.freedesktop.DBus.Introspectable")[0]
    # A second one waits for the name.
    second = network.linnet(BASE + "enable-dbus=org.example.names\nport=0\n", environment=bus.environment)
    assert "is another program's: waiting for it" in second.log()
    assert server.stop() == 0
    wait_until(lambda: bus.owner("org.example.names"), what="the name handed on")
    assert second.stop() == 0


def test_the_name_outlives_its_configuration(network, bus):
    """After a reload the name stands in no configuration any more."""
    bus.start()
    news = bus.monitor()
    server = serve(network, bus, "reload-config\ndhcp-range=192.168.50.10,192.168.50.90,1h\n",
                   option=f"enable-dbus={NAME}\n")
    for i in range(2):
        path = network.folder / f"linnet-{network.programs.index(server)}.conf"
        path.write_text(path.read_text() + f"address=/a{i}.test/192.0.2.1\n")
        server.signal(1)
        wait_until(lambda: ask(network, f"a{i}.test") == ["192.0.2.1"], what="the new configuration")
    assert f'<interface name="{NAME}">' in bus.call("Introspect",
                                                    interface="org.freedesktop.DBus.Introspectable")[0]
    assert bus.call("AddDhcpLease", "ssayayuub", "192.168.50.50", "02:00:00:00:00:50", 0, 0, 600, 0, "false") == []
    wait_until(lambda: any(row[0] == "DhcpLeaseAdded" for row in news()), what="the news")
    assert server.stop() == 0


def test_a_name_that_is_not_allowed(network, tmp_path):
    bus = Bus(tmp_path, own=False)
    bus.start()
    try:
        server = network.linnet(BASE + "enable-dbus\n", environment=bus.environment, wait=None)
        assert server.process.wait(10) == 5
        assert "DBus error: " in server.log() and "not allowed to own" in server.log()
    finally:
        bus.close()


def test_many_calls_stop_nobody(network, bus):
    bus.start()
    serve(network, bus, "address=/a.test/192.0.2.1\n")
    callers = [subprocess.Popen(["busctl", "--system", "call", NAME, PATH, NAME, "SetDomainServers", "as", "500",
                                 *[f"/d{i}.n{n}.test/127.0.0.1#5399" for i in range(500)]], env=bus.environment,
                                stdout=subprocess.DEVNULL) for n in range(20)]
    for _ in range(10):
        assert ask(network, "a.test") == ["192.0.2.1"]
    assert [one.wait(20) for one in callers] == [0] * 20
