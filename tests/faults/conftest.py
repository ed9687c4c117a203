"""The fault tests stand on the system tests' fixtures (see tests/contract/conftest.py)."""
import importlib.util
import pathlib
import sys

import pytest

SYSTEM = pathlib.Path(__file__).resolve().parent.parent / "system"
sys.path += [str(SYSTEM), str(pathlib.Path(__file__).resolve().parent)]
_spec = importlib.util.spec_from_file_location("system_conftest", SYSTEM / "conftest.py")
_system = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_system)
globals().update({name: value for name, value in vars(_system).items() if not name.startswith("_")})


@pytest.fixture
def faults(tmp_path):
    """What makes calls fail, or a skip where the build has no such library."""
    from faults import Faults, LIBRARY
    if not LIBRARY.exists():
        pytest.skip(f"{LIBRARY} was not built: a sanitizer, or tests are off")
    made = Faults(tmp_path / "control")
    yield made
    made.close()


@pytest.fixture
def site(network):
    """A network with files to serve, a client of everything, and an upstream server; no linnet yet."""
    from exercise import Client, Upstream
    (network.folder / "boot").mkdir()
    (network.folder / "boot/file").write_bytes(b"x" * 1300)
    (network.folder / "hosts").write_text("192.0.2.9 hosted.test\n")
    # A router: what others advertise, and bent advertisements above all, is not for its kernel. Nobody waits here for
    # twins of addresses.
    quiet = ["net.ipv6.conf.%s.accept_ra=0", "net.ipv6.conf.%s.accept_dad=0"]
    for words in (["ip", "link", "set", "lan0", "down"],
                  ["sysctl", "-qw"] + [word % where for word in quiet for where in ("all", "default", "lan0")],
                  ["ip", "link", "set", "lan0", "up"],
                  ["ip", "-6", "addr", "add", "fd00:50::1/64", "dev", "lan0", "nodad"]):
        network.inside(network.server, *words)
    plain = network.add_namespace

    def add_namespace(name):
        namespace = plain(name)
        network.inside(namespace, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0")
        return namespace
    network.add_namespace = add_namespace
    network.client = Client(network.add_client("a", "192.168.50.2/24"))
    network.upstream = Upstream(network.server)
    yield network
    network.client.close()
    network.upstream.close()
