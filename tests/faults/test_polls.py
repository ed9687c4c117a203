"""Nothing more may be watched (epoll_ctl refuses, as at fs.epoll.max_user_watches): each thing that the program
wants to hear of at its start fails once. It says what and does not begin, or it serves without, and says so. (Other
calls failing once: test_faults.py.)"""
import subprocess
import time

import pytest

from conftest import BINARY, wait_until
from faults import KILLED

CONFIG = """\
interface=lan0
bind-interfaces
no-resolv
no-hosts
no-ping
control-socket=
host-record=local.test,192.0.2.1
dhcp-range=192.168.50.10,192.168.50.250,1h
dhcp-range=fd00:50::,ra-names
enable-ra
dhcp-script={folder}/script
netboot={folder}/boot
"""
SAID = {"names of IPv6 hosts": "cannot hear echo replies, no IPv6 host gets a name by its address: no space left",
        "lease scripts": "cannot reach the process that runs lease scripts, none is run: no space left on device",
        "netboot by HTTP": "netboot: cannot start HTTP: No space left on device"}


def start(site):
    """(exit code or None when it served, what it said)."""
    path, log = site.folder / "polls.conf", site.folder / "polls.log"
    path.write_text(CONFIG.format(folder=site.folder))
    with open(log, "w") as file:
        process = subprocess.Popen(
            ["ip", "netns", "exec", site.server, "env", *site.loaded, BINARY, "-k", "-C", str(path), "--pid-file=",
             "--log-facility=-", "-u", "root", "-g", "root", f"--dhcp-leasefile={site.folder}/leases"],
            stdout=file, stderr=file)
    try:
        wait_until(lambda: process.poll() is not None or site.client.dns("local.test", tries=1) == (0, 1), 10, "an end")
        time.sleep(0.02)
        if process.poll() is None:
            process.terminate()
            assert process.wait(5) == 0, log.read_text()
            return None, log.read_text()
        return process.returncode, log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_each_watch_refused_once(site, faults):
    script = site.folder / "script"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    site.loaded = [f"{name}={value}" for name, value in faults.environment().items()
                   if name in ("LD_PRELOAD", "LINNET_FAULTS")]
    faults.count_only(["epoll"])
    code, said = start(site)
    assert code is None, said
    if "TFTP and HTTP" not in said:
        pytest.skip("there is no HTTP here (libmicrohttpd)")
    total, refused, without, found = faults.get("seen"), 0, 0, set()
    for number in range(total):
        faults.arm(["epoll"], error="ENOSPC", nth=number)
        code, said = start(site)
        where = f"watch {number} of {total}"
        assert not KILLED.search(said), f"{where}: {said}"
        assert code in (None, 1, 2, 3, 4, 5), f"{where}: ended with {code}\n{said}"
        refused, without = refused + (code is not None), without + (code is None)
        found |= {name for name, words in SAID.items() if words in said}
    print(f"{total} watches refused once each: {refused} refusals to start, {without} served without")
    assert found == set(SAID), f"nothing was said of {set(SAID) - found}"
