"""netboot= without machines: what is served by HTTP and TFTP and what is not, whole or in parts, to how many at
once; and which file a client of DHCP is told, also after the folder has changed."""
import os
import shutil
import socket
import struct
import threading
import time

import pytest

from conftest import lacks, run

CURL = shutil.which("curl")
SERVER = "192.168.50.1"

pytestmark = [
    pytest.mark.skipif(CURL is None, reason="no curl here"),
    pytest.mark.skipif(bool(lacks("netboot-http")), reason=str(lacks("netboot-http"))),
]

COMMON = "port=0\ninterface=lan0\nno-ping\ndhcp-range=192.168.50.100,192.168.50.150,1h\n"
PXE_BIOS = (b"PXEClient:Arch:00000:UNDI:002001", 0)
PXE_UEFI = (b"PXEClient:Arch:00007:UNDI:003016", 7)
HTTP_UEFI = (b"HTTPClient:Arch:00016:UNDI:003001", 16)


@pytest.fixture
def site(network):
    """A folder with this and that, and around it what nobody must get."""
    root = network.folder / "boot"
    (root / "sub").mkdir(parents=True)
    (root / "bootx64.efi").write_bytes(os.urandom(300_000))
    (root / "with blank.txt").write_text("blank")
    (root / "sub/inner.txt").write_text("inner")
    (root / "empty").write_text("")
    (root / "private").write_text("private")
    (root / "private").chmod(0o600)
    (network.folder / "outside.txt").write_text("outside")
    (root / "out").symlink_to("../outside.txt")
    (root / "in").symlink_to("sub/inner.txt")
    os.mkfifo(root / "fifo")
    network.folder.chmod(0o755)
    network.root = root
    network.client = network.add_client("c", "192.168.50.9/24")
    network.inside(network.client, "ip", "addr", "add", "fd00:50::9/64", "dev", "eth0", "nodad")
    return network


def curl(site, path, *words, address=SERVER, namespace=None):
    """Status, length and body."""
    body = site.folder / "body"
    body.unlink(missing_ok=True)
    result = site.inside(namespace or site.client, CURL, "-s", "-g", "--path-as-is", "-m", "10", "-o", body, "-w",
                         "%{http_code} %header{content-range} %header{content-type}", *words,
                         f"http://{address}{path}", check=False)
    code, rest = result.stdout.split(" ", 1)
    return int(code), rest.strip(), body.read_bytes() if body.exists() else b""


def test_what_is_served(site):
    server = site.linnet(f"{COMMON}netboot={site.root}\n")
    efi = (site.root / "bootx64.efi").read_bytes()
    rows = [
        ("/bootx64.efi", 200, efi), ("//bootx64.efi", 200, efi), ("/sub/inner.txt", 200, b"inner"),
        ("/with%20blank.txt", 200, b"blank"), ("/empty", 200, b""), ("/in", 200, b"inner"),
        ("/bootx64.efi?mac=1", 200, efi),
        ("/none", 404, b""), ("/bootx64.efi/", 404, b""), ("/", 404, b""), ("/sub", 404, b""), ("/sub/", 404, b""),
        ("/../outside.txt", 403, b""), ("/sub/../../outside.txt", 403, b""), ("/%2e%2e/outside.txt", 403, b""),
        ("/..%2foutside.txt", 403, b""), ("/out", 403, b""), ("/private", 403, b""), ("/fifo", 403, b""),
        (f"{site.folder}/outside.txt", 404, b""), ("/" + "a" * 5000, None, b""),
    ]
    for path, code, body in rows:
        got = curl(site, path)
        assert (code is None or got[0] == code) and got[2] == body, f"{path[:60]}: {got[0]} {got[2][:40]!r}"
    assert curl(site, "/bootx64.efi")[1] == "application/efi"
    assert curl(site, "/bootx64.efi", address="[fd00:50::1]")[0] == 200
    assert curl(site, "/bootx64.efi", "-I")[0] == 200
    for method in ("POST", "PUT", "DELETE"):
        assert curl(site, "/bootx64.efi", "-X", method, "-d", "x" * 5000)[0] == 405
    log = server.log()
    assert f"linnet-tftp" in log and f"sent {site.root}/bootx64.efi to 192.168.50.9 by HTTP" in log
    assert f"file {site.root}/none not found for 192.168.50.9 by HTTP" in log
    assert f"cannot access {site.root}/../outside.txt for 192.168.50.9 by HTTP" in log
    assert server.stop() == 0, server.log()


