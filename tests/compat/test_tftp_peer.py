"""The same TFTP requests to linnet and to the peer, Debian's dnsmasq as a black box: every answer and every log line
has to be the same. What differs must stand in docs/differences-tftp.tsv with its reason, and must differ."""
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
DNSMASQ = shutil.which("dnsmasq", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
LINNET = os.environ.get("LINNET_BINARY")
EXPLAINED = [line.split("\t") for line in
             (HERE.parent.parent / "docs/differences-tftp.tsv").read_text().splitlines()[1:]]
WAIT, SILENCE = 1.0, 0.5

pytestmark = [
    pytest.mark.skipif(DNSMASQ is None, reason="no dnsmasq here to compare with"),
    pytest.mark.skipif(not LINNET, reason="LINNET_BINARY is not set"),
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root"),
]


def strings(*words):
    return b"".join((word.encode() if isinstance(word, str) else word) + b"\0" for word in words)


def send(packet, where="port", seconds=WAIT):
    return [where, packet.hex(), seconds]


def read(name, *options, mode="octet"):
    return send(b"\0\1" + strings(name, mode, *options))


def ack(block, seconds=WAIT, where="peer"):
    return send(b"\0\4" + block.to_bytes(2, "big"), where, seconds)


CANCEL = send(b"\0\5\0\0cancel\0", "peer", 0.05)
ASIDE = send(b"\0\5\0\0\0", "peer", 0.05)


def one(name, *options, mode="octet"):
    return [read(name, *options, mode=mode), CANCEL]


def raw(packet):
    return [send(packet, seconds=SILENCE), CANCEL]


PATHS = {f"path {name!r}": one(name) for name in [
    "f.bin", "/f.bin", "{root}/f.bin", "//f.bin", "./f.bin", "sub/f", "sub//f", "sub/../f.bin", "../f.bin", "..", "a..b",
    "..c", "x..", "sub", "sub/", "none", "sub/none", "\\f.bin", "sub\\f", "sub\\..\\f.bin", "F.BIN", "/etc/passwd", "link",
    "sub/up", "abs", "out", "private", "empty", "f.bin/", "f.bin/x", " ", "127.0.0.1/own", "own", "no\x01pe", "n\xc3\xa4",
    "a" * 300, "a/" * 200, "fol/f", "dangling"]}

CASES = {
    "plain": ("tftp-root={root}\nuser=root\n", {
        **PATHS,
        "whole file": [read("f.bin"), *[ack(n) for n in range(1, 10)], ack(10, SILENCE)],
        "whole file with options": [read("f.bin", "blksize", "1400", "tsize", "0"), ack(0), ack(1), ack(2), ack(3),
                                    ack(4, SILENCE)],
        "exact multiple": [read("exact"), ack(1), ack(2), ack(3, SILENCE)],
        "empty file": [read("empty"), ack(1, SILENCE)],
        "netascii": [read("text", mode="netascii"), ack(1, SILENCE)],
        "netascii with tsize": [read("text", "tsize", "0", mode="NETASCII"), ack(1, SILENCE)],
        "netascii over blocks": [read("lines", mode="netascii"), ack(1), ack(2), ack(3), ack(4, SILENCE)],
        "doubled acknowledgement": [read("f.bin"), ack(1), ack(1, SILENCE), ack(2), ack(1, SILENCE), ASIDE],
        "foreign acknowledgement": [read("f.bin"), ack(7, SILENCE), ack(1), ASIDE],
        "sent again": [read("f.bin"), ["listen", "", 4], ack(1), ASIDE],
        "greeting sent again": [read("f.bin", "blksize", "600"), ["listen", "", 4], ack(0), ASIDE],
        "data after the greeting only": [read("f.bin", "blksize", "600"), ack(1, SILENCE), ack(0), ASIDE],
        "a stranger's acknowledgement": [read("f.bin"), ack(1, SILENCE, "stranger"), ack(1), ASIDE],
        "error ends it": [read("f.bin"), ack(1), send(b"\0\5\0\3disk full\0", "peer", SILENCE), ack(2, SILENCE)],
        "mode mail": one("f.bin", mode="mail"),
        "mode of nothing": one("f.bin", mode=""),
        "mode OCTET": one("f.bin", mode="OCTET"),
        "write request": raw(b"\0\2" + strings("f.bin", "octet")),
        **{f"opcode {code}": raw(bytes([0, code]) + strings("f.bin", "octet")) for code in (0, 3, 4, 5, 6, 7, 99)},
        "no name": raw(b"\0\1" + strings("", "octet")),
        "no mode": raw(b"\0\1" + strings("f.bin")),
        "name without end": raw(b"\0\1f.bin"),
        "mode without end": raw(b"\0\1f.bin\0octet"),
        "only an opcode": raw(b"\0\1"),
        "one byte": raw(b"\0"),
        "NULs": raw(b"\0\1\0\0\0\0"),
        "option without value": one("f.bin", "blksize"),
        "option without end": raw(b"\0\1f.bin\0octet\0blksize\0001400"),
        "empty option": one("f.bin", "", ""),
        **{f"blksize {size}": one("f.bin", "blksize", size) for size in
           ("4", "7", "8", "511", "512", "1400", "1468", "1469", "70000", "0", "x", "1400x", "-1", " 1000", "")},
        "option in capitals": one("f.bin", "BLKSIZE", "1000"),
        "tsize 0": one("f.bin", "tsize", "0"),
        "tsize 77": one("f.bin", "tsize", "77"),
        "tsize x": one("f.bin", "tsize", "x"),
        "timeout": one("f.bin", "timeout", "3"),
        "windowsize": one("f.bin", "windowsize", "4"),
        "unknown option": one("f.bin", "multicast", ""),
        "known and unknown": one("f.bin", "tsize", "0", "foo", "1", "blksize", "1000"),
        "twice the same": one("f.bin", "blksize", "1000", "blksize", "600"),
    }),
    "as nobody": ("tftp-root={root}\ntftp-secure\ntftp-lowercase\ntftp-no-blocksize\nquiet-tftp\n", {
        "not ours": one("f.bin"), "ours": one("ours"), "ours in capitals": one("OURS", "blksize", "1000", "tsize", "0"),
        "nowhere": one("none"), "not readable": one("private")}),
    "own folders": ("tftp-root={root}\ntftp-unique-root\ntftp-mtu=600\nuser=root\n", {
        "mine": one("own"), "mine, absolute": one("/own"), "mine with the root": one("{root}/own"),
        "not mine": one("f.bin"), "out of mine": one("../f.bin"), "mtu": one("own", "blksize", "1400")}),
    "no root": ("user=root\n", {
        "absolute": one("{root}/f.bin"), "relative": one("f.bin"), "none": one("/none"), "a folder": one("{root}/sub"),
        "up": one("{root}/sub/../f.bin")}),
    "single port": ("tftp-root={root}\ntftp-single-port\nuser=root\n", {
        "a file": [read("f.bin", "blksize", "1400"), ack(0), ack(1), ack(2), ack(3), ack(4, SILENCE)],
        "cancelled": [read("f.bin"), ack(1), CANCEL, ack(2, SILENCE)]}),
}


@pytest.fixture(scope="module")
def root():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tftp_peer_", dir="/tmp"))
    folder.chmod(0o755)
    (folder / "sub").mkdir()
    (folder / "127.0.0.1").mkdir()
    content = bytes(i * 2654435761 >> 24 & 255 for i in range(5000))
    for name, data in {"f.bin": content, "exact": content[:1024], "empty": b"", "text": b"a\nb\r\nc\r\rd\n",
                       "lines": b"x\n" * 500, "a..b": b"dots", "..c": b"dots", "sub/f": b"sub", "private": b"private",
                       "ours": b"ours", "127.0.0.1/own": b"own"}.items():
        (folder / name).write_bytes(data)
        (folder / name).chmod(0o600 if name == "private" else 0o644)
    shutil.chown(folder / "ours", "nobody")
    for name, target in {"link": "f.bin", "sub/up": "../f.bin", "abs": folder / "f.bin", "out": "/etc/hostname",
                         "fol": "sub", "dangling": "nowhere"}.items():
        (folder / name).symlink_to(target)
    yield folder
    shutil.rmtree(folder)


def serve(program, config, root, conversations):
    """What each conversation brought, and the log."""
    name = f"tp{os.getpid()}{abs(hash((program, config))) % 100000}"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        binary = folder / "dnsmasq"
        binary.symlink_to(pathlib.Path(program).resolve())
        (folder / "conf").write_text(f"port=0\nenable-tftp\npid-file=\nlog-facility=-\ntftp-max=200\n"
                                     f"{config.format(root=root)}")
        subprocess.run(["ip", "netns", "add", name], check=True)
        inside = ["ip", "netns", "exec", name]
        try:
            subprocess.run([*inside, "sh", "-c", "ip link set lo mtu 1500 && ip link set lo up"], check=True)
            with open(folder / "log", "w") as log:
                server = subprocess.Popen([*inside, binary, "-k", "-C", folder / "conf"], stderr=log, stdout=log)
            deadline = time.monotonic() + 10
            while "TFTP" not in (folder / "log").read_text() and time.monotonic() < deadline:
                time.sleep(0.02)
            text = json.dumps(conversations).replace("{root}".encode().hex(), str(root).encode().hex())
            result = subprocess.run([*inside, "/usr/bin/python3", HERE / "tftp_talk.py", "127.0.0.1"], input=text,
                                    capture_output=True, text=True, timeout=60, check=True)
            server.terminate()
            server.wait(10)
            return json.loads(result.stdout), (folder / "log").read_text()
        finally:
            subprocess.run(["ip", "netns", "del", name], check=False)


def reason_for(kind, name):
    for row_kind, pattern, reason in EXPLAINED:
        if row_kind == kind and fnmatch.fnmatchcase(name, pattern):
            return reason
    return None


def lines_of(log):
    found = re.findall(r"^dnsmasq-tftp\[\d+\]: (.*)$", log, re.M)
    return sorted(found)


@pytest.fixture(scope="module")
def played(root):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        jobs = {(case, program): pool.submit(serve, program, config, root, conversations)
                for case, (config, conversations) in CASES.items() for program in (LINNET, DNSMASQ)}
        return {key: job.result() for key, job in jobs.items()}


@pytest.mark.parametrize("case", CASES)
def test_answers(played, case):
    ours, theirs = played[case, LINNET][0], played[case, DNSMASQ][0]
    wrong = []
    for name in CASES[case][1]:
        differs = ours[name] != theirs[name]
        reason = reason_for("answer", f"{case}: {name}")
        if differs and not reason:
            wrong.append(f"{name}:\n  ours   {ours[name]}\n  theirs {theirs[name]}")
        if reason and not differs:
            wrong.append(f"{name}: does not differ ({reason})")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("case", CASES)
def test_log(played, case):
    ours, theirs = lines_of(played[case, LINNET][1]), lines_of(played[case, DNSMASQ][1])
    wrong = []
    for side, lines, others in (("ours", ours, theirs), ("theirs", theirs, ours)):
        for line in sorted(set(lines)):
            if lines.count(line) > others.count(line) and not reason_for(f"log {side}", line):
                wrong.append(f"{side}: {lines.count(line) - others.count(line)} more: {line}")
    assert not wrong, "\n".join(wrong)


def test_count():
    assert sum(len(conversations) for _, conversations in CASES.values()) >= 100
