"""Lease scripts: slow ones, failing ones, ones of another user, the script as the keeper of leases, and the
process that runs them when it is killed."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest

from conftest import BINARY, is_gone, lacks, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "compat"))
import dhcp_talk  # noqa: E402
from script_watch import read_calls, write_script  # noqa: E402

CONFIG = """\
interface=lan0
bind-interfaces
no-resolv
no-hosts
no-ping
dhcp-range=192.168.50.10,192.168.50.250,1h
dhcp-script={script}
"""


class Scripted:
    """A server with a script, and clients as raw frames from a namespace of theirs."""

    def __init__(self, network, more="exit 0", config="", **options):
        self.network = network
        self.folder = network.folder
        self.folder.chmod(0o777)
        for parent in self.folder.parents:
            if parent != pathlib.Path("/") and parent.stat().st_uid == os.getuid():
                parent.chmod(parent.stat().st_mode | 0o011)
        self.path = self.folder / "calls"
        self.path.touch()
        self.path.chmod(0o666)
        self.script = self.folder / "script"
        write_script(self.script, self.path, more)
        self.client = network.add_client("c", "192.168.50.2/24", "02:00:00:00:00:fd")
        mac = network.inside(network.server, "cat", "/sys/class/net/lan0/address").stdout.strip()
        self.talk = ["ip", "netns", "exec", self.client, "/usr/bin/python3", "-c", TALK, "eth0", mac]
        self.server = network.linnet(CONFIG.format(script=self.script) + config, **options)

    def requests(self, *rows):
        """[(mac number, address, name, {option: bytes} if any)]: REQUESTs for those; the seconds each took to be
        acknowledged."""
        words = [",".join([str(number), address, name.encode().hex()]
                          + [f"{code}={value.hex()}" for more in options for code, value in more.items()])
                 for number, address, name, *options in rows]
        result = subprocess.run([*self.talk, *words], capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, result.stderr
        return [float(word) for word in result.stdout.split()]

    def calls(self):
        return read_calls(self.path)

    def words(self):
        return [call["words"] for call in self.calls()]

    def wait_words(self, *words, seconds=10):
        return wait_until(lambda: list(words) in self.words(), seconds, f"{words} in {self.words()}")


TALK = f"""
import sys, time
sys.path.insert(0, {str(pathlib.Path(dhcp_talk.__file__).parent)!r})
import dhcp_talk
wire = dhcp_talk.Wire(sys.argv[1], bytes.fromhex(sys.argv[2].replace(":", "")))
for xid, word in enumerate(sys.argv[3:], 1):
    number, address, name, *more = word.split(",")
    options = [[50, dhcp_talk.ip(address).hex()], [54, dhcp_talk.ip("192.168.50.1").hex()]]
    if name:
        options.append([12, name])
    options += [[int(pair.split("=")[0]), pair.split("=")[1]] for pair in more]
    start = time.monotonic()
    wire.send({{"send": "request", "mac": f"02:00:00:00:01:{{int(number):02x}}", "options": options}}, xid)
    wire.listen(start + 10, xid)
    if [reply["kind"] for reply in wire.replies.get(xid, [])] != ["ack"]:
        sys.exit(f"no acknowledgement of {{word}}: {{wire.replies.get(xid)}}")
    print(time.monotonic() - start)
