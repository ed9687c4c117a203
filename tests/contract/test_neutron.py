"""OpenStack Neutron: one process per network with 5,000 ports, its files written before the start and anew with
SIGHUP, the lease file filled in advance, leases released by dhcp_release; and its IPv6 subnets."""
import re
import signal
import time

import pytest

from conftest import run, wait_until
from consumer import (PEER, answers, as_dnsmasq, companion, dhclient6, readable_by_all, rows_of, start_as_dnsmasq,
                      udhcpc, up_at_once, wait_for_ports)

PORTS = 5000
HUP_SECONDS = 3  # generous: the machine may be busy


def port(index):
    """Of a network's ports: MAC, name, address."""
    address = f"10.77.{index // 250 + 1}.{index % 250 + 1}"
    return f"fa:16:3e:00:{index >> 8:02x}:{index & 255:02x}", f"host-{address.replace('.', '-')}", address


class Agent:
    """What the DHCP agent writes and starts for one network."""

    def __init__(self, network, six=()):
        self.network = network
        self.folder = network.folder / "dhcp/net-5f2c"
        self.folder.mkdir(parents=True)
        readable_by_all(network.folder)
        readable_by_all(self.folder)
        network.inside(network.server, "ip", "addr", "add", "10.77.0.2/16", "dev", "lan0")
        self.opts = ["tag:subnet-v4,option:dns-server,10.77.0.2",
                     "tag:subnet-v4,option:classless-static-route,169.254.169.254/32,10.77.0.2,0.0.0.0/0,10.77.0.1",
                     "tag:subnet-v4,249,169.254.169.254/32,10.77.0.2,0.0.0.0/0,10.77.0.1",
                     "tag:subnet-v4,option:router,10.77.0.1", "tag:port-quiet,option:router",
                     "tag:subnet-v6,option6:dns-server,[fd00:77::2]", "tag:subnet-v6,option6:domain-search,os.test"]
        self.six = list(six)

    def write(self, ports, more=()):
        hosts = [f"{mac},{name}.os.test,{address}" for mac, name, address in ports]
        (self.folder / "host").write_text("\n".join([*self.six, *hosts, *more]) + "\n")
        (self.folder / "addn_hosts").write_text("".join(f"{address}\t{name}.os.test {name}\n"
                                                        for _, name, address in ports))
        (self.folder / "opts").write_text("\n".join(self.opts) + "\n")

    def write_leases(self, ports):
        (self.folder / "leases").write_text("".join(f"0 {mac} {address} * *\n" for mac, _, address in ports))

    def words(self, *more, resolv="--no-resolv", lease="86400s", conf="/dev/null"):
        """All that it says, in its order; which it leaves out where it has nothing to say."""
        folder = self.folder
        return ["--no-hosts", resolv, f"--pid-file={folder}/pid", f"--dhcp-hostsfile={folder}/host",
                f"--addn-hosts={folder}/addn_hosts", f"--dhcp-optsfile={folder}/opts",
                f"--dhcp-leasefile={folder}/leases", "--dhcp-match=set:ipxe,175",
                "--dhcp-userclass=set:ipxe6,iPXE", "--local-service", "--bind-dynamic", "--bridge-interface=lan0,tap*",
                f"--dhcp-range=set:subnet-v4,10.77.0.0,static,255.255.0.0,{lease}", *more,
                "--dhcp-option-force=option:mtu,1450", "--dhcp-option-force=option:T1,3600s",
                "--dhcp-option-force=option:T2,7200s", "--dhcp-lease-max=65536",
                "--txt-record=note.os.test,made by an agent", f"--conf-file={conf}", "--server=192.0.2.53",
                "--server=192.0.2.54", "--domain=os.test", "--dhcp-broadcast", "--log-queries", "--log-dhcp",
                f"--log-facility={folder}/log"]

    def start(self, *more, program=None, **words):
        """It starts it as a daemon and reads the pid file at once."""
        network = self.network
        network.inside(network.server, program or as_dnsmasq(network.folder), *self.words(*more, **words))
        pid = int((self.folder / "pid").read_text())
        assert b"net-5f2c" in open(f"/proc/{pid}/cmdline", "rb").read()
        return pid


def stop(pid):
    run("kill", pid)
    wait_until(lambda: run("kill", "-0", pid, check=False).returncode != 0, what=f"{pid} ended")


