"""What the program under test was built with, from its own words (`linnet --version`), so that tests of what
it was built without can be left out with a reason. The one place that knows which option needs which feature."""
import functools
import os
import re
import subprocess

BINARY = os.environ.get("LINNET_BINARY", "build/release/src/daemon/linnet")

OPTIONS = {
    "enable-dbus": "DBus", "enable-ubus": "UBus", "dhcp-luascript": "Lua", "netboot-http": "HTTP-boot",
    "netboot-http-max": "HTTP-boot", "conntrack": "conntrack", "connmark-allowlist": "conntrack",
    "connmark-allowlist-enable": "conntrack", "ipset": "ipset", "nftset": "nftset",
    "control-socket": "control", "control-socket-group": "control", "reload-config": "reload",
}


@functools.cache
def absent():
    """The features that the program names behind "without:"."""
    said = subprocess.run([BINARY, "--version"], capture_output=True, text=True, timeout=60).stdout
    found = re.search(r"^without:(.*)$", said, re.M)
    assert found, f"{BINARY} --version says not what it was built without:\n{said}"
    return frozenset(found[1].split())


def lacks(*options):
    """Why tests of these options are left out: what this program is without; or None. Options as a command
    line or a file has them: "enable-dbus", "--conntrack", "control-socket=/run/x"."""
    for option in options:
        feature = OPTIONS.get(re.split(r"[=\s]", option.strip().lstrip("-"), maxsplit=1)[0])
        if feature in absent():
            return f"this linnet was built without {feature}"
    return None


def lacks_any_of(config):
    """The same for all lines of a configuration."""
    return lacks(*config.splitlines())
