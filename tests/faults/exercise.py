"""A client of every service: the fixed script that the fault tests go through again and again."""
import ctypes
import os
import pathlib
import select
import socket
import struct
import threading
import time

from conftest import wait_until
from dhcp_load import checksum, COOKIE, parse

SERVER, SERVER6 = "192.168.50.1", "fd00:50::1"
LIBC = ctypes.CDLL(None, use_errno=True)
TRIES, WAIT_S = 6, 0.25
UPSTREAM_ADDRESS = "192.0.2.77"


class Inside:
    """What is opened under it is in this network namespace."""

    def __init__(self, namespace):
        self.namespace = namespace

    def __enter__(self):
        self.before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.namespace}", os.O_RDONLY)
        assert LIBC.setns(there, 0x40000000) == 0
        os.close(there)

    def __exit__(self, *unused):
        assert LIBC.setns(self.before, 0x40000000) == 0
        os.close(self.before)


def question(name, number, kind=1):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


def answer_to(query, address=UPSTREAM_ADDRESS):
    """The true answer: one address, or none for another type."""
    end = query.index(b"\0", 12) + 5
    count = int(query[end - 4:end - 2] == b"\0\1")
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(address)
    return query[:2] + struct.pack("!HHHHH", 0x8180, 1, count, 0, 0) + query[12:end] + record * count


def truth(server, query, client):
    server.udp.sendto(answer_to(query), client)


def silence(server, query, client):
    pass


class Upstream:
    """A server that answers each question, or does what `behave(server, query, client)` does."""

    def __init__(self, namespace, behave=truth, address="127.0.0.11", port=53):
        with Inside(namespace):
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.tcp = socket.create_server((address, port))
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.udp.bind((address, port))
        self.behave = behave
        self.asked, self.asked_tcp = 0, 0
        self.answers_tcp = True  # else a connection is closed at once
        self.running = True
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while self.running:
            for sock in select.select([self.udp, self.tcp], [], [], 0.2)[0]:
                try:
                    self.take(sock)
                except OSError:
                    pass

    def take(self, sock):
        if sock is self.udp:
            query, client = sock.recvfrom(4096)
            self.asked += 1
            self.behave(self, query, client)
            return
        connection, _ = sock.accept()
        with connection:
            if not self.answers_tcp:
                return
            connection.settimeout(1)
            query = connection.recv(4096)
            self.asked_tcp += 1
            reply = answer_to(query[2:])
            connection.sendall(struct.pack("!H", len(reply)) + reply)
            connection.recv(1)

    def close(self):
        if not self.running:
            return
        self.running = False
        self.thread.join()
        self.udp.close()
        self.tcp.close()


def frame(mac, number, options, source=b"\0\0\0\0"):
    bootp = struct.pack("!BBBBIHH4s4s4s4s16s64s128s", 1, 1, 6, 0, number + 1, 0, 0, source, b"", b"", b"", mac,
                        b"", b"") + COOKIE + options + b"\xff"
    udp = struct.pack("!HHHH", 68, 67, 8 + len(bootp), 0) + bootp
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, source, b"\xff" * 4)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return b"\xff" * 6 + mac + b"\x08\x00" + ip + udp