def replies_to_port(network, client):
    """Where the replies of a DHCP server go to that the client sees, as they come."""
    watch = network.start(client, "tcpdump", "-lnt", "-i", "eth0", "udp src port 67", name="tcpdump")
    watch.wait_for("listening on")
    return watch


@pytest.mark.parametrize("program", ["linnet", "dnsmasq"])
@pytest.mark.parametrize("resolv,lease,seconds", [("--no-resolv", "86400s", 86400), ("", "infinite", 0xffffffff)])
def test_every_word_of_its_command_line(network, client_script, program, resolv, lease, seconds):
    """What each of them is for is seen: in answers, in what a client is given and how, and in the log."""
    agent = Agent(network)
    mac, name, address = port(0)
    agent.write([port(0)])
    agent.write_leases([port(0)])
    conf = agent.folder / "more.conf"
    conf.write_text("address=/conf.test/192.0.2.1\n")
    pid = agent.start(program=PEER if program == "dnsmasq" else None, resolv=resolv, lease=lease, conf=conf)
    try:
        assert [answers(network, *question, server="10.77.0.2") for question in (
            ("note.os.test", "TXT"), ("conf.test", "A"), (f"{name}.os.test", "A"))] == [
                ['"made by an agent"'], ["192.0.2.1"], [address]]
        client = network.add_client("a", mac=mac)
        seen = replies_to_port(network, client)
        # Without the words its replies go to the address they give: this client does not ask for broadcasts.
        more = ("-O", "0x3a", "-O", "0x3b")
        assert udhcpc(network, client, client_script, "x", *more).wait_for(r"LEASE (\S+) bound")[1] == address
        given = (network.folder / "client-eth0-bound.env").read_text()
        assert f"\nlease={seconds}\n" in given and "\nmtu=1450\n" in given and "\nrouter=10.77.0.1\n" in given
        # A lease without end has no times to renew at, with either program.
        times = re.findall(r"\nopt5[89]=(\w+)", given)
        assert sorted(times) == ([] if lease == "infinite" else ["00000e10", "00001c20"])
        broadcast = r"IP [\d.]+\.67 > 255\.255\.255\.255\.68: "
        seen.wait_for(f"(?s){broadcast}.*{broadcast}")
        assert f" > {address}.68: " not in seen.log()
        log = (agent.folder / "log").read_text()
        for line in (r"query\[TXT\] note\.os\.test from 10\.77\.0\.2", r"using nameserver 192\.0\.2\.53#53",
                     rf"dnsmasq-dhcp\[\d+\]: \d+ DHCPACK\(lan0\) {address} {mac}",
                     r"\d+ available DHCP subnet: 10\.77\.0\.0"):
            assert re.search(line, log), f"{line}:\n{log}"
    finally:
        stop(pid)


def hup_seconds(agent, pid, ports):
    """From SIGHUP until the last of the new names is answered."""
    agent.write(ports)
    _, name, address = ports[-1]
    start = time.monotonic()
    run("kill", "-HUP", pid)
    wait_until(lambda: answers(agent.network, f"{name}.os.test", server="10.77.0.2") == [address], 30, "the new name")
    return time.monotonic() - start


def test_a_network_of_5000_ports(network, client_script):
    agent = Agent(network)
    ports = [port(i) for i in range(PORTS)]
    times = {}
    for program in (PEER, None):
        agent.write(ports)
        agent.write_leases(ports)
        start = time.monotonic()
        pid = agent.start(program=program)
        try:
            assert answers(network, f"{ports[4321][1]}.os.test", server="10.77.0.2") == [ports[4321][2]]
            times[program] = (time.monotonic() - start, hup_seconds(agent, pid, [*ports, port(PORTS)]))
            if program is None:
                serve_and_release(network, agent, pid, ports, client_script)
        finally:
            stop(pid)
    assert times[None][0] < HUP_SECONDS and times[None][1] < HUP_SECONDS, times
    assert times[None][1] < 3 * times[PEER][1] + 0.5, times


