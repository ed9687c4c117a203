"""For all system tests: which of them failed, for tests/run.py, and what the programs of a failed one said. Where
everything is installed (CI=true), a skipped test that a rule of docs/security.md leans on has failed."""
import os
import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parent
PROGRAMS_SHOWN, LINES_SHOWN = 8, 40


def pytest_runtest_logreport(report):
    path = os.environ.get("LINNET_FAILED")
    if report.failed and path and "PYTEST_XDIST_WORKER" not in os.environ:
        with open(path, "a") as file:
            print(report.nodeid, file=file)


def said(program):
    try:
        return "\n".join(program.log().splitlines()[-LINES_SHOWN:])
    except (OSError, AttributeError):
        return ""


def fail_skipped_evidence(item, report):
    if not report.skipped or hasattr(report, "wasxfail") or os.environ.get("CI") != "true":
        return
    if str(TESTS / "rules") not in sys.path:
        sys.path.append(str(TESTS / "rules"))
    from evidence import shows
    path = item.path.relative_to(TESTS.parent)
    rules = shows(str(path), getattr(item, "originalname", None) or item.name)
    if rules:
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} shows {' '.join(rules)} and did not run: {why}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    fail_skipped_evidence(item, report)
    if report.when == "call" and report.failed:
        programs = [program for value in getattr(item, "funcargs", {}).values()
                    for program in getattr(value, "programs", None) or []]
        for program in programs[-PROGRAMS_SHOWN:]:
            report.sections.append((f"log of {getattr(program, 'path', program)}", said(program)))
