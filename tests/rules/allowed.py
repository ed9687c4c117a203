"""What the checks of the rules let pass, place by place: how many, and why each is safe. A row more is a decision
to be read by somebody; a row that nothing needs fails too (source.beyond)."""

NAME = "struct dname, 255 bytes: the type that holds names checks its own lengths"
OWN = "our own bytes, of a size fixed by their type"
ROOM = "room of the outbox, handed to a writer with its size"
CONFIGURED = "words of the configuration, checked against the room before"
LABEL = "a label of a checked name"

# R1: copying by hand where packets are handled.
COPIES = {
    "src/dhcp/host_names6.c": (3, "a hardware address into an interface id, both of fixed size"),
    "src/dns/auth_zone.c": (1, OWN),
    "src/dns/cookie.c": (2, "8 bytes of an option whose length was checked, and of a hash of our own"),
    "src/dns/dns_explain_parts.c": (1, LABEL),
    "src/dns/dns_rule_options.c": (1, CONFIGURED),
    "src/dns/dns_rules.c": (2, "the pointer to an array of ours"),
    "src/dns/dns_tcp_io.c": (2, "what is left of a read, and a backlog moved to larger room that was just made"),
    "src/dns/firewall_io.c": (2, OWN),
    "src/dns/private_ranges.c": (1, OWN),
    "src/dns/synth_name.c": (1, NAME),
    "src/ra/ra_link.c": (3, OWN),
    "src/ra/ra_memory.c": (1, OWN),
    "src/ra/ra_state.c": (1, "an interface's name, its length checked in the line before"),
    "src/tftp/tftp_files_io.c": (1, "a file's bytes out of a chunk, the smaller of both rooms"),
    "src/upstream/transport_tcp.c": (1, "the rest of a read to the front of its own buffer"),
    "src/wire/dname.c": (12, NAME),
    "src/wire/icmp6_message.c": (1, "a link-layer address, cut to the room of struct hardware"),
}

# R1: pointers moved by hand into bytes.
POINTERS = {
    "src/dhcp/client_match.c": (1, "a pattern's length before the end of the value, at most"),
    "src/dhcp/dhcp_host_options.c": (1, CONFIGURED),
    "src/dhcp/host_names6.c": (2, "the two halves of an address"),
    "src/dhcp4/dhcp4_server.c": (1, ROOM),
    "src/dhcp6/dhcp6_server.c": (1, ROOM),
    "src/dns/connmark.c": (1, LABEL),
    "src/dns/dns_explain_parts.c": (1, LABEL),
    "src/dns/dns_rule_options.c": (2, CONFIGURED),
    "src/dns/dns_tcp_io.c": (1, "what of a read is left after the questions in it"),
    "src/dns/local_answer.c": (1, "the end of a name that is long enough"),
    "src/dns/outbox.c": (2, ROOM),
    "src/dns/question_rules.c": (1, LABEL),
    "src/dns/reply_read.c": (1, ROOM),
    "src/dns/reply_rules.c": (1, "rdata of four bytes, for a writer of four bytes"),
    "src/dns/synth_name.c": (1, "groups of an address"),
    "src/tftp/tftp_files_io.c": (1, "a file's bytes out of a chunk"),
    "src/tftp/tftp_outbox.h": (1, ROOM),
    "src/wire/dhcp6_message.c": (3, "offsets of a writer's own marks, patched with a check"),
    "src/wire/dname.c": (18, NAME),
    "src/wire/dns_builder.c": (4, "labels of a checked name that is being written"),
    "src/wire/dns_message.h": (1, "the rdata of a record that dns_message_read has checked"),
    "src/wire/rdata.c": (1, "the end of rdata, its length known from stepping over its fields"),
    "src/wire/rdata_parse.c": (1, "what was just written"),
    "src/wire/rdata_text.c": (2, "a character string after its length byte"),
}

# R1, R5: reads of a length that came from outside into something of a fixed size. Each is bounded just before.
MEASURED_READS = {
    "src/base/bytes.h": (1, "the function itself"),
    "src/daemon/script_record.c": (1, "field_max has no hardware address above HARDWARE_MAX"),
    "src/dhcp6/dhcp6_exchange.c": (1, "an option 79 above HARDWARE_MAX is passed over"),
    "src/wire/dhcp4_message.c": (1, "hlen above HARDWARE_MAX is malformed"),
    "src/wire/dhcp6_message.c": (1, "6 or 8"),
    "src/wire/edns.c": (1, "as many as a prefix of 32 or 128 bits has"),
}

