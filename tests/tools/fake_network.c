#include "fake_network.h"

#include <stdio.h>
#include <stdlib.h>

#include "dns/resolv_file.h"
#include "model/hosts_file.h"

#define TURNS_MAX 10000 /* calls of one core at one instant before it counts as wedged */

static const char default_network[] =
    "lo 127.0.0.1/8 ::1/128\neth0 192.0.2.1/24 2001:db8::1/64 mac=02:00:00:00:0e:00\n";

/* What went wrong, as text: one at a time is enough for a tool that stops at the first. */
static char problem[1024];

PRINTF_LIKE(1, 2) static const char *say(const char *format, ...)
{
    struct text_out out = text_out_on(problem, sizeof problem);
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&out, format, arguments);
    va_end(arguments);
    return problem;
}

/* ------------------------------------------------------------------ configuration */

static const char *read_config(struct fake_network *world, const char *path, struct text text)
{
    world->config = config_create();
    if (world->config == NULL)
        return "no memory for the configuration";
    struct option_reader *reader =
        option_reader_create(&world->config->set, &world->config->arena, &world->config->errors);
    if (reader == NULL)
        return "no memory for the configuration";
    enum status status = option_read_text(reader, path, text);
    option_reader_free(reader);
    if (status == STATUS_OK)
        status = config_finish(world->config, true);
    if (world->config->errors.count == 0 && status == STATUS_OK)
        return NULL;
    struct text_out out = text_out_on(problem, sizeof problem);
    text_put_string(&out, "the configuration is in error:\n");
    option_print_errors(&world->config->errors, "scenario", NULL, &out);
    return problem;
}

/* ------------------------------------------------------------------ interfaces */

static const char *add_address(struct fake_network *world, struct text text)
{
    size_t slash = text_find(text, '/');
    struct network_address *address = &world->addresses[world->address_count];
    struct network_interface *interface = &world->interfaces[world->interface_count];
    uint16_t length;
    if (world->address_count == FAKE_ADDRESSES_MAX)
        return "too many addresses";
    *address = (struct network_address){ .preferred_s = UINT32_MAX,
                                         .valid_s = UINT32_MAX,
                                         .permanent = true,
                                         .interface = interface->index };
    if (slash == SIZE_MAX
        || address_from_text(text_part(text, 0, slash), &address->address) != STATUS_OK
        || text_to_u16(text_after(text, slash + 1), &length) != STATUS_OK
        || length > address_size((enum address_family)address->address.family) * 8)
        return say("\"%.*s\" is not an address with its prefix length", TEXT_ARG(text));
    address->prefix_length = (uint8_t)length;
    memcpy(address->label, interface->name, sizeof address->label);
    if (address->address.family == ADDRESS_IP4 && length < 31 && !interface->loopback) {
        uint32_t hosts = length == 0 ? UINT32_MAX : (UINT32_C(1) << (32 - length)) - 1;
        address->broadcast = address_ip4_from_u32(address_ip4_to_u32(address->address) | hosts);
    }
    world->address_count++;
    return NULL;
}

static const char *read_interface_word(struct fake_network *world, struct text word)
{
    struct network_interface *interface = &world->interfaces[world->interface_count];
    if (text_equal(word, TEXT("down"))) {
        interface->up = false;
        return NULL;
    }
    if (!text_starts(word, TEXT("mac=")))
        return add_address(world, word);
    if (hardware_from_text(text_after(word, 4), &interface->hardware) != STATUS_OK)
        return say("\"%.*s\" is not a hardware address", TEXT_ARG(word));
    interface->hardware.type = 1;
    return NULL;
}

static const char *read_interface(struct fake_network *world, struct text line)
{
    struct text word;
    if (!text_next_word(&line, &word) || word.at[0] == '#')
        return NULL;
    if (world->interface_count == FAKE_INTERFACES_MAX || word.count >= NETWORK_NAME_MAX)
        return "too many interfaces, or too long a name";
    struct network_interface *interface = &world->interfaces[world->interface_count];
    *interface = (struct network_interface){
        .index = (uint32_t)world->interface_count + 1,
        .up = true,
        .multicast = true,
        .mtu = 1500,
        .loopback = text_equal(word, TEXT("lo")),
    };
    memcpy(interface->name, word.at, word.count);
    while (text_next_word(&line, &word)) {
        const char *wrong = read_interface_word(world, word);
        if (wrong != NULL)
            return wrong;
    }
    world->interface_count++;
    return NULL;
}

