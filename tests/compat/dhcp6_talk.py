#!/usr/bin/python3
"""Sends DHCPv6 messages, collects every reply and takes it apart; then asks DNS questions.

    dhcp6_talk.py INTERFACE SERVER-ADDRESS

stdin: {"packets": [row, ...], "questions": [[name, type], ...]}; stdout: {"replies": [[reply, ...], ...],
"answers": [...]}, one list of replies for each packet (none: the server stayed silent).

A row says what to send: send (kind), options [[code, hex], ...], and if they are not the usual ones: to, from,
from_port, relays [{link, peer, hops, options}, ...] from the client outwards, raw (hex in place of the message). An
option's value "SERVER" is the server's own id, learnt from its first reply. `answered` says whether the peer is known
to answer: if so the reply is waited for; if not, an INFORMATION-REQUEST of somebody else goes out behind the packet,
and when that is answered the packet has been dealt with."""
import ipaddress
import json
import select
import socket
import struct
import sys
import time

from dhcp_talk import ask_dns

KINDS = ["none", "solicit", "advertise", "request", "confirm", "renew", "rebind", "reply", "release", "decline",
         "reconfigure", "information", "relay-forward", "relay-reply"]
IAS = {3: ("ia_na", 12), 4: ("ia_ta", 4), 25: ("ia_pd", 12)}
REPLY_S = 3.0      # a reply that is expected is waited for so long
ASIDE_S = 0.6      # and the other client's INFORMATION-REQUEST so long
GRACE_S = 0.1      # a server that writes to disk before it answers may be overtaken by that request
ASIDE_DUID = "000300010200000000fe"
ASIDE_XID = 0xfe0000
LINK_SCOPED = (socket.inet_pton(socket.AF_INET6, "fe80::"), socket.inet_pton(socket.AF_INET6, "ff02::"))


def pack(text):
    return socket.inet_pton(socket.AF_INET6, text)


def options_bytes(options, server_duid):
    out = b""
    for code, value in options:
        value = server_duid if value == "SERVER" else bytes.fromhex(value)
        out += struct.pack("!HH", code, len(value)) + value
    return out


def message_of(row, xid, server_duid):
    """The message of a row in its relays' envelopes."""
    if "raw" in row:
        message = bytes.fromhex(row["raw"].replace("XID", f"{xid:06x}"))
    else:
        kind = KINDS.index(row["send"]) if row["send"] in KINDS else int(row["send"])
        message = struct.pack("!I", kind << 24 | xid) + options_bytes(row["options"], server_duid)
        message += bytes.fromhex(row.get("tail", ""))
    for hops, relay in enumerate(row.get("relays", [])):
        message = (struct.pack("!BB", relay.get("kind", 12), relay.get("hops", hops)) + pack(relay["link"])
                   + pack(relay["peer"]) + options_bytes(relay.get("options", []), server_duid)
                   + struct.pack("!HH", 9, len(message)) + message
                   + options_bytes(relay.get("after", []), server_duid))
    return message


# ------------------------------------------------------------------ replies taken apart


def options_of(data):
    """([(code, value)], whether they end where the data ends)."""
    found, at = [], 0
    while at + 4 <= len(data):
        code, size = struct.unpack("!HH", data[at:at + 4])
        if at + 4 + size > len(data):
            return found, False
        found.append((code, data[at + 4:at + 4 + size]))
        at += 4 + size
    return found, at == len(data)


def status_of(value):
    return f"{int.from_bytes(value[:2], 'big')} {value[2:].decode(errors='replace')}"


def add(fields, key, value):
    """Several of a kind stand beside each other."""
    fields[key] = f"{fields[key]} | {value}" if key in fields else value


def take_ia(fields, code, value):
    name, size = IAS[code]
    key = f"{name} {int.from_bytes(value[:4], 'big')}"
    fields.setdefault(key, "there")
    if code != 4 and len(value) >= 12:
        t1, t2 = struct.unpack("!II", value[4:12])
        add(fields, key + " T1", t1)
        add(fields, key + " T2", t2)
    for inner, data in options_of(value[size:])[0]:
        if inner == 5:
            times = "{} {}".format(*struct.unpack("!II", data[16:24]))
            add(fields, f"{key} address {ipaddress.IPv6Address(data[:16])}", times)
            for more, status in options_of(data[24:])[0]:
                add(fields, f"{key} address {ipaddress.IPv6Address(data[:16])} option {more}", status.hex())
        elif inner == 26:
            times = "{} {}".format(*struct.unpack("!II", data[:8]))
            add(fields, f"{key} prefix {ipaddress.IPv6Address(data[9:25])}/{data[8]}", times)
        elif inner == 13:
            add(fields, key + " status", status_of(data))
        else:
            add(fields, f"{key} option {inner}", data.hex())


