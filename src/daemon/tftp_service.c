#include "daemon/tftp_service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/sockets.h"
#include "daemon/workers.h"
#include "dns/dns_worker.h"
#include "platform/beneath.h"
#include "platform/descriptors.h"
#include "platform/port_holder.h"

#define DESCRIPTORS_OTHERS 64  /* what the rest of the process has open, but for the below */
#define DESCRIPTORS_FLIGHT 4   /* a question to upstreams may have */
#define DESCRIPTORS_HTTP   160 /* netboot-http: connections */
#define LOW_PORTS          1024

bool tftp_service_wanted(const struct config *config)
{
    return config->tftp.enabled;
}

bool tftp_service_binds_later(const struct config *config)
{
    if (!config->tftp.enabled)
        return false;
    return config->site.bind == SITE_BIND_DYNAMIC
           || (config->tftp.port_first != 0 && config->tftp.port_first < LOW_PORTS);
}

/* ------------------------------------------------------------------ where to serve */

static bool is_listed(const struct site_interface *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (site_interface_matches(&list[i], name))
            return true;
    return false;
}

/* Our own packets to ourselves come in on the loopback interface, whatever address they are for:
 * then the one that has the address counts. */
static const struct network_interface *
judged_interface(const struct network *network, uint32_t interface, const struct address *local)
{
    const struct network_interface *arrival = network_by_index(network, interface);
    const struct network_address *own = network_own_address(network, local);
    if (arrival != NULL && arrival->loopback && own != NULL)
        return network_by_index(network, own->interface);
    return arrival;
}

bool tftp_service_admits(const struct config *config, const struct network *network,
                         uint32_t interface, const struct address *local)
{
    const struct tftp_config *tftp = &config->tftp;
    const struct network_interface *judged = judged_interface(network, interface, local);
    if (judged == NULL)
        return false;
    /* RFC 1123 section 4.2.3.5: requests to everybody are not for us. */
    if (network_own_address(network, local) == NULL && !address_is_loopback(local))
        return false;
    if (tftp->interface_count > 0)
        return is_listed(tftp->interfaces, tftp->interface_count, judged->name);
    return !is_listed(config->dhcp.no_dhcp, config->dhcp.no_dhcp_count, judged->name)
           && network_admits(network, &config->site, interface, local);
}

static bool admit(void *context, const struct address *local, uint32_t interface,
                  struct tftp_arrival *arrival)
{
    const struct tftp_service *service = context;
    const struct network *network = service->views->network->network;
    if (!service->config->tftp.enabled || service->config->tftp.transfers_max == 0
        || !tftp_service_admits(service->config, network, interface, local))
        return false;
    const struct network_interface *judged = judged_interface(network, interface, local);
    *arrival = (struct tftp_arrival){ .interface_name = judged->name, .mtu = judged->mtu };
    return true;
}

struct wanted {
    struct tftp_service_listener *at;
    size_t count;
};

static void want(struct wanted *wanted, const struct address *address, uint32_t scope)
{
    wanted->at[wanted->count++] = (struct tftp_service_listener){
        .endpoint = { .address = *address, .port = TFTP_PORT, .scope = scope },
        .fd = -1,
    };
}

/* Where to listen now; false when memory ends. The caller frees wanted->at. */
static bool list_wanted(const struct config *config, const struct network *network,
                        struct wanted *wanted)
{
    wanted->count = 0;
    wanted->at = calloc(network->address_count + 2, sizeof *wanted->at);
    if (wanted->at == NULL)
        return false;
    if (config->site.bind == SITE_BIND_WILDCARD) {
        struct address any4 = address_any(ADDRESS_IP4), any6 = address_any(ADDRESS_IP6);
        want(wanted, &any4, 0);
        want(wanted, &any6, 0);
        return true;
    }
    for (size_t i = 0; i < network->address_count; i++) {
        const struct network_address *own = &network->addresses[i];
        bool is_scoped = own->address.family == ADDRESS_IP6 && address_is_link_local(&own->address);
        if ((own->tentative && config->site.bind == SITE_BIND_DYNAMIC)
            || !tftp_service_admits(config, network, own->interface, &own->address))
            continue;
        want(wanted, &own->address, is_scoped ? own->interface : 0);
    }
    return true;
}

