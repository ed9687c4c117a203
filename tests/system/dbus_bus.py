"""A bus of our own in place of the system's, and calls on it by busctl."""
import json
import os
import pathlib
import re
import subprocess
import tempfile

from conftest import Program, wait_until

NAME = "uk.org.thekelleys.dnsmasq"
PATH = "/uk/org/thekelleys/dnsmasq"

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/>{own}<allow send_destination="*" eavesdrop="true"/>
<allow receive_sender="*"/><allow eavesdrop="true"/></policy></busconfig>
"""


class Bus:
    def __init__(self, folder, own=True):
        self.folder = pathlib.Path(folder)
        # Whoever the daemon becomes must be able to go there, and nobody can go to pytest's folders.
        self.place = tempfile.TemporaryDirectory(prefix="linnet-bus-")
        os.chmod(self.place.name, 0o755)
        self.socket = pathlib.Path(self.place.name) / "bus.sock"
        self.config = self.folder / "bus.conf"
        rule = '<allow own="*"/>' if own else '<deny own="*"/>'
        self.config.write_text(CONFIG.format(socket=self.socket, own=rule))
        self.environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.socket}"}
        self.program = None
        self.monitor_program = None

    def start(self):
        self.socket.unlink(missing_ok=True)
        self.program = Program(["dbus-daemon", f"--config-file={self.config}", "--nofork"],
                               self.folder / "dbus-daemon.log")
        wait_until(self.socket.exists, what="the bus")
        self.socket.chmod(0o777)

    def stop(self):
        if self.monitor_program is not None:
            self.monitor_program.kill()
            self.monitor_program = None
        if self.program is not None:
            self.program.kill()

    def close(self):
        self.stop()
        self.place.cleanup()

    def busctl(self, *words):
        return subprocess.run(["busctl", "--system", "--timeout=5", *[str(w) for w in words]], capture_output=True,
                              text=True, timeout=20, env=self.environment)

    def owner(self, name=NAME):
        found = self.busctl("--json=short", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                            "org.freedesktop.DBus", "GetNameOwner", "s", name)
        return found.returncode == 0

    def call(self, method, signature="", *arguments, name=NAME, interface=None, path=PATH):
        """What it answers, as Python values, or the words of the error as an Exception."""
        words = [signature, *arguments] if signature else []
        found = self.busctl("--json=short", "call", name, path, interface or name, method, "--", *words)
        if found.returncode != 0:
            return Exception(re.sub(r"^Call failed: ", "", found.stderr.strip()))
        return json.loads(found.stdout)["data"] if found.stdout.strip() else []

    def monitor(self):
        """Signals from now on: call the result for a list of (member, arguments)."""
        log = self.folder / "signals.log"
        log.write_text("")
        # A match by sender would want the owner of the name now.
        self.monitor_program = Program(["dbus-monitor", "--system", f"type='signal',path='{PATH}'"], log,
                                       self.environment)
        wait_until(lambda: "NameLost" in log.read_text(errors="replace") or "NameAcquired" in log.read_text(
            errors="replace"), what="the monitor")

        def signals():
            found = []
            for block in log.read_text(errors="replace").split("\nsignal ")[1:]:
                member = re.search(r"member=(\w+)", block)[1]
                found.append((member, re.findall(r'^   string "(.*)"$', block, re.M)))
            return [one for one in found if one[0] == "Up" or one[0].startswith("Dhcp")]
        return signals