def reply_of(data):
    """A reply as {field: value}, or None when it is none."""
    fields, relay = {}, 0
    while len(data) >= 34 and data[0] == 13:
        rows, ended = options_of(data[34:])
        fields[f"relay {relay}"] = f"{data[1]} {ipaddress.IPv6Address(data[2:18])} {ipaddress.IPv6Address(data[18:34])}"
        fields[f"relay {relay} ended"] = ended
        data = b""
        for code, value in rows:
            if code == 9:
                data = value
            else:
                add(fields, f"relay {relay} option {code}", value.hex())
        relay += 1
    if len(data) < 4 or data[0] not in (2, 7, 10, 37):
        return None
    rows, fields["ended"] = options_of(data[4:])
    fields["kind"] = KINDS[data[0]] if data[0] < len(KINDS) else str(data[0])
    fields["xid"] = int.from_bytes(data[1:4], "big")
    fields["order"] = " ".join(str(code) for code, _ in rows)
    for code, value in rows:
        if code in IAS and len(value) >= IAS[code][1]:
            take_ia(fields, code, value)
        elif code == 13:
            add(fields, "status", status_of(value))
        else:
            add(fields, f"option {code}", value.hex())
    return fields


# ------------------------------------------------------------------ the client's side of the cable


class Wire:
    """The client's port and the relay's; both hear replies."""

    def __init__(self, interface):
        self.interface = socket.if_nametoindex(interface)
        self.sockets = {port: self.bound("::", port) for port in (546, 547)}
        self.replies = {}  # xid: [reply, ...]
        self.server_duid = b""
        self.asked = 0

    def bound(self, address, port):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, self.interface)
        for option in (socket.IPV6_RECVPKTINFO, socket.IPV6_RECVTCLASS, socket.IPV6_RECVHOPLIMIT):
            sock.setsockopt(socket.IPPROTO_IPV6, option, 1)
        sock.bind((address, port))
        return sock

    def send(self, row, xid):
        message = message_of(row, xid, self.server_duid)
        target = row.get("to", "ff02::1:2")
        scope = self.interface if pack(target)[:2] in [p[:2] for p in LINK_SCOPED] else 0
        sock = self.sockets[row.get("from_port", 547 if row.get("relays") else 546)]
        extra = []
        if "from" in row:
            extra = [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, pack(row["from"]) + struct.pack("@I", self.interface))]
        sock.sendmsg([message], extra, 0, (target, 547, 0, scope))

    def take(self, port):
        data, extra, _, where = self.sockets[port].recvmsg(65536, 512)
        reply = reply_of(data)
        if reply is None:
            return
        for level, kind, value in extra:
            if level == socket.IPPROTO_IPV6 and kind == socket.IPV6_TCLASS:
                reply["traffic class"] = struct.unpack("@i", value)[0]
            elif level == socket.IPPROTO_IPV6 and kind == socket.IPV6_HOPLIMIT:
                reply["hop limit"] = struct.unpack("@i", value)[0]
            elif level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO:
                reply["to"] = str(ipaddress.IPv6Address(value[:16]))
        reply.update({"from": where[0].split("%")[0], "from port": where[1], "port": port, "at": time.time()})
        self.server_duid = self.server_duid or bytes.fromhex(reply.get("option 2", ""))
        self.replies.setdefault(reply["xid"], []).append(reply)

    def listen(self, until, xid=None):
        """Until that moment, or a reply to xid."""
        ports = {sock: port for port, sock in self.sockets.items()}
        while not (xid is not None and xid in self.replies):
            left = until - time.monotonic()
            ready = select.select(list(ports), [], [], left)[0] if left > 0 else []
            if not ready:
                return
            for sock in ready:
                self.take(ports[sock])

    def somebody_else(self):
        """True when another client's INFORMATION-REQUEST was answered: the server has read everything before it."""
        self.asked += 1
        xid = ASIDE_XID + self.asked
        self.send({"send": "information", "options": [[1, ASIDE_DUID]]}, xid)
        self.listen(time.monotonic() + ASIDE_S, xid)
        return xid in self.replies


def main():
    wire = Wire(sys.argv[1])
    work = json.load(sys.stdin)
    answers_others = wire.somebody_else()
    for number, row in enumerate(work["packets"]):
        time.sleep(row.get("pause", 0))
        wire.send(row, number + 1)
        if row["answered"]:
            wire.listen(time.monotonic() + REPLY_S, number + 1)
        elif not answers_others:
            wire.listen(time.monotonic() + ASIDE_S / 2, number + 1)
        elif wire.somebody_else():
            wire.listen(time.monotonic() + GRACE_S, number + 1)
    wire.listen(time.monotonic() + 0.05)
    replies = [wire.replies.get(number + 1, []) for number in range(len(work["packets"]))]
    answers = [ask_dns(sys.argv[2], name, rdtype) for name, rdtype in work["questions"]]
    json.dump({"replies": replies, "answers": answers, "server": wire.server_duid.hex()}, sys.stdout)


if __name__ == "__main__":
    main()