static const char *read_network(struct fake_network *world, struct text text)
{
    struct text line;
    if (text_is_empty(text))
        text = TEXT(default_network);
    while (text_next_line(&text, &line)) {
        const char *wrong = read_interface(world, line);
        if (wrong != NULL)
            return wrong;
    }
    if (network_create(world->interfaces, world->interface_count, world->addresses,
                       world->address_count, &world->network)
        != STATUS_OK)
        return "the network cannot be made";
    return NULL;
}

const struct network_interface *fake_network_interface(const struct fake_network *world,
                                                       struct text name)
{
    for (size_t i = 0; i < world->interface_count; i++)
        if (text_equal(name, text_of(world->interfaces[i].name)))
            return &world->interfaces[i];
    return NULL;
}

const char *fake_network_interface_name(const struct fake_network *world, uint32_t index)
{
    if (index == 0)
        return "any"; /* the routing table decides */
    const struct network_interface *interface = network_by_index(world->network, index);
    return interface != NULL ? interface->name : "?";
}

/* ------------------------------------------------------------------ names, servers, view */

struct complaint {
    bool any;
};

static void complain(void *context, const char *path, unsigned line, const char *what)
{
    struct complaint *complaint = context;
    complaint->any = true;
    say("%s at %s line %u", what, path, line);
}

static const char *read_names(struct fake_network *world, struct text text)
{
    struct local_names *names;
    struct complaint complaint = { false };
    size_t count;
    if (world->names_count == FAKE_NAMES_MAX
        || local_names_create(&world->key, &names) != STATUS_OK)
        return "no room for more names";
    world->names[world->names_count++] = names;
    const struct site *expand = world->config->dns.expand_hosts ? &world->config->site : NULL;
    if (dns_records_add_names(&world->config->dns, &world->config->site, names) != STATUS_OK)
        return "no memory for the records of the configuration";
    if (world->config->dns.no_hosts)
        text = TEXT_NONE;
    const struct hosts_file_setup setup = {
        .path = "/etc/hosts", .expand = expand, .complain = complain, .context = &complaint
    };
    if (hosts_file_read(names, text, &setup, &count) != STATUS_OK
        || local_names_freeze(names) != STATUS_OK)
        return "no memory for names";
    return complaint.any ? problem : NULL;
}

static const char *read_resolv(struct fake_network *world, struct text text)
{
    const struct dns_config *dns = &world->config->dns;
    world->resolv = (struct dns_resolv_servers){ 0 };
    if (dns->no_resolv || (dns->resolv_file_empty && dns->resolv_file_count == 0))
        return NULL;
    if (resolv_file_read(text, &world->resolv_arena, &world->resolv.servers, &world->resolv.count)
        != STATUS_OK)
        return "no memory for servers";
    return NULL;
}

static void release_view(void *view)
{
    dns_view_free(view);
}

static const char *publish_view(struct fake_network *world)
{
    struct dns_view *view;
    world->generation++;
    if (world->network_names == NULL
        && dns_records_network_names(&world->config->dns, &world->config->site, world->network,
                                     &world->key, &world->network_names)
               != STATUS_OK)
        return "no memory for names that follow interfaces";
    const struct dns_view_setup setup = {
        .config = &world->config->dns,
        .site = &world->config->site,
        .network = world->network,
        .names = world->names[world->names_count - 1],
        .network_names = world->network_names,
        .resolv = world->resolv,
        .key = world->key,
        .generation = world->generation,
        .auth_serial = world->config->dns.auth.serial,
    };
    if (dns_view_create(&setup, &view) != STATUS_OK)
        return "no memory for a view";
    if (snapshot_read(&world->view) == NULL)
        snapshot_slot_init(&world->view, view);
    else if (snapshot_publish(&world->domain, &world->view, view, release_view) != STATUS_OK)
        return "no memory for a view";
    snapshot_reclaim(&world->domain);
    return NULL;
}

const char *fake_network_new_hosts(struct fake_network *world, struct text text)
{
    const char *wrong = read_names(world, text);
    if (wrong == NULL)
        wrong = publish_view(world);
    /* What is read anew on SIGHUP makes the cache start anew (process.md section 6). */
    if (wrong == NULL)
        dns_cache_clear(world->cache);
    if (wrong == NULL && world->dhcp4 != NULL)
        dhcp4_server_names_changed(world->dhcp4);
    return wrong;
}

