"""R4: where packets are read and written, no conversion changes a number without saying so: clang's -Wconversion and
-Wsign-conversion over those files, and not over their tests."""
import concurrent.futures
import os
import shutil
import subprocess

import pytest

from checks import PACKETS
from source import ROOT, Source

CLANG = shutil.which("clang")
COMMAND = [CLANG or "clang", "-fsyntax-only", "-std=gnu17", "-D_GNU_SOURCE", '-DLINNET_VERSION="1"', "-Wno-everything",
           "-Wconversion", "-Wsign-conversion", "-Wimplicit-int-conversion", "-Werror", f"-I{ROOT / 'src'}"]
pytestmark = pytest.mark.skipif(not CLANG, reason="no clang here")


def problems(path):
    done = subprocess.run([*COMMAND, str(path)], capture_output=True, text=True)
    return done.stderr if done.returncode else ""


def test_no_conversion_loses_bits():
    paths = [ROOT / path for path, _ in Source.of_tree().within(*PACKETS, "base", "store") if path.endswith(".c")]
    assert len(paths) > 100
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = "".join(pool.map(problems, paths))
    assert not found, found


@pytest.mark.parametrize("fault", [
    "unsigned char f(unsigned long count) { return count; }",
    "int f(unsigned long count) { int n = count; return n; }",
    "unsigned long f(int length) { return length; }",
])
def test_a_conversion_is_noticed(tmp_path, fault):
    (tmp_path / "fault.c").write_text(fault + "\n")
    assert "conversion" in problems(tmp_path / "fault.c")
