#!/usr/bin/python3
"""Sends DHCPv4 messages as raw frames, collects every reply and takes it apart; then asks DNS questions.

    dhcp_talk.py INTERFACE SERVER-ADDRESS SERVER-MAC

stdin: {"packets": [row, ...], "questions": [[name, type], ...]}; stdout: {"replies": [[reply, ...], ...],
"answers": [...]}, one list of replies for each packet (none: the server stayed silent).

A row says what to send: send (discover, request, ..., bootp), mac, options [[code, hex], ...], and if they
are not the usual ones: ciaddr, giaddr, yiaddr, flags, secs, hops, htype, hlen, sname, file, from, to, op,
from_port, to_port, cookie, tail (hex put in place of the end option). `answered` says whether the peer is known to answer: if
so the reply is waited for; if not, an INFORM of somebody else goes out behind the packet, and when that is
answered the packet has been dealt with."""
import json
import select
import socket
import struct
import sys
import time

COOKIE = b"\x63\x82\x53\x63"
KINDS = ["none", "discover", "offer", "request", "decline", "ack", "nak", "release", "inform", "forcerenew", "leasequery"]
REPLY_S = 3.0      # a reply that is expected is waited for so long
ASIDE_S = 1.0      # and the other client's INFORM so long
GRACE_S = 0.12     # a server that writes to disk before it answers may be overtaken by that INFORM
ASIDE_MAC = bytes.fromhex("0200000000fe")
ASIDE_ADDRESS = "192.168.50.253"
ASIDE_XID = 0xfe000000


def ip(text):
    return socket.inet_aton(text)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def message_of(row, xid):
    """The DHCP message of a row."""
    mac = bytes.fromhex(row["mac"].replace(":", ""))
    header = struct.pack("!BBBBIHH4s4s4s4s16s64s128s", row.get("op", 1), row.get("htype", 1),
                         row.get("hlen", len(mac)), row.get("hops", 0), xid, row.get("secs", 0),
                         row.get("flags", 0), ip(row.get("ciaddr", "0.0.0.0")),
                         ip(row.get("yiaddr", "0.0.0.0")), ip("0.0.0.0"),
                         ip(row.get("giaddr", "0.0.0.0")), mac,
                         bytes.fromhex(row.get("sname", "")), bytes.fromhex(row.get("file", "")))
    options = b""
    if row["send"] != "bootp":
        options += bytes([53, 1, KINDS.index(row["send"])])
    for code, value in row.get("options", []):
        value = bytes.fromhex(value)
        options += bytes([code, len(value)]) + value
    return (header + bytes.fromhex(row.get("cookie", COOKIE.hex())) + options
            + bytes.fromhex(row.get("tail", "ff")))


def frame_of(row, xid, server_mac):
    message = message_of(row, xid)
    source, target = row.get("from", "0.0.0.0"), row.get("to", "255.255.255.255")
    port = 67 if row.get("giaddr", "0.0.0.0") != "0.0.0.0" else 68
    udp = struct.pack("!HHHH", row.get("from_port", port), row.get("to_port", 67), 8 + len(message), 0) + message
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, ip(source), ip(target))
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    link = b"\xff" * 6 if target == "255.255.255.255" else server_mac
    mac = bytes.fromhex(row["mac"].replace(":", ""))
    return link + (mac if len(mac) == 6 else b"\x02\0\0\0\0\xfd") + b"\x08\x00" + head + udp


def options_of(data, place):
    """[(place, code, value)] of one area, and whether it ended as it should."""
    found, at = [], 0
    while at < len(data):
        code = data[at]
        if code == 255:
            return found, True
        if code == 0:
            at += 1
            continue
        if at + 1 >= len(data) or at + 2 + data[at + 1] > len(data):
            return found, False
        found.append((place, code, data[at + 2:at + 2 + data[at + 1]]))
        at += 2 + data[at + 1]
    return found, False