const char *fake_network_new_resolv(struct fake_network *world, struct text text)
{
    const char *wrong = read_resolv(world, text);
    if (wrong == NULL && world->config->dns.clear_on_reload)
        dns_cache_clear(world->cache);
    return wrong != NULL ? wrong : publish_view(world);
}

/* ------------------------------------------------------------------ events */

static bool put_lease_event(struct text_out *out, const struct event *event)
{
    static const char *const verbs[] = { "added", "changed", "removed" };
    if (event->kind < EVENT_LEASE_ADDED || event->kind > EVENT_LEASE_REMOVED)
        return false;
    text_printf(out, "lease %s", verbs[event->kind - EVENT_LEASE_ADDED]);
    if (event->lease == NULL)
        return true;
    text_put_char(out, ' ');
    text_put_address(out, &event->lease->address);
    text_put_char(out, ' ');
    text_put_hardware(out, &event->lease->hardware);
    if (event->lease->name != NULL)
        text_printf(out, " name=%s", event->lease->name);
    if (event->old_name != NULL)
        text_printf(out, " old=%s", event->old_name);
    return true;
}

static void on_event(void *context, const struct event *event)
{
    struct fake_network *world = context;
    char line[4096];
    struct text_out out = text_out_on(line, sizeof line);
    if (put_lease_event(&out, event) || log_lines_format(&world->lines, event, &out))
        world->on_log(world->context, line);
}

static void make_sink(struct fake_network *world)
{
    world->lines.site = &world->config->site;
    world->lines.forward_max = world->config->dns.forward_max;
    world->sink = (struct event_sink){ .on_event = on_event, .context = world };
    world->sink.wanted = log_lines_dns_sink(&world->lines).wanted
                         | log_lines_dhcp_sink(&world->lines).wanted
                         | UINT64_C(1) << EVENT_LEASE_ADDED | UINT64_C(1) << EVENT_LEASE_CHANGED
                         | UINT64_C(1) << EVENT_LEASE_REMOVED;
}

/* ------------------------------------------------------------------ outboxes */

static void flush_dns(void *context, struct dns_outbox *outbox)
{
    struct fake_network *world = context;
    for (size_t i = 0; i < outbox->count; i++)
        world->on_dns(world->context, &outbox->actions[i]);
    dns_outbox_reset(outbox);
}

static void flush_dhcp4(void *context, struct dhcp4_outbox *outbox)
{
    struct fake_network *world = context;
    for (size_t i = 0; i < outbox->count; i++)
        world->on_dhcp4(world->context, &outbox->actions[i]);
    dhcp4_outbox_reset(outbox);
}

static void flush_dhcp6(void *context, struct dhcp6_outbox *outbox)
{
    struct fake_network *world = context;
    for (size_t i = 0; i < outbox->count; i++)
        world->on_dhcp6(world->context, &outbox->actions[i]);
    dhcp6_outbox_reset(outbox);
}

static void drain(struct fake_network *world)
{
    flush_dns(world, &world->dns_out);
    flush_dhcp4(world, &world->dhcp4_out);
    flush_dhcp6(world, &world->dhcp6_out);
}

static void say_committed(struct fake_network *world, uint64_t ticket, enum status status)
{
    if ((ticket & DHCP6_TICKET) != 0)
        dhcp6_server_committed(world->dhcp6, ticket, status, world->now, &world->dhcp6_out);
    else if (ticket != 0)
        dhcp4_server_committed(world->dhcp4, ticket, status, world->now, &world->dhcp4_out);
}

void fake_network_settle(struct fake_network *world)
{
    uint64_t ticket;
    drain(world);
    while (world->store.mode != FAKE_STORE_SLOW) {
        bool durable = world->store.mode != FAKE_STORE_FAILS;
        if (!fake_store_settle(&world->store, durable, &ticket))
            break;
        say_committed(world, ticket, durable ? STATUS_OK : STATUS_SYSTEM);
        drain(world);
    }
}

/* ------------------------------------------------------------------ cores */

static const struct local_names *configured_names(void *context)
{
    const struct fake_network *world = context;
    return world->names[world->names_count - 1];
}