# R1: functions that trust the length of text.
TEXT = {
    "src/platform/port_holder_proc.c": (4, "the kernel's own tables, with bounds in the format"),
}

# R2: loops without a condition in their head, and why each ends.
FOREVER = {
    "src/base/random.c": (1, "a number drawn anew with a chance of less than a half"),
    "src/base/text.c": (1, "a digit less each turn"),
    "src/base/timer_heap.c": (1, "goes one level down each turn"),
    "src/companions/dhcp_lease_time.c": (1, "an alarm ends the program"),
    "src/companions/linnetctl.c": (1, "an answer's bytes, until the daemon has closed or a read fails"),
    "src/config/config_file.c": (2, "a line each turn"),
    "src/daemon/broker.c": (1, "waits for signals"),
    "src/daemon/config_changes.c": (1, "a line of text each turn"),
    "src/daemon/script_helper.c": (1, "waits for the process that runs scripts"),
    "src/daemon/script_runner.c": (1, "until the script ends, which is killed when its time is over"),
    "src/dhcp/address_pick.c": (1, "goes one level up each turn"),
    "src/dhcp/dhcp_boot_options.c": (1, "a field of the line each turn"),
    "src/dhcp/dhcp_value_options.c": (1, "a field of the line each turn"),
    "src/dhcp/host_names6.c": (2, "an entry of a table each turn"),
    "src/dhcp6/dhcp6_exchange.c": (1, "a label each turn; a label of no bytes, as after the end, is the last"),
    "src/dhcp6/dhcp6_io.c": (1, "a held datagram each turn, HELD_MAX of them"),
    "src/dhcp6/dhcp6_lease.c": (1, "takes a name away each turn"),
    "src/dhcp6/dhcp6_registration.c": (1, "takes a timer out each turn"),
    "src/dns/dns_cname_options.c": (1, "marks a line each turn and stops at a marked one"),
    "src/dns/dns_rules.c": (1, "steps were made in order and lead back to earlier ones"),
    "src/dns/firewall_io.c": (1, "a message of the kernel each turn, with a deadline on the socket"),
    "src/dns/reply_read.c": (1, "a link more each turn, of as many as the array holds"),
    "src/model/domain_tree.c": (1, "a table that is never full"),
    "src/model/local_names.c": (1, "as many names as there are"),
    "src/model/tags.c": (1, "fewer than half of the slots are taken"),
    "src/platform/beneath.c": (1, "bounded by BENEATH_LINKS_MAX and the path's length"),
    "src/platform/multicast_linux.c": (1, "a socket each turn, and a new one is the last"),
    "src/platform/nfnetlink_linux.c": (1, "again only after an interruption or a loss, which the kernel tells once"),
    "src/wire/dhcp6_message.c": (1, "DHCP6_RELAYS_MAX envelopes"),
    "src/wire/dname.c": (3, "pointers go back only, labels add up to 255 bytes"),
    "src/wire/dns_builder.c": (2, "our own labels and pointers back; 255 bytes"),
    "src/wire/rdata.c": (1, "a failed reader or 255 bytes end it"),
}

# R3: what may end the program: an assertion that does not hold. Others end a process at its start or its end.
ENDS = {
    "src/base/compiler.c": (1, "where assertions end, which are counted below"),
    "src/config/config_file.c": (1, "kills the script of conf-script= that it started"),
    "src/daemon/broker.c": (1, "the server's own end, after its loop has ended"),
    "src/daemon/script_helper.c": (3, "the process of scripts, when the daemon is gone"),
    "src/daemon/script_runner.c": (5, "the process of scripts, and kills a script whose time is over"),
    "src/daemon/startup.c": (3, "who started a daemon in the background, and a start that failed"),
    "src/platform/child_linux.c": (1, "a child whose parent was gone before it could ask to be told"),
    "src/platform/child_posix.c": (1, "the same"),
}