class Client:
    """Every kind of client at once, in one namespace."""

    def __init__(self, namespace):
        self.turn = 0
        self.leases = set()   # (mac, address) acknowledged
        self.leases6 = set()  # addresses
        with Inside(namespace):
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.tftp_socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
            self.wire.bind(("eth0", 0))
            self.six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            self.scope = socket.if_nametoindex("eth0")
            self.wait_for_link(self.six)
        self.namespace = namespace

    def wait_for_link(self, sock):
        """Its link-local address is checked for a twin first."""
        def bound():
            for row in pathlib.Path("/proc/thread-self/net/if_inet6").read_text().splitlines():
                words = row.split()
                if words[0].startswith("fe80") and words[5] == "eth0" and not int(words[4], 16) & 0x40:
                    text = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(words[0]))
                    sock.bind((text, 546, 0, self.scope))
                    return True
            return False
        wait_until(bound, 10, "a link-local address")

    def close(self):
        for sock in (self.udp, self.tftp_socket, self.wire, self.six):
            sock.close()

    @staticmethod
    def ask(sock, send, take, tries=TRIES):
        """Sends until something that `take` likes arrives; what take made of it, or None."""
        for _ in range(tries):
            send()
            end = time.monotonic() + WAIT_S
            while select.select([sock], [], [], max(0, end - time.monotonic()))[0]:
                taken = take(sock.recvfrom(65536))
                if taken is not None:
                    return taken
        return None

    def dns(self, name, kind=1, tries=TRIES):
        """The reply's (rcode, count of answers) by UDP."""
        self.turn += 1
        number = self.turn & 0xffff
        query = question(name, number, kind)

        def take(arrived):
            reply = arrived[0]
            if len(reply) < 12 or struct.unpack("!H", reply[:2])[0] != number or reply[3] & 15 in (2, 5):
                return None  # SERVFAIL and REFUSED are asked again, as a stub does
            return reply[3] & 15, struct.unpack("!H", reply[6:8])[0]
        return self.ask(self.udp, lambda: self.udp.sendto(query, (SERVER, 53)), take, tries)

    def put(self, name, kind=1):
        """A question whose answer nobody waits for."""
        self.turn += 1
        self.udp.sendto(question(name, self.turn & 0xffff, kind), (SERVER, 53))

    def dns_tcp(self, name, tries=TRIES):
        self.turn += 1
        query = question(name, self.turn & 0xffff)
        for _ in range(tries):
            with Inside(self.namespace):
                sock = socket.socket()
            try:
                sock.settimeout(WAIT_S * 2)
                sock.connect((SERVER, 53))
                sock.sendall(struct.pack("!H", len(query)) + query)
                reply = sock.recv(4096)
                if len(reply) > 14 and reply[5] & 15 == 0:
                    return reply[5] & 15, struct.unpack("!H", reply[8:10])[0]
            except OSError:
                pass
            finally:
                sock.close()
        return None

    def dhcp(self, number, tries=TRIES):
        """A whole exchange of a client; its address."""
        mac = bytes([2, 0, 0, 9, number >> 8 & 255, number & 255])

        def exchange(options, wanted):
            def take(arrived):
                reply = parse(arrived[0])
                return reply if reply and reply[0] == number and reply[1] == wanted else None
            return self.ask(self.wire, lambda: self.wire.send(frame(mac, number, options)), take, tries)
        offer = exchange(b"\x35\x01\x01", 2)
        ack = offer and exchange(b"\x35\x01\x03\x32\x04" + offer[2] + b"\x36\x04" + offer[3], 5)
        if not ack:
            return None
        self.leases.add((mac.hex(":"), socket.inet_ntoa(ack[2])))
        return socket.inet_ntoa(ack[2])

    def dhcp6(self, number, tries=TRIES):
        """SOLICIT with rapid commit; the address."""
        xid = struct.pack("!I", 1 << 24 | number & 0xffffff)
        duid = struct.pack("!HHHH", 1, 10, 3, 1) + bytes([2, 0, 0, 9, number >> 8 & 255, number & 255])
        message = xid + duid + struct.pack("!HH", 14, 0) + struct.pack("!HHIII", 3, 12, number, 0, 0)

        def take(arrived):
            reply = arrived[0]
            at = reply.find(struct.pack("!HH", 5, 24))
            if reply[:4] != b"\7" + xid[1:] or at < 0:
                return None
            return socket.inet_ntop(socket.AF_INET6, reply[at + 4:at + 20])
        target = ("ff02::1:2", 547, 0, self.scope)
        address = self.ask(self.six, lambda: self.six.sendto(message, target), take, tries)
        if address:
            self.leases6.add(address)
        return address

    def tftp(self, name, size, tries=TRIES):
        """True when the whole file came."""
        request = b"\0\1" + name.encode() + b"\0octet\0"
        for _ in range(tries):
            with Inside(self.namespace):
                sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            got, wanted, target, packet = 0, 1, (SERVER, 69), request
            try:
                for _ in range(size // 512 + 8):
                    sock.sendto(packet, target)
                    if not select.select([sock], [], [], WAIT_S)[0]:
                        continue
                    data, where = sock.recvfrom(2048)
                    if data[:4] != struct.pack("!HH", 3, wanted):
                        if data[:2] == b"\0\5":
                            break
                        continue
                    got, target, packet = got + len(data) - 4, where, struct.pack("!HH", 4, wanted)
                    wanted += 1
                    if len(data) < 516:
                        sock.sendto(packet, target)
                        break
            except OSError:
                pass
            finally:
                sock.close()
            if got == size:
                return True
        return False

    def everything(self, fresh):
        """Goes through all services; the names of those that did not serve. `fresh` is in new names and clients."""
        done = {
            "local name": self.dns("local.test") == (0, 1),
            "forwarded name": self.dns(f"n{fresh}.up.test") == (0, 1),
            "name by TCP": self.dns_tcp("local.test") == (0, 1),
            "forwarded by TCP": self.dns_tcp(f"t{fresh}.up.test") == (0, 1),
            "DHCPv4": self.dhcp(fresh) is not None,
            "DHCPv6": self.dhcp6(fresh) is not None,
            "TFTP": self.tftp("file", 1300),
        }
        return [name for name, good in done.items() if not good]