def reply_of(packet):
    """A DHCP reply in a frame as {field: value}, or None when the frame is something else."""
    if len(packet) < 42 or packet[12:14] != b"\x08\x00" or packet[23] != 17:
        return None
    head = (packet[14] & 15) * 4
    total = struct.unpack("!H", packet[16:18])[0]
    udp = packet[14 + head:14 + total]
    source_port, target_port, size = struct.unpack("!HHH", udp[:6])
    message = udp[8:size]
    if source_port not in (67, 4011) or len(message) < 240 or message[0] != 2:
        return None
    (_, htype, hlen, hops, xid, secs, flags, ciaddr, yiaddr, siaddr, giaddr, chaddr, sname,
     file) = struct.unpack("!BBBBIHH4s4s4s4s16s64s128s", message[:236])
    fields = {
        "xid": xid, "htype": htype, "hlen": hlen, "hops": hops, "secs": secs, "flags": flags,
        "ciaddr": socket.inet_ntoa(ciaddr), "yiaddr": socket.inet_ntoa(yiaddr),
        "siaddr": socket.inet_ntoa(siaddr), "giaddr": socket.inet_ntoa(giaddr), "chaddr": chaddr.hex(),
        "cookie": message[236:240].hex(), "size": len(message),
        "link from": packet[6:12].hex(":"), "link to": packet[0:6].hex(":"),
        "from": socket.inet_ntoa(packet[26:30]), "to": socket.inet_ntoa(packet[30:34]),
        "from port": source_port, "port": target_port, "at": time.time(), "ttl": packet[22], "tos": packet[15],
        "dont fragment": bool(packet[20] & 0x40),
    }
    rows, fields["ended"] = options_of(message[240:], "options")
    overload = next((value[0] for _, code, value in rows if code == 52), 0)
    for bit, name, area in ((1, "file", file), (2, "sname", sname)):
        if overload & bit:
            more, ended = options_of(area, name)
            rows += more
            fields["ended"] = fields["ended"] and ended
        else:
            fields[name] = area.rstrip(b"\0").hex()
    fields["order"] = " ".join(str(code) if place == "options" else f"{code}@{place}"
                               for place, code, _ in rows)
    for _, code, value in rows:  # RFC 3396: parts of one option belong together
        key = f"option {code}"
        fields[key] = fields.get(key, "") + value.hex()
    fields["kind"] = KINDS[int(fields["option 53"], 16)] if "option 53" in fields else "bootp"
    return fields


class Wire:
    """The client side of the cable: whole frames in and out; ARP is answered for every client."""

    def __init__(self, interface, server_mac):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((interface, 0))
        self.server_mac = server_mac
        self.owners = {}   # IPv4 address: the MAC that uses it
        self.replies = {}  # xid: [reply, ...]
        self.arp_told = 0.0

    def send(self, row, xid):
        mac = bytes.fromhex(row["mac"].replace(":", ""))
        for key in ("ciaddr", "from"):
            if row.get(key, "0.0.0.0") != "0.0.0.0" and "giaddr" not in row and len(mac) == 6:
                self.owners[ip(row[key])] = mac
        self.socket.send(frame_of(row, xid, self.server_mac))

    def take(self, packet):
        if packet[12:14] == b"\x08\x06" and packet[20:22] == b"\0\x01" and packet[38:42] in self.owners:
            mac = self.owners[packet[38:42]]
            self.socket.send(packet[6:12] + mac + packet[12:20] + b"\0\x02" + mac + packet[38:42]
                             + packet[22:32])
            self.arp_told = time.monotonic()
            return
        reply = reply_of(packet)
        if reply:
            self.replies.setdefault(reply["xid"], []).append(reply)

    def listen(self, until, xid=None):
        """Until that moment, or a reply to xid."""
        while not (xid is not None and xid in self.replies):
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return
            packet, where = self.socket.recvfrom(65536)
            if where[2] != socket.PACKET_OUTGOING:
                self.take(packet)

    def somebody_else(self, number, server):
        """True when another client's INFORM was answered: the server has read everything before it."""
        row = {"send": "inform", "mac": ASIDE_MAC.hex(), "ciaddr": ASIDE_ADDRESS, "from": ASIDE_ADDRESS,
               "to": server}
        self.send(row, ASIDE_XID + number)
        self.listen(time.monotonic() + ASIDE_S, ASIDE_XID + number)
        return ASIDE_XID + number in self.replies


def ask_dns(server, name, rdtype):
    """The answer as [rcode, [[owner, type, ttl, data], ...]]."""
    import dns.exception
    import dns.message
    import dns.query
    import dns.rcode
    import dns.rdatatype
    try:
        reply = dns.query.udp(dns.message.make_query(name, rdtype), server, timeout=2)
    except (dns.exception.DNSException, OSError) as error:
        return [type(error).__name__, []]
    return [dns.rcode.to_text(reply.rcode()),
            sorted([str(rrset.name), dns.rdatatype.to_text(rrset.rdtype), rrset.ttl, item.to_text()]
                   for rrset in reply.answer for item in rrset)]


def main():
    interface, server, server_mac = sys.argv[1:4]
    wire = Wire(interface, bytes.fromhex(server_mac.replace(":", "")))
    work = json.load(sys.stdin)
    for number, row in enumerate(work["packets"]):
        time.sleep(row.get("pause", 0))
        wire.send(row, number + 1)
        if row["answered"]:
            wire.listen(time.monotonic() + row.get("patience", REPLY_S), number + 1)
        elif wire.somebody_else(number, server):
            wire.listen(time.monotonic() + GRACE_S, number + 1)
    wire.listen(time.monotonic() + 0.05)
    replies = [wire.replies.get(number + 1, []) for number in range(len(work["packets"]))]
    answers = [ask_dns(server, name, rdtype) for name, rdtype in work["questions"]]
    json.dump({"replies": replies, "answers": answers}, sys.stdout)


if __name__ == "__main__":
    main()
