"""The static half of the rules of docs/security.md: what can be read off the source. Each check is given a Source and
gives its problems; test_rules.py runs each over the tree, and over a text that breaks it."""
import re

import allowed
from source import STARTERS, beyond

PACKETS = ("wire", "dns", "dhcp", "dhcp4", "dhcp6", "ra", "tftp", "upstream")
STATE = ("base", "model", "store")


def r1(source):
    """Bytes go through the two cursors of base/bytes.h."""
    yield from beyond(source.hits(r"\b(?:memcpy|memmove)\(", *PACKETS), allowed.COPIES)
    yield from beyond(source.hits(r"(?:\.|->)(?:at|wire|bytes|buffer)\b\s*\+(?!\+)"
                                  r"|&[\w.>-]+(?:\.|->)(?:wire|bytes|buffer)\[", *PACKETS), allowed.POINTERS)
    yield from beyond(source.hits(r"\bbytes_read_copy\((?![^;]*,\s*(?:sizeof\b|[A-Z0-9_]+\)))"), allowed.MEASURED_READS)
    yield from beyond(source.hits(r"\b(?:strcpy|strcat|stpcpy|strncpy|strncat|v?sprintf|gets|alloca|strtok|v?s?scanf|"
                                  r"atoi|atol|strtou?ll?)\("), allowed.TEXT)
    yield from beyond(source.hits(r"\*\s*\w+(?:->\w+)?\+\+", *PACKETS), {})
    # A packet laid over a struct trusts its length and its alignment.
    yield from beyond(source.hits(r"\(const struct \w+ \*\)\s*\w*(?:\.|->)at\b|\bntoh[sl]\(|\bhton[sl]\(|\bbe\d+toh\(",
                                  *PACKETS), {})
    if "'-Wvla'" not in source.others["meson.build"]:
        yield "meson.build: arrays of variable length are no warning"
    if "--werror" not in source.others["tools/build"]:
        yield "tools/build: warnings are no errors"


def r2(source):
    """Every loop over input gets on or ends, and names are bounded."""
    yield from beyond(source.hits(r"\bfor \(;;\)|\bwhile \((?:true|1)\)", *PACKETS, *STATE, "platform", "daemon"),
                      allowed.FOREVER)
    names = source.function("src/wire/dname.c", "dname_read") or ""
    for needed in (r"target >= pointer_limit", r"> DNAME_WIRE_MAX", r">= message\.count"):
        if not re.search(needed, names):
            yield f"dname_read: no longer checks {needed}"
    if not re.search(r"#define DNAME_WIRE_MAX\s+255\b", source.code.get("src/wire/dname.h", "")):
        yield "DNAME_WIRE_MAX is not 255"


def r3(source):
    """Nothing a packet or a file says ends the program."""
    yield from beyond(source.hits(r"\bassert\(", *PACKETS), allowed.ASSERTIONS)
    yield from beyond(source.hits(r"\b(?:abort|exit|_exit|_Exit|quick_exit|raise|__builtin_trap)\(",
                                  *PACKETS, *STATE, "config"), allowed.ENDS)
    # Assertions stay in what is delivered, so what the tests show holds there.
    for path, text in source.others.items():
        if "NDEBUG" in text or "b_ndebug=true" in text:
            yield f"{path}: assertions are taken out"


def r4(source):
    """Sizes are size_t; sums that may overflow are made by helpers; the compiler helps."""
    sizes = r"\b(?:int|short|long|int16_t|int32_t) \*?\w*(?:count|size|length|bytes|room|offset)\b"
    yield from beyond(source.hits(sizes, *PACKETS, "store"), {})
    bytes_h = source.code.get("src/base/bytes.h", "")
    if not re.search(r"struct bytes \{\s*const uint8_t \*at;\s*size_t count;", bytes_h):
        yield "struct bytes: count is no size_t"
    for helper in ("size_add", "size_multiply"):
        if f"NODISCARD bool {helper}(" not in bytes_h:
            yield f"{helper} is gone, or may be ignored"
    build = source.others["meson.build"]
    for flag in ("-D_FORTIFY_SOURCE=", "-fstack-protector-strong", "-Wl,-z,relro", "-Wl,-z,now", "b_pie=true"):
        if flag not in build:
            yield f"meson.build: without {flag}"
    if "-ftrapv" in build:
        yield "meson.build: -ftrapv ends the program on what it counts"
    if "address,undefined" not in source.others["tests/run.py"]:
        yield "tests/run.py: no run under the sanitizers"
    if "integer" not in source.others["tools/fuzz"] + source.others["tests/run.py"]:
        yield "nothing runs under -fsanitize=integer"


