#include "daemon/dhcp_service.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

bool dhcp_service_wanted(const struct config *config)
{
    return config->dhcp.range_count > 0 || dhcp_relay_has(&config->dhcp.relay, ADDRESS_IP4);
}

static enum status load(void *context, const struct lease_line *line, struct instant now)
{
    const struct dhcp_service *service = context;
    return dhcp4_server_load_lease(service->server, line, now);
}

static void on_committed(void *context, uint64_t ticket, enum status status)
{
    const struct dhcp_service *service = context;
    if (service->io != NULL)
        dhcp4_io_committed(service->io, ticket, status);
}

static const struct netboot_listing *netboot_listing(void *context)
{
    const struct dhcp_service *service = context;
    return netboot_service_listing(service->shared->netboot);
}

static const struct local_names *configured_names(void *context)
{
    const struct dhcp_service *service = context;
    return views_names(service->shared->views);
}

void dhcp_service_open(struct dhcp_service *service, struct startup *startup,
                       const struct dhcp_shared *shared, struct event_sink sink)
{
    const struct config *config = shared->config;
    const struct dhcp_relay_config *relay = &config->dhcp.relay;
    bool is_relay = dhcp_relay_has(relay, ADDRESS_IP4);
    bool is_shared = config->site.bind != SITE_BIND_WILDCARD;
    uint16_t port = dhcp_relay_server_port(relay);
    /* A relay hears servers on the other side. */
    const char *device = is_relay ? NULL : dhcp_shared_single_device(config);
    const char *what;
    *service = (struct dhcp_service){ .shared = shared, .sink = sink, .active = true };
    while (
        dhcp4_sockets_open(port, device, is_shared, !config->dhcp.no_ping, &service->sockets, &what)
        != STATUS_OK)
        if (!startup_await_port(startup))
            startup_fail(startup, EXIT_NETWORK, "failed to bind DHCP server socket: %s (%s)",
                         strerror(errno), what);
    if (dhcp_boot_answers_pxe(&config->dhcp.boot)
        && dhcp4_sockets_open_boot(device, is_shared, &service->sockets) != STATUS_OK)
        startup_fail(startup, EXIT_NETWORK, "failed to bind DHCP server socket: %s (port %d)",
                     strerror(errno), DHCP4_BOOT_PORT);
    if (is_relay && port != DHCP_SERVER_PORT
        && dhcp4_sockets_open_reply(is_shared, &service->sockets) != STATUS_OK)
        startup_fail(startup, EXIT_NETWORK, "failed to bind DHCP server socket: %s (port %d)",
                     strerror(errno), DHCP_SERVER_PORT);
}

void dhcp_service_create(struct dhcp_service *service, struct startup *startup,
                         const struct dhcp_config *dhcp)
{
    const struct dhcp_shared *shared = service->shared;
    struct dhcp4_setup setup = {
        .config = dhcp,
        .site = &shared->config->site,
        .leases = shared->store->leases4,
        .leases6 = shared->store->leases6,
        .backend = shared->config->dhcp.range_count > 0 ? shared->store->backend : NULL,
        .names = shared->names,
        .configured_names = configured_names,
        .netboot = shared->netboot != NULL ? netboot_listing : NULL,
        .context = service,
        .network = shared->views->network->network,
        .events = &service->sink,
        .random = shared->random,
        .key = shared->key,
    };
    if (dhcp4_server_create(&setup, &service->server) != STATUS_OK)
        startup_fail(startup, EXIT_MEMORY, "no memory for DHCP");
    shared->store->user4 = (struct lease_store_user){ load, on_committed, service };
}

/* ------------------------------------------------------------------ lines at start */

static void log_relay(const struct dhcp_relay *relay)
{
    char line[LOG_LINE_MAX];
    struct text_out out = text_out_on(line, sizeof line);
    struct address everybody = address_ip4(255, 255, 255, 255);
    text_put_string(&out, relay->split ? "DHCP split-relay from " : "DHCP relay from ");
    text_put_address(&out, &relay->local);
    text_put_string(&out, " to ");
    text_put_address(&out, address_is_none(&relay->server) ? &everybody : &relay->server);
    if (relay->port != 0 && relay->port != DHCP_SERVER_PORT)
        text_printf(&out, "#%u", (unsigned)relay->port);
    if (!address_is_none(&relay->uplink)) {
        text_put_string(&out, " via ");
        text_put_address(&out, &relay->uplink);
    } else if (relay->reply.pattern != NULL) {
        text_printf(&out, " via %s%s", relay->reply.pattern, relay->reply.prefix ? "*" : "");
    }
    log_line(LOG_PART_DHCP, LOG_INFORM, "%s", line);
}

static void log_range(const struct dhcp_range *range)
{
    char line[LOG_LINE_MAX];
    struct text_out out = text_out_on(line, sizeof line);
    switch ((enum dhcp_range_mode)range->mode) {
    case DHCP_RANGE_DYNAMIC:
        text_put_string(&out, "DHCP, IP range ");
        text_put_address(&out, &range->first);
        text_put_string(&out, " -- ");
        text_put_address(&out, &range->last);
        break;
    case DHCP_RANGE_STATIC:
        text_put_string(&out, "DHCP, static leases only on ");
        text_put_address(&out, &range->first);
        break;
    case DHCP_RANGE_PROXY:
        text_put_string(&out, "DHCP, proxy on subnet ");
        text_put_address(&out, &range->first);
        log_line(LOG_PART_DHCP, LOG_INFORM, "%s", line);
        return;
    }
    text_put_string(&out, ", lease time ");
    text_put_duration(&out, range->lease_s);
    log_line(LOG_PART_DHCP, LOG_INFORM, "%s", line);
}

/* ------------------------------------------------------------------ life */

void dhcp_service_start(struct dhcp_service *service, struct startup *startup, struct instant now)
{
    const struct dhcp_shared *shared = service->shared;
    const struct dhcp_config *dhcp = &shared->config->dhcp;
    dhcp4_server_start(service->server, now);
    dhcp4_server_tell_leases(service->server);
    service->io = dhcp4_io_create(shared->loop, service->server, &service->sockets, shared->tap);
    if (service->io == NULL)
        startup_fail(startup, EXIT_MEMORY, "no memory for DHCP");
    for (size_t i = 0; i < dhcp->range_count; i++)
        log_range(&dhcp->ranges[i]);
    for (size_t i = 0; i < dhcp->relay.relay_count; i++) {
        if (dhcp->relay.relays[i].local.family == ADDRESS_IP4)
            log_relay(&dhcp->relay.relays[i]);
    }
}

enum status dhcp_service_set_config(struct dhcp_service *service, const struct dhcp_config *dhcp)
{
    return dhcp4_server_set_config(service->server, dhcp);
}

void dhcp_service_stop(struct dhcp_service *service)
{
    if (service->active)
        dhcp4_io_close(service->io);
}

void dhcp_service_free(struct dhcp_service *service)
{
    if (!service->active)
        return;
    dhcp4_io_free(service->io);
    dhcp4_server_free(service->server);
}
