"""A check for each rule of docs/security.md. The static half is read off the source (checks.py), with every place that
is allowed written down (allowed.py), and each check is shown to notice (mutations.py). What only behaviour can show is
in the tests that evidence.py names for the rule: they must exist, and be run by `make test`."""
import importlib.util
import types

import pytest

from checks import STATIC
from evidence import EVIDENCE, missing, shows, shows_in_c
from mutations import MUTATIONS
from source import ROOT, Source

RULES = [f"R{number}" for number in range(1, 19)]


@pytest.fixture(scope="module")
def tree():
    return Source.of_tree()


def holds(tree, rule):
    problems = list(STATIC[rule](tree))
    problems += [f"{test}: {why}" for test in EVIDENCE[rule] if (why := missing(test))]
    assert not problems, "\n".join([f"{rule}: {STATIC[rule].__doc__}"] + problems)


def test_every_rule_has_its_check():
    assert sorted(STATIC) == sorted(EVIDENCE) == sorted(MUTATIONS) == sorted(RULES)
    assert all(EVIDENCE[rule] for rule in RULES)


def test_r1_bytes_go_through_the_cursors(tree):
    holds(tree, "R1")


def test_r2_every_loop_ends(tree):
    holds(tree, "R2")


def test_r3_no_packet_ends_the_program(tree):
    holds(tree, "R3")


def test_r4_sizes_are_checked(tree):
    holds(tree, "R4")


def test_r5_packets_are_read_in_one_place(tree):
    holds(tree, "R5")


def test_r6_memory_has_bounds(tree):
    holds(tree, "R6")


def test_r7_questions_cannot_be_guessed(tree):
    holds(tree, "R7")


def test_r8_replies_are_ours(tree):
    holds(tree, "R8")


def test_r9_only_bounded_sets_are_sorted(tree):
    holds(tree, "R9")


def test_r10_nothing_is_called_authentic(tree):
    holds(tree, "R10")


def test_r11_no_signature_without_a_budget(tree):
    holds(tree, "R11")


def test_r12_rights_are_apart_from_packets(tree):
    holds(tree, "R12")


def test_r13_one_gate(tree):
    holds(tree, "R13")


def test_r14_configured_names_win(tree):
    holds(tree, "R14")


def test_r15_files_beneath_a_folder(tree):
    holds(tree, "R15")


def test_r16_leases_are_on_the_disk_first(tree):
    holds(tree, "R16")


def test_r17_connections_are_bounded(tree):
    holds(tree, "R17")


def test_r18_work_is_bounded(tree):
    holds(tree, "R18")


def notices(tree, rule):
    good = list(STATIC[rule](tree))
    for claim, path, old, new in MUTATIONS[rule]:
        text = (tree.others if path in tree.others else tree.text)[path]
        assert old in text, f"{rule}, {claim}: {path} no longer has {old!r}"
        worse = tree.changed(path, text.replace(old, new) if old else text + new)
        problems = [problem for problem in STATIC[rule](worse) if problem not in good]
        assert problems, f"{rule}, {claim}: not noticed"


@pytest.mark.parametrize("rule", RULES)
def test_each_check_notices(tree, rule):
    """Each check is run over a tree with the rule broken in it."""
    notices(tree, rule)


def test_a_vanished_test_is_noticed():
    for test in ("tests/system/test_dns.py::test_that_never_was", "tests/system/test_nothing.py::test_a",
                 "src/wire/dname_test.c::test_that_never_was", "tests/scenarios/dns/nothing.txt",
                 "src/wire/nothing_fuzz.c", "tests/demo/demo.py::main", "make nothing"):
        assert missing(test), test


def all_tests():
    spec = importlib.util.spec_from_file_location("all_tests_conftest", ROOT / "tests/conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def skipped(name, path="tests/rules/test_order.py"):
    report = types.SimpleNamespace(skipped=True, outcome="skipped", longrepr=("file", 1, "Skipped: no strace here"))
    item = types.SimpleNamespace(path=ROOT / path, nodeid=f"{path}::{name}", name=name, originalname=name)
    all_tests().fail_skipped_evidence(item, report)
    return report


def test_what_shows_a_rule_is_not_skipped_where_everything_is_installed(monkeypatch):
    name = "test_the_disk_comes_before_the_answer"
    monkeypatch.delenv("CI", raising=False)
    assert skipped(name).outcome == "skipped"
    monkeypatch.setenv("CI", "true")
    assert skipped(name).outcome == "failed"
    assert "R16" in skipped(name).longrepr and "no strace here" in skipped(name).longrepr
    assert skipped("test_of_something_else").outcome == "skipped"
    assert shows("tests/rules/test_order.py", name) == ["R16"]
    assert shows_in_c("dname_test", "test_longest_names") == ["R2"] and not shows_in_c("dname_test", "test_other")


@pytest.mark.parametrize("place", ["corpora/{}", "dictionaries/{}.dict"])
def test_each_fuzz_target_has_inputs_and_words(place):
    """libFuzzer refuses an empty dictionary, so a target without words hunts for nothing."""
    targets = {path.name.removesuffix("_fuzz.c") for path in (ROOT / "src").glob("*/*_fuzz.c")}
    assert len(targets) > 40
    paths = {target: ROOT / "tests" / place.format(target) for target in targets}
    assert [target for target, path in paths.items()
            if not (path.is_dir() and any(path.iterdir()) or path.is_file() and path.stat().st_size > 0)] == []
