"""ARCHITECTURE.md is true to the tree: every file, folder, type and function it names is there."""
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "ARCHITECTURE.md").read_text()
FOLDERS = sorted(p.name for p in (ROOT / "src").iterdir() if any(p.glob("*.[ch]")))
# A file of any folder as the text names it; of one that is not there as well, so that it is missed.
FILE = re.compile(r"(?<![\w./])(?:src/)?([a-z0-9_]+/[a-z0-9_]+\.[ch])\b")


def files_named(text):
    return set(FILE.findall(text))


def test_every_file_and_folder_exists():
    named = files_named(TEXT)
    assert len(named) > 25
    assert not [name for name in sorted(named) if not (ROOT / "src" / name).exists()]
    folders = set(re.findall(r"^\| `(src/\w+|tests)` \|", TEXT, re.M))
    assert folders == {f"src/{name}" for name in FOLDERS} | {"tests"}


def test_a_file_of_any_folder_is_found():
    for folder in [*FOLDERS, "nosuch"]:
        assert files_named(f"as `{folder}/one_io.c` says; see src/{folder}/two.h.") == {
            f"{folder}/one_io.c", f"{folder}/two.h"}


def test_every_type_stands_where_it_says():
    rows = re.findall(r"^\| (`struct [^|]+) \| ([^|]+) \|", TEXT, re.M)
    assert len(rows) >= 12
    for types, places in rows:
        headers = "".join((ROOT / "src" / place).read_text() for place in re.findall(r"`([^`]+\.h)`", places))
        for name in re.findall(r"`(?:struct )?(\w+)`", types):
            assert re.search(rf"struct {name}\b", headers), f"{name} is not in {places}"


def test_every_function_of_the_three_lines_is_there():
    rows = re.findall(r"^(\w+/\w+\.c) +([a-z0-9]+_[a-z0-9_]+)\b", TEXT, re.M)
    assert len(rows) >= 9
    for place, function in rows:
        assert re.search(rf"\b{function}\(", (ROOT / "src" / place).read_text()), f"{function} not in {place}"


def test_the_manual_is_printed_by_the_program(tmp_path):
    from conftest import BINARY
    printed = subprocess.run([BINARY, "--print-manual"], capture_output=True, text=True, check=True).stdout
    assert printed == (ROOT / "docs/linnet.conf.5").read_text(), "run: make docs"


def check_of(folder, place, line):
    """What the check says of a tree with this one file, in which `line` is the second: (exit code, its words)."""
    path = folder / "src" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#include "base/bytes.h"\n{line}\n')
    result = subprocess.run([ROOT / "tools/check_includes", folder / "src"], capture_output=True, text=True)
    path.unlink()
    return result.returncode, result.stdout


REFUSED = [
    # Other layers, and the system.
    '#include "platform/udp.h"', '#include "dhcp/dhcp_config.h"', "#ifdef __linux__",
    *(f"#include <{name}>" for name in ("uv.h", "sys/socket.h", "sys/stat.h", "sys/mman.h", "netinet/in.h", "unistd.h",
                                        "fcntl.h", "dirent.h", "time.h", "pthread.h", "threads.h", "dlfcn.h")),
    # Shells, also those of its own folder and of a layer that it may see.
    '#include "dns/dns_udp_io.h"', '#include "dns/dns_shell_io.h"', '#include "store/lease_disk_io.h"',
]


@pytest.mark.parametrize("line", REFUSED)
@pytest.mark.parametrize("place", ["dns/dns_worker.c", "dns/dns_worker.h"])
def test_a_core_that_includes_a_shell_is_refused(tmp_path, place, line):
    assert check_of(tmp_path, place, '#include "dns/dns_worker.h"')[0] == 0
    code, said = check_of(tmp_path, place, line)
    assert code == 1 and f"{place}:2: " in said


@pytest.mark.parametrize("place", ["dns/dns_tcp_io.c", "dns/dns_shell_world_io.h", "dns/firewall_io_none.c",
                                   "dns/dns_worker_test.c", "dns/dns_udp_io_test.c", "daemon/workers.c"])
@pytest.mark.parametrize("line", ['#include "dns/dns_shell_io.h"', "#include <sys/socket.h>", "#include <time.h>"])
def test_who_may_include_a_shell_and_the_system(tmp_path, place, line):
    assert check_of(tmp_path, place, line)[0] == 0


def test_exceptions_are_of_one_file_and_of_use(tmp_path):
    """The locks and calendars that are let pass; none that is there for nothing."""
    assert check_of(tmp_path, "store/dns_cache.c", "#include <pthread.h>")[0] == 0
    assert check_of(tmp_path, "store/lease_table.c", "#include <pthread.h>")[0] == 1
    code, said = check_of(tmp_path, "store/dns_cache.c", "#include <string.h>")
    assert code == 1 and "dns_cache.c:1: <pthread.h> is no longer included" in said