READERS_BESIDE_WIRE = {
    "values of options, each a view of known length": (
        "src/dhcp/client_match.c", "src/dhcp/host_match.c", "src/dhcp/host_names6.c", "src/dhcp/netboot.c",
        "src/dhcp/option_value.c", "src/dhcp/dhcp_value_text.c", "src/dhcp/dhcp6_options.c", "src/dhcp4/dhcp4_detail.c",
        "src/dhcp4/dhcp4_exchange.c",
        "src/dhcp4/dhcp4_explain_parts.c", "src/dhcp4/dhcp4_facts.c", "src/dhcp4/dhcp4_leasequery.c",
        "src/dhcp4/dhcp4_messages.c", "src/dhcp4/dhcp4_pxe.c", "src/dhcp4/dhcp4_reply.c", "src/dhcp4/dhcp4_writing.c",
        "src/dhcp6/dhcp6_detail.c", "src/dhcp6/dhcp6_exchange.c", "src/dhcp6/dhcp6_facts.c", "src/dhcp6/dhcp6_io.c",
        "src/dhcp6/dhcp6_netboot.c", "src/dhcp6/dhcp6_shorten.c", "src/daemon/names6_service.c",
        "src/daemon/script_environment.c"),
    "rdata of a record that was checked, or kept": (
        "src/dns/cache_answer.c", "src/dns/dns_explain_parts.c", "src/dns/dns_rr_options.c", "src/dns/firewall.c",
        "src/dns/forward.c", "src/dns/local_lookup.c", "src/dns/reply_relay.c", "src/dns/reply_rules.c",
        "src/daemon/cache_dump.c", "src/daemon/control_cache.c", "src/daemon/log_lines.c"),
    "lengths and first fields of a stream or a datagram": (
        "src/dns/dns_tcp_io.c", "src/tftp/tftp_io.c", "src/upstream/transport_tcp.c", "src/upstream/transport_udp.c",
        "src/platform/nfnetlink_linux.c", "src/platform/udp_run_linux.c", "src/dhcp4/dhcp4_relay.c",
        "src/dhcp4/dhcp4_delay.c", "src/dhcp6/dhcp6_relay.c"),
    "records of our own between processes, and the lease file": (
        "src/daemon/script_record.c", "src/daemon/script_runner.c", "src/store/lease_disk_io.c"),
    "the cursor itself": ("src/base/bytes.c", "src/base/bytes.h"),
    "a small program's one answer": ("src/companions/dhcp_release6.c",),
}


def r5(source):
    """Packets are read in wire/; whoever acts on them gets structs of bounded size and views."""
    known = {path for paths in READERS_BESIDE_WIRE.values() for path in paths}
    found = {path for path, _, _ in source.hits(r"\bbytes_reader_on\(") if not path.startswith("src/wire/")}
    for path in sorted(found - known):
        yield f"{path}: reads bytes by itself; that belongs to wire/"
    for path in sorted(known - found):
        yield f"{path}: listed among the readers, and reads no more"
    # The decisions are given facts, and never a packet.
    for path, code in source.within():
        if re.search(r"_decide\.[ch]$", path) and re.search(r"bytes_read|_message_read\(", code):
            yield f"{path}: a decision looks into a packet"


def r6(source):
    """What strangers can make grow has a bound; nothing is allocated on the way of a packet."""
    yield from beyond(source.hits(r"\b(?:malloc|calloc|realloc|reallocarray|strn?dup|asprintf|aligned_alloc)\(",
                                  *PACKETS), allowed.ALLOCATIONS)
    for path, name in (("src/dns/flight_table.h", "FLIGHTS_MAX"), ("src/dhcp4/dhcp4_server.h", "DHCP4_PENDING_MAX"),
                       ("src/ra/ra_memory.h", "RA_MEMORY_MAX"), ("src/wire/dhcp6_message.h", "DHCP6_RELAYS_MAX")):
        if f"#define {name}" not in source.code.get(path, ""):
            yield f"{path}: {name} is gone"


def r7(source):
    """Random numbers come from one generator seeded by the system; answers are small enough to come whole."""
    yield from beyond(source.hits(r"\b(?:rand|random|srand|srandom|rand_r|[delmn]rand48)\s*\("), {})
    entropy = {path for path, _, _ in source.hits(r"\b(?:getentropy|getrandom|uv_random|arc4random\w*)\(")}
    for path in sorted(entropy - {"src/base/random.c", "src/companions/dhcp_release6.c",
                                  "src/companions/dhcp_lease_time.c"}):
        yield f"{path}: random numbers of its own"
    if "src/base/random.c" not in entropy:
        yield "src/base/random.c: not seeded by the system"
    for path, name in (("src/dns/dns_config.h", "DNS_EDNS_UDP_SIZE_DEFAULT"), ("src/wire/edns.h", "EDNS_UDP_DEFAULT")):
        if not re.search(rf"#define {name}\s+1232\b", source.code.get(path, "")):
            yield f"{path}: {name} is not 1232"
    opening = source.function("src/platform/udp_linux.c", "udp_connect") or ""
    if "ignore_path_mtu(" not in opening or "connect(" not in opening:
        yield "udp_connect: a socket that is not connected, or that believes forged path MTUs"


