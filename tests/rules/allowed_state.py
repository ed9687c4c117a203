"""What the checks of the rules let pass besides allowed.py: statements about our own code, and memory that is
taken, where no packet comes by; the bounds themselves; who asks the gate, word by word; system calls by number."""

FROZEN = "built before it is asked, and not changed afterwards"
COUNTED = "room was counted or taken for as many before"
INDEX = "an index that the same object gave"
START = "at the start or a reload"
PLACE = "as many as there are leases, which dhcp-lease-max= bounds"

# R3: statements about our own code elsewhere. None is about what a file, a packet or a system call says.
ASSERTIONS = {
    "src/base/address.c": (4, "the family and the lengths that callers have looked at"),
    "src/base/arena.c": (1, "sizes of ours"),
    "src/base/bytes.c": (2, "a buffer of the caller; a place that the writer gave"),
    "src/base/compiler.h": (4, "what an assertion is"),
    "src/base/hashmap.c": (1, "values of ours"),
    "src/base/log.c": (4, "how the log is set up, and parts of ours"),
    "src/base/mailbox.c": (1, "sizes of ours"),
    "src/base/pool.c": (4, "sizes of ours; an object that the pool gave"),
    "src/base/random.c": (1, "bounds of ours"),
    "src/base/snapshot.c": (1, "what is published is not what was"),
    "src/base/text.c": (2, "a buffer of the caller; a place that the writer gave"),
    "src/base/timer_heap.c": (3, "a capacity of ours; timers that the heap holds"),
    "src/config/option_read.c": (2, "rows of options: each name once, limits that fit"),
    "src/daemon/commands.c": (1, "room for each metric there is"),
    "src/daemon/host_files_build.c": (1, "rows of options that are always there"),
    "src/daemon/packet_dump.c": (1, "a record that has begun finds the buffer empty"),
    "src/daemon/servers_file.c": (1, "rows of options that are always there"),
    "src/daemon/sockets.c": (1, "dns-threads= allows no more"),
    "src/daemon/views_overrides.c": (1, "rows of options that are always there"),
    "src/model/domain_tree.c": (4, FROZEN),
    "src/model/local_names.c": (7, FROZEN),
    "src/model/tags.c": (4, "numbers given when the configuration was read"),
    "src/platform/nfnetlink_linux.c": (2, "DNS_LEARNED_MAX is no more, asserted at compile time"),
    "src/platform/sandbox_linux.c": (1, "ports counted when the plan is made"),
    "src/platform/udp_linux.c": (1, "a batch is never larger"),
    "src/store/dns_cache.c": (4, "its own index and ring; room counted before it is filled"),
    "src/store/lease_file_io.c": (1, "what asks the system for nothing"),
    "src/store/lease_file_plan.c": (1, "a DUID of ours, looked at by daemon/lease_store.c"),
    "src/store/lease_table.c": (5, "identifiers bounded by who reads them; a heap with room for each lease"),
}

# R6: memory for what lasts, and for what waits for the script, the control socket and HTTP.
ALLOCATIONS = {
    "src/daemon/control.c": (3, "START; CONTROL_CLIENTS_MAX connections"),
    "src/daemon/netboot_http.c": (2, "START; a request's name and folder, HTTP_CLIENTS_MAX at once"),
    "src/daemon/script_queue.c": (2, "a record of at most SCRIPT_RECORD_MAX bytes, count_max of them"),
    "src/daemon/script_runner.c": (1, "what a script writes at its start, bounded by INIT_BYTES_MAX"),
    "src/model/domain_tree.c": (7, START),
    "src/model/lease_names.c": (4, "START; a name of at most 255 bytes for each lease"),
    "src/model/local_names.c": (6, START),
    "src/model/neighbour_table.c": (1, START),
    "src/model/network.c": (1, START),
    "src/store/dns_cache.c": (4, START),
    "src/store/lease_disk_io.c": (2, START),
    "src/store/lease_file_io.c": (2, START),
    "src/store/lease_file_plan.c": (5, "a record and a place for each lease; LEASE_FILE_CHANGES_MAX changes"),
    "src/store/lease_table.c": (5, "START; what identifies the client of a lease, its parts bounded"),
    "src/store/lease_text.c": (1, "lines of a batch of at most LEASE_FILE_CHANGES_MAX changes"),
}