static bool load_line(void *context, const struct lease_line *line)
{
    struct fake_network *world = context;
    bool is_ip6 = line->kind == LEASE_LINE_LEASE && line->lease_kind != LEASE_IP4;
    if (is_ip6 && world->dhcp6 == NULL)
        return true;
    if ((is_ip6 ? dhcp6_server_load_lease(world->dhcp6, line, world->now)
                : dhcp4_server_load_lease(world->dhcp4, line, world->now))
        != STATUS_OK)
        world->on_log(world->context, "a lease of the store was not taken");
    return true;
}

static const char *create_dns(struct fake_network *world)
{
    const struct dns_config *dns = &world->config->dns;
    struct dns_cache_setup cache = { .records = dns->cache_size, .workers = 1, .key = world->key };
    if (dns_cache_create(&cache, &world->cache) != STATUS_OK)
        return "no memory for the cache";
    if (world->config->site.port == 0)
        return NULL;
    struct dns_worker_setup setup = {
        .view = &world->view,
        .cache = world->cache,
        .leases = world->lease_names,
        .events = &world->sink,
        .random = &world->random,
        .key = world->key,
        .loops = dns->asking.loop_detect ? &world->loops : NULL,
        .sends_probes = true,
    };
    dns_worker_set_limits(&setup, dns);
    return dns_worker_create(&setup, &world->dns) == STATUS_OK ? NULL : "no memory for the worker";
}

static const char *create_dhcp4(struct fake_network *world)
{
    const struct dhcp_config *dhcp = &world->config->dhcp;
    if (dhcp->range_count == 0 && dhcp->relay.relay_count == 0)
        return NULL;
    struct dhcp4_setup setup = {
        .config = dhcp,
        .site = &world->config->site,
        .leases = world->leases,
        .leases6 = world->leases6,
        .backend = &world->store.backend,
        .names = world->config->site.port != 0 ? world->lease_names : NULL,
        .configured_names = configured_names,
        .context = world,
        .network = world->network,
        .events = &world->sink,
        .random = &world->random,
        .key = world->key,
    };
    return dhcp4_server_create(&setup, &world->dhcp4) == STATUS_OK ? NULL : "no memory for DHCP";
}

struct bytes fake_network_duid(void)
{
    static const uint8_t duid[] = { 0, 1, 0, 1, 1, 2, 3, 4, 2, 0, 0, 0, 0x0e, 0 };
    return bytes_of(duid, sizeof duid);
}

static const char *create_dhcp6(struct fake_network *world)
{
    const struct dhcp_config *dhcp = &world->config->dhcp;
    if (world->on_dhcp6 == NULL || dhcp->range6_count == 0)
        return NULL;
    struct dhcp6_setup setup = {
        .config = dhcp,
        .site = &world->config->site,
        .leases = world->leases6,
        .leases4 = world->leases,
        .backend = &world->store.backend,
        .names = world->config->site.port != 0 ? world->lease_names : NULL,
        .configured_names = configured_names,
        .context = world,
        .network = world->network,
        .events = &world->sink,
        .random = &world->random,
        .key = world->key,
    };
    if (dhcp6_server_create(&setup, &world->dhcp6) != STATUS_OK)
        return "no memory for DHCPv6";
    dhcp6_server_set_duid(world->dhcp6, fake_network_duid());
    return NULL;
}

static const char *start_dhcp(struct fake_network *world)
{
    struct lease_backend *store = &world->store.backend;
    if (world->dhcp4 == NULL)
        return NULL;
    if (store->class_->load(store, load_line, NULL, world) != STATUS_OK)
        return "the leases cannot be read";
    dhcp4_server_start(world->dhcp4, world->now);
    if (world->dhcp6 != NULL)
        dhcp6_server_start(world->dhcp6, world->now);
    fake_network_settle(world);
    return NULL;
}

static const char *create_cores(struct fake_network *world)
{
    uint32_t leases = world->config->dhcp.leases_max;
    if (lease_names_create(&world->key, 2 * leases + 1, &world->lease_names) != STATUS_OK
        || lease_table_create(&world->key, leases, &world->leases) != STATUS_OK
        || lease_table_create(&world->key, leases, &world->leases6) != STATUS_OK)
        return "no memory for leases";
    const char *wrong = create_dns(world);
    wrong = wrong != NULL ? wrong : create_dhcp4(world);
    wrong = wrong != NULL ? wrong : create_dhcp6(world);
    return wrong != NULL ? wrong : start_dhcp(world);
}

