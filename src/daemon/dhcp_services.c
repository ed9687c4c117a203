#include "daemon/dhcp_services.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "daemon/ra_service.h"
#include "platform/instant.h"
#include "platform/tcp.h"

const char *dhcp_shared_single_device(const struct config *config)
{
    const struct site *site = &config->site;
    if (site->bind == SITE_BIND_WILDCARD || site->interface_count != 1
        || site->interfaces[0].prefix)
        return NULL;
    return site->interfaces[0].pattern;
}

bool dhcp_services_wanted(const struct config *config)
{
    return dhcp_service_wanted(config) || dhcp6_service_wanted(config) || ra_service_wanted(config);
}

size_t dhcp_services_leases_max(const struct config *config)
{
    size_t families = (size_t)dhcp_service_wanted(config) + dhcp6_service_wanted(config);
    return families * config->dhcp.leases_max;
}

/* ------------------------------------------------------------------ events */

/* Both of a family's listeners. */
static void on_event(void *context, const struct event *event)
{
    const struct event_sink *listeners = context;
    event_tell(&listeners[0], event);
    event_tell(&listeners[1], event);
}

static struct event_sink both(struct event_sink *listeners, struct event_sink log,
                              struct event_sink leases)
{
    listeners[0] = log;
    listeners[1] = leases;
    return (struct event_sink){
        .wanted = log.wanted | leases.wanted,
        .on_event = on_event,
        .context = listeners,
        .wants_facts = log.wants_facts || leases.wants_facts,
    };
}

/* ------------------------------------------------------------------ files */

/* All or none: who cannot use it keeps the one before, so the others must go back to that. */
static enum status give_config(struct dhcp_services *services, const struct dhcp_config *dhcp)
{
    const struct dhcp_config *before = host_reload_config(&services->files);
    enum status status = STATUS_OK;
    if (services->ip4.active)
        status = dhcp_service_set_config(&services->ip4, dhcp);
    if (status != STATUS_OK || !services->ip6.active)
        return status;
    status = dhcp6_service_set_config(&services->ip6, dhcp);
    if (status == STATUS_OK || !services->ip4.active
        || dhcp_service_set_config(&services->ip4, before) == STATUS_OK)
        return status;
    log_line(LOG_PART_DHCP, LOG_ERROR, "no memory for the hosts of files: DHCPv6 has the old ones");
    services->files.current = NULL; /* in use to the end: never to be freed */
    (void)config_hold(services->shared.config);
    return STATUS_OK;
}

static enum status use_config(void *context, const struct dhcp_config *dhcp)
{
    struct dhcp_services *services = context;
    enum status status = give_config(services, dhcp);
    names6_service_names_changed(services->shared.names6);
    if (status == STATUS_OK)
        ra_service_set_config(services->shared.ra, dhcp);
    return status;
}

enum status dhcp_services_try(struct dhcp_services *services, const struct dhcp_config *dhcp)
{
    return services->active ? give_config(services, dhcp) : STATUS_OK;
}

void dhcp_services_use(struct dhcp_services *services, const struct dhcp_services_change *change)
{
    const struct config *config = change->config;
    services->shared.config = config;
    services->store.config = config;
    host_reload_replace(&services->files, change->files, change->hosts);
    if (services->ip4.active) {
        services->ip4.sink = both(&services->listeners[0], change->log4, services->listeners[1]);
        dhcp4_server_set_site(services->ip4.server, &config->site);
    }
    if (services->ip6.active) {
        services->ip6.sink = both(&services->listeners[2], change->log6, services->listeners[3]);
        dhcp6_service_set_site(&services->ip6, &config->site);
    }
}

const struct dhcp_config *dhcp_services_config(const struct dhcp_services *services)
{
    return host_reload_config(&services->files);
}

static void leave_out_relays(struct dhcp_config *dhcp, enum address_family family,
                             struct text_out *out)
{
    struct dhcp_relay_config *config = &dhcp->relay;
    size_t count = 0;
    for (size_t i = 0; i < config->relay_count; i++) {
        if (config->relays[i].local.family != family)
            config->relays[count++] = config->relays[i];
    }
    if (count < config->relay_count)
        text_printf(out, "relaying DHCP%s begins at the next start\n",
                    family == ADDRESS_IP6 ? "v6" : "");
    config->relay_count = count;
}

static void leave_out_ranges6(struct dhcp_config *dhcp, struct text_out *out)
{
    size_t count = 0;
    for (size_t i = 0; i < dhcp->range6_count; i++) {
        if (!dhcp6_service_gives_of(&dhcp->ranges6[i]))
            dhcp->ranges6[count++] = dhcp->ranges6[i];
    }
    if (count < dhcp->range6_count)
        text_put_string(out, "giving leases by DHCPv6 begins at the next start\n");
    dhcp->range6_count = count;
}

void dhcp_services_leave_out(const struct dhcp_services *services, struct dhcp_config *dhcp,
                             struct text_out *out)
{
    const struct dhcp_settled *settled = &services->settled;
    if (services->ip4.active && !settled->gives4 && dhcp->range_count > 0) {
        text_put_string(out, "giving leases by DHCP begins at the next start\n");
        dhcp->range_count = 0;
    }
    if (services->ip4.active && !settled->relays4)
        leave_out_relays(dhcp, ADDRESS_IP4, out);
    if (services->ip6.active && !settled->gives6)
        leave_out_ranges6(dhcp, out);
    if (services->ip6.active && !settled->relays6)
        leave_out_relays(dhcp, ADDRESS_IP6, out);
}

/* ------------------------------------------------------------------ life */