/* ------------------------------------------------------------------ start */

NORETURN static void fail_taken(struct startup *startup, const struct endpoint *endpoint)
{
    int error = errno;
    char holder_text[160] = "";
    struct port_holder holder;
    struct text_out out = text_out_on(holder_text, sizeof holder_text);
    if (error == EADDRINUSE && port_holder_find(endpoint, false, &holder) == STATUS_OK)
        text_printf(&out, " (UDP port %u is held by %s, pid %d)", endpoint->port, holder.program,
                    holder.pid);
    startup_fail(startup, EXIT_NETWORK, "failed to create listening socket for port %u: %s%s",
                 endpoint->port, strerror(error), holder_text);
}

/* A machine without IPv6 simply lacks its wildcard. */
static bool is_missing_family(const struct endpoint *endpoint)
{
    return endpoint->address.family == ADDRESS_IP6 && address_is_any(&endpoint->address)
           && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL);
}

static void check_interfaces(struct startup *startup, const struct config *config,
                             const struct network *network)
{
    const struct tftp_config *tftp = &config->tftp;
    for (size_t i = 0; i < tftp->interface_count; i++)
        if (!tftp->interfaces[i].prefix && config->site.bind == SITE_BIND_INTERFACES
            && !sockets_interface_exists(network, tftp->interfaces[i].pattern))
            startup_fail(startup, EXIT_NETWORK, "unknown interface %s",
                         tftp->interfaces[i].pattern);
}

void tftp_service_open(struct tftp_service *service, struct startup *startup,
                       const struct config *config, struct views *views)
{
    const struct network *network = views->network->network;
    struct wanted wanted;
    *service = (struct tftp_service){ .config = config, .views = views, .active = true };
    check_interfaces(startup, config, network);
    if (!list_wanted(config, network, &wanted))
        startup_fail(startup, EXIT_MEMORY, "no memory for TFTP");
    bool early = config->site.bind == SITE_BIND_INTERFACES;
    for (size_t i = 0; i < wanted.count; i++)
        while (tftp_listener_open(&wanted.at[i].endpoint, early, &wanted.at[i].fd) != STATUS_OK
               && !is_missing_family(&wanted.at[i].endpoint))
            if (!startup_await_port(startup))
                fail_taken(startup, &wanted.at[i].endpoint);
    service->listeners = wanted.at;
    service->listener_count = wanted.count;
}

/* startup: NULL: we run already, and then it is only said. */
static void check_folder(struct startup *startup, const struct config *config, const char *folder)
{
    int fd;
    if (folder[0] == '\0')
        return;
    if (beneath_folder(folder, &fd) == STATUS_OK) {
        close(fd);
        return;
    }
    if (!config->tftp.no_fail && startup != NULL)
        startup_fail(startup, EXIT_FILE, "TFTP directory %s inaccessible: %s", folder,
                     strerror(errno));
    log_line(LOG_PART_TFTP, LOG_WARN, "warning: %s inaccessible", folder);
}

static void check_folders(struct startup *startup, const struct config *config)
{
    for (size_t i = 0; i < config->tftp.root_count; i++)
        check_folder(startup, config, config->tftp.roots[i].folder);
    if (config->tftp.second_root != NULL)
        check_folder(startup, config, config->tftp.second_root);
}

/* As dnsmasq has it, blanks at the end and all. */
static void log_root(const struct config *config)
{
    const char *folder = tftp_path_root(&config->tftp, "");
    bool has_root = folder[0] != '\0';
    log_line(LOG_PART_TFTP, LOG_INFORM, "TFTP %s%s %s %s", has_root ? "root is " : "enabled",
             has_root ? folder : "", config->tftp.secure ? "secure mode" : "",
             config->tftp.single_port ? "single port mode" : "");
    for (size_t i = 0; i < config->tftp.root_count; i++)
        if (config->tftp.roots[i].interface != NULL)
            log_line(LOG_PART_TFTP, LOG_INFORM, "TFTP root for %s is %s",
                     config->tftp.roots[i].interface, config->tftp.roots[i].folder);
}

