#include "daemon/dhcp_service.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "platform/instant.h"
#include "store/lease_file_io.h"

#define DEFAULT_LEASE_FOLDER      "/var/lib/linnet"
#define DEFAULT_LEASE_FILE_COMPAT "/var/lib/misc/dnsmasq.leases"

bool dhcp_service_wanted(const struct config *config)
{
    return config->dhcp.range_count > 0;
}

static void on_committed(void *context, uint64_t ticket, enum status status)
{
    struct dhcp_service *service = context;
    if (service->io != NULL)
        dhcp4_io_committed(service->io, ticket, status);
}

static void on_trouble(void *context, const char *what, int error)
{
    const struct dhcp_service *service = context;
    (void)service;
    log_line(LOG_PART_DHCP, LOG_ERROR, "lease file: %s: %s", what, strerror(error));
}

static const struct local_names *configured_names(void *context)
{
    const struct dhcp_service *service = context;
    return service->views->names->names;
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
static const char *single_device(const struct site *site)
{
    if (site->bind == SITE_BIND_WILDCARD || site->interface_count != 1
        || site->interfaces[0].prefix)
        return NULL;
    return site->interfaces[0].pattern;
}

static void create_server(struct dhcp_service *service, struct startup *startup)
{
    struct dhcp4_setup setup = {
        .config = &service->config->dhcp,
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
    const char *what;
    if (dhcp4_sockets_open(single_device(&config->site), config->site.bind != SITE_BIND_WILDCARD,
                           !config->dhcp.no_ping, &service->sockets, &what)
        != STATUS_OK)
        startup_fail(startup, EXIT_NETWORK, "failed to bind DHCP server socket: %s (%s)",
                     strerror(errno), what);
    if (lease_table_create(key, config->dhcp.leases_max, &service->leases) != STATUS_OK)
        startup_fail(startup, EXIT_MEMORY, "no memory for %u leases", config->dhcp.leases_max);
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
    create_server(service, startup);
    struct loading loading = { .service = service, .now = instant_now() };
    enum status status =
        service->backend->class_->load(service->backend, load_line, complain, &loading);
    if (status != STATUS_OK)
        startup_fail(startup, EXIT_FILE, "cannot read the lease file: %s", status_text(status));
    dhcp4_server_start(service->server, loading.now);
    service->io = dhcp4_io_create(loop, service->server, &service->sockets);
    if (service->io == NULL)
        startup_fail(startup, EXIT_MEMORY, "no memory for DHCP");
    for (size_t i = 0; i < service->config->dhcp.range_count; i++)
        log_range(&service->config->dhcp.ranges[i]);
}

void dhcp_service_network_changed(struct dhcp_service *service)
{
    if (service->active)
        dhcp4_server_set_network(service->server, service->views->network->network);
}

void dhcp_service_names_changed(struct dhcp_service *service)
{
    if (service->active)
        dhcp4_server_names_changed(service->server);
}

void dhcp_service_stop(struct dhcp_service *service)
{
    if (!service->active)
        return;
    service->backend->class_->close(service->backend);
    dhcp4_io_close(service->io);
}

void dhcp_service_free(struct dhcp_service *service)
{
    if (!service->active)
        return;
    dhcp4_io_free(service->io);
    dhcp4_server_free(service->server);
    lease_table_free(service->leases);
}
