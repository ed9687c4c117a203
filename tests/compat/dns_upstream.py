#!/usr/bin/python3
"""A small upstream name server for comparisons: fixed data, UDP and TCP on the addresses given.

    dns_upstream.py LOG ADDRESS[/DELAY] [...]

LOG gets a line of JSON for every question, before it is answered; answers wait DELAY milliseconds, so that
it is certain whose comes first. TXT of which.test is the address the question came to, N.mark.test is only
there to be written down, and the names in BEHAVIOURS are answered as no good server would."""
import json
import socket
import sys
import threading
import time
import traceback

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

SOA = "ns.up.test. hostmaster.up.test. 1 3600 600 86400 60"
RRSIG = "A 13 3 300 20370101000000 20250101000000 4711 sig.test. c2lnbmF0dXJl"
DATA = {
    ("a1.up.test.", "A"): (300, ["203.0.113.1"]),
    ("a1.up.test.", "AAAA"): (300, ["2001:db8::1"]),
    ("multi.up.test.", "A"): (120, ["203.0.113.11", "203.0.113.12", "203.0.113.13"]),
    ("only4.up.test.", "A"): (100, ["203.0.113.4"]),
    ("cn1.up.test.", "CNAME"): (200, ["cn2.up.test."]),
    ("cn2.up.test.", "CNAME"): (200, ["a1.up.test."]),
    ("cn4.up.test.", "CNAME"): (200, ["only4.up.test."]),
    ("cnlocal.up.test.", "CNAME"): (200, ["alpha."]),
    ("alpha.", "A"): (60, ["203.0.113.66"]),
    ("dangling.up.test.", "CNAME"): (200, ["nowhere.up.test."]),
    ("txt.up.test.", "TXT"): (60, ['"hello world" "two"']),
    ("mx.up.test.", "MX"): (60, ["10 a1.up.test."]),
    ("_s._tcp.up.test.", "SRV"): (60, ["1 2 80 a1.up.test."]),
    ("caa.up.test.", "CAA"): (60, ['0 issue "ca.test"']),
    ("naptr.up.test.", "NAPTR"): (60, ['10 20 "u" "E2U+sip" "!^.*$!sip:a@up.test!" .']),
    ("https.up.test.", "HTTPS"): (60, ["1 . alpn=h2 ipv4hint=203.0.113.1"]),
    ("sshfp.up.test.", "SSHFP"): (60, ["1 1 123456789abcdef67890123456789abcdef67890"]),
    ("hinfo.up.test.", "HINFO"): (60, ['"a machine" "a system"']),
    ("odd.up.test.", "TYPE65400"): (60, [r"\# 3 010203"]),
    (".", "NS"): (90, ["a.root.test."]),
    ("up.test.", "SOA"): (90, [SOA]),
    ("up.test.", "NS"): (90, ["ns.up.test."]),
    ("zero.up.test.", "A"): (0, ["203.0.113.9"]),
    ("week.up.test.", "A"): (604800, ["203.0.113.10"]),
    ("ages.up.test.", "A"): (2147483647, ["203.0.113.10"]),
    ("big.up.test.", "TXT"): (60, [f'"{i:03d} {"x" * 200}"' for i in range(12)]),
    ("many.up.test.", "A"): (60, [f"198.51.100.{i}" for i in range(1, 41)]),
    ("private.up.test.", "A"): (60, ["192.168.3.4"]),
    (r"dot\.ted.up.test.", "A"): (60, ["203.0.113.14"]),
    (r"nul\000.up.test.", "A"): (60, ["203.0.113.15"]),
    ("*.wild.up.test.", "A"): (60, ["203.0.113.16"]),
    ("1.113.0.203.in-addr.arpa.", "PTR"): (60, ["a1.up.test."]),
    ("host.dom.test.", "A"): (60, ["203.0.113.61"]),
    ("sub.dom.test.", "A"): (60, ["203.0.113.62"]),
    ("x.sub.dom.test.", "A"): (60, ["203.0.113.63"]),
    ("xdom.test.", "A"): (60, ["203.0.113.64"]),
    ("known.lan.", "MX"): (60, ["5 a1.up.test."]),
    ("plain.", "A"): (60, ["203.0.113.65"]),
    ("plain.", "TXT"): (60, ['"plain"']),
    ("a.nosoa.test.", "A"): (60, ["203.0.113.70"]),
    ("aa.test.", "A"): (60, ["203.0.113.71"]),
    ("nora.test.", "A"): (60, ["203.0.113.72"]),
    ("ad.test.", "A"): (60, ["203.0.113.73"]),
    ("noedns.test.", "A"): (60, ["203.0.113.74"]),
    ("glue.test.", "MX"): (60, ["10 mail.glue.test."]),
    ("extra.test.", "A"): (60, ["203.0.113.76"]),
    ("nodo.test.", "A"): (60, ["203.0.113.79"]),
    ("sig.test.", "A"): (60, ["203.0.113.77"]),
    **{(f"c{i}.chain.test.", "CNAME"): (200, [f"c{i + 1}.chain.test."]) for i in range(1, 8)},
    ("c8.chain.test.", "A"): (60, ["203.0.113.78"]),
    ("one.loop.test.", "CNAME"): (200, ["two.loop.test."]),
    ("two.loop.test.", "CNAME"): (200, ["one.loop.test."]),
}
# Names that rules about domains pick out (dns_cases_routing.py).
ROUTED = ("p", "x.p", "c.p", "x.c.p", "d.c.p", "y.d.c.p", "xp", "w", "a.w", "b.w", "a.b.w", "xw", "a.xw", "yxw", "yw", "aw")
DATA |= {(f"{name}.test.", "A"): (60, [f"203.0.113.{100 + at}"]) for at, name in enumerate(ROUTED)}
DATA |= {("host.", "A"): (60, ["203.0.113.90"]), ("x.lan.", "A"): (60, ["203.0.113.91"])}
# Names whose addresses the filters look at.
REBIND = {
    "ten": "10.1.2.3", "seventeen": "172.16.0.1", "seventeen-end": "172.31.255.255", "seventeen-out": "172.32.0.1",
    "home": "192.168.3.4", "home-out": "192.169.0.1", "loop": "127.0.0.1", "loop-end": "127.255.255.254",
    "zero": "0.0.0.0", "zero-net": "0.1.2.3", "link": "169.254.1.1", "carrier": "100.64.0.1",
    "carrier-out": "100.128.0.1", "doc-one": "192.0.2.1", "doc-two": "198.51.100.1", "doc-three": "203.0.113.1",
    "ietf": "192.0.0.1", "all": "255.255.255.255", "nearly-all": "255.255.255.254", "reserved": "240.0.0.1",
    "group": "224.0.0.1", "bench": "198.18.0.1", "public": "8.8.8.8",
}
REBIND6 = {
    "public": "2a00::1", "unique": "fd00::1", "unique-other": "fc00::1", "loop": "::1", "zero": "::",
    "link": "fe80::1", "site": "fec0::1", "mapped": "::ffff:10.0.0.1", "mapped-public": "::ffff:8.8.8.8",
    "mapped-loop": "::ffff:127.0.0.1", "doc": "2001:db8::1", "group": "ff02::1", "embedded": "64:ff9b::a00:1",
}
DATA |= {(f"{name}.rebind.test.", "A"): (60, [address]) for name, address in REBIND.items()}
DATA |= {(f"{name}.rebind.test.", "AAAA"): (60, [address]) for name, address in REBIND6.items()}
DATA |= {
    ("mixed.rebind.test.", "A"): (60, ["8.8.8.8", "10.0.0.1"]),
    ("alias.rebind.test.", "CNAME"): (60, ["ten.rebind.test."]),
    ("open.alias.rebind.test.", "CNAME"): (60, ["public.rebind.test."]),
    ("mail.rebind.test.", "MX"): (60, ["10 ten.rebind.test."]),
    ("hint.rebind.test.", "HTTPS"): (60, ["1 . ipv4hint=10.0.0.1"]),
    ("to-local.rebind.test.", "CNAME"): (60, ["alpha."]),
    ("both.filter.test.", "A"): (60, ["8.8.4.4"]),
    ("both.filter.test.", "AAAA"): (60, ["2a00::4"]),
    ("both.filter.test.", "TXT"): (60, ['"text"']),
    ("both.filter.test.", "MX"): (60, ["10 both.filter.test."]),
    ("both.filter.test.", "HTTPS"): (60, ["1 . alpn=h2"]),
    ("alias.filter.test.", "CNAME"): (60, ["both.filter.test."]),
    ("far.filter.test.", "CNAME"): (60, ["alias.filter.test."]),
    ("short.filter.test.", "A"): (1, ["8.8.4.5"]),
    ("short.filter.test.", "AAAA"): (1, ["2a00::5"]),
    ("short.filter.test.", "TXT"): (1, ['"short"']),
    ("short-alias.filter.test.", "CNAME"): (1, ["both.filter.test."]),
    ("long-alias.filter.test.", "CNAME"): (60, ["short.filter.test."]),
    ("host.adall.test.", "A"): (60, ["203.0.113.73"]),
    ("alias.adall.test.", "CNAME"): (60, ["host.adall.test."]),
    ("mixed.adall.test.", "CNAME"): (60, ["a1.up.test."]),
    ("_s._tcp.filter.test.", "SRV"): (60, ["1 2 80 both.filter.test."]),
}
NAMES = {name for name, _ in DATA}