/* Descriptors for transfers: what the others leave, but no more than half of all, and no less than
 * a quarter, for the others seldom need theirs at once. */
static uint32_t count_descriptors(const struct tftp_service *service)
{
    const struct config *config = service->config;
    uint32_t limit = descriptors_raise(0);
    struct dns_worker_setup dns = { .flights_max = 0 };
    uint64_t others = DESCRIPTORS_OTHERS + service->listener_count + DESCRIPTORS_HTTP;
    workers_set_limits(&dns, &config->dns);
    if (config->site.port != 0)
        others += (uint64_t)dns.flights_max * DESCRIPTORS_FLIGHT + config->dns.tcp_connections_max;
    uint64_t left = limit > others ? limit - others : 0;
    if (left > limit / 2)
        return limit / 2;
    return left < limit / 4 ? limit / 4 : (uint32_t)left;
}

/* As many as there are ports for, and two descriptors each. */
static uint32_t count_transfers(const struct tftp_service *service)
{
    const struct tftp_config *tftp = &service->config->tftp;
    uint32_t most = tftp->transfers_max > 0 ? tftp->transfers_max : 1;
    uint32_t wanted = most;
    uint32_t room = count_descriptors(service) / (tftp->single_port ? 1 : 2);
    uint32_t ports = tftp->port_first != 0 ? tftp->port_last - tftp->port_first + 1u : UINT32_MAX;
    if (most > room)
        most = room > 0 ? room : 1;
    if (most > ports && !tftp->single_port)
        most = ports;
    if (most < wanted)
        log_line(LOG_PART_TFTP, LOG_WARN, "restricting maximum simultaneous TFTP transfers to %u",
                 most);
    return most;
}

static bool hardware_of(void *context, const struct address *address, struct hardware *hardware)
{
    const struct tftp_service *service = context;
    if (service->neighbours != NULL && neighbour_table_find(service->neighbours, address, hardware))
        return true;
    const struct lease *lease =
        service->leases != NULL ? lease_table_by_address(service->leases, address) : NULL;
    if (lease == NULL || lease->hardware.count == 0)
        return false;
    *hardware = lease->hardware;
    return true;
}

static void on_event(void *context, const struct tftp_event *event)
{
    const struct tftp_service *service = context;
    enum log_level level = LOG_WARN;
    if (event->kind == TFTP_EVENT_SENT || event->kind == TFTP_EVENT_NOT_FOUND
        || event->kind == TFTP_EVENT_LEFT_OUT)
        level = LOG_INFORM;
    if (event->kind != TFTP_EVENT_NOT_FOUND || !service->config->tftp.quiet)
        log_line(LOG_PART_TFTP, level, "%s", event->text);
    if (event->kind == TFTP_EVENT_SENT && service->script != NULL)
        script_service_sent(service->script, event->client, event->path, event->bytes);
}

static void create_server(struct tftp_service *service, struct startup *startup, uv_loop_t *loop,
                          const struct siphash_key *key, const struct packet_tap *tap)
{
    const struct tftp_config *tftp = &service->config->tftp;
    if (tftp_disk_create(tftp, service->transfers_max + 1, &service->disk, &service->files)
        != STATUS_OK)
        startup_fail(startup, EXIT_MEMORY, "no memory for TFTP");
    struct tftp_setup setup = {
        .config = tftp,
        .files = &service->files,
        .hardware_of = hardware_of,
        .on_event = on_event,
        .context = service,
        .transfers_max = service->transfers_max,
        .key = *key,
    };
    if (tftp_server_create(&setup, &service->server) != STATUS_OK)
        startup_fail(startup, EXIT_MEMORY, "no memory for %u TFTP transfers",
                     service->transfers_max);
    struct tftp_io_setup io = {
        .loop = loop,
        .server = service->server,
        .config = tftp,
        .transfers_max = service->transfers_max,
        .admit = admit,
        .context = service,
        .tap = tap,
    };
    service->io = tftp_io_create(&io);
    if (service->io == NULL)
        startup_fail(startup, EXIT_MEMORY, "no memory for TFTP");
}

