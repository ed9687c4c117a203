#include "daemon/dhcp6_service.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

#define LIVE_CHUNK_BYTES 4096
#define LIVE_BYTES_MAX   ((size_t)8 << 20)

bool dhcp6_service_gives_of(const struct dhcp_range6 *range)
{
    return (range->modes & DHCP_RANGE6_DELEGATE) != 0 || range6_has_dhcp(range);
}

bool dhcp6_service_gives(const struct config *config)
{
    const struct dhcp_config *dhcp = &config->dhcp;
    for (size_t i = 0; i < dhcp->range6_count; i++) {
        if (dhcp6_service_gives_of(&dhcp->ranges6[i]))
            return true;
    }
    return false;
}

bool dhcp6_service_wanted(const struct config *config)
{
    return dhcp6_service_gives(config) || dhcp6_relay_wanted(&config->dhcp);
}

static enum status load(void *context, const struct lease_line *line, struct instant now)
{
    const struct dhcp6_service *service = context;
    return dhcp6_server_load_lease(service->server, line, now);
}

static void on_committed(void *context, uint64_t ticket, enum status status)
{
    const struct dhcp6_service *service = context;
    if (service->io != NULL)
        dhcp6_io_committed(service->io, ticket, status);
}

static const struct netboot_listing *netboot_listing(void *context)
{
    const struct dhcp6_service *service = context;
    return netboot_service_listing(service->shared->netboot);
}

static const struct local_names *configured_names(void *context)
{
    const struct dhcp6_service *service = context;
    return views_names(service->shared->views);
}

void dhcp6_service_open(struct dhcp6_service *service, struct startup *startup,
                        const struct dhcp_shared *shared, struct event_sink sink)
{
    const struct config *config = shared->config;
    /* A relay hears servers on the other side. */
    const char *device =
        dhcp6_relay_wanted(&config->dhcp) ? NULL : dhcp_shared_single_device(config);
    *service =
        (struct dhcp6_service){ .shared = shared, .sink = sink, .socket = -1, .active = true };
    for (size_t i = 0; i < COUNT_OF(service->arenas); i++)
        arena_init(&service->arenas[i], LIVE_CHUNK_BYTES, LIVE_BYTES_MAX);
    while (dhcp6_socket_open(device, config->site.bind != SITE_BIND_WILDCARD, &service->socket)
           != STATUS_OK)
        if (!startup_await_port(startup))
            startup_fail(startup, EXIT_NETWORK, "failed to bind DHCPv6 server socket: %s",
                         strerror(errno));
}

void dhcp6_service_create(struct dhcp6_service *service, struct startup *startup,
                          const struct dhcp_config *dhcp)
{
    const struct dhcp_shared *shared = service->shared;
    struct dhcp6_setup setup = {
        .config = dhcp,
        .site = &shared->config->site,
        .leases = shared->store->leases6,
        .leases4 = shared->store->leases4,
        .backend = dhcp6_service_gives(shared->config) ? shared->store->backend : NULL,
        .names = shared->names,
        .configured_names = configured_names,
        .netboot = shared->netboot != NULL ? netboot_listing : NULL,
        .context = service,
        .network = shared->views->network->network,
        .neighbours = shared->neighbours,
        .host_names = shared->names6 != NULL ? shared->names6->names : NULL,
        .events = &service->sink,
        .random = shared->random,
        .key = shared->key,
    };
    service->dhcp = dhcp;
    if (dhcp6_server_create(&setup, &service->server) != STATUS_OK)
        startup_fail(startup, EXIT_MEMORY, "no memory for DHCPv6");
    shared->store->user6 = (struct lease_store_user){ load, on_committed, service };
}

