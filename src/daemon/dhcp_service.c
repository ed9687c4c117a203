#include "daemon/dhcp_service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "platform/instant.h"
#include "store/lease_file_io.h"

#define DEFAULT_LEASE_FOLDER      "/var/lib/linnet"
#define DEFAULT_LEASE_FILE_COMPAT "/var/lib/misc/dnsmasq.leases"

bool dhcp_service_wanted(const struct config *config)
{
    return config->dhcp.range_count > 0 || config->dhcp.relay.relay_count > 0;
}

static void on_committed(void *context, uint64_t ticket, enum status status)
{
    struct dhcp_service *service = context;
    if (service->io != NULL)
        dhcp4_io_committed(service->io, ticket, status);
}

static void on_trouble(void *context, const char *what, int error)
{
    (void)context;
    log_line(LOG_PART_DHCP, LOG_ERROR, "lease file: %s: %s", what, strerror(error));
}

static const struct local_names *configured_names(void *context)
{
    const struct dhcp_service *service = context;
    return views_names(service->views);
}

static const char *lease_file_path(const struct dhcp_service *service, struct startup *startup)
{
    if (service->config->dhcp.lease_file != NULL && service->config->dhcp.lease_file[0] != '\0')
        return service->config->dhcp.lease_file;
    if (strcmp(startup->program, "dnsmasq") == 0)
        return DEFAULT_LEASE_FILE_COMPAT;
    startup_make_folder(startup, &service->config->daemon, DEFAULT_LEASE_FOLDER);
    return DEFAULT_LEASE_FOLDER "/linnet.leases";
}

/* The one interface DHCP is for, when it is plain and sockets are bound individually: then the
 * socket is tied to it, and other instances may serve others. */
static const char *single_device(const struct config *config)
{
    const struct site *site = &config->site;
    /* A relay hears servers on the other side. */
    if (config->dhcp.relay.relay_count > 0)
        return NULL;
    if (site->bind == SITE_BIND_WILDCARD || site->interface_count != 1
        || site->interfaces[0].prefix)
        return NULL;
    return site->interfaces[0].pattern;
}

static void create_server(struct dhcp_service *service, struct startup *startup)
{
    struct dhcp4_setup setup = {
        .config = host_reload_config(&service->files),
        .site = &service->config->site,
        .leases = service->leases,
        .backend = service->backend,
        .names = service->names,
        .configured_names = configured_names,
        .context = service,
        .network = service->views->network->network,
        .events = &service->sink,
        .random = service->random,
        .key = service->key,
    };
    if (dhcp4_server_create(&setup, &service->server) != STATUS_OK)
        startup_fail(startup, EXIT_MEMORY, "no memory for DHCP");
}

static enum status use_config(void *context, const struct dhcp_config *dhcp)
{
    struct dhcp_service *service = context;
    return dhcp4_server_set_config(service->server, dhcp);
}

void dhcp_service_open(struct dhcp_service *service, struct startup *startup, uv_loop_t *loop,
                       const struct config *config, struct views *views, struct random *random,
                       struct lease_names *names, struct event_sink sink,
                       const struct siphash_key *key)
{
    *service = (struct dhcp_service){
        .config = config,
        .views = views,
        .random = random,
        .names = names,
        .sink = sink,
        .key = *key,
        .active = true,
    };
    host_reload_init(&service->files, loop, config, key, use_config, service);
    const char *what;
    if (dhcp4_sockets_open(dhcp_relay_server_port(&config->dhcp.relay), single_device(config),
                           config->site.bind != SITE_BIND_WILDCARD, !config->dhcp.no_ping,
                           &service->sockets, &what)
        != STATUS_OK)
        startup_fail(startup, EXIT_NETWORK, "failed to bind DHCP server socket: %s (%s)",
                     strerror(errno), what);
    if (dhcp_boot_has_pxe(&config->dhcp.boot)
        && dhcp4_sockets_open_boot(single_device(config), config->site.bind != SITE_BIND_WILDCARD,
                                   &service->sockets)
               != STATUS_OK)
        startup_fail(startup, EXIT_NETWORK, "failed to bind DHCP server socket: %s (port %d)",
                     strerror(errno), DHCP4_BOOT_PORT);
    if (config->dhcp.relay.relay_count > 0
        && dhcp_relay_server_port(&config->dhcp.relay) != DHCP_SERVER_PORT
        && dhcp4_sockets_open_reply(config->site.bind != SITE_BIND_WILDCARD, &service->sockets)
               != STATUS_OK)
        startup_fail(startup, EXIT_NETWORK, "failed to bind DHCP server socket: %s (port %d)",
                     strerror(errno), DHCP_SERVER_PORT);
    if (lease_table_create(key, config->dhcp.leases_max, &service->leases) != STATUS_OK)
        startup_fail(startup, EXIT_MEMORY, "no memory for %u leases", config->dhcp.leases_max);
    if (config->dhcp.range_count == 0 || config->script.lease_file_ro)
        return; /* a relay alone keeps nothing, and otherwise the script does */
    const char *path = lease_file_path(service, startup);
    struct lease_file_setup setup = {
        .loop = loop,
        .path = path,
        .table = service->leases,
        .committed = on_committed,
        .trouble = on_trouble,
        .context = service,
    };
    if (lease_file_open(&setup, &service->backend) != STATUS_OK)
        startup_fail(startup, EXIT_FILE, "cannot open or create lease file %s: %s", path,
                     strerror(errno));
}

