"""The static half of the rules of docs/security.md: what can be read off the source. Each check is given a Source and
gives its problems; test_rules.py runs each over the tree, and over a text that breaks it."""
import functools
import re

import allowed
import allowed_bytes
import allowed_calls
import allowed_state
from source import STARTERS, beyond, found_in, heads_and_bodies

PACKETS = ("wire", "dns", "dhcp", "dhcp4", "dhcp6", "ra", "tftp", "upstream")
STATE = ("base", "model", "store")
# What others wrote is read there too: the lease file, the kernel's messages, the control socket, HTTP, records.
FOREIGN = (*PACKETS, "store", "platform", "daemon")
EVERYTHING = (*FOREIGN, "base", "model", "config")

COPY = (r"\b(?:__builtin_\w*)?(?:memcpy|memmove|mempcpy|bcopy|memccpy|wmemcpy|wmemmove|wmempcpy)\w*\b"
        r"|[\w\])]\[(?:\w+ \+ )?(\w+)(?: [+-] \w+)?\] = [^;=]*\[(?:\w+ \+ )?\1(?: [+-] \w+)?\]")
BYTES = r"(?:u?int8_t|(?:un)?signed char|void)"
POINTER = re.compile(rf"\b{BYTES} (?:const )?\*(?:const |restrict )?(\w+)\b(?!\()")
POINTERS = re.compile(rf"\b{BYTES} \*[^;{{}}]*;")
ARRAY = re.compile(rf"\b{BYTES} (\w+)\[")  # of a function's arguments: a pointer as well
# A packet that is given another type trusts its length and its alignment.
OVERLAY = (r"\((?:const )?(?:volatile )?(?:struct (?!sockaddr\b)|union )\w+ \*\)\s*[\w(&]"
           r"|\((?:const )?(?:volatile )?(?:u?int(?:16|32|64)_t|size_t|int|long|short|unsigned(?: \w+)?) \*\)"
           r"|\b(?:void|char) \*\)\s*[\w.>-]*(?:\.|->)at\b"
           r"|\b(?:void|struct \w+|union \w+) \*\w+ = (?:\w+(?:\.|->))+at;")


@functools.lru_cache(maxsize=None)
def walks_in(code):
    """Pointers to bytes that are moved, added to or indexed by hand, by the function that declares them."""
    places = []
    for first, head, body in heads_and_bodies(code):
        declared = [name for line in POINTERS.findall(body) for name in re.findall(r", \*(\w+)", line)]
        names = set(POINTER.findall(head) + ARRAY.findall(head) + POINTER.findall(body) + declared)
        if not names:
            continue
        name = rf"(?<![.>\w])(?:{'|'.join(sorted(names))})\b"
        moved = (rf"{name}\s*(?:\+\+|--|\+=|-=|\+(?!\+)|\[)|(?:\+\+|--)\s*{name}"
                 rf"|\+\s*{name}(?!\s*(?:->|\.|\(|\[))")
        places += [(first + number, line) for number, line in found_in(moved, body)]
    return places


def walks(source, *folders):
    for path, code in source.within(*folders):
        for number, line in walks_in(code):
            yield path, number, line


