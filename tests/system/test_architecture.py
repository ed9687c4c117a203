"""ARCHITECTURE.md is true to the tree: every file, folder, type and function it names is there."""
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "ARCHITECTURE.md").read_text()


def test_every_file_and_folder_exists():
    named = set(re.findall(r"\b((?:base|wire|config|model|store|platform|upstream|dns|dhcp|dhcp4|daemon)/"
                           r"[a-z0-9_]+\.[ch])\b", TEXT))
    assert len(named) > 25
    assert not [name for name in sorted(named) if not (ROOT / "src" / name).exists()]
    folders = set(re.findall(r"^\| `(src/\w+|tests)` \|", TEXT, re.M))
    assert folders == {f"src/{p.name}" for p in (ROOT / "src").iterdir() if any(p.glob("*.[ch]"))} | {"tests"}


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


def test_a_core_that_includes_a_shell_is_refused(tmp_path):
    source = tmp_path / "src/dns"
    source.mkdir(parents=True)
    (source / "dns_worker.c").write_text('#include "dns/dns_worker.h"\n')
    check = [ROOT / "tools/check_includes", tmp_path / "src"]
    assert subprocess.run(check, capture_output=True).returncode == 0
    for line in ('#include "platform/udp.h"', '#include "dhcp/dhcp_config.h"', "#include <uv.h>",
                 "#include <sys/socket.h>", "#ifdef __linux__"):
        (source / "dns_worker.c").write_text(f'#include "dns/dns_worker.h"\n{line}\n')
        result = subprocess.run(check, capture_output=True, text=True)
        assert result.returncode == 1 and "dns_worker.c:2" in result.stdout, line
