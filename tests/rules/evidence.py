"""Which tests show what no reading of the source can, and whether a test that is named is there and is run.

A name is a path in the tree, with the function behind it where the file has many:

    tests/system/test_dns.py::test_one_gate_for_udp_and_tcp    a function that pytest collects
    src/wire/dname_test.c::test_bounds_pointer_chains          a test in a list of cmocka
    src/wire/dname_fuzz.c                                      a fuzz target with a corpus
    tests/scenarios/dns/spoofed_wrong_id.txt                   a scenario
    make fuzz                                                  a command"""
import ast
import functools
import re

from source import ROOT

EVIDENCE = {
    "R1": [
        "src/base/bytes_test.c::test_reads_fit_exactly_or_fail",
        "src/base/bytes_test.c::test_writes_fit_exactly_or_fail",
        "src/base/bytes_test.c::test_huge_counts_do_not_wrap",
        "src/wire/dns_builder_test.c::test_every_limit",
        "src/wire/dns_builder_fuzz.c",
        "src/wire/dname_fuzz.c",
        "src/dhcp4/dhcp4_server_fuzz.c",
        "src/dhcp6/dhcp6_server_fuzz.c",
        "src/ra/ra_server_fuzz.c",
        "src/tftp/tftp_server_fuzz.c",
        "src/dns/dns_worker_fuzz.c",
        "tests/faults/test_malformed.py::test_malformed_packets",
        "tests/faults/test_malformed.py::test_malformed_replies",
    ],
    "R2": [
        "src/wire/dname_test.c::test_bounds_pointer_chains",
        "src/wire/dname_test.c::test_longest_names",
        "src/wire/rdata_test.c::test_malformed",
        "src/wire/rdata_test.c::test_reading_is_bounded",
        "src/wire/dhcp6_message_test.c::test_depth",
        "src/wire/rdata_fuzz.c",
    ],
    "R3": [
        "tests/faults/test_faults.py::test_allocations_in_service",
        "tests/faults/test_faults.py::test_other_calls_in_service",
        "src/dhcp4/dhcp4_malformed_test.c::test_rows",
        "src/store/lease_lines_fuzz.c",
        "tests/system/test_kill_many.py::test_broken_lines_cost_only_themselves",
    ],
    "R4": [
        "src/base/bytes_test.c::test_sizes_are_checked",
        "src/wire/rdata_test.c::test_rrsig_of_every_length",
        "src/wire/rdata_test.c::test_shortened_samples",
        "tests/rules/test_conversions.py::test_no_conversion_loses_bits",
    ],
    "R5": [
        "src/dhcp6/dhcp6_relay_test.c::test_hardware_address",
        "src/dhcp6/dhcp6_relay_test.c::test_cut_replies",
        "src/wire/dhcp4_message_test.c::test_read_too_many",
        "src/wire/dhcp6_message_test.c::test_many_options",
        "src/wire/icmp6_message_test.c::test_too_many_options",
    ],
    "R6": [
        "tests/system/test_dns.py::test_no_leak_and_no_undefined_behaviour",
        "src/dns/flight_table_test.c::test_shares",
        "src/store/dns_cache_test.c::test_one_name_cannot_fill_a_run",
        "src/dhcp4/dhcp4_server_test.c::test_starvation",
        "tests/scenarios/dhcp4/starvation.txt",
        "tests/scenarios/dns/table_full.txt",
        "src/dns/forward_test.c::test_crowd",
    ],
    "R7": [
        "tests/rules/test_upstream.py::test_ports_and_ids_are_even",
        "tests/rules/test_upstream.py::test_what_goes_upstream",
        "tests/rules/test_upstream.py::test_wrong_ids_move_to_tcp",
        "tests/rules/test_upstream.py::test_fragments_are_not_taken",
        "tests/rules/test_upstream.py::test_an_honest_server_behind_a_narrow_way",
        "src/platform/udp_test.c::test_fragments_ip4",
        "src/platform/udp_test.c::test_fragments_ip6",
        "src/upstream/transport_udp_test.c::test_udp_fragments",
        "src/upstream/transport_udp_test.c::test_udp_random_ports",
        "src/upstream/transport_udp_test.c::test_udp_questions_a_port",
        "src/base/random_test.c::test_below_is_even",
        "src/base/random_test.c::test_fresh_key_after_a_mebibyte",
        "tests/scenarios/dns/spoofed_wrong_id.txt",
    ],
    "R8": [
        "tests/rules/test_upstream.py::test_forged_replies_are_waited_out",
        "src/dns/reply_accept_test.c::test_verdicts",
        "src/dns/reply_accept_fuzz.c",
        "src/upstream/transport_udp_test.c::test_udp_stranger",
        "tests/scenarios/dns/wrong_question.txt",
        "tests/scenarios/dns/mixed_case_changed.txt",
        "tests/scenarios/dns/joined_questions.txt",
        "tests/scenarios/dns/cache_groups.txt",
        "tests/scenarios/dns/poisoned_additional.txt",
        "tests/scenarios/dns/local_behind_hung_question.txt",
    ],
    "R9": [
        "src/dns/reply_read_test.c::test_bounds",
        "src/wire/dns_message_test.c::test_most_records",
    ],
    "R10": [
        "tests/scenarios/dns/proxy_dnssec.txt",
        "tests/system/test_process.py::test_options_not_built_yet_are_refused",
    ],
    "R11": [
        "src/dns/reply_read_test.c::test_dnssec_records",
        "tests/system/test_process.py::test_options_not_built_yet_are_refused",
    ],
    "R12": [
        "tests/system/test_roles.py::test_who_they_are",
        "tests/system/test_roles.py::test_rights_stay_with_the_broker",
        "tests/contract/test_capabilities.py::test_what_is_kept",
        "src/daemon/script_environment_test.c::only_harmless_variables_pass",
        "src/daemon/script_environment_test.c::strangers_words_mean_nothing_to_a_shell",
        "src/daemon/script_environment_test.c::no_value_has_words_for_a_shell",
        "tests/system/test_script.py::test_words_of_a_client_that_would_be_commands",
        "src/daemon/script_record_test.c::what_is_no_record_is_refused",
        "src/daemon/script_record_fuzz.c",
        "src/platform/sandbox_test.c::test_allows_and_refuses",
        "tests/system/test_roles.py::test_files_that_are_not_ours",
        "src/daemon/broker_test.c::test_another_server",
    ],
    "R13": [
        "tests/rules/test_admission.py::test_each_service_on_each_interface",
        "tests/rules/test_admission.py::test_relays",
        "src/dhcp4/dhcp4_relay_test.c::test_gate",
        "src/dhcp6/dhcp6_relay_test.c::test_gate",
        "src/model/network_test.c::test_admits",
        "src/model/network_test.c::test_admits_client",
        "tests/system/test_dns.py::test_one_gate_for_udp_and_tcp",
        "tests/system/test_dns.py::test_local_service_ignores_strangers",
        "src/dhcp/served6_test.c::test_rows",
        "tests/system/test_tftp.py::test_where_it_is_served",
        "tests/scenarios/dhcp4/interfaces.txt",
    ],
    "R14": [
        "tests/scenarios/both/reserved_names.txt",
        "tests/scenarios/both/name_theft.txt",
        "tests/scenarios/both/host_name_wins.txt",
        "tests/scenarios/both/name_conflict_hosts.txt",
        "src/dhcp/lease_names_update_test.c::test_configured_names_win",
        "src/dhcp/lease_names_update_test.c::test_given_names_stay",
    ],
    "R15": [
        "src/platform/beneath_test.c::test_by_kernel",
        "src/platform/beneath_test.c::test_by_walking",
        "src/platform/beneath_test.c::test_race",
        "src/platform/beneath_test.c::test_is_not_opened",
        "tests/system/test_tftp.py::test_hostile",
        "tests/system/test_tftp.py::test_swapped_links",
        "src/tftp/tftp_path_test.c::test_rows",
        "src/tftp/tftp_path_fuzz.c",
    ],
    "R16": [
        "tests/rules/test_order.py::test_the_disk_comes_before_the_answer",
        "tests/rules/test_order.py::test_the_disk_comes_before_the_answer_of_dhcp6",
        "tests/system/test_kill.py::test_kill_in_the_middle_of_200_exchanges",
        "tests/system/test_kill_many.py::test_killed_300_times_under_load",
        "tests/system/test_kill_many.py::test_disk_that_fills_up_and_recovers",
        "src/store/lease_disk_io_test.c::test_killed_while_overwriting",
        "tests/scenarios/dhcp4/store_full.txt",
    ],
    "R17": [
        "tests/faults/test_connections.py::test_a_thousand_idle_connections",
        "src/dns/dns_tcp_io_test.c::test_tcp_full",
        "src/dns/dns_tcp_io_test.c::test_tcp_one_source",
        "src/dns/dns_tcp_io_test.c::test_tcp_never_reads",
        "tests/system/test_dns.py::test_tricklers_lock_nobody_out",
        "tests/system/test_dns.py::test_300_queries_on_one_connection",
    ],
    "R18": [
        "tests/rules/test_upstream.py::test_packets_for_one_question",
        "tests/rules/test_upstream.py::test_packets_for_a_question_nobody_answers",
        "tests/rules/test_upstream.py::test_no_amplification",
        "tests/rules/test_work.py::test_cpu_of_the_worst_answers",
        "tests/rules/test_work.py::test_cpu_of_the_worst_questions",
        "src/dns/flight_table_test.c::test_sends_bounded",
        "src/dns/forward_test.c::test_forward",
        "src/dns/reply_read_test.c::test_looks_are_bounded",
        "src/wire/dns_builder_test.c::test_effort_is_bounded",
        "tests/scenarios/dns/loop_detect.txt",
        "tests/scenarios/dns/failure_remembered.txt",
    ],
}


