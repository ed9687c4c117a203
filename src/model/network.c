#include "model/network.h"

#include <stdlib.h>

/* ------------------------------------------------------------------ making */

static int compare_indices(const void *a, const void *b)
{
    const struct network_interface *left = a;
    const struct network_interface *right = b;
    return (left->index > right->index) - (left->index < right->index);
}

enum status network_create(const struct network_interface *interfaces, size_t interface_count,
                           const struct network_address *addresses, size_t address_count,
                           struct network **network)
{
    if (interface_count > NETWORK_INTERFACES_MAX)
        interface_count = NETWORK_INTERFACES_MAX;
    if (address_count > NETWORK_ADDRESSES_MAX)
        address_count = NETWORK_ADDRESSES_MAX;
    struct network *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;

    arena_init(&made->arena, 1024, SIZE_MAX);
    made->interfaces = arena_take_array(&made->arena, interface_count, sizeof *interfaces);
    made->addresses = arena_take_array(&made->arena, address_count, sizeof *addresses);
    if (made->interfaces == NULL || made->addresses == NULL) {
        network_free(made);
        return STATUS_NO_MEMORY;
    }
    made->interface_count = interface_count;
    made->address_count = address_count;
    if (interface_count > 0) {
        memcpy(made->interfaces, interfaces, interface_count * sizeof *interfaces);
        /* By index, for searching: every packet asks. */
        qsort(made->interfaces, interface_count, sizeof *interfaces, compare_indices);
    }
    if (address_count > 0)
        memcpy(made->addresses, addresses, address_count * sizeof *addresses);
    *network = made;
    return STATUS_OK;
}

void network_free(struct network *network)
{
    if (network == NULL)
        return;
    arena_free(&network->arena);
    free(network);
}

/* ------------------------------------------------------------------ looking up */

const struct network_interface *network_by_index(const struct network *network, uint32_t index)
{
    size_t low = 0;
    size_t high = network->interface_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (network->interfaces[middle].index < index)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == network->interface_count || network->interfaces[low].index != index)
        return NULL;
    return &network->interfaces[low];
}

const struct network_interface *network_by_name(const struct network *network, const char *name)
{
    for (size_t i = 0; i < network->interface_count; i++) {
        if (strcmp(network->interfaces[i].name, name) == 0)
            return &network->interfaces[i];
    }
    return NULL;
}

bool network_has_name(const struct network *network, const struct site_interface *pattern)
{
    for (size_t i = 0; i < network->interface_count; i++) {
        if (site_interface_matches(pattern, network->interfaces[i].name))
            return true;
    }
    for (size_t i = 0; i < network->address_count; i++) {
        if (site_interface_matches(pattern, network->addresses[i].label))
            return true;
    }
    return false;
}

const struct network_address *network_own_address(const struct network *network,
                                                  const struct address *address)
{
    for (size_t i = 0; i < network->address_count; i++) {
        if (address_equal(&network->addresses[i].address, address))
            return &network->addresses[i];
    }
    return NULL;
}

static bool subnet_holds(const struct network_address *own, const struct address *address)
{
    struct prefix subnet;
    return own->address.family == address->family
           && prefix_make(own->address, own->prefix_length, &subnet) == STATUS_OK
           && prefix_contains(&subnet, address);
}

const struct network_address *network_on_link(const struct network *network, uint32_t interface,
                                              const struct address *address)
{
    const struct network_address *best = NULL;

    for (size_t i = 0; i < network->address_count; i++) {
        const struct network_address *own = &network->addresses[i];
        if (own->interface == interface && subnet_holds(own, address)
            && (best == NULL || own->prefix_length > best->prefix_length))
            best = own;
    }
    return best;
}

uint32_t network_link_of(const struct network *network, const struct address *address)
{
    for (size_t i = 0; i < network->interface_count; i++) {
        uint32_t index = network->interfaces[i].index;
        if (network_on_link(network, index, address) != NULL)
            return index;
    }
    return 0;
}

bool network_is_local(const struct network *network, const struct address *address)
{
    for (size_t i = 0; i < network->address_count; i++) {
        if (subnet_holds(&network->addresses[i], address))
            return true;
    }
    return false;
}

const struct network_address *network_first(const struct network *network, uint32_t interface,
                                            enum address_family family)
{
    for (size_t i = 0; i < network->address_count; i++) {
        const struct network_address *own = &network->addresses[i];
        if (own->interface == interface && own->address.family == family && !own->temporary
            && !own->tentative && !own->deprecated)
            return own;
    }
    return NULL;
}

/* ------------------------------------------------------------------ admission */

/* What the patterns of interface= and except-interface= are held against: an interface's name or an
 * address's label. */
struct subject {
    const char *name;
    bool loopback;
};

/* One link-local address may be on several interfaces: the one of arrival is meant, if it is there.
 */
static const struct network_address *find_own(const struct network *network, uint32_t interface,
                                              const struct address *local)
{
    const struct network_address *found = NULL;
    for (size_t i = 0; i < network->address_count; i++) {
        const struct network_address *own = &network->addresses[i];
        if (!address_equal(&own->address, local))
            continue;
        if (own->interface == interface)
            return own;
        if (found == NULL)
            found = own;
    }
    return found;
}

static bool any_matches(const struct site_interface *patterns, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (site_interface_matches(&patterns[i], name))
            return true;
    }
    return false;
}

static bool is_listened(const struct site *site, const struct address *address)
{
    for (size_t i = 0; i < site->listen_count; i++) {
        if (address_equal(&site->listens[i].address, address))
            return true;
    }
    return false;
}

