#include "daemon/sockets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "platform/given_sockets.h"
#include "platform/port_holder.h"
#include "platform/tcp.h"
#include "platform/udp.h"

#define RECEIVE_BYTES (8u << 20) /* a burst of questions waits there */

struct endpoint_list {
    struct endpoint *at;
    size_t room, count;
};

static void add_endpoint(struct endpoint_list *list, const struct address *address, uint16_t port,
                         uint32_t scope)
{
    struct endpoint wanted = { .address = *address, .port = port, .scope = scope };
    for (size_t i = 0; i < list->count; i++)
        if (endpoint_equal(&list->at[i], &wanted))
            return;
    if (list->count < list->room)
        list->at[list->count++] = wanted;
}

bool sockets_interface_exists(const struct network *network, const char *name)
{
    for (size_t i = 0; i < network->address_count; i++)
        if (strcmp(network->addresses[i].label, name) == 0)
            return true;
    return network_by_name(network, name) != NULL;
}

static const char *first_missing_interface(const struct site *site, const struct network *network)
{
    for (size_t i = 0; i < site->interface_count; i++) {
        const struct site_interface *wanted = &site->interfaces[i];
        if (!wanted->prefix && !sockets_interface_exists(network, wanted->pattern))
            return wanted->pattern;
    }
    return NULL;
}

/* Found, but duplicate address detection has not passed it yet (RFC 4862 section 5.4). */
static bool is_tentative(const struct network *network, const struct endpoint *endpoint)
{
    for (size_t i = 0; i < network->address_count; i++) {
        const struct network_address *own = &network->addresses[i];
        if (own->tentative && address_equal(&own->address, &endpoint->address)
            && (endpoint->scope == 0 || endpoint->scope == own->interface))
            return true;
    }
    return false;
}

static bool is_there(const struct network *network, const struct address *address)
{
    const struct network_address *own = network_own_address(network, address);
    return own != NULL && !own->tentative;
}

static void add_admitted(struct endpoint_list *list, const struct site *site,
                         const struct network *network)
{
    /* Once and for all at start, so also what is not ready yet; otherwise when it is. */
    bool is_static = site->bind == SITE_BIND_INTERFACES;
    for (size_t i = 0; i < network->address_count; i++) {
        const struct network_address *own = &network->addresses[i];
        if ((own->tentative && !is_static)
            || (!network_admits(network, site, own->interface, &own->address)
                && !network_is_auth(network, site, own->interface, &own->address)))
            continue;
        bool scoped = address_is_link_local(&own->address) && own->address.family == ADDRESS_IP6;
        add_endpoint(list, &own->address, (uint16_t)site->port, scoped ? own->interface : 0);
    }
    for (size_t i = 0; i < site->listen_count; i++) {
        const struct address *address = &site->listens[i].address;
        /* All of 127.0.0.0/8 is ours without being listed; what is not here yet must be only with
         * bind-interfaces. */
        bool exists = address_is_loopback(address) || is_there(network, address);
        if (!address_is_link_local(address) && (exists || is_static))
            add_endpoint(list, address, (uint16_t)site->port, 0);
    }
}

size_t sockets_endpoints_max(const struct site *site, const struct network *network)
{
    return network->address_count + site->listen_count + 2; /* the wildcard of each family */
}

