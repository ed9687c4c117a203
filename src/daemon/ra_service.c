#include "daemon/ra_service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/lease_store.h"
#include "platform/icmp6.h"
#include "platform/instant.h"

#define STATE_SUFFIX ".ra"
#define PATH_BYTES   4096

bool ra_service_wanted(const struct config *config)
{
    for (size_t i = 0; i < config->dhcp.range6_count; i++)
        if (ra_link_advertises(&config->ra, &config->dhcp.ranges6[i]))
            return true;
    return false;
}

/* Beside the leases. Without the file prefixes are only not taken back after a restart, so that is
 * no reason not to start. */
static void open_state(struct ra_service *service, struct startup *startup)
{
    char path[PATH_BYTES];
    struct text_out out = text_out_on(path, sizeof path);
    service->state = -1;
    if (service->config->script.lease_file_ro)
        return;
    text_put_string(&out, lease_store_path(service->config, startup));
    text_put_string(&out, STATE_SUFFIX);
    if (out.failed)
        return;
    service->state = ra_state_io_open(path);
    if (service->state < 0)
        log_line(LOG_PART_DHCP, LOG_WARN, "cannot open %s: %s", path, strerror(errno));
    else
        service->state_path = strdup(path);
}

void ra_service_open(struct ra_service *service, struct startup *startup,
                     const struct config *config, struct views *views, struct event_sink sink)
{
    *service = (struct ra_service){
        .config = config,
        .views = views,
        .sink = sink,
        .active = true,
    };
    if (icmp6_open(&service->socket) != STATUS_OK)
        startup_fail(startup, EXIT_NETWORK, "cannot create ICMPv6 socket: %s", strerror(errno));
    open_state(service, startup);
}

/* ------------------------------------------------------------------ lines at start */

static void put_where(struct text_out *out, const struct dhcp_range6 *range)
{
    if (range->constructor != NULL)
        text_printf(out, "%s%s", range->constructor, range->constructor_prefix ? "*" : "");
    else
        text_put_address(out, &range->first);
}

static void log_range(const struct dhcp_range6 *range, const char *what)
{
    char line[LOG_LINE_MAX];
    struct text_out out = text_out_on(line, sizeof line);
    struct dhcp_range6 shown = *range;
    struct prefix prefix;
    if (range->constructor == NULL
        && prefix_make(range->first, range->prefix_length, &prefix) == STATUS_OK)
        shown.first = prefix.address;
    text_put_string(&out, what);
    put_where(&out, &shown);
    log_line(LOG_PART_DHCP, LOG_INFORM, "%s", line);
}

static void log_start(const struct config *config)
{
    for (size_t i = 0; i < config->dhcp.range6_count; i++) {
        const struct dhcp_range6 *range = &config->dhcp.ranges6[i];
        if ((range->modes & DHCP_RANGE6_RA_NAMES) != 0)
            log_range(range, "DHCPv4-derived IPv6 names on ");
        if (ra_link_advertises(&config->ra, range))
            log_range(range, "router advertisement on ");
    }
    if (config->ra.enable)
        log_line(LOG_PART_DHCP, LOG_INFORM, "IPv6 router advertisement enabled");
}

/* ------------------------------------------------------------------ while running */

static struct ra_state_io *remember(struct ra_service *service, struct startup *startup,
                                    uv_loop_t *loop)
{
    const struct ra_state_setup setup = {
        .loop = loop,
        .server = service->server,
        .path = service->state_path,
        .file = service->state,
        .again_ms = RA_STATE_AGAIN_MS,
    };
    if (setup.path == NULL)
        return NULL;
    struct ra_state_io *state = ra_state_io_create(&setup);
    if (state == NULL)
        startup_fail(startup, EXIT_MEMORY, "no memory for router advertisement");
    return state;
}

void ra_service_start(struct ra_service *service, struct startup *startup, uv_loop_t *loop,
                      struct random *random, const struct packet_tap *tap,
                      const struct dhcp_config *dhcp)
{
    if (!service->active)
        return;
    struct ra_setup setup = {
        .dhcp = dhcp,
        .ra = &service->config->ra,
        .site = &service->config->site,
        .network = service->views->network->network,
        .events = &service->sink,
        .random = random,
    };
    log_start(service->config);
    if (ra_server_create(&setup, &service->server) != STATUS_OK)
        startup_fail(startup, EXIT_MEMORY, "no memory for router advertisement");
    if (service->state_path != NULL)
        ra_state_io_load(service->server, service->state_path);
    if (ra_server_start(service->server, instant_now()) != STATUS_OK)
        startup_fail(startup, EXIT_MEMORY, "no memory for router advertisement");
    struct ra_io_setup io = {
        .loop = loop,
        .server = service->server,
        .socket = service->socket,
        .state = remember(service, startup, loop),
        .tap = tap,
    };
    service->io = ra_io_create(&io);
    if (service->io == NULL)
        startup_fail(startup, EXIT_MEMORY, "no memory for router advertisement");
}

void ra_service_network_changed(struct ra_service *service)
{
    if (service->io == NULL)
        return;
    if (ra_server_set_network(service->server, service->views->network->network, instant_now())
        != STATUS_OK)
        log_line(LOG_PART_DHCP, LOG_ERROR,
                 "no memory for router advertisement on the new addresses");
    ra_io_changed(service->io);
}

static void use_dhcp(struct ra_service *service, const struct dhcp_config *dhcp)
{
    if (ra_server_set_config(service->server, dhcp, instant_now()) != STATUS_OK)
        log_line(LOG_PART_DHCP, LOG_ERROR,
                 "no memory for router advertisement: none until the network changes");
    ra_io_changed(service->io);
}

void ra_service_set_config(struct ra_service *service, const struct dhcp_config *dhcp)
{
    if (service != NULL && service->io != NULL)
        use_dhcp(service, dhcp);
}

void ra_service_config_changed(struct ra_service *service, const struct config *config,
                               const struct dhcp_config *dhcp, struct event_sink sink)
{
    service->config = config;
    service->sink = sink;
    if (service->io == NULL)
        return;
    ra_server_set_rules(service->server, &config->ra, &config->site);
    use_dhcp(service, dhcp);
}

void ra_service_report(const struct ra_service *service)
{
    if (service->io == NULL)
        return;
    const struct ra_counters *counters = ra_server_counters(service->server);
    log_line(LOG_PART_MAIN, LOG_INFORM,
             "router advertisements sent %" PRIu64 ", solicitations %" PRIu64
             ", dropped: malformed %" PRIu64 ", not on link %" PRIu64 ", not admitted %" PRIu64,
             counters->adverts, counters->solicits, counters->dropped_malformed,
             counters->dropped_not_on_link, counters->dropped_not_admitted);
    if (counters->pending_full + counters->prefixes_left_out + counters->prefixes_not_remembered
        > 0)
        log_line(LOG_PART_MAIN, LOG_INFORM,
                 "router advertisement limits: answers to all instead of one %" PRIu64
                 ", prefixes left out %" PRIu64 ", prefixes not remembered %" PRIu64,
                 counters->pending_full, counters->prefixes_left_out,
                 counters->prefixes_not_remembered);
}

void ra_service_stop(struct ra_service *service)
{
    if (service->io != NULL)
        ra_io_close(service->io);
}

void ra_service_free(struct ra_service *service)
{
    if (!service->active)
        return;
    if (service->io != NULL)
        ra_io_free(service->io);
    ra_server_free(service->server);
    free(service->state_path);
}