static struct dhcp_settled settle(const struct config *config)
{
    struct dhcp_settled settled = {
        .gives4 = config->dhcp.range_count > 0,
        .gives6 = dhcp6_service_gives(config),
        .relays4 = dhcp_relay_has(&config->dhcp.relay, ADDRESS_IP4),
        .relays6 = dhcp_relay_has(&config->dhcp.relay, ADDRESS_IP6),
    };
    const char *device = dhcp_shared_single_device(config);
    struct text_out out = text_out_on(settled.device, sizeof settled.device);
    if (device != NULL)
        text_put_string(&out, device);
    return settled;
}

void dhcp_services_open(struct dhcp_services *services, struct startup *startup,
                        const struct dhcp_shared *shared, struct event_sink log4,
                        struct event_sink log6, struct event_sink leases)
{
    const struct config *config = shared->config;
    *services = (struct dhcp_services){ .shared = *shared, .active = true };
    services->shared.store = &services->store;
    services->settled = settle(config);
    host_reload_init(&services->files, shared->loop, config, &shared->key, use_config, services);
    if (dhcp_service_wanted(config))
        dhcp_service_open(&services->ip4, startup, &services->shared,
                          both(&services->listeners[0], log4, leases));
    if (dhcp6_service_wanted(config))
        dhcp6_service_open(&services->ip6, startup, &services->shared,
                           both(&services->listeners[2], log6, leases));
    lease_store_open(&services->store, startup, shared->loop, config, &shared->key,
                     config->dhcp.range_count > 0, dhcp6_service_gives(config));
}

static uint32_t index_of_device(const struct dhcp_services *services)
{
    const struct network *network = services->shared.views->network->network;
    const char *name = services->settled.device;
    const struct network_interface *only = name[0] != '\0' ? network_by_name(network, name) : NULL;
    return only != NULL ? only->index : 0;
}

static bool tie(int fd, const char *device)
{
    return fd < 0 || socket_bind_device(fd, device) == STATUS_OK;
}

/* The only interface was deleted and made again: the system ties a socket to what bore the name
 * then, so it would hear nothing more. */
static void follow_device(struct dhcp_services *services)
{
    const struct dhcp_settled *settled = &services->settled;
    uint32_t index = index_of_device(services);
    if (index == 0 || index == services->tied_to)
        return;
    bool tied = true;
    if (services->ip4.active && !settled->relays4)
        tied = tie(services->ip4.sockets.udp, settled->device)
               && tie(services->ip4.sockets.boot, settled->device);
    if (tied && services->ip6.active && !settled->relays6)
        tied = tie(services->ip6.socket, settled->device);
    if (tied)
        services->tied_to = index;
    else if (!services->tie_failed)
        log_line(LOG_PART_DHCP, LOG_ERROR, "DHCP hears nothing on %s, which was made anew: %s",
                 settled->device, strerror(errno));
    services->tie_failed = !tied;
}

void dhcp_services_start(struct dhcp_services *services, struct startup *startup)
{
    if (!services->active)
        return;
    if (host_reload_start(&services->files) != STATUS_OK)
        startup_fail(startup, EXIT_MEMORY, "no memory for the hosts of files");
    const struct dhcp_config *dhcp = host_reload_config(&services->files);
    struct instant now = instant_now();
    services->tied_to = index_of_device(services);
    if (services->ip4.active)
        dhcp_service_create(&services->ip4, startup, dhcp);
    if (services->ip6.active)
        dhcp6_service_create(&services->ip6, startup, dhcp);
    lease_store_load(&services->store, startup, now);
    if (services->ip4.active)
        dhcp_service_start(&services->ip4, startup, now);
    if (services->ip6.active)
        dhcp6_service_start(&services->ip6, startup, now);
}

void dhcp_services_network_changed(struct dhcp_services *services)
{
    const struct views *views = services->shared.views;
    if (services->active)
        follow_device(services);
    if (services->ip4.active)
        dhcp4_server_set_network(services->ip4.server, views->network->network);
    dhcp6_service_network_changed(&services->ip6);
}

void dhcp_services_names_changed(struct dhcp_services *services)
{
    if (services->ip4.active)
        dhcp4_server_names_changed(services->ip4.server);
    if (services->ip6.active)
        dhcp6_server_names_changed(services->ip6.server);
}

void dhcp_services_tell_leases(struct dhcp_services *services)
{
    if (services->ip4.active)
        dhcp4_server_tell_leases(services->ip4.server);
    if (services->ip6.active)
        dhcp6_server_tell_leases(services->ip6.server);
}

void dhcp_services_files_changed(struct dhcp_services *services, bool by_signal)
{
    if (services->active)
        host_reload_want(&services->files, by_signal);
}

void dhcp_services_count(const struct dhcp_services *services, struct statistics *statistics)
{
    const struct lease_store *store = &services->store;
    if (services->ip4.active) {
        statistics->dhcp = dhcp4_server_counters(services->ip4.server);
        statistics->leases = lease_table_count(store->leases4);
        statistics->leases_max = lease_table_capacity(store->leases4);
    }
    if (services->ip6.active) {
        statistics->dhcp6 = dhcp6_server_counters(services->ip6.server);
        statistics->relay6 = dhcp6_io_relay_counters(services->ip6.io);
        statistics->leases6 = lease_table_count(store->leases6);
        statistics->leases6_max = lease_table_capacity(store->leases6);
    }
}

void dhcp_services_stop(struct dhcp_services *services)
{
    if (!services->active)
        return;
    host_reload_stop(&services->files);
    lease_store_close(&services->store);
    dhcp_service_stop(&services->ip4);
    dhcp6_service_stop(&services->ip6);
}

void dhcp_services_free(struct dhcp_services *services)
{
    if (!services->active)
        return;
    dhcp_service_free(&services->ip4);
    dhcp6_service_free(&services->ip6);
    host_reload_free(&services->files);
    lease_store_free(&services->store);
}