# R6: the bounds: where each is, how much, who keeps to it, and by what words.
BOUNDS = {
    "FLIGHTS_MAX": ("src/dns/flight_table.h", "65536", "src/dns/flight_table.c",
                    "uint32_t flights = flights_max < FLIGHTS_MAX ? flights_max : FLIGHTS_MAX;"),
    "FLIGHT_VARIANTS_MAX": ("src/dns/flight_table.h", "32", "src/dns/forward.c", "< FLIGHT_VARIANTS_MAX"),
    "DNS_TCP_QUESTIONS_MAX": ("src/dns/dns_shell_io.h", "256", "src/dns/dns_tcp_io.c",
                              "!write && connection->waiting < DNS_TCP_QUESTIONS_MAX"),
    "DNS_TCP_BACKLOG_MAX": ("src/dns/dns_shell_io.h", "(512 * 1024)", "src/dns/dns_tcp_io.c", ": DNS_TCP_BACKLOG_MAX;"),
    "BACKLOG_BULK_MAX": ("src/dns/dns_tcp_io.c", "(2 * 1024 * 1024)", "src/dns/dns_tcp_io.c",
                         "size_t max = connection->bulk ? BACKLOG_BULK_MAX"),
    "DNS_UPSTREAM_TCP_MAX": ("src/dns/dns_shell_io.h", "256", "src/dns/dns_shell_io.c",
                             "transport.sockets_max = DNS_UPSTREAM_TCP_MAX;"),
    "DHCP4_PENDING_MAX": ("src/dhcp4/dhcp4_server.h", "1024", "src/dhcp4/dhcp4_server.c",
                          "lease_commit_create(DHCP4_PENDING_MAX, &server->commit)"),
    "DHCP4_DECLINED_MAX": ("src/dhcp4/dhcp4_server.h", "256", "src/dhcp4/dhcp4_lease.c",
                           "server->declined_count == DHCP4_DECLINED_MAX"),
    "DHCP4_DELAYED_MAX": ("src/dhcp4/dhcp4_delay.h", "1024", "src/dhcp4/dhcp4_server.c",
                          "dhcp4_delay_create(DHCP4_DELAYED_MAX, &server->delays)"),
    "DHCP6_PENDING_MAX": ("src/dhcp6/dhcp6_server.h", "1024", "src/dhcp6/dhcp6_server.c",
                          "dhcp6_pending_create(DHCP6_PENDING_MAX, &server->pending)"),
    "DHCP6_DECLINED_MAX": ("src/dhcp6/dhcp6_server.h", "256", "src/dhcp6/dhcp6_lease.c",
                           "server->declined_count == DHCP6_DECLINED_MAX"),
    "DHCP6_CLIENT_LEASES_MAX": ("src/dhcp6/dhcp6_clients.h", "16", "src/dhcp6/dhcp6_lease.c",
                                "dhcp6_clients_count(server->clients, exchange->duid) >= DHCP6_CLIENT_LEASES_MAX"),
    "DHCP6_REGISTRATIONS_MAX": ("src/dhcp6/dhcp6_registration.h", "8192", "src/dhcp6/dhcp6_server.c",
                                "dhcp6_registrations_create(&setup->key, DHCP6_REGISTRATIONS_MAX"),
    "DHCP6_RELAYS_MAX": ("src/wire/dhcp6_message.h", "8", "src/wire/dhcp6_message.c",
                         "wrapped->relay_count >= DHCP6_RELAYS_MAX"),
    "HOST_NAMES6_ADDRESSES_MAX": ("src/dhcp/host_names6.h", "262144", "src/dhcp/host_names6.c",
                                  "return wanted < HOST_NAMES6_ADDRESSES_MAX ? wanted : HOST_NAMES6_ADDRESSES_MAX;"),
    "LEASE_CLIENT_ID_MAX": ("src/store/lease.h", "255", "src/dhcp/client_id.c", "id.count <= LEASE_CLIENT_ID_MAX"),
    "LEASE_FILE_CHANGES_MAX": ("src/store/lease_file_plan.h", "4096", "src/store/lease_file_plan.c",
                               "batch->count == LEASE_FILE_CHANGES_MAX"),
    "RA_MEMORY_MAX": ("src/ra/ra_memory.h", "1024", "src/ra/ra_memory.c", "if (memory->count == RA_MEMORY_MAX)"),
    "SHARED_MAX": ("src/upstream/transport_udp.c", "16", "src/upstream/transport_udp.c",
                   "if (transport->shared_count == SHARED_MAX)"),
    "SCRIPT_RECORD_MAX": ("src/daemon/script_record.h", "12288", "src/daemon/script_record.c",
                          "message.count > SCRIPT_RECORD_MAX"),
    "CONTROL_CLIENTS_MAX": ("src/daemon/control.h", "16", "src/daemon/control.c",
                            "struct control_client *clients[CONTROL_CLIENTS_MAX];"),
}

