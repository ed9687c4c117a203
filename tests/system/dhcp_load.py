#!/usr/bin/python3
"""Many clients do whole exchanges by raw frames, several at once; each acknowledged lease is printed as
["mac", "address"] the moment its ACK arrives.

    dhcp_load.py INTERFACE COUNT SEED"""
import json
import select
import socket
import struct
import sys
import time

SEED = 0
AT_ONCE = 8
COOKIE = b"\x63\x82\x53\x63"


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def mac_of(number):
    return bytes([2, 0, 0, SEED, number >> 8, number & 255])


def frame(number, options):
    mac = mac_of(number)
    bootp = struct.pack("!BBBBIHH4s4s4s4s16s64s128s", 1, 1, 6, 0, number + 1, 0, 0, b"", b"", b"", b"", mac,
                        b"", b"") + COOKIE + options + b"\xff"
    udp = struct.pack("!HHHH", 68, 67, 8 + len(bootp), 0) + bootp
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\0" * 4, b"\xff" * 4)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return b"\xff" * 6 + mac + b"\x08\x00" + ip + udp


def discover(number):
    return frame(number, b"\x35\x01\x01")


def request(number, address, server):
    return frame(number, b"\x35\x01\x03\x32\x04" + address + b"\x36\x04" + server)


def parse(packet):
    """(number, type, yiaddr, server id) of a DHCP reply, or None."""
    if len(packet) < 14 + 28 + 240 or packet[12:14] != b"\x08\x00" or packet[23] != 17:
        return None
    bootp = packet[14 + (packet[14] & 15) * 4 + 8:]
    if bootp[0] != 2 or bootp[236:240] != COOKIE:
        return None
    options, at = {}, 240
    while at + 1 < len(bootp) and bootp[at] != 255:
        if bootp[at] == 0:
            at += 1
            continue
        size = bootp[at + 1]
        options[bootp[at]] = bootp[at + 2:at + 2 + size]
        at += 2 + size
    return struct.unpack("!I", bootp[4:8])[0] - 1, options.get(53, b"\0")[0], bootp[16:20], options.get(54)


def main():
    global SEED
    INTERFACE, COUNT, SEED = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    wire.bind((INTERFACE, 0))
    waiting, started, acked = {}, 0, set()
    deadline = time.monotonic() + 30
    while len(acked) < COUNT and time.monotonic() < deadline:
        while len(waiting) < AT_ONCE and started < COUNT:
            waiting[started] = (time.monotonic(), discover(started))
            wire.send(waiting[started][1])
            started += 1
        if select.select([wire], [], [], 0.2)[0]:
            reply = parse(wire.recv(4096))
            if reply and reply[0] in waiting:
                number, kind, address, server = reply
                if kind == 2:
                    waiting[number] = (time.monotonic(), request(number, address, server))
                    wire.send(waiting[number][1])
                elif kind == 5:
                    print(json.dumps([mac_of(number).hex(":"), socket.inet_ntoa(address)]), flush=True)
                    acked.add(number)
                    del waiting[number]
        for number, (sent, packet) in list(waiting.items()):
            if time.monotonic() - sent > 1:
                waiting[number] = (time.monotonic(), packet)
                wire.send(packet)
    print(f"done {len(acked)}", flush=True)


if __name__ == "__main__":
    main()