def r1(source):
    """Bytes go through the two cursors of base/bytes.h."""
    yield from beyond(source.hits(COPY, *FOREIGN), {**allowed.COPIES, **allowed_bytes.COPIES})
    yield from beyond(source.hits(r"(?:\.|->)(?:at|wire|bytes|buffer)\b\s*\+(?!\+)"
                                  r"|&[\w.>-]+(?:\.|->)(?:wire|bytes|buffer)\[|\+ [\w.>-]*(?:\.|->)(?:wire|at)\b(?!\[)"
                                  r"|(?:\.|->)at\s*(?:\+\+|--|-=)|(?:\+\+|--)[\w.>-]+(?:\.|->)at\b", *FOREIGN),
                      {**allowed.POINTERS, **allowed_bytes.POINTERS})
    yield from beyond(source.hits(r"(?:\.|->)at\s*\[", *FOREIGN), allowed_bytes.INDEXED)
    yield from beyond(walks(source, *FOREIGN), allowed_bytes.WALKS)
    yield from beyond(source.hits(r"\bbytes_read_copy\((?![^;]*,\s*(?:sizeof\b|[A-Z0-9_]+\)))"), allowed.MEASURED_READS)
    yield from beyond(source.hits(r"\b(?:strcpy|strcat|stpcpy|strncpy|strncat|v?sprintf|gets|alloca|strtok|v?s?scanf|"
                                  r"atoi|atol|strtou?ll?)\s*\("), allowed.TEXT)
    yield from beyond(source.hits(r"\*\s*\w+(?:->\w+)?\+\+", *FOREIGN), {})
    yield from beyond(source.hits(r"\(const struct \w+ \*\)\s*\w*(?:\.|->)at\b|\bntoh[sl]\s*\(|\bhton[sl]\s*\("
                                  r"|\bbe\d+toh\s*\(", *PACKETS, "store"), {})
    yield from beyond(source.hits(OVERLAY, *FOREIGN), allowed_bytes.OVERLAYS)
    if "'-Wvla'" not in source.others["meson.build"]:
        yield "meson.build: arrays of variable length are no warning"
    if "--werror" not in source.others["tools/build"]:
        yield "tools/build: warnings are no errors"


# A head that does not say when the loop ends: it has no condition, or one word that the body has to change.
FLAG = r"[\s!(]*[\w.>-]+[\s)]*(?:[!=]=\s*(?:true|false|0|1)\s*)?"
ENDLESS = (rf"\bfor \([^;{{}}]*;\s*(?:true|1)?\s*;|\bfor \(;{FLAG};\s*\)"
           rf"|\bwhile \({FLAG}\)(?!;)|\}} while \({FLAG}\)|\bgoto\b")


def r2(source):
    """Every loop over input gets on or ends, and names are bounded."""
    yield from beyond(source.hits(ENDLESS, *EVERYTHING, "companions"), allowed.FOREVER)
    names = source.function("src/wire/dname.c", "dname_read") or ""
    for needed in (r"target >= pointer_limit", r"> DNAME_WIRE_MAX", r">= message\.count"):
        if not re.search(needed, names):
            yield f"dname_read: no longer checks {needed}"
    if not re.search(r"#define DNAME_WIRE_MAX\s+255\b", source.code.get("src/wire/dname.h", "")):
        yield "DNAME_WIRE_MAX is not 255"


ENDING = (r"\b(?:abort|exit|_exit|_Exit|quick_exit|raise|pthread_exit|thrd_exit|(?:sig)?longjmp|unreachable|v?errx?|"
          r"kill|killpg|tgkill|pthread_kill|__assert\w*)\s*\(|\b__builtin_(?:trap|unreachable|abort)\b"
          r"|\b(?:SYS|__NR)_(?:exit\w*|t?g?kill)\b|= *(?:abort|_?exit|_Exit|quick_exit)\s*;")


def r3(source):
    """Nothing a packet or a file says ends the program."""
    yield from beyond(source.hits(r"\bassert(?:_slow)?\s*\(", *EVERYTHING),
                      {**allowed.ASSERTIONS, **allowed_state.ASSERTIONS})
    yield from beyond(source.hits(ENDING, *EVERYTHING), allowed.ENDS)
    # Assertions stay in what is delivered, so what the tests show holds there.
    for path, text in source.others.items():
        if "NDEBUG" in text or "b_ndebug=true" in text:
            yield f"{path}: assertions are taken out"


SIZE_WORD = r"\w*(?:count|size|length|len|bytes|room|offset)\b"
FORTIFIED = """if get_option('optimization') in ['2', '3', 's'] and get_option('b_sanitize') == 'none'
  add_project_arguments('-U_FORTIFY_SOURCE', '-D_FORTIFY_SOURCE=3', language: 'c')
endif"""


