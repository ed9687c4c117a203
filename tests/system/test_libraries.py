"""The libraries of optional features: linked with none of them, loaded by what an option asks of which process, and
missed with a clear word."""
import pathlib
import re

import pytest

from conftest import BINARY, lacks, run

PLAIN = "no-resolv\nno-hosts\nport=5300\n"
OPTIONAL = ("lua", "microhttpd", "systemd", "seccomp", "ubus", "ubox")


def optional_libraries(pid):
    """Those that this process has in its memory."""
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text()
    return {name for name in OPTIONAL if re.search(rf"/lib{name}[-.0-9]", maps)}


def below(pid):
    """All processes that came of this one."""
    children = [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return children + [grandchild for child in children for grandchild in below(child)]


def test_none_is_linked():
    text = run("readelf", "-d", BINARY).stdout
    needed = re.findall(r"NEEDED.*\[(.+)\]", text)
    assert "Dynamic section" in text or "There is no dynamic section" in text
    assert not [name for name in needed if any(name.startswith(f"lib{optional}") for optional in OPTIONAL)], needed


def test_a_plain_start_has_none(network):
    """Not even that of the filter of system calls, which was there while the filter was made."""
    server = network.linnet(PLAIN)
    server.wait_for("sandbox: ")
    assert server.server != server.pid
    assert [optional_libraries(pid) for pid in (server.pid, server.server)] == [set(), set()]
    assert server.stop() == 0


@pytest.mark.skipif(bool(lacks("dhcp-luascript")), reason=str(lacks("dhcp-luascript")))
def test_lua_is_in_the_process_of_scripts_alone(network):
    script = network.folder / "on-lease.lua"
    script.write_text('function init() print("lua is here") end\n')
    server = network.linnet(f"{PLAIN}dhcp-range=192.168.50.10,192.168.50.20\ndhcp-luascript={script}\n")
    server.wait_for("lua is here")
    assert [optional_libraries(pid) for pid in (server.pid, server.server)] == [set(), set()]
    assert [libraries for libraries in map(optional_libraries, below(server.pid)) if libraries] == [{"lua"}]
    assert server.stop() == 0


# What asks for it, the file that is hidden, what is said of it as the program ends with 5.
MISSED = [
    ("dhcp-luascript=/dev/null", r"liblua\S*5\.4\S*", "Lua not available: the library of Lua 5.4 cannot be loaded"),
    ("enable-dbus", r"libsystemd\.so\.0", "DBus not available: libsystemd cannot be loaded"),
]


def without(file, *words):
    """These words where files of that name are no libraries."""
    found = re.findall(rf"^\s*(?:{file}) .*=> (\S+)$", run("ldconfig", "-p").stdout, re.M)
    hide = " && ".join(["true", *(f"mount --bind /dev/null {path}" for path in found)])
    return ["unshare", "-m", "sh", "-ec", f'{hide} && exec "$0" "$@"', *words]


def test_a_start_without_the_filter_and_without_http(network):
    """Those two are done without, and the log says so."""
    config = network.folder / "conf"
    config.write_text(f"{PLAIN}netboot={network.folder}\ninterface=lan0\ndhcp-range=192.168.50.10,192.168.50.20\n")
    server = network.start(network.server, *without(r"libseccomp\.so\.2|libmicrohttpd\.so\.12", BINARY, "-k", "-C",
                                                    config, "--pid-file=", "--log-facility=-", "-u", "root", "-g", "root",
                                                    f"--dhcp-leasefile={network.folder / 'leases'}"), name="plain")
    server.wait_for("system calls are not limited here")
    server.wait_for("there is no HTTP here")
    assert server.stop() == 0


@pytest.mark.parametrize("option,file,said", MISSED)
def test_one_that_is_not_there(network, option, file, said):
    if lacks(option):
        pytest.skip(lacks(option))
    config = network.folder / "conf"
    config.write_text(f"{PLAIN}dhcp-range=192.168.50.10,192.168.50.20\n{option}\n")
    words = [BINARY, "-d", "-C", config, "--pid-file=", f"--dhcp-leasefile={network.folder / 'leases'}"]
    result = network.inside(network.server, *without(file, *words), check=False, timeout=30)
    assert (result.returncode, result.stderr.count(said)) == (5, 1), result.stderr
    # --test needs none of them, and without the option all is well.
    assert network.inside(network.server, *without(file, *words, "--test")).returncode == 0
    config.write_text(PLAIN)
    plain = network.start(network.server, *without(file, BINARY, "-k", "-C", config, "--pid-file=", "--log-facility=-",
                                                   "-u", "root", "-g", "root"), name="plain")
    plain.wait_for("started, version")
    assert plain.stop() == 0
