"""Records of the configuration: dns.md section 7, together with what else touches local names.

rec0 and rec1 are the two ends of a link in the namespace of the comparison (test_dns_peer.py), rec2 is down."""
from dns_questions import Case, q, reverse6

TWO_WAYS = """\
host-record=hr.rec.test,192.0.2.1,2001:db8::1
host-record=first.rec.test,second.rec.test,192.0.2.2
host-record=late.rec.test,192.0.2.2
host-record=ttl.rec.test,192.0.2.3,600
host-record=short,short.rec.test,192.0.2.4
host-record=only6.rec.test,2001:db8::5,60
host-record=last.rec.test,192.0.2.6,192.0.2.7
"""
TWO_WAYS_QUESTIONS = [
    q("hr.rec.test"), q("hr.rec.test", "AAAA"), q("hr.rec.test", "ANY"), q("hr.rec.test", "TXT"), q("HR.rec.TEST"),
    q("1.2.0.192.in-addr.arpa", "PTR"), q(reverse6("2001:0db8:0000:0000:0000:0000:0000:0001"), "PTR"),
    q("first.rec.test"), q("second.rec.test"), q("late.rec.test"), q("2.2.0.192.in-addr.arpa", "PTR"),
    q("2.2.0.192.in-addr.arpa", "ANY"), q("ttl.rec.test"), q("3.2.0.192.in-addr.arpa", "PTR"), q("short"),
    q("short.rec.test"), q("4.2.0.192.in-addr.arpa", "PTR"), q("only6.rec.test", "AAAA"), q("only6.rec.test"),
    q("last.rec.test"), q("6.2.0.192.in-addr.arpa", "PTR"), q("7.2.0.192.in-addr.arpa", "PTR"),
    q("none.rec.test"), q("rec.test"), q("hr.rec.test", tcp=True), q("hr.rec.test", edns=1232, do=True), q("hr.rec.test", rd=False),
]
SEVERAL = """\
host-record=many.rec.test,192.0.2.1
host-record=many.rec.test,192.0.2.2,2001:db8::2
host-record=many.rec.test,192.0.2.3
"""
CHAINS = """\
host-record=host.rec.test,192.0.2.1,2001:db8::1,600
host-record=four.rec.test,192.0.2.2
txt-record=host.rec.test,hello
mx-host=host.rec.test,mail.rec.test,5
cname=one.rec.test,host.rec.test
cname=two.rec.test,one.rec.test,77
cname=three.rec.test,two.rec.test
cname=a.rec.test,b.rec.test,four.rec.test,30
cname=up.rec.test,a1.up.test
cname=nowhere.rec.test,nothing.rec.test
cname=alpha-too.rec.test,alpha
cname=also.rec.test,host.rec.test
txt-record=also.rec.test,hidden
host-record=also.rec.test,192.0.2.9
srv-host=_s._tcp.rec.test,one.rec.test,80
mx-host=mx.rec.test,two.rec.test
cname=tosrv.rec.test,_s._tcp.rec.test
cname=tomx.rec.test,mx.rec.test
"""
CHAIN_QUESTIONS = [
    q("one.rec.test"), q("one.rec.test", "AAAA"), q("one.rec.test", "CNAME"), q("one.rec.test", "ANY"),
    q("one.rec.test", "TXT"), q("one.rec.test", "MX"), q("one.rec.test", "SRV"), q("two.rec.test"),
    q("three.rec.test"), q("three.rec.test", "ANY"), q("three.rec.test", "CNAME"), q("THREE.rec.test"),
    q("a.rec.test"), q("b.rec.test"), q("a.rec.test", "AAAA"), q("up.rec.test"), q("up.rec.test", "AAAA"),
    q("up.rec.test", "ANY"), q("a1.up.test"), q("up.rec.test"), q("nowhere.rec.test"), q("nowhere.rec.test", "TXT"),
    q("alpha-too.rec.test"), q("alpha-too.rec.test", "AAAA"), q("also.rec.test"), q("also.rec.test", "TXT"),
    q("also.rec.test", "ANY"), q("_s._tcp.rec.test", "SRV"), q("mx.rec.test", "MX"), q("tosrv.rec.test", "SRV"),
    q("tomx.rec.test", "MX"), q("x.one.rec.test"), q("one.rec.test", tcp=True), q("one.rec.test", edns=1232, do=True),
]
KINDS = """\
txt-record=txt.rec.test,v=spf1 a -all
txt-record=several.rec.test,one,two words,"with, comma"
txt-record=blanks.rec.test, one , two
txt-record=empty.rec.test
txt-record=empties.rec.test,,x,
txt-record=long.rec.test,LONG
ptr-record=_http._tcp.rec.test,"Web Server._http._tcp.rec.test"
ptr-record=bare.rec.test
ptr-record=9.2.0.192.in-addr.arpa,nine.rec.test
naptr-record=sip.rec.test,10,100,s,SIP+D2U,,_sip._udp.rec.test
naptr-record=e164.rec.test,10,100,u,E2U+sip,!^.*$!sip:info@rec.test!
caa-record=rec.test,0,issue,ca.example
caa-record=rec.test,128,iodef,mailto:a@rec.test
caa-record=deny.rec.test,0,issue,;
dns-rr=rr.rec.test,51,01:23:45
dns-rr=rr.rec.test,99,0361 6263
dns-rr=rr.rec.test,1,c0:0:2:63
dns-rr=rr.rec.test,65400
dns-rr=nsap.rec.test,22,1-2-3
""".replace("LONG", "x" * 300)
KIND_QUESTIONS = [
    q("txt.rec.test", "TXT"), q("txt.rec.test"), q("txt.rec.test", "ANY"), q("several.rec.test", "TXT"),
    q("blanks.rec.test", "TXT"), q("empty.rec.test", "TXT"), q("empties.rec.test", "TXT"), q("long.rec.test", "TXT"),
    q("_http._tcp.rec.test", "PTR"), q("bare.rec.test", "PTR"), q("9.2.0.192.in-addr.arpa", "PTR"),
    q("sip.rec.test", "NAPTR"), q("e164.rec.test", "NAPTR"), q("deny.rec.test", "CAA"),
    q("rr.rec.test", "TYPE51"), q("rr.rec.test", "SPF"), q("rr.rec.test"), q("rr.rec.test", "TYPE65400"),
    q("rr.rec.test", "AAAA"), q("rr.rec.test", "ANY"), q("nsap.rec.test", "NSAP"), q("nsap.rec.test"),
    q("sip.rec.test"), q("sip.rec.test", "ANY"), q("rec.test"), q("nosuch.rec.test", "TXT"),
    q("txt.rec.test", "TXT", tcp=True), q("long.rec.test", "TXT", edns=1232),
]
SERVICES = """\
srv-host=_ldap._tcp.rec.test,ldap.rec.test,389
srv-host=_sip._udp,sip.rec.test,5060,10,20
srv-host=_ftp._tcp.rec.test
srv-host=_two._tcp.rec.test,ldap.rec.test,1,5
srv-host=_two._tcp.rec.test,sip.rec.test,1,6
srv-host=_far._tcp.rec.test,a1.up.test,80
srv-host=_alpha._tcp.rec.test,alpha,80
srv-host=_same._tcp.rec.test,alpha,80
srv-host=_same._tcp.rec.test,alpha,81
srv-host=three.labels.here,alpha,80
srv-host=single,alpha,80
host-record=ldap.rec.test,192.0.2.1,2001:db8::1,600
host-record=sip.rec.test,192.0.2.2
host-record=sip.rec.test,192.0.2.3
domain=rec.test
"""
SERVICE_QUESTIONS = [
    q("_ldap._tcp.rec.test", "SRV"), q("_ldap._tcp.rec.test"), q("_ldap._tcp.rec.test", "ANY"),
    q("_sip._udp.rec.test", "SRV"), q("_sip._udp", "SRV"), q("_ftp._tcp.rec.test", "SRV"),
    q("_far._tcp.rec.test", "SRV"), q("_alpha._tcp.rec.test", "SRV"), q("_same._tcp.rec.test", "SRV"),
    q("three.labels.here", "SRV"), q("single", "SRV"), q("_ldap._tcp.rec.test", "SRV", tcp=True),
    q("_sip._udp.rec.test", "SRV", edns=1232, do=True), q("_LDAP._tcp.rec.test", "SRV"),
]
MAIL = """\
mx-host=rec.test,mail.rec.test,50
mx-host=one.rec.test,alpha
mx-host=number.rec.test,44
mx-host=default.rec.test
mx-host=low.rec.test,,7
mx-host=alpha,other.rec.test,3
host-record=mail.rec.test,192.0.2.1,2001:db8::1
host-record=hr.rec.test,192.0.2.8
txt-record=text.rec.test,x
cname=alias.rec.test,hr.rec.test
interface-name=if.rec.test,lo
"""
MAIL_QUESTIONS = [
    q("rec.test", "MX"), q("one.rec.test", "MX"), q("number.rec.test", "MX"), q("default.rec.test", "MX"),
    q("low.rec.test", "MX"), q("alpha", "MX"), q("beta.lan", "MX"), q("known.lan", "MX"), q("hr.rec.test", "MX"),
    q("alias.rec.test", "MX"), q("text.rec.test", "MX"), q("if.rec.test", "MX"), q("nosuch.rec.test", "MX"),
    q("beta.lan", "ANY"), q("one.rec.test"), q("rec.test", "ANY"), q("BETA.lan", "MX"),
    q("10.2.0.192.in-addr.arpa", "MX"),
]
SYNTH = """\
synth-domain=dash.rec.test,192.0.2.128/25,ip-
synth-domain=range.rec.test,198.51.100.10,198.51.100.20,h
synth-domain=count.rec.test,198.51.100.30,198.51.100.50,num*
synth-domain=bare.rec.test,203.0.114.0/24
synth-domain=six.rec.test,2001:db8:5::/64,v6-
synth-domain=sixcount.rec.test,2001:db8:6::/64,n*
synth-domain=one.rec.test,203.0.115.1
host-record=real.rec.test,192.0.2.200
host-record=ip-192-0-2-201.dash.rec.test,192.0.2.9
cname=alias.rec.test,ip-192-0-2-130.dash.rec.test
srv-host=_s._tcp.rec.test,ip-192-0-2-130.dash.rec.test
"""
SYNTH_QUESTIONS = [
    q("ip-192-0-2-130.dash.rec.test"), q("IP-192-0-2-130.dash.rec.TEST"), q("ip-192-0-2-130.dash.rec.test", "AAAA"),
    q("ip-192-0-2-130.dash.rec.test", "ANY"), q("ip-192-0-2-130.dash.rec.test", "TXT"),
    q("ip-192-0-2-127.dash.rec.test"), q("ip-192-0-2-255.dash.rec.test"), q("ip-192-0-2-256.dash.rec.test"),
    q("ip-192-0-2.dash.rec.test"), q("xip-192-0-2-130.dash.rec.test"), q("x.ip-192-0-2-130.dash.rec.test"),
    q("192-0-2-130.dash.rec.test"), q("dash.rec.test"), q("130.2.0.192.in-addr.arpa", "PTR"),
    q("200.2.0.192.in-addr.arpa", "PTR"), q("127.2.0.192.in-addr.arpa", "PTR"), q("255.2.0.192.in-addr.arpa", "PTR"),
    q("ip-192-0-2-201.dash.rec.test"), q("h198-51-100-10.range.rec.test"), q("h198-51-100-9.range.rec.test"),
    q("15.100.51.198.in-addr.arpa", "PTR"), q("num0.count.rec.test"), q("num20.count.rec.test"),
    q("num21.count.rec.test"), q("num.count.rec.test"), q("num5x.count.rec.test"), q("35.100.51.198.in-addr.arpa", "PTR"),
    q("203-0-114-7.bare.rec.test"), q("7.114.0.203.in-addr.arpa", "PTR"), q("v6-2001-db8-5--9.six.rec.test", "AAAA"),
    q("v6-2001-0db8-0005-0000-0000-0000-0000-0009.six.rec.test", "AAAA"), q("v6-2001-db8-5--9.six.rec.test"),
    q("v6-2001-db8-6--9.six.rec.test", "AAAA"), q("n9.sixcount.rec.test", "AAAA"),
    q(reverse6("2001:0db8:0006:0000:0000:0000:0000:0009"), "PTR"),
    q(reverse6("2001:0db8:0005:0000:0000:0000:0000:0009"), "PTR"), q("203-0-115-1.one.rec.test"),
    q("203-0-115-2.one.rec.test"), q("alias.rec.test"), q("_s._tcp.rec.test", "SRV"),
    q("130.2.0.192.in-addr.arpa", "ANY"),
]
INTERFACES = """\
interface-name=if.rec.test,rec0
interface-name=four.rec.test,rec0/4
interface-name=six.rec.test,rec0/6
interface-name=gone.rec.test,nosuch
interface-name=down.rec.test,rec2
interface-name=beta.lan,rec0
host-record=both.rec.test,192.0.2.77
interface-name=both.rec.test,rec0
dynamic-host=dyn.rec.test,0.0.0.99,::99,rec0
dynamic-host=dyn4.rec.test,0.0.0.98,rec0
dynamic-host=dyn6.rec.test,::97,rec0
cname=alias.rec.test,if.rec.test
srv-host=_s._tcp.rec.test,if.rec.test
"""
INTERFACE_QUESTIONS = [
    q("if.rec.test"), q("if.rec.test", "AAAA"), q("if.rec.test", "ANY"), q("if.rec.test", "TXT"), q("four.rec.test"),
    q("four.rec.test", "AAAA"), q("four.rec.test", "ANY"), q("six.rec.test"), q("six.rec.test", "AAAA"),
    q("gone.rec.test"), q("gone.rec.test", "AAAA"), q("gone.rec.test", "TXT"), q("down.rec.test"), q("beta.lan"),
    q("both.rec.test"), q("both.rec.test", "AAAA"), q("dyn.rec.test"), q("dyn.rec.test", "AAAA"),
    q("dyn.rec.test", "ANY"), q("dyn4.rec.test"), q("dyn4.rec.test", "AAAA"), q("dyn6.rec.test", "AAAA"),
    q("dyn6.rec.test"), q("alias.rec.test"), q("alias.rec.test", "AAAA"), q("7.8.77.10.in-addr.arpa", "PTR"),
    q(reverse6("2001:0db8:0077:0000:0000:0000:0000:0007"), "PTR"), q("99.8.77.10.in-addr.arpa", "PTR"),
    q("_s._tcp.rec.test", "SRV"), q("IF.rec.test"),
]
LOCALISE = """\
localise-queries
host-record=near.rec.test,127.0.0.9
host-record=near.rec.test,192.0.2.9
host-record=far.rec.test,192.0.2.1
host-record=far.rec.test,192.0.2.2
host-record=near.rec.test,2001:db8::9
dynamic-host=dyn.rec.test,0.0.0.5,rec0
"""
MIXED = [
    q("hr.rec.test"), q("hr.rec.test", "AAAA"), q("hr.rec.test", "TXT"), q("text.rec.test", "TXT"), q("text.rec.test"),
    q("text.rec.test", "MX"), q("alias.rec.test"), q("alias.rec.test", "AAAA"), q("x.hr.rec.test"), q("none.rec.test"),
    q("rec.test"), q("_s._tcp.rec.test", "SRV"), q("_s._tcp.rec.test"), q("hr.rec.test", "ANY"),
]
MIXED_CONFIG = """\
host-record=hr.rec.test,192.0.2.1,600
txt-record=text.rec.test,x
cname=alias.rec.test,hr.rec.test,700
srv-host=_s._tcp.rec.test,hr.rec.test,80
"""
WILD = "cname=*.w.rec.test,hr.rec.test\nhost-record=hr.rec.test,192.0.2.1\nhost-record=*.h.rec.test,192.0.2.2\n"
UPSTREAM = """\
txt-record=a1.up.test,ours
host-record=only4.up.test,2001:db8::4
mx-host=nx.up.test,mail.rec.test
cname=cn9.up.test,a1.up.test
srv-host=_s._tcp.up.test,ours.rec.test
ptr-record=x.nx.up.test,y.rec.test
"""