"""


def test_a_slow_script_holds_up_nobody(network):
    scripted = Scripted(network, more="sleep 0.05")
    asker = scripted.client
    rows = [(i, f"192.168.50.{i + 10}", f"n{i}") for i in range(200)]
    took = scripted.requests(*rows)
    assert max(took) < 1 and sum(took) / len(took) < 0.05, took
    assert network.dig_status(asker, "nosuch.test", "A") is not None
    # While those wait, the same clients change their names: of each lease the script hears the latest in the end.
    scripted.requests(*((i, f"192.168.50.{i + 10}", f"m{i}") for i in range(150, 200)))
    assert len(scripted.calls()) < 200, "the script was not slow"

    def last_of_each():
        found = {}
        for words in scripted.words():
            found[words[2]] = words
        return found
    wanted = {address: (f"m{i}" if i >= 150 else name) for i, address, name in rows}
    wait_until(lambda: {address: words[-1] for address, words in last_of_each().items()} == wanted, 60,
               "the latest state of every lease")
    # In order: new leases come as they were given.
    added = [words[2] for words in scripted.words() if words[0] == "add"]
    assert added == sorted(added, key=lambda address: int(address.split(".")[3]))
    # One at a time: what waited was told as the latest only.
    assert not [words for words in scripted.words() if words[-1] in (f"n{i}" for i in range(195, 200))]


def test_surroundings(network):
    scripted = Scripted(network, more="echo out; echo err >&2; exit 3", environment={
        "PATH": "/usr/bin:/bin", "LD_LIBRARY_PATH": "/nowhere", "DNSMASQ_TAGS": "forged", "VIR_BRIDGE_NAME": "br7"})
    scripted.requests((1, "192.168.50.11", "foo"))
    scripted.server.wait_for(r"linnet-script\[\d+\]: out\n")
    scripted.server.wait_for(r"linnet-script\[\d+\]: err\n")
    scripted.server.wait_for(r"linnet\[\d+\]: script process exited with status 3")
    [call] = scripted.calls()
    assert call["words"] == ["add", "02:00:00:00:01:01", "192.168.50.11", "foo"]
    environment = call["environment"]
    assert environment["VIR_BRIDGE_NAME"] == "br7" and "LD_LIBRARY_PATH" not in environment
    assert environment["DNSMASQ_TAGS"] == "lan0"
    # 3 and 11 are the shell's own: the script it reads and what it prints to.
    assert [line for line in call["place"] if line.startswith("descriptor")] in (
        ["descriptor 11", "descriptor 3"], ["descriptor 10", "descriptor 3"], ["descriptor 3"])
    assert "cwd /" in call["place"] and "stdin /dev/null" in call["place"]
    assert "user 0 0 groups 0" in call["place"]


def test_words_of_a_client_that_would_be_commands(network):
    """A script as careless as can be has its shell evaluate all it is given: nothing that a client wrote is run."""
    scripted = Scripted(network, more="""\
for name in $(env | sed -n 's/^\\(DNSMASQ_[A-Z0-9_]*\\)=.*/\\1/p'); do
    eval "value=\\$$name"
    eval "echo $value"
    eval "echo \\"$value\\""
    eval "echo '$value'"
    sh -c "$value"