def test_parts(site):
    site.linnet(f"{COMMON}netboot={site.root}\nnetboot-http=8080\n")
    efi = (site.root / "bootx64.efi").read_bytes()
    address = f"{SERVER}:8080"
    for field, code, shown, body in [
            ("0-99", 206, "bytes 0-99/300000", efi[:100]), ("299990-", 206, "bytes 299990-299999/300000", efi[-10:]),
            ("-10", 206, "bytes 299990-299999/300000", efi[-10:]), ("300000-", 416, "bytes */300000", b""),
            ("5-1", 200, "", efi)]:
        got = curl(site, "/bootx64.efi", "-H", f"Range: bytes={field}", address=address)
        assert got[0] == code and got[1].startswith(shown) and got[2] == body, f"{field}: {got[:2]} {len(got[2])}"


def ask(site, request, seconds=8):
    """What comes back for some bytes on a connection, until the server closes it."""
    def talk():
        with socket.create_connection((SERVER, 80), timeout=5) as connection:
            connection.settimeout(seconds)
            connection.sendall(request)
            answer = b""
            while True:
                try:
                    more = connection.recv(65536)
                except OSError as error:
                    return answer + str(error).encode()
                if not more:
                    return answer
                answer += more
    return in_namespace(site.client, talk)


def test_what_belongs_together(site):
    """If-Range, HEAD with a range, and what is logged and counted as sent."""
    server = site.linnet(f"{COMMON}netboot={site.root}\n")
    efi = (site.root / "bootx64.efi").read_bytes()

    def tag():
        lines = ask(site, b"HEAD /bootx64.efi HTTP/1.0\r\n\r\n").decode().lower().split("\r\n")
        return next(line.split(": ", 1)[1] for line in lines if line.startswith("etag: "))

    def part(condition):
        return curl(site, "/bootx64.efi", "-H", "Range: bytes=5-9", "-H", f"If-Range: {condition}")
    first = tag()
    assert first.startswith('"') and tag() == first
    assert part(first)[0] == 206 and part(first)[2] == efi[5:10]
    assert part("Sun, 06 Nov 1994 08:49:37 GMT")[2] == efi
    (site.root / "new").write_bytes(efi[::-1])
    (site.root / "new").rename(site.root / "bootx64.efi")
    assert tag() != first
    assert part(first)[0] == 200 and part(first)[2] == efi[::-1]
    head = ask(site, b"HEAD /bootx64.efi HTTP/1.0\r\nRange: bytes=0-9\r\n\r\n").decode().lower()
    assert head.startswith("http/1.") and " 200 " in head and "content-length: 300000" in head
    log = server.log()
    assert log.count(f"sent {site.root}/bootx64.efi bytes 5-9/300000 to 192.168.50.9 by HTTP") == 2, log
    assert log.count(f"sent {site.root}/bootx64.efi to 192.168.50.9 by HTTP") == 3, log
    server.signal(10)
    server.wait_for("3 files and 2 parts sent")


