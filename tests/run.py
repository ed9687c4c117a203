#!/usr/bin/python3
"""Runs every test linnet has and ends with one line: N passed, N failed.

Four builds: an ordinary one, one under AddressSanitizer and UndefinedBehaviorSanitizer, one by clang with its
integer checks for what reads packets (arithmetic that wraps round and conversions that lose bits), and one under
ThreadSanitizer for what runs in several threads. Each runs unit tests, scenarios and fuzz corpora; then
the system tests run the ordinary program in network namespaces and beside the peer."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests/rules"))
from evidence import shows_in_c  # noqa: E402

SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}
# What is delivered is built otherwise, and measured; here the compiler should not take long. With a sanitizer it takes
# four times as long to optimize all it can; and where just the corpora are run, it need not optimize at all.
QUICK = ["-Dtests=enabled", "-Db_lundef=false"]
BUILDS = [
    ("test", ["-Dtests=enabled", "-Doptimization=1", "-Dc_args=-g1"], []),
    ("asan", [*QUICK, "-Doptimization=g", "-Db_sanitize=address,undefined", "-Dc_args=-g1"], []),
    ("tsan", [*QUICK, "-Doptimization=1", "-Db_sanitize=thread", "-Dc_args=-g1"], ["--suite", "threads"]),
    ("integers", [*QUICK, "-Doptimization=0", "-Db_sanitize=undefined",
                  "-Dc_args=-g1 -fsanitize=integer -fno-sanitize=unsigned-shift-base"], ["--suite", "packets"]),
]
COMPILERS = {"integers": "clang"}
SYSTEM_TESTS = ["tests/compat", "tests/system", "tests/contract", "tests/faults", "tests/rules", "tests/soak"]
PROGRAM_WANTED = ["tsan"]  # by the system tests, of builds that are not of the whole tree
TESTS_RUN = re.compile(r"\[==========\].*?(\d+) test\(s\) run")
TESTS_FAILED = re.compile(r"\[  FAILED  \].*?(\d+) test\(s\), listed below")
TESTS_SKIPPED = re.compile(r"^\[  SKIPPED \] (\w+)$", re.M)

# A test that waits for other programs can lose its patience on a busy machine. So many of them get a second try, by
# themselves, and are named; a fault is there the second time too, and where more fail nothing is tried again.
SECOND_TRIES = 5

passed = 0
failed = 0
started = time.monotonic()


def say(text):
    print(f"[{time.monotonic() - started:5.0f} s] {text}", flush=True)


def count(row):
    """How many tests one program ran: cmocka says; any other program is one."""
    global passed, failed
    output = row.get("stdout", "") + row.get("stderr", "")
    good = row["result"] in ("OK", "EXPECTEDFAIL")
    ran = TESTS_RUN.findall(output)
    bad = sum(int(n) for n in TESTS_FAILED.findall(output))
    total = sum(int(n) for n in ran) if ran else 1
    if good:
        passed += total
        return
    bad = max(bad, 1)
    failed += bad
    passed += max(total - bad, 0)
    print(f"--- {row['name']}: {row['result']}\n{output[-6000:]}", flush=True)


def count_skipped(rows):
    """Where everything is installed (CI=true), a test that a rule of docs/security.md leans on may not be skipped."""
    global failed
    if os.environ.get("CI") != "true":
        return
    for row in rows:
        program = pathlib.Path(row["command"][0]).name
        for test in sorted(set(TESTS_SKIPPED.findall(row.get("stdout", "") + row.get("stderr", "")))):
            if rules := shows_in_c(program, test):
                failed += 1
                print(f"--- {row['name']}: {test} shows {' '.join(rules)} and was skipped", flush=True)


def build(folder, options, selection):
    """The whole tree, or with a selection of suites the program and just their tests."""
    command = [ROOT / "tools/build", folder, *options]
    environment = dict(os.environ)
    if shutil.which("ld.gold"):
        environment["CC_LD"] = "gold"  # three hundred programs, and the usual linker takes twice as long
    if folder.name in COMPILERS:
        environment["CC"] = COMPILERS[folder.name]
    if not selection:
        return subprocess.run(command, cwd=ROOT, env=environment).returncode == 0
    if subprocess.run(command, cwd=ROOT, env=dict(environment, TARGETS="none")).returncode != 0:
        return False
    tests = json.loads(subprocess.run(["meson", "introspect", folder, "--tests"], capture_output=True,
                                      check=True).stdout)
    wanted = {os.path.relpath(test["cmd"][0], folder) for test in tests
              if any(suite.endswith(f":{selection[1]}") for suite in test["suite"])}
    if folder.name in PROGRAM_WANTED:
        wanted.add("src/daemon/linnet")
    return subprocess.run(command, cwd=ROOT, env=dict(environment, TARGETS=" ".join(sorted(wanted)))).returncode == 0


def build_and_test(name, options, selection):
    global failed
    folder = ROOT / "build" / name
    say(f"building {name}")
    if not build(folder, options, selection):
        print(f"--- the {name} build failed")
        failed += 1
        return
    say(f"testing {name}")
    log = folder / "meson-logs/testlog.json"
    log.unlink(missing_ok=True)
    subprocess.run(["meson", "test", "-C", folder, "--no-rebuild", *selection],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    rows = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    if not rows:
        print(f"--- the {name} build ran no test")
        failed += 1
    for row in rows:
        count(row)
    if not selection and "b_sanitize" not in " ".join(options):
        count_skipped(rows)


def pytest(*selection):
    """What the system tests made of it: how many passed, and the ids of those that did not."""
    report = ROOT / "build/system.xml"
    report.unlink(missing_ok=True)
    environment = dict(os.environ, LINNET_BINARY=str(ROOT / "build/test/src/daemon/linnet"),
                       LINNET_BINARY_ASAN=str(ROOT / "build/asan/src/daemon/linnet"),
                       LINNET_BINARY_TSAN=str(ROOT / "build/tsan/src/daemon/linnet"),
                       LINNET_FAILED=str(ROOT / "build/failed.txt"))
    (ROOT / "build/failed.txt").unlink(missing_ok=True)
    subprocess.run(["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs", f"--rootdir={ROOT}",
                    f"--junitxml={report}", *selection], cwd=ROOT, env=environment)
    if not report.exists():
        print("--- the system tests did not run")
        return 0, ["none ran"]
    counts = {key: sum(int(suite.get(key)) for suite in xml.parse(report).getroot().iter("testsuite"))
              for key in ("tests", "failures", "errors", "skipped")}
    bad = counts["failures"] + counts["errors"]
    ids = (ROOT / "build/failed.txt").read_text().splitlines() if bad else []
    return counts["tests"] - bad - counts["skipped"], ids or ["unnamed"] * bad


def system_tests(title, *selection):
    global passed
    say(title)
    good, bad = pytest(*selection, *SYSTEM_TESTS)
    passed += good
    return bad


def second_try(names):
    """The tests that failed, each once more with nothing beside it."""
    global passed, failed
    known = sorted({name for name in names if "::" in name})
    if not known or len(known) < len(set(names)) or len(known) > SECOND_TRIES:
        failed += len(names)
        return
    say(f"second try, by themselves: {' '.join(known)}")
    good, bad = pytest(*known)
    passed += good
    failed += max(len(bad), len(known) - good)
    if good:
        say(f"{good} of them passed now")


def main():
    os.environ.update({k: v for k, v in SANITIZERS.items() if k not in os.environ})
    for name, options, selection in BUILDS:
        build_and_test(name, options, selection)
    # Most of them wait for something most of the time: four files at once. Of those that keep a core busy, two.
    bad = system_tests("system tests", "-m", "not alone", "-n", "4", "--dist", "loadfile")
    bad += system_tests("system tests that keep a core busy", "-m", "alone", "-n", "2", "--dist", "loadfile")
    if bad:
        second_try(bad)
    say("done")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