def callers(source, function, own):
    return {path for path, _, _ in source.hits(rf"\b{function}\(") if path.endswith(".c")} - {own}


def r8(source):
    """A reply passes reply_accept before anything is made of it, and only what was asked for is kept."""
    calls = callers(source, "reply_accept", "src/dns/reply_accept.c")
    if calls != {"src/dns/forward.c"}:
        yield f"reply_accept is called by {sorted(calls)}"
    keepers = callers(source, "dns_cache_insert", "src/store/dns_cache.c")
    if keepers != {"src/dns/reply_cache.c"}:
        yield f"dns_cache_insert is called by {sorted(keepers)}"
    accept = source.code.get("src/dns/reply_accept.c", "")
    for needed in ("DNS_FLAG_QR", "OPCODE", "expected->id", "expected->qname", "expected->qtype", "expected->qclass"):
        if needed not in accept:
            yield f"reply_accept.c: no longer looks at {needed}"


def r9(source):
    """Only bounded sets are sorted where packets are handled."""
    yield from beyond(source.hits(r"\bqsort(?:_r)?\(", *PACKETS), allowed.SORTS)


VALIDATION = r"nettle/|openssl/|gnutls/|gcrypt|mbedtls/|sodium"


def r10(source):
    """Nothing is called authentic by our own word while nothing is validated."""
    yield from beyond(source.hits(r"\bflags \|= [^;]*DNS_FLAG_AD\b|\.flags = [^;]*DNS_FLAG_AD\b", "dns", "daemon"),
                      allowed.AUTHENTIC)
    validates = [path for path in source.text if any(re.match(VALIDATION, name) for name in source.includes(path))]
    verdicts = any(re.search(r"enum dnssec_verdict\s*\{[^}]*SECURE[^}]*INSECURE[^}]*BOGUS", code)
                   for _, code in source.within())
    if validates and not verdicts:
        yield f"{validates}: signatures are checked, and there is no verdict of three values"
    if not validates:
        rows = source.code.get("src/daemon/later_options.c", "")
        text = source.text.get("src/daemon/later_options.c", "")
        if not re.search(r'\.name = "dnssec"[^}]*OPTION_NOT_BUILT', text) or not rows:
            yield "dnssec is taken, and nothing validates"


def r11(source):
    """No signature is checked without a budget in the question that wants it."""
    validates = [path for path in source.text if any(re.match(VALIDATION, name) for name in source.includes(path))]
    if validates and not any(re.search(r"struct \w*(?:query|flight)\w* \{[^}]*\bbudget\b", code)
                             for _, code in source.within("dns", "dnssec")):
        yield f"{validates}: signatures are checked, and no question has a budget for it"


def r12(source):
    """The processes with rights read no packet; other programs are started in few places."""
    yield from beyond(source.hits(r"\b(?:v?fork|posix_spawnp?|exec[lv]p?e?|system|popen|uv_spawn)\("),
                      allowed.PROCESSES)
    for path in ("src/daemon/broker.c", "src/daemon/script_helper.c", "src/daemon/script_runner.c",
                 "src/daemon/script_record.c", "src/daemon/script_environment.c"):
        if path not in source.text:
            yield f"{path}: gone; who has its duty?"
            continue
        for name in source.includes(path):
            if re.match(r"wire/|dns/|dhcp\d?/|ra/|tftp/|upstream/|config/", name):
                yield f"{path}: includes {name}, which reads what strangers send"
    record = source.function("src/daemon/script_record.c", "script_record_read") or ""
    if "SCRIPT_RECORD_MAX" not in record or "field_max[field]" not in record:
        yield "script_record_read: lengths are no longer checked"
    variable = source.function("src/daemon/script_environment.c", "add_variable") or ""
    if "put_harmless(&out, value)" not in variable:
        yield "add_variable: what a shell takes specially goes to scripts"