# R10: who may say that data is authentic, and on what condition: what the upstream said, with proxy-dnssec.
AUTHENTIC_ONLY_IF = {
    "src/dns/cache_answer.c":
        "if (draft->secure && (draft->query->asker.flags & DNS_FLAG_AD) != 0) end->flags |= DNS_FLAG_AD;",
    "src/dns/reply_cache.c":
        "return config->filters.proxy_dnssec && (reply->flags & (DNS_FLAG_AD | DNS_FLAG_CD)) == DNS_FLAG_AD;",
    "src/dns/reply_relay.c":
        "if (!denies_ours && wants_ad(asker) && reply_is_secure(worker->view->config, reply)) "
        "end.flags |= DNS_FLAG_AD;",
}

# R13: who asks a gate, word by word: where the gate is asked and not heeded, the words are others.
GATES = {
    "src/daemon/control_facts.c": (
        "if (own->interface == link->index && own->address.family == ADDRESS_IP4 && network_admits(network, "
        "&daemon->config->site, link->index, &own->address)) return true",
        "return served6_joins(daemon->views.network->network, &daemon->config->site, &daemon->config->dhcp, "
        "link->index)",
    ),
    "src/daemon/netboot_http.c": (
        "if (!is_admitted(http, fd, from->address.family))",
        "return tftp_service_admits(http->config, network, interface, &local)",
    ),
    "src/daemon/sockets.c": (
        "if ((own->tentative && !is_static) || (!network_admits(network, site, own->interface, &own->address) && "
        "!network_is_auth(network, site, own->interface, &own->address))) continue",
    ),
    "src/daemon/tftp_service.c": (
        "if (!service->config->tftp.enabled || service->config->tftp.transfers_max == 0 || "
        "!tftp_service_admits(service->config, network, interface, local)) return false",
        "if ((own->tentative && config->site.bind == SITE_BIND_DYNAMIC) || !tftp_service_admits(config, network, "
        "own->interface, &own->address)) continue",
        "return !is_listed(config->dhcp.no_dhcp, config->dhcp.no_dhcp_count, judged->name) && "
        "network_admits(network, &config->site, interface, local)",
    ),
    "src/dhcp/served6.c": (
        "return link != NULL && !dhcp_config_excludes6(config, link->name) && network_admits(network, site, "
        "interface, local)",
        "return link != NULL && link->up && link->multicast && !link->loopback && served6_admits(network, site, "
        "config, served6_as(network, config, interface), &anybody)",
    ),
    "src/dhcp4/dhcp4_exchange.c": (
        "admitted = own->interface == index && own->address.family == ADDRESS_IP4 && network_admits(network, "
        "server->setup.site, index, &own->address)",
        "bool admitted = false",
        "if (own != NULL && is_admitted(exchange)) return true",
        "return admitted && !dhcp_config_excludes(server->setup.config, exchange->interface->name)",
    ),
    "src/dhcp4/dhcp4_relay.c": (
        "if (!address_is_none(&gateway) && address_equal(&gateway, &message->giaddr) && may_answer(relay, line, in) "
        "&& is_link_of(line, message)) return line",
        "if (!stop && may_be_served(relay, &line->local, in->interface)) sent = send_on(relay, message, line, in, "
        "out) || sent",
        "if (own != NULL && may_be_served(relay, &line->local, own->interface)) action.bytes = line->split ? "
        "without_agent(relay, message) : message->bytes",
        "return link != NULL && !dhcp_config_excludes(relay->config, link->name) && network_admits(relay->network, "
        "relay->site, interface, local)",
    ),
    "src/dhcp6/dhcp6_exchange.c": (
        "if (exchange->interface != NULL && served6_admits(server->network, server->setup.site, "
        "server->setup.config, exchange->in->interface, &exchange->in->local)) return true",
    ),
    "src/dhcp6/dhcp6_io.c": (
        "bool is = served6_joins(network, io->setup.site, io->setup.config, interface->index)",
        "return !reader.failed && type != 0 && type != DHCP6_ADVERTISE && type != DHCP6_REPLY && type != "
        "DHCP6_RECONFIGURE && type != DHCP6_ADDR_REG_REPLY && type != DHCP6_RELAY_FORW && type != DHCP6_RELAY_REPL "
        "&& served6_admits(io->setup.network, io->setup.site, io->setup.config, datagram->interface, "
        "&datagram->local)",
        "return io->setup.neighbours != NULL && is_of_client(io, datagram) && is_on_link(io, datagram) && "
        "!neighbour_table_find(io->setup.neighbours, &datagram->from.address, &hardware)",
    ),
    "src/dhcp6/dhcp6_relay.c": (
        "if (*link == NULL || !may_answer(agent, line, *link, in)) continue",
        "if (arrival == NULL || arrival->index == link->index || !served6_admits(agent->network, agent->site, "
        "agent->config, link->index, &line->local)) return false",
        "if (fits && served6_admits(agent->network, agent->site, agent->config, in->interface, &line->local)) sent = "
        "send_on(agent, in, &request, line, link, out) || sent",
        "return served6_admits(agent->network, agent->site, agent->config, in->interface, &in->local)",
    ),
    "src/dns/dns_explain.c": (
        'else if (network_admits(view->network, site, client->interface, &client->local)) because(explanation, "")',
        'if (!network_admits_client(view->network, site, &client->from.address)) because(explanation, "" "" "")',
    ),
    "src/dns/dns_rehearse.c": (
        "if (question_rules_read(worker->view, in, &query.message) != QUESTION_GO) return false",
    ),
    "src/dns/dns_tcp_io.c": (
        "if (!read_local_end(connection, listener) || !is_admitted(connection) || poll_set_add(shell->tcp_set, fd, "
        "true, false, connection) != STATUS_OK)",
        "if (question_rules_admit(view, &client)) return true",
    ),
    "src/dns/dns_view.c": (
        "return view->site->bind == SITE_BIND_WILDCARD || network_admits(view->network, view->site, own->interface, "
        "&own->address)",
    ),
    "src/dns/dns_worker.c": (
        "enum question_verdict verdict = question_rules_read(worker->view, in, &query.message)",
    ),
    "src/dns/question_rules.c": (
        "if (!question_rules_admit(view, &in->client)) return QUESTION_NOT_ADMITTED",
        "return (network_admits(view->network, view->site, client->interface, &client->local) || "
        "network_is_auth(view->network, view->site, client->interface, &client->local)) && "
        "network_admits_client(view->network, view->site, &client->from.address)",
    ),
    "src/ra/ra_link.c": (
        "if (!served6_joins(network, world->site, world->dhcp, interface->index)) continue",
    ),
}

# R12, R15: system calls by number, which no other row would see.
SYSTEM_CALLS = {
    "src/platform/beneath.c": (1, "openat2, the place for what strangers ask for"),
    "src/platform/descriptors.c": (1, "close_range"),
    "src/platform/privilege_linux.c": (2, "capget and capset"),
    "src/platform/sandbox_linux.c": (5, "Landlock, which has no functions of the C library"),
}