struct loading {
    struct dhcp_service *service;
    struct instant now;
};

static void load_line(void *context, const struct lease_line *line)
{
    const struct loading *loading = context;
    if (dhcp4_server_load_lease(loading->service->server, line, loading->now) == STATUS_FULL)
        log_line(LOG_PART_DHCP, LOG_WARN, "more leases in the file than dhcp-lease-max allows");
}

static void complain(void *context, unsigned line, const char *why)
{
    (void)context;
    log_line(LOG_PART_DHCP, LOG_WARN, "lease file: ignoring line %u: %s", line, why);
}

/* leasefile-ro: as a lease file has them. */
static void load_init_lines(struct dhcp_service *service, struct loading *loading)
{
    struct text rest = service->init_lines;
    struct text text;
    struct lease_line line;
    for (unsigned number = 1; text_next_line(&rest, &text); number++) {
        if (lease_line_read(text, &line) == STATUS_OK)
            load_line(loading, &line);
        else
            complain(loading, number, "not a lease");
    }
    free((char *)(uintptr_t)service->init_lines.at);
    service->init_lines = TEXT_NONE;
}

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

void dhcp_service_start(struct dhcp_service *service, struct startup *startup, uv_loop_t *loop)
{
    if (host_reload_start(&service->files) != STATUS_OK)
        startup_fail(startup, EXIT_MEMORY, "no memory for the hosts of files");
    create_server(service, startup);
    struct loading loading = { .service = service, .now = instant_now() };
    enum status status = STATUS_OK;
    if (service->backend != NULL)
        status = service->backend->class_->load(service->backend, load_line, complain, &loading);
    load_init_lines(service, &loading);
    if (status != STATUS_OK)
        startup_fail(startup, EXIT_FILE, "cannot read the lease file: %s", status_text(status));
    dhcp4_server_start(service->server, loading.now);
    dhcp4_server_tell_leases(service->server);
    service->io = dhcp4_io_create(loop, service->server, &service->sockets);
    if (service->io == NULL)
        startup_fail(startup, EXIT_MEMORY, "no memory for DHCP");
    for (size_t i = 0; i < service->config->dhcp.range_count; i++)
        log_range(&service->config->dhcp.ranges[i]);
    for (size_t i = 0; i < service->config->dhcp.relay.relay_count; i++)
        log_relay(&service->config->dhcp.relay.relays[i]);
}

void dhcp_service_network_changed(struct dhcp_service *service)
{
    if (service->active)
        dhcp4_server_set_network(service->server, service->views->network->network);
}

void dhcp_service_tell_leases(struct dhcp_service *service)
{
    if (service->active)
        dhcp4_server_tell_leases(service->server);
}

void dhcp_service_names_changed(struct dhcp_service *service)
{
    if (service->active)
        dhcp4_server_names_changed(service->server);
}

void dhcp_service_files_changed(struct dhcp_service *service, bool by_signal)
{
    if (service->active)
        host_reload_want(&service->files, by_signal);
}

void dhcp_service_stop(struct dhcp_service *service)
{
    if (!service->active)
        return;
    host_reload_stop(&service->files);
    if (service->backend != NULL)
        service->backend->class_->close(service->backend);
    dhcp4_io_close(service->io);
}

void dhcp_service_free(struct dhcp_service *service)
{
    if (!service->active)
        return;
    dhcp4_io_free(service->io);
    dhcp4_server_free(service->server);
    host_reload_free(&service->files);
    lease_table_free(service->leases);
}