/* The loopback interface comes with interface=X; listen-address= alone leaves every interface out.
 */
static bool subject_is_allowed(const struct site *site, const struct subject *subject)
{
    if (any_matches(site->excepts, site->except_count, subject->name))
        return false;
    if (site->interface_count == 0 && !site->interface_empty)
        return site->listen_count == 0;
    return subject->loopback || any_matches(site->interfaces, site->interface_count, subject->name);
}

static struct subject subject_of_interface(const struct network *network, uint32_t index)
{
    const struct network_interface *interface = network_by_index(network, index);
    if (interface == NULL)
        return (struct subject){ "", false }; /* gone or not yet known: no pattern names it */
    return (struct subject){ interface->name, interface->loopback };
}

static struct subject subject_of_address(const struct network *network,
                                         const struct network_address *own)
{
    struct subject subject = subject_of_interface(network, own->interface);
    if (own->label[0] != '\0')
        subject.name = own->label;
    return subject;
}

/* To nobody in particular: a broadcast, a multicast, or not known. */
static bool is_for_all(const struct network *network, uint32_t interface,
                       const struct address *local)
{
    static const struct address everybody = { ADDRESS_IP4, { 255, 255, 255, 255 } };
    if (address_is_none(local) || address_is_any(local) || address_is_multicast(local)
        || address_equal(local, &everybody))
        return true;
    for (size_t i = 0; i < network->address_count; i++) {
        const struct network_address *own = &network->addresses[i];
        if (own->interface == interface && address_equal(&own->broadcast, local))
            return true;
    }
    return false;
}

/* A packet to all on a link counts as sent to each of the link's addresses (DHCP with only
 * listen-address=). */
static bool listens_on_interface(const struct network *network, const struct site *site,
                                 uint32_t interface)
{
    for (size_t i = 0; i < network->address_count; i++) {
        const struct network_address *own = &network->addresses[i];
        if (own->interface == interface && is_listened(site, &own->address))
            return true;
    }
    return false;
}

/* By where it came in. Our own packets to our own addresses come in by the loopback interface, but
 * are meant for the interface that has the address. An address's label counts as its name, and with
 * wildcard sockets the interface's own name does too. */
static bool arrival_is_allowed(const struct network *network, const struct site *site,
                               uint32_t interface, const struct network_address *own)
{
    struct subject arrival = subject_of_interface(network, interface);
    if (own == NULL || !(arrival.loopback || own->interface == interface))
        return subject_is_allowed(site, &arrival);
    struct subject labelled = subject_of_address(network, own);
    arrival = subject_of_interface(network, own->interface);
    return subject_is_allowed(site, &labelled)
           || (site->bind == SITE_BIND_WILDCARD && subject_is_allowed(site, &arrival));
}

/* By the address it was sent to, whichever way it came: what sockets bound to addresses do. */
static bool address_is_allowed(const struct network *network, const struct site *site,
                               const struct network_address *own)
{
    struct subject subject = subject_of_address(network, own);
    return subject_is_allowed(site, &subject);
}

bool network_admits(const struct network *network, const struct site *site, uint32_t interface,
                    const struct address *local)
{
    if (site->interface_count == 0 && !site->interface_empty && site->except_count == 0
        && site->listen_count == 0)
        return true;
    if (is_listened(site, local))
        return true;

    const struct network_address *own = find_own(network, interface, local);
    if (own == NULL && site->listen_count > 0 && is_for_all(network, interface, local)
        && listens_on_interface(network, site, interface))
        return true;
    if (site->bind != SITE_BIND_WILDCARD && own != NULL && !address_is_allowed(network, site, own))
        return false;
    return (site->bind == SITE_BIND_INTERFACES && own != NULL)
           || arrival_is_allowed(network, site, interface, own);
}

static bool is_auth_interface(const struct site *site, const char *name, uint8_t family)
{
    for (size_t i = 0; i < site->auth_count; i++) {
        const struct site_auth *auth = &site->auths[i];
        if (auth->interface != NULL && strcmp(auth->interface, name) == 0
            && (auth->family == ADDRESS_NONE || auth->family == family))
            return true;
    }
    return false;
}

static bool is_auth_address(const struct site *site, const struct address *local)
{
    for (size_t i = 0; i < site->auth_count; i++) {
        if (site->auths[i].interface == NULL && address_equal(&site->auths[i].address, local))
            return true;
    }
    return false;
}

bool network_is_auth(const struct network *network, const struct site *site, uint32_t interface,
                     const struct address *local)
{
    if (site->auth_count == 0)
        return false;
    if (is_auth_address(site, local))
        return true;

    const struct network_address *own = find_own(network, interface, local);
    struct subject arrival = subject_of_interface(network, interface);
    if (own != NULL
        && (site->bind != SITE_BIND_WILDCARD || arrival.loopback || own->interface == interface)
        && (is_auth_interface(site, subject_of_address(network, own).name, local->family)
            || is_auth_interface(site, subject_of_interface(network, own->interface).name,
                                 local->family)))
        return true;
    return (site->bind != SITE_BIND_INTERFACES || own == NULL)
           && is_auth_interface(site, arrival.name, local->family);
}

bool network_admits_client(const struct network *network, const struct site *site,
                           const struct address *client)
{
    bool effective = site->interface_count == 0 && !site->interface_empty && site->except_count == 0
                     && site->listen_count == 0 && !site->auth_given;
    if (!effective || site->local_service == SITE_LOCAL_OFF || address_is_loopback(client))
        return true;
    return site->local_service == SITE_LOCAL_NET && network_is_local(network, client);
}
