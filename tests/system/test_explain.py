"""explain and explain-dhcp through the control socket: what they say is what happens."""

import json
import re
import socket

import pytest

from conftest import lacks, wait_until
from test_dhcp import udhcpc

pytestmark = pytest.mark.skipif(bool(lacks("control-socket=")), reason=str(lacks("control-socket=")))

MAC = "02:00:00:00:00:07"
CONFIG = """\
port=53
no-resolv
no-hosts
addn-hosts={hosts}
interface=lan0
bind-interfaces
server=198.51.100.1
server=/corp.test/198.51.100.2
address=/ads.test/203.0.113.9
local=/lan/
host-record=printer.lan,192.168.50.5
cname=www.lan,printer.lan
synth-domain=pool.test,192.168.50.100,192.168.50.110,host-
domain-needed
bogus-priv
filter-AAAA
filter-rr=HTTPS,TXT
filterwin2k
host-record=rec.test,192.168.50.4
dhcp-range=192.168.50.50,192.168.50.60,1h
dhcp-range=tag:guest,192.168.50.150,192.168.50.160,1h
dhcp-host=02:00:00:00:00:07,192.168.50.77,set:red,seven
dhcp-host=02:00:00:00:00:08,192.168.50.78,ignore
tag-if=set:blue,tag:red
dhcp-option=tag:blue,option:ntp-server,192.168.50.9
dhcp-option=tag:guest,option:router,192.168.50.254
dhcp-boot=loader.efi
no-ping
control-socket={socket}
"""
HOSTS = """\
# machines
192.168.50.31 nas.lan nas
192.168.50.32 camera.lan
"""
SIX = """\
port=0
interface=lan0
dhcp-range=fd00:50::100,fd00:50::1ff,1h
dhcp-range=tag:guest,fd00:50::a00,fd00:50::aff,1h
dhcp-range=192.168.50.50,192.168.50.60,1h
dhcp-host=id:00:03:00:01:02:00:00:00:00:07,[fd00:50::77],set:red,seven
dhcp-host=02:00:00:00:00:08,[fd00:50::150],eight
dhcp-option=tag:red,option6:ntp-server,[fd00:50::9]
dhcp-option=tag:guest,option6:domain-search,guest.test
dhcp-leasefile={leases}
control-socket={socket}
"""
# 4102444800 is the first second of 2100.
LEASES = """\
duid 00:01:00:01:2c:00:00:00:02:00:00:00:00:01
4102444800 5 fd00:50::150 ten 00:03:00:01:02:00:00:00:00:0a
4102444800 6 fd00:50::160 eleven 00:03:00:01:02:00:00:00:00:0b
"""


def line_of(start, config=CONFIG):
    """The number of the configuration's line that begins so."""
    return [line.startswith(start) for line in config.splitlines()].index(True) + 1