def r4(source):
    """Sizes are size_t; sums that may overflow are made by helpers; the compiler helps."""
    yield from beyond(source.hits(rf"\b(?:int|short|long|char|int\d+_t) \*?{SIZE_WORD}(?![\[(])",
                                  *PACKETS, "store"), {})
    yield from beyond(source.hits(rf"\b(?:u?int8_t|uint16_t|ssize_t|unsigned (?:short|char)) {SIZE_WORD}(?![\[(])",
                                  *PACKETS, "store"), allowed_bytes.NARROW)
    yield from beyond(source.hits(rf"\((?:int|short|long|int\d+_t|ssize_t)\)\s*[\w.>()-]*(?<!\w){SIZE_WORD}",
                                  *PACKETS, "store", "base", "platform"), allowed_bytes.SIGNED)
    bytes_h = source.code.get("src/base/bytes.h", "")
    if not re.search(r"struct bytes \{\s*const uint8_t \*at;\s*size_t count;", bytes_h):
        yield "struct bytes: count is no size_t"
    for helper in ("size_add", "size_multiply"):
        if f"NODISCARD bool {helper}(" not in bytes_h:
            yield f"{helper} is gone, or may be ignored"
    build, run = source.others["meson.build"], source.others["tests/run.py"]
    for flag in ("-fstack-protector-strong", "-Wl,-z,relro", "-Wl,-z,now", "b_pie=true"):
        if flag not in build:
            yield f"meson.build: without {flag}"
    if FORTIFIED not in build:
        yield "meson.build: -D_FORTIFY_SOURCE=3 is not given to every program that is optimized"
    if "-ftrapv" in build:
        yield "meson.build: -ftrapv ends the program on what it counts"
    if not re.search(r'\("asan", \[\*QUICK, "-Doptimization=\w", "-Db_sanitize=address,undefined", [^\]]*\], \[\]\)', run):
        yield "tests/run.py: no run of all tests under the sanitizers"
    if not re.search(r'\("integers", \[\*QUICK, "-Doptimization=\w", "-Db_sanitize=undefined",\s+'
                     r'"[^"]*-fsanitize=integer[ "][^\]]*\], \["--suite", "packets"\]\)', run) \
            or '"integers": "clang"' not in run:
        yield "tests/run.py: what reads packets does not run under -fsanitize=integer"


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


ALLOCATION = (r"\b(?:uv_)?(?:__libc_)?(?:malloc|calloc|realloc|reallocarray|reallocf|aligned_alloc|memalign|"
              r"posix_memalign|valloc|pvalloc|mmap|sbrk)\b"
              r"|\b(?:strn?dup|wcsdup|v?asprintf|getline|getdelim|open_memstream)\s*\(")
# Of daemon/: where what strangers send is held until somebody takes it.
HELD_FOR_STRANGERS = ("src/daemon/script_queue.c", "src/daemon/script_service.c", "src/daemon/script_runner.c",
                      "src/daemon/netboot_http.c", "src/daemon/control.c", "src/daemon/commands.c")


def r6(source):
    """What strangers can make grow has a bound; nothing is allocated on the way of a packet."""
    yield from beyond(source.hits(ALLOCATION, *PACKETS, "model", "store", *HELD_FOR_STRANGERS),
                      {**allowed.ALLOCATIONS, **allowed_state.ALLOCATIONS})
    for name, (path, most, user, use) in allowed_state.BOUNDS.items():
        if not re.search(rf"^#define {name}\s+{re.escape(most)}\s*$", source.code.get(path, ""), re.M):
            yield f"{path}: {name} is not {most}"
        if use not in " ".join(source.code.get(user, "").split()):
            yield f"{user}: {name} no longer bounds anything by {use!r}"


