#!/usr/bin/python3
"""Asks lists of questions of one server and prints the answers taken apart, as JSON.

    dns_ask.py SERVER [UPSTREAM...]

A line of stdin is a list of questions, and a line of stdout the list of answers. "name" is needed; the rest may be left out:
    type, class, opcode          as text
    tcp, rd, cd, ad, do, qr      switches; rd is on
    edns, version, options       UDP size (no EDNS without it), 0, [[code, hex], ...]
    questions                    how often the question stands in the message, 1
    cut                          bytes left off the end of the message, 0
    timeout                      seconds to wait, 2
    from                         our address; of IPv6, the question goes to ::1

Before each question every UPSTREAM is asked for a mark, "3.mark.test". The name server of dns_upstream.py
writes it down with the rest, so what was asked upstream can be told apart by question."""
import json
import socket
import sys

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype

FLAGS = {"cd": dns.flags.CD, "ad": dns.flags.AD, "qr": dns.flags.QR}


def make(row):
    options = [dns.edns.GenericOption(code, bytes.fromhex(value)) for code, value in row.get("options", [])]
    query = dns.message.make_query(row["name"], row.get("type", "A"), row.get("class", "IN"))
    if row.get("edns"):
        query.use_edns(row.get("version", 0), dns.flags.DO if row.get("do") else 0, row["edns"],
                       options=options)
    if not row.get("rd", True):
        query.flags &= ~dns.flags.RD
    for word, flag in FLAGS.items():
        if row.get(word):
            query.flags |= flag
    query.set_opcode(dns.opcode.from_text(row.get("opcode", "QUERY")))
    wire = bytearray(query.to_wire())
    wire[4:6] = row.get("questions", 1).to_bytes(2, "big")
    if row.get("questions", 1) == 2:
        wire += wire[12:]
    return bytes(wire[:len(wire) - row["cut"]] if row.get("cut") else wire)


def read_exactly(sock, count):
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def exchange(wire, server, row):
    """What comes back is not checked here: a server may answer something odd to an odd question."""
    tcp = row.get("tcp")
    own = row.get("from", "")
    family = socket.AF_INET6 if ":" in own else socket.AF_INET
    if ":" in own:
        server = "::1"
    with socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as sock:
        sock.settimeout(row.get("timeout", 2))
        if own:
            sock.bind((own, 0))
        sock.connect((server, 53))
        if not tcp:
            sock.send(wire)
            return sock.recv(65535)
        sock.sendall(len(wire).to_bytes(2, "big") + wire)
        return read_exactly(sock, int.from_bytes(read_exactly(sock, 2), "big"))


def rows(section):
    """A record is name, TTL, class, type, data, in the order of the message."""
    return [[str(rrset.name), rrset.ttl, dns.rdataclass.to_text(rrset.rdclass),
             dns.rdatatype.to_text(item.rdtype), item.to_text()] for rrset in section for item in rrset]


def shown(code, value):
    """An option as compared: of a server cookie (RFC 7873), new every time, only that it is there."""
    if code == 10 and len(value) > 16:
        return [code, value[:16] + " and the server's"]
    return [code, value]


def ask(row, server):
    wire = make(row)
    try:
        answer = exchange(wire, server, row)
    except TimeoutError:
        return {"result": "timeout"}
    except (OSError, EOFError) as error:
        return {"result": type(error).__name__}
    try:
        reply = dns.message.from_wire(answer)
    except dns.exception.DNSException as error:
        return {"result": f"unreadable: {type(error).__name__}"}
    return {
        "result": "answered",
        "id": answer[:2] == wire[:2],
        "rcode": dns.rcode.to_text(reply.rcode()),
        "opcode": dns.opcode.to_text(reply.opcode()),
        "flags": dns.flags.to_text(reply.flags),
        "question": [[str(part.name), dns.rdatatype.to_text(part.rdtype)] for part in reply.question],
        "answer": rows(reply.answer),
        "authority": rows(reply.authority),
        "additional": rows(reply.additional),
        "edns": f"version {reply.edns}, {reply.payload} bytes" if reply.edns >= 0 else "none",
        "do": bool(reply.ednsflags & dns.flags.DO),
        "options": [shown(int(option.otype), option.to_wire().hex()) for option in reply.options],
    }


def mark(index, upstreams):
    for upstream in upstreams:
        exchange(dns.message.make_query(f"{index}.mark.test", "TXT").to_wire(), upstream, {})


def ask_all(questions, server, upstreams):
    answers = []
    for index, row in enumerate(questions):
        mark(index, upstreams)
        answers.append(ask(row, server))
    mark("end", upstreams)
    return answers


def main():
    for line in sys.stdin:
        print(json.dumps(ask_all(json.loads(line), sys.argv[1], sys.argv[2:])), flush=True)


if __name__ == "__main__":
    main()