def serve_and_release(network, agent, pid, ports, client_script):
    mac, name, address = ports[-1]
    client = network.add_client("a", mac=mac)
    assert udhcpc(network, client, client_script).wait_for(r"LEASE (\S+) bound")[1] == address
    given = (network.folder / "client-eth0-bound.env").read_text()
    assert "\nmtu=1450\n" in given and "\nrouter=10.77.0.1\n" in given and "\nlease=86400\n" in given
    leases = agent.folder / "leases"
    wait_until(lambda: [row for row in rows_of(leases) if row[2] == address and row[0] != "0"], what="its lease")
    assert {row[2] for row in rows_of(leases)} == {address for _, _, address in ports}, "those written before, too"

    # Ports are deleted: the agent releases each, writes its files anew, and looks into the lease file.
    release = companion("dhcp_release")
    gone = ports[100:120]
    for mac, _, address in gone:
        said = network.inside(network.server, release, "lan0", address, mac)
        assert (said.stdout, said.stderr) == ("", "")
    wait_until(lambda: not {row[2] for row in rows_of(leases)} & {address for _, _, address in gone}, 5,
               "the released leases gone from the file")
    left = rows_of(leases)
    assert len({row[2] for row in left}) == PORTS - len(gone) and all(len(row) == 5 for row in left)
    # A client that is no port gets nothing.
    stranger = network.add_client("z", mac="02:00:00:00:00:99")
    assert network.inside(stranger, "udhcpc", "-n", "-q", "-f", "-i", "eth0", "-s", client_script, "-t", "2", "-T",
                          "1", check=False).returncode != 0
    assert run("kill", "-0", pid).returncode == 0


def test_ipv6_subnets(network):
    """A stateful port by its MAC, and a stateless one, for which the agent writes its first line."""
    stateful, stateless = "fa:16:3e:66:00:01", "fa:16:3e:66:00:02"
    six = [f"{stateless},tag:dhcpv6,host-stateless.os.test,set:port-less",
           f"{stateful},tag:dhcpv6,host-fd00-77--5.os.test,[fd00:77::5],set:port-full"]
    agent = Agent(network, six)
    agent.write([port(0)])
    up_at_once(network, network.server, "lan0")
    network.inside(network.server, "ip", "-6", "addr", "replace", "fd00:77::2/64", "dev", "lan0", "nodad")
    pid = agent.start("--dhcp-range=set:subnet-v6,fd00:77::,static,64,86400s")
    try:
        full, less = network.add_client("full", mac=stateful), network.add_client("less", mac=stateless)
        programs = dhclient6(network, full), dhclient6(network, less, "-S")
        assert programs[0].wait_for(r"SIX BOUND6 (\S+) dns (\S+)", 20)[1] == "fd00:77::5"
        assert programs[1].wait_for(r"SIX \S+ +dns (\S+)", 20)[1] == "fd00:77::2"
        rows = wait_until(lambda: rows_of(agent.folder / "leases"), what="the lease file")
        assert "fd00:77::5" in [row[2] for row in rows if len(row) == 5] and rows[0][0] == "duid"
    finally:
        stop(pid)


@pytest.mark.parametrize("program", ["linnet", "dnsmasq"])
def test_the_last_line_wins(network, client_script, program):
    agent = Agent(network)
    mac = "fa:16:3e:00:00:77"
    agent.write([(mac, "early", "10.77.9.1")], [f"{mac},late.os.test,10.77.9.2"])
    pid = agent.start("--no-ping", program=PEER if program == "dnsmasq" else None)
    try:
        client = network.add_client("a", mac=mac)
        assert udhcpc(network, client, client_script).wait_for(r"LEASE (\S+) bound", 20)[1] == "10.77.9.2"
    finally:
        stop(pid)


def test_its_probes(network):
    """What it asks of the programs before it starts anything."""
    said = network.inside(network.server, as_dnsmasq(network.folder), "--version").stdout
    assert float(re.search(r"version (\d+\.\d+)", said)[1]) >= 2.86
    assert run(as_dnsmasq(network.folder), "--test", "--local-service", check=False).returncode == 0
    helped = run(companion("dhcp_release6"), "--help", check=False)
    assert helped.stderr == ""
    program = start_as_dnsmasq(network, "--no-daemon", "--no-hosts", "", "--no-resolv", "--pid-file=", "--port=5399",
                               "--conf-file=/dev/null", ports=(5399,))
    wait_for_ports(network, program, 5399)
    program.signal(signal.SIGTERM)
    assert program.process.wait(5) == 0