def shows(path, function):
    """The rules that lean on this test. Where everything is installed (CI=true) it may not be skipped, for then nothing
    shows them: tests/conftest.py and tests/run.py see to it."""
    names = (path, f"{path}::{function}")
    return [rule for rule, tests in EVIDENCE.items() if any(name in tests for name in names)]


def shows_in_c(program, function):
    """The same of a test in C, by the name of its program (dname_test)."""
    return [rule for rule, tests in EVIDENCE.items()
            if any(test.endswith(f"/{program}.c::{function}") for test in tests)]


@functools.lru_cache(maxsize=None)
def text_of(path):
    return (ROOT / path).read_text()


def run_folders():
    """The folders of tests/ that `make test` gives to pytest."""
    return re.findall(r'"tests/(\w+)"', text_of("tests/run.py"))


@functools.lru_cache(maxsize=None)
def functions_of(path):
    return {node.name for node in ast.parse(text_of(path)).body if isinstance(node, ast.FunctionDef)}


def missing_python(path, function):
    if path.split("/")[1] not in run_folders():
        return "in a folder that tests/run.py does not run"
    if not path.split("/")[-1].startswith("test_") or not (function or "").startswith("test_"):
        return "not what pytest collects"
    return None if function in functions_of(path) else "no such function"


def listed(path, name):
    """Has the folder's meson.build this name in a list?"""
    build = path.rsplit("/", 1)[0] + "/meson.build"
    return re.search(rf"'{re.escape(name)}(?:_test\.c|_fuzz\.c)?'", text_of(build)) is not None


