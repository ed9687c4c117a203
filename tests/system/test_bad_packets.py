"""Seconds of bad packets at every port: of each kind the log gets at most one line a second, which says how many others
there were, and whoever asks for something good is answered."""
import collections
import json
import re
import signal
import time

CONFIG = """\
interface=lan0
bind-interfaces
no-resolv
no-hosts
address=/here.test/192.0.2.1
dhcp-range=192.168.50.10,192.168.50.20,1h
dhcp-range=fd00:50::100,fd00:50::1ff,1h
enable-ra
enable-tftp
tftp-root={root}
"""
SECONDS = 3
# How the line of each kind begins.
KINDS = ["dropped: shorter than a header", "dropped: an answer where questions come", "dropped: malformed query",
         "dropped: opcode is not implemented", "dropped: malformed DHCP message", "dropped: malformed DHCPv6 message",
         "dropped: malformed router solicitation", "unsupported request", "unsupported write request", "cannot access",
         "ignoring packet", "error 8 bad received"]

SENDER = r"""
import json, random, socket, struct, sys, time
SERVER, ANY6 = "192.168.50.1", "ff02::1:2"
draw = random.Random(1)
index = socket.if_nametoindex("eth0")
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client4 = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client4.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
client4.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0\0")
client4.bind(("", 68))
udp6 = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
udp6.bind(("::", 546))
icmp6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
for sock in (udp6, icmp6):
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
question = b"\0\7\1\0\0\1\0\0\0\0\0\0\4here\4test\0\0\1\0\1"
dns = [b"abc", question[:2] + b"\x81" + question[3:], question[:-3], question[:2] + b"\x31" + question[3:]]
bootp = struct.pack("!BBBBI20x16s192x4s", 1, 1, 6, 0, 7, bytes([2, 0, 0, 0, 0, 9]), bytes.fromhex("63825363"))
dhcp4 = [bootp + b"\x35\x09\1", bootp + b"\x37\xff\1", b"\1\1\6"]
dhcp6 = [b"\1\0\0\7\0\1\x01\0abc", b"\1\0\0"]
tftp = [b"\0\x9f\0octet\0", b"\0\1f", b"\0\1good\0mail\0", b"\0\2f\0octet\0", b"\0\4\0\1",
        b"\0\1../../etc/passwd\0octet\0", b"\0\1..\\..\\x\0octet\0"]

def send(sock, packet, *to):
    try:
        sock.sendto(packet, *to)
    except OSError:
        pass  # the way was full, or the answer before this one was that nobody listens

def transfer():
    # One that another port meddles with, and that its client ends with an error.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.settimeout(2)
        own.sendto(b"\0\1good\0octet\0", (SERVER, 69))
        there = own.recvfrom(2000)[1]
        send(udp, b"\0\4\0\1", there)
        send(own, b"\0\5\0\x08bad\0", there)

def stream(packet):
    with socket.create_connection((SERVER, 53), 2) as tcp:
        tcp.sendall(struct.pack("!H", len(packet)) + packet)

end = time.monotonic() + float(sys.argv[1])
rounds = 0
while time.monotonic() < end:
    for packet in dns + [draw.randbytes(draw.randrange(1, 60))]:
        send(udp, packet, (SERVER, 53))
    for packet in dhcp4 + [draw.randbytes(draw.randrange(1, 400))]:
        send(client4, packet, ("255.255.255.255", 67))
    for packet in dhcp6 + [draw.randbytes(draw.randrange(1, 200))]:
        send(udp6, packet, (ANY6, 547, 0, index))
    for packet in tftp + [draw.randbytes(draw.randrange(1, 60))]:
        send(udp, packet, (SERVER, 69))
    for packet in (b"\x85\0\0\0\0\0\0\0\1\0", b"\x85\0\0\0\0\0\0\0\1\1\2"):
        send(icmp6, packet, ("ff02::2", 0, 0, index))
    if rounds % 10 == 0:
        transfer()
        for packet in dns[:3]:
            try:
                stream(packet)
            except OSError:
                pass
    rounds += 1
    time.sleep(0.005)
print(json.dumps(rounds))
"""


def kind_of(line):
    """Without what differs from packet to packet."""
    text = re.sub(r"^\S+\[\d+\]: ", "", line)
    text = re.sub(r" \(and \d+ more\)$", "", text)
    text = re.sub(r"^cannot access .*: Permission", "cannot access P: Permission", text)
    return re.sub(r"\b(\d+\.){3}\d+\b|\b[0-9a-f]*:[0-9a-f:]+", "A", text)


def test_one_line_a_second(network):
    root = network.folder / "boot"
    root.mkdir()
    (root / "good").write_bytes(b"x" * 2000)
    client = network.add_client("a", "192.168.50.9/24")
    network.link_local(client)
    server = network.linnet(CONFIG.format(root=root))
    network.link_local(network.server, "lan0")
    before = len(server.log())
    start = time.monotonic()
    rounds = json.loads(network.inside(client, "/usr/bin/python3", "-c", SENDER, SECONDS).stdout)
    assert rounds >= 30
    assert [row[3] for row in network.dig(client, "here.test")] == ["192.0.2.1"]  # and so all before it is read
    time.sleep(0.3)
    lines = server.log()[before:].splitlines()
    most = time.monotonic() - start + 1
    counts = collections.Counter(kind_of(line) for line in lines if "failed sending" not in line)
    assert {kind: count for kind, count in counts.items() if count > most} == {}, f"in {most} s"
    for kind in KINDS:
        told = [line for line in lines if f": {kind}" in line]
        assert len(told) >= 2, f"{kind}: {told}"
        assert re.search(r" \(and [1-9]\d* more\)$", told[1]), told
    # Where nothing is wrong but the end, each is told.
    assert sum("failed sending" in line for line in lines) >= (rounds + 9) // 10
    server.signal(signal.SIGUSR1)
    found = server.wait_for(r"malformed (\d+), wrong port (\d+)")
    assert int(found[2]) >= rounds // 10
    assert server.stop() == 0