done >/dev/null 2>&1
eval "echo $*" >/dev/null
exit 0""")
    made = scripted.folder / "made"
    commands = [f"$(touch {made})", f"`touch {made}`", f";touch {made};", f"x|touch {made}", f"a&touch {made}&",
                f"\"; touch {made}; \"", f"'; touch {made}; '", f"x\ntouch {made}\n", f"x>{made}",
                f"{{ touch {made}; }}"]
    for number, command in enumerate(commands, 1):
        word = command.encode()
        agent = b"\1" + bytes([len(word)]) + word + b"\2" + bytes([len(word)]) + word
        scripted.requests((number, f"192.168.50.{number + 10}", command, {
            60: word, 77: bytes([len(word)]) + word, 82: agent, 161: word}))
    scripted.requests((99, "192.168.50.109", "last"))  # one at a time: when this is told, the others are done
    scripted.wait_words("add", "02:00:00:00:01:63", "192.168.50.109", "last")
    assert not made.exists()
    for command, call in zip(commands, scripted.calls()):
        harmless = re.sub(r"[^ -~]|[$`\"'\\;&|<>(){}\[\]*?!#~]", "_", command)
        environment = call["environment"]
        for name in ("VENDOR_CLASS", "USER_CLASS0", "MUD_URL", "CIRCUIT_ID", "REMOTE_ID"):
            assert environment[f"DNSMASQ_{name}"] == harmless, (command, name)
        assert environment.get("DNSMASQ_SUPPLIED_HOSTNAME") in (harmless, None), command
        assert len(call["words"]) == 3, f"{call['words']}: no such host name"


def test_scriptuser(network):
    scripted = Scripted(network, config="dhcp-scriptuser=nobody\n")
    scripted.requests((1, "192.168.50.11", "foo"))
    scripted.wait_words("add", "02:00:00:00:01:01", "192.168.50.11", "foo")
    uid = subprocess.run(["id", "-u", "nobody"], capture_output=True, text=True).stdout.strip()
    assert any(line.startswith(f"user {uid} ") for line in scripted.calls()[0]["place"])


def test_scripts_are_root_when_the_service_is_not(network):
    scripted = Scripted(network, wait=None)
    scripted.server.kill()
    path = scripted.folder / "conf"
    path.write_text(CONFIG.format(script=scripted.script))
    (scripted.folder / "leases").unlink(missing_ok=True)
    scripted.server = network.start(network.server, BINARY, "-k", "-C", path, "--pid-file=", "--log-facility=-",
                                    "-u", "nobody", f"--dhcp-leasefile={scripted.folder / 'leases'}", name="linnet")
    scripted.server.wait_for("started, version")
    scripted.requests((1, "192.168.50.11", "foo"))
    scripted.wait_words("add", "02:00:00:00:01:01", "192.168.50.11", "foo")
    assert "user 0 0 groups 0" in scripted.calls()[0]["place"]


def helpers_of(pid):
    """The processes below the daemon: the one that waits and the runner."""
    found = []
    for level in range(2):
        result = subprocess.run(["ps", "-o", "pid=", "--ppid", str(found[-1] if found else pid)],
                                capture_output=True, text=True)
        pids = [int(word) for word in result.stdout.split()]
        if not pids:
            return found
        found.append(pids[0])
    return found


def test_the_process_that_runs_scripts_is_killed(network):
    scripted = Scripted(network)
    runner = wait_until(lambda: (helpers_of(scripted.server.pid) + [0, 0])[1], what="the runner")
    os.kill(helpers_of(scripted.server.pid)[0], signal.SIGALRM)  # its maker takes no notice of that
    os.kill(runner, signal.SIGKILL)
    scripted.requests((1, "192.168.50.11", "foo"))
    scripted.server.wait_for("process that runs lease scripts was killed by signal 9, starting a new one")
    scripted.requests((2, "192.168.50.12", "bar"))
    scripted.wait_words("add", "02:00:00:00:01:02", "192.168.50.12", "bar")
    again = helpers_of(scripted.server.pid)
    assert again[1] != runner
    for pid in again:
        os.kill(pid, signal.SIGKILL)
    scripted.server.wait_for("process that runs lease scripts is gone")
    assert scripted.requests((3, "192.168.50.13", "x"))[0] < 1


def test_a_script_that_hangs(network):
    scripted = Scripted(network, more="[ $4 = first ] && sleep 1000")
    scripted.requests((1, "192.168.50.11", "first"))
    took = scripted.requests(*((i, f"192.168.50.{i + 10}", "") for i in range(2, 30)))
    assert max(took) < 1
    assert scripted.server.stop() == 0
    runner = subprocess.run(["pgrep", "-f", f"{scripted.script} add 02:00:00:00:01:01"], capture_output=True,
                            text=True).stdout.split()
    assert runner, "the script is left to itself"
    os.kill(int(runner[0]), signal.SIGKILL)
    # What was said before the end is run after it.
    scripted.wait_words("add", "02:00:00:00:01:1d", "192.168.50.39")


def test_a_script_leaves_something_that_prints_without_end(network):
    scripted = Scripted(network, more='[ "$4" = first ] && yes &')
    scripted.requests((1, "192.168.50.11", "first"))
    scripted.wait_words("add", "02:00:00:00:01:01", "192.168.50.11", "first")
    scripted.requests((2, "192.168.50.12", "second"))
    scripted.wait_words("add", "02:00:00:00:01:02", "192.168.50.12", "second")
    # A pipe holds 64 KiB: what is printed after the script's end is nobody's.
    assert len(re.findall(r"linnet-script\[\d+\]: y\n", scripted.server.log())) < 200000


def test_the_script_keeps_the_leases(network):
    now = int(time.time())
    lines = [f"{now + 500} 02:00:00:00:01:09 192.168.50.19 kept 01:02", "0 02:00:00:00:01:08 192.168.50.18 ever *",
             f"{now - 5} 02:00:00:00:01:07 192.168.50.17 past *", "not a lease"]
    more = 'if [ "$1" = init ]; then\n' + "".join(f"echo '{line}'\n" for line in lines) + "fi"
    scripted = Scripted(network, more=more, config="leasefile-ro\n")
    scripted.server.wait_for("lease file: ignoring line 4")
    scripted.wait_words("del", "02:00:00:00:01:07", "192.168.50.17", "past")
    scripted.wait_words("old", "02:00:00:00:01:09", "192.168.50.19", "kept")
    scripted.wait_words("old", "02:00:00:00:01:08", "192.168.50.18", "ever")
    assert scripted.words()[0] == ["init"]
    scripted.requests((9, "192.168.50.19", ""), (1, "192.168.50.11", "new"))
    scripted.wait_words("add", "02:00:00:00:01:01", "192.168.50.11", "new")
    assert network.dig(scripted.client, "kept", "A")[0][3] == "192.168.50.19"
    assert not (scripted.folder / "leases").exists()


def test_signals_of_scripts(network):
    """None is held or ignored, as the daemon itself does with some: of the call at the start, and of the others."""
    signals = network.folder / "signals"
    more = f'(echo "$1"; grep -E "^Sig(Blk|Ign)" /proc/self/status) >>{signals}'
    scripted = Scripted(network, more=more, config="leasefile-ro\n")
    scripted.requests((1, "192.168.50.11", "foo"))
    scripted.wait_words("add", "02:00:00:00:01:01", "192.168.50.11", "foo")
    wait_until(lambda: signals.read_text().count("SigIgn") == 2, what="the second call")
    words = signals.read_text().split()
    assert words[::5] == ["init", "add"] and words[1::5] == ["SigBlk:"] * 2 and words[3::5] == ["SigIgn:"] * 2
    # Signals 32 and 33 are the C library's own: nobody can ask for them, and whoever started us may have left them so.
    assert not any(int(mask, 16) & ~(3 << 31) for mask in words[2::5] + words[4::5]), words


@pytest.mark.parametrize("more,code,said", [
    ("exit 3", 13, "lease-init script returned exit code 3"),
    ("kill -9 $$", 5, "lease-init script was killed by a signal")])
def test_init_fails(network, more, code, said):
    scripted = Scripted(network, more=more, config="leasefile-ro\n", wait=None)
    assert wait_until(lambda: scripted.server.process.poll() is not None, what="the end")
    assert scripted.server.process.returncode == code
    assert said in scripted.server.log()


def test_neighbours(network):
    scripted = Scripted(network, config="script-arp\n")
    network.inside(scripted.client, "ping", "-c1", "-W2", "192.168.50.1")
    scripted.wait_words("arp-add", "02:00:00:00:00:fd", "192.168.50.2")
    network.inside(network.server, "ip", "neigh", "del", "192.168.50.2", "dev", "lan0")
    scripted.wait_words("arp-del", "02:00:00:00:00:fd", "192.168.50.2")


@pytest.mark.skipif(bool(lacks("dhcp-luascript")), reason=str(lacks("dhcp-luascript")))
def test_lua(network):
    script = network.folder / "on-lease.lua"
    script.write_text("""
