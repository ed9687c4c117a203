#include "daemon/sockets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/port_holder.h"
#include "platform/tcp.h"
#include "platform/udp.h"

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

static const char *first_missing_interface(const struct site *site, const struct network *network)
{
    for (size_t i = 0; i < site->interface_count; i++) {
        const struct site_interface *wanted = &site->interfaces[i];
        bool found = wanted->prefix;
        for (size_t j = 0; j < network->address_count && !found; j++)
            found = strcmp(network->addresses[j].label, wanted->pattern) == 0;
        if (!found && network_by_name(network, wanted->pattern) == NULL)
            return wanted->pattern;
    }
    return NULL;
}

static void add_admitted(struct endpoint_list *list, const struct site *site,
                         const struct network *network)
{
    for (size_t i = 0; i < network->address_count; i++) {
        const struct network_address *own = &network->addresses[i];
        if (own->tentative || !network_admits(network, site, own->interface, &own->address))
            continue;
        bool scoped = address_is_link_local(&own->address) && own->address.family == ADDRESS_IP6;
        add_endpoint(list, &own->address, (uint16_t)site->port, scoped ? own->interface : 0);
    }
    for (size_t i = 0; i < site->listen_count; i++) {
        const struct address *address = &site->listens[i].address;
        /* All of 127.0.0.0/8 is ours without being listed; what is not here yet must be only with
         * bind-interfaces. */
        bool exists = address_is_loopback(address) || network_own_address(network, address) != NULL;
        if (!address_is_link_local(address) && (exists || site->bind == SITE_BIND_INTERFACES))
            add_endpoint(list, address, (uint16_t)site->port, 0);
    }
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

static enum status open_udp(const struct endpoint *endpoint, bool reuse_port, int *fd)
{
    struct udp_setup setup = {
        .bind = *endpoint,
        .reuse_port = reuse_port,
        .want_arrival = address_is_any(&endpoint->address),
        .receive_bytes = 4 << 20,
    };
    return udp_open(&setup, fd);
}

static enum status open_one(const struct endpoint *endpoint, bool tcp, bool reuse_port, int *fd)
{
    return tcp ? tcp_bind(endpoint, reuse_port, fd) : open_udp(endpoint, reuse_port, fd);
}

/* Sharing a port among our workers would also share it with a second daemon, which should rather
 * fail: so it is first taken alone, for a moment. */
static enum status check_alone(const struct endpoint *endpoint, bool tcp)
{
    int fd;
    enum status status = open_one(endpoint, tcp, false, &fd);
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

static void open_endpoint(struct startup *startup, struct dns_sockets *sockets, size_t at, bool tcp)
{
    const struct endpoint *endpoint = &sockets->endpoints[at];
    int *table = tcp ? sockets->tcp : sockets->udp;
    bool share = sockets->workers > 1;
    if (share && check_alone(endpoint, tcp) != STATUS_OK) {
        if (family_exists(endpoint))
            fail_taken(startup, endpoint, tcp);
        return;
    }
    for (unsigned worker = 0; worker < sockets->workers; worker++) {
        int *fd = &table[worker * sockets->endpoint_count + at];
        if (open_one(endpoint, tcp, share, fd) == STATUS_OK)
            continue;
        *fd = -1;
        if (family_exists(endpoint))
            fail_taken(startup, endpoint, tcp);
        return;
    }
}

void sockets_open(struct startup *startup, const struct site *site, const struct network *network,
                  unsigned workers, struct dns_sockets *sockets)
{
    const char *missing;
    sockets->workers = workers;
    if (sockets_endpoints(site, network, sockets->endpoints, SOCKETS_ENDPOINTS_MAX,
                          &sockets->endpoint_count, &missing)
        != STATUS_OK)
        startup_fail(startup, EXIT_NETWORK, "unknown interface %s", missing);
    size_t count = sockets->endpoint_count * workers;
    sockets->udp = malloc(count * sizeof *sockets->udp + 1);
    sockets->tcp = malloc(count * sizeof *sockets->tcp + 1);
    if (sockets->udp == NULL || sockets->tcp == NULL)
        startup_fail(startup, EXIT_MEMORY, "no memory for sockets");
    for (size_t i = 0; i < count; i++)
        sockets->udp[i] = sockets->tcp[i] = -1;
    for (size_t i = 0; i < sockets->endpoint_count; i++) {
        open_endpoint(startup, sockets, i, false);
        open_endpoint(startup, sockets, i, true);
    }
}

void sockets_free(struct dns_sockets *sockets)
{
    free(sockets->udp);
    free(sockets->tcp);
    sockets->udp = NULL;
    sockets->tcp = NULL;
}
