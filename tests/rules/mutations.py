"""How each rule's check is seen to notice: the tree's own text with one line of it changed for the worse, in memory.
A row is what is claimed, the file, what stands there and what takes its place; "" at the end of a file is the end."""

MUTATIONS = {
    "R1": [
        ("a copy by hand", "src/wire/tftp_packet.c", "", "void f(char *a, char *b) { memcpy(a, b, 9); }\n"),
        ("a pointer moved by hand", "src/dhcp4/dhcp4_messages.c", "", "int f(void) { return *(in.at + 4); }\n"),
        ("a pointer that walks", "src/wire/edns.c", "", "int f(unsigned char *p) { return *p++; }\n"),
        ("a read of a length from outside", "src/ra/ra_server.c", "",
         "void f(void) { bytes_read_copy(&reader, link->bytes, length); }\n"),
        ("a packet laid over a struct", "src/dhcp6/dhcp6_exchange.c", "",
         "void f(void) { use((const struct header *)in.at); }\n"),
        ("text of trusted length", "src/daemon/log_lines.c", "", "void f(char *a) { strcpy(a, name); }\n"),
        ("arrays of variable length", "meson.build", "'-Wvla', ", ""),
        ("an allowance nobody needs", "src/dns/cookie.c", "memcpy(", "bytes_write_copy("),
    ],
    "R2": [
        ("a loop without end", "src/wire/dns_message.c", "", "void f(void)\n{\n    for (;;) {\n    }\n}\n"),
        ("pointers that go forward", "src/wire/dname.c", "target >= pointer_limit", "target == pointer_limit"),
        ("longer names", "src/wire/dname.h", "DNAME_WIRE_MAX  255", "DNAME_WIRE_MAX  1255"),
    ],
    "R3": [
        ("an assertion about a packet", "src/wire/dns_message.c", "", "void f(void) { assert(message.count > 12); }\n"),
        ("an end", "src/wire/tftp_packet.c", "", "void f(void) { abort(); }\n"),
        ("an end in the lease file's reader", "src/store/lease_lines.c", "", "void f(void) { exit(1); }\n"),
        ("assertions taken out", "meson.build", "'-D_GNU_SOURCE',", "'-D_GNU_SOURCE', '-DNDEBUG',"),
    ],
    "R4": [
        ("a signed length", "src/wire/rdata.c", "", "void f(void) { int rdata_count = 3; }\n"),
        ("no stack protector", "meson.build", "'-fstack-protector-strong',", ""),
        ("no fortified functions", "meson.build", "_FORTIFY_SOURCE=", "NOTHING="),
        ("an overflow nobody looks at", "src/base/bytes.h", "NODISCARD bool size_add(", "bool size_add("),
        ("no sanitizers", "tests/run.py", "address,undefined", "none"),
    ],
    "R5": [
        ("a reader in a core", "src/dhcp4/dhcp4_lease.c", "", "void f(void) { x = bytes_reader_on(packet); }\n"),
        ("a decision that reads", "src/dhcp4/dhcp4_decide.c", "", "void f(void) { bytes_read_u8(&x); }\n"),
    ],
    "R6": [
        ("memory for a packet", "src/dns/local_answer.c", "", "void f(void) { x = malloc(message.count); }\n"),
        ("a bound that is gone", "src/dns/flight_table.h", "#define FLIGHTS_MAX ", "#define FLIGHTS "),
    ],
    "R7": [
        ("another generator", "src/dns/flight_send.c", "", "int f(void) { return rand(); }\n"),
        ("a seed of one's own", "src/dns/forward.c", "", "void f(void) { getrandom(&x, 2, 0); }\n"),
        ("answers that come in fragments", "src/dns/dns_config.h", "DEFAULT   1232", "DEFAULT   4096"),
        ("sockets that hear everybody", "src/platform/udp_linux.c", "connect(opened", "bound(opened"),
    ],
    "R8": [
        ("a second judge", "src/dns/reply_relay.c", "", "void f(void) { reply_accept(a, b, c); }\n"),
        ("something else kept", "src/dns/reply_rules.c", "", "void f(void) { dns_cache_insert(a, b, c); }\n"),
        ("an id nobody looks at", "src/dns/reply_accept.c", "expected->id", "expected->ID"),
    ],
    "R9": [("a set of a reply's size", "src/dns/reply_read.c", "", "void f(void) { qsort(a, reply->count, 4, c); }\n")],
    "R10": [
        ("our own word for it", "src/dns/local_answer.c", "", "void f(void) { end.flags |= DNS_FLAG_AD; }\n"),
        ("signatures, and no verdict", "src/dns/reply_read.c", "", "#include <nettle/rsa.h>\n"),
        ("dnssec taken at its word", "src/daemon/later_options.c", '.name = "dnssec", .kind = OPTION_FLAG, '
         ".state = OPTION_NOT_BUILT", '.name = "dnssec", .kind = OPTION_FLAG'),
    ],
    "R11": [("signatures, and no budget", "src/dns/reply_read.c", "", "#include <nettle/ecdsa.h>\n")],
    "R12": [
        ("a broker that reads", "src/daemon/broker.c", '#include "daemon/broker.h"', '#include "wire/dns_message.h"'),
        ("another process", "src/dhcp4/dhcp4_io.c", "", "void f(void) { fork(); }\n"),
        ("a record of any length", "src/daemon/script_record.c", "value.count > field_max[field] ||", ""),
        ("words for a shell", "src/daemon/script_environment.c", "put_harmless(&out, value)", "text_put(&out, value)"),
    ],
    "R13": [
        ("a way in without the gate", "src/dns/dns_tcp_io.c", "question_rules_admit(", "let_in("),
        ("another gate", "src/tftp/tftp_io.c", "",
         "bool network_admits(const struct network *network)\n{\n    return true;\n}\n"),
        ("a service for the whole world", "packaging/systemd/linnet.service", " --local-service", ""),
    ],
    "R14": [("wpad for everybody", "src/dhcp/lease_names_update.c", '"wpad", ', "")],
    "R15": [
        ("a file opened by its name", "src/tftp/tftp_files_io.c", "", "int f(void) { return open(path, O_RDONLY); }\n"),
        ("an open that waits", "src/platform/beneath.c", "O_NONBLOCK", "0"),
        ("devices and pipes", "src/platform/beneath.c", "S_ISREG", "S_ISANY"),
    ],
    "R16": [
        ("a rename before the bytes are there", "src/store/lease_disk_io.c",
         "write_all(fd, image, 0) && fsync(fd) == 0", "write_all(fd, image, 0)"),
        ("a rename that a power cut undoes", "src/store/lease_disk_io.c", "sync_folder(", "leave_folder("),
        ("a line that is not synced", "src/store/lease_disk_io.c", "if (fdatasync(work->disk->fd) == 0)", "if (true)"),
    ],
    "R17": [
        ("a thread for a connection", "src/dns/dns_tcp_io.c", "", "void f(void) { pthread_create(a, b, c, d); }\n"),
        ("a source that takes all", "src/dns/dns_tcp_io.c", "bound_source(shell, connection);", ""),
        ("a newcomer that is shut out", "src/dns/dns_tcp_io.c", "connection == NULL && close_idlest(shell)", "false"),
        ("a network for a source", "src/dns/dns_tcp_io.c", "!address_equal(&each->from", "!address_same_site(&each->from"),
    ],
    "R18": [
        ("more tries", "src/dns/flight_table.h", "FLIGHT_SENDS_MAX   32", "FLIGHT_SENDS_MAX   999"),
        ("no bound", "src/dns/flight_table.h", "#define FLIGHT_TRIES_MAX ", "#define TRIES_MAX "),
    ],
}