# R3: statements about our own code where packets are handled. None is about what a packet says.
ASSERTIONS = {
    "src/dhcp/host_machines.c": (2, "callers give an address; rooms counted at the start"),
    "src/dhcp/host_names6_look.c": (1, "a heap with room for each address"),
    "src/dhcp/lease_commit.c": (2, "a table's size; one ticket a lease"),
    "src/dhcp/netboot.c": (1, "an index we gave"),
    "src/dhcp/option_value.c": (1, "room counted before it is filled"),
    "src/dhcp/tag_rules.c": (1, "numbers given in order at the start"),
    "src/dhcp4/dhcp4_delay.c": (1, "a table's size"),
    "src/dhcp4/dhcp4_probe.c": (3, "a table's size; rows with room taken at the start"),
    "src/dhcp4/dhcp4_server.c": (1, "an action no larger than the buffer it was written to"),
    "src/dhcp6/dhcp6_pending.c": (1, "a table's size"),
    "src/dhcp6/dhcp6_server.c": (2, "actions within the buffer; a DUID of ours"),
    "src/dns/dns_rule_options.c": (1, "a configured name that was read before"),
    "src/dns/dns_rules.c": (2, "rules are finished once"),
    "src/dns/dns_view.c": (1, "room counted before"),
    "src/dns/flight_table.c": (1, "a heap with room for each flight"),
    "src/dns/outbox.c": (3, "how the worker uses its own outbox"),
    "src/tftp/tftp_files_io.c": (1, "a heap with room for each file"),
    "src/tftp/tftp_outbox.h": (1, "what is asked for is smaller than the buffer"),
    "src/tftp/tftp_server.c": (3, "heaps with room for each transfer; a place made just before"),
    "src/upstream/transport_udp.c": (2, "room for each question; ports checked by the option"),
    "src/wire/dhcp4_message.c": (3, "how a reply is built: the caller's room and a checked hardware address"),
    "src/wire/dns_builder.c": (2, "how a reply is built: limit and order of sections"),
    "src/wire/edns.c": (1, "a prefix within its family, from a type that holds no other"),
    "src/wire/icmp6_message.c": (1, "a length that the option checked"),
}

# R6: memory taken where packets are handled: at the start, at a reload, or within a bound.
START = "at the start or a reload"
ALLOCATIONS = {
    "src/dhcp/address_pick.c": (3, START),
    "src/dhcp/host_match.c": (1, START),
    "src/dhcp/host_names6.c": (1, START),
    "src/dhcp/lease_commit.c": (3, START + "; the reply of a row, kept with it, at most a packet"),
    "src/dhcp4/dhcp4_delay.c": (3, START + "; the reply of a row, kept with it, at most a packet"),
    "src/dhcp4/dhcp4_explain.c": (1, "for a command of the control socket, given back"),
    "src/dhcp4/dhcp4_facts.c": (2, "DHCP4_PENDING_MAX rows, each at most LEASE_FACTS_MAX"),
    "src/dhcp4/dhcp4_io.c": (1, START),
    "src/dhcp4/dhcp4_probe.c": (3, START + "; the message of a row, kept with it, at most a packet"),
    "src/dhcp4/dhcp4_server.c": (3, START),
    "src/dhcp6/dhcp6_clients.c": (1, START),
    "src/dhcp6/dhcp6_explain.c": (1, "for a command of the control socket, given back"),
    "src/dhcp6/dhcp6_io.c": (3, START),
    "src/dhcp6/dhcp6_pending.c": (3, START + "; the reply of a row, kept with it, at most a packet"),
    "src/dhcp6/dhcp6_registration.c": (1, START),
    "src/dhcp6/dhcp6_scope.c": (1, START),
    "src/dhcp6/dhcp6_server.c": (1, START),
    "src/dns/dns_cname_options.c": (2, START),
    "src/dns/dns_rehearse.c": (1, "for a command of the control socket, given back"),
    "src/dns/dns_rules.c": (3, START),
    "src/dns/dns_shell_io.c": (1, START),
    "src/dns/dns_tcp_io.c": (4, START + "; a connection's answers that its client does not read, BACKLOG_MAX"),
    "src/dns/dns_udp_io.c": (2, START),
    "src/dns/dns_view.c": (1, START),
    "src/dns/dns_worker.c": (1, START),
    "src/dns/firewall_io.c": (1, START),
    "src/dns/firewall_rules.c": (1, START),
    "src/dns/set_memory.c": (1, START),
    "src/dns/upstream_state.c": (3, START),
    "src/ra/ra_io.c": (2, START + ", and when interfaces change, one row each"),
    "src/ra/ra_memory.c": (1, "RA_MEMORY_MAX prefixes"),
    "src/ra/ra_server.c": (1, START),
    "src/ra/ra_state_io.c": (2, "a file of ours, at most RA_MEMORY_MAX lines"),
    "src/tftp/tftp_files_io.c": (1, START),
    "src/tftp/tftp_io.c": (4, START),
    "src/tftp/tftp_server.c": (1, START),
    "src/upstream/transport_tcp.c": (3, START + "; a connection to a server for a flight, as many as flights"),
    "src/upstream/transport_udp.c": (2, START + "; SHARED_MAX sockets of fixed ports"),
}