def record(owner, ttl, rdtype, *values):
    return dns.rrset.from_text(owner, ttl, "IN", rdtype, *values)


def key_of(name, rdtype):
    """Under which name the data stands: itself, or a wildcard."""
    wild = "*." + name.split(".", 1)[1] if "." in name.rstrip(".") else name
    return (name, rdtype) if (name, rdtype) in DATA or name in NAMES else (wild, rdtype)


def find(name, rdtype):
    """Records of the answer, following aliases as a recursive server does, and the last name."""
    answer = []
    for _ in range(9):
        text = name.to_text().lower()
        key = key_of(text, dns.rdatatype.to_text(rdtype))
        if key in DATA:
            ttl, values = DATA[key]
            answer.append(record(name, ttl, key[1], *values))
            return answer, text
        if (text, "CNAME") not in DATA:
            return answer, text
        ttl, values = DATA[text, "CNAME"]
        answer.append(record(name, ttl, "CNAME", *values))
        name = dns.name.from_text(values[0])
        if any(rrset.name == name for rrset in answer):
            return answer, name.to_text().lower()
    return answer, name.to_text().lower()


def exists(name):
    return key_of(name, None)[0] in NAMES or any(other.endswith("." + name) for other in NAMES)


def answer_well(query, reply):
    question = query.question[0]
    answer, last = find(question.name, question.rdtype)
    reply.answer += answer
    if answer and answer[-1].rdtype == question.rdtype or len(answer) == 9 or "loop" in last:
        return
    if not last.endswith("nosoa.test."):
        zone = "up.test." if last.endswith("up.test.") else "."
        reply.authority.append(record(zone, 90, "SOA", SOA))
    if not exists(last):
        reply.set_rcode(dns.rcode.NXDOMAIN)


