#!/usr/bin/python3
"""Clients that never rest, by raw frames: each gets a lease, renews it, reboots and asks for it again, or releases
it, until standard input ends. What the server promised is printed the moment it arrives, what is given back before
it is sent, each as a line of JSON: ["ack", mac, address] or ["release", mac, address].

    dhcp_storm.py INTERFACE CLIENTS AT_ONCE SEED"""
import json
import random
import select
import socket
import struct
import sys
import time

from dhcp_load import COOKIE, checksum, parse

INTERFACE, CLIENTS, AT_ONCE, SEED = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
RESEND_S = 0.02
GIVE_UP_S = 10


def option(code, value):
    return bytes([code, len(value)]) + value


class Client:
    def __init__(self, number):
        self.number = number
        self.mac = bytes([2, 0, 0, SEED, number >> 8, number & 255])
        self.address = None
        self.server = None
        self.waits_for = None  # the message type that ends what it does now
        self.packet, self.sent, self.begun = b"", 0.0, 0.0

    def frame(self, options, source=b"\0\0\0\0"):
        bootp = struct.pack("!BBBBIHH4s4s4s4s16s64s128s", 1, 1, 6, 0, self.number + 1, 0, 0, source, b"", b"", b"",
                            self.mac, b"", b"") + COOKIE + options + option(12, b"c%d" % self.number) + b"\xff"
        udp = struct.pack("!HHHH", 68, 67, 8 + len(bootp), 0) + bootp
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, source, b"\xff" * 4)
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        return b"\xff" * 6 + self.mac + b"\x08\x00" + ip + udp

    def ask(self, wire, options, waits_for, source=b"\0\0\0\0"):
        self.packet, self.waits_for = self.frame(options, source), waits_for
        self.begun = self.sent = time.monotonic()
        wire.send(self.packet)

    def begin(self, wire):
        """The next thing this client does; False when nothing is to be waited for."""
        what = random.random()
        if self.address is None:
            self.ask(wire, option(53, b"\1"), 2)
        elif what < 0.25 and self.server:
            say("release", self, self.address)
            packet = self.frame(option(53, b"\7") + option(54, self.server), self.address)
            self.address = None
            wire.send(packet)
            return False
        elif what < 0.6:
            self.ask(wire, option(53, b"\3") + option(50, self.address), 5)  # INIT-REBOOT
        else:
            self.ask(wire, option(53, b"\3"), 5, self.address)  # RENEWING
        return True

    def take(self, wire, kind, address, server):
        """True when it has what it wanted."""
        if kind == 6 and self.waits_for == 5:
            print(json.dumps(["nak", self.mac.hex(":"), self.address and socket.inet_ntoa(self.address)]), flush=True)
            self.address = None
            return True
        if kind != self.waits_for:
            return False
        if kind == 2:
            self.ask(wire, option(53, b"\3") + option(50, address) + option(54, server), 5)
            return False
        self.address, self.server = address, server
        say("ack", self, address)
        return True


def say(what, client, address):
    print(json.dumps([what, client.mac.hex(":"), socket.inet_ntoa(address)]), flush=True)


def replies(wire):
    """All that have arrived."""
    while True:
        try:
            reply = parse(wire.recv(4096, socket.MSG_DONTWAIT))
        except BlockingIOError:
            return
        if reply:
            yield reply


def answer_arp(arp, clients):
    """The server asks where a client that renews is: the client's machine would say."""
    while True:
        try:
            packet = arp.recv(64, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        owner = next((c for c in clients if c.address == packet[38:42]), None)
        if packet[20:22] == b"\0\1" and owner:
            arp.send(packet[6:12] + owner.mac + packet[12:20] + b"\0\2" + owner.mac + owner.address + packet[22:32])


def main():
    random.seed(SEED)
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    wire.bind((INTERFACE, 0))
    arp = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
    arp.bind((INTERFACE, 0))
    clients = [Client(number) for number in range(CLIENTS)]
    idle = list(clients)
    busy = {}
    while True:
        while len(busy) < AT_ONCE and idle:
            client = idle.pop(random.randrange(len(idle)))
            if client.begin(wire):
                busy[client.number] = client
            else:
                idle.append(client)
        readable = select.select([wire, arp, sys.stdin], [], [], RESEND_S / 2)[0]
        answer_arp(arp, clients)
        if sys.stdin in readable:
            return
        for reply in replies(wire) if wire in readable else ():
            client = busy.get(reply[0])
            if client and client.take(wire, *reply[1:]):
                idle.append(busy.pop(client.number))
        now = time.monotonic()
        for client in list(busy.values()):
            if now - client.begun > GIVE_UP_S:
                idle.append(busy.pop(client.number))
            elif now - client.sent > RESEND_S and wire not in readable:
                client.sent = now
                wire.send(client.packet)


main()
