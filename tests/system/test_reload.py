"""Reading files anew while clients ask: no gap in service, the last good content of a file that cannot be
read, folders that are watched."""
import os
import signal
import subprocess
import time

import pytest

from conftest import BINARY, wait_until

NAMES = 1000000
GAP_MS = 100  # generous: the machine may be busy; bench/reload_gap.py measures in earnest

ASKER = r"""
import select, socket, struct, sys, time
# Questions every half millisecond, from a file of names, until stdin ends: the longest time without an answer.
names = sys.argv[2].split(",")
def question(number, name):
    labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split("."))
    return struct.pack(">HHHHHH", number & 0xffff, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.connect((sys.argv[1], 53))
sock.setblocking(False)
clock = time.perf_counter
waiting, sent, received, longest, last, late = {}, 0, 0, 0.0, clock(), 0.0
following, end = last, None
while end is None or (waiting and clock() < end):
    now = clock()
    if end is None and select.select([sys.stdin], [], [], 0)[0]:
        end = now + 2
    if end is None and now >= following:
        late = max(late, now - following)
        if not waiting:
            last = now
        sent += 1
        waiting[sent & 0xffff] = now
        sock.send(question(sent, names[sent % len(names)]))
        following = max(following + 0.0005, now - 0.005)
    select.select([sock], [], [], max(0, min(following - clock(), 0.0005)))
    try:
        while True:
            answer = sock.recv(4096)
            now = clock()
            asked = waiting.pop(struct.unpack(">H", answer[:2])[0], None)
            if asked is not None:
                received += 1
                longest = max(longest, now - max(last, asked))
            last = now
    except BlockingIOError:
        pass
print(sent, sent - received, longest * 1000, late * 1000)
"""