static void free_cores(struct fake_network *world)
{
    dns_worker_free(world->dns);
    dhcp4_server_free(world->dhcp4);
    dhcp6_server_free(world->dhcp6);
    lease_table_free(world->leases);
    lease_table_free(world->leases6);
    lease_names_free(world->lease_names);
    dns_cache_free(world->cache);
    world->dns = NULL;
    world->dhcp4 = NULL;
    world->dhcp6 = NULL;
    world->leases = world->leases6 = NULL;
    world->lease_names = NULL;
    world->cache = NULL;
    dns_outbox_reset(&world->dns_out);
    dhcp4_outbox_reset(&world->dhcp4_out);
    dhcp6_outbox_reset(&world->dhcp6_out);
}

const char *fake_network_restart(struct fake_network *world)
{
    free_cores(world);
    fake_store_forget_changes(&world->store);
    return create_cores(world);
}

/* ------------------------------------------------------------------ start and stop */

/* Lines of a lease file; an expiry written +SECONDS is from now. */
static const char *fill_store(struct fake_network *world, struct text text)
{
    struct text line;
    while (text_next_line(&text, &line)) {
        char buffer[LEASE_LINE_MAX];
        struct text_out out = text_out_on(buffer, sizeof buffer);
        struct lease_line read;
        line = text_trim(line);
        if (text_is_empty(line))
            continue;
        size_t blank = text_find(line, ' ');
        uint32_t seconds;
        if (text_starts(line, TEXT("+"))
            && text_to_u32(text_part(line, 1, blank - 1), &seconds) == STATUS_OK) {
            text_put_u64(&out, (uint64_t)FAKE_START_WALL + seconds);
            line = text_after(line, blank);
        }
        text_put(&out, line);
        if (lease_line_read(text_out_text(&out), &read) != STATUS_OK
            || read.kind != LEASE_LINE_LEASE)
            return say("not a line of a lease file: %s", buffer);
        fake_store_put(&world->store, &read.address, buffer);
    }
    return NULL;
}