class Control:
    def __init__(self, path):
        self.path = str(path)

    def ask(self, *words, form="json"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(10)
            client.connect(self.path)
            client.sendall((" ".join([form, *words]) + "\n").encode())
            answer = b""
            while piece := client.recv(65536):
                answer += piece
        assert answer.endswith(b"\0")
        verdict, body = answer[:-1].split(b"\n", 1)
        return verdict.decode(), json.loads(body) if form == "json" else body.decode()

    def explain(self, *words):
        verdict, report = self.ask("explain", *words)
        assert verdict == "ok", report
        return report


def settled(report):
    return [step for step in report["steps"] if step["settles"]][0]


def start(network):
    path = network.folder / "control.sock"
    hosts = network.folder / "hosts"
    hosts.write_text(HOSTS)
    hosts.chmod(0o644)
    network.linnet(CONFIG.format(socket=path, hosts=hosts))
    wait_until(path.exists, what="control socket")
    return Control(path)


def check_dns(network, control):
    report = control.explain("printer.lan")
    step = settled(report)
    assert step["step"] == "local names"
    assert step["known_by"][0]["option"] == "host-record"
    assert step["known_by"][0]["line"].endswith(f":{line_of('host-record')}")
    report = control.explain("www.lan")
    assert report["answer"]["records"] == ["www.lan 0 CNAME printer.lan.", "printer.lan 0 A 192.168.50.5"]
    report = control.explain("x.ads.test")
    assert settled(report)["step"] == "domain rules"
    assert report["routes"][0]["domain"] == "/ads.test/"
    assert report["routes"][0]["line"].endswith(f":{line_of('address=')}")
    report = control.explain("a.corp.test")
    assert report["would_be_forwarded_to"] == ["198.51.100.2#53"] or \
        report["would_be_forwarded_to"] == ["198.51.100.2"]
    assert report["upstreams"][0]["because"] == "the only one"
    assert report["upstreams"][0]["line"].endswith(f":{line_of('server=/corp')}")
    # Options that decide alone, with their lines, in both forms.
    for words, step, option in ((("plain",), "names without a dot", "domain-needed"),
                                (("192.168.99.1",), "private addresses", "bogus-priv"),
                                (("_ldap._tcp.test", "SRV"), "questions of Windows", "filterwin2k"),
                                (("rec.test", "AAAA"), "cache", "filter-AAAA"),
                                (("rec.test", "TXT"), "cache", "filter-rr")):
        row = settled(control.explain(*words))
        place = f".conf:{line_of(option)}"
        assert row["step"] == step and row["line"].endswith(place), (words, row)
        assert place in control.ask("explain", *words, form="text")[1], words
    row = settled(control.explain("rec.test", "AAAA"))
    assert row["because"].startswith("the name is known here, and records of this type are taken out")
    assert row["option"] == "filter-AAAA" and row["links"] == [{"name": "rec.test", "entry": "none"}]
    # Names of hosts files and of machines of DHCP, with the lines they stand in.
    for question in ("nas.lan", "nas", "192.168.50.31"):
        known = settled(control.explain(question))["known_by"]
        assert [row["option"] for row in known] == ["hosts file"] and known[0]["line"].endswith("/hosts:2"), known
    assert settled(control.explain("camera.lan"))["known_by"][0]["line"].endswith("/hosts:3")
    for question in ("seven", "192.168.50.77"):
        (row,) = control.explain(question)["dhcp_hosts"]
        assert row["line"].endswith(f":{line_of('dhcp-host=02:00:00:00:00:07')}")
    assert "dhcp_hosts" not in control.explain("nas.lan")
    report = control.explain("x.test", "AAAA")
    assert "taken out" in report["filters"][0]["effect"] and report["filters"][0]["option"] == "filter-AAAA"
    assert report["filters"][0]["line"].endswith(f":{line_of('filter-AAAA')}")
    assert settled(control.explain("--as", "203.0.113.5", "x.test"))["step"] in ("upstream", "admission")
    verdict, text = control.ask("explain", "printer.lan", form="text")
    assert verdict == "ok" and "host-record" in text and "192.168.50.5" in text
    # What is explained is what happens.
    for name, type_ in (("printer.lan", "A"), ("www.lan", "A"), ("x.ads.test", "A"), ("nobody.lan", "A"),
                        ("host-192-168-50-101.pool.test", "A"), ("5.50.168.192.in-addr.arpa", "PTR"),
                        ("plain", "A"), ("1.99.168.192.in-addr.arpa", "PTR")):
        told = control.explain("--as", "192.168.50.1", name, type_)["answer"]
        asked = [f"{row[0].rstrip('.')} {row[1]} {row[2]} {row[3]}"
                 for row in network.dig(network.server, name, type_)]
        assert told["records"] == asked, (name, told, asked)
        assert told["rcode"] == network.dig_status(network.server, name, type_), name


def check_dhcp(control):
    verdict, report = control.ask("explain-dhcp", MAC)
    assert verdict == "ok" and len(report["networks"]) == 1, report
    lan = report["networks"][0]
    assert lan["interface"] == "lan0" and lan["address"] == "192.168.50.77"
    assert lan["host"]["line"].endswith(f":{line_of('dhcp-host=02:00:00:00:00:07')}")
    tags = {tag["tag"]: tag for tag in lan["tags"]}
    assert tags["red"]["set_by"] == "dhcp-host"
    assert tags["blue"]["line"].endswith(f":{line_of('tag-if')}")
    assert tags["lan0"]["set_by"] == "the interface"
    options = {option["option"]: option for option in lan["options"]}
    assert options[42]["value"] == "192.168.50.9"
    assert options[42]["line"].endswith(f":{line_of('dhcp-option=tag:blue')}")
    assert options[3]["value"] == "192.168.50.1"
    assert lan["left_out"][0]["because"] == "conditions do not hold: tag:guest"
    assert lan["boot"]["file"] == "loader.efi"
    assert [entry["because"] for entry in lan["ranges"]][1] == "conditions do not hold: tag:guest"
    verdict, report = control.ask("explain-dhcp", "02:00:00:00:00:08")
    assert report["networks"][0]["ignored"] is True
    verdict, text = control.ask("explain-dhcp", MAC, form="text")
    assert verdict == "ok" and "192.168.50.77" in text


def lan_of(control, who):
    verdict, report = control.ask("explain-dhcp", who)
    assert verdict == "ok", report
    (lan,) = report["dhcp6"]["networks"]
    assert lan["interface"] == "lan0"
    return report, lan


def given(lan):
    return [item["address"] for part in lan["associations"] for item in part["given"]]


def check_dhcp6(control):
    place = {start: f":{line_of(start, SIX)}" for start in SIX.splitlines()}
    line = {key.split(",")[0]: value for key, value in place.items()}
    report, lan = lan_of(control, "00:03:00:01:02:00:00:00:00:07")
    assert report["dhcp6"]["hardware"] == "02:00:00:00:00:07" and "networks" not in report
    assert given(lan) == ["fd00:50::77"]
    assert lan["host"]["line"].endswith(line["dhcp-host=id:00:03:00:01:02:00:00:00:00:07"])
    tags = {tag["tag"]: tag for tag in lan["tags"]}
    assert tags["red"]["set_by"] == "dhcp-host" and tags["dhcpv6"]["set_by"] == "DHCPv6"
    options = {option["option"]: option for option in lan["options"]}
    assert options[56]["line"].endswith(line["dhcp-option=tag:red"])
    assert lan["left_out"][0]["because"] == "conditions do not hold: tag:guest"
    assert [row["because"] for row in lan["ranges"]][1] == "conditions do not hold: tag:guest"
    assert lan["ranges"][0]["line"].endswith(line["dhcp-range=fd00:50::100"])
    # A hardware address asks both families; its line's address is leased to another.
    report, lan = lan_of(control, "02:00:00:00:00:08")
    assert report["networks"][0]["interface"] == "lan0"
    (candidate,) = lan["candidates"]
    assert candidate["address"] == "fd00:50::150" and not candidate["taken"]
    assert candidate["held_by"] == "leased to 00:03:00:01:02:00:00:00:00:0a"
    assert given(lan) != ["fd00:50::150"] and len(given(lan)) == 1
    # By an address: who has it, or who could.
    report, lan = lan_of(control, "fd00:50::160")
    assert report["dhcp6"]["client"] == "00:03:00:01:02:00:00:00:00:0b"
    assert report["dhcp6"]["leases"][0]["iaid"] == 6 and given(lan) == ["fd00:50::160"]
    report, lan = lan_of(control, "fd00:77::1")
    assert lan["candidates"][0]["place"] == "in no network it could be served in"
    verdict, text = control.ask("explain-dhcp", "id:00:03:00:01:02:00:00:00:00:07", form="text")
    assert verdict == "ok" and "fd00:50::77" in text


def check_refused(control):
    assert control.ask("explain", "a..b")[0] == "refused"
    assert control.ask("explain", "a.test", "NOSUCH")[1]["error"] == "no such type of record"
    assert control.ask("explain", "--as", "nobody", "a.test")[1]["given"] == "nobody"
    for word in ("02:00:zz", "id:00", "id:", "::1::", "nobody"):
        assert control.ask("explain-dhcp", word)[1]["error"] == "not a hardware address, a DUID or an IPv6 address"
    assert control.ask("explain-dhcp", "192.0.2.1")[1]["error"] == "not an IPv6 address"
    for word in ("00:03:00:01:02:00:00:00:00:07", "fd00:50::1"):
        assert control.ask("explain-dhcp", word)[1]["error"] == "DHCPv6 is not served (no dhcp-range for it)"


def test_explain(network):
    control = start(network)
    check_dns(network, control)
    check_dhcp(control)
    check_refused(control)
    # Nothing was asked of anybody, and no address was given.
    log = network.programs[0].log()
    assert not re.search(r"forwarded|DHCPOFFER", log)


def test_explain_dhcp6(network):
    path = network.folder / "control.sock"
    leases = network.folder / "leases"
    leases.write_text(LEASES)
    network.linnet(SIX.format(socket=path, leases=leases))
    wait_until(path.exists, what="control socket")
    check_dhcp6(Control(path))
    assert not re.search(r"DHCPADVERTISE|DHCPREPLY", network.programs[0].log())


def test_explained_lease_is_the_one_given(network, client_script):
    control = start(network)
    client = network.add_client("c", mac="02:00:00:00:00:21")
    told = control.ask("explain-dhcp", "02:00:00:00:00:21")[1]["networks"][0]["address"]
    assert udhcpc(network, client, client_script).wait_for(r"LEASE (\S+) bound")[1] == told
    report = control.ask("explain-dhcp", "02:00:00:00:00:21")[1]
    assert report["lease"]["address"] == told
    assert report["networks"][0]["because"] == "it has the lease"