/* As it was before; else as the configuration says; else made up, and kept from now on. */
static void find_duid(struct dhcp6_service *service, wall_s now)
{
    const struct dhcp_shared *shared = service->shared;
    struct lease_store *store = shared->store;
    struct bytes duid = bytes_of(store->duid, store->duid_count);
    uint8_t made[DHCP6_DUID_MAX];
    if (duid.count == 0)
        duid = shared->config->dhcp.duid;
    if (duid.count == 0)
        duid = bytes_of(
            made, dhcp6_duid_make(shared->views->network->network, shared->random, now, made));
    dhcp6_server_set_duid(service->server, duid);
    lease_store_set_duid(store, duid);
}

/* ------------------------------------------------------------------ lines */

static void put_lease_time(struct text_out *out, const struct dhcp_range6 *range)
{
    if (range->deprecated) {
        text_put_string(out, ", prefix deprecated");
        return;
    }
    text_put_string(out, ", lease time ");
    text_put_duration(out, range->lease_s);
}

/* first and last: of the line, or of what it came to; `where`: what that is for. */
static void log_range(const struct dhcp_range6 *range, const struct address *first,
                      const struct address *last, const char *kind, const char *where)
{
    char line[LOG_LINE_MAX];
    struct text_out out = text_out_on(line, sizeof line);
    if ((range->modes & DHCP_RANGE6_DELEGATE) != 0) {
        text_put_string(&out, "DHCPv6, prefixes of ");
        text_put_address(&out, first);
        text_printf(&out, "/%u, each of length %u", (unsigned)range->prefix_length,
                    (unsigned)range->delegated_length);
        put_lease_time(&out, range);
    } else if ((range->modes & DHCP_RANGE6_RA_STATELESS) != 0) {
        text_put_string(&out, "DHCPv6 stateless on ");
        if (range->constructor != NULL && kind == NULL)
            text_put_string(&out, where);
        else
            text_put_address(&out, first);
    } else if ((range->modes & DHCP_RANGE6_STATIC) != 0) {
        text_put_string(&out, "DHCPv6, static leases only on ");
        text_put_address(&out, last);
        put_lease_time(&out, range);
    } else {
        text_put_string(&out, "DHCPv6, IP range ");
        text_put_address(&out, first);
        text_put_string(&out, " -- ");
        text_put_address(&out, last);
        put_lease_time(&out, range);
    }
    if (kind != NULL)
        text_printf(&out, ", %s for %s", kind, where);
    log_line(LOG_PART_DHCP, LOG_INFORM, "%s", line);
}

static void log_line_of_range(const struct dhcp_range6 *range)
{
    bool is_stateless = (range->modes & DHCP_RANGE6_RA_STATELESS) != 0;
    if ((range->modes & DHCP_RANGE6_DELEGATE) == 0 && !range6_has_dhcp(range))
        return;
    if (range->constructor == NULL) {
        log_range(range, &range->first, &range->last, NULL, NULL);
        return;
    }
    char where[NETWORK_NAME_MAX * 4];
    struct text_out out = text_out_on(where, sizeof where);
    text_printf(&out, "%s%s", range->constructor, range->constructor_prefix ? "*" : "");
    log_range(range, &range->first, &range->last, is_stateless ? NULL : "template", where);
}

static bool is_in(const struct range6_set *set, const struct range6_live *live)
{
    struct range6_set same = range6_set_of(set, live->interface);
    for (size_t i = 0; i < same.count; i++) {
        if (same.ranges[i].range == live->range
            && address_equal(&same.ranges[i].prefix.address, &live->prefix.address)
            && same.ranges[i].prefix.length == live->prefix.length)
            return true;
    }
    return false;
}

/* What templates have come to now and had not before. */
static void log_constructed(struct dhcp6_service *service)
{
    const struct network *network = service->shared->views->network->network;
    unsigned next = 1 - service->now_live;
    struct range6_set *live = &service->live[next];
    const struct range6_set *before = &service->live[service->now_live];
    arena_reset(&service->arenas[next]);
    if (range6_set_build(service->dhcp, network, &service->arenas[next], live) != STATUS_OK)
        *live = (struct range6_set){ .count = 0 };
    for (size_t i = 0; i < live->count; i++) {
        const struct range6_live *range = &live->ranges[i];
        const struct network_interface *link = network_by_index(network, range->interface);
        if (!range->constructed || !range6_has_dhcp(range->range) || link == NULL
            || is_in(before, range))
            continue;
        bool is_stateless = (range->range->modes & DHCP_RANGE6_RA_STATELESS) != 0;
        log_range(range->range, is_stateless ? &range->prefix.address : &range->first, &range->last,
                  "constructed", link->name);
    }
    service->now_live = next;
}

