"""Debian's package of dnsmasq: its unit's helper, unpacked and run with our program as the one it starts."""
import pathlib
import re

import pytest

from conftest import wait_until
from consumer import Sandbox, answers, end_all, is_alive, is_linnet, unpacked

PRIVATE = ("/run", "/etc/default", "/etc/dnsmasq.d", "/usr/share/dnsmasq", "/var/lib/misc")
HELPER = "/usr/share/dnsmasq/systemd-helper"


@pytest.fixture
def debian(network):
    package = unpacked("dnsmasq")
    place = Sandbox(network, *PRIVATE, script=(
        f"mount --bind {package}/usr/share/dnsmasq /usr/share/dnsmasq\ncp {package}/etc/default/dnsmasq /etc/default/\n"
        "mkdir /run/dnsmasq\n"
        "(grep -v ^dnsmasq: /etc/passwd; echo dnsmasq:x:64053:65534::/nonexistent:/bin/false) >/run/passwd\n"
        "mount --bind /run/passwd /etc/passwd\nchmod 777 /run/dnsmasq\n"
        "echo nameserver 192.0.2.53 >/run/resolv.conf\nmount --bind /run/resolv.conf /etc/resolv.conf"))
    yield place
    end_all(network.server)


def test_the_helper_of_its_unit(network, debian):
    folder = debian.folder("/etc/dnsmasq.d")
    (folder / "own.conf").write_text("address=/own.test/192.0.2.1\n")
    (folder / "own.conf.dpkg-old").write_text("nonsense\n")
    # The exit code is all it passes on.
    assert debian.inside(HELPER, "checkconfig").returncode == 0
    (folder / "bad.conf").write_text("port=53\nnonsense\n")
    assert debian.inside(HELPER, "checkconfig", check=False).returncode != 0
    (folder / "bad.conf").unlink()

    # Type=forking with PIDFile=: when the command is back, the file is there and the port answers.
    debian.inside(HELPER, "exec")
    pid = int((debian.folder("/run") / "dnsmasq/dnsmasq.pid").read_text())
    assert is_linnet(pid)
    words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    assert "--local-service" in words and any(word.startswith("--trust-anchor=") for word in words)
    assert re.search(r"^Uid:\s+64053\s", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)
    assert answers(network, "own.test", server="127.0.0.1") == ["192.0.2.1"]
    assert debian.inside(HELPER, "start-resolvconf").returncode == 0

    # ExecReload= is SIGHUP, ExecStop= what ends it.
    debian.inside("kill", "-HUP", pid)
    assert answers(network, "own.test", server="127.0.0.1") == ["192.0.2.1"]
    assert debian.inside(HELPER, "stop-resolvconf").returncode == 0
    debian.inside("kill", pid)
    wait_until(lambda: not is_alive(pid), 5, "it ended")


def test_the_helper_reports_a_failure(network, debian):
    (debian.folder("/etc/dnsmasq.d") / "own.conf").write_text("interface=none0\nbind-interfaces\n")
    result = debian.inside(HELPER, "exec", check=False)
    assert result.returncode == 2
    assert "unknown interface none0" in result.stdout + result.stderr
    assert not (debian.folder("/run") / "dnsmasq/dnsmasq.pid").exists()