def r7(source):
    """Random numbers come from one generator seeded by the system; answers are small enough to come whole."""
    yield from beyond(source.hits(r"\b(?:rand|random|srand|srandom|rand_r|[delmn]rand48)\s*\("), {})
    entropy = {path for path, _, _ in source.hits(r"\b(?:getentropy|getrandom|uv_random|arc4random\w*)\(")}
    for path in sorted(entropy - {"src/base/random.c", "src/companions/dhcp_release6.c",
                                  "src/companions/dhcp_lease_time.c", "src/companions/linnetctl_others.c"}):
        yield f"{path}: random numbers of its own"
    if "src/base/random.c" not in entropy:
        yield "src/base/random.c: not seeded by the system"
    for path, name in (("src/dns/dns_config.h", "DNS_EDNS_UDP_SIZE_DEFAULT"), ("src/wire/edns.h", "EDNS_UDP_DEFAULT")):
        if not re.search(rf"#define {name}\s+1232\b", source.code.get(path, "")):
            yield f"{path}: {name} is not 1232"
    opening = source.function("src/platform/udp_linux.c", "udp_connect") or ""
    if "ignore_path_mtu(" not in opening or "connect(" not in opening:
        yield "udp_connect: a socket that is not connected, or that believes forged path MTUs"
    if "tell_fragments(" not in opening:
        yield "udp_connect: a socket that does not tell what came in fragments"
    path_mtu = source.function("src/platform/udp_linux.c", "ignore_path_mtu") or ""
    for option, value in (("IP_MTU_DISCOVER", "IP_PMTUDISC_OMIT"), ("IPV6_MTU_DISCOVER", "IPV6_PMTUDISC_OMIT")):
        if not re.search(rf"{option}, {value}\)", path_mtu):
            yield f"ignore_path_mtu: {option} is not {value}"


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
    yield from beyond(source.hits(r"\bDNS_FLAG_AD\b"), allowed.AUTHENTIC)
    for path, statement in allowed_state.AUTHENTIC_ONLY_IF.items():
        if statement not in " ".join(source.code.get(path, "").split()):
            yield f"{path}: no longer says {statement!r}"
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


# What the broker runs, and the process of scripts.
WITH_RIGHTS = ("src/daemon/broker.c", "src/daemon/script_helper.c", "src/daemon/script_runner.c",
               "src/daemon/script_record.c", "src/daemon/script_environment.c", "src/platform/rights.c",
               "src/platform/service_notify.c", "src/platform/child_linux.c", "src/platform/child_posix.c",
               "src/daemon/script_lua.c", "src/base/log.c")


def included(source, paths):
    """(who, what) of all that these files include, and of what those headers include that are not a part of daemon/."""
    known, left = set(), [path for path in paths if path in source.text]
    while left:
        path = left.pop()
        for name in source.includes(path):
            yield path, name
            header = f"src/{name}"
            if header in source.text and header not in known and not name.startswith("daemon/"):
                known.add(header)
                left.append(header)


def table(source, name):
    """What stands between the braces of a table of the filter."""
    code = source.code.get("src/platform/sandbox_calls_seccomp.c", "")
    found = re.search(rf"\b{name}\[\] = \{{(.*?)^\}};", code, re.M | re.S)
    return found[1] if found else ""


def differences(what, found, allowed_ones):
    for name in sorted(set(found) - set(allowed_ones)):
        yield f"sandbox_calls_seccomp.c: {what} {name} is let through, and not in allowed_calls.py"
    for name in sorted(set(allowed_ones) - set(found)):
        yield f"allowed_calls.py: {what} {name} is listed, and not let through"


def confinement(source):
    """The server's filter is the one that was written down, and it is put on with all that goes with it."""
    names = [name for group in allowed_calls.CALLS.values() for name in group.split()]
    for why, group in allowed_calls.CALLS.items():
        if group.split() != sorted(group.split()):
            yield f"allowed_calls.py: not in order: {why}"
    yield from differences("call", re.findall(r"SCMP_SYS\((\w+)\)", table(source, "always")), names)
    rows = re.findall(r"\{ SCMP_SYS\((\w+)\), (\w+), (\w+), (\w+) \}", table(source, "some"))
    yield from differences("call", list(map(" ".join, rows)), allowed_calls.SOME_CALLS)
    rows = re.findall(r"\{ (\w+), (\w+), (\w+) \}", table(source, "sockets"))
    yield from differences("socket", list(map(" ".join, rows)), allowed_calls.SOCKETS)
    yield from beyond(source.hits(r"SCMP_ACT_ALLOW\b|SCMP_ACT_LOG\b"), allowed_calls.LETTING)
    for (path, name), needed in allowed_calls.CONFINING.items():
        body = source.function(path, name) or ""
        for words in needed:
            if words not in body:
                yield f"{path}: {name} does without {words}"