def r13(source):
    """One gate, and every way in asks it."""
    for path, gate in allowed.GATES.items():
        if f"{gate}" not in source.code.get(path, ""):
            yield f"{path}: does not ask {gate}"
    gate = re.compile(r"^bool network_admits\([^;{]*\)\n\{", re.M)
    defined = [path for path, code in source.within() if gate.search(code)]
    if defined != ["src/model/network.c"]:
        yield f"network_admits is defined in {defined}"
    # Where no line says where to serve, those who start us say: neighbors only.
    for path in STARTERS:
        if not re.search(r"\S --local-service", source.others[path]):
            yield f"{path}: serves whoever can reach it unless a line says otherwise"
    # A service with a shell of its own needs a row above.
    for path, code in source.within():
        asking = {row.split("/")[1] for row in allowed.GATES} | {"tftp"}
        if path.endswith("_server.c") and path.split("/")[1] not in asking:
            yield f"{path}: a service that asks no gate"


def r14(source):
    """What the configuration names is not a client's to claim."""
    names = source.text.get("src/dhcp/lease_names_update.c", "")
    for name in ("localhost", "wpad", "isatap"):
        if f'"{name}"' not in names:
            yield f"lease_names_update.c: {name} can be claimed"


def r15(source):
    """Files for strangers are opened in one place, beneath a folder, regular ones only, without waiting."""
    yield from beyond(source.hits(r"(?<![.>])\b(?:open|openat|openat2|fopen|freopen|creat|opendir)\("),
                      allowed.OPENS)
    beneath = source.code.get("src/platform/beneath.c", "")
    for needed in ("RESOLVE_BENEATH", "O_NONBLOCK", "O_NOFOLLOW", "S_ISREG", "SYS_openat2"):
        if needed not in beneath:
            yield f"beneath.c: without {needed}"
    if "platform/beneath.h" not in (source.includes("src/tftp/tftp_files_io.c")
                                    if "src/tftp/tftp_files_io.c" in source.text else []):
        yield "tftp_files_io.c: opens files without beneath.h"


def in_order(text, *words):
    place = 0
    for word in words:
        found = text.find(word, place)
        if found < 0:
            return False
        place = found
    return True


def r16(source):
    """The lease is on the disk before the answer leaves; the old file is whole until the new one is."""
    synced = [path for path, _, _ in source.hits(r"\b(?:fdatasync|fsync)\(")]
    for path, (count, why) in allowed.DURABLE.items():
        if synced.count(path) < count:
            yield f"{path}: {count} places made {why} last, now {synced.count(path)}"
    disk = source.code.get("src/store/lease_disk_io.c", "")
    if not re.search(r"write_all\(fd, image, 0\) && fsync\(fd\) == 0", disk):
        yield "lease_disk_io.c: the new file is not synced before it takes the old one's place"
    renaming = next((found for found in re.findall(r"^\{\n.*?^\}", disk, re.M | re.S) if "rename(" in found), "")
    if not in_order(renaming, "rename(", "sync_folder("):
        yield "lease_disk_io.c: the folder is not synced after the rename"


def r17(source):
    """TCP lives in the loop: no process and no thread for a connection; two caps."""
    yield from beyond(source.hits(r"\b(?:v?fork|pthread_create|uv_thread_create\w*)\(", "dns", "upstream"), {})
    tcp = source.code.get("src/dns/dns_tcp_io.c", "")
    for needed in (r"tcp_max|TCP_MAX|connections_max", r"source|share|address"):
        if not re.search(needed, tcp):
            yield f"dns_tcp_io.c: no cap ({needed})"
    started = source.function("src/dns/dns_tcp_io.c", "connection_start") or ""
    for name in ("bound_source", "close_idlest"):
        if f"{name}(" not in started:
            yield f"dns_tcp_io.c: connection_start does not call {name}"
    if "address_equal(" not in (source.function("src/dns/dns_tcp_io.c", "bound_source") or ""):
        yield "dns_tcp_io.c: bound_source does not count by the whole address"


def r18(source):
    """Work for one question is bounded by numbers, here; test_upstream.py counts packets."""
    table = source.code.get("src/dns/flight_table.h", "")
    for name, most in (("FLIGHT_SENDS_MAX", 32), ("FLIGHT_TRIES_MAX", 12)):
        found = re.search(rf"#define {name}\s+(\d+)", table)
        if not found or int(found[1]) > most:
            yield f"flight_table.h: {name} is not bounded by {most}"
    if not any(path == "src/dns/flight_send.c" or path == "src/dns/flight_table.c" for path, _, _ in
               source.hits(r"FLIGHT_SENDS_MAX")):
        yield "FLIGHT_SENDS_MAX bounds nothing"


STATIC = {name.upper(): check for name, check in list(globals().items()) if re.fullmatch(r"r\d+", name)}