def missing_c(path, function):
    name = re.sub(r"_(test|fuzz)\.c$", "", path.rsplit("/", 1)[1])
    if not listed(path, name):
        return "not in its meson.build"
    if path.endswith("_fuzz.c"):
        corpus = ROOT / "tests/corpora" / name
        return None if corpus.is_dir() and any(corpus.iterdir()) else "a fuzz target without a corpus"
    if function and not re.search(rf"cmocka_unit_test\w*\(\s*{function}\b", text_of(path)):
        return "no such test in its list"
    return None


def missing_scenario(path):
    _, _, folder, name = path.split("/")
    lists = dict(re.findall(r"'(\w+)': \[(.*?)\]", text_of("tests/scenarios/meson.build"), re.S))
    return None if f"'{name.removesuffix('.txt')}'" in lists.get(folder, "") else "not in tests/scenarios/meson.build"


def missing(test):
    """Why the test that is named proves nothing: it is not there, or nobody runs it. None when all is well."""
    command = re.fullmatch(r"make (\w+)(?: .*)?", test)
    if command:
        return None if re.search(rf"^{command[1]}:", text_of("Makefile"), re.M) else "no such target"
    path, _, function = test.partition("::")
    if not (ROOT / path).is_file():
        return "no such file"
    if path.endswith(".py"):
        return missing_python(path, function)
    if path.endswith((".c",)) and path.startswith("src/"):
        return missing_c(path, function)
    if path.startswith("tests/scenarios/"):
        return missing_scenario(path)
    return "neither a test nor a command"