enum status sockets_endpoints(const struct site *site, const struct network *network,
                              struct endpoint *endpoints, size_t room, size_t *count,
                              const char **missing)
{
    struct endpoint_list list = { .at = endpoints, .room = room };
    struct address any4 = address_any(ADDRESS_IP4);
    struct address any6 = address_any(ADDRESS_IP6);
    bool restricted = site->interface_count > 0 || site->interface_empty || site->except_count > 0
                      || site->listen_count > 0;
    if (site->bind == SITE_BIND_INTERFACES || site->bind == SITE_BIND_DYNAMIC) {
        *missing =
            site->bind == SITE_BIND_INTERFACES ? first_missing_interface(site, network) : NULL;
        if (*missing != NULL)
            return STATUS_NOT_FOUND;
        add_admitted(&list, site, network);
    } else if (site->local_service == SITE_LOCAL_HOST && !restricted) {
        struct address loopback4 = address_ip4(127, 0, 0, 1);
        struct address loopback6 = address_ip6((const uint8_t[16]){ [15] = 1 });
        add_endpoint(&list, &loopback4, (uint16_t)site->port, 0);
        if (network_own_address(network, &loopback6) != NULL)
            add_endpoint(&list, &loopback6, (uint16_t)site->port, 0);
    } else {
        add_endpoint(&list, &any4, (uint16_t)site->port, 0);
        add_endpoint(&list, &any6, (uint16_t)site->port, 0);
    }
    *count = list.count;
    return STATUS_OK;
}

/* dnsmasq's words first, then who holds it. */
NORETURN static void fail_taken(struct startup *startup, const struct endpoint *endpoint, bool tcp)
{
    int error = errno;
    char place[64];
    char address[ADDRESS_TEXT_MAX];
    char holder_text[160] = "";
    struct port_holder holder;
    if (address_is_any(&endpoint->address))
        snprintf(place, sizeof place, "port %u", endpoint->port);
    else
        snprintf(place, sizeof place, "%s", address_text(&endpoint->address, address));
    if (error == EADDRINUSE && port_holder_find(endpoint, tcp, &holder) == STATUS_OK)
        snprintf(holder_text, sizeof holder_text, " (%s port %u is held by %s, pid %d)",
                 tcp ? "TCP" : "UDP", endpoint->port, holder.program, holder.pid);
    startup_fail(startup, EXIT_NETWORK, "failed to create listening socket for %s: %s%s", place,
                 strerror(error), holder_text);
}

struct socket_kind {
    bool tcp, reuse_port, arrival;
    bool early; /* before the address is ready */
};

static enum status open_one(const struct endpoint *endpoint, struct socket_kind kind, int *fd)
{
    if (kind.tcp && kind.early)
        return tcp_bind_early(endpoint, kind.reuse_port, fd);
    if (kind.tcp)
        return tcp_bind(endpoint, kind.reuse_port, fd);
    struct udp_setup setup = {
        .bind = *endpoint,
        .reuse_port = kind.reuse_port,
        .want_arrival = kind.arrival,
        .free_bind = kind.early,
        .receive_bytes = RECEIVE_BYTES,
    };
    return udp_open(&setup, fd);
}

/* Sharing a port among our workers would also share it with a second daemon, which should rather
 * fail: so it is first taken alone, for a moment. */
static enum status check_alone(const struct endpoint *endpoint, struct socket_kind kind)
{
    int fd;
    kind.reuse_port = false;
    enum status status = open_one(endpoint, kind, &fd);
    if (status == STATUS_OK)
        close(fd);
    return status;
}

/* False when this machine has no IPv6 at all: then the IPv6 wildcard is simply not there. */
static bool family_exists(const struct endpoint *endpoint)
{
    return !(endpoint->address.family == ADDRESS_IP6 && address_is_any(&endpoint->address)
             && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL));
}

/* One descriptor for each worker. All or none; errno says why. */
static enum status open_for_all(const struct endpoint *endpoint, struct socket_kind kind,
                                unsigned workers, int *fds)
{
    kind.reuse_port = workers > 1;
    for (unsigned worker = 0; worker < workers; worker++)
        fds[worker] = -1;
    if (kind.reuse_port && check_alone(endpoint, kind) != STATUS_OK)
        return STATUS_SYSTEM;
    for (unsigned worker = 0; worker < workers; worker++) {
        if (open_one(endpoint, kind, &fds[worker]) == STATUS_OK)
            continue;
        int error = errno;
        while (COUNT_DOWN(worker)) {
            close(fds[worker]);
            fds[worker] = -1;
        }
        errno = error;
        return STATUS_SYSTEM;
    }
    return STATUS_OK;
}