static void log_relay(const struct dhcp_relay *relay)
{
    char line[LOG_LINE_MAX];
    struct text_out out = text_out_on(line, sizeof line);
    text_put_string(&out, "DHCP relay from ");
    text_put_address(&out, &relay->local);
    if (!address_is_none(&relay->server)) {
        text_put_string(&out, " to ");
        text_put_address(&out, &relay->server);
        if (relay->port != 0 && relay->port != DHCP6_SERVER_PORT)
            text_printf(&out, "#%u", (unsigned)relay->port);
    }
    if (relay->reply.pattern != NULL)
        text_printf(&out, " via %s%s", relay->reply.pattern, relay->reply.prefix ? "*" : "");
    log_line(LOG_PART_DHCP, LOG_INFORM, "%s", line);
}

static void log_lines_of_start(struct dhcp6_service *service)
{
    const struct dhcp_config *dhcp = service->dhcp;
    for (size_t i = 0; i < dhcp->range6_count; i++)
        log_line_of_range(&dhcp->ranges6[i]);
    log_constructed(service);
    for (size_t i = 0; i < dhcp->relay.relay_count; i++) {
        if (dhcp->relay.relays[i].local.family == ADDRESS_IP6)
            log_relay(&dhcp->relay.relays[i]);
    }
}

/* ------------------------------------------------------------------ life */

void dhcp6_service_start(struct dhcp6_service *service, struct startup *startup, struct instant now)
{
    const struct dhcp_shared *shared = service->shared;
    if (dhcp6_service_gives(shared->config))
        find_duid(service, now.wall);
    dhcp6_server_start(service->server, now);
    dhcp6_server_tell_leases(service->server);
    struct dhcp6_io_setup setup = {
        .loop = shared->loop,
        .server = service->server,
        .socket = service->socket,
        .config = service->dhcp,
        .site = &shared->config->site,
        .network = shared->views->network->network,
        .neighbours = shared->neighbours,
        .events = &service->sink,
        .tap = shared->tap,
    };
    service->io = dhcp6_io_create(&setup);
    if (service->io == NULL)
        startup_fail(startup, EXIT_MEMORY, "no memory for DHCPv6");
    log_lines_of_start(service);
}

void dhcp6_service_network_changed(struct dhcp6_service *service)
{
    if (!service->active)
        return;
    const struct network *network = service->shared->views->network->network;
    dhcp6_server_set_network(service->server, network);
    dhcp6_io_set_network(service->io, network);
    log_constructed(service);
}

enum status dhcp6_service_set_config(struct dhcp6_service *service, const struct dhcp_config *dhcp)
{
    enum status status = dhcp6_server_set_config(service->server, dhcp);
    if (status != STATUS_OK)
        return status;
    service->dhcp = dhcp;
    dhcp6_io_set_config(service->io, dhcp);
    return STATUS_OK;
}

void dhcp6_service_set_site(struct dhcp6_service *service, const struct site *site)
{
    dhcp6_server_set_site(service->server, site);
    dhcp6_io_set_site(service->io, site);
    dhcp6_io_set_config(service->io, service->dhcp);
    log_constructed(service);
}

void dhcp6_service_stop(struct dhcp6_service *service)
{
    if (service->active)
        dhcp6_io_close(service->io);
}

void dhcp6_service_free(struct dhcp6_service *service)
{
    if (!service->active)
        return;
    dhcp6_io_free(service->io);
    dhcp6_server_free(service->server);
    arena_free(&service->arenas[0]);
    arena_free(&service->arenas[1]);
}