void tftp_service_start(struct tftp_service *service, struct startup *startup, uv_loop_t *loop,
                        const struct siphash_key *key, const struct packet_tap *tap)
{
    const struct config *config = service->config;
    log_root(config);
    check_folders(startup, config);
    service->transfers_max = count_transfers(service);
    create_server(service, startup, loop, key, tap);
    for (size_t i = 0; i < service->listener_count; i++) {
        struct tftp_service_listener *listener = &service->listeners[i];
        if (listener->fd >= 0
            && tftp_io_listen(service->io, &listener->endpoint, listener->fd) != STATUS_OK)
            startup_fail(startup, EXIT_NETWORK, "too many addresses for TFTP");
    }
    free(service->listeners);
    service->listeners = NULL;
}

void tftp_service_let_go(struct tftp_service *service)
{
    for (size_t i = 0; i < service->listener_count; i++) {
        if (service->listeners[i].fd >= 0)
            close(service->listeners[i].fd);
    }
    service->listener_count = 0;
}

/* ------------------------------------------------------------------ while running */

static bool is_wanted(void *context, const struct endpoint *endpoint)
{
    const struct wanted *wanted = context;
    for (size_t i = 0; i < wanted->count; i++)
        if (endpoint_equal(&wanted->at[i].endpoint, endpoint))
            return true;
    return false;
}

/* bind-dynamic: what could not be opened is tried again at the next change. */
void tftp_service_network_changed(struct tftp_service *service)
{
    struct wanted wanted;
    if (!service->active || service->config->site.bind != SITE_BIND_DYNAMIC
        || !list_wanted(service->config, service->views->network->network, &wanted))
        return;
    tftp_io_unlisten(service->io, is_wanted, &wanted);
    for (size_t i = 0; i < wanted.count; i++) {
        const struct endpoint *endpoint = &wanted.at[i].endpoint;
        char address[ADDRESS_TEXT_MAX];
        int fd;
        if (tftp_io_listens(service->io, endpoint))
            continue;
        if (tftp_listener_open(endpoint, false, &fd) != STATUS_OK) {
            log_line(LOG_PART_TFTP, LOG_WARN, "failed to create listening socket for %s: %s",
                     address_text(&endpoint->address, address), strerror(errno));
            continue;
        }
        if (tftp_io_listen(service->io, endpoint, fd) != STATUS_OK)
            close(fd);
    }
    free(wanted.at);
}

void tftp_service_config_changed(struct tftp_service *service, const struct config *config)
{
    service->config = config;
    if (!service->active)
        return;
    tftp_disk_set_config(service->disk, &config->tftp);
    tftp_server_set_config(service->server, &config->tftp);
    tftp_io_set_config(service->io, &config->tftp);
    check_folders(NULL, config);
    tftp_service_network_changed(service);
}

void tftp_service_report(const struct tftp_service *service)
{
    if (!service->active)
        return;
    const struct tftp_counters *counters = tftp_server_counters(service->server);
    log_line(LOG_PART_MAIN, LOG_INFORM,
             "TFTP transfers %u of %u, highest %u, requests %" PRIu64 ", sent %" PRIu64 " (%" PRIu64
             " bytes), failed %" PRIu64 ", not found %" PRIu64 ", refused %" PRIu64,
             tftp_server_transfers(service->server), service->transfers_max,
             tftp_server_transfers_most(service->server), counters->requests, counters->sent,
             counters->sent_bytes, counters->failed, counters->not_found,
             counters->refused + counters->unsupported);
    log_line(LOG_PART_MAIN, LOG_INFORM,
             "TFTP sent again %" PRIu64 ", given way %" PRIu64 ", lines left out %" PRIu64
             ", packets dropped: no place %" PRIu64 ", malformed %" PRIu64 ", wrong port %" PRIu64
             ", late %" PRIu64 ", not admitted %" PRIu64,
             counters->repeated, counters->evicted, counters->left_out, counters->dropped,
             counters->malformed, counters->wrong_port, counters->strays,
             tftp_io_not_admitted(service->io));
}

void tftp_service_stop(struct tftp_service *service)
{
    if (service->active)
        tftp_io_close(service->io);
}

void tftp_service_free(struct tftp_service *service)
{
    if (!service->active)
        return;
    tftp_io_free(service->io);
    tftp_server_free(service->server);
    tftp_disk_free(service->disk);
}