def test_odd_requests(site):
    """A body with GET, a target with scheme and host, and bodies that nobody wants."""
    site.linnet(f"{COMMON}netboot={site.root}\n")
    body = b"GET /sub/inner.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 9000\r\n\r\n" + b"x" * 9000
    assert ask(site, body).endswith(b"\r\n\r\ninner")
    for target in ("http://x/sub/inner.txt", "HTTP://[::1]:80/sub/inner.txt?a=b"):
        answer = ask(site, f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert answer.endswith(b"\r\n\r\ninner"), answer
    assert b" 403 " in ask(site, b"GET http://x/../outside.txt HTTP/1.0\r\n\r\n")
    assert b" 404 " in ask(site, b"GET http://x HTTP/1.0\r\n\r\n")
    started = time.monotonic()
    answer = ask(site, b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n")
    assert b" 405 " in answer.split(b"\r\n")[0]
    assert time.monotonic() - started < 3, "the connection waits for the body"


def test_the_folder_is_swapped(site):
    """A release is changed by its symbolic link: HTTP, TFTP and the listing of DHCP follow."""
    for release in ("one", "two"):
        (site.folder / release).mkdir()
        (site.folder / release / "version").write_text(release)
    (site.folder / "two/undionly.kpxe").write_text("x")
    link = site.folder / "release"
    server = site.linnet(f"{COMMON}netboot={link}\ntftp-no-fail\n")
    assert "inaccessible" in server.log()
    assert curl(site, "/version")[0] == 404
    link.symlink_to("one")
    assert curl(site, "/version")[2] == b"one"
    assert discover(site, PXE_BIOS, number=1)[1] == ""
    (site.folder / "next").symlink_to("two")
    (site.folder / "next").rename(link)
    assert curl(site, "/version")[2] == b"two"
    time.sleep(1.1)
    assert discover(site, PXE_BIOS, number=2)[1] == "undionly.kpxe"


def test_only_what_is_served_is_listed(site):
    (site.root / "pxelinux.0").write_text("x")
    (site.root / "pxelinux.0").chmod(0o640)
    (site.root / "undionly.kpxe").write_text("x")
    server = site.linnet(f"{COMMON}netboot={site.root}\ntftp-unique-root\n")
    assert "with tftp-unique-root" in server.log()
    assert discover(site, PXE_BIOS)[1] == "undionly.kpxe"


@pytest.mark.parametrize("line", ["except-interface=lan0", "no-dhcp-interface=lan0", "enable-tftp=eth9"])
def test_who_is_admitted(site, line):
    """Whom TFTP does not serve gets nothing by HTTP."""
    server = site.linnet(f"{COMMON}{line}\nnetboot={site.root}\n")
    assert curl(site, "/bootx64.efi")[0] == 0
    assert curl(site, "/bootx64.efi", address="[fd00:50::1]")[0] == 0
    server.signal(10)
    server.wait_for(r"HTTP: 2 connections \(2 not admitted, ")


def test_off_and_addresses(site):
    server = site.linnet(f"{COMMON}netboot={site.root}\nnetboot-http=off\n")
    assert curl(site, "/bootx64.efi")[0] == 0
    server.stop()
    server = site.linnet(f"{COMMON}netboot={site.root}\nnetboot-http={SERVER}:81\n")
    assert curl(site, "/bootx64.efi", address=f"{SERVER}:81")[0] == 200
    assert curl(site, "/bootx64.efi", address="[fd00:50::1]:81")[0] == 0
    server.stop()
    taken = site.start(site.server, "/usr/bin/python3", "-m", "http.server", "80", "--directory", site.root)
    taken.wait_for("Serving")
    server = site.linnet(f"{COMMON}netboot={site.root}\n", wait=None)
    assert server.process.wait(10) == 2
    assert "cannot listen for HTTP on 0.0.0.0#80: Address already in use" in server.log(), server.log()


def test_a_missing_folder(site):
    server = site.linnet(f"{COMMON}netboot={site.folder}/none\n", wait=None)
    assert server.process.wait(10) == 3
    assert "none inaccessible: No such file or directory" in server.log(), server.log()


def in_namespace(namespace, work):
    """Runs it in a thread that has entered the namespace, and returns what it returns."""
    result = []

    def enter():
        with open(f"/var/run/netns/{namespace}") as file:
            if libc_setns(file.fileno()) != 0:
                raise OSError("setns")
        result.append(work())
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join(60)
    assert result, "the thread has failed"
    return result[0]


def libc_setns(fd):
    import ctypes
    return ctypes.CDLL(None, use_errno=True).setns(fd, 0x40000000)


def test_the_slow_do_not_keep_others_out(site):
    """Four addresses have all the connections there are and say a little now and then. Another client is served at
    once, and those that do not get on are shown out, the head of their request never being there."""
    server = site.linnet(f"{COMMON}netboot={site.root}\n")
    other = site.add_client("o", "192.168.50.10/24")
    slow = [f"192.168.50.{number}" for number in range(11, 15)]
    for address in slow:
        site.inside(site.client, "ip", "addr", "add", f"{address}/24", "dev", "eth0")

    def stick():
        stuck = []
        for i in range(40 * len(slow)):
            connection = socket.create_connection((SERVER, 80), timeout=5, source_address=(slow[i % len(slow)], 0))
            connection.sendall(b"GET /bootx64.efi HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            stuck.append(connection)
        return stuck
    stuck = in_namespace(site.client, stick)
    started = time.monotonic()
    time.sleep(1.2)
    for _ in range(3):
        assert curl(site, "/bootx64.efi", namespace=other)[0] == 200
    assert time.monotonic() - started < 5
    gone = set()
    while len(gone) < len(stuck) and time.monotonic() - started < 14:
        time.sleep(0.5)
        for connection in stuck:
            try:
                connection.send(b"x")
            except OSError:
                gone.add(connection)
    assert len(gone) == len(stuck), f"{len(gone)} of {len(stuck)}"
    assert curl(site, "/bootx64.efi")[0] == 200
    server.signal(10)
    server.wait_for(r"HTTP: 164 connections \(0 not admitted, 32 refused, 128 ended\)")
    for connection in stuck:
        connection.close()


def test_many_at_once(site):
    server = site.linnet(f"{COMMON}netboot={site.root}\n")
    efi = (site.root / "bootx64.efi").read_bytes()
    config = site.folder / "curl.conf"
    config.write_text("".join(f"url = http://{SERVER}/bootx64.efi\noutput = {site.folder}/many{i}\n" for i in range(60)))
    site.inside(site.client, CURL, "-s", "-Z", "--parallel-max", "30", "--parallel-immediate", "-m", "30", "-K", config)
    assert all((site.folder / f"many{i}").read_bytes() == efi for i in range(60))
    server.signal(10)
    server.wait_for(r"HTTP: \d+ connections \(0 not admitted, 0 refused, 0 ended\), 60 requests, 60 files and 0 parts sent")


# ---------------------------------------------------------------- DHCP

def discover(site, client, user_class=None, number=1):
    """What is offered to a client: next server, file, options 60 and 67."""
    vendor, system = client
    options = [(53, b"\x01"), (60, vendor), (93, struct.pack(">H", system)), (55, b"\x01\x03\x3c\x42\x43")]
    if user_class:
        options.append((77, user_class))
    packet = struct.pack(">BBBBIHH16s6s10x64s128sI", 1, 1, 6, 0, number, 0, 0x8000, bytes(16),
                         bytes([2, 0, 0, 0, 1, number]), b"", b"", 0x63825363)
    packet += b"".join(bytes([code, len(value)]) + value for code, value in options) + b"\xff"

    def ask():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client_socket:
            client_socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            client_socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
            client_socket.bind(("", 68))
            client_socket.settimeout(5)
            client_socket.sendto(packet, ("255.255.255.255", 67))
            return client_socket.recv(2048)
    reply = in_namespace(site.client, ask)
    file = reply[108:236].split(b"\0")[0]
    found, at = {}, 240
    while reply[at] != 255:
        if reply[at] == 0:
            at += 1
            continue
        found[reply[at]] = reply[at + 2:at + 2 + reply[at + 1]]
        at += 2 + reply[at + 1]
    return socket.inet_ntoa(reply[20:24]), (found.get(67) or file).rstrip(b"\0").decode(), found.get(60, b"").decode()


def test_which_file(site):
    for name in ("pxelinux.0", "boot.ipxe"):
        (site.root / name).write_text("x")
    server = site.linnet(f"{COMMON}netboot={site.root}\ndhcp-match=set:arm,option:client-arch,11\n"
                         "dhcp-boot=tag:arm,arm.efi\n")
    assert discover(site, PXE_BIOS, number=1) == (SERVER, "pxelinux.0", "")
    assert discover(site, PXE_UEFI, number=2) == (SERVER, "bootx64.efi", "")
    assert discover(site, HTTP_UEFI, number=3) == (SERVER, f"http://{SERVER}/bootx64.efi", "HTTPClient")
    assert discover(site, PXE_BIOS, b"iPXE", number=4) == (SERVER, f"http://{SERVER}/boot.ipxe", "")
    assert discover(site, (b"PXEClient", 11), number=5)[1] == "arm.efi"
    assert discover(site, (b"udhcp 1.36", 0), number=6)[1] == ""
    assert discover(site, (b"PXEClient", 77), number=7)[1] == ""
    assert discover(site, (b"PXEClient", 77), number=8)[1] == ""
    server.wait_for("no boot file for architecture 77; another file: dhcp-match=set:arch77,option:client-arch,77")
    assert server.log().count("architecture 77") == 1


def test_the_folder_changes(site):
    site.linnet(f"{COMMON}netboot={site.root}\n")
    assert discover(site, PXE_BIOS, number=1)[1] == ""
    (site.root / "undionly.kpxe").write_text("x")
    time.sleep(1.1)
    assert discover(site, PXE_BIOS, number=2)[1] == "undionly.kpxe"
    (site.root / "pxelinux.0").write_text("x")
    time.sleep(1.1)
    assert discover(site, PXE_BIOS, number=3)[1] == "pxelinux.0"


def test_tftp_shows_nothing_else(site):
    site.linnet(f"{COMMON}netboot={site.root}\n")
    efi = (site.root / "bootx64.efi").read_bytes()
    got = site.folder / "got"
    site.inside(site.client, CURL, "-s", "-m", "10", "-o", got, f"tftp://{SERVER}/bootx64.efi")
    assert got.read_bytes() == efi
    for path in ("/etc/passwd", f"{site.folder}/outside.txt", "../outside.txt", "private"):
        result = site.inside(site.client, CURL, "-s", "--path-as-is", "-m", "10", "-o", "/dev/null",
                             f"tftp://{SERVER}/{path}", check=False)
        assert result.returncode != 0, path
