"""Asks DNS questions of authoritative service and prints what came back. Runs in the client's namespace.

Stdin is one JSON list of questions: "to" (address), "name", "type", and as in dns_ask.py "tcp", "edns",
"do", "rd", "cd", "class"; "serial" for IXFR. Stdout is the list of answers, each a text that can be
compared, and for transfers all their records in order."""
import json
import socket
import sys

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from dns_ask import make, read_exactly


def records(section):
    return [f"{rrset.name} {rrset.ttl} {dns.rdatatype.to_text(item.rdtype)} {item.to_text()}"
            for rrset in section for item in rrset]


def connect(row):
    family = socket.AF_INET6 if ":" in row["to"] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM if row.get("tcp") else socket.SOCK_DGRAM)
    sock.settimeout(row.get("timeout", 1))
    sock.connect((row["to"], 53))
    return sock


def wire_of(row):
    if "serial" not in row:
        return make(row)
    query = dns.message.make_query(row["name"], "IXFR")
    query.authority.append(dns.rrset.from_text(query.question[0].name, 0, "IN", "SOA",
                                               f". . {row['serial']} 0 0 0 0"))
    return query.to_wire()


def receive(sock, tcp):
    wire = read_exactly(sock, int.from_bytes(read_exactly(sock, 2), "big")) if tcp else sock.recv(65535)
    return dns.message.from_wire(wire, one_rr_per_rrset=True)


def is_whole(told):
    """A transfer ends with the SOA record it began with."""
    soas = [text for text in told if text.split()[2] == "SOA"]
    return len(told) == 1 or len(soas) == 2


def transfer(sock, row):
    told, messages = [], 0
    while True:
        reply = receive(sock, row.get("tcp"))
        messages += 1
        told += records(reply.answer)
        if reply.rcode() != 0 or not reply.answer or messages > 5000:
            break
        if told[0].split()[2] != "SOA" or (is_whole(told) and (len(told) > 1 or row["type"] == "IXFR")):
            break
    return {"rcode": dns.rcode.to_text(reply.rcode()), "flags": dns.flags.to_text(reply.flags), "records": told,
            "messages": messages}


def plain(sock, row):
    reply = receive(sock, row.get("tcp"))
    ede = [int(option.code) for option in reply.options if int(option.otype) == dns.edns.EDE]
    return {
        "rcode": dns.rcode.to_text(reply.rcode()),
        "flags": dns.flags.to_text(reply.flags),
        "answer": sorted(records(reply.answer)),
        "authority": sorted(records(reply.authority)),
        "additional": sorted(records(reply.additional)),
        "edns": reply.edns >= 0,
        "ede": ede,
    }


def ask(row):
    try:
        with connect(row) as sock:
            wire = wire_of(row)
            sock.sendall(len(wire).to_bytes(2, "big") + wire if row.get("tcp") else wire)
            return (transfer if row["type"] in ("AXFR", "IXFR") else plain)(sock, row)
    except (TimeoutError, OSError, EOFError) as error:
        return {"silent": "timeout" if isinstance(error, TimeoutError) else type(error).__name__}
    except dns.exception.DNSException as error:
        return {"unreadable": type(error).__name__}


print(json.dumps([ask(row) for row in json.load(sys.stdin)]))
