"""The demonstration that `make run` shows: for root, for an ordinary user, where there are no namespaces; and what is
left of it when it is killed."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

import pytest

from conftest import BINARY, Program, run, wait_until

DEMO = pathlib.Path(__file__).resolve().parent.parent / "demo/demo.py"
ROOT = ()
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
# As who sits at a desktop: in a few groups that a user namespace knows nothing of and does not let go.
DESKTOP = ("setpriv", "--reuid=65534", "--regid=65534", "--groups=24,29,65534")


def user_namespaces(user):
    """Left out where the machine gives this user no namespaces."""
    tried = run(*user, "unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--mount-proc",
                "ip", "link", "set", "lo", "up", check=False)
    if tried.returncode != 0:
        pytest.skip(f"no user namespaces for ordinary users here: {tried.stderr.strip()}")


@pytest.fixture
def shown():
    """A folder that every user may read, with the demonstration and the program in it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="linnet-shown-"))
    folder.chmod(0o755)
    shutil.copy(DEMO, folder / "demo.py")
    shutil.copy(BINARY, folder / "linnet")
    yield folder
    shutil.rmtree(folder)


def demo_words(shown, user, *arguments):
    return [*user, "/usr/bin/python3", shown / "demo.py", shown / "linnet", *arguments]


class Shown(Program):
    """The demonstration, and all processes that come from it: they have its mark in their environment."""
    def __init__(self, shown, log, words):
        self.mark = f"LINNET_DEMO_MARK={shown.name}"
        super().__init__(["env", self.mark, *words], log)

    def processes(self):
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and self.mark.encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                pass
        return found

    def end_by(self, number):
        """Everything has gone with it; which is ended here if it has not."""
        self.signal(number)
        self.process.wait(30)
        try:
            wait_until(lambda: not self.processes(), 10, "everything gone")
        finally:
            for pid in self.processes():
                os.kill(pid, signal.SIGKILL)


def leftovers():
    """Where it has written, or might."""
    return {path for folder in ("/tmp", "/run", "/etc/dhcp", tempfile.gettempdir())
            for path in pathlib.Path(folder).glob("*linnet-demo*")} | set(pathlib.Path("/run").glob("dhclient-demo*"))


@pytest.mark.parametrize("user", [ROOT, NOBODY], ids=["root", "nobody"])
def test_the_main_demonstration(shown, user):
    if user:
        user_namespaces(user)
    result = run(*demo_words(shown, user, "--once"), timeout=120, cwd=shown)
    assert "all of it worked" in result.stdout
    assert "laptop.home.lan." in result.stdout


@pytest.mark.parametrize("user, number", [(ROOT, signal.SIGKILL), (ROOT, signal.SIGTERM), (DESKTOP, signal.SIGKILL)],
                         ids=["root-killed", "root-terminated", "desktop-killed"])
def test_the_demonstration_leaves_nothing_when_killed(shown, tmp_path, user, number):
    if user:
        user_namespaces(user)
    before = leftovers()
    demo = Shown(shown, tmp_path / "out", demo_words(shown, user))
    try:
        demo.wait_for("The network stays up", 60)
        # What it says others may do, as the same user.
        laptop = re.search(r"dig laptop A  ->  (\S+)", demo.log())[1]
        words = demo.wait_for(r"\n    (nsenter .* laptop)\n")[1].split()
        assert f"A\t{laptop}\n" in run(*user, *words).stdout
        assert len(demo.processes()) >= 5
    finally:
        demo.end_by(number)
    assert leftovers() - before == set()


@pytest.fixture
def without_namespaces(network, shown):
    """A place to run programs in where unshare is not allowed to do anything."""
    (shown / "bin").mkdir()
    unshare = shown / "bin/unshare"
    unshare.write_text("#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted' >&2\nexit 1\n")
    unshare.chmod(0o755)
    return ["ip", "netns", "exec", network.server, "env", f"PATH={shown}/bin:{os.environ['PATH']}"]


@pytest.mark.parametrize("user", [ROOT, NOBODY], ids=["root", "nobody"])
def test_without_namespaces_it_answers_on_a_port(shown, without_namespaces, user):
    result = run(*without_namespaces, *demo_words(shown, user, "--once"), cwd=shown)
    assert "may not make network namespaces here" in result.stdout
    assert re.search(r"\$ dig @127\.0\.0\.1 -p \d+ localhost  ->  127\.0\.0\.1\n", result.stdout), result.stdout
    assert "exiting on receipt of SIGTERM" in result.stderr
    assert "control socket" not in result.stderr  # that place is the machine's


@pytest.mark.parametrize("user, number", [(ROOT, signal.SIGKILL), (NOBODY, signal.SIGTERM)],
                         ids=["root-killed", "nobody-terminated"])
def test_without_namespaces_nothing_stays_either(network, shown, tmp_path, without_namespaces, user, number):
    demo = Shown(shown, tmp_path / "out", [*without_namespaces, *demo_words(shown, user)])
    try:
        question = demo.wait_for(r"\n    dig (@127\.0\.0\.1 -p \d+ localhost)\n")[1].split()
        demo.wait_for("localhost  ->  127")
        answer = network.inside(network.server, "dig", *question, "+short").stdout
        assert answer == "127.0.0.1\n"
    finally:
        demo.end_by(number)