def r12(source):
    """The processes with rights read no packet; other programs are started in few places; who reads is confined."""
    yield from confinement(source)
    yield from beyond(source.hits(r"\b(?:v?fork|_Fork|clone3?|posix_spawnp?|f?exec[lv]p?e?|execveat|system|popen|"
                                  r"wordexp|uv_spawn)\s*\(|\b(?:SYS|__NR)_(?:v?fork|clone3?|execve(?:at)?)\b"),
                      allowed.PROCESSES)
    for path in WITH_RIGHTS:
        if path not in source.text:
            yield f"{path}: gone; who has its duty?"
    for path, name in included(source, WITH_RIGHTS):
        if re.match(r"wire/|dns/|dhcp\d?/|ra/|tftp/|upstream/|config/", name):
            yield f"{path}: includes {name}, which reads what strangers send"
    record = source.function("src/daemon/script_record.c", "script_record_read") or ""
    if "SCRIPT_RECORD_MAX" not in record or "field_max[field]" not in record:
        yield "script_record_read: lengths are no longer checked"
    variable = source.function("src/daemon/script_environment.c", "add_variable") or ""
    if "put_harmless(&out, value)" not in variable:
        yield "add_variable: what a shell takes specially goes to scripts"


# Each statement that asks a gate is written down whole: a gate whose word counts for nothing is none.
GATE = (r"\b(?:network_admits|network_admits_client|served6_admits|served6_joins|question_rules_admit|"
        r"tftp_service_admits|is_admitted|may_be_served|may_answer|is_of_client|question_rules_read)\s*\("
        r"|\bbool admitted = false\b|\breturn admitted &&")


def r13(source):
    """One gate, and every way in asks it."""
    asked = {}
    for path, _ in source.within():
        asked.update({path: found} if (found := source.statements(GATE, path)) else {})
    for path in sorted(set(asked) | set(allowed_state.GATES)):
        known, found = set(allowed_state.GATES.get(path, ())), set(asked.get(path, ()))
        yield from (f"{path}: asks otherwise than is known: {statement!r}" for statement in sorted(found - known))
        yield from (f"{path}: no longer asks by {statement!r}" for statement in sorted(known - found))
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
        asking = {row.split("/")[1] for row in allowed_state.GATES} | {"tftp"}  # asked by daemon/tftp_service.c
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
    yield from beyond(source.hits(r"(?<![.>])\b(?:open(?:64)?|openat(?:64)?|openat2|f(?:re)?open(?:64)?|creat(?:64)?|"
                                  r"opendir|scandir(?:at)?|open_by_handle_at|__open\w*|uv_fs_(?!event_)\w+)\s*\("
                                  r"|\b(?:SYS|__NR)_(?:open|creat)\w*|=\s*(?:open|openat|fopen)(?:64)?\s*;"),
                      allowed.OPENS)
    yield from beyond(source.hits(r"\bsyscall\s*\("), allowed_state.SYSTEM_CALLS)
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
    """Work for one question is bounded by numbers, here; test_upstream.py counts packets, test_work.py CPU time."""
    table = source.code.get("src/dns/flight_table.h", "")
    for name, most in (("FLIGHT_SENDS_MAX", 32), ("FLIGHT_TRIES_MAX", 12)):
        found = re.search(rf"#define {name}\s+(\d+)", table)
        if not found or int(found[1]) > most:
            yield f"flight_table.h: {name} is not bounded by {most}"
    bounds = source.function("src/dns/flight_table.c", "flight_may_send") or ""
    for bound in ("send_count < FLIGHT_SENDS_MAX", "flight_tries(flight, server) < FLIGHT_TRIES_MAX"):
        if bound not in bounds:
            yield f"flight_may_send: not bounded by {bound}"
    if "if (!flight_may_send(" not in (source.function("src/dns/flight_send.c", "flight_send_to") or ""):
        yield "flight_send_to: sends without asking flight_may_send"


STATIC = {name.upper(): check for name, check in list(globals().items()) if re.fullmatch(r"r\d+", name)}
