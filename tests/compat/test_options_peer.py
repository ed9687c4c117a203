"""The same configuration lines given to dnsmasq --test and to linnet --test, as black boxes.

For each line both must accept, or both refuse with the same exit code and the same words ("bad port at
line 1 of FILE"). Where linnet means to differ the line stands in DIFFERENT with the reason, and linnet's
own verdict is checked. Only options that are built are tried.

LINNET_BINARY is the binary; it is run under the name dnsmasq, which makes it speak as dnsmasq does.
"""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "system"))
from features import lacks_any_of  # noqa: E402

DNSMASQ = shutil.which("dnsmasq", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
LINNET = os.environ.get("LINNET_BINARY")

pytestmark = [
    pytest.mark.skipif(DNSMASQ is None, reason="no dnsmasq here to compare with"),
    pytest.mark.skipif(not LINNET, reason="LINNET_BINARY is not set"),
]

ANCHORS = """
trust-anchor=.,20326,8,2,E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D
trust-anchor=.,IN,20326,8,2,E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D
trust-anchor=lan.example, 20326, 8, 1, 00112233445566778899aabbccddeeff00112233
trust-anchor=.,HS,1,8,9,e06d
trust-anchor=.,20326,8,2
trust-anchor=.,70000,8,2,E06D
trust-anchor=.,1,300,2,E06D
trust-anchor=.,1,8,300,E06D
trust-anchor=.,1,8,2,XYZ
trust-anchor=.,20326,8,1,AABB
trust-anchor=.,IN,20326,8,2,E06D
trust-anchor=.,1,8,9,AABBC
trust-anchor=.,1,8,9,E0:6D
trust-anchor=.,1,8,9,E0:6:
trust-anchor=.,1,8,9,E0-6D AA
trust-anchor=.,1,8,9,E0.6D
trust-anchor=.,1,8,9,E06*
trust-anchor=.,1,8,9,
trust-anchor=.,1,8,9,E06D,x
trust-anchor=.,FOO,1,8,2,E06D
trust-anchor=.,-1,8,2,E06D
trust-anchor=
trust-anchor
"""

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
log-queries=proto
log-queries=auth
log-queries=only_failed
log-async
log-async=
log-async=20
log-async=200
log-async=0
log-async=x
log-async=-1
dumpfile=/tmp/some.pcap
dumpfile
dumpfile=
dumpmask=15
dumpmask=0x1003
dumpmask=0
dumpmask
bind-dynamic
bind-dynamic=
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
hostsdir=/nonexistent
hostsdir=
hostsdir
servers-file=/nonexistent
servers-file=
servers-file
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

AUTH = """
auth-server=a.test
auth-server
auth-server=a.test,
auth-server=a.test,1.2.3.4,eth0
auth-server=a.test,eth0/4
auth-server=a.test,eth0/5
auth-server=a.test,1.2.3.4/24
auth-server=a.test,2001:db8::1
auth-server=-a.test,eth0
auth-zone=z.test
auth-zone
auth-zone=z.test,1.2.3.0/24
auth-zone=z.test,1.2.3.0/x
auth-zone=z.test,1.2.3.0/0
auth-zone=z.test,1.2.3.0/-1
auth-zone=z.test,2001:db8::
auth-zone=z.test,eth0/4
auth-zone=z.test,eth0/9
auth-zone=z.test,exclude:eth0
auth-zone=z.test,
auth-zone=z.test,,1.2.3.4
auth-soa=1
auth-soa=
auth-soa
auth-soa=0
auth-soa=4294967295
auth-soa=1,hm
auth-soa=1,hm@a.test
auth-soa=1,,5
auth-soa=1,hm.a,5,6,7
auth-sec-servers=
auth-sec-servers
auth-sec-servers=a
auth-sec-servers=a,b
auth-sec-servers=a,,b
auth-peer=1.2.3.4
auth-peer
auth-peer=1.2.3.4,::1
auth-peer=x
auth-peer=
auth-peer=1.2.3.4/24
auth-peer=1.2.3.4,
auth-ttl=1
auth-ttl
auth-ttl=x
auth-ttl=
auth-ttl=-1
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

BOOT = """
dhcp-boot
dhcp-boot=
dhcp-boot=a
dhcp-boot=a,b,c,d
dhcp-boot=a,b,1.2.3.4
dhcp-boot=a,b,1.2.3
dhcp-boot=a,b,bad_name!
dhcp-boot=a,,1.2.3.4
dhcp-boot=tag:x
dhcp-boot=tag:x,a
dhcp-boot=net:x,a
dhcp-boot=set:x,a
dhcp-boot=,b
dhcp-boot=a,b,
dhcp-boot=a,b,::1
dhcp-boot=#x,a
dhcp-boot=tag:,a
dhcp-boot=a,b,-x
dhcp-boot=a,b,x y
dhcp-boot="a,b"
pxe-service
pxe-service=
pxe-service=x86PC
pxe-service=x86PC,
pxe-service=x86PC,A
pxe-service=X86pc,A
pxe-service=foo,A
pxe-service=-1,A
pxe-service=65535,A
pxe-service=0,A,b,c
pxe-service=0,A,b,c d
pxe-service=0,A,b,1.2.3.4,d
pxe-service=0,A,-1
pxe-service=0,A,1
pxe-service=tag:x,0,A
pxe-service=x,0,A
pxe-service=tag:x
pxe-service=0,A,
pxe-service=0,A,b,
pxe-service=0,A,32768
pxe-service=0,A,0,1.2.3.4
pxe-service=0,A,5x
pxe-service=x86-64_EFI,A
pxe-service=ARM64_EFI,A
pxe-service=12,A
pxe-service=PC98,A
pxe-service=Arc_x86,A
pxe-service=Alpha,A
pxe-service=Intel_Lean_Client,A
pxe-service=RISCV64,A
pxe-service=0,"A,B"
pxe-service=tag:x,tag:y,0,A
pxe-prompt
pxe-prompt=
pxe-prompt=A
pxe-prompt=A,1
pxe-prompt=A,300
pxe-prompt=A,x
pxe-prompt=A,-1
pxe-prompt=A,1,2
pxe-prompt=tag:x
pxe-prompt=tag:x,A,256
pxe-prompt=A,
dhcp-pxe-vendor
dhcp-pxe-vendor=
dhcp-pxe-vendor=A
dhcp-pxe-vendor=A,,B
dhcp-broadcast
dhcp-broadcast=
dhcp-broadcast=x
dhcp-broadcast=set:x
dhcp-broadcast=tag:x,tag:y
bootp-dynamic
bootp-dynamic=
bootp-dynamic=x,y
bootp-dynamic=tag:x
dhcp-option-force=tag:x
dhcp-option=encap:1
dhcp-option=vendor:x,vendor:y,1,2
"""

RECORDS = r"""
host-record=a
host-record=
host-record
host-record=a,1.2.3.4
host-record=a,1.2.3.4,60
host-record=a,b,1.2.3.4,::1,60
host-record=a b,1.2.3.4
host-record=1.2.3.4
host-record=a,1.2.3.4,b
host-record=a,1.2.3.4,1.2.3.5
host-record=a,1.2.3.4,60,70
host-record=a,1.2.3.4,-1
host-record=*.a,1.2.3.4
host-record=a,,1.2.3.4
host-record=a,1.2.3.4,
host-record=a,60,1.2.3.4
host-record="a","1.2.3.4"
host-record=a.,1.2.3.4
dynamic-host
dynamic-host=a,1.2.3.4
dynamic-host=a,0.0.0.8,lo
dynamic-host=a,lo
dynamic-host=a
dynamic-host=a,b,0.0.0.8,lo
dynamic-host=a,0.0.0.8,::8,lo
dynamic-host=a,::8,0.0.0.8,lo
dynamic-host=a,::8,lo
dynamic-host=
interface-name
interface-name=
interface-name=a
interface-name=a,lo
interface-name=a,nosuch
interface-name=a,lo/4
interface-name=a,lo/6
interface-name=a,lo/5
interface-name=a,lo/
interface-name=a b,lo
interface-name=*.a,lo
interface-name=a,lo/46
synth-domain
synth-domain=
synth-domain=a
synth-domain=a,1.2.3.4
synth-domain=a,1.2.3.0/24
synth-domain=a,1.2.3.0/24,p-
synth-domain=a,1.2.3.0/24,p*
synth-domain=a,1.2.3.0/33
synth-domain=a,1.2.3.0/0
synth-domain=a,1.2.3.0/x
synth-domain=a,1.2.3.4,1.2.3.9
synth-domain=a,1.2.3.4,::1
synth-domain=a,2001:db8::/64,p-
synth-domain=a,2001:db8::/32
synth-domain=a,2001:db8::/64,p*
synth-domain=a,2001:db8::/63,p*
synth-domain=a,2001:db8::1,2001:db9::2
synth-domain=a b,1.2.3.0/24
synth-domain=a,1.2.3.0/24,*
synth-domain=a,1.2.3.0/24,
synth-domain=a,lo
synth-domain=a,lo,p
synth-domain=a,1.2.3.4,p-
synth-domain=a,1.2.3.5/24,p-
synth-domain=a,2001:db8::/128,p
synth-domain=a,2001:db8::/129,p
synth-domain=a,1.2.3.0/24,p.q
cname
cname=
cname=a
cname=a,b
cname=a,b,60
cname=a,b,c
cname=a,b,c,60
cname=a,a
cname=a,A
cname=a,,b
cname=*.a,b
cname=*.a,x.a
cname=*a,b
cname=a b,c
cname=a,60
cname=60,a
cname=a,b,-1
cname=a,b,1x
cname=a,*.b
cname=a,b,c,b
cname=a,a,b
txt-record
txt-record=a
txt-record=a,
txt-record=a,b,c
txt-record=a, b , c
txt-record=a,"b,c"
txt-record=a b,c
ptr-record
ptr-record=a
ptr-record=a,b
ptr-record=a,
ptr-record=a,b c
ptr-record=a,"b c._http._tcp"
srv-host
srv-host=a
srv-host=_a._tcp,b
srv-host=a,b,80
srv-host=a,b,c
srv-host=a,b,65536
srv-host=a,b,1,65536
srv-host=a,b,1,1,65536
srv-host=a,b,1,x
srv-host=a,b,1,1,x
srv-host=a,b,1,1,1,1
srv-host=a,,1
srv-host=a,b,
srv-host=a,b,,1
srv-host=a b
srv-host=a,b,-1
srv-host=a,b,0x1
srv-host=a,b,65535,65535,65535
mx-host
mx-host=a
mx-host=a,b
mx-host=a,b,10
mx-host=a,44
mx-host=a,b,x
mx-host=a,b,65536
mx-host=a,b,
mx-host=a,,10
mx-host=a b
mx-host=a,b,1,2
mx-target
mx-target=a
selfmx
selfmx=x
localmx
localmx=
naptr-record
naptr-record=
naptr-record=a
naptr-record=a,1,2,s,SIP+D2U,,b
naptr-record=a,1,2,s,x,y
naptr-record=a,1,2,s,x
naptr-record=a,x,2,s,x,y,z
naptr-record=a,1,x,s,x,y,z
naptr-record=a,65536,2,s,x,y,z
naptr-record=a,1,2,,,
naptr-record=a,1,2,,,,
caa-record
caa-record=
caa-record=a
caa-record=a,0,issue,x
caa-record=a,255,issue,x
caa-record=a,0,issue
caa-record=a,0
caa-record=a,x,issue,x
caa-record=a,0,issue,
caa-record=a,-1,issue,x
dns-rr
dns-rr=
dns-rr=a
dns-rr=a,51
dns-rr=a,51,01:23
dns-rr=a,51,0123
dns-rr=a,51,01 23
dns-rr=a,x,01
dns-rr=a,51,1
dns-rr=a,51,123
dns-rr=a,51,
dns-rr=a,1,01020304
dns-rr=a,51,0:1:2
dns-rr=a,-1,01
dns-rr=a,51,01-02
localise-queries
localise-queries=1
"""

ASKING = """
add-mac
add-mac=
add-mac=base64
add-mac=text
add-mac=foo
add-mac=BASE64
strip-mac
strip-mac=1
add-cpe-id=foobar
add-cpe-id=two words
add-cpe-id=
add-cpe-id
add-subnet
add-subnet=
add-subnet=24
add-subnet=24,96
add-subnet=24,
add-subnet=,24
add-subnet=0
add-subnet=32,128
add-subnet=-1
add-subnet=0x10
add-subnet=x
add-subnet=1.2.3.4
add-subnet=1.2.3.4/24
add-subnet=1.2.3.4/
add-subnet=2001:db8::/64
add-subnet=1.2.3.4/24,2001:db8::/48
add-subnet=2001:db8::/48,1.2.3.4/24
add-subnet=24,1.2.3.4/24
add-subnet=24,56,3
add-subnet=/24
add-subnet=x/24
strip-subnet
umbrella
umbrella=
umbrella=foo
umbrella=orgid:1
umbrella=orgid:
umbrella=orgid:x
umbrella=orgid:-1
umbrella=orgid:4294967295
umbrella=orgid:4294967296
umbrella=assetid:7
umbrella=assetid:
umbrella=deviceid:0102030405060708
umbrella=deviceid:0102
umbrella=deviceid:
umbrella=deviceid:010203040506070g
umbrella=deviceid:01:02:03:04:05:06:07:08
umbrella=orgid:1,assetid:2,deviceid:0102030405060708
umbrella=orgid:1,,assetid:2
umbrella=orgid:1,
umbrella=orgid:1,orgid:2
dns-loop-detect
dns-loop-detect=1
fast-dns-retry
fast-dns-retry=
fast-dns-retry=49
fast-dns-retry=50
fast-dns-retry=100,50
fast-dns-retry=100,0
fast-dns-retry=100,
fast-dns-retry=,100
fast-dns-retry=100,x
fast-dns-retry=100,200,300
fast-dns-retry=x
fast-dns-retry=-1
port-limit=1
port-limit=64
port-limit=0
port-limit=-1
port-limit=
port-limit=x
port-limit
"""

FILTERS = """
filterwin2k
filterwin2k=1
filter-A
filter-A=
filter-A=1
filter-AAAA
filter-rr=TXT
filter-rr=TXT,MX
filter-rr=txt
filter-rr=16
filter-rr=NOSUCH
filter-rr=TXT,NOSUCH
filter-rr=TXT,,MX
filter-rr=
filter-rr
filter-rr=ANY
filter-rr=255
filter-rr=0
filter-rr=65535
filter-rr=-1
filter-rr=TXT MX
filter-rr="TXT"
filter-rr= TXT , MX
stop-dns-rebind
stop-dns-rebind=1
rebind-domain-ok=corp.example
rebind-domain-ok=/corp.example/
rebind-domain-ok=/corp.example/lab.example/
rebind-domain-ok=/corp.example/lab.example
rebind-domain-ok=corp.example/lab.example
rebind-domain-ok=
rebind-domain-ok
rebind-domain-ok=/
rebind-domain-ok=//
rebind-domain-ok=*.a
rebind-domain-ok=a b
rebind-domain-ok=a,b
rebind-domain-ok=#
rebind-domain-ok=/a//b/
rebind-domain-ok=.
rebind-localhost-ok
bogus-nxdomain=1.2.3.4
bogus-nxdomain=1.2.3.4/24
bogus-nxdomain=1.2.3.4/0
bogus-nxdomain=1.2.3.4/32
bogus-nxdomain=1.2.3.4/33
bogus-nxdomain=1.2.3.4/
bogus-nxdomain=1.2.3.4/x
bogus-nxdomain=1.2.3.4/-1
bogus-nxdomain=::1
bogus-nxdomain=2001:db8::/32
bogus-nxdomain=2001:db8::/129
bogus-nxdomain=1.2.3.4,5.6.7.8
bogus-nxdomain=foo
bogus-nxdomain=
bogus-nxdomain
bogus-nxdomain=1.2.3
bogus-nxdomain=1.2.3.0/255.255.255.0
ignore-address=1.2.3.4
ignore-address=1.2.3.4/24
ignore-address=1.2.3.4/33
ignore-address=::/0
ignore-address=foo
ignore-address=
ignore-address
alias=1.2.3.4,5.6.7.8
alias=1.2.3.4,5.6.7.8,255.255.255.0
alias=1.2.3.4-1.2.3.9,5.6.7.0,255.255.255.0
alias=1.2.3.4-1.2.3.9,5.6.7.0
alias=1.2.3.9-1.2.3.4,5.6.7.0
alias=1.2.3.9-1.2.3.4,5.6.7.0,255.255.255.0
alias=1.2.3.4-1.2.4.9,5.6.7.0,255.255.255.0
alias=1.2.3.4
alias=1.2.3.4,
alias=
alias
alias=foo,1.2.3.4
alias=1.2.3.4,foo
alias=1.2.3.4,5.6.7.8,foo
alias=1.2.3.4,5.6.7.8,255.0.255.0
alias=1.2.3.4,5.6.7.8,255.255.255.0,x
alias=::1,::2
alias=1.2.3.4-foo,1.2.3.4
alias=1.2.3.4-,1.2.3.4
alias=-1.2.3.4,1.2.3.4
alias=1.2.3.4-1.2.3.9-1.2.3.10,1.2.3.4
alias=1.2.3.4-1.2.3.9
alias=1.2.3.4,5.6.7.8,0.0.0.0
alias=1.2.3.4,5.6.7.8,
alias=1.2.3.4/24,5.6.7.8
alias= 1.2.3.4 , 5.6.7.8
alias=1.2.3.4 - 1.2.3.9,5.6.7.8
cache-rr=TXT
cache-rr=ANY
cache-rr=TXT,HTTPS
cache-rr=NOSUCH
cache-rr=
cache-rr
cache-rr=65
cache-rr=any
use-stale-cache
use-stale-cache=
use-stale-cache=0
use-stale-cache=3600
use-stale-cache=-1
use-stale-cache=x
use-stale-cache=1h
use-stale-cache=4294967295
proxy-dnssec
proxy-dnssec=1
"""

CLIENTS = r"""
dhcp-vendorclass=set:a,x
dhcp-vendorclass=a,x
dhcp-vendorclass=net:a,x
dhcp-vendorclass=a
dhcp-vendorclass=set:a
dhcp-vendorclass=set:a,
dhcp-vendorclass=
dhcp-vendorclass
dhcp-vendorclass=set:a,enterprise:343,x
dhcp-vendorclass=set:a,enterprise:343
dhcp-vendorclass=set:a,x,y
dhcp-vendorclass=tag:a,x
dhcp-vendorclass=set:,x
dhcp-vendorclass=set:a,"x,y"
dhcp-vendorclass=set:a,01:02
dhcp-userclass=set:a,x
dhcp-userclass=set:a
dhcp-userclass=a,
dhcp-userclass=set:a,x,y
dhcp-mac=set:a,02:00:00:00:00:01
dhcp-mac=set:a,02:00:00:*:*:*
dhcp-mac=a,06-02:00:00:*:*:*
dhcp-mac=set:a,02:00
dhcp-mac=set:a,zz:00:00:00:00:01
dhcp-mac=set:a
dhcp-mac=set:a,
dhcp-mac=set:a,foo
dhcp-mac=set:a,12
dhcp-mac=
dhcp-mac=set:a,02-00-00-00-00-01
dhcp-mac=set:a,*
dhcp-circuitid=set:a,port7
dhcp-circuitid=set:a,01:02
dhcp-circuitid=set:a,01:zz
dhcp-circuitid=set:a,0102
dhcp-circuitid=set:a
dhcp-circuitid=set:a,
dhcp-circuitid=
dhcp-circuitid=set:a,"01:02"
dhcp-circuitid=set:a,01:*
dhcp-remoteid=a,x
dhcp-subscrid=a,x
dhcp-subscrid=a
dhcp-match=set:a,93
dhcp-match=set:a,93,7
dhcp-match=a,93,7
dhcp-match=set:a,option:client-arch,7
dhcp-match=set:a,option:foo
dhcp-match=set:a,option6:client-arch,7
dhcp-match=set:a,option6:foo
dhcp-match=set:a,option6:23,7
dhcp-match=set:a,vi-encap:9,x
dhcp-match=set:a,vi-encap:9
dhcp-match=set:a,vendor:x,1
dhcp-match=set:a,encap:1,1
dhcp-match=set:a
dhcp-match=
dhcp-match=93
dhcp-match=set:a,foo
dhcp-match=set:a,6,x
dhcp-match=set:a,6,1.2.3.4
dhcp-match=set:a,6,1.2.3.4,5.6.7.8
dhcp-match=set:a,200,999.1.1.1
dhcp-match=set:a,200,01:*
dhcp-match=set:a,60,01:*
dhcp-match=set:a,60,foo
dhcp-match=set:a,93,00:07
dhcp-match=set:a,93,00:*
dhcp-match=set:a,93,foo
dhcp-match=set:a,53,1
dhcp-match=set:a,12,foo
dhcp-match=set:a,119,a.b
dhcp-match=set:a,tag:b,93
dhcp-match=tag:a,93
dhcp-match=set:a,set:b,93
dhcp-name-match=set:a,foo
dhcp-name-match=a,foo*
dhcp-name-match=set:a,*
dhcp-name-match=set:a,f*o
dhcp-name-match=set:a,foo.bar
dhcp-name-match=set:a,-foo
dhcp-name-match=set:a,foo bar
dhcp-name-match=set:a,
dhcp-name-match=set:a
dhcp-name-match=
dhcp-name-match=set:a,b,c
tag-if=set:a,tag:b
tag-if=set:a
tag-if=set:a,set:b,tag:c,tag:!d,tag:e*
tag-if=tag:a
tag-if=set:a,b
tag-if=a,tag:b
tag-if=set:a,net:b
tag-if=net:a,tag:b
tag-if=set:a,#b
tag-if=set:a,tag:#b
tag-if=
tag-if
tag-if=set:a,
tag-if=set:a,,tag:b
tag-if=set:,tag:b
tag-if=set:a,tag:
tag-if=set:a,tag:!
tag-if=set:a,tag:*
tag-if=foo
dhcp-ignore-names
dhcp-ignore-names=
dhcp-ignore-names=tag:a
dhcp-ignore-names=tag:a,tag:!b
dhcp-ignore-names=a
dhcp-ignore-names=net:a,#b
dhcp-ignore-names=set:a
dhcp-generate-names
dhcp-generate-names=tag:a
dhcp-generate-names=a,b
dhcp-generate-names=
dhcp-fqdn
dhcp-fqdn=1
dhcp-fqdn=
dhcp-client-update
dhcp-client-update=x
read-ethers
read-ethers=x
dhcp-hostsfile
dhcp-hostsfile=
dhcp-hostsfile=/x
dhcp-hostsfile=/x,/y
dhcp-hostsfile=relative
dhcp-hostsdir
dhcp-hostsdir=
dhcp-hostsdir=/x
dhcp-optsfile=
dhcp-optsfile=/x
dhcp-optsdir=/x
dhcp-optsdir=
"""

SEVERAL = [
    "port=5353\nport=5354",
    "cache-size=1\n\n# text\ncache-size=2",
    "no-hosts\nno-hosts",
    "use-stale-cache\nuse-stale-cache=5",
    "filter-rr=TXT\nfilter-rr=MX\nbogus-nxdomain=1.2.3.4\nbogus-nxdomain=1.2.3.4",
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
    "cname=a,b\ncname=b,a",
    "cname=a,b\ncname=a,c",
    "cname=a,b\ncname=A,b",
    "cname=a,b\ncname=b,c\ncname=c,b",
    "cname=a,b\ncname=b,c\ncname=c,d\ncname=d,a",
    "cname=a,b\ncname=b,c\ncname=c,d",
    "mx-target=a\nmx-target=b",
]

# Line: (does linnet accept it, why it differs).
SCRIPTS = """
dhcp-script=/x
dhcp-script=
dhcp-script
dhcp-script=x,y
dhcp-script="a b"
dhcp-scriptuser=nobody
dhcp-scriptuser=
dhcp-scriptuser
script-arp
script-arp=1
script-on-renewal
script-on-renewal=
leasefile-ro
leasefile-ro=
"""

RELAY = """
dhcp-relay=
dhcp-relay
dhcp-relay=192.168.0.1
dhcp-relay=192.168.0.1,192.0.2.1
dhcp-relay=192.168.0.1,eth1
dhcp-relay=192.168.0.1,,eth1
dhcp-relay=192.168.0.1,192.0.2.1,eth1
dhcp-relay=192.168.0.1,192.0.2.1#1067,eth*
dhcp-relay= 192.168.0.1 , 192.0.2.1 , eth1
dhcp-relay=192.168.0.1,192.0.2.1,
dhcp-relay=192.168.0.1,0.0.0.0,eth1
dhcp-relay=192.168.0.1,#67,eth1
dhcp-relay=fd00::1,fd00::2,eth1
dhcp-relay=fd00::1,fd00::2#1547
dhcp-relay=fd00::1,::,eth1
dhcp-relay=fd00::1,eth1
dhcp-relay=fd00::1
dhcp-proxy
dhcp-proxy=
dhcp-proxy=1.2.3.4
dhcp-proxy=1.2.3.4,5.6.7.8
dhcp-proxy=1.2.3.4,,5.6.7.8
dhcp-proxy=x
dhcp-proxy=fd00::1
shared-network
shared-network=
shared-network=eth0
shared-network=eth0,1.2.3.4
shared-network=1.2.3.4,5.6.7.8
shared-network=1.2.3.4,eth0
shared-network=1.2.3.4,
shared-network=,1.2.3.4
shared-network=eth0,1.2.3.4,x
shared-network=1.2.3.4,fd00::2
shared-network=fd00::2,1.2.3.4
bridge-interface
bridge-interface=
bridge-interface=br0
bridge-interface=br0,
bridge-interface=br0,a
bridge-interface=br0,a*
bridge-interface=br0,*
bridge-interface=br0,a,,b
bridge-interface=,a
no-dhcp-interface=
no-dhcp-interface=eth0,wlan*
no-dhcpv4-interface
no-dhcpv4-interface=
no-dhcpv4-interface=eth0,wlan*
dhcp-reply-delay
dhcp-reply-delay=
dhcp-reply-delay=0
dhcp-reply-delay=3
dhcp-reply-delay=70000
dhcp-reply-delay=tag:a,3
dhcp-reply-delay=tag:a,tag:!b,3
dhcp-reply-delay=net:a,3
dhcp-reply-delay=tag:a
dhcp-reply-delay=tag:a,3,4
dhcp-reply-delay=a,3
dhcp-reply-delay=set:a,3
dhcp-reply-delay=#a,3
dhcp-reply-delay=-3
dhcp-reply-delay=3s
dhcp-reply-delay=x
dhcp-alternate-port
dhcp-alternate-port=
dhcp-alternate-port=1067
dhcp-alternate-port=1067,
dhcp-alternate-port=1067,1068
dhcp-alternate-port=,1068
dhcp-alternate-port=1067,1068,1069
dhcp-alternate-port=1067,x
dhcp-alternate-port=x
dhcp-alternate-port=70000
"""

DHCP6 = """
dhcp-range=2001:db8::10,2001:db8::20
dhcp-range=2001:db8::20,2001:db8::10
dhcp-range=2001:db8::10
dhcp-range=2001:db8::10,64
dhcp-range=2001:db8::10,2001:db8::20,64,12h
dhcp-range=2001:db8::10,2001:db8::20,63
dhcp-range=2001:db8::10,2001:db8::20,5
dhcp-range=2001:db8::10,2001:db8::20,0
dhcp-range=2001:db8::10,2001:db8::20,65
dhcp-range=2001:db8::10,2001:db8::20,128
dhcp-range=2001:db8::1,2001:db8::1,128
dhcp-range=2001:db8::10,2001:db8::20,12h,64
dhcp-range=2001:db8::10,2001:db8::20,64,
dhcp-range=2001:db8::10,2001:db8::20,64,1
dhcp-range=2001:db8::10,2001:db8::20,64,12h,foo
dhcp-range=2001:db8::10,2001:db8::20,64,12h,64
dhcp-range=2001:db8::10,2001:db8::20,infinite
dhcp-range=2001:db8::10,2001:db8::20,foo
dhcp-range=2001:db8::10,2001:db8::20,deprecated
dhcp-range=2001:db8::10,2001:db8::20,deprecated,12h
dhcp-range=2001:db8::10,2001:db8::20,12h,deprecated
dhcp-range=2001:db8::10,2001:db8::20,64,deprecated
dhcp-range=2001:db8::10,2001:db8::20,64,deprecated,1h
dhcp-range=2001:db8::10,foo
dhcp-range=2001:db8::10,proxy
dhcp-range=2001:db8::10,192.0.2.1
dhcp-range=192.0.2.1,2001:db8::10
dhcp-range=2001:db8:1::10,2001:db8:2::20
dhcp-range=2001:db8::1:10,2001:db8::2:20,112
dhcp-range=fd00::,2001:db8::20,ra-only
dhcp-range=::ffff:192.0.2.1,64
dhcp-range=2001:db8::10/64
dhcp-range=2001:db8::10,2001:db8::20/64
dhcp-range=zz::1,64
dhcp-range=::
dhcp-range=::,64
dhcp-range=::,static
dhcp-range=::5,static
dhcp-range=::,::5,static
dhcp-range=::,ra-stateless
dhcp-range=2001:db8::,ra-stateless,ra-names,64,deprecated
dhcp-range=2001:db8::,ra-only,slaac,static,ra-advrouter,off-link,12h
dhcp-range=2001:db8::10,2001:db8::20,ra-only,12h
dhcp-range=2001:db8::10,2001:db8::20,96,ra-only
dhcp-range=2001:db8::,64,ra-only
dhcp-range=2001:db8::,ra-only,2001:db8::5
dhcp-range=2001:db8::,RA-ONLY
dhcp-range=2001:db8::,off-link,off-link
dhcp-range=2001:db8::10,2001:db8::20,ra-names,65
dhcp-range=2001:db8::,ra-only,65
dhcp-range=2001:db8::,slaac,65
dhcp-range=2001:db8::,ra-stateless,65
dhcp-range=2001:db8::,ra-advrouter,65
dhcp-range=2001:db8::,static,65
dhcp-range=2001:db8::,off-link,65
dhcp-range=::,constructor:eth0
dhcp-range=::10,::20,constructor:eth0
dhcp-range=::,constructor:eth*,ra-only
dhcp-range=::10,ra-only,constructor:eth0
dhcp-range=::1,constructor:eth0,constructor:eth1
dhcp-range=2001:db8::10,::20,constructor:eth0
dhcp-range=2001:db8::10,2001:db8::20,constructor:eth0
dhcp-range=2001:db8::10,constructor:eth0
dhcp-range=::1:0:0:0:10,::20,constructor:eth0
dhcp-range=::10,::20,constructor:eth*,96
dhcp-range=::10,::20,96,constructor:eth*
dhcp-range=::100,::200,constructor:eth0,slaac,65
dhcp-range=tag:a,set:b,::10,::20,constructor:eth0
dhcp-range=set:a,set:b,2001:db8::,64
dhcp-range=foo,2001:db8::10,64
dhcp-range=net:foo,2001:db8::10,64
dhcp-option=option6:dns-server,[::1]
dhcp-option=option6:23,[::1],[fd00::5]
dhcp-option=option6:23,::1
dhcp-option=option6:23,[::1]:53
dhcp-option=option6:23
dhcp-option=option6:300,x
dhcp-option=option6:65535,x
dhcp-option=option6:nosuch,x
dhcp-option=option6:DNS-server,[::1]
dhcp-option=option6:router,1.2.3.4
dhcp-option=option6:domain-search,a.b,c.d
dhcp-option=option6:ntp-server,[::1]
dhcp-option=option6:ntp-server,1.2.3.4
dhcp-option=option6:information-refresh-time,6h
dhcp-option=option6:bootfile-url,tftp://[::1]/x
dhcp-option=option6:dns-server,1.2.3.4
dhcp-option=option6:dns-server,foo
dhcp-option=option6:23x,[::1]
dhcp-option=option6:user-class,x
dhcp-option=option6:200,01:02
dhcp-option=tag:a,option6:23,[::1]
dhcp-option=a,option6:23,[::1]
dhcp-option=vi-encap:5,option6:7,text
dhcp-option=vi-encap:5,option6:300,text
dhcp-option=encap:5,option6:7,text
dhcp-option=vendor:PXE,option6:7,text
dhcp-option-force=option6:23,[::1]
dhcp-match=set:a,option6:79
dhcp-match=set:a,option6:79,01:02
dhcp-match=set:a,option6:nosuch
dhcp-host=[fd00::5]
dhcp-host=02:00:00:00:00:01,[fd00::5],[::77],name
dhcp-host=id:00:03:00:01:02:00:00:00:00:c0,[fd00::8/125]
dhcp-host=[fd00::5/127]
dhcp-host=[fd00::/x]
dhcp-host=[1.2.3.4]
dhcp-duid=2937,01:02:03:04
dhcp-duid=2937,01020304
dhcp-duid=2937,1:2:3
dhcp-duid=2937
dhcp-duid=x,01:02
dhcp-duid=-1,01
dhcp-duid=0x10,01
dhcp-duid=
dhcp-duid
no-dhcpv6-interface=eth1
no-dhcpv6-interface=eth1,wlan*
no-dhcpv6-interface=
no-dhcpv6-interface
quiet-dhcp6
quiet-dhcp6=1
"""

DHCP6 = """
dhcp-range=2001:db8::100,2001:db8::1ff
dhcp-range=2001:db8::100,2001:db8::1ff,64
dhcp-range=2001:db8::100,2001:db8::1ff,64,12h
dhcp-range=2001:db8::100,2001:db8::1ff,12h
dhcp-range=2001:db8::100,2001:db8::1ff,12
dhcp-range=2001:db8::100,2001:db8::1ff,infinite
dhcp-range=2001:db8::100,2001:db8::1ff,64,infinite
dhcp-range=2001:db8::100,2001:db8::1ff,96,1d
dhcp-range=2001:db8::100,2001:db8::1ff,112
dhcp-range=2001:db8::100,2001:db8::1ff,128
dhcp-range=2001:db8::100,2001:db8::1ff,63
dhcp-range=2001:db8::100,2001:db8::1ff,48,12h
dhcp-range=2001:db8::100,2001:db8::1ff,0
dhcp-range=2001:db8::1ff,2001:db8::100
dhcp-range=2001:db8::100,2001:db8:1::1ff
dhcp-range=2001:db8::100,2001:db8::2:0:0:1ff,96
dhcp-range=2001:db8::,ra-only
dhcp-range=2001:db8::,ra-stateless
dhcp-range=2001:db8::,ra-stateless,64,600
dhcp-range=2001:db8::,ra-names
dhcp-range=2001:db8::,ra-stateless,ra-names
dhcp-range=2001:db8::,slaac
dhcp-range=2001:db8::,static
dhcp-range=2001:db8::,static,64,1h
dhcp-range=2001:db8::,ra-only,48
dhcp-range=2001:db8::,ra-only,off-link
dhcp-range=2001:db8::,ra-only,ra-advrouter
dhcp-range=2001:db8::,ra-only,deprecated
dhcp-range=2001:db8::,ra-only,64,deprecated
dhcp-range=2001:db8::100,2001:db8::1ff,slaac,ra-names,64,1h
dhcp-range=2001:db8::100,2001:db8::1ff,ra-only,1h
dhcp-range=2001:db8::100,2001:db8::1ff,static
dhcp-range=2001:db8::100,2001:db8::1ff,deprecated
dhcp-range=2001:db8::100,2001:db8::1ff,64,deprecated
dhcp-range=2001:db8::100,2001:db8::1ff,off-link
dhcp-range=2001:db8::100,2001:db8::1ff,proxy
dhcp-range=2001:db8::100,2001:db8::1ff,255.255.255.0
dhcp-range=2001:db8::100,2001:db8::1ff,foo
dhcp-range=2001:db8::100,2001:db8::1ff,64,foo
dhcp-range=2001:db8::100,2001:db8::1ff,12h,64
dhcp-range=2001:db8::100,2001:db8::1ff,64,12x
dhcp-range=2001:db8::100,192.168.0.5
dhcp-range=192.168.0.5,2001:db8::100
dhcp-range=2001:db8::100
dhcp-range=2001:db8::100,64
dhcp-range=2001:db8::100,1h
dhcp-range=::,static
dhcp-range=::,ra-stateless
dhcp-range=::,constructor:eth0
dhcp-range=::,constructor:eth0,ra-names
dhcp-range=::,constructor:eth0,ra-only
dhcp-range=::,constructor:eth0,static
dhcp-range=::,constructor:eth0,ra-stateless,12h
dhcp-range=::100,::1ff,constructor:eth0
dhcp-range=::100,::1ff,constructor:eth0,12h
dhcp-range=::100,::1ff,constructor:eth0,64
dhcp-range=::100,::1ff,constructor:eth0,64,12h
dhcp-range=::100,::1ff,constructor:eth0,slaac
dhcp-range=::100,::1ff,constructor:eth*
dhcp-range=::100,::1ff,constructor:*
dhcp-range=::100,constructor:eth0
dhcp-range=::1,constructor:eth0,ra-only
dhcp-range=2001:db8::100,2001:db8::1ff,constructor:eth0
dhcp-range=2001:db8::100,constructor:eth0
dhcp-range=::100,::1ff,constructor:eth0,63
dhcp-range=set:a,2001:db8::100,2001:db8::1ff
dhcp-range=tag:a,tag:!b,set:c,2001:db8::100,2001:db8::1ff
dhcp-range=set:a,set:b,2001:db8::100,2001:db8::1ff
dhcp-range=lan,2001:db8::100,2001:db8::1ff
dhcp-range=tag:a,::,ra-stateless,constructor:eth0
dhcp-range= 2001:db8::100 , 2001:db8::1ff , 64
dhcp-range=fe80::100,fe80::1ff
dhcp-range=2001:db8::g,2001:db8::1ff
dhcp-host=id:00:03:00:01:02:00:00:00:00:01,[2001:db8::5],name
dhcp-host=id:00:03:00:01:02:00:00:00:00:01,[::5]
dhcp-host=id:00:03:00:01:02:00:00:00:00:01,[2001:db8::4/126],1h
dhcp-host=id:00:03:00:01:02:00:00:00:00:01,[2001:db8::/64]
dhcp-host=id:00:03,[::5],192.168.0.5,both
dhcp-host=02:00:00:00:00:01,[::5],[::6]
dhcp-host=02:00:00:00:00:01,[::5],tag:a,set:b,12h
dhcp-host=id:00:03:00:01,ignore
dhcp-host=[]
dhcp-host=[::]
dhcp-host=id:00:03:00:01,[fe80::5]
dhcp-host=id:00:03:00:01,[1.2.3.4]
dhcp-host=name,[::5],infinite
dhcp-option=option6:23,[2001:db8::1]
dhcp-option=option6:dns-server,[2001:db8::1],[2001:db8::2]
dhcp-option=option6:dns-server,[::]
dhcp-option=option6:dns-server,[fd00::],[fe80::]
dhcp-option=option6:dns-server
dhcp-option=option6:dns-server,2001:db8::1
dhcp-option=option6:dns-server,1.2.3.4
dhcp-option=option6:dns-server,[foo]
dhcp-option=option6:DNS-Server,[2001:db8::1]
dhcp-option=option6:domain-search,lan,corp.example
dhcp-option=option6:domain-search
dhcp-option=option6:sip-server-domain,sip.example
dhcp-option=option6:sip-server,[::1]
dhcp-option=option6:nis-server,[::1]
dhcp-option=option6:nis+-server,[::1]
dhcp-option=option6:nis-domain,nis.example
dhcp-option=option6:nis+-domain,nis.example
dhcp-option=option6:sntp-server,[::1]
dhcp-option=option6:information-refresh-time,600
dhcp-option=option6:information-refresh-time,2h
dhcp-option=option6:posix-timezone,EST5EDT4
dhcp-option=option6:tzdb-timezone,Europe/Zurich
dhcp-option=option6:ntp-server,[::1]
dhcp-option=option6:ntp-server,ntp.example
dhcp-option=option6:bootfile-url,http://[2001:db8::1]/boot.efi
dhcp-option=option6:bootfile-param,root=/dev/sda
dhcp-option=option6:bootfile-param,"a,b"
dhcp-option=option6:40,01:02
dhcp-option=option6:40,text
dhcp-option=option6:40,5
dhcp-option=option6:40
dhcp-option=option6:65535,text
dhcp-option=option6:1,text
dhcp-option=option6:foo,text
dhcp-option=option6
dhcp-option=tag:a,option6:40,text
dhcp-option=option6:40,[2001:db8::1],[2001:db8::2]
dhcp-option=option6:40,1.2.3.4
dhcp-option=vi-encap:5,option6:7,text
dhcp-option=vi-encap:5,option6:7,01:02
dhcp-option=option6:vi-encap:5,7,text
dhcp-option=encap:5,option6:7,text
dhcp-option=vendor:x,option6:7,text
dhcp-option-force=option6:40,text
dhcp-option-force=option6:dns-server,[2001:db8::1]
dhcp-duid=65535,0a:0b:0c
dhcp-duid=1,00
dhcp-duid=4294967295,aa
dhcp-duid=x,aa
dhcp-duid=-1,aa
dhcp-duid=1
dhcp-duid=
dhcp-duid
dhcp-duid=1,aabb
enable-ra
enable-ra=
enable-ra=1
ra-param=eth0,60
ra-param=eth0,60,1200
ra-param=eth0,high,60,1200
ra-param=eth0,low,60
ra-param=eth0,mtu:1280,low,60,1200
ra-param=eth0,mtu:off,60
ra-param=eth0,mtu:eth1,high,60,0
ra-param=eth*,60
ra-param=*,60
ra-param=eth0,0
ra-param=eth0,0,0
ra-param=br0,0,0
ra-param=eth0
ra-param=eth0,
ra-param=
ra-param
ra-param=eth0,x
ra-param=eth0,60,x
ra-param=eth0,high
ra-param=eth0,low,high,60
ra-param=eth0,medium,60
ra-param=eth0,high,mtu:1280,60
ra-param=eth0,mtu:1280
ra-param=eth0,mtu:x,60
ra-param=eth0,mtu:,60
ra-param=eth0,mtu:1279,60
ra-param=eth0,mtu:70000,60
ra-param=eth0,mtu:-1,60
ra-param=eth0,2000
ra-param=eth0,60,10000
ra-param=eth0,-5
ra-param=eth0,60,1200,5
ra-param=60
quiet-ra
quiet-ra=1
quiet-dhcp6
quiet-dhcp6=1
no-dhcpv6-interface=eth0
no-dhcpv6-interface=eth0,eth1
no-dhcpv6-interface
no-dhcpv6-interface=
dhcp-relay=fd00::1,fd00::2
dhcp-relay=fd00::1,fd00::2,eth0
dhcp-relay=fd00::1,ff05::1:3,eth0
dhcp-relay=fd00::1,,eth0
dhcp-relay=fd00::1
dhcp-relay=fd00::1,fd00::2#1547
dhcp-match=set:a,option6:61,7
dhcp-match=set:a,option6:bootfile-url
dhcp-match=set:a,option6:23,[2001:db8::1]
"""

FIREWALL = r"""
ipset=
ipset=a
ipset=/a/
ipset=/a/b
ipset=/a/b,
ipset=/a/b,c
ipset=/a/b,,c
ipset=//b
ipset=/#/b
ipset=/a/b/c
ipset=/*.a/b
ipset=/*a/b
ipset=/a..b/c
ipset=/A.Example/one
nftset=
nftset=/a/
nftset=/a/ip#t#s
nftset=/a/4#ip#t#s
nftset=/a/t#s
nftset=/a/4#t#s
nftset=/a/6#inet#t#s
nftset=/a/4#ip#t#s,6#ip6#t#s6
nftset=ip#t#s
conntrack
conntrack=1
connmark-allowlist-enable
connmark-allowlist-enable=
connmark-allowlist-enable=0
connmark-allowlist-enable=0x10
connmark-allowlist-enable=255
connmark-allowlist-enable=4294967295
connmark-allowlist-enable=4294967296
connmark-allowlist-enable=-1
connmark-allowlist-enable=a
connmark-allowlist=
connmark-allowlist=1
connmark-allowlist=0
connmark-allowlist=0/0
connmark-allowlist=1/0
connmark-allowlist=1/3
connmark-allowlist=4/3
connmark-allowlist= 1
connmark-allowlist=+1
connmark-allowlist=0,a.example
connmark-allowlist=0,*
connmark-allowlist=1/0,a.example
connmark-allowlist=4/3,a.example
connmark-allowlist=5/7,a.example
connmark-allowlist=1/,a.example
connmark-allowlist=99999999999,a.example
connmark-allowlist=1/99999999999,a.example
connmark-allowlist=4294967295,*
connmark-allowlist=4294967296,*
connmark-allowlist=1,
connmark-allowlist=1,*
connmark-allowlist=1,**
connmark-allowlist=1,*,*
connmark-allowlist=1,*.*
connmark-allowlist=1,*/a.example
connmark-allowlist=1,a.example/*
connmark-allowlist=1,a
connmark-allowlist=1,a.example
connmark-allowlist=1,a.example,
connmark-allowlist=1,a.example/
connmark-allowlist=1,/a.example
connmark-allowlist=1,a.example,b.example
connmark-allowlist=1,a.local
connmark-allowlist=1,a.LOCAL
connmark-allowlist=1,a.local.example
connmark-allowlist=1,a.123
connmark-allowlist=1,a.12a
connmark-allowlist=1,123.example
connmark-allowlist=1,*.example
connmark-allowlist=1,*.a.example
connmark-allowlist=1,a.*.b.example
connmark-allowlist=1,*a*.a.example
connmark-allowlist=1,*a*b*.a.example
connmark-allowlist=1,**.a.example
connmark-allowlist=1,a*.b*.cc.example
connmark-allowlist=1,*-*.a.example
connmark-allowlist=1,a*-.a.example
connmark-allowlist=1,*-a.a.example
connmark-allowlist=1,x.*a.example
connmark-allowlist=1,a..example
connmark-allowlist=1,.a.example
connmark-allowlist=1,a.example.
connmark-allowlist=1,-a.example
connmark-allowlist=1,a-.example
connmark-allowlist=1,a_b.example
connmark-allowlist=1,A.EXAMPLE
connmark-allowlist=1,a%.example
connmark-allowlist=x,a.example
connmark-allowlist=1/x,a.example
connmark-allowlist=0x1,a.example
connmark-allowlist=1/1/1,a.example
"""

TFTP = """
tftp-root=
tftp-root=/a,
tftp-root=/a,eth0
tftp-root=/a,eth0,eth1
tftp-root=,eth0
tftp-root="/a,b"
tftp-root=/a b
tftp-root
enable-tftp
enable-tftp=
enable-tftp=eth0,eth1
enable-tftp=a,,b
tftp-unique-root
tftp-unique-root=
tftp-unique-root=ip
tftp-unique-root=mac
tftp-unique-root=x
tftp-unique-root=IP
tftp-max=
tftp-max=0
tftp-max=100
tftp-max=x
tftp-max=-1
tftp-max=2000000000
tftp-mtu=1
tftp-mtu=70000
tftp-mtu=x
tftp-port-range=1,2
tftp-port-range=2,1
tftp-port-range= 5 , 6 
tftp-port-range=5,5
tftp-port-range=1
tftp-port-range=1,
tftp-port-range=1,x
tftp-port-range=x,1
tftp-port-range=1,2,3
tftp-port-range=0,5
tftp-port-range=1,65536
tftp-port-range=
tftp-port-range
tftp-no-fail
tftp-secure
tftp-secure=x
tftp-lowercase
tftp-no-blocksize
tftp-single-port
quiet-tftp
quiet-tftp=1
"""

DIFFERENT = {
    "ipset=/a": (False, "a set without a name, which puts nothing anywhere"),
    "ipset=/a/" + "x" * 40: (False, "no ipset has such a long name"),
    "nftset=/a/b": (False, "not a set of nftables: would be an error in the log with every answer"),
    "nftset=/a/5#ip#t#s": (False, "not a set of nftables: would be an error in the log with every answer"),
    "nftset=/a/foo#t#s": (False, "not a family of nftables: would be an error in the log with every answer"),
    "nftset=/a/a#b#c#d#e": (False, "not a set of nftables: would be an error in the log with every answer"),
    "nftset=/a/4#": (False, "not a set of nftables: would be an error in the log with every answer"),
    "connmark-allowlist=99999999999": (False, "no mark is as large"),
    "dhcp-split-relay=fd00::1,fd00::2,eth1": (False, "in other words: the option is one of newer versions, for IPv4"),
    "dhcp-option=200," + "x" * 300: (True, "a long value goes out in pieces (RFC 3396)"),
    "dhcp-range=2001:db8::10,2001:db8::20,129": (False, "no address has 129 bits"),
    "dhcp-range=2001:db8::,200": (False, "no address has 200 bits"),
    "dhcp-range=::10,::20,constructor:": (False, "no interface has an empty name"),
    "dhcp-range=2001:db8::10,,64": (False, "an empty length"),
    "dhcp-range=interface:eth0,2001:db8::10,64": (False, "would set a tag with that name"),
    "dhcp-range=2001:db8:f000::,pd,52,60": (True, "prefix delegation, which is ours"),
    "dhcp-option=option6:,x": (False, "the option is missing"),
    "dhcp-option=option6:0,x": (False, "0 is no option"),
    "dhcp-option=option6:65536,x": (False, "would count as 0"),
    "dhcp-option=option6:captive-portal,https://a/": (True, "a name that newer versions know"),
    "dhcp-duid=2937,": (False, "an id without bytes"),
    "dhcp-duid=2937,zz": (False, "no bytes, and not a word of it"),
    "dhcp-duid=2937,*:01": (False, "an id has no wildcards"),
    "dhcp-duid=4294967296,01": (False, "would count as 0"),
    "dhcp-relay=192.168.0.1,192.0.2.1#x": (False, "no port"),
    "dhcp-relay=192.168.0.1,192.0.2.1#70000": (False, "no port"),
    "dhcp-relay=192.168.0.1,192.0.2.1#0": (False, "no port"),
    "dhcp-relay=192.168.0.1,fd00::1": (False, "one protocol is not carried in the other"),
    "dhcp-relay=fd00::1,192.0.2.1": (False, "one protocol is not carried in the other"),
    "dhcp-relay=fd00::1,::": (False, "all servers are reached by an interface, and none is named"),
    "dhcp-relay=x,y": (False, "a relay of no address"),
    "dhcp-relay=,192.0.2.1": (False, "a relay of no address"),
    "dhcp-relay=192.168.0.1,192.0.2.1,eth1,eth2": (False, "the second interface would count for nothing"),
    "dhcp-alternate-port=0": (False, "no port"),
    "dhcp-alternate-port=65535": (False, "the clients' port would be 65536"),
    "dhcp-vendorclass=set:a,enterprise:zz,x": (False, "not a number"),
    "dhcp-match=set:a,vi-encap:x": (False, "not a number"),
    "dhcp-match=set:a,": (False, "no option"),
    "dhcp-match=set:a,300": (False, "DHCPv4 options have one byte"),
    "dhcp-match=set:a,0": (False, "padding, which is never seen"),
    "dhcp-match=set:a,93,700000": (False, "the option has two bytes"),
    "dumpmask=x": (False, "not a number"),
    "dumpmask=-1": (False, "not a mask"),
    "dumpmask=0xzz": (False, "not a number"),
    "add-subnet=33": (False, "an IPv4 address has 32 bits"),
    "add-subnet=24,129": (False, "an IPv6 address has 128 bits"),
    "add-subnet=1.2.3.4/33": (False, "an IPv4 address has 32 bits"),
    "port-limit=65536": (False, "there are 65535 ports"),
    "use-stale-cache=99999999999": (False, "would count as another number"),
    "filter-rr=65536": (False, "a type has two bytes"),
    "cache-rr=65536": (False, "a type has two bytes"),
    "filter-rr=TYPE65": (True, "how RFC 3597 writes a type by number"),
    "rebind-domain-ok=a..b": (False, "an empty label can be in no name"),
    "rebind-domain-ok=/a..b/": (False, "an empty label can be in no name"),
    "rebind-domain-ok=.a.b": (False, "an empty label can be in no name"),
    "auth-server=": (False, "the zones would have a name server without a name"),
    "auth-server=,eth0": (False, "the zones would have a name server without a name"),
    "auth-server=a..test,eth0": (False, "an empty label can be in no name"),
    "auth-zone=": (False, "no domain"),
    "auth-zone=,1.2.3.4": (False, "no domain"),
    "auth-zone=.": (False, "the root has other servers"),
    "auth-zone=z..test": (False, "an empty label can be in no name"),
    "auth-zone=z.test,1.2.3.0/33": (False, "there is no such prefix length"),
    "auth-zone=z.test,1.2.3.0/": (False, "would count as /0: every address"),
    "auth-zone=z.test,2001:db8::/129": (False, "there is no such prefix length"),
    "auth-zone=z.test,exclude:": (False, "excludes nothing"),
    "auth-soa=x": (False, "would count as 0"),
    "auth-soa=-1": (False, "would count as another number"),
    "auth-soa=4294967296": (False, "would count as another number"),
    "auth-soa=1,hm..a": (False, "an empty label can be in no name"),
    "auth-soa=1,hm.a,x": (False, "would count as 0"),
    "auth-soa=1,hm.a,5,y": (False, "would count as 0"),
    "auth-soa=1,hm.a,5,6,7,8": (False, "the last word would be passed over in silence"),
    "auth-sec-servers=a..b": (False, "an empty label can be in no name"),
    "host-record=a,60": (False, "a host without an address"),
    "host-record=a..b,1.2.3.4": (False, "an empty label can be in no name"),
    "host-record=a,1.2.3.4,99999999999": (False, "would count as another number"),
    "host-record=,1.2.3.4": (False, "an address without a name"),
    "host-record=a,1.2.3": (False, "would be a name"),
    "host-record=123,1.2.3.4": (False, "a time without a name"),
    "dynamic-host=a,0.0.0.8,lo,60": (False, "the last word would be passed over in silence"),
    "dynamic-host=a,0.0.0.8,::8": (False, "would take the address for an interface"),
    "interface-name=,lo": (False, "an interface without a name"),
    "interface-name=a,": (False, "a name without an interface"),
    "interface-name=a,lo,x": (False, "the last word would be passed over in silence"),
    "interface-name=a..b,lo": (False, "an empty label can be in no name"),
    "interface-name=a,averyveryverylonginterfacename": (False, "no interface has so long a name"),
    "synth-domain=a,1.2.3.9,1.2.3.4": (False, "an empty range"),
    "synth-domain=a,::1,::ff,p*": (True, "within one /64, as the manual wants it"),
    "synth-domain=,1.2.3.0/24": (False, "no domain"),
    "synth-domain=a,1.2.3.0/24,p,q": (False, "the last word would be passed over in silence"),
    "cname=,b": (False, "no alias"),
    "cname=a,": (False, "no target"),
    "cname=a,b,": (False, "no target"),
    "cname=a,b,4294967296": (False, "would count as another number"),
    "cname=a..b,c": (False, "an empty label can be in no name"),
    "txt-record=": (False, "no name"),
    "txt-record=,c": (False, "no name"),
    "ptr-record=": (False, "no name"),
    "ptr-record=a,b,c": (False, "the last word would be passed over in silence"),
    "ptr-record=,c": (False, "no name"),
    "ptr-record=a..b": (False, "an empty label can be in no name"),
    "srv-host=": (False, "no name"),
    "mx-host=": (False, "no name"),
    "mx-host=a..b": (False, "an empty label can be in no name"),
    "mx-host=,b": (False, "no name"),
    "mx-target=": (False, "no name"),
    "mx-target=a..b": (False, "an empty label can be in no name"),
    "naptr-record=a,1,2,s,x,y,z,w": (False, "the last word would be passed over in silence"),
    "caa-record=a,256,issue,x": (False, "would count as 0"),
    "caa-record=a,0,issue,x,y": (False, "the last word would be passed over in silence"),
    "caa-record=a,0,,x": (False, "a record without a tag (RFC 8659 section 4.1)"),
    "dns-rr=a,51,zz": (False, "no lack of memory"),
    "dns-rr=a,TXT,01": (True, "presentation form"),
    "dns-rr=a,HTTPS,1 . alpn=h2": (True, "presentation form"),
    'dns-rr=a,HTTPS,"1 . alpn=h2"': (True, "presentation form"),
    r"dns-rr=a,TYPE65,\# 3 000100": (True, "presentation form (RFC 3597)"),
    "dns-rr=a,65536,01": (False, "would count as 0"),
    "dns-rr=a,0,01": (False, "no record has this type"),
    "dns-rr=a,51,01,02": (False, "no lack of memory"),
    "dns-rr=a,1,010203": (False, "no address has three bytes"),
    "dns-rr=a,255,01": (False, "no record has this type"),
    "dns-rr=a,41,01": (False, "belongs to a message, not a name"),
    "dns-rr=a,51,0x01": (False, "no lack of memory"),
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
    "pxe-service=70000,A": (False, "would count as 4464"),
    "pxe-service=0,A,70000": (False, "would count as 4464"),
    "dhcp-option-pxe=66,x": (True, "a rule of newer versions"),
    "dhcp-option=option:captive-portal,http://x": (True, "a name that newer versions know"),
    "dhcp-option=option:hostname,x": (True, "known by number, so by name too"),
    "dhcp-range=2001:db8::100,2001:db8::1ff,129": (False, "no prefix is so long"),
    "dhcp-range=2001:db8::100,": (True, "nothing behind the comma is no prefix length of 0"),
    "dhcp-range=::100,::1ff,constructor:": (False, "an interface without a name"),
    "dhcp-range=[2001:db8::100],[2001:db8::1ff]": (False, "in other words: brackets make tags of them"),
    "dhcp-host=id:00:03:00:01:02:00:00:00:00:01,[2001:db8::4/0]": (False, "every address there is"),
    "dhcp-option=option6:dns-server,[2001:db8::1": (False, "the bracket is not closed"),
    "dhcp-option=option6:information-refresh-time,x": (False, "not a time"),
    "dhcp-option=option6:captive-portal,http://x": (True, "a name that newer versions know"),
    "dhcp-option=option6:65536,text": (False, "an option number is two bytes"),
    "dhcp-option=option6:0,text": (False, "0 is reserved"),
    "dhcp-option=option6:": (False, "no option"),
    "dhcp-duid=1,": (False, "an enterprise's DUID has something of its own"),
    "dhcp-duid=1,zz": (False, "not hex; the peer dies of it"),
    "dhcp-duid=1,aa:bb:*": (False, "a DUID has no wildcards"),
    "dhcp-duid=1,aa:bb,cc": (False, "not hex; the peer dies of it"),
    "dhcp-match=set:a,option6:user-class,x": (False, "no option has this name"),
    "dhcp-match=set:a,option6:70000,1": (False, "an option number is two bytes"),
    "trust-anchor=unsigned.example": (True, "newer versions take a domain alone as unsigned"),
    "trust-anchor=unsigned.example,IN": (True, "newer versions take a domain alone as unsigned"),
    "trust-anchor=a..b,1,8,9,E06D": (False, "not a name"),
    "trust-anchor=.,1,8,9,*": (False, "a digest has no wildcards"),
}


def lines_of(text):
    return [line for line in text.splitlines() if line]


SAME = lines_of(ANCHORS) + lines_of(FIREWALL) + lines_of(TFTP) + lines_of(DHCP6) + lines_of(SCRIPTS) + lines_of(RELAY) + lines_of(CLIENTS) + lines_of(BOOT) + lines_of(ASKING) + lines_of(FILTERS) + lines_of(PROCESS) + lines_of(RECORDS) + lines_of(DNS) + lines_of(DHCP) + lines_of(AUTH) + lines_of(DHCP6) + SEVERAL

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


def left_out(texts):
    """Each with a skip where it needs what this linnet was built without."""
    return [pytest.param(text, marks=pytest.mark.skipif(bool(why := lacks_any_of(text)), reason=str(why)))
            for text in texts]


@pytest.mark.parametrize("text", left_out(SAME))
def test_same(text, linnet, tmp_path):
    global same_count
    expected = verdict(DNSMASQ, text, tmp_path)
    assert verdict(linnet, text, tmp_path) == expected
    same_count += 1


@pytest.mark.parametrize("text", left_out(DIFFERENT))
def test_different(text, linnet, tmp_path):
    accepted, reason = DIFFERENT[text]
    code, words = verdict(linnet, text, tmp_path)
    assert (code == 0) == accepted, f"{words} (meant to differ: {reason})"


def test_count(capsys):
    with capsys.disabled():
        print(f"\n{same_count} of {len(SAME)} configurations judged as dnsmasq does, "
              f"{len(DIFFERENT)} differ on purpose")
    assert len(SAME) >= 150
