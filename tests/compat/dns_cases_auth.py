"""Cases of the comparison: zones as ordinary clients see them. Where auth-server says is the business of
test_auth_peer.py, which has interfaces for it."""
from dns_questions import Case, q

E = {"edns": 1232}
ZONES = """\
auth-server=ns.example
auth-zone=lan,192.0.2.0/28
auth-zone=up.test
auth-soa=5,hm.example
auth-ttl=300
auth-sec-servers=ns2.example
host-record=own.lan,192.0.2.3,500
host-record=far.lan,203.0.113.3
cname=also.lan,own.lan
cname=*.any.lan,own.lan
mx-host=lan,mail.lan,5
txt-record=note.lan,text
srv-host=_s._tcp.lan,own.lan,99
"""
QUESTIONS = [
    q("beta.lan", **E), q("beta.lan", "AAAA", **E), q("known.lan"), q("known.lan", "TXT"), q("far.lan", **E),
    q("own.lan"), q("own.lan", "ANY", **E), q("also.lan"), q("also.lan", "CNAME"), q("x.any.lan"), q("x.y.any.lan"),
    q("lan", "MX"), q("note.lan", "TXT"), q("_s._tcp.lan", "SRV"), q("_tcp.lan"), q("nothing.lan", **E),
    q("nothing.lan", tcp=True), q("lan", "A"), q("alpha"), q("alpha.lan"), q("10.2.0.192.in-addr.arpa", "PTR"),
    q("11.2.0.192.in-addr.arpa", "PTR"), q("multi.up.test"), q("up.test", "MX"), q("x.all.test"), q("OWN.Lan"),
    q("known.lan", rd=False), q("own.lan", cd=True, **E),
]
CASES = {"auth zones": Case(ZONES, QUESTIONS)}
