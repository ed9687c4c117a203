"""An upstream server for the firewall's tests: firewall_upstream.py ADDRESS PORT. The first label of a name says
what comes: "ttlN" a lifetime of N seconds, "chain" two aliases before two addresses, "many" forty addresses."""
import socket
import sys

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset


def answer(query):
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.RA
    question = query.question[0]
    name = question.name.to_text().lower()
    first = name.split(".")[0]
    ttl = int(first[3:]) if first[:3] == "ttl" and first[3:].isdigit() else 60
    owner = name

    def add(*words):
        reply.answer.append(dns.rrset.from_text(owner, ttl, "IN", *words))
    if first == "chain":
        add("CNAME", "middle.elsewhere.")
        owner = "middle.elsewhere."
        add("CNAME", "end.third.")
        owner = "end.third."
    low = sum(name.encode()) % 250 + 1
    if question.rdtype == dns.rdatatype.AAAA:
        add("AAAA", f"2001:db8::{low:x}")
    elif question.rdtype == dns.rdatatype.A and first == "many":
        add("A", *[f"198.51.100.{i + 1}" for i in range(40)])
    elif question.rdtype == dns.rdatatype.A:
        add("A", *([f"192.0.2.{low}", "192.0.2.252"] if first == "chain" else [f"192.0.2.{low}"]))
    return reply


def main():
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind((sys.argv[1], int(sys.argv[2])))
    print("listening", flush=True)
    while True:
        data, client = listener.recvfrom(4096)
        listener.sendto(answer(dns.message.from_wire(data)).to_wire(), client)


main()