const char *fake_network_start(struct fake_network *world, const struct fake_network_texts *texts)
{
    world->now = (struct instant){ FAKE_START_MONO, FAKE_START_WALL };
    world->key = (struct siphash_key){ 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
    world->dns_out.flush = flush_dns;
    world->dns_out.context = world;
    world->dhcp4_out.flush = flush_dhcp4;
    world->dhcp4_out.context = world;
    world->dhcp6_out.flush = flush_dhcp6;
    world->dhcp6_out.context = world;
    random_init_seeded(&world->random, 1);
    arena_init(&world->resolv_arena, 8192, 1 << 20);
    snapshot_domain_init(&world->domain);
    snapshot_slot_init(&world->view, NULL);
    fake_store_init(&world->store);

    const char *wrong = read_config(world, texts->path, texts->config);
    if (wrong == NULL)
        wrong = read_network(world, texts->network);
    if (wrong == NULL)
        wrong = read_names(world, texts->hosts);
    if (wrong == NULL)
        wrong = read_resolv(world, texts->resolv);
    if (wrong == NULL)
        wrong = publish_view(world);
    if (wrong == NULL)
        wrong = fill_store(world, texts->leases);
    if (wrong != NULL)
        return wrong;
    make_sink(world);
    return create_cores(world);
}

void fake_network_stop(struct fake_network *world)
{
    free_cores(world);
    dns_view_free(snapshot_read(&world->view));
    snapshot_domain_free(&world->domain);
    for (size_t i = 0; i < world->names_count; i++)
        local_names_free(world->names[i]);
    local_names_free(world->network_names);
    network_free(world->network);
    arena_free(&world->resolv_arena);
    fake_store_free(&world->store);
    config_free(world->config);
}

/* ------------------------------------------------------------------ time */

mono_ms fake_network_deadline(const struct fake_network *world)
{
    mono_ms deadline = world->dns != NULL ? dns_worker_deadline(world->dns) : MONO_NEVER;
    if (world->dhcp4 != NULL)
        deadline = mono_earlier(deadline, dhcp4_server_deadline(world->dhcp4));
    if (world->dhcp6 != NULL)
        deadline = mono_earlier(deadline, dhcp6_server_deadline(world->dhcp6));
    return deadline;
}

void fake_network_tick(struct fake_network *world, mono_ms now)
{
    world->now.mono = now;
    world->now.wall =
        FAKE_START_WALL + world->wall_ahead + (wall_s)((now - FAKE_START_MONO) / 1000);
    for (unsigned turn = 0; fake_network_deadline(world) <= now; turn++) {
        if (turn == TURNS_MAX) {
            fprintf(stderr, "a core wants to be called for ever at one instant\n");
            abort();
        }
        if (world->dns != NULL && dns_worker_deadline(world->dns) <= now)
            dns_worker_tick(world->dns, world->now, &world->dns_out);
        if (world->dhcp4 != NULL && dhcp4_server_deadline(world->dhcp4) <= now)
            dhcp4_server_tick(world->dhcp4, world->now, &world->dhcp4_out);
        if (world->dhcp6 != NULL && dhcp6_server_deadline(world->dhcp6) <= now)
            dhcp6_server_tick(world->dhcp6, world->now, &world->dhcp6_out);
        fake_network_settle(world);
    }
}

/* ------------------------------------------------------------------ what comes in */

/* Each hands over a copy as long as the message: what is read past its end is past its memory. */
static struct bytes tight_copy(struct bytes bytes)
{
    uint8_t *copy = malloc(bytes.count > 0 ? bytes.count : 1);
    if (copy == NULL)
        abort();
    if (bytes.count > 0)
        memcpy(copy, bytes.at, bytes.count);
    return (struct bytes){ copy, bytes.count };
}

static void free_copy(struct bytes bytes)
{
    free((void *)(uintptr_t)bytes.at);
}

void fake_network_query(struct fake_network *world, const struct dns_datagram *in)
{
    struct dns_datagram copy = *in;
    copy.message = tight_copy(in->message);
    dns_worker_query(world->dns, &copy, world->now, &world->dns_out);
    drain(world);
    free_copy(copy.message);
}

void fake_network_reply(struct fake_network *world, uint32_t flight, uint16_t server, bool tcp,
                        struct bytes message)
{
    struct bytes copy = tight_copy(message);
    dns_worker_reply(world->dns, flight, server, tcp, copy, world->now, &world->dns_out);
    drain(world);
    free_copy(copy);
}

void fake_network_send_failed(struct fake_network *world, uint32_t flight, uint16_t server,
                              bool tcp)
{
    dns_worker_send_failed(world->dns, flight, server, tcp, world->now, &world->dns_out);
    drain(world);
}

void fake_network_connection_closed(struct fake_network *world, uint64_t connection)
{
    dns_worker_connection_closed(world->dns, connection);
    drain(world);
}

void fake_network_dhcp4(struct fake_network *world, const struct dhcp4_datagram *in)
{
    struct dhcp4_datagram copy = *in;
    copy.message = tight_copy(in->message);
    dhcp4_server_message(world->dhcp4, &copy, world->now, &world->dhcp4_out);
    fake_network_settle(world);
    free_copy(copy.message);
}

void fake_network_dhcp6(struct fake_network *world, const struct dhcp6_datagram *in)
{
    struct dhcp6_datagram copy = *in;
    copy.message = tight_copy(in->message);
    dhcp6_server_message(world->dhcp6, &copy, world->now, &world->dhcp6_out);
    fake_network_settle(world);
    free_copy(copy.message);
}

void fake_network_probe_heard(struct fake_network *world, const struct address *address)
{
    dhcp4_server_probe_heard(world->dhcp4, address, world->now, &world->dhcp4_out);
    fake_network_settle(world);
}

/* ------------------------------------------------------------------ counters */

struct counter_row {
    const char *name;
    size_t offset;
};

static bool find_row(const struct counter_row *rows, size_t count, const void *counters,
                     struct text name, uint64_t *value)
{
    for (size_t i = 0; i < count; i++) {
        if (!text_equal(name, text_of(rows[i].name)))
            continue;
        memcpy(value, (const char *)counters + rows[i].offset, sizeof *value);
        return true;
    }
    return false;
}

#define DNS_ROW(field)                                                                             \
    {                                                                                              \
#field, offsetof(struct dns_counters, field)                                               \
    }
#define CACHE_ROW(field)                                                                           \
    {                                                                                              \
#field, offsetof(struct dns_cache_counters, field)                                         \
    }
#define DHCP_ROW(field)                                                                            \
    {                                                                                              \
#field, offsetof(struct dhcp4_counters, field)                                             \
    }
#define DHCP_TYPE_ROWS(field)                                                                      \
    { #field ".discover", offsetof(struct dhcp4_counters, field[DHCP4_DISCOVER]) },                \
        { #field ".offer", offsetof(struct dhcp4_counters, field[DHCP4_OFFER]) },                  \
        { #field ".request", offsetof(struct dhcp4_counters, field[DHCP4_REQUEST]) },              \
        { #field ".decline", offsetof(struct dhcp4_counters, field[DHCP4_DECLINE]) },              \
        { #field ".ack", offsetof(struct dhcp4_counters, field[DHCP4_ACK]) },                      \
        { #field ".nak", offsetof(struct dhcp4_counters, field[DHCP4_NAK]) },                      \
        { #field ".release", offsetof(struct dhcp4_counters, field[DHCP4_RELEASE]) },              \
    {                                                                                              \
#field ".inform", offsetof(struct dhcp4_counters, field[DHCP4_INFORM])                     \
    }

static const struct counter_row dns_rows[] = {
    DNS_ROW(queries_udp),
    DNS_ROW(queries_tcp),
    DNS_ROW(answered_local),
    DNS_ROW(answered_cache),
    DNS_ROW(answered_stale),
    DNS_ROW(forwarded),
    DNS_ROW(joined),
    DNS_ROW(upstream_sent),
    DNS_ROW(upstream_retried),
    DNS_ROW(upstream_tcp),
    DNS_ROW(dropped_malformed),
    DNS_ROW(dropped_not_admitted),
    DNS_ROW(dropped_response),
    DNS_ROW(dropped_short),
    DNS_ROW(refused_full),
    DNS_ROW(reply_wrong_case),
    DNS_ROW(reply_unknown),
    DNS_ROW(reply_wrong_id),
    DNS_ROW(reply_wrong_question),
    DNS_ROW(reply_malformed),
    DNS_ROW(reply_fragmented),
    DNS_ROW(authoritative),
    DNS_ROW(servfail),
    DNS_ROW(nxdomain),
    DNS_ROW(timeouts),
    DNS_ROW(truncated),
    DNS_ROW(reply_blocked),
    DNS_ROW(reply_ignored),
    DNS_ROW(answered_failure),
};

static const struct counter_row cache_rows[] = {
    CACHE_ROW(insertions), CACHE_ROW(evictions), CACHE_ROW(hits),
    CACHE_ROW(misses),     CACHE_ROW(entries),   CACHE_ROW(records),
};

static const struct counter_row dhcp4_rows[] = {
    DHCP_TYPE_ROWS(received),
    DHCP_TYPE_ROWS(sent),
    DHCP_ROW(bootp),
    DHCP_ROW(dropped_malformed),
    DHCP_ROW(dropped_not_admitted),
    DHCP_ROW(dropped_ignored),
    DHCP_ROW(dropped_no_range),
    DHCP_ROW(no_address),
    DHCP_ROW(lease_limit),
    DHCP_ROW(commit_failed),
    DHCP_ROW(probes),
    DHCP_ROW(probe_conflicts),
    DHCP_ROW(pending_full),
    DHCP_ROW(no_memory),
    DHCP_ROW(relay_requests), DHCP_ROW(relay_replies), DHCP_ROW(relay_dropped),
    DHCP_ROW(queries_refused),
};

bool fake_network_counter(const struct fake_network *world, struct text name, uint64_t *value)
{
    size_t dot = text_find(name, '.');
    struct text part = text_part(name, 0, dot);
    struct text rest = dot != SIZE_MAX ? text_after(name, dot + 1) : TEXT_NONE;
    if (text_equal(part, TEXT("dns")) && world->dns != NULL)
        return find_row(dns_rows, COUNT_OF(dns_rows), dns_worker_counters(world->dns), rest, value);
    if (text_equal(part, TEXT("cache"))) {
        struct dns_cache_counters counters;
        dns_cache_read_counters(world->cache, &counters);
        return find_row(cache_rows, COUNT_OF(cache_rows), &counters, rest, value);
    }
    if (text_equal(part, TEXT("dhcp4")) && world->dhcp4 != NULL)
        return find_row(dhcp4_rows, COUNT_OF(dhcp4_rows), dhcp4_server_counters(world->dhcp4), rest,
                        value);
    return false;
}