def start_asker(network, address, names):
    return subprocess.Popen(["ip", "netns", "exec", network.server, "/usr/bin/python3", "-c", ASKER, address,
                             ",".join(names)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def finish_asker(process):
    out, _ = process.communicate("", timeout=30)
    sent, lost, gap, late = out.split()
    return int(sent), int(lost), float(gap), float(late)


def addresses(network, name):
    return sorted(row[3] for row in network.dig(network.server, name, "A"))


def reload(server, times=1):
    before = server.log().count("cleared cache")
    for _ in range(times):
        server.signal(signal.SIGHUP)
    wait_until(lambda: server.log().count("cleared cache") > before, 60, "reload")


CONFIG = """
interface=lan0
no-resolv
no-hosts
"""


@pytest.mark.parametrize("threads", [1, 2])
def test_no_gap(network, tmp_path, threads):
    """A million names in a hosts file and as many in the servers-file, read again and again."""
    hosts, servers = tmp_path / "hosts", tmp_path / "servers"
    text = "".join(f"0.0.0.0 host{i}.ads{i % 9973}.example\n" for i in range(NAMES))
    hosts.write_text(text + "192.0.2.1 local.test\n192.0.2.2 once.test\n")
    rules = "".join(f"server=/host{i}.deny{i % 9973}.example/\n" for i in range(NAMES))
    servers.write_text(rules)
    server = network.linnet(f"{CONFIG}addn-hosts={hosts}\nservers-file={servers}\nserver=127.0.0.1#5399\n"
                            f"address=/literal.test/192.0.2.3\ndns-threads={threads}\n", wait=None)
    server.wait_for(r"using only locally-known", 60)
    wait_until(lambda: addresses(network, "local.test") == ["192.0.2.1"], 30, "the first answer")
    asker = start_asker(network, "192.168.50.1", ["local.test", "literal.test", "host7.deny7.example"])
    for number in range(3):
        hosts.write_text(text + f"192.0.2.1 local.test\n192.0.2.2 round{number}.test\n")
        servers.write_text(rules + f"server=/round{number}.deny/\n")
        reload(server)
        assert addresses(network, f"round{number}.test") == ["192.0.2.2"]
        time.sleep(0.5)
    sent, lost, gap, late = finish_asker(asker)
    print(f"{threads} threads: {sent} questions, {lost} lost, longest gap {gap:.2f} ms (asker late {late:.2f} ms)")
    assert lost == 0
    assert gap < GAP_MS + late
    assert addresses(network, "once.test") == []
    assert server.stop() == 0


def test_asked_for_meanwhile(network, tmp_path):
    """Signals during a load are heard once, behind it; a stop does not wait for all of it."""
    hosts = tmp_path / "hosts"
    hosts.write_text("".join(f"0.0.0.0 host{i}.example\n" for i in range(200000)))
    server = network.linnet(f"{CONFIG}addn-hosts={hosts}\n", wait=None)
    server.wait_for(r"read .*hosts - 200000 names", 30)
    for _ in range(20):
        server.signal(signal.SIGHUP)
        time.sleep(0.005)
    time.sleep(3)
    assert 1 <= server.log().count("cleared cache") <= 20
    server.signal(signal.SIGHUP)
    assert server.stop() == 0


def test_last_good_content(network, tmp_path):
    hosts, folder, servers = tmp_path / "hosts", tmp_path / "hosts.d", tmp_path / "servers"
    folder.mkdir()
    hosts.write_text("192.0.2.1 one.test\n")
    (folder / "a").write_text("192.0.2.2 two.test\n")
    servers.write_text("server=/deny.test/\n")
    server = network.linnet(f"{CONFIG}addn-hosts={hosts}\naddn-hosts={folder}\nservers-file={servers}\n")
    wait_until(lambda: addresses(network, "one.test") == ["192.0.2.1"])
    hosts.unlink()
    servers.write_text("something else\n")
    (folder / "a").unlink()
    (folder / "b").write_text("oops\n192.0.2.3 three.test\n")
    reload(server)
    server.wait_for(rf"failed to load names from {hosts}: No such file or directory")
    server.wait_for(rf"keeping the 1 names last read from {hosts}")
    server.wait_for(rf"bad address at {folder}/b line 1")
    server.wait_for(rf"bad option at line 1 of {servers}")
    assert addresses(network, "one.test") == ["192.0.2.1"]
    assert addresses(network, "two.test") == []
    assert addresses(network, "three.test") == ["192.0.2.3"]
    assert network.dig_status(network.server, "x.deny.test") == "NXDOMAIN"
    servers.unlink()
    hosts.write_text("192.0.2.4 one.test\n")
    reload(server)
    server.wait_for(rf"cannot read {servers}: No such file or directory")
    assert addresses(network, "one.test") == ["192.0.2.4"]
    assert network.dig_status(network.server, "x.deny.test") == "NXDOMAIN"
    assert server.stop() == 0


def test_denied_file(network, tmp_path):
    """Somebody without rights reads: nobody's, that is, not root."""
    folder = tmp_path / "open"
    folder.mkdir()
    for path in (folder, *folder.parents):
        if path.stat().st_uid == os.getuid():
            path.chmod(path.stat().st_mode | 0o055)
    hosts = folder / "hosts"
    hosts.write_text("192.0.2.1 one.test\n")
    hosts.chmod(0o644)
    config = folder / "config"
    config.write_text(f"{CONFIG}addn-hosts={hosts}\n")
    server = network.start(network.server, BINARY, "-k", "-C", config, "--pid-file=", "--log-facility=-", "-u",
                           "nobody", "-g", "nogroup")
    server.wait_for(r"started, version")
    wait_until(lambda: addresses(network, "one.test") == ["192.0.2.1"])
    hosts.chmod(0)
    reload(server)
    server.wait_for(rf"failed to load names from {hosts}: Permission denied")
    assert addresses(network, "one.test") == ["192.0.2.1"]
    assert server.stop() == 0


def test_hostsdir(network, tmp_path):
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "first").write_text("192.0.2.1 one.test uno.test\n")
    server = network.linnet(f"{CONFIG}hostsdir={folder}\nhostsdir={tmp_path / 'missing'}\n")
    server.wait_for(rf"read {folder}/first - 2 names")
    server.wait_for(rf"bad dynamic directory {tmp_path}/missing: No such file or directory")

    def becomes(name, expected):
        wait_until(lambda: addresses(network, name) == expected, 5, f"{name} {expected}")

    becomes("one.test", ["192.0.2.1"])
    (folder / "second").write_text("192.0.2.2 two.test\n")
    becomes("two.test", ["192.0.2.2"])
    server.wait_for(rf"inotify: {folder}/second new or modified\n.*read {folder}/second - 1 names")
    (folder / "first").write_text("192.0.2.9 one.test\n")
    becomes("one.test", ["192.0.2.9"])
    becomes("uno.test", [])
    server.wait_for(rf"inotify: flushed 2 names read from {folder}/first")
    (folder / "second").rename(folder / "third")
    server.wait_for(rf"inotify: {folder}/third new or modified")
    becomes("two.test", ["192.0.2.2"])
    (folder / "third").unlink()
    becomes("two.test", [])
    server.wait_for(rf"inotify: {folder}/third removed\n.*inotify: flushed 1 names read from {folder}/third")
    (folder / "backup~").write_text("192.0.2.3 three.test\n")
    for number in range(300):  # a burst
        (folder / f"burst{number}").write_text(f"192.0.2.4 b{number}.test\n")
    becomes("b299.test", ["192.0.2.4"])
    assert addresses(network, "three.test") == []
    (tmp_path / "missing").mkdir()
    (tmp_path / "missing" / "late").write_text("192.0.2.5 late.test\n")
    becomes("late.test", ["192.0.2.5"])
    reload(server)
    assert addresses(network, "b7.test") == ["192.0.2.4"]
    assert server.stop() == 0


def test_interface_domain_follows_the_network(network, tmp_path):
    hosts = tmp_path / "hosts"
    hosts.write_text("10.77.0.9 host\n")
    server = network.linnet(f"{CONFIG}addn-hosts={hosts}\nexpand-hosts\ndomain=all.test\ndomain=tun.test,tun7\n")
    wait_until(lambda: addresses(network, "host.all.test") == ["10.77.0.9"])
    network.inside(network.server, "ip", "link", "add", "tun7", "type", "bridge")
    network.inside(network.server, "ip", "addr", "add", "10.77.0.1/24", "dev", "tun7")
    network.inside(network.server, "ip", "link", "set", "tun7", "up")
    wait_until(lambda: addresses(network, "host.tun.test") == ["10.77.0.9"], 5, "the interface's domain")
    assert addresses(network, "host.all.test") == []
    assert server.stop() == 0


def test_resolv_file_behind_links(network, tmp_path):
    """A chain of links is followed anew when one in the middle leads elsewhere."""
    for name in "abc":
        (tmp_path / name).mkdir()
    (tmp_path / "b" / "one").write_text("nameserver 192.0.2.1\n")
    (tmp_path / "c" / "two").write_text("nameserver 192.0.2.2\n")
    (tmp_path / "a" / "middle").symlink_to("../b/one")
    (tmp_path / "resolv").symlink_to("a/middle")
    server = network.linnet(f"interface=lan0\nno-hosts\nresolv-file={tmp_path}/resolv\n")
    server.wait_for(r"using nameserver 192.0.2.1#53")
    (tmp_path / "a" / "middle").unlink()
    (tmp_path / "a" / "middle").symlink_to(tmp_path / "c" / "two")
    server.wait_for(r"using nameserver 192.0.2.2#53", 5)
    (tmp_path / "c" / "two").write_text("nameserver 192.0.2.3\n")
    server.wait_for(r"using nameserver 192.0.2.3#53", 5)
    assert server.stop() == 0