# R9: sorting where packets are handled.
SORTS = {
    "src/dhcp/dhcp_range6.c": (1, START),
    "src/dhcp/host_match.c": (1, START),
    "src/dns/address_set.c": (1, START),
    "src/dns/dns_cname_options.c": (1, START),
    "src/dns/dns_records.c": (1, START),
    "src/wire/rdata_parameters.c": (2, "a configured record's parameters, MANDATORY_MAX and PARAMETERS_MAX"),
}

# R10: who speaks of the bit that says data is authentic: it is passed on as an upstream said it, with proxy-dnssec, and
# never made up.
AUTHENTIC = {
    "src/dns/cache_answer.c": (2, "kept with the bit, for a client that asked for it"),
    "src/dns/dns_explain_parts.c": (1, "its name"),
    "src/dns/forward.c": (2, "flags of the question and of its place among those under way"),
    "src/dns/reply_cache.c": (2, "what the upstream said, with proxy-dnssec"),
    "src/dns/reply_relay.c": (2, "as the upstream said, with proxy-dnssec"),
    "src/dns/reply_rules.c": (3, "taken away from what is changed"),
    "src/wire/dns_message.h": (1, "the bit"),
}

# R12: other processes: who makes them and who turns into another program.
PROCESSES = {
    "src/config/config_file.c": (1, "conf-script, before root is given up, and at a reload as who we are"),
    "src/daemon/broker.c": (1, "the server"),
    "src/daemon/script_helper.c": (2, "the process of scripts, forked at the start"),
    "src/daemon/script_runner.c": (4, "each script"),
    "src/daemon/startup.c": (2, "into the background"),
}

# R13: who asks the gate. Every way in goes through one of these.
GATES = {
    "src/daemon/sockets.c": "network_admits",
    "src/daemon/tftp_service.c": "network_admits",
    "src/dhcp/served6.c": "network_admits",
    "src/dhcp4/dhcp4_exchange.c": "network_admits",
    "src/dhcp4/dhcp4_relay.c": "network_admits",
    "src/dhcp6/dhcp6_exchange.c": "served6_admits",
    "src/dhcp6/dhcp6_io.c": "served6_admits",
    "src/dhcp6/dhcp6_relay.c": "served6_admits",
    "src/dns/dns_tcp_io.c": "question_rules_admit",
    "src/dns/question_rules.c": "network_admits",
    "src/ra/ra_link.c": "served6_",
}

# R15: who opens files, and which.
NULL = "/dev/null"
OPENS = {
    "src/base/log_target.c": (1, "the log file of the configuration, never waiting"),
    "src/base/report.c": (3, "its own function of that name, which writes a brace"),
    "src/config/config_file.c": (2, "files and folders of the configuration"),
    "src/daemon/config.c": (1, "a file of the configuration"),
    "src/daemon/confinement.c": (1, "folders of the configuration, listed before a packet is read"),
    "src/daemon/packet_dump.c": (1, "dumpfile=, never waiting"),
    "src/daemon/script_helper.c": (1, NULL),
    "src/daemon/script_runner.c": (1, NULL),
    "src/daemon/startup.c": (3, NULL + ", and the pid file, which follows no link"),
    "src/platform/beneath.c": (6, "the place for what strangers ask for"),
    "src/platform/file.c": (2, "hosts files and their like, never waiting, size bounded; folders of the configuration"),
    "src/platform/port_holder_proc.c": (4, "the kernel's tables, at the start"),
    "src/platform/privilege_linux.c": (1, "a file of the kernel, at the start"),
    "src/platform/sandbox_linux.c": (1, "places of the plan, without opening what is there"),
    "src/ra/ra_state_io.c": (2, "beside the lease file, following no link"),
    "src/store/lease_disk_io.c": (6, "the lease file and the one that takes its place"),
}

# R16: who makes things last.
DURABLE = {
    "src/ra/ra_state_io.c": (2, "what hosts were told, beside the leases"),
    "src/store/lease_disk_io.c": (6, "the lease file"),
}