CASES = {
    "records, hosts": Case(TWO_WAYS, TWO_WAYS_QUESTIONS),
    "records, hosts, local": Case("local=/rec.test/\n" + TWO_WAYS, TWO_WAYS_QUESTIONS),
    "records, hosts, expanded": Case("domain=rec.test\nexpand-hosts\n" + TWO_WAYS, TWO_WAYS_QUESTIONS),
    "records, several addresses": Case(SEVERAL, [q("many.rec.test")] * 4 + [q("many.rec.test", "ANY"),
                                                                        q("many.rec.test", "AAAA")]),
    "records, several addresses, no-round-robin": Case("no-round-robin\n" + SEVERAL, [q("many.rec.test")] * 3),
    "records, aliases": Case(CHAINS, CHAIN_QUESTIONS),
    "records, aliases, local": Case("local=/rec.test/\nlocal-ttl=9\n" + CHAINS, CHAIN_QUESTIONS),
    "records, kinds": Case(KINDS, KIND_QUESTIONS),
    "records, kinds, local": Case("local=/rec.test/\nlocal-ttl=44\n" + KINDS, KIND_QUESTIONS),
    "records, services": Case(SERVICES, SERVICE_QUESTIONS),
    "records, services turn": Case(SERVICES, [q("_two._tcp.rec.test", "SRV")] * 4),
    "records, services do not turn": Case("no-round-robin\n" + SERVICES, [q("_two._tcp.rec.test", "SRV")] * 3),
    "records, mail": Case(MAIL, MAIL_QUESTIONS),
    "records, mail, target": Case("mx-target=mt.rec.test\n" + MAIL, MAIL_QUESTIONS),
    "records, mail, localmx": Case("localmx\n" + MAIL, MAIL_QUESTIONS),
    "records, mail, localmx and target": Case("localmx\nmx-target=mail.rec.test\nlocal-ttl=5\n" + MAIL, MAIL_QUESTIONS),
    "records, mail, selfmx": Case("selfmx\n" + MAIL, MAIL_QUESTIONS),
    "records, mail, both": Case("selfmx\nlocalmx\nmx-target=mt.rec.test\nlocal=/rec.test/\n" + MAIL, MAIL_QUESTIONS),
    "records, made up": Case(SYNTH, SYNTH_QUESTIONS),
    "records, made up, local": Case("local=/rec.test/\nlocal-ttl=8\nbogus-priv\n" + SYNTH, SYNTH_QUESTIONS),
    "records, interfaces": Case(INTERFACES, INTERFACE_QUESTIONS),
    "records, interfaces, local": Case("local=/rec.test/\nlocal-ttl=3\n" + INTERFACES, INTERFACE_QUESTIONS),
    "records, localise": Case(LOCALISE, [q("near.rec.test"), q("near.rec.test", "AAAA"), q("near.rec.test", "ANY"),
                                         q("dyn.rec.test"), q("beta.lan"), q("near.rec.test", tcp=True)]),
    "records, max-ttl": Case("max-ttl=30\nlocal-ttl=50\n" + MIXED_CONFIG, MIXED),
    "records, address": Case("address=/rec.test/192.0.2.99\n" + MIXED_CONFIG, MIXED),
    "records, address none": Case("address=/rec.test/\n" + MIXED_CONFIG, MIXED),
    "records, address null": Case("address=/rec.test/#\n" + MIXED_CONFIG, MIXED),
    "records, server": Case("server=/rec.test/127.0.0.54\n" + MIXED_CONFIG, MIXED),
    "records, wildcards": Case(WILD, [q("x.w.rec.test"), q("*.w.rec.test"), q("w.rec.test"), q("x.h.rec.test"),
                                      q("*.h.rec.test")]),
    "records, upstream names": Case(UPSTREAM, [
        q("a1.up.test", "TXT"), q("a1.up.test"), q("a1.up.test"), q("only4.up.test", "AAAA"), q("only4.up.test"),
        q("nx.up.test", "MX"), q("nx.up.test"), q("nx.up.test", "AAAA"), q("cn9.up.test"), q("a1.up.test"),
        q("cn9.up.test"), q("_s._tcp.up.test", "SRV"), q("_s._tcp.up.test", "ANY"), q("x.nx.up.test", "PTR"),
        q("x.nx.up.test"), q("cn1.up.test", "TXT")]),
    "records, filterwin2k": Case("filterwin2k\n" + SERVICES, SERVICE_QUESTIONS),
    "records, names above": Case("local=/test/\ntxt-record=a.b.c.test,x\nhost-record=h.d.e.test,192.0.2.1\n"
                                 "cname=i.f.test,alpha\ninterface-name=j.g.test,lo\n", [
        q("b.c.test"), q("c.test", "TXT"), q("x.b.c.test"), q("d.e.test"), q("e.test"), q("f.test"), q("g.test"),
        q("test"), q("none.test")]),
    "records, domain-needed": Case("domain-needed\nhost-record=plain,192.0.2.1\ntxt-record=text,x\ncname=al,plain\n", [
        q("plain"), q("plain", "AAAA"), q("plain", "TXT"), q("text"), q("text", "TXT"), q("al"), q("al", "AAAA"), q("other")]),
}