function init() print("lua is here") end
function shutdown() io.open("%s/shut", "w"):close() end
function lease(action, data)
    print(action, data.mac_address, data.ip_address, data.hostname, data.supplied_hostname, data.tags,
          math.type(data.lease_expires))
    if data.hostname == "bad" then error("no such luck") end
    if data.hostname == "worse" then os.exit(4) end
end
""" % network.folder)
    path = network.folder / "conf"
    path.write_text(f"dhcp-luascript={script}\n")
    scripted = Scripted(network, config=f"dhcp-luascript={script}\n")
    scripted.server.wait_for("linnet-script.*: lua is here")
    scripted.requests((1, "192.168.50.11", "foo"))
    scripted.server.wait_for(r"add\\0*11?02:00:00:00:01:01|add.*02:00:00:00:01:01.*192.168.50.11.*foo.*foo.*lan0.*float")
    scripted.wait_words("add", "02:00:00:00:01:01", "192.168.50.11", "foo")
    scripted.requests((2, "192.168.50.12", "bad"))
    scripted.server.wait_for("Lua script: .*no such luck")
    scripted.requests((3, "192.168.50.13", "worse"))
    scripted.server.wait_for("process that runs lease scripts ended with status 4, starting a new one")
    scripted.requests((4, "192.168.50.14", "better"))
    scripted.wait_words("add", "02:00:00:00:01:04", "192.168.50.14", "better")
    assert re.findall("lua is here", scripted.server.log()) == ["lua is here"] * 2
    assert scripted.server.stop() == 0
    wait_until(lambda: (network.folder / "shut").exists(), what="shutdown()")


@pytest.mark.skipif(bool(lacks("dhcp-luascript")), reason=str(lacks("dhcp-luascript")))
def test_lua_ends_the_process_at_the_end(network):
    script = network.folder / "on-lease.lua"
    count = network.folder / "starts"
    script.write_text(f"""
function init() io.open("{count}", "a"):write("x"):close() end
function shutdown() os.exit(4) end
""")
    path = network.folder / "conf"
    path.write_text(f"dhcp-luascript={script}\n")
    scripted = Scripted(network, config=f"dhcp-luascript={script}\n")
    wait_until(lambda: count.exists() and count.read_text() == "x", what="init()")
    helpers = helpers_of(scripted.server.pid)
    assert scripted.server.stop() == 0
    wait_until(lambda: all(map(is_gone, helpers)), 5, "the end of the processes")
    assert count.read_text() == "x"