static void open_endpoint(struct startup *startup, struct dns_sockets *sockets, size_t at,
                          bool early, bool tcp)
{
    const struct endpoint *endpoint = &sockets->endpoints[at];
    int *table = tcp ? sockets->tcp : sockets->udp;
    int fds[WORKERS_MAX];
    struct socket_kind kind = { .tcp = tcp, .arrival = sockets->arrival, .early = early };
    if (table[at] > 0)
        return; /* given */
    while (open_for_all(endpoint, kind, sockets->workers, fds) != STATUS_OK
           && family_exists(endpoint))
        if (!startup_await_port(startup))
            fail_taken(startup, endpoint, tcp);
    for (unsigned worker = 0; worker < sockets->workers; worker++)
        table[worker * sockets->endpoint_count + at] = fds[worker];
}

/* ------------------------------------------------------------------ of a service manager */

/* With several workers each gets a descriptor of the one socket: whoever comes first takes what has
 * come in. STATUS_SYSTEM with errno. */
static enum status share_given(const struct given_socket *given, const struct dns_sockets *sockets,
                               size_t at)
{
    int *table = given->tcp ? sockets->tcp : sockets->udp;
    for (unsigned worker = 0; worker < sockets->workers; worker++) {
        int *fd = &table[worker * sockets->endpoint_count + at];
        enum status status = given_socket_share(given, sockets->arrival, RECEIVE_BYTES, fd);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static bool is_for(const struct given_socket *given, const struct endpoint *endpoint)
{
    return given->fd >= 0 && given->usable && !given->both
           && endpoint_equal(&given->endpoint, endpoint);
}

static void use_given(struct startup *startup, struct dns_sockets *sockets, size_t at)
{
    char text[GIVEN_SOCKETS_TEXT_MAX];
    bool has[2] = { false, false }; /* UDP, TCP */
    for (unsigned i = 0; startup->given != NULL && i < startup->given->count; i++) {
        struct given_socket *given = &startup->given->at[i];
        if (!is_for(given, &sockets->endpoints[at]) || has[given->tcp])
            continue;
        given_socket_text(given, text);
        if (share_given(given, sockets, at) != STATUS_OK)
            startup_fail(startup, EXIT_NETWORK, "cannot use the service manager's socket %s: %s",
                         text, strerror(errno));
        has[given->tcp] = true;
        sockets->given[at] = true;
        close(given->fd);
        given->fd = -1;
        log_line(LOG_PART_MAIN, LOG_INFORM, "using the service manager's socket %s%s", text,
                 sockets->workers > 1 ? ", which all threads share" : "");
    }
}

void sockets_refuse_given(struct startup *startup)
{
    char text[GIVEN_SOCKETS_TEXT_MAX];
    struct given_sockets *rest = startup->given;
    if (rest == NULL)
        return;
    for (unsigned i = 0; i < rest->count; i++) {
        struct given_socket *given = &rest->at[i];
        if (given->fd < 0)
            continue;
        log_line(LOG_PART_MAIN, LOG_WARN, "warning: not using the service manager's %s: %s",
                 given_socket_text(given, text),
                 given->both ? "it takes IPv4 too, set BindIPv6Only=ipv6-only"
                             : "the configuration has no DNS service there");
        close(given->fd);
        given->fd = -1;
    }
    if (rest->too_many > 0)
        log_line(LOG_PART_MAIN, LOG_WARN, "warning: %u more sockets of the service manager closed",
                 rest->too_many);
    startup->given = NULL;
}

/* ------------------------------------------------------------------ all of them */

static bool holds(const struct endpoint *endpoints, size_t count, const struct endpoint *endpoint)
{
    for (size_t i = 0; i < count; i++)
        if (endpoint_equal(&endpoints[i], endpoint))
            return true;
    return false;
}

void sockets_open(struct startup *startup, const struct site *site, const struct network *network,
                  unsigned workers, struct dns_sockets *sockets)
{
    const char *missing;
    size_t room = sockets_endpoints_max(site, network);
    assert(workers <= WORKERS_MAX);
    *sockets = (struct dns_sockets){
        .workers = workers,
        .endpoints = calloc(room, sizeof *sockets->endpoints),
        .arrival = site->bind == SITE_BIND_DYNAMIC,
    };
    if (sockets->endpoints == NULL)
        startup_fail(startup, EXIT_MEMORY, "no memory for sockets");
    if (sockets_endpoints(site, network, sockets->endpoints, room, &sockets->endpoint_count,
                          &missing)
        != STATUS_OK)
        startup_fail(startup, EXIT_NETWORK, "unknown interface %s", missing);
    /* A wildcard socket has to be told where each datagram came in. */
    sockets->arrival =
        sockets->arrival
        || (sockets->endpoint_count > 0 && address_is_any(&sockets->endpoints[0].address));
    size_t count = sockets->endpoint_count * workers;
    sockets->udp = calloc(count + 1, sizeof *sockets->udp);
    sockets->tcp = calloc(count + 1, sizeof *sockets->tcp);
    sockets->given = calloc(sockets->endpoint_count + 1, sizeof *sockets->given);
    if (sockets->udp == NULL || sockets->tcp == NULL || sockets->given == NULL)
        startup_fail(startup, EXIT_MEMORY, "no memory for sockets");
    for (size_t i = 0; i < sockets->endpoint_count; i++)
        use_given(startup, sockets, i);
    /* Now, while it can still explain why a port is taken. */
    sockets_refuse_given(startup);
    for (size_t i = 0; i < sockets->endpoint_count; i++) {
        bool early = is_tentative(network, &sockets->endpoints[i]);
        open_endpoint(startup, sockets, i, early, false);
        open_endpoint(startup, sockets, i, early, true);
    }
}

/* The table without the others, which are closed; as it shrinks its places only move forward. */
static void keep_given(const struct dns_sockets *sockets, size_t kept, int *table)
{
    for (unsigned worker = 0; worker < sockets->workers; worker++) {
        size_t place = worker * kept;
        for (size_t i = 0; i < sockets->endpoint_count; i++) {
            int fd = table[worker * sockets->endpoint_count + i];
            if (sockets->given[i])
                table[place++] = fd;
            else if (fd >= 0)
                close(fd);
        }
    }
}

void sockets_let_go(struct dns_sockets *sockets)
{
    size_t kept = 0;
    for (size_t i = 0; i < sockets->endpoint_count; i++)
        kept += sockets->given[i];
    keep_given(sockets, kept, sockets->udp);
    keep_given(sockets, kept, sockets->tcp);
    kept = 0;
    for (size_t i = 0; i < sockets->endpoint_count; i++) {
        if (sockets->given[i])
            sockets->endpoints[kept++] = sockets->endpoints[i];
    }
    sockets->endpoint_count = kept;
}

void sockets_free(struct dns_sockets *sockets)
{
    free(sockets->endpoints);
    free(sockets->failed);
    free(sockets->udp);
    free(sockets->tcp);
    free(sockets->given);
    *sockets = (struct dns_sockets){ .endpoints = NULL };
}

/* ------------------------------------------------------------------ while running */

/* Both kinds for all workers, or an answer why not. */
static bool open_later(const struct dns_sockets *sockets, const struct endpoint *endpoint, int *udp,
                       int *tcp)
{
    struct socket_kind kind = { .arrival = sockets->arrival };
    if (open_for_all(endpoint, kind, sockets->workers, udp) != STATUS_OK)
        return false;
    kind.tcp = true;
    if (open_for_all(endpoint, kind, sockets->workers, tcp) == STATUS_OK)
        return true;
    int error = errno;
    for (unsigned worker = 0; worker < sockets->workers; worker++)
        close(udp[worker]);
    errno = error;
    return false;
}

static void log_failed(const struct dns_sockets *sockets, const struct endpoint *endpoint)
{
    char address[ADDRESS_TEXT_MAX];
    if (!holds(sockets->failed, sockets->failed_count, endpoint))
        log_line(
            LOG_PART_MAIN, LOG_WARN,
            "failed to create listening socket for %s: %s; tried again when the network changes",
            address_text(&endpoint->address, address), strerror(errno));
}

struct follow {
    struct endpoint *wanted, *kept, *failed;
    size_t wanted_count, kept_count, failed_count;
    const struct sockets_owner *owner;
};

static bool follow_start(struct follow *follow, const struct dns_sockets *sockets,
                         const struct site *site, const struct network *network)
{
    const char *missing;
    size_t room = sockets_endpoints_max(site, network);
    follow->wanted = calloc(room, sizeof *follow->wanted);
    follow->kept = calloc(room + sockets->endpoint_count, sizeof *follow->kept);
    follow->failed = calloc(room, sizeof *follow->failed);
    if (follow->wanted != NULL && follow->kept != NULL && follow->failed != NULL
        && sockets_endpoints(site, network, follow->wanted, room, &follow->wanted_count, &missing)
               == STATUS_OK)
        return true;
    free(follow->wanted);
    free(follow->kept);
    free(follow->failed);
    return false;
}

static void follow_end(struct follow *follow, struct dns_sockets *sockets)
{
    free(follow->wanted);
    free(sockets->endpoints);
    free(sockets->failed);
    sockets->endpoints = follow->kept;
    sockets->endpoint_count = follow->kept_count;
    sockets->failed = follow->failed;
    sockets->failed_count = follow->failed_count;
}

/* What is not wanted any more goes. False when the owner has no room. */
static bool let_go(const struct dns_sockets *sockets, struct follow *follow)
{
    bool all = true;
    for (size_t i = 0; i < sockets->endpoint_count; i++) {
        const struct endpoint *endpoint = &sockets->endpoints[i];
        bool gone = !holds(follow->wanted, follow->wanted_count, endpoint);
        if (gone && follow->owner->has_room(follow->owner->context)) {
            follow->owner->unlisten(follow->owner->context, endpoint);
            continue;
        }
        all = all && !gone;
        follow->kept[follow->kept_count++] = *endpoint;
    }
    return all;
}

static bool take_up(const struct dns_sockets *sockets, struct follow *follow)
{
    int udp[WORKERS_MAX];
    int tcp[WORKERS_MAX];
    for (size_t i = 0; i < follow->wanted_count; i++) {
        const struct endpoint *endpoint = &follow->wanted[i];
        if (holds(follow->kept, follow->kept_count, endpoint))
            continue;
        if (!follow->owner->has_room(follow->owner->context))
            return false;
        if (!open_later(sockets, endpoint, udp, tcp)) {
            log_failed(sockets, endpoint);
            follow->failed[follow->failed_count++] = *endpoint;
            continue;
        }
        follow->owner->listen(follow->owner->context, endpoint, udp, tcp, sockets->arrival);
        follow->kept[follow->kept_count++] = *endpoint;
    }
    return true;
}

bool sockets_follow(struct dns_sockets *sockets, const struct site *site,
                    const struct network *network, const struct sockets_owner *owner)
{
    struct follow follow = { .owner = owner };
    if (site->bind != SITE_BIND_DYNAMIC)
        return true;
    if (!follow_start(&follow, sockets, site, network))
        return false; /* no memory now */
    bool all = let_go(sockets, &follow);
    all = take_up(sockets, &follow) && all;
    follow_end(&follow, sockets);
    return all;
}
