"""The same configuration lines given to dnsmasq --test and to linnet --test, as black boxes.

For each line both must accept, or both refuse with the same exit code and the same words ("bad port at
line 1 of FILE"). Where linnet means to differ the line stands in DIFFERENT with the reason, and linnet's
own verdict is checked. Only options that are built are tried.

LINNET_BINARY is the binary; it is run under the name dnsmasq, which makes it speak as dnsmasq does.
"""

import os
import shutil
import subprocess

import pytest

DNSMASQ = shutil.which("dnsmasq", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
LINNET = os.environ.get("LINNET_BINARY")

pytestmark = [
    pytest.mark.skipif(DNSMASQ is None, reason="no dnsmasq here to compare with"),
    pytest.mark.skipif(not LINNET, reason="LINNET_BINARY is not set"),
]

PROCESS = """
port=53
port=0
port=65535
port=
port= 5353
port = 5353
port=65536
port=-1
port=12x
port=+5
port=0x35
port=99999999999999
port
port=5353 # a comment
port=5353# no comment
--port=5353
no-such-option
no-such-option=1
cache-size=0
cache-size=1000000
cache-size=
cache-size=-5
cache-size=abc
local-ttl=5
local-ttl=4294967295
local-ttl=-1
local-ttl=5s
neg-ttl=1
max-ttl=60
max-cache-ttl=60
min-cache-ttl=60
min-cache-ttl=100000
dhcp-ttl=0
dhcp-ttl=x
dns-forward-max=0
dns-forward-max=1000
dns-forward-max=-1
edns-packet-max=100
edns-packet-max=0
edns-packet-max=4096
edns-packet-max=-1
query-port=0
query-port=5353
query-port=65536
min-port=1024
min-port=70000
max-port=0
max-port=70000
max-tcp-connections=0
max-tcp-connections=1
max-tcp-connections=-1
user
user=
user=nosuchuser
group=nosuchgroup
pid-file
pid-file=
pid-file=/run/some.pid
log-facility=daemon
log-facility=DAEMON
log-facility=local7
log-facility=security
log-facility=-
log-facility=/var/log/some.log
log-facility=local8
log-facility=nosuch
log-facility=
log-facility
log-queries
log-queries=
log-queries=extra
log-queries=foo
log-dhcp
log-dhcp=
log-dhcp=1
log-debug
quiet-dhcp
no-daemon
no-daemon=
keep-in-foreground
interface=eth0
interface=eth0,eth1
interface=eth0,,eth1
interface=eth*
interface=*
interface=
interface
interface="eth 0"
interface=averyveryverylonginterfacename
except-interface=lo
except-interface=
except-interface
listen-address=127.0.0.1
listen-address=127.0.0.1,::1
listen-address="127.0.0.1"
listen-address=fe80::1
listen-address=
listen-address
listen-address=127.0.0.1,,::1
listen-address=127.0.0.1,
listen-address=foo
listen-address=fe80::1%lo
listen-address=[::1]
listen-address=127.1
bind-interfaces
local-service
local-service=net
local-service=host
local-service=
local-service=foo
local-service=NET
"""

DNS = """
domain=lan
domain=
domain
domain=a.b.c
domain=#
domain=-bad
domain="a b"
domain=.lan
domain=lan.
domain=a_b.c
domain=*.lan
domain=lan,192.168.1.0/24
domain=lan,192.168.1.0/24,local
domain=lan,192.168.1.0/24,foo
domain=lan,192.168.1.0/33
domain=lan,192.168.1.0/0
domain=lan,192.168.1.0/x
domain=lan,192.168.1.5
domain=lan,192.168.1.5,192.168.1.9
domain=lan,192.168.1.9,192.168.1.5
domain=lan,192.168.1.5-192.168.1.9
domain=lan,192.168.1.5,foo
domain=lan,192.168.1.5,::1
domain=lan,2001:db8::/64,local
domain=lan,2001:db8::/130
domain=lan,2001:db8::1,2001:db8::9
domain=lan,eth0
domain=lan,
domain=,eth0
domain=#,192.168.1.0/24
domain=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.x
domain-suffix=lan
no-hosts
no-hosts=
expand-hosts
addn-hosts=/nonexistent
addn-hosts=a,b
addn-hosts=
addn-hosts
resolv-file
resolv-file=
no-resolv
no-poll
strict-order
all-servers
clear-on-reload
no-negcache
no-round-robin
domain-needed
bogus-priv
no-ident
server=1.2.3.4
server=1.2.3.4#53
server=1.2.3.4#65536
server=1.2.3.4#x
server=1.2.3.4#-1
server=1.2.3.4:53
server=1.2.3.4,5.6.7.8
server=
server
server=#
server=#53
server=/a/#
server=/a/#53
server=/a/
server=/a
server=/
server=//
server=///
server=/a/b
server=/a/b/1.2.3.4#5353
server=//1.2.3.4
server=/#/1.2.3.4
server=/*a.b/1.2.3.4
server=/*.a.b/1.2.3.4
server=/.a.b/1.2.3.4
server=/*/1.2.3.4
server=/./1.2.3.4
server=/a..b/1.2.3.4
server=/-a/1.2.3.4
server=/a b/1.2.3.4
server=/1.2.3.4
server=/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/1.2.3.4
server=1.2.3.4@eth0
server=1.2.3.4@1.2.3.5
server=1.2.3.4@1.2.3.5#1000
server=1.2.3.4@1.2.3.5#0
server=1.2.3.4@1.2.3.5#x
server=1.2.3.4@1.2.3.5#70000
server=1.2.3.4@eth0@1.2.3.5
server=1.2.3.4@1.2.3.5@eth0
server=1.2.3.4@eth0@eth1
server=1.2.3.4@a@b@c
server=1.2.3.4@
server=1.2.3.4@#1000
server=1.2.3.4@eth0#1000
server=1.2.3.4@::1
server=::1@1.2.3.4
server=2001:db8::1#5353
server=[2001:db8::1]
server=fe80::1%lo
server=fe80::1%nosuch
server=localhost
server=localhost#5353
server=foo.invalid
server=foo bar
server=300.1.1.1
server=@eth0
server=/a/@eth0
local=/lan/
local=//
local=
local=/lan/1.2.3.4
rev-server=10.0.0.0/8,1.2.3.4
rev-server=10.0.0.0/8
rev-server=10.0.0.0/26,1.2.3.4
rev-server=10.0.0.1,1.2.3.4
rev-server=2001:db8::/33,1.2.3.4
rev-server=10.0.0.0/8,#
rev-server=10.0.0.0/8,1.2.3.4@eth0
rev-server=10.0.0.0/8,
rev-server=10.0.0.0/33,1.2.3.4
rev-server=10.0.0.0/0,1.2.3.4
rev-server=10.0.0.0/,1.2.3.4
rev-server=2001:db8::/129,1.2.3.4
rev-server=foo,1.2.3.4
rev-server=10.0.0.0/8,1.2.3.4#x
rev-server=10.0.0.0/8,1.2.3.4@a@b
rev-server=10.0.0.0/8,1.2.3.4,5.6.7.8
rev-server=
rev-server
address=/foo/1.2.3.4
address=/foo/::1
address=/foo/#
address=/foo/
address=/#/1.2.3.4
address=//1.2.3.4
address=/a/b/1.2.3.4
address=/a/ 1.2.3.4
address=1.2.3.4
address=
address=/
address=/a..b/1.2.3.4
address
address=foo
address=/foo
address=/foo/bar
address=/foo/1.2.3.4#53
address=/foo/1.2.3.4,5.6.7.8
address=/foo/1.2.3.4@eth0
address=/foo/[::1]
address=/foo/fe80::1%lo
"""

DHCP = """
dhcp-range=192.168.0.10,192.168.0.50
dhcp-range=192.168.0.10,192.168.0.50,12h
dhcp-range=192.168.0.10,192.168.0.50,12H
dhcp-range=192.168.0.10,192.168.0.50,12
dhcp-range=192.168.0.10,192.168.0.50,1W
dhcp-range=192.168.0.10,192.168.0.50,infinite
dhcp-range=192.168.0.10,192.168.0.50,deprecated
dhcp-range=192.168.0.10,192.168.0.50,
dhcp-range=192.168.0.10,192.168.0.50,24
dhcp-range= 192.168.0.10 , 192.168.0.50 , 12h
dhcp-range=192.168.0.50,192.168.0.10
dhcp-range=192.168.0.10,10.0.0.1
dhcp-range=192.168.0.10,192.168.0.50,255.255.255.0,12h
dhcp-range=192.168.0.10,192.168.0.50,255.255.255.0,192.168.0.255,12h
dhcp-range=192.168.0.10,192.168.0.50,0.0.0.0
dhcp-range=192.168.0.0,static
dhcp-range=192.168.0.0,static,255.255.255.0,12h
dhcp-range=192.168.0.0,proxy
dhcp-range=foo,192.168.0.10,192.168.0.50
dhcp-range=set:a,192.168.0.10,192.168.0.50
dhcp-range=tag:a,tag:!b,set:c,192.168.0.10,192.168.0.50
dhcp-range=net:a,192.168.0.10,192.168.0.50
dhcp-range=tag:,192.168.0.10,192.168.0.50
dhcp-range=interface:eth0,192.168.0.10,192.168.0.50
dhcp-range=
dhcp-range
dhcp-range=foo
dhcp-range=tag:a
dhcp-range=192.168.0.10
dhcp-range=192.168.0.10,
dhcp-range=192.168.0.10,12h
dhcp-range=192.168.0.0,foo
dhcp-range=192.168.0.10,192.168.0.50,12x
dhcp-range=192.168.0.10,192.168.0.50,INFINITE
dhcp-range=192.168.0.10,192.168.0.50,1h30m
dhcp-range=192.168.0.10,192.168.0.50,-5
dhcp-range=192.168.0.10,192.168.0.50,,12h
dhcp-range=192.168.0.10,192.168.0.50,12h,255.255.255.0
dhcp-range=192.168.0.10,192.168.0.50,12h,foo
dhcp-range=192.168.0.10,192.168.1.50,255.255.255.0
dhcp-range=192.168.0.10,192.168.0.50,255.255.255.255
dhcp-range=foo,bar,192.168.0.10,192.168.0.50
dhcp-range=set:a,set:b,192.168.0.10,192.168.0.50
dhcp-range=ab,192.168.0.10,192.168.0.50
dhcp-range=192.168.0.10,192.168.0.50,slaac
dhcp-host=02:00:00:00:00:01,192.168.0.5,name,12h
dhcp-host=02:00:00:00:00:01,02:00:00:00:00:02,192.168.0.5
dhcp-host=2:0:0:0:0:1,name
dhcp-host=*:*:*:*:*:*,ignore
dhcp-host=06-02:00:00:00:00:01,192.168.0.5
dhcp-host=02-00-00-00-00-01
dhcp-host=id:01:02:03,192.168.0.5
dhcp-host=id:text,192.168.0.5
dhcp-host=id:*,name
dhcp-host=id:"a:b"
dhcp-host=set:a,set:b,02:00:00:00:00:01
dhcp-host=tag:!a,tag:b,02:00:00:00:00:01
dhcp-host=net:a,02:00:00:00:00:01
dhcp-host=set:
dhcp-host=[2001:db8::1],[2001:db8::2]
dhcp-host=[2001:db8::4/126]
dhcp-host=[::5]
dhcp-host=zz
dhcp-host=foo.bar
dhcp-host=foo_bar
dhcp-host=foo,bar
dhcp-host=1234
dhcp-host=12h
dhcp-host=12x
dhcp-host=ignore
dhcp-host=IGNORE
dhcp-host="foo"
dhcp-host=02:00:00:00:00:01,,foo
dhcp-host=,
dhcp-host=
dhcp-host
dhcp-host=a.
dhcp-host=02:00:00:00:00:zz
dhcp-host=zz-02:00:00:00:00:01
dhcp-host=id:01:zz
dhcp-host=[2001:db8::1
dhcp-host=[2001:db8::1/129]
dhcp-host=[2001:db8::3/126]
dhcp-host=[2001:db8::1/x]
dhcp-host=[foo]
dhcp-host="id:a:b"
dhcp-host=-foo
dhcp-host=foo bar
dhcp-host=foo!
dhcp-host=foo/bar
dhcp-host=*.foo
dhcp-host=#a,02:00:00:00:00:01
dhcp-host=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
dhcp-option=3
dhcp-option=3,1.2.3.4,5.6.7.8
dhcp-option= 3 , 1.2.3.4
dhcp-option=option:router,1.2.3.4
dhcp-option=option:Router,1.2.3.4
dhcp-option=option:router
dhcp-option=6,0.0.0.0
dhcp-option=255,1.2.3.4
dhcp-option=lan,3,1.2.3.4
dhcp-option=tag:a,tag:!b,3,1.2.3.4
dhcp-option=a,b,3,1.2.3.4
dhcp-option=encap:175,190,user
dhcp-option=encap:175,190
dhcp-option=vendor:PXEClient,1,0.0.0.0
dhcp-option=vendor:,1,0.0.0.0
dhcp-option=vi-encap:2,10,text
dhcp-option=23,64
dhcp-option=26,1500
dhcp-option=13,5s
dhcp-option=2,-3600
dhcp-option=200,5b,6b
dhcp-option=200,01:02:ff
dhcp-option=200,text,more
dhcp-option=200,"text,more"
dhcp-option=200
dhcp-option=121,1.2.3.0/24,9.9.9.9
dhcp-option=58,6h
dhcp-option=66,"1.2.3.4"
dhcp-option=119,eng.example.com,lab.example.com
dhcp-option=120,1.2.3.4
dhcp-option=120,sip.example
dhcp-option=252,"\\n"
dhcp-option=vendor:MSFT,2,1i
dhcp-option=1,255.255.255.0
dhcp-option=33,1.2.3.4,5.6.7.8
dhcp-option=108,1800
dhcp-option=80
dhcp-option=
dhcp-option
dhcp-option=3,
dhcp-option=3,foo
dhcp-option=3,1.2.3
dhcp-option=3,1.2.3.300
dhcp-option=3,1.2.3.4,foo
dhcp-option=3,5
dhcp-option=3,"1.2.3.4"
dhcp-option=6,::1
dhcp-option=option:nosuch,1
dhcp-option=option:3,1.2.3.4
dhcp-option=x
dhcp-option=-1,x
dhcp-option=tag:a
dhcp-option=encap:175
dhcp-option=encap:175,vendor:a,1,2
dhcp-option=26,1500,1400
dhcp-option=53,1
dhcp-option-force=208,f1:00:74:7e
dhcp-option-force=3,1.2.3.4
dhcp-option-force=x
dhcp-authoritative
dhcp-authoritative=1
dhcp-lease-max=0
dhcp-lease-max=100
dhcp-lease-max=
dhcp-lease-max=-1
dhcp-lease-max=x
dhcp-leasefile
dhcp-leasefile=
dhcp-leasefile=/tmp/some.leases
no-ping
dhcp-sequential-ip
dhcp-ignore-clid
dhcp-rapid-commit
dhcp-no-override
dhcp-ignore=tag:a,tag:!b
dhcp-ignore=tag:!known
dhcp-ignore=#known
dhcp-ignore=a
dhcp-ignore=
dhcp-ignore
no-dhcp-interface=eth0,eth1
no-dhcp-interface
no-dhcpv4-interface=eth0
"""

SEVERAL = [
    "port=5353\nport=5354",
    "cache-size=1\n\n# text\ncache-size=2",
    "no-hosts\nno-hosts",
    "local-service\nlocal-service",
    "server=1.2.3.4\nserver=1.2.3.4",
    "bogus-priv\nserver=1.2.3.4#x\nport=x",
    "min-port=5000\nmax-port=4000",
    "resolv-file=/a\nresolv-file=/b",
    "resolv-file=/a\nresolv-file=/b\nno-poll",
    "resolv-file=/a\nresolv-file=\nno-poll",
    "resolv-file=/a\nresolv-file=/b\nno-poll\nno-resolv",
    "dhcp-host=02:00:00:00:00:01,10.0.0.5\ndhcp-host=02:00:00:00:00:02,10.0.0.5",
    "dhcp-host=02:00:00:00:00:01,10.0.0.5\ndhcp-host=tag:a,02:00:00:00:00:02,10.0.0.5",
    "dhcp-host=02:00:00:00:00:01,a\ndhcp-host=02:00:00:00:00:02,a",
    "domain=lan,10.0.0.0/8\ndomain=other",
    "  interface = lo  \n\tport\t=\t53  ",
    'addn-hosts="/a b"\r\nno-hosts\r',
    'addn-hosts="/a',
]

# Line: (does linnet accept it, why it differs).
DIFFERENT = {
    "domain=a..b": (False, "an empty label can be in no name"),
    "domain=lan,eth0,foo": (False, "the third word would be passed over in silence"),
    "cache-size=4294967296": (False, "would count as 0"),
    "local-ttl=99999999999": (False, "would count as another number"),
    "edns-packet-max=70000": (False, "no UDP packet is so large"),
    "server=1.2.3.4#": (False, "would be sent to port 0"),
    "server=1.2.3.4#0": (False, "nothing can be sent to port 0"),
    "server=1.2.3": (False, "would mean 1.2.0.3"),
    "rev-server=10.0.0.0/x,1.2.3.4": (False, "would count as 32"),
    "rev-server=10.0.0.0/-1,1.2.3.4": (False, "would count as 32"),
    "dhcp-range=192.168.0.10,192.168.0.50,99999999999h": (False, "would count as 1576 days"),
    "dhcp-range=192.168.0.10,192.168.0.50,h": (False, "a unit without a number"),
    "dhcp-range=192.168.0.10,192.168.0.50,255.0.255.0": (False, "no network has such a mask"),
    "dhcp-range=192.168.0.10,static,192.168.0.50": (False, "no network has such a mask"),
    "dhcp-host=02:00:00:00:00:01,99999999999": (False, "would count as another time"),
    "dhcp-host=:": (False, "not a hardware address"),
    "dhcp-host=02:": (False, "not a hardware address"),
    "dhcp-host=02::01": (False, "not a hardware address"),
    "dhcp-host=020:00:00:00:00:01": (False, "not a hardware address"),
    "dhcp-host=02:00:00:00:00:00:00:00:00:00:00:00:00:00:00:01:02": (False, "17 bytes do not fit"),
    "dhcp-host=2001:db8::1": (False, "an IPv6 address without brackets matches no card"),
    "dhcp-host=192.168.0.300": (False, "an address mistyped, not a name"),
    "dhcp-host=a..b": (False, "an empty label can be in no name"),
    "dhcp-host=.a": (False, "an empty label can be in no name"),
    "dhcp-host=id:,192.168.0.5": (False, "no client has an empty id"),
    "dhcp-host=id:a:b:*": (False, "a client id has no wildcards"),
    "dhcp-option=0,1": (False, "0 is padding"),
    "dhcp-option=256,1": (False, "an option number is one byte"),
    "dhcp-option=300,x": (False, "an option number is one byte"),
    "dhcp-option=tag:a,": (False, "the option is missing"),
    "dhcp-option=encap:x,190,user": (False, "would count as 0"),
    "dhcp-option=encap:300,190,user": (False, "an option number is one byte"),
    "dhcp-option=vi-encap:x,10,text": (False, "would count as 0"),
    "dhcp-option=option:captive-portal,http://x": (True, "a name that newer versions know"),
    "dhcp-option=option:hostname,x": (True, "known by number, so by name too"),
}


def lines_of(text):
    return [line for line in text.splitlines() if line]


SAME = lines_of(PROCESS) + lines_of(DNS) + lines_of(DHCP) + SEVERAL

same_count = 0


@pytest.fixture(scope="module")
def linnet(tmp_path_factory):
    path = tmp_path_factory.mktemp("bin") / "dnsmasq"
    path.symlink_to(os.path.abspath(LINNET))
    return str(path)


def verdict(binary, text, tmp_path):
    """Exit code and dnsmasq's words, without the name of the file."""
    file = tmp_path / "test.conf"
    file.write_bytes(text.encode() + b"\n")
    environment = dict(os.environ, LC_ALL="C")
    result = subprocess.run([binary, "--test", "-C", str(file)], capture_output=True, text=True,
                            timeout=60, env=environment, check=False)
    words = [line for line in result.stderr.splitlines() if line.startswith("dnsmasq: ")]
    first = words[0][len("dnsmasq: "):] if words else result.stderr
    return result.returncode, first.replace(str(file), "FILE")


@pytest.mark.parametrize("text", SAME)
def test_same(text, linnet, tmp_path):
    global same_count
    expected = verdict(DNSMASQ, text, tmp_path)
    assert verdict(linnet, text, tmp_path) == expected
    same_count += 1


@pytest.mark.parametrize("text", DIFFERENT)
def test_different(text, linnet, tmp_path):
    accepted, reason = DIFFERENT[text]
    code, words = verdict(linnet, text, tmp_path)
    assert (code == 0) == accepted, f"{words} (meant to differ: {reason})"


def test_count(capsys):
    with capsys.disabled():
        print(f"\n{same_count} of {len(SAME)} configurations judged as dnsmasq does, "
              f"{len(DIFFERENT)} differ on purpose")
    assert len(SAME) >= 150