def fail(rcode):
    def behave(query, reply):
        reply.set_rcode(rcode)
    return behave


def change(what):
    """Answers well, then does this to the answer."""
    def behave(query, reply):
        answer_well(query, reply)
        what(query, reply)
    return behave


def set_flag(flag):
    def what(query, reply):
        reply.flags |= flag
    return change(what)


def refuse_edns(query, reply):
    if query.edns >= 0:
        reply.set_rcode(dns.rcode.FORMERR)
        reply.use_edns(False)
    else:
        answer_well(query, reply)


def no_recursion(query, reply):
    reply.flags &= ~dns.flags.RA


def add_glue(query, reply):
    reply.authority.append(record("glue.test.", 60, "NS", "ns.glue.test."))
    reply.additional.append(record("mail.glue.test.", 60, "A", "203.0.113.75"))
    reply.additional.append(record("ns.glue.test.", 60, "A", "203.0.113.76"))


def add_stranger(query, reply):
    reply.answer.append(record("bank.test.", 60, "A", "203.0.113.99"))


def sign(query, reply):
    if query.ednsflags & dns.flags.DO and reply.answer:
        reply.answer.append(record("sig.test.", 60, "RRSIG", RRSIG))


def answer_all(query, reply):
    """All types at once to ANY, and authority and glue behind any answer."""
    name = query.question[0].name
    if query.question[0].rdtype == dns.rdatatype.ANY:
        for rdtype, value in (("A", "8.8.4.4"), ("AAAA", "2a00::4"), ("MX", "10 both.filter.test."),
                              ("TXT", '"text"'), ("HINFO", '"a" "b"'), ("SRV", "1 2 80 both.filter.test.")):
            reply.answer.append(record(name, 60, rdtype, value))
    else:
        reply.answer.append(record(name, 60, "A", "203.0.113.5"))
    reply.authority.append(record("all.test.", 60, "NS", "ns.all.test."))
    reply.additional.append(record("ns.all.test.", 60, "A", "203.0.113.6"))


