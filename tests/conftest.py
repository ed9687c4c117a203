"""For all system tests: which of them failed, for tests/run.py, and what the programs of a failed one said."""
import os

import pytest

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


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        programs = [program for value in getattr(item, "funcargs", {}).values()
                    for program in getattr(value, "programs", None) or []]
        for program in programs[-PROGRAMS_SHOWN:]:
            report.sections.append((f"log of {getattr(program, 'path', program)}", said(program)))
