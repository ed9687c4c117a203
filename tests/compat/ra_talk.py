#!/usr/bin/python3
"""Hears router advertisements and takes them apart, and asks for some.

    ra_talk.py INTERFACE

stdin: {"seconds": n, "enough": n, "asks": [row, ...]}; stdout: [advertisement, ...] in the order heard. A row asks
for one: {"at": seconds from the start, "from": source address ("::"), "to": "ff02::2", "hops": 255, "code": 0,
"options": hex, "mac": source of the frame}. Ends after `seconds`, or when `enough` were heard after the last
ask."""
import json
import select
import socket
import struct
import sys
import time

PLAIN_MAC = "02:00:00:00:50:02"


def ip6(data):
    return socket.inet_ntop(socket.AF_INET6, data)


def checksum(source, target, body):
    data = source + target + struct.pack("!II", len(body), 58) + body
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def frame_of(row):
    source = socket.inet_pton(socket.AF_INET6, row.get("from", "::"))
    target = socket.inet_pton(socket.AF_INET6, row.get("to", "ff02::2"))
    body = struct.pack("!BBHI", 133, row.get("code", 0), 0, 0) + bytes.fromhex(row.get("options", ""))
    body = body[:row.get("cut", len(body))]
    if len(body) >= 4:
        body = body[:2] + struct.pack("!H", checksum(source, target, body)) + body[4:]
    head = struct.pack("!IHBB", 6 << 28, len(body), 58, row.get("hops", 255)) + source + target
    mac = bytes.fromhex(row.get("mac", PLAIN_MAC).replace(":", ""))
    return b"\x33\x33" + target[12:] + mac + b"\x86\xdd" + head + body


def names_of(data):
    """Domain names in a row, zeros behind the last."""
    names, labels, at = [], [], 0
    while at < len(data):
        size = data[at]
        if size == 0:
            if labels:
                names.append(".".join(labels))
            labels = []
        labels += [data[at + 1:at + 1 + size].decode()] if size else []
        at += 1 + size
    return " ".join(names)


def option_of(kind, data):
    """An option without its type and length, as (name, {field: value})."""
    if kind == 1:
        return "source link-layer", {"address": data[:6].hex(":"), "rest": data[6:].hex()}
    if kind == 3:
        size, flags, valid, preferred, _ = struct.unpack("!BBIII", data[:14])
        return f"prefix {ip6(data[14:])}", {
            "length": size, "on-link": flags >> 7, "autonomous": flags >> 6 & 1, "router": flags >> 5 & 1,
            "other flags": flags & 31, "valid": valid, "preferred": preferred}
    if kind == 5:
        return "mtu", {"mtu": struct.unpack("!HI", data)[1]}
    if kind == 7:
        return "interval", {"ms": struct.unpack("!HI", data)[1]}
    if kind == 24:
        address = data[6:] + b"\0" * (22 - len(data))
        return f"route {ip6(address)}/{data[0]}", {"preference": data[1] >> 3 & 3, "size": len(data),
                                                   "lifetime": struct.unpack("!I", data[2:6])[0]}
    if kind == 25:
        return "rdnss", {"lifetime": struct.unpack("!I", data[2:6])[0],
                         "servers": " ".join(ip6(data[i:i + 16]) for i in range(6, len(data), 16))}
    if kind == 31:
        return "dnssl", {"lifetime": struct.unpack("!I", data[2:6])[0], "names": names_of(data[6:])}
    if kind == 37:
        return "captive portal", {"uri": data.rstrip(b"\0").decode()}
    if kind == 38:
        return f"pref64 {ip6(data[2:] + bytes(4))}", {"lifetime": struct.unpack("!H", data[:2])[0] & ~7,
                                                      "length code": data[1] & 7}
    return f"option {kind}", {"value": data.hex()}


def advertisement_of(packet):
    """A frame as {field: value}; None when it is something else."""
    if len(packet) < 70 or packet[12:14] != b"\x86\xdd" or packet[20] != 58 or packet[54] != 134:
        return None
    version, size, _, hops = struct.unpack("!IHBB", packet[14:22])
    body = packet[54:54 + size]
    limit, flags, lifetime, reachable, retrans = struct.unpack("!BBHII", body[4:16])
    fields = {"from": ip6(packet[22:38]), "to": ip6(packet[38:54]), "link to": packet[:6].hex(":"),
              "ip hops": hops, "class": version >> 20 & 255, "code": body[1], "hop limit": limit,
              "managed": flags >> 7, "other": flags >> 6 & 1, "preference": flags >> 3 & 3,
              "other flags": flags & 0x27, "lifetime": lifetime, "reachable": reachable, "retrans": retrans,
              "checksum right": checksum(packet[22:38], packet[38:54], body[:2] + b"\0\0" + body[4:])
              == struct.unpack("!H", body[2:4])[0]}
    at, order = 16, []
    while at + 2 <= len(body) and body[at + 1]:
        name, values = option_of(body[at], body[at + 2:at + 8 * body[at + 1]])
        order.append(str(body[at]))
        fields.update({f"{name} {field}": value for field, value in values.items()})
        at += 8 * body[at + 1]
    fields["order"] = " ".join(order)
    fields["ended"] = at == len(body)
    return fields


def main():
    plan = json.load(sys.stdin)
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x86dd))
    wire.bind((sys.argv[1], 0))
    start = time.monotonic()
    asks = sorted(plan.get("asks", []), key=lambda row: row["at"])
    heard, since_asked = [], 0
    while (now := time.monotonic() - start) < plan["seconds"]:
        while asks and asks[0]["at"] <= now:
            wire.send(frame_of(asks.pop(0)))
            since_asked = 0
        if not asks and since_asked >= plan.get("enough", 1 << 30):
            break
        until = min([plan["seconds"]] + [row["at"] for row in asks])
        if not select.select([wire], [], [], max(until - now, 0.001))[0]:
            continue
        fields = advertisement_of(wire.recv(65536))
        if fields:
            heard.append(fields | {"at": round(time.monotonic() - start, 3)})
            since_asked += 1
    json.dump(heard, sys.stdout)


if __name__ == "__main__":
    main()