BEHAVIOURS = {
    "all.test.": answer_all,
    "adall.test.": set_flag(dns.flags.AD),
    "servfail.test.": fail(dns.rcode.SERVFAIL),
    "refused.test.": fail(dns.rcode.REFUSED),
    "notimp.test.": fail(dns.rcode.NOTIMP),
    "formerr.test.": fail(dns.rcode.FORMERR),
    "yxdomain.test.": fail(dns.rcode.YXDOMAIN),
    "noedns.test.": refuse_edns,
    "aa.test.": set_flag(dns.flags.AA),
    "ad.test.": set_flag(dns.flags.AD),
    "nora.test.": change(no_recursion),
    "glue.test.": change(add_glue),
    "extra.test.": change(add_stranger),
    "sig.test.": change(sign),
}


def respond(wire, own, udp):
    query = dns.message.from_wire(wire)
    reply = dns.message.make_response(query, recursion_available=True)
    if len(query.question) != 1:
        reply.set_rcode(dns.rcode.FORMERR)
        return reply.to_wire()
    text = query.question[0].name.to_text().lower()
    behaviours = [what for name, what in BEHAVIOURS.items() if ("." + text).endswith("." + name)]
    if text.endswith(".mark.test."):
        pass
    elif text == "which.test.":
        reply.answer.append(record(query.question[0].name, 1, "TXT", f'"{own}"'))
    else:
        (behaviours or [answer_well])[0](query, reply)
    if query.ednsflags & dns.flags.DO and text != "nodo.test.":
        reply.ednsflags |= dns.flags.DO
    wire = reply.to_wire(max_size=65535, want_shuffle=False)
    if udp and len(wire) > (query.payload if query.edns >= 0 else 512):
        short = dns.message.make_response(query, recursion_available=True)
        short.flags |= dns.flags.TC
        return short.to_wire()
    return wire


def note(log, wire, own, client, transport):
    """What was asked, for the comparison."""
    query = dns.message.from_wire(wire, continue_on_error=True)
    question = (query.question or [dns.rrset.RRset(dns.name.root, 0, 0)])[0]
    flags = [name for name in ("RD", "AD", "CD") if query.flags & dns.flags.Flag[name]]
    if query.ednsflags & dns.flags.DO:
        flags.append("DO")
    log.write(json.dumps({
        "server": own, "client": client, "transport": transport, "name": question.name.to_text(),
        "type": dns.rdatatype.to_text(question.rdtype), "flags": flags,
        "edns": query.payload if query.edns >= 0 else None,
        "options": [int(option.otype) for option in query.options],
        "values": [option.to_wire().hex() for option in query.options],
    }) + "\n")
    log.flush()


def is_mark(wire):
    return b"\4mark\4test\0" in wire


def serve_udp(address, delay_s, log):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))
    while True:
        wire, client = server.recvfrom(4096)
        try:
            note(log, wire, address, client, "udp")
            time.sleep(0 if is_mark(wire) else delay_s)
            server.sendto(respond(wire, address, True), client)
        except Exception:  # one bad question must not silence the server for all that follow
            traceback.print_exc()


def serve_client(address, log, connection, client):
    with connection:
        connection.settimeout(10)
        try:
            while head := connection.recv(2, socket.MSG_WAITALL):
                wire = connection.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)
                note(log, wire, address, client, "tcp")
                wire = respond(wire, address, False)
                connection.sendall(len(wire).to_bytes(2, "big") + wire)
        except OSError:
            pass  # the client has gone, or keeps silent
        except Exception:
            traceback.print_exc()


def serve_tcp(address, log):
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, 53))
    server.listen(16)
    while True:
        connection, client = server.accept()
        threading.Thread(target=serve_client, args=(address, log, connection, client), daemon=True).start()


def main():
    log = open(sys.argv[1], "a")
    for argument in sys.argv[2:]:
        address, _, delay_ms = argument.partition("/")
        threading.Thread(target=serve_udp, args=(address, int(delay_ms or 0) / 1000, log), daemon=True).start()
        threading.Thread(target=serve_tcp, args=(address, log), daemon=True).start()
    print("upstream ready", flush=True)
    threading.Event().wait()


main()
