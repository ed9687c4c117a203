"""What SIGUSR1 lists of names that are not in the cache, the same in dnsmasq: hosts files, records, aliases, leases of
both families, with a domain and without, for ever and without a name, and an address that a host made itself."""
import re
import signal
import time

import pytest

from test_names6 import EUI, MAC, lease, plug_in, start

CONFIG = """\
interface=lan0
bind-interfaces
no-resolv
no-hosts
no-ping
log-queries
addn-hosts={folder}/hosts
cname=alias.lan.test,laptop.lan.test
cname=nick,six
host-record=hr,hr.lan.test,192.0.2.77,fd00:50::77
dhcp-range=192.168.50.100,192.168.50.150,1h
dhcp-range=fd00:50::100,fd00:50::1ff,ra-names,slaac,64,1h
"""
HOSTS = "192.0.2.10 alpha beta.other.test\n192.168.50.105 given\n"
LEASES = """\
{end} 02:00:00:00:00:01 192.168.50.101 laptop2 *
0 02:00:00:00:00:02 192.168.50.102 forever *
{end} 02:00:00:00:00:03 192.168.50.103 * *
{end} 02:00:00:00:00:05 192.168.50.105 given *
duid 00:01:00:01:11:22:33:44:02:00:00:00:00:ff
{end} 7 fd00:50::101 six 00:01:00:01:aa:bb:cc:dd:02:00:00:00:00:04
0 8 fd00:50::102 sixever 00:01:00:01:aa:bb:cc:dd:02:00:00:00:00:08
{end} 9 fd00:50::103 * 00:01:00:01:aa:bb:cc:dd:02:00:00:00:00:09
"""
# (host, address, flags); what else there is of a row is looked at apart
COMMON = {("nick", "six", "CF I    C"), ("alias.lan.test", "laptop.lan.test", "CF I    C"),
          ("hr", "192.0.2.77", "4FRI   HC"), ("hr", "fd00:50::77", "6FRI   HC"),
          ("hr.lan.test", "192.0.2.77", "4F I   HC"), ("hr.lan.test", "fd00:50::77", "6F I   HC"),
          ("beta.other.test", "192.0.2.10", "4F I   H")}
LEASED = [("laptop2", "192.168.50.101", "4F{} D"), ("forever", "192.168.50.102", "4F{}ID"),
          ("six", "fd00:50::101", "6F{} D"), ("sixever", "fd00:50::102", "6F{}ID")]
HOSTED = [("alpha", "192.0.2.10", "4F{}I   H"), ("given", "192.168.50.105", "4F{}I   H")]


def forms(rows, domain):
    """With a domain: the bare name, which no address leads back to, and the whole one."""
    if not domain:
        return {(name, address, flags.format("R")) for name, address, flags in rows}
    return ({(name, address, flags.format(" ")) for name, address, flags in rows}
            | {(f"{name}.{domain}", address, flags.format("R")) for name, address, flags in rows})


def listed(server):
    """{(host, address, flags): (expires, source)}"""
    rows = {}
    for line in server.log().split(" ------------\n", 1)[1].splitlines():
        text = line.split("]: ", 1)[-1].ljust(107)
        key = tuple(text[at:to].rstrip() for at, to in ((0, 30), (31, 71), (72, 82)))
        if re.fullmatch("[46CT ][F ][R ][I ][D ].*", key[2]):  # and no name that only has others below it
            assert key not in rows, line
            rows[key] = (text[83:107].strip(), text[108:])
    return rows


def check_list(network, subject, config, wanted):
    end = int(time.time()) + 3000
    (network.folder / "hosts").write_text(HOSTS)
    for name in ("leases", "dnsmasq.leases"):
        (network.folder / name).write_text(LEASES.format(end=end))
    server = start(network, CONFIG.format(folder=network.folder) + config, subject)
    host = plug_in(network, "a", MAC)
    program = lease(network, host, "laptop")
    server.wait_for(rf"SLAAC-CONFIRM\(lan0\) {EUI} laptop\n", 15)
    own = re.search(r"DHCPACK\(lan0\) (\S+) ", server.log())[1]
    server.signal(signal.SIGUSR1)
    server.wait_for(r": -{30} -{40} -{10} -{24} -{12}\n")
    end_of_list = time.monotonic() + 10
    while set(listed(server)) != wanted(own) and time.monotonic() < end_of_list:
        time.sleep(0.05)
    rows = listed(server)
    assert set(rows) == wanted(own)
    date = time.strftime("%a %b %e %H:%M:%S %Y", time.localtime(end))
    ends = {}
    for (name, address, flags), (expires, source) in rows.items():
        bare = name.split(".")[0]
        if bare == "laptop":  # from the clock when it was given; the address the host made ends with it
            assert abs(time.mktime(time.strptime(expires, "%a %b %d %H:%M:%S %Y")) - time.time() - 3600) < 60
            ends[address] = expires
        else:
            assert expires == (date if "D" in flags and "I" not in flags else ""), (name, address)
        assert source == "" or "H" in flags, (name, address)
    assert len(ends) == 2 and len(set(ends.values())) == 1, ends
    program.stop()
    server.stop()


@pytest.mark.parametrize("subject", ["linnet", "dnsmasq"])
def test_with_a_domain(network, subject):
    check_list(network, subject, "domain=lan.test\nexpand-hosts\n", lambda own: COMMON | forms(
        [*LEASED, *HOSTED, ("laptop", own, "4F{} D"), ("laptop", EUI, "6F{} D")], "lan.test"))


@pytest.mark.parametrize("subject", ["linnet", "dnsmasq"])
def test_without_a_domain(network, subject):
    check_list(network, subject, "", lambda own: COMMON | forms(
        [*LEASED, *HOSTED, ("laptop", own, "4F{} D"), ("laptop", EUI, "6F{} D")], ""))


@pytest.mark.parametrize("subject", ["linnet", "dnsmasq"])
def test_whole_names_only(network, subject):
    """Whole names have a row each; the address of a hosts file leads back to the name that file gives it."""
    check_list(network, subject, "domain=lan.test\ndhcp-fqdn\n", lambda own: COMMON | forms(HOSTED, "") | {
        row for row in forms([*LEASED, ("laptop", own, "4F{} D"), ("laptop", EUI, "6F{} D")], "lan.test")
        if row[0].endswith(".lan.test")} | {("given.lan.test", "192.168.50.105", "4F  D")})
