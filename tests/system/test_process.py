"""The process: daemonising, exit codes, who holds the port, the pid file, giving up root."""
import os
import pathlib
import re

import pytest

from conftest import BINARY, run, wait_until


def as_dnsmasq(folder):
    link = folder / "dnsmasq"
    link.symlink_to(os.path.abspath(BINARY))
    return link


def status_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def test_a_taken_port_names_its_holder(network):
    first = network.linnet("no-resolv\nno-hosts\n")
    second = network.linnet("no-resolv\nno-hosts\n", wait=None)
    assert second.process.wait(10) == 2
    assert "failed to create listening socket for port 53: Address already in use" in second.log()
    assert re.search(r"held by linnet, pid \d+", second.log()), second.log()
    assert first.process.poll() is None


def test_the_parent_waits_until_we_serve(network):
    pid_file = network.folder / "linnet.pid"
    log = network.folder / "daemon.log"
    result = network.inside(network.server, BINARY, "-C", "/dev/null", "--no-resolv", "--no-hosts",
                            "--address=/a.test/192.0.2.1", f"--pid-file={pid_file}",
                            f"--log-facility={log}", "-u", "root", "-g", "root")
    # Everything is there in the moment the parent has exited: no waiting here.
    pid = int(pid_file.read_text())
    try:
        assert result.stdout == result.stderr == ""
        assert [r[3] for r in network.dig(network.server, "a.test", server="127.0.0.1")] == ["192.0.2.1"]
        assert re.search(r"^\w{3} .\d \d\d:\d\d:\d\d linnet\[\d+\]: started, version", log.read_text(), re.M)
    finally:
        os.kill(pid, 15)
    wait_until(lambda: not pid_file.exists(), what="pid file gone")


def test_a_failing_daemon_tells_its_parent(network):
    network.linnet("no-resolv\nno-hosts\n")
    result = network.inside(network.server, BINARY, "-C", "/dev/null", "--no-resolv", "--pid-file=",
                            "--log-facility=-", check=False)
    assert result.returncode == 2
    assert "Address already in use" in result.stderr


def test_root_is_given_up(network):
    path = network.folder / "l.conf"
    path.write_text("no-resolv\nno-hosts\ninterface=lan0\nbind-interfaces\n"
                    "dhcp-range=192.168.50.100,192.168.50.120,1h\n")
    leases = network.folder / "state"
    leases.mkdir()
    leases.chmod(0o777)
    for parent in list(network.folder.parents)[:3]:
        if os.stat(parent).st_uid == 0 and str(parent) != "/":
            os.chmod(parent, 0o755 if str(parent) != "/tmp" else 0o1777)
    server = network.start(network.server, BINARY, "-k", "-C", path, "--pid-file=", "--log-facility=-",
                           f"--dhcp-leasefile={leases}/leases", name="linnet")
    server.wait_for("started, version")
    server.wait_for("DHCP, IP range")
    status = status_of(server.pid)
    assert status["Uid"].split()[0] != "0"
    assert status["CapEff"] == "0000000000000000"
    assert status["NoNewPrivs"] == "1"
    assert server.stop() == 0


def test_the_first_configuration_of_the_readme_starts(network):
    readme = (pathlib.Path(__file__).resolve().parent.parent.parent / "README.md").read_text()
    lines = re.search(r"A first configuration:\n\n((?:    .*\n)+)", readme)[1]
    path = network.folder / "readme.conf"
    path.write_text("\n".join(line.strip() for line in lines.splitlines()) + "\n")
    network.inside(network.server, "ip", "addr", "add", "192.168.1.1/24", "dev", "lan0")
    # The default lease file, in a /var/lib of the test's own.
    server = network.start(network.server, "unshare", "-m", "sh", "-c",
                           "mount -t tmpfs tmpfs /var/lib && exec \"$@\"", "sh", os.path.abspath(BINARY),
                           "-k", "-C", path, "--pid-file=", "--log-facility=-", name="linnet")
    server.wait_for("DHCP, IP range 192.168.1.50 -- 192.168.1.150")
    assert server.stop() == 0


def test_a_wrong_user_is_named(network):
    server = network.linnet("user=nosuchuser\nno-resolv\n", wait=None)
    # The command line's -u root is replaced by the file's.
    assert server.process.wait(10) == 1
    assert "unknown user or group: nosuchuser" in server.log()


@pytest.mark.parametrize("groups, said", [("--groups=1", "forbids changing groups"),
                                          ("--clear-groups", "lacks that user or group")])
def test_a_user_namespace_that_keeps_root_is_named(groups, said):
    inside = ["setpriv", groups, "unshare", "--user", "--map-root-user", "--net"]
    tried = run(*inside, "true", check=False)
    if tried.returncode != 0:
        pytest.skip(f"no user namespaces here: {tried.stderr.strip()}")
    result = run(*inside, BINARY, "-k", "-u", "nobody", "-C", "/dev/null", "--pid-file=", "--log-facility=-",
                 check=False)
    assert result.returncode == 5
    assert re.search(f"cannot give up root: this user namespace {said} .user=root", result.stderr), result.stderr


def test_all_errors_are_reported_with_their_place(tmp_path):
    path = tmp_path / "office.conf"
    path.write_text("port=53\ndhcp-hots=x\ndhcp-range=192.0.2.10,192.0.2.50,12x\nserver=1.2.3.4#99999\n")
    result = run(BINARY, "--test", "-C", path, check=False)
    assert result.returncode == 1
    assert f"{path}:2:1:" in result.stderr and "did you mean dhcp-host?" in result.stderr
    assert re.search(rf'{path}:3:\d+: dhcp-range: "12x" is not a time', result.stderr), result.stderr
    assert f"{path}:4:" in result.stderr
    assert "^" in result.stderr


def test_options_not_built_yet_are_refused(tmp_path):
    path = tmp_path / "c.conf"
    path.write_text("dnssec\n")
    result = run(BINARY, "--test", "-C", path, check=False)
    assert result.returncode == 1
    assert f"{path}:1:" in result.stderr and "not built yet" in result.stderr


def test_as_dnsmasq_its_words_come_first(tmp_path):
    dnsmasq = as_dnsmasq(tmp_path)
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text("port=5353\n")
    bad.write_text("port=5353\nnonsense\n")
    result = run(dnsmasq, "--test", "-C", good, check=False)
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == "dnsmasq: syntax check OK.\n"
    result = run(dnsmasq, "--test", "-C", bad, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith(f"\ndnsmasq: bad option at line 2 of {bad}\n")
    result = run(dnsmasq, "--nonsense", check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("\ndnsmasq: bad command line options: try --help\n")
    result = run(dnsmasq, "word", check=False)
    assert result.returncode == 1
    assert "junk found in command line" in result.stderr.splitlines()[1]
    version = run(dnsmasq, "--version").stdout.splitlines()
    assert re.match(r"Dnsmasq version \d+\.\d+  Copyright ", version[0])
    assert version[1].startswith("Compile time options: IPv6 ")
    helped = run(dnsmasq, "--help")
    assert "--bind-dynamic" in helped.stdout and "--ra-param" in helped.stdout
    ours, theirs = (run(program, "--help", "dhcp").stdout.splitlines() for program in (dnsmasq, "dnsmasq"))
    assert ours[0] == theirs[0] == "Known DHCP options:"
    # The peer here is 2.90: 2.93 knows a few more.
    assert set(theirs) <= set(ours) and len(ours) - len(theirs) <= 4
